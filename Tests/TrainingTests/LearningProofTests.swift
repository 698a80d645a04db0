// The learner against markets whose optimum is known, with one set of hyper-parameters and controls that must fail.

import AgentInterface
import Algorithms
import Configuration
import Environments
import Evaluation
import FoundationEssentials
import Inference
import Kernels
import Networks
import TestSupport
import Testing
import Training

/// A market, an algorithm, and what it must reach.
private struct Proof: Sendable, CustomTestStringConvertible {
  var name: String
  let market: String
  let algorithm: AlgorithmTag
  /// Settings of the market, beside its name.
  var world: [String] = []
  let unit: PlantedRun.Unit
  /// Where the interquartile mean over the seeds must lie. A control must stay below the lower bound.
  let must: ClosedRange<Double>
  /// Settings of the short version, which runs every time, and where its one seed must lie.
  var short: [String] = []
  var shortMust = -Double.infinity...Double.infinity
  /// What multiplies in the memory, where products are not float32.
  var bfloat16: BFloat16Unit?

  var testDescription: String { name }
  var hasLowerBound: Bool { must.lowerBound > 0 }
  var threshold: String {
    let (lower, upper) = (fixed(must.lowerBound), fixed(must.upperBound))
    if must.upperBound == .infinity { return ">= \(lower)" }
    return hasLowerBound ? "\(lower) to \(upper)" : "<= \(upper)"
  }

  private static func share(_ share: Double, of optimum: Double) -> ClosedRange<Double> {
    share * optimum...(.infinity)
  }

  /// sum |r| at no cost: E|N(0, 1)| = sqrt(2 / pi) a step.
  static let leak = Proof(
    name: "leak, ppo", market: "leak", algorithm: .ppo, unit: .step, must: share(0.95, of: 0.7979),
    short: ["run.total_timesteps=65536"], shortMust: share(0.9, of: 0.7979))
  /// The optimum for a cost of 0.5 is a dynamic program's (401 grid points).
  static let meanReversion = Proof(
    name: "mean_reversion, ppo", market: "mean_reversion", algorithm: .ppo, unit: .step, must: share(0.9, of: 0.0928),
    short: ["run.total_timesteps=196608"], shortMust: share(0.6, of: 0.0928))
  static let meanReversionA2C = Proof(
    name: "mean_reversion, a2c", market: "mean_reversion", algorithm: .a2c, unit: .step,
    must: share(0.9, of: 0.0928), short: ["run.total_timesteps=131072"], shortMust: share(0.6, of: 0.0928))
  static let meanReversionDQN = Proof(
    name: "mean_reversion, dqn", market: "mean_reversion", algorithm: .dqn, unit: .step,
    must: share(0.8, of: 0.0928), short: ["run.total_timesteps=131072"], shortMust: share(0.5, of: 0.0928))
  static let cue = Proof(
    name: "cue, ppo_lstm_mask", market: "cue", algorithm: .ppoLSTMMask, unit: .episode, must: 0.9...(.infinity),
    short: ["run.total_timesteps=131072", "environment.cue_bars=8"], shortMust: 0.9...(.infinity))
  static let cueWithoutMemory = Proof(
    name: "cue, ppo_mask (no memory)", market: "cue", algorithm: .ppoMask, unit: .episode, must: 0...0)

  /// The Bayes filter earns 0.1333, of which four fifths are asked; the sign of the last return earns 0.0474 and nothing without memory
  /// more than that: above 0.055 something leaks.
  static let hiddenWithMemory = Proof(
    name: "regime_switching, ppo_lstm", market: "regime_switching", algorithm: .ppoLSTM, unit: .step,
    must: 0.107...(.infinity), short: ["run.total_timesteps=65536"], shortMust: 0.07...(.infinity))
  static let hiddenWithoutMemory = Proof(
    name: "regime_switching, ppo", market: "regime_switching", algorithm: .ppo, unit: .step, must: 0.040...0.050,
    short: ["run.total_timesteps=65536"], shortMust: 0.03...0.055)
  /// A visible position is one bit of memory: without any other at most 0.0875 can be earned.
  static let visibleWithMemory = Proof(
    name: "regime_switching, position visible, ppo_lstm", market: "regime_switching", algorithm: .ppoLSTM,
    world: ["environment.position_visible=true"], unit: .step, must: 0.107...(.infinity))
  static let visibleWithoutMemory = Proof(
    name: "regime_switching, position visible, ppo", market: "regime_switching", algorithm: .ppo,
    world: ["environment.position_visible=true"], unit: .step, must: -Double.infinity...0.092)

  /// With a cost, by a policy with memory, which most seeds leave at half the optimum whatever the products take.
  static let meanReversionWithMemory = Proof(
    name: "mean_reversion, ppo_lstm", market: "mean_reversion", algorithm: .ppoLSTM, unit: .step, must: 0...0)

  /// The same with bfloat16 products, in plain arithmetic where the processor has no unit for them.
  var inBFloat16: Proof {
    var proof = self
    proof.name += ", bf16"
    proof.bfloat16 = .processor ?? .portable
    return proof
  }

  static func martingale(_ algorithm: AlgorithmTag) -> Proof {
    Proof(
      name: "martingale, \(algorithm.rawValue)", market: "martingale", algorithm: algorithm, unit: .episode,
      must: -Double.infinity...Double.infinity, short: ["run.total_timesteps=65536"])
  }
}

private func fixed(_ value: Double, decimals: Int = 4) -> String {
  guard value.isFinite else { return "\(value)" }
  let scale = [1.0, 10, 100, 1000, 10_000][decimals]
  let whole = Int((abs(value) * scale).rounded())
  let (units, rest) = whole.quotientAndRemainder(dividingBy: Int(scale))
  let digits = "\(rest)"
  return (value < 0 && whole > 0 ? "-" : "") + "\(units)."
    + String(repeating: "0", count: decimals - digits.count) + digits
}

private func fixed(_ interval: Interval) -> String {
  "\(fixed(interval.estimate)) [\(fixed(interval.lower)), \(fixed(interval.upper))]"
}

// MARK: - Training and playing

private struct Learned {
  let policy: DeployedPolicy
  let factory: EnvironmentFactory
  let seed: UInt64

  /// Deployed form, greedy, on streams that training never saw.
  func play(_ unit: PlantedRun.Unit, steps: Int) throws -> PlantedRun {
    // The budget of one seed's evaluation.
    precondition(steps <= 4_000_000)
    return try PlantedRun.play(factory.game(laneCount: 64), steps: steps, seed: freshSeed, unit: unit) {
      PolicyDecider(policy, mode: .greedy, lane: $0)
    }
  }

  var freshSeed: UInt64 { WindowSeed.seed(seed, .heldOut) }
}

/// Trains one seed. `permutesRewards`: the control, whose rewards are shuffled over each rollout.
private func learn(
  _ proof: Proof, seed: Int, extra: [String] = [], workers: Int = 1, permutesRewards: Bool = false
) throws -> Learned {
  let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  var configuration = RunConfiguration()
  let name = proof.algorithm.family == PPO.family ? "planted" : "planted-\(proof.algorithm.family.name)"
  try configuration.apply(yamlFile: root.appending(path: "scripts/configurations/\(name).yaml").path)
  for assignment in [
    "environment.name=\(proof.market)", "algorithm.name=\(proof.algorithm.rawValue)", "run.seed=\(seed)",
  ] + proof.world + extra {
    try configuration.apply(assignment: assignment)
  }
  precondition(configuration.wholeTimesteps <= 500_000)
  let factory = try EnvironmentFactory(configuration)
  let environment = try factory.trainingLanes(count: configuration.world.lanes)
  let spec = configuration.networkSpec(
    inputs: environment.observationSpace.count, actions: environment.actionSpace.count)
  let pool = WorkerPool(workerCount: workers)
  let learner = configuration.learner.makeLearner(
    LearnerSetup(
      spec: spec, laneCount: configuration.world.lanes, isMasked: configuration.algorithm.isMasked,
      totalSteps: configuration.wholeTimesteps, bfloat16: proof.bfloat16, seed: UInt64(seed), pool: pool))
  let collector = Collector(environment: environment, algorithm: learner, pool: pool)
  if permutesRewards {
    var random = RandomStream(seed: UInt64(seed), purpose: .rewardPermutation)
    collector.onGathered = { $0.permuteRewards(using: &random) }
  }
  collector.begin(seed: UInt64(seed))
  let total = configuration.wholeTimesteps
  for step in stride(from: configuration.stepsPerRollout, through: total, by: configuration.stepsPerRollout) {
    collector.collect()
    _ = learner.update(progressRemaining: 1 - Double(step) / Double(total))
    learner.startNextRollout()
  }
  // With the limits that every run has, no run that learns is ever stopped or warned of.
  let incidents = learner.health.drain()
  #expect(incidents.isEmpty, "\(proof.name), seed \(seed): \(incidents.map(\.finding))")
  let policy = InferencePolicy(
    spec: spec, parameters: learner.parameters.values.array, normalizer: learner.observationNormalizer,
    requiresMask: configuration.algorithm.isMasked)
  return Learned(policy: policy.deployed, factory: factory, seed: UInt64(seed))
}

private let seeds = 0..<10

/// One value a seed. Seeds are shared out over the cores, one worker each: a result does not depend on how many there are.
private func overSeeds<Result>(_ body: (_ seed: Int) throws -> Result) throws -> [Result] {
  var results: [Swift.Result<Result, any Error>?] = seeds.map { _ in nil }
  let pool = WorkerPool(workerCount: min(seeds.count, WorkerPool.availableProcessors))
  results.withUnsafeMutableBufferPointer { places in
    pool.run(taskCount: seeds.count) { seed, _ in places[seed] = Swift.Result { try body(seed) } }
  }
  return try results.map { try #require($0).get() }
}

/// Trains and plays every seed, prints each, and gives the interquartile mean with its bootstrap interval over the seeds.
private func interquartileMean(
  _ proof: Proof, permutesRewards: Bool = false, look: (Learned) throws -> Void = { _ in }
) throws -> (means: [Double], interval: Interval) {
  let played = try overSeeds { seed in
    let learned = try learn(proof, seed: seed, permutesRewards: permutesRewards)
    return (learned, try learned.play(proof.unit, steps: 500_000))
  }
  let name = proof.name + (permutesRewards ? ", rewards permuted" : "")
  for (learned, run) in played {
    print("\(name), seed \(learned.seed): \(fixed(run.mean)) (standard error \(fixed(run.standardError ?? .nan)))")
    try look(learned)
  }
  let means = played.map(\.1.mean)
  let interval = try #require(Bootstrap.stratifiedInterquartileMean([means], seed: 0))
  print("\(name): interquartile mean \(fixed(interval))")
  return (means, interval)
}

private let seedText = "\(seeds.lowerBound)-\(seeds.upperBound - 1)"

private func record(_ proof: String, _ figure: String, _ threshold: String, holds: Bool) {
  ProofTable.record("learning: " + proof, figure: figure, threshold: threshold, seeds: seedText, holds: holds)
  #expect(holds, "\(proof): \(figure), must be \(threshold)")
}

/// The seeds' interquartile mean is where it must be, and that of the control (where there is a lower bound) is not.
private func prove(_ proof: Proof, look: (Learned) throws -> Void = { _ in }) throws -> [Double] {
  let (means, interval) = try interquartileMean(proof, look: look)
  record(proof.name, fixed(interval), proof.threshold, holds: proof.must.contains(interval.estimate))
  guard proof.hasLowerBound else { return means }
  let control = try interquartileMean(proof, permutesRewards: true).interval
  record(
    proof.name + ", rewards permuted", fixed(control), "< \(fixed(proof.must.lowerBound))",
    holds: control.estimate < proof.must.lowerBound)
  return means
}

// MARK: - Looking at a policy

/// Asks another decider and counts how far the position moves. An action is a position plus a constant.
private final class PositionCounter: Decider {
  let decider: any Decider
  let startAction: Int
  private(set) var moved = 0
  private(set) var decisions = 0
  private var last = 0

  init(_ decider: any Decider, startAction: Int) {
    self.decider = decider
    self.startAction = startAction
  }

  func decide(_ observation: Span<Float>, mask: ActionMask, startsEpisode: Bool) throws(DecisionError) -> Choice {
    let choice = try decider.decide(observation, mask: mask, startsEpisode: startsEpisode)
    moved += abs(choice.action - (startsEpisode ? startAction : last))
    last = choice.action
    decisions += 1
    return choice
  }
}

/// Any of three actions, each as likely.
private final class RandomDecider: Decider {
  private var random: RandomStream

  init(lane: Int) { random = RandomStream(seed: 0, purpose: .exploration, lane: UInt32(lane)) }

  func decide(_ observation: Span<Float>, mask: ActionMask, startsEpisode: Bool) -> Choice {
    Choice(action: Int(random.nextInteger(below: 3)), confidence: nil)
  }
}

/// Units of position changed a step, over 64 days.
private func turnover(_ learned: Learned, decider make: (Int) -> any Decider) throws -> Double {
  var counters: [PositionCounter] = []
  _ = try PlantedRun.play(
    learned.factory.game(laneCount: 64), steps: 64 * 390, seed: learned.freshSeed, unit: .step
  ) { lane in
    counters.append(PositionCounter(make(lane), startAction: 1))
    return counters[counters.count - 1]
  }
  return Double(counters.reduce(0) { $0 + $1.moved }) / Double(counters.reduce(0) { $0 + $1.decisions })
}

/// Greedy turnover over that of random actions.
private func relativeTurnover(_ learned: Learned) throws -> Double {
  try turnover(learned) { PolicyDecider(learned.policy, mode: .greedy, lane: $0) }
    / turnover(learned) { RandomDecider(lane: $0) }
}

/// Where the greedy policy turns from long to short as the price rises, and from short to long as it falls: the mean distance from 0.
private func flipThreshold(_ policy: DeployedPolicy) throws -> Double {
  func firstFlip(_ position: Float) throws -> Double {
    for step in -600...600 {
      let deviation = Float(step) / 100 * position
      var session = policy.makeSession()
      let observation: [Float] = [deviation, position]
      let decision = try session.decide(observation.span, mask: nil, startsEpisode: true, rule: .greedy)
      if Float(decision.action - 1) == -position { return Double(deviation * position) }
    }
    return .infinity
  }
  return try (firstFlip(1) + firstFlip(-1)) / 2
}

private let isSlow = ProcessInfo.processInfo.environment["STRIKEFORGE_SLOW"] == "1"

// MARK: - The proofs

@Suite(.serialized) struct LearningProofTests {
  fileprivate static let shortProofs = [
    Proof.leak, .meanReversion, .meanReversionA2C, .meanReversionDQN, .cue, .hiddenWithMemory, .hiddenWithoutMemory,
  ]

  @Test(arguments: shortProofs)
  fileprivate func `the short version learns and its control does not`(_ proof: Proof) throws {
    func play(permutesRewards: Bool) throws -> Double {
      try learn(
        proof, seed: 0, extra: proof.short, workers: WorkerPool.availableProcessors, permutesRewards: permutesRewards
      ).play(proof.unit, steps: 40_000).mean
    }
    let mean = try play(permutesRewards: false)
    #expect(proof.shortMust.contains(mean), "\(proof.name): \(mean)")
    let control = try play(permutesRewards: true)
    #expect(control < proof.shortMust.lowerBound, "\(proof.name), control: \(control)")
  }

  @Test func `the short version learns with bfloat16 products`() throws {
    let proof = Proof.hiddenWithMemory.inBFloat16
    let learned = try learn(proof, seed: 0, extra: proof.short, workers: WorkerPool.availableProcessors)
    let mean = try learned.play(proof.unit, steps: 40_000).mean
    #expect(proof.shortMust.contains(mean), "\(proof.name): \(mean)")
  }

  @Test func `the short version finds no edge where there is none, and trades less than it began with`() throws {
    let proof = Proof.martingale(.ppo)
    let learned = try learn(proof, seed: 0, extra: proof.short, workers: WorkerPool.availableProcessors)
    let relative = try relativeTurnover(learned)
    #expect(relative < 0.25, "turnover \(relative) of random's")
    let report = try judge(learned, days: 200)
    #expect(report.headline == "no edge found", "\(report.text)")
  }

  @Test(
    .enabled(if: isSlow, "long: set STRIKEFORGE_SLOW=1"),
    arguments: [Proof.leak, .cue, .meanReversionA2C, .meanReversionDQN])
  fileprivate func `ten seeds reach the share of the known optimum, their controls do not`(_ proof: Proof) throws {
    _ = try prove(proof)
  }

  /// The thresholds of float32; the deployed form that plays is float32 as always.
  @Test(
    .enabled(if: isSlow, "long: set STRIKEFORGE_SLOW=1"),
    arguments: [Proof.cue, .hiddenWithMemory])
  fileprivate func `ten seeds reach the same with bfloat16 products`(_ proof: Proof) throws {
    let narrow = proof.inBFloat16
    let interval = try interquartileMean(narrow).interval
    record(narrow.name, fixed(interval), narrow.threshold, holds: narrow.must.contains(interval.estimate))
  }

  /// Where float32 does not reach the optimum with memory, bfloat16 must do no worse, seed by seed.
  @Test(.enabled(if: isSlow, "long: set STRIKEFORGE_SLOW=1"))
  func `a cost is learned alike with bfloat16 products`() throws {
    let wide = try interquartileMean(.meanReversionWithMemory).means
    let narrow = try interquartileMean(Proof.meanReversionWithMemory.inBFloat16).means
    let interval = try #require(
      Bootstrap.stratifiedInterquartileMean([zip(narrow, wide).map { $0 - $1 }], seed: 0))
    record("mean_reversion, ppo_lstm, bf16 less float32", fixed(interval), "upper >= 0", holds: interval.upper >= 0)
  }

  @Test(.enabled(if: isSlow, "long: set STRIKEFORGE_SLOW=1"))
  func `a cost widens the band in which the position stays, as it should`() throws {
    var thresholds: [Double] = []
    _ = try prove(.meanReversion) { thresholds.append(try flipThreshold($0.policy)) }
    print("mean_reversion, flip thresholds: \(thresholds.map { fixed($0, decimals: 2) })")
    let interval = try #require(Bootstrap.stratifiedInterquartileMean([thresholds], seed: 0))
    // Of the seeds together: the reward is flat around the optimum of 2.02, and one seed in five leaves the band whatever kernels train it (of
    // seeds 20 to 59 eight with CBLAS and ten with the fused ones, in median 0.01 apart).
    record(
      "mean_reversion, greedy flip at", fixed(interval), "interval in 1.4 to 2.7",
      holds: interval.lower >= 1.4 && interval.upper <= 2.7)
  }

  @Test(.enabled(if: isSlow, "long: set STRIKEFORGE_SLOW=1"))
  func `memory earns what the last return does not tell`() throws {
    let with = try prove(.hiddenWithMemory)
    let without = try prove(.hiddenWithoutMemory)
    let interval = try #require(
      Bootstrap.stratifiedInterquartileMean([zip(with, without).map { $0 - $1 }], seed: 0))
    record("regime_switching, memory's gain", fixed(interval), "interval above 0", holds: interval.isAboveZero)
  }

  @Test(.enabled(if: isSlow, "long: set STRIKEFORGE_SLOW=1"))
  func `a visible position is one bit of memory and no more`() throws {
    let (_, with) = try interquartileMean(.visibleWithMemory)
    record(Proof.visibleWithMemory.name, fixed(with), Proof.visibleWithMemory.threshold, holds: with.estimate >= 0.107)
    _ = try prove(.visibleWithoutMemory)
  }

  @Test(.enabled(if: isSlow, "long: set STRIKEFORGE_SLOW=1"))
  func `without memory the cue is worth nothing`() throws {
    let runs = try overSeeds { try learn(.cueWithoutMemory, seed: $0).play(.episode, steps: 500_000) }
    let pooled = ClusteredSums(amounts: runs.flatMap(\.sums.amounts), weights: runs.flatMap(\.sums.weights))
    let result = try #require(Bootstrap.clusteredMean(pooled, seed: 0))
    record(
      Proof.cueWithoutMemory.name, fixed(result), "0 inside", holds: result.lower <= 0 && result.upper >= 0)
  }

  @Test(.enabled(if: isSlow, "long: set STRIKEFORGE_SLOW=1"), arguments: [AlgorithmTag.ppo, .ppoLSTM, .a2c, .dqn])
  func `where there is no edge none is found`(_ algorithm: AlgorithmTag) throws {
    try findNoEdge("martingale, \(algorithm.rawValue)") { try learn(.martingale(algorithm), seed: $0) }
  }

  /// PPO, A2C and DQN by a soft vote with the customary weights, the temperature fitted on the selection streams.
  @Test(.enabled(if: isSlow, "long: set STRIKEFORGE_SLOW=1"))
  func `where there is no edge an ensemble finds none either`() throws {
    try findNoEdge("martingale, ensemble") { try learnTogether([.ppo, .a2c, .dqn], seed: $0) }
  }

  /// Members trained one after the other, then combined.
  private func learnTogether(_ algorithms: [AlgorithmTag], seed: Int) throws -> Learned {
    let learned = try algorithms.map { try learn(.martingale($0), seed: seed) }
    let members = try zip(algorithms, learned).map { algorithm, one in
      DeployedPolicy.Member(
        name: algorithm.rawValue, policy: try #require(one.policy.network),
        weight: try #require(algorithm.family.customaryWeight))
    }
    let factory = learned[0].factory
    let fitting = try EnsembleFitting(
      members, rule: .softVote, fallback: factory.game(laneCount: 1).actionSpace.fallback, weights: .given,
      factory: factory, seed: UInt64(seed))
    return Learned(policy: fitting.policy, factory: factory, seed: UInt64(seed))
  }

  private func findNoEdge(_ name: String, learn: (_ seed: Int) throws -> Learned) throws {
    let judged = try overSeeds { seed in
      let learned = try learn(seed)
      return (report: try judge(learned, days: 2_000), turnover: try relativeTurnover(learned))
    }
    /// Mean daily profit less what luck adds to it in 95 of 100 cases.
    func lowerBound(_ sums: ClusteredSums) throws -> Double {
      try sums.ratio - NormalDistribution.quantile(0.95) * #require(sums.standardError)
    }
    let bounds = try judged.map { try lowerBound($0.report.greedy.run.sums) }
    let runs = judged.map(\.report.greedy.run.sums)
    let pooled = ClusteredSums(amounts: runs.flatMap(\.amounts), weights: runs.flatMap(\.weights))
    for (seed, one) in judged.enumerated() {
      print(
        "\(name), seed \(seed): \(fixed(one.report.greedy.run.mean)) a day, lower bound \(fixed(bounds[seed])), "
          + "turnover \(fixed(one.turnover)) of random's, \(one.report.headline)")
    }
    let none = zip(judged, bounds).count { $0.report.headline == "no edge found" && $1 <= 0 }
    record("\(name), no edge found", "\(none) of 10", ">= 9 of 10", holds: none >= 9)
    let bound = try lowerBound(pooled)
    record("\(name), pooled lower bound a day", fixed(bound), "<= 0", holds: bound <= 0)
    let most = judged.reduce(0) { max($0, $1.turnover) }
    record("\(name), turnover of random's, most", fixed(most), "< 0.05", holds: most < 0.05)
  }

  /// The verdict of the product's own report over fresh days, five a lane.
  private func judge(_ learned: Learned, days: Int) throws -> PlantedReport {
    let environment = learned.factory.game(laneCount: days / 5)
    return try PlantedReport(
      policy: learned.policy, policyName: "martingale", environment: environment, environmentName: "martingale",
      optimum: environment.optimumPerEpisode, unit: .episode, steps: days * environment.episodeLength,
      seed: learned.freshSeed)
  }
}
