// Anybody who decides, on any span of any store: a run's policy, an ensemble, a bundle or a rule.

private import Algorithms
private import Configuration
package import Environments
import Evaluation
package import Inference
private import Market
import Storage
package import Text
package import Training

/// Who is backtested.
package struct BacktestSubject {
  package let name: String
  fileprivate let source: Source
  /// The world that it was trained in, or for a rule the one that is asked for; what is changed about it is played and said.
  package var configuration: RunConfiguration
  /// The world of the training, where there was one.
  private let trained: RunConfiguration?

  fileprivate enum Source {
    case checkpoint(Checkpoint, path: String)
    case bundle(PolicyBundle, PolicyOrigin, path: String)
    case rule
  }

  /// The policy of a run's checkpoint: see `TrainedPolicy.find`.
  package init(run: String, checkpoint choice: String?, families: Families) throws(TrainingError) {
    let directory = try RunDirectory.open(run: run, locks: false)
    let (checkpoint, path) = try TrainedPolicy.find(in: directory, choice: choice)
    name = directory.name
    source = .checkpoint(checkpoint, path: path)
    configuration = try RunState.configuration(of: checkpoint, path: path, families: families)
    trained = configuration
  }

  /// An ensemble as it was exported.
  package init(ensemble run: String, families: Families) throws(TrainingError) {
    let folder = try EnsembleFolder(run: run, locks: false, families: families)
    let (bundle, origin) = try folder.exported()
    name = folder.directory.name
    source = .bundle(bundle, origin, path: folder.directory.file(EnsembleFolder.bundleName))
    configuration = origin.configuration
    trained = configuration
  }

  /// A bundle alone, by the configuration that it carries.
  package init(bundle path: String, families: Families) throws(TrainingError) {
    let bundle: PolicyBundle
    do {
      bundle = try PolicyBundle.load(path: path)
    } catch {
      throw .policy(error)
    }
    let provenance = bundle.manifest.provenance
    guard let text = provenance["configuration"], let tree = try? JSON.parse(text) else {
      throw .refused(
        "\(path) does not say which game it was trained in, as the bundle of one run does; name the run or the ensemble that it was exported from"
      )
    }
    configuration = try RunState.configuration(tree, path: path, families: families)
    trained = configuration
    let file = FileSystem.split(path).name
    name = file.hasSuffix(".safetensors") ? String(file.dropLast(".safetensors".count)) : file
    let digest = provenance["parameters_sha256"] ?? "?"
    let origin = PolicyOrigin(
      runName: provenance["run"] ?? name,
      source: "\(path), step \(provenance["step"] ?? "?"), parameters \(digest.prefix(16))",
      algorithm: bundle.manifest.algorithm, configuration: configuration,
      dataFingerprint: provenance["data_fingerprint"] ?? "", provenance: [("parameters, SHA-256", digest)],
      attributes: ["policy": path, "parameters_sha256": digest], ensemble: nil)
    source = .bundle(bundle, origin, path: path)
  }

  /// A rule of the environment of `configuration`. Throws where it has none of that name.
  package init(rule: String, configuration: RunConfiguration) throws(TrainingError) {
    let names = BacktestSubject.rules(of: configuration.environment)
    guard names.contains(rule) else {
      throw .refused(
        "\(configuration.environment.name) has no rule called '\(rule)'; it has \(names.joined(separator: ", "))")
    }
    name = rule
    source = .rule
    self.configuration = configuration
    trained = nil
  }

  /// The names of the rules without learning that an environment is played by; none for games of random numbers.
  package static func rules(of family: EnvironmentFamily) -> [String] {
    guard case .bars(let bars) = family.play else { return [] }
    return bars.play.map { $0.rules.map(\.name) } ?? bars.baselines.map(\.name)
  }

  /// What was trained on what, in words: policies are seeds of each other where this is equal; nil for a rule, which has none.
  package var task: String? {
    switch source {
    case .checkpoint(let checkpoint, _):
      PolicyOrigin.task(
        configuration.algorithm.rawValue, configuration,
        dataFingerprint: checkpoint.attributes["data_fingerprint"] ?? "")
    case .bundle(_, let origin, _): origin.task
    case .rule: nil
    }
  }

  /// Whether it is a rule, which learned nothing.
  package var isRule: Bool {
    if case .rule = source { true } else { false }
  }

  /// Plays the span. isStressed: in worse worlds too. Throws where the policy sees other columns, or chooses among other actions, than are played there.
  package func play(
    _ span: PlayedSpan, execution: PlayedSpan.Execution, rearms: Bool, seed: UInt64, cash: CashRateChoice? = nil,
    isStressed: Bool = false
  ) throws(TrainingError) -> RunEvaluation {
    let factory = span.factory
    let player: MarketPlayer
    let origin: PolicyOrigin
    switch source {
    case .checkpoint(let checkpoint, let path):
      guard RunState.hasSpaces(checkpoint, factory.spaces) else { throw foreign(path, factory) }
      let policy = try TrainedPolicy(checkpoint, path: path, factory: factory, onItsData: false)
      (player, origin) = (.policy(policy.policy.actorOnly.deployed), policy.origin)
    case .bundle(let bundle, let own, let path):
      do {
        try bundle.requireSpace(factory.spaces.observations, actions: factory.spaces.actions, path: path)
      } catch {
        throw foreign(path, factory)
      }
      (player, origin) = (.policy(bundle.policy), own)
    case .rule:
      player = .rule(name)
      origin = PolicyOrigin(
        runName: name, source: "a rule without learning", algorithm: "rule", configuration: configuration,
        dataFingerprint: "", provenance: [], attributes: [:], ensemble: nil)
    }
    return try MarketEvaluation(
      player: player, origin: origin, window: PlayedSpan.window, factory: factory, seed: seed, cash: cash,
      span: BacktestSpan(span, execution, rearms: rearms, trained: trained), isStressed: isStressed
    ).run()
  }

  private func foreign(_ path: String, _ factory: EnvironmentFactory) -> TrainingError {
    let own = trained?.world.assets ?? []
    let played = factory.market?.tape.symbols ?? []
    let others = trained.map { configuration.gameSettings(otherThan: $0) } ?? []
    let remedy =
      if !others.isEmpty {
        "leave out what is played otherwise than it was trained, \(others.map(\.key).joined(separator: ", "))"
      } else if own.isEmpty || own == played {
        "play it on a store of the kind that it was trained on, whose symbols, bars and further columns are the same"
      } else {
        "play it on a store of the symbols that it was trained on, and name them where that has more: --symbols \(own.joined(separator: ","))"
      }
    return .refused(
      "\(path) was trained on other columns or actions than \(configuration.environment.name) has with \(played.joined(separator: ", ")) here; \(remedy)"
    )
  }
}
