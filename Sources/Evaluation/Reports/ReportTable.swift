// The report as a person reads it: 80 columns, plain words.

import Environments
import Market
import Trading

extension EvaluationReport {
  private static let labelWidth = 17
  private static let cellWidth = 10

  /// The report in lines of at most 80 columns.
  package var lines: [String] {
    header + [""] + table + (bySymbol.isEmpty ? [] : [""] + symbolLines) + [""] + deskLines + [""] + verdictLines
      + [""] + quantLines + stressLines
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
    var lines = ReportText.wrapped("\(context.kind.rawValue) of \(context.run)\(context.stamp)")
    for sentence in context.leadingSentences { lines += entry("warning", sentence) }
    lines += entry("policy", context.policy)
    lines += entry("algorithm", context.algorithm)
    lines += entry("environment", context.environment)
    lines += entry(
      "window",
      "\(first) to \(last), \(counted(dates.count, "session")), \(context.windowName); first decision at the close of "
        + "\(firstDecisionDate)")
    for line in context.split { lines += entry("split", "\(line.name): \(line.text)") }
    for sentence in context.handouts.flatMap(\.sentences) { lines += entry("surface", sentence) }
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
    ("  on capital used", { percent($0.exposure.returnOnCapitalAtWork) }),
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
    ("  give or take", { percent($0.metrics.winRateStandardError) }),
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

  private var verdictLines: [String] {
    func wrapped(_ sentences: [String], rest: String = "    ") -> [String] {
      sentences.flatMap { ReportText.wrapped($0, first: "  ", rest: rest) }
    }
    return ReportText.wrapped("VERDICT: \(context.headline(verdict)).", rest: "  ")
      + wrapped([stochastic == nil ? Verdict.introduction : "For the greedy run. " + Verdict.introduction], rest: "  ")
      + wrapped(comparisonSentences)
      + wrapped(
        context.leadingSentences + verdict.caveats + insideCaveats + exposureSentences + seedSentences + lookCaveats,
        rest: "  ")
      + (stochasticVerdict.map {
        wrapped([EvaluationReport.sampledIntroduction], rest: "  ") + wrapped($0.comparisons.map(\.sentence))
      } ?? [])
  }

  /// The greedy run against every baseline, then against chance.
  var comparisonSentences: [String] {
    verdict.comparisons.map(\.sentence) + (random.map { [$0.sentence(verdict: verdict)] } ?? [])
  }

  static let sampledIntroduction =
    "The stochastic run on its own, of which nothing is claimed, since chance is played against the greedy run alone:"

  /// That the account grew away from what it works with; nothing where it did not.
  var exposureSentences: [String] { greedy.exposure.warning.map { [$0] } ?? [] }

  /// That one seed is one seed.
  var seedSentences: [String] {
    guard ensemble == nil, stochastic != nil else { return [] }
    return [
      "This is the verdict on one seed: the same training with another may end elsewhere. Train several, and name them all: "
        + "`strikeforge evaluate RUN RUN ...` takes the middle one."
    ]
  }

  /// The reward terms beside profit and loss.
  private static let penalties: [(String, @Sendable (Penalties) -> Int64)] = [
    ("Turnover penalty", { $0.turnover }), ("Drawdown penalty", { $0.drawdown }), ("Momentum penalty", { $0.momentum }),
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
      "With \(counted(dates.count, "session")) a Sharpe ratio near zero is uncertain by \(halfWidth) either way (95 %)."
    )
    notes.append(
      "\"\(ReportText.undefined)\" is undefined, not zero. 252 sessions a year. Values are marked at the price "
        + "at which positions could be closed. A trade is a round trip from flat to flat, after all costs; win rate, profit "
        + "factor and expectancy leave out what is open at the end. Trades won are given with one standard error, as if no trade knew of another."
    )
    notes.append(
      "Intervals: \(Bootstrap.resamples) resamples, of Sharpe ratios \(SharpeComparison.resamples), seed \(seed). Those of Sharpe ratios "
        + "are studentised (Ledoit and Wolf 2008), by the stationary bootstrap, with blocks as long as the returns ask for (Politis "
        + "and White 2004).")
    let counts: [(String, (AccountReport) -> Int)] = [
      ("Sessions in which the risk tiers restricted actions", \.restrictedSessions),
      ("Buys cut to what cash could pay", \.cutFillCount),
      (
        bySymbol.isEmpty
          ? "Fills without a known volume, charged as if as large as a day's volume"
          : "Fills on quotes without a size or a volume, as large as a usual minute allows", \.unknownVolumeFillCount
      ),
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
