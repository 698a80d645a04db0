// Gradients of many slices, added up in an order that does not depend on the workers.

import Kernels

/// Gradient blocks that slices are shared out over. Slices beyond the limit share a block, in order.
final class GradientBlocks: @unchecked Sendable {
  /// The most blocks: enough to feed the workers, few enough to be added quickly.
  static let limit = 16

  let count: Int
  private let blocks: [FloatStorage]
  private let parameterCount: Int

  init(sliceLimit: Int, parameterCount: Int) {
    count = min(GradientBlocks.limit, sliceLimit)
    self.parameterCount = parameterCount
    // The first block's place is the whole gradient's.
    blocks = (1..<max(count, 1)).map { _ in FloatStorage(count: parameterCount) }
  }

  /// Runs `body(slice, worker, gradients)` for every slice, which adds its gradient to `gradients` (P) and returns its sums. The whole gradient is
  /// written to `target` (P).
  func gather<Sums: LossSums>(
    sliceCount: Int, pool: WorkerPool, into target: UnsafeMutablePointer<Float>,
    _ body: (Int, Int, UnsafeMutablePointer<Float>) -> Sums
  ) -> Sums {
    precondition(count > 0 && sliceCount > 0, "\(sliceCount) slices for \(count) blocks of gradients")
    let blockCount = min(count, sliceCount)
    let slicesPerBlock = (sliceCount + blockCount - 1) / blockCount
    // On the stack: an update asks for no memory.
    return withUnsafeTemporaryAllocation(of: Sums.self, capacity: blockCount) { sums in
      sums.initialize(repeating: Sums())
      defer { sums.deinitialize() }
      // A task writes its own sum only.
      nonisolated(unsafe) let sums = sums
      pool.run(taskCount: blockCount) { block, worker in
        let gradients = block == 0 ? target : blocks[block - 1].base
        gradients.update(repeating: 0, count: parameterCount)
        var sum = Sums()
        for slice in min(block * slicesPerBlock, sliceCount)..<min((block + 1) * slicesPerBlock, sliceCount) {
          sum += body(slice, worker, gradients)
        }
        sums[block] = sum
      }
      var total = Sums()
      for block in 0..<blockCount {
        total += sums[block]
        if block > 0 { Reductions.add(blocks[block - 1].base, to: target, count: parameterCount) }
      }
      return total
    }
  }
}
