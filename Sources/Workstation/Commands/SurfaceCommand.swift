// strikeforge surface: what options would be quoted at where there is no chain, and what that hands to whom.

import Market
import Pricing
import Storage
import Text
import Training

struct SurfaceCommand: Command {
  static let description = CommandDescription(
    name: "surface",
    summary:
      "Shows the synthetic surface of a day, made of a volatility index that was known the evening before, or what such surfaces hand to sellers.",
    operands: "STORE", operandCount: 1...1,
    flags: [
      Flag("symbol", "NAME", "the underlying, with daily bars in the store; SPX by default"),
      Flag("index", "NAME", "the volatility index, likewise; VIX by default"),
      Flag("premium", "what options of one day cost and paid over all that the store holds"),
      Flag("date", "DATE", "the session whose surface is shown"),
      Flag("time", "HH:MM", "New York; the open by default"),
      Flag("surface", "LAW", "fair (default) or market"),
    ],
    notes: """
      `strikeforge surface my.h5 --premium`: with an index itself as volatility every
      seller is handed a fifth of the premium; with `fair` nobody is handed anything.

      `strikeforge surface my.h5 --date 2016-03-01`: a page of what is quoted then. The
      price is that of the close before. Everything on it is SYNTHETIC.
      """)

  static func run(_ arguments: Arguments, _ families: Families) throws -> Int32 {
    guard arguments.has("premium") != arguments.has("date") else {
      throw UsageError("take one of --premium and --date", command: description)
    }
    for name in ["time", "surface"] where arguments.has("premium") && arguments.has(name) {
      throw UsageError("--\(name) is of one day: it goes with --date", command: description)
    }
    let symbol = arguments.value("symbol") ?? "SPX"
    let index = arguments.value("index") ?? "VIX"
    let store = try MarketStoreFile(arguments.operands[0])
    try store.requirePassingGate()
    let bars = try series(symbol, in: store)
    let levels = try series(index, in: store)
    if arguments.has("premium") {
      for line in try SurfaceText.premium(of: PremiumStudy(underlying: bars, index: levels), symbol, index) {
        print(line)
      }
    } else {
      let day = try SurfaceDay(bars, levels, arguments)
      for line in try SurfaceText.page(of: day) { print(line) }
    }
    return 0
  }

  private static func series(_ symbol: String, in store: MarketStoreFile) throws -> BarSeries {
    let found = try store.series { $0.symbol == symbol && $0.width == .session }
    guard let series = found.first else {
      let names = store.catalogue.filter { $0.width == .session }.map(\.symbol)
      throw UsageError(
        "\(PrintableText.name(symbol)) has no daily bars in \(store.path)"
          + (names.isEmpty ? "" : ", which has those of \(names.joined(separator: ", "))")
          + ": import them, or name another with --symbol and --index", command: description)
    }
    return series
  }
}

/// One moment of one session, and what was known then.
struct SurfaceDay {
  let symbol: String
  let index: String
  let surface: SyntheticSurface
  let date: CalendarDate
  let ordinal: Int
  let minute: Int
  /// Whose closes are known: the session before.
  let known: CalendarDate
  let ratioSessions: Int

  init(_ bars: BarSeries, _ levels: BarSeries, _ arguments: Arguments) throws {
    let calendar = TradingCalendar.xnys
    let command = SurfaceCommand.description
    let text = arguments.value("date") ?? ""
    guard let date = CalendarDate(text), let ordinal = calendar.ordinal(of: date), ordinal > 0 else {
      throw UsageError(
        "--date: \(PrintableText.name(text)) is no session of the New York Stock Exchange", command: command)
    }
    let session = calendar.sessions[ordinal]
    (self.date, self.ordinal) = (date, ordinal)
    minute = try SurfaceDay.minute(arguments.value("time"), of: session)
    let lawName = arguments.value("surface") ?? SurfaceLaw.fair.rawValue
    guard let law = SurfaceLaw(rawValue: lawName) else {
      throw UsageError(
        "--surface: there is no \(PrintableText.name(lawName)); take "
          + SurfaceLaw.allCases.map(\.rawValue).joined(separator: " or "), command: command)
    }
    (symbol, index) = (bars.symbol, levels.symbol)
    let before = calendar.sessions[ordinal - 1]
    known = before.date
    guard let row = bars.dates.firstIndex(of: known), let level = levels.dates.firstIndex(of: known) else {
      let missing = bars.dates.contains(known) ? levels.symbol : bars.symbol
      throw UsageError(
        "\(missing) has no close of \(known), the session before: choose a day behind one that the store holds",
        command: command)
    }
    let study = try? PremiumStudy(underlying: bars, index: levels)
    var ratio = FairRatio()
    for one in study?.sessions ?? [] where one.date < date {
      ratio.append(dailyReturn: one.change, indexBefore: one.index)
    }
    ratioSessions = ratio.sessionCount
    let knowledge = SyntheticSurface.Knowledge(
      index: levels.close[level], indexKnown: before.close, spotThen: bars.close[row], fairRatio: ratio.value,
      symbolRatio: try SurfaceDay.symbolRatio(bars.symbol))
    surface = try SyntheticSurface(law, knowledge, at: session.start(ofMinute: minute))
  }

  private static func symbolRatio(_ symbol: String) throws -> Double {
    guard let ratio = SyntheticSurface.symbolRatio(of: symbol) else {
      throw UsageError(
        "what the volatility of \(symbol) is of the index is settled for SPX, SPXW, XSP, SPY and QQQ alone: name one of them",
        command: SurfaceCommand.description)
    }
    return ratio
  }

  private static func minute(_ text: String?, of session: Session) throws -> Int {
    guard let text else { return 0 }
    guard let minute = ExchangeMoment.minuteOfDay(text) else {
      throw UsageError("--time: \(PrintableText.name(text)) is no HH:MM", command: SurfaceCommand.description)
    }
    let place = minute - TradingCalendar.xnys.openMinute
    guard (0..<session.minuteCount).contains(place) else {
      throw UsageError(
        "--time: \(text) is outside the session of \(session.date), 09:30 to before "
          + (session.minuteCount == 390 ? "16:00" : "13:00"), command: SurfaceCommand.description)
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

  /// A put one deviation below the price, a call at it and one above, at whole dollars, of every term.
  func lines() throws -> [Line] {
    let calendar = TradingCalendar.xnys
    let spot = surface.knowledge.spotThen
    let rules = QuoteRules.of(symbol)
    var lines: [Line] = []
    for n in SurfaceDay.termsAhead where ordinal + n < calendar.sessions.count {
      let remaining = calendar.remainingSessions(from: ordinal, minute: Double(minute), to: ordinal + n)
      let years = VarianceClock().years(over: remaining)
      let deviation = spot * surface.atTheMoney(sessionsAhead: n, spot: spot) * years.squareRoot()
      let contracts: [(OptionSide, Double)] = [(.put, spot - deviation), (.call, spot), (.call, spot + deviation)]
      for (side, strike) in contracts {
        let terms = surface.terms(
          side, strike: max(strike.rounded(), 1), spot: spot, years: years, sessionsAhead: n)
        let value = try BlackScholes.value(terms)
        lines.append(
          Line(
            expiry: calendar.sessions[ordinal + n].date, sessionsAhead: n, terms: terms, value: value,
            quote: surface.quote(
              value, rules: rules, minute: minute, of: calendar.sessions[ordinal].minuteCount)))
      }
    }
    return lines
  }
}
