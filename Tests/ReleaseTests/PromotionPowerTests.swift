// How often the gate promotes luck, and how often an edge: many weekends of simulated returns.

import TestSupport
import Testing
import Text

@testable import Release

@Suite struct PromotionPowerTests {
  /// A kind of weekend and in how many of a hundred something may, or must, be promoted.
  struct Row: CustomStringConvertible {
    let name: String
    let weekend: SimulatedWeekend
    var weekends = 2000
    var atMost: Double?
    var atLeast: Double?
    /// Percent that normal accounts of so many sessions give, where correlations are known: for the table alone.
    var expected: Double?
    var description: String { name }
  }

  /// Resamples of a weekend here: the level of 5 % is known to a percent of itself.
  private static let resamples = 499

  /// In how many weekends one passes that is no better than the champion.
  private static let luck = [
    Row(
      name: "12 candidates without an edge, 250 sessions, against the champion alone", weekend: SimulatedWeekend(),
      atMost: 7.5),
    Row(name: "the same with three baselines", weekend: SimulatedWeekend(baselines: 3), weekends: 1000, atMost: 1),
    Row(
      name: "the same 12 with a correlation of 0.9, champion alone", weekend: SimulatedWeekend(correlation: 0.9),
      atMost: 7.5),
    Row(
      name: "the same 12 with a correlation of 0.9, three baselines",
      weekend: SimulatedWeekend(baselines: 3, correlation: 0.9), weekends: 1000, atMost: 1),
    Row(
      name: "the same 12 with a correlation of 0.9, heavy tails, champion alone",
      weekend: SimulatedWeekend(correlation: 0.9, hasHeavyTails: true), atMost: 7.5),
    Row(
      name: "the same 12, a session's correlation with the one before 0.2, champion alone",
      weekend: SimulatedWeekend(autocorrelation: 0.2), atMost: 7.5),
    Row(
      name: "9 without an edge beside 3 of Sharpe ratio 4, correlation 0.5, one of the 9 passes",
      weekend: SimulatedWeekend(correlation: 0.5, better: 3, betterSharpe: 4), atMost: 7.5),
    Row(
      name: "champion and challenger of equal Sharpe ratio 1.5, correlation 0.9",
      weekend: SimulatedWeekend(
        candidates: 1, candidateSharpe: 1.5, championSharpe: 1.5, championCorrelation: 0.9), atMost: 8),
    Row(
      name: "champion and 12 challengers of equal Sharpe ratio 1.5, correlation 0.9",
      weekend: SimulatedWeekend(candidateSharpe: 1.5, championSharpe: 1.5, championCorrelation: 0.9), atMost: 8),
  ]

  private static func edge(
    _ candidates: Int, _ sharpe: Double, _ sessions: Int, expected: Double, atLeast: Double? = nil
  ) -> Row {
    Row(
      name:
        "\(candidates == 1 ? "one candidate" : "\(candidates) candidates") of Sharpe ratio \(sharpe), \(sessions) sessions",
      weekend: SimulatedWeekend(
        candidates: candidates, sessions: sessions, candidateSharpe: sharpe, baselines: 3, correlation: 0.9),
      weekends: 200, atLeast: atLeast, expected: expected)
  }

  private static let power = [
    edge(1, 1.9, 250, expected: 11), edge(1, 2.5, 250, expected: 23), edge(1, 3, 250, expected: 38),
    edge(12, 1.9, 504, expected: 29), edge(12, 2.5, 504, expected: 57), edge(12, 3, 504, expected: 78),
    edge(12, 1.9, 1008, expected: 66, atLeast: 44), edge(12, 2.5, 1008, expected: 92, atLeast: 78),
    edge(12, 3, 1008, expected: 99, atLeast: 93), edge(12, 1.9, 2264, expected: 98, atLeast: 92),
    edge(12, 2.5, 2264, expected: 100), edge(12, 3, 2264, expected: 100),
  ]

  @Test(.enabled(if: SlowTests.areEnabled, "long: set STRIKEFORGE_SLOW=1"), arguments: luck)
  func luckIsPromotedAsRarelyAsItMustBe(_ row: Row) {
    let passed = row.weekend.mistakes(in: row.weekends, seed: 16, resamples: Self.resamples)
    let percent = 100 * Double(passed) / Double(row.weekends)
    let most = row.atMost ?? 0
    ProofTable.record(
      "promotion: \(row.name), promoted", figure: "\(percent) %", threshold: "<= \(most) %",
      seeds: "\(row.weekends) weekends", holds: percent <= most)
    #expect(percent <= most, "\(row): \(percent) %, <= \(most) %")
  }

  /// Rows without a bound of their own must lie within four standard errors, and five percent, of what is expected.
  @Test(.enabled(if: SlowTests.areEnabled, "long: set STRIKEFORGE_SLOW=1"), arguments: power)
  func edgesArePromotedAsOftenAsTheirWindowAllows(_ row: Row) {
    let promoted = row.weekend.promotions(in: row.weekends, seed: 16, resamples: Self.resamples)
    let percent = 100 * Double(promoted) / Double(row.weekends)
    let share = (row.expected ?? 0) / 100
    let slack = 400 * (max(0.01, share * (1 - share)) * 2 / Double(row.weekends)).squareRoot() + 5
    let (holds, threshold): (Bool, String) =
      if let least = row.atLeast {
        (percent >= least, ">= \(least) %")
      } else {
        (abs(percent - 100 * share) <= slack, "about \(DecimalText.fixed(100 * share, decimals: 0)) %")
      }
    ProofTable.record(
      "promotion: \(row.name), promoted", figure: "\(percent) %", threshold: threshold,
      seeds: "\(row.weekends) weekends", holds: holds)
    #expect(holds, "\(row): \(percent) %, \(threshold)")
  }
}
