// What inspect shows of an option chain: a table of 80 columns.

import Evaluation
import Market
import Storage

/// The quotes of one date, or of a minute of it, in lines.
struct ChainText {
  let entry: ChainEntry
  let chain: OptionChain
  let session: ChainSession
  /// nil for all minutes of the session.
  let minute: Int?

  /// One line for each session that a store has of a chain, and how to see more.
  static func sessions(_ entry: ChainEntry) -> [String] {
    let regular = entry.sessions.filter { !$0.isExtendedHours }
    var lines = ["\(entry.underlying): \(entry.contractCount) contracts, \(counted(regular.count, "session"))", ""]
    lines.append(left("date", 12) + right("contracts", 11) + right("minutes", 10))
    let shown = regular.count <= 20 ? regular[...] : regular.prefix(20)
    for session in shown {
      lines.append(left("\(session.date)", 12) + right("\(session.contracts)", 11) + right("\(session.minutes)", 10))
    }
    if regular.count > shown.count, let last = regular.last {
      lines.append("... and \(regular.count - shown.count) more, the last on \(last.date)")
    }
    return lines + ["", "Choose one with --date, and a minute of it with --time."]
  }

  private var summary: ChainSummary {
    let blocks = minute.flatMap { session.block(ofMinute: $0) }.map { [$0] } ?? Array(session.minutes.indices)
    return ChainSummary(chain, session, blocks: blocks)
  }

  /// The same as a page with pictures, HTML.
  var page: String {
    let summary = summary
    return summary.document(title: "Options of \(chain.underlying), \(session.date)", facts: head(summary)).html
  }

  var lines: [String] {
    let summary = summary
    var lines = head(summary).map { ChainText.left($0.name, 14) + $0.text } + [""]
    lines.append(
      ChainText.left("root", 7) + ChainText.left("expiry", 11) + ChainText.left("last session", 14)
        + ChainText.right("strikes", 8) + ChainText.right("calls", 6) + ChainText.right("puts", 6)
        + ChainText.right("quotes", 9) + ChainText.right("two-sided", 10) + ChainText.right("crossed", 9))
    for expiry in summary.expiries {
      let last = expiry.life.map { "\($0.lastSession)" } ?? "none"
      let terms = ContractTerms.of(root: expiry.root).settlement.rawValue
      lines.append(
        ChainText.left(expiry.root + (expiry.isStandard ? "" : "*"), 7) + ChainText.left("\(expiry.expiry)", 11)
          + ChainText.left("\(last) \(terms)", 14) + ChainText.right("\(expiry.strikes)", 8)
          + ChainText.right("\(expiry.calls)", 6) + ChainText.right("\(expiry.puts)", 6)
          + ChainText.right("\(expiry.quotes)", 9)
          + ChainText.right(summary.hasQuotes ? ChainText.percent(expiry.twoSided, of: expiry.quotes) : "-", 10)
          + ChainText.right(summary.hasQuotes ? "\(expiry.crossed)" : "-", 9))
    }
    lines += summary.deliverableNotes
    guard summary.hasQuotes else { return lines + ["", "No bids and asks: prices of trades alone."] }
    lines += ["", "Spreads of uncrossed quotes with two sides, by strike over the underlying:"]
    lines.append(
      ChainText.left("moneyness", 18) + ChainText.right("quotes", 9) + ChainText.right("median $", 11)
        + ChainText.right("median of middle", 18))
    for band in summary.bands where band.quotes > 0 {
      lines.append(
        ChainText.left(band.words, 18) + ChainText.right("\(band.quotes)", 9)
          + ChainText.right(ChainText.decimal(band.medianSpread, 4), 11)
          + ChainText.right(ChainText.decimal(100 * band.medianRelativeSpread, 2) + " %", 18))
    }
    return lines
  }

  private func head(_ summary: ChainSummary) -> [(name: String, text: String)] {
    var lines: [(name: String, text: String)] = []
    func entry(_ name: String, _ text: String) { lines.append((name, text)) }
    entry(
      "options of",
      "\(chain.underlying), \(session.date)" + (minute.map { ", the minute that ends at \(clockText($0 + 1))" } ?? ""))
    if let price = summary.underlying, let source = summary.priceSource {
      entry("underlying", "\(ChainText.decimal(price, 4)) (by \(source.rawValue))")
    }
    entry("contracts", "\(session.contracts.count) of the \(chain.contracts.count) that the store has")
    if let first = session.minutes.first, let last = session.minutes.last {
      entry(
        "minutes",
        "\(session.minutes.count) with quotes, the first ends at \(clockText(Int(first) + 1)), the last at \(clockText(Int(last) + 1)) New York"
      )
    }
    entry(
      "quotes",
      "\(summary.quotes), with two sides \(summary.hasQuotes ? ChainText.percent(summary.twoSided, of: summary.quotes) : "none")"
    )
    let interest = summary.expiries.compactMap(\.openInterest)
    if !interest.isEmpty { entry("open interest", "\(interest.reduce(0, +)) contracts") }
    return lines
  }

  private static func left(_ text: String, _ width: Int) -> String {
    text.count >= width ? text + " " : text + String(repeating: " ", count: width - text.count)
  }

  private static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(1, width - text.count)) + text
  }

  private static func percent(_ part: Int, of all: Int) -> String {
    all == 0 ? "-" : decimal(100 * Double(part) / Double(all), 1) + " %"
  }

  private static func decimal(_ value: Double, _ places: Int) -> String {
    guard value.isFinite, abs(value) < 1e12 else { return "-" }
    let scale = (0..<places).reduce(1) { scale, _ in scale * 10 }
    let whole = Int((abs(value) * Double(scale)).rounded())
    let fraction = String(whole % scale)
    return (value < 0 && whole > 0 ? "-" : "") + "\(whole / scale)"
      + (places == 0 ? "" : "." + String(repeating: "0", count: places - fraction.count) + fraction)
  }
}
