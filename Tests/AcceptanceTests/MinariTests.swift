// An exported replay memory as the real minari package reads it.

import TestSupport
import Testing

@Suite struct MinariTests {
  /// `scripts/check-minari` installs the package and compares every episode with the file; here a ring that has gone around, with masks.
  @Test(.enabled(if: SlowTests.areEnabled, "long: set STRIKEFORGE_SLOW=1"))
  func theRealPackageReadsAnExport() throws {
    let place = try Workplace()
    _ = try place.train(
      "run", Workplace.planted("cue", algorithm: "dqn_mask"), "run.total_timesteps=40000",
      "algorithm.buffer_size=20000", "algorithm.replay_memory_mib=0")
    let file = place.file("run", "replay.h5")
    _ = try place.succeed(["replay", "export", file, "--to", "minari", "--output", "cue-v0"])
    let outcome = try check(place, file)
    #expect(outcome.exitCode == 0 && outcome.errors.isEmpty, "\(outcome)")
    ProofTable.record(
      "replay: minari package, an export", figure: outcome.lines.first { $0.contains("equal") } ?? "none",
      threshold: "every step", seeds: "5", holds: outcome.exitCode == 0)

    // The comparison can fail: another run's file.
    _ = try place.train(
      "other", Workplace.planted("cue", algorithm: "dqn_mask"), "run.total_timesteps=40000", "run.seed=6",
      "algorithm.buffer_size=20000", "algorithm.replay_memory_mib=0")
    #expect(try check(place, place.file("other", "replay.h5")).exitCode == 1)
  }

  private func check(_ place: Workplace, _ file: String) throws -> ProgramOutcome {
    let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    // The first call downloads the package.
    return try Program.start(
      "/\(root)/scripts/check-minari", named: "check-minari", ["cue-v0", file], in: place.folder.path
    ).wait(patienceMilliseconds: 600_000)
  }
}
