// A world in which one number goes wrong at a known place.

package import AgentInterface
import Kernels

/// Passes another environment through, but for one fault in one lane at one step.
package final class FaultyEnvironment: VectorEnvironment, @unchecked Sendable {
  package enum Fault: Sendable, Hashable {
    /// A column of the observation after the step.
    case observation(column: Int, value: Float)
    /// A column of the last observation of an episode, which the step cuts.
    case finalObservation(column: Int, value: Float)
    case reward(Float)
    case emptyMask
    /// A mask that allows nothing of a factor.
    case emptyFactor(Int)
  }

  private let inner: any VectorEnvironment
  private let fault: Fault
  private let lane: Int
  private let step: Int
  /// (N) steps that each lane made.
  private var made: [Int]

  /// `step`: counted from 1; 0 is the reset.
  package init(_ inner: any VectorEnvironment, _ fault: Fault, lane: Int, step: Int) {
    (self.inner, self.fault, self.lane, self.step) = (inner, fault, lane, step)
    made = [Int](repeating: 0, count: inner.laneCount)
  }

  package var observationSpace: ObservationSpace { inner.observationSpace }
  package var actionSpace: ActionSpace { inner.actionSpace }
  package var laneCount: Int { inner.laneCount }

  package func reset(seed: UInt64, into row: StepBuffers) {
    inner.reset(seed: seed, into: row)
    if step == 0 { spoil(row) }
  }

  package func step(_ actions: UnsafePointer<Int32>, lanes: Range<Int>, into row: StepBuffers) {
    inner.step(actions, lanes: lanes, into: row)
    guard lanes.contains(lane) else { return }
    made[lane] += 1
    if made[lane] == step { spoil(row) }
  }

  private func spoil(_ row: StepBuffers) {
    switch fault {
    case .observation(let column, let value): row.observations.row(lane)[column] = value
    case .finalObservation(let column, let value):
      (row.terminated[lane], row.truncated[lane]) = (0, 1)
      row.finalObservations.row(lane).update(from: row.observations.row(lane), count: observationSpace.count)
      row.finalObservations.row(lane)[column] = value
      row.finalMasks[lane] = row.masks[lane]
    case .reward(let value): row.rewards[lane] = value
    case .emptyMask: row.masks[lane] = ActionMask(rawValue: 0)
    case .emptyFactor(let factor):
      let own = ActionMask.all(count: actionSpace.heads.widths[factor]).rawValue
      row.masks[lane] = ActionMask(
        rawValue: row.masks[lane].rawValue & ~(own << UInt64(actionSpace.heads.firsts[factor])))
    }
  }

  package func drainEpisodes() -> [EpisodeSummary] { inner.drainEpisodes() }
  package func drainIllegalAttempts() -> Int { inner.drainIllegalAttempts() }
  package func snapshot() -> StateRecord { inner.snapshot() }
  package func restore(_ state: StateRecord) throws(RestoreError) { try inner.restore(state) }
}
