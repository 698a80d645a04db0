// Many lanes at once are as many single accounts, to the bit.

import Testing

@testable import Trading

/// All that an account is.
private struct State: Equatable {
  let positions: [Position]
  let groups: [LegGroup]
  let cash: Int64
  let start: Int64
  let sums: ValueStep

  init(_ accounts: LaneAccounts, _ lane: Int) {
    let (book, ledger) = (accounts.book(lane), accounts.ledger(lane))
    positions = (0..<book.capacity).map { book.positions[$0] }
    groups = (0..<book.groupCapacity).map { book.groups[$0] }
    (cash, start, sums) = (ledger.cash.pointee, ledger.start.pointee, ledger.sums.pointee)
  }
}

@Suite struct LaneTests {
  @Test(arguments: [ExecutionMode.realistic, .ideal])
  func `a lane of many is a single account`(mode: ExecutionMode) throws {
    let laneCount = 9
    let market = try LaneMarket(laneCount: laneCount, seed: 4)
    var settings = ExecutionSettings()
    settings.mode = mode
    settings.legDiscountMillionths = 250_000
    let execution = try Execution(settings, rates: .busy, table: market.table, date: market.date)
    let many = LaneAccounts(laneCount: laneCount)
    let singles = (0..<laneCount).map { _ in LaneAccounts(laneCount: 1) }
    let liquidity = LiquidityMemory(market.table, laneCount: laneCount)
    let liquidities = (0..<laneCount).map { _ in LiquidityMemory(market.table) }
    for lane in 0..<laneCount {
      many.open(lane, cashMicroDollars: 1_000_000_000_000)
      singles[lane].open(0, cashMicroDollars: 1_000_000_000_000)
    }
    let filled = UnsafeMutablePointer<Int32>.allocate(capacity: laneCount)
    filled.initialize(repeating: -1, count: laneCount)
    defer { filled.deallocate() }
    var (fills, parts, ofOneLeg) = (0, 0, 0)
    for minute in 0..<390 {
      market.draw(minute: minute)
      let orders = (0..<laneCount).map { market.order(Int64(minute + 1), many.book($0)) }
      let quotes = market.quotes
      // In ranges, as threads have them, and not in order.
      for lanes in [5..<laneCount, 0..<2, 2..<5] {
        orders.withUnsafeBufferPointer { orders in
          guard let base = orders.baseAddress else { return }
          execution.fill(base, lanes: lanes, on: quotes, accounts: many, liquidity: liquidity, filled: filled)
        }
        many.mark(lanes, on: quotes, in: market.table)
      }
      for lane in 0..<laneCount {
        let order = orders[lane]
        var count: Int32 = 0
        if order.quantity > 0 {
          // The road of a desk: quotes, the package, the fill, the books.
          var commission = OrderCommission()
          let view = quotes.view(lane)
          if case .quoted(let package) = execution.quotes(of: order, minute: minute, in: view),
            let fill = execution.cross(
              order, in: package, quantity: order.quantity, minute: minute, weight: quotes.weight(lane),
              ledger: liquidities[lane].ledger, commission: &commission)
          {
            singles[lane].book(0).apply(fill, to: singles[lane].ledger(0))
            count = Int32(fill.quantity)
          }
        }
        singles[lane].book(0).mark(quotes.view(lane), minute: minute, in: market.table, to: singles[lane].ledger(0))
        try #require(filled[lane] == count, "minute \(minute), lane \(lane): \(order)")
        try #require(State(many, lane) == State(singles[lane], 0), "minute \(minute), lane \(lane): \(order)")
        fills += count > 0 ? 1 : 0
        parts += count > 0 && count < order.quantity ? 1 : 0
        ofOneLeg += count > 0 && order.legs.count == 1 ? 1 : 0
        #expect(many.book(lane).gap(to: many.ledger(lane)) == 0)
      }
    }
    #expect(fills > 500 && ofOneLeg > 200, "\(fills) fills, \(ofOneLeg) of one leg")
    if mode == .realistic { #expect(parts > 100, "\(parts)") }
  }

  @Test(arguments: [FillRule.through(ticks: 1), .hazard(HazardRule())])
  func `working orders of a lane of many are those of a single account`(rule: FillRule) throws {
    let laneCount = 7
    let market = try LaneMarket(laneCount: laneCount, seed: 6)
    var settings = ExecutionSettings()
    settings.fillRule = rule
    let execution = try Execution(settings, rates: .busy, table: market.table, date: market.date)
    let many = LaneAccounts(laneCount: laneCount)
    let singles = (0..<laneCount).map { _ in LaneAccounts(laneCount: 1) }
    let liquidity = LiquidityMemory(market.table, laneCount: laneCount)
    let liquidities = (0..<laneCount).map { _ in LiquidityMemory(market.table) }
    for lane in 0..<laneCount {
      many.open(lane, cashMicroDollars: 1_000_000_000_000)
      singles[lane].open(0, cashMicroDollars: 1_000_000_000_000)
    }
    var orders = LaneOrders(laneCount: laneCount)
    var alone = (0..<laneCount).map { WorkingOrders(lane: UInt32($0)) }
    var (events, own) = (
      [[OrderEvent]](repeating: [], count: laneCount), [[OrderEvent]](repeating: [], count: laneCount)
    )
    var fills = 0
    for minute in 0..<200 {
      market.draw(minute: minute)
      let quotes = market.quotes
      for lanes in [4..<laneCount, 0..<1, 1..<4] {
        orders.advance(
          lanes, execution, on: quotes, in: market.table, accounts: many, liquidity: liquidity,
          log: { events[$0].append($1) })
        many.mark(lanes, on: quotes, in: market.table)
      }
      for lane in 0..<laneCount {
        let book = singles[lane].book(0)
        alone[lane].advance(
          minute: minute, execution, view: quotes.view(lane), ledger: liquidities[lane].ledger,
          permits: { book.permitted($0, $1, in: market.table) }, log: { own[lane].append($0) },
          fill: { fill in
            book.apply(fill, to: singles[lane].ledger(0))
            fills += 1
          })
        book.mark(quotes.view(lane), minute: minute, in: market.table, to: singles[lane].ledger(0))
        try #require(State(many, lane) == State(singles[lane], 0), "minute \(minute), lane \(lane)")
        try #require(events[lane] == own[lane] && orders.lanes[lane].orders == alone[lane].orders)
        let order = market.anyOrder(Int64(minute + 1), many.book(lane), lane: lane)
        guard order.quantity > 0 else { continue }
        orders.submit(order, lane: lane, execution, on: quotes) { events[lane].append($0) }
        alone[lane].submit(order, execution, view: quotes.view(lane)) { own[lane].append($0) }
      }
    }
    #expect(fills > 200, "\(fills)")
    let stops = own.joined().count { if case .stopReached = $0.what { true } else { false } }
    let limits = own.joined().count { if case .priced = $0.what { true } else { false } }
    #expect(stops > 20 && limits > 100, "\(stops) stops, \(limits) limits")
  }

  @Test func `a window outlives whoever opened its account`() throws {
    let market = try LaneMarket(laneCount: 1, seed: 1)
    var accounts: LaneAccounts? = LaneAccounts(laneCount: 2, capacity: 3)
    accounts?.open(1, cashMicroDollars: 5)
    var liquidity: LiquidityMemory? = LiquidityMemory(market.table)
    weak var lost = accounts
    weak var forgotten = liquidity
    do {
      let (book, ledger) = (try #require(accounts).book(1), try #require(accounts).ledger(1))
      let taken = try #require(liquidity).ledger
      (accounts, liquidity) = (nil, nil)
      #expect(lost != nil && forgotten != nil)
      book.put(Position(contract: 1, multiplier: 100, quantity: 2, bid: 100, ask: 200), at: 2)
      taken.take(contract: 0, quoteMinute: 3, quantity: 2)
      #expect(book.quantity(of: 1) == 2 && ledger.cash.pointee == 5)
      #expect(taken.taken(contract: 0, minute: 3).bought == 2)
    }
    #expect(lost == nil && forgotten == nil)
  }

  @Test func `a lane begins anew without its neighbours noticing`() {
    let accounts = LaneAccounts(laneCount: 3, capacity: 4)
    withExtendedLifetime(accounts) {
      for lane in 0..<3 { accounts.open(lane, cashMicroDollars: 7) }
      accounts.book(0).put(Position(contract: 1, multiplier: 100, quantity: 2, bid: 100, ask: 200), at: 3)
      accounts.book(2).hold([Position(contract: 2, multiplier: 100, quantity: -1, bid: 100, ask: 200)])
      accounts.open(1, cashMicroDollars: 5)
      #expect(accounts.book(0).quantity(of: 1) == 2 && accounts.book(2).quantity(of: 2) == -1)
      #expect(accounts.book(1).isEmpty && accounts.ledger(1).cash.pointee == 5 && accounts.ledger(2).cash.pointee == 7)
    }
  }
}
