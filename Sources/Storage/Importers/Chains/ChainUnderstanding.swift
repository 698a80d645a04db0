// What a file of chains was taken for, in words that a user can check.

import Market
import Text

enum ChainUnderstanding {
  /// Layout, columns, times and units, a line each.
  static func lines(_ plan: ChainPlan) -> [String] {
    let layout = plan.layout
    var lines = ["layout      \(layout.name): \(layout.words)"]
    let read = plan.places.filter { $0.key != .ignored }.values.sorted().map { PrintableText.of(plan.name($0)) }
    lines.append("columns     " + read.joined(separator: ", "))
    if !plan.unread.isEmpty {
      lines.append("not read    " + plan.unread.prefix(40).map { PrintableText.of($0) }.joined(separator: ", "))
    }
    lines.append("quotes      " + layout.moments.map(words).joined(separator: ", and "))
    lines.append("zone        \(layout.zone.clock.name), where a stamp names none")
    if layout.strikeDivisor > 1 { lines.append("strikes     divided by \(layout.strikeDivisor)") }
    if plan.priceDivisor > 1 { lines.append("prices      divided by \(plan.priceDivisor)") }
    lines.append("units       " + units(layout.declaration))
    return lines
  }

  private static func words(_ moment: ChainMoment) -> String {
    switch moment {
    case .stampEnd: "of the minute that ends at the stamp or holds it"
    case .stampStart: "of the minute that begins at the stamp"
    case .close: "of the last minute of the session"
    case .beforeClose(let minutes): "of the minute that ends \(minutes) minutes before the close"
    case .head: "of the time above the header"
    case .newestTrade: "of the time of the newest trade"
    }
  }

  static func units(_ declaration: ChainDeclaration) -> String {
    var words: [String] = []
    switch declaration.theta {
    case .calendarDay: words.append("theta a calendar day")
    case .tradingDay: words.append("theta a trading day")
    case .year: words.append("theta a year")
    case nil: words.append("theta not told")
    }
    switch declaration.vega {
    case .point: words.append("vega a point")
    case .whole: words.append("vega of 1.00")
    case nil: words.append("vega not told")
    }
    words.append(
      "volatility by the \(declaration.clock.map { $0.rawValue + " clock" } ?? "clock that the vendor did not tell")")
    switch declaration.volume {
    case .minute: words.append("volume of the minute")
    case .day: words.append("volume of the day so far")
    case nil: break
    }
    return words.joined(separator: ", ")
  }

  /// What a chain holds, in a line.
  static func summary(_ chain: ShelvedChain) -> String { "options of \(chain.underlying): " + words(chain) }

  static func words(_ chain: ShelvedChain) -> String {
    let range = chain.dates.map { $0.first == $0.last ? "\($0.first)" : "\($0.first) to \($0.last)" }
    return "\(chain.contractCount) contracts, \(chain.quoteCount) quotes, \(range ?? "no date")"
  }
}
