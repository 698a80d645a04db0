// A market store that is opened: minutes to a tape, and what a run needs before it starts.

import Configuration
import Environments
import Kernels
import Market
import Storage
import Text
import Training

final class StoreSubject {
  private let folder: TemporaryFolder
  private let minutes: String
  private let days: String
  private let run: RunConfiguration
  private let minuteRun: RunConfiguration
  /// Of all symbols of the minutes together.
  let minuteBars: Int

  /// Five symbols of five years of minutes; a hundred symbols of 10,000 daily bars. Both files lie in the page cache when they are read.
  init(isQuick: Bool) throws(BenchmarkError) {
    folder = try TemporaryFolder()
    (minutes, days) = (folder.path + "/minutes.h5", folder.path + "/days.h5")
    let calendar = TradingCalendar.xnys
    let end = CalendarDate(year: isQuick ? 2021 : 2025, month: isQuick ? 3 : 12, day: 31)
    guard let start = CalendarDate(year: 2021, month: 1, day: 4), let end else { throw .failed("no such date") }
    let sessions = calendar.sessions(in: start...end)
    let series = (0..<5).map { place in
      PlantedMinutes.walk(symbol: "M\(place)", dates: sessions, seed: UInt64(place))
    }
    minuteBars = series.reduce(0) { $0 + $1.count }
    try StoreSubject.write(series, to: minutes)
    let walks = RandomWalkTape.series(bars: isQuick ? 500 : 10_000)
    let hundred = (0..<(isQuick ? 10 : 100)).map { place in
      var walk = walks[place % 2]
      walk.symbol = "D\(place)"
      return walk
    }
    try StoreSubject.write(hundred, to: days)
    let dates = walks[0].dates
    run = try StoreSubject.configuration([
      "environment.store=\(days)", "environment.assets=[D3,D6]",
      "split.training_until=\(dates[dates.count - 101])", "split.selection_from=\(dates[dates.count - 100])",
      "split.selection_until=\(dates[dates.count - 51])", "split.held_out_from=\(dates[dates.count - 50])",
    ])
    let last = sessions.count - 1
    minuteRun = try StoreSubject.configuration([
      "environment.store=\(minutes)", "environment.assets=[M1,M3]", "split.training_until=\(sessions[last - 20])",
      "split.selection_from=\(sessions[last - 19])", "split.selection_until=\(sessions[last - 10])",
      "split.held_out_from=\(sessions[last - 9])",
    ])
  }

  /// Seconds from the file to a tape of all minutes, every digest checked.
  func measureTape() throws(BenchmarkError) -> Double {
    let start = MonotonicClock.seconds
    do {
      let store = try MarketStoreFile(minutes)
      try store.requirePassingGate()
      let tape = MarketTape(common: try store.series { $0.width == .minute })
      guard tape.barCount * 5 == minuteBars else { throw BenchmarkError.failed("a tape of \(tape.barCount) bars") }
    } catch let error as BenchmarkError {
      throw error
    } catch {
      throw .failed("\(error)")
    }
    return MonotonicClock.seconds - start
  }

  /// Seconds of what a run does before its first step: store, digests, gate, tape, features, lanes.
  func measureStart(ofMinutes: Bool) throws(BenchmarkError) -> Double {
    let start = MonotonicClock.seconds
    do {
      _ = try EnvironmentFactory(ofMinutes ? minuteRun : run).trainingLanes(count: 1)
    } catch {
      throw .failed("\(error)")
    }
    return MonotonicClock.seconds - start
  }

  private static func configuration(_ assignments: [String]) throws(BenchmarkError) -> RunConfiguration {
    var configuration = RunConfiguration()
    do {
      for assignment in assignments { try configuration.apply(assignment: assignment) }
    } catch {
      throw .failed("\(error)")
    }
    return configuration
  }

  private static func write(_ series: [BarSeries], to path: String) throws(BenchmarkError) {
    let report = QualityGate.examine(series, allowances: [])
    guard report.passed else { throw .failed("the made-up bars do not pass the quality gate:\n\(report)") }
    do {
      _ = try MarketStore.write(
        series, provenance: [RandomWalkTape.provenance(series)], qualityReport: report,
        created: UTCTime.text(secondsSinceEpoch: 0), to: path)
    } catch {
      throw .failed("\(error)")
    }
  }
}
