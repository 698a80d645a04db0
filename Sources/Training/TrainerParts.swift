// What a run is made of, and why it cannot be.

internal import AgentInterface
internal import Algorithms
private import Configuration
package import Environments
package import Inference
private import Kernels
internal import Networks
package import Text

extension Trainer {
  /// The network to train, or why this configuration cannot be: settings that contradict each other, or more memory or disk than there is.
  /// `folder`: the run's, or where it will lie; nil asks for no room, since the run has it already. `rowsBefore`: of transitions to begin with.
  @discardableResult
  package static func requireTrainable(
    _ configuration: RunConfiguration, _ factory: EnvironmentFactory, folder: String? = RunDirectory.root,
    rowsBefore: Int = 0
  ) throws(TrainingError) -> NetworkSpec {
    let spec = configuration.networkSpec(factory.spaces)
    if let problem = configuration.learner.problem(spec: spec) { throw .configuration(.conflict(problem)) }
    if let problem = configuration.precisionProblem(spec) { throw .configuration(.conflict(problem)) }
    // The matrix library would wait for ever for room that it does not get.
    let plan = ResourcePlan(configuration, spec, rowsBefore: rowsBefore)
    _ = try ProcessLimits.workers(upTo: 1, plannedBytes: plan.memoryBytes)
    guard let folder else { return spec }
    if let problem = plan.problem(.init(folder: folder)) {
      throw .configuration(.conflict(problem))
    }
    return spec
  }

  /// Refuses a run of which it can be said beforehand that nothing would be learned. For those that begin: one that was begun may end.
  package static func requireLearning(_ configuration: RunConfiguration, _ factory: EnvironmentFactory)
    throws(TrainingError)
  {
    guard let problem = PlanCheck(configuration, factory).problem else { return }
    throw .configuration(.conflict(problem))
  }

  /// What a run is made of, and a sentence where fewer workers than were wanted are at work. `kernels`: a choice that is made.
  static func parts(
    _ configuration: RunConfiguration, _ factory: EnvironmentFactory, _ spec: NetworkSpec, kernels: LearnerKernels,
    replay: (any TransitionStore)?
  ) throws(TrainingError) -> (any VectorEnvironment, any Algorithm, Collector, note: String?) {
    let environment = try factory.trainingLanes(count: configuration.world.lanes)
    let workers = configuration.run.workers == 0 ? ProcessLimits.processors : configuration.run.workers
    let room = try ProcessLimits.workers(
      upTo: workers, plannedBytes: ResourcePlan(configuration, spec).memoryBytes)
    let pool = WorkerPool(workerCount: room)
    let algorithm = configuration.learner.makeLearner(
      LearnerSetup(
        spec: spec, laneCount: configuration.world.lanes, isMasked: configuration.algorithm.isMasked,
        totalSteps: configuration.wholeTimesteps, device: configuration.run.device, kernels: kernels,
        bfloat16: configuration.run.precision.unit, seed: UInt64(configuration.run.seed), pool: pool,
        replay: replay))
    algorithm.health.settings = configuration.health
    return (
      environment, algorithm, Collector(environment: environment, algorithm: algorithm, pool: pool),
      note: ProcessLimits.note(wanted: workers, room: room, started: pool.workerCount)
    )
  }

  /// Refuses a beginning that does not fit the run, before anything is made for it.
  package static func requireFit(
    _ warmStart: WarmStart, _ configuration: RunConfiguration, _ factory: EnvironmentFactory
  ) throws(TrainingError) {
    try warmStart.requireFit(
      try requireTrainable(configuration, factory, folder: nil), optimizer: configuration.learner.optimizerName,
      factory.spaces)
  }

  package static func digest(_ parameters: [Float]) -> String {
    var digest = SHA256()
    parameters.withUnsafeBytes { digest.update($0) }
    return SHA256.hexDigits(digest.finalize())
  }

  package static func spaces(_ spaces: EnvironmentSpaces) -> JSON {
    var members: [String: JSON] = [
      "columns": spaces.observations.json,
      "actions": .array(spaces.actions.names.map(JSON.string)),
      "fallback": spaces.actions.fallback.map(spaces.actions.json(of:)) ?? .null,
    ]
    if spaces.actions.isFactored { members[ActionSpace.factorsKey] = ActionSpace.json(spaces.actions.factors) }
    return .object(members)
  }
}
