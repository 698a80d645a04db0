// The short road of a minute: an account that holds at most one option that was bought, and has at most one order on its way. What it says is what the desk's
// own rules say in OptionsMinute.swift, to the bit; where it cannot say it, it changes nothing and they are asked.

import AgentInterface
import Market
import Trading

extension OptionsEnvironment {
  /// Sends what a move orders. False: the desk must be asked.
  func submitShort(_ move: OptionsMove, _ lane: Int, _ day: OptionsDay) -> Bool {
    guard isShort, !lanes.isWorking.base[lane] else { return false }
    switch move {
    case .hold: return true
    case .enterCall, .enterPut:
      let entry = lanes.entries.base + (2 * lane + (move == .enterCall ? 0 : 1))
      guard entry.pointee.isSearched else { return false }
      guard entry.pointee.quantity > 0 else { return true }
      // The search has asked for all that the gate asks for, at the end of this minute.
      send(
        OptionsFlight(
          id: drawNumber(lane, isExit: false), contract: entry.pointee.legs[0].contract,
          quantity: entry.pointee.quantity, left: entry.pointee.quantity, submittedMinute: lanes.minute.base[lane]),
        lane, day)
    case .trimHalf, .trimMost, .exit: giveShort(lane, move, by: nil, day)
    }
    return true
  }

  /// Gives back what a move says of what is held, where nothing is on its way.
  private func giveShort(_ lane: Int, _ move: OptionsMove, by ending: DeskOutcomes.Ending?, _ day: OptionsDay) {
    let position = memory.position(lane)
    let given = min(move.given(of: Int(position.pointee.quantity)), Order.mostQuantity)
    guard given > 0 else { return }
    let number = drawNumber(lane, isExit: move == .exit)
    countForced(lane, exit: number, by: ending)
    send(
      OptionsFlight(
        id: number, closes: memory.group(lane).pointee.order, contract: position.pointee.contract,
        quantity: Int32(given), left: Int32(given), submittedMinute: lanes.minuteOfQuotes.base[lane]), lane, day)
  }

  private func send(_ flight: OptionsFlight, _ lane: Int, _ day: OptionsDay) {
    lanes.flight.base[lane] = flight
    lanes.isWorking.base[lane] = true
    let minute = Int(lanes.minuteOfQuotes.base[lane])
    let row = tables.rows + day.row(minute: minute)
    let one = tables.exposure(
      at: day.place(minute: minute) + Int(flight.contract), spot: row.pointee.spot, units: day.multiplier)
    tables.gate(day.symbol).pointee.reserveLone(memory.state(lane), flight: flight.exposure(one))
  }

  /// Lets one minute pass: `advance`. False: nothing has changed, and the desk must be asked.
  func advanceShort(_ lane: Int, minute: Int, _ day: OptionsDay, _ market: RiskMarket) -> Bool {
    let flight = lanes.flight.base + lane
    let isWorking = lanes.isWorking.base[lane]
    guard isShort, !isWorking || flight.pointee.id != 0 else { return false }
    let row = tables.rows + day.row(minute: minute)
    let place = day.place(minute: minute)
    let position = memory.position(lane)
    let gate = tables.gate(day.symbol)
    let quantity = Int(position.pointee.quantity)
    if quantity == 0, !isWorking {
      come(lane, place, minute, row)
      gate.pointee.markIdle(
        memory.state(lane), netLiquidation: lanes.value.base[lane], minute: minute, rank: row.pointee.rank)
      return true
    }
    let contract = quantity != 0 ? position.pointee.contract : flight.pointee.contract
    let at = place + Int(contract)
    var marked = position.pointee
    var (change, oldest): ((priceProfit: Int64, markChange: Int64), Int) = ((0, 0), 0)
    let fills = tables.memory.fills(at: at, minute: minute)
    let model = tables.memory.models[at] >= 0 ? max(Int(tables.memory.models[at]), 1) : 0
    if quantity != 0 {
      change = marked.mark(
        bid: tables.memory.bids[at], ask: tables.memory.asks[at], fills: fills, model: model, intrinsic: 0)
      let made = Int(tables.memory.minutes[at])
      oldest = max(0, minute - (made < 0 ? -1 - made : made))
    } else {
      (marked.bid, marked.ask) = (Int(tables.memory.bids[at]), Int(tables.memory.asks[at]))
    }
    let option = LoneOption(
      one: tables.exposure(at: at, spot: row.pointee.spot, units: day.multiplier), multiplier: Int32(day.multiplier),
      bid: Double(marked.bid) / tables.memory.perDollar, ask: Double(marked.ask) / tables.memory.perDollar)
    let money = memory.money(lane)
    let value = money.cash.pointee + (quantity != 0 ? marked.liquidation : 0)
    let mark = gate.pointee.markLone(
      memory.state(lane), option, quantity: quantity,
      flight: isWorking ? flight.pointee.exposure(option.one) : .zero, netLiquidation: value, minute: minute,
      oldest: oldest, move: row.pointee.move, rank: row.pointee.rank)
    if case .ask = mark { return false }
    come(lane, place, minute, row)
    if quantity != 0 {
      position.pointee = marked
      money.sums.pointee.priceProfit += change.priceProfit
      money.sums.pointee.markChange += change.markChange
    }
    lanes.value.base[lane] = value
    if case .closeExpiring = mark, minute < day.minuteCount - 1 {
      if !isWorking {
        giveShort(lane, .exit, by: .closingTime, day)
      } else if flight.pointee.id > 0 {
        // Two orders at once are for the desk.
        land(lane)
        look(lane, day, minute: minute, market)
        give(lane, .exit, by: .closingTime, day, market)
        meet(lane, minute: minute, day, market)
        return true
      }
    }
    guard flight.pointee.id != 0, Int(flight.pointee.submittedMinute) + configuration.latencyMinutes <= minute
    else { return true }
    if recordsFills || !fills || !fillShort(lane, at, minute, option, row.pointee.weight, model: model, day, market) {
      land(lane)
      look(lane, day, minute: minute, market)
      meet(lane, minute: minute, day, market)
    }
    return true
  }

  /// A lane comes to a minute.
  @inline(__always)
  private func come(_ lane: Int, _ place: Int, _ minute: Int, _ row: UnsafePointer<OptionsRow>) {
    lanes.place.base[lane] = place
    lanes.minuteOfQuotes.base[lane] = Int32(minute)
    lanes.weight.base[lane] = row.pointee.weight
  }

  /// Fills the order that is on its way, on a quote that fills: what `meet` does. False: nothing has changed.
  private func fillShort(
    _ lane: Int, _ at: Int, _ minute: Int, _ option: LoneOption, _ weight: Double, model: Int, _ day: OptionsDay,
    _ market: RiskMarket
  ) -> Bool {
    let flight = lanes.flight.base + lane
    let (contract, opens) = (flight.pointee.contract, flight.pointee.opens)
    let quote = quotes.quote(at: at)
    guard quote.bid <= Order.mostPrice, quote.ask <= Order.mostPrice else { return false }
    let position = memory.position(lane)
    let money = memory.money(lane)
    let state = memory.state(lane)
    let gate = tables.gate(day.symbol)
    let held = Int(position.pointee.quantity)
    var wanted = Int(flight.pointee.left)
    if opens {
      wanted = min(wanted, Order.mostUnits / Int(day.multiplier))
      guard held == 0, wanted > 0 else { return false }
      let (paid, cost) = day.execution.lonePurchase(of: contract, packages: wanted, on: quote)
      // What is bought needs nothing beside what it costs.
      guard money.cash.pointee >= paid,
        gate.pointee.letsOpenLone(state, option, quantity: wanted, cost: cost)
      else { return false }
    } else {
      wanted = min(wanted, held)
      guard wanted > 0, memory.group(lane).pointee.order == flight.pointee.closes else { return false }
    }
    let filled = day.execution.fillLone(
      flight.pointee.leg, of: flight.pointee.id, opens ? .opens : .closes, closes: flight.pointee.closes,
      wanted: wanted, on: quote, minute: minute, weight: weight, liquidity: liquidity.window(lane, owner: nil),
      commission: &flight.pointee.commission, book: book(lane), money: money)
    guard filled > 0 else { return false }
    flight.pointee.left -= Int32(filled)
    let leg = flight.pointee.leg
    let staysOut = !opens && flight.pointee.left > 0
    let now = Int(position.pointee.quantity)
    let isOver = gate.pointee.applyLone(
      state, option, filled: opens ? filled : -filled, held: now,
      left: staysOut ? flight.pointee.exposure(option.one) : nil,
      netLiquidation: money.cash.pointee + (now != 0 ? position.pointee.liquidation : 0))
    if isOver {
      tables.look(leg.alone, day, minute: minute, market)
      gate.pointee.countOver(
        leg.alone, opens ? .decision : .exit, on: risks[lane], book: book(lane), market: market)
    }
    if staysOut {
      lanes.counts.base[lane].waitingExits += 1
    } else {
      // What is left of an opening order is cancelled.
      if flight.pointee.left > 0 { lanes.counts.base[lane].unquotedEntries += 1 }
      flight.pointee.id = 0
      lanes.isWorking.base[lane] = false
    }
    if now != 0 {
      let change = position.pointee.mark(
        bid: tables.memory.bids[at], ask: tables.memory.asks[at], fills: true, model: model, intrinsic: 0)
      money.sums.pointee.priceProfit += change.priceProfit
      money.sums.pointee.markChange += change.markChange
    }
    lanes.value.base[lane] = money.cash.pointee + (now != 0 ? position.pointee.liquidation : 0)
    return true
  }

  /// What the lane's account may do: `legalActions`. nil: the desk must be asked.
  func legalShort(_ lane: Int, _ day: OptionsDay) -> ActionMask? {
    let entries = lanes.entries.base + 2 * lane
    guard isShort, !lanes.isWorking.base[lane] else {
      // What is on its way is waited for.
      guard isShort else { return nil }
      forgetEntries(entries)
      return ActionMask(rawValue: bits.hold)
    }
    let held = memory.position(lane).pointee.quantity
    if held != 0 {
      forgetEntries(entries)
      return ActionMask(rawValue: bits.hold | bits.exit | (held >= 2 ? bits.trims : 0))
    }
    var mask = bits.hold
    let minute = Int(lanes.minuteOfQuotes.base[lane])
    guard memory.state(lane).pointee.inFlight == 0 else { return nil }
    let search = tables.search(day, minute: minute, cash: memory.money(lane).cash.pointee, memory.state(lane))
    for place in 0..<2 {
      guard let search else { break }
      guard let entry = tables.entry(isCall: place == 0, day, minute: minute, search) else { return nil }
      if entry.quantity > 0 {
        mask |= place == 0 ? bits.enterCall : bits.enterPut
        entries[place] = entry
      } else if entries[place].quantity != 0 {
        entries[place] = .none
      }
    }
    if search == nil { forgetEntries(entries) }
    return ActionMask(rawValue: mask)
  }

  /// Nothing is entered; nothing is written where that stands there.
  @inline(__always)
  private func forgetEntries(_ entries: UnsafeMutablePointer<OptionsEntry>) {
    for place in 0..<2 where entries[place].quantity != 0 { entries[place] = .none }
  }
}

extension OptionsFlight {
  /// Of all that is left of it, by the exposure of one of its contract.
  @inline(__always)
  func exposure(_ one: GreekExposure) -> GreekExposure {
    (GreekExposure.zero + one * (opens ? 1 : -1)) * Double(left)
  }
}

/// Where accounts lie of which each has at most one position: a minute reads and writes them without the windows that know any book.
struct OptionsMemory: @unchecked Sendable {
  private let positions: UnsafeMutablePointer<Position>
  private let groups: UnsafePointer<LegGroup>
  private let states: UnsafeMutablePointer<RiskState>
  private let capacity: Int
  private let groupCapacity: Int
  private let first: Ledger

  /// All of them must outlive it.
  init(_ accounts: LaneAccounts, _ risks: RiskMemory) {
    let book = accounts.bookWindow(0, owner: nil)
    positions = UnsafeMutablePointer(mutating: book.positions)
    groups = book.groups
    (capacity, groupCapacity) = (book.capacity, book.groupCapacity)
    states = risks[0].state
    first = accounts.ledgerWindow(0, owner: nil)
  }

  @inline(__always)
  func position(_ lane: Int) -> UnsafeMutablePointer<Position> { positions + lane * capacity }
  @inline(__always)
  func group(_ lane: Int) -> UnsafePointer<LegGroup> { groups + lane * groupCapacity }
  @inline(__always)
  func state(_ lane: Int) -> UnsafeMutablePointer<RiskState> { states + lane }
  @inline(__always)
  func money(_ lane: Int) -> Ledger {
    Ledger(cash: first.cash + lane, start: first.start + lane, sums: first.sums + lane)
  }
}
