// What the processor can do beyond the baseline that everything is built for.

import CKernels
private import CProcessor

/// Instruction sets that kernels are compiled for, the highest that a processor has being the fastest.
package enum InstructionSet: Int, Sendable, CaseIterable, Comparable {
  case baseline = 0
  /// x86-64-v3: AVX2 and FMA.
  case v3 = 1
  /// x86-64-v4: AVX-512 with the parts (F, CD, BW, DQ, VL) that matrix libraries use.
  case v4 = 2

  /// The environment variable that holds kernels to a level below the processor's: what another class of machine computes can be had here.
  package static let limitVariable = "STRIKEFORGE_INSTRUCTION_SET"

  /// The highest that the processor and the operating system have, and that `limitVariable` allows. The same for the life of a process.
  package static var processor: InstructionSet {
    InstructionSet(rawValue: Int(cprocessor_instruction_level())) ?? .baseline
  }

  /// What is wrong with `limitVariable`, as a sentence; nil where it is unset, empty or names a level.
  package static var limitProblem: String? {
    guard cprocessor_instruction_limit() < 0 else { return nil }
    let names = allCases.map { "\($0)" }.joined(separator: ", ")
    return
      "the environment variable \(limitVariable) names no level of instructions; set it to one of \(names), or unset it"
  }

  package static func < (left: InstructionSet, right: InstructionSet) -> Bool { left.rawValue < right.rawValue }

  /// The fused kernels of this set, or of the processor's own where that is lower.
  var kernels: UnsafePointer<ckernels_panel> {
    guard let kernels = ckernels_panel_of_level(Int32(rawValue)) else { preconditionFailure("no kernels for \(self)") }
    return kernels
  }
}
