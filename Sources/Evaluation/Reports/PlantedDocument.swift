// A planted market's report as a document: how much of the known optimum was reached.

import Environments

extension PlantedReport {
  /// The report for people who do not read it in a terminal.
  package var document: ReportDocument {
    let unit = greedy.run.unit.each
    let rows = [greedy, stochastic, flat]
    return ReportDocument(
      title: "Evaluation on the planted market \(environment)",
      subtitle: "\(greedy.run.steps) steps over \(greedy.run.sums.amounts.count) lanes a run, seed \(seed)",
      verdict: .init(headline: headline, isEdge: edgeFound, blocks: summary.map { .paragraph($0) }),
      sections: [
        .init(
          heading: "Picture",
          blocks: [
            .intervals(
              IntervalChart(
                id: "reward", title: "Mean reward \(unit)",
                description: rows.map(told).joined(separator: "; ") + "."
                  + (optimum.map { " Known optimum: \(number($0))." } ?? ""),
                rows: rows.map {
                  .init(
                    name: $0.name, estimate: $0.run.mean, lower: $0.interval?.lower, upper: $0.interval?.upper)
                },
                marks: optimum.map { [("known optimum", $0)] } ?? []))
          ]),
        .init(
          heading: "Figures",
          blocks: [
            .table(
              .init(
                caption: "Reward \(unit); intervals are 95 % bootstraps over the lanes",
                columns: ["mean", "std. err.", "lower", "upper", "of optimum", "illegal requests"],
                rows: rows.map { row in
                  .init(
                    label: row.name,
                    cells: [
                      number(row.run.mean), row.run.standardError.map(number) ?? ReportText.undefined,
                      (row.interval?.lower).map(number) ?? ReportText.undefined,
                      (row.interval?.upper).map(number) ?? ReportText.undefined,
                      shareOfOptimum(row).map { ReportText.percent($0, decimals: 1) } ?? ReportText.undefined,
                      "\(row.run.illegalAttempts)",
                    ])
                }))
          ]),
        .init(
          heading: "What it stands on",
          blocks: [
            .paragraph(
              "The market is made by chance from its seed, with an optimum that is known beforehand; no real prices are in it, and "
                + "nothing was traded. It tells whether the learner works, not whether a market can be beaten."),
            .facts(
              [("policy", policy)] + provenance.map { ($0.name, $0.text) } + [("seed of this evaluation", "\(seed)")]),
          ]),
      ]
    ).adding(ensemble?.section, before: "What it stands on")
  }

  private func number(_ value: Double) -> String { ReportText.fixed(value, decimals: 4) }

  private func told(_ row: Row) -> String {
    "\(row.name) \(number(row.run.mean))" + (row.interval.map { " (\(number($0.lower)) to \(number($0.upper)))" } ?? "")
  }

  private var summary: [String] {
    let unit = greedy.run.unit.each
    var first = "The greedy policy earned \(number(greedy.run.mean)) \(unit) on average"
    if let optimum, let share = shareOfOptimum(greedy) {
      first += ", \(ReportText.percent(share, decimals: 1)) of the best possible \(number(optimum))"
    }
    return [first + ".", sentence(greedy), sentence(stochastic)] + (fit?.notes ?? [])
  }
}
