// Which code does a learner's arithmetic.

package import Kernels

/// The kernels of a learner's passes. Parameters, gradients and results mean the same with all of them; only last bits and speed differ.
package enum LearnerKernels: String, Hashable, Codable, Sendable, CaseIterable {
  /// The fastest that the processor has: fused ones with AVX-512; below it the library's products are the faster.
  case automatic = "auto"
  /// Products through CBLAS and pointwise parts after them: the twin that the others are held against.
  case blas
  /// Products with their activations in one pass: dense layers, and LSTM layers whose units are a multiple of 16. The rest through CBLAS.
  case fused

  /// Whether the passes of a run on this processor are fused.
  package var isFused: Bool {
    switch self {
    case .blas: false
    case .fused: true
    case .automatic: InstructionSet.processor == .v4
    }
  }

  /// The panels for a layer of so many units; nil where it goes through CBLAS.
  func panels(hidden: Int) -> LSTMPanels? { isFused && LSTMPanels.supports(hidden: hidden) ? LSTMPanels() : nil }

  /// Nil where dense layers go through CBLAS. Where a memory's products are bfloat16, the layers on top of it are fused on every processor: the library's
  /// last bits of a row depend on how many rows are beside it, and a rollout's steps must see what the update's sequences see.
  func dense(bfloat16: BFloat16Unit?) -> DenseKernels? { isFused || bfloat16 != nil ? DenseKernels() : nil }

  /// What decides over the last bits of a run: the matrix library's kernels, and the level of the fused ones where they are used.
  package var name: String {
    let library = MatrixProduct.libraryInformation.core
    return isFused ? "\(library), fused \(InstructionSet.processor)" : library
  }

  /// The same with what multiplies bfloat16 numbers, where something does.
  package func name(bfloat16: BFloat16Unit?) -> String {
    guard let bfloat16 else { return name }
    return "\(LearnerKernels.fused.name), \(LearnerPrecision.bf16.rawValue) (\(bfloat16))"
  }
}

/// The numbers that a recurrent learner's products take.
package enum LearnerPrecision: String, Hashable, Codable, Sendable, CaseIterable {
  case float32
  /// bfloat16 in the LSTM's products, where the processor has a unit for them. Parameters, gradients, moments, gates and cell stay float32.
  case bf16

  /// What multiplies bfloat16 numbers on this processor; nil where products stay float32.
  package var unit: BFloat16Unit? { self == .bf16 ? .processor : nil }
}
