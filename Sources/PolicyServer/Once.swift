// One decision a line: JSON in, JSON out.

import AgentInterface
import Glibc
import Inference
import Text

/// Answers every line of the standard input, in order, with one policy and one memory.
struct Once {
  private let policy: DeployedPolicy
  private let actionNames: [String]
  private let seed: UInt64?

  init(path: String, seed: UInt64?) throws(ServeError) {
    let bundle: PolicyBundle
    do {
      bundle = try PolicyBundle.load(path: path)
    } catch {
      throw .failed(error.description)
    }
    policy = bundle.policy
    actionNames = bundle.manifest.actionSpace.names
    self.seed = seed
  }

  func run() throws(ServeError) {
    var session = policy.makeSession()
    var randomness = seed.map { DecisionRandomness(seed: $0) }
    var input = LineReader()
    while let line = try input.next() {
      let begin = Clock.monotonicNanoseconds()
      let question: Question
      do {
        question = try Question(line, policy: policy)
      } catch {
        throw .badLine(number: input.lineNumber, reason: error.reason, remedy: error.remedy)
      }
      var rule = ActionSelection.Rule.greedy
      if let uniform = randomness?.next() { rule = .sample(uniform: uniform) }
      let decision: Decision
      do {
        decision = try session.decide(
          question.observation, mask: question.mask, startsEpisode: question.startsEpisode, rule: rule)
      } catch {
        let parts = error.description.split(separator: ";", maxSplits: 1)
        throw .badLine(
          number: input.lineNumber, reason: String(parts[0]),
          remedy: parts.count > 1 ? String(parts[1].drop(while: { $0 == " " })) : "")
      }
      let latency = Double(Clock.monotonicNanoseconds() - begin) / 1000
      let answer: JSON = [
        "action": .integer(Int64(decision.action)), "action_name": .string(actionNames[decision.action]),
        "confidence": .number(Double(decision.confidence)), "latency_microseconds": .number(latency),
        "timestamp": .string(UTCTime.nowWithMicroseconds()),
      ]
      try Output.line(answer.text)
    }
  }
}

/// One line of input, understood.
private struct Question {
  struct Defect: Error {
    let reason: String
    let remedy: String
  }

  let observation: [Float]
  let mask: ActionMask?
  let startsEpisode: Bool

  private static let shape =
    #"write {"observation": [numbers], "mask": [0 or 1 for each action], "episode_start": true or false}"#

  init(_ line: [UInt8], policy: DeployedPolicy) throws(Defect) {
    let value: JSON
    do {
      value = try JSON.parse(line, maximumDepth: 4, maximumBytes: LineReader.maximumLineBytes)
    } catch {
      throw Defect(reason: error.description, remedy: Question.shape)
    }
    guard let members = value.objectValue else {
      throw Defect(reason: "the line is \(value.kindName), not an object", remedy: Question.shape)
    }
    let known = ["observation", "mask", "episode_start"]
    for key in members.keys.sorted() where !known.contains(key) {
      let hint = NearestName.of(key, among: known).map { ", did you mean '\($0)'?" } ?? ""
      throw Defect(reason: "unknown key '\(key)'\(hint)", remedy: Question.shape)
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

/// What is said about a line that cannot be answered: one JSON object.
enum BadLine {
  static func text(number: Int, reason: String, remedy: String) -> String {
    let value: JSON = [
      "error": .string(reason), "line": .integer(Int64(number)), "remedy": .string(remedy),
    ]
    return value.text
  }
}

/// The bundle in words.
enum Describe {
  static func run(path: String) throws(ServeError) {
    let rows: [(String, String)]
    do {
      rows = try PolicyBundle.load(path: path).describe()
    } catch {
      throw .failed(error.description)
    }
    let width = rows.map(\.0.count).max() ?? 0
    for (name, text) in rows {
      try Output.line(name + String(repeating: " ", count: width - name.count + 2) + text)
    }
  }
}
