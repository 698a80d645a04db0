// A new run that begins with what another one learned, by stated rules.

internal import AgentInterface
import Algorithms
private import Configuration
internal import Environments
import Inference
private import Market
private import Networks
internal import Storage
import Text

/// What a new run takes over from another run's checkpoint.
///
/// | | parameters | optimizer's moments | observation and reward statistics | schedules |
/// |---|---|---|---|---|
/// | `continue` | taken | taken | taken | begin anew |
/// | `finetune` | taken | begin anew | taken | begin anew |
/// | `transplant` | taken by name; zero weights from new columns | begin anew | taken by name, counted as one rollout | begin anew |
///
/// Seeds, episodes, memory between steps and counts of steps are always the new run's own. What the other run saw of the market may not lie in the windows
/// that this run is chosen or judged on.
package struct WarmStart {
  package enum Mode: String, CaseIterable, Sendable {
    case `continue`
    case finetune
    case transplant
  }

  package let mode: Mode
  /// The checkpoint, as it was found.
  package let path: String
  private let checkpoint: Checkpoint
  private let spec: NetworkSpec
  private let columns: [String]
  private let actions: ActionSpace
  /// The last days that any run before this one trained on, and chose by; empty without a market.
  private let trainedUntil: String
  private let selectedUntil: String

  /// What is told of the origin in every checkpoint of the new run, so that resuming keeps it.
  package static let attributes = Attribute.allCases.map(\.rawValue)

  private enum Attribute: String, CaseIterable {
    case source = "init_from"
    case mode = "init_mode"
    case trainedUntil = "init_trained_until"
    case selectedUntil = "init_selected_until"
  }

  /// Reads the other run. `choice`: as behind `--from`.
  package init(run: String, from choice: String?, mode: Mode, families: Families) throws(TrainingError) {
    let directory = try RunDirectory.open(run: run, locks: false)
    let point = try ResumePoint.find(in: directory, from: choice)
    self.mode = mode
    path = point.path
    checkpoint = point.checkpoint
    let source = try RunState.configuration(of: checkpoint, path: path, families: families)
    guard let spaces = checkpoint.attributes[RunState.spacesAttribute].flatMap({ try? JSON.parse($0) }),
      let space = spaces["columns"].flatMap({ try? ObservationSpace(json: $0) }),
      let actions = RunState.actionSpace(of: checkpoint, spaces: spaces),
      let network = checkpoint.attributes["network_spec"].flatMap({ try? JSON.parse($0) }),
      let spec = try? NetworkSpec(json: network)
    else {
      throw .incomplete(
        path: path, what: "network and spaces of this version",
        remedy: "it was written by another version of strikeforge")
    }
    columns = space.columns.map(\.name)
    self.actions = actions
    self.spec = spec
    let ancestors = [Attribute.trainedUntil, .selectedUntil].map { point.checkpoint.attributes[$0.rawValue] ?? "" }
    let own =
      source.environment.hasWindows
      ? [source.split.trainingUntil, source.split.selectionUntil].map { "\($0)" } : ancestors
    (trainedUntil, selectedUntil) = (max(ancestors[0], own[0]), max(ancestors[1], own[1]))
  }

  /// The attributes of the new run's checkpoints.
  var attributes: [String: String] {
    let parameters = checkpoint.groups["network"]?.floats["parameters"] ?? []
    let values: [(Attribute, String)] = [
      (.source, "\(path) \(Trainer.digest(parameters))"), (.mode, mode.rawValue), (.trainedUntil, trainedUntil),
      (.selectedUntil, selectedUntil),
    ]
    return Dictionary(uniqueKeysWithValues: values.map { ($0.rawValue, $1) })
  }

  /// Refuses where a window that chooses or judges the new run was seen by those before it.
  package func requireUnseenWindows(_ configuration: RunConfiguration) throws(TrainingError) {
    guard configuration.environment.hasWindows else { return }
    let split = configuration.split
    if "\(split.selectionFrom)" <= trainedUntil {
      throw .refused(
        "\(path) comes from training until \(trainedUntil), but the new run is chosen on a window from \(split.selectionFrom) "
          + "on; move split.selection_from behind it")
    }
    let seen = max(trainedUntil, selectedUntil)
    if "\(split.heldOutFrom)" <= seen {
      throw .refused(
        "\(path) comes from training and choosing until \(seen), but the new run is judged on a window from "
          + "\(split.heldOutFrom) on; move split.held_out_from behind it")
    }
  }

  /// What is kept beside the new run: where it comes from, by which rule, and how far what it sees has moved.
  func json(drift: ObservationDrift?) -> JSON {
    var members = attributes.mapValues(JSON.string)
    members["observation_drift"] = drift?.json ?? .null
    return .object(members)
  }

  /// Mean and variance of each old column; none where the other run did not scale its observations.
  var observationStatistics: [String: (mean: Double, variance: Double)] {
    let state = checkpoint.groups["normalizer"] ?? StateRecord()
    guard let means = state.doubles["observation_mean"], let variances = state.doubles["observation_variance"],
      means.count == columns.count, variances.count == columns.count
    else { return [:] }
    return Dictionary(uniqueKeysWithValues: columns.indices.map { (columns[$0], (means[$0], variances[$0])) })
  }

  /// What the other run saw, and for each of the new run's columns the place of its name there; nil where that was not written down.
  func seen(by spaces: EnvironmentSpaces) -> (TrainingRanges, columns: [Int?])? {
    guard let ranges = try? RunState.trainingRanges(of: checkpoint, columns: columns.count) else { return nil }
    return (ranges, spaces.observations.columns.map { columns.firstIndex(of: $0.name) })
  }

  /// Refuses what cannot be taken over, by name. The new run's network, the name of its optimizer, and what its environment shows.
  func requireFit(_ network: NetworkSpec, optimizer: String, _ spaces: EnvironmentSpaces) throws(TrainingError) {
    let transplant = transplant(to: network, spaces)
    if mode == .transplant {
      guard let problem = transplant.problem else { return }
      throw .configuration(.conflict("--mode transplant cannot take \(path) over: \(problem)"))
    }
    if let difference = transplant.difference {
      throw .configuration(
        .conflict(
          "--mode \(mode.rawValue) needs the network, columns and actions of \(path), but \(difference); set them alike, or use "
            + "--mode transplant for more columns or actions"))
    }
    let (own, theirs) = (optimizer, checkpoint.attributes["optimizer"] ?? "none")
    guard mode == .finetune || own == theirs else {
      throw .configuration(
        .conflict(
          "--mode continue takes the optimizer's moments over, but \(path) was trained with \(theirs) and this run with "
            + "\(own); use --mode finetune"))
    }
  }

  /// The learner's state with what is taken over in it. `state`: of the new learner, after its beginning. To be asked after `requireFit`.
  func adopted(
    into state: StateRecord, of learner: any Algorithm, environment: any VectorEnvironment, stepsPerRollout: Int
  ) -> StateRecord {
    let old = RunState.gather(checkpoint)
    guard mode == .transplant else {
      return WarmStart.merge(old, into: state, prefixes: mode == .continue ? ["network/", "optimizer/"] : ["network/"])
    }
    let transplant = transplant(to: learner.spec, EnvironmentSpaces(environment))
    var result = state
    for (name, fresh) in state.floats where name.hasPrefix("network/") {
      if let values = old.floats[name] { result.floats[name] = transplant.parameters(values, onto: fresh) }
    }
    return WarmStart.merge(
      transplant.statistics(of: old, countLimit: Double(stepsPerRollout)), into: result, prefixes: [])
  }

  private func transplant(to network: NetworkSpec, _ spaces: EnvironmentSpaces) -> Transplant {
    Transplant(
      from: .init(spec: spec, columns: columns, actions: actions),
      to: .init(
        spec: network, columns: spaces.observations.columns.map(\.name), actions: spaces.actions))
  }

  /// The vectors of `old` below the prefixes, and all running statistics, in place of those of `state`.
  private static func merge(_ old: StateRecord, into state: StateRecord, prefixes: [String]) -> StateRecord {
    var state = state
    func isTaken(_ name: String) -> Bool {
      prefixes.contains(where: name.hasPrefix)
        || name.hasPrefix("normalizer/") && !name.hasSuffix("running_returns")
    }
    for name in state.floats.keys where isTaken(name) {
      if let values = old.floats[name] { state.floats[name] = values }
    }
    for name in state.doubles.keys where isTaken(name) {
      if let values = old.doubles[name] { state.doubles[name] = values }
    }
    for name in state.integers.keys where isTaken(name) {
      if let values = old.integers[name] { state.integers[name] = values }
    }
    return state
  }
}
