// A real half day of same-day contracts, where it is at hand: imported through the store, traded and settled to the end.

import Glibc
import Market
import Pricing
import Storage
import TestSupport
import Testing
import Trading

/// The folder of real market data, which is no part of the repository; nil where nobody named one.
private let folder = getenv("STRIKEFORGE_MARKET_DATA").map { String(cString: $0) }

@Suite(.enabled(if: folder != nil)) struct RealSessionTests {
  private static let date = CalendarDate("2015-12-24")

  /// The session as a store gives it back.
  private static func stored() throws -> (chain: OptionChain, bars: BarSeries) {
    let (folder, place) = (try #require(folder), try TemporaryFolder())
    let store = place.place("goog.h5")
    let request = MarketImport(
      sources: [
        .init(path: folder + "/lean/equity/usa/minute/goog/20151224_trade.zip", symbol: "GOOG"),
        .init(path: folder + "/lean/option/usa/minute/goog/20151224_quote_american.zip", symbol: nil),
      ], output: store)
    let refusal = try request.run { _ in }
    #expect(refusal == nil)
    let file = try MarketStoreFile(store)
    let entry = try #require(file.chains.first)
    let bars = try file.series { $0.symbol == "GOOG" && !$0.isExtendedHours }
    return (try file.chain(entry) { !$0.isExtendedHours }, try #require(bars.first))
  }

  /// One price for everything that ends at the close, and none for the opening.
  private struct Close: SettlementPrices {
    let price: Int

    func price(of underlying: String, at settlement: ContractTerms.Settlement) -> SettlementPrice? {
      settlement == .close && underlying == "GOOG" ? SettlementPrice(price: price, source: .lastMinute) : nil
    }
  }

  @Test(arguments: ExerciseMode.allCases)
  func `every same-day contract of a half day is traded and settled`(exercise: ExerciseMode) throws {
    let date = try #require(Self.date)
    let (chain, bars) = try Self.stored()
    let table = ContractTable(chain, on: date)
    let sameDay = table.contracts.indices.map(Int32.init).filter { table[$0].expiry == date }
    #expect(sameDay.count == 176)
    let market = try #require(
      ChainMarket(chain, on: date, table: table, prices: ChainMarket.prices(of: bars, on: date)))
    #expect(market.minuteCount == 210)
    let close = Close(price: try #require(market.lastPrice))

    var settings = DeskSettings()
    settings.cashDollars = 100_000_000
    settings.exercise = exercise
    (settings.slots, settings.groups) = (256, 256)
    let desk = Desk(settings, table: table)
    try desk.beginSession(date)
    try desk.settle(.opening, view: market, prices: close)
    // Each is ordered a minute before its first quote that somebody stands behind on both sides; what never has one is ordered all the same.
    var decisions: [Int: [Int32]] = [:]
    var quoted = 0
    for number in sameDay {
      let first = (1..<market.minuteCount).first { minute in
        guard let quote = market.quote(of: number, minute: minute), quote.minute == minute else { return false }
        return quote.fills(at: minute) && quote.bidSize ?? 0 > 0 && quote.askSize ?? 0 > 0
      }
      if first != nil { quoted += 1 }
      decisions[(first ?? 101) - 1, default: []].append(number)
    }
    #expect(quoted == 98, "counted in the archive's own lines: the others have no bid all day")
    for minute in 0..<market.minuteCount {
      desk.advance(minute: minute, view: market)
      for number in decisions[minute] ?? [] {
        desk.submit(
          Order(
            id: Int64(number) + 1, legs: UpToFour(OrderLeg(contract: number, ratio: number % 2 == 0 ? 1 : -1)),
            quantity: 1, effect: .opens, submittedMinute: minute), view: market)
      }
    }
    let traded = desk.fillCount
    let held = (0..<desk.book.capacity).count { !desk.book.positions[$0].isFree }
    let cancelled = desk.log.count { entry in
      if case .order(let event) = entry.what, case .ended(.noQuote, _) = event.what { true } else { false }
    }
    #expect(traded == quoted && held == quoted && cancelled == sameDay.count - quoted)
    try desk.settle(.close, view: market, prices: close)
    try desk.endSession(view: market, prices: close, dividends: [:])

    // Nothing stays open behind its expiry; the books balance at every step.
    for number in sameDay { #expect(desk.book.quantity(of: number) == 0) }
    #expect(desk.widestGap == 0 && desk.balances > market.minuteCount + traded)
    var settled: [SettledPosition] = []
    var costs: Int64 = 0
    for entry in desk.log {
      if case .settled(let position, _) = entry.what { settled.append(position) }
      if case .filled(let fill, _) = entry.what { costs += fill.costs.total }
    }
    #expect(settled.count == traded && Set(settled.map(\.price)).count == 1)
    // What every position was paid, from its contract and the one price alone.
    for position in settled {
      let contract = table[position.contract]
      let value = max(0, contract.side == .call ? close.price - contract.strike : contract.strike - close.price)
      let worth = value >= 100 ? Int64(value) * 100 * 100 * Int64(position.quantity) : 0
      let shares = Int64(position.shares) * Int64(close.price) * 100
      #expect(position.cash + shares == worth, "\(contract.symbol)")
    }
    #expect(costs == desk.ledger.sums.pointee.costs.total && costs > 0)
    if exercise == .cash { #expect(desk.book.isEmpty) }
  }

  @Test func `a stored session is seen as it was quoted`() throws {
    let date = try #require(Self.date)
    let (chain, bars) = try Self.stored()
    let table = ContractTable(chain, on: date)
    let prices = ChainMarket.prices(of: bars, on: date)
    let market = try #require(ChainMarket(chain, on: date, table: table, prices: prices))
    let session = try #require(chain.session(on: date))
    var compared = 0
    for number in table.contracts.indices.map(Int32.init) {
      guard let option = table[number].option, let other = chain.number(of: option) else { continue }
      for minute in stride(from: 0, to: 210, by: 7) {
        guard let quote = session.quote(minute: minute, contract: other), quote.isTwoSided else { continue }
        let seen = try #require(market.quote(of: number, minute: minute))
        #expect(seen.bid == Int(quote.bid) && seen.ask == Int(quote.ask) && seen.minute == minute)
        compared += 1
      }
    }
    #expect(compared > 10_000)
    #expect(market.underlyingPrice(of: 0, minute: 209) == prices.compactMap { $0 }.last)
    #expect(market.quote(of: 1, minute: 210) == nil, "nobody trades behind the close")
  }
}
