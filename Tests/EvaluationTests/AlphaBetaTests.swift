// Alpha and beta against statsmodels, and by hand.

import TestSupport
import Testing
import Text

@testable import Evaluation

@Suite struct AlphaBetaTests {
  @Test func agreesWithStatsmodels() throws {
    let cases = try #require(try Golden("alpha_beta").json["cases"]?.arrayValue)
    #expect(cases.count == 7)
    for golden in cases {
      let name = golden["name"]?.stringValue ?? "?"
      let tolerance = try #require(golden["relativeTolerance"]?.doubleValue)
      let found = try #require(
        AlphaBeta(
          account: golden["account"]?.numbers ?? [], reference: golden["reference"]?.numbers ?? [],
          cash: golden["cash"]?.numbers ?? [], lags: golden["lags"]?.integerValue))
      #expect(found.lags == golden["used_lags"]?.integerValue, "\(name)")
      let figures: [(String, Double?)] = [
        ("alpha", found.alpha), ("alpha_standard_error", found.alphaStandardError), ("beta", found.beta),
        ("beta_standard_error", found.betaStandardError), ("r_squared", found.rSquared),
      ]
      for (key, figure) in figures {
        let expected = try #require(golden[key]?.doubleValue)
        #expect(
          abs((figure ?? .nan) - expected) <= tolerance * abs(expected),
          "\(name).\(key): expected \(expected), found \(String(describing: figure)), tolerance \(tolerance) relative")
      }
    }
  }

  /// Worked by hand: reference 0, 1, 2 and account 1, 2, 6 hundredths. Slope 2.5, intercept 0.5; residuals 0.5, -1, 0.5.
  @Test func agreesWithPaper() throws {
    let found = try #require(
      AlphaBeta(account: [0.01, 0.02, 0.06], reference: [0, 0.01, 0.02], cash: [0, 0, 0], lags: 0))
    #expect(abs(found.beta - 2.5) < 1e-14 && abs(found.alpha - 0.005) < 1e-16)
    // White's estimate: slope sum(u^2 x^2) / (sum x^2)^2 = (0.25 + 0.25) / 4 = 0.125, times 3 / 1.
    #expect(abs(found.betaStandardError - 0.375.squareRoot()) < 1e-14)
    // Intercept: parts u / 3 - x u / 2 = 5 / 12, -1 / 3, -1 / 12 (in hundredths); squares 42 / 144, times 3.
    #expect(abs(found.alphaStandardError - 0.01 * (42.0 / 144 * 3).squareRoot()) < 1e-16)
    // Of the account's squares 14 the residuals leave 1.5.
    #expect(abs((found.rSquared ?? 0) - (1 - 1.5 / 14)) < 1e-14)
    #expect(abs(found.alphaPerYear - 1.26) < 1e-13)
    #expect(abs(found.alphaPerYearInterval.upper - 1.26 - 1.959964 * 252 * found.alphaStandardError) < 1e-12)
    // One lag: of the slope's parts -1 / 4, 0, 1 / 4 no neighbours multiply to anything; of the intercept's all do.
    let lagged = try #require(
      AlphaBeta(account: [0.01, 0.02, 0.06], reference: [0, 0.01, 0.02], cash: [0, 0, 0], lags: 1))
    #expect(abs(lagged.betaStandardError - found.betaStandardError) < 1e-14)
    let products = -5.0 / 36 + 1.0 / 36
    #expect(abs(lagged.alphaStandardError - 0.01 * ((42.0 / 144 + products) * 3).squareRoot()) < 1e-16)
  }

  @Test func cashIsTakenOffBoth() throws {
    let reference = [0.01, -0.02, 0.015, 0.003, -0.007]
    let cash = [0.001, 0.002, 0.001, 0, 0.003]
    // Half in the market, half in cash: nothing is left over.
    let account = zip(reference, cash).map { 0.5 * $0 + 0.5 * $1 }
    let found = try #require(AlphaBeta(account: account, reference: reference, cash: cash))
    #expect(abs(found.beta - 0.5) < 1e-14 && abs(found.alpha) < 1e-17 && abs((found.rSquared ?? 0) - 1) < 1e-14)
    #expect(found.betaStandardError < 1e-14 && found.alphaStandardError < 1e-16)
  }

  @Test func whatCannotBeToldIsNil() throws {
    #expect(AlphaBeta(account: [], reference: [], cash: []) == nil)
    #expect(AlphaBeta(account: [0.1, 0.2], reference: [0.1, 0.3], cash: [0, 0]) == nil)
    #expect(AlphaBeta(account: [0.1, 0.2, 0.1], reference: [0.1, 0.1, 0.1], cash: [0, 0, 0]) == nil)
    // An account that never moves has a beta of 0, and no share of a variance that is not there.
    let flat = try #require(AlphaBeta(account: [0, 0, 0, 0], reference: [0.1, 0.2, 0, 0.1], cash: [0, 0, 0, 0]))
    #expect(flat.beta == 0 && flat.alpha == 0 && flat.alphaStandardError == 0 && flat.rSquared == nil)
    // A lost account is compared over the sessions that it had.
    let lost = try #require(
      AlphaBeta(account: [0.1, 0.2, -1], reference: [0.1, 0.2, 0, 0.1], cash: [0, 0, 0, 0]))
    #expect(lost.sessions == 3)
  }

  @Test(arguments: [(3, 1), (60, 3), (99, 3), (100, 4), (252, 4), (273, 5), (2264, 8)])
  func lagsFollowTheRule(sessions: Int, lags: Int) {
    #expect(AlphaBeta.lags(sessions: sessions) == lags)
  }
}
