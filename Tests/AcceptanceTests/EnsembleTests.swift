// Ensembles from outside: trained side by side, killed and begun again, combined, evaluated and served as one policy, refused where they cannot be.

import AgentInterface
import Glibc
import Inference
import Kernels
import Storage
import TestSupport
import Testing
import Text

@Suite struct EnsembleTests {
  /// PPO, A2C and DQN on the made-up market of `Workplace.importMarket`, long enough to be met on the way.
  private static func market(steps: Int = 8192) -> String {
    """
    run: {seed: 3, total_timesteps: \(steps), checkpoint_interval: 2048, evaluation_interval: 4096}
    environment: {name: dual_ticker, store: market.h5, lanes: 16, episode_length: 40}
    split:
      training_from: 2001-01-02
      training_until: 2002-12-31
      selection_from: 2003-01-01
      selection_until: 2003-12-31
      held_out_from: 2004-01-02
      held_out_until: 2004-12-31
    members:
      - {name: ppo, algorithm: {name: ppo_lstm_mask, horizon: 32, batch_size: 128, epochs: 2}, network: {lstm_hidden: 8}}
      - {name: a2c, algorithm: {name: a2c_mask, log_interval: 8}, network: {policy_tower: [8], value_tower: [8]}}
      - name: dqn
        algorithm: {name: dqn_mask, buffer_size: 4000, learning_starts: 256, log_interval: 8, gradient_steps: 8}
        network: {hidden_layers: [8]}
    combination: {rule: soft_vote, weights: fitted}

    """
  }

  /// Members on a planted market that needs no file.
  private static func planted(_ members: String, _ more: String = "") -> String {
    """
    run: {seed: 5, total_timesteps: 4096, checkpoint_interval: 2048, evaluation_interval: 2048}
    environment: {name: martingale, lanes: 16}
    members:
    \(members)
    \(more)
    """
  }

  private static let ppo =
    "  - {name: one, algorithm: {name: ppo, horizon: 32, batch_size: 128, epochs: 2}, network: {policy_tower: [8], value_tower: [8]}}\n"
  private static let a2c =
    "  - {name: two, algorithm: {name: a2c}, network: {policy_tower: [8], value_tower: [8]}}\n"

  /// An ensemble that has its file written down and its command run.
  private func place(_ text: String) throws -> Workplace {
    let place = try Workplace()
    try place.folder.write(text, to: "three.yaml")
    return place
  }

  private func states(_ place: Workplace, _ run: String = "three") throws -> [String: String] {
    let json = try JSON.parse(place.folder.read("checkpoints/\(run)/members.json"))
    return Dictionary(
      uniqueKeysWithValues: (json["members"]?.arrayValue ?? []).map {
        ($0["name"]?.stringValue ?? "", $0["state"]?.stringValue ?? "")
      })
  }

  /// Everything that must not depend on how it came about: the bundle, the record of the combination, and what the members learned.
  private struct End: Equatable {
    let bundle: [UInt8]
    let record: String
    let evaluation: String

    init(_ place: Workplace) throws {
      bundle = try place.folder.bytes("checkpoints/three/policy.safetensors")
      record = try place.folder.read("checkpoints/three/combination.json")
      evaluation = try place.succeed(["evaluate", "three", "--json"]).output
    }
  }

  // MARK: What another program may write

  /// The rows of a member are a file like any other: whatever it says, the ensemble ends as it would have.
  @Test(arguments: ["nan", "1e30", "-1", "1e18"]) func aRowThatIsNoRow(_ number: String) throws {
    let place = try place(Self.planted(Self.ppo + Self.a2c))
    try place.succeed(["ensemble", "three.yaml"])
    let expected = try place.folder.bytes("checkpoints/three/policy.safetensors")
    let path = "checkpoints/three/two/progress.csv"
    var lines = try place.folder.read(path).split(separator: "\n").map(String.init)
    let columns = lines[0].split(separator: ",")
    for name in ["time/total_timesteps", "time/fps", "rollout/ep_rew_mean"] {
      let column = try #require(columns.firstIndex { $0 == name })
      var fields = lines[lines.count - 1].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      fields[column] = number
      lines[lines.count - 1] = fields.joined(separator: ",")
    }
    try place.folder.write(lines.map { $0 + "\n" }.joined(), to: path)
    // The last checkpoint is gone, so that the member is trained again beside its rows.
    place.folder.remove("checkpoints/three/two/checkpoint-4096.h5")
    for words in [["ensemble", "three.yaml"], ["ensemble", "--resume", "three"]] { try place.succeed(words) }
    #expect(try place.folder.bytes("checkpoints/three/policy.safetensors") == expected)
  }

  // MARK: The whole road

  /// Trained, combined, evaluated and served; and the same bits where the one who trains it, or a member, is killed on the way.
  @Test func survivesKillsAndDecidesAsOne() throws {
    let words = ["ensemble", "three.yaml"]
    let steps = SlowTests.areEnabled ? 131_072 : 32_768
    let place = try place(Self.market(steps: steps))
    try place.importMarket()
    let outcome = try place.succeed(words)
    for text in [
      "ensemble folder: checkpoints/three", "ppo: finished", "a2c: finished", "dqn: finished",
      "weights: the best of 66",
    ] {
      #expect(outcome.output.contains(text), "\(outcome.output)")
    }
    let expected = try End(place)
    try oneRoad(place)

    // Once more with everything there: nothing is trained again.
    let before = try place.folder.read("checkpoints/three/ppo/progress.csv")
    let again = try place.succeed(words)
    #expect(again.output.contains("goes on with what is there") && !again.output.contains("training"))
    #expect(try place.folder.read("checkpoints/three/ppo/progress.csv") == before && End(place) == expected)

    place.folder.remove("checkpoints")
    let kills = try finishInSpiteOfKills(place, words: words, steps: steps)
    let found = try End(place)
    let isSame = found == expected
    #expect(isSame)
    ProofTable.record(
      "resume: ensemble of PPO, A2C and DQN", figure: "\(kills) kills, \(isSame ? "same bits" : "OTHER BITS")",
      threshold: "3 kills, same bits", seeds: "3", holds: isSame && kills >= 3)
  }

  /// Kills the driver early, a member, and the driver once more.
  private func finishInSpiteOfKills(_ place: Workplace, words: [String], steps: Int) throws -> Int {
    func lastStep(_ member: String) -> Int { place.checkpointSteps("three/" + member).last ?? -1 }
    var kills = 0
    // Once a member has something, and all its members go with it.
    var program = try Program.strikeforge.start(words, in: place.folder.path)
    _ = try program.wait { lastStep("ppo") >= steps / 8 }
    let orphans = children(of: program.process)
    program.send(SIGKILL)
    try #require(program.wait().signal == SIGKILL)
    kills += 1
    #expect(!orphans.isEmpty)
    for _ in 0..<60_000 where orphans.contains(where: { kill($0, 0) == 0 && !isZombie($0) }) { usleep(1000) }
    for orphan in orphans { #expect(kill(orphan, 0) != 0 || isZombie(orphan), "process \(orphan) lives on") }

    // A member alone: the others go on, nothing is combined, and the cause is told.
    program = try Program.strikeforge.start(words, in: place.folder.path)
    var victim: pid_t?
    _ = try program.wait {
      victim = self.children(of: program.process).first { self.commandLine($0).contains("three/dqn") }
      return victim != nil && lastStep("dqn") >= steps / 4
    }
    if let victim {
      kill(victim, SIGKILL)
      kills += 1
    }
    let failed = try program.wait()
    #expect(failed.exitCode == 1 && failed.errors.contains("member dqn failed: it was killed by signal 9"), "\(failed)")
    #expect(failed.errors.contains("strikeforge ensemble --resume three --without-failed"))
    #expect(try states(place) == ["ppo": "finished", "a2c": "finished", "dqn": "failed"])
    #expect(!place.folder.exists("checkpoints/three/policy.safetensors"))

    // And the driver again; this time it goes on by its name.
    program = try Program.strikeforge.start(["ensemble", "--resume", "three"], in: place.folder.path)
    let saved = lastStep("dqn")
    _ = try program.wait { lastStep("dqn") > saved }
    program.send(SIGKILL)
    if try program.wait().signal == SIGKILL { kills += 1 }
    try place.succeed(["ensemble", "--resume", "three"])
    return kills
  }

  private func children(of process: pid_t) -> [pid_t] {
    let text =
      (try? String(decoding: FileSystem.read("/proc/\(process)/task/\(process)/children"), as: UTF8.self)) ?? ""
    return text.split(separator: " ").compactMap { pid_t($0) }
  }

  private func commandLine(_ process: pid_t) -> String {
    let bytes = (try? FileSystem.read("/proc/\(process)/cmdline")) ?? []
    return String(decoding: bytes.map { $0 == 0 ? 32 : $0 }, as: UTF8.self)
  }

  private func isZombie(_ process: pid_t) -> Bool {
    guard let bytes = try? FileSystem.read("/proc/\(process)/stat") else { return true }
    return String(decoding: bytes, as: UTF8.self).contains(") Z ")
  }

  /// The commands that take a run take an ensemble.
  private func oneRoad(_ place: Workplace) throws {
    let told = try place.succeed([
      "evaluate", "three", "--write-observations", "seen.jsonl", "--write-actions", "actions.txt",
    ])
    #expect(told.output.contains("VERDICT: no edge found."), "\(told.output)")
    #expect(told.output.contains("The ensemble and its members, greedy, mean daily return"))
    #expect(told.lines.allSatisfy { $0.count <= 80 })
    let json = try JSON.parse(place.folder.read("checkpoints/three/evaluation.json"))
    let members = try #require(json["ensemble"]?["members"]?.arrayValue)
    #expect(members.map { $0["name"]?.stringValue } == ["ppo", "a2c", "dqn"])
    #expect(json["ensemble"]?["fitted_on_this_window"] == false)
    let record = try JSON.parse(place.folder.read("checkpoints/three/combination.json"))
    let best = try #require(record["best_member"]?.stringValue)
    #expect(json["ensemble"]?["best_member"]?.stringValue == best)
    let disagreement = try #require(json["ensemble"]?["disagreement_with_best"]?.doubleValue)
    #expect(members.first { $0["name"]?.stringValue == best }?["disagreement"]?.doubleValue == disagreement)
    let weights = try #require(record["members"]?.arrayValue).compactMap { $0["weight"]?.integerValue }
    #expect(weights.reduce(0, +) == 1_000_000)
    let temperatures = try #require(record["members"]?.arrayValue).compactMap { $0["temperature"]?.doubleValue }
    #expect(temperatures[0] == 1 && temperatures[1] == 1 && temperatures[2] != 1)
    for name in ["report.md", "report.html"] {
      #expect(try place.folder.read("checkpoints/three/" + name).contains("The ensemble and its members"))
    }
    let selection = try place.succeed(["evaluate", "three", "--window", "selection"])
    #expect(selection.output.contains("were fitted on this very window"))

    let served = try place.serve(
      "once", "--policy", "checkpoints/three/policy.safetensors", input: place.folder.read("seen.jsonl"))
    let actions = try served.lines.map { try #require(JSON.parse($0)["action"]?.integerValue) }
    #expect(try actions == place.folder.read("actions.txt").split(separator: "\n").compactMap { Int($0) })

    try place.succeed(["export", "three", "--output", "again.safetensors"])
    #expect(
      try place.folder.bytes("again.safetensors") == place.folder.bytes("checkpoints/three/policy.safetensors"))
    #expect(try place.succeed(["inspect", "again.safetensors"]).output.contains("member dqn"))
    #expect(try place.succeed(["list"]).output.contains("  three  ensemble of 3, exported, evaluated"))
    let refused = try place.strikeforge("evaluate", "three", "--checkpoint", "latest")
    #expect(refused.exitCode == 64 && refused.errors.contains("--checkpoint cannot go with an ensemble"))
  }

  // MARK: Stopped and failed

  @Test func aSignalLetsTheMembersSaveAndSaysHowToGoOn() throws {
    let place = try place(
      Self.planted(Self.ppo + Self.a2c).replacing("total_timesteps: 4096", with: "total_timesteps: 40960000"))
    let program = try Program.strikeforge.start(["ensemble", "three.yaml", "--workers", "2"], in: place.folder.path)
    _ = try program.wait {
      ["one", "two"].allSatisfy { (place.checkpointSteps("three/" + $0).last ?? 0) > 0 }
    }
    let second = try place.strikeforge("ensemble", "three.yaml")
    #expect(second.exitCode == 1 && second.errors.contains("another process is training in"), "\(second)")
    program.send(SIGINT)
    let outcome = try program.wait()
    #expect(outcome.exitCode == 0 && outcome.errors.isEmpty, "\(outcome)")
    #expect(
      outcome.output.hasSuffix(
        "stopped by SIGINT after every member has saved; continue with\n  strikeforge ensemble --resume three\n"))
    #expect(try states(place) == ["one": "stopped", "two": "stopped"])
    for member in ["one", "two"] {
      // The last thing that was told is saved.
      let told = try place.progress("three/" + member).steps().last ?? 0
      #expect(try #require(place.checkpointSteps("three/" + member).last) >= told)
    }
  }

  /// One member diverges: the other is trained, nothing is combined unless that is asked for, and the bundle says who is missing.
  @Test func aMemberThatDivergesStopsNobodyElse() throws {
    // Eight layers without a bound on anything that they are changed by.
    let layers = "[\(Array(repeating: "16", count: 8).joined(separator: ", "))]"
    let sick = """
        - name: sick
          algorithm: {name: a2c, learning_rate: 10, max_gradient_norm: 1.0e+9, normalize_rewards: false}
          network: {policy_tower: \(layers), value_tower: \(layers), activation: relu}

      """
    let place = try place(Self.planted(sick + Self.a2c).replacing("martingale", with: "leak"))
    let failed = try place.strikeforge("ensemble", "three.yaml")
    #expect(failed.exitCode == 1 && failed.errors.contains("member sick failed: training stopped at step"), "\(failed)")
    #expect(failed.output.contains("two: finished") && failed.output.contains("sick: failed: training stopped"))
    #expect(try states(place) == ["sick": "failed", "two": "finished"])
    let manifest = try JSON.parse(place.folder.read("checkpoints/three/members.json"))
    #expect(manifest["members"]?.arrayValue?[0]["cause"]?.stringValue?.hasPrefix("training stopped") == true)
    let refused = try place.strikeforge("evaluate", "three")
    #expect(refused.exitCode == 1 && refused.errors.contains("holds no policy.safetensors"))

    place.folder.remove("checkpoints/three/two.log")
    let outcome = try place.strikeforge("ensemble", "--resume", "three", "--without-failed")
    #expect(outcome.exitCode == 0 && outcome.errors.contains("member sick failed"), "\(outcome)")
    let bundle = try PolicyBundle.load(path: place.folder.place("checkpoints/three/policy.safetensors"))
    #expect(bundle.policy.members.map(\.name) == ["two"])
    #expect(bundle.manifest.provenance["left_out"]?.hasPrefix("sick: training stopped") == true)
    // Evaluated and exported without it, and saying so.
    #expect(try place.succeed(["evaluate", "three"]).output.contains("The ensemble and its members"))
    try place.succeed(["export", "three"])
  }

  // MARK: Going on with newer data

  /// Each member of a new ensemble begins with the old one's of the same name.
  @Test func beginsWithWhatAnOlderEnsembleLearned() throws {
    let place = try place(Self.planted(Self.ppo + Self.a2c))
    try place.succeed(["ensemble", "three.yaml"])
    let words = ["ensemble", "three.yaml", "--run", "next", "--set", "run.seed=6", "--init-from", "three"]
    let unclear = try place.strikeforge(words)
    #expect(unclear.exitCode == 64 && unclear.errors.contains("--init-from needs --mode"))
    let foreign = try place.strikeforge(words + ["--mode", "continue", "--set", "environment.name=cue"])
    #expect(foreign.exitCode != 0 && !place.folder.exists("checkpoints/next"), "\(foreign)")
    try place.succeed(words + ["--mode", "continue"])
    for member in ["one", "two"] {
      let last = try #require(place.checkpointSteps("three/" + member).last)
      let old = try place.checkpoint("checkpoints/three/\(member)/checkpoint-\(last).h5")
      let new = try place.checkpoint("checkpoints/next/\(member)/checkpoint-0.h5")
      #expect(new.groups["network"]?.floats["parameters"] == old.groups["network"]?.floats["parameters"])
      #expect(
        new.attributes["init_mode"] == "continue" && new.attributes["init_from"]?.contains("three/\(member)") == true)
    }
    let other = try place.strikeforge(words + ["--mode", "finetune"])
    #expect(other.exitCode == 2 && other.errors.contains("it begins with three (finetune) there"), "\(other)")
  }

  // MARK: Refused

  @Test(
    arguments: [
      (planted("  - {name: x}\n  - {name: x}\n"), "two members are called x"),
      (planted("  - {weight: 1}\n  - {name: b}\n"), "some members have a weight and some have none"),
      (planted("  - {weight: 0}\n"), "no member has a weight above 0"),
      (planted("  - {seeds: [1, 1]}\n"), "must be a list of different whole numbers"),
      (planted("  - {algorithms: {name: a2c}}\n"), "did you mean 'algorithm'"),
      (planted("  - {algorithm: {gama: 0.9}}\n"), "algorithm.gama"),
      (planted("  - {name: ../x}\n"), "must be a name"),
      (planted("  - {name: policy}\n"), "is none of"),
      (planted("  - {config: none.yaml}\n"), "cannot read the configuration none.yaml"),
      (planted("  - {}\n", "combination: {rule: loudest}"), "one of soft_vote, hard_vote, mean_logits"),
      (planted("  - {}\n", "combination: {weight: fitted}"), "did you mean 'weights'"),
      ("run: {seed: 1}\n", "a list of at least one member"),
      (
        planted("  - {name: one}\n  - {name: two, environment: {name: leak}}\n"),
        "two and one cannot decide together: environment.name"
      ),
    ])
  func aPlanThatCannotBeIsRefused(text: String, reason: String) throws {
    let place = try place(text)
    let outcome = try place.strikeforge("ensemble", "three.yaml")
    #expect(outcome.exitCode == 1 && outcome.errors.contains(reason), "\(outcome)")
    #expect(outcome.errorLines.count == 1 && !place.folder.exists("checkpoints"))
  }

  /// A member whose folder holds another game, a member that is gone, a bundle that is damaged, another plan under the same name.
  @Test func whatDoesNotBelongTogetherIsRefused() throws {
    let place = try place(Self.planted(Self.ppo + Self.a2c))
    try place.succeed(["ensemble", "three.yaml"])
    let plan = try place.folder.read("checkpoints/three/ensemble.json")

    let other = try place.strikeforge("ensemble", "three.yaml", "--set", "run.seed=6")
    #expect(other.exitCode == 2 && other.errors.contains("run.seed of one is 6 there, not 5"), "\(other)")
    #expect(try place.folder.read("checkpoints/three/ensemble.json") == plan)

    // Who decides how may change; nothing is trained anew for it.
    try place.folder.write(Self.planted(Self.ppo + Self.a2c, "combination: {rule: hard_vote}"), to: "three.yaml")
    #expect(try place.succeed(["ensemble", "three.yaml"]).output.contains("training,") == false)
    #expect(
      try PolicyBundle.load(path: place.folder.place("checkpoints/three/policy.safetensors")).policy.rule == .hardVote)

    let damaged = try place.folder.bytes("checkpoints/three/policy.safetensors")
    var bytes = damaged
    bytes[bytes.count / 2] ^= 4
    try place.folder.write(bytes, to: "checkpoints/three/policy.safetensors")
    let refused = try place.strikeforge("evaluate", "three")
    #expect(refused.exitCode == 1 && refused.errors.contains("is damaged in its tensors"), "\(refused)")

    // A run of another game in a member's place: its checkpoint says so.
    try place.train(
      "leak", Workplace.planted("leak", algorithm: "a2c"), "run.total_timesteps=4096", "environment.lanes=16")
    place.folder.remove("checkpoints/three/two")
    try FileSystem.rename(
      place.folder.place("checkpoints/leak"), to: place.folder.place("checkpoints/three/two"))
    let foreign = try place.strikeforge("export", "three")
    #expect(foreign.exitCode != 0 && foreign.errors.contains("environment.name is leak"), "\(foreign)")
    place.folder.remove("checkpoints/three/two")
    let missing = try place.strikeforge("export", "three")
    #expect(missing.exitCode == 1 && missing.errors.contains("there is no run checkpoints/three/two"), "\(missing)")
  }
}
