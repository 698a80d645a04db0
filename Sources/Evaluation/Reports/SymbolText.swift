// The greedy run symbol by symbol: in lines, as a section and as JSON.

import Environments
import Text
import Trading

extension SymbolAccount {
  /// Label (indented where it is a detail of the one above) and figure.
  static let rows: [(String, @Sendable (SymbolAccount) -> String?)] = [
    ("Profit, $", { money($0.breakdown.change.total) }),
    ("  of prices", { money($0.breakdown.change.priceProfit) }),
    ("  half-spreads", { money(-$0.breakdown.change.halfSpreadCost) }),
    ("  impact", { money(-$0.breakdown.change.impactCost) }),
    ("  fees", { money(-$0.breakdown.change.commission) }),
    ("  marks", { money($0.breakdown.change.markChange) }),
    ("Traded, $", { ReportText.grouped($0.tradedDollars, decimals: 2) }),
    ("Sessions", { "\($0.sessions)" }),
    ("  with trades", { "\($0.tradedSessions)" }),
    ("Closed trades", { "\($0.trades)" }),
    ("Trades won", { $0.winRate.map { ReportText.percent($0, decimals: 2) } }),
    ("  give or take", { $0.winRateStandardError.map { ReportText.percent($0, decimals: 2) } }),
    ("$ a closed trade", { $0.expectancyDollars.map { ReportText.grouped($0, decimals: 2) } }),
    ("  95 % from", { ($0.expectancyInterval?.lower).map { ReportText.grouped($0, decimals: 2) } }),
    ("  95 % to", { ($0.expectancyInterval?.upper).map { ReportText.grouped($0, decimals: 2) } }),
  ]

  private static func money(_ microDollars: Int64) -> String {
    ReportText.grouped(PerformanceMetrics.dollars(microDollars), decimals: 2)
  }

  var json: JSON {
    .object([
      "symbol": .string(symbol), "step_breakdown": ReportJSON.breakdown(breakdown),
      "sessions": .integer(Int64(sessions)), "traded_sessions": .integer(Int64(tradedSessions)),
      "closed_trades": .integer(Int64(trades)), "winning_trades": .integer(Int64(wins)),
      "win_rate": ReportJSON.number(winRate), "win_rate_standard_error": ReportJSON.number(winRateStandardError),
      "traded_dollars": ReportJSON.number(tradedDollars), "cost_dollars": ReportJSON.number(costDollars),
      "expectancy_dollars": ReportJSON.number(expectancyDollars),
      "expectancy_interval": ReportJSON.interval(expectancyInterval),
    ])
  }
}

extension EvaluationReport {
  private static let symbolSentence =
    "The greedy run by symbol, each with an account of its own; the items of a profit add up to it, and all profits to the account's, to the "
    + "micro-dollar."

  /// In lines of at most 80 columns.
  var symbolLines: [String] {
    let (label, width) = (18, 15)
    func row(_ name: String, _ cells: [String]) -> String {
      "  " + ReportText.left(name, label) + cells.map { ReportText.right(String($0.prefix(width)), width) }.joined()
    }
    var lines = ReportText.wrapped(EvaluationReport.symbolSentence)
    for first in stride(from: 0, to: bySymbol.count, by: 4) {
      let block = bySymbol[first..<min(first + 4, bySymbol.count)]
      lines.append(row("", block.map(\.symbol)))
      lines += SymbolAccount.rows.map { label, cell in row(label, block.map { cell($0) ?? ReportText.undefined }) }
    }
    return lines
  }

  /// Nil where one decision is about all symbols.
  var symbolSection: ReportDocument.Section? {
    guard !bySymbol.isEmpty else { return nil }
    return .init(
      heading: "By symbol",
      blocks: [
        .table(
          ReportDocument.Table(
            caption: EvaluationReport.symbolSentence, columns: bySymbol.map(\.symbol),
            rows: SymbolAccount.rows.map { label, cell in
              ReportDocument.Table.Row(indented: label, cells: bySymbol.map { cell($0) ?? ReportText.undefined })
            }))
      ])
  }
}
