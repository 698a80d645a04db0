// Resamples of two series in blocks, several side by side.

import CKernels

/// The memory of eight resamples of a series of pairs, and the two passes over them.
package final class BlockResamples {
  /// How many resamples are drawn at once.
  package static let lanes = 8

  private let count: Int
  /// (2 T, 2): the series twice over.
  private let pairs: [Double]
  private var drawn: [Double]
  private var stays: [Int8]
  /// (5, 8) after `draw`: sums of x, y, x^2, y^2, x y of each resample.
  package private(set) var sums = [Double](repeating: 0, count: 5 * lanes)

  /// pairs: (T) values of the two series.
  package init(_ pairs: [SIMD2<Double>]) {
    count = pairs.count
    self.pairs = (pairs + pairs).flatMap { [$0.x, $0.y] }
    drawn = [Double](repeating: 0, count: 2 * BlockResamples.lanes * count)
    stays = [Int8](repeating: 0, count: BlockResamples.lanes * count)
  }

  /// Draws by the stream's next 8 T words, T for each resample: a block begins where a word's upper half is below `limit`, and at the first place; the
  /// lower half says where. Traps on a limit outside 1 ... 2^32.
  package func draw(_ stream: inout RandomStream, limit: UInt64) {
    precondition((1...(1 << 32)).contains(limit), "\(limit) of 2^32 places begin a block")
    let (key0, key1) = stream.key
    ckernels_draw_blocks(
      key0, key1, stream.position, count, (limit << 32) &- 1, pairs, &drawn, &stays, &sums)
    stream.position &+= UInt64(BlockResamples.lanes * count)
  }

  /// (8) the sum over the blocks of the square of what each adds up: x (w0 + w2 x) + y (w1 + w3 y) - w4 over its pairs. weights: (5, 8).
  package func squares(weights: [Double]) -> [Double] {
    precondition(weights.count == 5 * BlockResamples.lanes, "\(weights.count) weights")
    var squares = [Double](repeating: 0, count: BlockResamples.lanes)
    ckernels_square_blocks(drawn, stays, count, weights, &squares)
    return squares
  }
}
