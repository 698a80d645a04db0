// What `strikeforge surface` prints, 80 columns wide.

import Evaluation
import Market
import Pricing
import Text

enum SurfaceText {
  static func fixed(_ value: Double, _ decimals: Int) -> String { ReportText.fixed(value, decimals: decimals) }

  /// One moment of a synthetic surface.
  static func page(of day: SurfaceDay) throws -> [String] {
    var lines = [
      "SYNTHETIC surface '\(day.surface.law.rawValue)' of \(day.symbol), \(day.date) \(clock(day.minute)) New York", "",
    ]
    for fact in facts(of: day) { lines += ReportText.wrapped(fact, first: "  ", rest: "    ") }
    lines += ["", line(["expiry", "ahead", "option", "strike", "vol. %", "delta", "value", "bid", "ask"])]
    for one in try day.lines() {
      lines.append(
        line([
          "\(one.expiry)", "\(one.sessionsAhead)", one.terms.side.description, fixed(one.terms.strike, 0),
          fixed(100 * one.terms.volatility, 2), fixed(one.value.delta, 3), fixed(one.value.price, 3),
          fixed(one.quote.bidDollars, 2), fixed(one.quote.askDollars, 2),
        ]))
    }
    lines += [
      "", "Volatilities on the variance clock; dollars a share. `--premium` says what such", "quotes hand to whom.",
    ]
    return lines
  }

  static func clock(_ place: Int) -> String {
    let minute = TradingCalendar.xnys.openMinute + place
    return "\(minute / 60 < 10 ? "0" : "")\(minute / 60):\(minute % 60 < 10 ? "0" : "")\(minute % 60)"
  }

  /// What the surface was made of, a sentence each.
  static func facts(of day: SurfaceDay) -> [String] {
    let (surface, evening) = (day.surface, day.evening)
    let known = surface.knowledge
    var facts = [
      "\(day.index) \(fixed(known.index, 2)) and \(day.symbol) \(fixed(known.spotThen, 2)), closes of \(evening.date)"
    ]
    switch day.spotSource {
    case .closeBefore: facts.append("price now: that close, since the store has no minutes of \(day.symbol) then")
    case .minutes(let areSynthetic):
      facts.append(
        "price now: \(fixed(day.spot, 2)), "
          + (areSynthetic
            ? "of SYNTHETIC minutes, to which the volatility does not answer"
            : "of the minutes; with each 1 % of it goes \(fixed(-surface.priceElasticity, 1)) % of the volatility"))
    }
    if surface.law == .fair {
      let of = day.benchmark ?? day.symbol
      facts.append(
        "\(fixed(known.fairRatio, 3)) of the index at the money, "
          + (evening.fairSessions < FairRatio.leastSessions
            ? "since only \(evening.fairSessions) of \(FairRatio.leastSessions) sessions are known"
            : "from \(of) in the last \(evening.fairSessions) sessions"))
    }
    if known.symbolRatio != 1 || day.isRatioGiven {
      facts.append(
        "\(fixed(known.symbolRatio, 3)) times that for \(day.symbol), "
          + (day.isRatioGiven
            ? "as given"
            : SyntheticSurface.symbolRatio(of: day.symbol) != nil
              ? "measured in 2024 to 2026"
              : "as it moved over \(day.benchmark ?? "") in the last \(SyntheticSurface.symbolRatioSessions) sessions"))
    }
    for event in day.eventsOver {
      facts.append(
        "event '\(PrintableText.name(event.kind))' is over: it takes \(fixed(100 * event.share, 1)) % of the volatility"
      )
    }
    facts.append(
      "rate \(ReportText.shortest(surface.rate)), dividends \(ReportText.shortest(surface.dividendYield)); spreads "
        + (QuoteRules.of(day.symbol).spread.isMeasured
          ? "measured on real chains" : "assumed: no real chain supports them"))
    facts.append(
      "30-day volatility \(fixed(100 * day.volatility, 2)) % at that close; IV Rank: \(day.rank.words())\(day.rankSource)"
    )
    if let premium = day.premium {
      facts.append(
        "straddles of one day on this surface have left the seller \(fixed(100 * premium.keptBySeller, 1)) % +- "
          + "\(fixed(100 * premium.standardError, 1)) of the premium in \(premium.sessionCount) sessions up to then")
    }
    return facts
  }

  private static func line(_ words: [String]) -> String {
    let widths = [10, 7, 8, 9, 9, 8, 10, 9, 9]
    var text = ""
    for (place, word) in words.enumerated() {
      let blanks = String(repeating: " ", count: max(widths[place] - word.count, 0))
      text += place == 0 ? word + blanks : blanks + word
    }
    return text
  }
}
