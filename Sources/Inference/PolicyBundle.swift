// The deployed policy as one file: written after export, verified and replayed before it serves.

public import AgentInterface

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
    playing policy: InferencePolicy, observations: [Float], masks: [ActionMask], episodeStarts: [Bool]
  ) throws(DecisionError) {
    let columns = policy.spec.inputs
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
      values: policy.spec.hasValueHead ? values : nil)
  }

  /// The number of rows, G.
  public var count: Int { episodeStarts.count }

  /// What makes the vectors useless for a policy, or nil.
  func defect(for policy: InferencePolicy) -> String? {
    let spec = policy.spec
    if count == 0 { return "there are no golden rows" }
    if observations.count != count * spec.inputs || masks.count != count || logits.count != count * spec.actions
      || (values == nil) == spec.hasValueHead || (values.map { $0.count != count } ?? false)
    {
      return "the golden vectors' shapes do not fit each other or the network"
    }
    if !episodeStarts[0] { return "the first golden row does not start an episode" }
    if spec.hiddenCount > 0 && episodeStarts.count(where: { $0 }) < 2 {
      return "the golden rows of a policy with memory start fewer than two episodes"
    }
    return nil
  }
}

/// The deployed policy: manifest, network, normaliser and golden vectors, as one safetensors file.
///
/// Digests: SHA-256 of the data block, and of everything before it with the digest's own 64 digits read as zeros.
public struct PolicyBundle: Sendable {
  /// What the bundle says about its policy.
  public let manifest: PolicyManifest
  /// The policy; it carries the critic only if export was asked to.
  public let policy: InferencePolicy
  /// The history that loading replays.
  public let golden: GoldenVectors

  /// How far a golden logit may lie from its replay; values likewise, relative to their size where that is above 1.
  public static let goldenTolerance: Float = 1e-4
  /// The largest file that is read.
  public static let maximumFileBytes = 1 << 30

  /// A bundle from its parts. Traps unless spaces, golden vectors and policy fit each other: at least one golden row, the first one
  /// an episode's start, and at least two starts for a policy with memory.
  public init(manifest: PolicyManifest, policy: InferencePolicy, golden: GoldenVectors) {
    precondition(
      manifest.observationSpace.count == policy.spec.inputs,
      "\(manifest.observationSpace.count) columns for a network of \(policy.spec.inputs) inputs")
    precondition(
      manifest.actionSpace.count == policy.spec.actions,
      "\(manifest.actionSpace.count) action names for a network of \(policy.spec.actions) actions")
    if let defect = golden.defect(for: policy) { preconditionFailure(defect) }
    self.manifest = manifest
    self.policy = policy
    self.golden = golden
  }

  // MARK: - Writing

  /// The file's bytes.
  public func encode() -> [UInt8] {
    let spec = policy.spec
    let parameters = policy.parameters
    var tensors = policy.layout.entries.map { entry in
      Safetensors.Tensor(entry.name, shape: entry.shape, Array(parameters[entry.range]))
    }
    if let normalizer = policy.normalizer {
      tensors.append(.init("normalizer.observation.mean", shape: [spec.inputs], normalizer.mean))
      tensors.append(.init("normalizer.observation.variance", shape: [spec.inputs], normalizer.variance))
      tensors.append(.init("normalizer.observation.count", shape: [], [normalizer.count]))
    }
    let rows = golden.count
    tensors.append(.init("golden.observations", shape: [rows, spec.inputs], golden.observations))
    tensors.append(.init("golden.logits", shape: [rows, spec.actions], golden.logits))
    if let values = golden.values { tensors.append(.init("golden.values", shape: [rows], values)) }
    let flags = golden.masks.flatMap { mask in (0..<spec.actions).map { mask.allows($0) ? UInt8(1) : 0 } }
    tensors.append(.init("golden.masks", shape: [rows, spec.actions], flags))
    tensors.append(.init("golden.episodeStarts", shape: [rows], golden.episodeStarts.map { $0 ? UInt8(1) : 0 }))

    var container = Safetensors(
      metadata: BundleMetadata(manifest: manifest, policy: policy).texts, tensors: tensors)
    container.metadata[BundleMetadata.dataDigestKey] = SHA256.hex(container.tensors.flatMap(\.bytes))
    container.metadata[BundleMetadata.headerDigestKey] = BundleDigest.zeros
    return BundleDigest.seal(container.encode())
  }

  // MARK: - Reading

  /// Reads, verifies and replays the bundle at `path`.
  public static func load(path: String) throws(PolicyBundleError) -> PolicyBundle {
    let bytes: [UInt8]
    do {
      bytes = try BoundedFile.read(path: path, maximumBytes: maximumFileBytes)
    } catch {
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
    let spec = metadata.spec
    var parameters: [Float] = []
    for entry in ParameterLayout(spec).entries {
      parameters.append(contentsOf: try reader.floats(entry.name, shape: entry.shape))
    }
    var normalizer: ObservationNormalizer?
    if let scaling = metadata.scaling {
      normalizer = try reader.normalizer(columns: spec.inputs, scaling: scaling)
    }
    let policy = InferencePolicy(
      spec: spec, parameters: parameters, normalizer: normalizer, requiresMask: metadata.requiresMask)
    let golden = try reader.golden(spec: spec)
    try reader.requireNothingElse()
    if let defect = golden.defect(for: policy) {
      throw .inconsistent(path: path, place: "its golden vectors", reason: defect)
    }
    try replay(golden, policy: policy, path: path)
    return PolicyBundle(manifest: metadata.manifest, policy: policy, golden: golden)
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

  private static func replay(_ golden: GoldenVectors, policy: InferencePolicy, path: String) throws(PolicyBundleError) {
    let spec = policy.spec
    var session = policy.makeSession()
    for row in 0..<golden.count {
      let observation = Array(golden.observations[(row * spec.inputs)..<((row + 1) * spec.inputs)])
      let decision: Decision
      do {
        decision = try session.decide(
          observation, mask: golden.masks[row], startsEpisode: golden.episodeStarts[row])
      } catch {
        throw .inconsistent(path: path, place: "golden row \(row)", reason: error.description)
      }
      for (action, found) in session.logits.enumerated() {
        let expected = golden.logits[row * spec.actions + action]
        // Written so that NaN fails.
        guard abs(found - expected) <= goldenTolerance else {
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
