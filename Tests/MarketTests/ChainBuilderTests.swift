// The builder of chains against the plain one: every row looked up in a dictionary, nothing remembered between rows.

import Testing

@testable import Market

private let none = ChainValue.none

/// One row as a table gives it.
private struct Row {
  var strike: Int
  var right: OptionSymbol.Right
  var root: String
  var day: Int
  var minute: Int32
  var openInterest: Int32
  var underlying: Int32
  var values: [Int32]

  static let columns: [ChainColumn] = [.bid, .ask, .delta]
  static let first = CalendarDate("2021-01-04")!
  static let expiry = CalendarDate("2021-02-19")!

  var date: CalendarDate { Row.first.advanced(by: day) }
  var isExtendedHours: Bool { minute != ChainBuilder.noMinute && !(0..<390).contains(minute) }
  var contract: OptionContract {
    OptionContract(root: root, expiry: Row.expiry, right: right, strikeThousandths: strike * 1000)
  }
}

/// What the rows say, by date, contract and minute, and what they contradict themselves in.
private struct PlainChain {
  var quotes: [String: [Int32]] = [:]
  var openInterest: [String: Int32] = [:]
  var underlying: [String: Int32] = [:]
  var repeated = 0
  var conflicts: [String] = []

  init(_ rows: [Row]) {
    for row in rows {
      let session = "\(row.date) \(row.isExtendedHours)"
      let contract = session + " \(row.contract)"
      if row.openInterest != none {
        if let known = openInterest[contract], known != row.openInterest {
          conflicts.append("open interest \(contract) \(known) \(row.openInterest)")
        }
        openInterest[contract] = openInterest[contract] ?? row.openInterest
      }
      guard row.minute != ChainBuilder.noMinute else { continue }
      let minute = session + " \(row.minute)"
      if row.underlying != none {
        if let known = underlying[minute], known != row.underlying {
          conflicts.append("underlying \(minute) \(known) \(row.underlying)")
        }
        underlying[minute] = underlying[minute] ?? row.underlying
      }
      let cell = contract + " \(row.minute)"
      guard let known = quotes[cell] else {
        quotes[cell] = row.values
        continue
      }
      guard let place = known.indices.first(where: { known[$0] != row.values[$0] }) else {
        repeated += 1
        continue
      }
      conflicts.append("quote \(cell) \(known[place]) \(row.values[place])")
    }
  }

  /// The same, taken out of a chain.
  init(_ chain: OptionChain, repeated: Int) {
    self.repeated = repeated
    for session in chain.sessions {
      let name = "\(session.date) \(session.isExtendedHours)"
      for (slot, number) in session.contracts.enumerated() {
        let contract = name + " \(chain.contracts[Int(number)])"
        if let interest = session.openInterest.isEmpty ? nil : session.openInterest[slot], interest != none {
          openInterest[contract] = interest
        }
        for (block, minute) in session.minutes.enumerated() {
          let row = block * session.contracts.count + slot
          let values = Row.columns.map { session.value($0, row: row) }
          if values != [none, none, none] { quotes[contract + " \(minute)"] = values }
        }
      }
      for (block, minute) in session.minutes.enumerated() where !session.underlying.isEmpty {
        if session.underlying[block] != none { underlying[name + " \(minute)"] = session.underlying[block] }
      }
    }
    for conflict in chain.conflicts {
      let session =
        "\(conflict.date) \(!(0..<390).contains(conflict.minute) && conflict.minute != Int(ChainBuilder.noMinute))"
      let contract = session + " \(conflict.contract?.description ?? "")"
      let values = "\(conflict.first) \(conflict.second)"
      switch conflict.kind {
      case .openInterest: conflicts.append("open interest \(contract) \(values)")
      case .underlying: conflicts.append("underlying \(session) \(conflict.minute) \(values)")
      case .quote: conflicts.append("quote \(contract) \(conflict.minute) \(values)")
      }
    }
  }
}

@Suite struct ChainBuilderTests {
  /// Snapshots in one order again and again, as most tables have them, and rows in none; more of a session than one block holds.
  @Test(arguments: [(1, 14_000, true), (2, 9000, false), (3, 300, false), (4, 40, true)])
  func rowsMakeWhatThePlainOneMakesOfThem(seed: Int, count: Int, isInOrder: Bool) throws {
    var state = UInt64(seed)
    func draw(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    func maybe(_ value: Int, _ share: Int) -> Int32 { draw(100) < share ? none : Int32(value) }
    var rows: [Row] = []
    for place in 0..<count {
      let number = isInOrder ? place % 200 : draw(200)
      let isInterestAlone = draw(50) == 0
      rows.append(
        Row(
          strike: 100 + number / 2, right: number % 2 == 0 ? .call : .put, root: draw(30) == 0 ? "SPXW" : "SPX",
          day: isInOrder ? place / 7000 : draw(3),
          minute: isInterestAlone ? ChainBuilder.noMinute : Int32(isInOrder ? place / 200 % 35 : draw(12) - 2),
          openInterest: maybe(7 + draw(2), 90), underlying: maybe(3700, 60),
          values: isInterestAlone ? [none, none, none] : [maybe(1 + draw(2), 10), Int32(9), maybe(4, 50)]))
    }
    var builder = ChainBuilder(underlying: "SPX", columns: Row.columns)
    for row in rows { builder.add(row) }
    let finished = builder.finish()
    let chain = try #require(finished)
    #expect(builder.contractCount == Set(rows.map(\.contract)).count)
    let (found, plain) = (PlainChain(chain, repeated: builder.repeatedRows), PlainChain(rows))
    #expect(found.quotes == plain.quotes)
    #expect(found.openInterest == plain.openInterest)
    #expect(found.underlying == plain.underlying)
    #expect(found.repeated == plain.repeated)
    #expect(found.conflicts.sorted() == plain.conflicts.sorted())
    // Rows in no order meet each other.
    #expect(count != 9000 || !plain.conflicts.isEmpty && plain.repeated > 0)

    // Rows that are set aside now and then are those that stayed.
    for share in [3, 100, 3000] {
      var builder = ChainBuilder(underlying: "SPX", columns: Row.columns)
      var aside: [[Int32]] = []
      for row in rows {
        builder.add(row)
        if draw(share) == 0 { builder.setAside(to: &aside) }
      }
      let finished = builder.finish(from: aside)
      let whole = try #require(finished)
      #expect(whole == chain && whole.conflicts == chain.conflicts && builder.repeatedRows == found.repeated)
      #expect(share > 3 || aside.count > 5)
    }
  }

  /// Of a stream the minute's last two-sided quote stays also where the one before it would have been set aside.
  @Test func aQuoteTakesThePlaceOfTheLastOne() throws {
    var state = UInt64(5)
    func draw(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    let rows = (0..<6000).map { place in
      Row(
        strike: 100 + draw(15), right: .call, root: "SPX", day: place / 2500,
        minute: Int32(place / 100 + draw(40) / 39),
        openInterest: none, underlying: none, values: [Int32(draw(3)), Int32(draw(4)), none])
    }
    var chains: [(chain: OptionChain, repeated: Int)] = []
    for share in [0, 2, 50, 700] {
      var builder = ChainBuilder(underlying: "SPX", columns: Row.columns, keepsLast: true)
      var aside: [[Int32]] = []
      for row in rows {
        builder.add(row)
        if share > 0, draw(share) == 0 { builder.setAside(to: &aside) }
      }
      // The last row of each contract and session stays.
      #expect(share != 2 || builder.heldBytes < 1 << 12)
      let finished = builder.finish(from: aside)
      chains.append((try #require(finished), builder.repeatedRows))
    }
    for (chain, repeated) in chains.dropFirst() {
      #expect(chain == chains[0].chain && repeated == chains[0].repeated)
      #expect(Set(chain.conflicts.map { "\($0)" }) == Set(chains[0].chain.conflicts.map { "\($0)" }))
    }
    #expect(!chains[0].chain.conflicts.isEmpty)
  }
}

extension ChainBuilder {
  fileprivate mutating func add(_ row: Row) {
    let root = root(row.root)
    let number = number(root: root, expiry: Row.expiry, right: row.right, strikeThousandths: row.strike * 1000)
    add(
      contract: number, date: row.date, isExtendedHours: row.isExtendedHours, minute: row.minute, values: row.values,
      openInterest: row.openInterest, underlying: row.underlying)
  }

  fileprivate mutating func setAside(to aside: inout [[Int32]]) {
    setAside { rows in
      aside.append(rows)
      return aside.count - 1
    }
  }

  fileprivate mutating func finish(from aside: [[Int32]]) -> OptionChain? {
    var sessions: [ChainSession] = []
    let head = finish(fetch: { aside[$0] }) { sessions.append($0) }
    return head.map {
      OptionChain(
        underlying: $0.underlying, contracts: $0.contracts, sessions: sessions, declaration: $0.declaration,
        conflicts: $0.conflicts)
    }
  }
}
