// The cart and the pole against Gymnasium's, step by step.

import AgentInterface
import Evaluation
import Inference
import Kernels
import ProvingGrounds
import TestSupport
import Testing

@Suite struct CartPoleTests {
  /// Plays given actions from given states; the pole is unstable, so that every kept state is a new start.
  @Test func `states and endings equal the reference`() throws {
    let golden = try Golden("cartpole").part("trajectories")
    #expect(golden.keys.count == 11)
    var problems: [String] = []
    for name in golden.keys {
      let trajectory = try golden.part(name)
      let actions = try trajectory.text("actions").utf8.map { Int32($0) - 48 }
      let stride = try trajectory.integer("stride")
      let states = try trajectory.tensor("states")
      let start = try trajectory.part("start").json.arrayValue?.compactMap(\.doubleValue) ?? []
      let environment = CartPoleEnvironment(laneCount: 1)
      let row = SingleRow(lanes: 1, columns: 4)
      environment.reset(seed: 1, into: row.buffers)
      var found: [Double] = []
      for (step, action) in actions.enumerated() {
        if step % stride == 0 {
          var state = environment.snapshot()
          state.doubles["motion"] =
            step == 0 ? start : Array(states.values[(step / stride * 4 - 4)..<(step / stride * 4)])
          try environment.restore(state)
        }
        #expect(environment.snapshot().integers["length"] == [Int64(step)])
        var pushed = action
        environment.step(&pushed, lanes: 0..<1, into: row.buffers)
        let isLast = step == actions.count - 1
        #expect(row.buffers.rewards[0] == 1)
        #expect((row.buffers.terminated[0] + row.buffers.truncated[0] == 1) == isLast, "\(name), step \(step)")
        guard !isLast else { break }
        let motion = environment.snapshot().doubles["motion"] ?? []
        let seen = (0..<4).map { row.buffers.observations.row(0)[$0] }
        #expect(seen == motion.map(Float.init))
        if (step + 1) % stride == 0 { found += motion }
      }
      let terminated = try trajectory.flag("terminated")
      let truncated = try trajectory.flag("truncated")
      #expect((row.buffers.terminated[0] == 1) == terminated, "\(name)")
      // Where both come together, nothing is left to bootstrap from.
      #expect((row.buffers.truncated[0] == 1) == (truncated && !terminated), "\(name)")
      // The state after a fall is replaced by the next episode's first, but the one after the last of 500 steps is seen.
      if truncated && !terminated {
        let last = (0..<4).map { Double(row.buffers.finalObservations.row(0)[$0]) }
        let expected = states.values.suffix(4).map { Double(Float($0)) }
        #expect(last == expected, "\(name)")
      }
      let kept = found.count
      let compared = GoldenTensor(
        place: states.place, shape: [kept / 4, 4], values: Array(states.values.prefix(kept)),
        tolerance: states.tolerance)
      if kept > 0, let problem = compared.difference(from: found, inputs: { "row \($0 / 4)" }) {
        problems.append(problem)
      }
      let episodes = environment.drainEpisodes()
      #expect(episodes == [EpisodeSummary(lane: 0, length: actions.count, episodeReturn: Double(actions.count))])
    }
    #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
  }

  @Test func `hidden velocities read zero and nothing else changes`() {
    let environments = [false, true].map { CartPoleEnvironment(laneCount: 5, hidesVelocities: $0) }
    let rows = environments.map { environment in
      let row = SingleRow(lanes: 5, columns: 4)
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
    let environment = CartPoleEnvironment(laneCount: 2000)
    let row = SingleRow(lanes: 2000, columns: 4)
    environment.reset(seed: 8, into: row.buffers)
    let values = (0..<8000).map { Double(row.buffers.observations.base[$0]) }
    #expect(values.allSatisfy { abs($0) <= 0.05 } && Set(values).count > 7900)
    let mean = values.reduce(0, +) / 8000
    let square = values.reduce(0) { $0 + $1 * $1 } / 8000
    // Uniform: mean 0 with standard error 0.00032, second moment 0.05^2 / 3 with standard error 8.3e-6.
    #expect(abs(mean) < 0.0013 && abs(square - 0.0025 / 3) < 3.4e-5)
  }
}
