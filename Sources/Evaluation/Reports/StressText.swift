// The stress test in lines, as a section and as JSON.

internal import Environments
internal import Text

extension EvaluationReport {
  private static let stressColumns = ["total return", "Sharpe", "final, $", "trades"]

  private func cells(_ account: AccountReport?) -> [String] {
    guard let metrics = account?.metrics else {
      return [String](repeating: ReportText.undefined, count: EvaluationReport.stressColumns.count)
    }
    return [
      metrics.totalReturn.map { ReportText.percent($0, decimals: 2) } ?? ReportText.undefined,
      metrics.sharpe.map { ReportText.fixed($0, decimals: 2) } ?? ReportText.undefined,
      ReportText.fixed(metrics.finalDollars, decimals: 2), "\(metrics.tradeCount)",
    ]
  }

  private var stressRows: [(name: String, cells: [String])] {
    [("as set", cells(greedy))] + stresses.map { ($0.stress.name, cells($0.account)) }
  }

  private static let stressIntroduction =
    "The greedy run in worse worlds, one thing worse in each; the policy sees what it is shown there and decides anew."

  /// What the rows are, and which of them turn the sign.
  private var stressSentences: [String] {
    let turned = stresses.filter { $0.turns(greedy) }.map(\.stress.name)
    return stresses.map { "\($0.stress.name): \($0.words)." }
      + [
        turned.isEmpty
          ? "The sign of the total return stays in all that were played."
          : "The sign of the total return turns under: \(turned.joined(separator: ", "))."
      ]
  }

  /// In lines of at most 80 columns; none where nothing was stressed.
  var stressLines: [String] {
    guard !stresses.isEmpty else { return [] }
    let (label, widths) = (30, [13, 9, 16, 8])
    func row(_ name: String, _ cells: [String]) -> String {
      "  " + ReportText.left(name, label) + zip(cells, widths).map { ReportText.right($0, $1) }.joined()
    }
    return [""] + ReportText.wrapped(EvaluationReport.stressIntroduction) + [row("", EvaluationReport.stressColumns)]
      + stressRows.map { row($0.name, $0.cells) }
      + stressSentences.flatMap { ReportText.wrapped($0, first: "  ", rest: "    ") }
  }

  var stressSection: ReportDocument.Section? {
    guard !stresses.isEmpty else { return nil }
    return .init(
      heading: "Stress test",
      blocks: [
        .table(
          ReportDocument.Table(
            caption: EvaluationReport.stressIntroduction, columns: EvaluationReport.stressColumns,
            rows: stressRows.map { ReportDocument.Table.Row(label: $0.name, cells: $0.cells) })),
        .list(stressSentences),
      ])
  }

  var stressJSON: JSON {
    .array(
      stresses.map { one in
        .object([
          "stress": .string(one.stress.rawValue), "name": .string(one.stress.name), "words": .string(one.words),
          "account": one.account.map(ReportJSON.account) ?? .null, "turns": .bool(one.turns(greedy)),
        ])
      })
  }
}
