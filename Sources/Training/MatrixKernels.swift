// Which kernels do a run's arithmetic, in words.

private import Algorithms
private import Glibc
package import Inference
private import Kernels
package import Networks
private import Text

package enum MatrixKernels {
  /// What is wrong with the kernels that the environment asks the matrix library for, as a sentence that a terminal can show; nil where nothing is. To be
  /// asked before the first product: the library dies of kernels that the processor does not have.
  package static var problem: String? { MatrixProduct.coreProblem.map { PrintableText.of($0) } }

  /// What a person must hear whose run asks for a precision that this processor does not have; nil where it does.
  package static func precisionWarning(_ run: RunConfiguration.Run) -> String? {
    guard run.precision != .float32, run.precision.unit == nil else { return nil }
    return "warning: run.precision=\(run.precision.rawValue) is set, but \(BFloat16Unit.absence): products stay float32"
  }

  /// Who does a run's products, as one line: `products: own kernels v4, twin checked` or `products: OpenBLAS Haswell`. `kernels`: the run's own, see
  /// `LearnerKernels.chosen`.
  ///
  /// Own kernels, and any device but the processor, are held against CBLAS here, on the policy's very shape. Throws where they compute something else.
  package static func line(_ run: RunConfiguration.Run, _ kernels: LearnerKernels, _ spec: NetworkSpec)
    throws(TrainingError) -> String
  {
    let (library, unit) = (MatrixProduct.libraryInformation, run.precision.unit)
    let (device, isCPU) = (run.device, run.device == .cpu)
    let products = "products: " + device.products(for: spec, kernels, unit)
    if !isCPU || kernels.chosen(for: spec) == .fused || unit != nil {
      let own = isCPU ? .fused : kernels
      if let difference = KernelTwins.difference(spec, own, bfloat16: unit, on: device)
        ?? LossTwins.difference(spec, own, bfloat16: unit, on: device)
      {
        guard isCPU else {
          throw .refused(
            "the device \(device) and \(library.title) do not compute the same for this policy (\(difference)); train with "
              + "run.device=\(DeviceFamily.cpu), and report this, a defect of the device or of strikeforge")
        }
        throw .refused(
          "own kernels \(InstructionSet.processor) and \(library.title) do not compute the same for this policy (\(difference)); train "
            + "with run.kernels=blas and run.precision=float32, and report this, a defect of strikeforge, of the library or of the machine"
        )
      }
      return products + ", twin checked"
    }
    // Where the passes are fused, little is left to the library.
    guard library.isBelowProcessor else { return products }
    let remedy =
      MatrixProduct.askedCore == nil
      ? "the library does not know the processor; \(MatrixProduct.coreVariable)=SkylakeX chooses for it"
      : "\(MatrixProduct.coreVariable) asks for them; without it the library chooses itself"
    return products + ", which leave this processor's AVX-512 unused and make training slower: \(remedy)"
  }

  /// What really multiplies in a run, for its record: `float32`, also where bf16 was asked for and the processor has no unit for it, or `bf16 (AMX-BF16)`.
  package static func precision(_ run: RunConfiguration.Run) -> String {
    run.precision.unit.map { "\(LearnerPrecision.bf16.rawValue) (\($0))" } ?? LearnerPrecision.float32.rawValue
  }
}
