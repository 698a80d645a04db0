// Opens an exported policy and decides, observation by observation.

import AgentInterface
import Inference

@main
struct Main {
  static func main() throws {
    guard CommandLine.arguments.count == 2 else {
      print("usage: decide POLICY.safetensors")
      return
    }
    // Verified and replayed as it is read: a damaged file, or a machine that decides differently, is an error here.
    let bundle = try PolicyBundle.load(path: CommandLine.arguments[1])
    let columns = bundle.manifest.observationSpace.count
    let actions = bundle.manifest.actionSpace

    // The memory of one episode. Another stream of observations takes another session of the same policy.
    var session = bundle.policy.makeSession()
    // In the place of your own observations and masks: the rows that the bundle brings with it.
    for row in 0..<bundle.golden.count {
      let observation = Array(bundle.golden.observations[row * columns..<(row + 1) * columns])
      let mask: ActionMask = bundle.golden.masks[row]
      let decision = try session.decide(observation, mask: mask, startsEpisode: bundle.golden.episodeStarts[row])
      let percent = Int((decision.confidence * 100).rounded())
      print("\(actions.name(of: decision.action)), one of \(mask.legalCount) legal actions, confidence \(percent) %")
    }
  }
}
