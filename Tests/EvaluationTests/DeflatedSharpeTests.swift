// The deflated Sharpe ratio: skfolio's numbers, and the best of many strategies that know nothing.

import Glibc
import Kernels
import TestSupport
import Testing
import Text

@testable import Evaluation

@Suite struct DeflatedSharpeTests {
  @Test func numbersAreThoseOfSkfolio() throws {
    let golden = try Golden("deflated_sharpe").json
    let year = ReturnStatistics.sessionsPerYear.squareRoot()
    for one in try #require(golden["cases"]?.arrayValue) {
      let (returns, sharpes) = (one["returns"]?.numbers ?? [], one["trial_sharpes_a_session"]?.numbers ?? [])
      let tolerance = try #require(one["tolerance"]?.doubleValue)
      let found = try #require(
        DeflatedSharpe(
          returns, trials: sharpes.count, trialDeviation: year * (ReturnStatistics.standardDeviation(sharpes) ?? 0)))
      let name = one["name"]?.stringValue ?? ""
      for (own, expected) in [(found.probabilityAboveZero, "above_zero"), (found.probability, "deflated")] {
        let number = try #require(one[expected]?.doubleValue)
        #expect(abs(own - number) <= tolerance, "\(name): \(expected) \(own), not \(number)")
      }
    }
    for one in try #require(golden["best_of"]?.arrayValue) {
      let expected = try #require(one["deviations"]?.doubleValue)
      let found = DeflatedSharpe.deviationsOfTheBest(of: try #require(one["trials"]?.integerValue))
      #expect(abs(found - expected) <= 1e-13 * abs(expected), "\(found), not \(expected)")
    }
  }

  /// Sharpe 2.0 a year over 252 sessions, skewness -0.5, kurtosis 5, 20 tries that scatter by 1.0: worked out by hand from the formulas.
  @Test func aWorkedExample() throws {
    let found = try #require(
      DeflatedSharpe(
        sharpePerSession: 2 / ReturnStatistics.sessionsPerYear.squareRoot(), sessions: 252, skewness: -0.5, kurtosis: 5,
        trials: 20, trialDeviation: 1))
    #expect(abs(found.threshold - 1.9007) < 5e-5 && abs(found.probabilityAboveZero - 0.9727) < 5e-5)
    #expect(abs(found.probability - 0.5380) < 5e-5)
  }

  @Test func whatDoesNotVaryHasNone() {
    #expect(DeflatedSharpe([0.01, 0.01, 0.01, 0.01], trials: 3, trialDeviation: 1) == nil)
    #expect(DeflatedSharpe([0.01, 0.02], trials: 3, trialDeviation: 1) == nil)
    let one = DeflatedSharpe([0.01, -0.02, 0.03], trials: 1, trialDeviation: 1)
    #expect(one?.threshold == 0 && one?.probability == one?.probabilityAboveZero)
  }

  @Test func fewRatiosAreNotTrusted() {
    #expect(DeflatedSharpe.trialDeviation(ofSharpes: [5, -5], sessions: 63) == 2)
    let ten = (0..<10).map { Double($0 % 2) }
    #expect(DeflatedSharpe.trialDeviation(ofSharpes: ten, sessions: 63) == ReturnStatistics.standardDeviation(ten))
  }

  /// 200 random strategies on one market, the best of them looked at: its ratio alone looks good, the deflated one is below 0.95 in at least 95 of 100
  /// repeats.
  @Test func theBestOfRandomStrategiesIsNoFind() {
    var (looksGood, isFound) = (0, 0)
    for repetition in 0..<100 {
      var stream = RandomStream(seed: 77, purpose: .market, lane: UInt32(repetition))
      let market = (0..<504).map { _ in 0.01 * stream.nextNormal() }
      let tries = (0..<200).map { _ in market.map { stream.nextDouble() < 0.5 ? $0 : -$0 } }
      let sharpes = tries.map { ReturnStatistics.sharpe($0) ?? 0 }
      guard let best = sharpes.indices.max(by: { sharpes[$0] < sharpes[$1] }),
        let found = DeflatedSharpe(
          tries[best], trials: tries.count,
          trialDeviation: DeflatedSharpe.trialDeviation(ofSharpes: sharpes, sessions: market.count))
      else {
        Issue.record("no ratio in repetition \(repetition)")
        continue
      }
      if found.probabilityAboveZero >= 0.95 { looksGood += 1 }
      if found.probability >= 0.95 { isFound += 1 }
    }
    #expect(looksGood >= 95 && isFound <= 5, "\(looksGood) look good, \(isFound) are found")
  }
}
