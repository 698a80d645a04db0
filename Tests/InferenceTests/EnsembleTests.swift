// Several networks that decide together: the rules against plain twins, exact ties, masks, memory, and the one file that holds them all.

import AgentInterface
import Glibc
import Inference
import Kernels
import TestSupport
import Testing
import Text

@Suite struct EnsembleTests {
  private static let plain = NetworkSpec(
    inputs: 6, actions: 5, memory: .none, policyTower: [7], valueTower: [], activation: .relu, hasValueHead: false)
  private static let values = NetworkSpec(
    inputs: 6, actions: 5, memory: .none, policyTower: [7], valueTower: [], activation: .relu, hasValueHead: false,
    kind: .actionValues)

  /// 0.5, 0.3 and 0.2, in millionths.
  private static let weights = [500_000, 300_000, 200_000]

  /// A recurrent, a plain and an action-value network; bundles made for each.
  private static func bundles(requiresMask: Bool = true) throws -> [PolicyBundle] {
    try [Sample.recurrent(hasValueHead: false), plain, values].enumerated().map { index, spec in
      try PolicyBundleTests.bundle(spec: spec, requiresMask: requiresMask, scaled: index == 0) { parameters in
        for place in parameters.indices { parameters[place] *= Float(1 + index) }
      }
    }
  }

  private static func ensemble(
    _ bundles: [PolicyBundle], _ rule: CombinationRule, temperatures: [Double] = [1, 1, 2.5], fallback: Int? = 0
  ) throws -> DeployedPolicy {
    DeployedPolicy(
      ensemble: try bundles.enumerated().map { index, bundle in
        .init(
          name: ["ppo", "a2c", "dqn"][index], policy: try #require(bundle.policy.network), weight: weights[index],
          temperature: temperatures[index])
      }, rule: rule, fallback: fallback.map { ActionNumber($0) })
  }

  /// A network of one action for each column, whose logits are the observation.
  private static func echo(actions: Int) -> InferencePolicy {
    let spec = NetworkSpec(
      inputs: actions, actions: actions, memory: .none, policyTower: [], valueTower: [], activation: .tanh,
      hasValueHead: false)
    let layout = ParameterLayout(spec)
    var parameters = [Float](repeating: 0, count: layout.count)
    if let weight = layout.entry("action_net.weight") {
      for action in 0..<actions { parameters[weight.range.lowerBound + action * (actions + 1)] = 1 }
    }
    return InferencePolicy(spec: spec, parameters: parameters, requiresMask: false)
  }

  // MARK: Rules

  @Test(arguments: CombinationRule.allCases)
  func equalsItsPlainTwin(rule: CombinationRule) throws {
    let policy = try Self.ensemble(Self.bundles(), rule)
    #expect(policy.requiresMask && policy.hasMemory && !policy.hasValueHead && policy.network == nil)
    var session = policy.makeSession()
    let alone = policy.members.map { LoneSession($0.policy) }
    var random = RandomStream(seed: 3, purpose: .market)
    var ties = 0
    for (step, row) in Sample.observations(rows: 400, columns: 6, seed: 60).enumerated() {
      let mask = ActionMask(rawValue: random.nextInteger(below: 31) + 1)
      let starts = step % 17 == 0
      let decision = try session.decide(row, mask: mask, startsEpisode: starts)
      var scores = [Double](repeating: 0, count: 5)
      var choices: [Int] = []
      for (index, member) in policy.members.enumerated() {
        let logits = try alone[index].logits(row, mask: mask, startsEpisode: starts)
        let legal = (0..<5).filter { mask.allows($0) }
        let best = try #require(legal.max { logits[$0] < logits[$1] || (logits[$0] == logits[$1] && $0 > $1) })
        choices.append(best)
        let weight = Double(member.weight) / 1e6
        let scaled = logits.map { $0 / member.temperature }
        let sum = legal.reduce(0) { $0 + exp(scaled[$1] - scaled[best]) }
        for action in legal {
          switch rule {
          case .softVote: scores[action] += weight * exp(scaled[action] - scaled[best]) / sum
          case .hardVote: scores[action] += action == best ? weight : 0
          case .meanLogits: scores[action] += weight * scaled[action]
          }
        }
      }
      #expect((0..<3).map { Int(session.choice(ofMember: $0)) } == choices)
      let legal = (0..<5).filter { mask.allows($0) }
      let top = try #require(legal.map { scores[$0] }.max())
      // Halves meet exactly: 0.5 against 0.3 + 0.2.
      let isTied = legal.count { abs(scores[$0] - top) < 1e-12 } > 1
      ties += isTied ? 1 : 0
      if isTied, mask.allows(0) {
        #expect(decision.action == 0)
      } else {
        #expect(scores[Int(decision.action)] >= top - 1e-6 && mask.allows(Int(decision.action)))
      }
      let probabilities = session.probabilities
      var expected = scores
      if rule == .meanLogits {
        let sum = legal.reduce(0) { $0 + exp(scores[$1] - top) }
        for action in 0..<5 { expected[action] = mask.allows(action) ? exp(scores[action] - top) / sum : 0 }
      }
      for action in 0..<5 {
        #expect(abs(Double(probabilities[action]) - expected[action]) < 2e-6)
        if !mask.allows(action) { #expect(probabilities[action] == 0) }
      }
      #expect(decision.confidence == min(probabilities[Int(decision.action)], 1) && decision.value == nil)
    }
    #expect((ties > 0) == (rule == .hardVote))
  }

  /// What is known of 0.5, 0.3 and 0.2 in a hard vote: the first can never be outvoted; the others together reach exactly its half, which is a
  /// tie and becomes the fallback, or the lowest tied action where that is illegal.
  @Test func theFirstOfThreeIsNeverOutvoted() throws {
    #expect(0.3 + 0.2 == 0.5)
    let echo = Self.echo(actions: 4)
    // Each member reads the same observation: what it chooses is set by a bias of its own.
    func member(_ index: Int, choosing action: Int) -> DeployedPolicy.Member {
      var parameters = echo.parameters
      if let bias = echo.layout.entry("action_net.bias") { parameters[bias.range.lowerBound + action] = 1 }
      return .init(
        name: "\(index)", policy: InferencePolicy(spec: echo.spec, parameters: parameters, requiresMask: false),
        weight: Self.weights[index])
    }
    for choices in (0..<64).map({ [$0 / 16, $0 / 4 % 4, $0 % 4] }) {
      for fallback in [nil, 3] as [Int?] {
        let policy = DeployedPolicy(
          ensemble: choices.enumerated().map { member($0, choosing: $1) }, rule: .hardVote,
          fallback: fallback.map { ActionNumber($0) })
        var session = policy.makeSession()
        let chosen = try session.decide([0, 0, 0, 0], mask: nil, startsEpisode: true)
        let isTie = choices[1] == choices[2] && choices[0] != choices[1]
        #expect(chosen.action == (isTie ? fallback ?? min(choices[0], choices[1]) : choices[0]))
        #expect(chosen.confidence == (isTie && fallback == 3 && !choices.contains(3) ? 0 : chosen.confidence))
      }
    }
    // An illegal fallback is not taken.
    let policy = DeployedPolicy(
      ensemble: [member(0, choosing: 2), member(1, choosing: 1), member(2, choosing: 1)], rule: .hardVote, fallback: 3)
    var session = policy.makeSession()
    #expect(try session.decide([0, 0, 0, 0], mask: ActionMask(rawValue: 0b0111), startsEpisode: true).action == 1)
  }

  @Test func aTemperatureSaysHowSureAMemberIs() throws {
    let echo = Self.echo(actions: 3)
    func probabilities(_ temperature: Double, _ observation: [Float] = [0, 1, 3]) throws -> [Float] {
      var session = DeployedPolicy(
        ensemble: [.init(name: "only", policy: echo, weight: 7, temperature: temperature)], rule: .softVote,
        fallback: nil
      ).makeSession()
      _ = try session.decide(observation, mask: nil, startsEpisode: true)
      return session.probabilities
    }
    #expect(try probabilities(1e-12).map { $0 > 1e-30 } == [false, false, true])
    #expect(try probabilities(1e-12, [0, 3e38, -3e38]).map { $0 > 1e-30 } == [false, true, false])
    #expect(try probabilities(1e12).allSatisfy { abs($0 - 1 / 3) < 1e-6 })
    var lone = echo.makeSession()
    _ = try lone.decide([0, 1, 3], mask: nil, startsEpisode: true)
    for (one, other) in zip(try probabilities(1), lone.probabilities) { #expect(abs(one - other) < 1e-6) }
  }

  // MARK: Memory

  @Test func everyMemberKeepsItsOwnMemory() throws {
    let recurrent = [Sample.recurrent(.sharedDetached), Sample.recurrent(.separate, hidden: 4), Self.plain]
      .enumerated().map { index, spec in
        DeployedPolicy.Member(
          name: "\(index)",
          policy: InferencePolicy(spec: spec, parameters: Sample.parameters(spec, seed: 5), requiresMask: false),
          weight: 1)
      }
    let policy = DeployedPolicy(ensemble: recurrent, rule: .meanLogits, fallback: nil)
    var session = policy.makeSession()
    #expect(throws: DecisionError.episodeNotStarted) {
      try session.decide([0, 0, 0, 0, 0, 0], mask: nil, startsEpisode: false)
    }
    let rows = Sample.observations(rows: 12, columns: 6, seed: 61)
    for (step, row) in rows.prefix(6).enumerated() { _ = try session.decide(row, mask: nil, startsEpisode: step == 0) }
    #expect(session.state.hidden.count == 11 + 4 && session.criticState.cell.count == 4)
    var other = policy.makeSession()
    other.restore(session.state, critic: session.criticState)
    // A refused question leaves every memory as it was.
    #expect(throws: DecisionError.observationNotFinite(column: 1)) {
      try session.decide([0, .nan, 0, 0, 0, 0], mask: nil, startsEpisode: false)
    }
    for row in rows.suffix(6) {
      _ = try session.decide(row, mask: nil, startsEpisode: false)
      _ = try other.decide(row, mask: nil, startsEpisode: false)
      #expect(session.logits == other.logits)
    }
  }

  // MARK: One file

  private static func whole(_ rule: CombinationRule = .softVote, requiresMask: Bool = true) throws -> PolicyBundle {
    let bundles = try bundles(requiresMask: requiresMask)
    let policy = try ensemble(bundles, rule)
    let golden = bundles[0].golden
    return PolicyBundle(
      manifest: PolicyManifest(
        algorithm: "ensemble", observationSpace: bundles[0].manifest.observationSpace,
        actionSpace: bundles[0].manifest.actionSpace, provenance: ["run": "three"], parity: nil), ensemble: policy,
      members: bundles,
      golden: try GoldenVectors(
        playing: policy, observations: golden.observations, masks: golden.masks, episodeStarts: golden.episodeStarts))
  }

  @Test(arguments: CombinationRule.allCases)
  func comesBackAndDecidesTheSame(rule: CombinationRule) throws {
    let bundle = try Self.whole(rule)
    let read = try PolicyBundle.decode(bundle.encode(), path: "x")
    #expect(read.manifest == bundle.manifest && read.golden == bundle.golden && read.encode() == bundle.encode())
    #expect(read.policy.rule == rule && read.policy.fallback == 0 && read.policy.members.map(\.weight) == Self.weights)
    #expect(read.policy.members.map(\.name) == ["ppo", "a2c", "dqn"] && read.policy.members[2].temperature == 2.5)
    // A member's own file, byte for byte.
    #expect(try read.members.map { $0.encode() } == Self.bundles().map { $0.encode() })
    var written = bundle.policy.makeSession()
    var loaded = read.policy.makeSession()
    for (step, row) in Sample.observations(rows: 50, columns: 6, seed: 62).enumerated() {
      let mask = ActionMask(rawValue: UInt64(step % 31) + 1)
      let first = try written.decide(row, mask: mask, startsEpisode: step % 7 == 0)
      let second = try loaded.decide(row, mask: mask, startsEpisode: step % 7 == 0)
      #expect(first == second && written.logits == loaded.logits)
    }
    let container = try Safetensors.decode(bundle.encode())
    #expect(container.metadata["schema_version"] == "2" && container.metadata["combination"] == rule.rawValue)
    let inner = try #require(container.tensor("members.1")?.unsignedBytes)
    #expect(try PolicyBundle.decode(inner, path: "inner").policy.network?.spec == Self.plain)
    let told = read.describe().map { $0.0 + ": " + $0.1 }
    #expect(told.contains("kind: policy bundle, schema version 2"))
    #expect(told.contains { $0.hasPrefix("member dqn: ") && $0.hasSuffix("20.0 % of the say, temperature 2.5") })
  }

  /// The file changed by `edit` and sealed again.
  private static func forged(_ edit: (inout [String: String], inout [Safetensors.Tensor]) -> Void) throws -> [UInt8] {
    try PolicyBundleTests.forged(whole().encode(), edit)
  }

  private static func refusal(_ bytes: [UInt8]) -> String {
    do {
      _ = try PolicyBundle.decode(bytes, path: "e")
      return "nothing"
    } catch {
      return error.description
    }
  }

  @Test func aMissingDamagedOrForeignMemberIsRefusedByName() throws {
    _ = try PolicyBundle.decode(try Self.forged { _, _ in }, path: "e")
    let missing = Self.refusal(try Self.forged { $1.removeAll { $0.name == "members.1" } })
    #expect(missing.contains("at member 'a2c': it is missing"), "\(missing)")
    let more = Self.refusal(try Self.forged { $1.append(.init("members.3", shape: [1], [UInt8(1)])) })
    #expect(more.contains("members.3"), "\(more)")

    func replaced(_ bytes: [UInt8], shape: [Int]? = nil) throws -> String {
      Self.refusal(
        try Self.forged { _, tensors in
          tensors.removeAll { $0.name == "members.2" }
          tensors.append(.init("members.2", shape: shape ?? [bytes.count], bytes))
        })
    }
    var damaged = try Self.bundles()[2].encode()
    damaged[damaged.count - 3] ^= 1
    let refusedDamage = try replaced(damaged)
    #expect(refusedDamage.contains("'e', member 'dqn' is damaged in its tensors"), "\(refusedDamage)")
    let refusedCut = try replaced(Array(damaged.prefix(100)))
    #expect(refusedCut.contains("member 'dqn'") && refusedCut.contains("cut off"), "\(refusedCut)")
    let foreign = NetworkSpec(
      inputs: 7, actions: 5, memory: .none, policyTower: [], valueTower: [], activation: .tanh, hasValueHead: false)
    let refusedSpace = try replaced(try PolicyBundleTests.bundle(spec: foreign).encode())
    #expect(refusedSpace.contains("member 'dqn': it was trained on another space: it reads 7 columns, there are 6"))
    let refusedNest = try replaced(try Self.whole().encode())
    #expect(refusedNest.contains("member 'dqn': it is an ensemble itself"), "\(refusedNest)")
    #expect(try replaced(damaged, shape: [1, damaged.count]).contains("must be a row of dtype U8"))
  }

  @Test func metadataThatMakesNoEnsembleIsRefused() throws {
    func changed(_ key: String, _ value: String) throws -> String {
      Self.refusal(try Self.forged { metadata, _ in metadata[key] = value })
    }
    func members(_ edit: (inout [String: JSON]) -> Void) throws -> String {
      let text = try Safetensors.decode(try Self.whole().encode()).metadata["members"] ?? ""
      var elements = try #require(try JSON.parse(text).arrayValue?.compactMap(\.objectValue))
      edit(&elements[0])
      return try changed("members", JSON.array(elements.map(JSON.object)).text)
    }
    #expect(try changed("combination", "loudest").contains("must be one of soft_vote, hard_vote, mean_logits"))
    #expect(try changed("members", "[]").contains("must be a list of 1 to 256 members"))
    #expect(try changed("network", "{}").contains("unknown key 'network'"))
    #expect(try members { $0["weight"] = -1 }.contains("members[0].weight"))
    #expect(try members { $0["weight"] = 0.5 }.contains("members[0].weight"))
    #expect(try members { $0["temperature"] = 0 }.contains("members[0].temperature"))
    #expect(try members { $0["name"] = "dqn" }.contains("members[1].name") == false)
    #expect(try members { $0["name"] = "dqn" }.contains("must be a text that no other member has"))
    // Other weights decide otherwise than the golden rows say.
    #expect(try members { $0["weight"] = 1 }.contains("does not decide here as where it was exported"))
  }

  @Test func theServerDecidesWithAllOfThem() throws {
    let folder = try TemporaryFolder()
    let bundle = try Self.whole()
    try folder.write(bundle.encode(), to: "policy.safetensors")
    var session = bundle.policy.makeSession()
    var (input, expected) = ("", [Int]())
    for (step, row) in Sample.observations(rows: 30, columns: 6, seed: 63).enumerated() {
      let mask = ActionMask(rawValue: UInt64(step % 31) + 1)
      input +=
        JSON.object([
          "observation": .array(row.map { .number(Double($0)) }),
          "mask": .array((0..<5).map { mask.allows($0) ? 1 : 0 }), "episode_start": .bool(step % 11 == 0),
        ]).text + "\n"
      expected.append(Int(try session.decide(row, mask: mask, startsEpisode: step % 11 == 0).action))
    }
    let outcome = try Program.serve.run(
      ["once", "--policy", "policy.safetensors"], in: folder.path, input: input)
    #expect(outcome.exitCode == 0 && outcome.errors.isEmpty, "\(outcome)")
    #expect(try outcome.lines.map { try JSON.parse($0)["action"]?.integerValue } == expected)
    let described = try Program.serve.run(["describe", "--policy", "policy.safetensors"], in: folder.path)
    #expect(described.output.contains("member a2c"))
  }
}

/// A session that an array can hold.
private final class LoneSession {
  private var session: PolicySession

  init(_ policy: InferencePolicy) { session = policy.makeSession() }

  func logits(_ observation: [Float], mask: ActionMask, startsEpisode: Bool) throws -> [Double] {
    _ = try session.decide(observation, mask: mask, startsEpisode: startsEpisode)
    return session.logits.map(Double.init)
  }
}
