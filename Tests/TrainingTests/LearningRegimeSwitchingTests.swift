// A market that hides its state: memory infers it from what was seen.

import Evaluation
import Kernels
import TestSupport
import Testing

extension LearningProofTests {
  @Suite(.serialized) struct RegimeSwitching {
    @Test(arguments: [Proof.hiddenWithMemory, .hiddenWithoutMemory])
    func `the short version learns and its control does not`(_ proof: Proof) throws { try proveShortly(proof) }

    @Test func `the short version learns with bfloat16 products`() throws {
      let proof = Proof.hiddenWithMemory.inBFloat16
      let learned = try learn(proof, seed: 0, extra: proof.short, workers: WorkerPool.availableProcessors)
      let mean = try learned.play(proof.unit, steps: 40_000).mean
      #expect(proof.shortMust.contains(mean), "\(proof.name): \(mean)")
    }

    @Test(.enabled(if: SlowTests.areEnabled, "long: set STRIKEFORGE_SLOW=1"))
    func `ten seeds reach the same with bfloat16 products`() throws { try proveInBFloat16(.hiddenWithMemory) }

    @Test(.enabled(if: SlowTests.areEnabled, "long: set STRIKEFORGE_SLOW=1"))
    func `memory earns what the last return does not tell`() throws {
      let with = try prove(.hiddenWithMemory)
      let without = try prove(.hiddenWithoutMemory)
      let interval = try #require(
        Bootstrap.stratifiedInterquartileMean([zip(with, without).map { $0 - $1 }], seed: 0))
      recordProof("regime_switching, memory's gain", fixed(interval), "interval above 0", holds: interval.isAboveZero)
    }

    @Test(.enabled(if: SlowTests.areEnabled, "long: set STRIKEFORGE_SLOW=1"))
    func `a visible position is one bit of memory and no more`() throws {
      let (_, with) = try interquartileMean(.visibleWithMemory)
      recordProof(
        Proof.visibleWithMemory.name, fixed(with), Proof.visibleWithMemory.threshold, holds: with.estimate >= 0.107)
      _ = try prove(.visibleWithoutMemory)
    }
  }
}
