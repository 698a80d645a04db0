// What a backtest says of its span before any figure: who has seen it, how orders were filled, and when trading ended.

import Environments
import Evaluation
import Market
private import Text
import Trading
package import Training

/// The terms of a backtest.
struct BacktestSpan {
  let span: PlayedSpan
  let execution: PlayedSpan.Execution
  let rearms: Bool
  /// Windows of the policy's own training that share dates with the span, in words; none for a rule.
  let seen: [String]

  /// What looks at a backtest are called in the ledger.
  static let ledgerName = "backtest"

  init(_ span: PlayedSpan, _ execution: PlayedSpan.Execution, rearms: Bool, trained: RunConfiguration?) {
    self.span = span
    self.execution = execution
    self.rearms = rearms
    seen = trained.map { BacktestSpan.seen($0, span) } ?? []
  }

  private static func seen(_ trained: RunConfiguration, _ span: PlayedSpan) -> [String] {
    let split = trained.split
    let windows = [
      ("was trained on", split.trainingFrom, split.trainingUntil),
      ("was chosen on", split.selectionFrom, split.selectionUntil),
    ]
    return windows.filter { $0.1 <= span.lastSession && span.firstSession <= $0.2 }.map { "\($0.0) \($0.1) to \($0.2)" }
  }

  var windowName: String {
    let minutes = DecimalText.grouped(Double(span.barCount), decimals: 0)
    return "backtest" + (span.isOfMinutes ? " of \(minutes) regular minutes" : "")
      + (seen.isEmpty ? "" : ", in part what the policy has seen")
  }

  var qualifications: [String] {
    (execution == .ideal ? [EvaluationContext.idealQualification] : [])
      + (seen.isEmpty ? [] : ["on dates that it has seen"])
  }

  var notes: [String] { span.notes }

  /// symbols: the names of the record's.
  func warnings(_ record: BacktestRecord, symbols: [String]) -> [String] {
    latched(record, symbols)
      + (execution == .ideal
        ? [
          "IDEAL FILLS: every order is filled at the middle of the quote without spread, impact or fee, which nobody gets; take --execution on for what could be earned."
        ]
        : [])
      + (seen.isEmpty
        ? []
        : [
          "SEEN: the policy \(seen.joined(separator: " and ")), which the span shares dates with; what it earns there proves nothing."
        ])
  }

  /// When trading ended for good, by symbol; or of a game without a kill switch, when nothing could be bought any more.
  private func latched(_ record: BacktestRecord, _ symbols: [String]) -> [String] {
    guard let desk = record.desk else {
      guard let step = record.accounts.firstIndex(where: { $0.riskTier == RiskTier.halt.rawValue }) else { return [] }
      return [
        "HALTED on \(record.closeDates[step]): the account had fallen by environment.drawdown_halt, and nothing was bought from then on."
      ]
    }
    return symbols.indices.compactMap { symbol in
      let dates = desk.latches.filter { $0.symbol == symbol }.map(\.date)
      guard let first = dates.first else { return nil }
      let fall = "KILL SWITCH of \(symbols[symbol]) latched on \(first)"
      if rearms {
        let times = dates.count == 1 ? "once" : "\(dates.count) times"
        return
          "\(fall), \(times) in all, and was re-armed with the next session (--rearm next-session), as no desk does by itself."
      }
      return
        "\(fall): everything was closed and its trading ended there; --rearm next-session shows what would have followed."
    }
  }
}
