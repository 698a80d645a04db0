// The report as a person reads it: 80 columns, plain words.

import Market

extension EvaluationReport {
  private static let labelWidth = 24
  private static let cellWidth = 11
  private static let columnsPerBlock = 5

  /// The report in lines of at most 80 columns.
  package var lines: [String] {
    header + [""] + table + [""] + verdictLines + [""] + notes
  }

  /// The report as one text.
  package var text: String { lines.joined(separator: "\n") + "\n" }

  private var header: [String] {
    func entry(_ name: String, _ text: String) -> [String] {
      ReportText.wrapped(
        text, first: "  " + ReportText.left(name, 14), rest: String(repeating: " ", count: 16))
    }
    let first = dates.first?.description ?? "?"
    let last = dates.last?.description ?? "?"
    var lines = ReportText.wrapped("Evaluation of \(context.run)")
    lines += entry("policy", context.policy)
    lines += entry("algorithm", context.algorithm)
    lines += entry("environment", context.environment)
    lines += entry(
      "window",
      "\(first) to \(last), \(dates.count) sessions, \(context.windowName); first decision at the close of "
        + "\(firstDecisionDate)")
    for line in context.split { lines += entry("split", "\(line.name): \(line.text)") }
    lines += entry("data", context.symbols.joined(separator: ", ") + " " + context.dataFingerprint)
    if context.allowances.isEmpty {
      lines += entry("allowed", "nothing: the quality gate passed without an allowance")
    }
    for allowance in context.allowances { lines += entry("allowed", "\(allowance.finding): \(allowance.reason)") }
    for line in context.execution { lines += entry("execution", "\(line.name): \(line.text)") }
    return lines
  }

  private static func heading(_ name: String) -> String {
    switch name {
    case Baseline.buyAndHold.name: "buy & hold"
    case Baseline.previousSign.name: "prev. sign"
    default: String(name.prefix(cellWidth - 1))
    }
  }

  private var table: [String] {
    let rule = String(repeating: "-", count: ReportText.columns - 1)
    var lines: [String] = []
    for start in stride(from: 0, to: accounts.count, by: EvaluationReport.columnsPerBlock) {
      let block = accounts[start..<min(start + EvaluationReport.columnsPerBlock, accounts.count)]
      if start > 0 { lines.append("") }
      lines.append(EvaluationReport.row("", block.map { EvaluationReport.heading($0.name) }))
      lines.append(rule)
      for (label, cell) in EvaluationReport.rows {
        lines.append(EvaluationReport.row(label, block.map { cell($0) ?? ReportText.undefined }))
      }
    }
    return lines
  }

  private static func row(_ label: String, _ cells: [String]) -> String {
    ReportText.left(label, labelWidth) + cells.map { ReportText.right($0, cellWidth) }.joined()
  }

  /// Money that fits a cell: cents while they fit.
  private static func money(_ dollars: Double) -> String {
    let cents = ReportText.fixed(dollars, decimals: 2)
    return cents.count < cellWidth ? cents : String(ReportText.fixed(dollars, decimals: 0).prefix(cellWidth - 1))
  }

  private static func percent(_ fraction: Double?) -> String? {
    fraction.map { value in
      let text = ReportText.percent(value, decimals: 2)
      return text.count < cellWidth ? text : "> 10^5 %"
    }
  }

  private static func ratio(_ value: Double?) -> String? {
    value.map { value in
      let text = ReportText.fixed(value, decimals: 2)
      return text.count < cellWidth ? text : value < 0 ? "< -10^6" : "> 10^6"
    }
  }

  private static let rows: [(String, @Sendable (AccountReport) -> String?)] = [
    ("Total return", { percent($0.metrics.totalReturn) }),
    ("Annual return", { percent($0.metrics.annualReturn) }),
    ("Annual volatility", { percent($0.metrics.annualVolatility) }),
    ("Sharpe ratio", { ratio($0.metrics.sharpe) }),
    ("  standard error", { ratio($0.metrics.sharpeStandardError) }),
    ("Sortino ratio", { ratio($0.metrics.sortino) }),
    ("Maximum drawdown", { percent($0.metrics.maximumDrawdown?.depth) }),
    ("  lasting, sessions", { $0.metrics.maximumDrawdown.map { "\($0.durationSessions)" } }),
    ("Calmar ratio", { ratio($0.metrics.calmar) }),
    ("Turnover a year", { ratio($0.metrics.turnoverPerYear) }),
    ("Costs, $", { money($0.metrics.costDollars) }),
    ("  share of gross gain", { percent($0.metrics.costShare) }),
    ("Time in position", { percent($0.metrics.timeInPosition) }),
    ("Closed trades", { "\($0.metrics.tradeCount)" }),
    ("  median, sessions", { $0.metrics.medianHoldingSessions.map(ReportText.shortest) }),
    ("  open at the end", { "\($0.metrics.openPositionCount)" }),
    ("Win rate of trades", { percent($0.metrics.winRate) }),
    (
      "Profit factor",
      {
        switch $0.metrics.profitFactor {
        case .undefined: nil
        case .noLosses: "no losses"
        case .ratio(let value): ratio(value)
        }
      }
    ),
    ("Expectancy, $ a trade", { $0.metrics.expectancyDollars.map(money) }),
    ("  95 % from", { ($0.metrics.expectancyInterval?.lower).map(money) }),
    ("  95 % to", { ($0.metrics.expectancyInterval?.upper).map(money) }),
    ("Final value, $", { money($0.metrics.finalDollars) }),
    ("Mean confidence", { percent($0.meanConfidence) }),
    ("Illegal attempts", { "\($0.illegalAttempts)" }),
  ]

  private var verdictLines: [String] {
    func comparisons(_ verdict: Verdict) -> [String] {
      verdict.comparisons.flatMap { ReportText.wrapped($0.sentence, first: "  ", rest: "    ") }
        + verdict.caveats.flatMap { ReportText.wrapped($0, first: "  ", rest: "  ") }
    }
    return ["VERDICT: \(verdict.headline)."]
      + ReportText.wrapped(
        "For the greedy run. Mean daily return minus a baseline's, with the 95 % interval of the paired difference:",
        first: "  ", rest: "  ")
      + comparisons(verdict)
      + ["  The stochastic run on its own: \(stochasticVerdict.headline)."]
      + comparisons(stochasticVerdict)
  }

  private var notes: [String] {
    var notes: [String] = []
    for account in accounts where account.wasLost {
      notes.append(
        "The account of \(account.name) was lost on \(account.lastDate): its ratios end there, and the comparison counts 0 "
          + "for the sessions after it.")
    }
    let halfWidth = ReportText.fixed(1.959964 * (252 / Double(max(dates.count, 1))).squareRoot(), decimals: 2)
    notes.append(
      "With \(dates.count) sessions a Sharpe ratio near zero is uncertain by \(halfWidth) either way (95 %).")
    notes.append(
      "\"\(ReportText.undefined)\" is undefined, not zero. 252 sessions a year, risk-free rate 0. Values are marked at the price "
        + "at which positions could be closed. A trade is a round trip from flat to flat, after all costs; win rate, profit "
        + "factor and expectancy leave out what is open at the end.")
    notes.append(
      "Intervals: \(Bootstrap.resamples) resamples, seed \(seed); daily differences by the stationary bootstrap with blocks of "
        + "\(ReportText.fixed(Bootstrap.expectedBlockSessions, decimals: 0)) sessions on average.")
    let counts: [(String, (AccountReport) -> Int)] = [
      ("Sessions in which the risk tiers restricted actions", \.restrictedSessions),
      ("Buys cut to what cash could pay", \.cutFillCount),
      ("Fills without a known volume, charged as if as large as a day's volume", \.unknownVolumeFillCount),
    ]
    for (name, count) in counts {
      let named = accounts.filter { count($0) > 0 }.map { "\($0.name) \(count($0))" }
      if !named.isEmpty { notes.append("\(name): " + named.joined(separator: ", ") + ".") }
    }
    return (notes + context.notes).flatMap { ReportText.wrapped($0, first: "  ", rest: "  ") }
  }
}
