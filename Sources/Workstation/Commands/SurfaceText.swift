// What `strikeforge surface` prints, 80 columns wide.

import Evaluation
import Market
import Pricing

enum SurfaceText {
  /// What sellers of options of one day were handed, by surface, contract and era.
  static func premium(of study: PremiumStudy, _ symbol: String, _ index: String) throws -> [String] {
    guard let first = study.sessions.first?.date, let last = study.sessions.last?.date else { return [] }
    var lines = [
      "Options of one day on \(symbol), bought at a close, paid at the next", "",
      "  \(study.sessions.count) sessions, \(first) to \(last), volatility from \(index) of the evening before"
        + (study.leftOut == 0 ? "" : "; \(study.leftOut) left out"), "",
      columns(["surface", "contract", "cost / payoff", "kept by seller", "t"]),
    ]
    for level in PremiumStudy.Level.allCases {
      for contract in PremiumStudy.Contract.allCases {
        guard let figures = try study.figures(contract, level) else { continue }
        lines.append(row(level.words, contract.words, figures.asItWas))
        if contract != .straddle { lines.append(row("", "  without the drift", figures.withoutDrift)) }
      }
    }
    lines += ["", "Straddle by era, cost / payoff:"]
    for era in eras(first.civil.year...last.civil.year) {
      var parts: [String] = []
      for level in PremiumStudy.Level.allCases {
        guard let figures = try study.figures(.straddle, level, in: era) else { continue }
        parts.append("\(level.words) \(fixed(figures.asItWas.costOverPayoff, 3))")
      }
      if !parts.isEmpty { lines.append("  \(era.lowerBound)-\(era.upperBound)  " + parts.joined(separator: ", ")) }
    }
    lines.append("")
    lines += wrap(
      "A share that is kept is an edge that nobody has to find: where it stands out from its standard error, an agent that sells there has learned the "
        + "surface, not the market.", width: 80)
    return lines
  }

  private static func row(_ surface: String, _ contract: String, _ figure: PremiumStudy.Figure) -> String {
    columns([
      surface, contract, fixed(figure.costOverPayoff, 3),
      "\(fixed(100 * figure.keptBySeller, 1)) % +- \(fixed(100 * figure.standardError, 1))",
      fixed(figure.t, 1),
    ])
  }

  private static func columns(_ words: [String]) -> String {
    let widths = [18, 23, 15, 18, 6]
    var text = ""
    for (place, word) in words.enumerated() {
      let blanks = String(repeating: " ", count: max(widths[place] - word.count, 0))
      text += place < 2 ? word + blanks : blanks + word
    }
    return text
  }

  private static func fixed(_ value: Double, _ decimals: Int) -> String { ReportText.fixed(value, decimals: decimals) }

  /// Five years each, the last as far as it goes.
  private static func eras(_ years: ClosedRange<Int>) -> [ClosedRange<Int>] {
    stride(from: years.lowerBound / 5 * 5, through: years.upperBound, by: 5).map {
      max($0, years.lowerBound)...min($0 + 4, years.upperBound)
    }
  }

  /// One moment of a synthetic surface.
  static func page(of day: SurfaceDay) throws -> [String] {
    let known = day.surface.knowledge
    let minute = TradingCalendar.xnys.openMinute + day.minute
    let clock = "\(minute / 60 < 10 ? "0" : "")\(minute / 60):\(minute % 60 < 10 ? "0" : "")\(minute % 60)"
    let rules = QuoteRules.of(day.symbol)
    var lines = [
      "SYNTHETIC surface '\(day.surface.law.rawValue)' of \(day.symbol), \(day.date) \(clock) New York", "",
      "  \(day.index) \(fixed(known.index, 2)) and \(day.symbol) \(fixed(known.spotThen, 2)), closes of \(day.known)",
    ]
    if day.surface.law == .fair {
      lines.append(
        day.ratioSessions < FairRatio.leastSessions
          ? "  \(fixed(known.fairRatio, 3)) of the index, since only \(day.ratioSessions) of \(FairRatio.leastSessions) sessions are known"
          : "  \(fixed(known.fairRatio, 3)) of the index, from the last \(day.ratioSessions) sessions")
    }
    lines.append(
      "  rate 0, dividends 0; spreads "
        + (rules.spread.isMeasured ? "measured on real chains" : "assumed: no real chain supports them"))
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
