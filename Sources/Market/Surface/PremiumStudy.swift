// What a surface would have handed to those who sell options of one day: an edge that nobody has to find.

import Glibc
package import Pricing

/// Daily closes of an underlying and of its volatility index, and what options of one day would have cost and paid.
///
/// Each option is bought at a close, priced with a volatility that the index of that close gives, and pays at the next; a day is the 252nd part of a year, an
/// ordinary one of the variance clock. No rates, no dividends, no costs.
package struct PremiumStudy: Sendable {
  /// What is sold.
  package enum Contract: String, Sendable, CaseIterable {
    /// A put and a call at the money.
    case straddle
    /// Out of the money, of a delta of 0.15.
    case put15, call15

    package var words: String {
      switch self {
      case .straddle: "straddle at the money"
      case .put15: "put of 15 delta"
      case .call15: "call of 15 delta"
      }
    }
  }

  /// Which volatilities.
  package enum Level: Sendable, Equatable, CaseIterable {
    /// The index, as if it were a volatility.
    case index
    /// The index times `FairRatio.beforeHistory`.
    case fixedRatio
    /// The two laws, `fair` with its trailing ratio.
    case fair
    case market

    package var words: String {
      switch self {
      case .index: "the index itself"
      case .fixedRatio: "\(FairRatio.beforeHistory) of the index"
      case .fair: "fair"
      case .market: "market"
      }
    }

    /// The smile that goes with it, of one session ahead.
    var smile: Smile { (self == .market ? SurfaceLaw.market : .fair).smile(sessionsAhead: 1) }
  }

  /// What was found for one contract and one level.
  package struct Figure: Sendable, Equatable {
    package let sessionCount: Int
    /// What was paid for all, by what all paid.
    package let costOverPayoff: Double
    /// 1 less its inverse: what the seller keeps of the premium.
    package let keptBySeller: Double
    /// Of `keptBySeller`, days being independent: that of a ratio of means.
    package let standardError: Double

    package var t: Double { keptBySeller / standardError }
  }

  /// One close to the next.
  package struct Session: Sendable, Equatable {
    package let date: CalendarDate
    /// Close to close, as a share.
    package let change: Double
    /// At the earlier close.
    package let index: Double
    /// Known at the earlier close.
    package let fairRatio: Double
  }

  package let sessions: [Session]
  /// Pairs of closes that are not of two sessions in succession, or whose numbers are none.
  package let leftOut: Int

  private static let years = 1 / VolatilityIndex.sessionsPerYear

  /// Bars of whole sessions of the underlying and of its index; dates that only one of them has count for nothing. Throws where fewer than two remain in
  /// succession.
  package init(underlying: BarSeries, index: BarSeries, calendar: TradingCalendar = .xnys) throws(PremiumProblem) {
    var levels: [CalendarDate: Double] = [:]
    for row in index.dates.indices { levels[index.dates[row]] = index.close[row] }
    var sessions: [Session] = []
    var leftOut = 0
    var ratio = FairRatio()
    var before: (ordinal: Int, close: Double, level: Double)?
    for row in underlying.dates.indices {
      let (date, close) = (underlying.dates[row], underlying.close[row] * underlying.adjustmentFactors[row])
      guard let level = levels[date] else { continue }
      guard let ordinal = calendar.ordinal(of: date), close > 0, close.isFinite,
        VolatilityIndex.levels.contains(level)
      else {
        leftOut += 1
        before = nil
        continue
      }
      if let before {
        if ordinal == before.ordinal + 1 {
          let change = close / before.close - 1
          sessions.append(Session(date: date, change: change, index: before.level, fairRatio: ratio.value))
          ratio.append(dailyReturn: change, indexBefore: before.level)
        } else {
          leftOut += 1
        }
      }
      before = (ordinal, close, level)
    }
    guard sessions.count >= 2 else {
      throw PremiumProblem(underlying: underlying.symbol, index: index.symbol, sessionCount: sessions.count)
    }
    self.sessions = sessions
    self.leftOut = leftOut
  }

  /// What was found of one contract and one level, as it was and without the drift: there the mean change of all sessions is taken out of what the options pay.
  package typealias Figures = (asItWas: Figure, withoutDrift: Figure)

  /// `years`: those of which the sessions count; nil where fewer than two do.
  package func figures(
    _ contract: Contract, _ level: Level, in years: ClosedRange<Int>? = nil
  ) throws(PricingError) -> Figures? {
    let counted = sessions.filter { session in years.map { $0.contains(session.date.civil.year) } ?? true }
    guard counted.count >= 2 else { return nil }
    var costs: [Double] = []
    var legs: [[OptionTerms<Double>]] = []
    for session in counted {
      let atTheMoney = session.index / 100 * PremiumStudy.ratio(level, session)
      let option = try PremiumStudy.option(contract, atTheMoney: atTheMoney, smile: level.smile)
      costs.append(option.cost)
      legs.append(option.legs)
    }
    func figure(drift: Double) -> Figure {
      let payoffs = zip(counted, legs).map { session, legs in
        legs.reduce(0) { $0 + max(Double($1.side.rawValue) * (1 + session.change - drift - $1.strike), 0) }
      }
      let (cost, payoff) = (costs.reduce(0, +), payoffs.reduce(0, +))
      let share = payoff / cost
      let squares = zip(costs, payoffs).reduce(0) { $0 + ($1.1 - share * $1.0) * ($1.1 - share * $1.0) }
      return Figure(
        sessionCount: counted.count, costOverPayoff: cost / payoff, keptBySeller: 1 - share,
        standardError: squares.squareRoot() / cost)
    }
    return (figure(drift: 0), figure(drift: counted.reduce(0) { $0 + $1.change } / Double(counted.count)))
  }

  private static func ratio(_ level: Level, _ session: Session) -> Double {
    switch level {
    case .index: 1
    case .fixedRatio: FairRatio.beforeHistory
    case .fair: SurfaceLaw.fair.ratio(toIndex: session.index, sessionsAhead: 1, fairRatio: session.fairRatio)
    case .market: SurfaceLaw.market.ratio(toIndex: session.index, sessionsAhead: 1, fairRatio: session.fairRatio)
    }
  }

  /// On a spot of 1: what it costs, and its legs.
  private static func option(
    _ contract: Contract, atTheMoney: Double, smile: Smile
  ) throws(PricingError) -> (cost: Double, legs: [OptionTerms<Double>]) {
    let legs: [OptionTerms<Double>] =
      switch contract {
      case .straddle: [terms(.call, 0, atTheMoney, smile), terms(.put, 0, atTheMoney, smile)]
      case .put15: [try leg(.put, ofDelta: 0.15, atTheMoney, smile)]
      case .call15: [try leg(.call, ofDelta: 0.15, atTheMoney, smile)]
      }
    var cost = 0.0
    for leg in legs { cost += try BlackScholes.plainValue(leg).price }
    return (cost, legs)
  }

  /// The strike is k standard deviations from the spot.
  private static func terms(_ side: OptionSide, _ k: Double, _ atTheMoney: Double, _ smile: Smile) -> OptionTerms<
    Double
  > {
    let logMoneyness = k * atTheMoney * years.squareRoot()
    return OptionTerms(
      side, spot: 1, strike: exp(logMoneyness), years: years,
      volatility: smile.volatility(atTheMoney: atTheMoney, logMoneyness: logMoneyness, years: years))
  }

  /// The strike between the money and the end of the smile whose delta is the wanted one: false position, the older end's miss halved (the Illinois method), so
  /// that some ten prices are enough.
  private static func leg(
    _ side: OptionSide, ofDelta wanted: Double, _ atTheMoney: Double, _ smile: Smile
  ) throws(PricingError) -> OptionTerms<Double> {
    func miss(_ k: Double) throws(PricingError) -> Double {
      abs(try BlackScholes.plainValue(terms(side, k, atTheMoney, smile)).delta) - wanted
    }
    var near = (k: 0.0, miss: try miss(0))
    let end = side == .call ? Smile.moneyness.upperBound : Smile.moneyness.lowerBound
    var far = (k: end, miss: try miss(end))
    for _ in 0..<100 {
      let k = (near.k * far.miss - far.k * near.miss) / (far.miss - near.miss)
      let found = try miss(k)
      guard abs(found) > 1e-14, k != near.k, k != far.k else { return terms(side, k, atTheMoney, smile) }
      if (found > 0) == (far.miss > 0) {
        near.miss /= 2
      } else {
        near = far
      }
      far = (k, found)
    }
    return terms(side, far.k, atTheMoney, smile)
  }
}

/// Two series that say nothing of premium.
package struct PremiumProblem: Error, Equatable, Sendable, CustomStringConvertible {
  package let underlying: String
  package let index: String
  package let sessionCount: Int

  package var description: String {
    "\(underlying) and \(index) share \(sessionCount) pairs of closes in succession, and at least 2 are needed: import daily bars of both over the same span"
  }
}
