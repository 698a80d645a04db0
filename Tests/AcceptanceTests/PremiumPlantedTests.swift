// Sold premium where the answer is known, through the whole road: nothing is found where quotes are fair, although most trades are won; rich ones are sold.

import TestSupport
import Testing
import Text

@Suite(.serialized) struct PremiumPlantedTests {
  /// What the rule earns a session: a call spread of $5 below a delta of 0.15 on the rich half of the days, from minute 31 to the forced exit.
  private static let rule = 10.5

  /// A quarter of the sessions and of the steps, one seed: spreads that cost more than they bring are left alone.
  @Test func theShortVersionLeavesFairQuotesAlone() throws {
    let road = try PlantedOptionsRoad("options", configuration: "planted-premium", sessions: 340)
    let judged = try road.judge(
      seed: 0,
      settings: [
        "run.total_timesteps=131072", "split.training_until=2016-12-30", "split.selection_from=2017-01-03",
        "split.selection_until=2017-01-13", "split.held_out_from=2017-01-17",
      ])
    #expect(judged.profits.count > 60 && !judged.foundEdge, "\(judged.headline)")
    #expect(judged.fills < judged.profits.count / 2, "\(judged.fills) fills in \(judged.profits.count) sessions")
  }

  @Test(.enabled(if: SlowTests.areEnabled, "long: set STRIKEFORGE_SLOW=1"))
  func whereQuotesAreFairNothingIsFound() throws {
    let road = try PlantedOptionsRoad("options", configuration: "planted-premium")
    try road.proveNoEdge("short_premium on a martingale")
    // Who sells a call spread in every session wins most of them, and is paid nothing for it.
    let sold = try road.baseline("sold-calls", seed: 0)
    let won = 100 * (try #require(sold["win_rate"]?.doubleValue))
    let dollars = try #require(sold["expectancy_dollars"]?.doubleValue)
    let lower = try #require(sold["expectancy_interval"]?["lower"]?.doubleValue)
    road.record(
      "call spreads sold on a martingale, trades won and dollars a trade", "\(cents(won)) %, \(cents(dollars))",
      "> 60 % won, no gain told from 0", holds: won > 60 && lower <= 0)
  }

  @Test(.enabled(if: SlowTests.areEnabled, "long: set STRIKEFORGE_SLOW=1"))
  func richQuotesAreSold() throws {
    try PlantedOptionsRoad("options_rich", configuration: "planted-premium")
      .proveEdge("short_premium on rich quotes", rule: Self.rule)
  }
}
