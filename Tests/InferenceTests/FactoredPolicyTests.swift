// Deployed policies of factored actions: decisions factor by factor, bundles that name the factors, ensembles that vote on each.

import AgentInterface
import Inference
import Kernels
import Testing
import Text

@Suite struct FactoredPolicyTests {
  private static let space = ActionSpace(
    independent: [
      .init(subject: "AAA", choices: ["sell", "hold", "buy"]), .init(subject: "BBB", choices: ["hold", "buy"]),
      .init(subject: "CCC", choices: ["w", "x", "y", "z"]),
    ], fallback: [1, 0, 3])
  private static let spec = NetworkSpec(
    inputs: 4, actions: 9, memory: .lstm(hidden: 5, critic: .sharedJoint), policyTower: [6], valueTower: [6],
    activation: .tanh, hasValueHead: true, factors: space.heads)
  private static let joint = ActionSpace(names: (0..<9).map { "action \($0)" }, fallback: 0)

  /// More choices than a word of a mask holds, and more actions than 64 bits number.
  private static let wide = ActionSpace(
    independent: (1...42).map { .init(subject: "S\($0)", choices: ["sell", "hold", "buy"]) },
    fallback: [Int](repeating: 1, count: 42))

  private static func mask(_ random: inout RandomStream, _ heads: ActionFactors = space.heads) -> ActionMask {
    heads.opened(ActionMask((0..<heads.count).map { _ in random.nextInteger(below: 2) == 1 }))
  }

  private static func bundle(_ space: ActionSpace = space, seed: UInt64 = 1) throws -> PolicyBundle {
    let spec = spec.choosing(space.heads)
    let policy = InferencePolicy(spec: spec, parameters: Sample.parameters(spec, seed: seed), requiresMask: true)
    var random = RandomStream(seed: 9, purpose: .market)
    let golden = try GoldenVectors(
      playing: policy.deployed, observations: Sample.observations(rows: 12, columns: 4, seed: 3).flatMap { $0 },
      masks: (0..<12).map { _ in mask(&random, space.heads) }, episodeStarts: (0..<12).map { $0 % 5 == 0 })
    return PolicyBundle(
      manifest: PolicyManifest(
        algorithm: "ppo_lstm_mask", observationSpace: PolicyBundleTests.space(4), actionSpace: space, provenance: [:],
        parity: nil), policy: policy, golden: golden)
  }

  @Test func decidesFactorByFactor() throws {
    let policy = try Self.bundle().policy
    let factors = Self.space.heads
    var greedy = policy.makeSession()
    var sampled = policy.makeSession()
    var random = RandomStream(seed: 4, purpose: .market)
    var draws = DecisionRandomness(seed: 7)
    var plain = DecisionRandomness(seed: 7)
    for (step, row) in Sample.observations(rows: 300, columns: 4, seed: 5).enumerated() {
      let mask = Self.mask(&random)
      let decision = try greedy.decide(row, mask: mask, startsEpisode: step % 20 == 0)
      let rule = draws.nextRule(for: policy)
      let drawn = try sampled.decide(row, mask: mask, startsEpisode: step % 20 == 0, rule: rule)
      var (logProbability, confidence, entropy) = (0.0, 1.0, 0.0)
      for factor in 0..<3 {
        let first = factors.firsts[factor]
        let own = Array(greedy.logits[first..<(first + factors.widths[factor])])
        let legal = factors.mask(mask, of: factor)
        let scored = ActionSelection.evaluate(logits: own.span, mask: legal)
        let choice = ActionSelection.greedy(logits: own.span, mask: legal)
        #expect(factors.choice(of: factor, in: decision.action) == choice)
        logProbability += Double(scored.logProbabilities[choice])
        confidence *= Double(scored.probabilities[choice])
        entropy += Double(scored.entropy)
        let taken = ActionSelection.sample(
          probabilities: scored.probabilities.span, mask: legal, uniform: plain.next())
        #expect(factors.choice(of: factor, in: drawn.action) == taken)
      }
      #expect(abs(Double(decision.logProbability) - logProbability) < 1e-5)
      #expect(abs(Double(decision.confidence) - confidence) < 1e-6 && abs(Double(decision.entropy) - entropy) < 1e-5)
      #expect(factors.allows(decision.action, in: mask) && factors.allows(drawn.action, in: mask))
    }
  }

  @Test func anEmptyFactorIsNamed() throws {
    var session = try Self.bundle().policy.makeSession()
    #expect(throws: DecisionError.emptyFactor(factor: 1)) {
      _ = try session.decide([0, 0, 0, 0], mask: ActionMask(rawValue: 0b1111_00_111), startsEpisode: true)
    }
    #expect(throws: DecisionError.emptyMask) {
      _ = try session.decide([0, 0, 0, 0], mask: ActionMask(rawValue: 0), startsEpisode: true)
    }
    #expect(DecisionError.emptyFactor(factor: 1).description.contains("no choice of factor 1"))
  }

  @Test func theBundleNamesItsFactors() throws {
    let bundle = try Self.bundle()
    let read = try PolicyBundle.decode(bundle.encode(), path: "x")
    #expect(read.manifest == bundle.manifest && read.policy.factors == Self.space.heads)
    #expect(read.encode() == bundle.encode())
    let rows = read.describe().map { "\($0.0): \($0.1)" }
    #expect(rows.contains("choice 1: BBB: hold (fallback), buy"))
    #expect(rows.contains { $0.contains("3 independent choices") && $0.contains("product") })
    try read.requireSpace(PolicyBundleTests.space(4), actions: Self.space, path: "x")
  }

  /// In either direction, and where only the subjects differ.
  @Test func anotherKindOfActionsIsRefused() throws {
    let (factored, joint) = (try Self.bundle(), try Self.bundle(Self.joint))
    let others = ActionSpace(
      independent: Self.space.factors.map { .init(subject: $0.subject + "X", choices: $0.choices) },
      fallback: [1, 0, 3])
    for (bundle, space, words) in [
      (factored, Self.joint, "independent choices in the bundle and joint actions here"),
      (joint, Self.space, "joint actions in the bundle and independent choices here"),
      (factored, others, "chooses for AAA, BBB, CCC in the bundle and for AAAX, BBBX, CCCX here"),
    ] {
      do {
        try bundle.requireSpace(PolicyBundleTests.space(4), actions: space, path: "x.safetensors")
        Issue.record("taken: \(words)")
      } catch {
        #expect("\(error)".contains(words), "\(error)")
      }
    }
  }

  @Test func aForgedHeadIsRefused() throws {
    let spec = Self.spec
    for (place, value) in [
      ("factors", JSON.array([.integer(3), .integer(6), .integer(1)])), ("factors", [.integer(9)]),
    ] {
      var members = spec.json.objectValue ?? [:]
      members[place] = value
      let read = try? NetworkSpec(json: .object(members))
      #expect(read != spec)
    }
    var members = spec.json.objectValue ?? [:]
    members["factors"] = [.integer(3), .integer(3)]
    #expect(throws: JSONShapeError.self) { try NetworkSpec(json: .object(members)) }
    members["factors"] = [.integer(-1), .integer(10)]
    #expect(throws: JSONShapeError.self) { try NetworkSpec(json: .object(members)) }
    #expect(throws: JSONShapeError.self) {
      var space = Self.space.json.objectValue ?? [:]
      space["names"] = .array((0..<9).map { .string("n\($0)") })
      _ = try ActionSpace(json: .object(space))
    }
  }

  @Test(arguments: CombinationRule.allCases, [3, 42])
  func anEnsembleVotesOnEveryFactor(rule: CombinationRule, count: Int) throws {
    let space = count == 3 ? Self.space : Self.wide
    let factors = space.heads
    let bundles = try (1...3).map { try Self.bundle(space, seed: $0) }
    let members = try bundles.enumerated().map { index, bundle in
      DeployedPolicy.Member(
        name: "m\(index)", policy: try #require(bundle.policy.network), weight: [5, 3, 3][index])
    }
    let ensemble = DeployedPolicy(ensemble: members, rule: rule, fallback: space.fallback)
    var session = ensemble.makeSession()
    let alone = bundles.map { LoneFactored($0.policy) }
    var random = RandomStream(seed: 8, purpose: .market)
    var split = 0
    for (step, row) in Sample.observations(rows: 200, columns: 4, seed: 6).enumerated() {
      let mask = Self.mask(&random, factors)
      let decision = try session.decide(row, mask: mask, startsEpisode: step % 20 == 0)
      let logits = try alone.map { try $0.logits(row, mask: mask, starts: step % 20 == 0) }
      for factor in 0..<count {
        let (first, width) = (factors.firsts[factor], factors.widths[factor])
        let legal = factors.mask(mask, of: factor)
        var scores = [Double](repeating: 0, count: width)
        for (index, all) in logits.enumerated() {
          let own = Array(all[first..<(first + width)])
          let weight = Double([5, 3, 3][index])
          switch rule {
          case .softVote:
            let probabilities = ActionSelection.evaluate(logits: own.span, mask: legal).probabilities
            for choice in 0..<width { scores[choice] += weight * Double(probabilities[choice]) }
          case .hardVote: scores[ActionSelection.greedy(logits: own.span, mask: legal)] += weight
          case .meanLogits: for choice in 0..<width { scores[choice] += weight * Double(own[choice]) }
          }
        }
        let best = (0..<width).filter { legal.allows($0) }.map { scores[$0] }.max() ?? 0
        let chosen = factors.choice(of: factor, in: decision.action)
        // Near ties aside, in which rounding decides.
        #expect(legal.allows(chosen) && scores[chosen] >= best - 1e-4, "step \(step), factor \(factor): \(scores)")
      }
      if !(0..<3).contains(where: { session.choice(ofMember: $0) == decision.action }) { split += 1 }
      #expect(decision.confidence > 0 && decision.confidence <= 1)
    }
    #expect(split > 0, "no decision was put together from several members' choices")
  }
}

/// A session that an array can hold.
private final class LoneFactored {
  private var session: PolicySession

  init(_ policy: DeployedPolicy) { session = policy.makeSession() }

  func logits(_ row: [Float], mask: ActionMask, starts: Bool) throws -> [Float] {
    _ = try session.decide(row, mask: mask, startsEpisode: starts)
    return session.logits
  }
}
