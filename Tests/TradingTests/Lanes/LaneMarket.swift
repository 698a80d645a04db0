// A made-up market of many lanes: quotes by columns, and orders drawn at random.

import Kernels
import Market

@testable import Trading

/// Quotes of every kind that a desk meets: with sizes, with a volume, with neither, stale, one-sided, crossed, carried forward.
final class LaneMarket {
  let laneCount: Int
  let table: ContractTable
  let date: CalendarDate
  /// Of quotes and of orders: what is drawn of one does not depend on the other.
  private var random: RandomStream
  private var orderRandom: RandomStream
  /// Ten-thousandths of a dollar by which every quote is wider than it was drawn, on both sides.
  var widening = 0
  /// (lanes, contracts) walks without drift.
  private var middles: [Int] = []
  private let columns: [UnsafeMutablePointer<Int32>]
  private let rows: UnsafeMutablePointer<Int>
  private let laneMinutes: UnsafeMutablePointer<Int32>
  private let weights: UnsafeMutablePointer<Double>
  private(set) var minute = 0

  /// Two calls and two puts of SPY, one call of SPXW, shares of SPY. lanesPerRow: lanes beside each other that see the same quotes.
  init(laneCount: Int, seed: UInt64, lanesPerRow: Int = 1) throws {
    let symbols = [
      "SPY251211C00600000", "SPY251211C00605000", "SPY251211P00600000", "SPY251211P00595000", "SPXW251211C06900000",
    ]
    table = ContractTable(try symbols.map { try traded($0) } + [TradedContract(share: "SPY")])
    self.laneCount = laneCount
    guard let date = CalendarDate("2025-12-11") else { throw NoContract(symbol: "2025-12-11") }
    self.date = date
    random = RandomStream(seed: seed, purpose: .market)
    orderRandom = RandomStream(seed: seed, purpose: .randomTrading)
    let count = laneCount * table.count
    columns = (0..<10).map { _ in
      let column = UnsafeMutablePointer<Int32>.allocate(capacity: count)
      column.initialize(repeating: -1, count: count)
      return column
    }
    rows = .allocate(capacity: laneCount)
    laneMinutes = .allocate(capacity: laneCount)
    weights = .allocate(capacity: laneCount)
    // Rows in another order than lanes, as on a tape.
    for lane in 0..<laneCount {
      (rows + lane).initialize(to: (laneCount - 1 - lane) / lanesPerRow * table.count)
    }
    for _ in 0..<laneCount {
      for contract in 0..<table.count {
        let isShare = !table[Int32(contract)].isOption
        middles.append(isShare ? 6_000_000 : 12_000 + 100 * below(200))
      }
    }
    laneMinutes.initialize(repeating: 0, count: laneCount)
    weights.initialize(repeating: 1, count: laneCount)
  }

  deinit {
    for column in columns { column.deallocate() }
    rows.deallocate()
    laneMinutes.deallocate()
    weights.deallocate()
  }

  private func below(_ limit: Int) -> Int { Int(random.nextInteger(below: UInt64(limit))) }

  /// Of orders.
  private func choose(_ limit: Int) -> Int { Int(orderRandom.nextInteger(below: UInt64(limit))) }

  var quotes: LaneQuotes {
    var quotes = LaneQuotes(
      bids: columns[0], asks: columns[1], minutes: columns[5], rows: rows, laneMinutes: laneMinutes, date: date,
      minuteCount: 390)
    quotes.bidSizes = UnsafePointer(columns[2])
    quotes.askSizes = UnsafePointer(columns[3])
    quotes.volumes = UnsafePointer(columns[4])
    (quotes.lowestAsks, quotes.highestBids) = (UnsafePointer(columns[8]), UnsafePointer(columns[9]))
    quotes.models = UnsafePointer(columns[6])
    quotes.underlyingPrices = UnsafePointer(columns[7])
    quotes.weights = UnsafePointer(weights)
    return quotes
  }

  /// Draws the quotes of a minute. `isFine`: every one of them fills an order of any size.
  func draw(minute: Int, isFine: Bool = false) {
    for lane in 0..<laneCount {
      weights[lane] = Double(1 + below(30)) / 10
      for contract in 0..<table.count {
        let isShare = !table[Int32(contract)].isOption
        let middle = middles[lane * table.count + contract] + 100 * (below(9) - 4) * (isShare ? 10 : 1)
        middles[lane * table.count + contract] = middle
        let half = 50 * (1 + below(6))
        let kind = isFine ? 9 : below(12)
        let knows = isFine ? 0 : below(3)
        let place = rows[lane] + contract
        columns[0][place] = Int32(kind == 0 ? 0 : max(50, middle - half - widening))
        columns[1][place] = Int32(kind == 1 ? 0 : kind == 2 ? middle - half - 50 : middle + half + widening)
        columns[2][place] = knows == 0 ? Int32(below(12) + (isFine ? 1 : 0)) : -1
        columns[3][place] = knows == 0 ? Int32(below(12) + (isFine ? 1 : 0)) : -1
        columns[4][place] = knows == 1 ? Int32(below(200)) : -1
        // Of some the extremes are known; what is drawn of all others stays as it is without them.
        let reach = (contract + lane + minute) % 3
        columns[8][place] = reach == 0 ? Int32(middle + half + widening - 100 * ((minute + lane) % 4)) : -1
        columns[9][place] = reach == 1 ? Int32(middle - half - widening + 100 * ((minute + lane) % 4)) : -1
        columns[6][place] = below(4) == 0 ? -1 : Int32(middle)
        columns[7][place] = Int32(isShare || contract < 4 ? 6_000_000 : 69_000_000)
        let made = kind == 3 ? max(0, minute - 4) : minute
        columns[5][place] = Int32(kind == 4 ? -1 - made : made)
      }
    }
    self.minute = minute
    laneMinutes.update(repeating: Int32(minute), count: laneCount)
  }

  /// The same quotes once more, made in another minute.
  func stand(minute: Int) {
    self.minute = minute
    laneMinutes.update(repeating: Int32(minute), count: laneCount)
    columns[5].update(repeating: Int32(minute), count: laneCount * table.count)
  }

  /// What a lane may ask for: an order that its book does not refuse, or none.
  func order(_ id: Int64, _ book: Book, mostLegs: Int = 3, mostQuantity: Int = 12) -> Order {
    let none = Order(
      id: id, legs: UpToFour(OrderLeg(contract: 0, ratio: 1)), quantity: 0, effect: .opens, submittedMinute: minute)
    for _ in 0..<4 {
      let order = choose(2) == 0 ? opening(id, mostLegs, mostQuantity) : closing(id, book)
      if let order, order.refusal(in: table, on: date, minuteCount: 390) == nil,
        book.refusal(of: order, in: table) == nil
      {
        return order
      }
    }
    return none
  }

  /// The same of any kind, near the middle of what the lane is quoted.
  func anyOrder(_ id: Int64, _ book: Book, lane: Int) -> Order {
    var order = order(id, book)
    guard order.quantity > 0 else { return order }
    var (value, unit) = (0, 1)
    for index in order.legs.indices {
      let (leg, multiplier) = (order.legs[index], table[order.legs[index].contract].multiplier)
      let quote = quotes.quote(lane, leg.contract)
      value += (quote.bid + quote.ask) / 2 * Int(leg.ratio) * multiplier
      unit = max(unit, multiplier)
    }
    let net = value / unit
    switch choose(4) {
    case 0: break
    case 1: order.kind = .limit(net: net + 100 * (choose(21) - 10))
    case 2: order.kind = .stop(net: net + 100 * (choose(16) - 5))
    default:
      order.kind = .aggressive(
        AggressiveLimit(
          aggressiveMillionths: choose(1_000_001), chaseMillionthsPerMinute: choose(2) * 50_000,
          giveUpMinutes: [nil, 5, 20][choose(3)], mostChanges: [0, 3, .max][choose(3)]))
    }
    return order
  }

  private func opening(_ id: Int64, _ mostLegs: Int, _ mostQuantity: Int) -> Order? {
    var legs: [OrderLeg] = []
    let first = choose(table.count)
    for leg in 0..<1 + choose(mostLegs) {
      let contract = Int32((first + leg) % table.count)
      let units = table[contract].isOption ? 1 + choose(2) : 10 * (1 + choose(10))
      legs.append(OrderLeg(contract: contract, ratio: Int32(choose(2) == 0 ? units : -units)))
    }
    return UpToFour<OrderLeg>(legs).map {
      Order(id: id, legs: $0, quantity: 1 + choose(mostQuantity), effect: .opens, submittedMinute: minute)
    }
  }

  private func closing(_ id: Int64, _ book: Book) -> Order? {
    let held = (0..<book.groupCapacity).filter { book.groups[$0].order != 0 }
    guard !held.isEmpty else { return nil }
    let group = book.groups[held[choose(held.count)]]
    return Order(
      id: id, legs: group.reversed, quantity: 1 + choose(group.quantity), effect: .closes, submittedMinute: minute,
      closes: group.order)
  }
}

extension FeeRates {
  /// Every fee that there is, and minimums that bind.
  static var busy: FeeRates {
    FeeRates(
      optionCommission: PremiumRate(650_000, below: [(500, 250_000), (1_000, 500_000)]), optionOrderMinimum: 1_000_000,
      optionClearing: 25_000, optionRegulatory: 28_150, indexOptionExchange: PremiumRate(370_000, below: [(10_000, 0)]),
      optionSale: 3_270, shareCommission: 5_000, shareOrderMinimum: 1_000_000, shareSale: 195, shareSaleMost: 9_790_000,
      saleValue: 27_800_000, exercise: 0)
  }
}
