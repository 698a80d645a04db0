// What a surface would have handed to those who sell options: an edge that nobody has to find.

import Glibc
package import Pricing

/// Daily closes of an underlying and of its volatility index, and what options would have cost and paid.
///
/// Each option is bought at a close, priced with a volatility that was known at that close, and pays at the close of a session ahead; a session is the 252nd part
/// of a year, an ordinary one of the variance clock. No rates, no dividends, no costs.
package struct PremiumStudy: Sendable {
  /// What is sold.
  package enum Contract: String, Sendable, CaseIterable {
    /// A put and a call at the money.
    case straddle
    /// Out of the money, of a delta of 0.15 or 0.30.
    case put15, call15, put30, call30
    /// The options of 0.15, covered by one `spreadWidth` of the price further out.
    case putSpread15, callSpread15

    /// Between the strikes of a spread, of the price.
    package static let spreadWidth = 0.008

    package var words: String {
      switch self {
      case .straddle: "straddle at the money"
      case .put15: "put of 15 delta"
      case .call15: "call of 15 delta"
      case .put30: "put of 30 delta"
      case .call30: "call of 30 delta"
      case .putSpread15: "put spread, 15 delta"
      case .callSpread15: "call spread, 15 delta"
      }
    }

    /// The side and delta of the option that is sold; nil for the straddle.
    var option: (side: OptionSide, delta: Double)? {
      switch self {
      case .straddle: nil
      case .put15, .putSpread15: (.put, 0.15)
      case .call15, .callSpread15: (.call, 0.15)
      case .put30: (.put, 0.30)
      case .call30: (.call, 0.30)
      }
    }

    var isSpread: Bool { self == .putSpread15 || self == .callSpread15 }
  }

  /// Which volatilities.
  package enum Level: String, Sendable, CaseIterable {
    /// The index, as if it were a volatility.
    case index
    /// The index times `FairRatio.beforeHistory`.
    case fixedRatio
    /// The two laws, `fair` with its trailing ratio.
    case fair
    case market
    /// The levels of `fair` with the smile of `market`: what the slope of real chains is worth on them.
    case fairWithMarketSmile
    /// `fair` as if every term had the ratio of one day.
    case fairWithoutTerm

    package var words: String {
      switch self {
      case .index: "the index itself"
      case .fixedRatio: "\(FairRatio.beforeHistory) of the index"
      case .fair: "fair"
      case .market: "market"
      case .fairWithMarketSmile: "fair, market's smile"
      case .fairWithoutTerm: "fair, no term factor"
      }
    }

    func smile(sessionsAhead n: Int) -> Smile {
      switch self {
      case .market, .fairWithMarketSmile: SurfaceLaw.market.smile(sessionsAhead: n)
      case .index, .fixedRatio, .fair, .fairWithoutTerm: SurfaceLaw.fair.smile(sessionsAhead: n)
      }
    }

    /// What the volatility at the money is of the index.
    func ratio(_ evening: SurfaceHistory.Evening, sessionsAhead n: Int) -> Double {
      switch self {
      case .index: 1
      case .fixedRatio: FairRatio.beforeHistory
      case .fair, .fairWithMarketSmile:
        SurfaceLaw.fair.ratio(toIndex: evening.index, sessionsAhead: n, fairRatio: evening.fairRatio)
      case .fairWithoutTerm: evening.fairRatio
      case .market: SurfaceLaw.market.ratio(toIndex: evening.index, sessionsAhead: n, fairRatio: evening.fairRatio)
      }
    }
  }

  /// For how long an option is held.
  package enum Holding: Sendable, Hashable {
    /// From a close to that of the n-th session behind it.
    case sessions(Int)
    /// From the next session's first price to its close: 65 % of a session's variance, and a volatility that has answered to the night.
    case withinSession

    /// 0: within the session.
    package var sessions: Int { if case .sessions(let n) = self { n } else { 0 } }
  }

  /// What was found for one contract and one level.
  package struct Figure: Sendable, Equatable {
    package let sessionCount: Int
    /// What was paid for all, by what all paid.
    package let costOverPayoff: Double
    /// 1 less its inverse: what the seller keeps of the premium.
    package let keptBySeller: Double
    /// Of `keptBySeller`: that of a ratio of means. Days are independent; options of n sessions overlap, and their covariances up to 2 (n - 1) sessions apart are
    /// counted with Bartlett's weights. Source: Newey and West 1987.
    package let standardError: Double

    package var t: Double { keptBySeller / standardError }
  }

  package let history: SurfaceHistory
  /// Places of evenings whose next session is held too, in order: one option of one day each.
  private let places: [Int]

  /// Pairs of closes that are not of two sessions in succession, or whose numbers are none.
  package var leftOut: Int { history.leftOut }
  /// The evenings at which options of one day are bought.
  package var evenings: [SurfaceHistory.Evening] { places.map { history.evenings[$0] } }
  /// The first and the last day on which one of them pays.
  package var span: ClosedRange<CalendarDate> {
    history.evenings[places[0] + 1].date...history.evenings[places[places.count - 1] + 1].date
  }

  /// Throws where fewer than two options of one day remain.
  package init(_ history: SurfaceHistory) throws(PremiumProblem) {
    self.history = history
    let evenings = history.evenings
    places = evenings.indices.dropLast().filter {
      evenings[$0 + 1].ordinal == evenings[$0].ordinal + 1 && evenings[$0].symbolRatio != nil
    }
    guard places.count >= 2 else {
      throw PremiumProblem(
        underlying: history.symbol, index: history.index, sessionCount: places.count,
        isWithoutRatio: evenings.count > 2 && evenings.contains { $0.symbolRatio == nil })
    }
  }

  /// The same of an underlying that the index is of.
  package init(
    underlying: BarSeries, index: BarSeries, calendar: TradingCalendar = .xnys
  ) throws(PremiumProblem) {
    try self.init(SurfaceHistory(underlying: underlying, index: index, calendar: calendar))
  }

  /// What was found of one contract and one level, as it was and without the drift: there the mean change of all options' times is taken out of what they pay.
  package typealias Figures = (asItWas: Figure, withoutDrift: Figure)

  /// What each option cost and what it paid, of a spot of 1, in order.
  package struct Outcomes: Sendable, Equatable {
    package let costs: [Double]
    package let payoffs: [Double]

    func figure(sessions n: Int) -> Figure {
      let (cost, payoff) = (costs.reduce(0, +), payoffs.reduce(0, +))
      let share = payoff / cost
      let misses = zip(costs, payoffs).map { $1 - share * $0 }
      return Figure(
        sessionCount: costs.count, costOverPayoff: cost / payoff, keptBySeller: 1 - share,
        standardError: max(PremiumStudy.sumOfSquares(misses, lags: 2 * max(n - 1, 0)), 0).squareRoot() / cost)
    }
  }

  /// `days`: those options count that pay on one of them. Nil where fewer than two count, and for `withinSession` where the opens are not those of a market, but
  /// mostly the closes before.
  package func figures(
    _ contract: Contract, _ level: Level, _ holding: Holding = .sessions(1), in days: ClosedRange<CalendarDate>? = nil
  ) throws(PricingError) -> Figures? {
    guard let outcomes = try outcomes(contract, level, holding, in: days) else { return nil }
    let n = holding.sessions
    return (outcomes.asItWas.figure(sessions: n), outcomes.withoutDrift.figure(sessions: n))
  }

  /// Of which `figures` are made.
  package func outcomes(
    _ contract: Contract, _ level: Level, _ holding: Holding = .sessions(1), in days: ClosedRange<CalendarDate>? = nil
  ) throws(PricingError) -> (asItWas: Outcomes, withoutDrift: Outcomes)? {
    let n = holding.sessions
    let smile = level.smile(sessionsAhead: n)
    let bought = purchases(holding).filter { one in days.map { $0.contains(one.paid) } ?? true }
    guard bought.count >= 2 else { return nil }
    let atTheMoney = bought.map { one in
      one.evening.index / 100 * level.ratio(one.evening, sessionsAhead: n) * (one.evening.symbolRatio ?? 1) * one.answer
    }
    let legs = try PremiumStudy.legs(contract, atTheMoney, smile, bought.map(\.years))
    var costs = [Double](repeating: 0, count: bought.count)
    for leg in legs { for place in costs.indices { costs[place] += leg.count * leg.prices[place] } }
    func outcomes(drift: Double) -> Outcomes {
      Outcomes(
        costs: costs,
        payoffs: bought.indices.map { place in
          legs.reduce(0) {
            $0 + $1.count * max($1.sign * (1 + bought[place].change - drift - $1.strikes[place]), 0)
          }
        })
    }
    return (outcomes(drift: 0), outcomes(drift: bought.reduce(0) { $0 + $1.change } / Double(bought.count)))
  }

  /// One option's time.
  private struct Purchase {
    let evening: SurfaceHistory.Evening
    let years: Double
    /// Of the underlying, as a share.
    let change: Double
    /// What the volatility is of the evening's, when the option is bought.
    let answer: Double
    /// The day on which it pays.
    let paid: CalendarDate
  }

  /// The share of sessions that open at the close before beyond which opens are none.
  private static let mostEqualOpens = 0.05

  private func purchases(_ holding: Holding) -> [Purchase] {
    let evenings = history.evenings
    switch holding {
    case .sessions(let n):
      var placeOf: [Int: Int] = [:]
      for place in evenings.indices { placeOf[evenings[place].ordinal] = place }
      return evenings.indices.compactMap { place in
        let evening = evenings[place]
        guard evening.symbolRatio != nil, let end = placeOf[evening.ordinal + n] else { return nil }
        return Purchase(
          evening: evening, years: Double(n) / VolatilityIndex.sessionsPerYear,
          change: evenings[end].adjustedClose / evening.adjustedClose - 1, answer: 1, paid: evenings[end].date)
      }
    case .withinSession:
      let clock = VarianceClock()
      let equal = places.count { evenings[$0 + 1].adjustedOpen == evenings[$0].adjustedClose }
      guard Double(equal) <= PremiumStudy.mostEqualOpens * Double(places.count) else { return [] }
      return places.compactMap { place in
        let (evening, session) = (evenings[place], evenings[place + 1])
        guard session.adjustedOpen > 0, session.adjustedOpen.isFinite else { return nil }
        let minutes = TradingCalendar.xnys.sessions[session.ordinal].minuteCount
        return Purchase(
          evening: evening, years: clock.weight(ofMinutes: Double(minutes)) / clock.daysPerYear,
          change: session.adjustedClose / session.adjustedOpen - 1,
          answer: exp(SyntheticSurface.measuredElasticity * log(session.adjustedOpen / evening.adjustedClose)),
          paid: session.date)
      }
    }
  }

  /// Squares, and twice the products of those up to so many places apart, weighted down to nothing.
  private static func sumOfSquares(_ values: [Double], lags: Int) -> Double {
    var sum = values.reduce(0) { $0 + $1 * $1 }
    guard lags > 0 else { return sum }
    for lag in 1...lags where lag < values.count {
      var products = 0.0
      for place in lag..<values.count { products += values[place] * values[place - lag] }
      sum += 2 * (1 - Double(lag) / Double(lags + 1)) * products
    }
    return sum
  }

  /// One option of each purchase, on a spot of 1.
  private struct Leg {
    /// 1, or -1 for what covers the one that is sold.
    let count: Double
    let sign: Double
    var strikes: [Double]
    var prices: [Double]
  }

  private static func legs(
    _ contract: Contract, _ atTheMoney: [Double], _ smile: Smile, _ years: [Double]
  ) throws(PricingError) -> [Leg] {
    let search = DeltaSearch(atTheMoney: atTheMoney, smile: smile, years: years)
    guard let option = contract.option else {
      let zeros = [Double](repeating: 0, count: years.count)
      return try [OptionSide.call, .put].map { (side) throws(PricingError) in try leg(side, zeros, search) }
    }
    let sold = try leg(option.side, try search.moneyness(option.side, delta: option.delta), search)
    guard contract.isSpread else { return [sold] }
    let further = sold.strikes.indices.map { place in
      log(sold.strikes[place] + sold.sign * Contract.spreadWidth)
        / (atTheMoney[place] * years[place].squareRoot())
    }
    return [sold, try leg(option.side, further, search, count: -1)]
  }

  private static func leg(
    _ side: OptionSide, _ moneyness: [Double], _ search: DeltaSearch, count: Double = 1
  ) throws(PricingError) -> Leg {
    let (options, values) = try search.values(side, moneyness)
    return Leg(count: count, sign: Double(side.rawValue), strikes: options.strikes, prices: values.prices)
  }
}

/// Two series that say nothing of premium.
package struct PremiumProblem: Error, Equatable, Sendable, CustomStringConvertible {
  package let underlying: String
  package let index: String
  package let sessionCount: Int
  /// Whether there are pairs, but none in which the underlying's ratio is known.
  package var isWithoutRatio = false

  package var description: String {
    if isWithoutRatio {
      return
        "what the volatility of \(underlying) is of \(index) is known in \(sessionCount) sessions, and at least 2 are needed: import "
        + "\(SyntheticSurface.symbolRatioSessions) more daily bars of it and of SPX or SPY, or give the ratio with --ratio"
    }
    return
      "\(underlying) and \(index) share \(sessionCount) pairs of closes in succession, and at least 2 are needed: import daily bars of both over the same span"
  }
}
