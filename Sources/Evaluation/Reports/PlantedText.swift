// A planted market's report in 80 columns, and as JSON.

package import Text

extension PlantedReport {
  /// The report in lines of at most 80 columns.
  package var lines: [String] {
    let unit = greedy.run.unit.each
    var lines = ReportText.wrapped("Evaluation on the planted market \(environment)")
    lines += ReportText.wrapped(policy, first: "  policy      ", rest: "              ")
    let known = optimum.map { "\(ReportText.fixed($0, decimals: 4)) \(unit), known" } ?? "not known for these options"
    lines.append("  optimum     " + known)
    lines += ReportText.wrapped(
      "\(greedy.run.steps) over \(greedy.run.sums.amounts.count) lanes a run, \(greedy.run.episodes) episodes, seed \(seed)",
      first: "  steps       ", rest: "              ")
    lines.append("")
    lines.append(
      ReportText.left("  reward \(unit)", 20)
        + ["mean", "std. err.", "lower", "upper", "of optimum"].map { ReportText.right($0, 12) }.joined())
    for row in [greedy, stochastic, flat] {
      let cells = [
        ReportText.fixed(row.run.mean, decimals: 4),
        row.run.standardError.map { ReportText.fixed($0, decimals: 4) },
        row.interval.map { ReportText.fixed($0.lower, decimals: 4) },
        row.interval.map { ReportText.fixed($0.upper, decimals: 4) },
        shareOfOptimum(row).map { ReportText.percent($0, decimals: 1) },
      ]
      lines.append(
        ReportText.left("  " + row.name, 20)
          + cells.map { ReportText.right($0 ?? ReportText.undefined, 12) }.joined())
    }
    lines.append("")
    lines.append("VERDICT: \(headline).")
    for row in [greedy, stochastic] { lines += ReportText.wrapped(sentence(row), first: "  ", rest: "  ") }
    lines += ReportText.wrapped(
      "The verdict is for the greedy run. Standard errors and intervals take a lane as one observation, because the steps of "
        + "a lane depend on each other; intervals are percentile bootstraps with \(Bootstrap.resamples) resamples.",
      first: "  ", rest: "  ")
    if greedy.run.illegalAttempts + stochastic.run.illegalAttempts > 0 {
      lines += ReportText.wrapped(
        "Illegal requests that became the fallback: greedy \(greedy.run.illegalAttempts), "
          + "stochastic \(stochastic.run.illegalAttempts).", first: "  ", rest: "  ")
    }
    for note in fit?.notes ?? [] { lines += ReportText.wrapped(note, first: "  ", rest: "  ") }
    if let ensemble { lines += [""] + ensemble.lines }
    return lines
  }

  /// How a row compares with doing nothing.
  func sentence(_ row: Row) -> String {
    let name = row.name.prefix(1).uppercased() + row.name.dropFirst()
    guard let over = row.overFlat else { return "\(name): one lane is too few for an interval." }
    func number(_ value: Double) -> String { ReportText.fixed(value, decimals: 4) }
    return
      "\(name) minus always-\(constant): \(number(over.estimate)) \(greedy.run.unit.each), 95 % interval \(number(over.lower)) to "
      + number(over.upper) + (over.isAboveZero || over.isBelowZero ? "." : ": not distinguishable.")
  }

  /// The report as one text.
  package var text: String { lines.joined(separator: "\n") + "\n" }

  /// Everything as JSON; undefined figures are null.
  package var json: JSON {
    func number(_ value: Double?) -> JSON { ReportJSON.number(value) }
    func row(_ row: Row) -> JSON {
      .object([
        "name": .string(row.name), "mean": number(row.run.mean), "standard_error": number(row.run.standardError),
        "interval": ReportJSON.interval(row.interval), "over_flat": ReportJSON.interval(row.overFlat),
        "share_of_optimum": number(shareOfOptimum(row)), "steps": .integer(Int64(row.run.steps)),
        "episodes": .integer(Int64(row.run.episodes)), "illegal_attempts": .integer(Int64(row.run.illegalAttempts)),
        "mean_confidence": number(row.run.meanConfidence),
      ])
    }
    var members: [String: JSON] = [
      "kind": .string("planted"), "provenance": ReportJSON.lines(provenance), "environment": .string(environment),
      "policy": .string(policy),
      "seed": .string(String(seed)), "unit": .string(greedy.run.unit.rawValue), "optimum": number(optimum),
      "lanes": .integer(Int64(greedy.run.sums.amounts.count)), "greedy": row(greedy), "stochastic": row(stochastic),
      "flat": row(flat), "verdict": .string(headline), "edge_found": .bool(edgeFound),
      "bootstrap_resamples": .integer(Int64(Bootstrap.resamples)), "ensemble": ensemble?.json ?? .null,
    ]
    members["outside_training"] = fit?.json ?? .null
    return .object(members)
  }
}
