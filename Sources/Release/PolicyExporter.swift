// From a checkpoint to a policy bundle, through the parity gate.

private import AgentInterface
private import Algorithms
private import Configuration
private import Environments
package import Inference
package import Storage
import Text
package import Training

/// A trained policy taken out of a checkpoint, in the form that is deployed.
package struct TrainedPolicy: Sendable {
  package let policy: InferencePolicy
  /// (P) of the checkpoint, in the order of the policy's layout: what a bundle is held against, bit by bit.
  package let parameters: [Float]
  package let configuration: RunConfiguration
  package let step: Int
  package let runName: String
  /// `run.model_name`, or the run's name.
  package var modelName: String { configuration.run.modelName.isEmpty ? runName : configuration.run.modelName }
  /// SHA-256 of the parameters.
  package let digest: String
  package let sourcePath: String
  package let dataFingerprint: String

  /// Reads the network and the normaliser of a checkpoint. `factory` gives the spaces. onItsData: whether the factory's must be the data of the training.
  package init(_ checkpoint: Checkpoint, path: String, factory: EnvironmentFactory, onItsData: Bool = true)
    throws(TrainingError)
  {
    configuration = try RunState.configuration(
      of: checkpoint, path: path, families: factory.configuration.families)
    if onItsData { try RunState.requireSameData(checkpoint, factory: factory, path: path) }
    let spaces = factory.spaces
    try RunState.requireSameSpaces(checkpoint, spaces: spaces, path: path)
    let spec = configuration.networkSpec(spaces)
    let state = RunState.gather(checkpoint)
    do throws(RestoreError) {
      parameters = try state.floats("network/parameters", count: ParameterLayout(spec).count)
      guard parameters.allSatisfy(\.isFinite) else {
        throw RestoreError.invalid(name: "network/parameters", reason: "not finite")
      }
      var normalizer: ObservationNormalizer?
      if let clip = configuration.learner.observationScaling {
        let moments = RunningMoments(columns: spec.inputs, sliceCount: 1)
        try moments.restore("normalizer/observation", from: state)
        normalizer = moments.normalizer(clip: clip)
      }
      policy = InferencePolicy(
        spec: spec, parameters: parameters, normalizer: normalizer, requiresMask: configuration.algorithm.isMasked,
        trainingRanges: try RunState.trainingRanges(of: checkpoint, columns: spec.inputs))
      digest = Trainer.digest(parameters)
      step = try Progress(state, of: configuration).step
    } catch {
      throw .restore(path: path, error)
    }
    runName = checkpoint.attributes["run"] ?? ""
    dataFingerprint = checkpoint.attributes["data_fingerprint"] ?? ""
    sourcePath = path
  }

  /// The checkpoint of a run that evaluates and exports: best, latest, or a name in the run's folder; nil takes the best on the selection window, or
  /// the latest where none was chosen yet.
  package static func find(in directory: RunDirectory, choice: String?) throws(TrainingError) -> (
    checkpoint: Checkpoint, path: String
  ) {
    do {
      let entries = try CheckpointStore.list(directory: directory.path)
      let hasBest = try FileSystem.names(inFolder: directory.path).contains("best.h5")
      let path: String
      switch choice {
      case "best",
        nil where hasBest:
        guard hasBest else {
          throw TrainingError.incomplete(
            path: directory.path, what: "best.h5", remedy: "use --checkpoint latest, or train up to the first look")
        }
        path = directory.file("best.h5")
      case "latest", nil:
        guard let entry = entries.last else {
          throw TrainingError.incomplete(
            path: directory.path, what: "checkpoint", remedy: "train it with `strikeforge train`")
        }
        path = entry.path
      case .some(let named):
        // Another run's checkpoint would be reported under this run's name.
        let (folder, name) = FileSystem.split(named)
        guard !named.contains("/") || folder == directory.path else {
          throw TrainingError.refused(
            "\(named) does not lie in the run's folder \(directory.path); name the run that it belongs to")
        }
        path = directory.file(name)
      }
      return (try CheckpointStore.load(path), path)
    } catch let error as StorageError {
      throw .storage(error)
    } catch let error as TrainingError {
      throw error
    } catch {
      throw .file(path: directory.path, action: "look for a checkpoint in", reason: "\(error)")
    }
  }

  /// What an evaluation says about it.
  package var origin: PolicyOrigin {
    PolicyOrigin(
      runName: runName, source: "\(sourcePath), step \(step), parameters \(digest.prefix(16))",
      algorithm: configuration.algorithm.rawValue, configuration: configuration, dataFingerprint: dataFingerprint,
      provenance: [
        ("parameters, SHA-256", digest), ("step", "\(step)"), ("seed of the training", "\(configuration.run.seed)"),
      ],
      attributes: ["policy": sourcePath, "policy_step": "\(step)", "parameters_sha256": digest], ensemble: nil)
  }
}

package enum PolicyExporter {
  /// Throws where `write` would refuse the place, before anything is done for it.
  package static func require(output path: String) throws(TrainingError) {
    do {
      try AtomicWrite.require(path, replacing: .policyBundle)
    } catch {
      throw .storage(error)
    }
  }

  /// Writes a bundle, once it has been read back: a file that its own loader refuses never exists.
  package static func write(_ bundle: PolicyBundle, to path: String) throws(TrainingError) {
    let bytes = bundle.encode()
    do {
      _ = try PolicyBundle.decode(bytes, path: path)
    } catch {
      throw .policy(error)
    }
    do {
      try AtomicWrite.write(bytes, to: path, replacing: .policyBundle)
    } catch {
      throw .storage(error)
    }
  }

  /// The bundle of a policy, or a refusal where its two forms do not decide alike. The actor alone unless `includesCritic`.
  package static func bundle(_ trained: TrainedPolicy, factory: EnvironmentFactory, includesCritic: Bool)
    throws(TrainingError) -> PolicyBundle
  {
    try judged(trained, factory: factory, includesCritic: includesCritic).bundle
  }

  /// The same, with what the gate found.
  package static func judged(_ trained: TrainedPolicy, factory: EnvironmentFactory, includesCritic: Bool)
    throws(TrainingError) -> (bundle: PolicyBundle, comparison: ParityComparison)
  {
    let replay = try ParityReplay(
      trained.policy, isMasked: trained.configuration.algorithm.isMasked,
      seed: UInt64(trained.configuration.run.seed) &+ 1, device: trained.configuration.run.device
    ) { (count: Int) throws(TrainingError) in try factory.trainingLanes(count: count) }
    if let failure = replay.failure { throw refusal(trained, "does not decide like the trained one (\(failure))") }
    let policy = includesCritic ? trained.policy : trained.policy.actorOnly
    let golden: GoldenVectors
    do {
      golden = try GoldenVectors(
        playing: policy.deployed, observations: replay.observations, masks: replay.goldenMasks,
        episodeStarts: replay.goldenStarts)
    } catch {
      throw .decision(error)
    }
    let manifest = PolicyManifest(
      algorithm: trained.configuration.algorithm.rawValue, observationSpace: factory.spaces.observations,
      actionSpace: factory.spaces.actions,
      provenance: [
        "run": trained.runName, "model_name": trained.modelName, "step": "\(trained.step)",
        "parameters_sha256": trained.digest,
        "configuration": trained.configuration.json.text, "data_fingerprint": trained.dataFingerprint,
        "source_revision": BuildInformation.revision, "strikeforge": BuildInformation.version,
      ],
      parity: PolicyParity(
        steps: replay.steps, episodeStarts: replay.episodeStarts, distinctMasks: replay.distinctMasks,
        largestLogitDifference: replay.comparison.largestDifference,
        nearTieShare: Double(replay.comparison.nearTies) / Double(max(1, replay.steps))))
    let bundle = PolicyBundle(manifest: manifest, policy: policy, golden: golden)
    try requireSameBits(bundle, trained)
    return (bundle, replay.comparison)
  }

  /// Refuses a bundle that, as a file, would hold another number than the checkpoint anywhere.
  static func requireSameBits(_ bundle: PolicyBundle, _ trained: TrainedPolicy) throws(TrainingError) {
    let read: PolicyBundle
    do {
      read = try PolicyBundle.decode(bundle.encode(), path: trained.sourcePath)
    } catch {
      throw .policy(error)
    }
    guard let network = read.policy.network else { throw refusal(trained, "is no network") }
    try requireSameBits(network, trained)
  }

  /// The same for a network of a bundle.
  static func requireSameBits(_ network: InferencePolicy, _ trained: TrainedPolicy) throws(TrainingError) {
    let difference = ParameterBits.difference(
      deployed: network, spec: trained.policy.spec, parameters: trained.parameters,
      normalizer: trained.policy.normalizer)
    if let difference { throw refusal(trained, "has other numbers than the trained one (\(difference))") }
  }

  private static func refusal(_ trained: TrainedPolicy, _ what: String) -> TrainingError {
    .refused(
      "\(trained.sourcePath) is not exported: its deployed form \(what); this is a defect of strikeforge, please report it"
    )
  }
}
