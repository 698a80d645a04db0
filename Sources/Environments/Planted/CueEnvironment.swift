// A planted market that pays only those who remember: a cue in the first bar decides the trade in the last.

package import AgentInterface
import Kernels

/// Days of `episodeLength` bars (30). A cue of -1 or +1, each with probability 1/2, is seen in bar 0 and reads zero after it. Only
/// flat is legal before the last bar. In the last bar an action sets the position q in {-1, 0, 1}; the reward is
/// q (cue m + noise) with noise ~ N(0, 1), and the day terminates. All other rewards are 0.
///
/// Observations (N, 2): cue, last_bar. `last_bar` is 1 in the last bar and else 0. It repeats what the mask already tells, because a
/// critic and a policy without masks see no mask; it says nothing about the cue. So in the last bar every day looks the same, whatever
/// a memoryless policy does there is independent of the cue and of the noise, and its expected return is exactly 0, while memory
/// earns m a day. An illegal request becomes flat and is counted.
package final class CueEnvironment: PlantedEnvironment {
  package static let name = "cue"

  package let observationSpace = ObservationSpace(columns: [
    .init(name: "cue", unit: "-1 or 1 in bar 0, else 0"), .init(name: "last_bar", unit: "0 or 1"),
  ])
  package let actionSpace = PlantedAction.space
  package let laneCount: Int
  package let episodeLength: Int
  /// m.
  package let payoff: Double

  private let cues: LaneArray<Int64>
  private let bars: LaneArray<Int64>
  private let streams: LaneStreams
  private let recorder: EpisodeRecorder

  private static let onlyFlat = ActionMask(rawValue: 1 << UInt64(PlantedAction.flat))
  private static let anyPosition = ActionMask.all(count: PlantedAction.count)

  package init(laneCount: Int, bars: Int = 30, payoff: Double = 1) {
    precondition(laneCount > 0, "\(laneCount) lanes")
    precondition(bars >= 2, "a day of \(bars) bars: the cue and the trade need one each")
    precondition(payoff.isFinite, "a payoff of \(payoff)")
    self.laneCount = laneCount
    self.payoff = payoff
    episodeLength = bars
    cues = LaneArray(repeating: 1, count: laneCount)
    self.bars = LaneArray(repeating: 0, count: laneCount)
    streams = LaneStreams(purpose: .market, laneCount: laneCount)
    recorder = EpisodeRecorder(laneCount: laneCount)
  }

  /// m a day, so m / bars a step.
  package var optimumPerStep: Double? { abs(payoff) / Double(episodeLength) }

  package func reset(seed: UInt64, into row: StepBuffers) {
    row.checkShape(laneCount: laneCount, columns: 2, lanes: 0..<laneCount)
    streams.reset(seed: seed)
    recorder.reset()
    for lane in 0..<laneCount {
      start(lane: lane)
      observe(lane: lane, into: row.observations)
      row.masks[lane] = mask(lane: lane)
    }
  }

  package func step(_ actions: UnsafePointer<Int32>, lanes: Range<Int>, into row: StepBuffers) {
    row.checkShape(laneCount: laneCount, columns: 2, lanes: lanes)
    let cues = cues.base
    let bars = bars.base
    let streams = streams.base
    for lane in lanes {
      var position = PlantedAction.position(Int(actions[lane]))
      let isLast = bars[lane] == Int64(episodeLength - 1)
      if !isLast && position != 0 {
        recorder.countIllegalAttempt(lane: lane)
        position = 0
      }
      var reward = 0.0
      row.terminated[lane] = 0
      row.truncated[lane] = 0
      if isLast {
        // The noise is drawn whatever the position, so that the days that follow do not depend on the action.
        reward = Double(position) * (Double(cues[lane]) * payoff + streams[lane].nextNormal())
        row.terminated[lane] = 1
      }
      row.rewards[lane] = Float(reward)
      _ = recorder.add(reward: reward, lane: lane)
      if isLast {
        recorder.finish(lane: lane)
        start(lane: lane)
      } else {
        bars[lane] += 1
      }
      observe(lane: lane, into: row.observations)
      row.masks[lane] = mask(lane: lane)
    }
  }

  package func drainEpisodes() -> [EpisodeSummary] { recorder.drainEpisodes() }

  package func drainIllegalAttempts() -> Int { recorder.drainIllegalAttempts() }

  package func snapshot() -> StateRecord {
    var state = StateRecord()
    state.integers["cue"] = cues.array
    state.integers["bar"] = bars.array
    streams.save(into: &state)
    recorder.save(into: &state)
    return state
  }

  package func restore(_ state: StateRecord) throws(RestoreError) {
    let savedCues = try state.integers("cue", count: laneCount)
    let savedBars = try state.integers("bar", count: laneCount)
    let savedStreams = try streams.check(state)
    let savedEpisodes = try recorder.check(state, lengthLimit: episodeLength)
    guard savedCues.allSatisfy({ $0 == 1 || $0 == -1 }) else {
      throw .invalid(name: "cue", reason: "a cue is -1 or 1")
    }
    guard savedBars.allSatisfy({ (0..<Int64(episodeLength)).contains($0) }) else {
      throw .invalid(name: "bar", reason: "bars are 0 to \(episodeLength - 1)")
    }
    cues.assign(savedCues)
    bars.assign(savedBars)
    streams.take(savedStreams)
    recorder.take(savedEpisodes)
  }

  private func start(lane: Int) {
    cues.base[lane] = streams.base[lane].next() >> 63 == 0 ? -1 : 1
    bars.base[lane] = 0
  }

  @inline(__always)
  private func mask(lane: Int) -> ActionMask {
    bars.base[lane] == Int64(episodeLength - 1) ? CueEnvironment.anyPosition : CueEnvironment.onlyFlat
  }

  @inline(__always)
  private func observe(lane: Int, into observations: MatrixView) {
    let row = observations.row(lane)
    row[0] = bars.base[lane] == 0 ? Float(cues.base[lane]) : 0
    row[1] = bars.base[lane] == Int64(episodeLength - 1) ? 1 : 0
  }
}
