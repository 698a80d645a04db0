// The hyper-parameters of DQN.

package import AgentInterface
package import Inference
package import Networks
import Text

extension DQN {
  /// The hyper-parameters; defaults are those of stable-baselines3 2.9, every extension switched off.
  package struct Configuration: Hashable, Codable, Sendable {
    package var learningRate = 1e-4
    package var learningRateSchedule = LearningRateSchedule.constant
    package var gamma = 0.99
    /// Transitions that the replay memory holds, over all lanes.
    package var bufferSize = 1_000_000
    /// What the replay memory may take of the memory; a larger one lies in a file.
    package var replayMemoryMebibytes = 256
    package var replayPrecision = ReplayPrecision.float32
    /// Environment steps over all lanes before anything is learned; until then actions are random.
    package var learningStarts = 100
    package var batchSize = 32
    /// Steps a lane makes between two updates.
    package var trainFrequency = 4
    /// Gradient steps of an update; -1 takes one for each transition gathered since the last.
    package var gradientSteps = 1
    /// Environment steps over all lanes between two updates of the target network.
    package var targetUpdateInterval = 10_000
    /// The share of the learner that the target network moves to; 1 copies it.
    package var tau = 1.0
    /// The share of the run over which exploration falls from its first to its last rate.
    package var explorationFraction = 0.1
    package var explorationInitial = 1.0
    package var explorationFinal = 0.05
    package var maxGradientNorm = 10.0
    package var adamEpsilon = 1e-8
    /// The learner chooses the best next action, the target network values it (van Hasselt et al. 2016).
    package var double = false
    /// The network values states and actions apart (Wang et al. 2016).
    package var dueling = false
    /// Steps of a return before it goes on with a value.
    package var nSteps = 1
    /// Transitions are drawn by how much was to be learned from them.
    package var prioritized = false
    package var priority = PrioritySettings()
    package var normalizeObservations = false
    package var normalizeRewards = false
    package var observationClip = 10.0
    package var rewardClip = 10.0
    /// Rollouts between two rows of the log: a rollout is short.
    package var logInterval = 100

    package init() {}

    /// What keeps these values from being used, in words, or nil.
    package func problem(spec: NetworkSpec) -> String? {
      if let problem = SettingOf.problem(of: DQN.Configuration.settings, in: self) { return problem }
      if gradientSteps != -1, gradientSteps < 1 {
        return "algorithm.gradient_steps is \(gradientSteps); it must be above 0, or -1 for one a transition"
      }
      if !spec.factors.isJoint {
        return
          "algorithm.name is dqn, which learns what each of a few actions is worth, but this environment's actions are "
          + "\(spec.factors.widths.count) independent choices; train it with ppo or a2c"
      }
      if spec.kind != (dueling ? .dueling : .actionValues) { return "algorithm.dueling does not go with this network" }
      return nil
    }

    /// The share of random decisions after `steps` of `totalSteps`. Source: LinearSchedule of stable-baselines3 2.9.
    package func exploration(steps: Int, totalSteps: Int) -> Double {
      let done = Double(steps) / Double(max(totalSteps, 1))
      return done > explorationFraction
        ? explorationFinal
        : explorationInitial + done * (explorationFinal - explorationInitial) / explorationFraction
    }
  }
}
