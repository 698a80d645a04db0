// Several runs beside each other, as text and JSON.

internal import Market
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
    var lines = warnings.flatMap { ReportText.wrapped("warning: " + $0, rest: "  ") }
    lines += [
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
    lines += ReportText.wrapped("VERDICT over \(runs.count) runs: \(median.headline).", rest: "  ")
    return lines + sentences.flatMap { ReportText.wrapped($0, first: "  ", rest: "  ") }
  }

  /// What the runs say together.
  var sentences: [String] {
    let edges = runs.count { $0.isEdge }
    let first =
      "That of \(median.name), the middle one by \(measure), and never of the best. Alone, \(edges) of \(runs.count) would claim an edge; "
      + "the \(measure) lies between \(figure(ranked[0])) and \(figure(ranked[ranked.count - 1]))."
    return [first, scatterSentence, flatSentence].compactMap { $0 }
  }

  private var scatterSentence: String? {
    guard let mean = figures, let deviation else { return nil }
    let decimals = measure == SeedSpread.sharpe ? 2 : 4
    func text(_ value: Double) -> String { ReportText.fixed(value, decimals: decimals) }
    return
      "Over the seeds it is \(text(mean.estimate)) on average (95 % \(text(mean.lower)) to \(text(mean.upper)), Student's t), and scatters by "
      + "\(text(deviation)): so far another seed may end from these."
  }

  private var flatSentence: String? {
    guard let mean = totalReturns, let isTold = isToldFromFlat else { return nil }
    func text(_ value: Double) -> String { ReportText.signedPercent(value, decimals: 2) }
    let range = "\(text(mean.estimate)) on average (95 % \(text(mean.lower)) to \(text(mean.upper)))"
    return isTold
      ? "Their total return is \(range): the seed alone does not turn its sign. All met the same bars; whether those were luck is what the verdict says."
      : "NOT DISTINGUISHABLE over seeds: their total return is \(range), so that by its seed alone this training gains or loses."
  }

  /// The same for people who do not read it in a terminal. title: what was done, such as `Backtest`.
  package func document(_ title: String) -> ReportDocument {
    let rows = ranked.map { run in
      ReportDocument.Table.Row(
        label: run.name,
        cells: [
          "\(run.seed)", figure(run),
          run.totalReturn.map { ReportText.percent($0, decimals: 2) } ?? ReportText.undefined, run.headline,
        ])
    }
    let table = ReportDocument.Table(
      caption: "From the worst to the best; every run has a report of its own",
      columns: ["seed", measure, "total return", "alone"], rows: rows)
    var document = ReportDocument(
      title: "\(title) of \(runs.count) seeds\(runs[0].stamp)", subtitle: ranked.map(\.name).joined(separator: ", "),
      verdict: .init(
        subject: "Verdict over \(runs.count) runs", headline: median.headline, isEdge: median.isEdge,
        blocks: (warnings + sentences).map { .paragraph($0) }),
      sections: (chart.map { [.init(heading: "Picture", blocks: [.chart($0)])] } ?? [])
        + [.init(heading: "Figures", blocks: [.table(table)])])
    document.watermark = runs[0].watermark
    return document
  }

  /// Equity by seed; of many the worst, the middle one and the best. Nil in a game, and where the runs were not of the same sessions.
  private var chart: LineChart? {
    let dates = runs.map(\.dates).max { $0.count < $1.count } ?? []
    // An account that was lost ends earlier.
    guard !dates.isEmpty, runs.allSatisfy({ $0.dates == Array(dates.prefix($0.dates.count)) && !$0.closes.isEmpty })
    else { return nil }
    let shown = ranked.count <= 7 ? ranked : [ranked[0], median, ranked[ranked.count - 1]]
    let unit = LineChart.Unit.dollars
    let ends = shown.map { "\($0.name) \(unit.text($0.closes[$0.closes.count - 1]))" }.joined(separator: ", ")
    return LineChart(
      id: "seeds", title: "Equity by seed, dollars",
      description: "Net liquidation value at each close"
        + (shown.count < ranked.count ? " of the worst, the middle one and the best" : "")
        + ". At the end: \(ends).",
      unit: unit, dates: dates,
      lines: shown.enumerated().map { LineChart.Line(name: $1.name, values: $1.closes, style: $0) })
  }

  package var json: JSON {
    .object([
      "kind": .string("seeds"), "measure": .string(measure), "median_run": .string(median.name),
      "headline": .string(median.headline), "edge_found": .bool(median.isEdge),
      "mean": ReportJSON.interval(figures), "deviation": ReportJSON.number(deviation),
      "mean_total_return": ReportJSON.interval(totalReturns),
      "told_from_flat": isToldFromFlat.map { .bool($0) } ?? .null,
      "warnings": .array(warnings.map { .string($0) }),
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
