// Made-up minutes have the variance that they are said to have, meet the days that they are bridged between, and pass the gate.

import Environments
import Glibc
import Market
import Pricing
import TestSupport
import Testing

private struct ProfileGolden: Decodable {
  var tolerance: Double
  var full: [Double]
  var half: [Double]
}

private let calendar = TradingCalendar.xnys

private func dates(_ count: Int, from: String = "2022-01-03") -> [CalendarDate] {
  Array(calendar.sessions(in: CalendarDate(from)!...calendar.supportedRange.upperBound).prefix(count))
}

/// What the sessions of a series are made of: its rows by session.
private func sessions(_ series: BarSeries) -> [Range<Int>] {
  let starts = series.dates.indices.filter { $0 == 0 || series.dates[$0] != series.dates[$0 - 1] }
  return zip(starts, starts.dropFirst() + [series.count]).map { $0..<$1 }
}

@Suite struct PlantedMinutesTests {
  @Test func theProfileIsTheTableAsAnotherProgramReadsIt() throws {
    let golden = try GoldenFile.read("minute_profile", as: ProfileGolden.self)
    for expected in [golden.full, golden.half] {
      let shares = SessionProfile.measured.shares(ofMinutes: expected.count)
      #expect(zip(shares, expected).allSatisfy { abs($0 - $1) <= golden.tolerance } && shares.count == expected.count)
    }
  }

  @Test func theyAreWholeSessionsThatPassTheGate() throws {
    let wanted = dates(250)
    let bars = PlantedMinutes.walk(symbol: "SYN", dates: wanted, seed: 3)
    let report = QualityGate.examine([bars], allowances: [])
    #expect(report.passed && report.findings.isEmpty, "\(report)")
    #expect(sessions(bars).map { bars.dates[$0.lowerBound] } == wanted)
    #expect(sessions(bars).map { $0.count } == wanted.compactMap { calendar.tradingMinutes($0) })
    #expect(sessions(bars).count { $0.count == 210 } == 1, "2022-11-25 closes early")
    let isEnclosed = bars.open.indices.allSatisfy { row in
      let ends = [bars.open[row], bars.close[row]]
      return bars.low[row] <= ends.min()! && bars.high[row] >= ends.max()! && bars.volume[row] >= 0
        && bars.volume[row] == bars.volume[row].rounded()
    }
    #expect(isEnclosed)
    #expect(bars == PlantedMinutes.walk(symbol: "SYN", dates: wanted, seed: 3))
    #expect(bars.close != PlantedMinutes.walk(symbol: "SYN", dates: wanted, seed: 4).close)
    let fewer = PlantedMinutes.walk(symbol: "SYN", dates: Array(wanted.prefix(9)), seed: 3)
    #expect(fewer.close[...] == bars.close.prefix(fewer.count), "later sessions do not change earlier ones")
  }

  /// Mean squares of a stretch's minutes against the table, within four standard errors of a mean of squared normal numbers.
  @Test func varianceFollowsTheProfileInWholeAndHalfSessions() throws {
    // As few full sessions as there are half days would say little: those of all years are taken for these.
    let halfDays = calendar.sessions.map(\.date).filter { calendar.isEarlyClose($0) == true }
    for (wanted, minutes, weight) in [(dates(300, from: "2023-01-03"), 390, 0.65), (halfDays, 210, 0.325)] {
      let bars = PlantedMinutes.walk(symbol: "SYN", dates: wanted, seed: 11)
      let days = sessions(bars).filter { $0.count == minutes }
      try #require(days.count > 60)
      let shares = SessionProfile.measured.shares(ofMinutes: minutes)
      var start = 0
      for stretch in SessionProfile.measured.stretches {
        let end = Int((stretch.endMinute * Double(minutes) / 390).rounded(.down))
        var (sum, expected) = (0.0, 0.0)
        for day in days {
          for minute in start..<end {
            let row = day.lowerBound + minute
            let change = log(bars.close[row] / bars.open[row])
            sum += change * change
            expected += 1e-4 * weight * shares[minute]
          }
        }
        let error = (2.0 / Double(days.count * (end - start))).squareRoot()
        #expect(abs(sum / expected - 1) < 4 * error, "\(minutes) minutes, to \(end): \(sum / expected)")
        start = end
      }
    }
  }

  @Test func nightsHaveTheRestOfADaysVariance() throws {
    let bars = PlantedMinutes.walk(
      symbol: "SYN", dates: dates(1000, from: "2010-01-04"), seed: 5)
    let days = sessions(bars)
    for (isLong, weight) in [(false, 0.35), (true, 0.385)] {
      var squares: [Double] = []
      for (before, after) in zip(days, days.dropFirst()) {
        let gap = bars.dates[after.lowerBound].daysSinceEpoch - bars.dates[before.lowerBound].daysSinceEpoch
        guard (gap > 1) == isLong else { continue }
        let change = log(bars.open[after.lowerBound] / bars.close[before.upperBound - 1])
        squares.append(change * change)
      }
      let ratio = squares.reduce(0, +) / Double(squares.count) / (1e-4 * weight)
      #expect(abs(ratio - 1) < 4 * (2.0 / Double(squares.count)).squareRoot(), "long \(isLong): \(ratio)")
    }
  }

  /// The range of a minute is that of a path between its ends: highest over the larger end has the mean that the law has.
  @Test func extremesAreThoseOfAPathBetweenOpenAndClose() {
    let bars = PlantedMinutes.walk(symbol: "SYN", dates: dates(40), seed: 2)
    let shares = SessionProfile.measured.shares(ofMinutes: 390)
    // (highest - a)(highest - b) 2 / v is exponential with mean 1, and so is the lowest's.
    for side in [\BarSeries.high, \.low] {
      var (sum, count) = (0.0, 0.0)
      for day in sessions(bars) {
        for (minute, row) in day.enumerated() {
          let extreme = log(bars[keyPath: side][row])
          sum += 2 * (extreme - log(bars.open[row])) * (extreme - log(bars.close[row])) / (0.65e-4 * shares[minute])
          count += 1
        }
      }
      #expect(abs(sum / count - 1) < 4 / count.squareRoot(), "\(sum / count)")
    }
  }

  @Test func aBridgeMeetsEveryOpenAndClose() throws {
    var days = SyntheticTape.series(symbols: ["SPY"], bars: 400, seed: 8)[0]
    for row in 0..<200 {
      days.adjustmentFactors[row] = 0.5
      for column in [\BarSeries.open, \.high, \.low, \.close] { days[keyPath: column][row] *= 2 }
    }
    let bars = PlantedMinutes.bridge(days, seed: 1)
    let parts = sessions(bars)
    try #require(parts.map { bars.dates[$0.lowerBound] } == days.dates)
    for (day, part) in parts.enumerated() {
      let factor = days.adjustmentFactors[day]
      #expect(bars.open[part.lowerBound] == days.open[day] * factor)
      #expect(bars.close[part.upperBound - 1] == days.close[day] * factor)
      let volume = part.reduce(0) { $0 + bars.volume[$1] }
      #expect(abs(volume - days.volume[day] / factor) <= Double(part.count) / 2)
    }
    #expect(QualityGate.examine([bars], allowances: []).passed)
    #expect(bars == PlantedMinutes.bridge(days, seed: 1) && bars.close != PlantedMinutes.bridge(days, seed: 2).close)
    // The last days do not reach back: minutes of earlier ones are the same without them, once 63 are there.
    let fewer = PlantedMinutes.bridge(days.rows(Array(0..<300)), seed: 1)
    #expect(fewer.close[...] == bars.close.prefix(fewer.count) && fewer.high[...] == bars.high.prefix(fewer.count))
  }

  /// From close to close: closes are met exactly, and of a day's variance the night has its share, the session the rest.
  @Test func aBridgeBetweenClosesSharesADayWithItsNight() throws {
    var days = SyntheticTape.series(symbols: ["SPX"], bars: 800, seed: 8)[0]
    days.instrument = .index
    var index = BarSeries(symbol: "VIX")
    for (row, date) in days.dates.enumerated() {
      let level = row % 2 == 0 ? 16.0 : 24
      index.append(date: date, open: level, high: level, low: level, close: level, volume: 1)
    }
    let history = SurfaceHistory(underlying: days, index: index)
    let bars = PlantedMinutes.bridge(days, from: history, seed: 1)
    let parts = sessions(bars)
    try #require(parts.map { bars.dates[$0.lowerBound] } == Array(days.dates.dropFirst()))
    let clock = VarianceClock()
    var (nights, halves, count) = (0.0, 0.0, 0.0)
    for (place, part) in parts.enumerated() {
      let day = place + 1
      #expect(bars.close[part.upperBound - 1] == days.close[day] * days.adjustmentFactors[day])
      let gap = days.dates[day].daysSinceEpoch - days.dates[day - 1].daysSinceEpoch
      let evening = history.evenings[place]
      let daily = pow(evening.index / 100 * evening.fairRatio, 2) / 252
      let night = clock.weight(of: gap > 1 ? .long : .ordinary)
      let session = clock.weight(ofMinutes: Double(part.count))
      let share = night / (night + session)
      let (from, to) = (
        log(days.close[day - 1] * days.adjustmentFactors[day - 1]), log(bars.close[part.upperBound - 1])
      )
      // What is left of the bridge at the open, and half an hour before the close.
      let open = log(bars.open[part.lowerBound]) - from - share * (to - from)
      nights += open * open / (daily * night * (1 - share))
      let minute = part.count - 30
      let gone = share + (1 - share) * clock.profile.cumulative(minute: Double(minute), of: Double(part.count))
      let late = log(bars.close[part.lowerBound + minute - 1]) - from - gone * (to - from)
      halves += late * late / (daily * (night + session) * gone * (1 - gone))
      count += 1
    }
    // Squares of normal numbers: a mean of 1, and of so many an error of the root of 2 over their number.
    for mean in [nights / count, halves / count] { #expect(abs(mean - 1) < 4 * (2 / count).squareRoot(), "\(mean)") }
    #expect(parts.contains { $0.count == 210 } && bars.dates.count == parts.reduce(0) { $0 + $1.count })
    // An index has no volumes, and what is no number equals nothing.
    let again = PlantedMinutes.bridge(days, from: history, seed: 1)
    #expect(again.open == bars.open && again.high == bars.high && again.low == bars.low && again.close == bars.close)
    #expect(PlantedMinutes.bridge(days, from: history, seed: 2).open != bars.open)
  }

  /// A day whose evening is not known has no minutes, and neither a day nor the one behind it whose close is missing.
  @Test func aDayWithoutAPromiseHasNoMinutes() throws {
    let days = SyntheticTape.series(symbols: ["SPX"], bars: 40, seed: 8)[0]
    var index = BarSeries(symbol: "VIX")
    for (row, date) in days.dates.enumerated() where row != 10 {
      index.append(date: date, open: 20, high: 20, low: 20, close: 20, volume: 1)
    }
    let history = SurfaceHistory(underlying: days, index: index)
    func made(_ days: BarSeries) -> Set<CalendarDate> { Set(PlantedMinutes.bridge(days, from: history, seed: 1).dates) }
    #expect(Set(days.dates).subtracting(made(days)) == [days.dates[0], days.dates[11]])
    let fewer = days.rows(days.dates.indices.filter { $0 != 20 })
    #expect(
      Set(days.dates).subtracting(made(fewer)) == [0, 11, 20, 21].reduce(into: Set()) { $0.insert(days.dates[$1]) })
  }

  /// Of a symbol that swings more than what the index is of, minutes do too.
  @Test func aBridgeSwingsByTheSymbolsOwnRatio() throws {
    var days = SyntheticTape.series(symbols: ["SPX"], bars: 40, seed: 8)[0]
    var index = BarSeries(symbol: "VIX")
    for date in days.dates { index.append(date: date, open: 20, high: 20, low: 20, close: 20, volume: 1) }
    var swings: [Double] = []
    for symbol in ["SPX", "QQQ"] {
      days.symbol = symbol
      let bars = PlantedMinutes.bridge(days, from: SurfaceHistory(underlying: days, index: index), seed: 1)
      var sum = 0.0
      for (place, part) in sessions(bars).enumerated() {
        let share = 0.35 * (days.dates[place + 1].daysSinceEpoch - days.dates[place].daysSinceEpoch > 1 ? 1.1 : 1)
        let (from, to) = (log(days.close[place]), log(days.close[place + 1]))
        let session = part.count == 390 ? 0.65 : 0.325
        let left = log(bars.open[part.lowerBound]) - from - share / (share + session) * (to - from)
        sum += left * left
      }
      swings.append(sum)
    }
    #expect(abs((swings[1] / swings[0]).squareRoot() - 1.27) < 1e-4, "\(swings)")
  }

  /// What is left of a bridged minute when the day's own move is taken out: v (1 - share), on the profile.
  @Test func aBridgeKeepsTheProfile() throws {
    // Days that never move: what is seen is the bridge alone; the first 63 tell how far it swings.
    var days = SyntheticTape.series(symbols: ["SPX"], bars: 463, seed: 8)[0]
    days.instrument = .index
    let bars = PlantedMinutes.bridge(days, seed: 6)
    #expect(bars.instrument == .index && bars.volume.allSatisfy { $0.isNaN })
    let shares = SessionProfile.measured.shares(ofMinutes: 390)
    let squares = (1..<days.count).map { pow(log(days.close[$0] / days.close[$0 - 1]), 2) }
    var (sums, expected) = ([Double](repeating: 0, count: 390), [Double](repeating: 0, count: 390))
    for (day, part) in sessions(bars).enumerated() where day > 63 && part.count == 390 {
      let daily = squares[(day - 64)..<(day - 1)].reduce(0, +) / 63
      let move = log(days.close[day] / days.open[day])
      for (minute, row) in part.enumerated() {
        let change = log(bars.close[row] / bars.open[row]) - shares[minute] * move
        sums[minute] += change * change
        expected[minute] += 0.65 * daily * shares[minute] * (1 - shares[minute])
      }
    }
    var start = 0
    for stretch in SessionProfile.measured.stretches {
      let minutes = start..<Int(stretch.endMinute)
      let ratio = sums[minutes].reduce(0, +) / expected[minutes].reduce(0, +)
      #expect(
        abs(ratio - 1) < 5 * (2.0 / Double(390 * minutes.count)).squareRoot(), "to \(stretch.endMinute): \(ratio)")
      start = Int(stretch.endMinute)
    }
  }
}
