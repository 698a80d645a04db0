// Variance without a model: the golden file's strips, where a strip ends, and what it says of a chain whose volatility is known.

import TestSupport
import Testing

@testable import Market

private struct StripGolden: Decodable {
  struct Strip: Decodable {
    var forward, center, totalVariance, lowest, highest: Double
    var count: Int
  }
  struct Case: Decodable {
    var discount: Double
    var rungs: [[Double?]]
    var strip: Strip?
  }
  var cases: [Case]
}

@Suite struct VarianceStripTests {
  private func strip(_ rows: [[Double?]], discount: Double) throws -> VarianceStrip? {
    let rungs = try rows.map { row in
      VarianceStrip.Rung(strike: try #require(row[0]), call: row[1], put: row[2])
    }
    return VarianceStrip(rungs, discount: discount)
  }

  @Test func stripsAreThoseOfTheGoldenFile() throws {
    let golden = try GoldenFile.read("variance_strip", as: StripGolden.self)
    var found = 0
    for one in golden.cases {
      let strip = try strip(one.rungs, discount: one.discount)
      guard let wanted = one.strip else {
        #expect(strip == nil)
        continue
      }
      let own = try #require(strip)
      #expect(abs(own.totalVariance / wanted.totalVariance - 1) < 1e-12, "\(own) \(wanted)")
      #expect(abs(own.forward / wanted.forward - 1) < 1e-13)
      #expect(own.center == wanted.center && own.lowest == wanted.lowest && own.highest == wanted.highest)
      #expect(own.count == wanted.count)
      found += 1
    }
    #expect(found == 33)
  }

  /// One strike without a bid is stepped over; two that do not follow one another are; two that do end the strip, whatever is bid behind them.
  @Test func twoConsecutiveStrikesWithoutABidEndAStrip() throws {
    func lowest(without silent: Set<Int>) throws -> Double? {
      let rows: [[Double?]] = (90...110).map { strike in
        [Double(strike), strike < 100 ? 11 : 5 - Double(strike - 100) / 3, silent.contains(strike) ? nil : 5]
      }
      return try strip(rows, discount: 1)?.lowest
    }
    #expect(try lowest(without: []) == 90)
    #expect(try lowest(without: [95]) == 90)
    #expect(try lowest(without: [95, 93, 91]) == 90)
    #expect(try lowest(without: [90]) == 91)
    #expect(try lowest(without: [95, 94]) == 96)
    #expect(try lowest(without: [98, 93, 92]) == 94)
    #expect(try lowest(without: Set(90...99)) == nil)
  }

  /// Of a chain at one volatility a strip has that volatility; of one with a smile it has more than at the money.
  @Test func aStripOfOneVolatilityHasIt() throws {
    func surface(_ volatility: @escaping (Double) -> Double) throws -> ChainSurface {
      var both = try QuotedChain.made(strikes: 60...150, expiry: "2024-03-28", volatility: volatility)
      both.rows += try QuotedChain.made(strikes: 60...150, expiry: "2024-04-19", volatility: volatility).rows
      return try both.surface(rate: 0)
    }
    let flat = try surface { _ in 0.2 }
    var variances: [Double] = []
    for expiry in flat.expiries {
      let strip = try #require(expiry.strip)
      #expect(abs((strip.totalVariance / expiry.years).squareRoot() / 0.2 - 1) < 0.01, "\(strip)")
      variances.append(strip.totalVariance)
    }
    // Both closes are 21 and 43 days ahead, less the hour that the clocks lose on 2024-03-10.
    let (first, last) = (21 - 1.0 / 24, 43 - 1.0 / 24)
    let share = (30 - first) / (last - first)
    let wanted = ((variances[0] + share * (variances[1] - variances[0])) * 365 / 30).squareRoot()
    let found = try #require(flat.modelFreeVolatility(calendarDays: 30))
    #expect(abs(found / wanted - 1) < 1e-12, "\(found) \(wanted)")
    #expect(flat.modelFreeVolatility(calendarDays: 20) == nil && flat.modelFreeVolatility(calendarDays: 44) == nil)
    let skewed = try surface { 0.2 - 0.4 * $0 + 2 * $0 * $0 }
    for expiry in skewed.expiries {
      let (strip, smile) = (try #require(expiry.strip), try #require(expiry.smile))
      #expect((strip.totalVariance / expiry.years).squareRoot() > smile.atTheMoney * 1.01)
    }
  }

  @Test func aChainOfTwoUnderlyingsIsRefused() throws {
    var chain = try QuotedChain.made(strikes: 95...105) { _ in 0.2 }
    for row in chain.rows {
      chain.rows.append(
        (
          OptionContract(
            root: "XOM", expiry: row.contract.expiry, right: row.contract.right,
            strikeThousandths: Int(row.contract.strikeThousandths)), row.minute, row.bid, row.ask
        ))
    }
    #expect(throws: ChainSurfaceProblem.severalUnderlyings("XSP", ["XOM", "XSP"])) { try chain.surface() }
    let text = ChainSurfaceProblem.severalUnderlyings("XSP", ["XOM", "XSP"]).description
    #expect(text.contains("options of XOM and XSP") && text.contains("--roots"), "\(text)")
    // An index and its weeklies are one, and so is a root that a corporate action has changed beside its own.
    var index = try QuotedChain.made(strikes: 95...105) { _ in 0.2 }
    index.underlying = "SPX"
    index.rows = index.rows.flatMap { row in
      ["SPX", "SPXW", "SPX1"].map { root in
        (
          OptionContract(
            root: root, expiry: row.contract.expiry, right: row.contract.right,
            strikeThousandths: Int(row.contract.strikeThousandths)), row.minute, row.bid, row.ask
        )
      }
    }
    let roots = try index.surface().expiries.map(\.strikes.root)
    #expect(roots == ["SPX", "SPXW"])
  }
}
