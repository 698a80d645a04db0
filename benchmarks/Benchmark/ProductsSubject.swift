// Matrix products at the shapes in which training needs them: ours with what they are fused with, and the library's bare ones.

import Kernels
import Networks

/// One shape, computed over and over in the caches.
private struct Product {
  let name: String
  let label: String
  /// Of one call.
  let operations: Double
  let run: () -> Void
}

final class ProductsSubject {
  private var products: [Product] = []
  /// Everything that the products read and write.
  private var storages: [FloatStorage] = []
  private var random = RandomStream(seed: 3, purpose: .market)
  private let callSeconds: Double

  /// Rows of a slice of lanes, and of a block of single steps.
  private static let (laneRows, blockRows) = (32, 256)
  private static let (inputs, actions) = (26, 9)

  init(isQuick: Bool) {
    callSeconds = isQuick ? 0.001 : 0.03
    MatrixProduct.prepare()
    for hidden in [32, 64, 128] { addMemory(hidden: hidden) }
    addDense("tower_26x64", "26 x 64, tanh", inputs: ProductsSubject.inputs, outputs: 64, function: .tanh)
    addDense("tower_64x64", "64 x 64, tanh", inputs: 64, outputs: 64, function: .tanh)
    addDense("head_64x9", "64 x 9", inputs: 64, outputs: ProductsSubject.actions, function: .identity)
  }

  /// GFLOP/s of each product, by its metric's name, with its label.
  func measure() -> [(name: String, label: String, gflops: Double)] {
    products.map { product in
      let seconds = RepeatedCalls.secondsPerCall(lasting: callSeconds, product.run)
      return (product.name, product.label, product.operations / seconds * 1e-9)
    }
  }

  // MARK: Parts

  private func numbers(_ count: Int) -> FloatStorage {
    let storage = FloatStorage(count: count)
    for index in 0..<count { storage.base[index] = 0.1 * Float(random.nextNormal()) }
    storages.append(storage)
    return storage
  }

  private func add(_ name: String, _ label: String, _ operations: Int, _ run: @escaping () -> Void) {
    products.append(Product(name: name, label: label, operations: 2 * Double(operations), run: run))
  }

  private func addMemory(hidden: Int) {
    let (rows, inputs) = (ProductsSubject.laneRows, ProductsSubject.inputs)
    let panels = LSTMPanels()
    let weights = numbers(LSTMPanels.weightCount(inputs: inputs, hidden: hidden))
    let (bias, recurrent) = (numbers(4 * hidden), numbers(4 * hidden * hidden))
    let (x, before, cellBefore) = (numbers(rows * inputs), numbers(rows * hidden), numbers(rows * hidden))
    let (gates, cell, output) = (numbers(4 * rows * hidden), numbers(rows * hidden), numbers(rows * hidden))
    let gradient = numbers(LSTMPanels.weightCount(inputs: inputs, hidden: hidden))
    let through = numbers(rows * hidden)
    let joined = numbers(rows * (inputs + hidden))
    var steps = LSTMPanels.Steps()
    for _ in 0..<LSTMPanels.Steps.limit { steps.append(x: x.base, hiddenBefore: before.base, gates: gates.base) }
    let full = steps
    let prefix = "products_lstm\(hidden)_"
    let forward = rows * 4 * hidden * (inputs + hidden)
    add(prefix + "forward", "LSTM \(hidden) forward, activations inside", forward) {
      panels.forward(
        rows: rows, inputs: inputs, hidden: hidden, x: x.base, hiddenBefore: before.base, weights: weights.base,
        bias: bias.base, cellBefore: cellBefore.base, gates: gates.base, cell: cell.base, output: output.base)
    }
    add(prefix + "forward_library", "  its product in CBLAS", forward) {
      MatrixProduct.multiply(
        MatrixView(base: joined.base, rows: rows, columns: inputs + hidden),
        MatrixView(base: weights.base, rows: inputs + hidden, columns: 4 * hidden),
        into: MatrixView(base: gates.base, rows: rows, columns: 4 * hidden))
    }
    add(prefix + "weight_gradient", "  weight gradient", LSTMPanels.Steps.limit * forward) {
      panels.addWeightGradient(of: full, rows: rows, inputs: inputs, hidden: hidden, to: gradient.base)
    }
    add(prefix + "hidden_gradient", "  hidden gradient", rows * 4 * hidden * hidden) {
      panels.addThrough(
        rows: rows, hidden: hidden, gates: gates.base, recurrent: recurrent.base, ahead: nil, target: through.base)
    }
  }

  private func addDense(
    _ name: String, _ label: String, inputs: Int, outputs: Int, function: DenseKernels.Function
  ) {
    let rows = ProductsSubject.blockRows
    let padded = DenseKernels.padded(outputs)
    let dense = DenseKernels()
    let (x, weights, bias) = (numbers(rows * inputs), numbers(inputs * padded), numbers(padded))
    let (result, gradient) = (numbers(rows * padded), numbers(inputs * padded))
    let input = MatrixView(base: x.base, rows: rows, columns: inputs)
    let matrix = MatrixView(base: weights.base, rows: inputs, columns: outputs, rowStride: padded)
    let output = MatrixView(base: result.base, rows: rows, columns: outputs)
    add("products_\(name)_forward", "dense \(label)", rows * inputs * outputs) {
      dense.multiply(input, matrix, bias: bias.base, function: function, into: output)
    }
    add("products_\(name)_forward_library", "  its product in CBLAS", rows * inputs * outputs) {
      MatrixProduct.multiply(input, matrix, into: output)
    }
    guard outputs % 16 == 0 else { return }
    add("products_\(name)_weight_gradient", "  weight gradient", rows * inputs * outputs) {
      dense.addTransposedProduct(
        input, output, to: MatrixView(base: gradient.base, rows: inputs, columns: outputs))
    }
  }
}
