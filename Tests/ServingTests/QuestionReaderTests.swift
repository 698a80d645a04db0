// The short way of reading a question against the long one, and the written answer against the canonical JSON.

import AgentInterface
import Inference
import Kernels
import Testing
import Text

@testable import Serving

@Suite struct QuestionReaderTests {
  private static func policy(hasMemory: Bool, inputs: Int = 3, actions: Int = 4) -> DeployedPolicy {
    let spec = NetworkSpec(
      inputs: inputs, actions: actions, memory: hasMemory ? .lstm(hidden: 2, critic: .none) : .none, policyTower: [],
      valueTower: [], activation: .tanh, hasValueHead: false)
    let parameters = [Float](repeating: 0.1, count: ParameterLayout(spec).count)
    return InferencePolicy(spec: spec, parameters: parameters, requiresMask: false).deployed
  }

  private static func read(_ line: [UInt8], _ policy: DeployedPolicy) -> Question? {
    line.withUnsafeBufferPointer { QuestionReader.question($0, policy: policy) }
  }

  /// Bits and flags, so that a negative zero is not taken for zero.
  private static func content(_ question: Question) -> [UInt64] {
    question.observation.map { UInt64($0.bitPattern) } + [
      question.mask?.rawValue ?? .max, question.mask == nil ? 0 : 1, question.startsEpisode ? 1 : 0,
    ]
  }

  /// Holds the short way against the long one; true where it was gone.
  private static func compare(_ line: [UInt8], _ policy: DeployedPolicy) -> Bool {
    guard let short = read(line, policy) else { return false }
    do throws(Question.Defect) {
      let long = try Question(line, policy: policy)
      #expect(content(short) == content(long), "\(String(decoding: line, as: UTF8.self))")
    } catch {
      Issue.record("\(String(decoding: line, as: UTF8.self)) is refused: \(error.reason)")
    }
    return true
  }

  // MARK: Random lines

  private static func pick(_ texts: [String], _ random: inout RandomStream) -> String {
    texts[Int(random.nextInteger(below: UInt64(texts.count)))]
  }

  private static func digits(_ most: UInt64, _ random: inout RandomStream) -> String {
    (0..<(1 + random.nextInteger(below: most))).map { _ in "\(random.nextInteger(below: 10))" }.joined()
  }

  private static func number(_ random: inout RandomStream) -> String {
    let float = Float(random.nextNormal())
    switch random.nextInteger(below: 12) {
    case 0: return pick(["0", "-0", "-0.0", "1", "1.0", "0e0", "0.5", "-1E+2", "12e-3"], &random)
    case 1:
      return pick(["01", "1.", ".5", "+1", "-", "1e", "1e+", "nan", "\"1\"", "null", "[1]", "0x1", "1_0"], &random)
    case 2: return pick(["1e400", "1e39", "-3.5e38", "1e-50", "1e22", "1e23", "1e-22", "5e-324", "1e999999"], &random)
    // In the middle between two singles, and at the edges of what double precision counts exactly.
    case 3:
      return pick(
        [
          "16777217", "1.00000005960464477539", "1.0000000596046447754", "9007199254740993", "18446744073709551615",
          "9223372036854775808", "9999999999999999999", "0.1000000014901161194",
        ], &random)
    case 4: return digits(25, &random) + "." + digits(25, &random)
    case 5: return "\(float)e\(Int(random.nextInteger(below: 60)) - 30)"
    case 6, 7: return Double(random.nextNormal()).description
    case 8: return Double(float).description
    default: return float.description
    }
  }

  private static func space(_ random: inout RandomStream) -> String {
    random.nextInteger(below: 3) > 0
      ? "" : pick([" ", "  ", "\t", "\r", "\n", " \t\r\n", "\u{B}", "\u{A0}", "/**/"], &random)
  }

  /// A question with some of all that a line can have wrong. `isUsual`: nothing but what a caller would write.
  private static func line(_ random: inout RandomStream, isUsual: Bool) -> [UInt8] {
    func sometimes(_ odds: UInt64) -> Bool { !isUsual && random.nextInteger(below: odds) == 0 }
    func gap() -> String { sometimes(6) ? space(&random) : random.nextInteger(below: 2) == 0 ? " " : "" }
    let numbers = (0..<(sometimes(20) ? Int(random.nextInteger(below: 6)) : 3)).map { _ in
      sometimes(4) ? number(&random) : Float(random.nextNormal()).description
    }
    let flags = (0..<(sometimes(20) ? 3 : 4)).map { _ in
      sometimes(30) ? pick(["2", "true", "1.0", "-0", "01", "null"], &random) : pick(["0", "1"], &random)
    }
    let start =
      sometimes(15) ? pick(["1", "null", "True", "tru", "\"true\""], &random) : pick(["true", "false"], &random)
    var members = [
      ("observation", "[\(gap())" + numbers.joined(separator: ",\(gap())") + "]"),
      ("mask", sometimes(15) ? "null" : "[" + flags.joined(separator: ",\(gap())") + gap() + "]"),
      ("episode_start", start),
    ]
    if sometimes(4) { members.append(members[Int(random.nextInteger(below: 3))]) }
    if sometimes(10) { members.append((pick(["obs", "Mask", "", "obs\\u0065rvation", "é"], &random), "1")) }
    if sometimes(6) { members.remove(at: Int(random.nextInteger(below: UInt64(members.count)))) }
    if sometimes(10), let last = members.last {
      members[members.count - 1] = (last.0.replacing("o", with: "\\u006f"), last.1)
    }
    for place in members.indices.dropFirst() where random.nextInteger(below: 3) == 0 {
      members.swapAt(place, Int(random.nextInteger(below: UInt64(place))))
    }
    let body = members.map { "\(gap())\"\($0)\"\(gap()):\(gap())\($1)\(gap())" }.joined(separator: ",")
    var bytes = Array((gap() + "{" + body + "}" + gap()).utf8)
    if sometimes(12) { bytes.removeLast(Int(random.nextInteger(below: UInt64(bytes.count)))) }
    if sometimes(12) {
      bytes[Int(random.nextInteger(below: UInt64(bytes.count)))] = UInt8(random.nextInteger(below: 256))
    }
    if sometimes(30) { bytes += Array("{}".utf8) }
    return bytes
  }

  @Test(arguments: [true, false])
  func whatTheShortWayReadsTheLongWayReadsToo(hasMemory: Bool) {
    let policy = Self.policy(hasMemory: hasMemory)
    var random = RandomStream(seed: 11, purpose: .mutation, lane: hasMemory ? 1 : 0)
    var short = 0
    for _ in 0..<40_000 where Self.compare(Self.line(&random, isUsual: false), policy) { short += 1 }
    // Neither way is never gone.
    #expect((4_000..<36_000).contains(short), "\(short)")
  }

  @Test func theUsualLineGoesTheShortWay() {
    let policy = Self.policy(hasMemory: true)
    var random = RandomStream(seed: 12, purpose: .mutation)
    for _ in 0..<5_000 {
      let line = Self.line(&random, isUsual: true)
      #expect(Self.compare(line, policy), "\(String(decoding: line, as: UTF8.self))")
    }
  }

  @Test func everyTruncationGoesTheLongWay() {
    let policy = Self.policy(hasMemory: true)
    let line = Array(#"{"observation": [1.5e-3, -0.25, 7], "mask": [0, 1, 1, 0], "episode_start": false}"#.utf8)
    #expect(Self.compare(line, policy))
    for count in line.indices { #expect(Self.read(Array(line[..<count]), policy) == nil, "\(count) bytes") }
  }

  /// Beyond what is read at all, and one column more than the policy has, which the policy itself refuses.
  @Test func sizesAreKept() {
    let policy = Self.policy(hasMemory: false)
    let padding = [UInt8](repeating: 0x20, count: Question.maximumBytes)
    #expect(Self.read(Array(#"{"observation":[1,2,3]}"#.utf8) + padding, policy) == nil)
    #expect(Self.read([], policy) == nil)
    #expect(Self.compare(Array(#"{"observation":[1,2,3,4]}"#.utf8), policy))
    let wide = Self.policy(hasMemory: false, actions: 64)
    let flags = (0..<64).map { $0 % 3 == 0 ? "1" : "0" }.joined(separator: ",")
    #expect(Self.compare(Array("{\"observation\":[1,2,3],\"mask\":[\(flags)]}".utf8), wide))
  }

  // MARK: Numbers

  /// Singles by way of doubles, where digits are random and where they lie around the middle between two singles.
  @Test func numbersAreThoseOfTheStandardLibrary() {
    var random = RandomStream(seed: 13, purpose: .mutation)
    var answered = 0
    for _ in 0..<50_000 {
      var mantissa = random.nextInteger(below: .max) >> random.nextInteger(below: 64)
      var exponent = Int(random.nextInteger(below: 50)) - 25
      if random.nextInteger(below: 2) == 0 {
        let single = Float(bitPattern: 0x3F80_0000 + UInt32(random.nextInteger(below: 1 << 23)))
        let middle = (Double(single) + Double(single.nextUp)) / 2
        mantissa = UInt64((middle * 1e18).rounded()) &+ random.nextInteger(below: 5) &- 2
        exponent = -18
      }
      guard let found = DecimalNumber.single(mantissa: mantissa, exponent: exponent) else { continue }
      answered += 1
      let expected = Double("\(mantissa)e\(exponent)").map { Float($0) }
      #expect(found.bitPattern == expected?.bitPattern, "\(mantissa)e\(exponent)")
    }
    #expect(answered > 20_000, "\(answered)")
  }

  // MARK: Answers

  @Test func anAnswerIsTheCanonicalText() throws {
    let names = ["plain", "two words", #"quote " and \"#, "\u{1B}[2J", "né \u{202E}x", ""]
    var writer = AnswerWriter(actions: ActionSpace(names: names, fallback: nil), columns: names)
    var random = RandomStream(seed: 14, purpose: .mutation)
    for step in 0..<500 {
      let action = step % names.count
      let outside = names.indices.filter { _ in random.nextInteger(below: 4) == 0 }
      let confidence = Double(Float(random.nextDouble()))
      let latency = Double(random.nextInteger(below: 1 << 20)) / 1000
      var bytes = Array("before".utf8)
      writer.append(
        action: ActionNumber(action), confidence: confidence, latencyMicroseconds: latency, outside: outside, to: &bytes
      )
      let text = String(decoding: bytes.dropFirst(6), as: UTF8.self)
      let parsed = try JSON.parse(text)
      #expect(parsed.text == text)
      #expect(parsed["action"] == .integer(Int64(action)) && parsed["action_name"] == .string(names[action]))
      #expect(parsed["confidence"] == .number(confidence) && parsed["latency_microseconds"] == .number(latency))
      #expect(parsed["outside_training"]?.arrayValue?.map(\.stringValue) ?? [] == outside.map { names[$0] })
    }
  }
}
