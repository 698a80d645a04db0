// Killed while a checkpoint is being written, a run loses nothing: what is left over is no checkpoint, and the end is the same.

import Glibc
import Kernels
import Storage
import TestSupport
import Testing

@Suite struct KillTests {
  /// A network that is far too large for its market, so that writing a checkpoint takes long enough to be met: about 0.2 million
  /// parameters every day, a million in the long tests, three times that in a checkpoint.
  private static let width = SlowTests.areEnabled ? 700 : 300
  private static let kills = SlowTests.areEnabled ? 8 : 2
  private static let configuration = """
    run: {seed: 2, total_timesteps: \(64 * (SlowTests.areEnabled ? 36 : 14)), workers: 1, checkpoint_interval: 64}
    environment: {name: leak, lanes: 8, truncation_steps: 16}
    algorithm: {name: ppo, horizon: 8, batch_size: 64, epochs: 1}
    network: {policy_tower: [\(width), \(width)], value_tower: [\(width), \(width)]}

    """
  private static let words = [
    "train", "--config", "run.yaml", "--run", "run", "--set", "run.evaluation_interval=1000000",
  ]

  /// Checkpoints that are being written, or were when their writer died; the first is spared, so that there is one to go back to.
  private func temporaries(_ place: Workplace) -> [String] {
    place.folder.names(in: "checkpoints/run").filter {
      AtomicWrite.isTemporary(name: $0) && $0.hasPrefix(".checkpoint-") && !$0.hasPrefix(".checkpoint-0.")
    }
  }

  @Test func killedWhileSavingEqualsUninterrupted() throws {
    let place = try Workplace()
    try place.folder.write(Self.configuration, to: "run.yaml")
    let expected = try RunEnd(place, place.succeed(Self.words))
    place.folder.remove("checkpoints")

    var random = RandomStream(seed: 1, purpose: .market)
    var proven = 0
    var program = try Program.strikeforge.start(Self.words, in: place.folder.path, isIdle: true)
    while proven < Self.kills {
      // Not always the first: a run that is killed whenever it saves gets nowhere.
      var skipped: Set<String> = []
      let skip = 1 + Int(random.nextInteger(below: 2))
      let isSaving = try program.wait {
        let found = self.temporaries(place)
        if skipped.count < skip { skipped.formUnion(found) }
        return skipped.count >= skip && found.contains { !skipped.contains($0) }
      }
      try #require(isSaving, "the run ended after \(proven) of \(Self.kills) kills: \(program.output.suffix(200))")
      program.send(SIGKILL)
      try #require(program.wait().signal == SIGKILL)

      // A kill that came after the renaming proves nothing, and is not counted.
      let leftover = temporaries(place)
      proven += leftover.isEmpty ? 0 : 1
      for name in leftover { #expect(!name.hasPrefix("checkpoint-")) }
      let whole = try #require(place.checkpointSteps("run").last)
      #expect(try place.checkpoint(place.file("run", "checkpoint-\(whole).h5")).attributes["run"] == "run")

      program = try Program.strikeforge.start(["train", "--resume", "run"], in: place.folder.path, isIdle: true)
      let hasRestored = try program.wait { program.output.contains("restored: ") }
      try #require(hasRestored, "\(program.output.suffix(200))")
      #expect(
        program.output.hasPrefix("resuming checkpoints/run from step \(whole) of"), "\(program.output.prefix(120))")
      let remaining = Set(temporaries(place)).intersection(leftover)
      #expect(remaining.isEmpty, "left-overs of the dead are still there")
    }
    let outcome = try program.wait()
    #expect(outcome.exitCode == 0 && outcome.errors.isEmpty, "\(outcome)")
    let found = try RunEnd(place, outcome)
    let isSame =
      found.parameters == expected.parameters && found.rows == expected.rows && found.files == expected.files
      && found.checkpoints == expected.checkpoints
    ProofTable.record(
      "resume: killed while saving", figure: "\(proven) left-over files, \(isSame ? "same bits" : "OTHER BITS")",
      threshold: "5 left-overs, same bits", seeds: "2", holds: isSame && proven >= 5)
    #expect(isSame)
  }
}
