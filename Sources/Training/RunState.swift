// What a checkpoint of a run holds, and how it is put together and taken apart.

package import AgentInterface
private import Configuration
package import Environments
package import Inference
package import Networks
package import Storage
package import Text

/// The parts of a saved run. Names with a slash are grouped by what stands before it: `network/parameters` lies in the file's group
/// `network`.
package enum RunState {
  package static let configurationAttribute = "configuration"
  package static let spacesAttribute = "spaces"
  /// What each action orders of whom; checkpoints of before there was such a thing lack it.
  package static let factorsAttribute = "action_factors"
  package static let formatAttribute = "run_format"
  package static let format = "1"
  /// Which of its kernels the BLAS library chose: the last bits of a run depend on it.
  package static let kernelsAttribute = "kernels"
  /// What its products really take here, whatever the configuration asks for.
  package static let precisionAttribute = "products_precision"

  /// Says that the checkpoint holds what training saw, in a group of its own; checkpoints of before there was such a thing lack both.
  package static let observedAttribute = "observed_since"
  package static let observedSinceStart = "the run's start"

  /// What a checkpoint says that training saw of its columns; nil where it does not say so.
  package static func trainingRanges(of checkpoint: Checkpoint, columns: Int) throws(RestoreError) -> TrainingRanges? {
    guard checkpoint.attributes[observedAttribute] != nil else { return nil }
    guard let state = checkpoint.groups[ObservationRecord.group] else { throw .missing(ObservationRecord.group) }
    return try ObservationRecord.ranges(state, columns: columns)
  }

  /// Distributes a record over the file's groups.
  package static func add(_ record: StateRecord, to checkpoint: inout Checkpoint) {
    func place(_ name: String) -> (group: String, name: String) {
      guard let slash = name.firstIndex(of: "/") else { return ("progress", name) }
      return (String(name[..<slash]), String(name[name.index(after: slash)...]))
    }
    for (name, vector) in record.floats {
      let (group, leaf) = place(name)
      checkpoint.groups[group, default: StateRecord()].floats[leaf] = vector
    }
    for (name, vector) in record.doubles {
      let (group, leaf) = place(name)
      checkpoint.groups[group, default: StateRecord()].doubles[leaf] = vector
    }
    for (name, vector) in record.integers {
      let (group, leaf) = place(name)
      checkpoint.groups[group, default: StateRecord()].integers[leaf] = vector
    }
  }

  /// The groups of a file as one record with slashed names; `environment` stays apart.
  package static func gather(_ checkpoint: Checkpoint) -> StateRecord {
    var record = StateRecord()
    for (group, members) in checkpoint.groups where group != "environment" {
      for (name, vector) in members.floats { record.floats[group + "/" + name] = vector }
      for (name, vector) in members.doubles { record.doubles[group + "/" + name] = vector }
      for (name, vector) in members.integers { record.integers[group + "/" + name] = vector }
    }
    return record
  }

  /// The kernels of a run that goes on: those that are set, or, where that is `auto`, its own, whatever this processor would begin with.
  package static func kernels(of checkpoint: Checkpoint, _ configuration: RunConfiguration) -> LearnerKernels {
    guard configuration.run.kernels == .automatic, let name = checkpoint.attributes[kernelsAttribute] else {
      return configuration.run.kernels
    }
    return LearnerKernels(named: name)
  }

  /// What a person must hear before a run goes on with other kernels than it was saved with; nil where they are the same. current:
  /// `Trainer.kernels` of what it goes on with.
  package static func kernelsWarning(_ checkpoint: Checkpoint, current: String) -> String? {
    guard let name = checkpoint.attributes[kernelsAttribute], name != current else { return nil }
    let (saved, found) = (KernelsName(name), KernelsName(current))
    let changesPrecision = (saved.unit == nil) != (found.unit == nil)
    let numbers = changesPrecision ? "numbers" : "last bits"
    return
      "warning: the run was saved with the kernels \(PrintableText.of(name)) and goes on with \(current): its \(numbers) will "
      + "differ from those of an uninterrupted run. \(saved.remedy(insteadOf: found)) to avoid that"
  }

  /// Refuses where the store no longer holds the data that the run was trained on.
  package static func requireSameData(_ checkpoint: Checkpoint, factory: EnvironmentFactory, path: String)
    throws(TrainingError)
  {
    try requireSameData(checkpoint.attributes["data_fingerprint"] ?? "", factory: factory, path: path)
  }

  /// The same for a file that names its data by `expected`.
  package static func requireSameData(_ expected: String, factory: EnvironmentFactory, path: String)
    throws(TrainingError)
  {
    let found = factory.market?.contentHash ?? ""
    guard expected == found else {
      throw .refused(
        "\(path) was trained on data with the content hash \(expected.prefix(16))..., but the store now holds "
          + "\(found.prefix(16))...; bring the old store back, or start a new run")
    }
  }

  /// Whether an environment shows the columns and offers the actions that the run was trained on.
  package static func hasSpaces(_ checkpoint: Checkpoint, _ spaces: EnvironmentSpaces) -> Bool {
    checkpoint.attributes[spacesAttribute] == Trainer.spaces(spaces).text
  }

  /// Refuses where the environment no longer shows the columns or offers the actions that the run was trained on.
  package static func requireSameSpaces(
    _ checkpoint: Checkpoint, spaces: EnvironmentSpaces, path: String
  ) throws(TrainingError) {
    guard hasSpaces(checkpoint, spaces) else {
      throw .refused(
        "\(path) was trained on other observation columns or actions than its environment has now; use the version of "
          + "strikeforge that wrote it, or start a new run")
    }
  }

  /// The actions that a checkpoint's network chooses among; nil where it does not say so. `spaces`: what it says of columns and actions.
  static func actionSpace(of checkpoint: Checkpoint, spaces: JSON) -> ActionSpace? {
    guard let names = spaces["actions"]?.arrayValue?.compactMap(\.stringValue) else { return nil }
    if let json = spaces[ActionSpace.factorsKey] {
      return try? ActionSpace.independent(json, names: names)
    }
    guard (1...ActionFactors.mostOfOne).contains(names.count) else { return nil }
    var factors: [ActionSpace.Factor] = []
    if let text = checkpoint.attributes[factorsAttribute] {
      for json in (try? JSON.parse(text))?.arrayValue ?? [] {
        guard let subject = json["subject"]?.stringValue,
          let choices = json["choices"]?.arrayValue?.compactMap(\.stringValue),
          (1...64).contains(choices.count), factors.count < 64
        else { return nil }
        factors.append(ActionSpace.Factor(subject: subject, choices: choices))
      }
    } else {
      factors = BasketAction.factors(ofNames: names) ?? []
    }
    let count = factors.reduce(1) { min(65, $0 * $1.choices.count) }
    guard factors.isEmpty || count == names.count else { return nil }
    return ActionSpace(names: names, fallback: nil, factors: factors)
  }

  /// The configuration that a checkpoint was made with.
  package static func configuration(of checkpoint: Checkpoint, path: String, families: Families) throws(TrainingError)
    -> RunConfiguration
  {
    guard checkpoint.attributes[formatAttribute] == format,
      let text = checkpoint.attributes[configurationAttribute], let tree = try? JSON.parse(text)
    else {
      throw .incomplete(
        path: path, what: "run configuration of this version",
        remedy: "it was written by another version of strikeforge")
    }
    return try configuration(tree, path: path, families: families)
  }

  /// The whole configuration that nested values hold.
  package static func configuration(_ tree: JSON, path: String, families: Families) throws(TrainingError)
    -> RunConfiguration
  {
    var configuration = RunConfiguration(families: families)
    do {
      try configuration.apply(tree, source: path)
    } catch {
      throw .configuration(error)
    }
    // A setting that is not there must not silently become today's default.
    for setting in configuration.settings {
      let parts = setting.key.split(separator: ".", maxSplits: 1).map(String.init)
      guard tree[parts[0]]?[parts[1]] != nil || OlderSettings.cameLater.contains(setting.key) else {
        throw .incomplete(
          path: path, what: "setting \(setting.key)", remedy: "it was written by another version of strikeforge")
      }
    }
    return configuration
  }
}

/// How far a run has come.
package struct Progress {
  package var step = 0
  var iteration = 0
  var bestScore = -Double.infinity
  var bestStep = -1
  /// Named numbers of the last update and the last look at the selection window: the next row shows them.
  var carried: [String: Double] = [:]

  func snapshot() -> StateRecord {
    var record = CarriedMetrics.record(carried)
    record.integers["progress/environment_steps"] = [Int64(step)]
    record.integers["progress/iterations"] = [Int64(iteration)]
    record.doubles["progress/best_score"] = [bestScore]
    record.integers["progress/best_step"] = [Int64(bestStep)]
    return record
  }

  init() {}

  /// The saved progress of a run of `configuration`.
  package init(_ state: StateRecord, of configuration: RunConfiguration) throws(RestoreError) {
    func whole(_ name: String) throws(RestoreError) -> Int {
      let number = try state.integers(name, count: 1)[0]
      guard let value = Int(exactly: number) else { throw .invalid(name: name, reason: "\(number) is out of range") }
      return value
    }
    step = try whole("progress/environment_steps")
    guard (0...configuration.wholeTimesteps).contains(step), step % configuration.stepsPerRollout == 0 else {
      throw .invalid(
        name: "progress/environment_steps",
        reason: "\(step) is no number of whole rollouts of \(configuration.stepsPerRollout) steps up to "
          + "\(configuration.wholeTimesteps)")
    }
    iteration = try whole("progress/iterations")
    guard iteration == step / configuration.stepsPerRollout else {
      throw .invalid(name: "progress/iterations", reason: "\(iteration) rollouts do not make \(step) steps")
    }
    // What counts epochs and minibatches goes on counting from here.
    for name in ["progress/updates", "optimizer/step", "random/action_sampling"] {
      guard (0..<1 << 50).contains(try whole(name)) else {
        throw .invalid(name: name, reason: "no run can have counted that far")
      }
    }
    bestStep = try whole("progress/best_step")
    bestScore = try state.doubles("progress/best_score", count: 1)[0]
    guard bestStep == -1 ? bestScore == -.infinity : (0...step).contains(bestStep) && !bestScore.isNaN else {
      throw .invalid(name: "progress/best_step", reason: "a score of \(bestScore) at step \(bestStep) of \(step)")
    }
    carried = try CarriedMetrics.read(state)
  }
}
