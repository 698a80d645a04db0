// When a position is left: every boundary, to the ten-thousandth.

import Testing
import Trading

/// Ten-thousandths of a dollar.
private func price(_ dollars: Double) -> Int { Int((dollars * 10_000).rounded()) }

private func opened(
  _ entry: Double, _ quantity: Int, underlying: Double = 0, direction: Int = 0, days: Int = 0
) throws -> ExitState {
  try ExitState(
    entry: price(entry), quantity: quantity, underlying: price(underlying), favourableDirection: direction,
    daysToExpiry: days)
}

private func at(_ dollars: Double, underlying: Double = 0, days: Int = 0, minutes: Int = 200) -> ExitMoment {
  ExitMoment(
    value: price(dollars), underlying: price(underlying), daysToExpiry: days, minutesToLastClose: minutes)
}

@Test func aTargetIsMetAtItsBoundary() throws {
  let plan = ExitPlan.fullTarget
  var state = try opened(17.15, 6)
  #expect(plan.decide(&state, at: ExitMoment(value: 257_249, daysToExpiry: 0)) == nil)
  let decision = plan.decide(&state, at: at(25.725))
  #expect(decision == ExitDecision(reason: .profitTarget, quantity: 6, level: 257_250, value: 257_250))
}

@Test func aStopIsMetAtItsBoundary() throws {
  let plan = ExitPlan.fullTarget
  var state = try opened(10, 4)
  #expect(plan.decide(&state, at: ExitMoment(value: 75_001, daysToExpiry: 0)) == nil)
  let decision = plan.decide(&state, at: at(7.5))
  #expect(decision == ExitDecision(reason: .stopLoss, quantity: 4, level: 75_000, value: 75_000))
  // What is ordered closed is not ordered again.
  #expect(plan.decide(&state, at: at(7)) == nil)
}

/// 17.15 becomes 35: +104.08 %, not 103. The plan says whether that closes all of it or a part.
@Test func thePlanSaysWhatAGainCloses() throws {
  var whole = try opened(17.15, 6)
  #expect(whole.gainBasisPoints(at: price(35)) == 10_408)
  let target = ExitPlan.fullTarget.decide(&whole, at: at(35))
  #expect(target?.reason == .profitTarget && target?.quantity == 6)
  var parts = try opened(17.15, 6)
  let rungs = ExitPlan.scaleOutAndTrail.decide(&parts, at: at(35))
  #expect(rungs?.reason == .scaleOut && rungs?.quantity == 4)
}

@Test func theUnderlyingsMoveIsMetAtItsBoundary() throws {
  let plan = ExitPlan.fullTarget
  var call = try opened(10, 1, underlying: 600, direction: 1)
  #expect(plan.decide(&call, at: at(11, underlying: 617.9999)) == nil)
  #expect(plan.decide(&call, at: at(11, underlying: 582)) == nil)
  #expect(plan.decide(&call, at: at(11, underlying: 618))?.reason == .underlyingTarget)
  var put = try opened(10, 1, underlying: 600, direction: -1)
  #expect(plan.decide(&put, at: at(11, underlying: 582.0001)) == nil)
  #expect(plan.decide(&put, at: at(11, underlying: 618)) == nil)
  #expect(plan.decide(&put, at: at(11, underlying: 582))?.reason == .underlyingTarget)
  // It is a target: no fall of the underlying stops a call whose own price holds, and an unknown one closes nothing.
  var unknown = try opened(10, 1, underlying: 0, direction: 1)
  #expect(plan.decide(&unknown, at: at(11, underlying: 700)) == nil)
  var straddle = try opened(10, 1, underlying: 600)
  #expect(plan.decide(&straddle, at: at(11, underlying: 700)) == nil)
}

/// A short position's value is minus its ask: sold at 4, it is stopped at an ask of 5 and reaches +50 % at 2.
@Test func shortPositionsAreMirrored() throws {
  let plan = ExitPlan.fullTarget
  var state = try opened(-4, 3)
  #expect(plan.decide(&state, at: ExitMoment(value: -49_999, daysToExpiry: 0)) == nil)
  #expect(plan.decide(&state, at: ExitMoment(value: -20_001, daysToExpiry: 0)) == nil)
  var lost = state
  let stop = plan.decide(&lost, at: at(-5))
  #expect(stop == ExitDecision(reason: .stopLoss, quantity: 3, level: -50_000, value: -50_000))
  let target = plan.decide(&state, at: at(-2))
  #expect(target == ExitDecision(reason: .profitTarget, quantity: 3, level: -20_000, value: -20_000))
  // Trailing: sold at 10, cheapest at 4: of the gain of 6, 4.50 are kept, so it is bought back at an ask of 5.50.
  let trail = ExitPlan(kind: .scaleOutAndTrail, stopLoss: 2500, trail: TrailingStop())
  var short = try opened(-10, 2)
  #expect(trail.decide(&short, at: at(-4)) == nil)
  #expect(trail.decide(&short, at: ExitMoment(value: -54_999, daysToExpiry: 0)) == nil)
  let bought = trail.decide(&short, at: at(-5.5))
  #expect(bought == ExitDecision(reason: .trailingStop, quantity: 2, level: -55_000, value: -55_000))
}

// MARK: - Trailing

private let trailing = ExitPlan(kind: .scaleOutAndTrail, stopLoss: 2500, trail: TrailingStop())

/// Entry 17.15, best 40: the stop is 34.2875, which 35 does not meet and 34.25 does; 17.10 are gained, 99.7 %.
@Test func aTrailingStopFollowsTheBestPrice() throws {
  var state = try opened(17.15, 6)
  #expect(trailing.decide(&state, at: at(40)) == nil)
  #expect(state.peak == price(40) && state.stop == 342_875)
  #expect(trailing.decide(&state, at: at(35)) == nil)
  #expect(trailing.decide(&state, at: ExitMoment(value: 342_876, daysToExpiry: 0)) == nil)
  #expect(state.peak == price(40) && state.stop == 342_875)
  let decision = trailing.decide(&state, at: at(34.25))
  #expect(decision == ExitDecision(reason: .trailingStop, quantity: 6, level: 342_875, value: 342_500))
  #expect(price(34.25) - state.entry == price(17.10) && state.gainBasisPoints(at: price(34.25)) == 9971)
  // At the stop itself: 17.1375 gained, 99.93 %.
  #expect(state.stop - state.entry == 171_375 && state.gainBasisPoints(at: state.stop) == 9993)
}

/// Entry 10, best 25: the stop is 21.25. It is a trigger: at 20 the position is sold at what is bid, 20, and not at 21.25.
@Test func aTrailingStopIsATriggerAndNoPrice() throws {
  var state = try opened(10, 10)
  #expect(trailing.decide(&state, at: at(25)) == nil)
  let decision = trailing.decide(&state, at: at(20))
  #expect(decision == ExitDecision(reason: .trailingStop, quantity: 10, level: 212_500, value: 200_000))
  #expect(state.gainBasisPoints(at: price(20)) == 10_000)
}

@Test func aTrailingStopStandsFromItsActivationOn() throws {
  var state = try opened(10, 1)
  // With its best at the entry it would fire on the first tick below.
  #expect(trailing.decide(&state, at: at(9.99)) == nil && state.stop == ExitState.noStop)
  #expect(trailing.decide(&state, at: ExitMoment(value: 119_999, daysToExpiry: 0)) == nil)
  #expect(state.stop == ExitState.noStop)
  #expect(trailing.decide(&state, at: at(11)) == nil)
  #expect(trailing.decide(&state, at: at(12)) == nil && state.stop == price(11.5))
  // It never goes back.
  #expect(trailing.decide(&state, at: at(11.6)) == nil && state.stop == price(11.5))
  #expect(trailing.decide(&state, at: at(11.5))?.reason == .trailingStop)
}

/// A stop between two whole prices is met by the same prices as the exact one.
@Test func aStopBetweenTwoPricesIsMetExactly() throws {
  for (entry, best, lock) in [(171_500, 400_003, 7500), (99_999, 133_333, 3333), (-50_001, -7, 6667), (3, 11, 5000)] {
    let plan = ExitPlan(kind: .scaleOutAndTrail, stopLoss: 2500, trail: TrailingStop(activation: 1, lock: lock))
    for value in best - abs(best - entry)...best {
      var state = try ExitState(entry: entry, quantity: 1, daysToExpiry: 0)
      _ = plan.decide(&state, at: ExitMoment(value: best, daysToExpiry: 0))
      guard state.free == 1 else { break }
      let isMet = value * 10_000 <= best * 10_000 - (10_000 - lock) * (best - entry)
      let decision = plan.decide(&state, at: ExitMoment(value: value, daysToExpiry: 0))
      #expect((decision?.reason == .trailingStop) == (isMet && !state.lost(2500, value)), "\(entry) \(best) \(value)")
    }
  }
}

extension ExitState {
  fileprivate func lost(_ basisPoints: Int, _ value: Int) -> Bool {
    (entry - value) * 10_000 >= basisPoints * abs(entry)
  }
}

// MARK: - Scale-out

private let scaleOuts: [(Int, [Int])] = [
  (6, [3, 1, 2]), (10, [5, 2, 3]), (3, [1, 1, 1]), (2, [1, 0, 1]), (1, [0, 0, 1]), (4, [2, 1, 1]), (100, [50, 25, 25]),
]

@Test(arguments: scaleOuts)
func wholeContractsAreScaledOut(quantity: Int, expected: [Int]) throws {
  let plan = ExitPlan(
    kind: .scaleOutAndTrail, stopLoss: 2500,
    rungs: [ScaleOutRung(gain: 5000, part: 5000), ScaleOutRung(gain: 7500, part: 2500)])
  var state = try opened(17.15, quantity)
  var sold: [Int] = []
  // Each rung is visited a hundred times, and fires once: it is remembered, never inferred from what is left.
  for value in [25.725, 30.0125] {
    var here = 0
    for _ in 0..<100 {
      guard let decision = plan.decide(&state, at: at(value)) else { continue }
      #expect(decision.reason == .scaleOut)
      here += decision.quantity
      state.filled(decision.quantity)
    }
    sold.append(here)
  }
  #expect(sold + [state.held] == expected)
  #expect(state.latched == 3 && state.working == 0)
}

/// 75 % above 17.15 is 30.0125: at 30, +74.93 %, the second rung does not fire.
@Test func theSecondRungFiresAtItsBoundary() throws {
  let plan = ExitPlan.scaleOutAndTrail
  var state = try opened(17.15, 6)
  #expect(plan.decide(&state, at: at(25.725))?.quantity == 3)
  #expect(state.gainBasisPoints(at: price(30)) == 7493)
  #expect(plan.decide(&state, at: at(30)) == nil)
  #expect(plan.decide(&state, at: ExitMoment(value: 300_124, daysToExpiry: 0)) == nil)
  #expect(plan.decide(&state, at: ExitMoment(value: 300_125, daysToExpiry: 0))?.quantity == 1)
}

/// Ten at 15, then 24, +60 %: five are sold and five kept.
@Test func halfIsSoldAtTheFirstRung() throws {
  let plan = ExitPlan.scaleOutAndTrail
  var state = try opened(15, 10)
  let decision = plan.decide(&state, at: at(24))
  #expect(decision == ExitDecision(reason: .scaleOut, quantity: 5, level: price(22.5), value: price(24)))
  state.filled(5)
  #expect(state.held == 5 && plan.decide(&state, at: at(24)) == nil)
}

@Test func twoRungsInOneMinuteAreOneOrder() throws {
  let plan = ExitPlan.scaleOutAndTrail
  for (quantity, sold) in [(6, 4), (10, 7), (3, 2), (2, 1)] {
    var state = try opened(17.15, quantity)
    let decision = plan.decide(&state, at: at(31))
    #expect(decision == ExitDecision(reason: .scaleOut, quantity: sold, level: 300_125, value: price(31)))
    #expect(plan.decide(&state, at: at(31)) == nil)
  }
  // Of one contract nothing is sold, for ever, and both rungs have fired.
  var one = try opened(17.15, 1)
  for _ in 0..<10 { #expect(plan.decide(&one, at: at(31)) == nil) }
  #expect(one.latched == 3 && one.held == 1)
}

/// Six at 17.15 on their way: three at +50 %, one at +75 %, two behind the stop.
@Test func whatIsLeftRidesBehindTheStop() throws {
  let plan = ExitPlan.scaleOutAndTrail
  var state = try opened(17.15, 6)
  var orders: [ExitDecision] = []
  for value in [17.15, 20, 25.75, 30, 31, 40, 35, 34.25, 30] {
    guard let decision = plan.decide(&state, at: at(value)) else { continue }
    orders.append(decision)
    state.filled(decision.quantity)
  }
  #expect(orders.map(\.reason) == [.scaleOut, .scaleOut, .trailingStop])
  #expect(orders.map(\.quantity) == [3, 1, 2])
  #expect(orders.map(\.value) == [price(25.75), price(31), price(34.25)])
  #expect(state.held == 0)
}
