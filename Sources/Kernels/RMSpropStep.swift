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
    let keep = Float(smoothing)
    let mix = Float(1 - smoothing)
    let rate = Float(learningRate)
    let inside = isEpsilonInside ? Float(epsilon) : 0
    let outside = isEpsilonInside ? 0 : Float(epsilon)
    var index = 0
    while index < count {
      let rest = count - index
      let isWhole = rest >= 8
      let gradient = (isWhole ? load8(gradients + index) : loadPart(gradients + index, rest)) * gradientScale
      var square = isWhole ? load8(squares + index) : loadPart(squares + index, rest)
      var parameter = isWhole ? load8(parameters + index) : loadPart(parameters + index, rest)
      square = square * keep + (gradient * gradient) * mix
      parameter -= rate * (gradient / (ckernels_sqrt8(square + inside) + outside))
      if isWhole {
        store8(square, squares + index)
        store8(parameter, parameters + index)
      } else {
        // Beyond the end stands 0 / (0 + epsilon): nothing is divided by zero that is stored.
        storePart(square, squares + index, rest)
        storePart(parameter, parameters + index, rest)
      }
      index += 8
    }
  }
}
