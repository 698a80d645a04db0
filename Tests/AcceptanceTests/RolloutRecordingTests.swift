// Reports and recorded rollouts from outside, on a market and on planted ones.

import Storage
import TestSupport
import Testing

@Suite struct RolloutRecordingTests {
  @Test func anEvaluationIsRecordedStepByStep() throws {
    let place = try Workplace()
    try place.importMarket()
    try place.train("run", Workplace.market)
    let outcome = try place.succeed([
      "evaluate", "run", "--checkpoint", "latest", "--record-rollouts", "--write-actions", "actions",
    ])
    #expect(outcome.output.contains("with pictures: checkpoints/run/report.html"))
    let path = place.file("run", "rollouts.h5")
    let file = try RolloutFile.read(place.folder.place(path))

    // Greedy, then stochastic, 247 decisions each: see `WalkTests`.
    let steps = 2 * 247
    #expect(file.columns["episodes/start"]?.values == .integers([0, 247]))
    #expect(file.columns["episodes/length"]?.values == .integers([247, 247]))
    #expect(file.columns["episodes/is_stochastic"]?.values == .bytes([0, 1]))
    for name in ["actions", "rewards", "terminations", "truncations", "episode_starts", "log_probs"] {
      #expect(file.columns[name]?.values.count == steps && file.columns[name]?.width == nil, "\(name)")
    }
    #expect(file.columns["observations"]?.width == 26 && file.columns["observations"]?.values.count == steps * 26)
    #expect(file.columns["action_masks"]?.width == 9 && file.columns["action_masks"]?.values.count == steps * 9)

    guard case .integers(let actions)? = file.columns["actions"]?.values,
      case .floats(let rewards)? = file.columns["rewards"]?.values,
      case .bytes(let masks)? = file.columns["action_masks"]?.values,
      case .floats(let probabilities)? = file.columns["probabilities"]?.values,
      case .integers(let values)? = file.columns["infos/net_liquidation_microdollars"]?.values,
      case .integers(let fillSteps)? = file.columns["fills/step"]?.values,
      case .bytes(let truncations)? = file.columns["truncations"]?.values
    else {
      Issue.record("columns of other kinds: \(file.columns.keys.sorted())")
      return
    }
    let written = try place.folder.read("actions").split(separator: "\n").map { try #require(Int64($0)) }
    #expect(Array(actions.prefix(247)) == written)
    #expect(truncations.indices.filter { truncations[$0] == 1 } == [246, 493])
    for step in 0..<steps {
      #expect(masks[9 * step + Int(actions[step])] == 1)
      let row = probabilities[(9 * step)..<(9 * step + 9)]
      #expect(abs(row.reduce(0, +) - 1) < 1e-5)
      #expect(zip(row, masks[(9 * step)..<(9 * step + 9)]).allSatisfy { $1 == 1 || $0 == 0 })
      // A reward is the change of the account, which begins anew with each run.
      let before = step % 247 == 0 ? 2_000_000_000 : values[step - 1]
      #expect(rewards[step] == Float(Double(values[step] - before) * 1e-6))
    }
    #expect(fillSteps == fillSteps.sorted() && fillSteps.allSatisfy { (0..<Int64(steps)).contains($0) })
    #expect(file.attributes["run"] == "run" && file.attributes["window"] == "held-out")
    #expect(file.attributes["parameters_sha256"]?.count == 64 && file.attributes["data_fingerprint"]?.isEmpty == false)

    let shown = try place.succeed(["inspect", path])
    #expect(shown.output.contains("recorded rollouts") && shown.output.contains("494 x 26 f32"))
    // Never silently over an earlier one; elsewhere on request, and the same evaluation gives the same bytes.
    let again = try place.strikeforge("evaluate", "run", "--checkpoint", "latest", "--record-rollouts")
    #expect(again.exitCode == 1 && again.errors.contains("rollouts.h5") && again.errors.contains("another file"))
    try place.succeed(["evaluate", "run", "--checkpoint", "latest", "--record-rollouts=other.h5"])
    #expect(try place.folder.bytes("other.h5") == place.folder.bytes(path))
  }

  @Test func reportsLieInTheRunsFolder() throws {
    let place = try Workplace()
    try place.train("run", Workplace.planted("cue", algorithm: "ppo_lstm_mask"))
    try place.succeed(["evaluate", "run", "--record-rollouts=cue.h5", "--json"])
    let page = try place.folder.read(place.file("run", "report.html"))
    #expect(page.contains("Verdict: ") && page.contains("<svg") && page.contains("known optimum"))
    #expect(try place.folder.read(place.file("run", "report.md")).hasPrefix("# Evaluation on the planted market cue\n"))
    try place.succeed(["evaluate", "run"])
    #expect(try place.folder.read(place.file("run", "report.html")) == page)
    let file = try RolloutFile.read(place.folder.place("cue.h5"))
    // Days of 8 bars: 256 decisions are 32 episodes, greedy and stochastic.
    #expect(file.columns["episodes/length"]?.values == .integers([Int64](repeating: 8, count: 64)))
    #expect(file.columns["actions"]?.values.count == 512)
  }

  /// What a run gathered is there for whoever does its arithmetic again, and recording changes none of it.
  @Test func aRunKeepsWhatItGatheredFirst() throws {
    let place = try Workplace()
    let settings = Workplace.planted("cue", algorithm: "ppo_lstm_mask")
    let name = "training-rollouts.h5"
    try place.train("plain", settings)
    try place.folder.write(settings, to: "run.yaml")
    try place.succeed(["train", "--config", "run.yaml", "--run", "run", "--record-rollouts", "3"])
    let ends = try ["plain", "run"].map { try place.checkpoint(place.file($0, "checkpoint-4096.h5")) }
    #expect(ends[0].groups["network"] == ends[1].groups["network"])

    // Rollouts of 32 steps of 16 lanes, with the row that each ends in where the next begins there.
    let file = try RolloutFile.read(place.folder.place(place.file("run", name)))
    #expect(file.attributes["content"] == "training" && file.attributes["rollouts"] == "3")
    for column in ["actions", "rewards", "log_probs", "values", "bootstrap_values", "terminations", "truncations"] {
      #expect(file.columns[column]?.values.count == 3 * 32 * 16, "\(column)")
    }
    #expect(file.columns["observations"]?.width == 2 && file.columns["observations"]?.values.count == 3 * 33 * 16 * 2)
    #expect(file.columns["action_masks"]?.width == 3 && file.columns["action_masks"]?.values.count == 3 * 33 * 16 * 3)
    guard case .bytes(let starts)? = file.columns["episode_starts"]?.values,
      case .floats(let logProbabilities)? = file.columns["log_probs"]?.values
    else {
      Issue.record("columns of other kinds: \(file.columns.keys.sorted())")
      return
    }
    // A rollout begins as the one before it ended; days of eight bars begin every eighth step.
    for rollout in 1..<3 {
      let (end, begin) = ((33 * rollout - 1) * 16, 33 * rollout * 16)
      #expect(Array(starts[end..<end + 16]) == Array(starts[begin..<begin + 16]))
    }
    #expect(starts[..<(32 * 16)].reduce(0) { $0 + Int($1) } == 4 * 16)
    #expect(logProbabilities.allSatisfy { $0 <= 0 && $0 > -3 })
    #expect(try place.succeed(["inspect", place.file("run", name)]).output.contains("recorded rollouts"))

    for (arguments, part) in [
      (["--record-rollouts", "0", "--config", "run.yaml"], "from 1 to 1000"),
      (["--record-rollouts", "3", "--resume", "run"], "--record-rollouts cannot go with --resume"),
    ] {
      let refused = try place.strikeforge(["train"] + arguments)
      #expect(refused.exitCode == 64 && refused.errors.contains(part), "\(refused)")
    }
  }
}
