// A dense layer on rows, forward and backward.

import Inference
import Kernels

/// What a dense layer's passes work on besides its rows.
struct LinearContext {
  /// (P)
  let parameters: UnsafeMutablePointer<Float>
  let derived: UnsafeMutablePointer<Float>
  /// The fused kernels; nil sends everything through CBLAS.
  let kernels: DenseKernels?
  /// Room for each layer's weights, at `NetworkPlan.Linear.turned`.
  let scratch: UnsafeMutablePointer<Float>
}

/// Rows come in blocks that stay in the second-level cache, which the library also multiplies without first copying them into a layout of its own.
extension NetworkPlan.Linear {
  /// output = activation(input W^T + b). input: (rows, inputs), output: (rows, outputs), contiguous; nil activates nothing.
  func forward(
    _ input: MatrixView, _ context: LinearContext, activation: NetworkSpec.Activation?, into output: MatrixView
  ) {
    let biases = context.parameters + bias
    switch way {
    case .joint: preconditionFailure("a head by itself where both are one product")
    case .vector:
      output.base.update(repeating: biases[0], count: output.rows)
      if input.rowStride == inputs {
        MatrixVector.multiplyAdd(
          weights: input.base, rows: output.rows, columns: inputs, x: context.parameters + weight, y: output.base)
      } else {
        for row in 0..<output.rows {
          MatrixVector.multiplyAdd(
            weights: input.row(row), rows: 1, columns: inputs, x: context.parameters + weight, y: output.row(row))
        }
      }
    case .fused(let transposed, let stride, let paddedBias):
      guard let kernels = context.kernels else { preconditionFailure("a plan for fused kernels without them") }
      kernels.multiply(
        input, MatrixView(base: context.derived + transposed, rows: inputs, columns: outputs, rowStride: stride),
        bias: context.derived + paddedBias, function: activation?.function ?? .identity, into: output)
    case .library(let transposed):
      if outputs == 1 {
        output.base.update(repeating: biases[0], count: output.rows)
      } else {
        for row in 0..<output.rows { output.row(row).update(from: biases, count: outputs) }
      }
      MatrixProduct.multiply(
        input, MatrixView(base: context.derived + transposed, rows: inputs, columns: outputs), into: output,
        adding: true)
      activate(output, activation)
    }
  }

  private func activate(_ output: MatrixView, _ activation: NetworkSpec.Activation?) {
    switch activation {
    case .tanh: Elementwise.tanh(output.base, count: output.rows * output.columns)
    case .relu: Elementwise.relu(output.base, count: output.rows * output.columns)
    case nil: break
    }
  }

  /// Adds the weight gradient, and writes or adds (`addingInput`) the input's gradient where asked. `through`: the activation that made
  /// the input, whose derivative is then multiplied to the gradient.
  func backward(
    _ outputGradient: MatrixView, input: MatrixView, _ context: LinearContext,
    gradients: UnsafeMutablePointer<Float>, inputGradient: MatrixView?, addingInput: Bool = false,
    through activation: NetworkSpec.Activation? = nil
  ) {
    precondition(!(addingInput && activation != nil), "a gradient that is added goes through no activation")
    addWeightGradient(outputGradient, input: input, context, gradients: gradients)
    guard let inputGradient else { return }
    let weights = MatrixView(base: context.parameters + weight, rows: outputs, columns: inputs)
    if let kernels = context.kernels, inputs % 16 == 0 {
      kernels.multiply(
        outputGradient, weights, adding: addingInput, function: activation?.gradient ?? .identity,
        below: activation == nil ? nil : UnsafePointer(input.base), into: inputGradient)
      return
    }
    MatrixProduct.multiply(outputGradient, weights, into: inputGradient, adding: addingInput)
    let count = input.rows * input.columns
    switch activation {
    case .tanh: Elementwise.tanhGradient(inputGradient.base, outputs: input.base, count: count)
    case .relu: Elementwise.reluGradient(inputGradient.base, outputs: input.base, count: count)
    case nil: break
    }
  }

  /// Whether the weight gradient is gathered as (inputs, outputs) first, which then have the width that the kernels need.
  private func turnsWeights(_ context: LinearContext) -> Bool {
    context.kernels != nil && inputs % 16 != 0 && outputs % 16 == 0
  }

  /// Must precede the first `backward` of a batch.
  func beginBackward(_ context: LinearContext) {
    if turnsWeights(context) { (context.scratch + turned).update(repeating: 0, count: inputs * outputs) }
  }

  /// Must follow the last.
  func endBackward(_ context: LinearContext, gradients: UnsafeMutablePointer<Float>) {
    guard turnsWeights(context) else { return }
    MatrixTurn.add(
      MatrixView(base: context.scratch + turned, rows: inputs, columns: outputs),
      to: MatrixView(base: gradients + weight, rows: outputs, columns: inputs))
  }

  private func addWeightGradient(
    _ outputGradient: MatrixView, input: MatrixView, _ context: LinearContext, gradients: UnsafeMutablePointer<Float>
  ) {
    let weightGradient = MatrixView(base: gradients + weight, rows: outputs, columns: inputs)
    if let kernels = context.kernels, inputs % 16 == 0 {
      kernels.addTransposedProduct(outputGradient, input, to: weightGradient)
    } else if let kernels = context.kernels, turnsWeights(context) {
      kernels.addTransposedProduct(
        input, outputGradient, to: MatrixView(base: context.scratch + turned, rows: inputs, columns: outputs))
    } else {
      MatrixProduct.addTransposedProduct(outputGradient, input, to: weightGradient)
    }
  }

  /// Adds the bias gradient: the sums over the rows.
  func addBiasGradient(
    _ outputGradient: MatrixView, _ context: LinearContext, gradients: UnsafeMutablePointer<Float>
  ) {
    if let kernels = context.kernels, outputs % 16 == 0 {
      kernels.addColumnSums(outputGradient, to: gradients + bias)
    } else {
      addColumnSums(outputGradient, to: gradients + bias)
    }
  }
}

extension NetworkSpec.Activation {
  fileprivate var function: DenseKernels.Function {
    switch self {
    case .tanh: .tanh
    case .relu: .relu
    }
  }

  fileprivate var gradient: DenseKernels.Function {
    switch self {
    case .tanh: .tanhGradient
    case .relu: .reluGradient
    }
  }
}

/// target += sum over rows, from row 0 up.
func addColumnSums(_ matrix: MatrixView, to target: UnsafeMutablePointer<Float>) {
  if matrix.columns == 1, matrix.rowStride == 1 {
    target[0] += Float(Reductions.sum(matrix.base, count: matrix.rows))
    return
  }
  for row in 0..<matrix.rows { Reductions.add(matrix.row(row), to: target, count: matrix.columns) }
}
