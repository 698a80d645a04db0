// One row of a run's log, and the places it goes to.

/// Named numbers at one step. A number that is not known yet is left out; NaN is a known undefined value.
package struct MetricRow: Sendable, Equatable {
  package let step: Int
  package private(set) var values: [String: Double] = [:]

  package init(step: Int) { self.step = step }

  package subscript(name: String) -> Double? {
    get { values[name] }
    set { values[name] = newValue }
  }

  /// The names that have a number, in the order of `MetricNames.known`, then any others by the alphabet.
  package var names: [String] {
    let known = MetricNames.known.filter { values[$0] != nil }
    return known + values.keys.filter { !MetricNames.known.contains($0) }.sorted()
  }
}

/// The metric names of stable-baselines3 2.9 with this product's additions, in the order in which they are shown.
package enum MetricNames {
  package static let all = [
    "eval/mean_ep_length", "eval/mean_reward", "rollout/ep_len_mean", "rollout/ep_rew_mean",
    "rollout/exploration_rate",
    "rollout/illegal_attempts", "time/fps", "time/iterations", "time/time_elapsed", "time/total_timesteps",
    "time/sps_rollout", "time/sps_update", "train/approx_kl", "train/clip_fraction", "train/clip_range",
    "train/entropy_loss", "train/explained_variance", "train/grad_norm", "train/learning_rate", "train/loss",
    "train/mask_allowed_frac", "train/n_updates", "train/policy_gradient_loss", "train/policy_loss", "train/q_values",
    "train/value_loss",
  ]

  /// The columns, then what has none because most runs do not have it: it stands in the other logs.
  package static let known = all + ["train/clip_range_vf", "train/priority_correction"]

  /// The columns of a run whose algorithm tells of these names too.
  package static func columns(with names: [String]) -> [String] { all + names.filter { !known.contains($0) } }

  /// The numbers that depend on the clock: two equal runs differ in these alone.
  package static let clockNames: Set<String> = [
    "time/fps", "time/time_elapsed", "time/sps_rollout", "time/sps_update",
  ]
}

/// A place that rows go to.
package protocol MetricSink: AnyObject {
  func write(_ row: MetricRow) throws(TrainingError)
  /// Brings what was written to the disk, so that no checkpoint is ahead of its log.
  func flush() throws(TrainingError)
}
