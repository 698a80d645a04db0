// A market whose first bar says what the last one pays: memory keeps it, nothing else can.

import Evaluation
import TestSupport
import Testing

extension LearningProofTests {
  @Suite(.serialized) struct Cue {
    @Test func `the short version learns and its control does not`() throws { try proveShortly(.cue) }

    @Test(.enabled(if: SlowTests.areEnabled, "long: set STRIKEFORGE_SLOW=1"))
    func `ten seeds reach the share of the known optimum, their controls do not`() throws { _ = try prove(.cue) }

    @Test(.enabled(if: SlowTests.areEnabled, "long: set STRIKEFORGE_SLOW=1"))
    func `ten seeds reach the same with bfloat16 products`() throws { try proveInBFloat16(.cue) }

    @Test(.enabled(if: SlowTests.areEnabled, "long: set STRIKEFORGE_SLOW=1"))
    func `without memory the cue is worth nothing`() throws {
      let runs = try overSeeds { try learn(.cueWithoutMemory, seed: $0).play(.episode, steps: 500_000) }
      let pooled = ClusteredSums(amounts: runs.flatMap(\.sums.amounts), weights: runs.flatMap(\.sums.weights))
      let result = try #require(Bootstrap.clusteredMean(pooled, seed: 0))
      recordProof(
        Proof.cueWithoutMemory.name, fixed(result), "0 inside", holds: result.lower <= 0 && result.upper >= 0)
    }
  }
}
