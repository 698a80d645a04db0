// The report as a person reads it: 80 columns, plain words.

import Environments
import Market
import Trading

extension EvaluationReport {
  private static let labelWidth = 17
  private static let cellWidth = 10

  /// The report in lines of at most 80 columns.
  package var lines: [String] {
    header + [""] + table + [""] + verdictLines
      + lookCaveats.flatMap { ReportText.wrapped($0, first: "  ", rest: "  ") } + [""] + quantLines
      + (ensemble.map { [""] + $0.lines } ?? []) + [""] + notes
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

  /// As many accounts side by side as fit.
  private var blocks: [[AccountReport]] {
    var blocks: [[AccountReport]] = []
    for account in accounts {
      let used = blocks.last.map { $0.reduce(EvaluationReport.labelWidth) { $0 + EvaluationReport.width($1) } }
      if let used, used + EvaluationReport.width(account) <= ReportText.columns {
        blocks[blocks.count - 1].append(account)
      } else {
        blocks.append([account])
      }
    }
    return blocks
  }

  private static func width(_ account: AccountReport) -> Int { max(cellWidth, account.heading.count + 1) }

  private var table: [String] {
    let rule = String(repeating: "-", count: ReportText.columns - 1)
    var lines: [String] = []
    for (index, block) in blocks.enumerated() {
      if index > 0 { lines.append("") }
      func row(_ label: String, _ cell: (AccountReport) -> String) -> String {
        ReportText.left(label, EvaluationReport.labelWidth)
          + block.map { ReportText.right(cell($0), EvaluationReport.width($0)) }.joined()
      }
      lines.append(row("", \.heading))
      lines.append(rule)
      for (label, cell) in EvaluationReport.rows { lines.append(row(label) { cell($0) ?? ReportText.undefined }) }
    }
    return lines
  }

  /// Money that fits a cell: cents while they fit, then dollars, then milliards.
  private static func money(_ dollars: Double) -> String {
    for decimals in [2, 0] {
      let text = ReportText.fixed(dollars, decimals: decimals)
      if text.count < cellWidth, !text.contains("e") { return text }
    }
    let text = ReportText.fixed(dollars / 1e9, decimals: 1) + "e9"
    return text.count < cellWidth ? text : dollars < 0 ? "< -10^12" : "> 10^12"
  }

  private static func percent(_ fraction: Double?) -> String? {
    fraction.map { value in
      let text = ReportText.percent(value, decimals: 2)
      if text.count < cellWidth { return text }
      let short = ReportText.percent(value, decimals: 0)
      return short.count < cellWidth ? short : "> 10^6 %"
    }
  }

  private static func ratio(_ value: Double?) -> String? {
    value.map { value in
      let text = ReportText.fixed(value, decimals: 2)
      return text.count < cellWidth ? text : value < 0 ? "< -10^6" : "> 10^6"
    }
  }

  /// Label (indented where it is a detail of the one above) and cell of every figure.
  static let rows: [(String, @Sendable (AccountReport) -> String?)] = [
    ("Total return", { percent($0.metrics.totalReturn) }),
    ("Annual return", { percent($0.metrics.annualReturn) }),
    ("Annual volatility", { percent($0.metrics.annualVolatility) }),
    ("Sharpe ratio", { ratio($0.metrics.sharpe) }),
    ("  standard error", { ratio($0.metrics.sharpeStandardError) }),
    ("Sortino ratio", { ratio($0.metrics.sortino) }),
    ("Maximum drawdown", { percent($0.metrics.maximumDrawdown?.depth) }),
    ("  its sessions", { $0.metrics.maximumDrawdown.map { "\($0.durationSessions)" } }),
    ("Calmar ratio", { ratio($0.metrics.calmar) }),
    ("Turnover a year", { ratio($0.metrics.turnoverPerYear) }),
    ("Costs, $", { money($0.metrics.costDollars) }),
    ("  of gross gain", { percent($0.metrics.costShare) }),
    ("Time in position", { percent($0.metrics.timeInPosition) }),
    ("Closed trades", { "\($0.metrics.tradeCount)" }),
    ("  median sessions", { $0.metrics.medianHoldingSessions.map(ReportText.shortest) }),
    ("  open at the end", { "\($0.metrics.openPositionCount)" }),
    ("Trades won", { percent($0.metrics.winRate) }),
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
    ("$ a closed trade", { $0.metrics.expectancyDollars.map(money) }),
    ("  95 % from", { ($0.metrics.expectancyInterval?.lower).map(money) }),
    ("  95 % to", { ($0.metrics.expectancyInterval?.upper).map(money) }),
    ("Final value, $", { money($0.metrics.finalDollars) }),
    ("Mean confidence", { percent($0.meanConfidence) }),
    ("Illegal attempts", { "\($0.illegalAttempts)" }),
  ]

  /// Where an account lies among random trading; empty where that was not played for it.
  private func chance(_ verdict: Verdict) -> String {
    guard let random, let percentile = verdict.randomPercentile else { return "" }
    return random.sentence(percentile: percentile)
  }

  private var verdictLines: [String] {
    func comparisons(_ verdict: Verdict) -> [String] {
      verdict.comparisons.flatMap { ReportText.wrapped($0.sentence, first: "  ", rest: "    ") }
        + ReportText.wrapped(chance(verdict), first: "  ", rest: "    ").filter { !$0.isEmpty }
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

  /// The reward terms beside profit and loss.
  private static let penalties: [(String, @Sendable (Penalties) -> Int64)] = [
    ("Turnover penalty", { $0.turnover }), ("Drawdown penalty", { $0.drawdown }),
  ]

  private var notes: [String] {
    (noteSentences + context.notes).flatMap { ReportText.wrapped($0, first: "  ", rest: "  ") }
  }

  /// What a reader must know to read the figures.
  var noteSentences: [String] {
    var notes: [String] = []
    for account in accounts where account.wasLost {
      notes.append(
        "The account of \(account.name) was lost on \(account.lastDate): its ratios end there, and the comparison counts 0 "
          + "for the sessions after it.")
    }
    let halfWidth = ReportText.fixed(
      ReturnStatistics.sharpeHalfWidthNearZero(sessions: dates.count), decimals: 2)
    notes.append(
      "With \(dates.count) sessions a Sharpe ratio near zero is uncertain by \(halfWidth) either way (95 %).")
    notes.append(
      "\"\(ReportText.undefined)\" is undefined, not zero. 252 sessions a year. Values are marked at the price "
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
    for (name, amount) in EvaluationReport.penalties {
      let named = accounts.filter { amount($0.breakdown.penalties) != 0 }.map {
        "\($0.name) \(EvaluationReport.money(PerformanceMetrics.dollars(amount($0.breakdown.penalties)))) $"
      }
      if !named.isEmpty {
        notes.append(
          "\(name), summed over the window: " + named.joined(separator: ", ")
            + ". It is a learning signal and not money: no figure above contains it.")
      }
    }
    return notes
  }
}
