// What a policy bundle says about its policy.

public import AgentInterface

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
  /// The schema versions that this reader knows.
  public static let supportedVersions = 1...1

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
  static let keys = [
    "format", "schema_version", "algorithm", "network", "observation_columns", "actions", "mask_contract",
    "state_rule", "normalizer", "provenance", "parity", dataDigestKey, headerDigestKey,
  ]

  let manifest: PolicyManifest
  let spec: NetworkSpec
  let requiresMask: Bool
  /// Bound and epsilon of the observation's scaling; nil where there is none.
  let scaling: (clip: Double, epsilon: Double)?

  private static func stateRule(_ spec: NetworkSpec) -> String {
    spec.hiddenCount > 0 ? "zero_at_episode_start" : "none"
  }

  /// The texts, without the digests.
  var texts: [String: String] {
    [
      "format": BundleMetadata.formatName,
      "schema_version": String(PolicyManifest.supportedVersions.upperBound),
      "algorithm": manifest.algorithm,
      "network": spec.json.text,
      "observation_columns": manifest.observationSpace.json.text,
      "actions": manifest.actionSpace.json.text,
      "mask_contract": requiresMask ? "required" : "none",
      "state_rule": BundleMetadata.stateRule(spec),
      "normalizer": (scaling.map { ["clip": .number($0.clip), "epsilon": .number($0.epsilon)] } ?? JSON.null).text,
      "provenance": JSON.object(manifest.provenance.mapValues { .string($0) }).text,
      "parity": (manifest.parity?.json ?? .null).text,
    ]
  }

  init(manifest: PolicyManifest, policy: InferencePolicy) {
    self.manifest = manifest
    spec = policy.spec
    requiresMask = policy.requiresMask
    scaling = policy.normalizer.map { ($0.clip, $0.epsilon) }
  }

  /// Reads the texts back, strictly.
  init(texts: [String: String]) throws(JSONShapeError) {
    let members = try JSON.object(texts.mapValues { .string($0) }).requireKeys(BundleMetadata.keys, at: "__metadata__")
    func text(_ key: String) -> String { members[key]?.stringValue ?? "" }
    func json(_ key: String) throws(JSONShapeError) -> JSON {
      do {
        return try JSON.parse(text(key))
      } catch {
        throw JSONShapeError(key, "is \(error)")
      }
    }
    let spec = try NetworkSpec(json: try json("network"))
    let observationSpace = try ObservationSpace(json: try json("observation_columns"))
    let actionSpace = try ActionSpace(json: try json("actions"))
    guard observationSpace.count == spec.inputs else {
      throw JSONShapeError(
        "observation_columns", "must hold the network's \(spec.inputs) columns, found \(observationSpace.count)")
    }
    guard actionSpace.count == spec.actions else {
      throw JSONShapeError("actions", "must name the network's \(spec.actions) actions, found \(actionSpace.count)")
    }
    guard ["required", "none"].contains(text("mask_contract")) else {
      throw JSONShapeError("mask_contract", "must be 'required' or 'none'")
    }
    guard text("state_rule") == BundleMetadata.stateRule(spec) else {
      throw JSONShapeError("state_rule", "must be '\(BundleMetadata.stateRule(spec))' for this network")
    }
    guard let provenance = try json("provenance").objectValue else {
      throw JSONShapeError("provenance", "must be an object of texts")
    }
    var provenanceTexts: [String: String] = [:]
    for (key, value) in provenance {
      guard let text = value.stringValue else { throw JSONShapeError("provenance.\(key)", "must be text") }
      provenanceTexts[key] = text
    }
    let parity = try json("parity")
    manifest = PolicyManifest(
      algorithm: text("algorithm"), observationSpace: observationSpace, actionSpace: actionSpace,
      provenance: provenanceTexts, parity: parity.isNull ? nil : try PolicyParity(json: parity))
    self.spec = spec
    requiresMask = text("mask_contract") == "required"
    scaling = try BundleMetadata.scaling(try json("normalizer"))
  }

  private static func scaling(_ json: JSON) throws(JSONShapeError) -> (clip: Double, epsilon: Double)? {
    if json.isNull { return nil }
    let members = try json.requireKeys(["clip", "epsilon"], at: "normalizer")
    guard let clip = members["clip"]?.doubleValue, let epsilon = members["epsilon"]?.doubleValue, clip > 0, epsilon > 0
    else { throw JSONShapeError("normalizer", "must hold a positive clip and a positive epsilon") }
    return (clip, epsilon)
  }
}
