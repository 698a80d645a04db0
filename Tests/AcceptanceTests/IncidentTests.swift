// A run that must not go on: one sentence, a file, and a command that tells where it comes from.

import Storage
import TestSupport
import Testing

@Suite struct IncidentTests {
  private static func words(_ settings: [String]) -> [String] {
    ["train", "--config", "run.yaml", "--run", "bad"] + settings.flatMap { ["--set", $0] }
  }

  private func place(_ market: String, _ algorithm: String) throws -> Workplace {
    let place = try Workplace()
    try place.folder.write(Workplace.planted(market, algorithm: algorithm), to: "run.yaml")
    return place
  }

  /// A cost beyond all numbers: the first change of position is worth minus infinity.
  @Test(arguments: ["ppo", "a2c_lstm", "dqn"]) func aRewardBeyondAllNumbers(_ algorithm: String) throws {
    let place = try place("mean_reversion", algorithm)
    let outcome = try place.strikeforge(Self.words(["environment.position_change_cost=1e300"]))
    #expect(outcome.exitCode == 1 && outcome.errorLines.count == 1, "\(outcome)")
    let file = try #require(place.folder.names(in: "checkpoints/bad").first { $0.hasPrefix("incident-") })
    let command = "`strikeforge replay-update checkpoints/bad/\(file)`"
    #expect(
      outcome.errors.contains("a reward is not a finite number (update 1, step 1 of ")
        && outcome.errors.contains(command) && place.checkpointSteps("bad") == [0], "\(outcome)")
    let replay = try place.succeed(["replay-update", "checkpoints/bad/\(file)"])
    #expect(replay.lines.contains { $0.hasPrefix("first value that is not finite: rewards, lane ") }, "\(replay)")
    let inspection = try place.succeed(["inspect", "checkpoints/bad/\(file)"])
    #expect(inspection.output.contains("recorded incident"))
  }

  /// The same run stops again where it stopped, unless it is told to go on.
  @Test func aPolicyThatExplodes() throws {
    let place = try place("cue", "ppo_lstm_mask")
    let settings = ["algorithm.learning_rate=1", "health.divergence_limit=1e-3", "algorithm.epochs=4"]
    let outcome = try place.strikeforge(Self.words(settings))
    #expect(outcome.exitCode == 1 && outcome.errorLines.count == 1, "\(outcome)")
    #expect(outcome.errors.contains("the policy's divergence is "), "\(outcome)")
    let file = try #require(
      place.folder.names(in: "checkpoints/bad").first { $0.hasPrefix("incident-") && !$0.contains("entropy") })
    let replay = try place.succeed(["replay-update", "checkpoints/bad/\(file)"])
    #expect(replay.output.contains(": the same bits, "), "\(replay)")
    #expect(replay.output.contains("lstm_actor gates") && replay.output.contains("ratio of the probabilities"))

    let again = try place.strikeforge("train", "--resume", "bad")
    #expect(again.exitCode == 1 && again.errors == outcome.errors)
    let resumed = try place.strikeforge(
      "train", "--resume", "bad", "--set", "health.divergence=warn", "--set", "health.entropy=off", "--set",
      "health.gradient_norm=off")
    #expect(resumed.exitCode == 0, "\(resumed)")
    #expect(resumed.lines.filter { $0.hasPrefix("warning: at step") }.count == 1, "\(resumed)")

    var bytes = try place.folder.bytes("checkpoints/bad/\(file)")
    bytes[bytes.count / 2] ^= 1
    try place.folder.write(bytes, to: "damaged.h5")
    let damaged = try place.strikeforge("replay-update", "damaged.h5")
    #expect(damaged.exitCode == 1 && damaged.errors.contains("'damaged.h5' is damaged"), "\(damaged)")
    let other = try place.strikeforge("replay-update", "checkpoints/bad/checkpoint-0.h5")
    #expect(other.exitCode == 1 && other.errors.contains("is not a recorded incident: it begins with a checkpoint"))
  }

  /// A disk that has room for checkpoints but not for the incident: the sentence names the cause all the same.
  @Test func aDiskWithoutRoomForIt() throws {
    let place = try place("cue", "ppo")
    let settings = ["algorithm.learning_rate=1", "health.gradient_norm=stop", "health.gradient_norm_limit=1e-9"]
    _ = try place.strikeforge(Self.words(settings))
    let sizes = try place.folder.names(in: "checkpoints/bad").map { name in
      (name, try place.folder.bytes("checkpoints/bad/" + name).count)
    }
    let incident = try #require(sizes.first { $0.0.hasPrefix("incident-") })
    let others = try #require(sizes.filter { $0.0 != incident.0 }.map(\.1).max())
    try #require(others < incident.1)
    let outcome = try Program.strikeforge.run(
      ["train", "--config", "run.yaml", "--run", "full"] + settings.flatMap { ["--set", $0] }, in: place.folder.path,
      fileLimitBytes: (others + incident.1) / 2)
    #expect(outcome.exitCode == 1 && outcome.errorLines.count == 1, "\(outcome)")
    for piece in ["the gradient's norm is ", "could not be recorded", incident.0, "File too large", "intact"] {
      #expect(outcome.errors.contains(piece), "\(piece) is not in \(outcome)")
    }
    #expect(place.checkpointSteps("full") == [0])
    #expect(!place.folder.names(in: "checkpoints/full").contains { AtomicWrite.isTemporary(name: $0) })
  }
}
