// What an ensemble takes from the selection window: temperatures, weights, and who its best member is.

package import AgentInterface
private import Environments
private import Evaluation
private import Glibc
package import Inference
private import Kernels

/// Temperatures and weights from the selection window, and nothing from any other.
package struct EnsembleFitting: Sendable {
  package let policy: DeployedPolicy
  /// The greedy result of each member alone on the selection window, and of the whole.
  package let memberScores: [SelectionScore]
  package let score: SelectionScore
  /// The mean entropy, in nats, at which the temperatures of action-value members were set; nil where there is none.
  package let targetEntropy: Double?
  /// How many weights were tried; 0 where they were given.
  package let triedWeights: Int

  /// The member of the highest score; the first of equals.
  package var bestMember: Int {
    memberScores.indices.max {
      (memberScores[$0].meanReward, -$0) < (memberScores[$1].meanReward, -$1)
    } ?? 0
  }

  /// members: with their given weights; those of action values get a temperature.
  package init(
    _ members: [DeployedPolicy.Member], rule: CombinationRule, fallback: ActionNumber?, weights: EnsemblePlan.Weights,
    factory: EnvironmentFactory, seed: UInt64
  ) throws(TrainingError) {
    var members = members
    targetEntropy = try EnsembleFitting.setTemperatures(&members, rule, fallback, factory, seed)
    var scores: [SelectionScore] = []
    for member in members {
      scores.append(try SelectionScore.score(member.policy.deployed, factory: factory, seed: seed))
    }
    memberScores = scores
    var best = DeployedPolicy(ensemble: members, rule: rule, fallback: fallback)
    var bestScore = try SelectionScore.score(best, factory: factory, seed: seed)
    var tried = 0
    if weights == .fitted {
      for candidate in EnsembleFitting.candidates(members.count) {
        let other = DeployedPolicy(
          ensemble: zip(members, candidate).map {
            .init(name: $0.name, policy: $0.policy, weight: $1, temperature: $0.temperature)
          }, rule: rule, fallback: fallback)
        let score = try SelectionScore.score(other, factory: factory, seed: seed)
        tried += 1
        if score.meanReward > bestScore.meanReward { (best, bestScore) = (other, score) }
      }
    }
    policy = best
    score = bestScore
    triedWeights = tried
  }

  // MARK: Weights

  /// As many weightings as can be tried: all ways to share out as many equal parts as give at most 1000 ways, at most tenths. In millionths.
  package static func candidates(_ members: Int) -> [[Int]] {
    let most = 1000
    func ways(_ parts: Int) -> Double {
      (1..<max(members, 1)).reduce(1.0) { $0 * Double(parts + $1) / Double($1) }
    }
    let parts = (1...10).last { ways($0) <= Double(most) } ?? 1
    var result: [[Int]] = []
    var shares = [Int](repeating: 0, count: members)
    func share(_ rest: Int, from member: Int) {
      if member == members - 1 {
        shares[member] = rest
        result.append(shares.map { $0 * 1_000_000 / parts })
        return
      }
      for amount in (0...rest).reversed() {
        shares[member] = amount
        share(rest - amount, from: member + 1)
      }
    }
    share(parts, from: 0)
    return result
  }

  // MARK: Temperatures

  /// A row that was seen on the selection window by one member on its way: what the others would have said to it.
  private struct Seen {
    var observation: [Float]
    var mask: ActionMask
    var starts: Bool
  }

  /// Gives each member of action values the temperature at which its probabilities, over what the members see on their greedy walks through the
  /// selection window, are as decided as those of the other members: with the same mean entropy as their weighted mean. Where all members are of
  /// action values: half of the largest possible entropy. No reward is looked at.
  private static func setTemperatures(
    _ members: inout [DeployedPolicy.Member], _ rule: CombinationRule, _ fallback: ActionNumber?,
    _ factory: EnvironmentFactory,
    _ seed: UInt64
  ) throws(TrainingError) -> Double? {
    let warmed = members.indices.filter { members[$0].policy.spec.kind != .actorCritic }
    guard !warmed.isEmpty else { return nil }
    let usesMasks = members.contains { $0.policy.requiresMask }
    var walks: [[Seen]] = []
    for member in members { walks += try EnsembleFitting.walks(member.policy, factory, seed) }
    let others = members.indices.filter { !warmed.contains($0) }
    var target: Double
    if others.isEmpty {
      let rows = walks.joined().map { log(Double(usesMasks ? $0.mask.legalCount : members[0].policy.spec.actions)) }
      target = rows.reduce(0, +) / Double(max(1, rows.count)) / 2
    } else {
      let isWeightless = others.allSatisfy { members[$0].weight == 0 }
      var (sum, weight) = (0.0, 0.0)
      for other in others {
        let share = isWeightless ? 1 : Double(members[other].weight)
        sum += share * meanEntropy(try logits(members[other].policy, walks, usesMasks), temperature: 1)
        weight += share
      }
      target = sum / weight
    }
    for index in warmed {
      let member = members[index]
      let temperature = EnsembleFitting.temperature(
        try logits(member.policy, walks, usesMasks), target)
      members[index] = .init(
        name: member.name, policy: member.policy, weight: member.weight, temperature: temperature)
    }
    return target
  }

  /// What a policy sees while it walks the selection window greedily: one list a lane.
  private static func walks(_ policy: InferencePolicy, _ factory: EnvironmentFactory, _ seed: UInt64)
    throws(TrainingError) -> [[Seen]]
  {
    if factory.configuration.environment.hasWindows {
      let recorder = Recorder(PolicyDecider(policy, mode: .greedy))
      let walk = try factory.walk(.selection)
      _ = try TrainingError.deciding { () throws(DecisionError) in
        try Backtest.run(walk, decider: recorder, seed: seed, keeps: .account)
      }
      return [recorder.seen]
    }
    let recorders = (0..<plantedLanes).map { Recorder(PolicyDecider(policy, mode: .greedy, lane: $0)) }
    _ = try TrainingError.deciding { () throws(DecisionError) in
      try PlantedRun.play(
        factory.game(laneCount: plantedLanes), steps: plantedSteps, seed: WindowSeed.seed(seed, .selection),
        unit: .step
      ) { recorders[$0] }
    }
    return recorders.map(\.seen)
  }

  private static let plantedLanes = 4
  private static let plantedSteps = 4096

  private final class Recorder: Decider {
    private let decider: PolicyDecider
    private(set) var seen: [Seen] = []

    init(_ decider: PolicyDecider) { self.decider = decider }

    func decide(_ observation: Span<Float>, mask: ActionMask, startsEpisode: Bool) throws(DecisionError) -> Choice {
      let choice = try decider.decide(observation, mask: mask, startsEpisode: startsEpisode)
      seen.append(
        Seen(observation: observation.withUnsafeBufferPointer(Array.init), mask: mask, starts: startsEpisode))
      return choice
    }
  }

  /// The legal logits of a member for every row, asked in the walks' order so that its memory is what it would be.
  private static func logits(_ policy: InferencePolicy, _ walks: [[Seen]], _ usesMasks: Bool) throws(TrainingError)
    -> [[Double]]
  {
    var rows: [[Double]] = []
    for walk in walks {
      var session = policy.makeSession()
      for row in walk {
        do {
          _ = try session.decide(row.observation, mask: usesMasks ? row.mask : nil, startsEpisode: row.starts)
        } catch {
          throw .decision(error)
        }
        rows.append(
          session.logits.enumerated().filter { !usesMasks || row.mask.allows($0.offset) }.map { Double($0.element) })
      }
    }
    return rows
  }

  private static func meanEntropy(_ rows: [[Double]], temperature: Double) -> Double {
    var sum = 0.0
    for row in rows {
      let best = row.max() ?? 0
      var (total, weighted) = (0.0, 0.0)
      for logit in row {
        let scaled = (logit - best) / temperature
        let part = exp(scaled)
        total += part
        if part > 0 { weighted += part * scaled }
      }
      sum += log(total) - weighted / total
    }
    return sum / Double(max(1, rows.count))
  }

  /// Entropy rises with the temperature: halved until both ends meet, between a thousandth and a million times what the logits are apart.
  private static func temperature(_ rows: [[Double]], _ target: Double) -> Double {
    let spreads = rows.map { ($0.max() ?? 0) - ($0.min() ?? 0) }
    let spread = spreads.reduce(0, +) / Double(max(1, spreads.count))
    guard spread > 1e-9, spread.isFinite else { return 1 }
    var (lower, upper) = (log(max(1e-9, spread * 1e-3)), log(min(1e9, spread * 1e6)))
    for _ in 0..<60 {
      let middle = (lower + upper) / 2
      if meanEntropy(rows, temperature: exp(middle)) < target { lower = middle } else { upper = middle }
    }
    // As many digits as mean something, so that a last bit of a logarithm changes nothing that is written down.
    return Double(Float(exp((lower + upper) / 2)))
  }
}
