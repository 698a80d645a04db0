// The whole program while somebody sets the clock of the wall: another library answers for what time it is.

import Glibc
import Market
import TestSupport
import Testing
import Text

/// Debian's libfaketime, where it is installed, or at the path that the environment variable STRIKEFORGE_FAKETIME says: it stands before the system's library
/// and moves the time of day by what a file says, as often as that changes.
enum FakedTime {
  static let library: String? = {
    let folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/local/lib"]
    let named = getenv("STRIKEFORGE_FAKETIME").map { [String(cString: $0)] } ?? []
    return (named + folders.map { $0 + "/faketime/libfaketime.so.1" }).first { access($0, R_OK) == 0 }
  }()

  /// What a program is started with. file: holds seconds, with their sign. Clocks that nobody sets stay as they are.
  static func environment(file: String) -> [String: String] {
    [
      "LD_PRELOAD": library ?? "", "FAKETIME_TIMESTAMP_FILE": file, "FAKETIME_NO_CACHE": "1",
      "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1",
    ]
  }
}

@Suite(
  .enabled(if: FakedTime.library != nil, "needs libfaketime: install Debian's package of that name"))
struct FakedTimeTests {
  private static let hooks =
    "hooks:\n  before: [sh, -c, \"touch up; while test -e up; do sleep 0.02; done\"]\n  always: [rm, -f, up]\n"

  /// One weekend; the clock is moved while its first hook waits. Returns the moments of its journal, and what no clock may have a say in.
  private func weekend(moved: String) throws -> (moments: [String], left: String, bits: [JSON?]) {
    let small = try RetrainPlace()
    try small.folder.write(RetrainPlace.plan(hooks: Self.hooks, steps: 1024), to: "plan.yaml")
    try small.folder.write("+0", to: "clock")
    let running = try Program.strikeforge.start(
      ["retrain", "plan.yaml"], in: small.folder.path,
      environment: FakedTime.environment(file: small.folder.place("clock")))
    _ = try running.wait { small.folder.exists("up") }
    try small.folder.write(moved, to: "clock")
    small.folder.remove("up")
    let outcome = try running.wait()
    try #require(outcome.exitCode == 0, "\(outcome)\n\(outcome.output)")
    let folder = "weekends/small/0001/"
    let journal = try small.folder.read(folder + "journal.jsonl").split(separator: "\n").map {
      try JSON.parse(String($0))
    }
    let names = ["trained-learner-1", "judged-learner-1", "trained-learner-2", "judged-learner-2", "decision"]
    let results = try names.map { try JSON.parse(small.folder.bytes(folder + $0 + ".json")) }
    let bits = results.flatMap { [$0["words"], $0["returns"], $0["sentence"]] }
    let left = outcome.lines.first { $0.contains(" until the deadline, of which") } ?? ""
    return (journal.compactMap { $0["time"]?.stringValue }, left, bits)
  }

  @Test func aClockThatIsSetMovesNothing() throws {
    let plain = try weekend(moved: "+0")
    #expect(plain.moments == plain.moments.sorted() && plain.bits.contains { $0 != nil })
    // An hour back, and over the deadline of two.
    for moved in ["-3600", "+36000"] {
      let other = try weekend(moved: moved)
      // The clock did move: else nothing was tried.
      #expect((other.moments == other.moments.sorted()) == moved.hasPrefix("+"), "\(other.moments)")
      #expect(other.moments.first?.prefix(13) != other.moments.last?.prefix(13))
      #expect(other.bits == plain.bits, "\(moved)")
      for one in [plain, other] {
        #expect(one.left.contains("plan: 119.") || one.left.contains("plan: 120.0"), "\(one.left)")
      }
    }
  }

  private static let systemd = "/usr/bin/systemd-analyze"

  /// Asked three times a day around every change of the clocks of a year, in both hemispheres: systemd finds each Sunday once, at its hour there.
  @Test(
    .enabled(if: access(systemd, X_OK) == 0, "needs systemd-analyze"),
    arguments: [
      ("America/New_York", ["2026-03-05", "2026-10-29"]), ("Australia/Sydney", ["2026-04-02", "2026-10-01"]),
    ])
  func everySundayComesOnceAtItsHour(_ zone: String, _ thursdays: [String]) throws {
    let place = try Workplace()
    let words = ["schedule", "print", "Sun 18:00 \(zone)", "--systemd", "--command", "true"]
    let line = try #require(try place.succeed(words).lines.first { $0.hasPrefix("OnCalendar=") })
    for thursday in thursdays {
      let first = try #require(CalendarDate(thursday))
      var found: [String] = []
      for hours in stride(from: 0, to: 12 * 24, by: 8) {
        let now = "@\(first.advanced(by: hours / 24)) \(hours % 24 < 10 ? "0" : "")\(hours % 24):00:00"
        let outcome = try Program.start(
          Self.systemd, named: "systemd-analyze", ["calendar", String(line.dropFirst("OnCalendar=".count))],
          environment: [
            "LD_PRELOAD": FakedTime.library ?? "", "FAKETIME": now, "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1", "TZ": "UTC",
          ]
        ).wait()
        // `Next elapse: Sun 2026-03-08 22:00:00 UTC`, behind `(in UTC):` where another zone is shown first.
        let parts = outcome.lines.last { $0.hasSuffix(" UTC") }?.split(separator: " ").suffix(3) ?? []
        try #require(outcome.exitCode == 0 && parts.count == 3, "\(outcome)\n\(outcome.output)")
        let moment = parts.joined(separator: " ")
        if found.last != moment { found.append(moment) }
      }
      #expect(
        found.map { String($0.prefix(10)) } == [3, 10, 17].map { first.advanced(by: $0).description }, "\(found)")
      try place.folder.write(found.joined(separator: "\n") + "\n", to: "moments")
      let local = try Program.start(
        "/bin/date", named: "date", ["-f", "moments", "+%u%H%M"], in: place.folder.path, environment: ["TZ": zone]
      ).wait()
      #expect(local.lines == ["71800", "71800", "71800"], "\(zone), \(thursday): \(local.lines)")
    }
  }
}
