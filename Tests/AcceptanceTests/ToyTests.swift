// The promise of "one folder and one line": an environment, an algorithm and a device that no room of the product knows go the whole road.

import Glibc
import TestSupport
import Testing
import Text

@Suite struct ToyTests {
  private static let settings = [
    "environment.toy_steps=10", "algorithm.toy_rate=0.05", "network.policy_tower=[8]", "environment.lanes=16",
    "run.total_timesteps=40960", "run.checkpoint_interval=1024", "run.evaluation_interval=8192",
  ]

  private func run(_ place: Workplace, _ words: [String], input: String = "") throws -> ProgramOutcome {
    try Program.toy.run(words, in: place.folder.path, input: input)
  }

  private func train(_ place: Workplace, _ name: String, _ more: [String] = []) throws -> ProgramOutcome {
    try run(
      place,
      ["train", "--run", name, "--environment", "toy_signs", "--algorithm", "toy"] + more
        + Self.settings.flatMap { ["--set", $0] })
  }

  @Test func aToyGoesTheWholeRoad() throws {
    let place = try Workplace()
    let whole = try train(place, "whole")
    #expect(whole.exitCode == 0, "\(whole)")
    #expect(try place.folder.read(place.file("whole", "progress.csv")).contains("train/toy_reward"))

    // Killed in the middle and resumed, it equals the one that never was.
    let killed = try Program.toy.start(
      ["train", "--run", "killed", "--environment", "toy_signs", "--algorithm", "toy"]
        + Self.settings.flatMap { ["--set", $0] }, in: place.folder.path, isIdle: true)
    while killed.isRunning, (place.checkpointSteps("killed").last ?? 0) < 2048 { usleep(500) }
    killed.send(9)
    _ = try killed.wait()
    let resumed = try run(place, ["train", "--resume", "killed"])
    #expect(resumed.exitCode == 0, "\(resumed)")
    #expect(whole.parameters != nil && resumed.parameters == whole.parameters)

    let evaluation = try run(
      place, ["evaluate", "whole", "--json", "--write-observations", "seen.jsonl", "--write-actions", "done.txt"])
    #expect(evaluation.exitCode == 0, "\(evaluation)")
    let report = try JSON.parse(evaluation.output)
    let greedy = try #require(report["greedy"]?["mean"]?.doubleValue)
    #expect(greedy > 0.99, "a toy that does not learn: \(greedy)")

    // What is exported is served by the product's own server, which knows neither.
    let export = try run(place, ["export", "whole"])
    #expect(export.exitCode == 0, "\(export)")
    let served = try place.serve(
      "once", "--policy", place.file("whole", "policy.safetensors"), input: try place.folder.read("seen.jsonl"))
    #expect(served.exitCode == 0, "\(served)")
    let actions = try served.lines.map { try #require(try JSON.parse($0)["action"]?.integerValue).description }
    #expect(actions == (try place.folder.read("done.txt")).split(separator: "\n").map(String.init))
  }

  /// PPO with memory on a device that no room knows: checked against the processor before the run, killed and resumed on it to the same bits, compared with
  /// its deployed form, and served.
  @Test func aSecondDeviceGoesTheWholeRoad() throws {
    let place = try Workplace()
    func words(_ name: String, device: String) -> [String] {
      ["train", "--run", name, "--environment", "toy_signs", "--algorithm", "ppo_lstm"]
        + [
          "run.device=\(device)", "network.lstm_hidden=6", "algorithm.horizon=16", "algorithm.batch_size=64",
          "algorithm.epochs=2", "environment.lanes=8", "run.total_timesteps=4096", "run.checkpoint_interval=128",
          "run.evaluation_interval=4096",
        ].flatMap { ["--set", $0] }
    }
    let whole = try run(place, words("whole", device: "reference"))
    #expect(whole.exitCode == 0, "\(whole)")
    #expect(whole.output.contains("products: plain loops in double precision, twin checked"))

    let killed = try Program.toy.start(words("killed", device: "reference"), in: place.folder.path, isIdle: true)
    while killed.isRunning, (place.checkpointSteps("killed").last ?? 0) < 512 { usleep(500) }
    killed.send(9)
    _ = try killed.wait()
    let resumed = try run(place, ["train", "--resume", "killed"])
    #expect(resumed.exitCode == 0 && !resumed.output.contains("warning"), "\(resumed)")
    #expect(whole.parameters != nil && resumed.parameters == whole.parameters)

    // The processor's own run is another one in its last bits, and says so where it goes on with this one's.
    let other = try run(place, words("other", device: "cpu"))
    #expect(other.exitCode == 0 && other.parameters != whole.parameters, "\(other)")
    let moved = try run(place, ["train", "--resume", "other", "--set", "run.device=reference"])
    #expect(moved.exitCode == 0 && moved.output.contains("Leave run.device as it was"), "\(moved)")

    let export = try run(place, ["export", "whole"])
    #expect(export.exitCode == 0, "\(export)")
    let product = try place.strikeforge("train", "--set", "run.device=reference")
    #expect(product.exitCode == 1 && product.errors.contains("run.device"), "\(product)")
  }

  /// Their settings are theirs alone, and the product's own program does not know them.
  @Test func onlyItsOwnProgramKnowsAToy() throws {
    let place = try Workplace()
    let keys = try run(place, ["train", "--keys", "--environment", "toy_signs", "--algorithm", "toy"])
    #expect(keys.output.contains("environment.toy_steps: 12") && keys.output.contains("algorithm.toy_horizon: 8"))
    #expect(!keys.output.contains("environment.store") && !keys.output.contains("split."))
    let foreign = try run(place, ["train", "--environment", "cue", "--set", "environment.toy_steps=3"])
    #expect(foreign.exitCode == 1)
    #expect(foreign.errors.contains("'environment.toy_steps' is a setting of toy_signs, but environment.name is cue"))
    let product = try place.strikeforge("train", "--environment", "toy_signs")
    #expect(product.exitCode == 1 && product.errors.contains("must be one of dual_ticker"))
  }
}
