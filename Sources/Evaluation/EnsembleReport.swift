// What an ensemble's members add to each other on one window: how often they disagree, and what the whole loses without each of them.

private import AgentInterface
package import Environments
package import Inference
package import Text

/// An ensemble against its members, all greedy, on one window.
package struct EnsembleReport: Sendable, Equatable {
  /// What is compared, and over what it is averaged.
  package enum Measure: String, Sendable {
    case dailyReturn = "mean daily return"
    case stepReward = "mean reward a step"
    case episodeReward = "mean reward an episode"
  }

  package struct Row: Sendable, Equatable {
    package var name: String
    /// Of all weights, in [0, 1].
    package var share: Double
    package var temperature: Double
    /// The share of the ensemble's decisions in which this member alone would have decided otherwise.
    package var disagreement: Double
    /// What the member earns by itself.
    package var alone: Double
    /// What the others earn together; nil where nobody with a weight remains.
    package var without: Double?
    /// What the ensemble earns more with the member than without, with its interval; nil where that cannot be told.
    package var contribution: Interval?
  }

  package var rule: String
  package var measure: Measure
  /// The member that did best on the selection window: chosen there, so that this window does not choose.
  package var best: String
  package var decisions: Int
  package var whole: Double
  package var rows: [Row]
  /// Whether weights or temperatures were fitted on this very window.
  package var isFittedHere: Bool

  /// The share of the decisions in which the best member alone would have decided otherwise.
  package var disagreementWithBest: Double { rows.first { $0.name == best }?.disagreement ?? 0 }

  /// Walks a market's window: once for the whole, once for every member alone, once without it. environment: as for `Backtest.run`. Traps
  /// where the policy is one network.
  package init(
    market environment: any TradingEnvironment, policy: DeployedPolicy, best: String, isFittedHere: Bool, seed: UInt64
  ) throws(DecisionError) {
    try self.init(policy, .dailyReturn, best, isFittedHere, seed) { (one: DeployedPolicy) throws(DecisionError) in
      let decider = PolicyDecider(one, mode: .greedy)
      let record = try Backtest.run(environment, decider: decider, seed: seed)
      return Outcome(earned: .daily(record.dailyReturns), deciders: [decider])
    }
  }

  /// Plays a planted market: see `PlantedRun.play`. Traps where the policy is one network.
  package init(
    planted environment: any GameEnvironment, policy: DeployedPolicy, best: String, unit: PlantedRun.Unit,
    steps: Int, isFittedHere: Bool, seed: UInt64
  ) throws(DecisionError) {
    let measure: Measure = unit == .step ? .stepReward : .episodeReward
    try self.init(policy, measure, best, isFittedHere, seed) { (one: DeployedPolicy) throws(DecisionError) in
      let deciders = (0..<environment.laneCount).map { PolicyDecider(one, mode: .greedy, lane: $0) }
      let run = try PlantedRun.play(environment, steps: steps, seed: seed, unit: unit) { deciders[$0] }
      return Outcome(earned: .planted(run.sums), deciders: deciders)
    }
  }

  private init(
    _ policy: DeployedPolicy, _ measure: Measure, _ best: String, _ isFittedHere: Bool, _ seed: UInt64,
    play: (DeployedPolicy) throws(DecisionError) -> Outcome
  ) throws(DecisionError) {
    guard let rule = policy.rule else { preconditionFailure("one network is no ensemble") }
    let total = Double(policy.members.reduce(0) { $0 + $1.weight })
    let whole = try play(policy)
    self.rule = rule.rawValue
    self.measure = measure
    self.best = best
    self.isFittedHere = isFittedHere
    self.whole = whole.earned.mean
    decisions = whole.decisions
    rows = []
    for (index, member) in policy.members.enumerated() {
      var without: Outcome?
      if let rest = policy.without(index) { without = try play(rest) }
      rows.append(
        Row(
          name: member.name, share: Double(member.weight) / total, temperature: member.temperature,
          disagreement: Double(whole.dissents[index]) / Double(max(1, whole.decisions)),
          alone: try play(member.policy.deployed).earned.mean, without: without?.earned.mean,
          contribution: without.flatMap {
            whole.earned.minus($0.earned, seed: seed, lane: EnsembleReport.firstLane + UInt32(index))
          }))
    }
  }

  /// Of the bootstraps; far from those of the verdicts.
  private static let firstLane: UInt32 = 1000

  private struct Outcome {
    let earned: Earned
    let decisions: Int
    /// By member.
    let dissents: [Int]

    init(earned: Earned, deciders: [PolicyDecider]) {
      self.earned = earned
      decisions = deciders.reduce(0) { $0 + $1.decisions }
      dissents = (deciders.first?.dissents ?? []).indices.map { member in
        deciders.reduce(0) { $0 + $1.dissents[member] }
      }
    }
  }

  private enum Earned {
    case daily([Double])
    case planted(ClusteredSums)

    var mean: Double {
      switch self {
      case .daily(let returns): ReturnStatistics.mean(returns) ?? 0
      case .planted(let sums): sums.ratio
      }
    }

    /// The paired difference. An account that was lost early earns 0 on the sessions after that.
    func minus(_ other: Earned, seed: UInt64, lane: UInt32) -> Interval? {
      switch (self, other) {
      case (.daily(let mine), .daily(let theirs)):
        let count = max(mine.count, theirs.count)
        let differences = (0..<count).map {
          ($0 < mine.count ? mine[$0] : 0) - ($0 < theirs.count ? theirs[$0] : 0)
        }
        return Bootstrap.stationaryMean(differences, seed: seed, lane: lane)
      case (.planted(let mine), .planted(let theirs)):
        return Bootstrap.clusteredMean(mine, minus: theirs, seed: seed, lane: lane)
      default: return nil
      }
    }
  }
}

// MARK: - As text, document and JSON

extension EnsembleReport {
  private func amount(_ value: Double) -> String {
    measure == .dailyReturn
      ? ReportText.signedPercent(value, decimals: 4) : ReportText.fixed(value, decimals: 4)
  }

  private static let columns = ["say", "differs", "alone", "without it", "it adds"]

  private func cells(_ row: Row) -> [String] {
    [
      ReportText.percent(row.share, decimals: 1), ReportText.percent(row.disagreement, decimals: 1),
      amount(row.alone), row.without.map(amount) ?? ReportText.undefined,
      row.without.map { amount(whole - $0) } ?? ReportText.undefined,
    ]
  }

  /// What the numbers say, in sentences.
  var sentences: [String] {
    var sentences = [
      "The ensemble (\(rule)) decided otherwise than its best member \(best) alone in "
        + "\(ReportText.percent(disagreementWithBest, decimals: 1)) of \(decisions) decisions; the best member was chosen on the "
        + "selection window. Its \(measure.rawValue) is \(amount(whole))."
    ]
    for row in rows {
      guard let interval = row.contribution else {
        sentences.append("\(row.name): what it adds cannot be told with an interval.")
        continue
      }
      let range = "\(amount(interval.estimate)) (\(amount(interval.lower)) to \(amount(interval.upper)))"
      let word =
        interval.isAboveZero
        ? "adds" : interval.isBelowZero ? "takes away" : "makes no distinguishable difference"
      sentences.append("\(row.name) \(word): with it less without it \(range).")
    }
    let warmed = rows.filter { $0.temperature != 1 }
    if !warmed.isEmpty {
      sentences.append(
        "Logits are divided by a temperature before they become probabilities: "
          + warmed.map { "\($0.name) \(ReportText.shortest($0.temperature))" }.joined(separator: ", ") + ".")
    }
    if isFittedHere {
      sentences.append("Weights or temperatures were fitted on this very window: these figures prove nothing.")
    }
    return sentences
  }

  /// In lines of at most 80 columns.
  var lines: [String] {
    let width = 20
    var lines = ReportText.wrapped("The ensemble and its members, greedy, \(measure.rawValue):")
    lines.append(
      ReportText.left("", width) + EnsembleReport.columns.map { ReportText.right($0, 12) }.joined())
    for row in rows {
      lines.append(
        ReportText.left("  " + String(row.name.prefix(width - 3)), width)
          + cells(row).map { ReportText.right($0, 12) }.joined())
    }
    return lines + sentences.flatMap { ReportText.wrapped($0, first: "  ", rest: "    ") }
  }

  var section: ReportDocument.Section {
    .init(
      heading: "The ensemble and its members",
      blocks: [
        .list(sentences),
        .table(
          .init(
            caption:
              "Greedy, on this window, \(measure.rawValue); \"differs\" is the share of the ensemble's decisions in which the "
              + "member alone would have decided otherwise",
            columns: EnsembleReport.columns, rows: rows.map { .init(label: $0.name, cells: cells($0)) })),
      ])
  }

  var json: JSON {
    .object([
      "rule": .string(rule), "measure": .string(measure.rawValue), "best_member": .string(best),
      "decisions": .integer(Int64(decisions)), "disagreement_with_best": ReportJSON.number(disagreementWithBest),
      "ensemble": ReportJSON.number(whole), "fitted_on_this_window": .bool(isFittedHere),
      "members": .array(
        rows.map { row in
          .object([
            "name": .string(row.name), "share": ReportJSON.number(row.share),
            "temperature": ReportJSON.number(row.temperature), "disagreement": ReportJSON.number(row.disagreement),
            "alone": ReportJSON.number(row.alone), "without": ReportJSON.number(row.without),
            "contribution": ReportJSON.interval(row.contribution),
          ])
        }),
    ])
  }
}
