// The fast form of the search for an entry: the same answer as `OptionsTables.entry`, to the bit, without a gate that is asked contract by contract.

import Market
import Trading

/// What of a symbol's limits the search reads.
struct EntryLimits: Sendable {
  let limits: ExposureLimits
  let sizes: RiskSizes
  let sizing: SizingRules
  let firstMinutes: Int
  let lastMinutes: Int
  let forcedFlatMinutes: Int
  /// Whether single options are bought, under limits that the search knows.
  let isKnown: Bool

  init(_ profile: RiskProfile, _ configuration: OptionsConfiguration) {
    limits = profile.limits
    sizes = profile.sizes
    sizing = configuration.sizing
    firstMinutes = profile.firstMinutes
    lastMinutes = profile.lastMinutes
    forcedFlatMinutes = profile.forcedFlatMinutes
    isKnown = profile.limits.notionalDollars == nil && configuration.game == .options
  }

  /// What an account that holds nothing must be worth at least for one of a contract to pass limits and sizes, dollars, short of it by more than roundings: below
  /// it none fits, above it the search looks closely. Infinite where no account is large enough.
  ///
  /// one, cost: of one contract. cost: dollars, with what is paid beside the price. rank: of implied volatility.
  func leastValue(of one: GreekExposure, loss: Double, cost: Double, rank: Double) -> Float {
    let amounts = one.amounts * limits.basis.scale
    var least = 0.0
    func ask(_ amount: Double, _ fraction: Double) {
      // A fraction of nothing lets nothing through, and of what is no number all is left to the search.
      if amount > 0 { least = max(least, amount / max(fraction, 0)) }
    }
    ask(abs(amounts[0]), limits.deltaFraction)
    ask(abs(amounts[1]), limits.gammaFraction)
    ask(abs(amounts[3]), limits.vegaFraction)
    if amounts[2] > limits.decayDollars * (1 + EntryLimits.slack) { return .infinity }
    ask(loss, sizes.fraction(rank: rank))
    ask(cost, sizing.tier.riskFraction(nil).fraction)
    return Float(least * (1 - EntryLimits.slack))
  }

  /// Far more than what rounds to single precision, and far less than what a limit means.
  private static let slack = 1e-6
}

/// What of a state the values of `EntryLimits.leastValue` rest on.
private func isPlain(_ state: UnsafePointer<RiskState>, rank: Double) -> Bool {
  state.pointee.held == .zero && state.pointee.rising == .zero && state.pointee.falling == .zero
    && state.pointee.volatilityRank == rank
}

/// The four limits of Greeks as an account that holds nothing meets them: `ExposureJudge.fits` of all of them at once.
private struct GreekRoom {
  let held: SIMD4<Double>
  let rising: SIMD4<Double>
  let falling: SIMD4<Double>
  let scale: SIMD4<Double>
  let most: SIMD4<Double>
  /// What falls of decay is not bound.
  private let unbound = SIMDMask<SIMD4<Int64>>(arrayLiteral: false, false, true, false)

  init(_ state: UnsafePointer<RiskState>, _ limits: ExposureLimits, netLiquidationDollars: Double) {
    held = state.pointee.held.amounts
    rising = state.pointee.rising.amounts
    falling = state.pointee.falling.amounts
    scale = limits.basis.scale
    most = limits.maxima(netLiquidationDollars: netLiquidationDollars)
  }

  /// Whether so many fit, at least one.
  @inline(__always)
  func fits(_ one: SIMD4<Double>, _ quantity: Int) -> Bool {
    let rises = one .> 0
    let reserved = falling.replacing(with: rising, where: rises)
    let proposed = (held + reserved + Double(quantity) * one) * scale
    let falls = (one .< 0) .& ((proposed .>= -most) .| unbound)
    return all((rises .& (proposed .<= most)) .| falls .| (one .== 0))
  }
}

extension OptionsTables {
  /// What `entry` says, where the account holds nothing.
  ///
  /// A contract of which one alone passes a limit is left out by one comparison, with what an account must be worth for it, or by a few. How many of the first that is left fit is found by the gate's own
  /// arithmetic. Where that has to price shocks, where something is in flight, and where an underlying's value is limited, the plain form is asked.
  func quickEntry(
    isCall: Bool, _ day: OptionsDay, minute: Int, book: Book, cash: Int64, account: RiskAccount, _ market: RiskMarket
  ) -> OptionsEntry {
    guard day.hasContracts else { return .none }
    let state = UnsafePointer(account.state)
    guard searches[day.symbol].isKnown, state.pointee.inFlight == 0, account.orderCapacity > 0 else {
      return entry(isCall: isCall, day, minute: minute, book: book, cash: cash, account: account, market)
    }
    guard let search = search(day, minute: minute, cash: cash, state) else { return .none }
    return entry(isCall: isCall, day, minute: minute, search)
      ?? entry(isCall: isCall, day, minute: minute, book: book, cash: cash, account: account, market)
  }

  /// What both rights are searched by for an account that holds nothing, with nothing in flight; nil where states, hours or the day let nothing in, whatever the contract.
  @inline(__always)
  func search(_ day: OptionsDay, minute: Int, cash: Int64, _ state: UnsafePointer<RiskState>) -> EntrySearch? {
    let limits = limits(day.symbol)
    let elapsed = state.pointee.minute + 1
    let left = state.pointee.minuteCount - elapsed
    guard day.hasContracts, state.pointee.causes == 0, elapsed >= limits.pointee.firstMinutes,
      left >= limits.pointee.lastMinutes, left > limits.pointee.forcedFlatMinutes
    else { return nil }
    let value = state.pointee.netLiquidationDollars
    // All of the contracts where the state is none that the least values are made for.
    let looks = isPlain(state, rank: rows[day.row(minute: minute)].rank) ? value : .infinity
    return EntrySearch(limits: limits, state: state, cash: cash, value: value, looks: looks)
  }

  /// What is entered of one right; nil where only the plain form can say it.
  @inline(__always)
  func entry(isCall: Bool, _ day: OptionsDay, minute: Int, _ search: EntrySearch) -> OptionsEntry? {
    let row = day.row(minute: minute)
    let least = isCall ? rows[row].leastForCall : rows[row].leastForPut
    // No contract need be looked at where none can fit.
    guard Double(least) <= search.looks else { return OptionsEntry.none }
    return find(isCall: isCall, day, minute: minute, row: row, search)
  }

  private func find(
    isCall: Bool, _ day: OptionsDay, minute: Int, row: Int, _ search: EntrySearch
  ) -> OptionsEntry? {
    let (limits, state, value) = (search.limits, search.state, search.value)
    let room = GreekRoom(state, limits.pointee.limits, netLiquidationDollars: value)
    let mostShock = limits.pointee.limits.mostShockLoss(netLiquidationDollars: value)
    let mostLoss = limits.pointee.sizes.fraction(rank: state.pointee.volatilityRank) * max(value, 0)
    let base = day.place(minute: minute)
    let (spot, units) = (memory.spots[row], day.multiplier)
    for number in candidates(row: row, isCall: isCall) where Double(leastValues[number]) <= search.looks {
      let contract = candidate(number)
      let place = base + Int(contract)
      let one = amounts(at: place, spot: spot, units: units)
      let ask = Double(memory.asks[place]) / memory.perDollar
      // What one that is bought can lose: all that it costs.
      let loss = max(units * ask, 0)
      guard room.fits(one, 1), loss <= mostLoss, (one * 0) == .zero, memory.fills(at: place, minute: minute)
      else { continue }
      var quantity = size(
        ofBought: contract, ask: Int(memory.asks[place]), delta: one[0] / (spot * units), day,
        equity: state.pointee.netLiquidation, cash: search.cash, limits.pointee.sizing)
      guard quantity > 0 else { continue }
      if !room.fits(one, quantity) { quantity = ExposureJudge.largest(upTo: quantity) { room.fits(one, $0) } }
      guard Double(quantity) * units * ask <= mostShock else { return nil }
      if !(Double(quantity) * loss <= mostLoss) {
        quantity = ExposureJudge.largest(upTo: quantity) { Double($0) * loss <= mostLoss }
      }
      if quantity > 0 {
        return OptionsEntry(
          legs: OrderLeg(contract: contract, ratio: 1).alone, quantity: Int32(quantity), isSearched: true)
      }
    }
    return OptionsEntry.none
  }
}

/// What an account that holds nothing brings to the search of both rights.
struct EntrySearch {
  let limits: UnsafePointer<EntryLimits>
  let state: UnsafePointer<RiskState>
  let cash: Int64
  /// Dollars.
  let value: Double
  /// Contracts that need more are left out.
  let looks: Double
}

extension OptionsTables {
  /// Of implied volatility, as an account is marked with it at a row.
  @inline(__always)
  func rank(row: Int) -> Double {
    let rank = memory.volatilityRanks[row]
    return rank.isNaN ? VolatilityRank.neutral : Double(rank)
  }

  func fillLeastValues() {
    guard configuration.game == .options else { return }
    for day in days where day.hasContracts {
      let search = searches[day.symbol]
      for minute in 0..<day.minuteCount {
        let row = day.row(minute: minute)
        for isCall in [true, false] {
          for number in candidates(row: row, isCall: isCall) {
            leastValues[number] = leastValue(of: candidate(number), day, minute: minute, search)
          }
        }
      }
    }
  }

  private func leastValue(of contract: Int32, _ day: OptionsDay, minute: Int, _ search: EntryLimits) -> Float {
    let row = day.row(minute: minute)
    let place = day.place(minute: minute) + Int(contract)
    let (spot, units) = (memory.spots[row], day.multiplier)
    let one = exposure(at: place, spot: spot, units: units)
    guard one.isFinite, memory.fills(at: place, minute: minute) else { return .infinity }
    let ask = Int(memory.asks[place])
    let facts = facts(
      ofBought: contract, ask: ask, delta: one.delta / (spot * units), day, equity: 0, cash: 0)
    return search.leastValue(
      of: one, loss: max(units * Double(ask) / Double(TickRule.perDollar), 0),
      cost: MicroDollars.dollars(facts.largestLossMicroDollars), rank: rank(row: row))
  }
}

extension OptionsEnvironment {
  /// What entering calls, then puts, would be for a lane that holds nothing, by the fast search or by the plain one: contract -1 and quantity 0 where none fits.
  package func entries(lane: Int, isPlain: Bool) -> [(contract: Int32, quantity: Int)] {
    land(lane)
    let (day, book, account) = (day(lane), book(lane), risks[lane])
    let (minute, cash) = (Int(lanes.minuteOfQuotes.base[lane]), ledger(lane).cash.pointee)
    return scratch.with { market in
      [true, false].map { isCall in
        let entry =
          isPlain
          ? tables.entry(isCall: isCall, day, minute: minute, book: book, cash: cash, account: account, market)
          : tables.quickEntry(isCall: isCall, day, minute: minute, book: book, cash: cash, account: account, market)
        return (entry.legs[0].contract, Int(entry.quantity))
      }
    }
  }
}
