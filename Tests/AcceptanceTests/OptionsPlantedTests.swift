// Bought options where the answer is known, through the whole road: nothing is found in a martingale, a visible drift is followed.

import TestSupport
import Testing

@Suite(.serialized) struct OptionsPlantedTests {
  /// What the rule earns a session: one contract at the money in the direction of the opening gap, from minute 31 to the forced exit.
  private static let rule = 143.9

  /// A quarter of the sessions and half of the steps, one seed: the drift is followed, which whoever sees no gap or cannot hold on does not.
  @Test func theShortVersionFollowsADrift() throws {
    let road = try PlantedOptionsRoad("options_drift", configuration: "planted-options", sessions: 340)
    let profit = try road.selectionProfit(
      seed: 0,
      settings: [
        "run.total_timesteps=262144", "split.training_until=2016-12-30", "split.selection_from=2017-01-03",
        "split.selection_until=2017-05-03", "split.held_out_from=2017-05-04",
      ])
    #expect(profit > 0.4 * Self.rule * 84, "\(profit) dollars in 84 sessions")
  }

  @Test(.enabled(if: SlowTests.areEnabled, "long: set STRIKEFORGE_SLOW=1"))
  func whereQuotesAreFairNothingIsFound() throws {
    try PlantedOptionsRoad("options", configuration: "planted-options").proveNoEdge("options on a martingale")
  }

  @Test(.enabled(if: SlowTests.areEnabled, "long: set STRIKEFORGE_SLOW=1"))
  func aVisibleDriftIsFollowed() throws {
    try PlantedOptionsRoad("options_drift", configuration: "planted-options")
      .proveEdge("options on a visible drift", rule: Self.rule)
  }
}
