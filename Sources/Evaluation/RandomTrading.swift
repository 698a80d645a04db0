// Trading by chance: what the policy's positions are worth without its reasons for when to take them.

private import AgentInterface
package import Environments
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
  /// The Sharpe ratio of the matched account, counted as those of the draws are: a draw that does the same has the same bits. nil where it is
  /// undefined.
  package var accountSharpe: Double?
  /// One value a draw.
  package var totalReturns: [Double]
  /// Annual, over the cash rate; 0 for an account whose value never varied.
  package var sharpeRatios: [Double]
  package var turnoversPerYear: [Double]
  package var fillCounts: [Int]
  /// The middle draw's share of bars that end with a position.
  package var medianTimeInPosition: Double
  /// (T) the 5 %, 50 % and 95 % quantiles over the draws of the value at each close, dollars.
  package var lowerCloses: [Double]
  package var middleCloses: [Double]
  package var upperCloses: [Double]
  /// Whether positions were moved as whole sessions and within them; otherwise spells changed places over the window.
  package var isWithinSessions = false

  /// Walks a window `draws` times, side by side. Draw i takes its numbers from (seed, i) alone, however the lanes are spread.
  ///
  /// An order that the mask forbids is put off until it is legal. environments: walks of the window, each as one episode and recording fills, as the
  /// matched account's did, with a lane a draw or more in all. cash: (T) what cash earns each session; nothing where it is empty. What is
  /// kept of a session are its bands: of a draw there are only sums.
  package init(
    matching account: BacktestRecord, environments: [any TradingEnvironment], cash: [Double] = [], seed: UInt64,
    draws: Int = draws
  ) {
    self.init(matching: account, environments: environments, cash: cash, seed: seed, draws: draws) {
      () throws(Never) in
    }
  }

  /// The same; what `behindBlock` throws behind some sessions of all draws ends it.
  package init<Interruption: Error>(
    matching account: BacktestRecord, environments: [any TradingEnvironment], cash: [Double] = [], seed: UInt64,
    draws: Int = draws, behindBlock: () throws(Interruption) -> Void
  ) throws(Interruption) {
    let lanes = environments.reduce(0) { $0 + $1.laneCount }
    precondition(draws > 0 && account.count > 0, "\(draws) draws over \(account.count) decisions")
    precondition(lanes >= draws, "\(draws) draws in \(lanes) lanes")
    symbols = environments[0].tape.symbols
    ordersPerSymbol = symbols.indices.map { symbol in account.fills.count { $0.symbol == symbol } }
    let paths = ChancePaths(
      symbols.indices.map { symbol in
        PositionSpells(
          account.accounts.units(symbol: symbol), free: WalkedListing.held(symbol, account, environments[0]))
      }, seed: seed, draws: draws)
    spellsPerSymbol = paths.spells.map(\.countHeld)
    let initial = account.initialDollars
    accountSharpe = RandomTrading.sharpe(of: account, cash: cash)
    lowerCloses = []
    middleCloses = []
    upperCloses = []
    totalReturns = []
    sharpeRatios = []
    turnoversPerYear = []
    fillCounts = []
    medianTimeInPosition = 0

    var walkers: [ChanceWalker] = []
    for environment in environments {
      let first = walkers.last?.draws.upperBound ?? 0
      let walked = first..<min(draws, first + environment.laneCount)
      if !walked.isEmpty {
        walkers.append(ChanceWalker(environment, draws: walked, initial: initial, seed: seed))
      }
    }
    try walk(&walkers, along: paths, cash: cash, SessionSteps(ends: account.sessionEnds), behindBlock)
    take(walkers.flatMap(\.walks), initial: initial)
  }

  /// What became of draws that were walked elsewhere. bands: by session.
  init(
    symbols: [String], ordersPerSymbol: [Int], spellsPerSymbol: [Int], account: BacktestRecord, cash: [Double],
    walks: [ChanceWalk], bands: [[Double]], isWithinSessions: Bool
  ) {
    (self.symbols, self.ordersPerSymbol, self.spellsPerSymbol) = (symbols, ordersPerSymbol, spellsPerSymbol)
    accountSharpe = RandomTrading.sharpe(of: account, cash: cash)
    lowerCloses = bands.map { $0[0] }
    middleCloses = bands.map { $0[1] }
    upperCloses = bands.map { $0[2] }
    (totalReturns, sharpeRatios, turnoversPerYear, fillCounts, medianTimeInPosition) = ([], [], [], [], 0)
    self.isWithinSessions = isWithinSessions
    take(walks, initial: account.initialDollars)
  }

  private mutating func take(_ walks: [ChanceWalk], initial: Double) {
    totalReturns = walks.map { $0.close / initial - 1 }
    sharpeRatios = walks.map { $0.sharpe.annual ?? 0 }
    turnoversPerYear = walks.map { $0.turnoverPerYear ?? 0 }
    fillCounts = walks.map(\.fills)
    medianTimeInPosition = Bootstrap.quantile(
      walks.map { Double($0.stepsHeld) / Double($0.steps) }.sorted(), 0.5)
  }

  /// As those of the draws are counted.
  private static func sharpe(of account: BacktestRecord, cash: [Double]) -> Double? {
    var before = account.initialDollars
    var matched = StreamedSharpe()
    for (session, close) in account.closes.enumerated() {
      matched.add(close / before - 1 - (cash.isEmpty ? 0 : cash[session]))
      before = close
    }
    let isDefined =
      ReturnStatistics.sharpe(
        account.dailyReturns, excess: ReturnStatistics.excess(account.dailyReturns, cash: cash)) != nil
    return isDefined ? matched.annual : nil
  }

  /// Steps that one environment's lanes walk before the next one's do, so that what they touch stays in the caches.
  private static let together = 32

  /// To the end of the paths, or until no walk goes on.
  private mutating func walk<Interruption: Error>(
    _ walkers: inout [ChanceWalker], along paths: ChancePaths, cash: [Double], _ sessions: SessionSteps,
    _ behindBlock: () throws(Interruption) -> Void
  ) throws(Interruption) {
    let draws = paths.draws
    // (steps together, draws)
    var values = [Double](repeating: 0, count: RandomTrading.together * draws)
    var paths = paths
    for first in stride(from: 0, to: paths.sessions, by: RandomTrading.together) {
      let steps = first..<min(first + RandomTrading.together, paths.sessions)
      paths.reach(steps)
      values.withUnsafeMutableBufferPointer { values in
        for place in walkers.indices {
          walkers[place].walk(
            steps, along: paths, cash: cash, sessions, values: values, stride: draws)
        }
        let walked = walkers.reduce(0) { most, walker in walker.walks.reduce(most) { max($0, $1.steps) } }
        for step in first..<max(first, min(steps.upperBound, walked)) where sessions.isLast[step] {
          let row = (step - first) * draws
          let band = OrderStatistics.quantiles(
            UnsafeMutableBufferPointer(rebasing: values[row..<(row + draws)]), shares: [0.05, 0.5, 0.95])
          lowerCloses.append(band[0])
          middleCloses.append(band[1])
          upperCloses.append(band[2])
        }
      }
      if walkers.allSatisfy({ $0.walks.allSatisfy(\.isLost) }) { return }
      try behindBlock()
    }
  }

  package var draws: Int { totalReturns.count }
  package var medianTurnoverPerYear: Double { Bootstrap.quantile(turnoversPerYear.sorted(), 0.5) }
  package var medianFills: Double { Bootstrap.quantile(fillCounts.map(Double.init).sorted(), 0.5) }

  /// The quantile q of the draws' total returns, and of their Sharpe ratios.
  package func totalReturn(quantile q: Double) -> Double { Bootstrap.quantile(totalReturns.sorted(), q) }
  package func sharpe(quantile q: Double) -> Double { Bootstrap.quantile(sharpeRatios.sorted(), q) }

  /// (1 + draws as good) / (draws + 1), by Sharpe ratio: how often chance does as well as the matched account. 1 for a ratio that is undefined.
  package var pValue: Double {
    guard let accountSharpe else { return 1 }
    return Double(1 + sharpeRatios.count { $0 >= accountSharpe }) / Double(draws + 1)
  }
}
