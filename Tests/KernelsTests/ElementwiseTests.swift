// Elementwise functions: one number against many, and what is none; `OpCases` holds them against double precision.

import Kernels
import OpCases
import Testing

struct FunctionCase: CustomTestStringConvertible, Sendable {
  let function: OpCases.Function
  var testDescription: String { function.name }
}

struct ElementwiseTests {
  @Test(arguments: OpCases.functions.map(FunctionCase.init))
  func `a number's result does not depend on its place`(_ one: FunctionCase) {
    let inputs = OpCases.sweep(upTo: one.function.limit, step: 99_991)
    let together = FencedBuffer(inputs)
    one.function.kernel(together.base, inputs.count)
    for (input, found) in zip(inputs, together.array) {
      let alone = FencedBuffer([input])
      one.function.kernel(alone.base, 1)
      #expect(alone.isIntact)
      #expect(alone.array[0].bitPattern == found.bitPattern, "\(one.function.name) of \(input)")
    }
  }

  @Test(arguments: OpCases.functions.map(FunctionCase.init))
  func `NaN stays NaN`(_ one: FunctionCase) {
    let buffer = FencedBuffer([1, .nan, -1])
    one.function.kernel(buffer.base, 3)
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
