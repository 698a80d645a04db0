// Limiting the length of a gradient.

import Inference
import Kernels

/// Clipping by the global L2 norm over all parameters.
package enum GradientClipping {
  /// The norm of the store's gradients, and the factor that brings it to at most `maximumNorm`: maximum / (norm + 1e-6), at most 1.
  ///
  /// Source: torch.nn.utils.clip_grad_norm_ (PyTorch 2).
  package static func measure(_ store: ParameterStore, maximumNorm: Double) -> (norm: Double, scale: Float) {
    let norm = Reductions.sumOfSquares(store.gradients.base, count: store.layout.count).squareRoot()
    return (norm, Float(min(1, maximumNorm / (norm + 1e-6))))
  }
}
