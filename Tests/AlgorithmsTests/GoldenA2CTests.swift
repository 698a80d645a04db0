// A2C against the reference: every term of every loss, gradient norms, and the parameters that come out.

import AgentInterface
import Algorithms
import Inference
import Kernels
import Networks
import TestSupport
import Testing

/// The cases made by `scripts/golden/a2c_golden.py`, by name.
enum GoldenA2C {
  static let all = [
    "a2c_base", "a2c_tf_relu", "a2c_slices", "a2c_mask_base", "a2c_mask_factors", "a2c_lstm_joint",
    "a2c_lstm_mask_separate",
  ]
}

extension GoldenPPOCase {
  /// A2C with the case's parameters and rollout, advantages estimated.
  func makeA2C(workers: Int = 1) throws -> A2C {
    var configuration = A2C.Configuration()
    configuration.learningRate = try hyper.number("learningRate")
    configuration.horizon = try hyper.integer("horizon")
    configuration.gamma = try hyper.number("gamma")
    configuration.gaeLambda = try hyper.number("gaeLambda")
    configuration.normalizeAdvantage = try hyper.flag("normalizeAdvantage")
    configuration.entropyCoefficient = try hyper.number("entropyCoefficient")
    configuration.valueCoefficient = try hyper.number("valueCoefficient")
    configuration.maxGradientNorm = try hyper.number("maxGradientNorm")
    configuration.rmspropEpsilon = try hyper.number("rmspropEpsilon")
    guard let form = RMSprop.Form(rawValue: try hyper.text("optimizer")) else {
      throw GoldenCaseError(reason: "\(file.place): unknown optimizer")
    }
    configuration.optimizer = form
    let learner = A2C(
      configuration: configuration, spec: spec, laneCount: try hyper.integer("lanes"), masked: isMasked, seed: 0,
      pool: WorkerPool(workerCount: workers))
    try prepare(learner)
    return learner
  }

  /// The learner that the case is about.
  func makeOnPolicyLearner(workers: Int = 1) throws -> OnPolicyLearner {
    try file.text("variant").hasPrefix("a2c") ? makeA2C(workers: workers) : makeLearner(workers: workers)
  }
}

@Suite struct GoldenA2CTests {
  @Test(arguments: GoldenA2C.all)
  func `three workers' loss terms, gradient norms and parameters equal the reference`(name: String) throws {
    let problems = try play(name, workers: 3).problems
    #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
  }

  @Test func `loss terms, gradient norms and parameters equal the reference`() throws {
    let played = try GoldenA2C.all.map { try play($0, workers: 1) }
    let problems = played.flatMap(\.problems)
    let worst = played.map(\.worst).max() ?? .infinity
    ProofTable.record(
      "parity: a2c, parameters after 100 updates",
      figure: "worst \((worst * 100).rounded() / 100) tolerances; \(played.count) cases", threshold: "<= 1", seeds: "-",
      holds: problems.isEmpty)
    #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
  }

  /// A hundred updates of a case: what differs by more than its tolerance, and the largest error of a parameter in tolerances.
  private func play(_ name: String, workers: Int) throws -> (problems: [String], worst: Double) {
    let golden = try GoldenPPOCase(name)
    let learner = try golden.makeA2C(workers: workers)
    let last = try golden.lastUpdate()
    #expect(last == 100, "\(name): compared up to update \(last)")
    var records: [A2C.Record] = []
    var kept: [Int: [Float]] = [:]
    for update in 1...last {
      records.append(learner.learn(learningRate: learner.configuration.learningRate))
      if [1, 10, last].contains(update) { kept[update] = learner.parameters.values.array }
    }
    let expected = try golden.file.part("updates")
    let terms: [(String, KeyPath<A2C.Record, Double>)] = [
      ("policyLoss", \.policyLoss), ("valueLoss", \.valueLoss), ("entropyLoss", \.entropyLoss), ("totalLoss", \.loss),
      ("gradientNorm", \.gradientNorm),
    ]
    var problems: [String] = []
    for (term, path) in terms {
      let tensor = try expected.tensor(term)
      let found = records.prefix(tensor.values.count).map { $0[keyPath: path] }
      if let problem = tensor.difference(from: found, inputs: { "update \($0 + 1)" }) { problems.append(problem) }
    }
    var worst = 0.0
    for (update, parameters) in kept.sorted(by: { $0.key < $1.key }) {
      let after = try golden.file.part("after\(update)")
      var farthest: TensorError?
      for entry in learner.parameters.layout.entries {
        let tensor = try after.tensor(entry.name)
        let found = Array(parameters[entry.range])
        if let problem = tensor.difference(from: found, inputs: { _ in "the rollout of \(name)" }) {
          problems.append(problem)
        }
        let error = tensor.error(of: found)
        farthest = farthest?.orWorse(error) ?? error
      }
      guard let farthest else { continue }
      worst = max(worst, farthest.ratio)
      if workers == 1 { ParityTable.record(name, updates: update, worst: farthest) }
    }
    return (problems, worst)
  }
}
