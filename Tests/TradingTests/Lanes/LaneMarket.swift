// A made-up market of many lanes: quotes by columns, and orders drawn at random.

import Kernels
import Market

@testable import Trading

/// Quotes of every kind that a desk meets: with sizes, with a volume, with neither, stale, one-sided, crossed, carried forward.
final class LaneMarket {
  let laneCount: Int
  let table: ContractTable
  let date: CalendarDate
  private(set) var random: RandomStream
  private let columns: [UnsafeMutablePointer<Int32>]
  private let rows: UnsafeMutablePointer<Int>
  private let laneMinutes: UnsafeMutablePointer<Int32>
  private let weights: UnsafeMutablePointer<Double>
  private(set) var minute = 0

  /// Two calls and two puts of SPY, one call of SPXW, shares of SPY.
  init(laneCount: Int, seed: UInt64) throws {
    let symbols = [
      "SPY251211C00600000", "SPY251211C00605000", "SPY251211P00600000", "SPY251211P00595000", "SPXW251211C06900000",
    ]
    table = ContractTable(try symbols.map { try traded($0) } + [TradedContract(share: "SPY")])
    self.laneCount = laneCount
    guard let date = CalendarDate("2025-12-11") else { throw NoContract(symbol: "2025-12-11") }
    self.date = date
    random = RandomStream(seed: seed, purpose: .randomTrading)
    let count = laneCount * table.count
    columns = (0..<8).map { _ in
      let column = UnsafeMutablePointer<Int32>.allocate(capacity: count)
      column.initialize(repeating: -1, count: count)
      return column
    }
    rows = .allocate(capacity: laneCount)
    laneMinutes = .allocate(capacity: laneCount)
    weights = .allocate(capacity: laneCount)
    // Rows in another order than lanes, as on a tape.
    for lane in 0..<laneCount { (rows + lane).initialize(to: (laneCount - 1 - lane) * table.count) }
    laneMinutes.initialize(repeating: 0, count: laneCount)
    weights.initialize(repeating: 1, count: laneCount)
  }

  deinit {
    for column in columns { column.deallocate() }
    rows.deallocate()
    laneMinutes.deallocate()
    weights.deallocate()
  }

  func below(_ limit: Int) -> Int { Int(random.nextInteger(below: UInt64(limit))) }

  var quotes: LaneQuotes {
    var quotes = LaneQuotes(
      bids: columns[0], asks: columns[1], minutes: columns[5], rows: rows, laneMinutes: laneMinutes, date: date,
      minuteCount: 390)
    quotes.bidSizes = UnsafePointer(columns[2])
    quotes.askSizes = UnsafePointer(columns[3])
    quotes.volumes = UnsafePointer(columns[4])
    quotes.models = UnsafePointer(columns[6])
    quotes.underlyingPrices = UnsafePointer(columns[7])
    quotes.weights = UnsafePointer(weights)
    return quotes
  }

  /// Draws the quotes of a minute. `isFine`: every one of them fills an order.
  func draw(minute: Int, isFine: Bool = false) {
    self.minute = minute
    for lane in 0..<laneCount {
      laneMinutes[lane] = Int32(minute)
      weights[lane] = Double(1 + below(30)) / 10
      let price = 5_900_000 + 1_000 * below(200)
      for contract in 0..<table.count {
        let isShare = !table[Int32(contract)].isOption
        let middle = isShare ? price : 500 + 100 * below(300)
        let half = 50 * (1 + below(6))
        let kind = isFine ? 9 : below(12)
        let place = rows[lane] + contract
        columns[0][place] = Int32(kind == 0 ? 0 : max(100, middle - half))
        columns[1][place] = Int32(kind == 1 ? 0 : kind == 2 ? middle - half - 50 : middle + half)
        let hasSizes = below(3)
        columns[2][place] = hasSizes == 0 ? Int32(below(12) + (isFine ? 1 : 0)) : -1
        columns[3][place] = hasSizes == 0 ? Int32(below(12) + (isFine ? 1 : 0)) : -1
        columns[4][place] = hasSizes == 1 ? Int32(below(200)) : -1
        let made = kind == 3 ? max(0, minute - 4) : minute
        columns[5][place] = Int32(kind == 4 ? -1 - made : made)
        columns[6][place] = below(4) == 0 ? -1 : Int32(middle)
        columns[7][place] = Int32(isShare || contract < 4 ? price : 10 * price)
      }
    }
  }

  /// What a lane may ask for: an order that its book does not refuse, or none.
  func order(_ id: Int64, _ book: Book, mostLegs: Int = 3, mostQuantity: Int = 12) -> Order {
    let none = Order(
      id: id, legs: UpToFour(OrderLeg(contract: 0, ratio: 1)), quantity: 0, effect: .opens, submittedMinute: minute)
    for _ in 0..<4 {
      let order = below(2) == 0 ? opening(id, mostLegs, mostQuantity) : closing(id, book)
      if let order, order.refusal(in: table, on: date, minuteCount: 390) == nil,
        book.refusal(of: order, in: table) == nil
      {
        return order
      }
    }
    return none
  }

  private func opening(_ id: Int64, _ mostLegs: Int, _ mostQuantity: Int) -> Order? {
    var legs: [OrderLeg] = []
    let first = below(table.count)
    for leg in 0..<1 + below(mostLegs) {
      let contract = Int32((first + leg) % table.count)
      let units = table[contract].isOption ? 1 + below(2) : 10 * (1 + below(10))
      legs.append(OrderLeg(contract: contract, ratio: Int32(below(2) == 0 ? units : -units)))
    }
    return UpToFour<OrderLeg>(legs).map {
      Order(id: id, legs: $0, quantity: 1 + below(mostQuantity), effect: .opens, submittedMinute: minute)
    }
  }

  private func closing(_ id: Int64, _ book: Book) -> Order? {
    let held = (0..<book.groupCapacity).filter { book.groups[$0].order != 0 }
    guard !held.isEmpty else { return nil }
    let group = book.groups[held[below(held.count)]]
    return Order(
      id: id, legs: group.reversed, quantity: 1 + below(group.quantity), effect: .closes, submittedMinute: minute,
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
