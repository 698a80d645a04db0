// From a checkpoint to what is deployed: the parity gate, the bundle and the evaluation.

import AgentInterface
import Algorithms
import Configuration
import Environments
import Inference
import Market
import RunSupport
import Storage
import TestSupport
import Testing
import Text
import Training

@testable import Release

@Suite struct ParityReplayTests {
  static let networks: [(AlgorithmTag, NetworkSpec.CriticMemory)] =
    [(.ppo, .none), (.ppoMask, .none), (.dqn, .none), (.dqnMask, .none)]
    + [AlgorithmTag.ppoLSTM, .ppoLSTMMask].flatMap { tag in NetworkSpec.CriticMemory.allCases.map { (tag, $0) } }

  /// A policy whose logits are large enough to differ.
  private func policy(_ configuration: RunConfiguration, _ factory: EnvironmentFactory) throws -> InferencePolicy {
    let lanes = try factory.trainingLanes(count: 1)
    let spec = configuration.networkSpec(inputs: lanes.observationSpace.count, actions: lanes.actionSpace.count)
    let directory = try RunDirectory.create(
      run: configuration.world.store + "-\(configuration.algorithm)-\(configuration.network.criticMemory)", prefix: "")
    var parameters = try Trainer(starting: configuration, factory: factory, in: directory).policy.parameters
    for place in ParameterLayout(spec).entry("action_net.weight")?.range ?? 0..<0 { parameters[place] *= 100 }
    return InferencePolicy(
      spec: spec, parameters: parameters,
      normalizer: ObservationNormalizer(
        mean: [Double](repeating: 0, count: spec.inputs), variance: [Double](repeating: 0.0025, count: spec.inputs),
        count: 1), requiresMask: configuration.algorithm.isMasked)
  }

  @Test(arguments: networks) func bothFormsAreOne(tag: AlgorithmTag, critic: NetworkSpec.CriticMemory) throws {
    try withScratchFolder { folder in
      var configuration = smallConfiguration("dual_ticker", tag, store: try writeStore(madeUpBars(), in: folder))
      configuration.network.criticMemory = critic
      configuration.network.policyTower = [8]
      let factory = try EnvironmentFactory(configuration)
      let policy = try policy(configuration, factory)
      let replay = try ParityReplay(policy, isMasked: tag.isMasked, seed: 1) {
        (count: Int) throws(TrainingError) in try factory.trainingLanes(count: count)
      }
      #expect(replay.failure == nil)
      #expect(replay.steps >= 10_000 && replay.episodeStarts >= 100 && replay.restarts >= 100)
      #expect(replay.distinctMasks >= 3)
      let comparison = replay.comparison
      #expect(comparison.rows == replay.steps && comparison.nearTies < replay.steps / 10)
      // What rounding does lies below its floor, and the tolerance no further above it than it says.
      #expect(comparison.largestShare <= comparison.floor.share && comparison.tolerance <= 4 * comparison.floor.share)
      #expect(replay.goldenStarts.count * policy.spec.inputs == replay.observations.count)
      guard tag == .ppoMask || critic == .sharedJoint && tag == .ppoLSTMMask else { return }
      // Every parameter that decides, off by a hundredth in the deployed copy.
      let actor = Set(ParameterLayout(policy.spec.actorOnly).entries.map(\.name))
      for entry in policy.layout.entries where actor.contains(entry.name) {
        var nudged = policy.parameters
        nudged[entry.offset + entry.range.count / 2] += 1e-2
        let deployed = InferencePolicy(
          spec: policy.spec, parameters: nudged, normalizer: policy.normalizer, requiresMask: tag.isMasked)
        let other = try ParityReplay(trained: policy.parameters, deployed: deployed, isMasked: tag.isMasked, seed: 1) {
          (count: Int) throws(TrainingError) in try factory.trainingLanes(count: count)
        }
        #expect(other.failure != nil, "\(entry.name): \(other.comparison.largestShare)")
      }
    }
  }
}

@Suite struct DeploymentTests {
  private func trained(_ configuration: RunConfiguration, in folder: String) throws -> (
    TrainedPolicy, EnvironmentFactory
  ) {
    let factory = try EnvironmentFactory(configuration)
    let directory = try RunDirectory.create(run: FileSystem.join(folder, "run"), prefix: "")
    #expect(try Trainer(starting: configuration, factory: factory, in: directory).run() == .finished)
    let path = FileSystem.join(folder, "run/best.h5")
    return (try TrainedPolicy(try CheckpointStore.load(path), path: path, factory: factory), factory)
  }

  @Test func marketRunIsExportedAndEvaluated() throws {
    try withScratchFolder { folder in
      let configuration = smallConfiguration("dual_ticker", store: try writeStore(madeUpBars(), in: folder))
      let (trained, factory) = try trained(configuration, in: folder)
      let bundle = try PolicyExporter.bundle(trained, factory: factory, includesCritic: false)
      let parity = try #require(bundle.manifest.parity)
      #expect(parity.steps >= 10_000 && parity.episodeStarts >= 100 && parity.distinctMasks >= 3)
      #expect(parity.largestLogitDifference <= 1e-4)
      #expect(bundle.policy.network?.spec == trained.policy.spec.actorOnly && bundle.policy.requiresMask)
      let decoded = try PolicyBundle.decode(bundle.encode(), path: "policy.safetensors")
      #expect(decoded.policy.network?.parameters == bundle.policy.network?.parameters)
      #expect(decoded.manifest.provenance["parameters_sha256"] == trained.digest)
      let whole = try PolicyExporter.bundle(trained, factory: factory, includesCritic: true)
      #expect(whole.policy.network?.parameters == trained.policy.parameters)

      let first = try RunEvaluator.evaluate(decoded, of: trained.origin, window: .heldOut, factory: factory, seed: 3)
      let second = try RunEvaluator.evaluate(decoded, of: trained.origin, window: .heldOut, factory: factory, seed: 3)
      #expect(first.text == second.text && first.json == second.json && first.actions == second.actions)
      #expect(first.observationLines == second.observationLines)
      #expect(try JSON.parse(first.json.prettyText).text == first.json.text)
      #expect(first.actions.count == first.observationLines.split(separator: "\n").count)
      let dates = try #require(first.json["dates"]?.arrayValue).compactMap { $0.stringValue }
      #expect(first.json["window"]?["first_decision"]?.stringValue == "2002-04-01")
      #expect(dates.allSatisfy { $0 > "2002-04-01" } && dates.count == first.actions.count)
      // A policy of a few updates on a market without drift.
      #expect(first.text.contains("VERDICT: no edge found."))
      let selection = try RunEvaluator.evaluate(
        decoded, of: trained.origin, window: .selection, factory: factory, seed: 3)
      #expect(selection.text != first.text)
      func saysThatItChose(_ report: JSON) -> Bool {
        report["notes"]?.arrayValue?.contains { $0.stringValue?.contains("chosen on this very window") == true } == true
      }
      #expect(saysThatItChose(selection.json) && !saysThatItChose(first.json))

      var later = configuration
      later.split.heldOutFrom = CalendarDate("2020-01-01")!
      later.split.heldOutUntil = CalendarDate("2020-12-31")!
      let empty = try EnvironmentFactory(later)
      let error = trainingError {
        try RunEvaluator.evaluate(decoded, of: trained.origin, window: .heldOut, factory: empty, seed: 3)
      }
      #expect(error?.description.contains("holds no bars") == true)
    }
  }

  @Test func plantedRunIsEvaluated() throws {
    try withScratchFolder { folder in
      let (trained, factory) = try trained(smallConfiguration("cue"), in: folder)
      let bundle = try PolicyExporter.bundle(trained, factory: factory, includesCritic: false)
      let first = try RunEvaluator.evaluate(bundle, of: trained.origin, window: .heldOut, factory: factory, seed: 3)
      let second = try RunEvaluator.evaluate(bundle, of: trained.origin, window: .heldOut, factory: factory, seed: 3)
      #expect(first.text == second.text && first.json == second.json && first.actions == second.actions)
      #expect(try JSON.parse(first.json.prettyText).text == first.json.text)
      #expect(first.actions.count == first.observationLines.split(separator: "\n").count)
      #expect(first.text.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }
  }

  /// The same policy, whose numbers were spoiled behind the checks of a bundle: a failure with its cause, not a gate's refusal.
  @Test(arguments: ["cue", "dual_ticker"]) func aPolicyThatCannotDecideIsNoRefusal(world: String) throws {
    try withScratchFolder { folder in
      let configuration = smallConfiguration(
        world, store: world == "cue" ? "" : try writeStore(madeUpBars(), in: folder))
      let (trained, factory) = try trained(configuration, in: folder)
      let bundle = try PolicyExporter.bundle(trained, factory: factory, includesCritic: false)
      let network = try #require(bundle.policy.network)
      let broken = InferencePolicy(
        spec: network.spec, parameters: network.parameters.map { _ in .nan }, normalizer: network.normalizer,
        requiresMask: network.requiresMask)
      let spoiled = PolicyBundle(manifest: bundle.manifest, policy: broken, golden: bundle.golden)
      let error = trainingError {
        try RunEvaluator.evaluate(spoiled, of: trained.origin, window: .heldOut, factory: factory, seed: 3)
      }
      guard case .decision(.outputNotFinite)? = error else {
        Issue.record("another error: \(String(describing: error))")
        return
      }
      #expect(error?.exitCode == 1)
    }
  }

  @Test func attributesAreAskedFor() throws {
    try withScratchFolder { folder in
      let configuration = smallConfiguration("cue")
      let factory = try EnvironmentFactory(configuration)
      let trainer = try Trainer(
        starting: configuration, factory: factory,
        in: try RunDirectory.create(run: FileSystem.join(folder, "run"), prefix: ""))
      let original = trainer.checkpoint()
      #expect(try RunState.configuration(of: original, path: "a.h5", families: .product).json == configuration.json)
      let network = try #require(original.attributes["network_spec"])
      #expect(try NetworkSpec(json: JSON.parse(network)) == trainer.algorithm.spec)
      #expect(original.attributes["optimizer"] == "adam")
      #expect(original.attributes["created"]?.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/) != nil)
      #expect(try TrainedPolicy(original, path: "a.h5", factory: factory).digest == trainer.parameterDigest)
      func refused(_ name: String, _ value: String?) throws {
        var checkpoint = original
        checkpoint.attributes[name] = value
        let error = trainingError {
          _ = try RunState.configuration(of: checkpoint, path: "a.h5", families: .product)
          return try TrainedPolicy(checkpoint, path: "a.h5", factory: factory)
        }
        #expect(error?.description.contains("a.h5") == true, "\(name) as \(value ?? "nothing")")
      }
      try refused(RunState.formatAttribute, nil)
      try refused(RunState.formatAttribute, "2")
      try refused(RunState.configurationAttribute, nil)
      try refused(RunState.configurationAttribute, "{")
      try refused(RunState.configurationAttribute, "{}")
      try refused(RunState.configurationAttribute, "[]")
      try refused(RunState.spacesAttribute, nil)
      try refused(RunState.spacesAttribute, "{}")
      try refused("data_fingerprint", "0123")
      let text = try #require(original.attributes[RunState.configurationAttribute])
      try refused(RunState.configurationAttribute, text.replacing("\"gamma\":0.99", with: "\"gamma\":2"))
      try refused(RunState.configurationAttribute, text.replacing("\"gamma\":", with: "\"gama\":"))
      try refused(RunState.configurationAttribute, text.replacing("\"gamma\":0.99,", with: ""))
    }
  }
}
