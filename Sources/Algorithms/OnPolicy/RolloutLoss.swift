// A loss of an actor and its critic over rows of a rollout: plain, or fused with the network's heads.

import AgentInterface
import Kernels
import Networks

/// A loss with its settings for one minibatch.
protocol RolloutLoss: Sendable {
  associatedtype Sums: LossSums

  /// As heads that are fused with it take it.
  var fused: PolicyLoss { get }

  /// The sums of `fused` in the loss's own words.
  static func sums(_ sums: PolicyLossSums) -> Sums

  /// Evaluates the rows of one slice and replaces logits and values by the gradient of the loss: the plain form, which judges the fused one.
  ///
  /// rowIndices: (rows) each row's place t N + lane in the rollout, or -1 for padding. scratch: (2 A).
  func evaluate(
    outputs: NetworkOutputs, rowIndices: UnsafePointer<Int32>, rollout: Rollout, isMasked: Bool,
    scratch: UnsafeMutablePointer<Float>
  ) -> Sums
}

extension RolloutLoss {
  /// Adds the gradient of the loss on a batch to `gradients` (P) and returns its sums. Arguments as of `evaluate`.
  func addGradient(
    on batch: SequenceBatch, rowIndices: UnsafePointer<Int32>, rollout: Rollout, isMasked: Bool, backend: CPUBackend,
    worker: Int, scratch: UnsafeMutablePointer<Float>, gradients: UnsafeMutablePointer<Float>
  ) -> Sums {
    if backend.fusesLoss {
      return Self.sums(
        backend.addGradient(
          of: fused, on: batch, places: rowIndices, rows: rollout.policyRows(isMasked: isMasked), worker: worker,
          gradients: gradients))
    }
    let outputs = backend.forward(batch, parts: .all, worker: worker)
    let sums = evaluate(
      outputs: outputs, rowIndices: rowIndices, rollout: rollout, isMasked: isMasked, scratch: scratch)
    backend.backward(batch, worker: worker, gradients: gradients)
    return sums
  }
}

extension Rollout {
  /// What a loss reads of it. Unless `isMasked`, every action counts as legal.
  func policyRows(isMasked: Bool) -> PolicyRows {
    PolicyRows(
      // A mask is its bits.
      masks: isMasked ? UnsafeRawPointer(masks).assumingMemoryBound(to: UInt64.self) : nil,
      actions: actions, logProbabilities: logProbabilities, advantages: advantages, returns: returns, values: values)
  }
}
