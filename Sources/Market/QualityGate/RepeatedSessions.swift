// Is a session the one before once more, under another date?

/// Closes and volumes of all minutes are the same in two neighbouring sessions: no market does that.
enum RepeatedSessions: QualityCheck {
  static let identifier = SchemaCompliance.identifier

  /// Sessions of fewer rows prove nothing.
  static let fewestRows = 30

  static func findings(in examined: ExaminedSeries, allowances: inout AllowanceLedger) -> [QualityFinding] {
    let one = examined.series
    if one.width == .session { return [] }
    let sessions = one.rowsByDate
    let starts = sessions.map(\.lowerBound)
    var before = 0..<0
    let repeated = sessions.indices.filter { index in
      let rows = sessions[index]
      defer { before = rows }
      return rows.count >= fewestRows && rows.count == before.count && one.close[rows] == one.close[before]
        && one.volume[rows].elementsEqual(one.volume[before]) { $0 == $1 || $0.isNaN && $1.isNaN }
        && Set(one.close[rows]).count > 1
    }
    return QualityFinding.runs(of: repeated) { $1 == $0 + 1 }.map { run in
      QualityFinding(
        check: identifier, kind: "repeated-session", severity: .fail, symbol: one.symbol,
        firstDate: run.first.map { one.dates[starts[$0]] }, lastDate: run.last.map { one.dates[starts[$0]] },
        count: run.count,
        samples: run.prefix(QualityFinding.sampleLimit).map {
          "\(one.dates[starts[$0]]) has the bars of \(one.dates[starts[$0] - 1])"
        },
        suggestion: "Fetch these sessions again.",
        message: "\(counted(run.count, "session")) with the bars of the session before.")
    }
  }
}
