// One moment of one session, and what was known then.

import Market
import Pricing
import Storage
import Text

struct SurfaceDay {
  let symbol: String
  let index: String
  let isVIX: Bool
  let surface: SyntheticSurface
  let date: CalendarDate
  let ordinal: Int
  let minute: Int
  /// Dollars, in that moment.
  let spot: Double
  let spotSource: SpotSource
  /// Whose closes are known: the session before.
  let evening: SurfaceHistory.Evening
  /// What the fair ratio and the symbol's ratio are of; nil: the symbol itself.
  let benchmark: String?
  let isRatioGiven: Bool
  let eventsOver: [SurfaceEvent]
  /// At the money, 30 calendar days, at that evening's close, and where it stands.
  let volatility: Double
  let rank: VolatilityRank
  let rankSource: String
  /// The last year's volatilities that the rank is of.
  let history: [VolatilityHistory.Day]
  /// Of options of one day on this surface, so far as they had been paid by then; nil where there are too few.
  let premium: PremiumStudy.Figure?

  /// Where the price of the moment is from.
  enum SpotSource {
    case closeBefore
    case minutes(areSynthetic: Bool)
  }

  init(_ market: SurfaceMarket, _ arguments: Arguments) throws {
    let calendar = TradingCalendar.xnys
    let command = SurfaceCommand.description
    guard let date = try arguments.date("date"), let ordinal = calendar.ordinal(of: date), ordinal > 0 else {
      throw UsageError(
        "--date: \(arguments.value("date") ?? "") is no session of the New York Stock Exchange", command: command)
    }
    let session = calendar.sessions[ordinal]
    let minute = try SurfaceDay.minute(arguments.value("time"), of: session)
    let law = try market.law(arguments)
    (symbol, index) = (market.underlying.symbol, market.index.symbol)
    isVIX = market.isVIX
    (self.date, self.ordinal, self.minute) = (date, ordinal, minute)
    guard let evening = market.history.evening(before: ordinal) else {
      let known = calendar.sessions[ordinal - 1].date
      let missing = market.underlying.dates.contains(known) ? index : symbol
      throw UsageError(
        "\(missing) has no usable close of \(known), the session before: choose a day behind one that the store holds",
        command: command)
    }
    guard market.isVIX || evening.fairSessions >= FairRatio.leastSessions else {
      throw UsageError(
        "\(evening.fairSessions) sessions with \(index) are known, and \(FairRatio.leastSessions) are needed to say what it promises: only of the VIX "
          + "is that known beforehand; import more, or choose a later day", command: command)
    }
    self.evening = evening
    benchmark = market.benchmark?.symbol
    isRatioGiven = arguments.has("ratio")
    let factor = market.underlying.dates.firstIndex(of: date).map { market.underlying.adjustmentFactors[$0] }
    let knowledge = try market.history.knowledge(of: evening, adjustmentFactor: factor)
    let found = SurfaceDay.spot(market.minutes, date: date, minute: minute, session)
    spot = found ?? knowledge.spotThen
    spotSource = found == nil ? .closeBefore : .minutes(areSynthetic: market.areMinutesSynthetic)
    let events = try arguments.value("events").map { try SurfaceEventFile.read($0) } ?? SurfaceEvents()
    eventsOver = events.over(on: date, minute: minute)
    surface = try SyntheticSurface(
      law, knowledge, at: session.start(ofMinute: minute),
      priceElasticity: market.areMinutesSynthetic ? 0 : SyntheticSurface.measuredElasticity,
      rate: try arguments.value("rate").map { try SurfaceMarket.number($0, flag: "rate", in: -0.5...0.5) } ?? 0,
      dividendYield: try arguments.value("yield").map { try SurfaceMarket.number($0, flag: "yield", in: -0.5...0.5) }
        ?? 0, crush: events.crush(on: date, minute: minute))
    let own = VolatilityHistory(market.history, law)
    guard let last = own.days.last(where: { $0.date == evening.date }) else {
      throw UsageError(
        "the volatility of 30 days at \(evening.date) is not known: choose another day", command: command)
    }
    var history = own
    if let path = arguments.value("history") {
      history = try VolatilityHistoryFile.read(path).history
      guard history.symbol == symbol, history.source == own.source else {
        throw UsageError(
          "--history: '\(PrintableText.name(path))' is of \(history.symbol), \(history.source.rawValue), not of \(symbol), \(own.source.rawValue): volatilities "
            + "of another source are no measure; write one with --write-history", command: command)
      }
    }
    volatility = last.volatility
    rank = try history.rank(of: last.volatility, on: evening.date)
    self.history = Array(
      history.days.prefix { $0.date <= evening.date }.suffix(VolatilityRank.longestSessions + 1))
    rankSource = arguments.has("history") ? " in the file" : ""
    premium = try SurfaceDay.premium(market.history, law, until: evening.date)
  }

  /// The last price that was known: the close of the bar before, or the session's first price in its first minute.
  private static func spot(_ minutes: BarSeries?, date: CalendarDate, minute: Int, _ session: Session) -> Double? {
    guard let minutes else { return nil }
    let now = session.start(ofMinute: minute)
    var price: Double?
    for row in minutes.dates.indices where minutes.dates[row] == date && session.contains(minutes.starts[row]) {
      if minutes.starts[row] < now {
        price = minutes.close[row]
      } else if minute == 0, minutes.starts[row] == now {
        price = minutes.open[row]
      }
    }
    return price.flatMap { $0 > 0 && $0.isFinite ? $0 : nil }
  }

  private static func premium(
    _ history: SurfaceHistory, _ law: SurfaceLaw, until date: CalendarDate
  ) throws -> PremiumStudy.Figure? {
    guard let study = try? PremiumStudy(history), let first = history.evenings.first?.date, first < date else {
      return nil
    }
    return try study.figures(.straddle, law == .fair ? .fair : .market, in: first...date)?.asItWas
  }

  private static func minute(_ text: String?, of session: Session) throws -> Int {
    guard let text else { return 0 }
    guard let minute = TimeOfDay.minute(text) else {
      throw UsageError("--time: \(PrintableText.name(text)) is no HH:MM", command: SurfaceCommand.description)
    }
    let place = minute - TradingCalendar.xnys.openMinute
    guard (0..<session.minuteCount).contains(place) else {
      throw UsageError(
        "--time: \(text) is outside the session of \(session.date), 09:30 to before "
          + (session.minuteCount == TradingCalendar.fullSessionMinutes ? "16:00" : "13:00"),
        command: SurfaceCommand.description)
    }
    return place
  }

  /// The expiries that are shown, in sessions ahead.
  static let termsAhead = [0, 1, 2, 5, 10, 21]

  /// A contract on the page.
  struct Line {
    let expiry: CalendarDate
    let sessionsAhead: Int
    let terms: OptionTerms<Double>
    let value: OptionValue<Double>
    let quote: OptionQuote
  }

  /// The terms that the calendar has, with the years to each on the variance clock.
  var expiries: [(sessionsAhead: Int, expiry: CalendarDate, years: Double)] {
    let calendar = TradingCalendar.xnys
    return SurfaceDay.termsAhead.compactMap { n in
      guard ordinal + n < calendar.sessions.count else { return nil }
      let remaining = calendar.remainingSessions(from: ordinal, minute: Double(minute), to: ordinal + n)
      return (n, calendar.sessions[ordinal + n].date, VarianceClock().years(over: remaining))
    }
  }

  /// A put one deviation below the price, a call at it and one above, at whole dollars, of every term.
  func lines() throws -> [Line] {
    let rules = QuoteRules.of(symbol)
    let sessionMinutes = TradingCalendar.xnys.sessions[ordinal].minuteCount
    var lines: [Line] = []
    for (n, expiry, years) in expiries {
      let deviation = spot * surface.atTheMoney(sessionsAhead: n, spot: spot) * years.squareRoot()
      let contracts: [(OptionSide, Double)] = [(.put, spot - deviation), (.call, spot), (.call, spot + deviation)]
      for (side, strike) in contracts {
        let terms = surface.terms(
          side, strike: max(strike.rounded(), 1), spot: spot, years: years, sessionsAhead: n)
        let value = try BlackScholes.value(terms)
        lines.append(
          Line(
            expiry: expiry, sessionsAhead: n, terms: terms, value: value,
            quote: surface.quote(value, rules: rules, minute: minute, of: sessionMinutes)))
      }
    }
    return lines
  }
}
