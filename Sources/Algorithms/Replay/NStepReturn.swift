// Returns over several steps of a replay memory.

package import AgentInterface

/// What a transition and the steps after it are worth.
package struct NStepReturn: Sendable, Equatable {
  /// Discounted rewards of the steps.
  package var reward: Float
  /// What the value after the last step is worth; 0 where that step terminated.
  package var discount: Float
  /// The row of the last step, whose next observation is the one to go on from.
  package var lastRow: Int

  /// Up to `steps` steps of `lane` from `row` on, the last being one that ended an episode, or the newest there is.
  ///
  /// scaled: a reward as it is learned from. Source: NStepReplayBuffer of stable-baselines3 2.9.
  package init(
    _ store: any TransitionStore, row: Int, lane: Int, steps: Int, gamma: Float, scaled: (Float) -> Float = { $0 }
  ) {
    let newest = store.newest
    var current = row
    var power: Float = 1
    reward = 0
    for step in 1...steps {
      reward += power * scaled(store.reward(row: current, lane: lane))
      power *= gamma
      let end = store.end(row: current, lane: lane)
      if end != .none || current == newest || step == steps {
        discount = end == .terminated ? 0 : power
        lastRow = current
        return
      }
      current = current + 1 == store.capacity ? 0 : current + 1
    }
    preconditionFailure("a return over \(steps) steps")
  }
}
