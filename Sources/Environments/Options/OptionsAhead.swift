// What a step reads soon, asked for while other lanes are stepped: an account lies in a dozen places, and a contract's quote in a dozen columns.

import Kernels
import Market
import Trading

/// Steps blocks of lanes, and asks for what the next two read. Nothing is decided by it: it only tells addresses.
struct OptionsAhead {
  /// Lanes of a block.
  static let block = 8
  /// Addresses that are asked for at once, at most: of two blocks, of which a lane has fewer than 96.
  static let mostAddresses = 2 * block * 96

  private let environment: OptionsEnvironment
  private let addresses: UnsafeMutableBufferPointer<UnsafeRawPointer?>
  private var count = 0

  init(_ environment: OptionsEnvironment, _ addresses: UnsafeMutableBufferPointer<UnsafeRawPointer?>) {
    self.environment = environment
    self.addresses = addresses
  }

  /// Calls `step` for every lane, in order. Accounts are asked for two blocks ahead, and quotes, which an account names, one.
  mutating func walk(_ range: Range<Int>, _ step: (Int) -> Void) {
    var first = range.lowerBound
    func block(_ number: Int) -> Range<Int> {
      let from = min(first + number * OptionsAhead.block, range.upperBound)
      return from..<min(from + OptionsAhead.block, range.upperBound)
    }
    for lane in block(0) { addAccount(lane) }
    for lane in block(1) { addAccount(lane) }
    ask()
    for lane in block(0) { addQuotes(lane) }
    while first < range.upperBound {
      for lane in block(2) { addAccount(lane) }
      for lane in block(1) { addQuotes(lane) }
      ask()
      for lane in block(0) { step(lane) }
      first += OptionsAhead.block
    }
  }

  private mutating func ask() {
    Prefetch.lines(UnsafeBufferPointer(rebasing: UnsafeBufferPointer(addresses)[0..<count]))
    count = 0
  }

  @inline(__always)
  private mutating func add(_ address: UnsafeRawPointer, lines: Int = 1) {
    for line in 0..<lines {
      addresses[count] = address + line * Prefetch.line
      count += 1
    }
  }

  /// Books, money, limits and orders of a lane.
  private mutating func addAccount(_ lane: Int) {
    let (memory, lanes) = (environment.memory, environment.lanes)
    add(memory.position(lane), lines: 2)
    add(memory.state(lane), lines: 4)
    add(lanes.entries.base + 2 * lane, lines: 2)
    if environment.isShort, !lanes.isWorking.base[lane] { return }
    add(lanes.flight.base + lane, lines: 2)
    addBook(lane)
    if environment.isShort { return }
    let account = environment.risks[lane]
    add(account.orders, lines: 2)
    if lanes.isWorking.base[lane] {
      lanes.working.base[lane].orders.withUnsafeBufferPointer { orders in
        if let base = orders.baseAddress { add(base, lines: 4) }
      }
    }
  }

  /// What changes where something is held or filled.
  private mutating func addBook(_ lane: Int) {
    let memory = environment.memory
    add(memory.group(lane), lines: 2)
    add(memory.money(lane).sums, lines: 2)
    add(environment.lanes.step.base + lane, lines: 2)
  }

  /// What the next minute says of what a lane holds or has ordered, else of what it might enter.
  private mutating func addQuotes(_ lane: Int) {
    environment.tables.withDay(Int(environment.lanes.day.base[lane])) { addQuotes(lane, $0) }
  }

  @inline(__always)
  private mutating func addQuotes(_ lane: Int, _ day: OptionsDay) {
    let tape = environment.tables.memory
    let minute = min(Int(environment.lanes.minute.base[lane]) + 1, day.minuteCount - 1)
    let row = day.row(minute: minute)
    add(tape.features + row * environment.tables.featureCount, lines: 2)
    add(environment.tables.rows + row)
    let place = day.place(minute: minute)
    if environment.isShort {
      let flight = environment.lanes.flight.base + lane
      let held = environment.memory.position(lane)
      let isHeld = !held.pointee.isFree
      if isHeld, !environment.lanes.isWorking.base[lane] { addBook(lane) }
      if isHeld || flight.pointee.id != 0 {
        let contract = isHeld ? held.pointee.contract : flight.pointee.contract
        addQuote(place + Int(contract))
        if flight.pointee.id != 0 {
          add(environment.liquidity.window(lane, owner: nil).contracts + Int(contract))
        }
        return
      }
    } else if let group = environment.book(lane).firstGroup {
      let legs = environment.memory.group(lane)[group].legs
      let taken = environment.liquidity.window(lane, owner: nil).contracts
      for index in legs.indices {
        addQuote(place + Int(legs[index].contract))
        add(taken + Int(legs[index].contract))
      }
      return
    }
    for right in 0..<2 {
      add(environment.tables.leastValues + environment.tables.candidates(row: row, isCall: right == 0).lowerBound)
      let entry = environment.lanes.entries.base[2 * lane + right]
      if entry.quantity > 0 { addQuote(place + Int(entry.legs[0].contract)) }
    }
  }

  private mutating func addQuote(_ place: Int) {
    let tape = environment.tables.memory
    add(tape.bids + place)
    add(tape.asks + place)
    add(tape.minutes + place)
    add(tape.volatilities + place)
    add(tape.deltas + place)
    add(tape.gammas + place)
    add(tape.vegas + place)
    add(tape.decaysToClose + place)
    add(tape.models + place)
    add(tape.underlyingPrices + place)
  }
}
