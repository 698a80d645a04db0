// An incident once more: every stage of the update with its range, where the first value that is not finite comes from, and whether the run's own
// kernels give the run's own bits.

package import AgentInterface
import Inference
import Kernels
package import Networks
import Text

/// What stepping through an incident showed.
package struct UpdateReplay: Sendable {
  /// In the order in which the update computes.
  package let stages: [ReplayStage]
  /// Nil where every number is finite.
  package let origin: ReplayOrigin?
  /// The kernels that the run was on, and those of this process.
  package let kernels: (recorded: String, here: String)
  /// Numbers by name that the passes gave once more, beside what the run recorded; empty where there was no update.
  package let numbers: [(name: String, recorded: Double, found: Double)]
  /// Values of the gradient that have the recorded bits, and all; nil where there was no update.
  package let gradients: (equal: Int, count: Int)?

  /// Whether everything that was computed again has the run's own bits.
  package var hasSameBits: Bool {
    numbers.allSatisfy { ReplayBits.areEqual($0.recorded, $0.found) }
      && (gradients.map { $0.equal == $0.count } ?? true)
  }

  /// columns: the observation's, by name; empty where they are not known. `families`, `devices`: the algorithms and devices that there are. Throws what is
  /// wrong with a record that no run can have made.
  package init(
    _ incident: Incident, columns: [String] = [], among families: [AlgorithmFamily] = AlgorithmRegistry.families,
    devices: [DeviceFamily] = DeviceRegistry.families
  ) throws(RestoreError) {
    var reader = try IncidentReader(incident, columns: columns, families: families, devices: devices)
    try reader.noteState()
    switch incident.subject {
    case .state: break
    case .step: try reader.noteStep()
    case .update: try reader.replayUpdate()
    }
    stages = reader.book.stages
    origin = reader.book.origin
    kernels = (reader.recordedKernels, reader.device.kernelName(for: reader.spec, reader.kernels, reader.bfloat16))
    numbers = reader.numbers
    gradients = reader.gradients
  }
}

enum ReplayBits {
  /// Two values that no computation could tell apart; NaN is NaN.
  static func areEqual(_ a: Double, _ b: Double) -> Bool { a.bitPattern == b.bitPattern || a.isNaN && b.isNaN }
}

/// Reads an incident's parts, checking each, and notes them stage by stage.
struct IncidentReader {
  let incident: Incident
  let record: StateRecord
  let family: AlgorithmFamily
  let spec: NetworkSpec
  let layout: ParameterLayout
  let isMasked: Bool
  let laneCount: Int
  let device: DeviceFamily
  let kernels: LearnerKernels
  let bfloat16: BFloat16Unit?
  let recordedKernels: String
  /// (P)
  let parameters: [Float]
  private let columns: [String]
  let book = StageBook()
  var numbers: [(name: String, recorded: Double, found: Double)] = []
  var gradients: (equal: Int, count: Int)?

  init(
    _ incident: Incident, columns: [String], families: [AlgorithmFamily], devices: [DeviceFamily]
  ) throws(RestoreError) {
    func invalid(_ name: String, _ reason: String) -> RestoreError { .invalid(name: name, reason: reason) }
    func text(_ name: String) throws(RestoreError) -> String {
      guard let text = incident.facts[name]?.stringValue else { throw invalid(name, "no text") }
      return text
    }
    self.incident = incident
    record = incident.record
    let name = try text("algorithm")
    guard let family = families.first(where: { $0.name == name }) else {
      throw invalid("algorithm", "no algorithm of this version")
    }
    self.family = family
    do {
      spec = try NetworkSpec(json: incident.facts["network"] ?? .null)
    } catch {
      throw .invalid(name: "network", reason: error.description)
    }
    guard (spec.kind == .actorCritic) == family.isActorCritic, spec.hasValueHead == (spec.kind != .actionValues) else {
      throw invalid("network", "not one that \(family) learns")
    }
    layout = ParameterLayout(spec)
    isMasked = incident.facts["masked"]?.boolValue ?? false
    laneCount = max(1, incident.facts["lanes"]?.integerValue ?? 1)
    // Records of before there was another one name none.
    let deviceName = incident.facts["device"]?.stringValue ?? DeviceFamily.cpu.name
    guard let device = devices.first(where: { $0.name == deviceName }) else {
      throw invalid("device", "no device of this program")
    }
    self.device = device
    guard let kernels = LearnerKernels(rawValue: try text("kernels")) else {
      throw invalid("kernels", "none of this version")
    }
    self.kernels = kernels
    let isNarrow = incident.facts["bfloat16"]?.boolValue ?? false
    guard !isNarrow || BFloat16Panels.supports(hidden: spec.hiddenCount) && spec.hiddenCount > 0 else {
      throw invalid("bfloat16", "not with a memory of \(spec.hiddenCount) units")
    }
    // The run's own unit, where this processor has it; else what comes nearest. Records of before units were named have none.
    let unit = BFloat16Unit.allCases.first { incident.facts["bfloat16_unit"]?.stringValue == "\($0)" && $0.isSupported }
    bfloat16 = isNarrow ? unit ?? .processor ?? .portable : nil
    recordedKernels = try text("kernel_name")
    parameters = try record.floats("network/parameters", count: layout.count)
    self.columns = columns.count == spec.inputs ? columns : []
  }

  func invalid(_ name: String, _ reason: String) -> RestoreError { .invalid(name: name, reason: reason) }

  /// One number.
  func double(_ name: String) throws(RestoreError) -> Double { try record.doubles(name, count: 1)[0] }

  /// A column of the observation in words.
  func column(_ index: Int) -> String { "column \(index)" + (columns.isEmpty ? "" : " (\(columns[index]))") }

  /// Actions of the space, of rows where `counts` says so.
  func actions(_ name: String, count: Int) throws(RestoreError) -> [ActionNumber] {
    let words = spec.factors.actionWords
    let values = try record.integers(name, count: count * words)
    var actions: [ActionNumber] = []
    for row in 0..<count {
      guard let action = spec.factors.action(integers: values[(row * words)..<((row + 1) * words)]) else {
        throw invalid(name, "an action outside the \(spec.factors.actionCount)")
      }
      actions.append(action)
    }
    return actions
  }

  /// Masks as they stand, of rows.
  func masks(_ name: String, count: Int) throws(RestoreError) -> [ActionMask] {
    let words = spec.factors.maskWords
    let values = try record.integers(name, count: count * words)
    return (0..<count).map { row in ActionMask(words: words) { UInt64(bitPattern: values[row * words + $0]) } }
  }

  // MARK: What the update began with

  mutating func noteState() throws(RestoreError) {
    noteTensors("parameter", parameters, isGiven: true)
    if case .batch = family.incident {
      noteTensors(
        "target parameter", try record.floats("network/target_parameters", count: layout.count), isGiven: true)
    }
    for name in try optimizer().moments.map(\.name) {
      noteTensors(name, try record.floats("optimizer/" + name, count: layout.count), isGiven: true)
    }
    for name in ["normalizer/observation_mean", "normalizer/observation_variance"] where record.doubles[name] != nil {
      let values = try record.doubles(name, count: spec.inputs)
      book.note(name, values, isGiven: true) { column($0) }
    }
    for name in ["normalizer/return_mean", "normalizer/return_variance"] where record.doubles[name] != nil {
      book.note(name, try record.doubles(name, count: 1), isGiven: true) { _ in "the one value" }
    }
  }

  /// Tensor by tensor, in the layout's order or against it.
  mutating func noteTensors(_ kind: String, _ values: [Float], isGiven: Bool, isReversed: Bool = false) {
    for entry in isReversed ? layout.entries.reversed() : layout.entries {
      let width = entry.shape.count > 1 ? entry.shape[1] : 1
      book.note("\(kind) \(entry.name)", values[entry.range], isGiven: isGiven) { index in
        width > 1 ? "row \(index / width), column \(index % width)" : "row \(index)"
      }
    }
  }

  /// An optimizer of the recorded kind, with nothing remembered yet.
  private func optimizer() throws(RestoreError) -> any Optimizer {
    let epsilon = try double("optimizer/epsilon")
    switch incident.facts["optimizer"]?.stringValue {
    case Adam.name: return Adam(parameterCount: layout.count, epsilon: epsilon)
    case RMSprop.name:
      guard let form = incident.facts["optimizer_form"]?.stringValue.flatMap({ RMSprop.Form(rawValue: $0) }) else {
        throw invalid("optimizer_form", "none of this version")
      }
      return RMSprop(parameterCount: layout.count, epsilon: epsilon, form: form)
    default: throw invalid("optimizer", "none of this version")
    }
  }

  // MARK: A step of the environment

  mutating func noteStep() throws(RestoreError) {
    let columns = spec.inputs
    func rows(_ index: Int) -> String { "lane \(index / columns), \(column(index % columns))" }
    func lanes(_ index: Int) -> String { "lane \(index)" }
    let all = laneCount.multipliedReportingOverflow(by: columns)
    guard !all.overflow else { throw invalid("lanes", "\(laneCount) of them") }
    if record.floats["step/observations_before"] != nil {
      book.note(
        "observations before the step", try record.floats("step/observations_before", count: all.partialValue),
        isGiven: true, place: rows)
      book.note("rewards", try record.floats("step/rewards", count: laneCount), isGiven: true, place: lanes)
      book.note(
        "last observations of episodes", try record.floats("step/final_observations", count: all.partialValue),
        isGiven: true, place: rows)
    }
    book.note(
      "observations after the step", try record.floats("step/observations", count: all.partialValue), isGiven: true,
      place: rows)
    let masks = try masks("step/masks", count: laneCount)
    let legal = ActionMask.all(count: spec.actions)
    book.note(
      "legal actions", masks.map { Double($0.intersection(legal).legalCount) }, isGiven: true, place: lanes)
  }

  // MARK: An update

  mutating func replayUpdate() throws(RestoreError) {
    let store = ParameterStore(layout: layout)
    store.values.assign(parameters)
    let pool = WorkerPool(workerCount: 1)
    switch family.incident {
    case .batch: try replayBatch(store, pool)
    case .minibatch(let isClipped): try replayMinibatch(store, pool, isClipped: isClipped)
    case nil: throw invalid("algorithm", "\(family), whose updates are not replayed")
    }

    let found = store.gradients.array
    let recorded = try record.floats("found/gradients", count: layout.count)
    var equal = 0
    for (one, other) in zip(found, recorded) where ReplayBits.areEqual(Double(one), Double(other)) { equal += 1 }
    gradients = (equal, layout.count)
    // The way back begins at the heads, which stand last.
    noteTensors("gradient", found, isGiven: false, isReversed: true)
    let maximumNorm = try double("optimizer/maximum_norm")
    let recordedNorm = try double("found/gradient_norm")
    let optimizer = try optimizer()
    for moment in optimizer.moments { moment.values.assign(try record.floats("optimizer/" + moment.name)) }
    let steps = try record.integers("optimizer/step", count: 1)[0]
    guard (0..<1 << 50).contains(steps) else { throw invalid("optimizer/step", "\(steps) is no number of steps") }
    optimizer.stepCount = Int(steps)
    let rate = try double("optimizer/learning_rate")
    let stepper = device.make(
      DeviceRequest(
        spec: spec, parameters: store, optimizer: optimizer, kernels: kernels, bfloat16: bfloat16, pool: pool,
        room: PassRoom(lanes: 1)))
    var norm = 0.0
    _ = stepper.step(learningRate: rate, maximumNorm: maximumNorm) {
      norm = $0
      return true
    }
    stepper.readBack()
    numbers.append(("gradient_norm", recordedNorm, norm))
    book.note("gradient norm", norm)
    for moment in optimizer.moments { noteTensors("next \(moment.name)", moment.values.array, isGiven: false) }
    noteTensors("next parameter", store.values.array, isGiven: false)
  }

  /// Keeps a number of the loss beside the recorded one.
  mutating func compare(_ name: String, _ found: Double) throws(RestoreError) {
    numbers.append((name, try double("found/" + name), found))
  }
}
