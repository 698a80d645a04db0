// What a whole book needs, by its contracts.

import Market
import Testing

@testable import Trading

struct BookMarginTests {
  /// A condor of SPXW held twice, a call of SPX of that day that settles at the opening, and an uncovered call of SPY.
  private func account() throws -> DeskAccount {
    let symbols = [
      "SPXW260618P07135000", "SPXW260618P07185000", "SPXW260618C07500000", "SPXW260618C07660000", "SPY260618C00606000",
    ]
    let account = DeskAccount(try symbols.map { try traded($0) } + [TradedContract(share: "SPY")], cashDollars: 100_000)
    account.trade(
      1, [(0, 2, 10_000, 11_000), (1, -2, 20_000, 21_000), (2, -2, 20_000, 21_000), (3, 2, 10_000, 11_000)], packages: 2
    )
    account.trade(2, [(4, -1, 4_200, 4_400)])
    return account
  }

  private func price(_ contract: Int32) -> Int? { contract < 4 ? 73_000_000 : 6_000_000 }

  @Test func `underlyings add up, and shorts count at their mark`() throws {
    let account = try account()
    let margin = try account.book.margin(
      in: account.table, rules: MarginRules(), ask: { _ in nil }, underlyingPrice: price)
    #expect(margin == MarginRequirement(gross: 32_000_000_000 + 11_444_000_000, uncovered: 1))
    // A dearer ask is what counts where there is one.
    let dearer = try account.book.margin(
      in: account.table, rules: MarginRules(), ask: { $0 == 4 ? 5_400 : nil }, underlyingPrice: price)
    #expect(dearer.gross == margin.gross + 10_000_000)
    #expect(throws: MarginError.uncoveredCalls(contracts: 1)) {
      try account.book.margin(
        in: account.table, rules: MarginRules(admitsUncovered: false), ask: { _ in nil }, underlyingPrice: price)
    }
  }

  @Test func `an order is seen before it is sent`() throws {
    let account = try account()
    // Shares cover the call, and are bought first.
    let cover = MarginAddition(legs: UpToFour(OrderLeg(contract: 5, ratio: 100)), quantity: 1)
    let covered = try account.book.margin(
      in: account.table, rules: MarginRules(), adding: cover, ask: { _ in nil }, underlyingPrice: price)
    #expect(covered == MarginRequirement(gross: 32_000_000_000))
    // Closing one of two condors sets half of it free.
    let reversed: [OrderLeg] = [(0, -1), (1, 1), (2, 1), (3, -1)].map { OrderLeg(contract: $0.0, ratio: $0.1) }
    let legs = try #require(UpToFour<OrderLeg>(reversed))
    let half = try account.book.margin(
      in: account.table, rules: MarginRules(), adding: MarginAddition(legs: legs, quantity: 1), ask: { _ in nil },
      underlyingPrice: price)
    #expect(half.gross == 16_000_000_000 + 11_444_000_000)
  }

  @Test func `the match is shown by contract`() throws {
    let account = try account()
    let matches = try account.book.marginMatches(
      in: account.table, rules: MarginRules(), ask: { _ in nil }, underlyingPrice: price)
    let lines = matches.flatMap { matched in
      matched.match.groups.map { group in
        group.words(symbols: matched.contracts.map { account.table[$0].symbol }) { "\($0 / TickRule.perDollar)" }
      }
    }
    #expect(
      lines == [
        "iron condor of 2 SPXW260618P07135000, -2 SPXW260618P07185000, -2 SPXW260618C07500000, 2 SPXW260618C07660000, worst at 7660",
        "uncovered of -1 SPY260618C00606000",
      ])
  }

  @Test func `what settles at the opening does not cover what settles at the close of that day`() throws {
    // 2026-06-18 is the day before the third Friday, which is a holiday: SPX and SPXW both end on it.
    func gross(long: String, short: String) throws -> MarginRequirement {
      let account = DeskAccount([try traded(long), try traded(short)], cashDollars: 1_000_000)
      account.trade(1, [(0, 1, 10_000, 11_000), (1, -1, 20_000, 21_000)])
      return try account.book.margin(
        in: account.table, rules: MarginRules(), ask: { _ in nil }, underlyingPrice: { _ in 73_000_000 })
    }
    let (opening, close) = ("SPX260618C07510000", "SPXW260618C07500000")
    #expect(try traded(opening).settlement == .opening && traded(opening).underlying == "SPX")
    let uncovered = try gross(long: opening, short: close)
    #expect(uncovered.uncovered == 1)
    let diagonal = try gross(long: "SPXW260618C07510000", short: "SPX260618C07500000")
    #expect(diagonal == MarginRequirement(gross: 1_000_000_000))
  }

  @Test func `what is wrong is said of the contract`() throws {
    let account = try account()
    #expect(throws: MarginError.notAPrice(of: .contract(symbol: "SPXW260618P07135000"))) {
      try account.book.margin(
        in: account.table, rules: MarginRules(), ask: { _ in nil }, underlyingPrice: { _ in -1 })
    }
    #expect(throws: MarginError.noUnderlyingPrice) {
      try account.book.margin(in: account.table, rules: MarginRules(), ask: { _ in nil }, underlyingPrice: { _ in nil })
    }
  }
}
