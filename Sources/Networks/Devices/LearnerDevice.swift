// The seam for devices: what a learner asks of the thing that does its arithmetic.

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

/// What a forward pass leaves in the device's memory, valid until the same worker's next pass. Rows are (L, n), time-major.
///
/// A backward pass reads the gradients of the loss from the same places: whoever evaluates a loss writes them over `logits` and `values`.
package struct NetworkOutputs: @unchecked Sendable {
  /// (L n, A), unmasked.
  package let logits: MatrixView
  /// (L n)
  package let values: UnsafeMutablePointer<Float>
  /// State after the last step, each (n, H); nil for a memory that the pass did not run.
  package let finalState: RecurrentStateRows

  package init(logits: MatrixView, values: UnsafeMutablePointer<Float>, finalState: RecurrentStateRows) {
    self.logits = logits
    self.values = values
    self.finalState = finalState
  }
}

/// A network on a device: it acts, gives the gradient of a loss on a minibatch, and steps along it.
///
/// `parameters` and the optimizer are the host's image of what the device holds, in the declared layout. The two are one only after `load`, which takes the
/// image over, and after `readBack`, which brings it up to date; on the processor they are the same memory. Batches lie in the host's memory, most of them
/// in what `DeviceFamily.allocate` gave.
///
/// `load`, `readBack`, `gradient` and `step` are called by one thread, outside of any task of the pool that the device was made with. `forward` may be
/// called by several workers at the same time, each with its own number. Results depend on batches and parameters alone, not on the worker. Nothing is
/// allocated after the device was made.
package protocol LearnerDevice: AnyObject, Sendable {
  var parameters: ParameterStore { get }
  /// Takes over what the host wrote: parameters, gradients, moments and the number of steps.
  func load()
  /// Writes to the host what came of gradients and steps since the last call; where there were none, it leaves the host's image alone.
  func readBack()
  /// Logits and values of a batch, as far as asked. Traps if the batch exceeds the room that the device was made with.
  func forward(_ batch: SequenceBatch, parts: NetworkParts, worker: Int) -> NetworkOutputs
  /// The sums of a loss over a minibatch; its gradient is kept for `step`. Adds up slices in an order that does not depend on the workers.
  func gradient<Loss: RowLoss, Cut: Minibatch>(of loss: Loss, on minibatch: Cut) -> Loss.Sums
  /// One step of the optimizer along the gradient that is kept, brought to at most `maximumNorm` as `GradientClipping` says, where `isSound` agrees to its
  /// norm before that; whether it did. Passes after it see the new parameters. Traps where the device was made without an optimizer.
  func step(learningRate: Double, maximumNorm: Double, where isSound: (_ norm: Double) -> Bool) -> Bool
}

/// Sums of a loss over rows.
package protocol LossSums: Sendable {
  init()
  static func += (left: inout Self, right: Self)
}

/// A loss of rows of outputs, in its plain form, which any device can let the host evaluate; a device may know one by its type and do that itself.
package protocol RowLoss {
  associatedtype Sums: LossSums
  /// Replaces logits and values of a slice's rows by the gradient of the loss, and returns the loss's sums. Rows run in order.
  ///
  /// rowIndices: (rows) what `Minibatch.prepare` said of them. scratch: (3 A).
  func evaluate(
    _ outputs: NetworkOutputs, rowIndices: UnsafePointer<Int32>, scratch: UnsafeMutablePointer<Float>
  ) -> Sums
  /// The same loss as kernels take it that fuse it with an actor's and a critic's heads; nil where there is no such form. The plain form judges it.
  var fused: FusedLoss<Sums>? { get }
}

extension RowLoss {
  package var fused: FusedLoss<Sums>? { nil }
}

/// A loss of an actor and its critic with the numbers of its rows, for heads that are fused with it.
package struct FusedLoss<Sums: LossSums> {
  package let loss: PolicyLoss
  package let rows: PolicyRows
  /// The kernel's sums in the loss's own words.
  package let sums: (PolicyLossSums) -> Sums

  package init(_ loss: PolicyLoss, of rows: PolicyRows, sums: @escaping (PolicyLossSums) -> Sums) {
    self.loss = loss
    self.rows = rows
    self.sums = sums
  }
}

extension PolicyLossSums: LossSums {}

extension FusedLoss<PolicyLossSums> {
  /// Of a loss that counts as the kernels do.
  package init(_ loss: PolicyLoss, of rows: PolicyRows) { self.init(loss, of: rows) { $0 } }
}

/// Experience that a gradient is taken on, in slices whose number and shape do not depend on the workers.
package protocol Minibatch {
  var sliceCount: Int { get }
  /// The batch of a slice, and each of its rows' place in the experience (-1: padding), both valid until the same worker's next call. Workers call it for
  /// different slices at the same time; it may ask the device for passes with that worker's number.
  func prepare(slice: Int, worker: Int) -> (batch: SequenceBatch, rowIndices: UnsafePointer<Int32>)
}
