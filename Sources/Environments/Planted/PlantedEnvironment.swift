// What the planted markets share: lanes, episodes, saved state and the checks around a step.

package import AgentInterface
package import Kernels

/// A market whose best possible result is known, so that a learner can be judged against it.
package protocol PlantedEnvironment: VectorEnvironment {
  /// The name by which `EnvironmentRegistry` makes it.
  static var name: String { get }
  /// Steps of an episode.
  var episodeLength: Int { get }
  /// The mean reward per step of the best policy, where it is known for these options.
  var optimumPerStep: Double? { get }
  /// Whether an episode is a day with an end of its own (then a result is stated a day), not a cut in an endless series.
  var playsDays: Bool { get }
}

extension PlantedEnvironment {
  /// The expected return of an episode under the best policy, where it is known.
  package var optimumPerEpisode: Double? { optimumPerStep.map { $0 * Double(episodeLength) } }
}

/// The rules of one planted market, for one lane: `PlantedLanes` makes an environment of them.
package protocol PlantedMarket: Sendable {
  /// What a lane is between two steps.
  associatedtype Lane: Sendable

  static var name: String { get }
  var columns: [ObservationSpace.Column] { get }
  var actionSpace: ActionSpace { get }
  var episodeLength: Int { get }
  /// Whether an episode terminates at its length; else it is truncated there.
  var playsDays: Bool { get }
  var optimumPerStep: Double? { get }

  /// A lane at the begin of an episode.
  func start(_ random: inout RandomStream) -> Lane
  /// Moves a lane by one step and returns its reward. `action` is a legal one.
  func step(_ lane: inout Lane, action: Int, _ random: inout RandomStream) -> Double
  /// row: (D).
  func observe(_ lane: Lane, into row: UnsafeMutablePointer<Float>)
  func mask(_ lane: Lane) -> ActionMask
  /// Writes the lanes under names of the market's own.
  func save(_ lanes: [Lane], into state: inout StateRecord)
  /// The lanes that `save` wrote, checked.
  func lanes(from state: StateRecord, count: Int) throws(RestoreError) -> [Lane]
}

/// Three positions, all always legal, in an endless series: where a market says nothing else.
extension PlantedMarket {
  package var actionSpace: ActionSpace { PlantedAction.space }
  package var playsDays: Bool { false }

  @inline(__always)
  package func mask(_ lane: Lane) -> ActionMask { ActionMask(rawValue: 0b111) }
}

/// N lanes of one planted market. An illegal request becomes the action space's fallback and is counted.
package final class PlantedLanes<Market: PlantedMarket>: PlantedEnvironment {
  package static var name: String { Market.name }

  package let market: Market
  package let observationSpace: ObservationSpace
  package let actionSpace: ActionSpace
  package let laneCount: Int
  package let episodeLength: Int
  package let playsDays: Bool

  private let lanes: LaneArray<Market.Lane>
  private let streams: LaneStreams
  private let recorder: EpisodeRecorder

  package init(_ market: Market, laneCount: Int) {
    precondition(
      laneCount > 0 && market.episodeLength > 0, "\(laneCount) lanes of \(market.episodeLength) steps")
    self.market = market
    self.laneCount = laneCount
    observationSpace = ObservationSpace(columns: market.columns)
    actionSpace = market.actionSpace
    episodeLength = market.episodeLength
    playsDays = market.playsDays
    var random = RandomStream(seed: 0, purpose: .market)
    lanes = LaneArray(repeating: market.start(&random), count: laneCount)
    streams = LaneStreams(purpose: .market, laneCount: laneCount)
    recorder = EpisodeRecorder(laneCount: laneCount)
  }

  package var optimumPerStep: Double? { market.optimumPerStep }

  package func reset(seed: UInt64, into row: StepBuffers) {
    row.checkShape(laneCount: laneCount, columns: observationSpace.count, lanes: 0..<laneCount)
    streams.reset(seed: seed)
    recorder.reset()
    for lane in 0..<laneCount {
      lanes.base[lane] = market.start(&streams.base[lane])
      show(lane, in: row)
    }
  }

  package func step(_ actions: UnsafePointer<Int32>, lanes range: Range<Int>, into row: StepBuffers) {
    row.checkShape(laneCount: laneCount, columns: observationSpace.count, lanes: range)
    let (market, lanes, streams) = (market, lanes.base, streams.base)
    let actionCount = actionSpace.count
    for lane in range {
      var action = Int(actions[lane])
      precondition(action >= 0 && action < actionCount, "action \(action) of \(actionCount)")
      if !market.mask(lanes[lane]).allows(action) {
        recorder.countIllegalAttempt(lane: lane)
        action = actionSpace.fallback ?? action
      }
      let reward = market.step(&lanes[lane], action: action, &streams[lane])
      let ends = recorder.add(reward: reward, lane: lane) == Int64(episodeLength)
      row.rewards[lane] = Float(reward)
      row.terminated[lane] = ends && playsDays ? 1 : 0
      row.truncated[lane] = ends && !playsDays ? 1 : 0
      if ends {
        if !playsDays {
          market.observe(lanes[lane], into: row.finalObservations.row(lane))
          row.finalMasks[lane] = market.mask(lanes[lane])
        }
        recorder.finish(lane: lane)
        lanes[lane] = market.start(&streams[lane])
      }
      show(lane, in: row)
    }
  }

  package func drainEpisodes() -> [EpisodeSummary] { recorder.drainEpisodes() }

  package func drainIllegalAttempts() -> Int { recorder.drainIllegalAttempts() }

  package func snapshot() -> StateRecord {
    var state = StateRecord()
    market.save(lanes.array, into: &state)
    streams.save(into: &state)
    recorder.save(into: &state)
    return state
  }

  package func restore(_ state: StateRecord) throws(RestoreError) {
    let savedLanes = try market.lanes(from: state, count: laneCount)
    let savedStreams = try streams.check(state)
    let savedEpisodes = try recorder.check(state, lengthLimit: episodeLength)
    lanes.assign(savedLanes)
    streams.take(savedStreams)
    recorder.take(savedEpisodes)
  }

  @inline(__always)
  private func show(_ lane: Int, in row: StepBuffers) {
    market.observe(lanes.base[lane], into: row.observations.row(lane))
    row.masks[lane] = market.mask(lanes.base[lane])
  }
}

/// The actions of every planted market: the position held after the decision is the action's index minus one.
enum PlantedAction {
  static let flat = 1
  static let count = 3
  static let space = ActionSpace(names: ["short", "flat", "long"], fallback: flat)

  /// -1, 0 or 1.
  @inline(__always)
  static func position(_ action: Int) -> Int { action - 1 }
}

// MARK: - Saved state

extension StateRecord {
  /// `count` numbers, all finite.
  func finiteDoubles(_ name: String, count: Int) throws(RestoreError) -> [Double] {
    let values = try doubles(name, count: count)
    guard values.allSatisfy(\.isFinite) else { throw .invalid(name: name, reason: "a value is not finite") }
    return values
  }

  /// `count` positions of -1, 0 or 1.
  func positions(count: Int) throws(RestoreError) -> [Int64] {
    let values = try integers("position", count: count)
    guard values.allSatisfy({ (-1...1).contains($0) }) else {
      throw .invalid(name: "position", reason: "positions are -1, 0 or 1")
    }
    return values
  }
}

extension StepBuffers {
  /// Traps where the row does not fit an environment of that many lanes and columns.
  @inline(__always)
  func checkShape(laneCount: Int, columns: Int, lanes: Range<Int>) {
    precondition(
      observations.rows == laneCount && observations.columns == columns,
      "a row of (\(observations.rows), \(observations.columns)) observations for (\(laneCount), \(columns))")
    precondition(
      finalObservations.rows == laneCount && finalObservations.columns == columns,
      "a row of (\(finalObservations.rows), \(finalObservations.columns)) final observations for (\(laneCount), \(columns))"
    )
    precondition(
      lanes.lowerBound >= 0 && lanes.upperBound <= laneCount, "lanes \(lanes) of an environment of \(laneCount)")
  }
}
