// Books, working orders and what was taken of quotes as plain data, checked before they are taken back.

import AgentInterface
import Market
import Trading

extension OptionsEnvironment {
  /// Of an order, as many as are saved.
  var legCount: Int { configuration.game.legCount }

  struct SavedBook {
    var positions: [Position] = []
    var groups: [LegGroup] = []
    var orders: [WorkingOrder] = []

    /// Whether it is nothing, or one option that was bought by one order: all that a game of bought options holds.
    var isLone: Bool {
      guard let position = positions.first, let group = groups.first else { return positions.isEmpty && groups.isEmpty }
      return positions.count == 1 && groups.count == 1 && position.quantity > 0
        && group.legs.count == 1 && group.legs[0] == OrderLeg(contract: position.contract, ratio: 1)
        && group.quantity == Int(position.quantity)
    }
  }

  func saveBooks(into state: inout StateRecord) {
    var (positions, groups, orders): ([[Int64]], [[Int64]], [[Int64]]) = ([], [], [])
    var counts: [Int64] = []
    for lane in 0..<laneCount {
      let book = book(lane)
      let held = (0..<book.capacity).map { book.positions[$0] }.filter { !$0.isFree }
      let grouped = (0..<book.groupCapacity).map { book.groups[$0] }.filter { $0.order != 0 }
      let working = lanes.working.base[lane].orders
      counts += [Int64(held.count), Int64(grouped.count), Int64(working.count)]
      positions += held.map { position in
        [
          Int64(position.contract), Int64(position.multiplier), Int64(position.quantity), position.isQuoted ? 1 : 0,
          position.basis, Int64(position.bid), Int64(position.ask), Int64(position.lastBid),
          Int64(position.lastAsk), Int64(position.lastModel),
        ]
      }
      groups += grouped.map { group in
        [group.order] + group.legs.numbers(of: legCount)
          + [Int64(group.quantity), group.openedFor, Int64(group.openedMinute)]
      }
      orders += working.map { one in
        [one.order.id] + one.order.legs.numbers(of: legCount)
          + [
            Int64(one.order.quantity), one.order.effect == .opens ? 1 : 0, Int64(one.order.submittedMinute),
            one.order.closes, Int64(one.left), one.isWaiting ? 1 : 0, one.commission.options,
            one.commission.optionsCharged,
          ]
      }
    }
    state.integers["books/counts"] = counts
    state.integers["books/positions"] = positions.flatMap { $0 }
    state.integers["books/groups"] = groups.flatMap { $0 }
    state.integers["books/orders"] = orders.flatMap { $0 }
  }

  func checkedBooks(_ state: StateRecord, _ places: [Place]) throws(RestoreError) -> [SavedBook] {
    let counts = try state.whole("books/counts", count: 3 * laneCount, in: 0...4).chunks(of: 3)
    var positions = try state.integers("books/positions").chunks(of: 10)[...]
    var groups = try state.integers("books/groups").chunks(of: 4 + 2 * legCount)[...]
    var orders = try state.integers("books/orders").chunks(of: 9 + 2 * legCount)[...]
    var books: [SavedBook] = []
    for (lane, count) in counts.enumerated() {
      let contracts = Int64(tables.days[places[lane].day].table.count)
      guard count[0] <= Int64(positions.count), count[1] <= Int64(groups.count), count[2] <= Int64(orders.count),
        count[0] <= Int64(accounts.capacity), count[1] <= Int64(accounts.groupCapacity)
      else { throw .invalid(name: "books/counts", reason: "what lane \(lane) holds is not in the record") }
      var book = SavedBook()
      for own in positions.prefix(Int(count[0])) {
        guard let position = Position(saved: own, contracts: contracts) else {
          throw .invalid(name: "books/positions", reason: "lane \(lane) holds what its day does not have")
        }
        book.positions.append(position)
      }
      for own in groups.prefix(Int(count[1])) {
        guard let group = LegGroup(saved: own, legs: legCount, contracts: contracts) else {
          throw .invalid(name: "books/groups", reason: "lane \(lane) opened what its day does not have")
        }
        book.groups.append(group)
      }
      for own in orders.prefix(Int(count[2])) {
        guard let order = WorkingOrder(saved: own, legs: legCount, contracts: contracts) else {
          throw .invalid(name: "books/orders", reason: "lane \(lane) ordered what its day does not have")
        }
        book.orders.append(order)
      }
      guard configuration.game != .options || book.isLone else {
        throw .invalid(name: "books/positions", reason: "lane \(lane) holds what no game of bought options comes to")
      }
      positions = positions.dropFirst(Int(count[0]))
      groups = groups.dropFirst(Int(count[1]))
      orders = orders.dropFirst(Int(count[2]))
      books.append(book)
    }
    guard positions.isEmpty, groups.isEmpty, orders.isEmpty else {
      throw .invalid(name: "books/counts", reason: "the record holds more than the lanes")
    }
    return books
  }

  func take(_ saved: SavedBook, _ lane: Int) {
    book(lane).hold(saved.positions, saved.groups)
    lanes.flight.base[lane].id = 0
    change(lane) { $0.replace(with: saved.orders) }
  }

  // MARK: what was taken of quotes

  struct Taken {
    var contract: Int32
    var taken: TakenLiquidity
  }

  /// Of quotes so young that an order may still meet them; of others nothing counts any more.
  func saveLiquidity(into state: inout StateRecord) {
    var numbers: [Int64] = []
    for lane in 0..<laneCount {
      let ledger = liquidity.ledger(lane)
      let oldest = Int(lanes.minuteOfQuotes.base[lane]) - MinuteQuote.mostAge
      for contract in 0..<day(lane).table.count {
        let taken = ledger.contracts[contract]
        guard taken.minute >= max(oldest, 0) else { continue }
        numbers += [Int64(lane), Int64(contract), Int64(taken.minute), Int64(taken.bought), Int64(taken.sold)]
      }
    }
    state.integers["liquidity"] = numbers
  }

  func checkedLiquidity(_ state: StateRecord, _ places: [Place]) throws(RestoreError) -> [[Taken]] {
    var taken = [[Taken]](repeating: [], count: laneCount)
    for own in try state.whole("liquidity", in: 0...1 << 40).chunks(of: 5) {
      guard own[0] < Int64(laneCount), own[1] < Int64(tables.days[places[Int(own[0])].day].table.count) else {
        throw .invalid(name: "liquidity", reason: "a quote is none of the lane's day")
      }
      taken[Int(own[0])].append(
        Taken(
          contract: Int32(own[1]),
          taken: TakenLiquidity(minute: Int(own[2]), bought: Int(own[3]), sold: Int(own[4]))))
    }
    return taken
  }
}

private let prices: ClosedRange<Int64> = 0...Int64(Order.mostPrice)
private let quantities: ClosedRange<Int64> = 1...Int64(Order.mostQuantity)
private let minutes: ClosedRange<Int64> = 0...1440

extension Position {
  fileprivate init?(saved own: [Int64], contracts: Int64) {
    guard (0..<contracts).contains(own[0]), (1...10_000).contains(own[1]), own[2] != 0,
      own[2].magnitude <= UInt64(Order.mostQuantity), (0...1).contains(own[3]),
      own[4].magnitude < UInt64(OptionsEnvironment.mostMoney), own[5...9].allSatisfy({ prices.contains($0) })
    else { return nil }
    self.init(
      contract: Int32(own[0]), multiplier: Int32(own[1]), quantity: Int32(own[2]), basis: own[4], bid: Int(own[5]),
      ask: Int(own[6]))
    (isQuoted, lastBid, lastAsk, lastModel) = (own[3] == 1, Int(own[7]), Int(own[8]), Int(own[9]))
  }
}

extension LegGroup {
  fileprivate init?(saved own: [Int64], legs count: Int, contracts: Int64) {
    let rest = own.dropFirst(1 + 2 * count).map { $0 }
    guard (1...1 << 40).contains(own[0]),
      let legs = UpToFour(savedLegs: own[1..<1 + 2 * count], contracts: contracts), quantities.contains(rest[0]),
      rest[1].magnitude < UInt64(OptionsEnvironment.mostMoney), minutes.contains(rest[2])
    else { return nil }
    self.init(
      order: own[0], legs: legs, quantity: Int(rest[0]), openedFor: rest[1], openedMinute: Int(rest[2]))
  }
}

extension WorkingOrder {
  fileprivate init?(saved own: [Int64], legs count: Int, contracts: Int64) {
    let rest = own.dropFirst(1 + 2 * count).map { $0 }
    guard own[0] != 0, own[0].magnitude <= 1 << 40,
      let legs = UpToFour(savedLegs: own[1..<1 + 2 * count], contracts: contracts), quantities.contains(rest[0]),
      (0...1).contains(rest[1]), minutes.contains(rest[2]), (0...1 << 40).contains(rest[3]),
      (1...rest[0]).contains(rest[4]), (0...1).contains(rest[5]),
      rest[6...7].allSatisfy({ (0...OptionsEnvironment.mostMoney).contains($0) })
    else { return nil }
    var commission = OrderCommission()
    (commission.options, commission.optionsCharged) = (rest[6], rest[7])
    self.init(
      market: Order(
        id: own[0], legs: legs, quantity: Int(rest[0]), effect: rest[1] == 1 ? .opens : .closes,
        submittedMinute: Int(rest[2]), closes: rest[3]),
      left: Int(rest[4]), commission: commission, isWaiting: rest[5] == 1)
  }
}

extension UpToFour where Element == OrderLeg {
  /// Contract and ratio of so many legs; -1 and 0 of one that is not there.
  func numbers(of count: Int) -> [Int64] {
    (0..<count).flatMap { place -> [Int64] in
      guard place < self.count else { return [-1, 0] }
      return [Int64(self[place].contract), Int64(self[place].ratio)]
    }
  }

  /// nil where one is no leg of a day of so many contracts, or two are of one contract.
  init?(savedLegs numbers: ArraySlice<Int64>, contracts: Int64) {
    var legs: [OrderLeg] = []
    for own in Array(numbers).chunks(of: 2) {
      if own == [-1, 0], !legs.isEmpty { continue }
      guard (0..<contracts).contains(own[0]), own[1].magnitude == 1,
        !legs.contains(where: { $0.contract == Int32(own[0]) })
      else { return nil }
      legs.append(OrderLeg(contract: Int32(own[0]), ratio: Int32(own[1])))
    }
    self.init(legs)
  }
}
