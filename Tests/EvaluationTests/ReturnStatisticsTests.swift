// Metrics of daily returns against empyrical, and what is undefined.

import TestSupport
import Testing
import Text

@testable import Evaluation

@Suite struct ReturnStatisticsTests {
  @Test func agreesWithEmpyrical() throws {
    let cases = try #require(try Golden("performance_metrics").json["cases"]?.arrayValue)
    #expect(cases.count >= 26)
    for golden in cases {
      let returns = try #require(golden["returns"]).numbers
      let tolerance = try #require(golden["relativeTolerance"]?.doubleValue)
      let name = golden["name"]?.stringValue ?? "?"
      var value = 1000.0
      let closes = returns.map { one in
        value *= 1 + one
        return value
      }
      let drawdown = ReturnStatistics.maximumDrawdown(initial: 1000, closes: closes)?.depth
      let annual = ReturnStatistics.annualReturn(returns)
      let sharpe = ReturnStatistics.sharpe(returns)
      let found: [(String, Double?)] = [
        ("total_return", ReturnStatistics.totalReturn(returns)),
        ("annual_return", annual),
        ("annual_volatility", ReturnStatistics.annualVolatility(returns)),
        ("sharpe", sharpe),
        (
          "sharpe_standard_error",
          sharpe.flatMap { ReturnStatistics.sharpeStandardError(annualSharpe: $0, sessions: returns.count) }
        ),
        ("downside_risk", ReturnStatistics.downsideDeviation(returns)),
        ("sortino", ReturnStatistics.sortino(returns)),
        ("max_drawdown", drawdown),
        ("calmar", drawdown.flatMap { $0 < 0 ? (annual ?? .nan) / -$0 : nil }),
      ]
      for (key, figure) in found {
        guard let expected = golden[key]?.doubleValue else {
          #expect(figure == nil, "\(name).\(key): \(String(describing: figure)) where it is undefined")
          continue
        }
        let error = abs((figure ?? .nan) - expected)
        #expect(
          error <= tolerance * abs(expected),
          "\(name).\(key): expected \(expected), found \(String(describing: figure)), tolerance \(tolerance) relative")
      }
    }
  }

  @Test func undefinedIsNil() {
    #expect(ReturnStatistics.totalReturn([]) == nil)
    #expect(ReturnStatistics.annualReturn([]) == nil)
    #expect(ReturnStatistics.annualVolatility([0.01]) == nil)
    #expect(ReturnStatistics.sharpe([0.01]) == nil)
    #expect(ReturnStatistics.sharpe([0.01, 0.01, 0.01]) == nil)
    #expect(ReturnStatistics.sortino([0.01]) == nil)
    #expect(ReturnStatistics.sortino([0.01, 0.02]) == nil)
    #expect(ReturnStatistics.annualReturn([-1.5]) == nil)
    #expect(ReturnStatistics.maximumDrawdown(initial: 1, closes: []) == nil)
    #expect(ReturnStatistics.sharpeStandardError(annualSharpe: 1, sessions: 1) == nil)
  }

  /// 95 % half-widths of a Sharpe ratio near zero, in years of data: 1.96 / sqrt(years).
  @Test(arguments: [(21, 6.8), (63, 3.9), (126, 2.8), (252, 1.96), (504, 1.39)])
  func standardErrorShrinksWithTheRootOfTime(sessions: Int, halfWidth: Double) throws {
    let error = try #require(ReturnStatistics.sharpeStandardError(annualSharpe: 0, sessions: sessions))
    #expect(abs(1.96 * error - halfWidth) < 0.05)
  }

  /// Annual ratio 2 over 100 sessions, by hand: per session 2 / sqrt(252) = 0.125988; squared 0.015873; half 0.0079365;
  /// sqrt(1.0079365 / 100) = 0.1003960; times sqrt(252) = 1.593739.
  @Test func standardErrorByHand() throws {
    let error = try #require(ReturnStatistics.sharpeStandardError(annualSharpe: 2, sessions: 100))
    #expect(abs(error - 1.593739) < 2e-6)
  }

  /// From 100: 90 (down 10 % on the first day), 95, 100 (back), 120, 60 (half), 80, 119: never back at 120.
  @Test func drawdownSeedsItsPeakWithTheStartingBalance() throws {
    let short = try #require(ReturnStatistics.maximumDrawdown(initial: 100, closes: [90, 95, 100]))
    #expect(abs(short.depth + 0.1) < 1e-15)
    #expect(short.peak == -1 && short.trough == 0 && short.recovery == 2 && short.durationSessions == 3)
    let long = try #require(ReturnStatistics.maximumDrawdown(initial: 100, closes: [90, 95, 100, 120, 60, 80, 119]))
    #expect(long.depth == -0.5)
    #expect(long.peak == 3 && long.trough == 4 && long.recovery == nil && long.durationSessions == 3)
    #expect(long.longestUnderwaterSessions == 3)
    let never = try #require(ReturnStatistics.maximumDrawdown(initial: 100, closes: [100, 101]))
    #expect(never.depth == 0 && never.durationSessions == 0 && never.longestUnderwaterSessions == 0)
  }

  @Test func underwaterIsMeasuredFromTheHighestSoFar() throws {
    let closes: [Double] = [90, 95, 100, 120, 60, 80, 119]
    let falls = ReturnStatistics.underwater(initial: 100, closes: closes)
    #expect(falls[..<4].elementsEqual([90.0 / 100 - 1, 95.0 / 100 - 1, 0, 0]) && falls[4] == -0.5)
    let drawdown = try #require(ReturnStatistics.maximumDrawdown(initial: 100, closes: closes))
    #expect(falls.min() == drawdown.depth)
    #expect(ReturnStatistics.underwater(initial: 100, closes: []).isEmpty)
  }

  @Test func returnsStartFromTheInitialValue() {
    #expect(ReturnStatistics.dailyReturns(initial: 100, closes: [110, 55, 0]) == [110.0 / 100 - 1, -0.5, -1])
  }
}
