// One stream of decisions: memory and scratch of a policy.

public import AgentInterface
import Kernels

/// What was decided.
public struct Decision: Hashable, Sendable {
  /// The chosen action.
  public let action: ActionNumber
  /// The probability of the chosen action among the legal ones, in [0, 1]; where actions are factored, the product of its choices' probabilities.
  public let confidence: Float
  /// Its natural logarithm.
  public let logProbability: Float
  /// The entropy over the legal actions, in nats.
  public let entropy: Float
  /// The value function's estimate, where the policy carries one.
  public let value: Float?
  /// Whether some column lay outside of what training saw; false where nothing is known about that. The session names the columns.
  public let isOutsideTraining: Bool
}

/// One stream of decisions: owns the recurrent state and the scratch, so that deciding allocates nothing and a stateless call of a
/// recurrent policy cannot be written. `logits` and `probabilities` stay readable until the next decision.
public struct PolicySession: ~Copyable {
  /// The policy that decides.
  public let policy: DeployedPolicy
  /// Decisions made so far.
  public private(set) var decisionCount = 0
  private var isStarted: Bool
  private let requiresMask: Bool
  private var lastGreedy: ActionNumber = 0
  /// The first network and its scratch: the only ones where there is no ensemble.
  private let network: InferencePolicy
  private let scratch: SessionScratch
  private let ensemble: EnsembleScratch?
  /// What decides: the network's head, or what the ensemble makes of its members'.
  private let head: HeadOutput
  private let bounds: TrainingBounds?

  /// A session whose memory is empty. The first decision of a recurrent policy must start an episode.
  public init(policy: DeployedPolicy) {
    self.policy = policy
    isStarted = !policy.hasMemory
    requiresMask = policy.requiresMask
    let scratches = policy.members.map { SessionScratch(spec: $0.policy.spec, widest: $0.policy.plan.widest) }
    let combined = policy.rule == nil ? nil : EnsembleScratch(policy, members: scratches)
    network = policy.members[0].policy
    // From the local names: what reads a field of a session that is not whole yet is released once too often by the optimizer of Swift 6.3.
    (scratch, ensemble) = (scratches[0], combined)
    head = combined?.head ?? scratches[0].head
    bounds = TrainingBounds(policy)
  }

  /// A session of one network.
  public init(policy: InferencePolicy) { self.init(policy: policy.deployed) }

  /// Decides on one raw observation, (D) columns in the bundle's order; the policy scales them itself.
  ///
  /// `mask` holds the legal actions; nil means all, which a policy trained with masks refuses. `startsEpisode` clears the memory
  /// first. Throws what is wrong with the question; then nothing is decided and the memory is as before. Traps on a uniform outside
  /// [0, 1), and on another number of them than the policy has factors. Allocates nothing.
  public mutating func decide(
    _ observation: Span<Float>, mask: ActionMask?, startsEpisode: Bool, rule: ActionSelection.Rule = .greedy
  ) throws(DecisionError) -> Decision {
    // The closure returns a result because buffer closures carry no typed error through.
    try observation.withUnsafeBufferPointer { buffer throws(DecisionError) in
      try decide(buffer, mask: mask, startsEpisode: startsEpisode, rule: rule)
    }
  }

  /// Decides on one raw observation held in an array; see the form that takes a span.
  public mutating func decide(
    _ observation: [Float], mask: ActionMask?, startsEpisode: Bool, rule: ActionSelection.Rule = .greedy
  ) throws(DecisionError) -> Decision {
    try decide(observation.span, mask: mask, startsEpisode: startsEpisode, rule: rule)
  }

  /// Decides on one raw observation in borrowed memory; see the form that takes a span.
  package mutating func decide(
    _ observation: UnsafeBufferPointer<Float>, mask: ActionMask?, startsEpisode: Bool,
    rule: ActionSelection.Rule = .greedy
  ) throws(DecisionError) -> Decision {
    let legal = try check(observation, mask: mask, startsEpisode: startsEpisode)
    guard let source = observation.baseAddress else {
      throw .wrongObservationLength(expected: network.spec.inputs, found: 0)
    }
    let greedy: ActionNumber
    let entropy: Float
    if let ensemble, let combination = policy.rule {
      for (index, member) in policy.members.enumerated() {
        try ensemble.members[index].step(member.policy, source, startsEpisode: startsEpisode)
      }
      for member in ensemble.members { member.commit() }
      (greedy, entropy) = ensemble.combine(policy, rule: combination, mask: legal)
    } else {
      try scratch.step(network, source, startsEpisode: startsEpisode)
      scratch.commit()
      greedy = head.greedy(legal)
      entropy = head.evaluate(legal)
    }
    bounds?.look(at: source)
    isStarted = true
    decisionCount += 1
    lastGreedy = greedy
    let action = head.action(by: rule, greedy: greedy, mask: legal)
    return Decision(
      action: action, confidence: min(head.probability(of: action), 1),
      logProbability: min(head.logProbability(of: action), 0), entropy: max(entropy, 0),
      value: ensemble == nil && network.spec.hasValueHead ? scratch.value[0] : nil,
      isOutsideTraining: bounds?.isOutside ?? false)
  }

  private func check(_ observation: UnsafeBufferPointer<Float>, mask: ActionMask?, startsEpisode: Bool)
    throws(DecisionError) -> ActionMask
  {
    let inputs = network.spec.inputs
    guard observation.count == inputs else {
      throw .wrongObservationLength(expected: inputs, found: observation.count)
    }
    for column in 0..<inputs where !observation[column].isFinite { throw .observationNotFinite(column: column) }
    guard startsEpisode || isStarted else { throw .episodeNotStarted }
    let all = ActionMask.all(count: network.spec.actions)
    guard let mask else {
      if requiresMask { throw .missingMask }
      return all
    }
    if mask.legalCount == 0 { throw .emptyMask }
    if !mask.isWithin(all), let highest = mask.highest {
      throw .maskBeyondActions(actions: network.spec.actions, highest: highest)
    }
    if let factor = head.emptyFactor(of: mask) { throw .emptyFactor(factor: factor) }
    return mask
  }

  // MARK: The last decision

  /// A copy of the last decision's logits, (A), before masking. Of a vote: the logarithms of what the actions got, -1e8 for nothing.
  public var logits: [Float] { Array(UnsafeBufferPointer(start: head.logits, count: policy.actions)) }

  /// A copy of the last decision's probabilities, (A), illegal ones 0.
  public var probabilities: [Float] {
    Array(UnsafeBufferPointer(start: head.probabilities, count: policy.actions))
  }

  /// The columns of the last decision's observation that lay outside of what training saw, of an ensemble what some member's training saw, in
  /// order; none where nothing is known about that.
  public var outsideTraining: [Int] { bounds?.outside ?? [] }

  /// The last decision's logits in place, (A), valid until the next decision.
  package var logitsPointer: UnsafePointer<Float> { UnsafePointer(head.logits) }

  /// What the member of that number would have chosen alone, greedily, at the last decision.
  public func choice(ofMember member: Int) -> ActionNumber {
    precondition(policy.members.indices.contains(member), "member \(member) of \(policy.members.count)")
    return ensemble?.choices[member] ?? lastGreedy
  }

  /// The last decision's logits of one member in place, (A), valid until the next decision.
  package func logitsPointer(ofMember member: Int) -> UnsafePointer<Float> {
    UnsafePointer((ensemble?.members[member] ?? scratch).head.logits)
  }

  /// What the head of the last decision's first network added up at most: the largest over the actions of |bias| + sum |weight x feature|. Rounding is
  /// a share of this, however much of it cancels.
  package var headMagnitude: Double { scratch.headMagnitude(network) }

  // MARK: Memory

  private var scratches: [SessionScratch] { ensemble?.members ?? [scratch] }

  /// A copy of the actor's memory, of an ensemble the members' memories one after the other; empty for a policy without one.
  public var state: RecurrentState { RecurrentState(joining: scratches.map(\.actor.copy)) }

  /// A copy of the critics' own memory; empty unless the policy carries a critic with an LSTM of its own.
  public var criticState: RecurrentState { RecurrentState(joining: scratches.map(\.critic.copy)) }

  /// Takes memory back, for example after a reconnect in the middle of an episode. Traps if a length does not fit the policy.
  public mutating func restore(_ state: RecurrentState, critic: RecurrentState? = nil) {
    let (actors, critics) = (scratches.map(\.actor), scratches.map(\.critic))
    SessionMemory.assign(state, to: actors)
    SessionMemory.assign(
      critic ?? RecurrentState(zeroUnits: critics.reduce(0) { $0 + $1.count }), to: critics)
    isStarted = true
  }
}

/// The buffers of a session, allocated once, and the forward pass over them.
final class SessionScratch {
  let actor: SessionMemory
  let critic: SessionMemory
  private let storage: FloatStorage
  let input: UnsafeMutablePointer<Float>
  let head: HeadOutput
  let value: UnsafeMutablePointer<Float>
  private let gates: UnsafeMutablePointer<Float>
  private let cellTanh: UnsafeMutablePointer<Float>
  private let policyRows: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>)
  private let valueRows: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>)
  /// What the action head read last.
  private var headInput: UnsafePointer<Float>

  init(spec: NetworkSpec, widest: Int) {
    let hidden = spec.hiddenCount
    actor = SessionMemory(count: hidden)
    critic = SessionMemory(count: spec.criticMemory == .separate ? hidden : 0)
    let valueWidth = spec.hasValueHead ? widest : 0
    let lengths = [spec.inputs, 1, 4 * hidden, hidden, widest, widest, valueWidth, valueWidth]
    head = HeadOutput(spec.factors)
    storage = FloatStorage(count: lengths.reduce(0, +))
    var next = storage.base
    let parts = lengths.map { length in
      defer { next += length }
      return next
    }
    (input, value, gates, cellTanh) = (parts[0], parts[1], parts[2], parts[3])
    policyRows = (parts[4], parts[5])
    valueRows = (parts[6], parts[7])
    headInput = UnsafePointer(input)
  }

  /// From a raw observation, (D), to the head's logits. Throws where they are not finite; the next memory becomes current only by `commit`.
  func step(_ policy: InferencePolicy, _ observation: UnsafePointer<Float>, startsEpisode: Bool) throws(DecisionError) {
    if let normalizer = policy.normalizer {
      normalizer.normalize(observation, into: input)
    } else {
      input.update(from: observation, count: policy.spec.inputs)
    }
    forward(policy: policy, startsEpisode: startsEpisode)
    for action in 0..<policy.spec.actions where !head.logits[action].isFinite { throw .outputNotFinite(action: action) }
  }

  /// From `input` to the head's logits and, with a value head, `value`; the next memory is computed but not yet current.
  func forward(policy: InferencePolicy, startsEpisode: Bool) {
    let plan = policy.plan
    let parameters = UnsafePointer(policy.storage.base)
    var features = UnsafePointer(input)
    if let recurrence = plan.actorMemory {
      step(recurrence, actor, policy, startsEpisode: startsEpisode)
      features = UnsafePointer(actor.nextHidden)
    }
    let activation = policy.spec.activation
    headInput = tower(plan.policyTower, reading: features, in: policyRows, activation, parameters)
    affine(plan.actionHead, parameters, reading: headInput, writing: head.logits)

    guard let valueHead = plan.valueHead else { return }
    if let recurrence = plan.criticMemory {
      step(recurrence, critic, policy, startsEpisode: startsEpisode)
      features = UnsafePointer(critic.nextHidden)
    } else if let projection = plan.criticProjection {
      affine(projection, parameters, reading: UnsafePointer(input), writing: valueRows.1)
      features = UnsafePointer(valueRows.1)
    }
    let valueFeatures = tower(plan.valueTower, reading: features, in: valueRows, activation, parameters)
    affine(valueHead, parameters, reading: valueFeatures, writing: value)
  }

  func commit() {
    actor.commit()
    critic.commit()
  }

  /// See `PolicySession.headMagnitude`; of the last `forward`.
  func headMagnitude(_ policy: InferencePolicy) -> Double {
    let head = policy.plan.actionHead
    let parameters = UnsafePointer(policy.storage.base)
    var largest = 0.0
    for row in 0..<head.rows {
      let weights = parameters + head.weight + row * head.columns
      var sum = abs(Double(parameters[head.bias + row]))
      for column in 0..<head.columns { sum += abs(Double(weights[column]) * Double(headInput[column])) }
      // Written so that NaN stays.
      if !(sum <= largest) { largest = sum }
    }
    return largest
  }

  /// One LSTM step: the gates start at the sum of both biases, then take W_ih x, then W_hh h.
  private func step(
    _ recurrence: ForwardPlan.Recurrence, _ memory: SessionMemory, _ policy: InferencePolicy, startsEpisode: Bool
  ) {
    let parameters = UnsafePointer(policy.storage.base)
    let hidden = memory.count
    if startsEpisode {
      // The step after a refused decision must still find the old memory, so only the copy that is read is cleared: the next
      // buffers hold zeros first and are overwritten by the step.
      memory.nextHidden.update(repeating: 0, count: hidden)
      memory.nextCell.update(repeating: 0, count: hidden)
    }
    let readHidden = startsEpisode ? memory.nextHidden : memory.hidden
    let readCell = startsEpisode ? memory.nextCell : memory.cell
    gates.update(from: policy.gateBiases.base + recurrence.gateBias, count: 4 * hidden)
    MatrixVector.multiplyAdd(
      weights: parameters + recurrence.inputWeight, rows: 4 * hidden, columns: policy.spec.inputs, x: input,
      y: gates)
    MatrixVector.multiplyAdd(
      weights: parameters + recurrence.hiddenWeight, rows: 4 * hidden, columns: hidden, x: readHidden, y: gates)
    LSTMGates.forward(
      rows: 1, hiddenCount: hidden, gates: gates, gateStride: 4 * hidden, previousCell: readCell, cell: memory.nextCell,
      cellTanh: cellTanh, cellStride: hidden, hidden: memory.nextHidden, hiddenStride: hidden)
  }

  /// The hidden layers, alternating between two buffers; returns where the result lies.
  private func tower(
    _ layers: [ForwardPlan.Layer], reading input: UnsafePointer<Float>,
    in rows: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>), _ activation: NetworkSpec.Activation,
    _ parameters: UnsafePointer<Float>
  ) -> UnsafePointer<Float> {
    var read = input
    for layer in layers {
      let write = read == UnsafePointer(rows.0) ? rows.1 : rows.0
      affine(layer, parameters, reading: read, writing: write)
      switch activation {
      case .tanh: Elementwise.tanh(write, count: layer.rows)
      case .relu: Elementwise.relu(write, count: layer.rows)
      }
      read = UnsafePointer(write)
    }
    return read
  }

  /// y = bias + W x.
  private func affine(
    _ layer: ForwardPlan.Layer, _ parameters: UnsafePointer<Float>, reading x: UnsafePointer<Float>,
    writing y: UnsafeMutablePointer<Float>
  ) {
    y.update(from: parameters + layer.bias, count: layer.rows)
    MatrixVector.multiplyAdd(
      weights: parameters + layer.weight, rows: layer.rows, columns: layer.columns, x: x, y: y)
  }
}
