// One seed on a proving ground, an update after the other.

import Algorithms
package import Inference
package import Kernels
import Networks
import Training

/// A learner that goes on as far as whoever looks at it on the way wants.
package final class ProvingAttempt {
  private let ground: ProvingGround
  private let learner: any Algorithm
  private let collector: Collector
  private let timesteps: Int
  /// Over all lanes.
  package private(set) var steps = 0

  /// timesteps: of the whole attempt, by which schedules fall. Unless it `isRewarded` it is a control: every reward is 0.
  package init(
    _ ground: ProvingGround, seed: UInt64, timesteps: Int, pool: WorkerPool, isRewarded: Bool = true
  ) {
    self.ground = ground
    self.timesteps = timesteps
    let learner = ground.configuration.makeLearner(
      LearnerSetup(
        spec: ground.spec, laneCount: ground.laneCount, isMasked: false, totalSteps: timesteps, seed: seed, pool: pool))
    if !ground.isOrthogonal, let learner = learner as? OnPolicyLearner { ground.beginUniform(learner, seed: seed) }
    self.learner = learner
    collector = Collector(
      environment: ground.task.environment(laneCount: ground.laneCount), algorithm: learner, pool: pool)
    collector.begin(seed: seed)
    if !isRewarded {
      collector.onGathered = { $0.rewards.update(repeating: 0, count: $0.horizon * $0.laneCount) }
    }
  }

  package var isOver: Bool { steps >= timesteps }

  /// One rollout, and what is learned from it.
  package func advance() {
    collector.collect()
    steps += ground.laneCount * ground.configuration.stepsBetweenUpdates
    _ = learner.update(progressRemaining: 1 - Double(steps) / Double(timesteps))
    learner.startNextRollout()
  }

  /// What it would decide by now.
  package var policy: InferencePolicy {
    InferencePolicy(
      spec: ground.spec, parameters: learner.parameters.values.array, normalizer: learner.observationNormalizer,
      requiresMask: false)
  }
}
