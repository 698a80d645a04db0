// Memory of one worker's forward and backward pass.

import Inference
import Kernels

/// The intermediate results of one batch of at most `rowCapacity` = L n rows.
final class Workspace {
  let rowCapacity: Int
  let sequenceCapacity: Int
  let lengthCapacity: Int
  let actorMemory: LSTMBuffers?
  let criticMemory: LSTMBuffers?
  /// (rows, H) the critic's projection of the observation, where it has one.
  let projection: FloatStorage
  /// One (rows, width) block a hidden layer.
  let policyActivations: [FloatStorage]
  let valueActivations: [FloatStorage]
  /// (rows, A), (rows)
  let logits: FloatStorage
  let values: FloatStorage
  /// (rows, 16) logits and value side by side, where the loss is fused with the heads, and (16) the sums of their gradients.
  let heads: FloatStorage
  let headSums: FloatStorage
  /// (rows, widest layer) gradients on their way down.
  let gradientA: FloatStorage
  let gradientB: FloatStorage
  /// Room for the weights of each dense layer.
  let weightScratch: FloatStorage

  init(
    _ plan: NetworkPlan, kernels: LearnerKernels, rowCapacity: Int, sequenceCapacity: Int, lengthCapacity: Int
  ) {
    let spec = plan.spec
    self.rowCapacity = rowCapacity
    self.sequenceCapacity = sequenceCapacity
    self.lengthCapacity = lengthCapacity
    func rows(_ columns: Int) -> FloatStorage { FloatStorage(count: rowCapacity * columns) }
    func memory() -> LSTMBuffers {
      LSTMBuffers(
        inputs: spec.inputs, hiddenCount: spec.hiddenCount, rowCapacity: rowCapacity,
        sequenceCapacity: sequenceCapacity, lengthCapacity: lengthCapacity,
        panels: plan.actorMemory?.panels.map { _ in LSTMPanels() }, narrow: plan.actorMemory?.narrow?.panels)
    }
    actorMemory = spec.hiddenCount > 0 ? memory() : nil
    criticMemory = spec.criticMemory == .separate ? memory() : nil
    let projects = spec.criticMemory == NetworkSpec.CriticMemory.none
    projection = rows(projects ? spec.hiddenCount : 0)
    policyActivations = spec.policyTower.map(rows)
    valueActivations = spec.valueTower.map(rows)
    logits = rows(spec.actions)
    values = rows(1)
    let columns = plan.fusesLoss ? DenseKernels.headColumns : 0
    heads = FloatStorage(count: (rowCapacity + 15) / 16 * 16 * columns)
    headSums = FloatStorage(count: columns)
    let widest = (spec.policyTower + spec.valueTower + [projects ? spec.hiddenCount : 0]).max() ?? 0
    gradientA = rows(widest)
    gradientB = rows(widest)
    weightScratch = FloatStorage(count: plan.scratchCount)
  }

  /// A block of rows of `heads`.
  func headRows(_ block: Range<Int>) -> MatrixView {
    MatrixView(base: heads.base, rows: rowCapacity, columns: DenseKernels.headColumns).rows(block)
  }

  /// Copies a block of `heads` to `logits` and `values`.
  func takeOutputs(ofHeads block: Range<Int>, actions: Int) {
    for row in block {
      let head = heads.base + row * DenseKernels.headColumns
      let target = logits.base + row * actions
      for action in 0..<actions { target[action] = head[action] }
      values.base[row] = head[actions]
    }
  }
}
