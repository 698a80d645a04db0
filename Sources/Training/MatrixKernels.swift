// Which kernels do a run's arithmetic, in words.

private import Glibc
private import Kernels
private import Networks

package enum MatrixKernels {
  private static let choice = "OPENBLAS_CORETYPE"

  /// What the last bits of a run's numbers depend on here.
  package static func name(_ run: RunConfiguration.Run) -> String { run.kernels.name(bfloat16: run.precision.unit) }

  /// What a person must hear whose run asks for a precision that this processor does not have; nil where it does.
  package static func precisionWarning(_ run: RunConfiguration.Run) -> String? {
    guard run.precision != .float32, run.precision.unit == nil else { return nil }
    return "warning: run.precision=\(run.precision.rawValue) is set, but \(BFloat16Unit.absence): products stay float32"
  }

  /// What a person should know of them before a run: the last bits of a run depend on them, and its speed.
  package static func note(_ run: RunConfiguration.Run) -> String {
    let library = MatrixProduct.libraryInformation
    // Where the passes are fused, little is left to the library.
    guard !run.kernels.isFused, library.isBelowProcessor else { return "matrix kernels: \(name(run))" }
    let remedy =
      getenv(choice) == nil
      ? "the library does not know the processor; \(choice)=SkylakeX chooses for it"
      : "\(choice) asks for them; without it the library chooses itself"
    return
      "matrix kernels: \(library.core), which leave this processor's AVX-512 unused and make training slower: \(remedy)"
  }
}
