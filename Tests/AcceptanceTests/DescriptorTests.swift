// Programs that are started without standard input, output or error: what is meant for a person is written over no file.

import AgentInterface
import Glibc
import Storage
import TestSupport
import Testing

@Suite struct DescriptorTests {
  /// Runs a program with some of its three descriptors closed, for example `<&- >&-`.
  private func run(_ program: Program, closing descriptors: String, _ words: [String], in place: Workplace) throws
    -> ProgramOutcome
  {
    try Program.start(
      "/bin/bash", named: program.rawValue, ["-c", "exec \"$0\" \"$@\" \(descriptors)", program.path] + words,
      in: place.folder.path
    ).wait()
  }

  private static let replaying = Workplace.planted("cue", algorithm: "dqn_mask")
  private static let settings = [
    "run.total_timesteps=4096", "run.checkpoint_interval=1024", "run.evaluation_interval=1000000",
    "algorithm.buffer_size=2048", "algorithm.replay_memory_mib=0", "algorithm.log_interval=4",
  ]

  private func words(_ run: String) -> [String] {
    ["train", "--config", "run.yaml", "--run", run] + Self.settings.flatMap { ["--set", $0] }
  }

  /// A run is the same whichever of them is closed, and its replay file and its rows hold nothing else.
  @Test(arguments: ["<&- >&-", "<&-", ">&- 2>&-", "<&- >&- 2>&-"])
  func aRunIsTheSame(_ descriptors: String) throws {
    let place = try Workplace()
    try place.folder.write(Self.replaying, to: "run.yaml")
    try place.succeed(words("open"))
    let outcome = try run(.strikeforge, closing: descriptors, words("closed"), in: place)
    try #require(outcome.exitCode == 0, "\(outcome)")

    let magic = Array("STRIKEFORGE-RPLY".utf8)
    #expect(try place.folder.bytes(place.file("closed", "replay.h5")).prefix(magic.count).elementsEqual(magic))
    let (open, closed) = (try place.progress("open"), try place.progress("closed"))
    #expect(closed.isWhole && closed.timeless() == open.timeless())
    #expect(place.checkpointSteps("closed") == place.checkpointSteps("open"))
    let last = "checkpoint-4096.h5"
    #expect(
      try place.checkpoint(place.file("closed", last)).groups["network"]
        == place.checkpoint(place.file("open", last)).groups["network"])
    // From the checkpoint before, through the replay file.
    try place.succeed(["train", "--resume", "closed", "--from", "previous"])
  }

  @Test func anImportIsTheSame() throws {
    let place = try Workplace()
    try place.importMarket(bars: 300)
    let outcome = try run(
      .strikeforge, closing: "<&- >&- 2>&-", ["import", "AAA=AAA.csv", "BBB=BBB.csv", "--output", "closed.h5"],
      in: place)
    #expect(outcome.exitCode == 0, "\(outcome)")
    #expect(
      try MarketStore.read(place.folder.place("closed.h5")).contentHash
        == MarketStore.read(place.folder.place("market.h5")).contentHash)
  }

  /// A reader that had enough is no fault of the disk: the program ends as every tool in a pipe does, and says nothing. Where there is no room it says
  /// so. What fails anyway says why, read or not.
  @Test func outputThatNobodyTakes() throws {
    let place = try Workplace()
    // The other end of the pipe is closed before the program begins.
    func unread(_ words: [String]) throws -> ProgramOutcome {
      try Program.start(
        "/bin/bash", named: "strikeforge",
        ["-c", "mkfifo pipe; exec 3<>pipe 4>pipe 3>&-; rm pipe; \"$0\" \"$@\" >&4 4>&-; echo \"code $?\""]
          + [Program.strikeforge.path] + words,
        in: place.folder.path
      ).wait()
    }
    for words in [["--help"], ["list"], ["retrain", "--keys"]] {
      let outcome = try unread(words)
      #expect(outcome.output == "code \(128 + SIGPIPE)\n" && outcome.errors.isEmpty, "\(outcome)")
      let full = try Program.strikeforge.run(words, in: place.folder.path, output: "/dev/full")
      #expect(full.exitCode == 1 && full.errorLines.count == 1, "\(full)")
      #expect(full.errors.contains("make room where standard output goes"), "\(full)")
    }
    let refused = try unread(["evaluate", "none"])
    #expect(refused.output == "code 1\n" && refused.errors.contains("there is no run"), "\(refused)")
  }

  /// The work itself is done to its end, whoever stops listening to it.
  @Test func workGoesOnUnread() throws {
    let place = try Workplace()
    try place.folder.write(Self.replaying, to: "run.yaml")
    try place.succeed(words("heard"))
    let outcome = try Program.start(
      "/bin/bash", named: "strikeforge",
      ["-c", "mkfifo pipe; exec 3<>pipe 4>pipe 3>&-; \"$0\" \"$@\" >&4; exit $?", Program.strikeforge.path]
        + words("unheard"),
      in: place.folder.path
    ).wait()
    #expect(outcome.exitCode == 128 + SIGPIPE && outcome.errors.isEmpty, "\(outcome)")
    #expect(place.checkpointSteps("unheard") == place.checkpointSteps("heard"))
    #expect(try place.progress("unheard").timeless() == place.progress("heard").timeless())
  }

  /// The server finds no question, and the benchmark has no reader: neither is an error, and neither hangs.
  @Test func theOtherProgramsBeginAndEnd() throws {
    let place = try Workplace()
    try place.train("run", Workplace.planted("cue", algorithm: "a2c"))
    try place.succeed(["export", "run", "--output", "policy.safetensors"])
    let served = try run(.serve, closing: "<&-", ["once", "--policy", "policy.safetensors"], in: place)
    #expect(served.exitCode == 0 && served.output.isEmpty, "\(served)")
    for program in [Program.serve, .benchmark] {
      let outcome = try run(program, closing: "<&- >&- 2>&-", ["--help"], in: place)
      #expect(outcome.exitCode == 0, "\(outcome)")
    }
  }
}
