// Surfaces without a chain: their laws against the golden file, no free money inside, quotes that a desk can show, and nothing known too early.

import Foundation
import Kernels
import Pricing
import TestSupport
import Testing

@testable import Market

private struct SurfaceGolden: Decodable {
  struct Term: Decodable {
    var sessionsAhead: Int
    var fair: Double
    var market: [Double]
    var marketSlope: Double
  }
  struct SmilePoint: Decodable { var k, fair, market: Double }
  struct Quote: Decodable {
    var rule: String
    var price, spread: Double
    var bid, ask: Int
  }
  struct Figure: Decodable {
    var level, contract: String
    var withoutDrift: Bool
    var costOverPayoff, keptBySeller, standardError: Double
  }
  var terms: [Term]
  var smile: [SmilePoint]
  var quotes: [Quote]
  var closes, index, ratios: [Double]
  var figures: [Figure]
}

private let golden = Result { try GoldenFile.read("surface_premium", as: SurfaceGolden.self) }

private func isNear(_ found: Double, _ wanted: Double, _ share: Double = 1e-12) -> Bool {
  abs(found - wanted) <= share * max(1, abs(wanted))
}

/// The golden path on sessions of the exchange.
private func series(_ symbol: String, _ closes: [Double], from day: String = "2015-01-02") throws -> BarSeries {
  let first = try #require(CalendarDate(day))
  let calendar = TradingCalendar.xnys
  let ordinal = try #require(calendar.ordinal(of: first))
  var series = BarSeries(symbol: symbol)
  for (place, close) in closes.enumerated() {
    series.append(
      date: calendar.sessions[ordinal + place].date, open: close, high: close, low: close, close: close, volume: 1)
  }
  return series
}

private func knowledge(_ index: Double, ratio: Double = 0.78) -> SyntheticSurface.Knowledge {
  SyntheticSurface.Knowledge(
    index: index, indexKnown: Instant(nanoseconds: 0), spotThen: 600, fairRatio: ratio)
}

@Suite struct SyntheticSurfaceTests {
  private let now = Instant(nanoseconds: 1)

  @Test func levelsAndSmilesAreThoseOfTheGoldenFile() throws {
    let golden = try golden.get()
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
    for quote in try golden.get().quotes {
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

@Suite struct PremiumStudyTests {
  @Test func figuresAreThoseOfTheGoldenFile() throws {
    let golden = try golden.get()
    let study = try PremiumStudy(underlying: series("SPX", golden.closes), index: series("VIX", golden.index))
    #expect(study.leftOut == 0)
    #expect(study.sessions.count == golden.ratios.count)
    for (session, ratio) in zip(study.sessions, golden.ratios) { #expect(isNear(session.fairRatio, ratio)) }
    for wanted in golden.figures {
      let level: PremiumStudy.Level =
        switch wanted.level {
        case "index": .index
        case "fixedRatio": .fixedRatio
        case "fair": .fair
        default: .market
        }
      let contract = try #require(PremiumStudy.Contract(rawValue: wanted.contract))
      let figures = try #require(try study.figures(contract, level))
      let found = wanted.withoutDrift ? figures.withoutDrift : figures.asItWas
      #expect(isNear(found.costOverPayoff, wanted.costOverPayoff, 1e-9), "\(wanted)")
      #expect(isNear(found.keptBySeller, wanted.keptBySeller, 1e-9), "\(wanted)")
      #expect(isNear(found.standardError, wanted.standardError, 1e-9), "\(wanted)")
    }
  }

  /// The ratio of a session is made of those before it: another future does not change it.
  @Test func theRatioDoesNotLookAhead() throws {
    let golden = try golden.get()
    var changed = golden.closes
    for place in 600..<changed.count { changed[place] *= 1 + 0.1 * Double(place % 2) }
    let study = try PremiumStudy(underlying: series("SPX", golden.closes), index: series("VIX", golden.index))
    let other = try PremiumStudy(underlying: series("SPX", changed), index: series("VIX", golden.index))
    for place in 0..<600 { #expect(study.sessions[place].fairRatio == other.sessions[place].fairRatio) }
    #expect(study.sessions[700].fairRatio != other.sessions[700].fairRatio)
  }

  @Test func whatIsNotInSuccessionIsLeftOutAndCounted() throws {
    let golden = try golden.get()
    var index = try series("VIX", golden.index)
    index.close[400] = 0
    let study = try PremiumStudy(underlying: series("SPX", golden.closes), index: index)
    #expect(study.leftOut == 1)
    #expect(study.sessions.count == golden.ratios.count - 2)
    #expect(throws: PremiumProblem.self) {
      try PremiumStudy(underlying: series("SPX", [1000, 1001]), index: series("VIX", [16]))
    }
  }
}

@Suite struct VolatilityRankTests {
  private let history = Array(repeating: 0.2, count: 40) + [0.6] + Array(repeating: 0.4, count: 20)

  @Test func theRankIsTheOneOfTheExamples() throws {
    #expect(isNear(try rank(0.45, history), 0.625))
    #expect(isNear(try rank(0.35, Array(repeating: 0.2, count: 40) + [0.65]), 1.0 / 3))
    #expect(try rank(0.9, history) == 1)
    #expect(try rank(0.1, history) == 0)
    #expect(try rank(0.3, Array(repeating: 0.3, count: 50)) == 0.5)
  }

  private func rank(_ current: Double, _ before: [Double]) throws -> Double {
    try VolatilityRank(current: current, before: before).rankOrNeutral
  }

  @Test func belowThirtySamplesNothingIsKnown() throws {
    let rank = try VolatilityRank(current: 0.4, before: Array(repeating: 0.2, count: 29))
    #expect(rank.rank == nil && rank.percentile == nil && rank.rankOrNeutral == 0.5)
    #expect(rank.refusal() == nil)
  }

  @Test func theBoundIsExclusive() throws {
    let eighty = try VolatilityRank(current: 1.8, before: Array(repeating: 1, count: 40) + [2])
    #expect(eighty.rank == 0.8 && eighty.refusal() == nil)
    let before = Array(repeating: 0.30, count: 40) + [0.90]
    let refused = try VolatilityRank(current: 0.80, before: before)
    #expect(isNear(try #require(refused.rank), 0.8333333333333333))
    #expect(refused.refusal() == "IV Rank too high")
  }

  @Test func anUnknownVolatilityDecidesNothing() {
    for value in [0, -0.1, Double.nan, .infinity] {
      #expect(throws: UnknownVolatility.self) { try VolatilityRank(current: value, before: history) }
    }
  }

  @Test func onlyTheLastYearCounts() throws {
    let rank = try VolatilityRank(current: 0.3, before: [5] + Array(repeating: 0.2, count: 251) + [0.4])
    #expect(isNear(try #require(rank.rank), 0.5))
    #expect(rank.sessionCount == 252)
  }
}
