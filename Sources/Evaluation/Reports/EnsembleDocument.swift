// An ensemble and its members as text, section and JSON.

internal import Text

extension EnsembleReport {
  private func amount(_ value: Double) -> String {
    measure == .dailyReturn
      ? ReportText.signedPercent(value, decimals: 4) : ReportText.fixed(value, decimals: 4)
  }

  private static let columns = ["say", "differs", "alone", "without it", "it adds"]

  private func cells(_ row: Row) -> [String] {
    [
      ReportText.percent(row.share, decimals: 1), ReportText.percent(row.disagreement, decimals: 1),
      amount(row.alone), row.without.map(amount) ?? ReportText.undefined,
      gain(row).map(amount) ?? ReportText.undefined,
    ]
  }

  /// The members from the worst to the best alone: what another seed or algorithm would have given. The middle one of an even number is the worse
  /// of the two. Nil where there is only one.
  private var spread: (lowest: Row, median: Row, highest: Row)? {
    let ranked = rows.sorted { $0.alone < $1.alone }
    return ranked.count < 2 ? nil : (ranked[0], ranked[(ranked.count - 1) / 2], ranked[ranked.count - 1])
  }

  /// What the numbers say, in sentences.
  var sentences: [String] {
    var sentences = [
      "The ensemble (\(rule)) decided otherwise than its best member \(best) alone in "
        + "\(ReportText.percent(disagreementWithBest, decimals: 1)) of \(decisions) decisions; the best member was chosen on the "
        + "selection window. Its \(measure.rawValue) is \(amount(whole))."
    ]
    if let spread {
      sentences.append(
        "Alone the members earn from \(amount(spread.lowest.alone)) (\(spread.lowest.name)) to \(amount(spread.highest.alone)) "
          + "(\(spread.highest.name)), median \(amount(spread.median.alone)); the verdict is that of all of them together, not of the best."
      )
    }
    for row in rows {
      guard let interval = row.contribution else {
        sentences.append("\(row.name): what it adds cannot be told with an interval.")
        continue
      }
      let range = "\(amount(interval.estimate)) (\(amount(interval.lower)) to \(amount(interval.upper)))"
      let word =
        interval.isAboveZero
        ? "adds" : interval.isBelowZero ? "takes away" : "makes no distinguishable difference"
      sentences.append("\(row.name) \(word): with it less without it \(range).")
    }
    let warmed = rows.filter { $0.temperature != 1 }
    if !warmed.isEmpty {
      sentences.append(
        "Logits are divided by a temperature before they become probabilities: "
          + warmed.map { "\($0.name) \(ReportText.shortest($0.temperature))" }.joined(separator: ", ") + ".")
    }
    if isFittedHere {
      sentences.append("Weights or temperatures were fitted on this very window: these figures prove nothing.")
    }
    return sentences
  }

  /// In lines of at most 80 columns.
  var lines: [String] {
    let width = 20
    var lines = ReportText.wrapped("The ensemble and its members, greedy, \(measure.rawValue):")
    lines.append(
      ReportText.left("", width) + EnsembleReport.columns.map { ReportText.right($0, 12) }.joined())
    for row in rows {
      lines.append(
        ReportText.left("  " + String(row.name.prefix(width - 3)), width)
          + cells(row).map { ReportText.right($0, 12) }.joined())
    }
    return lines + sentences.flatMap { ReportText.wrapped($0, first: "  ", rest: "    ") }
  }

  var section: ReportDocument.Section {
    .init(
      heading: "The ensemble and its members",
      blocks: [
        .list(sentences),
        .table(
          .init(
            caption:
              "Greedy, on this window, \(measure.rawValue); \"differs\" is the share of the ensemble's decisions in which the "
              + "member alone would have decided otherwise",
            columns: EnsembleReport.columns, rows: rows.map { .init(label: $0.name, cells: cells($0)) })),
      ])
  }

  var json: JSON {
    .object([
      "rule": .string(rule), "measure": .string(measure.rawValue), "best_member": .string(best),
      "decisions": .integer(Int64(decisions)), "disagreement_with_best": ReportJSON.number(disagreementWithBest),
      "ensemble": ReportJSON.number(whole), "fitted_on_this_window": .bool(isFittedHere),
      "members": .array(
        rows.map { row in
          .object([
            "name": .string(row.name), "share": ReportJSON.number(row.share),
            "temperature": ReportJSON.number(row.temperature), "disagreement": ReportJSON.number(row.disagreement),
            "alone": ReportJSON.number(row.alone), "without": ReportJSON.number(row.without),
            "contribution": ReportJSON.interval(row.contribution),
          ])
        }),
    ])
  }
}
