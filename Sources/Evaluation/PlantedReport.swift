// Did it learn: a policy on a market whose optimum is known.

package import AgentInterface
package import Inference

/// Rewards of one decider over many lanes.
package struct PlantedRun: Sendable, Equatable {
  /// What a mean is a mean of.
  package enum Unit: String, Sendable {
    case step, episode

    /// `a step`, `an episode`.
    package var each: String { self == .step ? "a step" : "an episode" }
  }

  package var unit: Unit
  /// Rewards and numbers of units, by lane.
  package var sums: ClusteredSums
  package var steps: Int
  package var episodes: Int
  package var illegalAttempts: Int
  package var meanConfidence: Double?

  /// Mean reward per unit.
  package var mean: Double { sums.ratio }
  /// From the scatter of the lanes, whose steps may depend on each other.
  package var standardError: Double? { sums.standardError }

  /// Plays every lane until at least `steps` transitions are made over all lanes together.
  ///
  /// `makeDecider` gives each lane its own decider. Per episode only finished episodes count. The market's numbers depend on (seed,
  /// lane) alone, so runs with one seed meet the same market as far as the market ignores the actions. Throws where a decider cannot
  /// decide. Traps where some lane
  /// finishes no episode although the unit is one.
  package static func play(
    _ environment: any VectorEnvironment, steps: Int, seed: UInt64, unit: Unit, makeDecider: (Int) -> any Decider
  ) throws(DecisionError) -> PlantedRun {
    let lanes = environment.laneCount
    precondition(steps > 0, "an evaluation of \(steps) steps")
    let deciders = (0..<lanes).map(makeDecider)
    let loop = EnvironmentLoop(environment)
    loop.reset(seed: seed)
    var amounts = [Double](repeating: 0, count: lanes)
    var finished = [Double](repeating: 0, count: lanes)
    var running = [Double](repeating: 0, count: lanes)
    var confidence = 0.0
    var confident = 0
    let rounds = (steps + lanes - 1) / lanes
    for _ in 0..<rounds {
      for lane in 0..<lanes {
        let choice = try deciders[lane].decide(
          loop.observation(lane: lane).span, mask: loop.row.masks[lane], startsEpisode: loop.starts[lane] == 1)
        loop.actions[lane] = choice.action
        if let sure = choice.confidence {
          confidence += sure
          confident += 1
        }
      }
      loop.step()
      for lane in 0..<lanes {
        running[lane] += Double(loop.row.rewards[lane])
        if loop.starts[lane] == 1 {
          finished[lane] += 1
          amounts[lane] += running[lane]
          running[lane] = 0
        }
      }
    }
    _ = environment.drainEpisodes()
    let sums =
      switch unit {
      case .step:
        ClusteredSums(
          amounts: zip(amounts, running).map(+), weights: [Double](repeating: Double(rounds), count: lanes))
      case .episode: ClusteredSums(amounts: amounts, weights: finished)
      }
    return PlantedRun(
      unit: unit, sums: sums, steps: rounds * lanes, episodes: Int(finished.reduce(0, +)),
      illegalAttempts: environment.drainIllegalAttempts(),
      meanConfidence: confident > 0 ? confidence / Double(confident) : nil)
  }
}

/// A policy, greedy and stochastic, on a planted market against its optimum and against one action that never changes: flat, or the
/// first where none is flat.
package struct PlantedReport: Sendable, Equatable {
  package struct Row: Sendable, Equatable {
    package var name: String
    package var run: PlantedRun
    /// Mean per unit with its bootstrap interval over lanes; nil with one lane.
    package var interval: Interval?
    /// The paired difference from the action that never changes; nil for that itself and with one lane.
    package var overFlat: Interval?
  }

  package var environment: String
  package var policy: String
  package var seed: UInt64
  /// The known optimum per unit; nil where it is not known for these options.
  package var optimum: Double?
  /// The action that never changes, by name.
  package var constant: String
  package var greedy: Row
  package var stochastic: Row
  package var flat: Row
  /// What else the figures stand on: digests, seeds, versions.
  package var provenance: [EvaluationContext.Line] = []
  /// The members of an ensemble, and what each adds; nil for one network.
  package var ensemble: EnsembleReport?
  /// What the greedy run was shown beside what training saw; nil where that was not written down.
  package private(set) var fit: ObservationFit?

  /// Three runs over the same market: see `PlantedRun.play`. The stochastic run samples from (seed, lane).
  package init(
    policy: DeployedPolicy, policyName: String, environment: any VectorEnvironment, environmentName: String,
    optimum: Double?, unit: PlantedRun.Unit, steps: Int, seed: UInt64
  ) throws(DecisionError) {
    func play(_ makeDecider: (Int) -> any Decider) throws(DecisionError) -> PlantedRun {
      try PlantedRun.play(environment, steps: steps, seed: seed, unit: unit, makeDecider: makeDecider)
    }
    let flatRun = try play { _ in FallbackDecider(environment.actionSpace) }
    func row(_ name: String, _ run: PlantedRun, lane: UInt32) -> Row {
      Row(
        name: name, run: run, interval: Bootstrap.clusteredMean(run.sums, seed: seed, lane: lane),
        overFlat: Bootstrap.clusteredMean(run.sums, minus: flatRun.sums, seed: seed, lane: lane + 1))
    }
    self.environment = environmentName
    self.policy = policyName
    self.seed = seed
    self.optimum = optimum
    constant = environment.actionSpace.shortName(of: FallbackDecider.action(of: environment.actionSpace))
    var fit = ObservationFit(policy, environment.observationSpace)
    let greedyRun = try play { lane in
      WatchedDecider(PolicyDecider(policy, mode: .greedy, lane: lane)) { fit?.add($0) }
    }
    self.fit = fit
    greedy = row("greedy", greedyRun, lane: 200)
    stochastic = row(
      "stochastic", try play { PolicyDecider(policy, mode: .stochastic(seed: seed), lane: $0) }, lane: 202)
    flat = Row(
      name: constant, run: flatRun, interval: Bootstrap.clusteredMean(flatRun.sums, seed: seed, lane: 204),
      overFlat: nil)
  }

  /// The share of the optimum that a row's mean reaches; nil where the optimum is unknown or not positive.
  package func shareOfOptimum(_ row: Row) -> Double? {
    guard let optimum, optimum > 0 else { return nil }
    return row.run.mean / optimum
  }

  /// Whether the greedy run beats the action that never changes beyond luck.
  package var edgeFound: Bool { greedy.overFlat?.isAboveZero ?? false }

  package var headline: String { edgeFound ? "edge over always-\(constant)" : "no edge found" }
}
