// Trading by chance: what the policy's positions are worth without its reasons for when to take them.

private import AgentInterface
package import Environments
internal import Kernels
private import Market
private import Trading

/// Many accounts that hold what one account held, its spells of position in another order, through the same environment, masks and costs.
package struct RandomTrading: Sendable, Equatable {
  /// With d draws no p-value lies below 1 / (d + 1): at a hundred none could meet the level that several comparisons ask for.
  package static let draws = 999

  package var symbols: [String]
  /// (S) as many orders a symbol as the matched account filled.
  package var ordersPerSymbol: [Int]
  /// (S) its spells with a position.
  package var spellsPerSymbol: [Int]
  /// One value a draw.
  package var totalReturns: [Double]
  /// Annual, over the cash rate; 0 for an account whose value never varied.
  package var sharpeRatios: [Double]
  package var turnoversPerYear: [Double]
  package var fillCounts: [Int]
  /// The middle draw's share of sessions with a position.
  package var medianTimeInPosition: Double
  /// (T) the 5 %, 50 % and 95 % quantiles over the draws of the value at each close, dollars.
  package var lowerCloses: [Double]
  package var middleCloses: [Double]
  package var upperCloses: [Double]

  /// Walks the environment's window `draws` times, as many at once as it has lanes. Draw i takes its numbers from (seed, i) alone.
  ///
  /// An order that the mask forbids is put off until it is legal. cash: (T) what cash earns each session; nothing where it is empty. The environment
  /// must walk its window as one episode and record fills, as the matched account's did.
  package init(
    matching account: BacktestRecord, environment: any TradingEnvironment, cash: [Double] = [], seed: UInt64,
    draws: Int = draws
  ) {
    precondition(draws > 0 && account.count > 0, "\(draws) draws over \(account.count) decisions")
    symbols = environment.tape.symbols
    ordersPerSymbol = symbols.indices.map { symbol in account.fills.count { $0.symbol == symbol } }
    let spells = symbols.indices.map { symbol in PositionSpells(account.accounts.map { $0.units[symbol] }) }
    spellsPerSymbol = spells.map { $0.spells.count { $0.first != 0 } }
    var walks: [ChanceWalk] = []
    let walker = ChanceWalker(environment)
    while walks.count < draws {
      let targets = (walks.count..<min(draws, walks.count + environment.laneCount)).map { draw in
        var stream = RandomStream(seed: seed, purpose: .randomTrading, lane: UInt32(draw))
        return spells.map { $0.shuffled(&stream) }
      }
      walks += walker.walk(targets, seed: seed)
    }
    let initial = account.initialDollars
    totalReturns = walks.map { ($0.closes.last ?? initial) / initial - 1 }
    sharpeRatios = walks.map { walk in
      let returns = ReturnStatistics.dailyReturns(initial: initial, closes: walk.closes)
      return ReturnStatistics.sharpe(ReturnStatistics.excess(returns, cash: cash)) ?? 0
    }
    turnoversPerYear = walks.map { walk in
      let turnover = PerformanceMetrics.turnover(
        PerformanceMetrics.dollars(walk.tradedMicroDollars), closes: walk.closes)
      return (turnover ?? 0) * ReturnStatistics.sessionsPerYear / Double(walk.closes.count)
    }
    fillCounts = walks.map(\.fills)
    medianTimeInPosition = Bootstrap.quantile(
      walks.map { Double($0.sessionsHeld) / Double($0.closes.count) }.sorted(), 0.5)
    lowerCloses = []
    middleCloses = []
    upperCloses = []
    fillBands(walks)
  }

  /// Some sessions at a time, so that a walk's closes are read one after the other.
  private mutating func fillBands(_ walks: [ChanceWalk]) {
    let (sessions, together) = (walks.map(\.closes.count).max() ?? 0, 32)
    // (sessions together, draws)
    var values = [Double](repeating: 0, count: together * walks.count)
    for first in stride(from: 0, to: sessions, by: together) {
      let some = min(together, sessions - first)
      for (draw, walk) in walks.enumerated() {
        for session in 0..<some {
          // A lost account stays at its last value.
          values[session * walks.count + draw] = walk.closes[min(first + session, walk.closes.count - 1)]
        }
      }
      values.withUnsafeMutableBufferPointer { values in
        for session in 0..<some {
          let row = UnsafeMutableBufferPointer(
            rebasing: values[(session * walks.count)..<((session + 1) * walks.count)])
          let band = OrderStatistics.quantiles(row, shares: [0.05, 0.5, 0.95])
          lowerCloses.append(band[0])
          middleCloses.append(band[1])
          upperCloses.append(band[2])
        }
      }
    }
  }

  package var draws: Int { totalReturns.count }
  package var medianTurnoverPerYear: Double { Bootstrap.quantile(turnoversPerYear.sorted(), 0.5) }
  package var medianFills: Double { Bootstrap.quantile(fillCounts.map(Double.init).sorted(), 0.5) }

  /// The quantile q of the draws' total returns, and of their Sharpe ratios.
  package func totalReturn(quantile q: Double) -> Double { Bootstrap.quantile(totalReturns.sorted(), q) }
  package func sharpe(quantile q: Double) -> Double { Bootstrap.quantile(sharpeRatios.sorted(), q) }

  /// (1 + draws as good) / (draws + 1), by Sharpe ratio: how often chance does as well. 1 for a ratio that is undefined.
  package func pValue(sharpe: Double?) -> Double {
    guard let sharpe else { return 1 }
    return Double(1 + sharpeRatios.count { $0 >= sharpe }) / Double(draws + 1)
  }
}

/// What one draw did.
private struct ChanceWalk {
  /// Dollars at each close.
  var closes: [Double] = []
  var tradedMicroDollars: Int64 = 0
  var fills = 0
  var sessionsHeld = 0
  var isLost = false
}

/// Lanes that go where they are told, one order a symbol at a time.
private struct ChanceWalker {
  private let environment: any TradingEnvironment
  private let orders: JointOrders
  private let loop: EnvironmentLoop
  private let hold: Int32

  /// Traps where the environment's actions are not the joint orders of its symbols.
  init(_ environment: any TradingEnvironment) {
    self.environment = environment
    orders = JointOrders(environment.actionSpace)
    loop = EnvironmentLoop(environment)
    hold = Int32(environment.actionSpace.fallback ?? 0)
  }

  /// targets: a lane, of (S, T) units wanted at each close; at most as many as there are lanes.
  func walk(_ targets: [[[Int]]], seed: UInt64) -> [ChanceWalk] {
    let (symbols, steps) = (targets[0].count, targets[0][0].count)
    // (L, S, T)
    let path = targets.flatMap { $0.flatMap { $0.map(Int32.init) } }
    loop.reset(seed: seed)
    for lane in targets.indices { _ = environment.drainFills(lane: lane) }
    var walks = [ChanceWalk](repeating: ChanceWalk(), count: targets.count)
    for lane in walks.indices { walks[lane].closes.reserveCapacity(steps) }
    var units = [Int](repeating: 0, count: targets.count * symbols)
    var wanted = [Int](repeating: 0, count: symbols)
    for lane in 0..<environment.laneCount { loop.actions[lane] = hold }
    for step in 0..<steps {
      for lane in walks.indices where !walks[lane].isLost {
        var holds = true
        for symbol in 0..<symbols {
          let place = lane * symbols + symbol
          wanted[symbol] = (Int(path[place * steps + step]) - units[place]).signum()
          if wanted[symbol] != 0 { holds = false }
        }
        loop.actions[lane] = holds ? hold : Int32(orders.nearestLegal(to: wanted, mask: loop.row.masks[lane]))
      }
      loop.step()
      // Only sums are taken of fills, so that they may gather for a while.
      let countsFills = step % 64 == 63 || step == steps - 1
      for lane in walks.indices where !walks[lane].isLost {
        let standing = units.withUnsafeMutableBufferPointer { units in
          environment.lastStanding(lane: lane, units: units.baseAddress! + lane * symbols)
        }
        walks[lane].closes.append(PerformanceMetrics.dollars(standing.netLiquidationMicroDollars))
        walks[lane].sessionsHeld += standing.holdsShares ? 1 : 0
        walks[lane].isLost = loop.row.terminated[lane] != 0
        if walks[lane].isLost { loop.actions[lane] = hold }
        if countsFills || walks[lane].isLost {
          for fill in environment.drainFills(lane: lane) {
            walks[lane].fills += 1
            walks[lane].tradedMicroDollars += fill.notionalMicroDollars
          }
        }
      }
    }
    _ = environment.drainEpisodes()
    _ = environment.drainIllegalAttempts()
    return walks
  }
}
