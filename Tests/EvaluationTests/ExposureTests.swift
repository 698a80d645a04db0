// What was at work, by hand.

import Environments
import Testing
import Trading

@testable import Evaluation

@Suite struct ExposureTests {
  /// Bought at the first open and sold at the second; a session without anything; bought again.
  @Test func sessionsAreMeasuredByWhatWorkedInThem() {
    let exposure = Exposure(
      values: [1000, 1010, 1005, 1005, 1025], grossAtClose: [0, 510, 0, 0, 620], grossAtOpen: [500, 0, 0, 600])
    #expect(exposure.grossAtClose == [510, 0, 0, 620])
    let shares: [Double] = [510.0 / 1010, 0, 0, 620.0 / 1025]
    #expect(exposure.shares == shares)
    #expect(exposure.atWork == [500, 510, 0, 600])
    let returns: [Double?] = [0.02, -5.0 / 510, nil, 20.0 / 600]
    #expect(exposure.sessionReturns == returns)
    let mean = 1610.0 / 3
    #expect(exposure.meanAtWork == mean && exposure.returnOnCapitalAtWork == 25 / mean)
    #expect(!exposure.fellBelowHalfOfItsStart && exposure.warning == nil)
  }

  @Test func nothingAtWorkHasNoReturn() {
    let idle = Exposure(values: [1000, 1000, 1000], grossAtClose: [0, 0, 0], grossAtOpen: [0, 0])
    #expect(idle.meanAtWork == nil && idle.returnOnCapitalAtWork == nil && idle.sessionReturns.count { $0 == nil } == 2)
    let none = Exposure(values: [1000], grossAtClose: [0], grossAtOpen: [])
    #expect(none.atWork.isEmpty && none.returnOnCapitalAtWork == nil && !none.fellBelowHalfOfItsStart)
    // A lost account has no share of itself at work.
    let lost = Exposure(values: [1000, -5], grossAtClose: [0, 900], grossAtOpen: [950])
    let loss: [Double?] = [-1005.0 / 950]
    #expect(lost.shares == [0] && lost.sessionReturns == loss)
  }

  @Test func longsAndShortsAddUp() {
    #expect(Exposure.gross([2, -3], prices: [[5, 10], [7, 20]], bar: 1) == 80)
    #expect(Exposure.gross([0, 0], prices: [[5, 10], [7, 20]], bar: 0) == 0)
  }

  /// Exposure at the closes; each session's open as the close before.
  private func walk(_ values: [Double], _ gross: [Double]) -> Exposure {
    Exposure(values: [values[0]] + values, grossAtClose: [0] + gross, grossAtOpen: [0] + gross.dropLast())
  }

  /// 900 dollars of an account that goes from 1000 to 3600: nine sessions with a position, of which the first and the last two count.
  @Test func aGrowingAccountLeavesFixedDollarsBehind() throws {
    let values = [1000.0, 1200, 1500, 1500, 2000, 2200, 2500, 3000, 3000, 3600]
    let gross = [900.0, 900, 900, 0, 900, 900, 900, 900, 900, 900]
    let exposure = walk(values, gross)
    let decline = try #require(exposure.decline)
    #expect(exposure.fellBelowHalfOfItsStart)
    let shares = ((900.0 / 1000 + 900.0 / 1200) / 2, (900.0 / 3000 + 900.0 / 3600) / 2)
    #expect(decline.firstShare == shares.0 && decline.lastShare == shares.1)
    #expect(decline.firstValue == 1100 && decline.lastValue == 3300)
    #expect(
      exposure.warning
        == "What was at work fell from 82.5 % of the account (first quarter of the sessions with a position) to 27.5 % (last "
        + "quarter), because the account grew from 1,100 to 3,300 $ and a unit did not: environment.unit_share sizes units by "
        + "the account.")
  }

  @Test func otherFallsAreNotTheAccountsGrowth() {
    let growing = [1000.0, 1200, 1500, 1800, 2000, 2200, 2500, 3000]
    // Half exactly is not below half.
    #expect(walk([1000, 1500, 1500, 2000], [900, 900, 900, 900]).decline == nil)
    #expect(walk([1000, 1500, 1500, 2001], [900, 900, 900, 900]).fellBelowHalfOfItsStart)
    // A position that follows.
    #expect(walk(growing, growing.map { 0.9 * $0 }).decline == nil)
    // A policy that came to hold a third of the dollars, while the account grew a little.
    #expect(walk([1000, 1000, 1100, 1100], [900, 900, 300, 300]).decline == nil)
    // A lost half: the account did not grow.
    #expect(walk(growing.reversed(), [2700, 2700, 2000, 2000, 1500, 1000, 400, 400]).decline == nil)
    // Fewer than four closes with a position.
    #expect(walk([1000, 2000, 2500, 9000], [900, 900, 0, 900]).decline == nil)
  }

  /// The walk itself writes down what is held, before and after its fills.
  @Test func aWalkRecordsWhatItHolds() throws {
    let environment = ToyTradingEnvironment(tape: ToyTape.make([[100, 100, 110, 121, 121, 60]]))
    let record = try Backtest.run(
      environment, decider: BaselineDecider(.buyAndHold, for: environment), seed: 1)
    // One share, bought at 100 for a dollar, at the open after the first decision.
    #expect(record.grossAtClose == [0, 110, 121, 121, 60] && record.grossAtOpen == [100, 110, 121, 121])
    let exposure = record.exposure
    #expect(exposure.atWork == [100, 110, 121, 121])
    // Values are whole micro-dollars times 1e-6, which rounds.
    let returns: [Double] = [0.09, 0.1, 0, -61.0 / 121]
    for (found, expected) in zip(exposure.sessionReturns, returns) {
      let found = try #require(found)
      #expect(abs(found - expected) < 1e-12)
    }
    let whole = try #require(exposure.returnOnCapitalAtWork)
    #expect(abs(whole + 41.0 / 113) < 1e-12)
  }
}
