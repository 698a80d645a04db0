// Which kernels the matrix library uses, in words.

private import Glibc
private import Networks

package enum MatrixKernels {
  private static let choice = "OPENBLAS_CORETYPE"

  /// What a person should know of them before a run: the last bits of a run depend on them, and its speed.
  package static var note: String {
    let library = MatrixProduct.libraryInformation
    guard library.isBelowProcessor else { return "matrix kernels: \(library.core)" }
    let remedy =
      getenv(choice) == nil
      ? "the library does not know the processor; \(choice)=SkylakeX chooses for it"
      : "\(choice) asks for them; without it the library chooses itself"
    return
      "matrix kernels: \(library.core), which leave this processor's AVX-512 unused and make training slower: \(remedy)"
  }
}
