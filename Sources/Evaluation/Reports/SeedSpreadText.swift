// Several runs beside each other, as text and JSON.

package import Text

extension SeedSpread {
  private func figure(_ run: Run) -> String {
    run.figure.map { ReportText.fixed($0, decimals: measure == SeedSpread.sharpe ? 2 : 4) } ?? ReportText.undefined
  }

  /// What the figure of a market is called.
  package static let sharpe = "Sharpe ratio"
  /// And that of a game.
  package static let reward = "mean reward"

  /// In lines of at most 80 columns.
  package var lines: [String] {
    let name = 30
    var lines = [
      ReportText.left("\(runs.count) runs", name) + ReportText.right("seed", 7) + ReportText.right(measure, 14)
        + ReportText.right("total return", 14)
    ]
    for run in ranked {
      lines.append(
        ReportText.left("  " + String(run.name.prefix(name - 3)), name) + ReportText.right("\(run.seed)", 7)
          + ReportText.right(figure(run), 14)
          + ReportText.right(
            run.totalReturn.map { ReportText.percent($0, decimals: 2) } ?? ReportText.undefined, 14))
    }
    let edges = runs.count { $0.isEdge }
    lines += ReportText.wrapped("VERDICT over \(runs.count) runs: \(median.headline).", rest: "  ")
    lines += ReportText.wrapped(
      "That of \(median.name), the middle one by \(measure), and never of the best. Alone, \(edges) of \(runs.count) would claim an edge; "
        + "the \(measure) lies between \(figure(ranked[0])) and \(figure(ranked[ranked.count - 1])).",
      first: "  ", rest: "  ")
    return lines
  }

  package var json: JSON {
    .object([
      "kind": .string("seeds"), "measure": .string(measure), "median_run": .string(median.name),
      "headline": .string(median.headline), "edge_found": .bool(median.isEdge),
      "runs": .array(
        runs.map {
          .object([
            "run": .string($0.name), "seed": .integer(Int64($0.seed)), "figure": ReportJSON.number($0.figure),
            "total_return": ReportJSON.number($0.totalReturn), "headline": .string($0.headline),
            "edge_found": .bool($0.isEdge),
          ])
        }),
    ])
  }
}
