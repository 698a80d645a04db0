// A damaged checkpoint is never passed over in silence, and an earlier one leads to the same end, bit for bit.

import AgentInterface
import Glibc
import Storage
import TestSupport
import Testing

@Suite struct ResumeFromTests {
  /// A finished run with four checkpoints, made once; every test works in a copy.
  private static let stage = Result { () throws -> (place: Workplace, end: RunEnd) in
    let place = try Workplace()
    try place.importMarket()
    let outcome = try place.train(
      "run", Workplace.market, "run.total_timesteps=12288", "run.checkpoint_interval=3072",
      "run.evaluation_interval=4096", "run.keep_checkpoints=4")
    return (place, try RunEnd(place, outcome))
  }
  private static let steps = [3072, 6144, 9216, 12288]

  private func copy() throws -> (place: Workplace, end: RunEnd) {
    let stage = try Self.stage.get()
    try #require(stage.place.checkpointSteps("run") == Self.steps)
    return (try Workplace(copying: stage.place), stage.end)
  }

  private func damage(_ place: Workplace, _ name: String) throws {
    var bytes = try place.folder.bytes(place.file("run", name))
    bytes[bytes.count / 2] ^= 1
    try place.folder.write(bytes, to: place.file("run", name))
  }

  /// The end of a run that went back equals that of one that never did; what was set aside is beside it.
  private func expect(_ place: Workplace, _ outcome: ProgramOutcome, endsLike end: RunEnd, setAside: [Int]) throws {
    #expect(outcome.exitCode == 0 && outcome.errors.isEmpty, "\(outcome)")
    let found = try RunEnd(place, outcome)
    #expect(found.parameters == end.parameters)
    #expect(found.rows == end.rows)
    #expect(found.checkpoints == end.checkpoints)
    let names = setAside.map { "checkpoint-\($0).h5.set-aside" }
    #expect(found.files == (end.files + names).sorted())
  }

  /// What the refusal says to type, word for word, continues the run to the same end.
  @Test func aDamagedNewestCheckpointIsNamedAndNotReplacedInSilence() throws {
    let (place, end) = try copy()
    try damage(place, "checkpoint-12288.h5")
    try damage(place, "checkpoint-9216.h5")
    let before = try place.content()
    let refusal = try place.strikeforge("train", "--resume", "run")
    #expect(refusal.exitCode == 1 && refusal.errorLines.count == 1, "\(refusal)")
    #expect(refusal.errors.contains("'checkpoints/run/checkpoint-12288.h5' is damaged at the content"), "\(refusal)")
    #expect(try place.content() == before)

    let quoted = refusal.errors.split(separator: "`")
    try #require(quoted.count == 3, "\(refusal)")
    let command = quoted[1].split(separator: " ").map(String.init)
    #expect(command == ["strikeforge", "train", "--resume", "run", "--from", "checkpoint-6144.h5"])
    let outcome = try place.strikeforge(Array(command.dropFirst()))
    #expect(outcome.output.contains("resuming checkpoints/run from step 6144 of 12288"))
    try expect(place, outcome, endsLike: end, setAside: [9216, 12288])
    // The damaged files are what they were, and nothing takes them for checkpoints.
    for step in [9216, 12288] {
      let aside = try place.folder.bytes(place.file("run", "checkpoint-\(step).h5.set-aside"))
      #expect(aside == before["./checkpoints/run/checkpoint-\(step).h5"])
    }
    let again = try place.strikeforge("train", "--resume", "run")
    #expect(again.output.contains("from step 12288 of 12288") && again.parameters == end.parameters, "\(again)")
  }

  @Test func whereNoOlderOneIsWholeNoneIsOffered() throws {
    let (place, _) = try copy()
    for step in Self.steps { try damage(place, "checkpoint-\(step).h5") }
    let refusal = try place.strikeforge("train", "--resume", "run")
    #expect(refusal.exitCode == 1 && refusal.errorLines.count == 1, "\(refusal)")
    #expect(refusal.errors.contains("checkpoint-12288.h5") && !refusal.errors.contains("--from"), "\(refusal)")
  }

  @Test(
    arguments: [
      ("previous", 9216, [12288]), ("3072", 3072, [6144, 9216, 12288]), ("checkpoint-6144.h5", 6144, [9216, 12288]),
      ("checkpoints/run/checkpoint-9216.h5", 9216, [12288]), ("latest", 12288, []),
    ])
  func anyCheckpointLeadsToTheSameEnd(from choice: String, step: Int, setAside: [Int]) throws {
    let (place, end) = try copy()
    let outcome = try place.strikeforge("train", "--resume", "run", "--from", choice)
    #expect(outcome.output.contains("resuming checkpoints/run from step \(step) of 12288"), "\(outcome)")
    try expect(place, outcome, endsLike: end, setAside: setAside)
  }

  @Test func theBestCheckpointLeadsToTheSameEnd() throws {
    let (place, end) = try copy()
    let best = try #require(
      try place.checkpoint(place.file("run", "best.h5")).groups["progress"]?.integers["environment_steps"]?.first)
    let outcome = try place.strikeforge("train", "--resume", "run", "--from", "best")
    #expect(outcome.output.contains("resuming checkpoints/run from step \(best) of 12288"), "\(outcome)")
    try expect(place, outcome, endsLike: end, setAside: Self.steps.filter { $0 > best })
  }

  /// Killed right after going back, the run is where it went back to: a plain resume goes on from there.
  @Test func aKillAfterGoingBackLosesNothing() throws {
    let (place, end) = try copy()
    let program = try Program.strikeforge.start(
      ["train", "--resume", "run", "--from", "3072"], in: place.folder.path, isIdle: true)
    _ = try program.wait { place.checkpointSteps("run") == [3072] }
    program.send(SIGKILL)
    try #require(program.wait().signal == SIGKILL)
    let outcome = try place.strikeforge("train", "--resume", "run")
    try expect(place, outcome, endsLike: end, setAside: [6144, 9216, 12288])
  }

  /// A name that does not tell the truth would bring the run back to the same file for ever.
  @Test func aCheckpointUnderAnotherStepsNameIsRefused() throws {
    let (place, _) = try copy()
    let older = try place.folder.bytes(place.file("run", "checkpoint-3072.h5"))
    try place.folder.write(older, to: place.file("run", "checkpoint-99999.h5"))
    let refusal = try place.strikeforge("train", "--resume", "run")
    #expect(refusal.exitCode == 1 && refusal.errorLines.count == 1, "\(refusal)")
    #expect(refusal.errors.contains("give it the name checkpoint-3072.h5 again"), "\(refusal)")
  }
}
