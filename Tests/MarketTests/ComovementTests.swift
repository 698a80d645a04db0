// Correlation and beta against pandas, by hand where the history is short, and blind to the future.

import Glibc
import TestSupport
import Testing

@testable import Market

private struct ComovementGolden: Decodable {
  struct Pair: Decodable {
    var pair: String
    var values: [Double]
  }
  var tolerance: Double
  var fromBar: Int
  var closes: [[Double]]
  var benchmark: [Double]
  var betas: [[Double]]
  var correlations: [Pair]
}

@Suite struct ComovementTests {
  @Test func agreesWithTheGoldenFile() throws {
    let golden = try GoldenFile.read("portfolio_columns", as: ComovementGolden.self)
    func compare(_ name: String, _ found: [Double], _ expected: [Double]) {
      #expect(found.count == expected.count + golden.fromBar)
      for (offset, value) in expected.enumerated() {
        let bar = golden.fromBar + offset
        #expect(abs(found[bar] - value) <= golden.tolerance, "\(name), bar \(bar): \(found[bar]), expected \(value)")
      }
    }
    for (symbol, expected) in golden.betas.enumerated() {
      compare(
        "beta of \(symbol)", Comovement.beta(of: golden.closes[symbol], against: golden.benchmark, window: 30), expected
      )
    }
    for pair in golden.correlations {
      let places = pair.pair.split(separator: "-").compactMap { Int($0) }
      compare(
        "correlation of \(pair.pair)",
        Comovement.correlation(of: golden.closes[places[0]], and: golden.closes[places[1]], window: 30), pair.values)
    }
    #expect(golden.correlations.count == 3)
  }

  @Test func isExactWhereItCanBeWorkedOut() {
    let market = (0..<40).map { 100 * exp(0.01 * Double($0 % 3)) }
    let twice = market.map { $0 * $0 }
    let inverse = market.map { 1 / $0 }
    // The first two returns are equal: until the third nothing has deviated.
    #expect(Comovement.beta(of: twice, against: market, window: 30)[2] == 0)
    for bar in 3..<40 {
      #expect(abs(Comovement.beta(of: twice, against: market, window: 30)[bar] - 2) < 1e-12)
      #expect(abs(Comovement.correlation(of: market, and: inverse, window: 30)[bar] + 1) < 1e-12)
    }
    // No return yet, then one: neither has a deviation.
    #expect(Comovement.beta(of: twice, against: market, window: 30).prefix(2) == [0, 0])
    #expect(Comovement.correlation(of: [], and: [], window: 2).isEmpty)
  }

  @Test func dividesByNothing() {
    let still = [Double](repeating: 7, count: 50)
    let steady = (0..<50).map { 7 * exp(0.01 * Double($0)) }
    let moving = (0..<50).map { $0 % 2 == 0 ? 7.0 : 8 }
    for other in [still, steady] {
      #expect(Comovement.beta(of: moving, against: other, window: 10).allSatisfy { $0 == 0 })
      #expect(Comovement.correlation(of: moving, and: other, window: 10).allSatisfy { $0 == 0 })
      #expect(Comovement.correlation(of: other, and: moving, window: 10).allSatisfy { $0 == 0 })
    }
  }

  @Test func doesNotKnowWhatComesAfter() {
    let first = SyntheticTape.series(bars: 120, seed: 1)[0].close
    let second = SyntheticTape.series(bars: 120, seed: 2)[0].close
    let whole = Comovement.correlation(of: first, and: second, window: 30)
    for end in [1, 2, 3, 31, 60, 119] {
      let cut = Comovement.correlation(of: Array(first[..<end]), and: Array(second[..<end]), window: 30)
      #expect(cut == Array(whole[..<end]))
    }
  }

  /// A tape shows the benchmark at its own dates, adjusted.
  @Test func aBenchmarkIsAlignedToTheTape() throws {
    var market = SyntheticTape.series(symbols: ["A", "B"], bars: 60, seed: 3)
    var longer = SyntheticTape.series(symbols: ["M"], bars: 80, seed: 4)[0]
    longer.instrument = .index
    longer.volume = [Double](repeating: .nan, count: 80)
    longer.adjustmentFactors[15] = 0.5
    for symbol in 0..<2 {
      market[symbol].dates.removeFirst(10)
      market[symbol].open.removeFirst(10)
      market[symbol].high.removeFirst(10)
      market[symbol].low.removeFirst(10)
      market[symbol].close.removeFirst(10)
      market[symbol].volume.removeFirst(10)
      market[symbol].adjustmentFactors.removeFirst(10)
    }
    let tape = MarketTape(market, benchmark: longer)
    let benchmark = try #require(tape.benchmark)
    #expect(benchmark.symbol == "M" && benchmark.instrument == .index)
    var expected = Array(longer.close[10..<60])
    expected[5] *= 0.5
    #expect(benchmark.close == expected)
    #expect(longer.missingDates(of: tape.dates).isEmpty)
    #expect(market[0].missingDates(of: longer.dates) == Array(longer.dates[..<10] + longer.dates[60...]))
  }

  /// An index passes without a volume, with more sessions than the shares, and with a warning where it has fewer.
  @Test func theGateExaminesAnIndexAsOne() {
    var market = SyntheticTape.series(symbols: ["A", "B", "M"], bars: 300, seed: 5)
    market[2].volume = [Double](repeating: .nan, count: 300)
    #expect(!QualityGate.examine(market, allowances: []).passed)
    market[2].instrument = .index
    let report = QualityGate.examine(market, allowances: [])
    #expect(report.passed && report.findings.isEmpty && report.indices == ["M"])
    #expect(report.description.contains("Not tradable, an index: M"))
    let long = SyntheticTape.series(symbols: ["A", "B", "M"], bars: 320, seed: 5)[2]
    market[2] = long
    market[2].instrument = .index
    market[2].volume[3] = -0.5
    #expect(QualityGate.examine(market, allowances: []).findings.isEmpty)
    market[2] = SyntheticTape.series(symbols: ["A", "B", "M"], bars: 290, seed: 5)[2]
    #expect(!QualityGate.examine(market, allowances: []).passed)
    market[2].instrument = .index
    let shorter = QualityGate.examine(market, allowances: [])
    #expect(shorter.passed && shorter.findings.map(\.kind) == ["unequal-dates"])
    #expect(shorter.findings.first?.severity == .warn && shorter.findings.first?.count == 10)
    // Its prices are questioned like any other's.
    market[2].close[100] = 0
    #expect(!QualityGate.examine(market, allowances: []).passed)
    // Named once, though its minutes lie there too.
    var both =
      SyntheticTape.series(symbols: ["M"], bars: 30, seed: 5)
      + SyntheticTape.minutes(symbols: ["M"], sessions: 2, seed: 5)
    for place in both.indices { both[place].instrument = .index }
    #expect(QualityGate.examine(both, allowances: []).indices == ["M"])
  }
}
