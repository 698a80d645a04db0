// How good a policy is on the window that chooses between checkpoints.

private import Environments
private import Evaluation
package import Inference

/// The greedy result of a policy on the selection window, in its deployed form.
package struct SelectionScore: Sendable, Equatable {
  /// Mean undiscounted return of an episode, in the environment's units (dollars where it trades).
  package let meanReward: Double
  package let meanLength: Double

  /// A market: the one walk through the selection window. A planted market: fresh episodes from streams that training never draws from.
  package static func score(_ policy: DeployedPolicy, factory: EnvironmentFactory, seed: UInt64) throws(TrainingError)
    -> SelectionScore
  {
    if factory.configuration.environment.hasWindows {
      let walk = try factory.walk(.selection)
      let record = try TrainingError.deciding { () throws(DecisionError) in
        try Backtest.run(walk, decider: PolicyDecider(policy, mode: .greedy), seed: seed, keeps: .account)
      }
      let gain = (record.closes.last ?? record.initialDollars) - record.initialDollars
      return SelectionScore(meanReward: gain, meanLength: Double(record.count))
    }
    let environment = factory.game(laneCount: plantedLanes)
    let steps = max(plantedLanes * environment.episodeLength, plantedSteps)
    let run = try TrainingError.deciding { () throws(DecisionError) in
      try PlantedRun.play(environment, steps: steps, seed: WindowSeed.seed(seed, .selection), unit: .episode) {
        PolicyDecider(policy, mode: .greedy, lane: $0)
      }
    }
    return SelectionScore(meanReward: run.mean, meanLength: Double(environment.episodeLength))
  }

  private static let plantedLanes = 20
  /// Short episodes need more of them before their mean chooses anything but noise.
  private static let plantedSteps = 20_000
}

/// Seeds of the windows of a planted market: as far apart as the streams of different seeds are.
package enum WindowSeed {
  package static func seed(_ seed: UInt64, _ window: Window) -> UInt64 {
    switch window {
    case .training: seed
    case .selection: seed &+ 0x5e1e_c710_0000_0000
    case .heldOut: seed &+ 0xe1a1_0a7e_0000_0000
    }
  }
}
