// Cash, dividends, market, time and costs, and how often one has looked, in sentences, lines and a section.

internal import Environments
internal import Market

extension EvaluationReport {
  /// One sentence each, without line breaks, as every form of the report shows them.
  var quantSentences: [String] {
    [quant.cashSentence] + dividendSentences + [marketSentence]
      + [
        quant.rollingSentence, doubledSentence, fragilitySentence, insideSentence, context.looks?.sentence,
        trialsSentence,
      ].compactMap { $0 }
  }

  /// What the verdict must say of the number of looks; empty for a first look at an intact ledger.
  var lookCaveats: [String] { context.looks?.caveats ?? [] }

  /// In lines of at most 80 columns.
  var quantLines: [String] {
    var lines = ["Cash, market, time and costs of the greedy run:"]
    lines += quantSentences.flatMap { ReportText.wrapped($0, first: "  ", rest: "    ") }
    guard let table = doubledTable else { return lines }
    let (label, width) = (20, 12)
    func row(_ name: String, _ cells: [String]) -> String {
      "  " + ReportText.left(name, label) + cells.map { ReportText.right($0, width) }.joined()
    }
    lines.append(row("", table.columns))
    return lines + table.rows.map { row(($0.isDetail ? "  " : "") + $0.label, $0.cells) }
  }

  var quantSection: ReportDocument.Section {
    .init(
      heading: "Cash, market, time and costs",
      blocks: [.list(quantSentences)] + (doubledTable.map { [.table($0)] } ?? []))
  }

  private var trialsSentence: String? {
    guard let looks = context.looks else { return nil }
    let tried = "Tried on this store so far, by the same ledger: \(looks.trials)"
    guard let deflated = quant.deflated else { return tried + "; these returns have no deflated Sharpe ratio." }
    func percent(_ share: Double) -> String { ReportText.percent(share, decimals: 1) }
    return tried + ". The best of so many without an edge would show a Sharpe ratio of "
      + "\(ReportText.fixed(deflated.threshold, decimals: 2)); that the true one lies above that has a probability of "
      + "\(percent(deflated.probability)) (deflated Sharpe ratio; \(percent(deflated.probabilityAboveZero)) for above zero). Nothing is "
      + "decided by it."
  }

  private var dividendSentences: [String] {
    let groups: [(Distributions.Kind, String)] = [
      (.dividends, "with dividends, as the adjustment factors of the store hold them."),
      (
        .splits,
        "without dividends: the adjustment factors of the store show splits alone. What was paid out is missing from every account "
          + "that holds it."
      ),
      (
        .none,
        "without dividends: the adjustment factors of the store show none. What was paid out is missing from every account that "
          + "holds it."
      ),
    ]
    return groups.compactMap { kind, text in
      let symbols = context.distributions.filter { $0.kind == kind }.map(\.symbol)
      return symbols.isEmpty ? nil : symbols.joined(separator: ", ") + ": " + text
    }
  }

  private var marketSentence: String {
    guard let market = quant.market else {
      return "Alpha and beta: there is neither an index nor the baseline that buys and holds to compare with."
    }
    let against = market.sentence
    guard let found = quant.alphaBeta else {
      return "\(against): alpha and beta cannot be told from these sessions."
    }
    let (alpha, beta) = (found.alphaPerYearInterval, found.betaInterval)
    func ratio(_ value: Double) -> String { ReportText.fixed(value, decimals: 2) }
    func percent(_ value: Double) -> String { ReportText.signedPercent(value, decimals: 2) }
    return
      "\(against): alpha \(percent(alpha.estimate)) a year (\(percent(alpha.lower)) to \(percent(alpha.upper))), beta "
      + "\(ratio(beta.estimate)) (\(ratio(beta.lower)) to \(ratio(beta.upper)))"
      + (found.rSquared.map { ", R squared \(ratio($0))" } ?? "")
      + "; least squares of returns over cash, 95 % by Newey and West with \(found.lags) "
      + (found.lags == 1 ? "lag." : "lags.")
  }

  private var doubledSentence: String? {
    guard let doubled = quant.doubledCosts else {
      return quant.tradesAreFree ? "Trading costs nothing here: there are no costs to double." : nil
    }
    let rules = doubled.rules.map { "\($0.name) \($0.text)" }.joined(separator: ", ")
    let flips = doubled.flips(from: greedy).map { flip in
      func text(_ value: Double) -> String {
        flip.isFraction ? ReportText.signedPercent(value, decimals: 2) : ReportText.fixed(value, decimals: 2)
      }
      return "the \(flip.name) turns from \(text(flip.usual)) to \(text(flip.doubled))"
    }
    return "At twice the costs (\(rules)), where the policy decides anew, "
      + (flips.isEmpty
        ? "no sign changes." : flips.joined(separator: ", ") + ": what it earns hangs on what trading costs.")
  }

  private var fragilitySentence: String? {
    guard let fragility = quant.fragility else { return nil }
    return fragility.sentence
      ?? "At 1.5 times the costs the total return would be \(ReportText.signedPercent(fragility.costlier, decimals: 2)): the gain does not hang on that guess."
  }

  /// The share of the gross gain beyond which it is warned of.
  private static let mostInside = 0.3

  /// How much of the gain rests on fills that a market seldom gives.
  private var insideSentence: String {
    let inside = greedy.insideSpreadDollars
    guard inside > 0 || context.watermark.isEmpty else {
      return
        "Filled better than the far touch: every order, at the middle of bars that have no quotes; the half-spread that was spared is not counted."
    }
    return "Filled better than the far touch: \(ReportText.grouped(inside, decimals: 2)) $"
      + (greedy.insideSpreadShare.map { ", \(ReportText.percent($0, decimals: 1)) of the gross gain." }
        ?? "; there was no gross gain for it to be a share of.")
  }

  /// What the verdict must say of that; nothing where it is little.
  var insideCaveats: [String] {
    guard let share = greedy.insideSpreadShare, share > EvaluationReport.mostInside else { return [] }
    return [
      "\(ReportText.percent(share, decimals: 0)) of the gross gain is of fills better than the far touch, more than the 30 % that a market might give: it rests "
        + "on how orders were filled."
    ]
  }

  /// The figures that are shown at the usual and at twice the costs, by their labels in the table of figures.
  private static let doubledRows = [
    "Total return", "Annual return", "Sharpe ratio", "  standard error", "Maximum drawdown", "Turnover a year",
    "Costs, $",
    "  of gross gain", "Closed trades", "$ a closed trade", "Final value, $",
  ]

  private var doubledTable: ReportDocument.Table? {
    guard let doubled = quant.doubledCosts else { return nil }
    return ReportDocument.Table(
      caption: "The greedy run at the usual and at twice the costs", columns: ["as set", "twice"],
      rows: EvaluationReport.rows.filter { EvaluationReport.doubledRows.contains($0.0) }.map { label, cell in
        ReportDocument.Table.Row(
          indented: label, cells: [greedy, doubled.account].map { cell($0) ?? ReportText.undefined })
      })
  }

  /// The rolling ratio as a picture; nil where there is none.
  var rollingChart: LineChart? {
    guard let rolling = quant.rollingSharpe, let text = quant.rollingSentence else { return nil }
    // A span without a move has no ratio: it is drawn on the zero line, and the text counts such spans.
    let ratios = rolling.ratios.map { $0 ?? 0 }
    let halves = ratios.map {
      ReturnStatistics.standardErrorsOf95Percent
        * (ReturnStatistics.sharpeStandardError(annualSharpe: $0, sessions: rolling.span) ?? 0)
    }
    return LineChart(
      id: "rolling-sharpe", title: "Sharpe ratio of the greedy run over the last \(rolling.span) sessions",
      description: text, unit: .ratio, dates: rolling.dates,
      lines: [LineChart.Line(name: greedy.heading, values: ratios, style: 0)],
      band: .init(name: "95 % interval", lower: zip(ratios, halves).map(-), upper: zip(ratios, halves).map(+)))
  }
}

extension QuantFigures {
  fileprivate var cashSentence: String {
    let use = "Ratios, alpha and beta are counted over it; the cash of the accounts themselves earns nothing."
    if let column = cash.column {
      return
        "Cash rate: the column \(column) of the store, \(ReportText.percent(meanCashRate, decimals: 2)) a year on average over "
        + "these sessions, each at the rate known when it began. " + use
    }
    guard !cash.isZero else { return "Cash rate: 0. Ratios, alpha and beta are counted over cash that earns nothing." }
    return "Cash rate: \(ReportText.shortest(100 * meanCashRate)) % a year, compounded over 252 sessions. " + use
  }

  fileprivate var rollingSentence: String? {
    guard let rolling = rollingSharpe else {
      return "Rolling Sharpe ratio: these sessions are too few for one."
    }
    let points = rolling.points
    guard let last = points.last, let lowest = points.min(by: { $0.ratio < $1.ratio }),
      let highest = points.max(by: { $0.ratio < $1.ratio })
    else { return "Rolling Sharpe ratio over \(rolling.span) sessions: the account never moved." }
    func told(_ point: RollingSharpe.Point) -> String {
      "\(ReportText.fixed(point.ratio, decimals: 2)) (standard error \(ReportText.fixed(point.standardError, decimals: 2))) on "
        + "\(point.date)"
    }
    let below = Double(points.count { $0.ratio < 0 }) / Double(points.count)
    let apart = (rolling.dates.count - 1) / rolling.span + 1
    return
      "Rolling Sharpe ratio over \(rolling.span) sessions: lowest \(told(lowest)), highest \(told(highest)), at the end "
      + "\(told(last)); below zero in \(ReportText.percent(below, decimals: 0)) of \(points.count) spans, of which \(apart) do not overlap."
      + (rolling.restingSpans > 0 ? " In \(rolling.restingSpans) more spans the account did not move." : "")
  }
}

extension MarketReference {
  fileprivate var sentence: String {
    switch kind {
    case .benchmark: "Against \(name), the benchmark of the run"
    case .index: "Against \(name), the index of the store (it holds dividends only where it is a total-return index)"
    case .buyAndHold:
      "Against \(name) of the same symbols at its costs, since the store has no index for these sessions"
    }
  }
}

extension WindowLooks {
  /// How often one has looked; without a line break.
  var sentence: String {
    count == 1
      ? "Looks at this window: this is the first, by the ledger \(ledger)."
      : "Looks at this window: \(count) policies so far, this one number \(place), by the ledger \(ledger)."
  }

  /// What a verdict must say.
  var caveats: [String] {
    var lines: [String] = []
    if count > 1 {
      lines.append(
        "\(count) policies have been judged on this window, this one being number \(place): the best of several is better than it "
          + "will be again, and the levels above are those of a single look.")
    }
    if overlapping > 0 {
      lines.append(
        "\(overlapping) more \(overlapping == 1 ? "policy was" : "policies were") judged on windows, or on other contents of this store, "
          + "that share sessions with this one.")
    }
    for fault in faults {
      lines.append("The ledger \(ledger) is not whole, and looks may be missing from it: \(fault).")
    }
    if let unrecorded {
      lines.append("This look is not in the ledger \(ledger), and later ones will not know of it: \(unrecorded).")
    }
    return lines
  }
}
