// Nothing that is seen, decided, filled or paid up to a bar knows what comes after it; and whoever does know is found out.

import AgentInterface
import Algorithms
import Environments
import Glibc
import Inference
import Kernels
import Market
import TestSupport
import Testing
import Trading

/// A way to set the basket game up.
struct BasketGame: Sendable, CustomTestStringConvertible {
  var symbols: Int
  var configuration = BasketConfiguration()
  var width = BarWidth.session

  var testDescription: String {
    (symbols == 1 ? "1 symbol" : "\(symbols) symbols")
      + (width == .minute ? ", minutes" : "")
      + (configuration.allowShort ? ", \(configuration.maximumUnits) units, short" : "")
      + (configuration.extraColumns.isEmpty ? "" : ", a further column")
      + (configuration.portfolioFeatures ? ", portfolio columns, penalties" : "")
  }

  static let all = [
    BasketGame(symbols: 1), BasketGame(symbols: 2),
    BasketGame(symbols: 3, configuration: BasketConfiguration(maximumUnits: 3, allowShort: true)),
    BasketGame(symbols: 2, configuration: BasketConfiguration(extraColumns: ["signal"])),
    BasketGame(
      symbols: 2,
      configuration: BasketConfiguration(
        portfolioFeatures: true,
        rewards: RewardTerms(
          turnover: TurnoverPenalty(coefficient: 0.001), drawdown: DrawdownPenalty(coefficient: 0.01)))),
  ]

  static let names = ["AAA", "BBB", "CCC"]

  /// The symbols' bars, and the benchmark's behind them where there is one.
  func series(bars: Int, seed: UInt64) -> [BarSeries] {
    var random = RandomStream(seed: seed, purpose: .market, lane: 99)
    let count = symbols + (configuration.portfolioFeatures ? 1 : 0)
    let names = Array(BasketGame.names.prefix(count))
    var series =
      width == .session
      ? SyntheticTape.series(symbols: names, bars: bars, seed: seed)
      : SyntheticTape.minutes(symbols: names, sessions: bars / 390 + 1, seed: seed).map { $0.rows(Array(0..<bars)) }
    for place in series.indices {
      series[place].extra = configuration.extraColumns.map { name in
        ExtraColumn(name: name, values: (0..<bars).map { _ in random.nextNormal() })
      }
    }
    return series
  }

  private func tape(_ series: [BarSeries]) -> MarketTape {
    MarketTape(Array(series.prefix(symbols)), benchmark: configuration.portfolioFeatures ? series.last : nil)
  }

  /// The game on a changed market. Every number that it plays with comes from the changed bars; the tape is for its door alone, which lets
  /// only prices in.
  func environment(_ market: ChangedMarket, window: Range<Int>) throws -> BasketEnvironment {
    try BasketEnvironment(
      tape: tape(market.finite), configuration: configuration, window: window, laneCount: 1,
      episodes: .continuous, recordsFills: true,
      features: MarketFeatures(
        tape: tape(market.series), execution: configuration.execution, extraColumns: configuration.extraColumns,
        portfolioFeatures: configuration.portfolioFeatures))
  }

  func policy(extraColumns: [ObservationSpace.Column] = []) throws -> DeployedPolicy {
    let names = Array(BasketGame.names.prefix(symbols))
    let own = BasketObservation.space(
      symbols: names, extraColumns: configuration.extraColumns, portfolioFeatures: configuration.portfolioFeatures,
      width: width)
    return try remembering(ObservationSpace(columns: own.columns + extraColumns), BasketAction.space(symbols: names))
  }
}

/// A policy with a memory and a normaliser, written to a bundle file and read back from it.
func remembering(_ space: ObservationSpace, _ actions: ActionSpace) throws -> DeployedPolicy {
  let spec = NetworkSpec(
    inputs: space.count, actions: actions.count, memory: .lstm(hidden: 16, critic: .separate), policyTower: [16],
    valueTower: [16], activation: .tanh, hasValueHead: true)
  var stream = RandomStream(seed: 61, purpose: .initialization)
  let parameters = (0..<ParameterLayout(spec).count).map { _ in Float(0.4 * stream.nextNormal()) }
  let normalizer = ObservationNormalizer(
    mean: [Double](repeating: 0.01, count: space.count), variance: [Double](repeating: 0.01, count: space.count),
    count: 4096)
  let made = InferencePolicy(spec: spec, parameters: parameters, normalizer: normalizer, requiresMask: true)
  let rows = 8
  let golden = try GoldenVectors(
    playing: made.deployed, observations: (0..<rows * space.count).map { _ in Float(0.1 * stream.nextNormal()) },
    masks: [ActionMask](repeating: .all(count: actions.count), count: rows),
    episodeStarts: (0..<rows).map { $0 % 4 == 0 })
  let manifest = PolicyManifest(
    algorithm: "ppo_lstm_mask", observationSpace: space, actionSpace: actions, provenance: [:], parity: nil)
  let folder = try TemporaryFolder()
  try folder.write(PolicyBundle(manifest: manifest, policy: made, golden: golden).encode(), to: "policy.safetensors")
  return try withExtendedLifetime(folder) { try PolicyBundle.load(path: folder.place("policy.safetensors")).policy }
}

@Suite struct LookAheadTests {
  private static let bars = 260

  /// Two whole sessions and a part of a third, of which the second and the third are played: what is usual of a minute's volume is known there.
  @Test func `nothing up to a minute depends on what comes after`() throws {
    let game = BasketGame(symbols: 2, configuration: BasketConfiguration(extraColumns: ["signal"]), width: .minute)
    let policy = try game.policy()
    let detector = LookAheadDetector(series: game.series(bars: 840, seed: 30), firstBar: 700, cutCount: 25, seed: 6)
    let report = try detector.examine { market, window in
      LookAheadEvent.trace(try game.environment(market, window: window), policy: policy, seed: 5)
    }
    #expect(report.leaks.isEmpty && report.void == 0, "\(report.leaks.prefix(5))")
    #expect(report.cuts.contains { $0 < 780 } && report.cuts.contains { $0 > 780 })
    ProofTable.record(
      "honesty: no look-ahead, \(game.testDescription)",
      figure: "\(report.leaks.count) of \(report.cuts.count * 4) changes noticed, \(report.compared) events equal",
      threshold: "0", seeds: "-", holds: report.leaks.isEmpty && report.void == 0)
  }

  @Test(arguments: BasketGame.all)
  func `nothing up to a bar depends on what comes after`(game: BasketGame) throws {
    let policy = try game.policy()
    #expect(policy.hasMemory && policy.network?.normalizer != nil)
    let detector = LookAheadDetector(series: game.series(bars: Self.bars, seed: 30), seed: 6)
    var traded = Set<Int>()
    let report = try detector.examine { market, window in
      let events = LookAheadEvent.trace(try game.environment(market, window: window), policy: policy, seed: 5)
      traded.formUnion(events.filter { $0.kind == .fills && !$0.bits.isEmpty }.map(\.bar))
      return events
    }
    #expect(report.cuts.count == 50 && Set(report.cuts).count > 30)
    #expect(report.leaks.isEmpty, "\(report.leaks.prefix(5))")
    #expect(report.void == 0 && report.compared > 50 * 4 * 6 * 20, "\(report.compared) events")
    #expect(traded.count > 60, "the policy trades at \(traded.count) bars")
    ProofTable.record(
      "honesty: no look-ahead, \(game.testDescription)",
      figure: "\(report.leaks.count) of \(report.cuts.count * 4) changes noticed, \(report.compared) events equal",
      threshold: "0", seeds: "-", holds: report.leaks.isEmpty && report.void == 0)
  }

  /// The learner's own view: running normalisers of observations and rewards, memory, sampling.
  @Test func `neither does the learner with its running normalisers`() throws {
    let game = BasketGame(symbols: 2)
    let detector = LookAheadDetector(series: game.series(bars: Self.bars, seed: 31), cutCount: 25, seed: 7)
    let report = try detector.examine { market, window in
      learnerTrace(try game.environment(market, window: window), window: window)
    }
    #expect(report.leaks.isEmpty, "\(report.leaks.prefix(5))")
    #expect(report.void == 0 && report.compared > 25 * 4 * 4 * 20)
    ProofTable.record(
      "honesty: no look-ahead, learner with running normalisers",
      figure: "\(report.leaks.count) of \(report.cuts.count * 4) changes noticed, \(report.compared) events equal",
      threshold: "0", seeds: "-", holds: report.leaks.isEmpty && report.void == 0)
  }

  @Test(arguments: Mistake.allCases)
  func `every planted mistake is found`(mistake: Mistake) throws {
    let game = BasketGame(symbols: 2)
    let policy = try game.policy(extraColumns: mistake.extraColumns)
    let detector = LookAheadDetector(series: game.series(bars: Self.bars, seed: 30), seed: 8)
    let report = try detector.examine { market, window in
      let honest = try game.environment(market, window: window)
      let tampered = TamperedEnvironment(honest, mistake.tampering(MarketTape(market.series)))
      return LookAheadEvent.trace(tampered, policy: policy, seed: 5)
    }
    let flagged = LookAheadDetector.Change.allCases.map { report.flagged($0) }
    for (change, count) in zip(LookAheadDetector.Change.allCases, flagged) {
      // Days in another order: the average of the last twenty is the same where only those were shuffled.
      let least = mistake.leastFlagged(change, of: report.cuts, bars: Self.bars)
      #expect(count >= least && least > 0, "\(mistake.rawValue), \(change.rawValue): \(count) of \(report.cuts.count)")
    }
    #expect(report.kinds == [mistake.kind], "\(mistake.rawValue) shows in \(report.kinds)")
    ProofTable.record(
      "honesty: planted mistake found: \(mistake.rawValue)",
      figure: zip(LookAheadDetector.Change.allCases, flagged).map { "\($0.rawValue) \($1)" }.joined(separator: ", "),
      threshold: "every kind", seeds: "-", holds: flagged.allSatisfy { $0 > 0 })
  }
}

/// Mistakes that are made in earnest, each by one line.
enum Mistake: String, CaseIterable, CustomTestStringConvertible {
  /// The last value of a rolling mean over the whole history, instead of the one at the bar.
  case latestVolumeMean = "volume mean of the latest bars"
  /// A column that holds the return of the bar in which the ordered position earns.
  case nextReturnColumn = "next return as a column"
  /// A scaler fitted on the whole sample.
  case wholeSampleScaler = "scaler of the whole sample"
  /// A mask that forbids what will lose.
  case knowingMask = "mask that knows the open after next"
  /// A reward of the bar after the one that ended.
  case earlyReward = "reward of the next close"

  var testDescription: String { rawValue }

  var kind: LookAheadEvent.Kind {
    switch self {
    case .knowingMask: .mask
    case .earlyReward: .reward
    default: .observation
    }
  }

  var extraColumns: [ObservationSpace.Column] {
    self == .nextReturnColumn ? [.init(name: "next_return", unit: "log ratio")] : []
  }

  /// Which cuts must bring it to light, at least.
  func leastFlagged(_ change: LookAheadDetector.Change, of cuts: [Int], bars: Int) -> Int {
    switch (self, change) {
    case (.latestVolumeMean, .shuffled): cuts.count { $0 < bars - 60 } * 9 / 10
    // The mask of one bar or two stays what it was by chance.
    case (.knowingMask, _): 5
    default: cuts.count * 9 / 10
    }
  }

  func tampering(_ tape: MarketTape) -> Tampering {
    var tampering = Tampering()
    let close = tape.close[0]
    switch self {
    case .latestVolumeMean:
      let volume = tape.volume[0]
      let mean = volume.suffix(20).reduce(0, +) / 20
      tampering.observation = { row, bar in row[9] = Float(log((volume[bar] + 1) / (mean + 1))) }
    case .nextReturnColumn:
      tampering.extraColumns = extraColumns
      tampering.observation = { row, bar in
        row[26] = bar + 1 < close.count ? Float(log(close[bar + 1] / close[bar])) : 0
      }
    case .wholeSampleScaler:
      let returns = zip(close, close.dropFirst()).map { log($1 / $0) }
      let mean = returns.reduce(0, +) / Double(returns.count)
      let variance = returns.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(returns.count)
      tampering.observation = { row, _ in row[0] = Float((Double(row[0]) - mean) / variance.squareRoot()) }
    case .knowingMask:
      let open = tape.open[0]
      let buying = (0..<9).filter { BasketAction(index: $0, symbolCount: 2).orders[0] > 0 }
      tampering.mask = { mask, bar in
        guard bar + 2 < open.count, open[bar + 2] > close[bar] else { return mask }
        return ActionMask(rawValue: buying.reduce(mask.rawValue) { $0 & ~(1 << UInt64($1)) })
      }
    case .earlyReward:
      tampering.reward = { reward, bar in bar + 1 < close.count ? Float(close[bar + 1] - close[bar]) : reward }
    }
    return tampering
  }
}

/// What a learner of one lane sees and does, normalised by what it has seen so far.
private func learnerTrace(_ environment: BasketEnvironment, window: Range<Int>) -> [LookAheadEvent] {
  var configuration = PPO.Configuration(hasMemory: true)
  configuration.horizon = window.count - 1
  configuration.normalizeObservations = true
  configuration.normalizeRewards = true
  let spec = NetworkSpec(
    inputs: environment.observationSpace.count, actions: environment.actionSpace.count,
    memory: .lstm(hidden: 8, critic: .separate), policyTower: [], valueTower: [], activation: .tanh, hasValueHead: true)
  let learner = PPO(
    configuration: configuration, spec: spec, laneCount: 1, masked: true, seed: 9, pool: WorkerPool(workerCount: 1))
  let rollout = learner.rollout
  environment.reset(seed: 9, into: rollout.resetBuffers)
  learner.begin()
  var events: [LookAheadEvent] = []
  for step in 0..<configuration.horizon {
    let bar = window.lowerBound + step
    learner.act(at: step)
    let seen = (0..<spec.inputs).map { rollout.observations[step * spec.inputs + $0] }
    events.append(LookAheadEvent(bar: bar, kind: .observation, bits: LookAheadEvent.bits(seen)))
    events.append(LookAheadEvent(bar: bar, kind: .mask, bits: [rollout.masks[step].rawValue]))
    let decided = [rollout.logProbabilities[step], rollout.values[step]]
    events.append(
      LookAheadEvent(
        bar: bar, kind: .decision, bits: [UInt64(rollout.actions[step])] + LookAheadEvent.bits(decided)))
    environment.step(rollout.actions(at: step), lanes: 0..<1, into: rollout.stepBuffers(at: step))
    learner.absorb(at: step)
    events.append(LookAheadEvent(bar: bar + 1, kind: .reward, bits: LookAheadEvent.bits([rollout.rewards[step]])))
    // Ruin ends the walk: what follows belongs to another episode.
    if rollout.terminated[step] != 0 { break }
  }
  return events
}
