// A desk whose market is written down, minute by minute.

import Market
import Testing
import Trading

/// Dollars as ten-thousandths.
func cents(_ dollars: Double) -> Int { Int((dollars * 10_000).rounded()) }

func quote(
  _ bid: Double, _ ask: Double, _ minute: Int, sizes: Int? = nil, volume: Int? = nil, lowestAsk: Double? = nil,
  highestBid: Double? = nil, isFilledForward: Bool = false
) -> MinuteQuote {
  MinuteQuote(
    bid: cents(bid), ask: cents(ask), bidSize: sizes, askSize: sizes, minute: minute, lowestAsk: lowestAsk.map(cents),
    highestBid: highestBid.map(cents), volume: volume, isFilledForward: isFilledForward)
}

/// A market of quotes that a test wrote down; a quote stands until the next.
struct ScriptedMarket: MarketView {
  var date = CalendarDate(year: 2025, month: 3, day: 3) ?? CalendarDate(daysSinceEpoch: 0)
  var minuteCount = 390
  var quotes: [Int32: [MinuteQuote]] = [:]
  var weight = 1.0

  func quote(of contract: Int32, minute: Int) -> MinuteQuote? { quotes[contract]?.last { $0.minute <= minute } }
  func underlyingPrice(of contract: Int32, minute: Int) -> Int? { nil }
  func usualWeight(ofMinute minute: Int) -> Double { weight }
}

/// An account's working orders in that market.
final class ScriptedDesk {
  static let call: Int32 = 0
  static let farCall: Int32 = 1
  static let put: Int32 = 2
  static let share: Int32 = 3
  static let index: Int32 = 4

  let table: ContractTable
  var market = ScriptedMarket()
  let execution: Execution
  let memory: LiquidityMemory
  var working = WorkingOrders()
  var events: [OrderEvent] = []
  var fills: [OrderFill] = []
  var permits: (Order, Int) -> Int = { $1 }
  private var nextID: Int64 = 1

  init(_ settings: ExecutionSettings = ExecutionSettings(), rates: FeeRates = .none) throws {
    func option(_ root: String, _ strike: Int, _ right: OptionSymbol.Right, _ day: Int = 10) throws -> TradedContract {
      let expiry = try #require(CalendarDate(year: 2025, month: 3, day: day))
      let contract = OptionContract(root: root, expiry: expiry, right: right, strikeThousandths: strike * 1000)
      return try #require(TradedContract(contract))
    }
    table = ContractTable([
      try option("SPY", 600, .call), try option("SPY", 605, .call), try option("SPY", 595, .put),
      TradedContract(share: "SPY"), try option("SPXW", 6000, .call),
    ])
    execution = try Execution(settings, rates: rates, table: table, date: market.date)
    memory = LiquidityMemory(table)
  }

  @discardableResult
  func submit(
    _ legs: [(Int32, Int)], _ quantity: Int = 1, _ effect: Order.Effect = .opens, _ kind: OrderKind = .market,
    minute: Int = 10, closes: Int64 = 0
  ) throws -> Int64 {
    let inline: UpToFour<OrderLeg> = try #require(
      UpToFour<OrderLeg>(legs.map { OrderLeg(contract: $0.0, ratio: Int32($0.1)) } as [OrderLeg]))
    let order = Order(
      id: nextID, legs: inline, quantity: quantity, effect: effect, kind: kind, submittedMinute: minute, closes: closes)
    nextID += 1
    #expect(order.refusal(in: table, on: market.date, minuteCount: market.minuteCount) == nil)
    working.submit(order, execution, view: market) { self.events.append($0) }
    return order.id
  }

  func walk(_ minutes: ClosedRange<Int>) {
    for minute in minutes {
      working.advance(
        minute: minute, execution, view: market, ledger: memory.ledger, permits: permits,
        log: { self.events.append($0) },
        fill: { fill in
          for index in fill.legs.indices { #expect(fill.legs[index].agrees) }
          self.fills.append(fill)
        })
    }
  }

  /// What happened to an order, a line each.
  func story(_ order: Int64) -> [String] {
    events.filter { $0.order == order }.map { "\($0.minute) " + $0.words(table) }
  }
}

extension OrderFill {
  /// Of a fill of one leg.
  var price: Int { legs[0].price }
}
