// What the agent sees: names, order and values, and nothing of what lies outside its window.

import AgentInterface
import Environments
import Glibc
import Kernels
import Market
import TestSupport
import Testing
import Trading

private let featureNames = [
  "log_return_1", "log_return_5", "log_return_20", "rsi_14", "ema_12_gap", "ema_26_gap", "atr_14_fraction",
  "realized_volatility_20", "range_position_20", "volume_ratio_20", "open_gap", "drawdown_50",
]

@Test func columnsAreNamedInTheOrderThatIsTheContract() {
  let two = BasketObservation.space(symbols: ["AAPL", "MSFT"])
  #expect(two.count == 26)
  #expect(
    two.columns.map(\.name)
      == ["AAPL", "MSFT"].flatMap { symbol in
        (featureNames + ["position"]).map { symbol + "." + $0 }
      })
  #expect(
    BasketObservation.space(symbols: ["AAPL"]).columns.map(\.name) == featureNames.map { "AAPL." + $0 } + [
      "AAPL.position"
    ])
}

/// The twelve features of a symbol at a bar, each written out from the bars up to it.
private func plainFeatures(_ tape: MarketTape, _ symbol: Int, _ bar: Int) -> [Double] {
  let close = Array(tape.close[symbol][...bar])
  let high = Array(tape.high[symbol][...bar])
  let low = Array(tape.low[symbol][...bar])
  let volume = Array(tape.volume[symbol][...bar])
  func ema(_ span: Double) -> Double {
    var value = close[0]
    for price in close.dropFirst() { value += (price - value) * 2 / (span + 1) }
    return value
  }
  /// Wilder: the mean of the first 14, then one fourteenth of each new value.
  func wilder(_ values: [Double]) -> Double {
    values.dropFirst(14).reduce(values.prefix(14).reduce(0, +) / 14) { $0 * 13 / 14 + $1 / 14 }
  }
  let changes = (1...bar).map { close[$0] - close[$0 - 1] }
  let rise = wilder(changes.map { max($0, 0) })
  let fall = wilder(changes.map { max(-$0, 0) })
  let ranges = close.indices.map { day in
    day == 0
      ? high[0] - low[0]
      : max(high[day] - low[day], abs(high[day] - close[day - 1]), abs(low[day] - close[day - 1]))
  }
  let returns = (bar - 19...bar).map { log(close[$0] / close[$0 - 1]) }
  let mean = returns.reduce(0, +) / 20
  let variance = returns.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 19
  let top = high.suffix(20).reduce(0) { max($0, $1) }
  let bottom = low.suffix(20).reduce(.infinity) { min($0, $1) }
  return [
    log(close[bar] / close[bar - 1]), log(close[bar] / close[bar - 5]), log(close[bar] / close[bar - 20]),
    2 * rise / (rise + fall) - 1, close[bar] / ema(12) - 1, close[bar] / ema(26) - 1, wilder(ranges) / close[bar],
    (variance * 252).squareRoot(), (close[bar] - bottom) / (top - bottom),
    log((volume[bar] + 1) / (volume.suffix(20).reduce(0, +) / 20 + 1)), tape.open[symbol][bar] / close[bar - 1] - 1,
    close[bar] / high.suffix(50).reduce(0) { max($0, $1) } - 1,
  ]
}

@Test func valuesAreThoseOfThePlainFormulas() throws {
  let tape = MarketTape(SyntheticTape.series(bars: 300, seed: 9))
  let environment = try BasketEnvironment(tape: tape, window: 50..<300, laneCount: 1, episodes: .continuous)
  let row = StepRow(for: environment)
  row.reset(environment, seed: 1)
  for step in 0..<249 {
    let bar = environment.account(lane: 0).bar
    let observation = row.observation(0)
    for symbol in 0..<2 {
      for (column, expected) in plainFeatures(tape, symbol, bar).enumerated() {
        let found = Double(observation[symbol * 13 + column])
        #expect(
          abs(found - expected) <= 1e-6 * max(1, abs(expected)),
          "bar \(bar), symbol \(symbol), \(featureNames[column]): \(found), expected \(expected)")
      }
      #expect(observation[symbol * 13 + 12] == Float(environment.account(lane: 0).units[symbol]))
      #expect((-1...1).contains(observation[symbol * 13 + 3]) && (0...1).contains(observation[symbol * 13 + 8]))
    }
    row.chooseLegal(seed: 1, step: step)
    row.step(environment)
  }
}

@Test func whatHasNoDenominatorIsNeutral() throws {
  let tape = handMadeTape(["AAA"], bars: 60) { _, _ in HandMadeBar(open: 10, close: 10, volume: 0) }
  let environment = try BasketEnvironment(tape: tape, window: 50..<60, laneCount: 1, episodes: .continuous)
  let row = StepRow(for: environment)
  row.reset(environment, seed: 1)
  #expect(row.observation(0) == [0, 0, 0, 0, 0, 0, 0, 0, 0.5, 0, 0, 0, 0])
}

// MARK: - Windows

/// The tape with every bar after `bar` made of something else.
private func changed(_ series: [BarSeries], after bar: Int, _ change: (inout BarSeries, Int) -> Void) -> MarketTape {
  var copy = series
  for symbol in copy.indices {
    for later in bar + 1..<copy[symbol].count { change(&copy[symbol], later) }
  }
  return MarketTape(copy)
}

@Test func episodesNeverLeaveTheirWindow() throws {
  let series = SyntheticTape.series(bars: 300, seed: 2)
  func play(_ tape: MarketTape) throws -> [[UInt64]] {
    let environment = try BasketEnvironment(
      tape: tape, window: 60..<200, laneCount: 5, episodes: .randomStarts(length: 137))
    let row = StepRow(for: environment)
    row.reset(environment, seed: 3)
    var rows: [[UInt64]] = []
    for step in 0..<450 {
      row.chooseLegal(seed: 2, step: step)
      row.step(environment)
      for lane in 0..<5 {
        rows.append(row.bits(lane))
        #expect((60..<200).contains(environment.lastAccount(lane: lane).bar))
        #expect((60..<63).contains(environment.account(lane: lane).bar) || row.truncated[lane] == 0)
      }
    }
    return rows
  }
  let later = changed(series, after: 199) { series, bar in
    series.open[bar] = 3
    series.high[bar] = 5
    series.low[bar] = 2
    series.close[bar] = 4
    series.volume[bar] = 7
  }
  #expect(try play(MarketTape(series)) == play(later))
  // The window's last bar, though, is traded and marked.
  let last = changed(series, after: 198) { series, bar in
    series.close[bar] = series.open[bar] * 1.15
    series.high[bar] = series.open[bar] * 1.2
  }
  #expect(try play(MarketTape(series)) != play(last))
}
