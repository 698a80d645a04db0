// The planted verdict: a policy that solves the leak has an edge, one that ignores it has none.

import AgentInterface
import Environments
import Inference
import Testing
import Text

@testable import Evaluation

@Suite struct PlantedReportTests {
  /// Short below zero, long above: the optimum of the leak.
  private let solver = ToyPolicy.linear(weights: [[-50, 0], [0, 0], [50, 0]], biases: [0, -1, 0])
  /// Indifferent: greedily always short, stochastically at random.
  private let indifferent = ToyPolicy.linear(weights: [[0, 0], [0, 0], [0, 0]], biases: [0, 0, 0])

  private func report(_ policy: InferencePolicy, _ environment: any GameEnvironment, unit: PlantedRun.Unit = .step)
    throws
    -> PlantedReport
  {
    try PlantedReport(
      policy: policy.deployed, policyName: "a policy", environment: environment,
      environmentName: "leak",
      optimum: unit == .step ? environment.optimumPerStep : environment.optimumPerEpisode, unit: unit, steps: 40_000,
      seed: 2)
  }

  @Test func aSolverReachesTheOptimum() throws {
    let report = try report(solver, Lanes(LeakMarket(), laneCount: 40))
    let error = try #require(report.greedy.run.standardError)
    // sd of |r| is sqrt(1 - 2 / pi) = 0.603; over 40,000 independent steps 0.0030.
    #expect(abs(error - 0.0030) < 0.0012)
    #expect(abs(report.greedy.run.mean - 0.7979) < 4 * error)
    #expect(try abs(#require(report.shareOfOptimum(report.greedy)) - 1) < 0.02)
    #expect(report.edgeFound && report.headline == "edge over always-flat")
    #expect(report.flat.run.mean == 0 && report.greedy.run.steps == 40_000)
    // A sampled action may be flat or wrong where the return is near zero: a little less than greedy.
    #expect(report.stochastic.run.mean < report.greedy.run.mean && report.stochastic.run.mean > 0.78)
    let interval = try #require(report.greedy.interval)
    #expect(interval.lower < report.greedy.run.mean && report.greedy.run.mean < interval.upper)
  }

  @Test func indifferenceHasNoEdge() throws {
    let report = try report(indifferent, Lanes(LeakMarket(), laneCount: 40))
    #expect(!report.edgeFound && report.headline == "no edge found")
    #expect(report.text.contains("not distinguishable"))
    #expect(try abs(#require(report.stochastic.run.meanConfidence) - 1.0 / 3) < 1e-6)
  }

  /// Without memory the cue pays nothing; per episode of 30 bars, of which 40 lanes of 1,000 steps finish 33 each.
  @Test func theCuePaysNothingWithoutMemory() throws {
    let report = try report(indifferent, Lanes(CueMarket(), laneCount: 40), unit: .episode)
    #expect(report.greedy.run.episodes == 40 * 33)
    #expect(report.optimum == 1 && !report.edgeFound)
    #expect(report.greedy.run.illegalAttempts == 0)
    let interval = try #require(report.greedy.interval)
    #expect(interval.lower < 0 && interval.upper > 0)
  }

  @Test func aPolicyWithoutMasksIsCounted() throws {
    let unmasked = ToyPolicy.linear(weights: [[0, 0], [0, 0], [0, 0]], biases: [1, 0, 0], requiresMask: false)
    let report = try report(unmasked, Lanes(CueMarket(), laneCount: 4), unit: .episode)
    #expect(report.greedy.run.illegalAttempts > 9000)
    #expect(report.text.contains("Illegal requests"))
  }

  @Test func fitsEightyColumnsAndReadsBack() throws {
    for unit in [PlantedRun.Unit.step, .episode] {
      let report = try report(solver, Lanes(MeanReversionMarket(), laneCount: 8), unit: unit)
      for line in report.lines { #expect(line.count <= 80, "\(line.count) columns: \(line)") }
      #expect(try JSON.parse(report.json.text) == report.json)
      #expect(report.json["greedy"]?["mean"]?.doubleValue == report.greedy.run.mean)
    }
  }

  @Test func sameSeedSameReport() throws {
    let policy = ToyPolicy.recurrent(inputs: 2, actions: 3, seed: 4)
    let one = try report(policy, Lanes(CueMarket(), laneCount: 8), unit: .episode)
    #expect(try report(policy, Lanes(CueMarket(), laneCount: 8), unit: .episode) == one)
  }
}
