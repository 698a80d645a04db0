// The Adam optimizer over a whole parameter store.

import Inference
package import Kernels

/// Adam with both moments as blocks of the parameters' layout. Betas 0.9 and 0.999, no weight decay.
package final class Adam: Optimizer, @unchecked Sendable {
  package static let name = "adam"

  /// (P)
  package let firstMoments: FloatStorage
  /// (P)
  package let secondMoments: FloatStorage
  /// Steps taken.
  package var stepCount = 0
  package let epsilon: Double

  package init(parameterCount: Int, epsilon: Double) {
    self.epsilon = epsilon
    firstMoments = FloatStorage(count: parameterCount)
    secondMoments = FloatStorage(count: parameterCount)
    firstMoments.fill(0)
    secondMoments.fill(0)
  }

  package var moments: [(name: String, values: FloatStorage, isSquare: Bool)] {
    [("first_moment", firstMoments, false), ("second_moment", secondMoments, true)]
  }

  package func step(_ store: ParameterStore, learningRate: Double, gradientScale: Float) {
    precondition(
      store.layout.count == firstMoments.count, "\(store.layout.count) parameters, \(firstMoments.count) moments")
    stepCount += 1
    OptimizerSteps.adam(
      parameters: store.values.base, gradients: store.gradients.base, firstMoments: firstMoments.base,
      secondMoments: secondMoments.base, count: store.layout.count, learningRate: learningRate, beta1: 0.9,
      beta2: 0.999, epsilon: epsilon, step: stepCount, gradientScale: gradientScale)
  }
}
