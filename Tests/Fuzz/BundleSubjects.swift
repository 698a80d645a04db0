// The readers of safetensors containers and of policy bundles, behind their lengths and digests.

import AgentInterface
import Inference
import Kernels
import Text

/// Header and data of a container, and back with a true length in front.
struct Container {
  var header: [UInt8]
  var data: [UInt8]

  init(_ bytes: [UInt8]) {
    let announced = bytes.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let end = min(bytes.count, 8 + Int(min(announced, UInt64(bytes.count))))
    header = Array(bytes[min(8, bytes.count)..<end])
    data = Array(bytes[end...])
  }

  var bytes: [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) } + header + data }

  /// Puts true digests where a bundle's header has a place for them.
  mutating func sign() {
    write(SHA256.hex(data), behind: "\"data_sha256\":\"")
    guard let place = write(String(repeating: "0", count: 64), behind: "\"header_sha256\":\"") else { return }
    let digest = SHA256.hex(bytes.prefix(8 + header.count).map { $0 })
    header.replaceSubrange(place, with: Array(digest.utf8))
  }

  @discardableResult
  private mutating func write(_ digits: String, behind key: String) -> Range<Int>? {
    let key = Array(key.utf8)
    guard header.count >= key.count + digits.utf8.count,
      let start = (0...(header.count - key.count - digits.utf8.count)).first(where: {
        header[$0...].starts(with: key)
      })
    else { return nil }
    let place = (start + key.count)..<(start + key.count + digits.utf8.count)
    header.replaceSubrange(place, with: Array(digits.utf8))
    return place
  }

  /// Damage in the header, the data, or the whole.
  static func damaged(_ pool: Pool, _ mutator: inout Mutator, signs: Bool) -> [UInt8] {
    let whole = pool.document(&mutator)
    if mutator.chance(1, in: 8) { return mutator.damaged(whole, others: pool.documents) }
    var container = Container(whole)
    if mutator.chance(3, in: 4) {
      container.header = mutator.damaged(container.header, others: pool.documents.map { Container($0).header })
    }
    if mutator.chance(1, in: 3) {
      container.data =
        mutator.chance(1, in: 4)
        ? mutator.damaged(container.data, others: [[]]) : mutator.damagedInPlace(container.data, from: 0)
    }
    if signs, mutator.chance(15, in: 16) { container.sign() }
    return container.bytes
  }

  static let tokens = [
    "\"F32\"", "\"F64\"", "\"U8\"", "\"I32\"", "\"I64\"", "\"BF16\"", "\"dtype\"", "\"shape\"", "\"data_offsets\"",
    "[0,0]",
    "\"__metadata__\"", "[]", "{}", "0,", "[9223372036854775807,2]", "[4611686018427387904,4,0]", "-1", "null", "\\\"",
    "   ",
  ]
}

/// The container alone.
final class SafetensorsSubject: Subject {
  static let name = "safetensors"

  func seeds() -> [[UInt8]] {
    let tensors: [Safetensors.Tensor] = [
      .init("a", shape: [2, 3], [Float](repeating: 1, count: 6)), .init("b", shape: [], [2.5]),
      .init("empty", shape: [0, 4], [Float]()), .init("flags", shape: [3], [UInt8](repeating: 1, count: 3)),
      .init("whole", shape: [2], [Int64.min, 7]),
    ]
    return [
      Safetensors(metadata: ["format": "pt", "note": "é \"quoted\""], tensors: tensors).encode(),
      Safetensors(metadata: [:], tensors: []).encode(),
    ]
  }

  func input(_ random: RandomStream, pool: Pool) -> [UInt8] {
    var mutator = Mutator(random: random, tokens: Container.tokens)
    return Container.damaged(pool, &mutator, signs: false)
  }

  func read(_ bytes: [UInt8]) throws -> Verdict {
    do {
      let container = try Safetensors.decode(bytes)
      for tensor in container.tensors {
        let count = [
          tensor.floats?.count, tensor.doubles?.count, tensor.unsignedBytes?.count, tensor.int32s?.count,
          tensor.int64s?.count,
        ].compactMap { $0 }
        try require(count == [tensor.count], "'\(tensor.name)' holds \(count) of \(tensor.count) elements")
      }
      let again = try Safetensors.decode(container.encode())
      try require(
        again.metadata == container.metadata && Set(again.tensors) == Set(container.tensors), "it does not come back")
      return .read
    } catch let error as SafetensorsError {
      return try refusal(error.description)
    }
  }
}

/// Whole policy bundles: metadata, network, golden vectors and their replay.
final class BundleSubject: Subject {
  static let name = "bundle"

  init() throws {}

  func seeds() throws -> [[UInt8]] {
    try [
      NetworkSpec(
        inputs: 3, actions: 4, memory: .lstm(hidden: 2, critic: .separate), policyTower: [3], valueTower: [2],
        activation: .tanh, hasValueHead: true),
      NetworkSpec(
        inputs: 2, actions: 2, memory: .none, policyTower: [], valueTower: [], activation: .relu, hasValueHead: false),
    ].map { try Self.bundle($0).encode() } + [Self.ensemble().encode()]
  }

  /// A network with memory and one of action values that vote.
  private static func ensemble() throws -> PolicyBundle {
    let bundles = try [
      NetworkSpec(
        inputs: 2, actions: 3, memory: .lstm(hidden: 1, critic: .none), policyTower: [], valueTower: [],
        activation: .tanh, hasValueHead: false),
      NetworkSpec(
        inputs: 2, actions: 3, memory: .none, policyTower: [2], valueTower: [], activation: .relu, hasValueHead: false,
        kind: .actionValues),
    ].map(bundle)
    let policy = DeployedPolicy(
      ensemble: bundles.enumerated().compactMap { index, bundle in
        bundle.policy.network.map {
          .init(name: "member \(index)", policy: $0, weight: 500_000, temperature: 1 + 0.5 * Double(index))
        }
      }, rule: .softVote, fallback: 0)
    let played = bundles[0].golden
    return PolicyBundle(
      manifest: PolicyManifest(
        algorithm: "ensemble", observationSpace: bundles[0].manifest.observationSpace,
        actionSpace: bundles[0].manifest.actionSpace, provenance: ["run": "seed"], parity: nil), ensemble: policy,
      members: bundles,
      golden: try GoldenVectors(
        playing: policy, observations: played.observations, masks: played.masks, episodeStarts: played.episodeStarts))
  }

  private static func bundle(_ spec: NetworkSpec) throws -> PolicyBundle {
    var random = RandomStream(seed: UInt64(spec.inputs), purpose: .market)
    let policy = InferencePolicy(
      spec: spec, parameters: (0..<ParameterLayout(spec).count).map { _ in Float(random.nextNormal()) / 2 },
      normalizer: spec.hasValueHead
        ? ObservationNormalizer(
          mean: (0..<spec.inputs).map(Double.init), variance: [Double](repeating: 2, count: spec.inputs), count: 100)
        : nil, requiresMask: spec.hasValueHead)
    let rows = 4
    let golden = try GoldenVectors(
      playing: policy.deployed, observations: (0..<rows * spec.inputs).map { _ in Float(random.nextNormal()) },
      masks: (0..<rows).map {
        ActionMask(rawValue: spec.hasValueHead && $0 % 2 == 1 ? 2 : (1 << UInt64(spec.actions)) - 1)
      },
      episodeStarts: (0..<rows).map { $0 % 2 == 0 })
    let manifest = PolicyManifest(
      algorithm: "ppo",
      observationSpace: ObservationSpace(
        columns: (0..<spec.inputs).map { .init(name: "column \($0)", unit: "ratio") }),
      actionSpace: ActionSpace(names: (0..<spec.actions).map { "action \($0)" }, fallback: 0),
      provenance: ["run": "seed", "note": "é"],
      parity: PolicyParity(
        steps: 10, episodeStarts: 2, distinctMasks: 2, largestLogitDifference: 1e-6, nearTieShare: 0))
    return PolicyBundle(manifest: manifest, policy: policy, golden: golden)
  }

  private static let tokens =
    Container.tokens + [
      "members.0", "\\\"weight\\\":", "\\\"temperature\\\":", "1e-12", "hard_vote", "mean_logits",
      "\"schema_version\":\"2\"",
      "golden.observations", "golden.masks", "normalizer.observation.count", "strikeforge.policy", "\\\"inputs\\\":",
      "\\\"lstm\\\"", "65536", "65537", "\"schema_version\":\"1\"", "required", "none", "separate", "shared_joint",
    ]

  func input(_ random: RandomStream, pool: Pool) -> [UInt8] {
    var mutator = Mutator(random: random, tokens: BundleSubject.tokens)
    return Container.damaged(pool, &mutator, signs: true)
  }

  func read(_ bytes: [UInt8]) throws -> Verdict {
    do {
      let bundle = try PolicyBundle.decode(bytes, path: "in.safetensors")
      try require(!bundle.describe().isEmpty, "nothing to say about it")
      let again = try PolicyBundle.decode(bundle.encode(), path: "in.safetensors")
      let (members, written) = (bundle.policy.members, again.policy.members)
      try require(
        members.map(\.policy.parameters) == written.map(\.policy.parameters), "other parameters when written again")
      var session = bundle.policy.makeSession()
      let observation = [Float](repeating: 1e30, count: bundle.policy.inputs)
      _ = try? session.decide(observation, mask: ActionMask(rawValue: 1), startsEpisode: true)
      return .read
    } catch let error as PolicyBundleError {
      return try refusal(error.description, names: "in.safetensors")
    }
  }
}
