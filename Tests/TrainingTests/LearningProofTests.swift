// The learner against markets whose optimum is known, with one set of hyper-parameters and a control that must fail.

import AgentInterface
import Algorithms
import Environments
import Evaluation
import FoundationEssentials
import Inference
import Kernels
import Networks
import Testing
import Training

/// A market, an algorithm, and what it must reach.
private struct Proof: Sendable, CustomTestStringConvertible {
  let market: String
  let algorithm: AlgorithmTag
  let unit: PlantedRun.Unit
  /// The known optimum a unit, and the share of it that must be reached.
  let optimum: Double
  let share: Double
  /// Settings of the short version, which runs every time.
  let short: [String]
  let shortShare: Double

  var threshold: Double { share * optimum }
  var testDescription: String { "\(market) with \(algorithm.rawValue)" }

  /// sum |r| at no cost: E|N(0, 1)| = sqrt(2 / pi) a step.
  static let leak = Proof(
    market: "leak", algorithm: .ppo, unit: .step, optimum: 0.7979, share: 0.95,
    short: ["run.total_timesteps=65536"], shortShare: 0.9)
  /// The optimum for a cost of 0.5 is a dynamic program's (401 grid points).
  static let meanReversion = Proof(
    market: "mean_reversion", algorithm: .ppo, unit: .step, optimum: 0.0928, share: 0.9,
    short: ["run.total_timesteps=196608"], shortShare: 0.6)
  static let cue = Proof(
    market: "cue", algorithm: .ppoLSTMMask, unit: .episode, optimum: 1, share: 0.9,
    short: ["run.total_timesteps=131072", "environment.cue_bars=8"], shortShare: 0.9)
}

/// Trains one seed and plays the deployed form greedily on fresh streams.
private func learn(
  _ proof: Proof, algorithm: AlgorithmTag? = nil, seed: Int, extra: [String] = [], evaluationSteps: Int,
  permutesRewards: Bool = false
) throws -> PlantedRun {
  let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  var configuration = RunConfiguration()
  try configuration.apply(yamlFile: root.appending(path: "scripts/configurations/planted.yaml").path)
  for assignment in [
    "environment.name=\(proof.market)", "algorithm.name=\((algorithm ?? proof.algorithm).rawValue)", "run.seed=\(seed)",
  ] + extra {
    try configuration.apply(assignment: assignment)
  }
  #expect(configuration.wholeTimesteps <= 500_000 && evaluationSteps <= 1_000_000)
  let factory = try EnvironmentFactory(configuration)
  let environment = try factory.trainingLanes(count: configuration.world.lanes)
  let spec = configuration.networkSpec(
    inputs: environment.observationSpace.count, actions: environment.actionSpace.count)
  let pool = WorkerPool(workerCount: WorkerPool.availableProcessors)
  let ppo = PPO(
    configuration: configuration.ppo, spec: spec, laneCount: configuration.world.lanes,
    masked: configuration.algorithm.isMasked, seed: UInt64(seed), pool: pool)
  let collector = Collector(environment: environment, algorithm: ppo, pool: pool)
  if permutesRewards {
    var random = RandomStream(seed: UInt64(seed), purpose: .rewardPermutation)
    collector.onGathered = { $0.permuteRewards(using: &random) }
  }
  collector.begin(seed: UInt64(seed))
  let total = configuration.wholeTimesteps
  for step in stride(from: configuration.stepsPerRollout, through: total, by: configuration.stepsPerRollout) {
    collector.collect()
    _ = ppo.update(progressRemaining: 1 - Double(step) / Double(total))
    ppo.startNextRollout()
  }
  let policy = InferencePolicy(
    spec: spec, parameters: ppo.parameters.values.array, normalizer: ppo.observationNormalizer,
    requiresMask: configuration.algorithm.isMasked)
  return try PlantedRun.play(
    factory.planted(laneCount: 64), steps: evaluationSteps, seed: WindowSeed.seed(UInt64(seed), .heldOut),
    unit: proof.unit
  ) { PolicyDecider(policy, mode: .greedy, lane: $0) }
}

private let isSlow = ProcessInfo.processInfo.environment["STRIKEFORGE_SLOW"] == "1"

@Suite(.serialized) struct LearningProofTests {
  fileprivate static let proofs = [Proof.leak, .meanReversion, .cue]

  @Test(arguments: proofs)
  fileprivate func `the short version learns and its control does not`(_ proof: Proof) throws {
    let run = try learn(proof, seed: 0, extra: proof.short, evaluationSteps: 40_000)
    #expect(run.mean >= proof.shortShare * proof.optimum, "\(proof.testDescription): \(run.mean) \(proof.unit.each)")
    let control = try learn(proof, seed: 0, extra: proof.short, evaluationSteps: 40_000, permutesRewards: true)
    #expect(
      control.mean < proof.shortShare * proof.optimum,
      "\(proof.testDescription), control: \(control.mean) \(proof.unit.each)")
  }

  @Test(.enabled(if: isSlow, "long: set STRIKEFORGE_SLOW=1"), arguments: proofs)
  fileprivate func `five seeds reach the share of the known optimum, their controls do not`(_ proof: Proof) throws {
    for permutes in [false, true] {
      let name = proof.testDescription + (permutes ? ", rewards permuted" : "")
      var means: [Double] = []
      for seed in 0..<5 {
        let run = try learn(proof, seed: seed, evaluationSteps: 500_000, permutesRewards: permutes)
        print("\(name), seed \(seed): \(run.mean) \(proof.unit.each) (standard error \(run.standardError ?? .nan))")
        means.append(run.mean)
      }
      let result = try #require(Bootstrap.stratifiedInterquartileMean([means], seed: 0))
      print(
        "\(name): interquartile mean \(result.estimate) [\(result.lower), \(result.upper)], threshold \(proof.threshold)"
      )
      if permutes {
        #expect(result.estimate < proof.threshold, "\(name)")
      } else {
        #expect(result.estimate >= proof.threshold, "\(name)")
      }
    }
  }

  @Test(.enabled(if: isSlow, "long: set STRIKEFORGE_SLOW=1"))
  func `without memory the cue is worth nothing`() throws {
    var sums: (amounts: [Double], weights: [Double]) = ([], [])
    for seed in 0..<5 {
      let run = try learn(.cue, algorithm: .ppoMask, seed: seed, evaluationSteps: 500_000)
      print("cue with ppo_mask, seed \(seed): \(run.mean) an episode (standard error \(run.standardError ?? .nan))")
      sums.amounts += run.sums.amounts
      sums.weights += run.sums.weights
    }
    let interval = Bootstrap.clusteredMean(
      ClusteredSums(amounts: sums.amounts, weights: sums.weights), minus: nil, seed: 0, lane: 0)
    let result = try #require(interval)
    print("cue with ppo_mask: mean \(result.estimate) [\(result.lower), \(result.upper)], must hold 0")
    #expect(result.lower <= 0 && result.upper >= 0)
  }
}
