// The learner on tasks that everybody knows, with the settings that are known to solve them.

import Evaluation
import FoundationEssentials
import Inference
import Kernels
import ProvingGrounds
import Synchronization
import TestSupport
import Testing

private let referenceFile = #filePath.replacing(
  "Tests/ProvingGroundsTests/ProvingGroundTests.swift", with: "benchmarks/proving-grounds.json")

@Suite(.serialized) struct ProvingGroundTests {
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

  @Test func `the reference has ten seeds of every ground`() throws {
    let reference = try ProvingReference(file: referenceFile)
    for ground in ProvingGround.all { #expect(reference.means(of: ground, seeds: 10).count == 10, "\(ground.name)") }
  }

  /// A quarter of the steps, or less, one seed: seconds. What rewards teach is judged by what the same run learns without them: nothing, however
  /// long the pole stays up.
  @Test(arguments: [
    (ProvingGround.cartPole.name, 25_600), (ProvingGround.cartPoleWithoutVelocities.name, 10_240),
    (ProvingGround.cartPoleA2C.name, 60_000), (ProvingGround.acrobot.name, 100_000),
  ])
  func `a short run learns`(name: String, timesteps: Int) throws {
    let ground = try #require(ProvingGround.all.first { $0.name == name })
    let pool = WorkerPool(workerCount: WorkerPool.availableProcessors)
    let trained = ground.train(seed: 0, timesteps: timesteps, pool: pool)
    let returns = try ground.returns(of: trained, seed: 0)
    #expect(returns.count == ProvingGround.evaluationEpisodes)
    let control = ground.train(seed: 0, timesteps: timesteps, pool: pool, isRewarded: false)
    let none = try ground.returns(of: control, seed: 0)
    let difference = try #require(Bootstrap.interquartileMeanDifference(returns, minus: none, seed: 0))
      .interval(confidence: Bootstrap.confidence)
    #expect(difference.isAboveZero, "\(name): \(difference), of \(returns), without rewards \(none)")
    let normalizes = [ProvingGround.cartPoleWithoutVelocities.name, ProvingGround.acrobot.name].contains(name)
    #expect((trained.normalizer != nil) == normalizes)
  }

  @Test(.enabled(if: SlowTests.areEnabled, "long: set STRIKEFORGE_SLOW=1"))
  func `ten seeds reach what the reference reaches with their last parameters`() throws {
    let reference = try ProvingReference(file: referenceFile)
    let seeds = 10
    // Seeds side by side, each with a worker of its own: these networks are too small to be shared out, and results do not depend on workers.
    let team = WorkerPool(workerCount: WorkerPool.availableProcessors)
    var results: [(name: String, ours: [Double], reference: [Double])] = []
    for ground in ProvingGround.all {
      let means = Mutex([Double](repeating: .nan, count: seeds))
      team.run(taskCount: seeds) { seed, _ in
        let pool = WorkerPool(workerCount: 1)
        let trained = ground.train(seed: UInt64(seed), pool: pool)
        guard let returns = try? ground.returns(of: trained, seed: UInt64(seed)),
          returns.count == ProvingGround.evaluationEpisodes
        else { return }
        let mean = returns.reduce(0, +) / Double(returns.count)
        means.withLock { $0[seed] = mean }
        print("\(ground.name), seed \(seed): \(mean)")
      }
      let ours = means.withLock { $0 }
      let isWhole = ours.allSatisfy { $0.isFinite }
      #expect(isWhole, "\(ground.name): \(ours)")
      results.append((ground.name, ours, reference.means(of: ground, seeds: 10)))
    }
    for (ground, comparison) in zip(ProvingGround.all, ProvingComparison.all(results)) {
      ProofTable.record(
        "parity: \(ground.name), \(ground.timesteps / 1000)k steps, last parameters, less the reference's mean",
        figure: comparison.summary, threshold: "not below 0 (Holm)", seeds: "0-9", holds: comparison.holds)
      #expect(comparison.holds, "\(comparison.name): \(comparison.summary)")
    }
  }
}
