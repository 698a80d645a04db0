// One continuous episode: memory carried, requests counted, text that reads back to the bit.

import AgentInterface
import Environments
import Inference
import Kernels
import Market
import Testing
import Text
import Trading

@testable import Evaluation

@Suite struct BacktestTests {
  let tape = ToyTape.make([
    ToyTape.walk(days: 80, drift: 0, deviation: 0.02, seed: 1),
    ToyTape.walk(days: 80, drift: 0, deviation: 0.02, seed: 2),
  ])

  @Test(arguments: [PolicyDecider.Mode.greedy, .stochastic(seed: 11)])
  func memoryIsCarriedThroughTheWholeWalk(mode: PolicyDecider.Mode) throws {
    let environment = ToyTradingEnvironment(tape: tape)
    let policy = ToyPolicy.recurrent(inputs: 4, actions: 9, seed: 3)
    let record = try Backtest.run(environment, decider: PolicyDecider(policy, mode: mode), seed: 1)
    #expect(record.count == 78)

    // The same observations and masks, decided one by one with one start.
    func replay(restartAlways: Bool) throws -> (actions: [Int], confidences: [Double]) {
      var session = policy.makeSession()
      var randomness = DecisionRandomness(seed: 11)
      var actions: [Int] = []
      var confidences: [Double] = []
      for decision in 0..<record.count {
        let observation = Array(record.observations[(4 * decision)..<(4 * decision + 4)])
        let rule: ActionSelection.Rule = mode == .greedy ? .greedy : .sample(uniform: randomness.next())
        let made = try session.decide(
          observation, mask: record.masks[decision], startsEpisode: restartAlways || decision == 0, rule: rule)
        actions.append(Int(made.action))
        confidences.append(Double(made.confidence))
      }
      return (actions, confidences)
    }
    let carried = try replay(restartAlways: false)
    #expect(carried.actions == record.actions.map { Int($0) })
    #expect(carried.confidences == record.confidences)
    #expect(try replay(restartAlways: true).confidences != record.confidences)
    #expect(Set(record.actions).count > 2)
    #expect(record.illegalAttempts == 0)
  }

  @Test func sameSeedSameRecord() throws {
    let policy = ToyPolicy.recurrent(inputs: 4, actions: 9, seed: 3)
    func run(_ seed: UInt64) throws -> BacktestRecord {
      let environment = ToyTradingEnvironment(tape: tape)
      return try Backtest.run(environment, decider: PolicyDecider(policy, mode: .stochastic(seed: seed)), seed: 1)
    }
    let one = try run(5)
    let two = try run(5)
    #expect(one.actions == two.actions && one.accounts == two.accounts && one.fills == two.fills)
    #expect(one.observations == two.observations && one.confidences == two.confidences)
    #expect(try run(6).actions != one.actions)
  }

  /// A policy without masks that always sells both: nothing is ever held, so every request is illegal and becomes hold.
  @Test func illegalRequestsAreCounted() throws {
    let environment = ToyTradingEnvironment(tape: tape)
    let policy = ToyPolicy.linear(
      weights: (0..<9).map { _ in [0, 0, 0, 0] }, biases: [1, 0, 0, 0, 0, 0, 0, 0, 0], requiresMask: false)
    let record = try Backtest.run(environment, decider: PolicyDecider(policy, mode: .greedy), seed: 1)
    #expect(record.illegalAttempts == 78 && record.fills.isEmpty)
    #expect(record.actions.allSatisfy { $0 == 0 })
    // With the mask the same policy chooses among what is legal, and is never wrong.
    let masked = ToyPolicy.linear(
      weights: (0..<9).map { _ in [0, 0, 0, 0] }, biases: [1, 0, 0, 0, 0, 0, 0, 0, 0], requiresMask: true)
    #expect(try Backtest.run(environment, decider: PolicyDecider(masked, mode: .greedy), seed: 1).illegalAttempts == 0)
  }

  @Test func aLostAccountEndsTheWalk() throws {
    let environment = ToyTradingEnvironment(
      tape: ToyTape.make([[10, 10, 10, 4, 1, 1, 1, 1]]), commissionDollars: 1, initialDollars: 8)
    let record = try Backtest.run(environment, decider: BaselineDecider(.buyAndHold, for: environment), seed: 1)
    // 8 - 10 - 1 + 10 = 7, then the share falls to 4 and to 1: 1, then -2.
    #expect(record.closes == [7, 1, -2])
    #expect(record.endedByTermination)
    let metrics = record.metrics(seed: 1)
    #expect(metrics.totalReturn == -1.25 && metrics.annualReturn == nil && metrics.calmar == nil)
  }

  @Test func observationLinesReadBackToTheBit() throws {
    let environment = ToyTradingEnvironment(tape: tape)
    let policy = ToyPolicy.recurrent(inputs: 4, actions: 9, seed: 3)
    let record = try Backtest.run(environment, decider: PolicyDecider(policy, mode: .greedy), seed: 1)
    let text = try ObservationLines.text(record, actionCount: 9)
    let lines = text.split(separator: "\n")
    #expect(lines.count == record.count && text.hasSuffix("\n"))
    var session = policy.makeSession()
    for (decision, line) in lines.enumerated() {
      let value = try JSON.parse(String(line))
      let observation = try #require(value["observation"]).numbers.map { Float($0) }
      let expected = record.observations[(4 * decision)..<(4 * decision + 4)]
      #expect(observation.map(\.bitPattern) == expected.map(\.bitPattern))
      let flags = try #require(value["mask"]).numbers
      #expect(flags.count == 9)
      let mask = ActionMask(flags.map { $0 == 1 })
      #expect(mask == record.masks[decision])
      let starts = try #require(value["episode_start"]?.boolValue)
      #expect(starts == (decision == 0))
      #expect(try session.decide(observation, mask: mask, startsEpisode: starts).action == record.actions[decision])
    }
  }

  /// Every finite single, in a random sample over all exponents, survives a reader of doubles and a reader of singles.
  @Test func decimalsRoundTrip() throws {
    var stream = RandomStream(seed: 8, purpose: .market)
    var tried = 0
    while tried < 20_000 {
      let value = Float(bitPattern: UInt32(truncatingIfNeeded: stream.next()))
      guard value.isFinite else { continue }
      tried += 1
      let text = ObservationLines.decimal(value)
      let asDouble = try #require(try JSON.parse(text).doubleValue)
      guard Float(asDouble).bitPattern == value.bitPattern, Float(text)?.bitPattern == value.bitPattern else {
        Issue.record("\(value.bitPattern) became \(text)")
        return
      }
    }
    #expect(ObservationLines.decimal(-0.0) == "-0.0")
  }

  @Test func aNumberThatJSONCannotHoldIsRefused() throws {
    let environment = ToyTradingEnvironment(tape: tape)
    var record = try Backtest.run(environment, decider: BaselineDecider(.flat, for: environment), seed: 1)
    record.observations[6] = .nan
    #expect {
      try ObservationLines.text(record, actionCount: 9)
    } throws: { error in
      guard case .notFinite(let decision, let column, _)? = error as? ObservationLinesError else { return false }
      return decision == 1 && column == 2
    }
  }
}
