// Whether a run can learn, asked before it starts.

package import Algorithms
private import Environments

/// What is to be said of a run's plan: a pure function of its configuration, its episodes and its window.
///
/// An episode that its window cannot hold is refused earlier, where the window is cut (`EnvironmentFactory`).
package struct PlanCheck: Sendable, Equatable {
  package let findings: [PlanFinding]

  /// `episodeLength`: the most steps of a training episode. `windowBars`: of the training window; nil for games, which have none.
  package init(_ configuration: RunConfiguration, episodeLength: Int, windowBars: Int?) {
    let plan = LearnerPlan(
      totalSteps: configuration.wholeTimesteps, laneCount: configuration.world.lanes,
      stepsPerRollout: configuration.stepsPerRollout, hasMemory: configuration.algorithm.hasMemory)
    findings =
      PlanCheck.rounding(configuration) + configuration.learner.findings(plan)
      + PlanCheck.episodes(plan, episodeLength: episodeLength, windowBars: windowBars)
  }

  /// The same for the world that a factory has loaded.
  package init(_ configuration: RunConfiguration, _ factory: EnvironmentFactory) {
    self.init(
      configuration, episodeLength: factory.episodeLength,
      windowBars: factory.market.map { factory.bars(of: .training, in: $0.tape).count })
  }

  /// Why nothing at all would be learned; nil where something can be.
  package var problem: String? { findings.first { $0.severity == .refuse }?.sentence }

  /// What is hardly meant, in sentences.
  package var warnings: [String] { findings.filter { $0.severity == .warn }.map(\.sentence) }

  /// For the terminal.
  package var lines: [String] {
    findings.map { $0.severity == .remark ? $0.sentence : "warning: " + $0.sentence }
  }

  /// Steps beyond what was asked for, as a multiple, at which it is said.
  private static let largestRounding = 2

  private static func rounding(_ configuration: RunConfiguration) -> [PlanFinding] {
    let (asked, made) = (configuration.run.totalTimesteps, configuration.wholeTimesteps)
    guard made / largestRounding >= asked else { return [] }
    let lanes = configuration.world.lanes
    let key = configuration.learner.stepsBetweenUpdatesKey
    let rollout = key.map { "\($0) \(configuration.learner.stepsBetweenUpdates) x environment.lanes \(lanes)" }
    return [
      PlanFinding(
        .warn,
        "run.total_timesteps is \(asked), but one rollout (\(rollout ?? "of environment.lanes \(lanes)")) has \(made) steps: "
          + "\(ConsoleSink.short(Double(made) / Double(asked))) times as many are made; lower "
          + (key.map { "\($0) or " } ?? "") + "environment.lanes")
    ]
  }

  private static func episodes(_ plan: LearnerPlan, episodeLength: Int, windowBars: Int?) -> [PlanFinding] {
    var findings: [PlanFinding] = []
    let steps = plan.totalSteps / plan.laneCount
    let key = windowBars == nil ? "the environment's episode" : "environment.episode_length"
    if steps < episodeLength {
      findings.append(
        PlanFinding(
          .warn,
          "\(key) has \(episodeLength) steps, but a lane makes only \(steps) in the whole run, so that hardly an episode ends in it; "
            + "raise run.total_timesteps to at least \(episodeLength * plan.laneCount), or lower environment.lanes"))
    }
    if let windowBars, windowBars == episodeLength + 1 {
      findings.append(
        PlanFinding(
          .warn,
          "environment.episode_length is \(episodeLength) of the training window's \(windowBars) bars, so that every episode is the "
            + "same; lower it, or widen the section split's training window"))
    }
    return findings
  }
}
