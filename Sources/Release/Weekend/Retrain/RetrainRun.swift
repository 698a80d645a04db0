// One training of a weekend: a candidate with one seed.

private import Algorithms
private import Configuration
private import Storage
package import Text
package import Training

/// What is trained, in the order of the plan.
package struct RetrainRun: Sendable, Equatable {
  package var candidate: String
  package var seed: Int
  package var configuration: RunConfiguration
  package var mode: WarmStart.Mode?

  /// Also its folder's name.
  package var name: String { "\(candidate)-\(seed)" }

  /// Every run of a plan, with the windows of this weekend.
  static func all(of plan: RetrainPlan, _ windows: RetrainWindows) -> [RetrainRun] {
    plan.candidates.flatMap { candidate in
      candidate.seeds.map { seed in
        var configuration = candidate.configuration
        configuration.run.seed = seed
        windows.apply(to: &configuration.split)
        return RetrainRun(
          candidate: candidate.name, seed: seed, configuration: configuration, mode: candidate.mode)
      }
    }
  }

  /// What decides how long a rollout takes: runs of one shape have one rate.
  var shape: String {
    var sections = configuration.json.objectValue ?? [:]
    var run = sections["run"]?.objectValue ?? [:]
    for name in ["seed", "model_name", "total_timesteps", "checkpoint_interval", "evaluation_interval"] {
      run[name] = nil
    }
    sections["run"] = .object(run)
    return String(SHA256.hex(Array(JSON.object(sections).text.utf8)).prefix(16))
  }

  var rollouts: Int { configuration.wholeTimesteps / configuration.stepsPerRollout }
}

/// What became of a run.
package struct TrainedRun: Sendable, Equatable {
  package enum State: String, Sendable {
    case trained
    /// There was no time for it, or it took more than was kept for it: neither judged nor published.
    case cut
    /// It ended by itself, for example since its numbers were none any more.
    case failed
  }

  package var name: String
  package var state: State
  /// Why it was cut or failed; the digest of its parameters where it was trained.
  package var words: String
  package var bestStep: Int?
  /// Seconds.
  package var expected: Double
  package var safe: Double
  package var used: Double
  /// How far what it sees has moved from what the champion saw, in sentences.
  package var drift: [String]

  package init(
    name: String, state: State, words: String, bestStep: Int? = nil, expected: Double, safe: Double, used: Double,
    drift: [String] = []
  ) {
    self.name = name
    self.state = state
    self.words = words
    self.bestStep = bestStep
    (self.expected, self.safe, self.used) = (expected, safe, used)
    self.drift = drift
  }

  init?(_ json: JSON) {
    guard let name = json["name"]?.stringValue, let state = json["state"]?.stringValue.flatMap(State.init(rawValue:)),
      let words = json["words"]?.stringValue
    else { return nil }
    self.init(
      name: name, state: state, words: words, bestStep: json["best_step"]?.integerValue,
      expected: json["expected_seconds"]?.doubleValue ?? 0, safe: json["safe_seconds"]?.doubleValue ?? 0,
      used: json["used_seconds"]?.doubleValue ?? 0,
      drift: (json["drift"]?.arrayValue ?? []).compactMap(\.stringValue))
  }

  var json: JSON {
    [
      "name": .string(name), "state": .string(state.rawValue), "words": .string(words),
      "best_step": bestStep.map { .integer(Int64($0)) } ?? .null, "expected_seconds": .number(expected),
      "safe_seconds": .number(safe), "used_seconds": .number(used), "drift": .array(drift.map(JSON.string)),
    ]
  }
}
