// Which code does a learner's arithmetic.

package import Inference
package import Kernels

/// The kernels of a learner's passes. Parameters, gradients and results mean the same with all of them; only last bits and speed differ.
///
/// First parameters are the same with all: towers and heads begin orthogonal by LAPACK's factorisation, whose last bits are the matrix library's own, so that
/// runs with `fused` too depend on it from their first step on.
package enum LearnerKernels: String, Hashable, Codable, Sendable, CaseIterable {
  /// What `KernelTable` says of the processor's class and the policy's shape.
  case automatic = "auto"
  /// Products through CBLAS and pointwise parts after them: the twin that the others are held against, and the supported way on every processor.
  case blas
  /// Products with their activations in one pass: dense layers, and LSTM layers whose units are a multiple of 16. The rest through CBLAS.
  case fused

  /// What does the work for a policy on this processor: `blas` or `fused`.
  package func chosen(for spec: NetworkSpec) -> LearnerKernels {
    self == .automatic ? KernelTable.choice(for: spec) : self
  }

  /// The panels for a layer of so many units; nil where it goes through CBLAS. Of a choice that is made.
  func panels(hidden: Int) -> LSTMPanels? {
    self == .fused && LSTMPanels.supports(hidden: hidden) ? LSTMPanels() : nil
  }

  /// Nil where dense layers go through CBLAS. Where a memory's products are bfloat16, the layers on top of it are fused on every processor: the library's
  /// last bits of a row depend on how many rows are beside it, and a rollout's steps must see what the update's sequences see. Of a choice that is made.
  func dense(bfloat16: BFloat16Unit?) -> DenseKernels? { self == .fused || bfloat16 != nil ? DenseKernels() : nil }

  private static let fusedMark = ", fused "

  /// What decides over the last bits of a run: the matrix library's kernels, the level of the fused ones where they are used, and what multiplies bfloat16
  /// numbers, where something does.
  package func name(for spec: NetworkSpec, bfloat16: BFloat16Unit?) -> String {
    let library = MatrixProduct.libraryInformation.core
    guard bfloat16 != nil || chosen(for: spec) == .fused else { return library }
    let own = "\(library)\(LearnerKernels.fusedMark)\(InstructionSet.processor)"
    return bfloat16.map { "\(own), \(LearnerPrecision.bf16.rawValue) (\($0))" } ?? own
  }

  /// The choice behind such a name.
  package init(named name: String) { self = name.contains(LearnerKernels.fusedMark) ? .fused : .blas }

  /// Who does the products of a policy, in words: `own kernels v4` or `OpenBLAS Haswell`.
  package func products(for spec: NetworkSpec, bfloat16: BFloat16Unit?) -> String {
    let library = MatrixProduct.libraryInformation.title
    guard bfloat16 != nil || chosen(for: spec) == .fused else { return library }
    var text = "own kernels \(InstructionSet.processor)"
    if let bfloat16 {
      text += ", the memory's in bfloat16 (\(bfloat16))"
    } else if KernelTable.Shape(spec) == .otherMemory {
      text += ", the memory's by \(library), since its \(spec.hiddenCount) units are no multiple of 16"
    }
    return text
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
