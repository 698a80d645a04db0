// What the learner is asked to reach on markets whose optimum is known, and how it is trained, played and judged there.

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
struct Proof: Sendable, CustomTestStringConvertible {
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
  /// Eight of them, each open three quarters of the time, an independent choice for each: 8 x 3/4 sqrt(2 / pi) a step.
  static let leakBasket = Proof(
    name: "leak_basket, ppo_mask", market: "leak_basket", algorithm: .ppoMask, unit: .step,
    must: share(0.95, of: 4.7873), short: ["run.total_timesteps=65536"], shortMust: share(0.9, of: 4.7873))
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

  /// Hundreds of dollars a day, of 0.6245 at best: one-day straddles that are quoted too dear or too cheap.
  static let straddle = straddle(.shown, .ppo, must: share(0.9, of: 0.6245))
  static let straddleQuoted = straddle(.quoted, .ppo, must: share(0.8, of: 0.6245))
  static let straddleFair = straddle(.fair, .ppo, must: 0...0)
  static let straddleRemembered = straddle(.remembered, .ppoLSTMMask, must: share(0.85, of: 0.6245))
  static let straddleForgotten = straddle(.remembered, .ppoMask, must: -Double.infinity...0.0215)

  private static func straddle(_ days: StraddleDays, _ algorithm: AlgorithmTag, must: ClosedRange<Double>) -> Proof {
    Proof(
      name: "straddle, days \(days.rawValue), \(algorithm.rawValue)", market: "straddle", algorithm: algorithm,
      world: ["environment.straddle_days=\(days.rawValue)"], unit: .episode, must: must,
      short: ["run.total_timesteps=65536"], shortMust: 0.5...(.infinity))
  }

  static func martingale(_ algorithm: AlgorithmTag) -> Proof {
    Proof(
      name: "martingale, \(algorithm.rawValue)", market: "martingale", algorithm: algorithm, unit: .episode,
      must: -Double.infinity...Double.infinity, short: ["run.total_timesteps=65536"])
  }
}

func fixed(_ value: Double, decimals: Int = 4) -> String {
  guard value.isFinite else { return "\(value)" }
  let scale = [1.0, 10, 100, 1000, 10_000][decimals]
  let whole = Int((abs(value) * scale).rounded())
  let (units, rest) = whole.quotientAndRemainder(dividingBy: Int(scale))
  let digits = "\(rest)"
  return (value < 0 && whole > 0 ? "-" : "") + "\(units)."
    + String(repeating: "0", count: decimals - digits.count) + digits
}

func fixed(_ interval: Interval) -> String {
  "\(fixed(interval.estimate)) [\(fixed(interval.lower)), \(fixed(interval.upper))]"
}

// MARK: - Training and playing

struct Learned {
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
func learn(
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
  let spec = configuration.networkSpec(EnvironmentSpaces(environment))
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

let proofSeeds = 0..<10

/// One value a seed. Seeds are shared out over the cores, one worker each: a result does not depend on how many there are.
func overSeeds<Result>(_ body: (_ seed: Int) throws -> Result) throws -> [Result] {
  var results: [Swift.Result<Result, any Error>?] = proofSeeds.map { _ in nil }
  let pool = WorkerPool(workerCount: min(proofSeeds.count, WorkerPool.availableProcessors))
  results.withUnsafeMutableBufferPointer { places in
    pool.run(taskCount: proofSeeds.count) { seed, _ in places[seed] = Swift.Result { try body(seed) } }
  }
  return try results.map { try #require($0).get() }
}

/// Trains and plays every seed, prints each, and gives the interquartile mean with its bootstrap interval over the seeds.
func interquartileMean(
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

let seedText = "\(proofSeeds.lowerBound)-\(proofSeeds.upperBound - 1)"

func recordProof(_ proof: String, _ figure: String, _ threshold: String, holds: Bool) {
  ProofTable.record("learning: " + proof, figure: figure, threshold: threshold, seeds: seedText, holds: holds)
  #expect(holds, "\(proof): \(figure), must be \(threshold)")
}

/// The seeds' interquartile mean is where it must be, and that of the control (where there is a lower bound) is not.
func prove(_ proof: Proof, look: (Learned) throws -> Void = { _ in }) throws -> [Double] {
  let (means, interval) = try interquartileMean(proof, look: look)
  recordProof(proof.name, fixed(interval), proof.threshold, holds: proof.must.contains(interval.estimate))
  guard proof.hasLowerBound else { return means }
  let control = try interquartileMean(proof, permutesRewards: true).interval
  recordProof(
    proof.name + ", rewards permuted", fixed(control), "< \(fixed(proof.must.lowerBound))",
    holds: control.estimate < proof.must.lowerBound)
  return means
}

/// One seed of the short version, which runs every time, learns, and its control does not.
func proveShortly(_ proof: Proof) throws {
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

/// The seeds reach with bfloat16 products what float32 must reach; the deployed form that plays is float32 as always.
func proveInBFloat16(_ proof: Proof) throws {
  let narrow = proof.inBFloat16
  let interval = try interquartileMean(narrow).interval
  recordProof(narrow.name, fixed(interval), narrow.threshold, holds: narrow.must.contains(interval.estimate))
}

/// The suite of all markets, so that one learner trains at a time: each takes every core. A market has a file of its own, which is a part of the
/// long tests.
@Suite(.serialized) enum LearningProofTests {}
