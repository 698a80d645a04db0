// Runs on stores of minutes: which width is traded, from whose files, over which sessions, and what is said of it.

import AgentInterface
import Configuration
import Environments
import Market
import RunSupport
import TestSupport
import Testing
import Text

@testable import Storage
@testable import Training

@Suite struct MinuteRunTests {
  private static let first = CalendarDate("2024-11-20")!

  /// Minutes of 2024-11-20 to 2024-12-06 (the half day of 2024-11-29 among them), and days of the same dates.
  private static func market() -> (minutes: [BarSeries], days: [BarSeries]) {
    let minutes = SyntheticTape.minutes(sessions: 12, from: first, seed: 3)
    let days = minutes.map { one in
      var series = BarSeries(symbol: one.symbol)
      for bars in MarketTape([one]).sessions {
        series.append(
          date: one.dates[bars.lowerBound], open: one.open[bars.lowerBound], high: one.high[bars].max()!,
          low: one.low[bars].min()!, close: one.close[bars.upperBound - 1], volume: one.volume[bars].reduce(0, +))
      }
      return series
    }
    return (minutes, days)
  }

  private static func write(
    _ series: [BarSeries], in folder: String, layouts: [String: [String]] = [:]
  ) throws -> String {
    let path = FileSystem.join(folder, "minutes.h5")
    let report = QualityGate.examine(series, allowances: [])
    try #require(report.passed, "\(report)")
    let provenance = layouts.sorted { $0.key < $1.key }.map { layout, symbols in
      ImportProvenance(
        sourceName: layout + ".csv", sourceSHA256: "", layout: layout, rows: 1, symbols: symbols, importerVersion: 1)
    }
    try MarketStore.write(
      series, provenance: provenance, qualityReport: report, created: "2026-01-01T00:00:00Z", to: path)
    return path
  }

  private func configuration(_ store: String) -> RunConfiguration {
    var configuration = smallConfiguration("dual_ticker", store: store)
    configuration.split.trainingFrom = Self.first
    configuration.split.trainingUntil = CalendarDate("2024-12-02")!
    configuration.split.selectionFrom = CalendarDate("2024-12-03")!
    configuration.split.selectionUntil = CalendarDate("2024-12-04")!
    configuration.split.heldOutFrom = CalendarDate("2024-12-05")!
    configuration.split.heldOutUntil = CalendarDate("2024-12-31")!
    return configuration
  }

  @Test func minutesOfAStoreAreTrainedOnAndJudged() throws {
    try withScratchFolder { folder in
      var (minutes, _) = Self.market()
      minutes[1] = minutes[1].rows((0..<minutes[1].count).filter { $0 != 700 })
      let configuration = configuration(try Self.write(minutes, in: folder))
      let factory = try EnvironmentFactory(configuration)
      let tape = try #require(factory.market?.tape)
      #expect(tape.width == .minute && tape.symbols == ["AAA", "BBB"] && tape.leftOut == [1, 0])
      let windows = Window.allCases.map { factory.bars(of: $0, in: tape) }
      #expect(windows[0].lowerBound == 50 && windows.last?.upperBound == tape.barCount)
      #expect(tape.dates[windows[1].lowerBound].description == "2024-12-03" && tape.minutes[windows[1].lowerBound] == 0)
      // 50 bars back and 20 ahead: never more than the sessions in which they begin and end.
      #expect(factory.reachInSessions == 2)
      let notes = RunNotes.lines(configuration, factory: factory)
      let words = notes.joined(separator: "\n")
      for part in [
        "training window: 2024-11-20 to 2024-12-02, 8 sessions, 2,889 minutes, passed",
        "held-out window: 2024-12-05 to 2024-12-06, 2 sessions, 780 minutes",
        "bars of minutes: a position is carried over night",
        "1 minute of AAA left out: another symbol has none at that time",
      ] { #expect(words.contains(part), "\(part)\n\(words)") }
      #expect(!words.contains("SYNTHETIC"))
      #expect(RunNotes.manifest(configuration, factory: factory, modelName: "m")["bar_width"]?.stringValue == "minute")
      #expect(factory.rules.contains { $0.name == "nights" })
      let lanes = try factory.trainingLanes(count: 2)
      #expect(lanes.observationSpace.columns[9].name == "AAA.volume_against_usual")
    }
  }

  @Test func aSettingSaysWhichWidthIsTraded() throws {
    try withScratchFolder { folder in
      let (minutes, days) = Self.market()
      var both = configuration(try Self.write(minutes + days, in: folder))
      both.world.lookbackWindow = 50
      let refusal = try #require(trainingError { try EnvironmentFactory(both) }?.description)
      #expect(refusal.contains("holds daily bars and minutes") && refusal.contains("environment.bar_width=minute"))
      try both.apply(assignment: "environment.bar_width=minute")
      #expect(try EnvironmentFactory(both).market?.tape.width == .minute)
      // Twelve days are too few to look back on, and that is what is said of them.
      try both.apply(assignment: "environment.bar_width=session")
      #expect(
        trainingError { try EnvironmentFactory(both) }?.description.contains("training window holds 0 bars") == true)

      var one = configuration(try Self.write([minutes[0], days[1]], in: folder))
      let mixed = try #require(trainingError { try EnvironmentFactory(one) }?.description)
      #expect(mixed.contains("daily bars and minutes"))
      one.world.assets = ["AAA"]
      #expect(try EnvironmentFactory(one).market?.tape.symbols == ["AAA"], "one symbol has one width")
      one.world.assets = ["AAA", "BBB"]
      #expect(trainingError { try EnvironmentFactory(one) }?.description.contains("one width of all of them") == true)
      one.world.barWidth = .minute
      let lacking = try #require(trainingError { try EnvironmentFactory(one) }?.description)
      #expect(lacking.contains("names BBB, of which") && lacking.contains("holds no minutes"), "\(lacking)")
      one.world.assets = []
      one.world.benchmarkSymbol = "BBB"
      #expect(trainingError { try EnvironmentFactory(one) }?.description.contains("holds AAA as minutes") == true)
      var daysAlone = configuration(try Self.write(days, in: folder))
      daysAlone.world.barWidth = .minute
      #expect(
        trainingError { try EnvironmentFactory(daysAlone) }?.description.contains("holds no minutes of a share") == true
      )
    }
  }

  @Test func aStoreOfAnotherSourceIsRefusedByName() throws {
    try withScratchFolder { folder in
      let (minutes, _) = Self.market()
      var run = configuration(try Self.write(minutes, in: folder, layouts: ["massive": ["AAA", "BBB"]]))
      run.world.dataSource = "massive"
      #expect(trainingError { try EnvironmentFactory(run) } == nil)
      run.world.store = try Self.write(minutes, in: folder, layouts: ["massive": ["AAA", "BBB"], "alpaca": ["BBB"]])
      let error = try #require(trainingError { try EnvironmentFactory(run) })
      #expect(error.exitCode == 2 && error.description.contains("BBB in") && error.description.contains("from alpaca;"))
      run.world.assets = ["AAA"]
      #expect(trainingError { try EnvironmentFactory(run) } == nil, "what is not traded is not asked")
      run.world.store = try Self.write(minutes, in: folder)
      #expect(trainingError { try EnvironmentFactory(run) }?.description.contains("from no known layout") == true)
      var unknown = run
      do {
        try unknown.apply(assignment: "environment.data_source=bloomberg")
        Issue.record("a layout that nobody knows was taken")
      } catch {
        #expect("\(error)".contains("massive"), "\(error)")
      }
    }
  }

  @Test func madeUpMinutesSaySoEverywhere() throws {
    try withScratchFolder { folder in
      let (minutes, _) = Self.market()
      let run = configuration(try Self.write(minutes, in: folder, layouts: ["synthetic": ["BBB"], "plain": ["AAA"]]))
      let factory = try EnvironmentFactory(run)
      #expect(factory.market?.tape.syntheticSymbols == ["BBB"])
      #expect(RunNotes.lines(run, factory: factory).contains { $0.hasPrefix("SYNTHETIC: the bars of BBB are made up") })
      #expect(RunNotes.manifest(run, factory: factory, modelName: "m")["synthetic"]?.text == #"["BBB"]"#)
      let lines = try StorageInspection.describe(run.world.store)
      #expect(lines.contains { $0.0 == "series BBB" && $0.1.hasSuffix("SYNTHETIC") })
      #expect(lines.contains { $0.0 == "series AAA" && !$0.1.contains("SYNTHETIC") })
    }
  }

  @Test func theStartRollsToASessionAndSessionsAreCountedByTheCalendar() throws {
    try withScratchFolder { folder in
      var run = configuration(try Self.write(Self.market().minutes, in: folder))
      // Thanksgiving 2024-11-28, and the half day behind it.
      run.split.trainingFrom = CalendarDate("2024-11-28")!
      let factory = try EnvironmentFactory(run)
      #expect(
        RunNotes.lines(run, factory: factory).contains(
          "training starts on 2024-11-29, the first session from 2024-11-28 on"))
      run.split.trainingFrom = CalendarDate("2024-01-01")!
      run.split.trainingSessions = 2
      let counted = try EnvironmentFactory(run)
      let bars = counted.bars(of: .training, in: try #require(counted.market?.tape))
      #expect(bars.count == 210 + 390, "a half day and a whole one")
      #expect(RunNotes.lines(run, factory: counted).contains { $0.contains("2 sessions, 600 minutes, passed") })
    }
  }
}
