// The fused kernels of dense layers, of every instruction set, against double precision.

import Glibc
import Kernels
import TestSupport
import Testing

/// A product's shape.
private struct Shape: CustomTestStringConvertible {
  let rows: Int
  let depth: Int
  let columns: Int

  var testDescription: String { "\(rows) x \(depth) x \(columns)" }

  static let all = [
    Shape(rows: 1, depth: 1, columns: 1), Shape(rows: 7, depth: 26, columns: 9),
    Shape(rows: 32, depth: 64, columns: 64),
    Shape(rows: 11, depth: 5, columns: 16), Shape(rows: 13, depth: 9, columns: 48),
    Shape(rows: 200, depth: 30, columns: 100),
    Shape(rows: 19, depth: 64, columns: 112), Shape(rows: 8, depth: 3, columns: 33),
    Shape(rows: 211, depth: 29, columns: 64),
  ]
}

struct DenseKernelsTests {
  static let functions: [DenseKernels.Function] = [.identity, .tanh, .relu]

  private func numbers(_ count: Int, _ random: inout RandomStream) -> [Float] {
    (0..<count).map { _ in Float(0.5 * random.nextNormal()) }
  }

  @Test(arguments: LSTMPanelsTests.levels, Shape.all)
  fileprivate func `layers agree with double precision`(level: InstructionSet, shape: Shape) {
    let (m, k, n) = (shape.rows, shape.depth, shape.columns)
    let kernels = DenseKernels(level: level)
    var random = RandomStream(seed: 11, purpose: .market, lane: UInt32(n))
    let (a, b, bias) = (numbers(m * k, &random), numbers(k * n, &random), numbers(n, &random))
    let stride = DenseKernels.padded(n)
    let left = FencedBuffer(a)
    let right = FencedBuffer([Float](repeating: 0, count: k * stride))
    let start = FencedBuffer([Float](repeating: 0, count: stride))
    for row in 0..<k { for column in 0..<n { right.base[row * stride + column] = b[row * n + column] } }
    for column in 0..<n { start.base[column] = bias[column] }
    for function in DenseKernelsTests.functions {
      let result = FencedBuffer(count: m * n)
      kernels.multiply(
        MatrixView(base: left.base, rows: m, columns: k),
        MatrixView(base: right.base, rows: k, columns: n, rowStride: stride), bias: start.base, function: function,
        into: MatrixView(base: result.base, rows: m, columns: n))
      #expect(result.isIntact && left.isIntact && right.isIntact && start.isIntact)
      for row in 0..<m {
        for column in 0..<n {
          var exact = Double(bias[column])
          for at in 0..<k { exact += Double(a[row * k + at]) * Double(b[at * n + column]) }
          let expected = function == .tanh ? tanh(exact) : function == .relu ? max(exact, 0) : exact
          #expect(abs(Double(result.array[row * n + column]) - expected) < 1e-5)
        }
      }
    }
  }

  @Test(arguments: LSTMPanelsTests.levels, Shape.all.filter { $0.columns % 16 == 0 })
  fileprivate func `gradients agree with double precision`(level: InstructionSet, shape: Shape) {
    let (m, k, n) = (shape.rows, shape.depth, shape.columns)
    let kernels = DenseKernels(level: level)
    var random = RandomStream(seed: 12, purpose: .market, lane: UInt32(n))
    let (a, b, before, outputs) = (
      numbers(m * k, &random), numbers(k * n, &random), numbers(m * n, &random), numbers(m * n, &random)
    )
    let (left, right, below) = (FencedBuffer(a), FencedBuffer(b), FencedBuffer(outputs))
    func product(_ row: Int, _ column: Int) -> Double {
      (0..<k).reduce(0.0) { $0 + Double(a[row * k + $1]) * Double(b[$1 * n + column]) }
    }
    for (function, adds) in [
      (DenseKernels.Function.identity, true), (.identity, false), (.tanhGradient, false), (.reluGradient, false),
    ] {
      let result = FencedBuffer(before)
      kernels.multiply(
        MatrixView(base: left.base, rows: m, columns: k), MatrixView(base: right.base, rows: k, columns: n),
        adding: adds, function: function, below: function == .identity ? nil : UnsafePointer(below.base),
        into: MatrixView(base: result.base, rows: m, columns: n))
      #expect(result.isIntact && below.isIntact)
      for row in 0..<m {
        for column in 0..<n {
          let at = row * n + column
          let y = Double(outputs[at])
          let slope =
            switch function {
            case .tanhGradient: 1 - y * y
            case .reluGradient: y > 0 ? 1.0 : 0.0
            default: 1.0
            }
          let expected = (adds ? Double(before[at]) : 0) + product(row, column) * slope
          #expect(abs(Double(result.array[at]) - expected) < 1e-5)
        }
      }
    }
    // Transposed: a is (m, k), the other (m, n).
    let start = numbers(k * n, &random)
    let gradient = FencedBuffer(start)
    kernels.addTransposedProduct(
      MatrixView(base: left.base, rows: m, columns: k), MatrixView(base: below.base, rows: m, columns: n),
      to: MatrixView(base: gradient.base, rows: k, columns: n))
    let sums = FencedBuffer([Float](start.prefix(n)))
    kernels.addColumnSums(MatrixView(base: below.base, rows: m, columns: n), to: sums.base)
    #expect(gradient.isIntact && sums.isIntact)
    for column in 0..<n {
      for line in 0..<k {
        let exact = (0..<m).reduce(Double(start[line * n + column])) {
          $0 + Double(a[$1 * k + line]) * Double(outputs[$1 * n + column])
        }
        #expect(abs(Double(gradient.array[line * n + column]) - exact) < 2e-5)
      }
      let exact = (0..<m).reduce(Double(start[column])) { $0 + Double(outputs[$1 * n + column]) }
      #expect(abs(Double(sums.array[column]) - exact) < 2e-5)
    }
  }
}
