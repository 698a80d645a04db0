// A run that cannot learn says so before it starts; a run that has ended says what trains on.

import Storage
import TestSupport
import Testing
import Text

@Suite struct PlanTests {
  private static let late = """
    run: {total_timesteps: 5000, evaluation_interval: 5000}
    environment: {name: mean_reversion, lanes: 4}
    algorithm: {name: dqn, learning_starts: 100000}

    """
  private static let linear = """
    run: {total_timesteps: 2048}
    environment: {name: mean_reversion, lanes: 16}
    algorithm: {name: ppo, horizon: 128, learning_rate_schedule: linear}

    """
  /// Four rollouts of a small policy.
  private static let small = """
    run: {total_timesteps: 1024, evaluation_interval: 1024, workers: 1}
    environment: {name: mean_reversion, lanes: 8, truncation_steps: 32}
    algorithm: {name: ppo, horizon: 32, batch_size: 128, epochs: 1, learning_rate_schedule: linear}
    network: {policy_tower: [8], value_tower: [8]}

    """

  /// The command that a sentence names between backticks, as words without the program's.
  private func remedy(_ text: String) throws -> [String] {
    let parts = text.split(separator: "`")
    let command = try #require(parts.first { $0.hasPrefix("strikeforge train ") })
    return command.split(separator: " ").dropFirst().map(String.init)
  }

  @Test(arguments: [
    (late, "algorithm.learning_starts is 100000, but the run ends at step 5008"),
    (linear, "algorithm.learning_rate_schedule is linear and the run makes one rollout"),
  ])
  func aRunThatWouldLearnNothingIsRefused(configuration: String, sentence: String) throws {
    let place = try Workplace()
    try place.folder.write(configuration, to: "run.yaml")
    let outcome = try place.strikeforge("train", "--config", "run.yaml", "--run", "r")
    #expect(outcome.exitCode == 1 && outcome.errors.hasPrefix("strikeforge train: \(sentence)"), "\(outcome)")
    #expect(outcome.errorLines.count == 1 && outcome.output.isEmpty && !place.folder.exists("checkpoints"))
  }

  /// A beginning with what another run learned, and a member of an ensemble, are runs like any other.
  @Test func aBeginningOrAMemberThatWouldLearnNothingIsRefused() throws {
    let place = try Workplace()
    try place.train("r", Self.small)
    let began = try place.strikeforge(
      "train", "--config", "run.yaml", "--run", "next", "--timesteps", "256", "--init-from", "r", "--mode", "continue")
    #expect(began.exitCode == 1 && began.errors.contains("the run makes one rollout"), "\(began)")
    #expect(!place.folder.exists("checkpoints/next"))
    let members = """
      run: {total_timesteps: 1024}
      environment: {name: mean_reversion, lanes: 8}
      members:
        - {name: sound, algorithm: {name: a2c}}
        - {name: late, algorithm: {name: dqn, learning_starts: 5000}}

      """
    try place.folder.write(members, to: "both.yaml")
    let ensemble = try place.strikeforge("ensemble", "both.yaml")
    #expect(ensemble.exitCode == 1 && ensemble.errors.contains("member late: algorithm.learning_starts"), "\(ensemble)")
    #expect(!place.folder.exists("checkpoints/both"))
  }

  /// What is hardly meant is said, and trained all the same; the manifest keeps it.
  @Test func aWarningIsPrintedAndKept() throws {
    let place = try Workplace()
    let outcome = try place.train(
      "r", Self.small, "run.total_timesteps=100", "algorithm.learning_rate_schedule=constant")
    let sentence =
      "run.total_timesteps is 100, but one rollout (algorithm.horizon 32 x environment.lanes 8) has 256 steps"
    #expect(outcome.lines.contains { $0.hasPrefix("warning: \(sentence)") }, "\(outcome.output)")
    let manifest = try JSON.parse(place.folder.read(place.file("r", "manifest.json")))
    let kept = try #require(manifest["warnings"]?.arrayValue)
    #expect(kept.contains { $0.stringValue?.hasPrefix(sentence) == true })
  }

  /// Asked for more steps than a run has, the sentence names a command that makes them, word for word.
  @Test func askingForMoreStepsNamesWhatMakesThem() throws {
    let place = try Workplace()
    try place.train("r", Self.small)
    for words in [["--timesteps", "2048"], ["--set", "run.total_timesteps=2e3"]] {
      let outcome = try place.strikeforge(["train", "--resume", "r"] + words)
      #expect(outcome.exitCode == 64 && outcome.errors.contains("a run keeps its configuration"), "\(outcome)")
      #expect(outcome.errors.contains("ends at step 1024") && outcome.errors.contains("begin anew"), "\(outcome)")
      let command = try remedy(outcome.errors)
      #expect(command.contains("--init-from") && command.contains("continue") && command.last == "continue")
      let more = try place.succeed(command)
      #expect(more.output.contains("begins with checkpoints/r/checkpoint-1024.h5 (continue)"))
      #expect(more.output.contains("finished at step 2,048"), "\(more.output)")
    }
    #expect(place.folder.exists("checkpoints/r-more") && place.folder.exists("checkpoints/r-more-2"))
  }

  @Test func fewerStepsOrNoNumberAreRefusedWithoutOne() throws {
    let place = try Workplace()
    try place.train("r", Self.small)
    let fewer = try place.strikeforge("train", "--resume", "r", "--timesteps", "1000")
    #expect(fewer.exitCode == 64 && fewer.errors.contains("ends at step 1024; leave it out"), "\(fewer)")
    let none = try place.strikeforge("train", "--resume", "r", "--timesteps", "many")
    #expect(none.exitCode == 1 && none.errors.contains("'run.total_timesteps' is \"many\""), "\(none)")
  }

  /// A run that has made all its steps names it too, also where its folder is a path.
  @Test func aFinishedRunNamesWhatTrainsOn() throws {
    let place = try Workplace()
    try place.folder.write(Self.small, to: "run.yaml")
    try place.succeed(["train", "--config", "run.yaml", "--run", "some/where"])
    let resumed = try place.succeed(["train", "--resume", "some/where"])
    let line = try #require(resumed.lines.first { $0.hasPrefix("it has made all its steps; ") })
    let more = try place.succeed(try remedy(line))
    #expect(more.output.contains("run folder: some/where-more"), "\(more.output)")
  }
}
