// The learner on tasks that everybody knows, with the settings that are known to solve them.

import Evaluation
import FoundationEssentials
import Inference
import Kernels
import ProvingGrounds
import TestSupport
import Testing

private let referenceFile = #filePath.replacing(
  "Tests/ProvingGroundsTests/ProvingGroundTests.swift", with: "benchmarks/proving-grounds.json")

@Suite(.serialized) struct ProvingGroundTests {
  @Test func `a result needs its mean and four fifths of its seeds`() {
    #expect(ProvingResult(means: [Double](repeating: 500, count: 8) + [100, 449]).holds)
    #expect(!ProvingResult(means: [Double](repeating: 500, count: 7) + [440, 440, 440]).holds)
    #expect(!ProvingResult(means: [Double](repeating: 470, count: 10)).holds)
    #expect(ProvingResult(means: [450, 449]).goodSeeds == 1)
  }

  @Test func `a comparison fails below the reference, not beside it`() throws {
    let spread = (0..<10).map { 400 + 10 * Double($0) }
    let found = ProvingComparison.all([
      ("same", spread, spread), ("below", spread.map { $0 - 100 }, spread), ("above", spread.map { $0 + 100 }, spread),
      ("a little below", spread.map { $0 - 20 }, spread),
    ])
    #expect(found.map(\.holds) == [true, false, true, true])
    #expect(found.map(\.difference.estimate) == [0, -100, 100, -20])
    #expect(found[1].difference.isBelowZero && found[2].difference.isAboveZero)
    // Two differences are sure, so that the third is judged as one of two.
    #expect(found[3].difference.confidence == 0.975 && found[0].difference.confidence == 0.95)
    let none = try #require(ProvingReference(file: referenceFile).means(of: .cartPole, seeds: 1000) as [Double]?)
    #expect(none.isEmpty)
    #expect(throws: ProvingReferenceError.self) { try ProvingReference(file: "/nowhere/reference.json") }
  }

  /// A quarter of the steps, or less, one seed: seconds.
  @Test(arguments: [
    (ProvingGround.cartPole.name, 25_600, 200.0), (ProvingGround.cartPoleWithoutVelocities.name, 10_240, 60.0),
    (ProvingGround.cartPoleA2C.name, 60_000, 100.0), (ProvingGround.acrobot.name, 100_000, -150.0),
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
    let normalizes = [ProvingGround.cartPoleWithoutVelocities.name, ProvingGround.acrobot.name].contains(name)
    #expect((trained.normalizer != nil) == normalizes)
  }

  @Test(.enabled(if: SlowTests.areEnabled, "long: set STRIKEFORGE_SLOW=1"))
  func `ten seeds reach what the reference reaches with their last parameters`() throws {
    let reference = try ProvingReference(file: referenceFile)
    let pool = WorkerPool(workerCount: WorkerPool.availableProcessors)
    var results: [(name: String, ours: [Double], reference: [Double])] = []
    for ground in ProvingGround.all {
      var means: [Double] = []
      for seed in 0..<10 as Range<UInt64> {
        let returns = try ground.returns(of: ground.train(seed: seed, pool: pool), seed: seed)
        #expect(returns.count == ProvingGround.evaluationEpisodes)
        means.append(returns.reduce(0, +) / Double(returns.count))
        print("\(ground.name), seed \(seed): \(means[means.count - 1])")
      }
      let result = ProvingResult(means: means, of: ground)
      if let floor = ground.floor {
        ProofTable.record(
          "parity: \(ground.name), \(ground.timesteps / 1000)k steps, last parameters", figure: result.summary,
          threshold: ">= \(Int(floor.mean)), \(2 * floor.fifths) seeds", seeds: "0-9", holds: result.holds)
      }
      // About three seeds of four stay above 450 and the reference does not reach the floor either, so that ten seeds pass or fail by chance;
      // the table says which. What must hold is the comparison below.
      withKnownIssue("the floor lies above what the reference reaches", isIntermittent: true) {
        #expect(result.holds, "\(ground.name): \(means)")
      } when: {
        ground.name == ProvingGround.cartPoleWithoutVelocities.name
      }
      results.append((ground.name, means, reference.means(of: ground, seeds: 10)))
    }
    #expect(results.allSatisfy { $0.reference.count == 10 })
    let comparisons = ProvingComparison.all(results)
    for comparison in comparisons {
      ProofTable.record(
        "parity: \(comparison.name), less the reference's mean", figure: comparison.summary,
        threshold: "not below 0 (Holm)", seeds: "0-9", holds: comparison.holds)
      #expect(comparison.holds, "\(comparison.name): \(comparison.summary)")
    }
  }
}
