// How often the gate promotes luck, and how often an edge: many weekends of simulated returns.

import TestSupport
import Testing

@testable import Release

@Suite struct PromotionPowerTests {
  /// A kind of weekend and in how many of a hundred something may, or must, be promoted.
  struct Row: CustomStringConvertible {
    let name: String
    let weekend: SimulatedWeekend
    var weekends = 400
    var atMost: Double?
    var atLeast: Double?
    /// Percent that were found when this rule was tried; for the table alone.
    var tried: Double?
    var description: String { name }
  }

  private static let luck = [
    Row(
      name: "12 candidates without an edge, 250 sessions, against the champion alone", weekend: SimulatedWeekend(),
      atMost: 7.5),
    Row(name: "the same with three baselines", weekend: SimulatedWeekend(baselines: 3), atMost: 1),
    Row(
      name: "champion and challenger of equal Sharpe ratio 1.5, correlation 0.9",
      weekend: SimulatedWeekend(
        candidates: 1, candidateSharpe: 1.5, championSharpe: 1.5, championCorrelation: 0.9), atMost: 8),
  ]

  private static func edge(_ candidates: Int, _ sharpe: Double, _ sessions: Int, tried: Double, atLeast: Double? = nil)
    -> Row
  {
    Row(
      name:
        "\(candidates == 1 ? "one candidate" : "\(candidates) candidates") of Sharpe ratio \(sharpe), \(sessions) sessions",
      weekend: SimulatedWeekend(
        candidates: candidates, sessions: sessions, candidateSharpe: sharpe, baselines: 3, correlation: 0.9),
      weekends: 200, atLeast: atLeast, tried: tried)
  }

  private static let power = [
    edge(1, 1.9, 250, tried: 13), edge(1, 2.5, 250, tried: 25), edge(1, 3, 250, tried: 45),
    edge(12, 1.9, 504, tried: 9), edge(12, 2.5, 504, tried: 30), edge(12, 3, 504, tried: 60),
    edge(12, 1.9, 1008, tried: 44), edge(12, 2.5, 1008, tried: 78), edge(12, 3, 1008, tried: 93, atLeast: 85),
    edge(12, 1.9, 2264, tried: 92, atLeast: 85), edge(12, 2.5, 2264, tried: 100), edge(12, 3, 2264, tried: 100),
  ]

  /// Rows without a bound of their own must lie within four standard errors, and five percent, of what was tried.
  @Test(.enabled(if: SlowTests.areEnabled, "long: set STRIKEFORGE_SLOW=1"), arguments: luck + power)
  func promotionsAreAsRareAndAsFrequentAsTheyMustBe(_ row: Row) {
    let promoted = row.weekend.promotions(in: row.weekends, seed: 16)
    let percent = 100 * Double(promoted) / Double(row.weekends)
    let share = (row.tried ?? 0) / 100
    let slack = 400 * (max(0.01, share * (1 - share)) * 2 / Double(row.weekends)).squareRoot() + 5
    let (holds, threshold): (Bool, String)
    if let most = row.atMost {
      (holds, threshold) = (percent <= most, "<= \(most) %")
    } else if let least = row.atLeast {
      (holds, threshold) = (percent >= least, ">= \(least) %")
    } else {
      (holds, threshold) = (abs(percent - 100 * share) <= slack, "about \(100 * share) %")
    }
    ProofTable.record(
      "promotion: \(row.name), promoted", figure: "\(percent) %", threshold: threshold,
      seeds: "\(row.weekends) weekends", holds: holds)
    #expect(holds, "\(row): \(percent) %, \(threshold)")
  }
}
