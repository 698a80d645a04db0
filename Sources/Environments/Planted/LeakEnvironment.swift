// A planted market that tells the next return: a learner that cannot earn here is broken.

package import AgentInterface
import Kernels

/// Returns r ~ N(0, 1), independent. The observation holds the *next* return; an action sets the position q in {-1, 0, 1}, and the
/// reward is q r for just that return. No cost. The best policy takes the sign and earns E|r| = sqrt(2 / pi) = 0.7979 a step.
///
/// Observations (N, 2): next_return, position. Every action is always legal. Truncated after `episodeLength` steps.
package final class LeakEnvironment: PlantedEnvironment {
  package static let name = "leak"

  package let observationSpace = ObservationSpace(columns: [
    .init(name: "next_return", unit: "standard deviations"), .init(name: "position", unit: "-1, 0 or 1"),
  ])
  package let actionSpace = PlantedAction.space
  package let laneCount: Int
  package let episodeLength: Int

  private let nextReturns: LaneArray<Double>
  private let positions: LaneArray<Int64>
  private let streams: LaneStreams
  private let recorder: EpisodeRecorder

  package init(laneCount: Int, episodeLength: Int = 1024) {
    precondition(laneCount > 0 && episodeLength > 0, "\(laneCount) lanes of \(episodeLength) steps")
    self.laneCount = laneCount
    self.episodeLength = episodeLength
    nextReturns = LaneArray(repeating: 0, count: laneCount)
    positions = LaneArray(repeating: 0, count: laneCount)
    streams = LaneStreams(purpose: .market, laneCount: laneCount)
    recorder = EpisodeRecorder(laneCount: laneCount)
  }

  /// sqrt(2 / pi), the mean magnitude of a standard normal number.
  package var optimumPerStep: Double? { (2 / Double.pi).squareRoot() }

  package func reset(seed: UInt64, into row: StepBuffers) {
    row.checkShape(laneCount: laneCount, columns: 2, lanes: 0..<laneCount)
    streams.reset(seed: seed)
    recorder.reset()
    for lane in 0..<laneCount {
      nextReturns.base[lane] = streams.base[lane].nextNormal()
      positions.base[lane] = 0
      observe(lane: lane, into: row.observations)
      row.masks[lane] = .all(count: PlantedAction.count)
    }
  }

  package func step(_ actions: UnsafePointer<Int32>, lanes: Range<Int>, into row: StepBuffers) {
    row.checkShape(laneCount: laneCount, columns: 2, lanes: lanes)
    let nextReturns = nextReturns.base
    let positions = positions.base
    let streams = streams.base
    for lane in lanes {
      let position = PlantedAction.position(Int(actions[lane]))
      let reward = Double(position) * nextReturns[lane]
      nextReturns[lane] = streams[lane].nextNormal()
      positions[lane] = Int64(position)
      row.rewards[lane] = Float(reward)
      row.terminated[lane] = 0
      row.truncated[lane] = 0
      if recorder.add(reward: reward, lane: lane) == Int64(episodeLength) {
        row.truncated[lane] = 1
        observe(lane: lane, into: row.finalObservations)
        recorder.finish(lane: lane)
        // The next episode's first return is its own draw, not the one the ended episode was shown last.
        nextReturns[lane] = streams[lane].nextNormal()
        positions[lane] = 0
      }
      observe(lane: lane, into: row.observations)
      row.masks[lane] = ActionMask(rawValue: 0b111)
    }
  }

  package func drainEpisodes() -> [EpisodeSummary] { recorder.drainEpisodes() }

  package func drainIllegalAttempts() -> Int { recorder.drainIllegalAttempts() }

  package func snapshot() -> StateRecord {
    var state = StateRecord()
    state.doubles["next_return"] = nextReturns.array
    state.integers["position"] = positions.array
    streams.save(into: &state)
    recorder.save(into: &state)
    return state
  }

  package func restore(_ state: StateRecord) throws(RestoreError) {
    let savedReturns = try state.doubles("next_return", count: laneCount)
    let savedPositions = try state.integers("position", count: laneCount)
    let savedStreams = try streams.check(state)
    let savedEpisodes = try recorder.check(state, lengthLimit: episodeLength)
    guard savedReturns.allSatisfy(\.isFinite) else {
      throw .invalid(name: "next_return", reason: "a value is not finite")
    }
    guard savedPositions.allSatisfy({ (-1...1).contains($0) }) else {
      throw .invalid(name: "position", reason: "positions are -1, 0 or 1")
    }
    nextReturns.assign(savedReturns)
    positions.assign(savedPositions)
    streams.take(savedStreams)
    recorder.take(savedEpisodes)
  }

  @inline(__always)
  private func observe(lane: Int, into observations: MatrixView) {
    let row = observations.row(lane)
    row[0] = Float(nextReturns.base[lane])
    row[1] = Float(positions.base[lane])
  }
}
