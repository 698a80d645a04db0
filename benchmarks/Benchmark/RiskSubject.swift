// The risk gate beside a plain C loop of the same arithmetic: an order of one leg judged in every lane, and books of two legs valued and held against all limits.

import CDesk
import Kernels
import Pricing
import Trading

/// Measured in processor time of one thread, ours and the loop in turn on the same accounts and orders. Both must let the same quantities through and hold
/// the same exposures.
final class RiskSubject {
  struct Sample {
    /// Nanoseconds a lane.
    let judge: Double
    let plainJudge: Double
    let mark: Double
    let plainMark: Double
    /// Calls of the allocator over all of ours.
    let allocations: Int
  }

  private static let contracts = Int(crisk_contracts)
  private static let slots = Int(crisk_slots)
  private static let minute = 194

  private let laneCount: Int
  private let passes: Int
  private let gate: RiskGate
  private let accounts: LaneAccounts
  private let risks: RiskMemory
  private let markets: RiskMarketMemory
  private var orders: [Order] = []
  private var values: [Int64] = []
  private var limits: crisk_limits
  private var plainAccounts: [crisk_account] = []
  private var plainPositions: [crisk_position] = []
  private var plainContracts: [crisk_contract] = []
  private var plainOrders: [crisk_order] = []
  private var quantities: [Int32]
  private var plainQuantities: [Int32]

  init(isQuick: Bool) {
    laneCount = isQuick ? 64 : 4096
    passes = isQuick ? 1 : 32
    var profile = RiskProfile()
    profile.limits.decayDollars = 1_000
    gate = RiskGate(profile)
    let scale = profile.limits.basis.scale
    limits = crisk_limits(
      scale: (scale[0], scale[1], scale[2], scale[3]),
      fractions: (profile.limits.deltaFraction, profile.limits.gammaFraction, 0, profile.limits.vegaFraction),
      decay_dollars: profile.limits.decayDollars, shock_fraction: profile.limits.shockFraction,
      sold_delta: profile.soldDelta ?? 1, sizes: (profile.sizes.low, profile.sizes.medium, profile.sizes.high),
      warn: profile.sessionTiers.warn, reduce: profile.sessionTiers.reduce, halt: profile.sessionTiers.halt,
      kill: profile.killFraction, first_minutes: Int32(profile.firstMinutes),
      last_minutes: Int32(profile.lastMinutes), forced_flat_minutes: Int32(profile.forcedFlatMinutes))
    accounts = LaneAccounts(laneCount: laneCount, capacity: RiskSubject.slots)
    risks = RiskMemory(lanes: laneCount, positions: RiskSubject.slots)
    markets = RiskMarketMemory(lanes: laneCount, contracts: RiskSubject.contracts)
    quantities = [Int32](repeating: 0, count: laneCount)
    plainQuantities = quantities
    var random = RandomStream(seed: 21, purpose: .market)
    for lane in 0..<laneCount { open(lane, &random) }
  }

  /// A spread of calls in an account of its own, and an order that buys or gives back; all that they can lose is bounded.
  private func open(_ lane: Int, _ random: inout RandomStream) {
    func below(_ limit: Int) -> Int { Int(random.nextInteger(below: UInt64(limit))) }
    let spot = 595 + 10 * random.nextDouble()
    let later = below(2) == 0 ? 0 : 5 * 390
    for place in 0..<RiskSubject.contracts {
      let terms = OptionTerms<Double>(
        place < 2 ? .call : .put, spot: spot, strike: 600 + 5 * Double(place % 2),
        years: Double(195 + later) / 98_280, volatility: 0.1 + 0.1 * random.nextDouble())
      let price = (try? BlackScholes.scalarValue(terms).price) ?? 0
      let risk = ContractRisk(
        priced: terms, bid: max(price - 0.01, 0), ask: price + 0.01, yearsAtClose: Double(later) / 98_280,
        multiplier: 100, underlying: 0, expiry: Int32(later), expiresToday: later == 0)
      markets[lane][Int32(place)] = risk
      let amounts = risk.exposure.amounts
      plainContracts.append(
        crisk_contract(
          amounts: (amounts[0], amounts[1], amounts[2], amounts[3]), spot: terms.spot, strike: terms.strike,
          years: terms.years, years_at_close: risk.yearsAtClose, volatility: terms.volatility, bid: risk.bid,
          ask: risk.ask, side: Int32(terms.side.rawValue), expires_today: later == 0 ? 1 : 0))
    }
    let held = Int32(1 + below(8))
    accounts.book(lane).hold(
      [held, -held].enumerated().map { slot, quantity in
        Position(contract: Int32(slot), multiplier: 100, quantity: quantity, bid: 0, ask: 0)
      })
    for slot in 0..<RiskSubject.slots {
      plainPositions.append(
        slot < 2
          ? crisk_position(contract: Int32(slot), quantity: slot == 0 ? held : -held)
          : crisk_position(contract: -1, quantity: 0))
    }
    let start = Int64(400_000 + below(600_000)) * 1_000_000
    let value = start - start / 1_000 * Int64(below(20))
    values.append(value)
    gate.beginSession(on: risks[lane], netLiquidation: start, minuteCount: 390)
    _ = gate.mark(
      risks[lane], book: accounts.book(lane), market: markets[lane], netLiquidation: value, minute: RiskSubject.minute)
    let state = risks[lane].state.pointee
    plainAccounts.append(
      crisk_account(
        held: (state.held.amounts[0], state.held.amounts[1], state.held.amounts[2], state.held.amounts[3]),
        rank: state.volatilityRank, net_liquidation: value, session_start: start, high: state.high,
        minute: Int32(RiskSubject.minute), minute_count: 390, tier: Int32(state.tier.rawValue), passed: 0))
    // All is bought, some of it back: what is sold may have no bound.
    let closes = below(4) == 0
    let leg = OrderLeg(contract: closes ? 1 : Int32(below(RiskSubject.contracts)), ratio: 1)
    let order = Order(
      id: 1, legs: UpToFour(leg), quantity: closes ? 1 + below(Int(held)) : 1 + below(40),
      effect: closes ? .closes : .opens, submittedMinute: RiskSubject.minute)
    orders.append(order)
    plainOrders.append(
      crisk_order(contract: leg.contract, ratio: leg.ratio, quantity: Int32(order.quantity)))
  }

  func measure() throws(BenchmarkError) -> Sample {
    var (judge, plainJudge, mark, plainMark) = (0.0, 0.0, 0.0, 0.0)
    var allocations = 0
    for _ in 0..<passes {
      var start = ProcessorTime.seconds
      allocations += try AllocationCounter.count { judgeOurs() }
      judge += ProcessorTime.seconds - start
      start = ProcessorTime.seconds
      withPlain { crisk_judge(&$0, plainOrders, &limits, &plainQuantities) }
      plainJudge += ProcessorTime.seconds - start
      start = ProcessorTime.seconds
      allocations += try AllocationCounter.count { markOurs() }
      mark += ProcessorTime.seconds - start
      start = ProcessorTime.seconds
      withPlain { crisk_mark(&$0, values, &limits, Int32(RiskSubject.minute)) }
      plainMark += ProcessorTime.seconds - start
    }
    try compare()
    let each = 1e9 / Double(passes * laneCount)
    return Sample(
      judge: judge * each, plainJudge: plainJudge * each, mark: mark * each, plainMark: plainMark * each,
      allocations: allocations)
  }

  private func withPlain(_ body: (inout crisk_lanes) -> Void) {
    plainAccounts.withUnsafeMutableBufferPointer { accounts in
      plainPositions.withUnsafeMutableBufferPointer { positions in
        plainContracts.withUnsafeMutableBufferPointer { contracts in
          var lanes = crisk_lanes(
            lanes: Int64(laneCount), accounts: accounts.baseAddress, positions: positions.baseAddress,
            contracts: contracts.baseAddress)
          body(&lanes)
        }
      }
    }
  }

  private func judgeOurs() {
    orders.withUnsafeBufferPointer { orders in
      quantities.withUnsafeMutableBufferPointer { quantities in
        guard let orders = orders.baseAddress, let quantities = quantities.baseAddress else { return }
        gate.judge(
          orders, lanes: 0..<laneCount, accounts: accounts, risks: risks, markets: markets, quantities: quantities)
      }
    }
  }

  /// What is held is valued anew, and the account marked on it.
  private func markOurs() {
    values.withUnsafeBufferPointer { values in
      guard let values = values.baseAddress else { return }
      gate.mark(
        lanes: 0..<laneCount, accounts: accounts, risks: risks, markets: markets, netLiquidations: values,
        minute: RiskSubject.minute)
    }
  }

  private func compare() throws(BenchmarkError) {
    for lane in 0..<laneCount {
      guard quantities[lane] == plainQuantities[lane] else {
        throw .failed(
          "the gate lets \(quantities[lane]) through and its C loop \(plainQuantities[lane]) in lane \(lane)")
      }
      let (state, plain) = (risks[lane].state.pointee, plainAccounts[lane])
      let held = SIMD4(plain.held.0, plain.held.1, plain.held.2, plain.held.3)
      let gaps = state.held.amounts - held
      for place in 0..<4 where !(abs(gaps[place]) <= 1e-8 * (1 + abs(held[place]))) {
        throw .failed("the gate's exposure \(place) and its C loop's differ by \(gaps[place]) in lane \(lane)")
      }
      guard state.tier.rawValue == plain.tier, Int32(state.passed) == plain.passed else {
        throw .failed("the gate's limits and its C loop's differ in lane \(lane)")
      }
    }
  }
}
