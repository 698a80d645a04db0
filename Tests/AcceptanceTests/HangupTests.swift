// A terminal that hangs up: a run saves and stops, unless it was started to outlive its terminal.

import Glibc
import TestSupport
import Testing

@Suite struct HangupTests {
  private static let words = ["train", "--config", "run.yaml", "--run", "run", "--set", "run.workers=1"]

  private func place() throws -> Workplace {
    let place = try Workplace()
    try place.folder.write(Workplace.planted("martingale", algorithm: "ppo"), to: "run.yaml")
    return place
  }

  private static let long = ["--set", "run.total_timesteps=1048576", "--set", "run.evaluation_interval=1048576"]

  @Test func aHangupSavesAndStops() throws {
    let place = try place()
    let program = try Program.strikeforge.start(
      Self.words + Self.long, in: place.folder.path, isIdle: true)
    _ = try program.wait { (place.checkpointSteps("run").last ?? 0) > 0 }
    program.send(SIGHUP)
    let outcome = try program.wait()
    #expect(outcome.exitCode == 0 && outcome.output.contains("stopped by SIGHUP after saving at step"), "\(outcome)")
    let saved = try #require(place.checkpointSteps("run").last)
    let resumed = try Program.strikeforge.start(["train", "--resume", "run"], in: place.folder.path, isIdle: true)
    let goesOn = try resumed.wait { resumed.output.contains("resuming checkpoints/run from step \(saved)") }
    #expect(goesOn)
    resumed.send(SIGTERM)
    #expect(try resumed.wait().exitCode == 0)
  }

  /// The members save too, and the ensemble goes on where it was.
  @Test func anEnsembleSavesAndStops() throws {
    let place = try Workplace()
    try place.folder.write(
      """
      run: {seed: 5, total_timesteps: 1048576, checkpoint_interval: 2048, evaluation_interval: 1048576}
      environment: {name: martingale, lanes: 16}
      members:
        - {name: one, algorithm: {name: a2c}, network: {policy_tower: [8], value_tower: [8]}}

      """, to: "one.yaml")
    let program = try Program.strikeforge.start(["ensemble", "one.yaml"], in: place.folder.path, isIdle: true)
    _ = try program.wait { (place.checkpointSteps("one/one").last ?? 0) > 0 }
    program.send(SIGHUP)
    let outcome = try program.wait()
    #expect(outcome.exitCode == 0, "\(outcome)")
    #expect(outcome.output.contains("stopped by SIGHUP after every member has saved"), "\(outcome.output.suffix(300))")
  }

  /// Started by `nohup` a run goes on.
  @Test func anIgnoredHangupStaysIgnored() throws {
    let place = try place()
    let program = try Program.start(
      "/bin/bash", named: "strikeforge",
      ["-c", "trap '' HUP; exec \"$0\" \"$@\"", Program.strikeforge.path] + Self.words,
      in: place.folder.path, isIdle: true)
    _ = try program.wait { !place.checkpointSteps("run").isEmpty }
    program.send(SIGHUP)
    let outcome = try program.wait()
    #expect(outcome.exitCode == 0 && outcome.output.contains("finished at step"), "\(outcome)")
  }
}
