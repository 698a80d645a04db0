// The policy server from outside: what it answers, what it refuses, and how it ends.

import AgentInterface
import Inference
import TestSupport
import Testing
import Text

@Suite struct PolicyServerTests {
  let folder: TemporaryFolder
  let bundle: PolicyBundle
  let policyPath: String

  init() throws {
    folder = try TemporaryFolder()
    bundle = try PolicyBundleTests.bundle()
    try folder.write(bundle.encode(), to: "policy.safetensors")
    policyPath = folder.path + "/policy.safetensors"
  }

  func run(_ arguments: [String], input: String = "", output: String? = nil) throws -> ProgramOutcome {
    try Program.serve.run(arguments, in: folder.path, input: input, output: output)
  }

  func question(_ row: [Float], mask: ActionMask? = .all(count: 5), start: Bool? = false) -> String {
    var members: [String: JSON] = ["observation": .array(row.map { .number(Double($0)) })]
    if let mask { members["mask"] = .array((0..<5).map { mask.allows($0) ? 1 : 0 }) }
    if let start { members["episode_start"] = .bool(start) }
    return JSON.object(members).text
  }

  @Test(arguments: [nil, 7] as [UInt64?])
  func answersAsTheLibraryDecides(seed: UInt64?) throws {
    var session = bundle.policy.makeSession()
    var randomness = seed.map { DecisionRandomness(seed: $0) }
    var input = ""
    var expected: [Decision] = []
    for (step, row) in Sample.observations(rows: 40, columns: 6, seed: 50).enumerated() {
      let mask = ActionMask(rawValue: UInt64(step % 31) + 1)
      input += question(row, mask: mask, start: step % 11 == 0) + "\n"
      let rule = randomness?.next()
      expected.append(
        try session.decide(
          row, mask: mask, startsEpisode: step % 11 == 0, rule: rule.map { .sample(uniform: $0) } ?? .greedy))
    }
    let flags = seed.map { ["--stochastic", "--seed", String($0)] } ?? []
    let outcome = try run(["once", "--policy", policyPath] + flags, input: input)
    #expect(outcome.exitCode == 0 && outcome.errors.isEmpty && outcome.lines.count == 40)
    for (line, decision) in zip(outcome.lines, expected) {
      let answer = try JSON.parse(line)
      #expect(answer["action"]?.integerValue == Int(decision.action))
      #expect(answer["action_name"]?.stringValue == "action_\(decision.action)")
      #expect(answer["confidence"]?.doubleValue == Double(decision.confidence))
      #expect(try #require(answer["latency_microseconds"]?.doubleValue) > 0)
      let timestamp = try #require(answer["timestamp"]?.stringValue)
      #expect(timestamp.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z/) != nil)
    }
  }

  @Test func stopsAtTheFirstLineItCannotAnswer() throws {
    let row: [Float] = [1, 2, 3, 4, 5, 6]
    let good = question(row)
    let bad: [(line: String, says: String)] = [
      ("", "invalid JSON"), ("{", "invalid JSON"), ("[]", "an array"), ("{}", "'observation' is missing"),
      (#"{"observation":[1,"x"],"episode_start":true}"#, "column 1"),
      (question(row, mask: nil), "trained with action masks"),
      (question(row, start: nil), "'episode_start' is missing"), (question(Array(row.dropLast())), "5 columns"),
      (good.dropLast() + #","masks":[]}"#, "did you mean 'mask'"),
      (question(row, mask: ActionMask(rawValue: 0)), "allows no action"),
      (#"{"observation":[1,2,3,4,5,1e300],"mask":[1,1,1,1,1],"episode_start":false}"#, "column 5"),
      (#"{"observation":[1,2,3,4,5,6],"mask":[1,1],"episode_start":false}"#, "2 flags"),
      (#"{"observation":[1,2,3,4,5,6],"mask":[1,1,1,1,2],"episode_start":false}"#, "flag 4"),
      (#"{"observation":[1,2,3,4,5,6],"mask":[1,1,1,1,1],"episode_start":1}"#, "'episode_start' is a number"),
    ].map { (String($0.0), $0.1) }
    for (line, says) in bad {
      let outcome = try run(
        ["once", "--policy", policyPath], input: question(row, start: true) + "\n" + line + "\n" + good + "\n")
      #expect(outcome.exitCode == 1 && outcome.lines.count == 1, "\(line)")
      let error = try JSON.parse(outcome.errors.split(separator: "\n").map(String.init).first ?? "")
      #expect(error["line"]?.integerValue == 2 && error["remedy"]?.stringValue?.isEmpty == false)
      #expect(error["error"]?.stringValue?.contains(says) == true, "\(outcome.errors)")
    }
    let unstarted = try run(["once", "--policy", policyPath], input: good + "\n")
    #expect(unstarted.exitCode == 1 && unstarted.output.isEmpty && unstarted.errors.contains("saw no episode begin"))
    let endless = try run(["once", "--policy", policyPath], input: String(repeating: " ", count: 2_000_000))
    #expect(endless.exitCode == 1 && endless.errors.contains("longer than"))
  }

  @Test func lastLineNeedsNoLineBreakAndNoLinesAreNoError() throws {
    let line = question([1, 2, 3, 4, 5, 6], start: true)
    #expect(try run(["once", "--policy", policyPath], input: line).lines.count == 1)
    let nothing = try run(["once", "--policy", policyPath])
    #expect(nothing.exitCode == 0 && nothing.output.isEmpty)
  }

  @Test func aFullDiskIsAnError() throws {
    let outcome = try run(
      ["once", "--policy", policyPath], input: question([1, 2, 3, 4, 5, 6], start: true), output: "/dev/full")
    #expect(outcome.exitCode == 1 && outcome.errors.contains("make room where it goes"), "\(outcome)")
  }

  @Test(
    arguments: [
      ([], "a command is needed"), (["onse"], "did you mean 'once'"), (["once"], "--policy FILE is needed"),
      (["once", "--polcy", "x"], "did you mean '--policy'"), (["once", "--policy"], "needs a value"),
      (["once", "--policy", "a", "--policy", "b"], "twice"), (["once", "--policy", "a", "b"], "'b' is not expected"),
      (["once", "--policy", "a", "--seed", "1"], "only with --stochastic"),
      (["once", "--policy", "a", "--stochastic", "--seed", "-1"], "whole number"),
      (["describe", "--policy", "a", "--stochastic"], "unknown flag '--stochastic'"),
    ] as [([String], String)])
  func wrongUsageIsExplained(arguments: [String], says: String) throws {
    let outcome = try run(arguments)
    #expect(outcome.exitCode == 64 && outcome.output.isEmpty)
    #expect(outcome.errors.contains(says) && outcome.errors.contains("usage:"), "\(outcome.errors)")
  }

  @Test func helpAndDescription() throws {
    for arguments in [["--help"], ["once", "--help"], ["-h"]] {
      let outcome = try run(arguments)
      #expect(outcome.exitCode == 0 && outcome.output.contains("--stochastic"))
    }
    let description = try run(["describe", "--policy", policyPath])
    #expect(description.exitCode == 0 && description.output.contains("AAPL.column_5 (fraction)"))
  }

  @Test func damagedAndMissingBundlesAreRefused() throws {
    var bytes = bundle.encode()
    bytes[bytes.count - 3] ^= 1
    try folder.write(bytes, to: "damaged")
    for (name, says) in [("damaged", "SHA-256"), ("nothing", "No such file")] {
      for command in ["once", "describe"] {
        let outcome = try run([command, "--policy", folder.path + "/" + name])
        #expect(outcome.exitCode == 1 && outcome.output.isEmpty)
        #expect(outcome.errors.contains(says) && outcome.errors.contains(folder.path + "/" + name), "\(outcome.errors)")
      }
    }
  }
}
