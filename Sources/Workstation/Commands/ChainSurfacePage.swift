// What `strikeforge surface` shows where the store has a chain of the day: its smiles, how they fit, what was mended, and the synthetic surface beside it.

import Evaluation
import Glibc
import Market
import Pricing
import Storage
import Text

/// The surface of a chain at one moment, in lines of at most 80 columns.
struct ChainSurfacePage {
  let surface: ChainSurface
  /// What would stand in for it, and whose index that is of; or why there is none.
  let synthetic: Result<SurfaceDay, UsageError>

  /// nil where the store has no chain of the symbol in that session. `beside`: makes the synthetic surface of the same day.
  static func page(
    _ store: MarketStoreFile, _ arguments: Arguments, beside: () throws -> SurfaceDay
  ) throws -> ChainSurfacePage? {
    let symbol = arguments.value("symbol") ?? "SPX"
    guard let entry = store.chains.first(where: { $0.underlying == symbol }),
      let date = arguments.value("date").flatMap({ CalendarDate($0) })
    else { return nil }
    let chain = try store.chain(entry) { $0.date == date && !$0.isExtendedHours }
    guard let session = chain.sessions.first, let last = session.minutes.last else { return nil }
    let minute = try moment(arguments.value("time"), of: session.date) ?? Int(last) + 1
    let rate = try arguments.value("rate").map { try SurfaceMarket.number($0, flag: "rate", in: -0.5...0.5) }
    let surface: ChainSurface
    do throws(ChainSurfaceProblem) {
      surface = try ChainSurface(chain, session, at: minute, rate: rate)
    } catch {
      throw UsageError(error.description, command: SurfaceCommand.description)
    }
    let synthetic: Result<SurfaceDay, UsageError>
    do {
      synthetic = .success(try beside())
    } catch let error as UsageError {
      synthetic = .failure(error)
    }
    return ChainSurfacePage(surface: surface, synthetic: synthetic)
  }

  /// Minutes after the opening, the close included; nil where no time is given.
  static func moment(_ text: String?, of date: CalendarDate) throws -> Int? {
    guard let text else { return nil }
    let calendar = TradingCalendar.xnys
    guard let minute = ExchangeMoment.minuteOfDay(text) else {
      throw UsageError("--time: \(PrintableText.name(text)) is no HH:MM", command: SurfaceCommand.description)
    }
    let place = minute - calendar.openMinute
    let length = calendar.tradingMinutes(date) ?? 0
    guard (0...length).contains(place) else {
      throw UsageError(
        "--time: \(text) is outside the session of \(date), 09:30 to \(calendar.clockTime(ofMinute: length))",
        command: SurfaceCommand.description)
    }
    return place
  }

  // MARK: Lines

  var fitted: [ChainExpiry] { surface.expiries.filter { $0.smile != nil } }

  var lines: [String] { head + smiles + fits + refusals + repairs + comparison }

  /// What the surface was made of, a sentence each.
  var facts: [String] {
    let all = surface.expiries.map(\.strikes)
    let (contracts, usable) = (all.reduce(0) { $0 + $1.contracts }, all.reduce(0) { $0 + $1.usable })
    func silent(_ count: (ChainStrikes.Silent) -> Int) -> Int { all.reduce(0) { $0 + count($1.silent) } }
    var facts = [
      "\(usable) of \(contracts) contracts are quoted on two sides; \(silent(\.oneSided)) on one, \(silent(\.crossed)) crossed or locked, \(silent(\.stale)) not in the last \(ChainSurface.freshMinutes) minutes."
    ]
    let rate = SurfaceText.fixed(100 * surface.rate.value, 2)
    switch surface.rate.source {
    case .given: facts.append("Rate \(rate) % a year, as given.")
    case .none:
      facts.append(
        "Rate 0: \(isAmerican ? "puts and calls that may be exercised early say none" : "the pairs do not tell one"); give one with --rate."
      )
    default: facts.append("Rate \(rate) % a year by put-call parity.")
    }
    facts.append(month)
    if isAmerican {
      facts.append("Early exercise is not taken out: in the money, and over dividends, it is in the prices.")
    }
    return facts
  }

  private var head: [String] {
    [
      "Surface of \(surface.underlying) by its chain, \(surface.date) \(TradingCalendar.xnys.clockTime(ofMinute: surface.minute)) New York",
      "",
    ] + facts.flatMap { ChainSurfacePage.paragraph($0) }
  }

  /// The volatility of 30 days as the volatility index is made, and at the money.
  private var month: String {
    let days = VolatilityHistory.calendarDays
    guard let strips = surface.modelFreeVolatility(calendarDays: days) else {
      return "No two expiries with a strip of options lie around \(days) days: no volatility of that term."
    }
    let own = surface.atTheMoney(calendarDays: days).map { SurfaceText.fixed(100 * $0, 2) + " % at the money" }
    return
      "\(days)-day volatility \(SurfaceText.fixed(100 * strips, 2)) % by whole strips, as the VIX is made, a year of the calendar; "
      + "\(own ?? "unknown at the money") on the variance clock."
  }

  private var isAmerican: Bool { surface.expiries.contains { $0.strikes.terms.style == .american } }

  private var smiles: [String] {
    guard !fitted.isEmpty else { return [] }
    let widths = [10, 6, 6, 10, 8, 7, 7, 7, 7, 10]
    func line(_ words: [String]) -> String { ChainSurfacePage.line(words, widths) }
    var lines = [
      "", "Volatility, %, on the variance clock; k in deviations at the money",
      line(["expiry", "root", "ahead", "forward", "k = 0", "-2", "-1", "1", "2", "form"]),
    ]
    for one in fitted {
      guard let smile = one.smile, let forward = one.forward else { continue }
      func volatility(_ k: Double) -> String {
        SurfaceText.fixed(100 * smile.volatility(logMoneyness: k * smile.deviation), 2)
      }
      let form: String =
        switch smile.form {
        case .quadratic: "quadratic"
        case .svi: "SVI"
        case .interpolated: "quotes"
        }
      lines.append(
        line([
          "\(one.strikes.expiry)", one.strikes.root, "\(one.sessionsAhead)",
          SurfaceText.fixed(forward.forward, 2), volatility(0), volatility(-2), volatility(-1), volatility(1),
          volatility(2), form,
        ]))
    }
    return lines
  }

  private var fits: [String] {
    guard !fitted.isEmpty else { return [] }
    let widths = [10, 6, 6, 10, 7, 7, 13, 11, 7]
    func line(_ words: [String]) -> String { ChainSurfacePage.line(words, widths) }
    var lines = [
      "", "Fit, points of volatility; what was mended; the synthetic surface less this one",
      line(["expiry", "root", "quotes", "in spread", "rms", "worst", "butterfly", "calendar", "k = 0"]),
    ]
    for one in fitted {
      guard let smile = one.smile, let residuals = one.residuals else { continue }
      lines.append(
        line([
          "\(one.strikes.expiry)", one.strikes.root, "\(residuals.count)",
          "\(Int((100 * Double(residuals.inside) / Double(max(residuals.count, 1))).rounded())) %",
          SurfaceText.fixed(100 * residuals.rootMeanSquare, 2), SurfaceText.fixed(100 * residuals.worst, 2),
          butterflies(one), calendar(one),
          difference(one, k: 0).map { ChainSurfacePage.signed($0) } ?? "-",
        ]))
    }
    return lines
  }

  private var refusals: [String] {
    var lines: [String] = []
    for one in surface.expiries {
      guard let refusal = one.refusal else { continue }
      if lines.isEmpty { lines += ["", "Without a smile"] }
      lines += ChainSurfacePage.paragraph("\(one.strikes.expiry) \(one.strikes.root): \(refusal)")
    }
    return lines
  }

  private var repairs: [String] {
    let (cut, flat) = (fitted.count { $0.smile?.isCut == true }, fitted.count { ($0.smile?.flattening ?? 0) > 0 })
    let raised = fitted.count { $0.calendar.places > 0 }
    let worst = fitted.map(\.calendar.worst).max() ?? 0
    let left = fitted.reduce(0) { $0 + $1.butterfliesLeft }
    let beyond = fitted.reduce(0) { $0 + $1.calendar.beyondQuotes }
    let between = fitted.count { $0.whyInterpolated != nil }
    let counts = fitted.compactMap(\.residuals)
    let (inside, all) = (counts.reduce(0) { $0 + $1.inside }, counts.reduce(0) { $0 + $1.count })
    var text =
      "\(surface.expiries.count) expiries: \(fitted.count - between) fitted, \(between) between quotes, \(surface.expiries.count - fitted.count) refused. "
    if all > 0 {
      text +=
        "\(Int((100 * Double(inside) / Double(all)).rounded())) % of \(all) quotes have the smile's price in their spread. "
    }
    text +=
      "Butterflies from k = -5 to 4: of smiles where some cost less than nothing, \(cut) cut and \(flat) flattened; \(left) such butterflies left. "
    text +=
      "Calendar: \(raised) expiries raised to an earlier one\(raised > 0 ? ", by \(SurfaceText.fixed(100 * worst, 2)) points at most" : "")"
      + (beyond > 0 ? "; \(beyond) places beyond all quotes are below an earlier one." : ".")
    return [""] + wrap(text, width: 80)
  }

  // MARK: The synthetic surface

  /// The synthetic volatility less that of the chain, points.
  func difference(_ expiry: ChainExpiry, k: Double) -> Double? {
    guard case .success(let day) = synthetic, let smile = expiry.smile, let forward = expiry.forward else { return nil }
    let x = k * smile.deviation
    // The price whose forward, by the synthetic surface's own rates, is the chain's.
    let spot = forward.forward * exp(-(day.surface.rate - day.surface.dividendYield) * expiry.years)
    let terms = day.surface.terms(
      .call, strike: forward.forward * exp(x), spot: spot, years: expiry.years, sessionsAhead: expiry.sessionsAhead)
    return 100 * (terms.volatility - smile.volatility(logMoneyness: x))
  }

  func besideWords(_ day: SurfaceDay) -> String {
    "'\(day.surface.law.rawValue)' of \(day.index) \(SurfaceText.fixed(day.surface.knowledge.index, 2)) less this one, points"
  }

  /// By how far ahead expiries are, their mean differences at k = -2 to 2.
  var besideRows: [(name: String, cells: [String])] {
    var rows: [(name: String, cells: [String])] = []
    for (words, ahead) in [("0", 0...0), ("1 to 5", 1...5), ("6 to 30", 6...30), ("more", 31...10_000)] {
      let own = fitted.filter { ahead.contains($0.sessionsAhead) }
      guard !own.isEmpty else { continue }
      let cells = [-2.0, -1, 0, 1, 2].map { k in
        let found = own.compactMap { difference($0, k: k) }
        return ChainSurfacePage.signed(found.reduce(0, +) / Double(max(found.count, 1)))
      }
      rows.append((words, cells))
    }
    return rows
  }

  private var comparison: [String] {
    switch synthetic {
    case .failure(let reason):
      return [""] + wrap("No synthetic surface stands beside it: \(reason.message).", width: 80)
    case .success(let day):
      let widths = [16, 0, 9, 9, 9, 9, 9]
      let head = ChainSurfacePage.line(["sessions ahead", "", "k = -2", "-1", "0", "1", "2"], widths)
      var lines = ["", "SYNTHETIC surface " + besideWords(day), head]
      for (words, parts) in besideRows { lines.append(ChainSurfacePage.line([words, ""] + parts, widths)) }
      return lines
    }
  }

  // MARK: Text

  static func signed(_ value: Double) -> String { (value >= 0 ? "+" : "") + SurfaceText.fixed(value, 2) }

  /// Two columns in.
  static func paragraph(_ text: String) -> [String] { wrap(text, width: 78).map { "  " + $0 } }

  /// The first two words to the left of their columns, the others to the right.
  static func line(_ words: [String], _ widths: [Int]) -> String {
    var text = ""
    for (place, word) in words.enumerated() {
      let blanks = String(repeating: " ", count: max(widths[place] - word.count, 0))
      text += place < 2 ? word + blanks + " " : blanks + word
    }
    return text
  }
}
