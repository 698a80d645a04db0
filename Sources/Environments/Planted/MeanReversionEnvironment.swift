// A planted market whose price deviation reverts: the best policy is a band that costs make wider.

package import AgentInterface
import Kernels

/// x' = 0.95 x + e with e ~ N(0, 1); x starts stationary (standard deviation 3.2026). An action sets the position q in {-1, 0, 1}
/// and is filled at once, at x; the reward is q (x' - x) - c |q - q_before|. Nothing is held when an episode begins.
///
/// Observations (N, 2): x, position. Every action is always legal. Truncated after `episodeLength` steps, never terminated.
/// With c = 0.5 the best policy goes short above 2.02 and long below -2.02, keeps its position between, and earns 0.0928 a step.
package final class MeanReversionEnvironment: PlantedEnvironment {
  package static let name = "mean_reversion"
  package static let persistence = 0.95
  /// 1 / sqrt(1 - persistence^2).
  package static let stationaryDeviation = 1 / (1 - persistence * persistence).squareRoot()

  package let observationSpace = ObservationSpace(columns: [
    .init(name: "deviation", unit: "standard deviations of one step"), .init(name: "position", unit: "-1, 0 or 1"),
  ])
  package let actionSpace = PlantedAction.space
  package let laneCount: Int
  package let episodeLength: Int
  /// c, in units of reward per unit of position.
  package let positionChangeCost: Double

  private let deviations: LaneArray<Double>
  private let positions: LaneArray<Int64>
  private let streams: LaneStreams
  private let recorder: EpisodeRecorder

  package init(laneCount: Int, positionChangeCost: Double = 0.5, episodeLength: Int = 1024) {
    precondition(laneCount > 0 && episodeLength > 0, "\(laneCount) lanes of \(episodeLength) steps")
    precondition(positionChangeCost >= 0 && positionChangeCost.isFinite, "a cost of \(positionChangeCost)")
    self.laneCount = laneCount
    self.episodeLength = episodeLength
    self.positionChangeCost = positionChangeCost
    deviations = LaneArray(repeating: 0, count: laneCount)
    positions = LaneArray(repeating: 0, count: laneCount)
    streams = LaneStreams(purpose: .market, laneCount: laneCount)
    recorder = EpisodeRecorder(laneCount: laneCount)
  }

  /// Average-reward dynamic programming over (x, position) on a grid of 401 points; for c = 0 the closed form
  /// (1 - phi) sd sqrt(2 / pi). Nil for costs that have not been solved.
  package var optimumPerStep: Double? {
    switch positionChangeCost {
    case 0: 0.12776
    case 0.25: 0.1056
    case 0.5: 0.0928
    case 1: 0.0742
    case 2: 0.0489
    default: nil
    }
  }

  package func reset(seed: UInt64, into row: StepBuffers) {
    row.checkShape(laneCount: laneCount, columns: 2, lanes: 0..<laneCount)
    streams.reset(seed: seed)
    recorder.reset()
    for lane in 0..<laneCount {
      start(lane: lane)
      observe(lane: lane, into: row.observations)
      row.masks[lane] = .all(count: PlantedAction.count)
    }
  }

  package func step(_ actions: UnsafePointer<Int32>, lanes: Range<Int>, into row: StepBuffers) {
    row.checkShape(laneCount: laneCount, columns: 2, lanes: lanes)
    let deviations = deviations.base
    let positions = positions.base
    let streams = streams.base
    for lane in lanes {
      let position = PlantedAction.position(Int(actions[lane]))
      let before = deviations[lane]
      let after = MeanReversionEnvironment.persistence * before + streams[lane].nextNormal()
      let traded = Double(abs(position - Int(positions[lane])))
      let reward = Double(position) * (after - before) - positionChangeCost * traded
      deviations[lane] = after
      positions[lane] = Int64(position)
      row.rewards[lane] = Float(reward)
      row.terminated[lane] = 0
      row.truncated[lane] = 0
      if recorder.add(reward: reward, lane: lane) == Int64(episodeLength) {
        row.truncated[lane] = 1
        observe(lane: lane, into: row.finalObservations)
        recorder.finish(lane: lane)
        start(lane: lane)
      }
      observe(lane: lane, into: row.observations)
      row.masks[lane] = ActionMask(rawValue: 0b111)
    }
  }

  package func drainEpisodes() -> [EpisodeSummary] { recorder.drainEpisodes() }

  package func drainIllegalAttempts() -> Int { recorder.drainIllegalAttempts() }

  package func snapshot() -> StateRecord {
    var state = StateRecord()
    state.doubles["deviation"] = deviations.array
    state.integers["position"] = positions.array
    streams.save(into: &state)
    recorder.save(into: &state)
    return state
  }

  package func restore(_ state: StateRecord) throws(RestoreError) {
    let savedDeviations = try state.doubles("deviation", count: laneCount)
    let savedPositions = try state.integers("position", count: laneCount)
    let savedStreams = try streams.check(state)
    let savedEpisodes = try recorder.check(state, lengthLimit: episodeLength)
    guard savedDeviations.allSatisfy(\.isFinite) else {
      throw .invalid(name: "deviation", reason: "a value is not finite")
    }
    guard savedPositions.allSatisfy({ (-1...1).contains($0) }) else {
      throw .invalid(name: "position", reason: "positions are -1, 0 or 1")
    }
    deviations.assign(savedDeviations)
    positions.assign(savedPositions)
    streams.take(savedStreams)
    recorder.take(savedEpisodes)
  }

  private func start(lane: Int) {
    deviations.base[lane] = MeanReversionEnvironment.stationaryDeviation * streams.base[lane].nextNormal()
    positions.base[lane] = 0
  }

  @inline(__always)
  private func observe(lane: Int, into observations: MatrixView) {
    let row = observations.row(lane)
    row[0] = Float(deviations.base[lane])
    row[1] = Float(positions.base[lane])
  }
}
