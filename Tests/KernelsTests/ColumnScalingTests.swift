// Scaled columns, of both spellings.

import Kernels
import OpCases
import Testing

struct ColumnScalingTests {
  @Test(arguments: [1, 7, 8, 26, 40]) func `both spellings give the same bits`(columns: Int) {
    let rows = 13
    var random = RandomStream(seed: 4, purpose: .market, lane: UInt32(columns))
    var numbers = (0..<rows * columns).map { _ in Float(20 * random.nextNormal()) }
    numbers[0] = .nan
    numbers[numbers.count - 1] = .infinity
    let mean = (0..<columns).map { _ in random.nextNormal() }
    let deviation = (0..<columns).map { _ in 0.1 + random.nextDouble() }
    let source = FencedBuffer(numbers)
    let (own, plain) = (FencedBuffer(count: rows * columns), FencedBuffer(count: rows * columns))
    mean.withUnsafeBufferPointer { mean in
      deviation.withUnsafeBufferPointer { deviation in
        ColumnScaling.scale(
          source.base, into: own.base, rows: rows, columns: columns, sourceStride: columns, targetStride: columns,
          mean: mean.baseAddress!, deviation: deviation.baseAddress!, clip: 10)
        ColumnScaling.plainScale(
          source.base, into: plain.base, rows: rows, columns: columns, sourceStride: columns, targetStride: columns,
          mean: mean.baseAddress!, deviation: deviation.baseAddress!, clip: 10)
      }
    }
    #expect(own.isIntact && source.isIntact)
    #expect(own.array.map(\.bitPattern) == plain.array.map(\.bitPattern))
  }
}
