// The RMSprop step over one flat vector.

import CKernels

extension OptimizerSteps {
  /// One RMSprop step: s = s a + (1 - a) g^2; p -= rate g / (sqrt(s) + epsilon), or / sqrt(s + epsilon) where epsilon is inside.
  ///
  /// All buffers: (count). Gradients are multiplied by `gradientScale` as they are read. No aliasing. Source: Tieleman and Hinton 2012, in the
  /// order of operations of torch.optim.RMSprop (PyTorch 2).
  package static func rmsprop(
    parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>, squares: UnsafeMutablePointer<Float>,
    count: Int, learningRate: Double, smoothing: Double, epsilon: Double, isEpsilonInside: Bool, gradientScale: Float
  ) {
    var rates = ckernels_rmsprop_rates(
      keep: Float(smoothing), mix: Float(1 - smoothing), rate: Float(learningRate),
      inside: isEpsilonInside ? Float(epsilon) : 0, outside: isEpsilonInside ? 0 : Float(epsilon),
      gradient_scale: gradientScale)
    ckernels_rmsprop(parameters, gradients, squares, count, &rates)
  }
}
