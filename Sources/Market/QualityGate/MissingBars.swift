// Is there a bar for every session between a symbol's first and last?

enum MissingBars: QualityCheck {
  static let identifier = "missing-bars"

  static func findings(in series: [BarSeries], allowances: inout AllowanceLedger) -> [QualityFinding] {
    let calendar = TradingCalendar.xnys
    return series.flatMap { one -> [QualityFinding] in
      let own = Set(one.dates.filter { calendar.supportedRange.contains($0) })
      guard let first = own.min(), let last = own.max() else { return [] }
      let sessions = calendar.sessions(in: first...last)
      let missing = sessions.indices.filter { !own.contains(sessions[$0]) }
      return QualityFinding.runs(of: missing) { $1 == $0 + 1 }.map { run in
        let dates = run.map { sessions[$0] }
        return QualityFinding(
          check: identifier, kind: "missing-session", severity: .fail, symbol: one.symbol, firstDate: dates.first,
          lastDate: dates.last, count: dates.count,
          samples: dates.prefix(QualityFinding.sampleLimit).map { "\($0) is a session without a bar" },
          suggestion: "Fetch these sessions again; nothing is filled in for you.",
          message: "\(counted(dates.count, "session")) without a bar between \(first) and \(last).")
      }
    }
  }
}
