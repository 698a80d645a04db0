// What the processor can do beyond the baseline that everything is built for.

import CKernels

/// Instruction sets that kernels are compiled for, the highest that a processor has being the fastest.
package enum InstructionSet: Int, Sendable, CaseIterable, Comparable {
  case baseline = 0
  /// x86-64-v3: AVX2 and FMA.
  case v3 = 1
  /// x86-64-v4: AVX-512 with the parts (F, CD, BW, DQ, VL) that matrix libraries use.
  case v4 = 2

  /// The highest that the processor and the operating system have.
  package static var processor: InstructionSet {
    InstructionSet(rawValue: Int(ckernels_instruction_level())) ?? .baseline
  }

  package static func < (left: InstructionSet, right: InstructionSet) -> Bool { left.rawValue < right.rawValue }

  /// The fused kernels of this set, or of the processor's own where that is lower.
  var kernels: UnsafePointer<ckernels_panel> {
    guard let kernels = ckernels_panel_of_level(Int32(rawValue)) else { preconditionFailure("no kernels for \(self)") }
    return kernels
  }
}
