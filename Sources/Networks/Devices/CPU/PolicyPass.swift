// Forward, loss and backward of an actor and its critic as one pass, block of rows by block of rows.

import Inference
package import Kernels

extension CPUBackend {
  /// Whether `addGradient(of:on:)` is there: heads fused with their loss.
  package var fusesLoss: Bool { plan.fusesLoss }

  /// Rows that go through heads and loss and back before the next do: their features stay in the cache nearest to the core.
  private static let lossRows = 96

  /// Adds the gradient of a loss on a batch to `gradients` (P) and returns the loss's sums. Products are those of `forward` and `backward`, which this
  /// takes the place of where `fusesLoss`.
  ///
  /// places: (L n) where each row's numbers stand in `rows`, -1 for padding.
  package func addGradient(
    of loss: PolicyLoss, on batch: SequenceBatch, places: UnsafePointer<Int32>, rows: PolicyRows, worker: Int,
    gradients: UnsafeMutablePointer<Float>
  ) -> PolicyLossSums {
    guard plan.fusesLoss, let kernels = dense, let valueHead = plan.valueHead else {
      preconditionFailure("a loss on heads that are not fused with it")
    }
    let space = workspaces[worker]
    let parameters = checked(batch, space)
    let context = linearContext(parameters, space)
    var finalState = RecurrentStateRows()
    let actor = actorFeatures(batch, space, parts: .all, finalState: &finalState)
    let critic = criticFeatures(batch, space, context, actorFeatures: actor, finalState: &finalState)
    let actorGradient = space.actorMemory.map { featureGradient($0, batch) }
    let criticGradient =
      space.criticMemory.map { featureGradient($0, batch) }
      ?? (plan.spec.criticMemory == .sharedJoint ? actorGradient : nil)
    space.headSums.fill(0)
    for layer in plan.policyTower { layer.beginBackward(context) }
    for layer in plan.valueTower { layer.beginBackward(context) }
    var sums = PolicyLossSums()
    forEachBlock(of: batch.rows, width: CPUBackend.lossRows) { block in
      let heads = space.headRows(block)
      if let joint = plan.jointHeads {
        forwardHeads(joint, actor.rows(block), context, into: heads)
      } else {
        forwardLayers(
          plan.policyTower, head: plan.actionHead, input: actor, block: block, activations: space.policyActivations,
          context, into: plan.logits(of: heads))
        let values = MatrixView(base: space.values.base + block.lowerBound, rows: block.count, columns: 1)
        forwardLayers(
          plan.valueTower, head: valueHead, input: critic, block: block, activations: space.valueActivations, context,
          into: values)
        for row in 0..<block.count { heads.row(row)[plan.spec.actions] = values.base[row] }
      }
      sums += kernels.policyLoss(
        loss, heads: heads, actionCount: plan.spec.actions, places: places + block.lowerBound, of: rows)
      kernels.addColumnSums(heads, to: space.headSums.base)
      if let joint = plan.jointHeads {
        backwardHeads(
          joint, heads, features: actor.rows(block), context, kernels, gradients: gradients, valueHead: valueHead,
          inputGradient: actorGradient?.rows(block), addsValue: criticGradient != nil)
      } else {
        backwardLayers(
          plan.policyTower, head: plan.actionHead, headGradient: plan.logits(of: heads), input: actor, block: block,
          activations: space.policyActivations, space: space, context, gradients: gradients,
          inputGradient: actorGradient, addingInput: false)
        backwardLayers(
          plan.valueTower, head: valueHead, headGradient: plan.values(of: heads), input: critic, block: block,
          activations: space.valueActivations, space: space, context, gradients: gradients,
          inputGradient: criticGradient, addingInput: space.criticMemory == nil)
      }
    }
    for layer in plan.policyTower { layer.endBackward(context, gradients: gradients) }
    for layer in plan.valueTower { layer.endBackward(context, gradients: gradients) }
    for action in 0..<plan.spec.actions { gradients[plan.actionHead.bias + action] += space.headSums.base[action] }
    gradients[valueHead.bias] += space.headSums.base[plan.spec.actions]
    backwardMemories(batch, space, parameters, gradients: gradients)
    return sums
  }

  // MARK: Parts

  private func featureGradient(_ memory: LSTMBuffers, _ batch: SequenceBatch) -> MatrixView {
    MatrixView(base: memory.hiddenGradient.base, rows: batch.rows, columns: memory.hiddenCount)
  }

  /// Both heads of a block. features: (rows, inputs), result: (rows, 16).
  func forwardHeads(
    _ joint: NetworkPlan.JointHeads, _ features: MatrixView, _ context: LinearContext, into result: MatrixView
  ) {
    guard let kernels = context.kernels else { preconditionFailure("a plan for fused kernels without them") }
    kernels.multiply(
      features,
      MatrixView(base: context.derived + joint.transposed, rows: features.columns, columns: result.columns),
      bias: context.derived + joint.bias, into: result)
  }

  /// Adds the weight gradients of both heads, and writes their features' gradient where asked: the policy's, and with `addsValue` the value's.
  private func backwardHeads(
    _ joint: NetworkPlan.JointHeads, _ heads: MatrixView, features: MatrixView, _ context: LinearContext,
    _ kernels: DenseKernels, gradients: UnsafeMutablePointer<Float>, valueHead: NetworkPlan.Linear,
    inputGradient: MatrixView?, addsValue: Bool
  ) {
    func addWeightGradient(_ head: NetworkPlan.Linear, _ gradient: MatrixView) {
      kernels.addTransposedProduct(
        gradient, features, to: MatrixView(base: gradients + head.weight, rows: head.outputs, columns: head.inputs))
    }
    addWeightGradient(plan.actionHead, plan.logits(of: heads))
    addWeightGradient(valueHead, plan.values(of: heads))
    guard let inputGradient else { return }
    let count = plan.spec.actions + (addsValue ? 1 : 0)
    kernels.multiply(
      MatrixView(base: heads.base, rows: heads.rows, columns: count, rowStride: heads.rowStride),
      MatrixView(base: context.derived + joint.weights, rows: count, columns: features.columns), into: inputGradient)
  }
}

extension NetworkPlan {
  /// The columns of the logits, or their gradients, of rows of heads.
  fileprivate func logits(of heads: MatrixView) -> MatrixView {
    MatrixView(base: heads.base, rows: heads.rows, columns: spec.actions, rowStride: heads.rowStride)
  }

  fileprivate func values(of heads: MatrixView) -> MatrixView {
    MatrixView(base: heads.base + spec.actions, rows: heads.rows, columns: 1, rowStride: heads.rowStride)
  }
}
