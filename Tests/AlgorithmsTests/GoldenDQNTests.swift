// DQN against the reference: values, targets, losses, gradient norms, exploration, and the parameters of both networks that come out.

import AgentInterface
import Algorithms
import Inference
import Kernels
import Networks
import TestSupport
import Testing

/// The cases made by `scripts/golden/dqn_golden.py`, by name.
private let goldenCases = [
  "dqn_base", "dqn_polyak", "dqn_n_step", "dqn_double_mask", "dqn_dueling", "dqn_weighted",
]

/// A learner that stands where a case begins.
private struct GoldenDQN {
  let file: Golden
  let hyper: Golden
  let learner: DQN

  init(_ name: String, workers: Int) throws {
    file = try Golden(name)
    hyper = try file.part("hyper")
    let network = try file.part("network")
    let isDueling = try hyper.flag("dueling")
    guard let activation = NetworkSpec.Activation(rawValue: try network.text("activation")) else {
      throw GoldenCaseError(reason: "\(name): unknown activation")
    }
    let tower = try network.integers("tower")
    let spec = NetworkSpec(
      inputs: try network.integer("inputs"), actions: try network.integer("actions"), memory: .none,
      policyTower: tower, valueTower: isDueling ? tower : [], activation: activation, hasValueHead: isDueling,
      kind: isDueling ? .dueling : .actionValues)
    let lanes = try hyper.integer("lanes")
    var configuration = DQN.Configuration()
    configuration.learningRate = try hyper.number("learningRate")
    configuration.gamma = try hyper.number("gamma")
    configuration.bufferSize = try hyper.integer("capacity") * lanes
    configuration.batchSize = try hyper.integer("batchSize")
    configuration.tau = try hyper.number("tau")
    configuration.nSteps = try hyper.integer("nSteps")
    configuration.maxGradientNorm = try hyper.number("maxGradientNorm")
    configuration.adamEpsilon = try hyper.number("adamEpsilon")
    configuration.targetUpdateInterval = try hyper.integer("targetUpdateInterval")
    configuration.explorationFraction = try hyper.number("explorationFraction")
    configuration.explorationInitial = try hyper.number("explorationInitial")
    configuration.explorationFinal = try hyper.number("explorationFinal")
    configuration.double = try hyper.flag("double")
    configuration.dueling = isDueling
    learner = DQN(
      configuration: configuration, spec: spec, laneCount: lanes, masked: try hyper.flag("mask"),
      totalSteps: try hyper.integer("totalSteps"), seed: 0, pool: WorkerPool(workerCount: workers))
    try GoldenDQN.place(try file.part("parameters"), into: learner.parameters)
    try GoldenDQN.place(try file.part("targetParameters"), into: learner.targetParameters)
    learner.refresh()
    learner.refreshTarget()
    try fillStore()
  }

  private static func place(_ given: Golden, into store: ParameterStore) throws {
    #expect(given.keys == store.layout.entries.map(\.name).sorted())
    for entry in store.layout.entries {
      let tensor = try given.tensor(entry.name)
      #expect(tensor.shape == entry.shape)
      for (index, value) in tensor.floats.enumerated() { store.values.base[entry.offset + index] = value }
    }
  }

  /// All rows that were made, in their order: the memory keeps the newest.
  private func fillStore() throws {
    let made = try file.part("transitions")
    let (lanes, columns) = (learner.store.laneCount, learner.store.columns)
    let observations = FloatStorage(try made.tensor("observations").floats)
    let next = FloatStorage(try made.tensor("nextObservations").floats)
    let rewards = FloatStorage(try made.tensor("rewards").floats)
    let actions = try made.tensor("actions").values.map { Int32($0) }
    let terminated = try made.tensor("terminated").values.map { UInt8($0) }
    let truncated = try made.tensor("truncated").values.map { UInt8($0) }
    let masks =
      made.has("nextMasks")
      ? GoldenPPOCase.masks(try made.tensor("nextMasks"))
      : [ActionMask](repeating: .all(count: learner.spec.actions), count: actions.count)
    try actions.withUnsafeBufferPointer { actions in
      try terminated.withUnsafeBufferPointer { terminated in
        try truncated.withUnsafeBufferPointer { truncated in
          let words = UnsafeMutablePointer<UInt64>.allocate(capacity: masks.count)
          defer { words.deallocate() }
          for (place, mask) in masks.enumerated() { (words + place).initialize(to: mask.rawValue) }
          do {
            for row in 0..<(try hyper.integer("made")) {
              let place = row * lanes
              let following = UnsafePointer(next.base + place * columns)
              guard let action = actions.baseAddress,
                let died = terminated.baseAddress, let cut = truncated.baseAddress
              else { return }
              learner.store.append(
                TransitionRow(
                  observations: observations.base + place * columns, actions: action + place,
                  rewards: rewards.base + place, terminated: died + place, truncated: cut + place,
                  nextObservations: following, nextMasks: MaskRows(words + place), finalObservations: following,
                  finalMasks: MaskRows(words + place)))
            }
          }
        }
      }
    }
  }
}

@Suite struct GoldenDQNTests {
  @Test(arguments: goldenCases)
  func `three workers' targets, losses and parameters equal the reference`(name: String) throws {
    let problems = try play(name, workers: 3).problems
    #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
  }

  @Test func `values, targets, losses and parameters equal the reference`() throws {
    let played = try goldenCases.map { try play($0, workers: 1) }
    let problems = played.flatMap(\.problems)
    let worst = played.map(\.worst).max() ?? .infinity
    ProofTable.record(
      "parity: dqn, parameters after 100 updates",
      figure: "worst \((worst * 100).rounded() / 100) tolerances; \(played.count) cases", threshold: "<= 1", seeds: "-",
      holds: problems.isEmpty)
    #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
  }

  /// A hundred updates of a case: what differs by more than its tolerance, and the largest error of a parameter in tolerances.
  private func play(_ name: String, workers: Int) throws -> (problems: [String], worst: Double) {
    let golden = try GoldenDQN(name, workers: workers)
    let (learner, configuration) = (golden.learner, golden.learner.configuration)
    let last = try golden.file.integer("lastUpdate")
    #expect(last == 100, "\(name): compared up to update \(last)")
    var problems: [String] = []
    let forward = try golden.file.part("forward")
    let observations = try forward.tensor("observations").floats
    if let problem = try forward.part("expected").tensor("values").difference(
      from: learner.values(of: observations), inputs: { "value \($0)" })
    {
      problems.append(problem)
    }

    let picks = try golden.file.part("picks")
    let (rows, lanes) = (try picks.tensor("rows").values, try picks.tensor("lanes").values)
    let weights = try picks.tensor("weights").floats
    let interval = max(configuration.targetUpdateInterval / learner.store.laneCount, 1)
    var records: [DQN.Record] = []
    var targets: [Float] = []
    var kept: [Int: [Float]] = [:]
    for update in 1...last {
      for step in (4 * update - 3)...(4 * update) where step % interval == 0 { learner.moveTarget() }
      let batch = ((update - 1) * configuration.batchSize)..<(update * configuration.batchSize)
      records.append(
        learner.learn(
          rows: rows[batch].map { Int($0) }, lanes: lanes[batch].map { Int($0) }, weights: Array(weights[batch]),
          learningRate: configuration.learningRate))
      if update <= 10 { targets += learner.lastBatch.targets }
      if [1, 10, last].contains(update) { kept[update] = learner.parameters.values.array }
    }
    let expected = try golden.file.part("updates")
    let loss = try expected.tensor("loss").difference(from: records.map(\.loss)) { "update \($0 + 1)" }
    let norm = try expected.tensor("gradientNorm").difference(from: records.map(\.gradientNorm)) { "update \($0 + 1)" }
    let target = try expected.tensor("targets").difference(from: targets) { "pick \($0)" }
    problems += [loss, norm, target].compactMap { $0 }

    var worst = 0.0
    func compare(_ part: String, _ parameters: [Float]) throws -> TensorError? {
      var farthest: TensorError?
      let after = try golden.file.part(part)
      for entry in learner.parameters.layout.entries {
        let tensor = try after.tensor(entry.name)
        let found = Array(parameters[entry.range])
        if let problem = tensor.difference(from: found, inputs: { _ in "the picks of \(name)" }) {
          problems.append(problem)
        }
        let error = tensor.error(of: found)
        farthest = farthest?.orWorse(error) ?? error
      }
      worst = max(worst, farthest?.ratio ?? .infinity)
      return farthest
    }
    for (update, parameters) in kept.sorted(by: { $0.key < $1.key }) {
      guard let farthest = try compare("after\(update)", parameters), workers == 1 else { continue }
      ParityTable.record(name, updates: update, worst: farthest)
    }
    _ = try compare("targetAfter\(last)", learner.targetParameters.values.array)

    let total = try golden.hyper.integer("totalSteps")
    let rates = (1...400).map { configuration.exploration(steps: $0 * learner.store.laneCount, totalSteps: total) }
    if let problem = try golden.file.part("exploration").tensor("rates").difference(
      from: rates, inputs: { "step \($0)" })
    {
      problems.append(problem)
    }
    return (problems, worst)
  }
}
