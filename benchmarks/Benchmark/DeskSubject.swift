// The desk beside a plain C loop of the same arithmetic: an order of one leg filled and booked in every lane, and books of two legs marked.

import CDesk
import Kernels
import Market
import Trading

/// Measured in processor time of one thread, ours and the loop in turn on the same quotes and orders. Both must leave the same money.
final class DeskSubject {
  struct Sample {
    /// Nanoseconds a lane.
    let fill: Double
    let plainFill: Double
    let mark: Double
    let plainMark: Double
    /// Calls of the allocator over all fills and marks of ours.
    let allocations: Int
  }

  private static let minutes = 16
  private static let contracts = 8
  private static let slots = Int(cdesk_slots)

  private let laneCount: Int
  private let passes: Int
  private let table: ContractTable
  private let date: CalendarDate
  private let execution: Execution
  private let accounts: LaneAccounts
  private let liquidity: LiquidityMemory
  private let memory = DeskColumns()
  private var plain: cdesk_accounts
  private var rates: cdesk_rates
  private var minutes: [Minute] = []

  /// What one minute has: quotes for both, orders for each.
  private struct Minute {
    let quotes: LaneQuotes
    let plainQuotes: cdesk_quotes
    let orders: [Order]
    let plainOrders: [cdesk_order]
  }

  init(isQuick: Bool) throws(BenchmarkError) {
    laneCount = isQuick ? 64 : 4096
    passes = isQuick ? 1 : 8
    guard let date = CalendarDate("2025-12-11") else { throw .failed("the desk's date is none") }
    self.date = date
    var table = ContractTable()
    for place in 0..<DeskSubject.contracts {
      let option = OptionContract(
        root: "SPY", expiry: date, right: .call, strikeThousandths: 600_000 + 1_000 * place)
      guard let contract = TradedContract(option) else { throw .failed("\(option) is no contract of the desk") }
      _ = table.add(contract)
    }
    self.table = table
    var rates = FeeRates.flat(optionMicroDollars: 650_000)
    rates.optionOrderMinimum = 1_000_000
    rates.optionClearing = 25_000
    rates.optionRegulatory = 28_150
    rates.optionSale = 3_270
    rates.saleValue = 27_800_000
    self.rates = cdesk_rates(
      commission: 650_000, order_minimum: 1_000_000, clearing: 25_000, regulatory: 28_150, sale: 3_270,
      sale_value: 27_800_000)
    do {
      execution = try Execution(ExecutionSettings(), rates: rates, table: table, date: date)
    } catch {
      throw .failed(error.description)
    }
    accounts = LaneAccounts(laneCount: laneCount, capacity: DeskSubject.slots)
    liquidity = LiquidityMemory(table, laneCount: laneCount)
    plain = cdesk_accounts(
      lanes: Int64(laneCount), contracts: Int64(DeskSubject.contracts),
      positions: memory.make(laneCount * DeskSubject.slots),
      groups: memory.make(laneCount * DeskSubject.slots), taken: memory.make(laneCount * DeskSubject.contracts),
      cash: memory.make(laneCount), sums: memory.make(laneCount))
    makeMinutes()
  }

  /// Each even minute opens one position in every lane, each odd one gives it back.
  private func makeMinutes() {
    var random = RandomStream(seed: 11, purpose: .market)
    func below(_ limit: Int) -> Int { Int(random.nextInteger(below: UInt64(limit))) }
    let rows: UnsafeMutablePointer<Int> = memory.make(laneCount)
    for lane in 0..<laneCount { rows[lane] = lane * DeskSubject.contracts }
    for minute in 0..<DeskSubject.minutes {
      let count = laneCount * DeskSubject.contracts
      let columns: [UnsafeMutablePointer<Int32>] = (0..<6).map { _ in memory.make(count) }
      for place in 0..<count {
        let bid = 100 * (20 + below(80))
        columns[0][place] = Int32(bid)
        columns[1][place] = Int32(bid + 100 * (1 + below(5)))
        columns[2][place] = Int32(1 + below(20))
        columns[3][place] = Int32(1 + below(20))
        columns[4][place] = -1
        columns[5][place] = Int32(minute)
      }
      let laneMinutes: UnsafeMutablePointer<Int32> = memory.make(laneCount)
      laneMinutes.update(repeating: Int32(minute), count: laneCount)
      var quotes = LaneQuotes(
        bids: columns[0], asks: columns[1], minutes: columns[5], rows: rows, laneMinutes: laneMinutes, date: date,
        minuteCount: 390)
      quotes.bidSizes = UnsafePointer(columns[2])
      quotes.askSizes = UnsafePointer(columns[3])
      quotes.volumes = UnsafePointer(columns[4])
      let opens = minute % 2 == 0
      let id = Int64(minute + 1)
      var orders: [Order] = []
      for lane in 0..<laneCount {
        let before = opens ? nil : minutes[minute - 1].orders[lane]
        let leg =
          before?.legs[0] ?? OrderLeg(contract: Int32(below(DeskSubject.contracts)), ratio: below(2) == 0 ? -1 : 1)
        orders.append(
          Order(
            id: id, legs: UpToFour(OrderLeg(contract: leg.contract, ratio: opens ? leg.ratio : -leg.ratio)),
            quantity: before?.quantity ?? 1 + below(12), effect: opens ? .opens : .closes, submittedMinute: minute - 1,
            closes: opens ? 0 : id - 1))
      }
      minutes.append(
        Minute(
          quotes: quotes,
          plainQuotes: cdesk_quotes(
            bids: columns[0], asks: columns[1], bid_sizes: columns[2], ask_sizes: columns[3], volumes: columns[4],
            minutes: columns[5], rows: rows),
          orders: orders,
          plainOrders: orders.map { order in
            cdesk_order(
              id: order.id, quantity: Int64(order.legs[0].ratio) * Int64(order.quantity), closes: order.closes,
              contract: order.legs[0].contract)
          }))
    }
  }

  func measure() throws(BenchmarkError) -> Sample {
    var (fill, plainFill, mark, plainMark) = (0.0, 0.0, 0.0, 0.0)
    var allocations = 0
    let filled: UnsafeMutablePointer<Int32> = memory.make(laneCount)
    for _ in 0..<passes {
      openAll()
      for minute in minutes {
        let start = ProcessorTime.seconds
        allocations += try AllocationCounter.count { fillOurs(minute, filled) }
        fill += ProcessorTime.seconds - start
      }
      for (place, minute) in minutes.enumerated() {
        let start = ProcessorTime.seconds
        var quotes = minute.plainQuotes
        _ = cdesk_fill(&plain, minute.plainOrders, &quotes, &rates, Int64(place))
        plainFill += ProcessorTime.seconds - start
      }
      try compare("fills")
      hold()
      for minute in minutes {
        let start = ProcessorTime.seconds
        allocations += try AllocationCounter.count { accounts.mark(0..<laneCount, on: minute.quotes, in: table) }
        mark += ProcessorTime.seconds - start
      }
      for (place, minute) in minutes.enumerated() {
        let start = ProcessorTime.seconds
        var quotes = minute.plainQuotes
        cdesk_mark(&plain, &quotes, Int64(place))
        plainMark += ProcessorTime.seconds - start
      }
      try compare("marks")
    }
    let each = 1e9 / Double(passes * laneCount * DeskSubject.minutes)
    return Sample(
      fill: fill * each, plainFill: plainFill * each, mark: mark * each, plainMark: plainMark * each,
      allocations: allocations)
  }

  private func fillOurs(_ minute: Minute, _ filled: UnsafeMutablePointer<Int32>) {
    minute.orders.withUnsafeBufferPointer { orders in
      guard let base = orders.baseAddress else { return }
      execution.fill(
        base, lanes: 0..<laneCount, on: minute.quotes, accounts: accounts, liquidity: liquidity, filled: filled)
    }
  }

  /// Nothing held, a million dollars in every account.
  private func openAll() {
    let cash: Int64 = 1_000_000_000_000
    for lane in 0..<laneCount {
      accounts.open(lane, cashMicroDollars: cash)
      liquidity.ledger(lane).open()
    }
    plain.positions.update(repeating: cdesk_position(), count: laneCount * DeskSubject.slots)
    plain.groups.update(repeating: cdesk_group(), count: laneCount * DeskSubject.slots)
    plain.taken.update(
      repeating: cdesk_taken(minute: -1, bought: 0, sold: 0), count: laneCount * DeskSubject.contracts)
    plain.cash.update(repeating: cash, count: laneCount)
    plain.sums.update(repeating: cdesk_sums(), count: laneCount)
  }

  /// A book of one long and one short leg in every lane.
  private func hold() {
    openAll()
    for lane in 0..<laneCount {
      var held: [Position] = []
      for (slot, quantity) in [Int32(2), -2].enumerated() {
        let contract = Int32((lane + 3 * slot) % DeskSubject.contracts)
        held.append(Position(contract: contract, multiplier: 100, quantity: quantity, bid: 4_000, ask: 4_200))
        plain.positions[lane * DeskSubject.slots + slot] = cdesk_position(
          contract: contract, multiplier: 100, quantity: quantity, is_quoted: 1, basis: 0, bid: 4_000, ask: 4_200,
          last_bid: 4_000, last_ask: 4_200)
      }
      accounts.book(lane).hold(held)
    }
  }

  /// Both loops must have moved the same money for their times to be comparable.
  private func compare(_ what: String) throws(BenchmarkError) {
    for lane in 0..<laneCount {
      let (ledger, sums) = (accounts.ledger(lane), plain.sums[lane])
      let ours = ledger.sums.pointee
      let isSame =
        ledger.cash.pointee == plain.cash[lane] && ours.priceProfit == sums.price_profit
        && ours.markChange == sums.mark_change && ours.costs[.halfSpread] == sums.half_spread
        && ours.costs[.impact] == sums.impact && ours.costs[.commission] == sums.commission
        && ours.costs[.clearing] == sums.clearing && ours.costs[.regulatory] == sums.regulatory
        && ours.costs[.saleFees] == sums.sale_fees
      guard isSame else { throw .failed("the \(what) of the desk and of its C loop differ in lane \(lane)") }
    }
  }
}

/// Memory that is given back together.
private final class DeskColumns {
  private var blocks: [UnsafeMutableRawPointer] = []

  /// Zeros.
  func make<Element: BitwiseCopyable>(_ count: Int) -> UnsafeMutablePointer<Element> {
    let bytes = count * MemoryLayout<Element>.stride
    let block = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
    block.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    blocks.append(block)
    return block.bindMemory(to: Element.self, capacity: count)
  }

  deinit {
    for block in blocks { block.deallocate() }
  }
}
