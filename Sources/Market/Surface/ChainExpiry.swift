// One expiry of a chain: its forward, its quotes as volatilities, its smile, and how well that fits.

import Glibc
package import Pricing

package struct ChainExpiry: Sendable {
  package let strikes: ChainStrikes
  /// Sessions after today's up to the one in which it settles; 0 for today's.
  package let sessionsAhead: Int
  /// To its settlement, on the variance clock and on the calendar's; 0 where that is past.
  package let years: Double
  package let calendarYears: Double
  /// Minutes of regular sessions to it.
  let sessionMinutes: Double
  package private(set) var forward: ChainForward?
  /// Out of the money, identified, within the reach of the smile; by strike.
  package private(set) var points: [SmilePoint] = []
  /// Quotes out of the money that could speak and do not count: too far out, or a point of volatility moves them by less than half a tick, or no volatility gives their
  /// price.
  package private(set) var leftOut = 0
  /// nil where it was refused.
  package private(set) var smile: ChainSmile?
  package private(set) var refusal: Refusal?
  /// Why no form was fitted to the quotes, where the smile lies between them.
  package private(set) var whyInterpolated: WhyInterpolated?
  /// Before anything was mended.
  package private(set) var butterflies = ArbitrageCheck.Butterflies()
  package private(set) var calendar = ArbitrageCheck.Calendar()
  /// After everything was.
  package private(set) var butterfliesLeft = 0
  package private(set) var residuals: Residuals?
  private(set) var pairs: ParityPairs?
  private(set) var line: ChainForward.Line?
  private var quoted: [(strike: Double, side: OptionSide, quote: SidedQuote)] = []

  /// Why an expiry has no smile.
  package enum Refusal: Sendable, Equatable, CustomStringConvertible {
    case noSuchExpiry
    case expired
    case noPairs
    case oneStrike
    case oneSideOfForward(points: Int)
    case atTheMoneyMoved(from: Double, to: Double)

    package var description: String {
      switch self {
      case .noSuchExpiry: "no contract expires on that date"
      case .expired: "it settles now"
      case .noPairs: "no strike has a call and a put with two sides"
      case .oneStrike: "one strike alone says a volatility"
      case .oneSideOfForward(let points): "all \(points) volatilities are on one side of the forward"
      case .atTheMoneyMoved(let from, let to):
        "earlier expiries ask for \(Self.percent(to)) % at the money where its own quotes say \(Self.percent(from)) %"
      }
    }

    private static func percent(_ value: Double) -> Double { (value * 1000).rounded() / 10 }
  }

  package enum WhyInterpolated: Sendable, Equatable {
    case fewPoints(Int)
    /// The form's volatility at the money as a share of the quotes' own.
    case atTheMoneyOff(Double)
  }

  /// How far the mended smile is from the quotes.
  package struct Residuals: Sendable, Equatable {
    /// Volatility, an annual decimal.
    package var rootMeanSquare: Double
    package var worst: Double
    /// Quotes between whose bid and ask the smile's price lies, of all that count.
    package var inside: Int
    package var count: Int

    package init(rootMeanSquare: Double, worst: Double, inside: Int, count: Int) {
      (self.rootMeanSquare, self.worst, self.inside, self.count) = (rootMeanSquare, worst, inside, count)
    }
  }

  /// How far a form may be off at the money, of the quotes' own volatility there.
  package static let atTheMoneyTolerance = 0.05

  init(
    _ strikes: ChainStrikes, from ordinal: Int, minute: Int, _ calendar: TradingCalendar, _ clock: VarianceClock,
    _ ticks: TickRule
  ) {
    self.strikes = strikes
    guard let life = strikes.life, let last = calendar.ordinal(of: life.settlementSession) else {
      (sessionsAhead, years, calendarYears, sessionMinutes) = (0, 0, 0, 0)
      refusal = .noSuchExpiry
      return
    }
    sessionsAhead = max(last - ordinal, 0)
    let settlesAtOpen = strikes.terms.settlement == .opening
    guard last > ordinal || last == ordinal && !settlesAtOpen && minute < calendar.sessions[ordinal].minuteCount else {
      (years, calendarYears, sessionMinutes) = (0, 0, 0)
      refusal = .expired
      return
    }
    years = clock.years(
      over: calendar.remainingSessions(
        from: ordinal, minute: Double(minute), to: last, settlesAtOpen: settlesAtOpen))
    let now = calendar.sessions[ordinal].start(ofMinute: minute)
    let end = settlesAtOpen ? calendar.sessions[last].open : calendar.sessions[last].close
    calendarYears =
      Double((end.nanoseconds - now.nanoseconds) / Instant.nanosecondsPerMinute)
      / VolatilityClock.calendarMinutesPerYear
    sessionMinutes = Double(
      calendar.minutesBefore[settlesAtOpen ? last : last + 1] - calendar.minutesBefore[ordinal] - minute)
    let isAmerican = strikes.terms.style == .american
    pairs = ParityPairs(strikes.pairs, exercisedEarly: isAmerican)
    line = isAmerican ? nil : pairs.flatMap { ChainForward.line($0.near) }
    if pairs == nil { refusal = .noPairs }
  }

  /// What the pairs say of the rate; nil where they do not.
  var slope: (slope: ChainForward.Slope, calendarYears: Double)? { line.map { ($0.slope, calendarYears) } }

  mutating func fit(rate: ChainRate, _ ticks: TickRule) {
    guard refusal == nil, let pairs else { return }
    guard let forward = ChainForward(pairs, line, calendarYears: calendarYears, rate: rate) else {
      return refusal = .noPairs
    }
    self.forward = forward
    findPoints(forward, ticks)
    guard points.count > 1 else { return refusal = .oneStrike }
    guard let own = SmileFit.quotedAtTheMoney(points) else {
      return refusal = .oneSideOfForward(points: points.count)
    }
    keepWithinReach(own)
    smile = fitted(own)
    measure()
  }

  private mutating func findPoints(_ forward: ChainForward, _ ticks: TickRule) {
    var (signs, levels, prices): ([Int8], [Double], [Double]) = ([], [], [])
    for one in strikes.strikes {
      let side: OptionSide = one.strike < forward.forward ? .put : .call
      guard let quote = side == .call ? one.call : one.put else { continue }
      signs.append(side.rawValue)
      levels.append(one.strike)
      prices.append(quote.middle / forward.discount)
      quoted.append((one.strike, side, quote))
    }
    var options = OptionColumns(
      signs: signs, forward: forward.forward, strikes: levels, years: years,
      volatilities: [Double](repeating: 0, count: signs.count))
    var volatilities = [Double](repeating: .nan, count: options.count)
    options.implyVolatilities(of: prices, into: &volatilities)
    options.volatilities = volatilities.map { $0.isNaN ? 1 : $0 }
    var values = ValueColumns<Double>(count: options.count)
    options.value(into: &values)
    var kept: [(strike: Double, side: OptionSide, quote: SidedQuote)] = []
    for place in quoted.indices {
      let quote = quoted[place].quote
      let vega = values.vegas[place] * forward.discount
      let tick = Double(ticks.tick(at: quote.middle)) / Double(TickRule.perDollar)
      guard volatilities[place].isFinite, QuoteVolatility.isIdentified(vega: vega, tick: tick) else {
        leftOut += 1
        continue
      }
      points.append(
        SmilePoint(
          logMoneyness: log(quoted[place].strike / forward.forward), volatility: volatilities[place],
          uncertainty: quote.halfSpread / vega))
      kept.append(quoted[place])
    }
    quoted = kept
  }

  /// Moneyness of more than -5 and 4 deviations is beyond the smile.
  private mutating func keepWithinReach(_ atTheMoney: Double) {
    let deviation = atTheMoney * years.squareRoot()
    let isNear = points.map { Smile.moneyness.contains($0.logMoneyness / deviation) }
    leftOut += isNear.count { !$0 }
    points = zip(points, isNear).filter(\.1).map(\.0)
    quoted = zip(quoted, isNear).filter(\.1).map(\.0)
  }

  /// A quote as volatilities.
  package struct QuoteBar: Sendable, Equatable {
    /// ln(K / F).
    package var logMoneyness: Double
    /// Of the bid, the middle and the ask, annual decimals of the variance clock.
    package var bid, middle, ask: Double
  }

  /// Those that count, by strike. A side that no volatility gives is as far from the middle as its half-spread and vega say.
  package var quoteBars: [QuoteBar] {
    guard let forward, !points.isEmpty else { return [] }
    let options = OptionColumns(
      signs: quoted.map(\.side.rawValue), forward: forward.forward, strikes: quoted.map(\.strike), years: years,
      volatilities: [Double](repeating: 0, count: quoted.count))
    func volatilities(_ price: (SidedQuote) -> Double) -> [Double] {
      var found = [Double](repeating: .nan, count: options.count)
      options.implyVolatilities(of: quoted.map { price($0.quote) / forward.discount }, into: &found)
      return found
    }
    let (bids, asks) = (volatilities(\.bid), volatilities(\.ask))
    return points.indices.map { place in
      let point = points[place]
      return QuoteBar(
        logMoneyness: point.logMoneyness,
        bid: bids[place].isFinite ? bids[place] : max(point.volatility - point.uncertainty, 0),
        middle: point.volatility,
        ask: asks[place].isFinite ? asks[place] : point.volatility + point.uncertainty)
    }
  }

  /// The better of the two forms, or what lies between the quotes; mended.
  private mutating func fitted(_ own: Double) -> ChainSmile {
    var fit = SmileFit(points, years: years, quoted: own)
    // Both are judged with the same weights, those of the quotes themselves.
    let judge = fit
    var best: (smile: ChainSmile, error: Double)?
    var off = 1.0
    for case (let form?, let parameters) in [(fit.quadratic(), 3), (fit.svi(), 5)] {
      let share = form.atTheMoney / own
      guard abs(share - 1) <= ChainExpiry.atTheMoneyTolerance else {
        off = share
        continue
      }
      let found = ArbitrageCheck.butterflies(of: form)
      let smile = ArbitrageCheck.mended(form, found)
      let error = judge.error(of: smile, parameters: parameters)
      if error < best?.error ?? .infinity { (best, butterflies) = ((smile, error), found) }
    }
    if let best { return best.smile }
    whyInterpolated = points.count < SmileFit.leastForQuadratic ? .fewPoints(points.count) : .atTheMoneyOff(off)
    // At the money the curve is what the quotes say there, and no cubic.
    var knots = points.map { ($0.logMoneyness, $0.volatility * $0.volatility * years) }
    if let place = knots.firstIndex(where: { $0.0 >= 0 }), knots[place].0 > 0 {
      knots.insert((0, own * own * years), at: place)
    }
    let curve = MonotoneCurve(places: knots.map(\.0), values: knots.map(\.1))
    let between = ChainSmile(
      .interpolated(curve), atTheMoney: (curve.value(at: 0) / years).squareRoot(), years: years, quoted: fit.span)
    butterflies = ArbitrageCheck.butterflies(of: between)
    return ArbitrageCheck.mended(between, butterflies)
  }

  mutating func raise(above earlier: ChainSmile) {
    guard let before = smile, let own = SmileFit.quotedAtTheMoney(points) else { return }
    calendar = ArbitrageCheck.calendar(earlier: earlier, later: before)
    guard calendar.places > 0 else { return }
    var raised = before
    raised.raise(to: earlier)
    guard abs(raised.atTheMoney / own - 1) <= ChainExpiry.atTheMoneyTolerance else {
      (smile, residuals) = (nil, nil)
      refusal = .atTheMoneyMoved(from: own, to: raised.atTheMoney)
      return
    }
    smile = raised
    measure()
  }

  private mutating func measure() {
    guard let smile, let forward, !points.isEmpty else { return }
    butterfliesLeft = ArbitrageCheck.butterflies(of: smile).negative
    let volatilities = points.map { smile.volatility(logMoneyness: $0.logMoneyness) }
    let misses = zip(volatilities, points).map { abs($0 - $1.volatility) }
    let (squares, worst) = (misses.reduce(0) { $0 + $1 * $1 }, misses.max() ?? 0)
    let options = OptionColumns(
      signs: quoted.map(\.side.rawValue), forward: forward.forward, strikes: quoted.map(\.strike), years: years,
      volatilities: volatilities)
    var values = ValueColumns<Double>(count: options.count)
    options.value(into: &values)
    let inside = quoted.indices.count { place in
      let price = values.prices[place] * forward.discount
      return quoted[place].quote.bid <= price && price <= quoted[place].quote.ask
    }
    residuals = Residuals(
      rootMeanSquare: (squares / Double(points.count)).squareRoot(), worst: worst, inside: inside, count: points.count)
  }
}
