// Elementwise functions against double precision, and one row against many.

import Glibc
import Kernels
import TestSupport
import Testing

/// Floats of both signs whose bit patterns are spread over magnitudes 4.7e-10 ... limit.
private func sweep(upTo limit: Float, step: UInt32 = 997) -> [Float] {
  var values: [Float] = [0, -0.0]
  var bits: UInt32 = 0x3000_0000
  while Float(bitPattern: bits) < limit {
    values.append(Float(bitPattern: bits))
    values.append(-Float(bitPattern: bits))
    bits += step * 61
  }
  return values
}

struct ElementwiseTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let limit: Float
    let ulps: Double
    let kernel: @Sendable (UnsafeMutablePointer<Float>, Int) -> Void
    let exact: @Sendable (Double) -> Double
    var testDescription: String { name }
  }

  static let cases = [
    Case(name: "exp", limit: 87, ulps: 1.5, kernel: { Elementwise.exp($0, count: $1) }, exact: { exp($0) }),
    Case(
      name: "sigmoid", limit: 80, ulps: 3, kernel: { Elementwise.sigmoid($0, count: $1) }, exact: { 1 / (1 + exp(-$0)) }
    ),
    Case(name: "tanh", limit: 100, ulps: 3, kernel: { Elementwise.tanh($0, count: $1) }, exact: { tanh($0) }),
    Case(name: "relu", limit: 100, ulps: 0, kernel: { Elementwise.relu($0, count: $1) }, exact: { max($0, 0) }),
  ]

  @Test(arguments: cases)
  func `agrees with double precision`(_ one: Case) {
    let inputs = sweep(upTo: one.limit)
    let buffer = FencedBuffer(inputs)
    one.kernel(buffer.base, inputs.count)
    #expect(buffer.isIntact)
    var worst = (error: 0.0, input: Float(0))
    for (input, found) in zip(inputs, buffer.array) {
      let exact = one.exact(Double(input))
      let unit = Double(Float(exact).magnitude.ulp)
      let error = abs(Double(found) - exact) / unit
      if !(error <= worst.error) { worst = (error, input) }
    }
    #expect(worst.error <= one.ulps, "\(one.name): \(worst.error) ulp at \(worst.input)")
  }

  @Test(arguments: cases)
  func `a number's result does not depend on its place`(_ one: Case) {
    let inputs = sweep(upTo: one.limit, step: 99_991)
    let together = FencedBuffer(inputs)
    one.kernel(together.base, inputs.count)
    for (input, found) in zip(inputs, together.array) {
      let alone = FencedBuffer([input])
      one.kernel(alone.base, 1)
      #expect(alone.isIntact)
      #expect(alone.array[0].bitPattern == found.bitPattern, "\(one.name) of \(input)")
    }
  }

  @Test(arguments: cases)
  func `NaN stays NaN`(_ one: Case) {
    let buffer = FencedBuffer([1, .nan, -1])
    one.kernel(buffer.base, 3)
    #expect(buffer.array[1].isNaN)
    #expect(!buffer.array[0].isNaN && !buffer.array[2].isNaN)
  }

  @Test func `gradients use the outputs`() {
    let outputs: [Float] = [-0.5, 0, 0.25, 0.75, 0.1, -0.1, 0.9, -0.9, 0.3]
    let tanhGradient = FencedBuffer([Float](repeating: 2, count: outputs.count))
    let reluGradient = FencedBuffer([Float](repeating: 2, count: outputs.count))
    Elementwise.tanhGradient(tanhGradient.base, outputs: outputs, count: outputs.count)
    Elementwise.reluGradient(reluGradient.base, outputs: outputs, count: outputs.count)
    #expect(tanhGradient.isIntact && reluGradient.isIntact)
    for (index, output) in outputs.enumerated() {
      #expect(tanhGradient.array[index] == 2 * (1 - output * output))
      #expect(reluGradient.array[index] == (output > 0 ? 2 : 0))
    }
  }
}
