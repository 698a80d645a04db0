// What a replay memory is: rows of transitions in a ring, wherever they lie.

package import AgentInterface

/// What every lane did in one step, as borrowed memory, (N) or (N, D) each.
package struct TransitionRow: @unchecked Sendable {
  package let observations: UnsafePointer<Float>
  package let actions: UnsafePointer<Int32>
  package let rewards: UnsafePointer<Float>
  package let terminated: UnsafePointer<UInt8>
  package let truncated: UnsafePointer<UInt8>
  /// After the step; the next episode's first where one ended.
  package let nextObservations: UnsafePointer<Float>
  package let nextMasks: UnsafePointer<ActionMask>
  /// What the truncated episodes ended in.
  package let finalObservations: UnsafePointer<Float>
  package let finalMasks: UnsafePointer<ActionMask>

  package init(
    observations: UnsafePointer<Float>, actions: UnsafePointer<Int32>, rewards: UnsafePointer<Float>,
    terminated: UnsafePointer<UInt8>, truncated: UnsafePointer<UInt8>, nextObservations: UnsafePointer<Float>,
    nextMasks: UnsafePointer<ActionMask>, finalObservations: UnsafePointer<Float>,
    finalMasks: UnsafePointer<ActionMask>
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
}

extension TransitionStore {
  /// The newest row. Traps where there is none.
  package var newest: Int {
    precondition(count > 0, "an empty replay memory has no newest row")
    return head == 0 ? capacity - 1 : head - 1
  }
}
