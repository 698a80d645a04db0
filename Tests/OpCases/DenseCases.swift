// Dense layers and their gradients: kernels of every instruction set, and the library's bare products.

import Glibc
import Kernels
import Networks

extension OpCases {
  /// A product's shape: a (rows, depth), b (depth, columns).
  package struct ProductShape: Sendable {
    package let rows: Int
    package let depth: Int
    package let columns: Int
  }

  /// Sides that are tiles, less, more and neither; towers and heads of many rows.
  static let productShapes: [ProductShape] = [
    (1, 1, 1), (7, 26, 9), (32, 64, 64), (11, 5, 16), (13, 9, 48), (200, 30, 100), (19, 64, 112), (8, 3, 33),
    (211, 29, 64),
  ].map { ProductShape(rows: $0, depth: $1, columns: $2) }

  /// What is timed: layers of the standard policy, a block of rows each.
  private static let timedLayers:
    [(name: String, label: String, shape: ProductShape, function: DenseKernels.Function)] = [
      ("tower_26x64", "26 x 64, tanh", ProductShape(rows: 256, depth: 26, columns: 64), .tanh),
      ("tower_64x64", "64 x 64, tanh", ProductShape(rows: 256, depth: 64, columns: 64), .tanh),
      ("head_64x9", "64 x 9", ProductShape(rows: 256, depth: 64, columns: 9), .identity),
    ]

  static let dense: [OpCase] =
    productShapes.flatMap { shape in
      [DenseKernels.Function.identity, .tanh, .relu].map { denseLayer(shape, $0) }
        + (shape.columns % 16 == 0 ? [denseGradient(shape)] : [])
    }
    + timedLayers.flatMap { layer in
      [
        denseLayer(layer.shape, layer.function, timing: ("products_\(layer.name)_forward", "dense \(layer.label)")),
        product(layer.shape, timing: ("products_\(layer.name)_forward_library", "  its product in CBLAS")),
      ]
        + (layer.shape.columns % 16 == 0
          ? [denseGradient(layer.shape, timing: ("products_\(layer.name)_weight_gradient", "  weight gradient"))] : [])
    }

  private static func label(_ shape: ProductShape) -> String { "\(shape.rows) x \(shape.depth) x \(shape.columns)" }

  private static func operands(_ shape: ProductShape) -> OpNumbers {
    var random = RandomStream(seed: 11, purpose: .market, lane: UInt32(shape.columns))
    return [
      "a": OpDraw.normals(shape.rows * shape.depth, &random),
      "b": OpDraw.normals(shape.depth * shape.columns, &random), "bias": OpDraw.normals(shape.columns, &random),
    ]
  }

  /// a b + bias in double precision; bias may be empty.
  private static func exactProduct(_ numbers: ExactNumbers, _ shape: ProductShape) -> [Double] {
    let (a, b, bias) = (numbers.vector("a"), numbers.vector("b"), numbers["bias"] ?? [])
    let (k, n) = (shape.depth, shape.columns)
    var result = [Double](repeating: 0, count: shape.rows * n)
    for row in 0..<shape.rows {
      for column in 0..<n {
        var sum = bias.isEmpty ? 0 : bias[column]
        for at in 0..<k { sum += a[row * k + at] * b[at * n + column] }
        result[row * n + column] = sum
      }
    }
    return result
  }

  private static func denseLayer(
    _ shape: ProductShape, _ function: DenseKernels.Function, timing: (metric: String, label: String)? = nil
  ) -> OpCase {
    let (m, k, n) = (shape.rows, shape.depth, shape.columns)
    @Sendable func call(_ level: InstructionSet, _ numbers: OpNumbers) -> OpCall {
      let kernels = DenseKernels(level: level)
      let stride = DenseKernels.padded(n)
      let (a, b) = (FencedBuffer(numbers.vector("a")), FencedBuffer([Float](repeating: 0, count: k * stride)))
      let (bias, result) = (FencedBuffer([Float](repeating: 0, count: stride)), FencedBuffer(count: m * n))
      for row in 0..<k {
        for column in 0..<n { b.base[row * stride + column] = numbers.vector("b")[row * n + column] }
      }
      for column in 0..<n { bias.base[column] = numbers.vector("bias")[column] }
      let (left, right) = (
        MatrixView(base: a.base, rows: m, columns: k), MatrixView(base: b.base, rows: k, columns: n, rowStride: stride)
      )
      let target = MatrixView(base: result.base, rows: m, columns: n)
      return OpCall(buffers: [a, b, bias, result], outputs: { ["y": result.array] }) {
        kernels.multiply(left, right, bias: bias.base, function: function, into: target)
      }
    }
    return OpCase(
      "dense layer \(label(shape)), \(function)", numbers: { operands(shape) },
      plain: { numbers in
        let sums = exactProduct(numbers.mapValues { $0.map(Double.init) }, shape)
        return ["y": sums.map { function == .tanh ? tanh($0) : function == .relu ? max($0, 0) : $0 }]
      },
      bounds: ["y": .absolute(1e-5)], ways: levels.map { level in OpWay("\(level)") { call(level, $0) } },
      timings: timing.map { [OpTiming($0, $1, .operations, work: 2 * m * k * n) { call(.processor, $0) }] } ?? [])
  }

  /// The library's, without bias and function.
  private static func product(_ shape: ProductShape, timing: (metric: String, label: String)) -> OpCase {
    let (m, k, n) = (shape.rows, shape.depth, shape.columns)
    @Sendable func call(_ numbers: OpNumbers) -> OpCall {
      MatrixProduct.prepare()
      let (a, b) = (FencedBuffer(numbers.vector("a")), FencedBuffer(numbers.vector("b")))
      let result = FencedBuffer(count: m * n)
      return OpCall(buffers: [a, b, result], outputs: { ["y": result.array] }) {
        MatrixProduct.multiply(
          MatrixView(base: a.base, rows: m, columns: k), MatrixView(base: b.base, rows: k, columns: n),
          into: MatrixView(base: result.base, rows: m, columns: n))
      }
    }
    return OpCase(
      "product \(label(shape))", numbers: { operands(shape) },
      plain: { numbers in
        var exact = numbers.mapValues { $0.map(Double.init) }
        exact["bias"] = []
        return ["y": exactProduct(exact, shape)]
      },
      bounds: ["y": .absolute(1e-5)], ways: [OpWay("CBLAS") { call($0) }],
      timings: [OpTiming(timing.metric, timing.label, .operations, work: 2 * m * k * n) { call($0) }])
  }

  // MARK: Gradients

  /// From a layer of `depth` outputs above, whose weights are b, down to what the layer below had as sums: a are the gradients above, y the outputs below.
  /// And a second layer's weights: its inputs are a, the gradients of its outputs y.
  private static func denseGradient(_ shape: ProductShape, timing: (metric: String, label: String)? = nil) -> OpCase {
    let (m, k, n) = (shape.rows, shape.depth, shape.columns)
    let functions: [(name: String, function: DenseKernels.Function, adds: Bool)] = [
      ("added", .identity, true), ("alone", .identity, false), ("through tanh", .tanhGradient, false),
      ("through relu", .reluGradient, false),
    ]
    @Sendable func call(_ level: InstructionSet, _ numbers: OpNumbers, _ parts: GradientParts) -> OpCall {
      let kernels = DenseKernels(level: level)
      let (a, b) = (FencedBuffer(numbers.vector("a")), FencedBuffer(numbers.vector("b")))
      let below = FencedBuffer(numbers.vector("y"))
      let results = functions.map { _ in FencedBuffer(numbers.vector("before")) }
      let (weights, sums) = (
        FencedBuffer(numbers.vector("weights before")), FencedBuffer(numbers.vector("sums before"))
      )
      let (left, right) = (
        MatrixView(base: a.base, rows: m, columns: k), MatrixView(base: b.base, rows: k, columns: n)
      )
      let outputs = MatrixView(base: below.base, rows: m, columns: n)
      return OpCall(
        buffers: [a, b, below, weights, sums] + results,
        outputs: {
          var found: OpNumbers = ["weights": weights.array, "sums": sums.array]
          for (result, function) in zip(results, functions) { found[function.name] = result.array }
          return found
        }
      ) {
        if parts.contains(.down) {
          for (result, (_, function, adds)) in zip(results, functions) {
            kernels.multiply(
              left, right, adding: adds, function: function,
              below: function == .identity ? nil : UnsafePointer(below.base),
              into: MatrixView(base: result.base, rows: m, columns: n))
          }
          kernels.addColumnSums(outputs, to: sums.base)
        }
        kernels.addTransposedProduct(left, outputs, to: MatrixView(base: weights.base, rows: k, columns: n))
      }
    }
    return OpCase(
      "dense gradient \(label(shape))",
      numbers: {
        var random = RandomStream(seed: 12, purpose: .market, lane: UInt32(n))
        func numbers(_ count: Int) -> [Float] { OpDraw.normals(count, &random) }
        // What came out of tanh, so that sums that give it exist.
        let y = numbers(m * n).map { tanhf($0) }
        return [
          "a": numbers(m * k), "b": numbers(k * n), "before": numbers(m * n), "y": y,
          "weights before": numbers(k * n), "sums before": numbers(n),
        ]
      },
      plain: { numbers in
        let exact = numbers.mapValues { $0.map(Double.init) }
        let (a, y) = (exact.vector("a"), exact.vector("y"))
        let alone = exactProduct(exact, shape)
        func slopes(_ slope: (Double) -> Double) -> [Double] { zip(alone, y).map { $0 * slope($1) } }
        var (weights, sums) = (exact.vector("weights before"), exact.vector("sums before"))
        for row in 0..<m {
          for column in 0..<n {
            for line in 0..<k { weights[line * n + column] += a[row * k + line] * y[row * n + column] }
            sums[column] += y[row * n + column]
          }
        }
        return [
          "added": zip(exact.vector("before"), alone).map { $0 + $1 }, "alone": alone,
          "through tanh": slopes { 1 - $0 * $0 }, "through relu": slopes { $0 > 0 ? 1 : 0 }, "weights": weights,
          "sums": sums,
        ]
      },
      bounds: [
        "added": .absolute(1e-5), "alone": .absolute(1e-5), "through tanh": .absolute(1e-5),
        "through relu": .absolute(1e-5), "weights": .absolute(2e-5), "sums": .absolute(2e-5),
      ],
      ways: levels.map { level in OpWay("\(level)") { call(level, $0, [.down, .weights]) } },
      // The gradients above times what the layer above makes of the outputs below: straight in the outputs.
      differences: OpDifferences(step: 1e-3, bound: .absolute(1e-5), gradients: [("alone", "y")]) { numbers in
        let (a, b, y) = (numbers.vector("a"), numbers.vector("b"), numbers.vector("y"))
        var total = 0.0
        for row in 0..<m {
          for line in 0..<k {
            var output = 0.0
            for column in 0..<n { output += y[row * n + column] * b[line * n + column] }
            total += a[row * k + line] * output
          }
        }
        return total
      },
      timings: timing.map {
        [OpTiming($0, $1, .operations, work: 2 * m * k * n) { call(.processor, $0, .weights) }]
      } ?? [])
  }

  private struct GradientParts: OptionSet {
    let rawValue: Int
    static let down = GradientParts(rawValue: 1)
    static let weights = GradientParts(rawValue: 2)
  }
}
