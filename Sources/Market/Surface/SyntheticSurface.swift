// A surface of volatilities where there is no chain: what stands in must not contain the edge that is then found.

import Glibc
package import Pricing

/// The volatilities that options are priced with at one moment, from an index that was known then. Everything that comes of it is stamped `SYNTHETIC`.
package struct SyntheticSurface: Sendable, Equatable {
  /// What is known when a session begins.
  package struct Knowledge: Sendable, Equatable {
    /// The volatility index, in points.
    package var index: Double
    /// When that level could be read: the close of the evening before, or a minute of the tape.
    package var indexKnown: Instant
    /// Dollars: the underlying at that instant.
    package var spotThen: Double
    /// See `FairRatio`; 0.78 where nothing is known.
    package var fairRatio: Double
    /// What the underlying's volatility is of that of the index's own.
    package var symbolRatio: Double

    package init(
      index: Double, indexKnown: Instant, spotThen: Double, fairRatio: Double = FairRatio.beforeHistory,
      symbolRatio: Double = 1
    ) {
      self.index = index
      self.indexKnown = indexKnown
      self.spotThen = spotThen
      self.fairRatio = fairRatio
      self.symbolRatio = symbolRatio
    }
  }

  package let law: SurfaceLaw
  package let knowledge: Knowledge
  /// How the volatility answers to the price within the day: d ln v / d ln S.
  package let priceElasticity: Double
  /// Continuously compounded, as decimals a year.
  package let rate: Double
  package let dividendYield: Double
  /// The share of the volatility that events of the day have taken; see `SurfaceEvents`.
  package let crush: Double

  /// Of the index and its fund on real prices, 1999 to 2026: with 1 % of the price goes 5.4 % of the volatility.
  package static let measuredElasticity = -5.4

  /// `priceElasticity`: 0 on synthesized minutes, whose volatility does not answer to the price, so that a surface that does would sell dear after each fall.
  /// `crush`: of events that the user flagged, 0 on every other day; `SurfaceEvents.crush`. `now`: the moment that the surface serves.
  package init(
    _ law: SurfaceLaw = .fair, _ knowledge: Knowledge, at now: Instant,
    priceElasticity: Double = SyntheticSurface.measuredElasticity, rate: Double = 0, dividendYield: Double = 0,
    crush: Double = 0
  ) throws(SurfaceError) {
    guard VolatilityIndex.levels.contains(knowledge.index) else { throw .indexLevel(knowledge.index) }
    guard knowledge.indexKnown <= now else { throw .looksAhead(known: knowledge.indexKnown, served: now) }
    for (name, value) in [
      ("price", knowledge.spotThen), ("fair ratio", knowledge.fairRatio), ("symbol's ratio", knowledge.symbolRatio),
    ] where !(value > 0 && value.isFinite) { throw .notPositive(name, value) }
    for (name, value) in [("elasticity", priceElasticity), ("rate", rate), ("dividend yield", dividendYield)]
    where !value.isFinite { throw .notFinite(name, value) }
    guard crush >= 0, crush < 1 else { throw .crush(crush) }
    self.law = law
    self.knowledge = knowledge
    self.priceElasticity = priceElasticity
    self.rate = rate
    self.dividendYield = dividendYield
    self.crush = crush
  }

  /// What a symbol's volatility is of the S&P 500's, where that is settled; nil for those whose own history must say it (`trailingSymbolRatio`).
  ///
  /// QQQ: daily returns of 2024 to 2026.
  package static func symbolRatio(of symbol: String) -> Double? {
    switch symbol {
    case "SPY", "SPX", "SPXW", "XSP": 1
    case "QQQ": 1.27
    default: nil
    }
  }

  /// What other symbols are compared with, the first that a store has.
  package static let benchmarks = ["SPX", "^GSPC", "SPY"]

  /// Sessions over which a symbol's realised volatility is compared with the S&P 500's.
  package static let symbolRatioSessions = 63

  /// The ratio of two realised volatilities, of the last `symbolRatioSessions` daily log returns of each, oldest first. Throws where there are fewer, or one of
  /// them does not move.
  package static func trailingSymbolRatio(
    of symbol: String, returns: [Double], benchmark: [Double]
  ) throws(SurfaceError) -> Double {
    let least = min(returns.count, benchmark.count)
    guard least >= symbolRatioSessions else {
      throw .shortHistory(symbol, sessions: least, needed: symbolRatioSessions)
    }
    func deviation(_ all: [Double]) -> Double {
      let last = all.suffix(symbolRatioSessions)
      let mean = last.reduce(0, +) / Double(last.count)
      return (last.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(last.count - 1)).squareRoot()
    }
    let (own, others) = (deviation(returns), deviation(benchmark))
    guard own > 0, others > 0, own.isFinite, others.isFinite else { throw .standstill(symbol) }
    return own / others
  }

  /// The volatility at the money, on the variance clock. `sessionsAhead`: see `SurfaceLaw.ratio`; `spot`: dollars, above 0.
  package func atTheMoney(sessionsAhead: Int, spot: Double) -> Double {
    let ratio = law.ratio(
      toIndex: knowledge.index, sessionsAhead: sessionsAhead, fairRatio: knowledge.fairRatio)
    let reference = ratio * knowledge.index / 100 * knowledge.symbolRatio * (1 - crush)
    guard priceElasticity != 0 else { return reference }
    return reference * exp(priceElasticity * log(spot / knowledge.spotThen))
  }

  /// The terms of an option at this moment. `years`: to its expiry on the variance clock.
  package func terms(
    _ side: OptionSide, strike: Double, spot: Double, years: Double, sessionsAhead: Int
  ) -> OptionTerms<Double> {
    let atTheMoney = atTheMoney(sessionsAhead: sessionsAhead, spot: spot)
    // The logarithms apart: `SurfaceBatch` takes that of a strike once for all minutes.
    let logMoneyness = (log(strike) - log(spot)) - (rate - dividendYield) * years
    let volatility = law.smile(sessionsAhead: sessionsAhead)
      .volatility(atTheMoney: atTheMoney, logMoneyness: logMoneyness, years: years)
    return OptionTerms(
      side, spot: spot, strike: strike, rate: rate, dividendYield: dividendYield, years: years, volatility: volatility)
  }

  /// What is quoted of an option whose value is known, in a minute of a session of that many.
  package func quote(
    _ value: OptionValue<Double>, rules: QuoteRules, minute: Int, of sessionMinutes: Int
  ) -> OptionQuote {
    let spread = rules.spread.spread(
      vegaPerVolatilityPoint: value.vegaPerVolatilityPoint, index: knowledge.index, minute: minute, of: sessionMinutes)
    return OptionQuote(around: value.price, spread: spread, ticks: rules.ticks)
  }
}

/// Why there is no surface. Each sentence says what to do.
package enum SurfaceError: Error, Equatable, Sendable, CustomStringConvertible {
  case indexLevel(Double)
  case looksAhead(known: Instant, served: Instant)
  case notPositive(String, Double)
  case notFinite(String, Double)
  case shortHistory(String, sessions: Int, needed: Int)
  case standstill(String)
  case crush(Double)

  package var description: String {
    switch self {
    case .indexLevel(let level):
      "a volatility index of \(level) is none (\(VolatilityIndex.levels.lowerBound) to "
        + "\(VolatilityIndex.levels.upperBound) are): give it in points, 16 for 16 % a year"
    case .looksAhead(let known, let served):
      "the index level was known at \(known) and would serve \(served), which is earlier: take the close of the session before"
    case .notPositive(let name, let value): "the surface's \(name) is \(value): it must be above 0"
    case .notFinite(let name, let value): "the surface's \(name) is \(value): it must be a number"
    case .shortHistory(let symbol, let sessions, let needed):
      "\(symbol) has \(sessions) sessions of history and its ratio to the index needs \(needed): import more bars of it and of SPX or SPY, or give the ratio with --ratio"
    case .standstill(let symbol):
      "\(symbol) or its benchmark did not move in the sessions that are compared: give the ratio with --ratio"
    case .crush(let share): "events take \(share) of the volatility: it must be from 0 to below 1"
    }
  }
}
