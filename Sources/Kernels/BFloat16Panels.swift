// The LSTM step on gate panels with products of bfloat16 numbers; sums, gates and state stay float32.

import CKernels

/// What multiplies bfloat16 numbers.
package enum BFloat16Unit: Int, Sendable, CaseIterable, CustomStringConvertible {
  /// Plain arithmetic: everywhere, and slowly. What the others are held against.
  case portable = 0
  /// AVX512-BF16: on AMD's processors two products and sums a number where float32 has one; on Intel's it is slower than float32.
  case avx512 = 1
  /// AMX-BF16: tiles of 16 x 32 numbers at once; the rest in AVX-512.
  case amx = 2
  /// A model of AMX's tiles, everywhere and slowly: what is done with tiles is tested without them.
  case tileModel = 3

  package var description: String {
    switch self {
    case .portable: "portable"
    case .avx512: "AVX512-BF16"
    case .amx: "AMX-BF16"
    case .tileModel: "tile model"
    }
  }

  /// Whether this processor and system have it. Asking for AMX asks the system's permission to use it.
  package var isSupported: Bool { ckernels_bfloat16_supported(Int32(rawValue)) != 0 }

  /// The unit that makes this processor faster; nil where none does.
  package static let processor: BFloat16Unit? =
    BFloat16Unit.amx.isSupported ? .amx : BFloat16Unit.avx512.isSupported && ckernels_is_intel() == 0 ? .avx512 : nil

  /// Why `processor` is nil, as the end of a sentence.
  package static var absence: String {
    if ckernels_has_amx() != 0 { return "the system does not let programs use this processor's AMX-BF16" }
    return BFloat16Unit.avx512.isSupported
      ? "this processor has no AMX-BF16, and its AVX512-BF16 is slower than float32"
      : "this processor has neither AMX-BF16 nor AVX512-BF16"
  }
}

/// Owned memory of 16-bit words, bfloat16 or half precision. 64-byte aligned; not initialised to anything that counts.
package final class WordStorage: @unchecked Sendable {
  package let base: UnsafeMutablePointer<UInt16>
  package let count: Int

  package init(count: Int) {
    precondition(count >= 0, "WordStorage of \(count) words")
    self.count = count
    let raw = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * 2, alignment: 64)
    base = raw.bindMemory(to: UInt16.self, capacity: max(count, 1))
    // No number in either format, so that reading an unwritten value is loud.
    base.initialize(repeating: 0xffff, count: count)
  }

  deinit { UnsafeMutableRawPointer(base).deallocate() }
}

/// Kernels of an LSTM layer whose products take bfloat16 numbers: inputs, outputs before, weights, and gradients of the gates' sums. Everything else is
/// float32, but for the tape, which keeps gates and the cell's tanh for the way back in half precision.
///
/// Letters: n rows, D inputs, H hidden units, a multiple of 16, K operands of a row: inputs, a zero where D is odd, and the outputs of the step before.
/// Panels as in `LSTMPanels`. Within a unit a row's results depend on that row alone, and gradients on the order of rows.
package struct BFloat16Panels: @unchecked Sendable {
  package let unit: BFloat16Unit
  package let inputs: Int
  package let hidden: Int
  private let kernels: UnsafePointer<ckernels_bfloat16>

  /// Whether a layer of so many units has panels.
  package static func supports(hidden: Int) -> Bool { LSTMPanels.supports(hidden: hidden) }

  /// Traps where the unit is not there, and where the units make no panels.
  package init(unit: BFloat16Unit, inputs: Int, hidden: Int) {
    precondition(BFloat16Panels.supports(hidden: hidden), "\(hidden) hidden units are no multiple of 16")
    guard let kernels = ckernels_bfloat16_of_unit(Int32(unit.rawValue)) else {
      preconditionFailure("this processor has no \(unit)")
    }
    self.unit = unit
    self.inputs = inputs
    self.hidden = hidden
    self.kernels = kernels
  }

  // MARK: Shapes

  /// Where a row's operands have the outputs before.
  package var hiddenPlace: Int { inputs + inputs % 2 }
  /// K
  package var depth: Int { hiddenPlace + hidden }
  /// Words of the packed weights.
  package var weightCount: Int { 4 * hidden * depth }
  package var recurrentCount: Int { 4 * hidden * hidden }
  /// Words of a row's tape.
  package var tapeWidth: Int { 5 * hidden }

  // MARK: Derived copies

  /// Packs weights (4H, D) and (4H, H) and the biases' sum (4H). weights, recurrent: words as counted above; biasSum: (4H) floats.
  package func pack(
    inputWeight: UnsafePointer<Float>, hiddenWeight: UnsafePointer<Float>, biases: UnsafePointer<Float>,
    weights: UnsafeMutablePointer<UInt16>, biasSum: UnsafeMutablePointer<Float>,
    recurrent: UnsafeMutablePointer<UInt16>
  ) {
    kernels.pointee.pack(inputs, hidden, inputWeight, hiddenWeight, biases, weights, biasSum, recurrent)
  }

  /// Adds gradients in the panels' order, (H / 16, K, 64) and (H / 16, 64), to those in the declared one.
  package func addUnpacked(
    gradient: UnsafePointer<Float>, biasGradient: UnsafePointer<Float>, inputWeight: UnsafeMutablePointer<Float>,
    hiddenWeight: UnsafeMutablePointer<Float>, bias: UnsafeMutablePointer<Float>
  ) {
    kernels.pointee.unpack(inputs, hidden, gradient, biasGradient, inputWeight, hiddenWeight, bias)
  }

  // MARK: Steps

  /// Writes inputs x (n, D) into the operands (n, K).
  package func takeInputs(rows: Int, _ x: UnsafePointer<Float>, into operands: UnsafeMutablePointer<UInt16>) {
    kernels.pointee.narrow_rows(rows, inputs, x, operands, depth)
  }

  /// Writes a state's outputs (n, H) into the operands (n, K).
  package func takeHidden(rows: Int, _ state: UnsafePointer<Float>, into operands: UnsafeMutablePointer<UInt16>) {
    kernels.pointee.narrow_rows(rows, hidden, state, operands + hiddenPlace, depth)
  }

  /// One step forward. operands: (n, K); cellBefore, cell, output: (n, H); tape: (n, tapeWidth); the outputs go into nextOperands (n, K) too.
  package func forward(
    rows: Int, operands: UnsafePointer<UInt16>, weights: UnsafePointer<UInt16>, bias: UnsafePointer<Float>,
    cellBefore: UnsafePointer<Float>, tape: UnsafeMutablePointer<UInt16>, cell: UnsafeMutablePointer<Float>,
    output: UnsafeMutablePointer<Float>, nextOperands: UnsafeMutablePointer<UInt16>
  ) {
    kernels.pointee.forward(
      rows, depth, hidden, operands, weights, bias, cellBefore, tape, cell, output, nextOperands + hiddenPlace)
  }

  /// The pointwise part of a step backward: the gradients of the gates' sums into gates (n, 4H) and, as the step of that number, into `steps`; their
  /// sums over the rows are added to biasGradient (4H). cellGradient: (n, H) that of the cell, replaced by that of cellBefore.
  package func backward(
    rows: Int, tape: UnsafePointer<UInt16>, cellBefore: UnsafePointer<Float>, hiddenGradient: UnsafePointer<Float>,
    cellGradient: UnsafeMutablePointer<Float>, biasGradient: UnsafeMutablePointer<Float>,
    gates: UnsafeMutablePointer<UInt16>, operands: UnsafePointer<UInt16>, step: Int, of steps: Steps
  ) {
    let pairs = (rows + 1) / 2
    kernels.pointee.backward(
      rows, hidden, tape, cellBefore, hiddenGradient, cellGradient, biasGradient, gates,
      steps.gates.base + step * pairs * 128, Steps.limit * pairs * 128)
    kernels.pointee.pair_rows(rows, depth, operands, steps.operands.base + step * pairs * 2 * depth)
  }

  /// target (n, H) += the gates' gradients (n, 4H) through the recurrent weights, as packed.
  package func addThrough(
    rows: Int, gates: UnsafePointer<UInt16>, recurrent: UnsafePointer<UInt16>, target: UnsafeMutablePointer<Float>
  ) {
    kernels.pointee.through(rows, hidden, gates, recurrent, target)
  }

  /// Some steps of n rows by pairs of rows, whose share of the weights' gradients is added at once.
  package final class Steps {
    /// The most steps: what they are multiplied from stays in the cache nearest to the core.
    package static let limit = 4

    fileprivate let gates: WordStorage
    fileprivate let operands: WordStorage

    package init(_ panels: BFloat16Panels, rowCapacity: Int) {
      let pairs = Steps.limit * ((rowCapacity + 1) / 2)
      gates = WordStorage(count: pairs * 8 * panels.hidden)
      operands = WordStorage(count: pairs * 2 * panels.depth)
    }
  }

  /// gradient (H / 16, K, 64) += what the first `count` steps of n rows add.
  package func addWeightGradient(
    of steps: Steps, count: Int, rows: Int, to gradient: UnsafeMutablePointer<Float>
  ) {
    let pairs = (rows + 1) / 2
    kernels.pointee.outer(
      count * pairs, depth, hidden, steps.operands.base, steps.gates.base, Steps.limit * pairs * 128, gradient)
  }
}
