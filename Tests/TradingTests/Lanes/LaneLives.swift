// Accounts that live a session each: orders at random, marks, settlement, and the books balanced after every step.

import Market
import Testing

@testable import Trading

/// What was checked, and the first things that were not as they must be.
struct Checked {
  var lives = 0
  var steps = 0
  var fills = 0
  var settled = 0
  var violations = 0
  var first: [String] = []

  mutating func check(_ holds: Bool, _ what: @autoclosure () -> String) {
    guard !holds else { return }
    violations += 1
    if first.count < 5 { first.append(what()) }
  }
}

/// Lanes with their market, and the rules that they trade by.
final class LaneLives {
  let market: LaneMarket
  let accounts: LaneAccounts
  let liquidity: LiquidityMemory
  let execution: Execution
  /// (lanes) packages of the last orders that were filled.
  let filled: UnsafeMutablePointer<Int32>
  static let cash: Int64 = 10_000_000_000_000

  init(
    laneCount: Int, seed: UInt64, lanesPerRow: Int = 1, settings: ExecutionSettings = ExecutionSettings(),
    rates: FeeRates = .busy
  ) throws {
    market = try LaneMarket(laneCount: laneCount, seed: seed, lanesPerRow: lanesPerRow)
    accounts = LaneAccounts(laneCount: laneCount)
    liquidity = LiquidityMemory(market.table, laneCount: laneCount)
    execution = try Execution(settings, rates: rates, table: market.table, date: market.date)
    filled = .allocate(capacity: laneCount)
    filled.initialize(repeating: 0, count: laneCount)
    begin()
  }

  deinit { filled.deallocate() }

  var lanes: Range<Int> { 0..<market.laneCount }

  func begin() {
    for lane in lanes {
      accounts.open(lane, cashMicroDollars: LaneLives.cash)
      liquidity.ledger(lane).open()
    }
  }

  func fill(_ orders: [Order]) {
    orders.withUnsafeBufferPointer { orders in
      guard let base = orders.baseAddress else { return }
      execution.fill(
        base, lanes: lanes, on: market.quotes, accounts: accounts, liquidity: liquidity, filled: filled)
    }
  }

  func mark() { accounts.mark(lanes, on: market.quotes, in: market.table) }

  func gap(_ lane: Int) -> Int64 { accounts.book(lane).gap(to: accounts.ledger(lane)) }

  func sums(_ lane: Int) -> ValueStep { accounts.ledger(lane).sums.pointee }

  /// Cash and positions at the middle, less what the account began with, in micro-dollars.
  func profitAtMiddle(_ lane: Int) -> Int64 {
    accounts.ledger(lane).cash.pointee + accounts.book(lane).marks.middle - LaneLives.cash
  }

  /// Orders of every lane at random, each as its book permits.
  func orders(_ id: Int64, mostLegs: Int = 3, mostQuantity: Int = 12) -> [Order] {
    lanes.map { market.order(id, accounts.book($0), mostLegs: mostLegs, mostQuantity: mostQuantity) }
  }

  /// Settles every option at the close. Returns how many ended.
  func settle(_ lane: Int, spy: Int, spx: Int, _ exercise: ExerciseMode) throws -> Int {
    var count = 0
    let table = market.table
    try accounts.book(lane).settle(
      on: market.date, at: .close, prices: FixedPrices(closes: ["SPY": spy, "SPX": spx]), exercise: exercise,
      shares: { table.number(of: TradedContract(share: $0)) }, in: table, to: accounts.ledger(lane)
    ) { _ in count += 1 }
    return count
  }

  /// One session of every lane: minutes with orders, the close, and the settlement, in cash in even lanes and in shares in odd ones.
  func live(_ checked: inout Checked, minutes: Int = 12) throws {
    begin()
    var value = [Int64](repeating: LaneLives.cash, count: lanes.count)
    var sums = [ValueStep](repeating: ValueStep(), count: lanes.count)
    func balance(_ what: String) {
      for lane in lanes {
        checked.steps += 1
        checked.check(gap(lane) == 0, "lane \(lane), \(what): a gap of \(gap(lane))")
        let now = accounts.ledger(lane).cash.pointee + accounts.book(lane).marks.liquidation
        checked.check(
          now - value[lane] == self.sums(lane).total - sums[lane].total,
          "lane \(lane), \(what): value moved by \(now - value[lane])")
        (value[lane], sums[lane]) = (now, self.sums(lane))
      }
    }
    for minute in 0..<minutes {
      market.draw(minute: minute)
      let before = lanes.map { self.sums($0).costs }
      fill(orders(Int64(minute + 1)))
      for lane in lanes where filled[lane] > 0 {
        checked.fills += 1
        let costs = self.sums(lane).costs
        checked.check(
          costs[.halfSpread] > before[lane][.halfSpread] && costs[.commission] >= before[lane][.commission],
          "lane \(lane), minute \(minute): a fill for nothing")
      }
      balance("minute \(minute), fill")
      mark()
      balance("minute \(minute), mark")
    }
    try end(&checked, minutes: minutes)
    balance("settlement")
    checked.lives += lanes.count
  }

  private func end(_ checked: inout Checked, minutes: Int) throws {
    for lane in lanes {
      let count = try settle(
        lane, spy: 5_900_000 + 7_919 * ((lane * 31 + minutes) % 30), spx: 69_000_000,
        lane % 2 == 0 ? .cash : .physical)
      checked.settled += count
      let book = accounts.book(lane)
      for slot in 0..<book.capacity where !book.positions[slot].isFree {
        checked.check(
          !market.table[book.positions[slot].contract].isOption, "lane \(lane): an option behind its expiry")
      }
    }
  }

  /// One session of every lane with orders of any kind that work from minute to minute: limits that rest, chase and give up, stops, closing orders that
  /// wait for a quote. Balanced after every minute, and settled.
  func work(_ checked: inout Checked, minutes: Int = 24) throws {
    begin()
    var orders = LaneOrders(laneCount: lanes.count)
    var sent: [[Int64: Order]] = Array(repeating: [:], count: lanes.count)
    for minute in 0..<minutes {
      market.draw(minute: minute)
      orders.advance(
        lanes, execution, on: market.quotes, in: market.table, accounts: accounts, liquidity: liquidity,
        filled: { lane, fill in
          checked.fills += 1
          guard let order = sent[lane][fill.order] else { return checked.check(false, "a fill of no order") }
          var unit: Int64 = 1
          for index in fill.legs.indices { unit = max(unit, Int64(fill.legs[index].multiplier)) }
          switch order.kind {
          case .limit(let net):
            checked.check(fill.amount <= Int64(net) * 100 * unit * Int64(fill.quantity), "beyond its limit: \(fill)")
          case .stop(let net):
            checked.check(
              fill.amount >= Int64(net) * 100 * unit * Int64(fill.quantity), "better than its stop: \(fill)")
          case .market, .aggressive: break
          }
        })
      for lane in lanes {
        checked.steps += 1
        checked.check(gap(lane) == 0, "lane \(lane), minute \(minute): a gap of \(gap(lane))")
      }
      mark()
      for lane in lanes {
        checked.check(gap(lane) == 0, "lane \(lane), minute \(minute): marked to a gap of \(gap(lane))")
        guard minute < minutes - 2, orders.lanes[lane].orders.count < 6 else { continue }
        let order = market.anyOrder(Int64(minute + 1), accounts.book(lane), lane: lane)
        guard order.quantity > 0 else { continue }
        sent[lane][order.id] = order
        orders.submit(order, lane: lane, execution, on: market.quotes)
      }
    }
    orders.endSession(lanes, execution, minute: 390)
    for lane in lanes {
      let hasOption = orders.lanes[lane].orders.contains { working in
        working.order.legs.indices.contains { market.table[working.order.legs[$0].contract].isOption }
      }
      checked.check(!hasOption, "lane \(lane): an order outlives its contracts")
    }
    try end(&checked, minutes: minutes)
    for lane in lanes { checked.check(gap(lane) == 0, "lane \(lane): settled to a gap of \(gap(lane))") }
    checked.lives += lanes.count
  }
}
