// Made-up minutes and the options on them, quoted by Black-Scholes: markets in which what can be earned is known beforehand.

import Glibc
import Kernels
package import Market
package import Pricing

/// Sessions of a share whose variance is spread evenly over their minutes, and quotes of options that end with the session: strikes a dollar apart within 2.5 deviations of
/// the opening, bid and ask two cents around the formula, no rates. Path and quotes are of one clock, the session's: another would itself be an edge.
///
/// Nights lie outside of what can be traded. Each moves the price by half a daily deviation up or down, and pulls it back towards 600 by a hundredth of its distance, so
/// that thousands of sessions cost about the same.
package struct PlantedOptions: Sendable {
  /// What is planted.
  package enum Answer: String, Sendable, CaseIterable {
    /// Nothing: a martingale, quoted at its own volatility.
    case martingale = "options"
    /// The session drifts by half a daily deviation in the direction of its opening gap.
    case drift = "options_drift"
    /// The volatility is 0.12 and quotes are at 0.20 on half of the days, which their own level shows.
    case richQuotes = "options_rich"

    package var volatility: Double { self == .richQuotes ? 0.12 : 0.15 }
  }

  /// One session, as it was decided before its first minute.
  package struct Day: Sendable, Equatable {
    package let session: Session
    /// What options are quoted at, a decimal a year of the session's clock.
    package let quotedVolatility: Double
    /// +1 or -1: the sign of the opening gap.
    package let gap: Double
    /// Whole dollars, ascending.
    package let strikes: [Int]
    /// The rows of its minutes in `minutes`.
    package let rows: Range<Int>
  }

  package static let start = 600.0
  package static let richVolatility = 0.20
  /// Dollars, on each side of the formula's price.
  package static let halfSpread = 0.02
  package static let reachDeviations = 2.5
  /// Quotes stand in every so many minutes, and in the minute behind each, in which what was decided is filled.
  package static let quoteMinutes = 15
  /// Of the daily deviation: the opening gap, and the drift of a session.
  package static let gapDeviations = 0.5
  package static let driftDeviations = 0.5
  private static let pull = 0.01
  private static let fullMinutes = Double(TradingCalendar.fullSessionMinutes)

  package let answer: Answer
  package let minutes: BarSeries
  package let days: [Day]

  /// All of a trading day's variance in the session, evenly.
  package static let clock: VarianceClock = {
    var clock = VarianceClock()
    (clock.sessionShare, clock.nightShare, clock.halfDayFactor) = (1, 0, 210 / fullMinutes)
    clock.profile = SessionProfile([SessionProfile.Stretch(to: fullMinutes, weight: 1)])
    return clock
  }()

  /// The same sessions and seed give the same bars and quotes to the bit. Traps where a date is no session.
  package init(_ answer: Answer, symbol: String, dates: [CalendarDate], seed: UInt64) {
    self.answer = answer
    var maker = PlantedMinutes.Maker(symbol: symbol, instrument: .share, seed: seed, clock: PlantedOptions.clock)
    var types = RandomStream(seed: seed, purpose: .market, lane: 19)
    let daily = answer.volatility * answer.volatility / PlantedOptions.clock.daysPerYear
    let deviation = daily.squareRoot()
    var price = log(PlantedOptions.start)
    var days: [Day] = []
    for date in dates {
      let session = maker.session(on: date)
      let gap: Double = types.nextDouble() < 0.5 ? 1 : -1
      let isRich = types.nextDouble() < 0.5
      let back = PlantedOptions.pull * (log(PlantedOptions.start) - price)
      let most = PlantedOptions.gapDeviations * deviation / 2
      price += gap * PlantedOptions.gapDeviations * deviation + max(-most, min(back, most))
      let drift =
        answer == .drift
        ? gap * PlantedOptions.driftDeviations * deviation / PlantedOptions.fullMinutes : 0
      var path = [price]
      for share in maker.variances(of: session, daily: daily) {
        path.append(path[path.count - 1] + maker.step(share) + drift)
      }
      price = path[path.count - 1]
      let first = maker.series.count
      maker.append(
        session, path, daily: daily,
        volume: 1_000_000 * Double(session.minuteCount) / PlantedOptions.fullMinutes)
      let quoted = answer == .richQuotes && isRich ? PlantedOptions.richVolatility : answer.volatility
      let open = maker.series.open[first]
      let reach = PlantedOptions.reachDeviations * open * quoted / PlantedOptions.clock.daysPerYear.squareRoot()
      days.append(
        Day(
          session: session, quotedVolatility: quoted, gap: gap,
          strikes: Array(Int((open - reach).rounded(.up))...Int((open + reach).rounded(.down))),
          rows: first..<maker.series.count))
    }
    minutes = maker.series
    self.days = days
  }

  /// The minutes of a session in which options are quoted.
  package static func quotedMinutes(of session: Session) -> [Int] {
    (0..<session.minuteCount - 1).filter { $0 % quoteMinutes < 2 }
  }

  /// Calls `body` for each contract that is quoted at the end of a minute: by strike, the call before the put. Bid and ask in ten-thousandths of a dollar, to the nearest,
  /// which no side gains by; 0: nobody bids.
  package func quotes(
    _ day: Day, minute: Int, _ body: (_ strike: Int, OptionSide, _ bid: Int32, _ ask: Int32) -> Void
  ) {
    let length = Double(day.session.minuteCount)
    let years =
      PlantedOptions.clock.weight(ofMinutes: length) * (1 - Double(minute + 1) / length)
      / PlantedOptions.clock.daysPerYear
    var options = OptionColumns<Double>()
    for strike in day.strikes {
      for side in [OptionSide.call, .put] {
        options.append(
          OptionTerms(
            side, spot: minutes.close[day.rows.lowerBound + minute], strike: Double(strike), years: years,
            volatility: day.quotedVolatility))
      }
    }
    var values = ValueColumns<Double>(count: options.count)
    // The same bits on every machine: a file by its seed is one file.
    let problems = options.reproducibleValue(into: &values)
    precondition(problems.isEmpty, "a made-up option without a value")
    let ticks = Double(TickRule.perDollar)
    for place in 0..<options.count {
      let price = values.prices[place]
      body(
        day.strikes[place / 2], place % 2 == 0 ? .call : .put,
        Int32((max(price - PlantedOptions.halfSpread, 0) * ticks).rounded()),
        Int32(((price + PlantedOptions.halfSpread) * ticks).rounded()))
    }
  }
}
