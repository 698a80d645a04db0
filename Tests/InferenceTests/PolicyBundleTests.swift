// The bundle: what comes back, and that every damage, mismatch and foreign space is refused by name.

import AgentInterface
import Glibc
import Inference
import Kernels
import TestSupport
import Testing
import Text

@Suite struct PolicyBundleTests {
  static func space(_ count: Int) -> ObservationSpace {
    ObservationSpace(columns: (0..<count).map { .init(name: "AAPL.column_\($0)", unit: "fraction") })
  }

  static func bundle(
    spec: NetworkSpec = Sample.recurrent(), requiresMask: Bool = true, scaled: Bool = true, rows: Int = 12,
    edit: (inout [Float]) -> Void = { _ in }
  ) throws -> PolicyBundle {
    var parameters = Sample.parameters(spec, seed: 40)
    edit(&parameters)
    let normalizer = ObservationNormalizer(
      mean: (0..<spec.inputs).map { Double($0) * 0.1 }, variance: (0..<spec.inputs).map { 1 + Double($0) },
      count: 512.0001)
    let policy = InferencePolicy(
      spec: spec, parameters: parameters, normalizer: scaled ? normalizer : nil, requiresMask: requiresMask)
    var stream = RandomStream(seed: 41, purpose: .market)
    let golden = try GoldenVectors(
      playing: policy.deployed,
      observations: Sample.observations(rows: rows, columns: spec.inputs, seed: 42).flatMap { $0 },
      masks: (0..<rows).map { _ in ActionMask(rawValue: stream.nextInteger(below: 1 << UInt64(spec.actions) - 1) + 1) },
      episodeStarts: (0..<rows).map { $0 % 5 == 0 })
    let manifest = PolicyManifest(
      algorithm: "ppo_lstm_mask", observationSpace: space(spec.inputs),
      actionSpace: ActionSpace(names: (0..<spec.actions).map { "action_\($0)" }, fallback: 0),
      provenance: ["run": "test", "data_fingerprint": "abc"],
      parity: PolicyParity(
        steps: 10_000, episodeStarts: 100, distinctMasks: 3, largestLogitDifference: 1.5e-7, nearTieShare: 0))
    return PolicyBundle(manifest: manifest, policy: policy, golden: golden)
  }

  @Test(arguments: PolicySessionTests.specs, [true, false])
  func comesBackAndDecidesTheSame(spec: NetworkSpec, withCritic: Bool) throws {
    guard spec.actions < 64 else { return }
    let full = try Self.bundle(spec: spec, scaled: spec.inputs > 1)
    let network = try #require(full.policy.network)
    let policy = withCritic ? network : network.actorOnly
    let golden = GoldenVectors(
      observations: full.golden.observations, masks: full.golden.masks, episodeStarts: full.golden.episodeStarts,
      logits: full.golden.logits, values: policy.spec.hasValueHead ? full.golden.values : nil)
    let bundle = PolicyBundle(manifest: full.manifest, policy: policy, golden: golden)
    let read = try PolicyBundle.decode(bundle.encode(), path: "x")
    #expect(read.manifest == bundle.manifest && read.golden == bundle.golden)
    let back = try #require(read.policy.network)
    #expect(back.spec == policy.spec && back.parameters == policy.parameters)
    #expect(back.normalizer == policy.normalizer && read.policy.requiresMask && read.members.isEmpty)
    #expect(read.encode() == bundle.encode())
    var written = full.policy.makeSession()
    var loaded = read.policy.makeSession()
    for (step, row) in Sample.observations(rows: 20, columns: spec.inputs, seed: 43).enumerated() {
      let mask = ActionMask.all(count: spec.actions)
      let first = try written.decide(row, mask: mask, startsEpisode: step % 7 == 0)
      let second = try loaded.decide(row, mask: mask, startsEpisode: step % 7 == 0)
      #expect(first.action == second.action && written.logits == loaded.logits)
    }
  }

  @Test func carriesNamesThatOtherToolsKnow() throws {
    let container = try Safetensors.decode(try Self.bundle().encode())
    for name in ["lstm_actor.weight_ih_l0", "mlp_extractor.policy_net.0.weight", "action_net.bias", "golden.logits"] {
      #expect(container.tensor(name)?.floats != nil)
    }
    #expect(container.tensor("normalizer.observation.count")?.doubles == [512.0001])
    #expect(container.tensor("golden.masks")?.unsignedBytes?.count == 12 * 5)
    #expect(container.metadata["schema_version"] == "1" && container.metadata["mask_contract"] == "required")
    #expect(container.metadata["state_rule"] == "zero_at_episode_start")
    let values = try Safetensors.decode(try Self.bundle(spec: PolicySessionTests.actionValues).encode())
    for name in ["q_net.q_net.0.weight", "q_net.q_net.2.bias", "q_net.q_net.4.weight", "golden.logits"] {
      #expect(values.tensor(name)?.floats != nil)
    }
    let described = try Self.bundle(spec: PolicySessionTests.dueling).describe().map { $0.0 + ": " + $0.1 }
    #expect(described.contains("decides by: the largest value of an action, dueling"))
  }

  /// Action values in the millions: a golden row may be off by rounding, which is more than 1 there, and by no more.
  @Test(arguments: [PolicySessionTests.actionValues, PolicySessionTests.dueling, Sample.recurrent()])
  func goldenRowsAreComparedAtTheirSize(spec: NetworkSpec) throws {
    let head = ["weight", "bias"].compactMap { ParameterLayout(spec).entry("\(spec.actionHeadName).\($0)") }
    let bundle = try Self.bundle(spec: spec) { parameters in
      for entry in head { for place in entry.range { parameters[place] *= 1e7 } }
    }
    func read(offBy share: Float) throws -> PolicyBundle {
      var logits = bundle.golden.logits
      let largest = logits[..<spec.actions].map { abs($0) }.max() ?? 0
      #expect(largest > 1e5)
      logits[1] += share * largest
      let golden = GoldenVectors(
        observations: bundle.golden.observations, masks: bundle.golden.masks,
        episodeStarts: bundle.golden.episodeStarts, logits: logits, values: bundle.golden.values)
      return try PolicyBundle.decode(
        PolicyBundle(manifest: bundle.manifest, policy: bundle.policy.members[0].policy, golden: golden).encode(),
        path: "p")
    }
    _ = try read(offBy: 5e-5)
    #expect(throws: PolicyBundleError.self) { try read(offBy: 2e-4) }
  }

  /// A small bundle, so that each of its bytes can be tried.
  static func smallBytes() throws -> [UInt8] {
    let spec = NetworkSpec(
      inputs: 2, actions: 2, memory: .lstm(hidden: 1, critic: .none), policyTower: [], valueTower: [],
      activation: .tanh,
      hasValueHead: false)
    return try bundle(spec: spec, rows: 6).encode()
  }

  @Test func everyChangedByteIsRefused() throws {
    let bytes = try Self.smallBytes()
    _ = try PolicyBundle.decode(bytes, path: "whole")
    for place in bytes.indices {
      // One bit, and the upper-case twin of letters, in turn: between them every byte changes in two ways.
      for change in [UInt8(1) << UInt8(place % 8), 0x20] {
        var damaged = bytes
        damaged[place] ^= change
        do {
          _ = try PolicyBundle.decode(damaged, path: "file.safetensors")
          Issue.record("byte \(place) changed by \(change) was not noticed")
        } catch {
          #expect(error.description.contains("'file.safetensors'"))
        }
      }
    }
  }

  @Test func everyTruncationIsRefused() throws {
    let bytes = try Self.smallBytes()
    for count in 0..<bytes.count {
      do {
        _ = try PolicyBundle.decode(Array(bytes[..<count]), path: "file")
        Issue.record("\(count) of \(bytes.count) bytes were accepted")
      } catch {
        guard case .truncatedFile("file", _, count) = error else {
          Issue.record("\(count) bytes: \(error)")
          continue
        }
      }
    }
    #expect(throws: PolicyBundleError.self) { try PolicyBundle.decode(bytes + [0], path: "file") }
  }

  /// A bundle whose container was changed by `edit` and sealed again, as a careful forger would.
  static func forged(_ edit: (inout [String: String], inout [Safetensors.Tensor]) -> Void) throws -> [UInt8] {
    try forged(bundle().encode(), edit)
  }

  static func forged(
    _ bytes: [UInt8], _ edit: (inout [String: String], inout [Safetensors.Tensor]) -> Void
  ) throws -> [UInt8] {
    let container = try Safetensors.decode(bytes)
    var metadata = container.metadata
    var tensors = container.tensors
    edit(&metadata, &tensors)
    var changed = Safetensors(metadata: metadata, tensors: tensors)
    changed.metadata["data_sha256"] = SHA256.hex(changed.tensors.flatMap(\.bytes))
    changed.metadata["header_sha256"] = String(repeating: "0", count: 64)
    let bytes = changed.encode()
    let dataCount = changed.tensors.reduce(0) { $0 + $1.bytes.count }
    changed.metadata["header_sha256"] = SHA256.hex(Array(bytes.dropLast(dataCount)))
    return changed.encode()
  }

  @Test func refusesSealedFilesThatContradictThemselves() throws {
    _ = try PolicyBundle.decode(try Self.forged { _, _ in }, path: "p")
    func place(_ edit: (inout [String: String], inout [Safetensors.Tensor]) -> Void) throws -> String {
      do {
        _ = try PolicyBundle.decode(try Self.forged(edit), path: "p")
        return "accepted"
      } catch let error as PolicyBundleError {
        switch error {
        case .inconsistent("p", let place, _): return place
        case .unsupportedVersion("p", let found, 1...3): return "version \(found)"
        case .notAPolicyBundle: return "not a bundle"
        case .goldenMismatch("p", let row, let output, _, _): return "row \(row), \(output)"
        default: return "\(error)"
        }
      }
    }
    func replace(_ tensors: inout [Safetensors.Tensor], _ tensor: Safetensors.Tensor) {
      tensors = tensors.map { $0.name == tensor.name ? tensor : $0 }
    }
    #expect(try place { metadata, _ in metadata["schema_version"] = "4" } == "version 4")
    #expect(try place { metadata, _ in metadata["format"] = "other" } == "not a bundle")
    #expect(try place { metadata, _ in metadata["format"] = nil } == "not a bundle")
    #expect(try place { metadata, _ in metadata["extra"] = "x" } == "its metadata")
    #expect(try place { metadata, _ in metadata["mask_contract"] = nil } == "its metadata")
    #expect(try place { metadata, _ in metadata["state_rule"] = "none" } == "its metadata")
    #expect(try place { metadata, _ in metadata["network"] = "{}" } == "its metadata")
    #expect(try place { metadata, _ in metadata["actions"] = #"{"names":["a"],"fallback":null}"# } == "its metadata")
    #expect(try place { metadata, _ in metadata["normalizer"] = #"{"clip":-1,"epsilon":1}"# } == "its metadata")
    #expect(try place { metadata, _ in metadata["normalizer"] = "null" } == "tensor 'normalizer.observation.mean'")
    #expect(
      try place { _, tensors in tensors.removeAll { $0.name == "action_net.bias" } } == "tensor 'action_net.bias'")
    #expect(try place { _, tensors in tensors.append(.init("more", shape: [1], [0 as Float])) } == "tensor 'more'")
    let bias = [Float](repeating: 0, count: 5)
    #expect(
      try place { _, tensors in replace(&tensors, .init("action_net.bias", shape: [5, 1], bias)) }
        == "tensor 'action_net.bias'")
    #expect(
      try place { _, tensors in replace(&tensors, .init("action_net.bias", shape: [5], bias.map(Double.init))) }
        == "tensor 'action_net.bias'")
    #expect(
      try place { _, tensors in replace(&tensors, .init("action_net.bias", shape: [5], [.nan, 0, 0, 0, 0] as [Float])) }
        == "tensor 'action_net.bias'")
    // Another network of the same shape is caught by the replay.
    #expect(
      try place { _, tensors in replace(&tensors, .init("action_net.bias", shape: [5], bias)) }.hasPrefix(
        "row 0, logit"))
    #expect(
      try place { _, tensors in replace(&tensors, .init("golden.values", shape: [12], [Float](repeating: 9, count: 12)))
      }
        == "row 0, value")
    let never = [UInt8](repeating: 0, count: 12)
    #expect(
      try place { _, tensors in replace(&tensors, .init("golden.episodeStarts", shape: [12], never)) }
        == "its golden vectors")
    #expect(
      try place { _, tensors in replace(&tensors, .init("golden.episodeStarts", shape: [12], [1] + never.dropLast())) }
        == "its golden vectors")
    #expect(
      try place { _, tensors in
        replace(&tensors, .init("golden.masks", shape: [12, 5], [UInt8](repeating: 0, count: 60)))
      }
        == "golden row 0")
    #expect(
      try place { _, tensors in
        replace(&tensors, .init("golden.masks", shape: [12, 5], [UInt8](repeating: 2, count: 60)))
      }
        == "tensor 'golden.masks'")
  }

  @Test func namesTheDifferenceOfAnotherSpace() throws {
    let bundle = try Self.bundle()
    let actions = bundle.manifest.actionSpace
    try bundle.requireSpace(Self.space(6), actions: actions, path: "p")
    var columns = Self.space(6).columns
    columns.swapAt(1, 2)
    do {
      try bundle.requireSpace(ObservationSpace(columns: columns), actions: actions, path: "p")
      Issue.record("swapped columns were accepted")
    } catch {
      guard case .wrongSpace("p", let differences) = error else { throw error }
      #expect(
        differences.count == 2 && differences[0].contains("AAPL.column_1") && differences[0].contains("AAPL.column_2"))
    }
    for other in [
      ActionSpace(names: actions.names, fallback: 1), ActionSpace(names: actions.names + ["x"], fallback: 0),
      ActionSpace(names: actions.names.reversed(), fallback: 0),
    ] {
      #expect(throws: PolicyBundleError.self) { try bundle.requireSpace(Self.space(6), actions: other, path: "p") }
    }
    do {
      try bundle.requireSpace(Self.space(9), actions: ActionSpace(names: ["q"], fallback: nil), path: "p")
      Issue.record("another space was accepted")
    } catch {
      #expect(error.description.contains("it reads 6 columns, there are 9"))
      #expect(error.description.contains("AAPL.column_6, AAPL.column_7, AAPL.column_8 are only here"))
      #expect(!error.description.contains("AAPL.column_5"))
    }
  }

  @Test func filesAreReadWithCare() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/policy.safetensors"
    let bytes = try Self.bundle().encode()
    try folder.write(bytes, to: "policy.safetensors")
    #expect(try PolicyBundle.load(path: path).golden.count == 12)
    for (name, content) in [
      ("empty", []), ("text", Array("timestamp,open\n1,2\n".utf8)), ("cut", Array(bytes.dropLast(9))),
    ] {
      try folder.write(content, to: name)
      do {
        _ = try PolicyBundle.load(path: folder.path + "/" + name)
        Issue.record("\(name) was accepted")
      } catch {
        #expect(error.description.contains("/\(name)'"))
      }
    }
    for name in ["missing", ""] {
      do {
        _ = try PolicyBundle.load(path: folder.path + "/" + name)
        Issue.record("\(name) was accepted")
      } catch {
        guard case .unreadable(folder.path + "/" + name, _) = error else { throw error }
      }
    }
  }

  @Test func describesItself() throws {
    let rows = Dictionary(uniqueKeysWithValues: try Self.bundle().describe())
    #expect(rows["algorithm"] == "ppo_lstm_mask" && rows["memory"]?.contains("11 units") == true)
    #expect(rows["column 5"] == "AAPL.column_5 (fraction)" && rows["action 0"] == "action_0 (fallback)")
    #expect(rows["mask"]?.hasPrefix("required") == true && rows["provenance run"] == "test")
    #expect(rows["golden vectors"]?.hasPrefix("12 rows with 3 episode starts") == true)
  }

  @Test(arguments: PolicySessionTests.specs)
  func networksSurviveTheirText(spec: NetworkSpec) throws {
    #expect(try NetworkSpec(json: try JSON.parse(spec.json.text)) == spec)
  }

  @Test func badNetworksAreRefusedByPlace() throws {
    let good = try #require(Sample.recurrent().json.objectValue)
    let changes: [(String, JSON, String)] = [
      ("inputs", 0, "network.inputs"), ("inputs", 1.5, "network.inputs"), ("actions", 65, "network.actions"),
      ("memory", "lstm", "network.memory"),
      ("memory", ["lstm": ["hidden": 4, "critic": "own"]], "network.memory.lstm.critic"),
      ("memory", ["lstm": ["hidden": -1, "critic": "none"]], "network.memory.lstm.hidden"),
      ("policy_tower", [8, 0], "network.policy_tower"), ("value_tower", "x", "network.value_tower"),
      ("activation", "gelu", "network.activation"), ("has_value_head", 1, "network.has_value_head"),
      ("policy_towers", [], "network"), ("kind", "actorCritic", "network.kind"), ("kind", 2, "network.kind"),
      // What is worth an action has no memory here.
      ("kind", "actionValues", "network.kind"), ("kind", "dueling", "network.kind"),
    ]
    for (key, value, place) in changes {
      var members = good
      members[key] = value
      do {
        _ = try NetworkSpec(json: .object(members))
        Issue.record("\(key) \(value.text) was accepted")
      } catch {
        #expect(error.place == place)
      }
    }
  }
}
