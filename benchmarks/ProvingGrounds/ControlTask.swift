// Classic control as a game of lanes.

package import AgentInterface
package import Environments
package import Kernels

/// The physics of a control task: where one lane is, how it moves, what is seen of it. Every action is always legal.
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

/// A control task by the rules that lanes are made of.
package struct Control<Task: ControlTask>: LaneGame {
  /// Columns of the observations that read 0.
  private let hiddenColumns: [Int]
  private let everyAction = ActionMask.all(count: Task.actionSpace.count)

  package init(hiddenColumns: [Int] = []) {
    let columns = Task.observationSpace.count
    precondition(hiddenColumns.allSatisfy { (0..<columns).contains($0) }, "columns \(hiddenColumns) of \(columns)")
    self.hiddenColumns = hiddenColumns
  }

  package var columns: [ObservationSpace.Column] { Task.observationSpace.columns }
  package var actionSpace: ActionSpace { Task.actionSpace }
  package var episodeLength: Int { Task.stepLimit }
  package var endsAtLength: Bool { false }

  package func start(_ random: inout RandomStream) -> Task { Task { random.nextDouble() } }

  package func advance(_ lane: inout Task, action: Int, _ random: inout RandomStream) -> (reward: Double, isOver: Bool)
  {
    let (reward, isOver) = lane.advance(action: action)
    return (Double(reward), isOver)
  }

  package func observe(_ lane: Task, into row: UnsafeMutablePointer<Float>) {
    lane.observe(into: row)
    for column in hiddenColumns { row[column] = 0 }
  }

  package func mask(_ lane: Task) -> ActionMask { everyAction }

  package func save(_ lanes: [Task], into state: inout StateRecord) {
    state.doubles["state"] = lanes.flatMap(\.numbers)
  }

  package func lanes(from state: StateRecord, count: Int) throws(RestoreError) -> [Task] {
    let width = Task.numberCount
    let numbers = try state.finiteDoubles("state", count: width * count)
    return (0..<count).map { Task(numbers: Array(numbers[(width * $0)..<(width * ($0 + 1))])) }
  }
}
