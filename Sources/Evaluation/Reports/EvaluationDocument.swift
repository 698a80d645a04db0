// A backtest's report as a document: the verdict in words first, then figures, pictures, and what it all stands on.

import Environments
import Market

extension EvaluationReport {
  /// The report for people who do not read it in a terminal.
  package var document: ReportDocument {
    var document = wholeDocument
    document.watermark = context.watermark
    return document
  }

  private var wholeDocument: ReportDocument {
    ReportDocument(
      title: "\(context.kind.rawValue) of \(context.run)\(context.stamp)",
      subtitle: "\(window), \(counted(dates.count, "session")), \(context.windowName); \(context.environment) on "
        + context.symbols.joined(separator: ", ") + context.stamp,
      verdict: .init(headline: context.headline(verdict), isEdge: verdict.edgeFound, blocks: summary),
      sections: [
        .init(heading: "Pictures", blocks: pictures.map { .chart($0) }),
        .init(
          heading: "Returns by month",
          blocks: [
            .months(months, caption: "Greedy run, percent; a month counts with the sessions that the window has of it")
          ]),
        .init(heading: "Figures", blocks: [.table(figureTable)]),
        .init(
          heading: "What is simulated",
          blocks: [
            .paragraph("Nothing was traded. Orders, fills and costs follow these rules:"),
            .facts(context.execution.map { ($0.name, $0.text) }),
          ]),
        .init(heading: "What it stands on", blocks: [.facts(provenance)]),
        .init(heading: "How to read the figures", blocks: [.list(noteSentences)]),
      ]
    ).adding(symbolSection, before: simulated).adding(deskSection, before: simulated)
      .adding(optionSection, before: simulated).adding(quantSection, before: simulated)
      .adding(stressSection, before: simulated).adding(ensemble?.section, before: simulated)
      .adding(sampledSection, before: simulated)
  }

  private var simulated: String { "What is simulated" }

  /// Nil for a rule, which draws nothing.
  private var sampledSection: ReportDocument.Section? {
    guard let stochasticVerdict else { return nil }
    return .init(
      heading: "The same, sampled",
      blocks: [
        .paragraph(
          "The stochastic run draws its actions from the policy's probabilities. "
            + EvaluationReport.sampledIntroduction),
        .list(stochasticVerdict.comparisons.map(\.sentence)),
      ])
  }

  private var window: String { "\(dates.first?.description ?? "?") to \(dates.last?.description ?? "?")" }

  private var summary: [ReportDocument.Block] {
    let metrics = greedy.metrics
    func money(_ dollars: Double) -> String { ReportText.grouped(dollars, decimals: 2) + " $" }
    var first =
      "The greedy policy took \(money(metrics.initialDollars)) to \(money(metrics.finalDollars)) from \(window)"
    if let total = metrics.totalReturn { first += ", \(ReportText.signedPercent(total, decimals: 2)) in all" }
    if let depth = metrics.maximumDrawdown?.depth, depth < 0 {
      first += "; its deepest fall was \(ReportText.percent(-depth, decimals: 2)) below an earlier high"
    }
    first += ". It paid \(money(metrics.costDollars)) of simulated costs for \(greedy.fillCount) fills"
    if let share = metrics.costShare { first += ", \(ReportText.percent(share, decimals: 1)) of its gross gain" }
    let blocks: [ReportDocument.Block] =
      context.warnings.map { .paragraph($0) } + [
        .paragraph(first + "."),
        .paragraph(Verdict.introduction),
        .list(comparisonSentences),
      ]
    return blocks
      + (context.syntheticSentences + context.handouts.flatMap(\.sentences) + verdict.caveats + insideCaveats
      + exposureSentences
      + seedSentences
      + lookCaveats + context.notes)
      .map { .paragraph($0) }
  }

  private var provenance: [(name: String, text: String)] {
    var facts: [(name: String, text: String)] = [
      ("policy", context.policy), ("algorithm", context.algorithm), ("environment", context.environment),
      ("window", "\(window), \(context.windowName); first decision at the close of \(firstDecisionDate)"),
    ]
    facts += context.split.map { ("split, \($0.name)", $0.text) }
    facts.append(("data fingerprint", context.dataFingerprint))
    if context.allowances.isEmpty {
      facts.append(("allowed", "nothing: the quality gate passed without an allowance"))
    }
    facts += context.allowances.map { ("allowed", "\($0.finding): \($0.reason)") }
    facts += context.provenance.map { ($0.name, $0.text) }
    facts.append(("seed of this evaluation", "\(seed)"))
    return facts
  }

  private var figureTable: ReportDocument.Table {
    ReportDocument.Table(
      caption: "Every account meets the same bars, masks and costs; \"\(ReportText.undefined)\" is undefined",
      columns: accounts.map(\.heading),
      rows: EvaluationReport.rows.map { label, cell in
        ReportDocument.Table.Row(indented: label, cells: accounts.map { cell($0) ?? ReportText.undefined })
      })
  }

  // MARK: Pictures

  private var pictures: [LineChart] {
    // Where nothing outlives its session, every close would show nothing held.
    [equityChart, drawdownChart] + (bySymbol.isEmpty ? [positionChart] + unitCharts : []) + [costChart]
      + (rollingChart.map { [$0] } ?? [])
  }

  /// The first decision's close, before anything was traded, and every close after it.
  private var chartDates: [CalendarDate] { [firstDecisionDate] + dates }

  private func line(_ account: AccountReport, _ values: [Double], filled: Bool = false) -> LineChart.Line {
    LineChart.Line(
      name: account.heading, values: values,
      style: (accounts.firstIndex { $0.name == account.name } ?? 0) % 7, isFilled: filled)
  }

  private var equityChart: LineChart {
    let start = greedy.metrics.initialDollars
    let unit = LineChart.Unit.dollars
    let ends = accounts.map { "\($0.heading) \(unit.text($0.metrics.finalDollars))" }.joined(separator: ", ")
    var description =
      "Net liquidation value at each close, from \(unit.text(start)) on \(firstDecisionDate). At the end: \(ends)."
    var band: LineChart.Band?
    if let random, let lower = random.lowerCloses.last, let upper = random.upperCloses.last {
      band = LineChart.Band(
        name: "nine of ten draws of chance", lower: [start] + random.lowerCloses, upper: [start] + random.upperCloses)
      description +=
        " The shaded band holds nine of ten draws of the same positions in another order; they end between \(unit.text(lower)) and "
        + "\(unit.text(upper))."
    }
    return LineChart(
      id: "equity", title: "Equity, dollars", description: description, unit: unit, dates: chartDates,
      lines: accounts.map { line($0, [start] + $0.closes) }, band: band)
  }

  private var drawdownChart: LineChart {
    let shown = [greedy] + baselines.filter { $0.name == Baseline.buyAndHold.name }
    let falls = shown.map { account in [0.0] + account.underwater.map { 100 * $0 } }
    let told = shown.map { account in
      "\(account.heading) \(LineChart.Unit.percent.text(100 * (account.metrics.maximumDrawdown?.depth ?? 0)))"
    }
    return LineChart(
      id: "drawdown", title: "Drawdown, percent below the highest close so far",
      description: "How far the value lies below its highest so far; 0 is a new high. Deepest: "
        + told.joined(separator: ", ") + ".",
      unit: .percent, dates: chartDates,
      lines: zip(shown, falls).map { line($0, $1, filled: $0.name == greedy.name) })
  }

  private var positionChart: LineChart {
    let mean = LineChart.Unit.percent.text(greedy.meanInvestedPercent ?? 0)
    return LineChart(
      id: "position", title: "Position of the greedy run, percent of its value",
      description: "The share of the account that is not cash, at each close: \(mean) on average; "
        + "\(ReportText.percent(greedy.metrics.timeInPosition ?? 0, decimals: 1)) of the bars end with a position.",
      unit: .percent, dates: chartDates, lines: [line(greedy, [0] + greedy.investedPercents, filled: true)])
  }

  /// One strip a symbol.
  private var unitCharts: [LineChart] {
    context.symbols.indices.compactMap { symbol in
      guard let held = greedy.unitsHeld(symbol: symbol) else { return nil }
      var one = line(greedy, held.units)
      one.isStep = true
      return LineChart(
        id: "units-\(symbol)", title: "Units of \(context.symbols[symbol]) held by the greedy run",
        description: "At least \(ReportText.shortest(held.least)), at most "
          + "\(ReportText.shortest(held.most)); closes at which it had changed: \(held.changes).",
        unit: .count, dates: chartDates, lines: [one], isStrip: true)
    }
  }

  private var costChart: LineChart {
    let costs = greedy.costs
    let total = costs.map(\.total)
    let kinds: [(String, [Double])] = [
      ("all costs", total), ("commission", costs.map(\.commission)), ("half-spread", costs.map(\.halfSpread)),
      ("impact", costs.map(\.impact)),
    ]
    let unit = LineChart.Unit.dollars
    return LineChart(
      id: "costs", title: "Costs of the greedy run so far, dollars",
      description: "Summed over all fills up to each close. At the end: "
        + kinds.map { "\($0.0) \(unit.text($0.1.last ?? 0))" }.joined(separator: ", ") + ".",
      unit: unit, dates: chartDates,
      lines: kinds.enumerated().map { index, kind in
        LineChart.Line(name: kind.0, values: [0] + kind.1, style: index == 0 ? 0 : index + 2, isStep: true)
      })
  }
}
