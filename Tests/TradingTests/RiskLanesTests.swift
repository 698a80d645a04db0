// Many accounts judged at once: each is told what it would be told alone.

import Pricing
import Testing

@testable import Trading

@Suite struct RiskLanesTests {
  /// Lane for lane the same accounts: side by side, and each alone.
  private struct Pair {
    static let slots = 6
    static let contracts = 6

    let gate: RiskGate
    let accounts: LaneAccounts
    let risks: RiskMemory
    let markets: RiskMarketMemory
    private(set) var orders: [Order] = []
    /// What each lane says alone.
    private(set) var alone: [Verdict] = []
    private(set) var states: [RiskState] = []

    init(lanes: Int, seed: UInt64) {
      var profile = RiskProfile()
      profile.soldDelta = nil
      profile.limits.decayDollars = 1_000
      gate = RiskGate(profile)
      accounts = LaneAccounts(laneCount: lanes, capacity: Self.slots)
      risks = RiskMemory(lanes: lanes, positions: Self.slots)
      markets = RiskMarketMemory(lanes: lanes, contracts: Self.contracts)
      for lane in 0..<lanes {
        let (own, memory) = (LaneAccounts(laneCount: 1, capacity: Self.slots), RiskMemory(positions: Self.slots))
        let market = RiskMarketMemory(contracts: Self.contracts)
        let laneSeed = seed &+ UInt64(lane)
        let order = Self.fill(gate, accounts.book(lane), risks[lane], markets[lane], laneSeed)
        let same = Self.fill(gate, own.book(0), memory[0], market[0], laneSeed)
        precondition(order == same)
        orders.append(order)
        alone.append(gate.judge(same, on: memory[0], book: own.book(0), market: market[0]))
        states.append(memory[0].state.pointee)
        withExtendedLifetime((own, memory, market)) {}
      }
    }

    /// An account in the middle of a session, with positions and orders in flight, and the order that it is asked about.
    private static func fill(
      _ gate: RiskGate, _ book: Book, _ account: RiskAccount, _ market: RiskMarket, _ seed: UInt64
    ) -> Order {
      var random = RiskRandom(seed: seed)
      let spot = 590 + 20 * random.share()
      let minutes = Double(1 + random.below(389))
      for contract in 0..<contracts {
        market[Int32(contract)] = RiskScene.option(
          contract % 2 == 0 ? .call : .put, strike: 590 + 5 * Double(contract / 2), spot: spot, minutes: minutes,
          volatility: 0.1 + 0.2 * random.share(), days: random.happens(0.3) ? 5 : 0, halfSpread: 0.01)
      }
      book.open()
      for slot in 0..<random.below(3) {
        let quantity = random.below(5) - 2
        guard quantity != 0 else { continue }
        book.put(
          Position(contract: Int32(slot), multiplier: 100, quantity: Int32(quantity), bid: 0, ask: 0), at: slot)
      }
      let value = Int64([20_000, 100_000, 1_000_000][random.below(3)]) * 1_000_000
      gate.beginSession(on: account, netLiquidation: value, minuteCount: 390)
      _ = gate.mark(
        account, book: book, market: market, netLiquidation: value - Int64(random.below(2)) * value / 60,
        minute: 389 - Int(minutes))
      func order(_ id: Int64) -> Order {
        let first = random.below(contracts)
        var legs = UpToFour(OrderLeg(contract: Int32(first), ratio: random.happens(0.5) ? 1 : -1))
        if random.happens(0.4) {
          legs.append(OrderLeg(contract: Int32((first + 2) % contracts), ratio: legs[0].ratio > 0 ? -1 : 1))
        }
        return Order(
          id: id, legs: legs, quantity: 1 + random.below(40), effect: random.happens(0.2) ? .closes : .opens,
          submittedMinute: 389 - Int(minutes))
      }
      for id in 1..<Int64(1 + random.below(4)) {
        _ = gate.evaluate(order(id), on: account, book: book, market: market)
      }
      return order(9)
    }
  }

  @Test func `lanes side by side are judged as each alone, and others are not touched`() {
    let lanes = 257
    let pair = Pair(lanes: lanes, seed: 77)
    var quantities = [Int32](repeating: -7, count: lanes)
    func judge(_ range: Range<Int>) {
      pair.orders.withUnsafeBufferPointer { orders in
        quantities.withUnsafeMutableBufferPointer { quantities in
          pair.gate.judge(
            orders.baseAddress!, lanes: range, accounts: pair.accounts, risks: pair.risks, markets: pair.markets,
            quantities: quantities.baseAddress!)
        }
      }
    }
    judge(100..<200)
    for lane in 0..<lanes where !(100..<200).contains(lane) { #expect(quantities[lane] == -7, "lane \(lane)") }
    judge(200..<lanes)
    judge(0..<100)
    for lane in 0..<lanes {
      #expect(Int(quantities[lane]) == pair.alone[lane].quantity, "lane \(lane): \(pair.alone[lane].sentence)")
      // Judging is asking: it leaves nothing behind.
      #expect(pair.risks[lane].state.pointee == pair.states[lane], "lane \(lane)")
      let scalar = pair.gate.judge(
        pair.orders[lane], on: pair.risks[lane], book: pair.accounts.book(lane), market: pair.markets[lane])
      #expect(scalar == pair.alone[lane], "lane \(lane)")
    }
    // All three answers were given.
    for outcome in [Verdict.Outcome.pass, .reduced, .refused] {
      #expect(pair.alone.filter { $0.outcome == outcome }.count > 10, "\(outcome)")
    }
  }

  @Test func `lanes side by side are valued and marked as each alone, and others are not touched`() {
    let lanes = 131
    let (together, alone) = (Pair(lanes: lanes, seed: 78), Pair(lanes: lanes, seed: 78))
    let values = (0..<lanes).map { Int64(20_000 - 7 * $0) * 1_000_000 }
    // The price has moved since.
    func move(_ market: RiskMarket) {
      for contract in 0..<Int32(Pair.contracts) { market[contract].spot *= 1 + 0.01 * Double(contract % 3) }
    }
    for lane in 0..<lanes {
      move(together.markets[lane])
      move(alone.markets[lane])
    }
    values.withUnsafeBufferPointer { values in
      together.gate.mark(
        lanes: 30..<lanes, accounts: together.accounts, risks: together.risks, markets: together.markets,
        netLiquidations: values.baseAddress!, minute: 300)
    }
    for lane in 0..<lanes {
      let (book, market) = (alone.accounts.book(lane), alone.markets[lane])
      if lane >= 30 {
        for slot in book.usedSlots where !book.positions[slot].isFree {
          let before = market[book.positions[slot].contract]
          guard let terms = before.terms else { continue }
          market[book.positions[slot].contract] = ContractRisk(
            priced: terms, bid: before.bid, ask: before.ask, yearsAtClose: before.yearsAtClose,
            multiplier: before.multiplier, underlying: before.underlying, expiry: before.expiry,
            expiresToday: before.expiresToday)
        }
        _ = alone.gate.mark(
          alone.risks[lane], book: book, market: market, netLiquidation: values[lane], minute: 300)
      }
      #expect(together.risks[lane].state.pointee == alone.risks[lane].state.pointee, "lane \(lane)")
      for contract in 0..<Int32(Pair.contracts) {
        #expect(together.markets[lane][contract] == market[contract], "lane \(lane)")
      }
      #expect(together.risks[lane].state.pointee.counters.violations == .zero, "lane \(lane)")
    }
  }
}
