// A random account in a random session: orders, fills, quotes, halts and restarts, and what must hold of them, counted by another road than the gate's.

import Kernels
import Market
import Pricing
import Text
import Trading

/// Whole numbers and shares from a stream.
struct RiskRandom {
  private var stream: RandomStream

  init(seed: UInt64) { stream = RandomStream(seed: seed, purpose: .mutation) }

  mutating func below(_ count: Int) -> Int { min(Int(stream.nextDouble() * Double(count)), count - 1) }
  mutating func share() -> Double { stream.nextDouble() }
  mutating func happens(_ share: Double) -> Bool { stream.nextDouble() < share }
}

/// What sequences showed, and the first things that were not as they must be.
struct RiskTally {
  var orders = 0
  var passed = 0
  var reduced = 0
  var refused = 0
  var fills = 0
  var shrunk = 0
  var exits = 0
  var drifts: Int64 = 0
  var halts = 0
  var kills = 0
  var restarts = 0
  var wrong = 0
  /// The first five of them, with the sequence and the minute.
  var first: [String] = []
  /// The first sequence that showed any.
  var firstSeed: UInt64?
  /// Which one is played.
  var seed: UInt64 = 0
  var minute = 0

  mutating func check(_ holds: Bool, _ what: @autoclosure () -> String) {
    guard !holds else { return }
    wrong += 1
    firstSeed = firstSeed ?? seed
    if first.count < 5 { first.append("sequence \(seed), minute \(minute): \(what())") }
  }
}

/// A gate that breaks one of its promises, so that it is known that somebody would notice.
enum RiskMistake: CaseIterable {
  case forgetsLatch, opensWhileHalted, fillsTooMuch, masksOfBefore

  /// What is said of it.
  var words: String {
    switch self {
    case .forgetsLatch: "the latch did not survive"
    case .opensWhileHalted: "let through while "
    case .fillsTooMuch: " of "
    case .masksOfBefore: "the mask says "
    }
  }
}

/// What happened in a sequence, so that somebody can read how it came to what is wrong.
final class RiskStory {
  var lines: [String] = []
}

/// One random account in one random session, the same for the same seed. What it checks it counts itself, by another road than the gate's.
struct RiskSequence {
  let seed: UInt64
  let mistake: RiskMistake?
  let story: RiskStory?
  var random: RiskRandom
  var profile = RiskProfile()
  let desk: RiskDesk
  var spot = 600.0
  var volatility = 0.15
  var minute = 0
  var inFlight: [Order] = []
  let session = CalendarDate("2025-03-03")!
  /// Whether the switch was ever seen latched: nothing but a hand may open it.
  var wasKilled = false

  init(
    seed: UInt64, lane: (number: Int, of: RiskMemory)? = nil, mistake: RiskMistake? = nil, story: RiskStory? = nil
  ) {
    (self.seed, self.mistake, self.story) = (seed, mistake, story)
    random = RiskRandom(seed: seed)
    profile.limits.basis = random.happens(0.5) ? .dollars : .onePercentMove
    profile.limits.decayDollars = [50, 100, 1_000, 1e9][random.below(4)]
    profile.limits.shockFraction = [0.05, 0.20, 1][random.below(3)]
    if random.happens(0.3) { profile.limits.notionalDollars = 5_000 }
    if random.happens(0.5) { profile.soldDelta = nil }
    if random.happens(0.6) {
      profile.sessionTiers = DrawdownTiers(warn: 0.02, reduce: 0.03, halt: 0.4)
      profile.killFraction = random.happens(0.5) ? 0.4 : 0.03
      profile.sessionTiers.halt = profile.killFraction
    }
    if random.happens(0.2) { profile.dailyLossDollars = 500 }
    profile.jumpFraction = 0.01
    let dollars = [5_000, 20_000, 100_000, 2_000_000][random.below(4)]
    desk = RiskDesk(profile, dollars: dollars, [], minute: 0, lane: lane)
    quote()
    desk.mark(minute: 0)
  }

  /// Shares, and calls and puts of two expiries at strikes around the price.
  mutating func quote() {
    var risks = [ContractRisk(ofShareAt: spot, bid: spot - 0.01, ask: spot + 0.01, underlying: 0)]
    let left = Double(389 - minute)
    for days in [0.0, 5] {
      for strike in [594.0, 600, 606] {
        for side in OptionSide.allCases {
          var risk = RiskScene.option(
            side, strike: strike, spot: spot, minutes: left, volatility: volatility, days: days,
            halfSpread: 0.01 + 0.05 * random.share())
          if random.happens(0.02) { risk.isKnown = false }
          risks.append(risk)
        }
      }
    }
    desk.risks = risks
  }

  private func tell(_ words: @autoclosure () -> String) { story?.lines.append("minute \(minute): \(words())") }

  mutating func play(steps: Int, into tally: inout RiskTally) {
    for _ in 0..<steps where minute < 388 {
      minute = min(minute + 1 + random.below(12), 388)
      (tally.seed, tally.minute) = (seed, minute)
      spot *= 1 + 0.003 * (random.share() - 0.5) * (random.happens(0.05) ? 10 : 1)
      volatility = min(max(volatility + 0.02 * (random.share() - 0.5), 0.05), 0.8)
      quote()
      let health = MarketHealth(
        oldestQuoteMinutes: random.happens(0.03) ? 4 : 0, largestMove: random.happens(0.02) ? 0.02 : 0,
        volatilityRank: random.happens(0.2) ? nil : random.share())
      let actions = desk.mark(minute: minute, health)
      tell(
        "price \(spot), volatility \(volatility), \(health), value \(desk.netLiquidation), \(desk.state.desk.name)"
          + (desk.state.isKilled ? ", killed" : ""))
      if desk.state.desk == .halted {
        tally.halts += 1
        tally.check(actions.contains(.cancelOrders), "a halt without cancelling")
      }
      wasKilled = wasKilled || desk.state.isKilled
      tally.check(desk.state.isKilled == wasKilled, "the latch was lost")
      fillSome(into: &tally)
      if actions.contains(.closeAll) || actions.contains(.closeExpiring) || random.happens(0.03) { exit(into: &tally) }
      if random.happens(0.02) { desk.gate.noteReject(on: desk.account, minute: minute) }
      if random.happens(0.02) { restart(into: &tally) }
      for _ in 0..<random.below(4) { ask(into: &tally) }
    }
    tally.drifts += desk.state.counters.drift.wrappedSum()
    tally.kills += wasKilled ? 1 : 0
    tally.check(
      desk.state.counters.violations == SIMD8(repeating: 0), "counted violations \(desk.state.counters.lines)")
  }

  private mutating func ask(into tally: inout RiskTally) {
    let count = random.happens(0.5) ? 1 : 1 + random.below(4)
    var contracts = Array(desk.risks.indices)
    var legs: [(Int, Int)] = []
    for _ in 0..<count {
      let contract = contracts.remove(at: random.below(contracts.count))
      let ratio = (1 + random.below(2)) * (contract == 0 && random.happens(0.5) ? 50 : 1)
      legs.append((contract, random.happens(0.5) ? ratio : -ratio))
    }
    // Often what gives something back.
    if random.happens(0.3), let held = desk.risks.indices.first(where: { desk.quantity($0) != 0 }) {
      legs = [(held, desk.quantity(held) > 0 ? -1 : 1)]
    }
    let order = desk.order(
      legs, 1 + random.below(random.happens(0.2) ? 500 : 8), random.happens(0.2) ? .closes : .opens)
    let (mask, verdict) = ask(order)
    tell("\(order.effect) \(order.quantity) of \(legs): \(verdict.sentence)")
    tally.orders += 1
    tally.check(mask == verdict, "the mask says \(mask.sentence), the verdict \(verdict.sentence)")
    switch verdict.outcome {
    case .pass: tally.passed += 1
    case .reduced: tally.reduced += 1
    case .refused: tally.refused += 1
    }
    guard verdict.isAllowed else {
      tally.check(verdict.reason != nil, "refused without a reason")
      return
    }
    // Nothing that was let through in a halt, or while reducing, opens anything.
    if desk.state.desk != .active { checkGivesBack(order.legs, verdict.quantity, "let through", &tally) }
    if random.happens(0.1) { desk.cancel(order) } else { inFlight.append(order) }
  }

  /// What the mask says and what the order is told.
  private mutating func ask(_ order: Order) -> (mask: Verdict, verdict: Verdict) {
    let state = desk.account.state
    let before = state.pointee
    if mistake == .opensWhileHalted {
      (state.pointee.isKilled, state.pointee.isLossReached, state.pointee.isRejectStorm) = (false, false, false)
      (state.pointee.isStale, state.pointee.tier, state.pointee.pausedUntil) = (false, .none, -1)
    }
    let mask = desk.judge(order)
    if mistake == .masksOfBefore {
      volatility = min(volatility + 0.05, 0.8)
      quote()
      desk.mark(minute: minute)
    }
    let verdict = desk.evaluate(order)
    if mistake == .opensWhileHalted {
      (state.pointee.isKilled, state.pointee.isLossReached) = (before.isKilled, before.isLossReached)
      (state.pointee.isRejectStorm, state.pointee.isStale) = (before.isRejectStorm, before.isStale)
      (state.pointee.tier, state.pointee.pausedUntil) = (before.tier, before.pausedUntil)
    }
    return (mask, verdict)
  }

  private func checkGivesBack(
    _ legs: UpToFour<OrderLeg>, _ quantity: Int, _ what: String, _ tally: inout RiskTally
  ) {
    for index in legs.indices {
      let held = desk.quantity(Int(legs[index].contract))
      let change = Int(legs[index].ratio) * quantity
      tally.check(
        abs(held + change) <= abs(held) && (held == 0 || (held + change) * held >= 0),
        "\(what) while \(desk.state.desk.name): \(held) and \(change)")
    }
  }

  private mutating func fillSome(into tally: inout RiskTally) {
    var kept: [Order] = []
    for order in inFlight {
      guard let place = desk.account.place(of: order.id) else { continue }
      let left = desk.account.orders[place].quantity
      if random.happens(0.2) {
        kept.append(order)
        continue
      }
      let offered = random.happens(0.3) ? 1 + random.below(left) : left
      let halted = desk.state.desk
      let before = exposures()
      let (verdict, over) = desk.fill(order, offered: offered, fee: RiskDesk.feeMicroDollars)
      tell("\(offered) of \(order.legs) are offered: \(verdict.sentence)")
      if mistake == .fillsTooMuch, verdict.isAllowed { desk.hold(1, 60) }
      tally.shrunk += offered - verdict.quantity
      tally.check(over.isEmpty, "the gate says that it is over \(over)")
      if verdict.isAllowed {
        tally.fills += 1
        check(before, exposures(), order, verdict, &tally)
        if halted != .active {
          for (contract, held) in before.held.enumerated() {
            let now = desk.quantity(contract)
            tally.check(abs(now) <= abs(held) && now * held >= 0, "filled while \(halted.name): \(held) to \(now)")
          }
        }
      }
      // What is left of it is cancelled, or works on.
      if random.happens(0.5) { desk.cancel(order) } else { kept.append(order) }
    }
    inFlight = kept.filter { desk.account.place(of: $0.id) != nil }
  }

  /// The four totals from the book alone, and what is held.
  private func exposures() -> (greeks: [Double], held: [Int], value: Double) {
    var greeks = [0.0, 0, 0, 0]
    for (contract, risk) in desk.risks.enumerated() {
      let quantity = Double(desk.quantity(contract))
      guard quantity != 0 else { continue }
      if let terms = risk.terms, let value = try? BlackScholes.scalarValue(terms) {
        var atClose = terms
        atClose.years = risk.yearsAtClose
        let then = (try? BlackScholes.scalarValue(atClose).price) ?? .nan
        let percent = profile.limits.basis == .dollars
        greeks[0] += quantity * 100 * value.delta * spot * (percent ? 1 : 0.01)
        greeks[1] += quantity * 100 * value.gamma * (percent ? spot * spot / 100 : 0.5 * 0.0001 * spot * spot)
        greeks[2] += quantity * 100 * (value.price - then)
        greeks[3] += quantity * value.vega
      } else {
        greeks[0] += quantity * spot * (profile.limits.basis == .dollars ? 1 : 0.01)
      }
    }
    return (greeks, desk.risks.indices.map { desk.quantity($0) }, Double(desk.netLiquidation) * 1e-6)
  }

  private func cells(_ held: [Int]) -> [Double] {
    ShockGrid.cells(of: held.indices.filter { held[$0] != 0 }.map { (risk: desk.risks[$0], quantity: held[$0]) })
  }

  /// No state over a limit behind a fill that increased that exposure.
  private func check(
    _ before: (greeks: [Double], held: [Int], value: Double),
    _ after: (greeks: [Double], held: [Int], value: Double), _ order: Order, _ verdict: Verdict,
    _ tally: inout RiskTally
  ) {
    let limits = profile.limits
    let value = max(after.value, 0)
    let most = [
      limits.deltaFraction * value, limits.gammaFraction * value, limits.decayDollars, limits.vegaFraction * value,
    ]
    for place in 0..<4 {
      // Of decay only what is lost counts.
      let (was, now) =
        place == 2
        ? (max(before.greeks[2], 0), max(after.greeks[2], 0)) : (abs(before.greeks[place]), abs(after.greeks[place]))
      let rounding = 1e-9 * (most[place] + now) + 1e-7
      tally.check(
        now <= most[place] + rounding || now <= was + rounding,
        "limit \(place) of \(most[place]): \(was) to \(now) by \(verdict.quantity) of \(order.legs)")
    }
    // Where all that the account can lose fits, cells are not asked.
    let legs = desk.risks.indices.compactMap { contract -> LargestLoss.Leg? in
      let quantity = desk.quantity(contract)
      let risk = desk.risks[contract]
      guard quantity != 0 else { return nil }
      return LargestLoss.Leg(
        underlying: 0, expiry: risk.expiry, side: risk.terms?.side.rawValue ?? 0, strike: risk.terms?.strike ?? 0,
        units: Double(quantity * risk.multiplier), price: risk.middle)
    }
    let shock = limits.shockFraction * value
    if LargestLoss.dollars(legs) <= shock { return }
    let (cellsBefore, cellsAfter) = (cells(before.held), cells(after.held))
    for cell in 0..<ShockGrid.count {
      let (was, now) = (-cellsBefore[cell], -cellsAfter[cell])
      let rounding = 1e-9 * (shock + abs(now)) + 1e-5
      tally.check(now <= shock + rounding || now <= was + rounding, "cell \(cell) of \(shock): \(was) to \(now)")
    }
  }

  /// Gives back everything that is held, as a stop or a halt does: no limit holds it.
  private mutating func exit(into tally: inout RiskTally) {
    tell("everything is given back")
    for order in inFlight { desk.cancel(order) }
    inFlight = []
    for contract in desk.risks.indices where desk.quantity(contract) != 0 {
      let held = desk.quantity(contract)
      let order = desk.order([(contract, held > 0 ? -1 : 1)], abs(held), .closes)
      let verdict = desk.evaluate(order, as: .exit)
      tally.check(verdict.outcome == .pass, "an exit is \(verdict.sentence)")
      desk.fill(order, offered: abs(held))
      tally.exits += 1
      tally.check(desk.quantity(contract) == 0, "an exit left \(desk.quantity(contract))")
    }
  }

  /// The process ends and begins again: what a journal holds is read back, and orders are gone or work on with the headroom that they had.
  private mutating func restart(into tally: inout RiskTally) {
    let record = RiskRecord(of: desk.state, session: session)
    let cause = desk.state.isKilled
    let (tier, start, high) = (desk.state.tier, desk.state.sessionStart, desk.state.high)
    let (rising, falling) = (desk.state.rising.amounts, desk.state.falling.amounts)
    guard let parsed = try? JSON.parse(record.json.text), let read = RiskRecord(parsed) else {
      tally.check(false, "a journal that cannot be read")
      return
    }
    let keepsOrders = random.happens(0.5)
    let working = inFlight.map { order in
      (order: order, left: desk.account.place(of: order.id).map { desk.account.orders[$0].quantity } ?? 0)
    }
    desk.account.state.pointee = RiskState()
    desk.gate.beginSession(on: desk.account, netLiquidation: desk.netLiquidation, minuteCount: 390)
    read.restore(desk.account.state, session: session)
    inFlight = keepsOrders ? inFlight : []
    if keepsOrders {
      for one in working {
        desk.gate.keep(one.order, quantity: one.left, as: .decision, on: desk.account, market: desk.market)
      }
    }
    desk.mark(minute: minute)
    tell("restart, orders \(keepsOrders ? "work on" : "are lost"), \(desk.state.desk.name)")
    if mistake == .forgetsLatch { desk.account.state.pointee.isKilled = false }
    let expected = keepsOrders ? [rising, falling] : [.zero, .zero]
    for (now, before) in zip([desk.state.rising.amounts, desk.state.falling.amounts], expected) {
      let isSame = (0..<4).allSatisfy { abs(now[$0] - before[$0]) <= 1e-9 * (1 + abs(before[$0])) || before[$0].isNaN }
      tally.check(isSame, "orders \(keepsOrders ? "that work on" : "that are lost") keep \(now) of \(before)")
    }
    tally.restarts += 1
    tally.check(desk.state.isKilled == cause || desk.state.isKilled, "the latch did not survive")
    tally.check(desk.state.tier >= tier && desk.state.sessionStart == start, "the session was forgotten")
    tally.check(desk.state.high >= high, "the high was forgotten")
    wasKilled = wasKilled || desk.state.isKilled
  }
}
