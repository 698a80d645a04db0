// What a weekend is told: plans that are read whole or refused by name, deadlines, and what is carried over.

import Configuration
import Environments
import Glibc
import Storage
import TestSupport
import Testing
import Text
import Training

@testable import Release

@Suite struct RetrainPlanTests {
  private static let plan = """
    weekend: {name: test, deadline: 90min}
    data: {store: market.h5, import: [SYN=bars.csv]}
    windows: {training: 300, selection: 60, report: 80}
    environment: {name: dual_ticker, lanes: 8}
    hooks:
      before: [touch, up]
      ready: {command: [test, -e, up], retries: 5, wait_seconds: 0.5}
      always: [rm, up]
    candidates:
      - {name: a, seeds: [1, 2], algorithm: {name: ppo_mask}}
      - {name: b, begin: champion, mode: continue}

    """

  private func read(_ text: String) throws -> RetrainPlan {
    let folder = try TemporaryFolder()
    try folder.write(text, to: "plan.yaml")
    return try RetrainPlan(yamlFile: folder.place("plan.yaml"), families: .product)
  }

  @Test func aPlanIsReadWhole() throws {
    let plan = try read(Self.plan)
    #expect(plan.settings.name == "test" && plan.deadline.kind == .duration(5400))
    #expect(plan.candidates.map(\.name) == ["a", "b"] && plan.candidates[0].seeds == [1, 2])
    #expect(plan.candidates[0].mode == nil && plan.candidates[1].mode == .continue)
    #expect(plan.candidates[0].configuration.world.store == "market.h5")
    #expect(plan.hooks[.ready]?.retries == 5 && plan.hooks[.before]?.words == ["touch", "up"])
    #expect(plan.hooks[.ready]?.limitSeconds == 10 && plan.hooks[.send] == nil)
    // Comments change nothing, settings do.
    #expect(try read("# a comment\n" + Self.plan).digest == plan.digest)
    #expect(try read(Self.plan.replacing("report: 80", with: "report: 81")).digest != plan.digest)
  }

  @Test(arguments: [
    ("weekend: {", "weekends: {", "unknown key 'weekends'; did you mean 'weekend'?"),
    ("deadline: 90min", "deadlin: 90min", "unknown key 'weekend.deadlin'; did you mean 'weekend.deadline'?"),
    ("deadline: 90min", "deadline: soon", "'soon' is no deadline"),
    ("deadline: 90min", "deadline: 'Mon 25:00 UTC'", "the time must be like 18:00"),
    ("deadline: 90min", "qqqq: 1", "`strikeforge retrain --keys` lists all"),
    ("report: 80", "report: 0", "'windows.report' is 0 but must be a whole number"),
    ("report: 80", "report: 80, embargo: -1", "'windows.embargo' is -1"),
    ("report: 80", "report: 80, from: yesterday", "'windows.from' is \"yesterday\" but must be a date"),
    ("store: market.h5, ", "", "data.store is missing"),
    ("hooks:", "gate: {purged_folds: 5}\nhooks:", "gate.purged_folds is 5, of which no half can be tested"),
    ("hooks:", "gate: {purged_folds: 14}\nhooks:", "'gate.purged_folds' is 14 but must be a whole number"),
    ("environment: {", "split: {training_from: 2001-01-02}\nenvironment: {", "a plan has no section split"),
    ("name: dual_ticker", "name: cue", "is a game without sessions"),
    ("before:", "befor:", "unknown key 'hooks.befor'; did you mean 'hooks.before'?"),
    ("[touch, up]", "touch up", "'hooks.before.command' is \"touch up\" but must be a program and its words"),
    ("  always: [rm, up]", "  after: [rm, up]", "hooks.before begins something that nothing ends"),
    ("retries: 5", "retries: many", "'hooks.ready.retries' is \"many\""),
    ("retries: 5", "tries: 5", "unknown key 'hooks.ready.tries'"),
    ("name: test", "name: ../test", "'weekend.name' is \"../test\" but must be a name of the letters"),
    ("name: b", "name: a", "two candidates are called a"), ("name: b", "name: ../b", "'candidates[1].name' is"),
    ("seeds: [1, 2]", "seeds: [1, 1]", "'candidates[0].seeds' is"),
    ("seeds: [1, 2]", "seed: 1", "unknown key 'candidates[0].seed'; did you mean 'candidates[0].seeds'?"),
    ("begin: champion", "begin: winner", "'candidates[1].begin' is \"winner\" but must be nothing or champion"),
    ("begin: champion, ", "", "'candidates[1].mode' goes with begin: champion"),
    ("mode: continue", "environment: {allow_short: true}", "plays by other settings of the section environment"),
    ("candidates:", "hooks2:", "unknown key 'hooks2'"),
  ])
  func whatIsWrongIsNamed(_ part: String, _ other: String, _ reason: String) throws {
    try #require(Self.plan.contains(part))
    do {
      _ = try read(Self.plan.replacing(part, with: other))
      Issue.record("\(other) was taken")
    } catch {
      #expect("\(error)".contains(reason), "\(error)")
    }
  }
}

@Suite struct DeadlineTests {
  @Test func timesAndDurations() throws {
    for (text, seconds) in [("1.5h", 5400), ("6s", 6), ("2d", 172_800)] as [(String, Double)] {
      let read = try Deadline(text)
      #expect(read.kind == .duration(seconds) && read.text == text)
    }
    let monday = try Deadline("Mon 05:00 America/New_York")
    // Sunday 2026-11-29, 18:00 in New York: eleven hours before.
    let sunday = 86_400 * UTCTime.day(year: 2026, month: 11, day: 29) + 23 * 3600
    #expect(monday.seconds(from: sunday) == 11 * 3600)
    // Over the change of 1 November 2026 the night is an hour longer.
    let change = 86_400 * UTCTime.day(year: 2026, month: 10, day: 31) + 22 * 3600
    #expect(monday.seconds(from: change) == 36 * 3600)
    for text in ["", "0s", "-1h", "40d", "5", "h", "Mon 05:00"] {
      #expect(throws: TrainingError.self, "\(text)") { try Deadline(text) }
    }
  }

  /// The clock of the wall is asked once: whoever sets it back an hour moves nothing.
  @Test func clocksThatAreSetMoveNothing() throws {
    let now: Int64 = 1_800_000_000
    func clock(_ now: Int64, up: Double = 100, boot: String = "this") -> WeekendClock {
      WeekendClock(now: { now }, secondsUp: { up }, bootName: { boot })
    }
    let begun = WeekendJournal.Beginning(plan: "", deadline: try Deadline("2h"), clock: clock(now))
    for wall in [now - 3600, now + 10, now + 3600] { #expect(begun.left(clock(wall, up: 110)) == 7190) }
    // What was waited before is part of a duration, and of no time of the week.
    let late = WeekendJournal.Beginning(plan: "", deadline: try Deadline("2h"), waited: 100, clock: clock(now))
    #expect(late.seconds == 7100 && late.ends == now + 7100)
    let monday = try Deadline("Mon 05:00 UTC")
    let fixed = WeekendJournal.Beginning(plan: "", deadline: monday, waited: 100, clock: clock(now))
    #expect(fixed.seconds == monday.seconds(from: now))
    // Behind a reboot there is nothing but the wall.
    #expect(begun.left(clock(now + 60, up: 5, boot: "other")) == 7140)
    let ticks = Ticks()
    let countdown = Countdown(seconds: 10) { ticks.next() }
    #expect(countdown.left == 9 && countdown.left == 8)
  }

  private final class Ticks: @unchecked Sendable {
    private var count = 0.0
    func next() -> Double {
      count += 1
      return count
    }
  }
}

@Suite struct WeekendJournalTests {
  @Test func aStepIsDoneOnceAndOnlyWhatIsWholeCounts() throws {
    let folder = try TemporaryFolder()
    let journal = try WeekendJournal.make(in: folder.place("w"))
    #expect(journal.number == "0001" && !journal.isFinished)
    var times = 0
    func step() throws -> JSON {
      try journal.step("one") { () throws(TrainingError) in
        times += 1
        return ["value": .number(0.1 + 0.2)]
      }
    }
    let first = try step()
    #expect(try step() == first && times == 1)
    // Another process finds it too; a changed byte is no result.
    let again = try #require(WeekendJournal.all(in: folder.place("w")).first)
    #expect(again.result("one") == first)
    try folder.write(try folder.read("w/0001/one.json").replacing("0.3", with: "0.4"), to: "w/0001/one.json")
    #expect(journal.result("one") == nil)
    #expect(try step() == first && times == 2)
    let next = try WeekendJournal.make(in: folder.place("w"))
    #expect(next.number == "0002")
  }
}

@Suite struct TransferTests {
  /// A loss of power behind it takes nothing back: the bytes are on the disk before their name, and the name before it is told.
  @Test func whatArrivedStays() throws {
    let folder = try TemporaryFolder()
    try FileSystem.makeFolder(folder.place("from"))
    try folder.write("small", to: "from/small")
    let requests = try DiskTrace.requests(below: folder.place("to")) {
      _ = try Transfer().bring(from: folder.place("from"), to: folder.place("to"))
    }
    #expect(
      requests == [
        .flush(".small.part", bytes: 5), .rename(".small.part", to: "small"), .flush(".", bytes: nil),
      ])
  }

  @Test func whatArrivedIsLeftAndACutIsGoneOnWith() throws {
    let folder = try TemporaryFolder()
    let bytes = (0..<(5 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 7) }
    try FileSystem.makeFolder(folder.place("from"))
    try folder.write(bytes, to: "from/large")
    try folder.write("small", to: "from/small")
    var transfer = Transfer()
    var blocks = 0
    transfer.onBlock = { () throws(TrainingError) in
      blocks += 1
      if blocks == 3 { throw .refused("cut") }
    }
    #expect(throws: TrainingError.self) { try transfer.bring(from: folder.place("from"), to: folder.place("to")) }
    #expect(!folder.exists("to/large"))
    let rest = try Transfer().bring(from: folder.place("from"), to: folder.place("to"))
    #expect(rest.resumedBytes == 3 << 20 && rest.bytes == (2 << 20) + 5 && rest.files == 2)
    #expect(try folder.bytes("to/large") == bytes)
    let again = try Transfer().bring(from: folder.place("from"), to: folder.place("to"))
    #expect(again.found == 2 && again.bytes == 0)
    // What a cut left of another file is not gone on with.
    try folder.write("other beginning", to: "to/.small.part")
    try folder.write("changed", to: "from/small")
    let changed = try Transfer().bring(from: folder.place("from"), to: folder.place("to"))
    #expect(changed.resumedBytes == 0)
    #expect(try folder.read("to/small") == "changed")
    #expect(throws: TrainingError.self) { try Transfer().bring(from: folder.place("none"), to: folder.place("to")) }
  }
}
