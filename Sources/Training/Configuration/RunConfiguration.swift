// Everything that a run depends on, as one value.

package import Algorithms
package import Environments
package import Inference
private import Kernels
package import Market
package import Networks

/// A whole run, resolved. The defaults train a recurrent, masked PPO on two symbols.
package struct RunConfiguration: Sendable, Equatable {
  /// How long, from which seed, and how often to save and look.
  package struct Run: Sendable, Equatable {
    /// What the policy is called in what it leaves behind; empty takes the run folder's name.
    package var modelName = ""
    package var seed = 0
    /// Environment steps over all lanes, rounded up to whole rollouts.
    package var totalTimesteps = 500_000
    /// Threads; 0 takes every core. The numbers of a run do not depend on it.
    package var workers = 0
    /// What does the learner's arithmetic. Only the last bits of a run's numbers depend on it.
    package var kernels = LearnerKernels.automatic
    /// What the products of a policy with memory take, where the processor has a unit for it.
    package var precision = LearnerPrecision.float32
    /// Steps between checkpoints, rounded up to whole rollouts.
    package var checkpointInterval = 100_000
    package var keepCheckpoints = 3
    /// Steps between looks at the selection window.
    package var evaluationInterval = 100_000
    /// Whether the rows go to `metrics.jsonl` too.
    package var metricsJSONLines = true
    /// Whether the rows go to TensorBoard's event files too.
    package var tensorBoard = true
  }

  /// Which game is played, on which data.
  package struct World: Sendable, Equatable {
    package var name = "dual_ticker"
    /// The market store; unused by planted markets.
    package var store = ""
    package var lanes = 64
    package var assets: [String] = []
    /// A series of the store that is only looked at; empty for none.
    package var benchmarkSymbol = ""
    /// What the configuration's author expects of the spaces; 0 expects nothing.
    package var observationDimension = 0
    package var actionSpace = 0
    /// Bars before the first decision that are history only.
    package var lookbackWindow = 50
    /// Dollars; a unit times the maximum units may not exceed it. Nil: no such limit.
    package var maxPositionPerAsset: Double?
    /// Bars of a training episode.
    package var episodeLength = 252
    package var trading = BasketConfiguration()
    package var planted = PlantedOptions()
  }

  /// Which dates may be seen when. Enforced: training, selection and report windows never overlap.
  package struct Split: Sendable, Equatable {
    package var trainingFrom = CalendarDate(year: 1990, month: 1, day: 1)!
    package var trainingUntil = CalendarDate(year: 2009, month: 12, day: 31)!
    /// Exchange sessions up to `trainingUntil` that training sees; 0 sees all since `trainingFrom`.
    package var trainingSessions = 0
    package var selectionFrom = CalendarDate(year: 2010, month: 1, day: 1)!
    package var selectionUntil = CalendarDate(year: 2010, month: 12, day: 31)!
    package var heldOutFrom = CalendarDate(year: 2011, month: 1, day: 3)!
    package var heldOutUntil = CalendarDate(year: 2030, month: 12, day: 31)!
  }

  /// The shape of the network; the switch for memory is the algorithm's tag.
  package struct Network: Sendable, Equatable {
    package var lstmHidden = 64
    package var criticMemory = NetworkSpec.CriticMemory.sharedJoint
    package var policyTower: [Int] = []
    package var valueTower: [Int] = []
    package var activation = NetworkSpec.Activation.tanh
  }

  /// The shape of a network of action values.
  package struct ActionValueNetwork: Sendable, Equatable {
    package var hiddenLayers = [64, 64]
    package var activation = NetworkSpec.Activation.relu
  }

  package var run = Run()
  /// What is looked for while a run learns, and what follows.
  package var health = HealthSettings()
  package var world = World()
  package var split = Split()
  package var algorithm = AlgorithmTag.ppoLSTMMask
  /// What each algorithm would be run with; `learner` is the one that is.
  package var ppo = PPO.Configuration(hasMemory: true)
  package var a2c = A2C.Configuration()
  package var dqn = DQN.Configuration()
  package var network = Network()
  package var actionValueNetwork = ActionValueNetwork()

  package init() {
    ppo.horizon = 128
    ppo.batchSize = 2048
    ppo.epochs = 4
    ppo.normalizeObservations = true
    ppo.normalizeRewards = true
    a2c.normalizeObservations = true
    a2c.normalizeRewards = true
    dqn.bufferSize = 100_000
    dqn.normalizeObservations = true
    dqn.normalizeRewards = true
  }

  /// The hyper-parameters of the algorithm that is run.
  package var learner: any LearnerConfiguration {
    switch algorithm.family {
    case .ppo: ppo
    case .a2c: a2c
    case .dqn: dqn
    }
  }

  /// The network for an environment's spaces.
  package func networkSpec(inputs: Int, actions: Int) -> NetworkSpec {
    guard algorithm.family.isActorCritic else {
      let layers = actionValueNetwork.hiddenLayers
      return NetworkSpec(
        inputs: inputs, actions: actions, memory: .none, policyTower: layers, valueTower: dqn.dueling ? layers : [],
        activation: actionValueNetwork.activation, hasValueHead: dqn.dueling,
        kind: dqn.dueling ? .dueling : .actionValues)
    }
    return NetworkSpec(
      inputs: inputs, actions: actions,
      memory: algorithm.hasMemory ? .lstm(hidden: network.lstmHidden, critic: network.criticMemory) : .none,
      policyTower: network.policyTower, valueTower: network.valueTower, activation: network.activation,
      hasValueHead: true)
  }

  /// Why `run.precision` cannot go with the rest; nil where it can.
  func precisionProblem(_ spec: NetworkSpec) -> String? {
    guard run.precision != .float32 else { return nil }
    let setting = "run.precision=\(run.precision.rawValue)"
    guard spec.hiddenCount > 0 else {
      return "\(setting) is for policies with memory, and \(algorithm.rawValue) has none; leave it at float32"
    }
    guard BFloat16Panels.supports(hidden: spec.hiddenCount) else {
      return "\(setting) needs a network.lstm_hidden that is a multiple of 16, not \(spec.hiddenCount)"
    }
    guard run.kernels != .blas else {
      return "\(setting) cannot go with run.kernels=blas, whose products are float32; set one of the two"
    }
    return nil
  }

  /// Steps of one rollout over all lanes.
  package var stepsPerRollout: Int { learner.stepsBetweenUpdates * world.lanes }

  /// `run.total_timesteps` rounded up to whole rollouts.
  package var wholeTimesteps: Int {
    (run.totalTimesteps + stepsPerRollout - 1) / stepsPerRollout * stepsPerRollout
  }

  /// The discounting horizon 1 / (1 - gamma) in bars; infinite for gamma 1.
  package var discountHorizonBars: Double { learner.discount < 1 ? 1 / (1 - learner.discount) : .infinity }
}
