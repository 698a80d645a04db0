// Optimizer steps over one flat vector.

import CKernels

/// Optimizer steps over one flat vector.
package enum OptimizerSteps {
  /// One Adam step: m += (g - m)(1 - beta1); v = v beta2 + (1 - beta2) g^2;
  /// p -= (rate / (1 - beta1^step)) m / (sqrt(v) / sqrt(1 - beta2^step) + epsilon).
  ///
  /// All buffers: (count). Gradients are multiplied by `gradientScale` as they are read. `step` counts from 1. No aliasing.
  /// Source: Kingma and Ba 2015, algorithm 1, in the order of operations of torch.optim.Adam (PyTorch 2).
  package static func adam(
    parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>,
    firstMoments: UnsafeMutablePointer<Float>, secondMoments: UnsafeMutablePointer<Float>, count: Int,
    learningRate: Double, beta1: Double, beta2: Double, epsilon: Double, step: Int, gradientScale: Float
  ) {
    precondition(step >= 1, "Adam step \(step)")
    func power(_ base: Double) -> Double {
      var (result, factor, exponent) = (1.0, base, step)
      while exponent > 0 {
        if exponent & 1 == 1 { result *= factor }
        factor *= factor
        exponent >>= 1
      }
      return result
    }
    var rates = ckernels_adam_rates(
      step_size: Float(learningRate / (1 - power(beta1))), correction: Float((1 - power(beta2)).squareRoot()),
      mix1: Float(1 - beta1), keep2: Float(beta2), mix2: Float(1 - beta2), epsilon: Float(epsilon),
      gradient_scale: gradientScale)
    ckernels_adam(parameters, gradients, firstMoments, secondMoments, count, &rates)
  }
}
