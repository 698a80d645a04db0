// One turn of a learner in a random world.

import Algorithms
import TestSupport

extension Algorithm {
  /// Every step of a rollout, ready to learn from.
  func collect(from world: RandomEpisodes) {
    for step in 0..<rollout.horizon {
      act(at: step)
      world.step(rollout.actions(at: step), lanes: 0..<world.laneCount, into: rollout.stepBuffers(at: step))
      absorb(at: step)
    }
    finishRollout()
  }

  /// One rollout and one update.
  func iterate(in world: RandomEpisodes, progressRemaining: @autoclosure () -> Double = 0.7) -> UpdateStatistics {
    collect(from: world)
    let statistics = update(progressRemaining: progressRemaining())
    startNextRollout()
    return statistics
  }
}
