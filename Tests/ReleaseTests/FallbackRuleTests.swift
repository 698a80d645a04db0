// A rule that was written before: a decline that was planted moves the name, luck does not.

import Evaluation
import Kernels
import Testing
import Training

@testable import Release

@Suite struct FallbackRuleTests {
  private func account(_ sharpe: Double, _ sessions: Int, lane: UInt32) -> [Double] {
    var stream = RandomStream(seed: 3, purpose: .market, lane: lane)
    return (0..<sessions).map { _ in 0.01 * (sharpe / 252.0.squareRoot() + stream.nextNormal()) }
  }

  private func rule(_ measure: FallbackRule.Measure = .sharpe, window: Int = 126, floor: Double = 0.5) throws
    -> FallbackRule
  {
    try FallbackRule(window: window, measure: measure, floor: floor, version: "0001")
  }

  /// A good year, then half a year of steady losses: the rule fires, and not before.
  @Test(arguments: FallbackRule.Measure.allCases) func aPlantedDeclineMovesTheName(_ measure: FallbackRule.Measure)
    throws
  {
    let rule = try rule(measure, floor: measure == .sharpe ? 0.5 : 0)
    let returns = account(2, 252, lane: 1) + account(-6, 126, lane: 2)
    for count in [252, 262] {
      guard case .holds = rule.judge(Array(returns.prefix(count))) else {
        Issue.record("it fires after \(count) sessions")
        continue
      }
    }
    guard case .fallsBack(let found) = rule.judge(returns) else {
      Issue.record("it does not fire")
      return
    }
    #expect(found.upper < rule.floor && found.lower < found.estimate && found.confidence == 0.95)
  }

  @Test func whatCannotBeToldIsNoDecline() throws {
    let rule = try rule()
    #expect(rule.judge(account(-9, 125, lane: 1)) == .tooFew(125))
    #expect(rule.judge([Double](repeating: 0, count: 200)) == .idle)
    #expect(try self.rule(.meanReturn).judge([Double](repeating: 0, count: 200)) == .idle)
    // An account that is merely below the floor, by luck: of 40 without an edge it fires for few.
    let fired = (0..<40).count { lane in
      if case .fallsBack = rule.judge(account(0.5, 126, lane: UInt32(100 + lane))) { true } else { false }
    }
    #expect(fired <= 4, "\(fired) of 40")
  }

  @Test func uselessRulesAreRefused() {
    for (window, floor, confidence) in [(19, 0.0, 0.95), (60, .nan, 0.95), (60, 0, 1), (60, 0, 0.2)] {
      #expect(throws: TrainingError.self) {
        _ = try FallbackRule(window: window, floor: floor, confidence: confidence, version: "0001")
      }
    }
  }

  @Test func theSentenceNamesTheRule() throws {
    #expect(
      try rule().description
        == "fallback to 0001 where the 95 % interval of sharpe over the last 126 sessions lies below 0.5")
  }
}
