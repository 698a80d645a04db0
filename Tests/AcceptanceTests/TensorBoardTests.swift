// The event files as the real tensorboard package reads them.

import Glibc
import TestSupport
import Testing

@Suite struct TensorBoardTests {
  /// `scripts/check-tensorboard` installs the package and compares every scalar; here with a run that was killed twice.
  @Test(.enabled(if: SlowTests.areEnabled, "long: set STRIKEFORGE_SLOW=1"))
  func theRealPackageReadsAKilledRun() throws {
    let place = try Workplace()
    try place.folder.write(Workplace.planted("leak", algorithm: "ppo"), to: "run.yaml")
    let settings = ["run.total_timesteps=400000", "run.checkpoint_interval=40000", "algorithm.clip_range_value=0.2"]
    var program = try Program.strikeforge.start(
      ["train", "--config", "run.yaml", "--run", "run"] + settings.flatMap { ["--set", $0] }, in: place.folder.path,
      isIdle: true)
    for kill in 1...2 {
      let isFarEnough = try program.wait { place.checkpointSteps("run").last ?? 0 >= kill * 80_000 }
      try #require(isFarEnough)
      program.send(SIGKILL)
      try #require(program.wait().signal == SIGKILL)
      program = try Program.strikeforge.start(["train", "--resume", "run"], in: place.folder.path, isIdle: true)
    }
    try #require(program.wait().exitCode == 0)
    #expect(place.folder.names(in: "checkpoints/run").filter { $0.contains("tfevents") }.count == 3)

    let outcome = try check(place)
    #expect(outcome.exitCode == 0 && outcome.errors.isEmpty, "\(outcome)")
    #expect(outcome.output.contains("equal the log"))
    let words = outcome.output.split(separator: " ")
    let scalars = words.count > 2 ? String(words[2]) : "none"
    ProofTable.record(
      "seeing: tensorboard package, run killed twice", figure: "\(scalars) scalars equal", threshold: "every one",
      seeds: "5", holds: outcome.exitCode == 0)

    // The comparison can fail.
    let path = place.file("run", "progress.csv")
    var lines = try place.folder.read(path).split(separator: "\n").map(String.init)
    lines.swapAt(lines.count - 1, lines.count - 2)
    try place.folder.write(lines.joined(separator: "\n") + "\n", to: path)
    #expect(try check(place).exitCode == 1)
  }

  private func check(_ place: Workplace) throws -> ProgramOutcome {
    let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    // The first call downloads the package.
    return try Program.start(
      "/\(root)/scripts/check-tensorboard", named: "check-tensorboard", ["run"], in: place.folder.path
    ).wait(patienceMilliseconds: 600_000)
  }
}
