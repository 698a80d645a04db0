// A row of one replay memory as the next one takes it.

package import AgentInterface

/// Room for one row, filled from a store. The row that `read` returns is good until it is called again.
package final class TransitionRowCopy: @unchecked Sendable {
  private let laneCount: Int
  private let columns: Int
  private let observations: UnsafeMutablePointer<Float>
  private let nextObservations: UnsafeMutablePointer<Float>
  private let rewards: UnsafeMutablePointer<Float>
  private let actions: UnsafeMutablePointer<Int32>
  private let terminated: UnsafeMutablePointer<UInt8>
  private let truncated: UnsafeMutablePointer<UInt8>
  private let nextMasks: MaskRows

  package init(laneCount: Int, columns: Int) {
    self.laneCount = laneCount
    self.columns = columns
    observations = .allocate(capacity: laneCount * columns)
    nextObservations = .allocate(capacity: laneCount * columns)
    rewards = .allocate(capacity: laneCount)
    actions = .allocate(capacity: laneCount)
    terminated = .allocate(capacity: laneCount)
    truncated = .allocate(capacity: laneCount)
    nextMasks = MaskRows(.allocate(capacity: laneCount))
  }

  deinit {
    observations.deallocate()
    nextObservations.deallocate()
    rewards.deallocate()
    actions.deallocate()
    terminated.deallocate()
    truncated.deallocate()
    nextMasks.base.deallocate()
  }

  package func read(_ store: any TransitionStore, row: Int) -> TransitionRow {
    store.fetch(rows: [Int](repeating: row, count: laneCount), lanes: Array(0..<laneCount), steps: 1)
    for lane in 0..<laneCount {
      store.copyObservation(row: row, lane: lane, to: observations + lane * columns)
      store.copyNextObservation(row: row, lane: lane, to: nextObservations + lane * columns)
      rewards[lane] = store.reward(row: row, lane: lane)
      actions[lane] = Int32(store.action(row: row, lane: lane))
      let end = store.end(row: row, lane: lane)
      terminated[lane] = end == .terminated ? 1 : 0
      truncated[lane] = end == .truncated ? 1 : 0
      nextMasks[lane] = store.nextMask(row: row, lane: lane)
    }
    // What a truncated step ended in is what the store keeps behind it.
    return TransitionRow(
      observations: observations, actions: actions, rewards: rewards, terminated: terminated, truncated: truncated,
      nextObservations: nextObservations, nextMasks: nextMasks, finalObservations: nextObservations,
      finalMasks: nextMasks)
  }
}
