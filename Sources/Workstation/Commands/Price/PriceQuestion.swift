// One option as the words of a command line describe it.

import Market
import Pricing
package import Text

/// What `strikeforge price` is asked. Every word is checked; what is wrong is a usage error or a sentence of the pricing's own.
package struct PriceQuestion {
  enum Exercise: String, CaseIterable {
    case american, european
  }

  let symbol: OptionSymbol?
  let terms: AmericanTerms
  let exercise: Exercise
  let settlesAtOpen: Bool
  let times: PriceTimes
  /// The clock that the volatility, and the years of the terms, are counted on.
  let clock: VolatilityClock
  /// Nil where the middle of the quote has to tell it.
  let volatility: Double?
  let quote: (bid: Double, ask: Double)?
  let tick: Double
  let steps: Int

  /// Options on indices, exercised at expiry only, as far as their roots are known here.
  private static let europeanRoots: Set = ["SPX", "SPXW", "XSP", "NDX", "NDXP", "RUT", "RUTW"]
  /// Those of them that are settled on the opening prices of the day they expire.
  private static let morningRoots: Set = ["SPX", "NDX", "RUT"]

  package static let flags = [
    Flag("side", "SIDE", "call or put; with an OSI symbol its own"),
    Flag("strike", "DOLLARS", "with an OSI symbol its own"),
    Flag("expiry", "DATE", "YYYY-MM-DD; with an OSI symbol its own"),
    Flag("now", "MOMENT", "YYYY-MM-DDTHH:MM, New York; with an expiry"),
    Flag(
      "minutes", "N",
      "instead of both: minutes before the close of the last session, above 0 to \(TradingCalendar.fullSessionMinutes)"),
    Flag("spot", "DOLLARS", "price of a share"),
    Flag("rate", "DECIMAL", "continuously compounded a year (0)"),
    Flag("yield", "DECIMAL", "dividend yield, continuously compounded a year (0)"),
    Flag("dividend", "DATE=DOLLARS", repeats: true, "cash dividend a share on its ex-date; needs --now"),
    Flag("volatility", "DECIMAL", "a year of the clock; without it the middle of the quote tells it"),
    Flag("clock", "CLOCK", "calendar, session or variance: what years are (session)"),
    Flag("bid", "DOLLARS", "with --ask: implied volatilities"),
    Flag("ask", "DOLLARS", "with --bid"),
    Flag("tick", "DOLLARS", "smallest step of the price (0.01)"),
    Flag("exercise", "STYLE", "american or european; known of the roots of indices, else american"),
    Flag("settlement", "WHEN", "open or close of the last session; known of SPX, NDX and RUT, else close"),
    Flag("steps", "N", "of the tree, odd (201)"),
    Flag("json", "writes JSON"),
  ]

  /// Reads the words behind the command's name.
  package init(words: [String]) throws {
    try self.init(try Arguments(words, flags: Self.flags, operandLimit: 1, allowsEmptyValues: true))
  }

  init(_ arguments: Arguments) throws {
    let symbol = try arguments.operands.first.map { text throws(UsageError) in
      do throws(OptionSymbolError) {
        return try OptionSymbol(text)
      } catch {
        throw UsageError(
          "'\(PrintableText.name(text))' is no option symbol such as SPY251211C00600000: \(error.reason.rawValue)")
      }
    }
    self.symbol = symbol
    if symbol != nil {
      for name in ["side", "strike", "expiry"] where arguments.has(name) {
        throw UsageError("--\(name) is told by the symbol; leave one of them away")
      }
    }
    let side: OptionSide =
      try symbol.map { $0.right == .call ? .call : .put }
      ?? Self.choice("side", arguments, ["call": .call, "put": .put])
      ?? { throw UsageError("an option needs a symbol, or --side, --strike and --expiry or --minutes") }()
    let strike = try symbol?.strike ?? Self.needed("strike", arguments)
    exercise =
      try Self.choice("exercise", arguments, ["american": .american, "european": .european])
      ?? (symbol.map { Self.europeanRoots.contains($0.root) } == true ? .european : .american)
    settlesAtOpen =
      try Self.choice("settlement", arguments, ["open": true, "close": false])
      ?? symbol.map { Self.morningRoots.contains($0.root) } ?? false
    clock =
      try Self.choice(
        "clock", arguments, Dictionary(uniqueKeysWithValues: VolatilityClock.allCases.map { ($0.rawValue, $0) }))
      ?? .session

    let now = try arguments.value("now").map { text throws(UsageError) in
      guard let moment = ExchangeMoment(text) else {
        throw UsageError(
          "--now is \(PrintableText.name(text)); it must be a minute in New York such as 2025-12-11T15:00")
      }
      return moment
    }
    if let minutes = try Self.number("minutes", arguments) {
      for name in ["now", "expiry", "settlement"] where arguments.has(name) {
        throw UsageError("--minutes and --\(name) cannot stand together")
      }
      guard minutes > 0, minutes <= Double(TradingCalendar.fullSessionMinutes) else {
        throw UsageError(
          "--minutes is \(minutes); it must be above 0 and at most \(TradingCalendar.fullSessionMinutes), the minutes of a session"
        )
      }
      times = PriceTimes(minutes: minutes)
    } else {
      guard let now else { throw UsageError("how long the option lives is told by --now, or by --minutes") }
      let date = try symbol?.expiry ?? Self.date(arguments)
      times = try PriceTimes(from: now, expiry: date, settlesAtOpen: settlesAtOpen)
    }

    volatility = try Self.number("volatility", arguments)
    switch (try Self.number("bid", arguments), try Self.number("ask", arguments)) {
    case (let bid?, let ask?): quote = (bid, ask)
    case (nil, nil): quote = nil
    default: throw UsageError("--bid and --ask stand together")
    }
    guard volatility != nil || quote != nil else {
      throw UsageError("nothing tells the volatility; give --volatility, or --bid and --ask")
    }
    tick = try Self.number("tick", arguments) ?? 0.01
    steps = try arguments.wholeNumber("steps", in: 3...10_001) ?? LeisenReimer.standardSteps
    let european = OptionTerms(
      side, spot: try Self.needed("spot", arguments), strike: strike, rate: try Self.number("rate", arguments) ?? 0,
      dividendYield: try Self.number("yield", arguments) ?? 0, years: times.expiry.years(on: clock),
      volatility: volatility ?? 0)
    terms = AmericanTerms(
      european, dividends: try Self.dividends(arguments, now: now, end: times.end, clock: clock))
  }

  /// Dividends by the time to the open of their ex-dates. Those that are past or after the expiry are left out.
  private static func dividends(
    _ arguments: Arguments, now: ExchangeMoment?, end: ExchangeMoment?, clock: VolatilityClock
  ) throws -> [CashDividend] {
    try arguments.values("dividend").compactMap { text in
      let parts = text.split(separator: "=", omittingEmptySubsequences: false)
      guard parts.count == 2, let date = CalendarDate(parts[0]), let amount = Double(parts[1]) else {
        throw UsageError(
          "--dividend is \(PrintableText.name(text)); it must be an ex-date and dollars such as 2025-12-19=1.99")
      }
      guard let now, let end else { throw UsageError("--dividend needs --now, which says when it is paid") }
      guard date > now.date, date <= end.date else { return nil }
      let times = try PriceTimes(from: now, expiry: date, settlesAtOpen: true)
      return CashDividend(years: times.expiry.years(on: clock), amount: amount)
    }
  }

  private static func number(_ name: String, _ arguments: Arguments) throws(UsageError) -> Double? {
    guard let text = arguments.value(name) else { return nil }
    guard let number = Double(text) else {
      throw UsageError("--\(name) is \(PrintableText.name(text)); it must be a number")
    }
    return number
  }

  private static func needed(_ name: String, _ arguments: Arguments) throws(UsageError) -> Double {
    guard let number = try number(name, arguments) else { throw UsageError("--\(name) is missing") }
    return number
  }

  private static func date(_ arguments: Arguments) throws(UsageError) -> CalendarDate {
    guard let date = try arguments.date("expiry") else { throw UsageError("--expiry is missing") }
    return date
  }

  private static func choice<Value>(
    _ name: String, _ arguments: Arguments, _ values: [String: Value]
  ) throws(UsageError) -> Value? {
    guard let text = arguments.value(name) else { return nil }
    guard let value = values[text] else {
      throw UsageError(
        "--\(name) is \(PrintableText.name(text)); it must be one of \(values.keys.sorted().joined(separator: ", "))")
    }
    return value
  }
}
