// Which kernels do a run's arithmetic, in words.

private import Glibc
package import Networks

package enum MatrixKernels {
  private static let choice = "OPENBLAS_CORETYPE"

  /// What a person should know of them before a run: the last bits of a run depend on them, and its speed.
  package static func note(_ kernels: LearnerKernels) -> String {
    let library = MatrixProduct.libraryInformation
    // Where the passes are fused, little is left to the library.
    guard !kernels.isFused, library.isBelowProcessor else { return "matrix kernels: \(kernels.name)" }
    let remedy =
      getenv(choice) == nil
      ? "the library does not know the processor; \(choice)=SkylakeX chooses for it"
      : "\(choice) asks for them; without it the library chooses itself"
    return
      "matrix kernels: \(library.core), which leave this processor's AVX-512 unused and make training slower: \(remedy)"
  }
}
