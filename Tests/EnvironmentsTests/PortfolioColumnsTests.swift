// The three columns of the portfolio as a whole: names, values, no not-a-number, never the future.

import AgentInterface
import Market
import TestSupport
import Testing
import Trading

@testable import Environments

private struct PortfolioGolden: Decodable {
  struct Pair: Decodable {
    var pair: String
    var values: [Double]
  }
  struct Portfolio: Decodable {
    var bar: Int
    var shares: [Double]
    var value: Double
    var beta: Double
    var concentration: Double
  }
  var tolerance: Double
  var fromBar: Int
  var closes: [[Double]]
  var benchmark: [Double]
  var betas: [[Double]]
  var correlations: [Pair]
  var meanCorrelation: [Double]
  var portfolios: [Portfolio]
}

private func series(_ symbol: String, _ closes: [Double], as instrument: Instrument = .share) -> BarSeries {
  var series = BarSeries(symbol: symbol)
  series.instrument = instrument
  for (bar, close) in closes.enumerated() {
    series.append(
      date: CalendarDate(daysSinceEpoch: Int32(bar)), open: close, high: close, low: close, close: close,
      volume: instrument.hasVolume ? 1e6 : .nan)
  }
  return series
}

private func tape(_ golden: PortfolioGolden, symbols: Int) -> MarketTape {
  MarketTape(
    (0..<symbols).map { series("S\($0)", golden.closes[$0]) },
    benchmark: series("INDEX", golden.benchmark, as: .index))
}

private let wide = BasketConfiguration(portfolioFeatures: true)

@Test func threeColumnsFollowTheBlocks() throws {
  let golden = try GoldenFile.read("portfolio_columns", as: PortfolioGolden.self)
  let environment = try BasketEnvironment(
    tape: tape(golden, symbols: 2), configuration: wide, window: 50..<160, laneCount: 1, episodes: .continuous)
  #expect(environment.observationSpace.count == 29)
  #expect(
    environment.observationSpace.columns.map(\.name)
      == BasketObservation.space(symbols: ["S0", "S1"]).columns.map(\.name) + [
        "portfolio.correlation_30", "portfolio.beta_30", "portfolio.concentration",
      ])
  #expect(environment.actionSpace.count == 9)
  let three = try BasketEnvironment(
    tape: tape(golden, symbols: 3), configuration: wide, window: 50..<160, laneCount: 1, episodes: .continuous)
  #expect(three.observationSpace.count == 42)
}

@Test(arguments: [2, 3, 7]) func portfolioColumnsAreThoseOfPandas(symbols: Int) throws {
  let golden = try GoldenFile.read(
    symbols > 3 ? "portfolio_columns_wide" : "portfolio_columns", as: PortfolioGolden.self)
  let tape = tape(golden, symbols: symbols)
  for configuration in [wide, BasketConfiguration(maximumUnits: 2, allowShort: true, portfolioFeatures: true)] {
    let environment = try BasketEnvironment(
      tape: tape, configuration: configuration, window: 50..<160, laneCount: 1, episodes: .continuous)
    let row = StepRow(for: environment)
    row.reset(environment, seed: 1)
    var concentrations: Set<Float> = []
    for step in 0..<109 {
      let account = environment.account(lane: 0)
      let observation = row.observation(0)
      let known = account.bar - golden.fromBar
      let worth = account.shares.indices.map { account.shares[$0] * golden.closes[$0][account.bar] }
      let beta = worth.indices.reduce(0) { $0 + worth[$1] * golden.betas[$1][known] } * 1e6
      let gross = worth.reduce(0) { $0 + abs($1) }
      let expected = [
        symbols == 2 ? golden.correlations[0].values[known] : golden.meanCorrelation[known],
        beta / Double(account.netLiquidationMicroDollars), gross == 0 ? 0 : worth.map(abs).max()! / gross,
      ]
      for (column, expected) in expected.enumerated() {
        let found = Double(observation[13 * symbols + column])
        #expect(
          abs(found - expected) <= 1e-6, "bar \(account.bar), column \(column): \(found), expected \(expected)")
      }
      let concentration = observation[13 * symbols + 2]
      concentrations.insert(concentration)
      if account.units.allSatisfy({ $0 > 0 }) { #expect((1 / Float(symbols)...1).contains(concentration)) }
      row.chooseLegal(seed: 3, step: step)
      row.step(environment)
    }
    #expect(concentrations.contains(0) && concentrations.contains(1) && concentrations.count > 20)
  }
}

/// Beta and concentration of portfolios that no account here would come to.
@Test func givenPortfoliosAreThoseOfPandas() throws {
  let golden = try GoldenFile.read("portfolio_columns", as: PortfolioGolden.self)
  let features = MarketFeatures(
    tape: tape(golden, symbols: 3), execution: ExecutionModel(), portfolioFeatures: true)
  let columns = try #require(features.portfolio)
  for portfolio in golden.portfolios {
    var row: [Float] = [9, .nan, .nan]
    columns.write(
      &row, bar: portfolio.bar, shares: portfolio.shares, quotes: features.quotes.base + portfolio.bar * 3,
      valueDollars: portfolio.value)
    #expect(row[0] == 9)
    #expect(abs(Double(row[1]) - portfolio.beta) <= 1e-6 * max(1, abs(portfolio.beta)), "bar \(portfolio.bar)")
    #expect(abs(Double(row[2]) - portfolio.concentration) <= 1e-6, "bar \(portfolio.bar)")
  }
  #expect(golden.portfolios.count == 110)
}

@Test func theSwitchChangesNothingElse() throws {
  let market = SyntheticTape.series(symbols: ["A", "B", "M"], bars: 300, seed: 12)
  let tape = MarketTape(Array(market.prefix(2)), benchmark: market[2])
  let narrow = try BasketEnvironment(
    tape: tape, window: 50..<300, laneCount: 3, episodes: .randomStarts(length: 60))
  let broad = try BasketEnvironment(
    tape: tape, configuration: wide, window: 50..<300, laneCount: 3, episodes: .randomStarts(length: 60))
  #expect(narrow.observationSpace.count == 26)
  let rows = (StepRow(for: narrow), StepRow(for: broad))
  rows.0.reset(narrow, seed: 5)
  rows.1.reset(broad, seed: 5)
  var bothHeld = 0
  for step in 0..<200 {
    for lane in 0..<3 {
      let observation = rows.1.observation(lane)
      #expect(Array(observation.prefix(26)) == rows.0.observation(lane))
      #expect(rows.0.masks[lane] == rows.1.masks[lane])
      #expect(observation.allSatisfy { $0.isFinite })
      if rows.1.truncated[lane] == 1 {
        #expect(Array(rows.1.finalObservation(lane).prefix(26)) == rows.0.finalObservation(lane))
        #expect(rows.1.finalObservation(lane).allSatisfy { $0.isFinite })
      }
      guard broad.account(lane: lane).units == [1, 1] else { continue }
      bothHeld += 1
      #expect((0.5...1).contains(observation[28]))
    }
    rows.0.chooseLegal(seed: 4, step: step)
    rows.1.chooseLegal(seed: 4, step: step)
    rows.0.step(narrow)
    rows.1.step(broad)
    for lane in 0..<3 { #expect(rows.0.rewards[lane].bitPattern == rows.1.rewards[lane].bitPattern) }
  }
  #expect(bothHeld > 20)
}

@Test func whatDoesNotMoveIsNeutralAndNeverNotANumber() throws {
  let still = [Double](repeating: 10, count: 80)
  let steady = (0..<80).map { 10 * (1...($0 + 1)).reduce(1.0) { product, _ in product * 1.01 } }
  let moving = (0..<80).map { $0 % 2 == 0 ? 100.0 : 101 }
  for (first, second, benchmark) in [
    (still, still, still), (still, moving, moving), (moving, still, still), (moving, moving, steady),
    (steady, moving, moving), (moving, steady, still),
  ] {
    let tape = MarketTape([series("A", first), series("B", second)], benchmark: series("M", benchmark))
    let environment = try BasketEnvironment(
      tape: tape, configuration: wide, window: 50..<80, laneCount: 1, episodes: .continuous)
    let row = StepRow(for: environment)
    row.reset(environment, seed: 1)
    for step in 0..<29 {
      #expect(row.observation(0).allSatisfy { $0.isFinite && abs($0) < 100 }, "step \(step): \(row.observation(0))")
      if first == second && first == moving {
        #expect(row.observation(0)[26] == 1 && row.observation(0)[27] == 0)
      } else {
        #expect(row.observation(0)[26] == 0)
      }
      row.chooseLegal(seed: 6, step: step)
      row.step(environment)
    }
  }
}

@Test func portfolioColumnsOfABarDoNotKnowWhatComesAfter() throws {
  let market = SyntheticTape.series(symbols: ["A", "B", "M"], bars: 160, seed: 13)
  func observations(until end: Int, noiseAfter: Int? = nil) throws -> [[UInt32]] {
    let changed = market.map { whole in
      var copy = BarSeries(symbol: whole.symbol)
      for bar in 0..<end {
        let factor = noiseAfter.map { bar > $0 ? 1 + 0.1 * Double((bar * 7919 + whole.symbol.utf8.count) % 5) : 1 } ?? 1
        copy.append(
          date: whole.dates[bar], open: whole.open[bar] * factor, high: whole.high[bar] * factor,
          low: whole.low[bar] * factor, close: whole.close[bar] * factor, volume: whole.volume[bar])
      }
      return copy
    }
    let environment = try BasketEnvironment(
      tape: MarketTape(Array(changed.prefix(2)), benchmark: changed[2]), configuration: wide, window: 50..<end,
      laneCount: 1, episodes: .continuous)
    let row = StepRow(for: environment)
    row.reset(environment, seed: 1)
    return (0..<end - 51).map { step in
      defer {
        row.chooseLegal(seed: 41, step: step)
        row.step(environment)
      }
      return row.observation(0).map(\.bitPattern)
    }
  }
  let whole = try observations(until: 160)
  for bar in stride(from: 55, to: 155, by: 9) {
    let known = bar - 50
    #expect(try observations(until: bar + 1) == Array(whole[..<known]), "cut after bar \(bar)")
    let noisy = try observations(until: 160, noiseAfter: bar)
    #expect(Array(noisy[...known]) == Array(whole[...known]), "noise after bar \(bar)")
    #expect(noisy[(known + 1)...] != whole[(known + 1)...])
  }
}

@Test func portfolioFeaturesNeedAPairAndABenchmark() throws {
  let market = SyntheticTape.series(symbols: ["A", "B", "M"], bars: 100, seed: 1)
  func make(_ tape: MarketTape) throws {
    _ = try BasketEnvironment(
      tape: tape, configuration: wide, window: 50..<100, laneCount: 1, episodes: .continuous)
  }
  #expect(throws: EnvironmentError.missingBenchmark) { try make(MarketTape(Array(market.prefix(2)))) }
  #expect(throws: EnvironmentError.tooFewSymbolsForPortfolio(found: 1)) {
    try make(MarketTape(Array(market.prefix(1)), benchmark: market[2]))
  }
  var broken = market[2]
  broken.close[77] = 0
  #expect(
    throws: EnvironmentError.unusablePrice(symbol: "M", date: market[2].dates[77].description, found: 0)
  ) { try make(MarketTape(Array(market.prefix(2)), benchmark: broken)) }
}
