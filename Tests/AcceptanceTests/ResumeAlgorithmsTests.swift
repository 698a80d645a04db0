// Every learner's run, killed and resumed with another number of workers, equals one that never was.

import Glibc
import Kernels
import Storage
import TestSupport
import Testing

@Suite struct ResumeAlgorithmsTests {
  /// Checkpoints often enough to be met, on the made-up market.
  private static let configurations = [
    "a2c_lstm_mask": """
    run: {seed: 4, total_timesteps: 102400, workers: 1, checkpoint_interval: 5120, evaluation_interval: 25600}
    algorithm: {name: a2c_lstm_mask, optimizer: rmsprop_tf, log_interval: 7}
    network: {lstm_hidden: 16}
    """,
    "dqn": """
    run: {seed: 5, total_timesteps: 20480, workers: 1, checkpoint_interval: 1024, evaluation_interval: 5120}
    algorithm: {name: dqn, buffer_size: 4000, batch_size: 64, gradient_steps: 24, target_update_interval: 500,
      log_interval: 7}
    """,
    "dqn_mask": """
    run: {seed: 6, total_timesteps: 20480, workers: 1, checkpoint_interval: 1024, evaluation_interval: 5120}
    algorithm: {name: dqn_mask, buffer_size: 4000, batch_size: 80, gradient_steps: 24, target_update_interval: 500,
      log_interval: 7, double: true, dueling: true, prioritized: true, n_step: 3, tau: 0.5}
    """,
    "dqn, replay in a file": """
    run: {seed: 5, total_timesteps: 61440, workers: 1, checkpoint_interval: 2048, evaluation_interval: 10240}
    algorithm: {name: dqn, buffer_size: 20000, batch_size: 64, gradient_steps: 8, target_update_interval: 500,
      log_interval: 7, replay_memory_mib: 1, n_step: 3}
    """,
    "dqn_mask, replay in a file": """
    run: {seed: 6, total_timesteps: 20480, workers: 1, checkpoint_interval: 1024, evaluation_interval: 5120}
    algorithm: {name: dqn_mask, buffer_size: 4000, batch_size: 80, gradient_steps: 24, target_update_interval: 500,
      log_interval: 7, double: true, prioritized: true, replay_memory_mib: 0, replay_precision: float16}
    """,
  ]

  @Test(arguments: ["a2c_lstm_mask", "dqn", "dqn_mask", "dqn, replay in a file", "dqn_mask, replay in a file"])
  func killedAndResumedEqualsUninterrupted(algorithm: String) throws {
    let place = try Workplace()
    try place.importMarket()
    let own = try #require(Self.configurations[algorithm])
    // The market's configuration without its algorithm, and what is set here over it.
    let market = Workplace.market.split(separator: "\n").filter {
      !$0.hasPrefix("algorithm:") && !$0.hasPrefix("network:") && !$0.hasPrefix("run:")
    }
    try place.folder.write(market.joined(separator: "\n") + "\n", to: "base.yaml")
    try place.folder.write("base: base.yaml\n" + own + "\n", to: "run.yaml")
    let words = ["train", "--config", "run.yaml", "--run", "run"]
    let expected = try RunEnd(place, place.succeed(words))
    let total = try #require(expected.steps.last)
    let hasFile = algorithm.contains("file")
    #expect(place.folder.exists("checkpoints/run/replay.h5") == hasFile)
    place.folder.remove("checkpoints")

    var random = RandomStream(seed: 1, purpose: .market)
    var program = try Program.strikeforge.start(words, in: place.folder.path, isIdle: true)
    let moments = [0.15, 0.4, 0.65].map { $0 + 0.1 * random.nextDouble() }
    for (index, moment) in moments.enumerated() {
      _ = try program.wait { Double(place.checkpointSteps("run").last ?? 0) >= moment * Double(total) }
      usleep(UInt32(random.nextInteger(below: 20_000)))
      program.send(SIGKILL)
      try #require(program.wait().signal == SIGKILL, "the run ended before it was killed at \(moment) of it")
      program = try Program.strikeforge.start(
        ["train", "--resume", "run", "--set", "run.workers=\(2 + index % 2)"], in: place.folder.path, isIdle: true)
    }
    let outcome = try program.wait()
    try #require(outcome.exitCode == 0 && outcome.errors.isEmpty, "\(outcome)")
    let found = try RunEnd(place, outcome)
    let isSame =
      found.parameters == expected.parameters && found.rows == expected.rows && found.lines == expected.lines
      && found.files == expected.files
    #expect(isSame, "\(algorithm): \(found.parameters), \(expected.parameters)")
    for (name, content) in expected.checkpoints {
      // The configuration says with how many workers each was written.
      var (one, other) = (found.checkpoints[name], content)
      one?.attributes["configuration"] = nil
      other.attributes["configuration"] = nil
      #expect(one == other, "\(name) of \(algorithm)")
    }
    ProofTable.record(
      "resume: \(algorithm), killed", figure: "3 kills, \(isSame ? "same bits" : "OTHER BITS")",
      threshold: "same bits", seeds: "-", holds: isSame)
  }
}
