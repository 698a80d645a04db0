// Forward passes of training and of deployment against the reference libraries.

import AgentInterface
import Inference
import Kernels
import Networks
import OpCases
import TestSupport
import Testing

/// The batch of a case and what is expected of it: L steps of S lanes, L = 1 without memory.
private struct ForwardBatch {
  let length: Int
  let lanes: Int
  let observations: [Float]
  let actions: [Int]
  let starts: [UInt8]
  let masks: [ActionMask]?
  let states: [String: [Float]]
  let expected: Golden

  init(_ golden: GoldenPPOCase) throws {
    let forward = try golden.file.part("forward")
    let observations = try forward.tensor("observations")
    (length, lanes) = (observations.shape[0], observations.shape[1])
    self.observations = observations.floats
    actions = try forward.tensor("actions").values.map { Int($0) }
    starts = try forward.tensor("starts").values.map { UInt8($0) }
    masks = golden.isMasked ? GoldenPPOCase.masks(try forward.tensor("masks")) : nil
    var states: [String: [Float]] = [:]
    if forward.has("states") {
      let given = try forward.part("states")
      for name in given.keys { states[name] = try given.tensor(name).floats }
    }
    self.states = states
    expected = try forward.part("expected")
  }

  /// The inputs of flat row `row` (step * lanes + lane), for a failure's text.
  func describe(row: Int, columns: Int) -> String {
    let observation = observations[(row * columns)..<((row + 1) * columns)]
    let mask = masks.map { String($0[row].rawValue, radix: 2) } ?? "none"
    return
      "step \(row / lanes), lane \(row % lanes), observation \(Array(observation)), action \(actions[row]), mask \(mask)"
  }
}

/// What one pass found, in the file's order.
private struct ForwardFindings {
  var values: [Float] = []
  var logProbabilities: [Float] = []
  var entropies: [Float] = []
  var allLogProbabilities: [Float] = []

  /// Compares with the file; `rows` chooses among the flat rows.
  func compare(with batch: ForwardBatch, spec: NetworkSpec, rows: (Int) -> Bool = { _ in true }) throws -> [String] {
    let actions = spec.actions
    func isLegal(_ index: Int) -> Bool {
      batch.masks.map { $0[index / actions].allows(index % actions) } ?? true
    }
    func describe(_ row: Int) -> String { batch.describe(row: row, columns: spec.inputs) }
    return [
      try batch.expected.tensor("values").difference(from: values, where: rows, inputs: describe),
      try batch.expected.tensor("logProbabilities").difference(from: logProbabilities, where: rows, inputs: describe),
      try batch.expected.tensor("entropies").difference(from: entropies, where: rows, inputs: describe),
      try batch.expected.tensor("allLogProbabilities").difference(
        from: allLogProbabilities, where: { rows($0 / actions) && isLegal($0) }, inputs: { describe($0 / actions) }),
    ].compactMap { $0 }
  }

  mutating func append(logits: [Float], value: Float, action: Int, mask: ActionMask, factors: ActionFactors) {
    var (all, probabilities) = (logits, logits)
    let entropy = ActionSelection.evaluate(
      logits: logits, mask: mask, factors: factors, logProbabilities: &all, probabilities: &probabilities)
    values.append(value)
    logProbabilities.append(
      ActionSelection.logProbability(of: ActionNumber(action), logProbabilities: all, factors: factors))
    entropies.append(entropy)
    allLogProbabilities += all
  }

  mutating func append(_ other: ForwardFindings) {
    values += other.values
    logProbabilities += other.logProbabilities
    entropies += other.entropies
    allLogProbabilities += other.allLogProbabilities
  }
}

@Suite struct GoldenForwardTests {
  @Test(arguments: GoldenPPO.all + GoldenA2C.all)
  func `the learner's pass equals the reference`(name: String) throws {
    let golden = try GoldenPPOCase(name)
    let spec = golden.spec
    let batch = try ForwardBatch(golden)
    let passes = DeviceFamily.cpu.make(
      DeviceRequest(
        spec: spec, parameters: try golden.makeStore(),
        room: PassRoom(rows: batch.length * batch.lanes, sequences: batch.lanes, length: batch.length)))
    let observations = FencedBuffer(batch.observations)
    let initial = batch.states.mapValues(FencedBuffer.init)
    let state = RecurrentStateRows(
      actorHidden: initial["hidden_pi"]?.base, actorCell: initial["cell_pi"]?.base,
      criticHidden: initial["hidden_vf"]?.base, criticCell: initial["cell_vf"]?.base)
    var findings = ForwardFindings()
    var problems: [String] = []
    try batch.starts.withUnsafeBufferPointer { starts in
      let sequences = SequenceBatch(
        length: batch.length, count: batch.lanes, observations: observations.base,
        observationTimeStride: batch.lanes * spec.inputs, starts: spec.hiddenCount > 0 ? starts.baseAddress : nil,
        startTimeStride: batch.lanes, initialState: state)
      let outputs = passes.forward(sequences, parts: [.policy, .value], worker: 0)
      for row in 0..<sequences.rows {
        let logits = Array(UnsafeBufferPointer(start: outputs.logits.row(row), count: spec.actions))
        findings.append(
          logits: logits, value: outputs.values[row], action: batch.actions[row],
          mask: batch.masks?[row] ?? .all(count: spec.actions), factors: spec.factors)
      }
      let final = outputs.finalState
      let ends = [
        "hidden_pi": final.actorHidden, "cell_pi": final.actorCell, "hidden_vf": final.criticHidden,
        "cell_vf": final.criticCell,
      ]
      for stateName in batch.states.keys.sorted() {
        let end = try #require(ends[stateName] ?? nil, "\(stateName) of \(name)")
        let expected = try batch.expected.tensor(stateName)
        let found = Array(UnsafeBufferPointer(start: end, count: expected.values.count))
        if let problem = expected.difference(
          from: found, inputs: { "the state after \(batch.length) steps, lane \($0 / spec.hiddenCount)" })
        {
          problems.append(problem)
        }
      }
    }
    problems += try findings.compare(with: batch, spec: spec)
    #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
    #expect(observations.isIntact && initial.values.allSatisfy(\.isIntact))
  }

  @Test(arguments: GoldenPPO.all + GoldenA2C.all)
  func `the deployed policy's pass equals the reference`(name: String) throws {
    let golden = try GoldenPPOCase(name)
    let spec = golden.spec
    let batch = try ForwardBatch(golden)
    let policy = InferencePolicy(
      spec: spec, parameters: try golden.parameters(), normalizer: nil, requiresMask: golden.isMasked)
    let rows = batch.length * batch.lanes
    var scored = [ForwardFindings](repeating: ForwardFindings(), count: rows)
    var ends: [String: [Float]] = [:]
    for lane in 0..<batch.lanes {
      var session = policy.makeSession()
      func given(_ name: String) -> [Float] {
        batch.states[name].map { Array($0[(lane * spec.hiddenCount)..<((lane + 1) * spec.hiddenCount)]) } ?? []
      }
      session.restore(
        RecurrentState(hidden: given("hidden_pi"), cell: given("cell_pi")),
        critic: RecurrentState(hidden: given("hidden_vf"), cell: given("cell_vf")))
      for step in 0..<batch.length {
        let row = step * batch.lanes + lane
        let decision = try session.decide(
          Array(batch.observations[(row * spec.inputs)..<((row + 1) * spec.inputs)]), mask: batch.masks?[row],
          startsEpisode: batch.starts[row] != 0)
        scored[row].append(
          logits: session.logits, value: try #require(decision.value), action: batch.actions[row],
          mask: batch.masks?[row] ?? .all(count: spec.actions), factors: spec.factors)
        // What the session itself says about its choice and the distribution.
        #expect(scored[row].entropies == [decision.entropy])
        let own = ActionSelection.logProbability(
          of: decision.action, logProbabilities: scored[row].allLogProbabilities, factors: spec.factors)
        #expect(own == decision.logProbability)
      }
      ends["hidden_pi", default: []] += session.state.hidden
      ends["cell_pi", default: []] += session.state.cell
      ends["hidden_vf", default: []] += session.criticState.hidden
      ends["cell_vf", default: []] += session.criticState.cell
    }
    var findings = ForwardFindings()
    for row in scored { findings.append(row) }
    var problems = try findings.compare(with: batch, spec: spec)
    for stateName in batch.states.keys.sorted() {
      let problem = try batch.expected.tensor(stateName).difference(from: ends[stateName] ?? []) {
        "the state after \(batch.length) decisions, lane \($0 / spec.hiddenCount)"
      }
      if let problem { problems.append(problem) }
    }
    #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
  }
}
