// Lanes of one game: episodes, saved state and the checks around a step.

package import AgentInterface
import Kernels

/// N lanes of one game. Where an end by the rules and the last step come together, the episode has ended by its rules.
///
/// An illegal request becomes the action space's fallback and is counted (once, however many of its choices are illegal; those that are legal stay);
/// without a fallback it is a trap.
package final class Lanes<Game: LaneGame>: GameEnvironment {
  package let game: Game
  package let observationSpace: ObservationSpace
  package let actionSpace: ActionSpace
  package let laneCount: Int
  package let episodeLength: Int

  private let lanes: LaneArray<Game.Lane>
  private let streams: LaneStreams
  private let recorder: EpisodeRecorder

  package init(_ game: Game, laneCount: Int) {
    precondition(laneCount > 0 && game.episodeLength > 0, "\(laneCount) lanes of \(game.episodeLength) steps")
    self.game = game
    self.laneCount = laneCount
    observationSpace = ObservationSpace(columns: game.columns)
    actionSpace = game.actionSpace
    precondition(actionSpace.heads.actionWords == 1, "a game whose actions are no number of 32 bits")
    episodeLength = game.episodeLength
    var random = RandomStream(seed: 0, purpose: .market)
    lanes = LaneArray(repeating: game.start(&random), count: laneCount)
    streams = LaneStreams(purpose: .market, laneCount: laneCount)
    recorder = EpisodeRecorder(laneCount: laneCount)
  }

  package var optimumPerStep: Double? { game.optimumPerStep }
  package var playsDays: Bool { game.endsAtLength }

  package func reset(seed: UInt64, into row: StepBuffers) {
    row.checkShape(
      laneCount: laneCount, columns: observationSpace.count, maskWords: actionSpace.heads.maskWords,
      lanes: 0..<laneCount)
    streams.reset(seed: seed)
    recorder.reset()
    for lane in 0..<laneCount {
      lanes.base[lane] = game.start(&streams.base[lane])
      show(lane, in: row)
    }
  }

  package func step(_ actions: UnsafePointer<Int32>, lanes range: Range<Int>, into row: StepBuffers) {
    row.checkShape(
      laneCount: laneCount, columns: observationSpace.count, maskWords: actionSpace.heads.maskWords, lanes: range)
    let (game, lanes, streams) = (game, lanes.base, streams.base)
    let factors = actionSpace.heads
    for lane in range {
      var action = ActionNumber(actions[lane])
      precondition(action >= 0 && action < factors.actionCount, "action \(action) of \(factors.actionCount)")
      let mask = game.mask(lanes[lane])
      if !factors.allows(action, in: mask) {
        recorder.countIllegalAttempt(lane: lane)
        guard let fallback = actionSpace.fallback else { preconditionFailure("action \(action) is not legal") }
        action = factors.corrected(action, in: mask, fallback: fallback)
      }
      let (reward, isOver) = game.advance(&lanes[lane], action: Int(action), &streams[lane])
      let isLast = recorder.add(reward: reward, lane: lane) == Int64(episodeLength)
      let isTerminated = isOver || isLast && game.endsAtLength
      row.rewards[lane] = Float(reward)
      row.terminated[lane] = isTerminated ? 1 : 0
      row.truncated[lane] = isLast && !isTerminated ? 1 : 0
      if isTerminated || isLast {
        if !isTerminated {
          game.observe(lanes[lane], into: row.finalObservations.row(lane))
          row.finalMasks[lane] = game.mask(lanes[lane])
        }
        recorder.finish(lane: lane)
        lanes[lane] = game.start(&streams[lane])
      }
      show(lane, in: row)
    }
  }

  package func drainEpisodes() -> [EpisodeSummary] { recorder.drainEpisodes() }

  package func drainIllegalAttempts() -> Int { recorder.drainIllegalAttempts() }

  package func snapshot() -> StateRecord {
    var state = StateRecord()
    game.save(lanes.array, into: &state)
    streams.save(into: &state)
    recorder.save(into: &state)
    return state
  }

  package func restore(_ state: StateRecord) throws(RestoreError) {
    let savedLanes = try game.lanes(from: state, count: laneCount)
    let savedStreams = try streams.check(state)
    let savedEpisodes = try recorder.check(state, lengthLimit: episodeLength)
    lanes.assign(savedLanes)
    streams.take(savedStreams)
    recorder.take(savedEpisodes)
  }

  @inline(__always)
  private func show(_ lane: Int, in row: StepBuffers) {
    game.observe(lanes.base[lane], into: row.observations.row(lane))
    row.masks[lane] = game.mask(lanes.base[lane])
  }
}

extension StepBuffers {
  /// Traps where the row does not fit an environment of that many lanes, columns and words of a mask.
  @inline(__always)
  func checkShape(laneCount: Int, columns: Int, maskWords: Int = 1, lanes: Range<Int>) {
    precondition(
      observations.rows == laneCount && observations.columns == columns,
      "a row of (\(observations.rows), \(observations.columns)) observations for (\(laneCount), \(columns))")
    precondition(
      finalObservations.rows == laneCount && finalObservations.columns == columns,
      "a row of (\(finalObservations.rows), \(finalObservations.columns)) final observations for (\(laneCount), \(columns))"
    )
    precondition(
      masks.words == maskWords && finalMasks.words == maskWords,
      "masks of \(masks.words) and \(finalMasks.words) words for \(maskWords)")
    precondition(
      lanes.lowerBound >= 0 && lanes.upperBound <= laneCount, "lanes \(lanes) of an environment of \(laneCount)")
  }
}
