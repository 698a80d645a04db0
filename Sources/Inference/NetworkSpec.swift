// What a network is, as data.

public import AgentInterface

/// What the network *is*. Both wings of the agent build from this value and from nothing else.
public struct NetworkSpec: Hashable, Codable, Sendable {
  /// What the critic remembers when the policy has an LSTM.
  ///
  /// `separate`: an LSTM of its own. `sharedDetached`: it reads the actor's LSTM output, whose gradient it does not touch.
  /// `sharedJoint`: it reads the actor's LSTM output and trains it too. `none`: a linear projection of the observation to the
  /// LSTM's width, no activation (sb3-contrib 2.9, RecurrentActorCriticPolicy).
  public enum CriticMemory: String, Hashable, Codable, Sendable, CaseIterable {
    case separate, sharedDetached, sharedJoint, none
  }
  /// The actor's memory: none, or one LSTM layer of `hidden` units between the observation and the towers.
  public enum Memory: Hashable, Codable, Sendable {
    case none
    case lstm(hidden: Int, critic: CriticMemory)
  }
  /// What the numbers of the policy's head are.
  ///
  /// `actorCritic`: logits, beside a value function. `actionValues`: the value of each action, from one tower. `dueling`: the advantages of the
  /// actions, whose mean is taken off, beside the value of the state from a tower of its own (Wang et al. 2016, without shared layers); the
  /// best action is the same with that value and without.
  public enum Kind: String, Hashable, Codable, Sendable, CaseIterable { case actorCritic, actionValues, dueling }
  /// The towers' activation.
  public enum Activation: String, Hashable, Codable, Sendable, CaseIterable { case tanh, relu }

  /// What the numbers of the policy's head are.
  public let kind: Kind
  /// Observation columns, D.
  public let inputs: Int
  /// Numbers of the policy's head, A: the actions, or the choices of all factors together.
  public let actions: Int
  /// How they fall into independent choices; one where actions are chosen among jointly.
  public let factors: ActionFactors
  /// The actor's memory.
  public let memory: Memory
  /// Widths of the policy's hidden layers; empty for a linear head.
  public let policyTower: [Int]
  /// Widths of the value function's hidden layers; empty for a linear head.
  public let valueTower: [Int]
  /// The towers' activation.
  public let activation: Activation
  /// Whether the value function is part of the network; a deployed bundle may leave it out.
  public let hasValueHead: Bool

  /// A network from its parts. `factors`: nil chooses jointly among `actions`. Traps on widths below 1, above 64 actions, above
  /// `ActionFactors.mostChoices` of factors, and on factors of another number.
  public init(
    inputs: Int, actions: Int, memory: Memory, policyTower: [Int], valueTower: [Int], activation: Activation,
    hasValueHead: Bool, kind: Kind = .actorCritic, factors: ActionFactors? = nil
  ) {
    precondition(inputs >= 1, "a network of \(inputs) inputs")
    let most = factors == nil ? ActionFactors.mostOfOne : ActionFactors.mostChoices
    precondition((1...most).contains(actions), "a network of \(actions) actions: 1 to \(most) are supported")
    precondition((policyTower + valueTower).allSatisfy { $0 >= 1 }, "tower widths \(policyTower), \(valueTower)")
    if case .lstm(let hidden, _) = memory { precondition(hidden >= 1, "an LSTM of \(hidden) units") }
    precondition(kind != .actionValues || !hasValueHead, "action values have no value head beside them")
    precondition(kind == .actorCritic || memory == .none, "action values with a memory")
    self.kind = kind
    self.inputs = inputs
    self.actions = actions
    self.factors = factors ?? ActionFactors(joint: actions)
    precondition(self.factors.count == actions, "\(self.factors.count) choices for a network of \(actions) actions")
    self.memory = memory
    self.policyTower = policyTower
    self.valueTower = valueTower
    self.activation = activation
    self.hasValueHead = hasValueHead
  }

  /// Units of the actor's LSTM, H; 0 without memory.
  public var hiddenCount: Int {
    if case .lstm(let hidden, _) = memory { hidden } else { 0 }
  }

  /// What the critic remembers; nil without memory or without a value head.
  public var criticMemory: CriticMemory? {
    if case .lstm(_, let critic) = memory, hasValueHead { critic } else { nil }
  }

  /// Width of what the towers read: H with memory, D without.
  public var featureCount: Int { hiddenCount > 0 ? hiddenCount : inputs }

  /// The same network without its value function.
  public var actorOnly: NetworkSpec { with(factors: factors, hasValueHead: false) }

  /// The same network with a head that makes these choices.
  package func choosing(_ factors: ActionFactors) -> NetworkSpec { with(factors: factors, hasValueHead: hasValueHead) }

  private func with(factors: ActionFactors, hasValueHead: Bool) -> NetworkSpec {
    NetworkSpec(
      inputs: inputs, actions: factors.count, memory: memory, policyTower: policyTower, valueTower: valueTower,
      activation: activation, hasValueHead: hasValueHead, kind: kind, factors: factors)
  }

  // MARK: Names of tensors

  /// The state-dict names of stable-baselines3 2.9 (a dueling network has none there).
  package func policyLayerName(_ layer: Int) -> String {
    switch kind {
    case .actorCritic: "mlp_extractor.policy_net.\(2 * layer)"
    case .actionValues: "q_net.q_net.\(2 * layer)"
    case .dueling: "q_net.advantage_net.\(2 * layer)"
    }
  }

  package func valueLayerName(_ layer: Int) -> String {
    kind == .actorCritic ? "mlp_extractor.value_net.\(2 * layer)" : "q_net.value_net.\(2 * layer)"
  }

  package var actionHeadName: String { kind == .actorCritic ? "action_net" : policyLayerName(policyTower.count) }
  package var valueHeadName: String { kind == .actorCritic ? "value_net" : valueLayerName(valueTower.count) }
}
