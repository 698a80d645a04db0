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
    let stepSize = Float(learningRate / (1 - power(beta1)))
    let correction = Float((1 - power(beta2)).squareRoot())
    let mix1 = Float(1 - beta1)
    let keep2 = Float(beta2)
    let mix2 = Float(1 - beta2)
    let epsilon = Float(epsilon)
    var index = 0
    while index < count {
      let rest = count - index
      let isWhole = rest >= 8
      let gradient = (isWhole ? load8(gradients + index) : loadPart(gradients + index, rest)) * gradientScale
      var first = isWhole ? load8(firstMoments + index) : loadPart(firstMoments + index, rest)
      var second = isWhole ? load8(secondMoments + index) : loadPart(secondMoments + index, rest)
      var parameter = isWhole ? load8(parameters + index) : loadPart(parameters + index, rest)
      first += (gradient - first) * mix1
      second = second * keep2 + (gradient * gradient) * mix2
      parameter -= stepSize * (first / (ckernels_sqrt8(second) / correction + epsilon))
      if isWhole {
        store8(first, firstMoments + index)
        store8(second, secondMoments + index)
        store8(parameter, parameters + index)
      } else {
        storePart(first, firstMoments + index, rest)
        storePart(second, secondMoments + index, rest)
        storePart(parameter, parameters + index, rest)
      }
      index += 8
    }
  }
}
