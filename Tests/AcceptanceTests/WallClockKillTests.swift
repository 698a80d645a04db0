// Killed at any moment of its time, not only where something is being written: begun again as its user would, everything ends with the same bits.

import Glibc
import Kernels
import Storage
import TestSupport
import Testing

/// Something that takes time and may be killed in it.
struct KilledWork: Sendable, CustomTestStringConvertible {
  let name: String
  /// How many kills the long tests want of it.
  let kills: Int
  /// What must be there before: done once, and never killed.
  let prepare: @Sendable (Workplace) throws -> Void
  /// What is typed, at first and after a kill.
  let words: @Sendable (Workplace) -> [String]
  /// Everything that must not depend on how often it was killed.
  let end: @Sendable (Workplace, ProgramOutcome) throws -> [String: [UInt8]]
  /// What it makes, from the working directory.
  let made: [String]

  var testDescription: String { name }
}

extension KilledWork {
  /// A run of an algorithm on a planted market, from nothing to its end.
  static func training(_ algorithm: String, _ settings: [String] = [], kills: Int = 14) -> KilledWork {
    let all = ["run.total_timesteps=16384", "run.checkpoint_interval=1024", "run.evaluation_interval=4096"] + settings
    return KilledWork(
      name: "train " + ([algorithm] + settings.prefix(1)).joined(separator: ", "), kills: kills,
      prepare: { try $0.folder.write(Workplace.planted("cue", algorithm: algorithm), to: "run.yaml") },
      words: { place in
        place.checkpointSteps("run").isEmpty
          ? ["train", "--config", "run.yaml", "--run", "run"] + all.flatMap { ["--set", $0] }
          : ["train", "--resume", "run"]
      },
      end: { place, outcome in
        let end = try RunEnd(place, outcome)
        var bytes = try end.checkpoints.mapValues { try $0.encoded() }
        bytes["rows"] = Array(end.rows.map { $0.joined(separator: ",") }.joined(separator: "\n").utf8)
        bytes["lines"] = Array(end.lines.joined(separator: "\n").utf8)
        bytes["files"] = Array(end.files.joined(separator: "\n").utf8)
        bytes["parameters"] = Array(end.parameters.utf8)
        return bytes
      }, made: ["checkpoints"])
  }

  /// A command that makes files, typed once more after a kill. `bytes`: what of them is always the same.
  static func command(
    _ words: [String], kills: Int, makes made: [String], prepare: @escaping @Sendable (Workplace) throws -> Void,
    bytes: @escaping @Sendable (Workplace, String) throws -> [UInt8] = { try $0.folder.bytes($1) }
  ) -> KilledWork {
    KilledWork(
      name: words[0], kills: kills, prepare: prepare, words: { _ in words },
      end: { place, _ in Dictionary(uniqueKeysWithValues: try made.map { ($0, try bytes(place, $0)) }) }, made: made)
  }

  /// A store without the clock's word on when it was made.
  private static func timelessStore(_ place: Workplace, _ path: String) throws -> [UInt8] {
    let contents = try MarketStore.read(place.folder.place(path))
    try MarketStore.write(
      contents.series, provenance: contents.provenance, qualityReport: contents.qualityReport, created: "",
      to: place.folder.place("timeless.h5"))
    return try place.folder.bytes("timeless.h5")
  }

  private static let members = """
    run: {seed: 3, total_timesteps: 8192, checkpoint_interval: 2048, evaluation_interval: 4096}
    environment: {name: martingale, lanes: 16}
    members:
      - {name: ppo, algorithm: {name: ppo_lstm, horizon: 32, batch_size: 128, epochs: 2}, network: {lstm_hidden: 8}}
      - {name: a2c, algorithm: {name: a2c, log_interval: 8}, network: {policy_tower: [8], value_tower: [8]}}
      - name: dqn
        algorithm: {name: dqn, buffer_size: 4000, learning_starts: 256, log_interval: 8, gradient_steps: 8}
        network: {hidden_layers: [8]}
    combination: {rule: soft_vote, weights: fitted}

    """

  private static let evaluated = ["evaluation.json", "report.md", "report.html"].map { "checkpoints/run/" + $0 }

  static let all: [KilledWork] =
    ["ppo", "ppo_mask", "ppo_lstm", "ppo_lstm_mask", "a2c", "a2c_mask", "a2c_lstm", "a2c_lstm_mask", "dqn", "dqn_mask"]
    .map { training($0) } + [
      training("dqn_mask", ["algorithm.replay_memory_mib=0", "algorithm.buffer_size=9000"]),
      command(
        ["ensemble", "three.yaml"], kills: 16,
        makes: ["checkpoints/three/policy.safetensors", "checkpoints/three/combination.json"],
        prepare: { try $0.folder.write(members, to: "three.yaml") }),
      command(
        ["import", "AAA=AAA.csv", "BBB=BBB.csv", "--output", "market.h5"], kills: 12, makes: ["market.h5"],
        prepare: { try $0.importMarket(bars: 6000) }, bytes: timelessStore),
      command(
        ["export", "run", "--output", "policy.safetensors"], kills: 12, makes: ["policy.safetensors"],
        prepare: { place in
          try place.importMarket()
          try place.train("run", Workplace.market)
        }),
      command(
        ["evaluate", "run"], kills: 12, makes: evaluated,
        prepare: { place in
          try place.importMarket()
          try place.train("run", Workplace.market)
        }),
    ]

  /// What is killed every day; the others in the long tests.
  static var today: [KilledWork] {
    SlowTests.areEnabled
      ? all : all.filter { ["train ppo_lstm_mask", "ensemble", "import", "export", "evaluate"].contains($0.name) }
  }
}

@Suite struct WallClockKillTests {
  @Test(arguments: KilledWork.today) func killedAtAnyMomentEqualsUninterrupted(work: KilledWork) throws {
    let place = try Workplace()
    try work.prepare(place)
    func forget() { for name in work.made { place.folder.remove(name) } }
    forget()
    let start = ContinuousClock.now
    let expected = try work.end(place, place.succeed(work.words(place)))
    let whole = ContinuousClock.now - start
    let microseconds = Double(whole.components.seconds) * 1e6 + Double(whole.components.attoseconds) * 1e-12

    let wanted = SlowTests.areEnabled ? work.kills : 2
    var random = RandomStream(seed: 7, purpose: .market)
    var kills = 0
    var isSame = true
    while kills < wanted {
      forget()
      let outcome = try finished(work, place, within: microseconds, random: &random, kills: &kills)
      try #require(outcome.exitCode == 0 && outcome.errors.isEmpty, "after \(kills) kills: \(outcome)")
      let found = try work.end(place, outcome)
      let others = Set(expected.keys).union(found.keys).filter { expected[$0] != found[$0] }.sorted()
      #expect(others.isEmpty, "after \(kills) kills other bits in \(others)")
      isSame = isSame && others.isEmpty
    }
    ProofTable.record(
      "resume: killed at any moment, \(work.name)", figure: "\(kills) kills, \(isSame ? "same bits" : "OTHER BITS")",
      threshold: "\(work.kills) kills, same bits", seeds: "-", holds: isSame && kills >= work.kills)
  }

  /// How it ends when it is killed up to four times, each time at a moment between its start and what it takes undisturbed.
  private func finished(
    _ work: KilledWork, _ place: Workplace, within microseconds: Double, random: inout RandomStream, kills: inout Int
  ) throws -> ProgramOutcome {
    for _ in 0..<4 {
      let program = try Program.strikeforge.start(work.words(place), in: place.folder.path)
      usleep(UInt32(microseconds * random.nextDouble()))
      program.send(SIGKILL)
      let outcome = try program.wait()
      guard outcome.signal == SIGKILL else { return outcome }
      kills += 1
    }
    return try place.strikeforge(work.words(place))
  }
}
