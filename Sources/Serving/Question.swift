// What a policy is asked: one JSON object, wherever it comes from.

import AgentInterface
import Inference
import Text

/// A question that was read and understood.
package struct Question {
  /// Why a question is not answered, and what to do.
  package struct Defect: Error {
    package let reason: String
    package let remedy: String
  }

  /// The longest question that is read.
  package static let maximumBytes = 1 << 20

  let observation: [Float]
  let mask: ActionMask?
  let startsEpisode: Bool

  private static let shape =
    #"write {"observation": [numbers], "mask": [0 or 1 for each action], "episode_start": true or false}"#

  init(observation: [Float], mask: ActionMask?, startsEpisode: Bool) {
    self.observation = observation
    self.mask = mask
    self.startsEpisode = startsEpisode
  }

  /// Reads one JSON object, by the short way where it is of the usual form.
  static func read(_ line: ArraySlice<UInt8>, policy: DeployedPolicy) throws(Defect) -> Question {
    if let question = line.withUnsafeBufferPointer({ QuestionReader.question($0, policy: policy) }) { return question }
    return try Question(Array(line), policy: policy)
  }

  /// Reads one JSON object. What the policy has to say about the numbers, it says when it decides. The twin of `QuestionReader`.
  init(_ line: [UInt8], policy: DeployedPolicy) throws(Defect) {
    let value: JSON
    do {
      value = try JSON.parse(line, maximumDepth: 4, maximumBytes: Question.maximumBytes)
    } catch {
      throw Defect(reason: error.description, remedy: Question.shape)
    }
    guard let members = value.objectValue else {
      throw Defect(reason: "the line is \(value.kindName), not an object", remedy: Question.shape)
    }
    let known = ["observation", "mask", "episode_start"]
    for key in members.keys.sorted() where !known.contains(key) {
      let hint = NearestName.of(key, among: known).map { ", did you mean '\($0)'?" } ?? ""
      throw Defect(reason: "unknown key '\(PrintableText.name(key))'\(hint)", remedy: Question.shape)
    }
    guard let columns = members["observation"]?.arrayValue else {
      throw Defect(reason: "'observation' is missing or not a list", remedy: Question.shape)
    }
    var observation: [Float] = []
    observation.reserveCapacity(columns.count)
    for (index, column) in columns.enumerated() {
      guard let number = column.doubleValue else {
        throw Defect(
          reason: "column \(index) of 'observation' is \(column.kindName), not a number",
          remedy: "mend the data before asking for a decision")
      }
      observation.append(Float(number))
    }
    self.observation = observation
    mask = try Question.mask(members["mask"], actions: policy.actions)
    switch members["episode_start"] {
    case .some(.bool(let flag)): startsEpisode = flag
    case nil where !policy.hasMemory: startsEpisode = false
    case nil:
      throw Defect(
        reason: "'episode_start' is missing and the policy has a memory",
        remedy: "say true on the first line of every episode, false on the others")
    case .some(let other):
      throw Defect(reason: "'episode_start' is \(other.kindName), not true or false", remedy: Question.shape)
    }
  }

  /// nil where the line has no mask; whether that is allowed is the policy's to say.
  private static func mask(_ value: JSON?, actions: Int) throws(Defect) -> ActionMask? {
    guard let value, !value.isNull else { return nil }
    let remedy = "send \(actions) flags, 1 for a legal action and 0 for any other"
    guard let elements = value.arrayValue else {
      throw Defect(reason: "'mask' is \(value.kindName), not a list", remedy: remedy)
    }
    guard elements.count == actions else {
      throw Defect(reason: "'mask' has \(elements.count) flags, the policy has \(actions) actions", remedy: remedy)
    }
    var flags: [Bool] = []
    for (index, element) in elements.enumerated() {
      guard element == 0 || element == 1 else {
        throw Defect(reason: "flag \(index) of 'mask' is neither 0 nor 1", remedy: remedy)
      }
      flags.append(element == 1)
    }
    return ActionMask(flags)
  }
}
