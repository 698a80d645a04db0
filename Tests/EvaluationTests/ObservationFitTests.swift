// Does the judged window look like what was learned: counted to the step, said in words, nothing where all is well.

import AgentInterface
import Environments
import Inference
import Testing
import Text

@testable import Evaluation

@Suite struct ObservationFitTests {
  private static let space = ObservationSpace(
    columns: ["signal", "price", "position"].map { .init(name: $0, unit: "") })

  /// signal was always 1, price -2 to 2 with mean 0 and variance 1, position 0 to 1.
  private static func policy(clip: Double? = 3, knows: Bool = true) -> DeployedPolicy {
    let spec = NetworkSpec(
      inputs: 3, actions: 2, memory: .none, policyTower: [], valueTower: [], activation: .tanh, hasValueHead: false)
    let ranges = TrainingRanges(
      minimum: [1, -2, 0], maximum: [1, 2, 1], mean: [1, 0, 0.5], variance: [0, 1, 0.25], count: [10, 10, 10])
    return InferencePolicy(
      spec: spec, parameters: [Float](repeating: 0, count: ParameterLayout(spec).count),
      normalizer: clip.map {
        ObservationNormalizer(mean: [1, 0, 0.5], variance: [1e-8, 1, 0.25], count: 10, clip: $0)
      },
      requiresMask: false, trainingRanges: knows ? ranges : nil
    ).deployed
  }

  private static func fit(_ rows: [[Float]], _ policy: DeployedPolicy = ObservationFitTests.policy()) -> ObservationFit?
  {
    var fit = ObservationFit(policy, space)
    for row in rows { fit?.add(row.span) }
    return fit
  }

  /// The deviation that is read is sqrt(variance + 1e-8): 1.4e-4 for the signal, of which 0.001 is 7.1.
  @Test func aColumnThatWasConstantIsNamed() throws {
    let fit = try #require(
      Self.fit([[1, 0, 0], [1.001, 0, 0], [1.001, 0, 0], [1.001, 0, 0]], Self.policy(clip: 10)))
    #expect(fit.columns[0].wasConstant && fit.columns[0].outside == 3 && fit.columns[0].atBound == 0)
    #expect(abs(fit.columns[0].largestDeviation - 7.07) < 0.02)
    #expect(fit.stepsOutside == 3 && fit.steps == 4)
    #expect(
      fit.notes == [
        "Constant while it was learned, but not here: signal (1.0 in training, 1.0 to 1.001 here, another value in 75.0 % of the "
          + "steps, read as up to 7.1 deviations). Nothing was learned of such a column: leave it out, or train where it changes."
      ])
    let columns = try #require(fit.json.arrayValue)
    #expect(
      columns.count == 1 && columns[0]["column"]?.stringValue == "signal"
        && columns[0]["constant_in_training"]?.boolValue == true)
    #expect(columns[0]["share_outside"]?.doubleValue == 0.75 && columns[0]["share_at_bound"]?.doubleValue == 0)
  }

  @Test func aColumnAtTheBoundIsNamedWithItsShare() throws {
    let fit = try #require(Self.fit([[1, 3.1, 0], [1, -3.5, 0], [1, 2.9, 0], [1, 1, 1]]))
    #expect(fit.columns.map(\.atBound) == [0, 2, 0] && fit.columns.map(\.outside) == [0, 3, 0])
    #expect(fit.notes.contains { $0.hasPrefix("Cut to the bound of scaling: price in 50.0 % of the steps") })
    #expect(
      fit.notes.contains(
        "Outside of what training saw, some column in 75.0 % of the steps: price in 75.0 % (-2.0 to 2.0 there, -3.5 to 3.1 here)."
      ))
    #expect(fit.notes.contains("Constant in training and here: signal (1.0)."))
    // Without scaling there is no bound.
    let plain = try #require(Self.fit([[1, 30, 0]], Self.policy(clip: nil)))
    #expect(plain.columns[1].atBound == 0 && plain.columns[1].outside == 1)
  }

  /// Nothing is said where nothing is known, and nothing where all is as it was learned.
  @Test func whatIsUnknownOrWellIsNotTold() throws {
    #expect(Self.fit([[9, 9, 9]], Self.policy(knows: false)) == nil)
    let spec = Self.policy().members[0].policy.spec
    let ranges = TrainingRanges(
      minimum: [0, -2, 0], maximum: [1, 2, 1], mean: [1, 0, 0.5], variance: [1, 1, 0.25], count: [10, 10, 10])
    let policy = InferencePolicy(
      spec: spec, parameters: [Float](repeating: 0, count: ParameterLayout(spec).count), requiresMask: false,
      trainingRanges: ranges)
    let fit = try #require(Self.fit([[0, -2, 0], [1, 2, 1]], policy.deployed))
    #expect(fit.notes.isEmpty && fit.json == .array([]) && fit.stepsOutside == 0)
  }

  /// A planted market's report tells it of the greedy run, in text, JSON and document.
  @Test func aPlantedReportTellsIt() throws {
    let solver = ToyPolicy.linear(weights: [[-50, 0], [0, 0], [50, 0]], biases: [0, -1, 0])
    // The return is normal with deviation 1, so that a third of the steps lies beyond it; the position is -1 to 1.
    let ranges = TrainingRanges(
      minimum: [-1, -1], maximum: [1, 1], mean: [0, 0], variance: [1, 1], count: [5, 5])
    func report(_ ranges: TrainingRanges?) throws -> PlantedReport {
      try PlantedReport(
        policy: InferencePolicy(
          spec: solver.spec, parameters: solver.parameters, requiresMask: true, trainingRanges: ranges
        ).deployed, policyName: "a policy", environment: Lanes(LeakMarket(), laneCount: 10), environmentName: "leak",
        optimum: nil, unit: .step, steps: 4000, seed: 2)
    }
    let told = try report(ranges)
    let fit = try #require(told.fit)
    #expect(fit.steps == 4000 && abs(Double(fit.columns[0].outside) / 4000 - 0.317) < 0.04)
    #expect(told.text.contains("Outside of what training saw") && told.document.markdown.contains("Outside of what"))
    #expect(told.json["outside_training"]?.arrayValue?.count == 1)
    let untold = try report(nil)
    #expect(untold.json["outside_training"]?.isNull == true && !untold.text.contains("Outside of what"))
    #expect(untold.greedy == told.greedy && untold.stochastic == told.stochastic)
  }
}
