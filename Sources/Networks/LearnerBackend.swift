// The seam for devices and fused code: forward and backward over one batch of sequences.

package import Kernels

/// Which outputs a forward pass is asked for.
package struct NetworkParts: OptionSet, Sendable {
  package let rawValue: Int
  package init(rawValue: Int) { self.rawValue = rawValue }
  package static let policy = NetworkParts(rawValue: 1)
  package static let value = NetworkParts(rawValue: 2)
  /// Both, without the array that a literal of two would allocate.
  package static let all = NetworkParts(rawValue: 3)
}

/// What a forward pass leaves in the backend's memory, valid until the same worker's next pass. Rows are (L, n), time-major.
///
/// A backward pass reads the gradients of the loss from the same places: write them over `logits` and `values`.
package struct NetworkOutputs: @unchecked Sendable {
  /// (L n, A), unmasked.
  package let logits: MatrixView
  /// (L n)
  package let values: UnsafeMutablePointer<Float>
  /// State after the last step, each (n, H); nil for a memory that the pass did not run.
  package let finalState: RecurrentStateRows
}

/// Forward and backward passes over one batch, on memory the backend owns, one workspace a worker.
///
/// Parameters, gradients and moments stay in the declared layout (gate rows i, f, g, o); packed copies are derived by `refresh` and
/// never saved. Results depend on the batch alone, not on the worker.
package protocol LearnerBackend: AnyObject, Sendable {
  /// Derives what the passes need from the parameters. Must follow every change of them.
  func refresh(from parameters: ParameterStore)
  /// Logits and values of a batch, as far as asked. Traps if the batch exceeds the workspace.
  func forward(_ batch: SequenceBatch, parts: NetworkParts, worker: Int) -> NetworkOutputs
  /// Adds the gradient of the last forward pass of this worker (both parts, same batch) to `gradients` (P).
  func backward(_ batch: SequenceBatch, worker: Int, gradients: UnsafeMutablePointer<Float>)
}
