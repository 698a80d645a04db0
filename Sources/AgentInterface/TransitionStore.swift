// What a replay memory is: rows of transitions in a ring, wherever they lie.

/// What every lane did in one step, as borrowed memory, (N) or (N, D) each. Actions are joint: learners that replay refuse factored ones.
package struct TransitionRow: @unchecked Sendable {
  package let observations: UnsafePointer<Float>
  package let actions: UnsafePointer<Int32>
  package let rewards: UnsafePointer<Float>
  package let terminated: UnsafePointer<UInt8>
  package let truncated: UnsafePointer<UInt8>
  /// After the step; the next episode's first where one ended.
  package let nextObservations: UnsafePointer<Float>
  package let nextMasks: MaskRows
  /// What the truncated episodes ended in.
  package let finalObservations: UnsafePointer<Float>
  package let finalMasks: MaskRows

  package init(
    observations: UnsafePointer<Float>, actions: UnsafePointer<Int32>, rewards: UnsafePointer<Float>,
    terminated: UnsafePointer<UInt8>, truncated: UnsafePointer<UInt8>, nextObservations: UnsafePointer<Float>,
    nextMasks: MaskRows, finalObservations: UnsafePointer<Float>, finalMasks: MaskRows
  ) {
    self.observations = observations
    self.actions = actions
    self.rewards = rewards
    self.terminated = terminated
    self.truncated = truncated
    self.nextObservations = nextObservations
    self.nextMasks = nextMasks
    self.finalObservations = finalObservations
    self.finalMasks = finalMasks
  }
}

/// How the observations of a replay memory are kept.
package enum ReplayPrecision: String, Hashable, Codable, Sendable, CaseIterable {
  case float32
  /// Half the room: 11 bits of an observation's 24. What is learned from is rounded, wherever it lies.
  case float16

  package var bytes: Int { self == .float32 ? 4 : 2 }

  /// An observation as it is kept. Beyond a half's range the largest that there is.
  package func rounded(_ value: Float) -> Float { self == .float32 ? value : Float(ReplayPrecision.half(value)) }

  /// The nearest half, the largest one for what lies beyond.
  package static func half(_ value: Float) -> Float16 {
    let limit = Float(Float16.greatestFiniteMagnitude)
    return Float16(value.isFinite ? min(limit, max(-limit, value)) : value)
  }
}

/// How a step ended.
package enum TransitionEnd: UInt8, Sendable {
  case none = 0
  /// The value after it is 0.
  case terminated = 1
  /// The value after it is that of where it was cut.
  case truncated = 2
}

/// Transitions of N lanes in the order in which they were made: rows in a ring, the oldest overwritten.
///
/// A transition is named by its row (0 ..< capacity) and lane. Observations and rewards lie as the environment gave them. What comes after a
/// truncated step is what the episode ended in; what comes after a terminated one means nothing. `append` is not called while others read.
package protocol TransitionStore: AnyObject, Sendable, Resumable {
  var laneCount: Int { get }
  /// D
  var columns: Int { get }
  /// Rows that fit.
  var capacity: Int { get }
  /// Rows that hold transitions.
  var count: Int { get }
  /// The row that is written next.
  var head: Int { get }
  func append(_ row: TransitionRow)
  func action(row: Int, lane: Int) -> Int
  func reward(row: Int, lane: Int) -> Float
  func end(row: Int, lane: Int) -> TransitionEnd
  /// Legality after the step; all actions where masks are not kept.
  func nextMask(row: Int, lane: Int) -> ActionMask
  /// target: (D)
  func copyObservation(row: Int, lane: Int, to target: UnsafeMutablePointer<Float>)
  /// target: (D)
  func copyNextObservation(row: Int, lane: Int, to target: UnsafeMutablePointer<Float>)
  /// Says which transitions are asked for next, each with those of its lane in the `steps` - 1 rows after it.
  func fetch(rows: [Int], lanes: [Int], steps: Int)
  /// Says that the fetched transitions were read, and that nothing is asked for a while.
  func lookAhead()
  /// Whether the store is faster where it knows what will be drawn, and does not know it now.
  var wantsForecast: Bool { get }
  /// Says what will be drawn from now on. Never changes what the store answers.
  func follow(_ forecast: ReplayForecast)
}

extension TransitionStore {
  package func fetch(rows: [Int], lanes: [Int], steps: Int) {}
  package func lookAhead() {}
  package var wantsForecast: Bool { false }
  package func follow(_ forecast: ReplayForecast) {}

  /// The newest row. Traps where there is none.
  package var newest: Int {
    precondition(count > 0, "an empty replay memory has no newest row")
    return head == 0 ? capacity - 1 : head - 1
  }
}
