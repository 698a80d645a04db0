// One random stream a lane, and its place in a saved state.

import AgentInterface
import Kernels

/// N random streams of one purpose. A lane's numbers depend on seed, purpose and lane alone.
final class LaneStreams: @unchecked Sendable {
  private let streams: LaneArray<RandomStream>
  private let purpose: RandomStream.Purpose

  init(purpose: RandomStream.Purpose, laneCount: Int) {
    self.purpose = purpose
    streams = LaneArray(repeating: RandomStream(seed: 0, purpose: purpose), count: laneCount)
    reset(seed: 0)
  }

  var base: UnsafeMutablePointer<RandomStream> { streams.base }

  func reset(seed: UInt64) {
    for lane in 0..<streams.count {
      streams.base[lane] = RandomStream(seed: seed, purpose: purpose, lane: UInt32(lane))
    }
  }

  /// Writes the seed and every stream's position under `random/`.
  func save(into state: inout StateRecord) {
    state.integers["random/seed"] = streams.array.first.map { [Int64(bitPattern: $0.seed)] } ?? []
    state.integers["random/position"] = streams.array.map { Int64(bitPattern: $0.position) }
  }

  /// The saved streams, not yet taken over.
  func check(_ state: StateRecord) throws(RestoreError) -> [RandomStream] {
    let seed = UInt64(bitPattern: try state.integers("random/seed", count: 1)[0])
    return try state.integers("random/position", count: streams.count).enumerated().map { lane, position in
      RandomStream(seed: seed, purpose: purpose, lane: UInt32(lane), position: UInt64(bitPattern: position))
    }
  }

  func take(_ restored: [RandomStream]) { streams.assign(restored) }
}
