// Action values and logits far above 1: they are exported, evaluated and served as small ones are.

import TestSupport
import Testing
import Text

@Suite struct LargeValuesTests {
  /// The world, and settings.
  static let cases: [(String, [String])] = [
    // A position's change costs 100,000: the values of actions are in the tens of thousands.
    (
      "mean_reversion",
      [
        "algorithm.name=dqn", "environment.lanes=4", "environment.position_change_cost=100000",
        "algorithm.learning_rate=0.01", "algorithm.buffer_size=2000", "algorithm.target_update_interval=50",
        "algorithm.normalize_rewards=false",
      ]
    ),
    // The same with a value of the state beside the advantages.
    (
      "mean_reversion",
      [
        "algorithm.name=dqn", "environment.lanes=4", "environment.position_change_cost=100000",
        "algorithm.learning_rate=0.02", "algorithm.dueling=true", "algorithm.buffer_size=2000",
        "algorithm.target_update_interval=50", "algorithm.normalize_rewards=false",
      ]
    ),
    // Logits that a rate of learning beyond all reason drives away.
    (
      "mean_reversion",
      [
        "algorithm.name=a2c", "environment.lanes=4", "environment.position_change_cost=100000",
        "algorithm.learning_rate=0.05", "algorithm.normalize_rewards=false",
      ]
    ),
  ]

  @Test(arguments: cases) func largeValuesAreExportedAndEvaluated(world: String, settings: [String]) throws {
    let place = try Workplace()
    try place.succeed(
      ["train", "--run", "lv", "--set", "environment.name=\(world)", "--timesteps", "4000"]
        + settings.flatMap { ["--set", $0] })
    let exported = try place.succeed(["export", "lv", "--checkpoint", "latest"])
    for word in ["of its row's magnitude", "float32 itself may come to", "every parameter has the checkpoint's bits"] {
      #expect(exported.output.contains(word), "\(exported)")
    }
    try place.succeed(["evaluate", "lv", "--checkpoint", "latest"])
    // The bundle is read by the door that decides, golden rows and all.
    let described = try Program.serve.run(
      ["describe", "--policy", place.folder.place("checkpoints/lv/policy.safetensors")])
    #expect(described.exitCode == 0, "\(described)")
  }
}
