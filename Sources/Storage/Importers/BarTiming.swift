// When the bars of a table were: their width, the clock of their stamps and which end of a bar a stamp tells, by evidence.

import Market

/// What is known of a table's time, each with where it comes from.
struct BarTiming: Equatable {
  /// Where something is known from.
  enum Source: Equatable {
    case declared
    case layout
    case stamps
    case evidence(String)

    var words: String {
      switch self {
      case .declared: "as you say"
      case .layout: "as the layout has it"
      case .stamps: "as the stamps say"
      case .evidence(let words): words
      }
    }
  }

  var width: BarWidth
  /// nil for daily bars, and for stamps that name their clock.
  var zone: StampZone?
  var zoneSource = Source.stamps
  var side = StampSide.start
  var sideSource = Source.layout
}

/// The bars of a table, placed in time.
struct TimedBars {
  var plan: TablePlan
  var timing: BarTiming
  /// All rows that the table has, and the symbols that they are of, also of those that nobody asked for.
  var rows: Int
  var symbols: [String]
  /// For each series of the table, in its order, the rows that are kept.
  var series: SeriesShelf
  var notes: [String]
}

struct BarTimer {
  private(set) var table: RawTable
  private let declared: BarDeclarations
  private let path: String
  private let extraColumns: [String]
  private var notes: [String] = []
  private var actions: TableActions

  static let day = StampText.nanosecondsPerDay
  static let minute = Instant.nanosecondsPerMinute
  /// How many rows are asked for evidence.
  static let sampleLimit = 20_000

  init(_ table: RawTable, declared: BarDeclarations, extraColumns: [String], path: String) {
    self.table = table
    self.declared = declared
    self.extraColumns = extraColumns
    self.path = path
    actions = TableActions(table.plan, declared: declared.adjustment)
  }

  mutating func time() throws(StorageError) -> TimedBars {
    let days = try daily()
    notes = table.notes + notes
    guard let days else { return try minutes() }
    var kept = SeriesShelf(spool: table.spool)
    for (place, dates) in days.enumerated() {
      let one = self.kept(try table.series[place].whole(table.spool), dates: dates)
      try checkCalendar(one)
      try kept.append(one)
      table.series[place].handOver()
    }
    return timed(BarTiming(width: .session), kept)
  }

  /// When the rows of a series were; of its other columns nothing where some of them lie on a spool.
  private func stamps(_ place: Int) throws(StorageError) -> RawBars { try table.series[place].stamps(table.spool) }

  /// Whether something is so of the stamps of every series.
  private func allSeries(_ isSo: (RawBars) -> Bool) throws(StorageError) -> Bool {
    for place in table.series.indices { guard isSo(try stamps(place)) else { return false } }
    return true
  }

  /// Something of the stamps of each series.
  private func ofSeries<Value>(_ value: (RawBars) -> [Value]) throws(StorageError) -> [[Value]] {
    var all: [[Value]] = []
    for place in table.series.indices { all.append(value(try stamps(place))) }
    return all
  }

  private func timed(_ timing: BarTiming, _ series: SeriesShelf) -> TimedBars {
    TimedBars(
      plan: table.plan, timing: timing, rows: table.series.reduce(0) { $0 + $1.rowCount },
      symbols: table.series.filter { $0.rowCount > 0 }.map(\.symbol), series: series, notes: notes + actions.notes)
  }

  // MARK: Days

  /// For each series the date of each row, nil for one that is left out; nil where the rows are narrower than days.
  private mutating func daily() throws(StorageError) -> [[CalendarDate?]]? {
    let isMidnight = try allSeries { $0.local.allSatisfy { $0 % BarTimer.day == 0 } }
    if isMidnight, table.plan.stamp != .millisecondOfDay {
      let dates = try ofSeries { $0.local.map { WallClock.Reading(local: $0).date } }
      try checkDays(dates)
      return dates
    }
    // One row a date, of one time of day: the time says nothing. In Greenwich's time, New York's midnight is 4 or 5 o'clock. The first minutes tell that
    // they are none.
    let isOneADate = try allSeries { one in
      var before: CalendarDate?
      return one.local.indices.allSatisfy { row in
        defer { before = reading(one, row).date }
        return reading(one, row).date != before
      }
    }
    guard isOneADate else { return try mixedWithDays() }
    let readings = try ofSeries { one in one.local.indices.map { reading(one, $0) } }
    var times: [Int64: Int] = [:]
    for one in readings { for reading in one { times[reading.nanosecondOfDay, default: 0] += 1 } }
    let hour = 60 * BarTimer.minute
    let isMidnightOfNewYork = times.keys.allSatisfy { $0 == 4 * hour || $0 == 5 * hour }
    let usual = times.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? 0
    let written = Set(try ofSeries { Array(Set($0.local.map { $0 % BarTimer.day })) }.joined())
    let isMidnightWritten = written.allSatisfy { $0 == 4 * hour || $0 == 5 * hour }
    if times.count == 1 || written.count == 1 || isMidnightWritten || isMidnightOfNewYork {
      guard readings.contains(where: { $0.count > 1 }) else { return nil }
      notes.append("each row is the bar of its date, stamped \(BarTimer.text(usual))")
      // As they are written: a few such midnights are an hour off where their vendor forgot a clock change.
      let dates: [[CalendarDate?]] =
        isMidnightWritten
        ? try ofSeries { $0.local.map { WallClock.Reading(local: $0).date } } : readings.map { $0.map { $0.date } }
      try checkDays(dates)
      return dates
    }
    // The last row may be of a session that was not over.
    var dates: [[CalendarDate?]] = []
    for (place, one) in readings.enumerated() {
      let series = try stamps(place)
      let odd = one.indices.filter { one[$0].nanosecondOfDay != usual }
      let newest = one.indices.max { series.local[$0] < series.local[$1] }
      guard odd.isEmpty || (odd.count == 1 && odd.first == newest) else { return try mixedWithDays() }
      if let row = odd.first {
        notes.append(
          "the last row of \(series.symbol.isEmpty ? "the series" : series.symbol), \(one[row].date) "
            + "\(BarTimer.text(one[row].nanosecondOfDay)), is of a session that was not over: left out")
      }
      dates.append(one.indices.map { odd.contains($0) ? nil : one[$0].date })
    }
    try checkDays(dates.map { $0.compactMap { $0 } })
    return dates
  }

  /// Refuses a time of day among dates; nil where most rows have one.
  private func mixedWithDays() throws(StorageError) -> [[CalendarDate?]]? {
    var (timed, first): (Int, Int64?) = (0, nil)
    for place in table.series.indices {
      for local in try stamps(place).local where local % BarTimer.day != 0 {
        timed += 1
        if first == nil { first = local }
      }
    }
    let count = table.series.reduce(0) { $0 + $1.count }
    guard timed * 2 < count, let first else { return nil }
    let reading = WallClock.Reading(local: first)
    throw problem(.intraday("\(reading.date) \(BarTimer.text(reading.nanosecondOfDay))"))
  }

  /// What New York's clock showed where stamps name theirs, else what the stamps say.
  private func reading(_ series: RawBars, _ row: Int) -> WallClock.Reading {
    let named =
      series.instants.isEmpty ? nil : WallClock.newYork.reading(at: Instant(nanoseconds: series.instants[row]))
    return named ?? WallClock.Reading(local: series.local[row])
  }

  /// Refuses weeks and months, which lie further apart than days.
  private func checkDays(_ dates: [[CalendarDate?]]) throws(StorageError) {
    for one in dates {
      var gaps = zip(one, one.dropFirst()).compactMap { before, after in
        before.flatMap { before in after.map { abs(Int($0.daysSinceEpoch) - Int(before.daysSinceEpoch)) } }
      }
      guard gaps.count >= 3, gaps.count(where: { $0 < 5 }) <= gaps.count / 2 else { continue }
      gaps.sort()
      let median = gaps[gaps.count / 2]
      if median >= 5 {
        throw problem(.otherWidth(median < 10 ? "weeks (they are \(median) days apart)" : "\(median) days"))
      }
    }
  }

  // MARK: Minutes

  private mutating func minutes() throws(StorageError) -> TimedBars {
    try checkWidth()
    var timing = BarTiming(width: .minute)
    if table.series.allSatisfy({ !$0.hasInstants }) {
      if let zone = declared.zone {
        (timing.zone, timing.zoneSource) = (zone, .declared)
      } else if let zone = table.plan.layout.zone {
        (timing.zone, timing.zoneSource) = (zone, .layout)
      } else {
        (timing.zone, timing.zoneSource) = try zoneByEvidence()
      }
    }
    let zone = timing.zone ?? .utc
    if let side = declared.side {
      (timing.side, timing.sideSource) = (side, .declared)
    } else if let side = table.plan.layout.side {
      (timing.side, timing.sideSource) = (side, .layout)
    } else {
      (timing.side, timing.sideSource) = try sideByEvidence { (one) throws(StorageError) in try instants(one, zone) }
    }
    let shift = timing.side == .end ? -BarTimer.minute : 0
    var series = SeriesShelf(spool: table.spool)
    for place in table.series.indices {
      let raw = try table.series[place].whole(table.spool)
      // Its columns have another owner now; what is left of it is as long as it was.
      table.series[place].handOver()
      let starts = try instants(raw, zone).map { Instant(nanoseconds: $0 + shift) }
      try series.append(kept(raw, starts: starts))
    }
    return timed(timing, series)
  }

  /// Refuses what is not a minute apart.
  private func checkWidth() throws(StorageError) {
    var counts: [Int64: Int] = [:]
    var last: (gap: Int64, count: Int) = (0, 0)
    for place in table.series.indices {
      let one = try stamps(place)
      let stamps = one.instants.isEmpty ? one.local : one.instants
      for (before, after) in zip(stamps, stamps.dropFirst()) {
        let gap = after > before ? after - before : before - after
        // Across nights, gaps say nothing of the width. Neighbouring gaps mostly are one.
        guard gap > 0, gap < BarTimer.day / 4 else { continue }
        if gap != last.gap {
          counts[last.gap, default: 0] += last.count
          last = (gap, 0)
        }
        last.count += 1
      }
    }
    counts[last.gap, default: 0] += last.count
    counts[0] = nil
    // A single gap may be of a last row that was cut short.
    let repeated = counts.filter { $0.value > 1 }
    let gaps = (repeated.isEmpty ? counts : repeated).keys
    let width = gaps.reduce(0) { BarTimer.greatestCommonDivisor($0, $1) }
    guard width != BarTimer.minute, !gaps.isEmpty else { return }
    throw problem(.otherWidth(BarTimer.words(width)))
  }

  private static func greatestCommonDivisor(_ left: Int64, _ right: Int64) -> Int64 {
    right == 0 ? left : greatestCommonDivisor(right, left % right)
  }

  private static func words(_ width: Int64) -> String {
    if width % (60 * minute) == 0 { return width == 60 * minute ? "an hour" : "\(width / (60 * minute)) hours" }
    if width % minute == 0 { return "\(width / minute) minutes" }
    return width >= Instant.nanosecondsPerSecond ? "\(width / Instant.nanosecondsPerSecond) s" : "less than a second"
  }

  /// Traps on no date: what clocks never show, or show twice, is refused. `zone`: of stamps that do not name their clock.
  private func instants(_ series: RawBars, _ zone: StampZone) throws(StorageError) -> [Int64] {
    guard series.instants.isEmpty else { return series.instants }
    let (clock, local) = (zone.clock, series.local)
    var instants: [Int64] = []
    instants.reserveCapacity(local.count)
    // Clocks change on Sundays alone: the offset of another date is asked once.
    var (known, offset) = (CalendarDate(daysSinceEpoch: .min), Int64(0))
    for one in local {
      let reading = WallClock.Reading(local: one)
      if reading.date != known || reading.date.weekday == 7 {
        guard case .once(let instant) = clock.occurrence(of: reading) else {
          throw problem(.noSuchTime("\(reading.date) \(BarTimer.text(reading.nanosecondOfDay))"))
        }
        (known, offset) = (reading.date, one - instant.nanoseconds)
      }
      instants.append(one - offset)
    }
    return instants
  }

  // MARK: Series

  /// The rows that are kept, oldest first where the table has the newest first.
  private mutating func kept(_ raw: RawBars, dates: [CalendarDate?]) -> BarSeries {
    let ordered = order(raw)
    var series = BarSeries(symbol: raw.symbol, extraColumns: extraColumns)
    let rows =
      ordered == nil && !dates.contains(nil) ? nil : (ordered ?? Array(raw.local.indices)).filter { dates[$0] != nil }
    series.dates = rows?.compactMap { dates[$0] } ?? dates.compactMap { $0 }
    fill(&series, raw, rows)
    return series
  }

  private mutating func kept(_ raw: RawBars, starts: [Instant]) -> BarSeries {
    let rows = order(raw)
    var series = BarSeries(symbol: raw.symbol, width: .minute, extraColumns: extraColumns)
    series.begin(at: rows?.map { starts[$0] } ?? starts)
    fill(&series, raw, rows)
    return series
  }

  /// `rows`: which are taken; nil for all as they stand, whose columns are not copied.
  private mutating func fill(_ series: inout BarSeries, _ raw: RawBars, _ rows: [Int]?) {
    func taken(_ column: [Double]) -> [Double] { rows.map { $0.map { column[$0] } } ?? column }
    series.open = taken(raw.open)
    series.high = taken(raw.high)
    series.low = taken(raw.low)
    series.close = taken(raw.close)
    series.volume = taken(raw.volume)
    series.adjustmentFactors =
      raw.factors.isEmpty ? [Double](repeating: 1, count: series.open.count) : taken(raw.factors)
    for place in raw.extra.indices { series.extra[place].values = taken(raw.extra[place]) }
    if !raw.events.isEmpty { actions.apply(raw.events, to: &series, rows: rows ?? Array(raw.local.indices)) }
  }

  /// The rows in the order in which they are taken, without those before the user's own columns begin; nil for all as they stand.
  private mutating func order(_ raw: RawBars) -> [Int]? {
    let name = raw.symbol.isEmpty ? "the series" : raw.symbol
    let warmUp = raw.extra.map { $0.prefix(while: \.isNaN).count }.max() ?? 0
    let stamps = raw.instants.isEmpty ? raw.local : raw.instants
    let gaps = zip(stamps, stamps.dropFirst())
    let isNewestFirst =
      raw.count > 2 && gaps.allSatisfy { $0 >= $1 }
      && gaps.count(where: { $0 > $1 }) * 10 >= 9 * (raw.count - 1)
    if isNewestFirst { notes.append("the rows of \(name) stand newest first: turned round") }
    guard isNewestFirst || (warmUp > 0 && warmUp < raw.count) else { return nil }
    var rows = Array(raw.local.indices)
    if warmUp > 0, warmUp < raw.count {
      notes.append("the first \(warmUp) rows of \(name) have no value in a further column: its bars begin behind them")
      rows.removeFirst(warmUp)
    }
    return isNewestFirst ? rows.reversed() : rows
  }

  // MARK: Words

  static func text(_ nanosecondOfDay: Int64) -> String {
    let second = Int(nanosecondOfDay / Instant.nanosecondsPerSecond)
    func two(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
    let seconds = second % 60 == 0 ? "" : ":" + two(second % 60)
    return two(second / 3600) + ":" + two(second / 60 % 60) + seconds
  }

  func problem(_ problem: TableProblem) -> StorageError {
    .table(path: path, line: 0, column: "", problem: problem)
  }
}
