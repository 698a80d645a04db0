// A world without sense: random observations, rewards, masks and episode ends, equal for equal seeds.

package import AgentInterface
import Kernels

/// N lanes whose episodes end at random, one in eleven steps by truncation, one in thirteen by termination. The reward depends on the action,
/// so that histories of different actions differ. Counts actions outside the mask instead of trapping on them.
package final class RandomEpisodes: VectorEnvironment, @unchecked Sendable {
  package let observationSpace: ObservationSpace
  package let actionSpace: ActionSpace
  package let laneCount: Int
  /// (N)
  private var streams: [RandomStream] = []
  private var allowed: [ActionMask]
  private var illegal: [Int]

  package init(laneCount: Int, columns: Int, actions: Int) {
    self.laneCount = laneCount
    observationSpace = ObservationSpace(columns: (0..<columns).map { .init(name: "column_\($0)", unit: "number") })
    actionSpace = ActionSpace(names: (0..<actions).map { "action_\($0)" }, fallback: 0)
    allowed = [ActionMask](repeating: .all(count: actions), count: laneCount)
    illegal = [Int](repeating: 0, count: laneCount)
  }

  package func reset(seed: UInt64, into row: StepBuffers) {
    streams = (0..<laneCount).map { RandomStream(seed: seed, purpose: .market, lane: UInt32($0)) }
    for lane in 0..<laneCount { observe(lane, row) }
  }

  package func step(_ actions: UnsafePointer<Int32>, lanes: Range<Int>, into row: StepBuffers) {
    streams.withUnsafeMutableBufferPointer { streams in
      illegal.withUnsafeMutableBufferPointer { illegal in
        for lane in lanes {
          let action = Int(actions[lane])
          if !allowed[lane].allows(action) { illegal[lane] += 1 }
          row.rewards[lane] = Float(streams[lane].nextNormal()) + 0.3 * Float(action)
          let fate = streams[lane].nextInteger(below: 143)
          let isTruncated = fate % 11 == 0
          row.truncated[lane] = isTruncated ? 1 : 0
          row.terminated[lane] = !isTruncated && fate % 13 == 0 ? 1 : 0
          if isTruncated {
            fill(row.finalObservations.row(lane), &streams[lane])
            row.finalMasks[lane] = allowed[lane]
          }
        }
      }
    }
    for lane in lanes { observe(lane, row) }
  }

  private func observe(_ lane: Int, _ row: StepBuffers) {
    fill(row.observations.row(lane), &streams[lane])
    let legal = streams[lane].next() | 1
    allowed[lane] = ActionMask(rawValue: legal & ActionMask.all(count: actionSpace.count).rawValue)
    row.masks[lane] = allowed[lane]
  }

  private func fill(_ target: UnsafeMutablePointer<Float>, _ stream: inout RandomStream) {
    for column in 0..<observationSpace.count { target[column] = Float(3 * stream.nextNormal() + Double(column)) }
  }

  package func drainEpisodes() -> [EpisodeSummary] { [] }

  package func drainIllegalAttempts() -> Int {
    defer { illegal = [Int](repeating: 0, count: laneCount) }
    return illegal.reduce(0, +)
  }

  package func snapshot() -> StateRecord {
    StateRecord(integers: [
      "seed": [Int64(bitPattern: streams.first?.seed ?? 0)],
      "positions": streams.map { Int64(bitPattern: $0.position) },
      "masks": allowed.map { Int64(bitPattern: $0.rawValue) },
    ])
  }

  package func restore(_ state: StateRecord) throws(RestoreError) {
    let seed = UInt64(bitPattern: try state.integers("seed", count: 1)[0])
    let positions = try state.integers("positions", count: laneCount)
    streams = (0..<laneCount).map {
      RandomStream(seed: seed, purpose: .market, lane: UInt32($0), position: UInt64(bitPattern: positions[$0]))
    }
    allowed = try state.integers("masks", count: laneCount).map { ActionMask(rawValue: UInt64(bitPattern: $0)) }
  }
}
