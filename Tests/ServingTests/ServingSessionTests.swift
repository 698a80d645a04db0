// A session from inside: the same bytes whatever brings them, and what a refused question leaves behind.

import AgentInterface
import Inference
import Kernels
import Testing
import Text

@testable import Serving

@Suite struct ServingSessionTests {
  /// A small policy with memory and masks.
  private static func bundle() throws -> PolicyBundle {
    let spec = NetworkSpec(
      inputs: 3, actions: 4, memory: .lstm(hidden: 5, critic: .none), policyTower: [], valueTower: [],
      activation: .tanh, hasValueHead: false)
    var stream = RandomStream(seed: 8, purpose: .initialization)
    let parameters = (0..<ParameterLayout(spec).count).map { _ in Float(stream.nextNormal()) }
    let policy = InferencePolicy(spec: spec, parameters: parameters, requiresMask: true)
    let golden = try GoldenVectors(
      playing: policy.deployed, observations: [0.1, 0.2, 0.3, -0.4, 0.5, 0.6], masks: [.all(count: 4), .all(count: 4)],
      episodeStarts: [true, true])
    let manifest = PolicyManifest(
      algorithm: "ppo_lstm_mask",
      observationSpace: ObservationSpace(columns: (0..<3).map { .init(name: "c\($0)", unit: "fraction") }),
      actionSpace: ActionSpace(names: (0..<4).map { "a\($0)" }, fallback: 0), provenance: ["run": "test"], parity: nil)
    return PolicyBundle(manifest: manifest, policy: policy, golden: golden)
  }

  private static func question(_ step: Int, start: Bool? = nil) -> [UInt8] {
    let row = (0..<3).map { Double((step * 7 + $0 * 3) % 11) / 5 - 1 }
    let question: JSON = [
      "observation": .array(row.map(JSON.number)), "mask": [1, 1, step % 3 == 0 ? 0 : 1, 1],
      "episode_start": .bool(start ?? (step == 0)),
    ]
    return Array(question.text.utf8)
  }

  /// What does not depend on the clock.
  private static func decided(_ answer: String) throws -> [JSON?] {
    let json = try JSON.parse(answer)
    return [json["action"], json["action_name"], json["confidence"]]
  }

  /// Every factor by name, the digits of the action, and a confidence that is their product.
  @Test(arguments: [nil, 3] as [UInt64?])
  func independentChoicesAreNamed(seed: UInt64?) throws {
    let space = ActionSpace(
      independent: [
        .init(subject: "AAA", choices: ["sell", "hold", "buy"]), .init(subject: #"B"B"#, choices: ["hold", "buy"]),
      ], fallback: [1, 0])
    let spec = NetworkSpec(
      inputs: 3, actions: 5, memory: .none, policyTower: [4], valueTower: [], activation: .tanh, hasValueHead: false,
      factors: space.heads)
    var stream = RandomStream(seed: 8, purpose: .initialization)
    let policy = InferencePolicy(
      spec: spec, parameters: (0..<ParameterLayout(spec).count).map { _ in Float(stream.nextNormal()) },
      requiresMask: true)
    let golden = try GoldenVectors(
      playing: policy.deployed, observations: [0.1, 0.2, 0.3], masks: [.all(count: 5)], episodeStarts: [true])
    let manifest = PolicyManifest(
      algorithm: "ppo_mask",
      observationSpace: ObservationSpace(columns: (0..<3).map { .init(name: "c\($0)", unit: "fraction") }),
      actionSpace: space, provenance: [:], parity: nil)
    var session = ServingSession(PolicyBundle(manifest: manifest, policy: policy, golden: golden), seed: seed)
    var twin = policy.makeSession()
    var randomness = DecisionRandomness(seed: seed ?? 0)
    for step in 0..<40 {
      let row = (0..<3).map { Double((step * 7 + $0 * 3) % 11) / 5 - 1 }
      let question: JSON = ["observation": .array(row.map(JSON.number)), "mask": [1, 1, step % 3 == 0 ? 0 : 1, 1, 1]]
      let answer = try JSON.parse(session.answer(Array(question.text.utf8)))
      let rule: ActionSelection.Rule = seed == nil ? .greedy : randomness.nextRule(for: policy.deployed)
      let decision = try twin.decide(
        row.map { Float($0) }, mask: ActionMask([true, true, step % 3 != 0, true, true]), startsEpisode: false,
        rule: rule)
      #expect(answer["action"]?.integerValue == Int(decision.action) && answer["action_name"] == nil)
      #expect(answer["confidence"]?.doubleValue == Double(decision.confidence))
      let choices = answer["choices"]?.objectValue ?? [:]
      let expected = Dictionary(
        uniqueKeysWithValues: space.orders(of: decision.action).map { ($0.subject, JSON.string($0.choice)) })
      #expect(choices == expected)
    }
    do throws(Question.Defect) {
      _ = try session.answer(Array(#"{"observation": [1, 2, 3], "mask": [1, 1, 1, 0, 0]}"#.utf8))
      Issue.record("answered a mask that allows nothing of a factor")
    } catch {
      #expect(error.reason == "the mask allows no choice of factor 1, counted from 0")
    }
  }

  @Test(arguments: [nil, 3] as [UInt64?])
  func aRefusedQuestionLeavesNoTrace(seed: UInt64?) throws {
    let bundle = try Self.bundle()
    var undisturbed = ServingSession(bundle, seed: seed)
    var disturbed = ServingSession(bundle, seed: seed)
    let defects = [
      #"{"observation": [1, 2, 3], "episode_start": true}"#,
      #"{"observation": [1, 2], "mask": [1, 1, 1, 1], "episode_start": true}"#,
      #"{"observation": [1, 2, 3], "mask": [0, 0, 0, 0], "episode_start": true}"#, "{",
    ]
    for step in 0..<40 {
      do throws(Question.Defect) {
        _ = try disturbed.answer(Array(defects[step % 4].utf8))
        Issue.record("answered \(defects[step % 4])")
      } catch {
        #expect(!error.reason.isEmpty && !error.remedy.isEmpty)
      }
      let expected = try Self.decided(undisturbed.answer(Self.question(step)))
      let found = try Self.decided(disturbed.answer(Self.question(step)))
      #expect(found == expected)
    }
  }

  @Test func sessionsOfOnePolicyDoNotDisturbEachOther() throws {
    let bundle = try Self.bundle()
    var alone = ServingSession(bundle, seed: nil)
    var expected: [[JSON?]] = []
    for step in 0..<20 { expected.append(try Self.decided(alone.answer(Self.question(step)))) }
    var first = ServingSession(bundle, seed: nil)
    var second = ServingSession(bundle, seed: 5)
    for step in 0..<20 {
      _ = try second.answer(Self.question(step * 5, start: step % 4 == 0))
      let found = try Self.decided(first.answer(Self.question(step)))
      #expect(found == expected[step])
    }
  }

  @Test func anAnswerIsOneLine() throws {
    var session = ServingSession(try Self.bundle(), seed: nil)
    let answer = try session.answer(Self.question(0))
    #expect(!answer.contains("\n"))
    let keys = try #require(JSON.parse(answer).objectValue).keys.sorted()
    #expect(keys == ["action", "action_name", "confidence", "latency_microseconds", "timestamp"])
  }

  @Test func whatIsSaidAboutALineIsOneObject() throws {
    let line = ServeError.badLine(number: 3, reason: "a \"reason\"", remedy: "do that").line(program: "p")
    let json = try JSON.parse(line)
    #expect(json["line"] == 3 && json["error"]?.stringValue == "a \"reason\"" && json["remedy"] == "do that")
    #expect(ServeError.failed("it broke").line(program: "p") == "p: it broke")
  }

  /// A clock may stand anywhere, go back, or begin again.
  @Test func anAnswersTimeIsNeverATrap() {
    #expect(Clock.nanoseconds(seconds: 2, 5) == 2_000_000_005)
    for seconds in [0, -1, 10_000_000_000, Int64.max, .min] {
      let (begin, end) = (Clock.nanoseconds(seconds: seconds, 0), Clock.nanoseconds(seconds: seconds, 1500))
      #expect(Clock.microseconds(from: begin, to: end) == 1.5)
      #expect(Clock.microseconds(from: end, to: begin) == 0)
    }
    #expect(Clock.microseconds(from: .max, to: .min) == 0.001)
  }
}
