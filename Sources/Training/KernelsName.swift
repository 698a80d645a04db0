// The name of a run's kernels, taken apart.

private import Kernels
private import Networks

/// `Haswell`, `Cooperlake, fused v4` or `Cooperlake, fused v4, bf16 (AMX-BF16)`: see `LearnerKernels.name`; or `device cards: 8 of them`.
struct KernelsName {
  /// What is not the processor, and what it says of itself; nil where it is.
  let device: String?
  /// The matrix library's kernels.
  let library: String
  /// The level of own kernels, where they are used.
  let level: String?
  /// What multiplies bfloat16 numbers, where something does.
  let unit: String?

  init(_ name: String) {
    device = name.hasPrefix(DeviceFamily.deviceMark) ? name : nil
    let parts = name.split(separator: ",").map { $0.drop { $0 == " " } }
    func part(_ word: String) -> String? {
      parts.dropFirst().first { $0.hasPrefix(word + " ") }.map { String($0.dropFirst(word.count + 1)) }
    }
    library = parts.first.map(String.init) ?? ""
    level = part("fused")
    unit = part(LearnerPrecision.bf16.rawValue)?.filter { !"()".contains($0) }
  }

  /// What brings these kernels back where others would go on: a sentence's first half. It names only what this processor can do.
  func remedy(insteadOf found: KernelsName) -> String {
    guard device == found.device else { return "Leave run.device as it was" }
    guard unit == found.unit else {
      let isHere = unit == nil || BFloat16Unit.processor.map { "\($0)" } == unit
      return isHere ? "Leave run.precision as it was" : "Go on where products of bfloat16 are done by \(unit ?? "")"
    }
    guard (level == nil) == (found.level == nil) else { return "Leave run.kernels as it was" }
    var steps: [String] = []
    if let level, level != found.level {
      guard let known = InstructionSet.allCases.first(where: { "\($0)" == level }), known < .processor else {
        return "Go on on a processor of class \(level)"
      }
      steps.append("\(InstructionSet.limitVariable)=\(level)")
    }
    if library != found.library {
      guard MatrixProduct.runs(core: library) else {
        return "Go on on a processor with the library's kernels \(library)"
      }
      steps.append("\(MatrixProduct.coreVariable)=\(library)")
    }
    return "Set \(steps.joined(separator: " and "))"
  }
}
