// What a policy bundle says about its policy.

public import AgentInterface
import Text

/// How far the exported form and the trained form differed when both were played side by side before export.
public struct PolicyParity: Hashable, Sendable {
  /// Steps played.
  public let steps: Int
  /// Episodes begun.
  public let episodeStarts: Int
  /// Different masks met.
  public let distinctMasks: Int
  /// The largest absolute difference of a logit.
  public let largestLogitDifference: Double
  /// The share of steps whose two best legal logits lay too close to demand the same action.
  public let nearTieShare: Double

  /// A result. Traps on negative counts and numbers that are not finite.
  public init(
    steps: Int, episodeStarts: Int, distinctMasks: Int, largestLogitDifference: Double, nearTieShare: Double
  ) {
    precondition(
      steps >= 0 && episodeStarts >= 0 && distinctMasks >= 0,
      "parity over \(steps) steps, \(episodeStarts) episodes, \(distinctMasks) masks")
    precondition(
      largestLogitDifference.isFinite && nearTieShare.isFinite,
      "parity of \(largestLogitDifference), near ties \(nearTieShare)")
    self.steps = steps
    self.episodeStarts = episodeStarts
    self.distinctMasks = distinctMasks
    self.largestLogitDifference = largestLogitDifference
    self.nearTieShare = nearTieShare
  }

  fileprivate var json: JSON {
    [
      "steps": .integer(Int64(steps)), "episode_starts": .integer(Int64(episodeStarts)),
      "distinct_masks": .integer(Int64(distinctMasks)), "largest_logit_difference": .number(largestLogitDifference),
      "near_tie_share": .number(nearTieShare),
    ]
  }

  fileprivate init(json: JSON) throws(JSONShapeError) {
    let members = try json.requireKeys(
      ["steps", "episode_starts", "distinct_masks", "largest_logit_difference", "near_tie_share"], at: "parity")
    func count(_ key: String) throws(JSONShapeError) -> Int {
      guard let value = members[key]?.integerValue, value >= 0 else {
        throw JSONShapeError("parity.\(key)", "must be a whole number, not negative")
      }
      return value
    }
    func number(_ key: String) throws(JSONShapeError) -> Double {
      guard let value = members[key]?.doubleValue else { throw JSONShapeError("parity.\(key)", "must be a number") }
      return value
    }
    self.init(
      steps: try count("steps"), episodeStarts: try count("episode_starts"),
      distinctMasks: try count("distinct_masks"), largestLogitDifference: try number("largest_logit_difference"),
      nearTieShare: try number("near_tie_share"))
  }
}

/// What a bundle says about its policy besides the numbers: who made it, from what, and which spaces it speaks.
public struct PolicyManifest: Hashable, Sendable {
  /// The schema versions that this reader knows: 1 holds one network, 2 an ensemble, 3 one network and what its training saw. In each of them actions and
  /// network may say `factors`; a reader of before refuses that key.
  public static let supportedVersions = 1...3

  /// The training algorithm's tag, for example `ppo_lstm_mask`.
  public let algorithm: String
  /// The columns of an observation, in order.
  public let observationSpace: ObservationSpace
  /// The actions, in order.
  public let actionSpace: ActionSpace
  /// Where the policy comes from: configuration, data fingerprint, source revision, run; free text by key.
  public let provenance: [String: String]
  /// How export compared it with the trained form; nil where that was not measured.
  public let parity: PolicyParity?

  /// A manifest from its parts.
  public init(
    algorithm: String, observationSpace: ObservationSpace, actionSpace: ActionSpace, provenance: [String: String],
    parity: PolicyParity?
  ) {
    self.algorithm = algorithm
    self.observationSpace = observationSpace
    self.actionSpace = actionSpace
    self.provenance = provenance
    self.parity = parity
  }
}

// MARK: - As the container's metadata

/// The metadata of a bundle: the manifest and what it must say about the policy itself, as texts by key.
struct BundleMetadata {
  static let formatName = "strikeforge.policy"
  static let dataDigestKey = "data_sha256"
  static let headerDigestKey = "header_sha256"
  static let networkVersion = "1"
  static let ensembleVersion = "2"
  static let rangesVersion = "3"
  private static let commonKeys = [
    "format", "schema_version", "algorithm", "observation_columns", "actions", "provenance", "parity", dataDigestKey,
    headerDigestKey,
  ]
  private static let networkKeys = ["network", "mask_contract", "state_rule", "normalizer"]
  private static let ensembleKeys = ["combination", "members"]

  /// One network, without its numbers.
  struct Network {
    let spec: NetworkSpec
    let requiresMask: Bool
    /// Bound and epsilon of the observation's scaling; nil where there is none.
    let scaling: (clip: Double, epsilon: Double)?
    /// Whether the bundle holds what training saw.
    let hasRanges: Bool

    var version: String { hasRanges ? BundleMetadata.rangesVersion : BundleMetadata.networkVersion }
  }

  /// Who decides together and how, without the members' bundles.
  struct Ensemble {
    let rule: CombinationRule
    let members: [(name: String, weight: Int, temperature: Double)]
  }

  enum Content {
    case network(Network)
    case ensemble(Ensemble)
  }

  let manifest: PolicyManifest
  let content: Content

  /// The tensor that holds the bundle of an ensemble's member.
  static func memberTensor(_ index: Int) -> String { "members.\(index)" }

  private static func stateRule(_ spec: NetworkSpec) -> String {
    spec.hiddenCount > 0 ? "zero_at_episode_start" : "none"
  }

  /// The texts, without the digests.
  var texts: [String: String] {
    var texts = [
      "format": BundleMetadata.formatName,
      "algorithm": manifest.algorithm,
      "observation_columns": manifest.observationSpace.json.text,
      "actions": manifest.actionSpace.json.text,
      "provenance": JSON.object(manifest.provenance.mapValues { .string($0) }).text,
      "parity": (manifest.parity?.json ?? .null).text,
    ]
    switch content {
    case .network(let network):
      texts["schema_version"] = network.version
      texts["network"] = network.spec.json.text
      texts["mask_contract"] = network.requiresMask ? "required" : "none"
      texts["state_rule"] = BundleMetadata.stateRule(network.spec)
      texts["normalizer"] =
        (network.scaling.map { ["clip": .number($0.clip), "epsilon": .number($0.epsilon)] } ?? JSON.null).text
    case .ensemble(let ensemble):
      texts["schema_version"] = BundleMetadata.ensembleVersion
      texts["combination"] = ensemble.rule.rawValue
      texts["members"] =
        JSON.array(
          ensemble.members.map {
            [
              "name": .string($0.name), "weight": .integer(Int64($0.weight)), "temperature": .number($0.temperature),
            ]
          }
        ).text
    }
    return texts
  }

  init(manifest: PolicyManifest, policy: DeployedPolicy) {
    self.manifest = manifest
    if let rule = policy.rule {
      content = .ensemble(
        Ensemble(rule: rule, members: policy.members.map { ($0.name, $0.weight, $0.temperature) }))
    } else {
      content = .network(Network(policy.members[0].policy))
    }
  }

  /// Reads the texts back, strictly.
  init(texts: [String: String]) throws(JSONShapeError) {
    let isEnsemble = texts["schema_version"] == BundleMetadata.ensembleVersion
    let texts = MetadataTexts(
      members: try JSON.object(texts.mapValues { .string($0) }).requireKeys(
        BundleMetadata.commonKeys + (isEnsemble ? BundleMetadata.ensembleKeys : BundleMetadata.networkKeys),
        at: "__metadata__"))
    let observationSpace = try ObservationSpace(json: try texts.json("observation_columns"))
    let actionSpace = try ActionSpace(json: try texts.json("actions"))
    guard let provenance = try texts.json("provenance").objectValue else {
      throw JSONShapeError("provenance", "must be an object of texts")
    }
    var provenanceTexts: [String: String] = [:]
    for (key, value) in provenance {
      guard let text = value.stringValue else { throw JSONShapeError("provenance.\(key)", "must be text") }
      provenanceTexts[key] = text
    }
    let parity = try texts.json("parity")
    content =
      isEnsemble
      ? .ensemble(try Ensemble(texts)) : .network(try Network(texts, observationSpace, actionSpace))
    manifest = PolicyManifest(
      algorithm: texts.text("algorithm"), observationSpace: observationSpace, actionSpace: actionSpace,
      provenance: provenanceTexts, parity: parity.isNull ? nil : try PolicyParity(json: parity))
  }
}

/// The texts of a header, by key; those that are asked for are known to be there.
private struct MetadataTexts {
  let members: [String: JSON]

  func text(_ key: String) -> String { members[key]?.stringValue ?? "" }

  func json(_ key: String) throws(JSONShapeError) -> JSON {
    do {
      return try JSON.parse(text(key))
    } catch {
      throw JSONShapeError(key, "is \(error)")
    }
  }
}

extension BundleMetadata.Network {
  init(_ policy: InferencePolicy) {
    spec = policy.spec
    requiresMask = policy.requiresMask
    scaling = policy.normalizer.map { ($0.clip, $0.epsilon) }
    hasRanges = policy.trainingRanges != nil
  }

  fileprivate init(_ texts: MetadataTexts, _ columns: ObservationSpace, _ actions: ActionSpace) throws(JSONShapeError) {
    spec = try NetworkSpec(json: try texts.json("network"))
    hasRanges = texts.text("schema_version") == BundleMetadata.rangesVersion
    guard columns.count == spec.inputs else {
      throw JSONShapeError(
        "observation_columns", "must hold the network's \(spec.inputs) columns, found \(columns.count)")
    }
    guard actions.count == spec.actions else {
      throw JSONShapeError("actions", "must name the network's \(spec.actions) actions, found \(actions.count)")
    }
    guard actions.heads == spec.factors else {
      throw JSONShapeError("actions", "must make the network's \(spec.factors.inWords), found \(actions.heads.inWords)")
    }
    guard ["required", "none"].contains(texts.text("mask_contract")) else {
      throw JSONShapeError("mask_contract", "must be 'required' or 'none'")
    }
    requiresMask = texts.text("mask_contract") == "required"
    guard texts.text("state_rule") == BundleMetadata.stateRule(spec) else {
      throw JSONShapeError("state_rule", "must be '\(BundleMetadata.stateRule(spec))' for this network")
    }
    let normalizer = try texts.json("normalizer")
    guard !normalizer.isNull else {
      scaling = nil
      return
    }
    let members = try normalizer.requireKeys(["clip", "epsilon"], at: "normalizer")
    guard let clip = members["clip"]?.doubleValue, let epsilon = members["epsilon"]?.doubleValue, clip > 0, epsilon > 0
    else { throw JSONShapeError("normalizer", "must hold a positive clip and a positive epsilon") }
    scaling = (clip, epsilon)
  }
}

extension BundleMetadata.Ensemble {
  fileprivate init(_ texts: MetadataTexts) throws(JSONShapeError) {
    guard let rule = CombinationRule(rawValue: texts.text("combination")) else {
      let known = CombinationRule.allCases.map(\.rawValue).joined(separator: ", ")
      throw JSONShapeError("combination", "must be one of \(known)")
    }
    self.rule = rule
    guard let elements = try texts.json("members").arrayValue,
      (1...DeployedPolicy.maximumMembers).contains(elements.count)
    else { throw JSONShapeError("members", "must be a list of 1 to \(DeployedPolicy.maximumMembers) members") }
    var members: [(name: String, weight: Int, temperature: Double)] = []
    for (index, element) in elements.enumerated() {
      let place = "members[\(index)]"
      let parts = try element.requireKeys(["name", "weight", "temperature"], at: place)
      guard let name = parts["name"]?.stringValue, !name.isEmpty, !members.contains(where: { $0.name == name }) else {
        throw JSONShapeError("\(place).name", "must be a text that no other member has")
      }
      guard let weight = parts["weight"]?.integerValue, DeployedPolicy.Member.weights.contains(weight) else {
        throw JSONShapeError(
          "\(place).weight", "must be a whole number from 0 to \(DeployedPolicy.Member.weights.upperBound)")
      }
      guard let temperature = parts["temperature"]?.doubleValue,
        DeployedPolicy.Member.temperatures.contains(temperature)
      else { throw JSONShapeError("\(place).temperature", "must be a positive number") }
      members.append((name, weight, temperature))
    }
    self.members = members
  }
}
