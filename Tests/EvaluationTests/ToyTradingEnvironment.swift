// A desk small enough to be worked by hand: one share a unit, a dollar an order, filled at the next open.

import AgentInterface
import Environments
import Kernels
import Market
import Trading

/// One lane over a tape, from its second bar to its last as one episode. An order buys or sells one share of a symbol at the next
/// open for `commissionDollars`; at most one share a symbol, no shorts, no limit on cash but zero (the account is lost there).
/// Observation: the last close-to-close return and the position of each symbol. `usesMask` false turns every action legal, and
/// illegal orders into hold with a count.
final class ToyTradingEnvironment: TradingEnvironment, @unchecked Sendable {
  let tape: MarketTape
  let observationSpace: ObservationSpace
  let actionSpace: ActionSpace
  let laneCount = 1
  let commissionDollars: Double
  let initialDollars: Double
  /// A symbol that may not be bought before this bar.
  var firstLegalBuyBar: [Int]

  private var bar = 1
  private var cash: Int64 = 0
  private var shares: [Int]
  private var ended: AccountView?
  private var fills: [Fill] = []
  private var breakdown = StepBreakdown()
  private var illegalAttempts = 0

  init(tape: MarketTape, commissionDollars: Double = 1, initialDollars: Double = 1000) {
    self.tape = tape
    self.commissionDollars = commissionDollars
    self.initialDollars = initialDollars
    let symbols = tape.symbols
    observationSpace = ObservationSpace(
      columns: symbols.flatMap { [.init(name: "\($0).return", unit: "1"), .init(name: "\($0).position", unit: "1")] })
    let count = symbols.reduce(1) { product, _ in product * 3 }
    actionSpace = ActionSpace(
      names: (0..<count).map { "orders-\($0)" }, fallback: count / 2,
      factors: symbols.map { .init(subject: $0, choices: BasketAction.verbs) })
    firstLegalBuyBar = [Int](repeating: 0, count: symbols.count)
    shares = [Int](repeating: 0, count: symbols.count)
  }

  /// As many walks of one tape, a lane each.
  static func walks(of tape: MarketTape, count: Int, commissionDollars: Double = 1, initialDollars: Double = 1000)
    -> [any TradingEnvironment]
  {
    (0..<count).map { _ in
      ToyTradingEnvironment(tape: tape, commissionDollars: commissionDollars, initialDollars: initialDollars)
    }
  }

  private func micro(_ dollars: Double) -> Int64 { Int64((dollars * 1e6).rounded(.toNearestOrEven)) }

  private func orders(_ action: Int) -> [Int] {
    var rest = action
    return shares.indices.map { _ in
      defer { rest /= 3 }
      return rest % 3 - 1
    }.reversed()
  }

  private func isLegal(_ action: Int) -> Bool {
    zip(orders(action), shares.indices).allSatisfy { order, symbol in
      switch order {
      case 1: shares[symbol] == 0 && bar >= firstLegalBuyBar[symbol]
      case -1: shares[symbol] == 1
      default: true
      }
    }
  }

  private func view() -> AccountView {
    let held = shares.indices.reduce(Int64(0)) { $0 + Int64(shares[$1]) * micro(tape.close[$1][bar]) }
    return AccountView(
      bar: bar, netLiquidationMicroDollars: cash + held, cashMicroDollars: cash, shares: shares.map(Double.init),
      units: shares, riskTier: 0)
  }

  private func observe(into row: StepBuffers) {
    for symbol in shares.indices {
      row.observations.row(0)[2 * symbol] = Float(tape.close[symbol][bar] / tape.close[symbol][bar - 1] - 1)
      row.observations.row(0)[2 * symbol + 1] = Float(shares[symbol])
    }
    row.masks[0] = ActionMask((0..<actionSpace.count).map(isLegal))
  }

  private func start() {
    bar = 1
    cash = micro(initialDollars)
    shares = shares.map { _ in 0 }
  }

  func reset(seed: UInt64, into row: StepBuffers) {
    start()
    observe(into: row)
  }

  func step(_ actions: UnsafePointer<Int32>, lanes: Range<Int>, into row: StepBuffers) {
    var action = Int(actions[0])
    if !isLegal(action) {
      illegalAttempts += 1
      action = actionSpace.count / 2
    }
    let before = view().netLiquidationMicroDollars
    breakdown = StepBreakdown()
    bar += 1
    for (symbol, order) in orders(action).enumerated() where order != 0 {
      let price = tape.open[symbol][bar]
      let fill = Fill(
        symbol: symbol, bar: bar, side: order, shares: 1, referencePriceDollars: price, fillPriceDollars: price,
        notionalMicroDollars: micro(price), halfSpreadCostMicroDollars: 0, impactCostMicroDollars: 0,
        commissionMicroDollars: micro(commissionDollars), wasCut: false)
      cash -= Int64(order) * fill.notionalMicroDollars + fill.commissionMicroDollars
      shares[symbol] += order
      fills.append(fill)
      breakdown.change.commission += fill.commissionMicroDollars
    }
    let after = view()
    breakdown.change.priceProfit = after.netLiquidationMicroDollars - before + breakdown.change.commission
    ended = after
    row.rewards[0] = 0
    row.terminated[0] = after.netLiquidationMicroDollars <= 0 ? 1 : 0
    row.truncated[0] = row.terminated[0] == 0 && bar == tape.barCount - 1 ? 1 : 0
    if row.terminated[0] != 0 || row.truncated[0] != 0 { start() }
    observe(into: row)
  }

  func account(lane: Int) -> AccountView { view() }
  func lastAccount(lane: Int) -> AccountView { ended ?? view() }
  func lastBreakdown(lane: Int) -> StepBreakdown { breakdown }
  func drainFills(lane: Int) -> [Fill] {
    defer { fills = [] }
    return fills
  }
  func drainEpisodes() -> [EpisodeSummary] { [] }
  func drainIllegalAttempts() -> Int {
    defer { illegalAttempts = 0 }
    return illegalAttempts
  }
  func snapshot() -> StateRecord { StateRecord() }
  func restore(_ state: StateRecord) throws(RestoreError) {}
}

enum ToyTape {
  /// A tape of one row of closes a symbol; each open is the close before it. Dates are consecutive days from 2011-01-03.
  static func make(_ closes: [[Double]]) -> MarketTape {
    let start = CalendarDate(daysSinceEpoch: 14_977)
    return MarketTape(
      closes.enumerated().map { symbol, values in
        var series = BarSeries(symbol: "TOY\(symbol)")
        for (day, close) in values.enumerated() {
          let open = day == 0 ? close : values[day - 1]
          series.append(
            date: start.advanced(by: day), open: open, high: max(open, close), low: min(open, close), close: close,
            volume: 1000)
        }
        return series
      })
  }

  /// Closes of a random walk: `drift` and `deviation` a day, seeded.
  static func walk(days: Int, drift: Double, deviation: Double, seed: UInt64, start: Double = 100) -> [Double] {
    var stream = RandomStream(seed: seed, purpose: .market)
    var price = start
    return (0..<days).map { _ in
      price *= 1 + drift + deviation * stream.nextNormal()
      return price
    }
  }
}
