// An answer as a line of JSON, written straight into its bytes.

import AgentInterface
import Inference
import Text

/// Writes answers as `JSON.text` would, with the names of actions and columns made JSON once.
struct AnswerWriter {
  /// One an action: everything before the confidence; none where actions are factored.
  private let openings: [[UInt8]]
  private let space: ActionSpace
  /// Of each factor what an answer says of it, before and for every choice.
  private let choices: [(opening: [UInt8], names: [[UInt8]])]
  private let columns: [[UInt8]]
  private var clock = UTCTime.Writer()

  init(actions space: ActionSpace, columns: [String]) {
    self.space = space
    openings =
      space.isFactored
      ? []
      : space.names.enumerated().map { action, name in
        Array(#"{"action":\#(action),"action_name":\#(JSON.string(name).text),"confidence":"#.utf8)
      }
    choices =
      space.isFactored
      ? space.factors.enumerated().map { place, factor in
        (
          Array(#"\#(place == 0 ? "" : ",")\#(JSON.string(factor.subject).text):"#.utf8),
          factor.choices.map { Array(JSON.string($0).text.utf8) }
        )
      } : []
    self.columns = columns.map { Array(JSON.string($0).text.utf8) }
  }

  /// Appends one answer, of this moment, without a line break. `outside`: the columns outside of what training saw, by their numbers.
  mutating func append(
    action: ActionNumber, confidence: Double, latencyMicroseconds: Double, outside: [Int], to output: inout [UInt8]
  ) {
    if space.isFactored {
      output += #"{"action":\#(space.json(of: action).text),"choices":{"#.utf8
      let halves = space.heads.halves(of: action)
      for (factor, choice) in choices.enumerated() {
        output += choice.opening
        output += choice.names[space.heads.choice(of: factor, in: halves)]
      }
      output += #"},"confidence":"#.utf8
    } else {
      output += openings[Int(action)]
    }
    output += confidence.description.utf8
    output += #","latency_microseconds":"#.utf8
    output += latencyMicroseconds.description.utf8
    if !outside.isEmpty {
      output += #","outside_training":["#.utf8
      for (place, column) in outside.enumerated() {
        if place > 0 { output.append(UInt8(ascii: ",")) }
        output += columns[column]
      }
      output.append(UInt8(ascii: "]"))
    }
    output += #","timestamp":""#.utf8
    clock.appendNow(to: &output)
    output += #""}"#.utf8
  }
}
