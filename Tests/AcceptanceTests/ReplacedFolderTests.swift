// Folders that are moved or removed under a run: it stops with one sentence and touches nothing that lies there now.

import Glibc
import Storage
import TestSupport
import Testing

@Suite struct ReplacedFolderTests {
  private static let configuration = Workplace.planted("martingale", algorithm: "a2c")
  private static let replaying = Workplace.planted("martingale", algorithm: "dqn")

  private static func words(_ settings: [String]) -> [String] {
    ["train", "--config", "run.yaml", "--run", "run"] + settings.flatMap { ["--set", $0] }
  }

  private static let first = [
    "run.total_timesteps=65536", "run.checkpoint_interval=4096", "run.evaluation_interval=8192",
  ]
  private static let second = first + ["run.total_timesteps=8192", "run.seed=99"]

  /// A run of the first seed that stands still after its second checkpoint.
  private func stopped(_ place: Workplace, _ settings: [String] = first) throws -> RunningProgram {
    let program = try Program.strikeforge.start(Self.words(settings), in: place.folder.path, isIdle: true)
    let hasSaved = try program.wait { (place.checkpointSteps("run").last ?? 0) > 0 }
    try #require(hasSaved)
    program.send(SIGSTOP)
    try #require(program.isRunning)
    return program
  }

  private func move(_ place: Workplace, to name: String) throws {
    try #require(rename(place.folder.place("checkpoints/run"), place.folder.place(name)) == 0)
  }

  private func refusal(_ program: RunningProgram) throws -> String {
    program.send(SIGCONT)
    let outcome = try program.wait()
    #expect(outcome.exitCode == 1 && outcome.errorLines.count == 1, "\(outcome)")
    return outcome.errors
  }

  private func end(_ outcome: ProgramOutcome) -> String? {
    outcome.lines.first { $0.hasPrefix("finished at step") }
  }

  /// The other run keeps every byte, and the moved one is saved where it lies and ends with the same bits.
  @Test(arguments: [false, true]) func aFolderWhoseNameIsTaken(replays: Bool) throws {
    let place = try Workplace()
    let more = replays ? ["algorithm.buffer_size=16384", "algorithm.replay_memory_mib=0"] : []
    try place.folder.write(replays ? Self.replaying : Self.configuration, to: "run.yaml")
    let expected = end(try place.succeed(Self.words(Self.first + more)))
    place.folder.remove("checkpoints")

    let program = try stopped(place, Self.first + more)
    let before = place.checkpointSteps("run").last ?? 0
    try move(place, to: "checkpoints/moved")
    try place.succeed(Self.words(Self.second + more))
    let others = try place.content(below: "checkpoints/run")
    let sentence = try refusal(program)
    #expect(
      sentence.contains("checkpoints/run was moved to ") && sentence.contains("/checkpoints/moved"), "\(sentence)")
    #expect(try place.content(below: "checkpoints/run") == others)

    let saved = place.checkpointSteps("moved").last ?? 0
    #expect(saved > before && sentence.contains("saved at step \(saved)"), "\(sentence)")
    #expect(place.checkpointSteps("moved").contains(before))
    #expect(end(try place.succeed(["train", "--resume", "moved"])) == expected)
  }

  @Test func aFolderThatWasRemoved() throws {
    let place = try Workplace()
    try place.folder.write(Self.configuration, to: "run.yaml")
    let program = try stopped(place)
    place.folder.remove("checkpoints/run")
    try place.succeed(Self.words(Self.second))
    let others = try place.content(below: "checkpoints/run")
    let sentence = try refusal(program)
    #expect(sentence.contains("checkpoints/run was removed"), "\(sentence)")
    #expect(try place.content(below: "checkpoints/run") == others)
  }

  /// With another lock, or none, in its place a second process would be let in.
  @Test(arguments: [false, true]) func aLockThatIsAnother(isReplaced: Bool) throws {
    let place = try Workplace()
    try place.folder.write(Self.configuration, to: "run.yaml")
    let program = try stopped(place)
    place.folder.remove("checkpoints/run/.lock")
    if isReplaced { try place.folder.write("", to: "checkpoints/run/.lock") }
    let steps = place.checkpointSteps("run")
    let sentence = try refusal(program)
    #expect(sentence.contains(".lock of checkpoints/run was removed or replaced"), "\(sentence)")
    #expect(place.checkpointSteps("run") == steps)
    try place.succeed(["train", "--resume", "run"])
  }

  /// The members go with the folder: all save in it and stop, and it goes on from there.
  @Test func anEnsemble() throws {
    let place = try Workplace()
    try place.folder.write(
      """
      run: {seed: 5, total_timesteps: 65536, checkpoint_interval: 4096, evaluation_interval: 32768}
      environment: {name: martingale, lanes: 16}
      members:
        - {name: one, algorithm: {name: a2c}, network: {policy_tower: [8], value_tower: [8]}}
        - {name: two, algorithm: {name: a2c, horizon: 16}, network: {policy_tower: [8], value_tower: [8]}}

      """, to: "two.yaml")
    let program = try Program.strikeforge.start(
      ["ensemble", "two.yaml", "--run", "run"], in: place.folder.path, isIdle: true)
    _ = try program.wait { ["one", "two"].allSatisfy { (place.checkpointSteps("run/" + $0).last ?? 0) > 0 } }
    try move(place, to: "checkpoints/moved")
    let outcome = try program.wait()
    #expect(outcome.exitCode == 1 && outcome.errors.contains("was moved to "), "\(outcome)")
    #expect(!place.folder.exists("checkpoints/run"))
    try place.succeed(["ensemble", "--resume", "moved"])
  }
}
