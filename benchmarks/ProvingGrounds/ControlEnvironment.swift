// Classic control as an environment: lanes of one task, and the book that is kept of each.

package import AgentInterface
import Kernels

/// The physics of a control task: where one lane is, how it moves, what is seen of it.
package protocol ControlTask: Sendable {
  static var observationSpace: ObservationSpace { get }
  static var actionSpace: ActionSpace { get }
  /// An episode that lasts this long is truncated.
  static var stepLimit: Int { get }
  /// How many numbers describe a state.
  static var numberCount: Int { get }

  /// A first state, from as many draws as it likes, each uniform on 0..<1.
  init(drawing draw: () -> Double)
  /// The state that `numbers` describe.
  init(numbers: [Double])
  var numbers: [Double] { get }

  /// One step; says what it pays and whether the episode has ended by the task's own rules.
  mutating func advance(action: Int) -> (reward: Float, isOver: Bool)
  /// Writes a row of observations.
  func observe(into row: UnsafeMutablePointer<Float>)
}

/// Lanes of a control task. Every action is always legal; where an end and the time limit come together, the episode has ended by its rules.
package final class ControlEnvironment<Task: ControlTask>: VectorEnvironment, @unchecked Sendable {
  package let observationSpace = Task.observationSpace
  package let actionSpace = Task.actionSpace
  package let laneCount: Int
  private let hiddenColumns: [Int]
  private let everyAction = ActionMask.all(count: Task.actionSpace.names.count)

  // Different lanes may be written at the same time: nothing but a lane's own places.
  private let lanes: UnsafeMutableBufferPointer<Lane>

  private struct Lane {
    var state: Task
    var length = 0
    var episodeReturn = 0.0
    var stream: RandomStream
    var finished: [(length: Int, episodeReturn: Double)] = []

    init(stream: RandomStream) {
      self.stream = stream
      state = Task { 0 }
    }

    mutating func start() {
      state = Task { stream.nextDouble() }
      length = 0
      episodeReturn = 0
    }
  }

  /// `hiddenColumns` of the observations read 0.
  package init(laneCount: Int, hiddenColumns: [Int] = []) {
    precondition(laneCount > 0, "\(laneCount) lanes")
    let columns = Task.observationSpace.count
    precondition(hiddenColumns.allSatisfy { (0..<columns).contains($0) }, "columns \(hiddenColumns) of \(columns)")
    self.laneCount = laneCount
    self.hiddenColumns = hiddenColumns
    lanes = .allocate(capacity: laneCount)
    lanes.initialize(repeating: Lane(stream: RandomStream(seed: 0, purpose: .market)))
  }

  deinit { lanes.deinitialize().deallocate() }

  package func reset(seed: UInt64, into row: StepBuffers) {
    for lane in 0..<laneCount {
      lanes[lane] = Lane(stream: RandomStream(seed: seed, purpose: .market, lane: UInt32(lane)))
      lanes[lane].start()
      observe(lane, into: row.observations.row(lane))
      row.masks[lane] = everyAction
    }
  }

  package func step(_ actions: UnsafePointer<Int32>, lanes stepped: Range<Int>, into row: StepBuffers) {
    precondition(stepped.lowerBound >= 0 && stepped.upperBound <= laneCount, "lanes \(stepped) of \(laneCount)")
    let actionCount = actionSpace.names.count
    for lane in stepped {
      precondition((0..<actionCount).contains(Int(actions[lane])), "action \(actions[lane]) of \(actionCount)")
      let (reward, terminated) = lanes[lane].state.advance(action: Int(actions[lane]))
      lanes[lane].length += 1
      lanes[lane].episodeReturn += Double(reward)
      let truncated = !terminated && lanes[lane].length == Task.stepLimit
      row.rewards[lane] = reward
      row.terminated[lane] = terminated ? 1 : 0
      row.truncated[lane] = truncated ? 1 : 0
      if truncated {
        observe(lane, into: row.finalObservations.row(lane))
        row.finalMasks[lane] = everyAction
      }
      if terminated || truncated {
        lanes[lane].finished.append((lanes[lane].length, lanes[lane].episodeReturn))
        lanes[lane].start()
      }
      observe(lane, into: row.observations.row(lane))
      row.masks[lane] = everyAction
    }
  }

  package func drainEpisodes() -> [EpisodeSummary] {
    defer { for lane in 0..<laneCount { lanes[lane].finished.removeAll(keepingCapacity: true) } }
    return (0..<laneCount).flatMap { lane in
      lanes[lane].finished.map { EpisodeSummary(lane: lane, length: $0.length, episodeReturn: $0.episodeReturn) }
    }
  }

  package func drainIllegalAttempts() -> Int { 0 }

  /// State, steps, return and random place of every lane. Finished episodes that were not drained are not kept.
  package func snapshot() -> StateRecord {
    StateRecord(
      doubles: ["state": lanes.flatMap(\.state.numbers), "return": lanes.map(\.episodeReturn)],
      integers: [
        "length": lanes.map { Int64($0.length) }, "random/seed": [Int64(bitPattern: lanes[0].stream.seed)],
        "random/position": lanes.map { Int64(bitPattern: $0.stream.position) },
      ])
  }

  package func restore(_ record: StateRecord) throws(RestoreError) {
    let width = Task.numberCount
    let numbers = try record.doubles("state", count: width * laneCount)
    let returns = try record.doubles("return", count: laneCount)
    let lengths = try record.integers("length", count: laneCount)
    let seed = UInt64(bitPattern: try record.integers("random/seed", count: 1)[0])
    let positions = try record.integers("random/position", count: laneCount)
    for (name, values) in [("state", numbers), ("return", returns)] where !values.allSatisfy(\.isFinite) {
      throw .invalid(name: name, reason: "a number is not finite")
    }
    guard lengths.allSatisfy({ (0..<Int64(Task.stepLimit)).contains($0) }) else {
      throw .invalid(name: "length", reason: "an episode under way has 0 to \(Task.stepLimit - 1) steps")
    }
    for lane in 0..<laneCount {
      lanes[lane] = Lane(
        stream: RandomStream(
          seed: seed, purpose: .market, lane: UInt32(lane), position: UInt64(bitPattern: positions[lane])))
      lanes[lane].state = Task(numbers: Array(numbers[(width * lane)..<(width * (lane + 1))]))
      lanes[lane].length = Int(lengths[lane])
      lanes[lane].episodeReturn = returns[lane]
    }
  }

  private func observe(_ lane: Int, into row: UnsafeMutablePointer<Float>) {
    lanes[lane].state.observe(into: row)
    for column in hiddenColumns { row[column] = 0 }
  }
}
