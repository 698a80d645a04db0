// How far a weekend's runs have come, and what that says of those that wait.

import Training

/// Read from the journal at once, before the next run is planned.
struct RetrainProgress: Sendable {
  /// By the run's name.
  var trained: [String: TrainedRun] = [:]
  /// Seconds that the judgement of a run took, by its name; 0 where an older journal does not say.
  var judging: [String: Double] = [:]
  /// Those that were trained to their end.
  var runs: [RetrainRun] = []

  /// Of which the gate will be asked.
  var candidates: Set<String> { Set(runs.map(\.candidate)) }

  /// How much longer, or shorter, the runs of this weekend trained than was expected of each: seconds an expected second. Of a run that is expected to
  /// take so long, a much shorter one says nothing: saving and starting are most of that.
  func paces(of expected: Double) -> [Double] {
    runs.compactMap { run in
      guard let done = trained[run.name], done.expected > 0, done.used > 0, done.expected >= expected / 10 else {
        return nil
      }
      return done.used / done.expected
    }
  }

  /// The same of their judgements.
  func judgingPaces(_ rates: RetrainRates) -> [Double] {
    runs.compactMap { run in
      guard let used = judging[run.name], used > 0, let expected = rates.shapes[run.shape]?.judgementCost().expected,
        expected > 0
      else { return nil }
      return used / expected
    }
  }

  /// What must follow training, with what is known by now.
  func reserve(_ rates: RetrainRates, opponentsAreKnown: Bool) -> Cost {
    candidates.reduce(rates.reserve(opponentsAreKnown: opponentsAreKnown, paces: judgingPaces(rates))) { reserve, _ in
      reserve + rates.gateCost
    }
  }
}
