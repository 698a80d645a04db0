// A run that was killed and resumed equals one that never was, bit for bit.

import AgentInterface
import Glibc
import Kernels
import Storage
import TestSupport
import Testing
import Text

@Suite struct ResumeTests {
  /// Long enough that no moment chosen below can be missed: 240 rollouts, a checkpoint every sixth.
  static let configuration = Workplace.market
  static let settings = [
    "run.total_timesteps=122880", "run.checkpoint_interval=3072", "run.evaluation_interval=30720", "run.workers=1",
  ]
  static let total = 122_880
  static let stepsPerRollout = 512

  /// A folder with the market and the configuration, and the uninterrupted run's end.
  private func reference() throws -> (place: Workplace, end: RunEnd) {
    let place = try Workplace()
    try place.importMarket()
    try place.folder.write(Self.configuration, to: "run.yaml")
    let outcome = try place.strikeforge(Self.trainWords)
    try #require(outcome.exitCode == 0, "\(outcome)")
    return (place, try RunEnd(place, outcome))
  }

  private static let trainWords =
    ["train", "--config", "run.yaml", "--run", "run"] + settings.flatMap { ["--set", $0] }

  /// Killed five times at random moments and resumed each time; twenty such runs in the long tests.
  @Test func killedAndResumedEqualsUninterrupted() throws {
    let (place, expected) = try reference()
    let trials = SlowTests.areEnabled ? 20 : 1
    var kills = 0
    var isSame = true
    for trial in 0..<trials {
      let (found, moments) = try finishedInSpiteOfKills(place, trial: trial)
      kills += moments.count
      #expect(found.parameters == expected.parameters, "kills after rollouts \(moments)")
      #expect(found.steps == Array(stride(from: Self.stepsPerRollout, through: Self.total, by: Self.stepsPerRollout)))
      #expect(found.rows == expected.rows, "kills after rollouts \(moments)")
      #expect(found.lines == expected.lines, "kills after rollouts \(moments)")
      #expect(found.files == expected.files, "kills after rollouts \(moments)")
      for (name, content) in expected.checkpoints {
        #expect(found.checkpoints[name] == content, "\(name), kills after rollouts \(moments)")
      }
      isSame =
        isSame && found.parameters == expected.parameters && found.rows == expected.rows
        && found.checkpoints == expected.checkpoints
    }
    ProofTable.record(
      "resume: killed at random moments", figure: "\(kills) kills, \(isSame ? "same bits" : "OTHER BITS")",
      threshold: "20 kills, same bits", seeds: "0 to \(trials - 1)", holds: isSame && kills >= 20)
  }

  /// The end of a run that was killed at five moments, and the moments.
  private func finishedInSpiteOfKills(_ place: Workplace, trial: Int) throws -> (end: RunEnd, moments: [Double]) {
    // Moments in rollouts, with a fraction of a rollout behind them, uniform over all but the last quarter: what is left of the
    // run must outlast the time that a kill takes to arrive. Where the run was faster all the same, the trial is made again with
    // other moments.
    for attempt in 0..<5 {
      var random = RandomStream(seed: UInt64(trial), purpose: .market, lane: UInt32(attempt))
      let moments = (0..<5).map { _ in random.nextDouble() * 0.75 * Double(Self.total / Self.stepsPerRollout) }.sorted()
      place.folder.remove("checkpoints")
      if let outcome = try killedRun(place, moments: moments) { return (try RunEnd(place, outcome), moments) }
    }
    throw SystemError(action: "kill the run before its end", code: ETIMEDOUT)
  }

  /// Starts, kills at each moment, resumes. Nil where the run ended before all kills were made.
  private func killedRun(_ place: Workplace, moments: [Double]) throws -> ProgramOutcome? {
    var program = try Program.strikeforge.start(Self.trainWords, in: place.folder.path, isIdle: true)
    var resumedFrom = 0
    for moment in moments {
      let rows = Int(moment) - resumedFrom / Self.stepsPerRollout
      let hasBegun = try program.wait {
        place.folder.exists(place.file("run", "checkpoint-0.h5")) || resumedFrom > 0
      }
      try #require(hasBegun)
      // A kill that falls on what an earlier one undid comes at once.
      if rows > 0 {
        _ = try program.wait {
          ((try? place.progress("run").lines.count) ?? 0) >= Int(moment)
        }
      }
      usleep(UInt32((moment - moment.rounded(.down)) * 10_000))
      program.send(SIGKILL)
      guard try program.wait().signal == SIGKILL else { return nil }

      let saved = try #require(place.checkpointSteps("run").last)
      let kept = try place.folder.read(place.file("run", "progress.csv")).split(separator: "\n")
        .prefix(1 + saved / Self.stepsPerRollout)
      program = try Program.strikeforge.start(["train", "--resume", "run"], in: place.folder.path, isIdle: true)
      let prefix = "resuming checkpoints/run from step \(saved) of \(Self.total) "
      guard try program.wait(until: { program.output.contains("restored: ") }) else {
        Issue.record("\(try program.wait()) after a kill at rollout \(moment)")
        return try program.wait()
      }
      #expect(program.output.hasPrefix(prefix), "\(program.output.prefix(120))")
      // What was kept is not made again: its lines stand as they were, clock and all.
      let now = try place.folder.read(place.file("run", "progress.csv")).split(separator: "\n").prefix(kept.count)
      #expect(now == kept, "kill at rollout \(moment)")
      resumedFrom = saved
    }
    let outcome = try program.wait()
    #expect(outcome.exitCode == 0 && outcome.errors.isEmpty, "\(outcome)")
    return outcome
  }

  /// The number of workers is the one thing that a resumed run may change: not a bit of the result does.
  @Test func anyNumberOfWorkersGivesTheSameBits() throws {
    let (place, expected) = try reference()
    place.folder.remove("checkpoints")
    let program = try Program.strikeforge.start(Self.trainWords, in: place.folder.path, isIdle: true)
    _ = try program.wait { place.checkpointSteps("run").last ?? 0 >= Self.total / 3 }
    program.send(SIGKILL)
    try #require(program.wait().signal == SIGKILL)
    let outcome = try place.succeed(["train", "--resume", "run", "--set", "run.workers=3"])
    #expect(outcome.parameters == expected.parameters)
    #expect(try place.progress("run").timeless() == expected.rows)
  }

  /// The comparison can fail: one bit of the optimizer's memory, and the run ends elsewhere.
  @Test func oneFlippedBitEndsElsewhere() throws {
    let (place, expected) = try reference()
    place.folder.remove("checkpoints")
    let program = try Program.strikeforge.start(Self.trainWords, in: place.folder.path, isIdle: true)
    _ = try program.wait { place.checkpointSteps("run").last ?? 0 >= Self.total / 3 }
    program.send(SIGKILL)
    try #require(program.wait().signal == SIGKILL)
    let saved = try #require(place.checkpointSteps("run").last)
    let path = place.file("run", "checkpoint-\(saved).h5")
    var checkpoint = try place.checkpoint(path)
    var moments = try #require(checkpoint.groups["optimizer"]?.floats["first_moment"])
    let index = try #require(moments.firstIndex { $0 != 0 })
    let topMantissaBit: UInt32 = 1 << 22
    moments[index] = Float(bitPattern: moments[index].bitPattern ^ topMantissaBit)
    checkpoint.groups["optimizer"]?.floats["first_moment"] = moments
    try AtomicWrite.write(checkpoint.encoded(), to: place.folder.place(path))
    let outcome = try place.succeed(["train", "--resume", "run"])
    #expect(outcome.output.contains("from step \(saved) of"))
    let parameters = try #require(outcome.parameters)
    #expect(parameters != expected.parameters)
  }

  /// Asked to stop, a run saves, says how to go on, and goes on to the same end.
  @Test(arguments: [SIGINT, SIGTERM]) func aPoliteStopSavesAndContinues(signal: Int32) throws {
    let (place, expected) = try reference()
    place.folder.remove("checkpoints")
    let program = try Program.strikeforge.start(Self.trainWords, in: place.folder.path, isIdle: true)
    _ = try program.wait { ((try? place.progress("run").lines.count) ?? 0) >= 20 }
    program.send(signal)
    let stopped = try program.wait()
    #expect(stopped.exitCode == 0 && stopped.errors.isEmpty, "\(stopped)")
    #expect(stopped.output.contains("stopped by \(signal == SIGINT ? "SIGINT" : "SIGTERM") after saving at step"))
    #expect(stopped.output.contains("strikeforge train --resume run"))
    let saved = try #require(place.checkpointSteps("run").last)
    #expect(saved < Self.total)
    #expect(try place.progress("run").steps().last == saved)
    let outcome = try place.succeed(["train", "--resume", "run"])
    #expect(outcome.output.contains("from step \(saved) of"))
    #expect(outcome.parameters == expected.parameters)
    #expect(try place.progress("run").timeless() == expected.rows)
  }

  /// A second signal does not wait for anything.
  @Test(arguments: [SIGINT, SIGTERM]) func aSecondSignalEndsAtOnce(signal: Int32) throws {
    let place = try Workplace()
    // One rollout takes far longer than the two signals: nothing is polled between them.
    try place.folder.write(Workplace.planted("leak", algorithm: "ppo"), to: "run.yaml")
    let program = try Program.strikeforge.start(
      [
        "train", "--config", "run.yaml", "--run", "run", "--set", "algorithm.horizon=100000", "--set",
        "environment.lanes=64", "--set", "run.total_timesteps=20000000",
      ], in: place.folder.path)
    let hasBegun = try program.wait { place.folder.exists(place.file("run", "checkpoint-0.h5")) }
    try #require(hasBegun)
    program.send(signal)
    usleep(20_000)
    #expect(program.isRunning)
    program.send(signal)
    let outcome = try program.wait()
    #expect(outcome.signal == signal, "\(outcome)")
    #expect(place.checkpointSteps("run") == [0])
    #expect(try place.checkpoint(place.file("run", "checkpoint-0.h5")).attributes["run"] == "run")
  }
}

/// All that a finished run leaves behind and that must not depend on how often it was killed.
struct RunEnd {
  let parameters: String
  let steps: [Int]
  let rows: [[String]]
  /// The rows of metrics.jsonl, likewise.
  let lines: [String]
  /// The names of the files.
  let files: [String]
  /// Every checkpoint by its name, without the clock's numbers.
  let checkpoints: [String: Checkpoint]

  init(_ place: Workplace, _ outcome: ProgramOutcome, folder: String = "checkpoints/run") throws {
    parameters = try #require(outcome.parameters)
    let progress = try ProgressTable(place.folder.read(folder + "/progress.csv"))
    steps = try progress.steps()
    rows = progress.timeless()
    // There is one event file for each time that the run was resumed.
    files = place.folder.names(in: folder).filter { !$0.contains("tfevents") }
    lines = try place.folder.read(folder + "/metrics.jsonl").split(separator: "\n").map { line in
      let members = try #require(JSON.parse(String(line)).objectValue)
      return JSON.object(members.filter { !ProgressTable.isClock($0.key) }).text
    }
    var checkpoints: [String: Checkpoint] = [:]
    for name in files where name.hasSuffix(".h5") && name != "replay.h5" {
      var checkpoint = try place.checkpoint(folder + "/" + name)
      try #require(checkpoint.attributes.removeValue(forKey: "created") != nil)
      // Before the first update there is nothing to carry.
      let metrics = checkpoint.groups["carried"]?.doubles ?? [:]
      for name in metrics.keys where ProgressTable.isClock(name) { checkpoint.groups["carried"]?.doubles[name] = [0] }
      checkpoints[name] = checkpoint
    }
    self.checkpoints = checkpoints
    try #require(checkpoints.values.contains { $0.groups["carried"]?.doubles.isEmpty == false })
  }
}
