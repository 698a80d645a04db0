// A weekend while clocks are set and its machine sleeps: nothing but the time that went by may count.

import Environments
import Market
import RunSupport
import Storage
import TestSupport
import Testing
import Text
import Training

@testable import Release

@Suite struct RetrainClockTests {
  /// Clocks that a test sets, in the middle of whatever it likes.
  private final class SetClock: @unchecked Sendable {
    /// Seconds that the wall's clock is ahead of this machine's, and that the machine slept.
    var ahead: Int64 = 0
    var slept = 0.0
    var boot = "this start"
    private let begin = WeekendClock.machine.secondsUp()
    private let wall: Int64

    init(wall: Int64) { self.wall = wall }

    var clock: WeekendClock {
      WeekendClock(
        now: { self.wall + Int64(self.secondsUp) + self.ahead }, secondsUp: { 1000 + self.secondsUp },
        bootName: { self.boot })
    }

    private var secondsUp: Double { WeekendClock.machine.secondsUp() - begin + slept }
  }

  /// Saturday 2026-03-07, 18:00 in New York, the evening before clocks are set there.
  private static let saturday = UTCTime.day(year: 2026, month: 3, day: 7) * 86_400 + 23 * 3600

  /// Bars whose next return is shown, and a plan of two seeds.
  private static func place(deadline: String) throws -> (folder: TemporaryFolder, plan: RetrainPlan) {
    let folder = try TemporaryFolder()
    let first = try #require(CalendarDate("2001-01-02"))
    let last = try #require(CalendarDate("2004-12-31"))
    let bars = PlantedBars.series(.leak, symbol: "SYN", dates: TradingCalendar.xnys.sessions(in: first...last), seed: 0)
    try folder.write(BarTableWriter.plain(bars), to: "bars.csv")
    try folder.write(
      """
      weekend:
        name: small
        folder: \(folder.place("weekends"))
        registry: \(folder.place("registry"))
        deadline: \(deadline)
        calibration_seconds: 0.05
      data:
        store: \(folder.place("market.h5"))
        import: [SYN=\(folder.place("bars.csv")), --extra-columns, next_return]
      windows: {training: 300, selection: 60, report: 60}
      environment: {name: dual_ticker, lanes: 8, episode_length: 20, extra_columns: [next_return]}
      run: {total_timesteps: 1024, checkpoint_interval: 512, evaluation_interval: 512, workers: 1}
      algorithm: {name: ppo_mask, horizon: 32, batch_size: 64, learning_rate: 0.002}
      network: {policy_tower: [16], value_tower: [16]}
      candidates:
        - {name: learner, seeds: [1, 2]}
      """, to: "plan.yaml")
    return (folder, try RetrainPlan(yamlFile: folder.place("plan.yaml"), families: .product))
  }

  private struct Outcome {
    var ending: Retrain.Ending
    var lines: [String]
    var journal: WeekendJournal
    /// What no clock may have a say in: parameters of every run, what they earned, and the decision.
    var bits: [JSON?] {
      ["learner-1", "learner-2"].flatMap { name in
        [journal.result("trained-" + name)?["words"], journal.result("judged-" + name)?["returns"]]
      } + [journal.result("decision")?["sentence"]]
    }
  }

  /// One start of a weekend. move: is told every line as it is printed.
  private static func run(
    _ folder: TemporaryFolder, _ plan: RetrainPlan, _ clock: SetClock, stopBehind words: String? = nil,
    move: @escaping (String) -> Void = { _ in }
  ) throws -> Outcome {
    var (lines, stops): ([String], Bool) = ([], false)
    let retrain = try Retrain(
      plan, path: folder.place("plan.yaml"), families: .product, clock: clock.clock, shouldStop: { stops }
    ) { line in
      lines.append(line)
      move(line)
      if let words, line.contains(words) { stops = true }
    }
    let ending = try retrain.run()
    return Outcome(ending: ending, lines: lines, journal: retrain.journal)
  }

  /// Set an hour back, over the deadline, and ten years back while the first candidate trains: the deadline is a duration, or a time of the week over a night
  /// that is an hour shorter.
  @Test func clocksThatAreSetInTheMiddleMoveNothing() throws {
    var expected: [JSON?] = []
    for (deadline, ahead, hours) in [
      ("2h", 0, 2), ("2h", -3600, 2), ("2h", 10 * 3600, 2), ("'Mon 05:00 America/New_York'", -315_360_000, 34),
      ("'Mon 05:00 America/New_York'", 35 * 3600, 34),
    ] as [(String, Int64, Double)] {
      let (folder, plan) = try Self.place(deadline: deadline)
      let clock = SetClock(wall: Self.saturday)
      let outcome = try Self.run(folder, plan, clock) { line in
        if line.hasPrefix("learner-1: trains") { clock.ahead = ahead }
      }
      #expect(outcome.ending == .finished, "\(outcome.lines)")
      let planned = try #require(outcome.journal.result("plan")?["seconds"]?.doubleValue)
      #expect(planned <= hours * 3600 && planned > hours * 3600 - 600, "\(deadline): \(planned) s")
      #expect(!outcome.lines.contains { $0.contains(": cut") }, "\(deadline), \(ahead): \(outcome.lines)")
      let used = try #require(outcome.journal.result("end")?["used_seconds"]?.doubleValue)
      #expect(used >= 0 && used < 600)
      #expect(outcome.bits.allSatisfy { $0 != nil })
      if expected.isEmpty { expected = outcome.bits }
      #expect(outcome.bits == expected, "\(deadline), \(ahead)")
    }
  }

  /// Stopped, begun again: of the same start of the machine a duration goes on whatever the wall's clock says; behind a restart only that is left to ask.
  @Test func whatGoesOnCountsWhatWentBy() throws {
    for (ahead, slept, boot, left) in [
      (48 * 3600, 3600, "this start", 60), (-1800, 0, "the next", 2.5),
    ] as [(Int64, Double, String, Double)] {
      let (folder, plan) = try Self.place(deadline: "2h")
      let clock = SetClock(wall: Self.saturday)
      let first = try Self.run(folder, plan, clock, stopBehind: "learner-1: trained in")
      #expect(first.ending == .stopped)
      (clock.ahead, clock.slept, clock.boot) = (ahead, slept, boot)
      let second = try Self.run(folder, plan, clock)
      #expect(second.ending == .finished && second.journal.number == "0001", "\(second.lines)")
      // Minutes and hours, or a little less by what the first start took.
      let line = second.lines.first { $0.contains("goes on in") } ?? ""
      let number = line.split(separator: ",").last?.split(separator: " ").first.flatMap { Double($0) } ?? 0
      #expect(number <= left && number > 0.9 * left, "\(ahead), \(slept), \(boot): \(line)")
    }
  }

  /// The machine sleeps for three hours behind the first judgement: what had no turn is cut, and what is there is decided.
  @Test func whoSleepsThroughADeadlineEndsWithWhatItHas() throws {
    let (folder, plan) = try Self.place(deadline: "2h")
    let clock = SetClock(wall: Self.saturday)
    let outcome = try Self.run(folder, plan, clock) { line in
      if line.hasPrefix("learner-1: judged") { clock.slept = 3 * 3600 }
    }
    #expect(outcome.ending == .finished)
    #expect(outcome.lines.contains { $0.hasPrefix("learner-2: cut, since it may take") }, "\(outcome.lines)")
    #expect(outcome.bits[4] != nil && outcome.bits[2] == nil)
    // And while it trains: it is stopped at the next rollout.
    let (other, same) = try Self.place(deadline: "2h")
    let second = SetClock(wall: Self.saturday)
    let stopped = try Self.run(other, same, second) { line in
      if line.hasPrefix("learner-1: trains") { second.slept = 3 * 3600 }
    }
    #expect(stopped.lines.contains { $0.hasPrefix("learner-1: cut, since it took longer than") }, "\(stopped.lines)")
  }

  /// Rates of a busy moment, by which nothing fits: they are measured again, and what fits is trained.
  @Test func ratesOfABusyMomentAreMeasuredAgain() throws {
    let (folder, plan) = try Self.place(deadline: "2h")
    let clock = SetClock(wall: Self.saturday)
    let first = try Self.run(folder, plan, clock, stopBehind: "plan: ")
    #expect(first.ending == .stopped)
    // Eight thousand seconds a judgement.
    var rates = try #require(first.journal.result("rates")?.objectValue)
    let shapes = try #require(rates["shapes"]?.objectValue)
    rates["shapes"] = .object(
      shapes.mapValues { shape in
        var members = shape.objectValue ?? [:]
        members["judgement_share"] = 1
        members["judgement_seconds"] = [8000, 8000]
        return .object(members)
      })
    try first.journal.keep(.object(rates), of: "rates")
    let second = try Self.run(folder, plan, clock)
    #expect(second.ending == .finished && second.lines.contains { $0.hasPrefix("rates: nothing fits by these") })
    #expect(second.lines.contains { $0.hasPrefix("learner-2: judged") }, "\(second.lines)")
    // A window of sixty sessions of daily bars has a return too few, which is said before anything is trained, and on the page.
    let warning = "windows.report is 60 sessions, and the gate asks for 60 returns, which daily bars have of 61"
    #expect(first.lines.contains { $0.hasPrefix("warning: " + warning) }, "\(first.lines)")
    #expect(try folder.read("weekends/small/0001/report.html").contains("Warning: " + warning))
  }
}
