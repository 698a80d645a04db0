// Surfaces without a chain: their laws against the golden file, no free money inside, quotes that a desk can show, and nothing known too early.

import Foundation
import Kernels
import Pricing
import TestSupport
import Testing

@testable import Market

private func isNear(_ found: Double, _ wanted: Double, _ share: Double = 1e-12) -> Bool {
  SurfaceGolden.isNear(found, wanted, share)
}

private func knowledge(_ index: Double, ratio: Double = 0.78) -> SyntheticSurface.Knowledge {
  SyntheticSurface.Knowledge(
    index: index, indexKnown: Instant(nanoseconds: 0), spotThen: 600, fairRatio: ratio)
}

@Suite struct SyntheticSurfaceTests {
  private let now = Instant(nanoseconds: 1)

  @Test func levelsAndSmilesAreThoseOfTheGoldenFile() throws {
    let golden = try SurfaceGolden.file.get()
    for term in golden.terms {
      #expect(isNear(SurfaceLaw.fairTerm(sessionsAhead: term.sessionsAhead), term.fair))
      for (index, wanted) in zip([9.0, 14, 20, 45], term.market) {
        #expect(isNear(SurfaceLaw.marketRatio(index: index, sessionsAhead: term.sessionsAhead), wanted))
      }
      #expect(isNear(SurfaceLaw.market.smile(sessionsAhead: term.sessionsAhead).slope, term.marketSlope))
    }
    for point in golden.smile {
      #expect(isNear(SurfaceLaw.fair.smile(sessionsAhead: 0).factor(at: point.k), point.fair))
      #expect(isNear(SurfaceLaw.market.smile(sessionsAhead: 5).factor(at: point.k), point.market))
    }
  }

  /// Worked by hand: an index of 16 is 1.008 % a day; with 0.78 of it a straddle of one day on 600 costs 3.76 or so, and 1 % of the price takes 5.2 % of the volatility.
  @Test func aDayIsPricedAsByHand() throws {
    let surface = try SyntheticSurface(.fair, knowledge(16), at: now)
    let atTheMoney = surface.atTheMoney(sessionsAhead: 0, spot: 600)
    #expect(isNear(atTheMoney, 0.1248))
    let call = try BlackScholes.plainValue(
      surface.terms(.call, strike: 600, spot: 600, years: 1.0 / 252, sessionsAhead: 0))
    #expect(abs(2 * call.price - 0.79788 * 600 * 0.1248 / 252.0.squareRoot()) < 1e-3)
    let lower = surface.atTheMoney(sessionsAhead: 0, spot: 606)
    #expect(isNear(lower / atTheMoney, pow(1.01, -5.4)))
    let still = try SyntheticSurface(.fair, knowledge(16), at: now, priceElasticity: 0)
    #expect(still.atTheMoney(sessionsAhead: 0, spot: 606) == still.atTheMoney(sessionsAhead: 0, spot: 600))
  }

  /// Total variance grows with the term at every strike that both terms reach, and prices are convex in the strike.
  @Test(arguments: SurfaceLaw.allCases) func neitherLawHandsOutFreeMoney(_ law: SurfaceLaw) throws {
    for index in [12.0, 20, 40] {
      var before: (years: Double, volatility: (Double) -> Double)?
      for n in 0...250 {
        let years = (0.65 + Double(n)) / 252
        let atTheMoney = law.ratio(toIndex: index, sessionsAhead: n, fairRatio: 0.78) * index / 100
        let smile = law.smile(sessionsAhead: n)
        let volatility = { (x: Double) in
          smile.volatility(atTheMoney: atTheMoney, logMoneyness: x, years: years)
        }
        let deviation = atTheMoney * years.squareRoot()
        // Butterfly: second differences of undiscounted calls in the strike.
        var prices: [(strike: Double, price: Double)] = []
        for step in 0...180 {
          let strike = exp((-5 + 9 * Double(step) / 180) * deviation)
          let value = try BlackScholes.plainValue(
            OptionTerms(.call, spot: 1.0, strike: strike, years: years, volatility: volatility(log(strike))))
          prices.append((strike, value.price))
        }
        for place in 1..<prices.count - 1 {
          let (low, middle, high) = (prices[place - 1], prices[place], prices[place + 1])
          let weight = (high.strike - middle.strike) / (high.strike - low.strike)
          let chord = weight * low.price + (1 - weight) * high.price
          #expect(middle.price <= chord + 1e-12, "\(law) index \(index) n \(n) strike \(middle.strike)")
        }
        if let before {
          let reach = atTheMoney * before.years.squareRoot()
          for step in 0...60 {
            let x = (-5 + 9 * Double(step) / 60) * reach
            let (earlier, later) = (before.volatility(x), volatility(x))
            #expect(
              later * later * years >= earlier * earlier * before.years - 1e-15, "\(law) index \(index) n \(n) at \(x)")
          }
        }
        before = (years, volatility)
      }
    }
  }

  @Test func quotesAreThoseOfTheGoldenFile() throws {
    for quote in try SurfaceGolden.file.get().quotes {
      let ticks: TickRule = quote.rule == "cent" ? .cent : quote.rule == "nickel" ? .nickel : .penny
      let found = OptionQuote(around: quote.price, spread: quote.spread, ticks: ticks)
      #expect(found == OptionQuote(bid: quote.bid, ask: quote.ask), "\(quote.price) \(quote.spread) \(quote.rule)")
    }
  }

  /// A five-cent option keeps its quote, and no quote leaves the price outside.
  @Test func everyPriceLiesBetweenBidAndAsk() {
    var random = RandomStream(seed: 7, purpose: .market)
    for _ in 0..<20_000 {
      let price = random.nextDouble() * (random.nextDouble() < 0.3 ? 0.06 : 8)
      let spread = random.nextDouble() * 0.4
      for ticks in [TickRule.cent, .nickel, .penny] {
        let quote = OptionQuote(around: price, spread: spread, ticks: ticks)
        #expect(quote.bid >= 0 && quote.bid < quote.ask)
        #expect(quote.bidDollars <= price && price <= quote.askDollars, "\(price) \(spread) \(ticks)")
        #expect(quote.bid % ticks.tick(at: price) == 0)
      }
    }
    let cheap = OptionQuote(around: 0.05, spread: 0.02, ticks: .cent)
    #expect(cheap == OptionQuote(bid: 400, ask: 600))
  }

  @Test func spreadsFollowTheIndexAndTheHour() {
    let spy = QuoteRules.of("SPY")
    #expect(isNear(spy.spread.spread(vegaPerVolatilityPoint: 0.2, index: 16, minute: 100, of: 390), 0.011))
    #expect(isNear(spy.spread.spread(vegaPerVolatilityPoint: 0.2, index: 64, minute: 100, of: 390), 0.033))
    let hours = [0, 1, 4, 5, 14, 15, 374, 375, 388, 389].map { SpreadRule.timeOfDay(minute: $0, of: 390) }
    #expect(hours == [1.4, 1.3, 1.3, 1.15, 1.15, 1, 1, 1.15, 1.15, 2.4])
    #expect(SpreadRule.timeOfDay(minute: 209, of: 210) == 2.4)
    #expect(SpreadRule.stress(index: 4) == 0.7)
    #expect(!QuoteRules.of("XYZ").spread.isMeasured)
  }

  @Test func whatIsNoIndexOrNotYetKnownIsRefused() {
    for index in [0, 900, -3, Double.nan] {
      #expect(throws: SurfaceError.self) { try SyntheticSurface(.fair, knowledge(index), at: now) }
    }
    let tomorrow = SyntheticSurface.Knowledge(index: 16, indexKnown: Instant(nanoseconds: 5), spotThen: 600)
    #expect(throws: SurfaceError.looksAhead(known: Instant(nanoseconds: 5), served: now)) {
      try SyntheticSurface(.fair, tomorrow, at: now)
    }
    #expect(throws: SurfaceError.shortHistory("XYZ", sessions: 10, needed: 63)) {
      try SyntheticSurface.trailingSymbolRatio(
        of: "XYZ", returns: Array(repeating: 0.01, count: 10), benchmark: Array(repeating: 0.01, count: 90))
    }
    #expect(throws: SurfaceError.standstill("XYZ")) {
      try SyntheticSurface.trailingSymbolRatio(
        of: "XYZ", returns: Array(repeating: 0, count: 90), benchmark: (0..<90).map { Double($0 % 3) })
    }
  }

  @Test func aSymbolThatMovesTwiceAsMuchHasTwiceTheVolatility() throws {
    let moves = (0..<100).map { Double($0 * 37 % 11 - 5) / 500 }
    let ratio = try SyntheticSurface.trailingSymbolRatio(of: "XYZ", returns: moves.map { 2 * $0 }, benchmark: moves)
    #expect(isNear(ratio, 2))
  }
}
