// The processor's backend: through CBLAS and Kernels, plain or fused.

package import Inference
import Kernels

/// Forward and backward passes through CBLAS, or through fused kernels where there are some. Each worker has its own workspace; nothing is allocated after `init`.
///
/// Unchecked: workers share `derived` for reading only, and touch only their own workspace.
package final class CPUBackend: LearnerBackend, @unchecked Sendable {
  package let plan: NetworkPlan
  private let derived: FloatStorage
  /// Held, not only pointed into: a caller may let go of its store after `refresh`.
  private var store: ParameterStore?
  private var parameters: UnsafeMutablePointer<Float>?
  private let workspaces: [Workspace]

  /// A backend for batches of at most `rowCapacity` rows (L n), `sequenceCapacity` sequences and `lengthCapacity` steps.
  package init(
    spec: NetworkSpec, kernels: LearnerKernels = .automatic, workerCount: Int, rowCapacity: Int,
    sequenceCapacity: Int, lengthCapacity: Int
  ) {
    MatrixProduct.prepare()
    plan = NetworkPlan(spec, kernels: kernels)
    derived = FloatStorage(count: plan.derivedCount)
    workspaces = (0..<workerCount).map { _ in
      Workspace(
        spec, kernels: kernels, rowCapacity: rowCapacity, sequenceCapacity: sequenceCapacity,
        lengthCapacity: lengthCapacity)
    }
  }

  package func refresh(from store: ParameterStore) {
    precondition(
      store.layout.count == plan.layout.count, "\(store.layout.count) parameters for a plan of \(plan.layout.count)")
    self.store = store
    parameters = store.values.base
    plan.derive(from: store.values.base, into: derived.base)
  }

  package func forward(_ batch: SequenceBatch, parts: NetworkParts, worker: Int) -> NetworkOutputs {
    let space = workspaces[worker]
    let parameters = checked(batch, space)
    let rows = batch.rows
    var finalState = RecurrentStateRows()
    let last = (batch.length - 1) * batch.count
    let observations = MatrixView(base: batch.observations, rows: batch.count, columns: plan.spec.inputs)
    let readsActorMemory = parts.contains(.policy) || (plan.criticMemory == nil && plan.criticProjection == nil)

    var actorFeatures = observations
    if let memory = plan.actorMemory, let buffers = space.actorMemory {
      actorFeatures = MatrixView(base: buffers.hidden.base, rows: rows, columns: memory.hidden)
      if readsActorMemory {
        guard let hidden = batch.initialState.actorHidden, let cell = batch.initialState.actorCell else {
          preconditionFailure("a recurrent batch without the actor's state")
        }
        memory.forward(
          batch, initialHidden: hidden, initialCell: cell, derived: derived.base, buffers: buffers)
        finalState.actorHidden = buffers.hidden.base + last * memory.hidden
        finalState.actorCell = buffers.cell.base + last * memory.hidden
      }
    }
    if parts.contains(.policy) {
      let top = forwardTower(
        plan.policyTower, input: actorFeatures, activations: space.policyActivations, parameters: parameters)
      plan.actionHead.forward(
        top, parameters: parameters, derived: derived.base,
        into: MatrixView(base: space.logits.base, rows: rows, columns: plan.spec.actions))
    }
    if parts.contains(.value) {
      let features = criticFeatures(batch, space, parameters, actorFeatures: actorFeatures, finalState: &finalState)
      let top = forwardTower(
        plan.valueTower, input: features, activations: space.valueActivations, parameters: parameters)
      plan.valueHead.forward(
        top, parameters: parameters, derived: derived.base,
        into: MatrixView(base: space.values.base, rows: rows, columns: 1))
    }
    return NetworkOutputs(
      logits: MatrixView(base: space.logits.base, rows: rows, columns: plan.spec.actions), values: space.values.base,
      finalState: finalState)
  }

  package func backward(_ batch: SequenceBatch, worker: Int, gradients: UnsafeMutablePointer<Float>) {
    let space = workspaces[worker]
    let parameters = checked(batch, space)
    let rows = batch.rows
    let hidden = plan.spec.hiddenCount
    let observations = MatrixView(base: batch.observations, rows: batch.count, columns: plan.spec.inputs)
    func memoryView(_ storage: FloatStorage) -> MatrixView {
      MatrixView(base: storage.base, rows: rows, columns: hidden)
    }

    // Policy side.
    let actorFeatures = space.actorMemory.map { memoryView($0.hidden) } ?? observations
    let actorGradient = space.actorMemory.map { memoryView($0.hiddenGradient) }
    backwardTower(
      plan.policyTower, head: plan.actionHead, headGradient: space.logits.base, input: actorFeatures,
      activations: space.policyActivations, space: space, parameters: parameters, gradients: gradients,
      inputGradient: actorGradient, addingInput: false)

    // Value side.
    func backwardValue(input: MatrixView, inputGradient: MatrixView?, adding: Bool) {
      backwardTower(
        plan.valueTower, head: plan.valueHead, headGradient: space.values.base, input: input,
        activations: space.valueActivations, space: space, parameters: parameters, gradients: gradients,
        inputGradient: inputGradient, addingInput: adding)
    }
    switch plan.spec.criticMemory {
    case nil:
      backwardValue(input: observations, inputGradient: nil, adding: false)
    case .sharedDetached:
      backwardValue(input: actorFeatures, inputGradient: nil, adding: false)
    case .sharedJoint:
      backwardValue(input: actorFeatures, inputGradient: actorGradient, adding: true)
    case .separate:
      guard let memory = plan.criticMemory, let buffers = space.criticMemory else { return }
      backwardValue(
        input: memoryView(buffers.hidden), inputGradient: memoryView(buffers.hiddenGradient), adding: false)
      memory.backward(
        batch, parameters: parameters, derived: derived.base, gradients: gradients, buffers: buffers)
      memory.shareBiasGradient(gradients)
    case .some(.none):
      guard let projection = plan.criticProjection else { return }
      // The projection's own gradient may lie in either scratch: a tower of k layers ends in one of the two.
      let gradient = memoryView(plan.valueTower.count % 2 == 0 ? space.gradientA : space.gradientB)
      backwardValue(input: memoryView(space.projection), inputGradient: gradient, adding: false)
      for step in 0..<batch.length {
        let range = (step * batch.count)..<((step + 1) * batch.count)
        projection.backward(
          gradient.rows(range), input: stepObservations(batch, step), parameters: parameters, gradients: gradients,
          inputGradient: nil)
      }
    }
    if let memory = plan.actorMemory, let buffers = space.actorMemory {
      memory.backward(
        batch, parameters: parameters, derived: derived.base, gradients: gradients, buffers: buffers)
      memory.shareBiasGradient(gradients)
    }
  }

  // MARK: Parts

  private func checked(_ batch: SequenceBatch, _ space: Workspace) -> UnsafeMutablePointer<Float> {
    precondition(
      batch.rows <= space.rowCapacity && batch.count <= space.sequenceCapacity && batch.length <= space.lengthCapacity,
      """
      a batch of \(batch.length) steps x \(batch.count) sequences in a workspace of \(space.rowCapacity) rows, \
      \(space.lengthCapacity) steps, \(space.sequenceCapacity) sequences
      """)
    precondition(batch.length == 1 || plan.actorMemory != nil, "a memoryless batch of \(batch.length) steps")
    guard let parameters else { preconditionFailure("a pass before the first refresh") }
    return parameters
  }

  private func stepObservations(_ batch: SequenceBatch, _ step: Int) -> MatrixView {
    MatrixView(
      base: batch.observations + step * batch.observationTimeStride, rows: batch.count, columns: plan.spec.inputs)
  }

  private func criticFeatures(
    _ batch: SequenceBatch, _ space: Workspace, _ parameters: UnsafeMutablePointer<Float>, actorFeatures: MatrixView,
    finalState: inout RecurrentStateRows
  ) -> MatrixView {
    if let memory = plan.criticMemory, let buffers = space.criticMemory {
      guard let hidden = batch.initialState.criticHidden, let cell = batch.initialState.criticCell else {
        preconditionFailure("a recurrent batch without the critic's state")
      }
      memory.forward(batch, initialHidden: hidden, initialCell: cell, derived: derived.base, buffers: buffers)
      let last = (batch.length - 1) * batch.count * memory.hidden
      finalState.criticHidden = buffers.hidden.base + last
      finalState.criticCell = buffers.cell.base + last
      return MatrixView(base: buffers.hidden.base, rows: batch.rows, columns: memory.hidden)
    }
    if let projection = plan.criticProjection {
      let features = MatrixView(base: space.projection.base, rows: batch.rows, columns: projection.outputs)
      for step in 0..<batch.length {
        let range = (step * batch.count)..<((step + 1) * batch.count)
        projection.forward(
          stepObservations(batch, step), parameters: parameters, derived: derived.base, into: features.rows(range))
      }
      return features
    }
    return actorFeatures
  }

  private func forwardTower(
    _ layers: [NetworkPlan.Linear], input: MatrixView, activations: [FloatStorage],
    parameters: UnsafeMutablePointer<Float>
  ) -> MatrixView {
    var current = input
    for (index, layer) in layers.enumerated() {
      let output = MatrixView(base: activations[index].base, rows: input.rows, columns: layer.outputs)
      layer.forward(current, parameters: parameters, derived: derived.base, into: output)
      switch plan.spec.activation {
      case .tanh: Elementwise.tanh(output.base, count: output.rows * output.columns)
      case .relu: Elementwise.relu(output.base, count: output.rows * output.columns)
      }
      current = output
    }
    return current
  }

  /// Head and tower backward. Layer k's output gradient lies in scratch A for even distance from the head, in B for odd.
  private func backwardTower(
    _ layers: [NetworkPlan.Linear], head: NetworkPlan.Linear, headGradient: UnsafeMutablePointer<Float>,
    input: MatrixView, activations: [FloatStorage], space: Workspace, parameters: UnsafeMutablePointer<Float>,
    gradients: UnsafeMutablePointer<Float>, inputGradient: MatrixView?, addingInput: Bool
  ) {
    var layer = head
    var gradient = MatrixView(base: headGradient, rows: input.rows, columns: head.outputs)
    for index in stride(from: layers.count - 1, through: 0, by: -1) {
      let below = layers[index]
      let scratch = (layers.count - 1 - index) % 2 == 0 ? space.gradientA : space.gradientB
      let output = MatrixView(base: activations[index].base, rows: input.rows, columns: below.outputs)
      let outputGradient = MatrixView(base: scratch.base, rows: input.rows, columns: below.outputs)
      layer.backward(
        gradient, input: output, parameters: parameters, gradients: gradients, inputGradient: outputGradient)
      let count = output.rows * output.columns
      switch plan.spec.activation {
      case .tanh: Elementwise.tanhGradient(outputGradient.base, outputs: output.base, count: count)
      case .relu: Elementwise.reluGradient(outputGradient.base, outputs: output.base, count: count)
      }
      layer = below
      gradient = outputGradient
    }
    layer.backward(
      gradient, input: input, parameters: parameters, gradients: gradients, inputGradient: inputGradient,
      addingInput: addingInput)
  }
}
