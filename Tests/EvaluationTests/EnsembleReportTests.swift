// What each member of an ensemble adds, on markets where it is known.

import AgentInterface
import Environments
import Inference
import Testing
import Text

@testable import Evaluation

@Suite struct EnsembleReportTests {
  /// Short below zero, long above: the optimum of the leak; and its opposite.
  private let solver = ToyPolicy.linear(weights: [[-50, 0], [0, 0], [50, 0]], biases: [0, -1, 0])
  private let opposite = ToyPolicy.linear(weights: [[50, 0], [0, 0], [-50, 0]], biases: [0, -1, 0])

  private func report(
    _ members: [(String, InferencePolicy, Int)], _ rule: CombinationRule, best: String, isFittedHere: Bool = false
  ) throws -> EnsembleReport {
    let policy = DeployedPolicy(
      ensemble: members.map { .init(name: $0.0, policy: $0.1, weight: $0.2) }, rule: rule, fallback: 1)
    return try EnsembleReport(
      planted: Lanes(LeakMarket(), laneCount: 40), policy: policy, best: best, unit: .step, steps: 20_000,
      isFittedHere: isFittedHere, seed: 2)
  }

  @Test func whoIsOutvotedDissentsAndAddsNothing() throws {
    let report = try report(
      [("first", solver, 3), ("second", solver, 2), ("third", opposite, 1)], .hardVote, best: "first")
    #expect(report.rows.map(\.disagreement) == [0, 0, 1] && report.disagreementWithBest == 0)
    #expect(report.decisions == 20_000 && report.rows.map(\.share) == [0.5, 1.0 / 3, 1.0 / 6])
    #expect(report.whole == report.rows[0].alone && report.rows[2].alone == -report.whole)
    // Without any of them the rest decides the same, and nothing is what it adds.
    for row in report.rows { #expect(row.without == report.whole && row.contribution?.estimate == 0) }
    #expect(report.lines.allSatisfy { $0.count <= 80 })
    #expect(report.sentences[0].contains("in 0.0 % of 20000 decisions"))
  }

  /// With equal weights the two who disagree are in an exact tie, which is flat and earns nothing; each alone rules.
  @Test func aMemberAddsWhatTheOthersLackWithoutIt() throws {
    let report = try report(
      [("right", solver, 1), ("wrong", opposite, 1)], .hardVote, best: "right", isFittedHere: true)
    #expect(report.whole == 0 && report.disagreementWithBest == 1)
    #expect(report.rows[0].without == report.rows[1].alone && report.rows[1].without == report.rows[0].alone)
    #expect(try #require(report.rows[0].contribution).isAboveZero && #require(report.rows[1].contribution).isBelowZero)
    // Of two the worse speaks, and the verdict is nobody's alone.
    #expect(
      report.sentences.contains {
        $0.hasPrefix("Alone the members earn from ") && $0.contains(" (wrong) to ") && $0.contains(" (right), median ")
      })
    #expect(report.sentences.contains { $0.hasPrefix("right adds") })
    #expect(report.sentences.contains { $0.hasPrefix("wrong takes away") })
    #expect(report.sentences.last?.contains("prove nothing") == true)
    #expect(report.json["members"]?.arrayValue?.count == 2 && report.json["fitted_on_this_window"] == true)
    // One member alone has nobody to be compared with.
    let alone = try self.report([("only", solver, 1)], .softVote, best: "only")
    #expect(alone.rows[0].without == nil && alone.rows[0].contribution == nil && alone.whole == alone.rows[0].alone)
  }
}
