// What an account may do: entries that the selection, the sizes and the limits let in, and what gives back.

import AgentInterface
import Market
import Pricing
package import Trading

extension OptionsEnvironment {
  /// The lane's mask at the end of its minute. What an entry would be is kept for the step that takes it.
  func legalActions(_ lane: Int, _ day: OptionsDay, _ market: RiskMarket) -> ActionMask {
    if let mask = legalShort(lane, day) { return mask }
    var mask = bits.hold
    let entries = lanes.entries.base + 2 * lane
    entries[0] = .none
    entries[1] = .none
    // What is on its way is waited for.
    guard !lanes.isWorking.base[lane] else { return ActionMask(rawValue: mask) }
    let book = book(lane)
    if book.isEmpty {
      let minute = Int(lanes.minuteOfQuotes.base[lane])
      for place in 0..<2 {
        entries[place] = tables.quickEntry(
          isCall: place == 0, day, minute: minute, book: book, cash: ledger(lane).cash.pointee,
          account: risks[lane], market)
        if entries[place].quantity > 0 { mask |= place == 0 ? bits.enterCall : bits.enterPut }
      }
      return ActionMask(rawValue: mask)
    }
    mask |= bits.exit
    let hasTwo = (0..<book.groupCapacity).contains { book.groups[$0].order != 0 && book.groups[$0].quantity >= 2 }
    if hasTwo { mask |= bits.trims }
    return ActionMask(rawValue: mask)
  }
}

extension OptionsTables {
  /// The order that opens a position.
  @inline(__always)
  func order(_ entry: OptionsEntry, id: Int64, minute: Int) -> Order {
    Order(
      id: id, legs: entry.legs, quantity: Int(entry.quantity), effect: .opens, submittedMinute: minute)
  }

  /// What entering calls or puts would be for an account that holds nothing: the first candidate of which one fits, and as many of it as size and limits let in.
  func entry(
    isCall: Bool, _ day: OptionsDay, minute: Int, book: Book, cash: Int64, account: RiskAccount, _ market: RiskMarket
  ) -> OptionsEntry {
    guard day.hasContracts else { return .none }
    let gate = gates[day.symbol]
    for place in candidates(row: day.row(minute: minute), isCall: isCall) {
      let legs = legs(ofCandidate: place)
      look(legs, day, minute: minute, market)
      let size = size(ofCandidate: place, day, minute: minute, account: account, cash: cash, market)
      guard size > 0 else { continue }
      let asked = OptionsEntry(legs: legs, quantity: Int32(size))
      let verdict = gate.judge(order(asked, id: 1, minute: minute), on: account, book: book, market: market)
      if verdict.quantity > 0 { return OptionsEntry(legs: legs, quantity: Int32(verdict.quantity)) }
      // What is against all of them is against the next one too.
      if verdict.reason?.limit == nil, verdict.reason != .unknownVolatility { return .none }
    }
    return .none
  }

  /// How many of a package the sizes of the desk let an account enter that holds nothing, before any limit is asked.
  func size(
    ofCandidate place: Int, _ day: OptionsDay, minute: Int, account: RiskAccount, cash: Int64, _ market: RiskMarket
  ) -> Int {
    let contract = legs(ofCandidate: place)[0].contract
    let delta = market[contract].unitDelta
    if let premium = premium(ofCandidate: place) {
      return premium.size(
        multiplier: Int(day.multiplier), equity: account.state.pointee.netLiquidation, cash: cash, delta: delta,
        mostContracts: configuration.maximumContracts)
    }
    return size(
      ofBought: contract, ask: Int(tape.asks[day.place(minute: minute) + Int(contract)]),
      delta: delta, day, equity: account.state.pointee.netLiquidation, cash: cash,
      configuration.sizing)
  }

  /// The same of one option that is bought. ask: ten-thousandths of a dollar. equity, cash: micro-dollars.
  @inline(__always)
  func size(
    ofBought contract: Int32, ask: Int, delta: Double, _ day: OptionsDay, equity: Int64, cash: Int64,
    _ sizing: SizingRules
  ) -> Int {
    let facts = facts(ofBought: contract, ask: ask, delta: delta, day, equity: equity, cash: cash)
    return sizing.size(facts, bet: nil, stopLoss: 10_000).contracts
  }

  /// What the sizes are made from.
  @inline(__always)
  func facts(
    ofBought contract: Int32, ask: Int, delta: Double, _ day: OptionsDay, equity: Int64, cash: Int64
  ) -> SizingFacts {
    let fees = day.execution.fees.fees(
      class: day.execution.terms[Int(contract)].feeClass, price: ask, quantity: 1, proceeds: 0)
    return SizingFacts(
      buying: ask, multiplier: Int(day.multiplier),
      besidePriceMicroDollars: max(fees.total, day.execution.fees.optionOrderMinimum),
      delta: delta, equityMicroDollars: equity, cashMicroDollars: cash)
  }

  /// Puts the legs of an order into the market, as it stands at the end of a minute.
  @inline(__always)
  func look(_ legs: UpToFour<OrderLeg>, _ day: OptionsDay, minute: Int, _ market: RiskMarket) {
    for index in legs.indices {
      let contract = legs[index].contract
      market[contract] = risk(of: contract, day, minute: minute)
    }
  }

  /// A contract as limits see it at the end of a minute: the Greeks of the tape on its own quote. held: bid and ask of its position's mark, where there is one.
  @inline(__always)
  func risk(
    of contract: Int32, _ day: OptionsDay, minute: Int, held: (bid: Int, ask: Int)? = nil
  ) -> ContractRisk {
    let row = day.row(minute: minute)
    let place = day.place(minute: minute) + Int(contract)
    let isFresh = memory.fills(at: place, minute: minute)
    let (bid, ask) = isFresh ? (Int(memory.bids[place]), Int(memory.asks[place])) : (held?.bid ?? 0, held?.ask ?? 0)
    let (spot, units) = (memory.spots[row], day.multiplier)
    var risk = ContractRisk(
      tabled: exposure(at: place, spot: spot, units: units), side: day.isCall(contract) ? .call : .put, spot: spot,
      strike: day.strikes[Int(contract)], years: memory.years[row], volatility: Double(memory.volatilities[place]),
      bid: Double(bid) / Double(TickRule.perDollar), ask: Double(ask) / Double(TickRule.perDollar),
      yearsAtClose: day.yearsAtClose, multiplier: Int(units), underlying: 0, expiry: day.expiry,
      expiresToday: true)
    risk.isKnown = risk.isKnown && isFresh
    return risk
  }

  /// The Greeks of the tape at a place, of one contract of so many units.
  @inline(__always)
  func exposure(at place: Int, spot: Double, units: Double) -> GreekExposure {
    GreekExposure(amounts(at: place, spot: spot, units: units))
  }

  /// The same as four numbers: delta, gamma, decay, vega.
  @inline(__always)
  func amounts(at place: Int, spot: Double, units: Double) -> SIMD4<Double> {
    SIMD4(
      units * Double(memory.deltas[place]) * spot, units * Double(memory.gammas[place]) * spot * spot / 100,
      units * Double(memory.decaysToClose[place]), units * Double(memory.vegas[place]) / 100)
  }
}

extension OptionsEnvironment {
  /// What the lane's gate says of the order of every candidate of a call, then of a put, with the size that the account would ask for: the mask must say the same.
  package func entryVerdicts(lane: Int) -> [[Verdict]] {
    land(lane)
    let day = day(lane)
    let minute = Int(lanes.minuteOfQuotes.base[lane])
    return scratch.with { market in
      [true, false].map { isCall in
        tables.candidates(row: day.row(minute: minute), isCall: isCall).compactMap { place in
          let legs = tables.legs(ofCandidate: place)
          tables.look(legs, day, minute: minute, market)
          let size = tables.size(
            ofCandidate: place, day, minute: minute, account: risks[lane], cash: ledger(lane).cash.pointee,
            market)
          guard size > 0 else { return nil }
          return tables.gates[day.symbol].judge(
            tables.order(OptionsEntry(legs: legs, quantity: Int32(size)), id: 1, minute: minute),
            on: risks[lane], book: book(lane), market: market)
        }
      }
    }
  }
}
