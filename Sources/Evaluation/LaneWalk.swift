// One lane of any environment, walked by a decider and written down.

package import AgentInterface
internal import Inference
private import Kernels

/// What one lane showed and what was chosen: enough to ask a server the same questions.
package struct LaneWalk: Sendable {
  /// One JSON line a decision, as a policy server reads them.
  package let lines: String
  package let actions: [Int]

  /// Walks `steps` decisions of a one-lane environment, over episode ends. `includesMask` as in `ObservationLines.text`.
  package init(
    _ environment: any VectorEnvironment, decider: any Decider, steps: Int, seed: UInt64, includesMask: Bool
  ) throws {
    precondition(environment.laneCount == 1, "a walk of one lane through \(environment.laneCount)")
    let columns = environment.observationSpace.count
    let row = SingleRow(lanes: 1, columns: columns)
    environment.reset(seed: seed, into: row.buffers)
    var lines = ""
    var actions: [Int] = []
    var startsEpisode = true
    for decision in 0..<steps {
      let observation = UnsafeBufferPointer(start: UnsafePointer(row.buffers.observations.row(0)), count: columns)
      let mask = row.buffers.masks[0]
      let choice = try decider.decide(observation.span, mask: mask, startsEpisode: startsEpisode)
      lines += try ObservationLines.line(
        Array(observation)[...], mask: includesMask ? mask : nil, actionCount: environment.actionSpace.count,
        startsEpisode: startsEpisode, decision: decision)
      actions.append(choice.action)
      var action = Int32(choice.action)
      environment.step(&action, lanes: 0..<1, into: row.buffers)
      startsEpisode = row.buffers.terminated[0] != 0 || row.buffers.truncated[0] != 0
    }
    _ = environment.drainEpisodes()
    self.lines = lines
    self.actions = actions
  }
}
