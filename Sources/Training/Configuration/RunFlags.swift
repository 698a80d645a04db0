// Flags that stand for settings of a run, by the names that users of such trainers know.

private import Algorithms
package import Configuration
private import Text

/// A flag of `train` that is short for `--set key=value`.
package typealias SettingFlag = SettingFlagOf<RunConfiguration>

extension SettingFlagOf where Root == RunConfiguration {
  /// All of them, in the order of the help.
  package static var all: [SettingFlag] {
    [
      list("symbols", "environment.assets", "A,B", "symbols to trade, in order"),
      scalar("timesteps", "run.total_timesteps", "N", "environment steps, rounded up to whole rollouts"),
      text("model-name", "run.model_name", "NAME", "the policy's name; also the run's, unless --run names it"),
      text(
        "data-source", "environment.data_source", "LAYOUT",
        "refuses a store that was not imported from that vendor's layout, massive for one; downloads nothing"),
      text(
        "surface", "environment.surface", "KIND",
        "where quotes of options come from: auto, chain, or SYNTHETIC by fair or market"),
      text(
        "index", "environment.volatility_index", "SYMBOL",
        "the index of which SYNTHETIC quotes are made; VIX by default"),
      text("start", "split.training_from", "DATE", "the first date that training may see; rolls to the next session"),
      scalar("intraday-days", "split.training_sessions", "N", "trains on the last N sessions of the training window"),
      list(
        "allow-idle", "environment.allow_idle", "A,B",
        "symbols whose options may be trained although an entry hardly ever fits their limits"),
      flag(
        "human-momentum", "environment.human_momentum",
        "six columns of momentum for options, and a penalty for entries against it"),
      text(
        "margin", "environment.margin", "COVER",
        "of premium that is sold: spread, or naked, which every report then says"),
      text("env", "environment.name", "NAME", "the same as --environment"),
      text(
        "environment", "environment.name", "NAME", "what is played: `strikeforge list` names them all"),
      text(
        "algorithm", "algorithm.name", "NAME",
        "ppo or a2c, with _lstm, _mask or _lstm_mask behind it for memory and mask; dqn or dqn_mask"
      ),
      variant("policy", "lstm|mlp", "whether the policy remembers", ["lstm": true, "mlp": false]) { tag, value in
        AlgorithmTag(tag.family, hasMemory: value, isMasked: tag.isMasked)
      },
      variant("mask", "on|off", "whether forbidden actions are masked", ["on": true, "off": false]) { tag, value in
        AlgorithmTag(tag.family, hasMemory: tag.hasMemory, isMasked: value)
      },
      scalar("learning-rate", "algorithm.learning_rate", "X", "the optimizer's step size"),
      scalar("ent-coef", "algorithm.entropy_coefficient", "X", "weight of the entropy"),
      scalar("vf-coef", "algorithm.value_coefficient", "X", "weight of the value loss"),
      scalar("gamma", "algorithm.gamma", "X", "discount a step"),
      scalar("gae-lambda", "algorithm.gae_lambda", "X", "trace decay of the advantages"),
      scalar("clip-range", "algorithm.clip_range", "X", "PPO's clip"),
      scalar("max-grad-norm", "algorithm.max_gradient_norm", "X", "clip of the global gradient norm"),
      scalar("n-steps", "algorithm.horizon", "N", "steps a lane makes between two updates"),
      scalar("n-envs", "environment.lanes", "N", "environments side by side"),
      scalar("batch-size", "algorithm.batch_size", "N", "steps of a minibatch"),
      scalar("n-epochs", "algorithm.epochs", "N", "passes over a rollout"),
      scalar("seed", "run.seed", "N", "names every stream of random numbers"),
    ]
  }

  package static func named(_ name: String) -> SettingFlag? { all.first { $0.name == name } }

  /// One switch of the algorithm's name; the other stays as the layers below have it.
  private static func variant(
    _ name: String, _ valueName: String, _ help: String, _ words: [String: Bool],
    _ change: @escaping @Sendable (AlgorithmTag, Bool) -> AlgorithmTag?
  ) -> SettingFlag {
    SettingFlag(name: name, key: "algorithm.name", valueName: valueName, help: help) {
      text, below throws(ConfigurationError) in
      guard let value = words[text] else {
        throw .wrongValue(
          key: "algorithm.name", source: "--" + name, found: text,
          expected: words.keys.sorted().joined(separator: " or "))
      }
      guard let changed = change(below.algorithm, value) else {
        throw .conflict(
          "--\(name) \(text): there is no such variant of \(below.algorithm.rawValue); leave the flag out")
      }
      return .string(changed.rawValue)
    }
  }
}
