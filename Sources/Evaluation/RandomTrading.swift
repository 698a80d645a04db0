// Trading by chance, as often as the policy traded: what its orders are worth without its reasons.

package import AgentInterface
package import Environments
package import Inference
internal import Kernels
private import Market
private import Trading

/// Orders each symbol as often as it was told to, at closes and in directions that chance chooses.
///
/// With n orders of a symbol left and m decisions left it orders that symbol with probability n / m, so that every choice of closes is
/// equally likely; the direction is one of the legal ones, each equally likely. What the mask forbids is put off, not dropped.
package final class RandomTrader: Decider {
  private let orders: JointOrders
  /// [symbol][sell, buy]: the action that orders nothing else.
  private let singles: [[Int?]]
  private var ordersLeft: [Int]
  private var decisionsLeft: Int
  private var stream: RandomStream

  /// ordersLeft: (S) orders to make a symbol, over `decisions` decisions. `space`: one that `JointOrders` understands.
  package init(orders ordersLeft: [Int], decisions: Int, space: ActionSpace, seed: UInt64, draw: Int) {
    let orders = JointOrders(space)
    self.orders = orders
    singles = ordersLeft.indices.map { symbol in [-1, 1].map { orders.single($0, symbol: symbol) } }
    self.ordersLeft = ordersLeft
    decisionsLeft = decisions
    stream = RandomStream(seed: seed, purpose: .randomTrading, lane: UInt32(draw))
  }

  package func decide(_ observation: Span<Float>, mask: ActionMask, startsEpisode: Bool) -> Choice {
    var wanted = [Int](repeating: 0, count: ordersLeft.count)
    for symbol in wanted.indices {
      // Both numbers are drawn whatever they decide, so that one symbol's orders never move another's.
      let (moment, direction) = (stream.nextDouble(), stream.nextDouble())
      guard moment * Double(max(decisionsLeft, 1)) < Double(ordersLeft[symbol]) else { continue }
      let legal = [-1, 1].filter { singles[symbol][$0 > 0 ? 1 : 0].map(mask.allows) ?? false }
      guard !legal.isEmpty else { continue }
      wanted[symbol] = legal[direction * Double(legal.count) < 1 ? 0 : 1]
    }
    let action = orders.nearestLegal(to: wanted, mask: mask)
    for symbol in wanted.indices where orders.orders[action][symbol] != 0 { ordersLeft[symbol] -= 1 }
    decisionsLeft -= 1
    return Choice(action: action, confidence: nil)
  }
}

/// Many accounts of random trading with the turnover of one account, through the same environment, masks and costs.
package struct RandomTrading: Sendable, Equatable {
  package static let draws = 100
  /// A policy is called better than chance above so many of 100 draws.
  package static let requiredPercentile = 95.0

  package var symbols: [String]
  /// (S) what each draw was to order: as many orders a symbol as the matched account filled.
  package var ordersPerSymbol: [Int]
  /// One value a draw.
  package var totalReturns: [Double]
  package var turnoversPerYear: [Double]
  package var fillCounts: [Int]
  /// The middle draw's share of sessions with a position.
  package var medianTimeInPosition: Double
  /// (T) the 5 %, 50 % and 95 % quantiles over the draws of the value at each close, dollars.
  package var lowerCloses: [Double]
  package var middleCloses: [Double]
  package var upperCloses: [Double]

  /// Walks the environment `draws` times. Draw i takes its numbers from (seed, i) alone.
  package init(
    matching account: BacktestRecord, environment: any TradingEnvironment, seed: UInt64, draws: Int = draws
  ) throws(DecisionError) {
    precondition(draws > 0 && account.count > 0, "\(draws) draws over \(account.count) decisions")
    symbols = environment.tape.symbols
    ordersPerSymbol = environment.tape.symbols.indices.map { symbol in account.fills.count { $0.symbol == symbol } }
    totalReturns = []
    turnoversPerYear = []
    fillCounts = []
    var held: [Double] = []
    var walks: [[Double]] = []
    for draw in 0..<draws {
      let trader = RandomTrader(
        orders: ordersPerSymbol, decisions: account.count, space: environment.actionSpace, seed: seed,
        draw: draw)
      let record = try Backtest.run(environment, decider: trader, seed: seed)
      let closes = record.closes
      totalReturns.append((closes.last ?? record.initialDollars) / record.initialDollars - 1)
      let turnover = PerformanceMetrics.turnover(PerformanceMetrics.traded(record.fills), closes: closes) ?? 0
      turnoversPerYear.append(turnover * ReturnStatistics.sessionsPerYear / Double(closes.count))
      fillCounts.append(record.fills.count)
      held.append(Double(record.heldPosition.count { $0 }) / Double(record.count))
      walks.append(closes)
    }
    medianTimeInPosition = Bootstrap.quantile(held.sorted(), 0.5)
    lowerCloses = []
    middleCloses = []
    upperCloses = []
    for session in 0..<(walks.map(\.count).max() ?? 0) {
      // A lost account stays at its last value.
      let values = walks.map { $0[min(session, $0.count - 1)] }.sorted()
      lowerCloses.append(Bootstrap.quantile(values, 0.05))
      middleCloses.append(Bootstrap.quantile(values, 0.5))
      upperCloses.append(Bootstrap.quantile(values, 0.95))
    }
  }

  package var draws: Int { totalReturns.count }
  package var medianTurnoverPerYear: Double { Bootstrap.quantile(turnoversPerYear.sorted(), 0.5) }
  package var medianFills: Double { Bootstrap.quantile(fillCounts.map(Double.init).sorted(), 0.5) }

  /// The quantile q of the draws' total returns.
  package func totalReturn(quantile q: Double) -> Double { Bootstrap.quantile(totalReturns.sorted(), q) }

  /// The share of draws that earned less, in percent; an equal one counts half.
  package func percentile(of totalReturn: Double) -> Double {
    let below = totalReturns.count { $0 < totalReturn }
    let equal = totalReturns.count { $0 == totalReturn }
    return 100 * (Double(below) + 0.5 * Double(equal)) / Double(draws)
  }
}
