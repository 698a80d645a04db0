// How positions end: one price for all legs, cash or shares, the opening or the close, and never open behind an expiry.

import Market
import Testing

@testable import Trading

struct SettlementTests {
  private let spy = "SPY251211"

  @Test func `a spread ten wide settles at most ten, both legs on one price`() throws {
    for close in stride(from: 5_900_001, through: 6_200_000, by: 7_919) {
      let account = DeskAccount([try traded("SPY251211C00600000"), try traded("SPY251211C00610000")])
      _ = account.trade(1, [(0, -1, 40_000, 41_000), (1, 1, 9_000, 9_500)])
      let before = account.cash
      let settled = try account.settle("2025-12-11", .close, FixedPrices(closes: ["SPY": close]))
      #expect(Set(settled.map(\.price)) == [SettlementPrice(price: close, source: .officialClose)])
      let paid = before - account.cash
      #expect((0...1_000_000_000).contains(paid), "\(close): \(paid)")
      if close >= 6_100_100 { #expect(paid == 1_000_000_000) }
      #expect(account.book.isEmpty && account.gap == 0)
    }
  }

  @Test func `a cent in the money is exercised, less is not`() throws {
    for (close, cash, outcome) in [
      (6_060_099, 0, SettledPosition.Outcome.worthless), (6_060_100, 1_000_000, .paid), (6_000_000, 0, .worthless),
    ] {
      let account = DeskAccount([try traded("SPY251211C00606000")])
      _ = account.trade(1, [(0, 1, 4_400, 4_600)])
      let settled = try account.settle("2025-12-11", .close, FixedPrices(closes: ["SPY": close]))
      #expect(settled.map(\.cash) == [Int64(cash)] && settled.map(\.outcome) == [outcome])
    }
  }

  @Test func `assignment books the premium`() throws {
    let account = DeskAccount([try traded("SPY251211P00594000"), TradedContract(share: "SPY")])
    _ = account.trade(1, [(0, -1, 4_400, 4_600)], feeMicroDollars: 0)
    let settled = try account.settle("2025-12-11", .close, FixedPrices(closes: ["SPY": 5_900_000]), .physical)
    #expect(settled.map(\.outcome) == [.assigned] && settled.map(\.shares) == [100])
    // The premium is the option's whole profit; the shares cost the strike, and are worth the close.
    #expect(settled.map(\.realised) == [44_000_000])
    #expect(account.cash == 100_000_000_000 + 44_000_000 - 59_400_000_000)
    let shares = account.book.positions[try #require(account.book.slot(of: 1))]
    #expect(shares.quantity == 100 && shares.averagePriceDollars == 594)
    #expect(account.book.marks.liquidation == 59_000_000_000)
    #expect(account.gap == 0)
  }

  /// Sign of option, sign of shares.
  static let deliveries: [(symbol: String, quantity: Int, close: Int, shares: Int)] = [
    ("SPY251211C00600000", 2, 6_100_000, 200), ("SPY251211C00600000", -2, 6_100_000, -200),
    ("SPY251211P00600000", 2, 5_900_000, -200), ("SPY251211P00600000", -2, 5_900_000, 200),
  ]

  @Test(arguments: deliveries.indices)
  func `shares come and go at the strike, cash and shares are worth the same`(row: Int) throws {
    let (symbol, quantity, close, shares) = Self.deliveries[row]
    let values = try [ExerciseMode.cash, .physical].map { mode in
      let account = DeskAccount([try traded(symbol), TradedContract(share: "SPY")], cashDollars: 1_000_000)
      _ = account.trade(1, [(0, quantity, 90_000, 91_000)])
      let settled = try account.settle("2025-12-11", .close, FixedPrices(closes: ["SPY": close]), mode)
      #expect(settled.map(\.shares) == [mode == .cash ? 0 : shares])
      #expect(account.book.quantity(of: 1) == (mode == .cash ? 0 : shares))
      #expect(account.gap == 0)
      return account.cash + account.book.marks.liquidation
    }
    #expect(values[0] == values[1])
  }

  @Test func `shares that are held meet those that are delivered`() throws {
    // A covered call: the assigned shares are the held ones, and nothing is left.
    let account = DeskAccount([try traded("SPY251211C00600000"), TradedContract(share: "SPY")])
    _ = account.trade(1, [(1, 100, 5_950_000, 5_950_200)])
    _ = account.trade(2, [(0, -1, 20_000, 20_400)])
    _ = try account.settle("2025-12-11", .close, FixedPrices(closes: ["SPY": 6_200_000]), .physical)
    #expect(account.book.isEmpty && account.gap == 0)
    #expect(account.cash == 100_000_000_000 - 59_502_000_000 + 200_000_000 + 60_000_000_000 - 101 * 650_000)
  }

  @Test func `the second leg expires although buying power is gone`() throws {
    let account = DeskAccount(
      [try traded("SPY251211P00600000"), try traded("SPY251211P00590000"), TradedContract(share: "SPY")],
      cashDollars: 2_000)
    _ = account.trade(1, [(0, -1, 60_000, 61_000), (1, -1, 20_000, 21_000)])
    _ = try account.settle("2025-12-11", .close, FixedPrices(closes: ["SPY": 5_800_000]), .physical)
    #expect(account.book.quantity(of: 0) == 0 && account.book.quantity(of: 1) == 0)
    #expect(account.book.quantity(of: 2) == 200 && account.cash < 0 && account.gap == 0)
  }

  @Test func `an index without trades still settles`() throws {
    let account = DeskAccount([try traded("SPXW251211P06850000")])
    _ = account.trade(1, [(0, 1, 50_000, 52_000)])
    // Nobody quotes the option and nobody trades the index.
    let settled = try account.settle("2025-12-11", .close, FixedPrices(closes: ["SPX": 68_000_000]), .physical)
    #expect(settled.map(\.outcome) == [.paid] && settled.map(\.cash) == [5_000_000_000])
  }

  @Test func `AM contracts settle on the opening, PM on the close`() throws {
    let account = DeskAccount([try traded("SPX251219C06800000"), try traded("SPXW251219C06800000")])
    _ = account.trade(1, [(0, 1, 50_000, 52_000), (1, 1, 50_000, 52_000)])
    let prices = FixedPrices(closes: ["SPX": 68_500_000], openings: ["SPX": 68_100_000])
    // The session before is nobody's settlement.
    #expect(try account.settle("2025-12-18", .close, prices).isEmpty)
    #expect(try account.settle("2025-12-19", .opening, prices).map(\.cash) == [1_000_000_000])
    #expect(try account.settle("2025-12-19", .close, prices).map(\.cash) == [5_000_000_000])
    #expect(account.book.isEmpty && account.gap == 0)
  }

  @Test func `without a price nothing is settled, and the refusal names the contracts`() throws {
    let account = DeskAccount([
      try traded("SPY251211C00600000"), try traded("QQQ251211C00600000"), try traded("QQQ251211P00600000"),
    ])
    _ = account.trade(1, [(0, 1, 20_000, 21_000), (1, 1, 20_000, 21_000), (2, -1, 20_000, 21_000)])
    let before = account.cash
    let date = try #require(CalendarDate("2025-12-11"))
    #expect(
      throws: SettlementProblem.noPrice(
        underlying: "QQQ", contracts: ["QQQ251211C00600000", "QQQ251211P00600000"], on: date, at: .close)
    ) { try account.settle("2025-12-11", .close, FixedPrices(closes: ["SPY": 6_100_000])) }
    #expect(account.cash == before && account.book.quantity(of: 0) == 1 && account.gap == 0)
  }

  @Test func `what should have ended before ends at the next chance`() throws {
    let account = DeskAccount([try traded("SPX251219C06800000")])
    _ = account.trade(1, [(0, 1, 50_000, 52_000)])
    let settled = try account.settle(
      "2025-12-22", .close, FixedPrices(closes: ["SPX": 68_500_000], openings: ["SPX": 68_100_000]))
    #expect(settled.count == 1 && account.book.isEmpty)
  }

  @Test func `a strike is raw and meets the raw price`() throws {
    // GOOG before its split of 2022 by 20: against a price that was adjusted for it, every put would be worth its strike nearly.
    let account = DeskAccount([try traded("GOOG151224P00740000")])
    _ = account.trade(1, [(0, -1, 1_000, 1_500)])
    let settled = try account.settle("2015-12-24", .close, FixedPrices(closes: ["GOOG": 7_485_000]))
    #expect(settled.map(\.outcome) == [.worthless] && settled.map(\.realised) == [10_000_000])
  }

  @Test func `a fee for exercise is asked of what is exercised, and itemised`() throws {
    let account = DeskAccount([try traded("SPY251211C00600000"), try traded("SPY251211C00610000")])
    _ = account.trade(1, [(0, -3, 40_000, 41_000), (1, 3, 9_000, 9_500)], packages: 3)
    let before = account.ledger.sums.pointee.costs[.commission]
    let date = try #require(CalendarDate("2025-12-11"))
    var fees: [Int64] = []
    try account.book.settle(
      on: date, at: .close, prices: FixedPrices(closes: ["SPY": 6_050_000]), exercise: .cash, exerciseFee: 5_000_000,
      shares: { _ in nil }, in: account.table, to: account.ledger
    ) { fees.append($0.fee) }
    #expect(fees == [15_000_000, 0] && account.gap == 0)
    #expect(account.ledger.sums.pointee.costs[.commission] == before + 15_000_000)
  }
}
