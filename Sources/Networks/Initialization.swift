// First values of the parameters.

import CLAPACKE
package import Inference
package import Kernels

/// First values as stable-baselines3 and sb3-contrib 2.9 choose them: orthogonal towers (gain sqrt 2), action head (0.01) and value
/// head (1) with zero biases; LSTMs, the critic's projection and all layers of action values keep the framework's uniform default.
package enum Initialization {
  /// Fills every tensor of the store, in the order of its layout, from one stream.
  package static func initialize(_ store: ParameterStore, spec: NetworkSpec, random: inout RandomStream) {
    var inputs = spec.inputs
    for entry in store.layout.entries {
      let target = store.values.base + entry.offset
      if spec.kind != .actorCritic {
        // A bias stands behind its weights.
        if entry.shape.count == 2 { inputs = entry.shape[1] }
        fillUniform(target, count: entry.count, bound: 1 / Double(inputs).squareRoot(), random: &random)
      } else if entry.name.hasPrefix("lstm_") {
        fillUniform(target, count: entry.count, bound: 1 / Double(spec.hiddenCount).squareRoot(), random: &random)
      } else if entry.name.hasPrefix("critic.") {
        fillUniform(target, count: entry.count, bound: 1 / Double(spec.inputs).squareRoot(), random: &random)
      } else if entry.shape.count == 1 {
        target.update(repeating: 0, count: entry.count)
      } else {
        let gain: Double
        switch entry.name {
        case "action_net.weight": gain = 0.01
        case "value_net.weight": gain = 1
        default: gain = 2.0.squareRoot()
        }
        let values = orthogonal(rows: entry.shape[0], columns: entry.shape[1], gain: gain, random: &random)
        for (index, value) in values.enumerated() { target[index] = Float(value) }
      }
    }
  }

  /// A (rows, columns) matrix with orthonormal rows or columns (whichever are fewer) times `gain`, row-major.
  ///
  /// A Gaussian matrix is factored into Q R; the columns of Q take the sign of R's diagonal, which makes the result uniform over the
  /// orthogonal matrices. Source: Saxe, McClelland and Ganguli 2014; construction of torch.nn.init.orthogonal_ (PyTorch 2).
  package static func orthogonal(rows: Int, columns: Int, gain: Double, random: inout RandomStream) -> [Double] {
    precondition(rows >= 1 && columns >= 1, "an orthogonal matrix of \(rows) x \(columns)")
    let (tall, wide) = (max(rows, columns), min(rows, columns))
    var factor = [Double](repeating: 0, count: tall * wide)
    for row in 0..<rows {
      for column in 0..<columns {
        let value = random.nextNormal()
        factor[rows < columns ? column * wide + row : row * wide + column] = value
      }
    }
    var reflectors = [Double](repeating: 0, count: wide)
    var status = LAPACKE_dgeqrf(LAPACK_ROW_MAJOR, Int32(tall), Int32(wide), &factor, Int32(wide), &reflectors)
    precondition(status == 0, "QR factorisation of \(tall) x \(wide): status \(status)")
    let signs = (0..<wide).map { factor[$0 * wide + $0] < 0 ? -1.0 : 1.0 }
    status = LAPACKE_dorgqr(
      LAPACK_ROW_MAJOR, Int32(tall), Int32(wide), Int32(wide), &factor, Int32(wide), reflectors)
    precondition(status == 0, "orthogonal factor of \(tall) x \(wide): status \(status)")
    var result = [Double](repeating: 0, count: rows * columns)
    for row in 0..<rows {
      for column in 0..<columns {
        let (long, short) = rows < columns ? (column, row) : (row, column)
        result[row * columns + column] = gain * signs[short] * factor[long * wide + short]
      }
    }
    return result
  }

  private static func fillUniform(
    _ target: UnsafeMutablePointer<Float>, count: Int, bound: Double, random: inout RandomStream
  ) {
    for index in 0..<count { target[index] = Float((2 * random.nextDouble() - 1) * bound) }
  }
}
