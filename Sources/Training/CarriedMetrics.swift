// Numbers that a run's next row shows again, as a checkpoint holds them: each under its own name.

import AgentInterface

enum CarriedMetrics {
  private static let prefix = "carried/"

  /// One vector of one number for each metric, at `carried/` and its name, and how many there are.
  static func record(_ metrics: [String: Double]) -> StateRecord {
    StateRecord(
      doubles: Dictionary(uniqueKeysWithValues: metrics.map { (prefix + $0.key, [$0.value]) }),
      integers: [countName: [Int64(metrics.count)]])
  }

  /// What `record` wrote, or an older program: that one saved places in the list of metrics, and their numbers beside them.
  static func read(_ state: StateRecord) throws(RestoreError) -> [String: Double] {
    if state.integers[placesName] != nil { return try readPlaces(state) }
    var metrics: [String: Double] = [:]
    for name in state.doubles.keys.sorted() where name.hasPrefix(prefix) {
      metrics[String(name.dropFirst(prefix.count))] = try state.doubles(name, count: 1)[0]
    }
    let count = try state.integers(countName, count: 1)[0]
    guard count == metrics.count else {
      throw .invalid(name: countName, reason: "it is \(count), and \(metrics.count) metrics are there")
    }
    return metrics
  }

  private static func readPlaces(_ state: StateRecord) throws(RestoreError) -> [String: Double] {
    let places = try state.integers(placesName)
    let values = try state.doubles("progress/carried_values", count: places.count)
    var metrics: [String: Double] = [:]
    for (place, value) in zip(places, values) {
      guard let index = Int(exactly: place), namesOfPlaces.indices.contains(index) else {
        throw .invalid(name: placesName, reason: "there is no metric \(place)")
      }
      metrics[namesOfPlaces[index]] = value
    }
    return metrics
  }

  private static let countName = "progress/carried_count"
  private static let placesName = "progress/carried_metrics"

  /// What the places of older files mean. It never changes, whatever metrics come later.
  private static let namesOfPlaces = [
    "eval/mean_ep_length", "eval/mean_reward", "rollout/ep_len_mean", "rollout/ep_rew_mean",
    "rollout/exploration_rate", "rollout/illegal_attempts", "time/fps", "time/iterations", "time/time_elapsed",
    "time/total_timesteps", "time/sps_rollout", "time/sps_update", "train/approx_kl", "train/clip_fraction",
    "train/clip_range", "train/entropy_loss", "train/explained_variance", "train/grad_norm", "train/learning_rate",
    "train/loss", "train/mask_allowed_frac", "train/n_updates", "train/policy_gradient_loss", "train/policy_loss",
    "train/q_values", "train/value_loss", "train/clip_range_vf", "train/priority_correction",
  ]
}
