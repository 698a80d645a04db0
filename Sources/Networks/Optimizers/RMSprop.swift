// The RMSprop optimizer over a whole parameter store, in the two forms that are in use.

import Inference
package import Kernels

/// RMSprop with its mean of squares as a block of the parameters' layout. Smoothing 0.99, no momentum, no weight decay.
package final class RMSprop: Optimizer, @unchecked Sendable {
  /// How epsilon enters. Source: torch.optim.RMSprop (PyTorch 2); RMSpropTFLike of stable-baselines3 2.9.
  package enum Form: String, Hashable, Codable, Sendable, CaseIterable {
    /// Beside the root: g / (sqrt(s) + epsilon), s from 0.
    case torch = "rmsprop"
    /// Inside it: g / sqrt(s + epsilon), s from 1.
    case tensorFlow = "rmsprop_tf"
  }

  package static let name = "rmsprop"
  package static let smoothing = 0.99

  package let form: Form
  package let epsilon: Double
  /// (P)
  package let squares: FloatStorage
  package var stepCount = 0

  package init(parameterCount: Int, epsilon: Double, form: Form) {
    self.form = form
    self.epsilon = epsilon
    squares = FloatStorage(count: parameterCount)
    squares.fill(form == .torch ? 0 : 1)
  }

  package var moments: [(name: String, values: FloatStorage, isSquare: Bool)] { [("square_average", squares, true)] }

  package func step(_ store: ParameterStore, learningRate: Double, gradientScale: Float) {
    precondition(store.layout.count == squares.count, "\(store.layout.count) parameters, \(squares.count) squares")
    stepCount += 1
    OptimizerSteps.rmsprop(
      parameters: store.values.base, gradients: store.gradients.base, squares: squares.base, count: store.layout.count,
      learningRate: learningRate, smoothing: RMSprop.smoothing, epsilon: epsilon,
      isEpsilonInside: form == .tensorFlow, gradientScale: gradientScale)
  }
}
