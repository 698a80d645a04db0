// Many lanes do what one does, to the bit.

import Testing
import Trading

/// A small generator, so that every run sees the same lanes.
private struct Numbers: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return (state ^ (state >> 29)) &* 0xBF58_476D_1CE4_E5B9
  }
}

private let plans: [ExitPlan] = {
  var rolling = ExitPlan.fullTarget
  rolling.trail = TrailingStop(activation: 1000, lock: 6667)
  rolling.roll = RollRule(mostDebit: 100)
  var steps = ExitPlan.scaleOutAndTrail
  steps.rungs = (1...8).map { ScaleOutRung(gain: 700 * $0, part: 1200) }
  return [.fullTarget, .scaleOutAndTrail, rolling, steps]
}()

/// What may happen to a lane in a minute, beside a question.
private func disturb(_ state: inout ExitState, _ decision: ExitDecision?, _ numbers: inout Numbers) {
  switch Int.random(in: 0..<8, using: &numbers) {
  case 0...3: state.filled(decision?.quantity ?? 0)
  case 4: state.cancelled(decision?.quantity ?? 0)
  case 5: state.filled((decision?.quantity ?? 0) / 2)
  case 6: state.removed(1)
  default: break
  }
}

@Test(arguments: 0..<4)
func manyLanesDoWhatOneDoes(number: Int) throws {
  let plan = plans[number]
  let laneCount = 257
  var numbers = Numbers(state: 20_261_202 + UInt64(number))
  let memory = UnsafeMutablePointer<Int>.allocate(capacity: ExitLanes.size(laneCount: laneCount))
  let decisions = UnsafeMutablePointer<ExitDecision?>.allocate(capacity: laneCount)
  decisions.initialize(repeating: nil, count: laneCount)
  defer {
    memory.deallocate()
    decisions.deallocate()
  }
  let lanes = ExitLanes(memory: memory, laneCount: laneCount)
  var singles = (0..<laneCount).map { _ in ExitState() }
  var values = Array(repeating: 0, count: laneCount)
  var reasons: Set<ExitReason> = []
  for minute in 0..<390 {
    var moments: [ExitMoment] = []
    for lane in 0..<laneCount {
      if singles[lane].held == 0, Int.random(in: 0..<4, using: &numbers) == 0 {
        let entry = Int.random(in: 1...400, using: &numbers) * 100 * (Bool.random(using: &numbers) ? 1 : -1)
        singles[lane] = try ExitState(
          entry: entry, quantity: Int.random(in: 1...12, using: &numbers), underlying: 6_000_000,
          favourableDirection: Int.random(in: -1...1, using: &numbers),
          daysToExpiry: Int.random(in: 0...40, using: &numbers))
        lanes[lane] = singles[lane]
        values[lane] = entry
      }
      let step = max(1, abs(singles[lane].entry) / 12)
      values[lane] += Int.random(in: -step...step, using: &numbers)
      let isQuoted = Int.random(in: 0..<10, using: &numbers) > 0
      moments.append(
        ExitMoment(
          value: isQuoted ? values[lane] : ExitMoment.unquoted,
          worst: values[lane] - Int.random(in: 0...step, using: &numbers),
          best: values[lane] + Int.random(in: 0...step, using: &numbers),
          underlying: 6_000_000 + Int.random(in: -200_000...200_000, using: &numbers),
          daysToExpiry: Int.random(in: 0...30, using: &numbers),
          minutesToLastClose: lane % 3 == 0 ? 390 - minute : ExitMoment.laterSession))
    }
    let count = lanes.decide(plan, at: moments, into: decisions)
    var wanted = 0
    for lane in 0..<laneCount {
      let decision = plan.decide(&singles[lane], at: moments[lane])
      guard decision == decisions[lane], singles[lane] == lanes[lane] else {
        Issue.record(
          "lane \(lane) in minute \(minute): \(String(describing: decisions[lane])) for \(String(describing: decision))"
        )
        return
      }
      if let decision {
        wanted += 1
        reasons.insert(decision.reason)
        // Never more than is held, and never twice.
        #expect(decision.quantity > 0 && singles[lane].working <= singles[lane].held)
      }
      disturb(&singles[lane], decision, &numbers)
      lanes[lane] = singles[lane]
    }
    #expect(count == wanted)
  }
  // All that a plan can say was said.
  var possible: Set<ExitReason> = [.stopLoss, .expiry, .timeDecay]
  if !plan.rungs.isEmpty { possible.insert(.scaleOut) }
  if plan.trail != nil { possible.insert(.trailingStop) }
  if plan.target != nil { possible.formUnion([.profitTarget, .underlyingTarget]) }
  if plan.roll != nil { possible.insert(.roll) }
  #expect(reasons == possible)
}

@Test func aLaneWithoutAPositionIsAskedNothing() {
  let memory = UnsafeMutablePointer<Int>.allocate(capacity: ExitLanes.size(laneCount: 1))
  defer { memory.deallocate() }
  let lanes = ExitLanes(memory: memory, laneCount: 1)
  var decision: ExitDecision? = ExitDecision(reason: .roll, quantity: 1, level: 0, value: 0)
  let count = lanes.decide(
    .fullTarget, at: [ExitMoment(value: 0, daysToExpiry: 0, minutesToLastClose: 0)], into: &decision)
  #expect(count == 0 && decision == nil && lanes.held(0) == 0 && lanes[0] == ExitState())
}
