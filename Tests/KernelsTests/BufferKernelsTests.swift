// Matrix-vector product, sums and half precision.

import Kernels
import OpCases
import Testing

struct BufferKernelsTests {
  @Test(arguments: [(1, 1), (3, 5), (8, 8), (9, 26), (256, 90)])
  func `the matrix-vector product agrees with double precision`(rows: Int, columns: Int) {
    var random = RandomStream(seed: 6, purpose: .market, lane: UInt32(rows * 1000 + columns))
    func numbers(_ count: Int) -> [Float] { (0..<count).map { _ in Float(random.nextNormal()) } }
    let weights = numbers(rows * columns)
    let x = numbers(columns)
    let start = numbers(rows)
    let y = FencedBuffer(start)
    MatrixVector.multiplyAdd(weights: weights, rows: rows, columns: columns, x: x, y: y.base)
    #expect(y.isIntact)
    for row in 0..<rows {
      let terms = (0..<columns).map { Double(weights[row * columns + $0]) * Double(x[$0]) }
      let exact = Double(start[row]) + terms.reduce(0, +)
      // A float sum of k terms errs by at most k units of the sum of magnitudes.
      let bound = Double(columns + 2) * 0x1p-24 * (abs(Double(start[row])) + terms.map(abs).reduce(0, +))
      #expect(abs(Double(y.array[row]) - exact) <= bound)
    }
  }

  /// What C computes is what Swift computes, to the bit; nothing behind the weights is read (what lies there would turn sums into NaN).
  @Test(arguments: [(1, 1), (2, 3), (3, 5), (9, 7), (8, 8), (9, 26), (13, 64), (256, 90), (5, 1)])
  func `both spellings of the matrix-vector product give the same bits`(rows: Int, columns: Int) {
    var random = RandomStream(seed: 16, purpose: .market, lane: UInt32(rows * 1000 + columns))
    func numbers(_ count: Int) -> [Float] { (0..<count).map { _ in Float(random.nextNormal()) } }
    let weights = FencedBuffer(numbers(rows * columns))
    let (x, start) = (FencedBuffer(numbers(columns)), numbers(rows))
    let (fast, plain) = (FencedBuffer(start), FencedBuffer(start))
    MatrixVector.multiplyAdd(weights: weights.base, rows: rows, columns: columns, x: x.base, y: fast.base)
    MatrixVector.plainMultiplyAdd(weights: weights.base, rows: rows, columns: columns, x: x.base, y: plain.base)
    #expect(fast.isIntact && plain.isIntact && fast.array.map(\.bitPattern) == plain.array.map(\.bitPattern))
  }

  @Test func `sums are exact where doubles are`() {
    let values = (0..<1003).map { Float($0 % 17) - 8 }
    #expect(Reductions.sum(values, count: values.count) == values.map(Double.init).reduce(0, +))
    #expect(
      Reductions.sumOfSquares(values, count: values.count) == values.map { Double($0) * Double($0) }.reduce(0, +))
    let target = FencedBuffer(values)
    Reductions.add(values, to: target.base, count: values.count)
    #expect(target.isIntact)
    #expect(target.array == values.map { 2 * $0 })
  }
}

@Suite struct HalfPrecisionTests {
  /// All numbers of 16 bits, at an odd address.
  @Test func `every half becomes the float that Swift makes of it`() {
    let halves = (0...UInt16.max).map { Float16(bitPattern: $0) }
    var bytes: [UInt8] = [0]
    for half in halves { bytes += [UInt8(truncatingIfNeeded: half.bitPattern), UInt8(half.bitPattern >> 8)] }
    let target = FencedBuffer([Float](repeating: 1, count: halves.count))
    bytes.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      HalfPrecision.widen(base + 1, into: target.base, count: halves.count)
    }
    #expect(target.isIntact)
    for (half, found) in zip(halves, target.array) {
      #expect(half.isNaN ? found.isNaN : found.bitPattern == Float(half).bitPattern, "\(half)")
    }
  }
}
