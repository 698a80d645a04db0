// The learner on tasks that everybody knows, with the settings that are known to solve them.

import Evaluation
import FoundationEssentials
import Inference
import Kernels
import ProvingGrounds
import TestSupport
import Testing

private let isSlow = ProcessInfo.processInfo.environment["STRIKEFORGE_SLOW"] == "1"

@Suite(.serialized) struct ProvingGroundTests {
  @Test func `a result needs its mean and four fifths of its seeds`() {
    #expect(ProvingResult(means: [Double](repeating: 500, count: 8) + [100, 449]).holds)
    #expect(!ProvingResult(means: [Double](repeating: 500, count: 7) + [440, 440, 440]).holds)
    #expect(!ProvingResult(means: [Double](repeating: 470, count: 10)).holds)
    #expect(ProvingResult(means: [450, 449]).goodSeeds == 1)
  }

  /// A quarter of the steps, or less, one seed: seconds.
  @Test(arguments: [
    (ProvingGround.cartPole.name, 25_600, 200.0), (ProvingGround.cartPoleWithoutVelocities.name, 10_240, 60.0),
    (ProvingGround.cartPoleA2C.name, 60_000, 100.0),
  ])
  func `a short run learns`(name: String, timesteps: Int, least: Double) throws {
    let ground = try #require(ProvingGround.all.first { $0.name == name })
    let pool = WorkerPool(workerCount: WorkerPool.availableProcessors)
    let trained = ground.train(seed: 0, timesteps: timesteps, pool: pool)
    let returns = try ground.returns(of: trained, seed: 0)
    // A policy that knows nothing keeps the pole up for some twenty steps.
    #expect(returns.count == 100 && returns.reduce(0, +) / 100 >= least, "\(name): \(returns)")
    // Without rewards there is nothing to learn, however long the pole stays up.
    let control = ground.train(seed: 0, timesteps: timesteps, pool: pool, isRewarded: false)
    let none = try ground.returns(of: control, seed: 0).reduce(0, +) / 100
    #expect(none < least, "\(name), without rewards: \(none)")
    #expect((trained.normalizer != nil) == (ground.name == ProvingGround.cartPoleWithoutVelocities.name))
  }

  @Test(.enabled(if: isSlow, "long: set STRIKEFORGE_SLOW=1"), arguments: ProvingGround.all.map(\.name))
  func `ten seeds solve it with their last parameters`(name: String) throws {
    let ground = try #require(ProvingGround.all.first { $0.name == name })
    let pool = WorkerPool(workerCount: WorkerPool.availableProcessors)
    var means: [Double] = []
    for seed in 0..<10 as Range<UInt64> {
      let returns = try ground.returns(of: ground.train(seed: seed, pool: pool), seed: seed)
      #expect(returns.count == ProvingGround.evaluationEpisodes)
      means.append(returns.reduce(0, +) / Double(returns.count))
      print("\(name), seed \(seed): \(means[means.count - 1])")
    }
    let result = ProvingResult(means: means, of: ground)
    ProofTable.record(
      "parity: \(name), \(ground.timesteps / 1000)k steps, last parameters", figure: result.summary,
      threshold: ">= \(Int(ground.meanThreshold)), \(2 * ground.goodFifths) seeds", seeds: "0-9", holds: result.holds)
    #expect(result.holds, "\(name): \(means)")
  }
}
