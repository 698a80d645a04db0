// What a run is made of, and why it cannot be.

internal import AgentInterface
internal import Algorithms
private import Configuration
private import Environments
package import Inference
private import Kernels
internal import Networks

extension Trainer {
  /// The network to train, or why this configuration cannot be: settings that contradict each other, or more memory or disk than there is.
  /// `folder`: the run's, or where it will lie; nil asks for no room, since the run has it already. `rowsBefore`: of transitions to begin with.
  @discardableResult
  package static func requireTrainable(
    _ configuration: RunConfiguration, _ factory: EnvironmentFactory, folder: String? = RunDirectory.root,
    rowsBefore: Int = 0
  ) throws(TrainingError) -> NetworkSpec {
    let spec = configuration.networkSpec(
      inputs: factory.spaces.observations.count, actions: factory.spaces.actions.count)
    if let problem = configuration.learner.problem(spec: spec) { throw .configuration(.conflict(problem)) }
    if let problem = configuration.precisionProblem(spec) { throw .configuration(.conflict(problem)) }
    guard let folder else { return spec }
    if let problem = ResourcePlan(configuration, spec, rowsBefore: rowsBefore).problem(.init(folder: folder)) {
      throw .configuration(.conflict(problem))
    }
    return spec
  }

  /// What a run is made of. `kernels`: a choice that is made.
  static func parts(
    _ configuration: RunConfiguration, _ factory: EnvironmentFactory, _ spec: NetworkSpec, kernels: LearnerKernels,
    replay: (any TransitionStore)?
  ) throws(TrainingError) -> (any VectorEnvironment, any Algorithm, Collector) {
    let environment = try factory.trainingLanes(count: configuration.world.lanes)
    let workers = configuration.run.workers == 0 ? WorkerPool.availableProcessors : configuration.run.workers
    let pool = WorkerPool(workerCount: workers)
    let algorithm = configuration.learner.makeLearner(
      LearnerSetup(
        spec: spec, laneCount: configuration.world.lanes, isMasked: configuration.algorithm.isMasked,
        totalSteps: configuration.wholeTimesteps, kernels: kernels,
        bfloat16: configuration.run.precision.unit, seed: UInt64(configuration.run.seed), pool: pool,
        replay: replay))
    algorithm.health.settings = configuration.health
    return (environment, algorithm, Collector(environment: environment, algorithm: algorithm, pool: pool))
  }

  /// Refuses a beginning that does not fit the run, before anything is made for it.
  package static func requireFit(
    _ warmStart: WarmStart, _ configuration: RunConfiguration, _ factory: EnvironmentFactory
  ) throws(TrainingError) {
    try warmStart.requireFit(
      try requireTrainable(configuration, factory, folder: nil), optimizer: configuration.learner.optimizerName,
      factory.spaces)
  }
}
