// The whole program while somebody sets the clock of the wall: another library answers for what time it is.

import Glibc
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
}
