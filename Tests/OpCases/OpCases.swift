// The list of all cases.

package import Kernels

/// Every operation's cases, as ggml's `tests/test-backend-ops.cpp` has them: a new shape, path or operation is a line or a function here, and is at once
/// held against its plain twin, against differences where it is a gradient, and timed where it says so.
package enum OpCases {
  /// The instruction sets that this processor has.
  package static let levels = InstructionSet.allCases.filter { $0 <= .processor }
  /// What multiplies bfloat16 numbers here.
  package static let units = BFloat16Unit.allCases.filter(\.isSupported)

  /// Single kernels.
  package static let kernels: [OpCase] = memory + cells + dense + softmax + elementwise + optimizers
  /// Whole passes of a network, forward and back.
  package static let passes: [OpCase] = policies + narrowPolicies

  package static let all: [OpCase] = kernels + passes
}
