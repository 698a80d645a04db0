// One lane, walked and written down: what stops a walk is named by its cause.

import AgentInterface
import Evaluation
import Inference
import TestSupport
import Testing

@Suite struct LaneWalkTests {
  private func walk(_ fault: FaultyEnvironment.Fault?, _ decider: any Decider) throws(LaneWalkError) -> LaneWalk {
    let plain = RandomEpisodes(laneCount: 1, columns: 3, actions: 4)
    let world: any VectorEnvironment = fault.map { FaultyEnvironment(plain, $0, lane: 0, step: 5) } ?? plain
    return try LaneWalk(world, decider: decider, steps: 20, seed: 2, includesMask: true)
  }

  private var always: FallbackDecider {
    FallbackDecider(RandomEpisodes(laneCount: 1, columns: 3, actions: 4).actionSpace)
  }

  private func decider(_ weight: Float) -> PolicyDecider {
    PolicyDecider(
      ToyPolicy.linear(weights: [[Float]](repeating: [weight, 1, 1], count: 4), biases: [0, 0, 0, 0]), mode: .greedy)
  }

  @Test func `a sound walk is written line by line`() throws {
    let walked = try walk(nil, decider(1))
    #expect(walked.actions.count == 20 && walked.lines.split(separator: "\n").count == 20)
  }

  @Test func `a walk that stops says why`() {
    let infinite = FaultyEnvironment.Fault.observation(column: 1, value: .infinity)
    #expect(throws: LaneWalkError.decision(.observationNotFinite(column: 1))) { try walk(infinite, decider(1)) }
    #expect(throws: LaneWalkError.decision(.outputNotFinite(action: 0))) { try walk(nil, decider(.nan)) }
    // A rule that looks at nothing decides; what it saw cannot be written.
    #expect(throws: LaneWalkError.observation(.notFinite(decision: 5, column: 1, value: .infinity))) {
      try walk(infinite, always)
    }
  }
}
