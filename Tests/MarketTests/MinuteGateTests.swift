// The gate's questions about minutes: what is planted is found with symbol and range, what lies just below a threshold is not.

import Kernels
import TestSupport
import Testing

@testable import Market

/// One way of spoiling clean minutes of two symbols.
private enum MinuteDefect: CaseIterable {
  case fewMinutes, manyMinutes, shortGap, longGap, missingSession, unevenMinutes
  case outsideHours, offGrid, repeatedMinute, unorderedMinute, endStamps
  case badTick, badHigh, badLow, overnightMove, standstill, repeatedSession, zeroVolume, volumeBreak

  /// Plants it in a session of one symbol, and says what the gate must find there: kind, severity, first and last date.
  func plant(
    in series: inout [BarSeries], session: Int, random: inout RandomStream
  ) -> (kind: String, severity: QualityFinding.Severity, dates: [CalendarDate]) {
    let date = Array(Set(series[1].dates)).sorted()[session]
    let rows = series[1].dates.indices.filter { series[1].dates[$0] == date }
    let first = rows[0]
    let inside = first + 20 + Int(random.nextInteger(below: UInt64(rows.count - 60)))
    func drop(_ offsets: [Int]) {
      let dropped = Set(offsets)
      series[1].keep(series[1].dates.indices.filter { !dropped.contains($0) })
    }
    func spread(_ count: Int) -> [Int] { (0..<count).map { first + 10 + 2 * $0 } }
    func clock(_ minutes: Int, of row: Int) {
      series[1].starts[row] = series[1].starts[row].advanced(seconds: 60 * minutes)
    }
    switch self {
    case .fewMinutes:
      drop(spread(rows.count == 390 ? 4 : 3))
      return ("missing-minutes", .warn, [date])
    case .manyMinutes:
      drop(spread(rows.count / 10 + 1))
      return ("missing-minutes", .fail, [date])
    case .shortGap:
      drop(Array(inside..<inside + 5))
      return ("missing-minutes", .warn, [date])
    case .longGap:
      drop(Array(inside..<inside + 15))
      return ("missing-minutes", .fail, [date])
    case .missingSession:
      drop(rows)
      return ("missing-session", .fail, [date])
    case .unevenMinutes:
      drop(spread(rows.count / 10 + 1))
      return ("unequal-minutes", .fail, [date])
    case .outsideHours:
      clock(-60, of: first)
      return ("outside-hours", .fail, [date])
    case .offGrid:
      series[1].starts[inside] = series[1].starts[inside].advanced(seconds: 30)
      return ("off-grid", .fail, [date])
    case .repeatedMinute:
      series[1].starts[inside] = series[1].starts[inside - 1]
      return ("repeated-date", .fail, [date])
    case .unorderedMinute:
      series[1].starts.swapAt(inside, inside - 1)
      return ("unordered-date", .fail, [date])
    case .endStamps:
      for row in series[1].starts.indices { clock(1, of: row) }
      return ("end-stamps", .fail, [series[1].dates[0], series[1].dates.last!])
    case .badTick:
      let ratio = random.nextDouble() < 0.5 ? 1.04 : 0.96
      series[1].close[inside] = series[1].close[inside - 1] * ratio
      series[1].spanRange(inside)
      return ("price-spike", .fail, [date])
    case .badHigh:
      series[1].high[inside] = max(series[1].close[inside - 1], series[1].close[inside + 1]) * 1.031
      return ("price-spike", .fail, [date])
    case .badLow:
      series[1].low[inside] = min(series[1].close[inside - 1], series[1].close[inside + 1]) / 1.031
      return ("price-spike", .fail, [date])
    case .overnightMove:
      series[1].scale(from: first, by: random.nextDouble() < 0.5 ? 1.25 : 0.75)
      return ("large-move", .fail, [date])
    case .standstill:
      for row in inside..<inside + 11 {
        series[1].close[row] = series[1].close[inside]
        series[1].spanRange(row)
      }
      return ("stale-price", .warn, [date])
    case .repeatedSession:
      for row in rows where row >= rows.count {
        for column in [\BarSeries.open, \.high, \.low, \.close, \.volume] {
          series[1][keyPath: column][row] = series[1][keyPath: column][row - rows.count]
        }
      }
      return ("repeated-session", .fail, [date])
    case .zeroVolume:
      for offset in 0..<(series[1].count / 100 + 1) { series[1].volume[offset] = 0 }
      return ("zero-volume", .warn, [series[1].dates[0], series[1].dates[series[1].count / 100]])
    case .volumeBreak:
      for row in first..<series[1].count { series[1].volume[row] *= 16 }
      return ("volume-break", .warn, [date])
    }
  }
}

extension BarSeries {
  fileprivate mutating func keep(_ rows: [Int]) {
    starts = rows.map { starts[$0] }
    reorder(rows)
  }

  fileprivate mutating func spanRange(_ row: Int) {
    high[row] = max(high[row], open[row], close[row])
    low[row] = min(low[row], open[row], close[row])
  }

  fileprivate mutating func scale(from row: Int, by ratio: Double) {
    for column in [\BarSeries.open, \.high, \.low, \.close] {
      for later in row..<count { self[keyPath: column][later] *= ratio }
    }
  }
}

/// Minutes of two symbols over so many sessions, none of which is a half day unless one is asked for.
private func clean(_ sessions: Int, from text: String = "2024-01-02", seed: UInt64) throws -> [BarSeries] {
  let date = try #require(CalendarDate(text))
  return SyntheticTape.minutes(sessions: sessions, from: date, seed: seed)
}

@Suite struct MinuteGateTests {
  /// Over both clock changes, holidays and three half days of 2024, and where sessions are few.
  @Test func cleanMinutesPass() throws {
    for (sessions, from) in [(3, "2024-07-02"), (30, "2024-03-01"), (45, "2024-10-28")] {
      let report = QualityGate.examine(try clean(sessions, from: from, seed: 5), allowances: [])
      #expect(report.passed && report.findings.isEmpty, "from \(from)\n\(report)")
    }
  }

  /// 200 defects of random kind and place, each found with its kind, severity, symbol and dates, and nothing of the other symbol.
  @Test func plantedDefectsAreFound() throws {
    let short = try (0..<4 as Range<UInt64>).map { try clean(5, seed: $0) }
    let long = try clean(32, seed: 9)
    var planted: Set<MinuteDefect> = []
    for trial in 0..<200 as Range<UInt64> {
      var random = RandomStream(seed: 81, purpose: .market, lane: UInt32(trial))
      let defect = MinuteDefect.allCases.pick(&random)
      planted.insert(defect)
      var series = defect == .volumeBreak ? long : short[Int(trial % 4)]
      let session =
        defect == .volumeBreak
        ? 20 + Int(random.nextInteger(below: 8)) : 1 + Int(random.nextInteger(below: 3))
      let expected = defect.plant(in: &series, session: session, random: &random)
      let report = QualityGate.examine(series, allowances: [])
      let found = report.findings.filter { $0.kind == expected.kind && $0.severity == expected.severity }
      #expect(found.count == 1, "trial \(trial), \(defect)\n\(report)")
      #expect(found.allSatisfy { $0.symbol == "BBB" }, "trial \(trial), \(defect)")
      #expect(found.first?.firstDate == expected.dates.first, "trial \(trial), \(defect)\n\(report)")
      #expect(found.first?.lastDate == expected.dates.last, "trial \(trial), \(defect)\n\(report)")
      #expect(report.findings.allSatisfy { $0.symbol == "BBB" }, "trial \(trial), \(defect)\n\(report)")
      if expected.severity == .fail { #expect(!report.passed, "trial \(trial), \(defect)") }
    }
    #expect(planted.count == MinuteDefect.allCases.count)
  }

  /// 200 times just below what counts: nothing is said.
  @Test func whatIsJustBelowAThresholdPasses() throws {
    let whole = try (0..<4 as Range<UInt64>).map { try clean(5, seed: 40 + $0) }
    let long = try clean(32, seed: 49)
    for trial in 0..<200 as Range<UInt64> {
      var random = RandomStream(seed: 82, purpose: .market, lane: UInt32(trial))
      let kind = Int(random.nextInteger(below: 7))
      var series = kind == 6 ? long : whole[Int(trial % 4)]
      let row = 390 + 30 + Int(random.nextInteger(below: 300))
      func drop(_ rows: [Int]) {
        for place in series.indices {
          let dropped = Set(rows)
          series[place].keep(series[place].dates.indices.filter { !dropped.contains($0) })
        }
      }
      switch kind {
      case 0: drop([row, row + 2, row + 4])  // 0.8 % of a session
      case 1: drop([row, row + 1, row + 2])  // a gap of 3, as much as 1 % allows
      case 2:
        // One of 390 minutes is not shared: 99.7 % are.
        series[1].keep(series[1].dates.indices.filter { $0 != row })
      case 3:
        series[1].high[row] = max(
          series[1].open[row], series[1].close[row], max(series[1].close[row - 1], series[1].close[row + 1]) * 1.029)
      case 4:
        // A crash that lasts.
        series[1].scale(from: row, by: 0.93)
        series[1].open[row] = series[1].close[row]
        series[1].high[row] = max(series[1].open[row], series[1].close[row])
        series[1].low[row] = min(series[1].low[row], series[1].close[row])
      case 5:
        for later in row..<row + 10 {
          series[1].close[later] = series[1].close[row]
          series[1].spanRange(later)
        }
      default:
        for later in 22 * 390..<series[1].count { series[1].volume[later] = (series[1].volume[later] * 12).rounded() }
      }
      let report = QualityGate.examine(series, allowances: [])
      #expect(report.passed && report.findings.isEmpty, "trial \(trial), kind \(kind)\n\(report)")
    }
  }

  /// Rows after 13:00 of a half day are extended hours, not a part of the session.
  @Test func aHalfDayOfThreeHundredAndNinetyMinutesIsNoSession() throws {
    var series = try clean(1, from: "2024-07-03", seed: 3)
    let close = try #require(TradingCalendar.xnys.session(on: series[0].dates[0])).close
    for place in series.indices {
      let price = series[place].close[209]
      for minute in 0..<180 {
        series[place].append(
          start: close.advanced(seconds: 60 * minute), open: price, high: price, low: price,
          close: price + Double(minute % 3) / 100,
          volume: 10)
      }
    }
    let found = QualityGate.examine(series, allowances: []).findings.filter { $0.kind == "outside-hours" }
    #expect(found.map(\.count) == [180, 180])
    let parts = series.map { $0.splitAtHours() }
    #expect(parts.map(\.sessions.count) == [210, 210] && parts.map(\.extendedHours.count) == [180, 180])
    #expect(parts[0].extendedHours.starts.first == close)
    #expect(parts[1].sessions == (try clean(1, from: "2024-07-03", seed: 3))[1])
    #expect(QualityGate.examine(parts.map(\.sessions), allowances: []).findings.isEmpty)
  }
}
