// Option chains of which memory need not hold all sessions.

package import Market
import Text

/// The quotes of one session; its contracts are numbered as whoever holds it numbers them, and stand in the order of contracts.
private struct LaidSession {
  var numbers: [Int32]
  var minutes: [Int32]
  /// By `ChainColumn.rawValue`.
  var columns: [[Int32]]
  var openInterest: [Int32]
  var underlying: [Int32]

  init(_ session: ChainSession, numbers: [Int32]) {
    (self.numbers, minutes, columns) = (numbers, session.minutes, session.columns)
    (openInterest, underlying) = (session.openInterest, session.underlying)
  }

  /// What is set aside, a list after the other: the numbers apart, which change where chains are joined.
  static let listCount = 3 + ChainColumn.allCases.count

  var lists: [[Int32]] { [minutes] + columns + [openInterest, underlying] }

  init(numbers: [Int32], lists: [[Int32]]) {
    (self.numbers, minutes, columns) = (numbers, lists[0], Array(lists[1..<lists.count - 2]))
    (openInterest, underlying) = (lists[lists.count - 2], lists[lists.count - 1])
  }

  var bytes: Int { lists.reduce(numbers.count) { $0 + $1.count } * MemoryLayout<Int32>.stride }
}

/// A session on a shelf: what is known of it without its quotes, and where these lie.
private struct ShelvedSession {
  var date: CalendarDate
  var isExtendedHours: Bool
  var contracts: Int
  var minutes: Int
  var quotes: Int
  /// By `ChainColumn.rawValue`; and whether it has open interest and prices of the underlying.
  var hasColumn: [Bool]
  var hasOpenInterest: Bool
  var hasUnderlying: Bool
  var place: Place

  enum Place {
    case memory(LaidSession)
    case spooled(numbers: Spool.Block, lists: Spool.Block)
    case stored(ChainColumns.Reader, Int)
  }

  init(_ session: ChainSession, at place: Place) {
    (date, isExtendedHours) = (session.date, session.isExtendedHours)
    (contracts, minutes, quotes) = (session.contracts.count, session.minutes.count, session.quoteCount)
    hasColumn = ChainColumn.allCases.map(session.has)
    (hasOpenInterest, hasUnderlying) = (!session.openInterest.isEmpty, !session.underlying.isEmpty)
    self.place = place
  }

  var key: Int64 { Int64(date.daysSinceEpoch) * 2 + (isExtendedHours ? 1 : 0) }

  func laid(_ spool: Spool?) throws(StorageError) -> LaidSession {
    switch place {
    case .memory(let laid): return laid
    case .stored(let reader, let index):
      let session = try reader.session(at: index)
      return LaidSession(session, numbers: session.contracts)
    case .spooled(let numbers, let lists):
      guard let spool else { preconditionFailure("a session on a spool that is not there") }
      var read: [[Int32]] = []
      for list in lists.columns { read.append(try spool.read([list])) }
      return LaidSession(numbers: try spool.read(numbers.columns), lists: read)
    }
  }

  /// With the numbers that contracts have in another table.
  func session(_ laid: LaidSession, contracts: [Int32]) -> ChainSession {
    ChainSession(
      date: date, isExtendedHours: isExtendedHours, contracts: contracts, minutes: laid.minutes, columns: laid.columns,
      openInterest: laid.openInterest, underlying: laid.underlying)
  }
}

/// The options of one underlying while files are brought together. Sessions that a spool's budget has no room for lie on the disk until they are asked for;
/// without a spool all stay in memory. The same come back, to the bit.
package struct ShelvedChain {
  package let underlying: String
  private var declaration: ChainDeclaration
  private var deliverables: [DeclaredDeliverable]
  private var conflicts: [ChainConflict]
  /// Every contract once, in the order in which they came: sessions speak of them by their numbers here, which no later file changes.
  private var contracts: [OptionContract]
  /// The other way round, from the second delivery on.
  private var numbers: [OptionContract: Int32] = [:]
  /// In their order.
  private var sessions: [ShelvedSession] = []
  private let spool: Spool?

  /// A chain whose sessions come one after the other; `chain` has none.
  init(_ chain: OptionChain, spool: Spool?) {
    (underlying, declaration, deliverables) = (chain.underlying, chain.declaration, chain.deliverables)
    (contracts, conflicts, self.spool) = (chain.contracts, chain.conflicts, spool)
  }

  /// A chain that stays in memory.
  package init(_ chain: OptionChain) {
    self.init(chain, spool: nil)
    sessions = chain.sessions.map {
      ShelvedSession($0, at: .memory(LaidSession($0, numbers: $0.contracts)))
    }
  }

  /// A chain of a store, of which each session is read and checked when it is asked for, and once now.
  init(_ reader: ChainColumns.Reader, spool: Spool?) throws(StorageError) {
    let entry = reader.entry
    self.init(
      OptionChain(
        underlying: entry.underlying, contracts: try reader.contracts(), sessions: [], declaration: entry.declaration,
        deliverables: entry.deliverables), spool: spool)
    try reader.requireOrder()
    for index in entry.sessions.indices {
      sessions.append(ShelvedSession(try reader.session(at: index), at: .stored(reader, index)))
    }
  }

  /// What was finished of a table's rows: the sessions in their order, and the chain without them, once it is known.
  struct Sessions {
    fileprivate var all: [ShelvedSession] = []
    private let spool: Spool?

    init(spool: Spool?) { self.spool = spool }

    mutating func append(_ session: ChainSession) throws(StorageError) {
      let laid = LaidSession(session, numbers: session.contracts)
      all.append(ShelvedSession(session, at: try ShelvedChain.place(laid, on: spool)))
    }
  }

  init(_ chain: OptionChain, _ sessions: Sessions, spool: Spool?) {
    self.init(chain, spool: spool)
    self.sessions = sessions.all
  }

  private static func place(_ laid: LaidSession, on spool: Spool?) throws(StorageError) -> ShelvedSession.Place {
    guard let spool, !spool.keepsSession(laid.bytes) else { return .memory(laid) }
    let lists = laid.lists
    let block = spool.block(bytes: lists.reduce(0) { $0 + $1.count } * MemoryLayout<Int32>.stride)
    for list in lists { try block.append(list[...]) }
    return .spooled(numbers: try ShelvedChain.block(laid.numbers, on: spool), lists: block)
  }

  private static func block(_ numbers: [Int32], on spool: Spool) throws(StorageError) -> Spool.Block {
    let block = spool.block(bytes: numbers.count * MemoryLayout<Int32>.stride)
    try block.append(numbers[...])
    return block
  }

  // MARK: What is known of it

  var contractCount: Int { contracts.count }
  var sessionCount: Int { sessions.count }
  /// Cells that say anything.
  var quoteCount: Int { sessions.reduce(0) { $0 + $1.quotes } }
  /// Those of the first session and of the last; nil where there is none.
  var dates: (first: CalendarDate, last: CalendarDate)? {
    sessions.first.flatMap { first in sessions.last.map { (first.date, $0.date) } }
  }

  /// Leaves the sessions between two dates, both included; nil for no bound. The table of contracts stays as it is.
  mutating func cut(from first: CalendarDate?, until last: CalendarDate?) {
    func isTaken(_ date: CalendarDate) -> Bool { first.map { $0 <= date } ?? true && last.map { date <= $0 } ?? true }
    sessions.removeAll { !isTaken($0.date) }
    conflicts.removeAll { !isTaken($0.date) }
  }

  // MARK: Joining

  /// Adds another chain of the underlying, of the same spool: what either says, and where both say something else of one contract in one minute, what the other
  /// says. Returns how many values that are; nil, with nothing changed, where the two declare different units. What the other declares of a root's deliverable
  /// stands in place of what was declared before.
  package mutating func join(_ other: ShelvedChain) throws(StorageError) -> Int? {
    guard underlying == other.underlying, let declaration = declaration.joined(with: other.declaration) else {
      return nil
    }
    self.declaration = declaration
    deliverables += other.deliverables
    conflicts += other.conflicts
    let numberOf = other.contracts.map { number(of: $0) }
    var revised = 0
    for var added in other.sessions {
      let place = sessions.firstPlace { $0.key >= added.key }
      if place < sessions.count, sessions[place].key == added.key {
        var laid = try added.laid(spool)
        laid.numbers = laid.numbers.map { numberOf[Int($0)] }
        try join(laid, of: added, at: place, &revised)
      } else {
        try added.renumber(numberOf, on: spool)
        sessions.insert(added, at: place)
      }
    }
    return revised
  }

  private mutating func number(of contract: OptionContract) -> Int32 {
    if numbers.isEmpty {
      for (number, contract) in contracts.enumerated() { numbers[contract] = Int32(number) }
    }
    if let known = numbers[contract] { return known }
    numbers[contract] = Int32(contracts.count)
    contracts.append(contract)
    return Int32(contracts.count - 1)
  }

  /// Joins a session that is there with what another file says of it.
  private mutating func join(
    _ laid: LaidSession, of added: ShelvedSession, at place: Int, _ revised: inout Int
  ) throws(StorageError) {
    let (session, own) = (sessions[place], try sessions[place].laid(spool))
    let all = Set(own.numbers).union(laid.numbers).sorted { contracts[Int($0)] < contracts[Int($1)] }
    var placeOf: [Int32: Int32] = [:]
    for (place, number) in all.enumerated() { placeOf[number] = Int32(place) }
    func numbered(_ laid: LaidSession) -> ChainSession {
      session.session(laid, contracts: laid.numbers.map { placeOf[$0] ?? 0 })
    }
    let joined = numbered(own).joined(with: numbered(laid), &revised)
    if case .memory(let before) = session.place { spool?.releaseSession(before.bytes) }
    if case .memory(let before) = added.place { spool?.releaseSession(before.bytes) }
    let whole = LaidSession(joined, numbers: joined.contracts.map { all[Int($0)] })
    sessions[place] = ShelvedSession(joined, at: try ShelvedChain.place(whole, on: spool))
  }

  // MARK: The chain

  /// What came of all files.
  package func settled() -> SettledChain {
    let isInOrder = zip(contracts, contracts.dropFirst()).allSatisfy { $0 < $1 }
    let order = isInOrder ? Array(contracts.indices) : contracts.indices.sorted { contracts[$0] < contracts[$1] }
    var finalOf: [Int32] = []
    if !isInOrder {
      finalOf = [Int32](repeating: 0, count: order.count)
      for (place, number) in order.enumerated() { finalOf[number] = Int32(place) }
    }
    return SettledChain(
      head: OptionChain(
        underlying: underlying, contracts: order.map { contracts[$0] }, sessions: [], declaration: declaration,
        deliverables: deliverables, conflicts: conflicts), sessions: sessions, finalOf: finalOf, spool: spool)
  }
}

extension ShelvedSession {
  /// Changes the numbers of its contracts.
  fileprivate mutating func renumber(_ numberOf: [Int32], on spool: Spool?) throws(StorageError) {
    switch place {
    case .memory(var laid):
      laid.numbers = laid.numbers.map { numberOf[Int($0)] }
      place = .memory(laid)
    case .spooled(let numbers, let lists):
      guard let spool else { preconditionFailure("a session on a spool that is not there") }
      let own: [Int32] = try spool.read(numbers.columns)
      let block = spool.block(bytes: own.count * MemoryLayout<Int32>.stride)
      try block.append(own.map { numberOf[Int($0)] }[...])
      place = .spooled(numbers: block, lists: lists)
    case .stored: preconditionFailure("a session of a store is joined to what was delivered")
    }
  }
}

/// A chain whose table of contracts is known, and its sessions, each of which is fetched when it is asked for.
package struct SettledChain {
  /// All but the sessions.
  var head: OptionChain
  private let sessions: [ShelvedSession]
  /// By the number under which a session knows a contract, that in the table; empty where they are the same.
  private let finalOf: [Int32]
  private let spool: Spool?

  fileprivate init(head: OptionChain, sessions: [ShelvedSession], finalOf: [Int32], spool: Spool?) {
    (self.head, self.sessions, self.finalOf, self.spool) = (head, sessions, finalOf, spool)
  }

  init(_ chain: OptionChain) { self = ShelvedChain(chain).settled() }

  /// Gives one session after the other, read from where it lies.
  func forEachSession(_ body: (ChainSession) throws(StorageError) -> Void) throws(StorageError) {
    for session in sessions {
      let laid = try session.laid(spool)
      try body(
        session.session(laid, contracts: finalOf.isEmpty ? laid.numbers : laid.numbers.map { finalOf[Int($0)] }))
    }
  }

  /// The chain with all its sessions.
  package func whole() throws(StorageError) -> OptionChain {
    var all: [ChainSession] = []
    try forEachSession { all.append($0) }
    return OptionChain(
      underlying: head.underlying, contracts: head.contracts, sessions: all, declaration: head.declaration,
      deliverables: head.deliverables, conflicts: head.conflicts)
  }

  /// What a store says of it. `examine`: gets each session on the way.
  func entry(examine: (ChainSession) -> Void = { _ in }) throws(StorageError) -> ChainEntry {
    let presence = self.presence
    var entries: [ChainEntry.SessionEntry] = []
    try forEachSession { session in
      examine(session)
      entries.append(
        ChainEntry.SessionEntry(
          date: session.date, isExtendedHours: session.isExtendedHours, contracts: session.contracts.count,
          minutes: session.minutes.count, digest: ChainDigest.session(session, presence)))
    }
    return ChainEntry(head, presence, sessions: entries)
  }

  /// What any of its sessions has.
  var presence: ChainEntry.Presence {
    ChainEntry.Presence(
      columns: ChainColumn.allCases.filter { column in sessions.contains { $0.hasColumn[column.rawValue] } },
      hasOpenInterest: sessions.contains(where: \.hasOpenInterest),
      hasUnderlying: sessions.contains(where: \.hasUnderlying))
  }
}
