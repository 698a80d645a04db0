// A time of the week at a place: once every week, at the same hour there, however clocks are set; as systemd has it.

import Glibc
import Storage
import TestSupport
import Testing
import Text
import Training

@testable import Release

@Suite struct WeeklyTimeTests {
  private static let systemd = "/usr/bin/systemd-analyze"
  private static let week: Int64 = 7 * 86_400

  private func moment(_ year: Int, _ month: Int, _ day: Int, _ hour: Int = 0, _ minute: Int = 0) -> Int64 {
    UTCTime.day(year: year, month: month, day: day) * 86_400 + Int64(hour * 3600 + minute * 60)
  }

  private func all(_ time: WeeklyTime, from: Int64, until: Int64) -> [Int64] {
    var (moments, next): ([Int64], Int64) = ([], time.next(after: from))
    while next < until {
      moments.append(next)
      next = time.next(after: next)
    }
    return moments
  }

  private func text(_ moments: [Int64]) -> [String] { moments.map { UTCTime.text(secondsSinceEpoch: $0) } }

  @Test func theHourStaysWhereClocksAreSet() throws {
    let time = try WeeklyTime("Sun 18:00 America/New_York")
    let moments = all(time, from: moment(2026, 1, 1), until: moment(2027, 1, 1))
    #expect(moments.count == 52)
    let text = text(moments)
    #expect(text.contains("2026-03-01T23:00:00Z") && text.contains("2026-03-08T22:00:00Z"))
    #expect(text.contains("2026-10-25T22:00:00Z") && text.contains("2026-11-01T23:00:00Z"))
    // Between two there is a week, an hour more or less where clocks were set.
    let steps = zip(moments, moments.dropFirst()).map { $1 - $0 }
    #expect(steps.filter { $0 == Self.week }.count == 49)
    #expect(steps.filter { abs($0 - Self.week) == 3600 }.count == 2)
    let sydney = try self.text(
      all(WeeklyTime("Mon 05:00 Australia/Sydney"), from: moment(2026, 4, 1), until: moment(2026, 4, 10)))
    #expect(sydney == ["2026-04-05T19:00:00Z"])
    #expect(try WeeklyTime("Mon 05:00 UTC").next(after: moment(2026, 11, 30, 5)) == moment(2026, 12, 7, 5))
  }

  /// A time that a change of clocks skips comes all the same, a repeated one comes once.
  @Test func neverSkippedAndNeverTwice() throws {
    let skipped = try text(
      all(WeeklyTime("Sun 02:30 America/New_York"), from: moment(2026, 3, 1), until: moment(2026, 3, 20)))
    #expect(skipped == ["2026-03-01T07:30:00Z", "2026-03-08T07:30:00Z", "2026-03-15T06:30:00Z"])
    let repeated = try text(
      all(WeeklyTime("Sun 01:30 America/New_York"), from: moment(2026, 10, 25), until: moment(2026, 11, 9)))
    #expect(repeated == ["2026-10-25T05:30:00Z", "2026-11-01T05:30:00Z", "2026-11-08T06:30:00Z"])
    // Whatever the moment that one asks from, in steps of seven minutes over both changes: the next one lies ahead, at most a week and an hour.
    let time = try WeeklyTime("Sun 01:30 America/New_York")
    for begin in [moment(2026, 3, 7), moment(2026, 10, 31)] {
      for minute in stride(from: 0, to: 3 * 1440, by: 7) {
        let now = begin + Int64(60 * minute)
        let next = time.next(after: now)
        #expect(next > now && next - now <= Self.week + 3600)
      }
    }
  }

  /// systemd's own answer for two years of Sundays, in New York and in Sydney.
  @Test(
    .enabled(if: access(systemd, X_OK) == 0, "needs systemd-analyze"),
    arguments: ["Sun 18:00 America/New_York", "Sun 18:00 Australia/Sydney", "Sat 23:45 Europe/Berlin", "Mon 05:00 UTC"])
  func systemdHasTheSameMoments(_ words: String) throws {
    let time = try WeeklyTime(words)
    let schedule = ScheduleText(time: time, name: "x", command: "true", afterwards: nil, folder: "/tmp")
    let running = try Program.start(
      Self.systemd, named: "systemd-analyze",
      ["calendar", "--iterations=104", "--base-time=2026-01-01 00:00:00 UTC", schedule.calendar],
      environment: ["TZ": "UTC"])
    let outcome = try running.wait()
    #expect(outcome.exitCode == 0, "\(outcome)")
    // `Next elapse: Sun 2026-01-04 23:00:00 UTC` and `Iter. #2: ...`, where the zone is another one followed by `(in UTC): ...`.
    let found = outcome.lines.filter { ($0.contains("elapse:") || $0.contains("Iter")) && $0.hasSuffix("UTC") }
      .compactMap { line -> String? in
        let parts = line.split(separator: " ")
        guard parts.count >= 3 else { return nil }
        return "\(parts[parts.count - 3])T\(parts[parts.count - 2])Z"
      }
    var expected: [String] = []
    var next = time.next(after: moment(2026, 1, 1))
    for _ in 0..<104 {
      expected.append(UTCTime.text(secondsSinceEpoch: next))
      next = time.next(after: next)
    }
    #expect(found == expected, "\(outcome.output.prefix(400))")
  }

  @Test func badWordsAreRefused() {
    for (words, reason) in [
      ("Sun 18:00", "write weekday, time and zone"), ("Son 18:00 UTC", "the weekday must be"),
      ("Sun 24:00 UTC", "the time must be"), ("Sun 6:00 UTC", "the time must be"),
      ("Sun 18:00 Mars/Base", "knows no zone"),
      ("Sun 18:00 ../passwd", "knows no zone"), ("Sun 18:00 /etc/passwd", "knows no zone"), ("", "write weekday"),
    ] {
      do {
        _ = try WeeklyTime(words)
        Issue.record("\(words) was taken")
      } catch {
        #expect(error.description.contains(reason), "\(words): \(error)")
      }
    }
  }

  @Test func hoursInWhichClocksAreSetAreWarnedOf() throws {
    for (words, warns) in [
      ("Sun 01:00 UTC", true), ("Sun 02:59 UTC", true), ("Sun 03:00 UTC", true), ("Sun 00:59 UTC", false),
      ("Sun 18:00 UTC", false),
    ] {
      #expect(try (WeeklyTime(words).warning != nil) == warns, "\(words)")
    }
  }

  @Test func cronAsksTheClockThere() throws {
    let schedule = ScheduleText(
      time: try WeeklyTime("Sun 18:00 America/New_York"), name: "weekend", command: "retrain 100%",
      afterwards: "settle",
      folder: "/it's here")
    let lines = schedule.cron(now: moment(2026, 1, 1)).split(separator: "\n").filter { !$0.hasPrefix("#") }
    #expect(lines.count == 3 && lines[0] == "CRON_TZ=UTC")
    let asked = "[ $((($(TZ=America/New_York date '+(\\%u*24+1\\%H-100)*60+1\\%M-100')+10080-11160)\\%10080)) -lt 60 ]"
    #expect(lines[1].hasPrefix("0 23 * * 0 \(asked) || exit 0; "))
    #expect(lines[2].hasPrefix("0 22 * * 0 "))
    #expect(lines[1].hasSuffix("cd '/it'\\''s here' && { retrain 100\\%; status=$?; settle; exit $status; }"))
    // Over the turn of a day and a week: Monday five o'clock in Sydney is Sunday in UTC.
    let sydney = ScheduleText(
      time: try WeeklyTime("Mon 05:00 Australia/Sydney"), name: "w", command: "c", afterwards: nil, folder: "/")
    let fields = sydney.cron(now: moment(2026, 1, 1)).split(separator: "\n").suffix(2).map { $0.prefix(10) }
    #expect(fields == ["0 19 * * 0", "0 18 * * 0"])
  }

  /// A year of cron, on time or some minutes late, with the lines as a shell reads them and `date` as the place has it: each week once, at its hour.
  @Test(arguments: [
    ("Sun 18:00 America/New_York", 59), ("Sun 23:45 Australia/Sydney", 59), ("Mon 05:00 Australia/Lord_Howe", 29),
    ("Sat 12:30 Asia/Kolkata", 59),
  ])
  func cronRunsEachWeekOnce(_ words: String, late: Int64) throws {
    let time = try WeeklyTime(words)
    let folder = try TemporaryFolder()
    let (begin, end) = (moment(2026, 1, 1), moment(2027, 1, 1))
    let schedule = ScheduleText(time: time, name: "w", command: "echo $DUE", afterwards: nil, folder: folder.path)
    try folder.write("#!/bin/sh\nexec /bin/date -d @$NOW \"$@\"\n", to: "date")
    #expect(chmod(folder.place("date"), 0o755) == 0)
    var script = "PATH=\(folder.path):$PATH; export PATH NOW DUE\n"
    for line in schedule.cron(now: begin).split(separator: "\n") where line.first?.isNumber == true {
      let fields = line.split(separator: " ", maxSplits: 5).map(String.init)
      let (minute, hour, weekday) = try (
        #require(Int64(fields[0])), #require(Int64(fields[1])), #require(Int64(fields[4]))
      )
      // 1970-01-01 was a Thursday; cron's weekdays count from Sunday.
      for day in begin / 86_400..<end / 86_400 where (day + 4) % 7 == weekday {
        let due = day * 86_400 + hour * 3600 + minute * 60
        let now = due + (day % 2 == 0 ? 0 : late * 60 + 30)
        script += "DUE=\(due); NOW=\(now); ( \(fields[5].replacing("\\%", with: "%")) )\n"
      }
    }
    try folder.write(script, to: "year.sh")
    let outcome = try Program.start("/bin/sh", named: "sh", ["year.sh"], in: folder.path).wait()
    #expect(outcome.exitCode == 0 && outcome.errors.isEmpty, "\(outcome)")
    let found = outcome.lines.compactMap { Int64($0) }.sorted()
    #expect(found == all(time, from: begin, until: end), "\(words)")
  }

  @Test func unitsCatchUpAndClearUp() throws {
    let schedule = ScheduleText(
      time: try WeeklyTime("Sun 18:00 America/New_York"), name: "weekend", command: "say \"50%\" $HOME",
      afterwards: "settle", folder: "/data")
    let units = schedule.units
    #expect(units.map(\.name) == ["weekend.service", "weekend.timer"])
    #expect(units[0].text.contains("ExecStart=/bin/sh -c \"say \\\"50%%\\\" $$HOME\"\n"))
    #expect(
      units[0].text.contains("\nExecStopPost=/bin/sh -c \"settle\"\n") && units[0].text.contains("ProtectSystem=strict")
    )
    #expect(units[1].text.contains("OnCalendar=Sun *-*-* 18:00:00 America/New_York\nPersistent=true\n"))
    guard access(Self.systemd, X_OK) == 0 else { return }
    let folder = try TemporaryFolder()
    for unit in units { try folder.write(unit.text, to: unit.name) }
    let outcome = try Program.start(
      Self.systemd, named: "systemd-analyze", ["verify"] + units.map { folder.place($0.name) }
    ).wait()
    #expect(!outcome.errors.contains("weekend."), "\(outcome)")
  }
}
