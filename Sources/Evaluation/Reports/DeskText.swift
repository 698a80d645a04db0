// Where the value of the greedy run went, and what its desk refused: in lines, as a section and as JSON.

import Environments
import Market
package import Text
import Trading

extension DeskOutcomes {
  package var json: JSON {
    .object([
      "counts": .object(
        Dictionary(
          counts.map { ($0.name.trimmingSpaces, JSON.integer($0.count)) }, uniquingKeysWith: { first, _ in first })),
      "kill_switch": .array(
        latches.map { .object(["symbol": .integer(Int64($0.symbol)), "date": .string($0.date.description)]) }),
    ])
  }
}

extension String {
  fileprivate var trimmingSpaces: String { String(drop { $0 == " " }) }
}

extension EvaluationReport {
  private static let causeSentence =
    "Where the value of the greedy run went, dollars; the items add up to what it gained, to the micro-dollar."
  private static let deskSentence = "What the desk did to the orders of the greedy run beside filling them."

  /// Causes and dollars, the sum last.
  private var causes: [(String, String)] {
    let change = greedy.breakdown.change
    func money(_ microDollars: Int64) -> String {
      ReportText.grouped(PerformanceMetrics.dollars(microDollars), decimals: 2)
    }
    return [
      ("prices", money(change.priceProfit)), ("half-spreads", money(-change.halfSpreadCost)),
      ("impact", money(-change.impactCost)), ("fees", money(-change.commission)),
      ("marks of what is still held", money(change.markChange)), ("in all", money(change.total)),
    ]
  }

  /// In lines of at most 80 columns.
  var deskLines: [String] {
    func rows(_ pairs: [(String, String)]) -> [String] {
      pairs.map { "  " + ReportText.left($0.0, 48) + ReportText.right($0.1, 20) }
    }
    var lines = ReportText.wrapped(EvaluationReport.causeSentence) + rows(causes)
    guard let desk else { return lines }
    lines += [""] + ReportText.wrapped(EvaluationReport.deskSentence)
    return lines + (desk.counts.isEmpty ? ["  nothing"] : rows(desk.counts.map { ($0.name, "\($0.count)") }))
  }

  var deskSection: ReportDocument.Section {
    func table(_ caption: String, _ column: String, _ pairs: [(String, String)]) -> ReportDocument.Block {
      .table(
        ReportDocument.Table(
          caption: caption, columns: [column],
          rows: pairs.map { label, cell in
            ReportDocument.Table.Row(indented: label, cells: [cell])
          }))
    }
    var blocks = [table(EvaluationReport.causeSentence, "dollars", causes)]
    if let desk {
      blocks.append(
        desk.counts.isEmpty
          ? .paragraph("The desk refused, cut and forced nothing.")
          : table(EvaluationReport.deskSentence, "times", desk.counts.map { ($0.name, "\($0.count)") }))
    }
    return .init(heading: "Where the value went", blocks: blocks)
  }
}
