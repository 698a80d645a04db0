// The shapes of networks as a run is told them: of a policy with its critic, and of action values.

package import Inference
package import Text

/// What can be set about a network; the switch for memory is the algorithm's tag.
package struct NetworkShapes: Sendable, Equatable {
  /// The shape of a network of action values.
  package struct ActionValues: Sendable, Equatable {
    package var hiddenLayers = [64, 64]
    package var activation = NetworkSpec.Activation.relu
  }

  package var lstmHidden = 64
  package var criticMemory = NetworkSpec.CriticMemory.sharedJoint
  package var policyTower: [Int] = []
  package var valueTower: [Int] = []
  package var activation = NetworkSpec.Activation.tanh
  package var actionValues = ActionValues()

  package init() {}

  /// A policy and a critic of it.
  package func actorCritic(hasMemory: Bool, inputs: Int, actions: Int) -> NetworkSpec {
    NetworkSpec(
      inputs: inputs, actions: actions, memory: hasMemory ? .lstm(hidden: lstmHidden, critic: criticMemory) : .none,
      policyTower: policyTower, valueTower: valueTower, activation: activation, hasValueHead: true)
  }

  /// What actions are worth; dueling, the worth of states and of actions apart.
  package func actionValues(isDueling: Bool, inputs: Int, actions: Int) -> NetworkSpec {
    let layers = actionValues.hiddenLayers
    return NetworkSpec(
      inputs: inputs, actions: actions, memory: .none, policyTower: layers, valueTower: isDueling ? layers : [],
      activation: actionValues.activation, hasValueHead: isDueling, kind: isDueling ? .dueling : .actionValues)
  }

  package static let actorCriticSettings: [SettingOf<NetworkShapes>] = [
    .integer("network.lstm_hidden", \.lstmHidden, 1...4096, "units of the LSTM"),
    .choice(
      "network.critic_memory", \.criticMemory,
      [("separate", .separate), ("shared_detached", .sharedDetached), ("shared_joint", .sharedJoint), ("none", .none)],
      "what the critic remembers"),
    .integers(
      "network.policy_tower", \.policyTower, 1...8192, "hidden layers of the policy; [] is a linear head"),
    .integers("network.value_tower", \.valueTower, 1...8192, "hidden layers of the value function"),
    .choice("network.activation", \.activation, [("tanh", .tanh), ("relu", .relu)], "of the hidden layers"),
  ]

  package static let actionValueSettings: [SettingOf<NetworkShapes>] = [
    .integers(
      "network.hidden_layers", \.actionValues.hiddenLayers, 1...8192,
      "hidden layers of the action values, and of a dueling network's state value; [] is linear"),
    .choice(
      "network.activation", \.actionValues.activation, [("tanh", .tanh), ("relu", .relu)], "of the hidden layers"),
  ]
}
