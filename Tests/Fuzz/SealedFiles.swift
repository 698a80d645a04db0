// Damage behind a true seal: HDF5 images whose own checksums and whose SHA-256 hold again.

import Kernels
import TestSupport

/// Damage to the files of a pool, whose blocks are looked for once.
final class SealedDamage {
  private var blocks: [HDF5Blocks?] = []

  func input(_ mutator: inout Mutator, pool: Pool) -> [UInt8] {
    if blocks.isEmpty { blocks = [HDF5Blocks?](repeating: nil, count: pool.documents.count) }
    let index = pool.pick(&mutator)
    let whole = pool.documents[index]
    // What the seal refuses by itself is only tried now and then.
    guard whole.count > Envelope.byteCount, !mutator.chance(1, in: 32) else {
      return mutator.damaged(whole, others: pool.documents)
    }
    let found = blocks[index] ?? HDF5Blocks(whole)
    blocks[index] = found
    var bytes = mutator.damagedInPlace(whole, from: Envelope.byteCount)
    // Lengths, types and counts stand in the blocks; without this most damage hits numbers.
    if mutator.chance(1, in: 3), !found.blocks.isEmpty {
      for _ in 0..<(1 + mutator.below(3)) {
        let range = mutator.pick(found.blocks).range
        guard range.upperBound <= bytes.count else { continue }
        bytes.replaceSubrange(range, with: mutator.changedInPlace(Array(bytes[range])))
      }
    }
    if !mutator.chance(1, in: 8) { found.repair(&bytes) }
    return Envelope.sealed(bytes)
  }
}
