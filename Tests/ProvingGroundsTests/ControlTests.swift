// Classic control against Gymnasium's, step by step.

import AgentInterface
import Environments
import Evaluation
import Kernels
import ProvingGrounds
import TestSupport
import Testing
import Text

@Suite struct ControlTests {
  @Test func `the cart and the pole equal the reference`() throws {
    try play(CartPole.self, golden: "cartpole", trajectories: 11) { _ in 1 }
  }

  @Test func `the acrobot equals the reference`() throws {
    try play(Acrobot.self, golden: "acrobot", trajectories: 9) { isTerminated in isTerminated ? 0 : -1 }
  }

  /// Plays given actions from given states; the tasks are unstable, so that every kept state is a new start.
  private func play<Task: ControlTask>(
    _: Task.Type, golden: String, trajectories: Int, reward: (_ isTerminated: Bool) -> Float
  ) throws {
    let golden = try Golden(golden).part("trajectories")
    #expect(golden.keys.count == trajectories)
    let columns = Task.observationSpace.count
    var problems: [String] = []
    for name in golden.keys {
      let trajectory = try golden.part(name)
      let actions = try trajectory.text("actions").utf8.map { Int32($0) - 48 }
      let stride = try trajectory.integer("stride")
      let states = try trajectory.tensor("states")
      let start = try trajectory.part("start").json.arrayValue?.compactMap(\.doubleValue) ?? []
      let environment = Lanes(Control<Task>(), laneCount: 1)
      let row = StepRow(lanes: 1, columns: columns)
      environment.reset(seed: 1, into: row.buffers)
      var found: [Double] = []
      var paid: Float = 0
      for (step, action) in actions.enumerated() {
        if step % stride == 0 {
          var state = environment.snapshot()
          state.doubles["state"] =
            step == 0 ? start : Array(states.values[(step / stride * 4 - 4)..<(step / stride * 4)])
          try environment.restore(state)
        }
        #expect(environment.snapshot().integers["episodes/length"] == [Int64(step)])
        var chosen = action
        environment.step(&chosen, lanes: 0..<1, into: row.buffers)
        let isLast = step == actions.count - 1
        paid += row.buffers.rewards[0]
        #expect(row.buffers.rewards[0] == reward(row.buffers.terminated[0] == 1))
        #expect((row.buffers.terminated[0] + row.buffers.truncated[0] == 1) == isLast, "\(name), step \(step)")
        guard !isLast else { break }
        let numbers = environment.snapshot().doubles["state"] ?? []
        let seen = (0..<columns).map { row.buffers.observations.row(0)[$0] }
        #expect(seen == observations(of: Task(numbers: numbers)))
        if (step + 1) % stride == 0 { found += numbers }
      }
      let terminated = try trajectory.flag("terminated")
      let truncated = try trajectory.flag("truncated")
      #expect((row.buffers.terminated[0] == 1) == terminated, "\(name)")
      // Where both come together, nothing is left to bootstrap from.
      #expect((row.buffers.truncated[0] == 1) == (truncated && !terminated), "\(name)")
      // The state after an end is replaced by the next episode's first, but the one after the last of 500 steps is seen.
      if truncated && !terminated {
        let last = (0..<columns).map { row.buffers.finalObservations.row(0)[$0] }
        let expected = observations(of: Task(numbers: Array(states.values.suffix(4))))
        #expect(zip(last, expected).allSatisfy { abs($0 - $1) <= $1.magnitude.ulp }, "\(name)")
      }
      let kept = found.count
      let compared = GoldenTensor(
        place: states.place, shape: [kept / 4, 4], values: Array(states.values.prefix(kept)),
        tolerance: states.tolerance)
      if kept > 0, let problem = compared.difference(from: found, inputs: { "row \($0 / 4)" }) {
        problems.append(problem)
      }
      let episodes = environment.drainEpisodes()
      #expect(episodes == [EpisodeSummary(lane: 0, length: actions.count, episodeReturn: Double(paid))])
    }
    #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
  }

  private func observations<Task: ControlTask>(of state: Task) -> [Float] {
    let row = UnsafeMutablePointer<Float>.allocate(capacity: Task.observationSpace.count)
    defer { row.deallocate() }
    state.observe(into: row)
    return Array(UnsafeBufferPointer(start: row, count: Task.observationSpace.count))
  }

  @Test func `hidden velocities read zero and nothing else changes`() {
    let environments = [false, true].map {
      Lanes(Control<CartPole>(hiddenColumns: $0 ? CartPole.velocityColumns : []), laneCount: 5)
    }
    let rows = environments.map { environment in
      let row = StepRow(lanes: 5, columns: 4)
      environment.reset(seed: 3, into: row.buffers)
      return row
    }
    var random = RandomStream(seed: 3, purpose: .actionSampling)
    var ends = 0
    for _ in 0..<200 {
      var actions = (0..<5).map { _ in Int32(random.nextInteger(below: 2)) }
      for (environment, row) in zip(environments, rows) {
        environment.step(&actions, lanes: 0..<3, into: row.buffers)
        environment.step(&actions, lanes: 3..<5, into: row.buffers)
      }
      for lane in 0..<5 {
        let (open, hidden) = (rows[0].buffers, rows[1].buffers)
        #expect(open.terminated[lane] == hidden.terminated[lane])
        ends += Int(open.terminated[lane])
        for column in 0..<4 {
          let seen = hidden.observations.row(lane)[column]
          #expect(seen == (column % 2 == 1 ? 0 : open.observations.row(lane)[column]))
        }
      }
    }
    #expect(ends > 20)
  }

  @Test func `episodes begin uniformly within five hundredths, another one each`() {
    let environment = Lanes(Control<CartPole>(), laneCount: 2000)
    let row = StepRow(lanes: 2000, columns: 4)
    environment.reset(seed: 8, into: row.buffers)
    let values = (0..<8000).map { Double(row.buffers.observations.base[$0]) }
    #expect(values.allSatisfy { abs($0) <= 0.05 } && Set(values).count > 7900)
    let mean = values.reduce(0, +) / 8000
    let square = values.reduce(0) { $0 + $1 * $1 } / 8000
    // Uniform: mean 0 with standard error 0.00032, second moment 0.05^2 / 3 with standard error 8.3e-6.
    #expect(abs(mean) < 0.0013 && abs(square - 0.0025 / 3) < 3.4e-5)
  }

  /// What a task in the middle of its episodes goes on to do is in its record, and in nothing else.
  @Test func `a restored environment goes on alike`() throws {
    let row = StepRow(lanes: 4, columns: 6)
    let environment = Lanes(Control<Acrobot>(), laneCount: 4)
    environment.reset(seed: 5, into: row.buffers)
    func play(_ environment: Lanes<Control<Acrobot>>) -> [Float] {
      var random = RandomStream(seed: 4, purpose: .actionSampling)
      var seen: [Float] = []
      for _ in 0..<700 {
        var actions = (0..<4).map { _ in Int32(random.nextInteger(below: 3)) }
        environment.step(&actions, lanes: 0..<4, into: row.buffers)
        seen += (0..<4).flatMap { lane in (0..<6).map { row.buffers.observations.row(lane)[$0] } }
      }
      return seen + environment.drainEpisodes().map { Float($0.episodeReturn) }
    }
    _ = play(environment)
    var record = environment.snapshot()
    let other = Lanes(Control<Acrobot>(), laneCount: 4)
    try other.restore(record)
    #expect(play(environment) == play(other))
    record.doubles["state"]?[2] = .nan
    #expect(throws: RestoreError.self) { try other.restore(record) }
  }
}
