// The passes of the processor: through CBLAS and Kernels, plain or fused.

package import Inference
package import Kernels

/// Forward and backward passes through CBLAS, or through fused kernels where there are some. Each worker has its own workspace; nothing is allocated after `init`.
///
/// Unchecked: workers share `derived` for reading only, and touch only their own workspace.
package final class CPUBackend: @unchecked Sendable {
  package let plan: NetworkPlan
  let derived: FloatStorage
  let words: WordStorage
  let dense: DenseKernels?
  /// Held, not only pointed into: a caller may let go of its store after `refresh`.
  private var store: ParameterStore?
  private var parameters: UnsafeMutablePointer<Float>?
  let workspaces: [Workspace]

  /// A backend for batches of at most `rowCapacity` rows (L n), `sequenceCapacity` sequences and `lengthCapacity` steps. `bfloat16`: what multiplies in
  /// the network's memories, where their products are not float32.
  package init(
    spec: NetworkSpec, kernels: LearnerKernels = .automatic, bfloat16: BFloat16Unit? = nil, workerCount: Int,
    rowCapacity: Int, sequenceCapacity: Int, lengthCapacity: Int
  ) {
    MatrixProduct.prepare()
    let kernels = kernels.chosen(for: spec)
    let plan = NetworkPlan(spec, kernels: kernels, bfloat16: bfloat16)
    self.plan = plan
    derived = FloatStorage(count: plan.derivedCount)
    derived.fill(0)
    words = WordStorage(count: plan.wordCount)
    dense = kernels.dense(bfloat16: bfloat16)
    workspaces = (0..<workerCount).map { _ in
      Workspace(
        plan, kernels: kernels, rowCapacity: rowCapacity, sequenceCapacity: sequenceCapacity,
        lengthCapacity: lengthCapacity)
    }
  }

  package func refresh(from store: ParameterStore) {
    precondition(
      store.layout.count == plan.layout.count, "\(store.layout.count) parameters for a plan of \(plan.layout.count)")
    self.store = store
    parameters = store.values.base
    plan.derive(from: store.values.base, into: derived.base, words: words.base)
  }

  package func forward(_ batch: SequenceBatch, parts: NetworkParts, worker: Int) -> NetworkOutputs {
    let space = workspaces[worker]
    let parameters = checked(batch, space)
    let context = linearContext(parameters, space)
    let rows = batch.rows
    var finalState = RecurrentStateRows()
    let actorFeatures = actorFeatures(batch, space, parts: parts, finalState: &finalState)
    let logits = MatrixView(base: space.logits.base, rows: rows, columns: plan.spec.actions)
    if let joint = plan.jointHeads {
      forEachBlock(of: rows) { block in
        forwardHeads(joint, actorFeatures.rows(block), context, into: space.headRows(block))
        space.takeOutputs(ofHeads: block, actions: logits.columns)
      }
      return NetworkOutputs(logits: logits, values: space.values.base, finalState: finalState)
    }
    if parts.contains(.policy) {
      forwardTower(
        plan.policyTower, head: plan.actionHead, input: actorFeatures, activations: space.policyActivations, context,
        into: logits)
    }
    if parts.contains(.value), let valueHead = plan.valueHead {
      let features = criticFeatures(batch, space, context, actorFeatures: actorFeatures, finalState: &finalState)
      forwardTower(
        plan.valueTower, head: valueHead, input: features, activations: space.valueActivations, context,
        into: MatrixView(base: space.values.base, rows: rows, columns: 1))
    }
    return NetworkOutputs(logits: logits, values: space.values.base, finalState: finalState)
  }

  package func backward(_ batch: SequenceBatch, worker: Int, gradients: UnsafeMutablePointer<Float>) {
    let space = workspaces[worker]
    let parameters = checked(batch, space)
    let context = linearContext(parameters, space)
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
      activations: space.policyActivations, space: space, context, gradients: gradients,
      inputGradient: actorGradient, addingInput: false)

    // Value side.
    func backwardValue(input: MatrixView, inputGradient: MatrixView?, adding: Bool) {
      guard let valueHead = plan.valueHead else { return }
      backwardTower(
        plan.valueTower, head: valueHead, headGradient: space.values.base, input: input,
        activations: space.valueActivations, space: space, context, gradients: gradients,
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
      guard let buffers = space.criticMemory else { return }
      backwardValue(
        input: memoryView(buffers.hidden), inputGradient: memoryView(buffers.hiddenGradient), adding: false)
    case .some(.none):
      guard let projection = plan.criticProjection else { return }
      // The projection's own gradient may lie in either scratch: a tower of k layers ends in one of the two.
      let gradient = memoryView(plan.valueTower.count % 2 == 0 ? space.gradientA : space.gradientB)
      backwardValue(input: memoryView(space.projection), inputGradient: gradient, adding: false)
      projection.beginBackward(context)
      for step in 0..<batch.length {
        let range = (step * batch.count)..<((step + 1) * batch.count)
        projection.backward(
          gradient.rows(range), input: stepObservations(batch, step), context, gradients: gradients, inputGradient: nil)
        projection.addBiasGradient(gradient.rows(range), context, gradients: gradients)
      }
      projection.endBackward(context, gradients: gradients)
    }
    backwardMemories(batch, space, parameters, gradients: gradients)
  }

  // MARK: Parts

  /// Through the memories, whose `hiddenGradient` the layers above have filled.
  func backwardMemories(
    _ batch: SequenceBatch, _ space: Workspace, _ parameters: UnsafeMutablePointer<Float>,
    gradients: UnsafeMutablePointer<Float>
  ) {
    func backward(_ memory: NetworkPlan.LSTM?, _ buffers: LSTMBuffers?) {
      guard let memory, let buffers else { return }
      memory.backward(
        batch, parameters: parameters, derived: derived.base, words: words.base, gradients: gradients,
        buffers: buffers)
      memory.shareBiasGradient(gradients)
    }
    backward(plan.criticMemory, space.criticMemory)
    backward(plan.actorMemory, space.actorMemory)
  }

  func linearContext(_ parameters: UnsafeMutablePointer<Float>, _ space: Workspace) -> LinearContext {
    LinearContext(
      parameters: parameters, derived: derived.base, kernels: dense, scratch: space.weightScratch.base)
  }

  func checked(_ batch: SequenceBatch, _ space: Workspace) -> UnsafeMutablePointer<Float> {
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

  /// What the policy's tower reads: observations, or what the actor remembers of them, where the parts need it.
  func actorFeatures(
    _ batch: SequenceBatch, _ space: Workspace, parts: NetworkParts, finalState: inout RecurrentStateRows
  ) -> MatrixView {
    guard let memory = plan.actorMemory, let buffers = space.actorMemory else {
      return MatrixView(base: batch.observations, rows: batch.count, columns: plan.spec.inputs)
    }
    if parts.contains(.policy) || (plan.criticMemory == nil && plan.criticProjection == nil) {
      guard let hidden = batch.initialState.actorHidden, let cell = batch.initialState.actorCell else {
        preconditionFailure("a recurrent batch without the actor's state")
      }
      memory.forward(
        batch, initialHidden: hidden, initialCell: cell, derived: derived.base, words: words.base, buffers: buffers)
      let last = (batch.length - 1) * batch.count * memory.hidden
      finalState.actorHidden = buffers.hidden.base + last
      finalState.actorCell = buffers.cell.base + last
    }
    return MatrixView(base: buffers.hidden.base, rows: batch.rows, columns: memory.hidden)
  }

  func criticFeatures(
    _ batch: SequenceBatch, _ space: Workspace, _ context: LinearContext, actorFeatures: MatrixView,
    finalState: inout RecurrentStateRows
  ) -> MatrixView {
    if let memory = plan.criticMemory, let buffers = space.criticMemory {
      guard let hidden = batch.initialState.criticHidden, let cell = batch.initialState.criticCell else {
        preconditionFailure("a recurrent batch without the critic's state")
      }
      memory.forward(
        batch, initialHidden: hidden, initialCell: cell, derived: derived.base, words: words.base, buffers: buffers)
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
          stepObservations(batch, step), context, activation: nil, into: features.rows(range))
      }
      return features
    }
    return actorFeatures
  }

  /// Rows that go through a whole tower before the next do: their activations stay in the second-level cache.
  private static let blockRows = 256

  func forEachBlock(of rows: Int, width: Int = CPUBackend.blockRows, _ body: (Range<Int>) -> Void) {
    for start in stride(from: 0, to: rows, by: width) { body(start..<min(start + width, rows)) }
  }

  private func forwardTower(
    _ layers: [NetworkPlan.Linear], head: NetworkPlan.Linear, input: MatrixView, activations: [FloatStorage],
    _ context: LinearContext, into result: MatrixView
  ) {
    forEachBlock(of: input.rows) { block in
      forwardLayers(
        layers, head: head, input: input, block: block, activations: activations, context, into: result.rows(block))
    }
  }

  /// A block of rows through a tower and its head. input: all rows; result: the block's.
  func forwardLayers(
    _ layers: [NetworkPlan.Linear], head: NetworkPlan.Linear, input: MatrixView, block: Range<Int>,
    activations: [FloatStorage], _ context: LinearContext, into result: MatrixView
  ) {
    var current = input.rows(block)
    for (index, layer) in layers.enumerated() {
      let output = MatrixView(base: activations[index].base, rows: input.rows, columns: layer.outputs).rows(block)
      layer.forward(current, context, activation: plan.spec.activation, into: output)
      current = output
    }
    head.forward(current, context, activation: nil, into: result)
  }

  private func backwardTower(
    _ layers: [NetworkPlan.Linear], head: NetworkPlan.Linear, headGradient: UnsafeMutablePointer<Float>,
    input: MatrixView, activations: [FloatStorage], space: Workspace, _ context: LinearContext,
    gradients: UnsafeMutablePointer<Float>, inputGradient: MatrixView?, addingInput: Bool
  ) {
    let headGradient = MatrixView(base: headGradient, rows: input.rows, columns: head.outputs)
    head.addBiasGradient(headGradient, context, gradients: gradients)
    for layer in layers { layer.beginBackward(context) }
    head.beginBackward(context)
    forEachBlock(of: input.rows) { block in
      backwardLayers(
        layers, head: head, headGradient: headGradient.rows(block), input: input, block: block,
        activations: activations, space: space, context, gradients: gradients, inputGradient: inputGradient,
        addingInput: addingInput)
    }
    for layer in layers { layer.endBackward(context, gradients: gradients) }
    head.endBackward(context, gradients: gradients)
  }

  /// Head and tower backward for a block of rows, but for the head's bias. headGradient: the block's; input, inputGradient: all rows. Layer k's output
  /// gradient lies in scratch A for even distance from the head, in B for odd: that of all rows, where one of the two is where `inputGradient` goes;
  /// else each block's where the last one's was.
  func backwardLayers(
    _ layers: [NetworkPlan.Linear], head: NetworkPlan.Linear, headGradient: MatrixView, input: MatrixView,
    block: Range<Int>, activations: [FloatStorage], space: Workspace, _ context: LinearContext,
    gradients: UnsafeMutablePointer<Float>, inputGradient: MatrixView?, addingInput: Bool
  ) {
    let keepsScratch = inputGradient?.base == space.gradientA.base || inputGradient?.base == space.gradientB.base
    var layer = head
    var gradient = headGradient
    for index in stride(from: layers.count - 1, through: 0, by: -1) {
      let below = layers[index]
      let scratch = (layers.count - 1 - index) % 2 == 0 ? space.gradientA : space.gradientB
      let output = MatrixView(base: activations[index].base, rows: input.rows, columns: below.outputs).rows(block)
      let outputGradient = MatrixView(base: scratch.base, rows: input.rows, columns: below.outputs)
        .rows(keepsScratch ? block : 0..<block.count)
      layer.backward(
        gradient, input: output, context, gradients: gradients, inputGradient: outputGradient,
        through: plan.spec.activation)
      below.addBiasGradient(outputGradient, context, gradients: gradients)
      layer = below
      gradient = outputGradient
    }
    layer.backward(
      gradient, input: input.rows(block), context, gradients: gradients, inputGradient: inputGradient?.rows(block),
      addingInput: addingInput)
  }
}
