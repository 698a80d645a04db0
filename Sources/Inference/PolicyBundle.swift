// The deployed policy as one file: written after export, verified and replayed before it serves.

public import AgentInterface
import Text

/// A played piece of history with the outputs it gave at export. Loading plays it again.
public struct GoldenVectors: Hashable, Sendable {
  /// (G, D) raw observations.
  public let observations: [Float]
  /// (G) legal actions.
  public let masks: [ActionMask]
  /// (G) whether the row begins an episode.
  public let episodeStarts: [Bool]
  /// (G, A) logits before masking.
  public let logits: [Float]
  /// (G) values, where the policy carries a value function.
  public let values: [Float]?

  /// Vectors from their parts; shapes are checked when a bundle is made of them.
  public init(
    observations: [Float], masks: [ActionMask], episodeStarts: [Bool], logits: [Float], values: [Float]?
  ) {
    self.observations = observations
    self.masks = masks
    self.episodeStarts = episodeStarts
    self.logits = logits
    self.values = values
  }

  /// Vectors whose outputs are those of `policy` itself. Throws where it refuses a row.
  public init(
    playing policy: DeployedPolicy, observations: [Float], masks: [ActionMask], episodeStarts: [Bool]
  ) throws(DecisionError) {
    let columns = policy.inputs
    precondition(
      observations.count == episodeStarts.count * columns && masks.count == episodeStarts.count,
      "\(observations.count) numbers, \(masks.count) masks, \(episodeStarts.count) starts of \(columns) columns")
    var session = policy.makeSession()
    var logits: [Float] = []
    var values: [Float] = []
    for row in episodeStarts.indices {
      let decision = try session.decide(
        Array(observations[(row * columns)..<((row + 1) * columns)]), mask: masks[row],
        startsEpisode: episodeStarts[row])
      logits.append(contentsOf: session.logits)
      if let value = decision.value { values.append(value) }
    }
    self.init(
      observations: observations, masks: masks, episodeStarts: episodeStarts, logits: logits,
      values: policy.hasValueHead ? values : nil)
  }

  /// The number of rows, G.
  public var count: Int { episodeStarts.count }

  /// What makes the vectors useless for a policy, or nil.
  func defect(for policy: DeployedPolicy) -> String? {
    if count == 0 { return "there are no golden rows" }
    if observations.count != count * policy.inputs || masks.count != count || logits.count != count * policy.actions
      || (values == nil) == policy.hasValueHead || (values.map { $0.count != count } ?? false)
    {
      return "the golden vectors' shapes do not fit each other or the network"
    }
    if !episodeStarts[0] { return "the first golden row does not start an episode" }
    if policy.hasMemory && episodeStarts.count(where: { $0 }) < 2 {
      return "the golden rows of a policy with memory start fewer than two episodes"
    }
    return nil
  }
}

/// The deployed policy: manifest, network, normaliser and golden vectors, as one safetensors file. The file of an ensemble holds the whole
/// bundle of every member, as it was exported, in the tensors `members.0`, `members.1` ...
///
/// Digests: SHA-256 of the data block, and of everything before it with the digest's own 64 digits read as zeros.
public struct PolicyBundle: Sendable {
  /// What the bundle says about its policy.
  public let manifest: PolicyManifest
  /// The policy; a network carries its critic only if export was asked to.
  public let policy: DeployedPolicy
  /// The history that loading replays.
  public let golden: GoldenVectors
  /// The bundles of an ensemble's members, in their order; none where the policy is one network.
  public let members: [PolicyBundle]

  /// How far a golden logit may lie from its replay, relative to its row's largest where that is above 1; values likewise.
  public static let goldenTolerance: Float = 1e-4
  /// The largest file that is read.
  public static let maximumFileBytes = 1 << 30

  /// The bundle of one network. Traps unless spaces, golden vectors and policy fit each other: at least one golden row, the first one
  /// an episode's start, and at least two starts for a policy with memory.
  public init(manifest: PolicyManifest, policy: InferencePolicy, golden: GoldenVectors) {
    self.init(manifest, policy.deployed, golden, members: [])
  }

  /// The bundle of an ensemble. Traps as the one of a network does, and unless each member's bundle holds that member's network and speaks of the
  /// same spaces as the others.
  public init(
    manifest: PolicyManifest, ensemble: DeployedPolicy, members: [PolicyBundle], golden: GoldenVectors
  ) {
    precondition(
      ensemble.rule != nil && members.count == ensemble.members.count,
      "\(members.count) bundles for \(ensemble.members.count) members")
    for bundle in members {
      if let difference = PolicyBundle.difference(bundle.manifest, manifest) { preconditionFailure(difference) }
    }
    self.init(manifest, ensemble, golden, members: members)
  }

  private init(
    _ manifest: PolicyManifest, _ policy: DeployedPolicy, _ golden: GoldenVectors, members: [PolicyBundle]
  ) {
    precondition(
      manifest.observationSpace.count == policy.inputs,
      "\(manifest.observationSpace.count) columns for a network of \(policy.inputs) inputs")
    precondition(
      manifest.actionSpace.count == policy.actions,
      "\(manifest.actionSpace.count) action names for a network of \(policy.actions) actions")
    precondition(
      manifest.actionSpace.heads == policy.factors,
      "actions of \(manifest.actionSpace.heads.inWords) for a network of \(policy.factors.inWords)")
    if let defect = golden.defect(for: policy) { preconditionFailure(defect) }
    self.manifest = manifest
    self.policy = policy
    self.golden = golden
    self.members = members
  }

  /// How a member's spaces differ from those of its ensemble, in words, or nil.
  static func difference(_ member: PolicyManifest, _ ensemble: PolicyManifest) -> String? {
    let differences = member.differences(
      from: ensemble.observationSpace, actions: ensemble.actionSpace, mine: "in the member", theirs: "in the ensemble")
    return differences.isEmpty ? nil : differences.joined(separator: "; ")
  }

  // MARK: - Writing

  /// The file's bytes.
  public func encode() -> [UInt8] {
    var tensors =
      members.isEmpty
      ? networkTensors
      : members.enumerated().map { index, member in
        let bytes = member.encode()
        return Safetensors.Tensor(BundleMetadata.memberTensor(index), shape: [bytes.count], bytes)
      }
    let rows = golden.count
    tensors.append(.init("golden.observations", shape: [rows, policy.inputs], golden.observations))
    tensors.append(.init("golden.logits", shape: [rows, policy.actions], golden.logits))
    if let values = golden.values { tensors.append(.init("golden.values", shape: [rows], values)) }
    let flags = golden.masks.flatMap { mask in (0..<policy.actions).map { mask.allows($0) ? UInt8(1) : 0 } }
    tensors.append(.init("golden.masks", shape: [rows, policy.actions], flags))
    tensors.append(.init("golden.episodeStarts", shape: [rows], golden.episodeStarts.map { $0 ? UInt8(1) : 0 }))

    var container = Safetensors(
      metadata: BundleMetadata(manifest: manifest, policy: policy).texts, tensors: tensors)
    container.metadata[BundleMetadata.dataDigestKey] = SHA256.hex(container.tensors.flatMap(\.bytes))
    container.metadata[BundleMetadata.headerDigestKey] = BundleDigest.zeros
    return BundleDigest.seal(container.encode())
  }

  private var networkTensors: [Safetensors.Tensor] {
    guard let network = policy.network else { return [] }
    let parameters = network.parameters
    var tensors = network.layout.entries.map { entry in
      Safetensors.Tensor(entry.name, shape: entry.shape, Array(parameters[entry.range]))
    }
    if let normalizer = network.normalizer {
      tensors.append(.init("normalizer.observation.mean", shape: [policy.inputs], normalizer.mean))
      tensors.append(.init("normalizer.observation.variance", shape: [policy.inputs], normalizer.variance))
      tensors.append(.init("normalizer.observation.count", shape: [], [normalizer.count]))
    }
    if let ranges = network.trainingRanges {
      let shape = [policy.inputs]
      tensors.append(.init("training.minimum", shape: shape, ranges.minimum))
      tensors.append(.init("training.maximum", shape: shape, ranges.maximum))
      tensors.append(.init("training.mean", shape: shape, ranges.mean))
      tensors.append(.init("training.variance", shape: shape, ranges.variance))
      tensors.append(.init("training.count", shape: shape, ranges.count))
    }
    return tensors
  }

  // MARK: - Reading

  /// Whether a file that begins with these bytes says that it is a bundle.
  package static func isBeginning(_ bytes: [UInt8]) -> Bool {
    guard bytes.count >= Safetensors.beginningBytes, Safetensors.refusal(ofBeginning: bytes) == nil else {
      return false
    }
    let name = Array("\"\(BundleMetadata.formatName)\"".utf8)
    return bytes.indices.dropLast(name.count - 1).contains { bytes[$0...].starts(with: name) }
  }

  /// Reads, verifies and replays the bundle at `path`.
  public static func load(path: String) throws(PolicyBundleError) -> PolicyBundle {
    let bytes: [UInt8]
    do {
      bytes = try BoundedFile.read(
        path: path, maximumBytes: maximumFileBytes, beginningBytes: Safetensors.beginningBytes
      ) { beginning in
        Safetensors.refusal(ofBeginning: beginning).map { .init(description: $0.description, isOfAnotherKind: true) }
      }
    } catch {
      if error.isOfAnotherKind { throw .notAPolicyBundle(path: path, reason: error.description) }
      throw .unreadable(path: path, reason: error.description)
    }
    return try decode(bytes, path: path)
  }

  /// Reads, verifies and replays a bundle from its bytes; `path` names it in errors.
  public static func decode(_ bytes: [UInt8], path: String) throws(PolicyBundleError) -> PolicyBundle {
    let container = try open(bytes, path: path)
    let metadata: BundleMetadata
    do {
      metadata = try BundleMetadata(texts: container.metadata)
    } catch {
      throw .inconsistent(path: path, place: "its metadata", reason: error.description)
    }
    var reader = BundleTensors(container: container, path: path)
    let policy: DeployedPolicy
    var members: [PolicyBundle] = []
    switch metadata.content {
    case .network(let network): policy = try read(network, from: &reader).deployed
    case .ensemble(let ensemble):
      members = try read(ensemble, of: metadata.manifest, from: &reader, path: path)
      policy = try combine(members, by: ensemble, fallback: metadata.manifest.actionSpace.fallback, path: path)
    }
    let golden = try reader.golden(for: policy)
    try reader.requireNothingElse()
    if let defect = golden.defect(for: policy) {
      throw .inconsistent(path: path, place: "its golden vectors", reason: defect)
    }
    try replay(golden, policy: policy, path: path)
    return PolicyBundle(metadata.manifest, policy, golden, members: members)
  }

  private static func read(
    _ network: BundleMetadata.Network, from reader: inout BundleTensors
  ) throws(PolicyBundleError) -> InferencePolicy {
    let spec = network.spec
    var parameters: [Float] = []
    for entry in ParameterLayout(spec).entries {
      parameters.append(contentsOf: try reader.floats(entry.name, shape: entry.shape))
    }
    var normalizer: ObservationNormalizer?
    if let scaling = network.scaling {
      normalizer = try reader.normalizer(columns: spec.inputs, scaling: scaling)
    }
    let ranges = network.hasRanges ? try reader.ranges(columns: spec.inputs) : nil
    return InferencePolicy(
      spec: spec, parameters: parameters, normalizer: normalizer, requiresMask: network.requiresMask,
      trainingRanges: ranges)
  }

  /// The members' own bundles, each verified and replayed as if it came alone.
  private static func read(
    _ ensemble: BundleMetadata.Ensemble, of manifest: PolicyManifest, from reader: inout BundleTensors, path: String
  ) throws(PolicyBundleError) -> [PolicyBundle] {
    var bundles: [PolicyBundle] = []
    for (index, member) in ensemble.members.enumerated() {
      let place = "member '\(member.name)'"
      let bytes = try reader.bytes(BundleMetadata.memberTensor(index), what: place)
      // Asked before it is decoded, so that nothing nests.
      if let inner = try? Safetensors.decode(bytes), inner.metadata["schema_version"] == BundleMetadata.ensembleVersion
      {
        throw .inconsistent(path: path, place: place, reason: "it is an ensemble itself")
      }
      let bundle = try decode(bytes, path: "\(path)', \(place.dropLast())")
      if let difference = difference(bundle.manifest, manifest) {
        throw .inconsistent(path: path, place: place, reason: "it was trained on another space: \(difference)")
      }
      bundles.append(bundle)
    }
    return bundles
  }

  private static func combine(
    _ bundles: [PolicyBundle], by ensemble: BundleMetadata.Ensemble, fallback: ActionNumber?, path: String
  ) throws(PolicyBundleError) -> DeployedPolicy {
    var members: [DeployedPolicy.Member] = []
    for (bundle, member) in zip(bundles, ensemble.members) {
      guard let network = bundle.policy.network else { continue }
      members.append(
        .init(name: member.name, policy: network, weight: member.weight, temperature: member.temperature))
    }
    if let defect = DeployedPolicy.defect(of: members) {
      throw .inconsistent(path: path, place: "its members", reason: defect)
    }
    return DeployedPolicy(ensemble: members, rule: ensemble.rule, fallback: fallback)
  }

  /// The container, once format, version and both digests hold.
  private static func open(_ bytes: [UInt8], path: String) throws(PolicyBundleError) -> Safetensors {
    let container: Safetensors
    let headerEnd: Int
    do {
      container = try Safetensors.decode(bytes)
      headerEnd = try Safetensors.headerEnd(bytes)
    } catch {
      switch error {
      case .truncated(let expected, let found):
        throw .truncatedFile(path: path, expectedBytes: expected, foundBytes: found)
      case .headerTooLong, .invalidHeader:
        throw .notAPolicyBundle(path: path, reason: error.description)
      case .invalidJSON, .invalidTensor: throw .damaged(path: path, place: "header", reason: error.description)
      case .trailingBytes: throw .damaged(path: path, place: "length", reason: error.description)
      }
    }
    guard container.metadata["format"] == BundleMetadata.formatName else {
      throw .notAPolicyBundle(path: path, reason: "its metadata does not say '\(BundleMetadata.formatName)'")
    }
    let version = container.metadata["schema_version"] ?? ""
    guard let number = Int(version), PolicyManifest.supportedVersions.contains(number) else {
      throw .unsupportedVersion(path: path, found: version, supported: PolicyManifest.supportedVersions)
    }
    guard BundleDigest.holds(bytes, headerEnd: headerEnd, container.metadata[BundleMetadata.headerDigestKey]) else {
      throw .damaged(path: path, place: "header", reason: "its SHA-256 is not the one it was written with")
    }
    guard container.metadata[BundleMetadata.dataDigestKey] == SHA256.hex(Array(bytes[headerEnd...])) else {
      throw .damaged(path: path, place: "tensors", reason: "their SHA-256 is not the one they were written with")
    }
    return container
  }

  private static func replay(_ golden: GoldenVectors, policy: DeployedPolicy, path: String) throws(PolicyBundleError) {
    let (inputs, actions) = (policy.inputs, policy.actions)
    var session = policy.makeSession()
    for row in 0..<golden.count {
      let observation = Array(golden.observations[(row * inputs)..<((row + 1) * inputs)])
      let decision: Decision
      do {
        decision = try session.decide(
          observation, mask: golden.masks[row], startsEpisode: golden.episodeStarts[row])
      } catch {
        throw .inconsistent(path: path, place: "golden row \(row)", reason: error.description)
      }
      // A vote turns with a logit that lies as near to another as rounding reaches; the members' own rows have been replayed.
      if policy.rule == .hardVote, session.hasNearTie(within: 2 * goldenTolerance, mask: golden.masks[row]) { continue }
      let tolerance = goldenTolerance * session.logitScale
      for (action, found) in session.logits.enumerated() {
        let expected = golden.logits[row * actions + action]
        // Written so that NaN fails.
        guard abs(found - expected) <= tolerance else {
          throw .goldenMismatch(path: path, row: row, output: "logit \(action)", expected: expected, found: found)
        }
      }
      if let expected = golden.values?[row], let found = decision.value {
        guard abs(found - expected) <= goldenTolerance * max(1, abs(expected)) else {
          throw .goldenMismatch(path: path, row: row, output: "value", expected: expected, found: found)
        }
      }
    }
  }
}

extension PolicySession {
  /// Whether some member's two best legal logits of a factor of the last decision lie no further apart than `distance`, relative to its largest logit where that
  /// is above 1.
  func hasNearTie(within distance: Float, mask: ActionMask) -> Bool {
    policy.members.indices.contains { member in
      let logits = logitsPointer(ofMember: member)
      let reach = distance * size(ofMember: member)
      return policy.factors.widths.indices.contains { factor in
        let first = policy.factors.firsts[factor]
        let best = first + policy.factors.choice(of: factor, in: choice(ofMember: member))
        return (first..<(first + policy.factors.widths[factor])).contains { place in
          place != best && mask.allows(place) && logits[best] - logits[place] <= reach
        }
      }
    }
  }

  /// By how much more than the logits of a network of size 1 those of the last decision may move with rounding: action values may be thousands. The
  /// logarithms of a vote move with what its members' logits are divided by, see `DeployedPolicy.logitSensitivity`.
  var logitScale: Float {
    guard policy.rule != nil else { return size(ofMember: 0) }
    return policy.members.enumerated().reduce(1) {
      max($0, Float(2 / $1.element.temperature) * size(ofMember: $1.offset))
    }
  }

  /// The largest logit of a member at the last decision, and at least 1.
  private func size(ofMember member: Int) -> Float {
    let logits = logitsPointer(ofMember: member)
    return (0..<policy.actions).reduce(1) { max($0, abs(logits[$1])) }
  }
}
