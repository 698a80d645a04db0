// The quotes of one session, laid out so that one is found by its place.

import Text

/// Quotes of a chain in the minutes of one session: dense blocks, a block for each minute and in it a slot for each contract of the session.
///
/// Every column has `minutes.count` x `contracts.count` values, row = block x contracts + slot. A snapshot that is stamped t belongs to the minute that ends
/// at t: 16:00 is minute 389.
package struct ChainSession: Sendable, Equatable {
  package let date: CalendarDate
  /// Whether these are minutes before the opening or behind the close, which are kept apart: nobody trades in them.
  package let isExtendedHours: Bool
  /// Numbers of contracts in the chain's table, ascending.
  package let contracts: [Int32]
  /// Minutes from the opening, ascending; see `Session.minute`.
  package let minutes: [Int32]
  /// By `ChainColumn.rawValue`; empty for a column that no row has.
  package let columns: [[Int32]]
  /// By slot; empty where nobody says it. It is made at night and holds for the whole day.
  package let openInterest: [Int32]
  /// By block, ten-thousandths of a dollar: what the vendor says the underlying cost; empty where nobody says it.
  package let underlying: [Int32]
  private let blocks: [Int32]
  /// Empty where the session's contracts lie so far apart in the table that halving their list costs less than the room.
  private let slots: [Int32]

  /// Traps where the shapes do not agree or the order is another.
  package init(
    date: CalendarDate, isExtendedHours: Bool, contracts: [Int32], minutes: [Int32], columns: [[Int32]],
    openInterest: [Int32], underlying: [Int32]
  ) {
    let cells = contracts.count * minutes.count
    precondition(
      columns.count == ChainColumn.count && columns.allSatisfy { $0.isEmpty || $0.count == cells },
      "\(columns.count) columns of \(columns.map(\.count)) values for \(cells) cells on \(date)")
    precondition(
      openInterest.isEmpty || openInterest.count == contracts.count, "\(openInterest.count) values of open interest")
    precondition(underlying.isEmpty || underlying.count == minutes.count, "\(underlying.count) underlying prices")
    precondition(ChainSession.isAscending(contracts) && ChainSession.isAscending(minutes), "no order on \(date)")
    self.date = date
    self.isExtendedHours = isExtendedHours
    self.contracts = contracts
    self.minutes = minutes
    self.columns = columns
    self.openInterest = openInterest
    self.underlying = underlying
    blocks = ChainSession.places(minutes)
    let span = (contracts.last.map { Int($0) } ?? -1) - (contracts.first.map { Int($0) } ?? 0) + 1
    slots = span <= 4 * contracts.count ? ChainSession.places(contracts) : []
  }

  static func isAscending(_ numbers: [Int32]) -> Bool { zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 } }

  /// By value from the first on, where in the list it stands; -1 for one that is not in it.
  private static func places(_ values: [Int32]) -> [Int32] {
    guard let first = values.first, let last = values.last else { return [] }
    var places = [Int32](repeating: -1, count: Int(last) - Int(first) + 1)
    for (place, value) in values.enumerated() { places[Int(value) - Int(first)] = Int32(place) }
    return places
  }

  private static func place(of value: Int, in places: [Int32], from first: Int32?) -> Int? {
    guard let first else { return nil }
    let offset = value - Int(first)
    guard places.indices.contains(offset), places[offset] >= 0 else { return nil }
    return Int(places[offset])
  }

  /// The block of a minute, or nil where nothing is quoted in it.
  package func block(ofMinute minute: Int) -> Int? { ChainSession.place(of: minute, in: blocks, from: minutes.first) }

  /// The slot of a contract of the chain's table, or nil where the session has none of its quotes.
  package func slot(ofContract contract: Int) -> Int? {
    guard slots.isEmpty else { return ChainSession.place(of: contract, in: slots, from: contracts.first) }
    let place = contracts.firstPlace { Int($0) >= contract }
    return place < contracts.count && Int(contracts[place]) == contract ? place : nil
  }

  /// Where in every column a contract's value of a minute lies.
  package func row(minute: Int, contract: Int) -> Int? {
    guard let block = block(ofMinute: minute), let slot = slot(ofContract: contract) else { return nil }
    return block * contracts.count + slot
  }

  package func value(_ column: ChainColumn, row: Int) -> Int32 {
    let values = columns[column.rawValue]
    return values.isEmpty ? ChainValue.none : values[row]
  }

  /// Whether any row has a value of the column.
  package func has(_ column: ChainColumn) -> Bool { !columns[column.rawValue].isEmpty }

  /// What was quoted of a contract in a minute; nil where nothing was.
  package func quote(minute: Int, contract: Int) -> ChainQuote? {
    guard let row = row(minute: minute, contract: contract) else { return nil }
    let quote = quote(row: row)
    return quote.isEmpty ? nil : quote
  }

  package func quote(row: Int) -> ChainQuote {
    var quote = ChainQuote()
    quote.bid = value(.bid, row: row)
    quote.ask = value(.ask, row: row)
    quote.bidSize = value(.bidSize, row: row)
    quote.askSize = value(.askSize, row: row)
    quote.last = value(.last, row: row)
    quote.volume = value(.volume, row: row)
    return quote
  }

  package func greeks(row: Int) -> ChainGreeks {
    func float(_ column: ChainColumn) -> Float? { ChainValue.float(value(column, row: row)) }
    return ChainGreeks(
      impliedVolatility: float(.impliedVolatility), delta: float(.delta), gamma: float(.gamma), theta: float(.theta),
      vega: float(.vega), rho: float(.rho))
  }

  /// Writes the quotes of all the session's contracts in a minute, by slot, and returns how many; 0 where nothing is quoted in it. Traps if the buffer is
  /// smaller than `contracts.count`.
  package func quotes(minute: Int, into buffer: UnsafeMutableBufferPointer<ChainQuote>) -> Int {
    precondition(buffer.count >= contracts.count, "\(buffer.count) quotes for \(contracts.count) contracts")
    guard let block = block(ofMinute: minute) else { return 0 }
    let count = contracts.count
    let start = block * count
    func fill(_ column: ChainColumn, _ write: (Int, Int32) -> Void) {
      let values = columns[column.rawValue]
      guard !values.isEmpty else { return (0..<count).forEach { write($0, ChainValue.none) } }
      values.withUnsafeBufferPointer { values in
        for slot in 0..<count { write(slot, values[start + slot]) }
      }
    }
    fill(.bid) { buffer[$0].bid = $1 }
    fill(.ask) { buffer[$0].ask = $1 }
    fill(.bidSize) { buffer[$0].bidSize = $1 }
    fill(.askSize) { buffer[$0].askSize = $1 }
    fill(.last) { buffer[$0].last = $1 }
    fill(.volume) { buffer[$0].volume = $1 }
    return count
  }

  /// How many cells say anything.
  package var quoteCount: Int {
    (0..<contracts.count * minutes.count).count { row in columns.contains { !$0.isEmpty && $0[row] != ChainValue.none }
    }
  }
}
