// Which code does a learner's arithmetic.

package import Kernels

/// The kernels of a learner's passes. Parameters, gradients and results mean the same with all of them; only last bits and speed differ.
package enum LearnerKernels: String, Hashable, Codable, Sendable, CaseIterable {
  /// The fastest that the processor and the network have.
  case automatic = "auto"
  /// Products through CBLAS and pointwise parts after them: the twin that the others are held against.
  case blas
  /// Fused steps of the LSTM on gate panels, where its units are a multiple of 16; the rest through CBLAS.
  case panels

  /// The panels for a layer of so many units; nil where it goes through CBLAS.
  func panels(hidden: Int) -> LSTMPanels? {
    guard LSTMPanels.supports(hidden: hidden) else { return nil }
    switch self {
    case .blas: return nil
    case .panels: return LSTMPanels()
    // Below AVX-512 the library's products are the faster.
    case .automatic: return LSTMPanels.Level.processor == .v4 ? LSTMPanels() : nil
    }
  }

  /// What decides over the last bits of a run: the matrix library's kernels, and the panels where a layer of `hidden` units takes them.
  package func name(hidden: Int) -> String {
    let library = MatrixProduct.libraryInformation.core
    return panels(hidden: hidden).map { "\(library), panels \($0.level)" } ?? library
  }
}
