// Features that come a bar late must not earn more: if they did, those in time would stand at the wrong bar.

import AgentInterface
import Environments
import Evaluation
import Glibc
import Kernels
import Market
import TestSupport
import Testing
import Trading

/// A market whose returns follow the volume of an earlier bar.
private struct DelayCase: Sendable, CustomTestStringConvertible {
  enum Expectation { case worse, notBetter, better }

  let testDescription: String
  /// How many bars before a return the volume lies that tells of it; 0: none does.
  let lag: Int
  /// What late features do to the Sharpe ratio.
  let expected: Expectation

  static let all = [
    DelayCase(testDescription: "returns follow the last volume", lag: 1, expected: .worse),
    DelayCase(testDescription: "returns follow nothing", lag: 0, expected: .notBetter),
    // What the test must be able to see: here the volume before the last is the one that tells, and only late features have it.
    DelayCase(testDescription: "control: they follow the volume before", lag: 2, expected: .better),
  ]

  func series(bars: Int, seed: UInt64) -> BarSeries {
    var series = SyntheticTape.series(symbols: ["AAA"], bars: bars, seed: seed)[0]
    var random = RandomStream(seed: seed, purpose: .market, lane: 9)
    let signals = (0..<bars).map { _ in random.nextNormal() }
    for bar in 0..<bars {
      let before = bar == 0 ? 50 : series.close[bar - 1]
      let told = lag > 0 && bar >= lag ? 0.35 * signals[bar - lag] : 0
      series.volume[bar] = (1_000_000 * exp(0.3 * signals[bar])).rounded()
      series.open[bar] = before * exp(0.001 * random.nextNormal())
      series.close[bar] = before * exp(0.012 * (told + random.nextNormal()))
      series.high[bar] = max(series.open[bar], series.close[bar]) * 1.002
      series.low[bar] = min(series.open[bar], series.close[bar]) * 0.998
    }
    return series
  }
}

/// Goes long where a linear fit of the first half's features expects a gain, and short where it expects a loss.
private final class LinearDecider: Decider {
  private let means: [Double]
  private let deviations: [Double]
  private let weights: [Double]
  private static let count = BasketObservation.features.count

  /// Least squares with a ridge of a thousandth of the rows, on standardised features.
  init(rows: [[Double]], gains: [Double]) {
    let count = LinearDecider.count
    let size = Double(rows.count)
    let means = (0..<count).map { column in rows.reduce(0) { $0 + $1[column] } / size }
    let deviations = (0..<count).map { column in
      max(
        (rows.reduce(0) { $0 + ($1[column] - means[column]) * ($1[column] - means[column]) } / size).squareRoot(), 1e-9)
    }
    (self.means, self.deviations) = (means, deviations)
    // Normal equations [matrix | right], a constant as the last feature.
    var system = [[Double]](repeating: [Double](repeating: 0, count: count + 2), count: count + 1)
    for (row, gain) in zip(rows, gains) {
      let x = (0..<count).map { (row[$0] - means[$0]) / deviations[$0] } + [1]
      for i in 0...count {
        for j in 0...count { system[i][j] += x[i] * x[j] }
        system[i][count + 1] += x[i] * gain
      }
    }
    for i in 0..<count { system[i][i] += 1e-3 * size }
    for pivot in 0...count {
      for row in 0...count where row != pivot {
        let factor = system[row][pivot] / system[pivot][pivot]
        for column in pivot...(count + 1) { system[row][column] -= factor * system[pivot][column] }
      }
    }
    weights = (0...count).map { system[$0][count + 1] / system[$0][$0] }
  }

  func decide(_ observation: Span<Float>, mask: ActionMask, startsEpisode: Bool) -> Choice {
    var expected = weights[LinearDecider.count]
    for column in 0..<LinearDecider.count {
      expected += weights[column] * (Double(observation[column]) - means[column]) / deviations[column]
    }
    let held = observation[LinearDecider.count]
    let order = expected > 0 ? (held < 1 ? 1 : 0) : (held > -1 ? -1 : 0)
    let action = order + 1
    return Choice(action: mask.allows(action) ? ActionNumber(action) : 1, confidence: nil)
  }
}

@Suite struct DelayTests {
  private static let bars = 1500

  /// Daily returns of the second half, with features `delay` bars late both in fitting and in trading.
  private func returns(_ series: BarSeries, delay: Int) throws -> [Double] {
    let tape = MarketTape([series])
    let half = Self.bars / 2
    let environment = try BasketEnvironment(
      tape: tape,
      configuration: BasketConfiguration(
        allowShort: true, drawdown: DrawdownTiers(warn: 0.9, reduce: 0.95, halt: 0.99)),
      window: half..<Self.bars, laneCount: 1, episodes: .continuous, recordsFills: true)
    let features = environment.features
    let count = BasketObservation.features.count
    let bars = (MarketFeatures.warmUpBars + 1)..<(half - 2)
    let rows = bars.map { bar in
      (0..<count).map { Double(features.value(bar: bar - delay, symbol: 0, feature: $0)) }
    }
    // What a position earns that is ordered at the bar's close.
    let gains = bars.map { log(tape.open[0][$0 + 2] / tape.open[0][$0 + 1]) }
    var late = Tampering()
    late.observation = { row, bar in
      for column in 0..<count { row[column] = features.value(bar: bar - delay, symbol: 0, feature: column) }
    }
    let record = try Backtest.run(
      TamperedEnvironment(environment, late), decider: LinearDecider(rows: rows, gains: gains), seed: 1)
    #expect(record.illegalAttempts == 0 && record.fills.count > 50)
    return record.dailyReturns
  }

  /// Over twenty markets, because a fit's luck, and what its turnover costs, is part of the noise: days of one market would not show it.
  @Test(arguments: DelayCase.all)
  fileprivate func `late features earn no more than timely ones`(_ market: DelayCase) throws {
    let differences = try (0..<20).map { (seed: UInt64) -> Double in
      let series = market.series(bars: Self.bars, seed: seed)
      let (timely, late) = (try returns(series, delay: 0), try returns(series, delay: 1))
      #expect(timely != late)
      return try #require(ReturnStatistics.sharpe(late)) - #require(ReturnStatistics.sharpe(timely))
    }
    let difference = try #require(Bootstrap.mean(differences, seed: 3))
    let text = [difference.estimate, difference.lower, difference.upper].map { ($0 * 100).rounded() / 100 }
    let holds =
      switch market.expected {
      case .worse: difference.isBelowZero
      case .notBetter: !difference.isAboveZero
      case .better: difference.isAboveZero
      }
    #expect(holds, "\(market.testDescription): late minus timely \(difference)")
    let threshold =
      switch market.expected {
      case .worse: "upper < 0"
      case .notBetter: "lower <= 0"
      case .better: "lower > 0"
      }
    ProofTable.record(
      "honesty: a bar's delay, \(market.testDescription)", figure: "Sharpe ratio \(text[0]) [\(text[1]), \(text[2])]",
      threshold: threshold, seeds: "0-19", holds: holds)
  }
}
