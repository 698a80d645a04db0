// Which rule comes first, what time closes, and what a missing quote does not.

import Testing
import Trading

private func price(_ dollars: Double) -> Int { Int((dollars * 10_000).rounded()) }

private func opened(_ entry: Double, _ quantity: Int = 4, days: Int = 0, underlying: Double = 0) throws -> ExitState {
  try ExitState(
    entry: price(entry), quantity: quantity, underlying: price(underlying), favourableDirection: 1, daysToExpiry: days)
}

private func at(_ dollars: Double, days: Int = 0, minutes: Int = 200, underlying: Double = 0) -> ExitMoment {
  ExitMoment(value: price(dollars), underlying: price(underlying), daysToExpiry: days, minutesToLastClose: minutes)
}

/// Everything at once: each rule gives way to the one before it.
@Test func aHardStopComesFirstThenExpiryScaleOutTrailAndTarget() throws {
  let trail = TrailingStop(activation: 2000, lock: 9000)
  let parts = ExitPlan(
    kind: .scaleOutAndTrail, stopLoss: 2500, rungs: [ScaleOutRung(gain: 5000, part: 5000)], trail: trail)
  // Best 30, so the stop stands at 28: 16 meets the rung, the stop, and in the last minutes expiry.
  func ridden() throws -> ExitState {
    var state = try opened(10)
    state.cancelled(parts.decide(&state, at: at(11))?.quantity ?? 0)
    let noRungs = ExitPlan(kind: .scaleOutAndTrail, stopLoss: 2500, trail: trail)
    #expect(noRungs.decide(&state, at: at(30)) == nil && state.stop == price(28))
    return state
  }
  var state = try ridden()
  #expect(parts.decide(&state, at: at(7.5, minutes: 1))?.reason == .stopLoss)
  state = try ridden()
  #expect(parts.decide(&state, at: at(16, minutes: 15))?.reason == .expiry)
  state = try ridden()
  let scaled = parts.decide(&state, at: at(16))
  #expect(scaled?.reason == .scaleOut && scaled?.quantity == 2)
  // What the scale-out left is free for the trailing stop at the next asking, before the first order is filled.
  let rest = parts.decide(&state, at: at(16))
  #expect(rest?.reason == .trailingStop && rest?.quantity == 2)
  // A stop that trails comes before a target.
  var whole = ExitPlan.fullTarget
  whole.trail = trail
  state = try ridden()
  #expect(whole.decide(&state, at: at(16))?.reason == .trailingStop)
  state = try opened(10)
  #expect(whole.decide(&state, at: at(16))?.reason == .profitTarget)
}

/// A minute that saw both the stop and the target is taken for a stop.
@Test func aStopComesBeforeATargetInsideAMinute() throws {
  let plan = ExitPlan.fullTarget
  var state = try opened(10)
  let wide = ExitMoment(value: price(15), worst: price(7.5), best: price(16), daysToExpiry: 0)
  #expect(plan.decide(&state, at: wide)?.reason == .stopLoss)
  state = try opened(10)
  let touched = ExitMoment(value: price(14), worst: price(9), best: price(15), daysToExpiry: 0)
  #expect(plan.decide(&state, at: touched)?.reason == .profitTarget)
  // The stop of the minute before meets the worst price, even where the minute ends at a new best.
  let trail = ExitPlan(kind: .scaleOutAndTrail, stopLoss: 2500, trail: TrailingStop())
  state = try opened(10)
  #expect(trail.decide(&state, at: at(14)) == nil && state.stop == price(13))
  let swing = ExitMoment(value: price(15), worst: price(13), best: price(16), daysToExpiry: 0)
  #expect(trail.decide(&state, at: swing)?.reason == .trailingStop)
}

/// The underlying's target and the stop at once: the premium has fallen with its volatility.
@Test func aPremiumsStopComesBeforeItsUnderlyingsTarget() throws {
  var state = try opened(10, underlying: 600)
  #expect(ExitPlan.fullTarget.decide(&state, at: at(7, underlying: 630))?.reason == .stopLoss)
}

// MARK: - Time

@Test func nothingIsHeldThroughTheLastMinutes() throws {
  let plan = ExitPlan.fullTarget
  var state = try opened(10)
  #expect(plan.decide(&state, at: at(11, minutes: 16)) == nil)
  let decision = plan.decide(&state, at: at(11, minutes: 15))
  #expect(decision == ExitDecision(reason: .expiry, quantity: 4, level: price(11), value: price(11)))
  // Without a quote too: the order works until one stands.
  state = try opened(10)
  let blind = ExitMoment(value: ExitMoment.unquoted, daysToExpiry: 0, minutesToLastClose: 15)
  #expect(plan.decide(&state, at: blind)?.reason == .expiry)
}

/// Seven days before expiry a position that has gained less than 20 % is left, if it was opened with more than seven to live.
@Test func aTimeExitIsArmedByTheDaysAtEntry() throws {
  let plan = ExitPlan.fullTarget
  var monthly = try opened(10, days: 30)
  #expect(plan.decide(&monthly, at: at(11, days: 8, minutes: ExitMoment.laterSession)) == nil)
  #expect(plan.decide(&monthly, at: at(12, days: 7, minutes: ExitMoment.laterSession)) == nil)
  let late = ExitMoment(value: 119_999, daysToExpiry: 7)
  #expect(plan.decide(&monthly, at: late)?.reason == .timeDecay)
  for days in [0, 1, 7] {
    var short = try opened(10, days: days)
    #expect(plan.decide(&short, at: at(11, days: days)) == nil)
  }
  var week = try opened(10, days: 8)
  #expect(plan.decide(&week, at: at(11, days: 7, minutes: ExitMoment.laterSession))?.reason == .timeDecay)
}

@Test func aRollIsArmedByTheDaysAtEntryAndComesLast() throws {
  var plan = ExitPlan.fullTarget
  plan.roll = RollRule(mostDebit: price(1))
  var state = try opened(10, days: 45)
  #expect(plan.decide(&state, at: at(10, days: 22, minutes: ExitMoment.laterSession)) == nil)
  #expect(plan.decide(&state, at: at(9, days: 21, minutes: ExitMoment.laterSession)) == nil)
  let above = ExitMoment(value: 90_001, daysToExpiry: 21)
  #expect(plan.decide(&state, at: above)?.reason == .roll)
  // One that found no contract leaves everything as it was, and is asked again.
  state.cancelled(4)
  #expect(plan.decide(&state, at: above)?.reason == .roll)
  state = try opened(10, days: 21)
  #expect(plan.decide(&state, at: above) == nil)
  state = try opened(10, days: 45)
  #expect(plan.decide(&state, at: at(15, days: 21, minutes: ExitMoment.laterSession))?.reason == .profitTarget)
}

// MARK: - What is not there

@Test func withoutAQuoteNoPriceDecides() throws {
  for plan in [ExitPlan.fullTarget, .scaleOutAndTrail] {
    var state = try opened(10, days: 30)
    _ = plan.decide(&state, at: at(12))
    let before = state
    for _ in 0..<3 {
      let blind = ExitMoment(value: ExitMoment.unquoted, worst: 0, best: price(50), daysToExpiry: 3)
      #expect(plan.decide(&state, at: blind) == nil)
    }
    #expect(state == before)
  }
}

@Test func whatIsOrderedIsNotOrderedTwice() throws {
  let plan = ExitPlan.scaleOutAndTrail
  var state = try opened(10, 10)
  #expect(plan.decide(&state, at: at(15))?.quantity == 5)
  #expect(state.working == 5 && state.held == 10)
  // The stop closes what is free, and no more, while the first order works.
  #expect(plan.decide(&state, at: at(7))?.quantity == 5)
  #expect(state.working == 10 && plan.decide(&state, at: at(5)) == nil)
  state.filled(5)
  #expect(state.held == 5 && state.working == 5 && plan.decide(&state, at: at(5)) == nil)
  // A cancelled order is asked for again.
  state.cancelled(5)
  #expect(plan.decide(&state, at: at(5))?.quantity == 5)
  state.removed(2)
  #expect(state.held == 3 && state.working == 3)
  state.filled(9)
  #expect(state.held == 0 && state.working == 0 && plan.decide(&state, at: at(1)) == nil)
}

private let wrongPlans: [(ExitPlan, String)] = [
  (ExitPlan(kind: .fullTarget, stopLoss: 2500), "full_target needs a target"),
  (
    ExitPlan(kind: .fullTarget, stopLoss: 2500, target: 5000, rungs: [ScaleOutRung(gain: 1, part: 1)]),
    "full_target closes all at once and has no rungs"
  ),
  (
    ExitPlan(kind: .scaleOutAndTrail, stopLoss: 2500, target: 5000, trail: TrailingStop()),
    "scale_out_and_trail has no target, which would close all before its rungs"
  ),
  (ExitPlan(kind: .scaleOutAndTrail, stopLoss: 2500), "scale_out_and_trail needs rungs, a trailing stop or both"),
  (ExitPlan(kind: .fullTarget, stopLoss: 0, target: 5000), "an exit plan's stop_loss is 0 %; give 0.01 to 10000"),
  (
    ExitPlan(kind: .scaleOutAndTrail, stopLoss: 2500, trail: TrailingStop(activation: 0)),
    "an exit plan's activation is 0 %; give 0.01 to 10000"
  ),
  (
    ExitPlan(
      kind: .scaleOutAndTrail, stopLoss: 2500,
      rungs: [ScaleOutRung(gain: 7500, part: 1), ScaleOutRung(gain: 5000, part: 1)]), "the rungs' gains must rise"
  ),
  (
    ExitPlan(
      kind: .scaleOutAndTrail, stopLoss: 2500,
      rungs: [ScaleOutRung(gain: 1, part: 6000), ScaleOutRung(gain: 2, part: 6000)]),
    "the rungs' parts are more than the whole: at most 100 % together"
  ),
]

@Test(arguments: wrongPlans)
func aPlanThatContradictsItselfIsNamed(plan: ExitPlan, sentence: String) {
  #expect(plan.problem?.description == sentence)
}

@Test func plansThatCanBeFollowedHaveNoProblem() {
  #expect(ExitPlan.fullTarget.problem == nil && ExitPlan.scaleOutAndTrail.problem == nil)
}

@Test func aPositionWithoutAPriceOrAQuantityHasNoPlan() {
  #expect(throws: ExitPlanError.noEntryPrice) { try ExitState(entry: 0, quantity: 1, daysToExpiry: 0) }
  #expect(throws: ExitPlanError.quantity(0)) { try ExitState(entry: 1, quantity: 0, daysToExpiry: 0) }
  #expect(throws: ExitPlanError.quantity(1 << 40)) { try ExitState(entry: 1, quantity: 1 << 40, daysToExpiry: 0) }
  #expect(throws: ExitPlanError.self) { try ExitState(entry: .min, quantity: 1, daysToExpiry: 0) }
  #expect(throws: ExitPlanError.self) { try ExitState(entry: .max, quantity: 1, daysToExpiry: 0) }
  #expect(throws: ExitPlanError.self) { try ExitState(entry: 1, quantity: 1, daysToExpiry: -1) }
}
