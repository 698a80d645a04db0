// A batch of contracts has the bits of one after the other.

import Pricing
import Testing

@testable import Market

@Suite struct SurfaceBatchTests {
  private let ahead = [0, 1, 5, 21, 60]
  private let strikes = (0..<37).map { 400.0 + 11 * Double($0) }

  private func batch() throws -> SurfaceBatch {
    var batch = SurfaceBatch()
    for n in ahead {
      try batch.append(
        sessionsAhead: n, contracts: strikes.flatMap { [(side: OptionSide.call, strike: $0), (.put, $0)] })
    }
    return batch
  }

  private func surface(_ law: SurfaceLaw, index: Double, rate: Double = 0) throws -> SyntheticSurface {
    try SyntheticSurface(
      law, .init(index: index, indexKnown: Instant(nanoseconds: 0), spotThen: 600, symbolRatio: 1.1),
      at: Instant(nanoseconds: 1), rate: rate, dividendYield: rate / 3)
  }

  @Test(arguments: SurfaceLaw.allCases, ["SPY", "SPX", "XYZ"])
  func volatilitiesValuesAndQuotesAreThoseOfOne(_ law: SurfaceLaw, _ symbol: String) throws {
    var batch = try batch()
    let rules = QuoteRules.of(symbol)
    for (index, spot, minute, rate) in [(16.0, 600.0, 0, 0.0), (11, 611.3, 100, 0.04), (70, 480.7, 389, 0)] {
      let surface = try surface(law, index: index, rate: rate)
      // The last minute of a session leaves no time: the limit of every formula.
      let years = ahead.map { ($0 == 0 && minute == 389 ? 0 : 0.2 + Double($0)) / 252 }
      try batch.price(on: surface, spot: spot, years: years, rules: rules, minute: minute, of: 390)
      var place = 0
      for (n, years) in zip(ahead, years) {
        for strike in strikes {
          for side in [OptionSide.call, .put] {
            let terms = surface.terms(side, strike: strike, spot: spot, years: years, sessionsAhead: n)
            let value = try BlackScholes.value(terms)
            let quote = surface.quote(value, rules: rules, minute: minute, of: 390)
            #expect(batch.volatilities[place] == terms.volatility, "\(terms)")
            #expect(batch.values[place] == value, "\(terms)")
            #expect(batch.bids[place] == quote.bid && batch.asks[place] == quote.ask, "\(terms) \(quote)")
            place += 1
          }
        }
      }
      #expect(place == batch.count)
    }
  }

  @Test func aStrikeThatNoOptionHasIsRefused() throws {
    var batch = try batch()
    let count = batch.count
    for strike in [Double.nan, -1, .infinity] {
      #expect(throws: PricingError.self) {
        try batch.append(sessionsAhead: 1, contracts: [(.call, 600), (.put, strike)])
      }
    }
    #expect(batch.count == count)
    try batch.price(
      on: try surface(.fair, index: 16), spot: 600, years: ahead.map { Double($0 + 1) / 252 }, rules: .of("SPY"),
      minute: 5, of: 390)
  }
}
