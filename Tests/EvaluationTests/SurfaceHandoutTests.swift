// What a surface hands out: nothing on one that is fair, and what is caught where it is not.

import Kernels
import Market
import Testing
import Text

@testable import Evaluation

@Suite struct SurfaceHandoutTests {
  private static let count = 3000

  /// An index of 20 that says too much of days of 16 % a year. They are the normal law's own quantiles, in an order that mixes them: nothing is drawn, and nothing
  /// drifts.
  private func study() throws -> PremiumStudy {
    let calendar = TradingCalendar.xnys
    let first = try #require(CalendarDate("2000-01-03").flatMap { calendar.ordinal(of: $0) })
    var (underlying, index) = (BarSeries(symbol: "SPX"), BarSeries(symbol: "VIX"))
    var close = 1000.0
    for place in 0...Self.count {
      let date = calendar.sessions[first + place].date
      underlying.append(date: date, open: close, high: close, low: close, close: close, volume: 1)
      index.append(date: date, open: 20, high: 20, low: 20, close: 20, volume: 1)
      let quantile = (Double(place * 1217 % Self.count) + 0.5) / Double(Self.count)
      close *= 1 + NormalDistribution.quantile(quantile) * 0.16 / ReturnStatistics.sessionsPerYear.squareRoot()
    }
    return try PremiumStudy(underlying: underlying, index: index)
  }

  /// Behind the sessions in which the ratio is not yet measured.
  private func days(of study: PremiumStudy) -> ClosedRange<CalendarDate> {
    study.evenings[601].date...study.span.upperBound
  }

  /// numpy's figures of the same days: straddle 0.06, put 24.5, put spread 4.5, call -5.9, call spread -8.3 %.
  @Test func aStraddleOfAFairSurfaceKeepsNothingAndItsSmileIsToldOnNormalDays() throws {
    let study = try study()
    let found = try #require(SurfaceHandout(study, .fair, in: days(of: study), seed: 1))
    let kept = found.shares.map { $0.kept.estimate }
    for (share, wanted) in zip(kept, [0.0006, 0.2446, 0.0454, -0.0592, -0.0827]) {
      #expect(abs(share - wanted) < 2e-3, "\(kept)")
    }
    let straddle = found.shares[0].kept
    #expect(straddle.lower < 0 && straddle.upper > 0 && straddle.upper - straddle.lower < 0.08)
    // A smile that is fair to real tails pays who sells puts where days have none.
    #expect(found.shares[1].isUnfair && !found.shares[2].isUnfair && !found.isFair)
    let said = found.sentences.joined(separator: " ")
    #expect(said.contains("kept 0.1 % (") && said.contains("nothing there, but puts of 15 delta are not fair on it"))
    #expect(said.contains("puts 24.5 % (") && said.contains("call spreads -8.3 % ("), "\(said)")
    #expect(found.json["fair"] == .bool(false) && found.json["kept"]?["straddle"]?.arrayValue?.count == 3)
  }

  @Test func theIndexItselfAsVolatilityIsCaught() throws {
    let study = try study()
    let found = try #require(SurfaceHandout(study, level: .index, in: days(of: study), seed: 1))
    let straddle = found.shares[0].kept
    #expect(abs(straddle.estimate - 0.201) < 2e-3 && straddle.lower > 0.15)
    #expect(!found.isFair && found.shares.allSatisfy { $0.isUnfair })
    #expect(found.sentences[0].contains("it pays those who sell, and an agent that sells here has found that"))
  }

  @Test func aSpanOfFewDaysIsNotJudged() throws {
    let study = try study()
    let evenings = study.evenings
    #expect(SurfaceHandout(study, .fair, in: evenings[700].date...evenings[715].date, seed: 1) == nil)
    let found = try #require(SurfaceHandout(study, .fair, in: evenings[700].date...evenings[729].date, seed: 1))
    #expect(found.count == 30)
    // Who asks again is told the same.
    #expect(found == SurfaceHandout(study, .fair, in: evenings[700].date...evenings[729].date, seed: 1))
  }

  @Test func aVerdictOfMadeUpQuotesIsNeverOfAMarket() {
    let returns = (0..<200).map { 0.01 + 0.001 * Double($0 % 3) }
    var verdict = Verdict(policy: returns, baselines: [], chance: 0.001, seed: 1, firstLane: 16)
    #expect(verdict.headline == "an edge over every baseline on this window")
    verdict.isOfSyntheticQuotes = true
    #expect(verdict.headline == "an edge over every baseline on a synthetic surface")
  }
}
