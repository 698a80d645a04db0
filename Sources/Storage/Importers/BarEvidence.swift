// What a table's rows themselves prove of their clock, their side and their exchange.

import Market

extension BarTimer {
  /// The clock under which most of the trade lies in sessions. Refuses where several do.
  func zoneByEvidence() throws(StorageError) -> (StampZone, BarTiming.Source) {
    var shares: [(zone: StampZone, share: Double)] = []
    let sample = try sample()
    for zone in StampZone.allCases { shares.append((zone, sessionShare(zone, sample))) }
    shares.sort { $0.share > $1.share }
    let best = shares[0]
    // New York's winter time is New York's time where all bars are of a winter.
    let other = shares.first { $0.zone != best.zone && !areOne($0.zone, best.zone, sample) }
    func percent(_ share: Double) -> String { "\((share * 1000).rounded() / 10) %" }
    let evidence = "\(percent(best.share)) of the trade lies in sessions by the clock of \(best.zone.clock.name)"
    guard best.share >= 0.8, best.share - (other?.share ?? 0) >= 0.02 else { throw problem(.noZone(evidence)) }
    let zone = areOne(.newYork, best.zone, sample) ? .newYork : best.zone
    return (zone, .evidence("\(percent(best.share)) of the trade lies in sessions then"))
  }

  private func areOne(_ left: StampZone, _ right: StampZone, _ sample: [SampleRow]) -> Bool {
    sample.allSatisfy {
      left.clock.occurrence(of: WallClock.Reading(local: $0.local))
        == right.clock.occurrence(of: WallClock.Reading(local: $0.local))
    }
  }

  private typealias SampleRow = (local: Int64, weight: Double)

  /// Some rows, evenly, and how much was traded in each: 1 where there is no volume. An auction in one row must not outweigh a session.
  private func sample() throws(StorageError) -> [SampleRow] {
    var all: [SampleRow] = []
    for place in table.series.indices {
      let one = try table.series[place].whole(table.spool)
      let step = max(1, one.count * table.series.count / BarTimer.sampleLimit)
      let rows = Array(stride(from: 0, to: one.count, by: step))
      let volumes = rows.map { one.volume[$0] }.filter { $0 > 0 }.sorted()
      let most = volumes.isEmpty ? 0 : 20 * volumes[volumes.count / 2]
      all += rows.map { (one.local[$0], volumes.isEmpty ? 1 : min(max(0, one.volume[$0]), most)) }
    }
    return all
  }

  private func sessionShare(_ zone: StampZone, _ sample: [SampleRow]) -> Double {
    var (inside, all) = (0.0, 0.0)
    for (local, weight) in sample {
      all += weight
      guard case .once(let instant) = zone.clock.occurrence(of: WallClock.Reading(local: local)) else { continue }
      switch TradingCalendar.xnys.place(of: instant) {
      case .session: inside += weight
      // The last minute's end, or the closing auction.
      case .extendedHours(let session, let minute) where minute == session.minuteCount: inside += weight
      default: break
      }
    }
    return all > 0 ? inside / all : 0
  }

  /// What the rows around the open and the close of whole sessions say. `instants`: when the rows of a series are stamped.
  func sideByEvidence(
    _ instants: (RawBars) throws(StorageError) -> [Int64]
  ) throws(StorageError) -> (StampSide, BarTiming.Source) {
    var (sessions, opens, firsts, closes) = (0, 0, 0, 0)
    // What was traded in the rows that are stamped 09:30 and 09:31; the range of prices where there is no volume.
    var (atOpen, afterOpen) = (0.0, 0.0)
    for place in table.series.indices {
      let series = try table.series[place].whole(table.spool)
      let hasVolume = series.volume.contains { $0 > 0 }
      func weight(_ row: Int) -> Double { hasVolume ? series.volume[row] : series.high[row] - series.low[row] }
      for edges in self.edges(try instants(series)).values where edges.count > 195 {
        sessions += 1
        opens += edges.opening == nil ? 0 : 1
        firsts += edges.first == nil ? 0 : 1
        closes += edges.closing == nil ? 0 : 1
        if let row = edges.opening { atOpen += weight(row) }
        if let row = edges.first { afterOpen += weight(row) }
      }
    }
    func isMost(_ count: Int) -> Bool { count * 10 > sessions * 7 }
    func told(_ words: String) -> BarTiming.Source { .evidence("\(words), in most of \(sessions) sessions") }
    if sessions > 0 {
      if isMost(sessions - opens), isMost(closes) { return (.end, told("no row is stamped 09:30 and one 16:00")) }
      if isMost(opens), isMost(sessions - closes) { return (.start, told("a row is stamped 09:30 and none 16:00")) }
      if isMost(opens), isMost(firsts), atOpen >= afterOpen / 2, atOpen > 0 {
        return (.start, told("trade jumps in the row of 09:30"))
      }
      if isMost(opens), isMost(firsts), atOpen <= afterOpen / 4 {
        return (.end, told("trade jumps in the row of 09:31"))
      }
    }
    throw problem(.noSide("\(sessions) whole sessions, \(opens) with a row of 09:30, \(closes) with one of 16:00"))
  }

  /// The rows at the edges of a whole session.
  private struct Edges {
    var count = 0
    /// The rows that are stamped with its opening, a minute later, and with its close.
    var opening: Int?
    var first: Int?
    var closing: Int?
  }

  private func edges(_ instants: [Int64]) -> [CalendarDate: Edges] {
    var all: [CalendarDate: Edges] = [:]
    // Neighbouring rows mostly lie in one session.
    var session: Session?
    var edges = Edges()
    for (row, nanoseconds) in instants.enumerated() {
      let instant = Instant(nanoseconds: nanoseconds)
      if !(session.map { $0.open <= instant && instant < $0.close.advanced(seconds: 60) } ?? false) {
        if let session { all[session.date] = edges }
        session = nil
        switch TradingCalendar.xnys.place(of: instant) {
        case .session(let found, _) where found.minuteCount == TradingCalendar.fullSessionMinutes: session = found
        case .extendedHours(let found, TradingCalendar.fullSessionMinutes)
        where found.minuteCount == TradingCalendar.fullSessionMinutes: session = found
        default: continue
        }
        edges = session.flatMap { all[$0.date] } ?? Edges()
      }
      edges.count += 1
      switch session?.minute(of: instant) {
      case 0: edges.opening = row
      case 1: edges.first = row
      case TradingCalendar.fullSessionMinutes: edges.closing = row
      default: break
      }
    }
    if let session { all[session.date] = edges }
    return all
  }

  // MARK: Calendar

  /// Refuses days of another exchange, or of all days of the week.
  func checkCalendar(_ series: BarSeries) throws(StorageError) {
    let calendar = TradingCalendar.xnys
    let dates = series.dates.filter { calendar.supportedRange.contains($0) }
    guard dates.count >= 60, let first = dates.min(), let last = dates.max() else { return }
    let weekend = dates.filter { $0.weekday > 5 }
    if weekend.count * 10 > dates.count {
      throw problem(
        .otherCalendar("\(weekend.count) of \(dates.count) rows are of Saturdays and Sundays, from \(weekend[0])"))
    }
    let closed = dates.filter { $0.weekday <= 5 && calendar.isSession($0) == false }
    guard closed.count >= 3 else { return }
    let own = Set(dates)
    let missing = calendar.sessions(in: first...last).filter { !own.contains($0) }
    let closures = (Int(first.daysSinceEpoch)...Int(last.daysSinceEpoch)).count {
      let date = CalendarDate(daysSinceEpoch: Int32($0))
      return date.weekday <= 5 && calendar.isSession(date) == false
    }
    if closed.count >= 3, closed.count * 2 > closures, missing.count >= 2, missing.count * 20 < dates.count {
      throw problem(
        .otherCalendar(
          "\(closed.count) rows are of days on which New York was closed (\(closed[0])), and \(missing.count) of its sessions are missing (\(missing[0]))"
        ))
    }
  }
}
