// What the collector asks of every learning algorithm.

package import AgentInterface
package import Inference
package import Kernels
package import Networks

/// Named numbers of one update, in the order in which they are shown.
package struct UpdateStatistics: Sendable {
  package let values: [(name: String, value: Double)]

  package init(values: [(name: String, value: Double)]) { self.values = values }

  /// The number of that name, or nil.
  package subscript(_ name: String) -> Double? { values.first { $0.name == name }?.value }
}

/// One loop serves all: `begin`, then for each rollout `act` and `absorb` step by step around the environment's own step,
/// `finishRollout`, `update`, `startNextRollout`.
package protocol Algorithm: AnyObject, Resumable {
  /// The experience being gathered; the environment writes straight into it.
  var rollout: Rollout { get }
  var family: AlgorithmFamily { get }
  var spec: NetworkSpec { get }
  /// Whether the policy obeys the masks; without, every action may be chosen.
  var isMasked: Bool { get }
  /// The network's parameters and the optimizer's memory, as the device has them now.
  var parameters: ParameterStore { get }
  var optimizer: any Optimizer { get }
  /// Where the passes' arithmetic is done; there, what does it, and what multiplies in a memory where products are not float32.
  var deviceFamily: DeviceFamily { get }
  var kernels: LearnerKernels { get }
  var bfloat16: BFloat16Unit? { get }
  /// What looks at its numbers.
  var health: HealthMonitor { get }
  /// The statistics that observations are normalised with, where they are.
  var observationNormalizer: ObservationNormalizer? { get }
  /// After the environment's reset wrote row 0.
  func begin()
  /// Actions, log-probabilities and values of row `step`.
  func act(at step: Int)
  /// After the environment made step `step`: takes in its results.
  func absorb(at step: Int)
  /// After the last step: what follows from the whole rollout.
  func finishRollout()
  /// Parameters, moments, statistics and random positions: what the next update begins with, experience apart.
  func standing() -> StateRecord
  /// Learns from the rollout, until `health` is halted. `progressRemaining`: 1 at the run's start, 0 at its end.
  func update(progressRemaining: Double) -> UpdateStatistics
  /// The last row becomes row 0 of the next rollout.
  func startNextRollout()
}
