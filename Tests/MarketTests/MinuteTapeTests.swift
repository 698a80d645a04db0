// A tape of minutes: sessions with holes, times that all symbols have, and volumes against what their session leads to expect.

import Glibc
import TestSupport
import Testing

@testable import Market

private struct VolumeGolden: Decodable {
  var tolerance: Double
  var sessions: Int
  var halfSession: Int
  var unitChange: Int
  var checks: [[Double]]
}

@Suite struct MinuteTapeTests {
  /// From 2024-11-27 on: a full session, the half day of 2024-11-29, two full ones.
  private let series = SyntheticTape.minutes(
    sessions: 4, from: CalendarDate(year: 2024, month: 11, day: 27)!, seed: 2)

  @Test func sessionsAndMinutesAreThoseOfTheCalendar() throws {
    let tape = MarketTape(series)
    #expect(tape.width == .minute && tape.barCount == 3 * 390 + 210)
    #expect(tape.sessions == [0..<390, 390..<600, 600..<990, 990..<1380])
    #expect(tape.minutes == (Array(0..<390) + Array(0..<210) + Array(0..<390) + Array(0..<390)).map { Int16($0) })
    #expect(tape.starts[390].description == "2024-11-29T14:30:00Z" && tape.dates[390].description == "2024-11-29")
    #expect(tape.bars(ofSession: tape.dates[400]) == 390..<600)
    #expect(tape.bars(ofSession: CalendarDate("2024-11-28")!) == nil)
    #expect(tape.leftOut == [0, 0] && tape.syntheticSymbols.isEmpty)
    let daily = MarketTape(SyntheticTape.series(bars: 5, seed: 1))
    #expect(daily.sessions == (0..<5).map { $0..<$0 + 1 } && daily.minutes.isEmpty && daily.starts.isEmpty)
  }

  @Test func onlyTimesThatAllSymbolsHaveAreKept() throws {
    let holes: [Set<Int>] = [[0, 17, 18, 700, 1379], [17, 400, 401]]
    var parts = zip(series, holes).map { one, holes in one.rows((0..<one.count).filter { !holes.contains($0) }) }
    let kept = (0..<series[0].count).filter { row in holes.allSatisfy { !$0.contains(row) } }
    let tape = MarketTape(common: parts)
    #expect(tape.starts == kept.map { series[0].starts[$0] } && tape.leftOut == [2, 4])
    for (place, one) in series.enumerated() {
      #expect(tape.close[place] == kept.map { one.close[$0] } && tape.volume[place] == kept.map { one.volume[$0] })
    }
    #expect(tape.sessions.map { $0.count } == [387, 208, 389, 389])
    #expect(tape.sessions.map { tape.minutes[$0.lowerBound] } == [1, 0, 0, 0])
    // A benchmark that nobody trades has holes too.
    let benchmark = parts.removeLast()
    let compared = MarketTape(common: [series[0]], benchmark: benchmark)
    #expect(compared.barCount == series[0].count - 3 && compared.benchmark?.close.count == compared.barCount)
    #expect(compared.leftOut == [3])
    // Series without a time in common make a tape of nothing, which its maker refuses.
    let morning = series[0].rows(Array(0..<100))
    let evening = series[1].rows(Array(200..<300))
    #expect(MarketTape(common: [morning, evening]).barCount == 0)
  }

  @Test func columnsOfRawPricesAreTheSeriesOwn() {
    var adjusted = series
    for row in 0..<100 { adjusted[1].adjustmentFactors[row] = 0.25 }
    let tape = MarketTape(adjusted)
    #expect(tape.close[0] == series[0].close)
    #expect(tape.close[1][..<100] == series[1].close.prefix(100).map { $0 * 0.25 }[...])
    #expect(tape.volume[1][99] == series[1].volume[99] * 4 && tape.volume[1][100] == series[1].volume[100])
  }

  @Test func volumesAgainstUsualAreThoseOfAnotherProgram() throws {
    let golden = try GoldenFile.read("minute_profile", as: VolumeGolden.self)
    var stream = VolumeAgainstUsual()
    var values: [[Double]] = []
    for session in 0..<golden.sessions {
      let minutes = session == golden.halfSession ? 210 : 390
      let unit = session >= golden.unitChange ? 40.0 : 1
      stream.begin(minutes: minutes)
      values.append(
        (0..<minutes).map { stream.next(minute: $0, volume: unit * Double(1 + (7919 * $0 + 104_729 * session) % 1000)) }
      )
    }
    #expect(values[0].allSatisfy { $0 == 0 }, "nothing is usual before a session is over")
    try #require(golden.checks.count > 100)
    for check in golden.checks {
      let value = values[Int(check[0])][Int(check[1])]
      #expect(abs(value - check[2]) <= golden.tolerance, "session \(check[0]), minute \(check[1]): \(value)")
    }
  }

  @Test func whatCannotBeExpectedIsNeutral() {
    var stream = VolumeAgainstUsual()
    for _ in 0..<2 {
      stream.begin(minutes: 390)
      for minute in 0..<390 { _ = stream.next(minute: minute, volume: 100) }
    }
    stream.begin(minutes: 390)
    #expect(stream.next(minute: 0, volume: 5) == 0, "a session's first bar")
    #expect(abs(stream.next(minute: 1, volume: 5)) < 1e-12, "as before")
    #expect(stream.next(minute: 2, volume: .nan) == 0 && stream.next(minute: 3, volume: -1) == 0)
    #expect(stream.next(minute: 4, volume: 0) == -VolumeAgainstUsual.limit)
    #expect(stream.next(minute: 9, volume: 1e9) == VolumeAgainstUsual.limit)
    // A session of holes expects by the minutes that it has: here ten times the usual.
    stream.begin(minutes: 390)
    _ = stream.next(minute: 100, volume: 7)
    #expect(abs(stream.next(minute: 300, volume: 70) - log(10.0)) < 1e-12)
    stream.begin(minutes: 210)
    #expect(
      stream.next(minute: 0, volume: 0) == 0 && stream.next(minute: 1, volume: 9) == 0, "nothing was traded so far")
  }
}
