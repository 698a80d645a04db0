// Imports of more quotes than memory shall hold: what is set aside on the disk comes back, and the store is the same to the byte.

import Glibc
import Market
import TestSupport
import Testing
import Text

@testable import Storage

@Suite struct ChainSpoolTests {
  /// What an import tells, and the store, whose time of writing is left out.
  private struct Outcome: Equatable {
    var told: [String] = []
    var refusal: String?
    var contentHash = ""
    var store: [UInt8] = []
  }

  private func imported(
    _ names: [String], in folder: TemporaryFolder, memory: Int, change: (inout MarketImport) -> Void = { _ in }
  ) throws -> Outcome {
    var request = MarketImport(
      sources: names.map { .init(path: folder.place($0), symbol: nil) }, output: folder.place("market.h5"))
    request.memoryBudgetBytes = memory
    change(&request)
    var outcome = Outcome()
    func placeless(_ line: String) -> String { line.replacing(folder.path, with: "") }
    do throws(StorageError) {
      outcome.refusal = try request.run(now: ImportPlace.now) { outcome.told.append(placeless($0)) }
    } catch {
      outcome.refusal = error.description
    }
    outcome.refusal = outcome.refusal.map(placeless)
    if var contents = try? MarketStore.read(request.output) {
      (contents.created, contents.path, outcome.contentHash) = ("", "", contents.contentHash)
      outcome.store = try MarketStore.encode(contents)
    }
    #expect(try FileSystem.names(inFolder: folder.path).allSatisfy { !$0.hasPrefix(".") })
    return outcome
  }

  /// Imports one after the other, each of some files and with what is said beside them.
  struct Way: Sendable, CustomTestStringConvertible {
    var name: String
    var imports: [[String]]
    var dates: (CalendarDate?, CalendarDate?) = (nil, nil)
    /// What an import of the rooms before they set anything aside gave, of the last store; empty where it was refused.
    var contentHash: String
    var testDescription: String { name }
  }

  private static let plainHash = "42eca46aa7743402f9db243d325e3aea9425ad631ecd5839b19512eab0f4a3a1"

  static let ways: [Way] = [
    Way(name: "in order", imports: [["plain.csv"]], contentHash: plainHash),
    Way(name: "in no order", imports: [["shuffled.csv"]], contentHash: plainHash),
    Way(name: "contradicting rows far apart", imports: [["contradicting.csv"]], contentHash: ""),
    Way(name: "repeated rows", imports: [["repeated.csv"]], contentHash: plainHash),
    Way(
      name: "two files", imports: [["later.csv", "plain.csv"]],
      contentHash: "9e05371ed1883cbbefbc1ea9777d16e09b4b3dbb9680233c9370b176ba7cb56f"),
    Way(
      name: "a store that is added to and revised",
      imports: [["plain.csv"], ["later.csv"], ["revised.csv"], ["revised.csv"]],
      contentHash: "4965d8868123267b0eb38851b48594694d99a6ca186b40ec140b98124e3cbcad"),
    Way(
      name: "two underlyings by turns", imports: [["mixed.csv"], ["later.csv"]],
      contentHash: "f9a7f4d470aa14f3bb4f9521a41dbed27b79b7df8ba8738e43ab1df943130b98"),
    Way(
      name: "some dates", imports: [["plain.csv"]],
      dates: (CalendarDate("2021-01-06"), CalendarDate("2021-01-13")),
      contentHash: "9b2738f8d0e235ce35b4d78fa761f5645c4ae625730fe0b8077006f217110b69"),
  ]

  /// The files of all ways, as text by name.
  static func files() -> [(name: String, text: String)] {
    let plain = ChainTable(sessions: 0..<10)
    var (shuffled, contradicting, repeated) = (plain, plain, plain)
    shuffled.shuffle()
    contradicting.rows += plain.rows.prefix(60).map { ChainTable.revised($0, 5, "0.01") }
    contradicting.rows += plain.rows.prefix(40).map { ChainTable.revised($0, 9, "7") }
    repeated.rows += plain.rows.prefix(300)
    let later = ChainTable(sessions: 8..<14, times: 3, strikes: 16)
    var revised = ChainTable(sessions: 6..<9)
    revised.revise(6, to: "40", share: 9)
    var mixed = ChainTable(sessions: 0..<4)
    mixed.rows = zip(mixed.rows, ChainTable(sessions: 0..<4, underlying: "ABC", seed: 2).rows).flatMap { [$0, $1] }
    return [
      ("plain.csv", plain.text), ("shuffled.csv", shuffled.text), ("contradicting.csv", contradicting.text),
      ("repeated.csv", repeated.text), ("later.csv", later.text), ("revised.csv", revised.text),
      ("mixed.csv", mixed.text),
    ]
  }

  @Test(arguments: ways) func littleMemoryGivesTheSameStore(way: Way) throws {
    var outcomes: [[Outcome]] = []
    for memory in [Spool.budgetBytes, 1_000, 0] {
      let folder = try TemporaryFolder()
      for (name, text) in Self.files() { try folder.write(text, to: name) }
      outcomes.append(
        try way.imports.map { names in
          try imported(names, in: folder, memory: memory) { $0.cut = BarCut(from: way.dates.0, until: way.dates.1) }
        })
    }
    #expect(outcomes[0].last?.contentHash == way.contentHash, "\(outcomes[0])")
    #expect((outcomes[0].last?.refusal == nil) == !way.contentHash.isEmpty)
    for other in outcomes.dropFirst() { #expect(other == outcomes[0]) }
  }

  /// Rows that stand in memory and on the disk by turns, of minutes whose last quote stays.
  @Test func aStreamOfQuotesIsReducedTheSame() throws {
    var text = "ticker,ask_exchange,ask_price,ask_size,bid_exchange,bid_price,bid_size,sequence_number,sip_timestamp\n"
    // 2024-03-07, 9:30 in New York.
    let open: Int64 = 1_709_821_800_000_000_000
    var table = ChainTable(sessions: 0..<0)
    for row in 0..<6000 {
      let ticks = 300 + table.draw(90)
      let instant = open + Int64(row / 40) * 20_000_000_000 + Int64(table.draw(9000)) * 1_000_000
      text +=
        "O:XYZ240315\(table.draw(2) == 0 ? "C" : "P")\(String(100_100_000 + table.draw(8) * 1000).dropFirst()),1,"
        + "\(ticks + 5),2,1,\(table.draw(6) == 0 ? 0 : ticks),3,\(row),\(instant)\n"
    }
    let folder = try TemporaryFolder()
    func chains(_ spool: Spool?) throws -> ([OptionChain], [String]) {
      var file = ChainFile(Array(text.utf8), path: "quotes.csv")
      file.spool = spool
      let shelved = try file.shelved()
      let reading = try #require(shelved)
      return (try reading.chains.map { try $0.settled().whole() }, reading.notes)
    }
    let plain = try chains(nil)
    #expect(plain.0.count == 1 && plain.0[0].quoteCount > 500)
    for budget in [1_000, 0] {
      let spool = Spool(folder: folder.path, budgetBytes: budget)
      let spooled = try chains(spool)
      #expect(spooled.0 == plain.0 && spooled.1 == plain.1 && spool.byteCount > 4_000)
    }
  }

  /// Random chains joined on the disk and in memory, against values in a dictionary.
  @Test func chainsAreJoinedTheSame() throws {
    let folder = try TemporaryFolder()
    var table = ChainTable(sessions: 0..<0, seed: 9)
    let none = ChainValue.none
    for round in 0..<40 {
      let spool = Spool(folder: folder.path, budgetBytes: [0, 100][round % 2])
      var (shelves, values): ([ShelvedChain?], [String: Int32]) = ([nil, nil], [:])
      for _ in 0..<4 {
        let columns: [ChainColumn] = [[.bid, .ask], [.last], [.bid, .delta]][table.draw(3)]
        var builder = ChainBuilder(underlying: "SPX", columns: columns)
        for _ in 0..<table.draw(60) {
          let date = CalendarDate(daysSinceEpoch: 18_631 + Int32(table.draw(3)))
          let (strike, minute) = (1 + table.draw(9), Int32(table.draw(4)))
          let root = builder.root(["SPX", "SPXW"][table.draw(2)])
          let number = builder.number(
            root: root, expiry: date.advanced(by: 9), right: .call,
            strikeThousandths: strike * 1000)
          let row = columns.map { _ in table.draw(4) == 0 ? none : Int32(table.draw(3)) }
          builder.add(
            contract: number, date: date, isExtendedHours: false, minute: minute, values: row,
            openInterest: table.draw(3) == 0 ? Int32(table.draw(2)) : none,
            underlying: table.draw(3) == 0 ? Int32(table.draw(2)) : none)
        }
        let finished = builder.finish()
        let chain = try #require(finished)
        let own = Self.values(chain)
        values.merge(own) { $1 }
        for (place, spool) in [nil, spool].enumerated() {
          var sessions = ShelvedChain.Sessions(spool: spool)
          for session in chain.sessions { try sessions.append(session) }
          let one = ShelvedChain(chain.head, sessions, spool: spool)
          guard var shelf = shelves[place] else {
            shelves[place] = one
            continue
          }
          let before = Self.values(try shelf.settled().whole())
          let found = try #require(try shelf.join(one))
          #expect(found == own.count { key, value in before[key].map { $0 != value } ?? false })
          shelves[place] = shelf
        }
      }
      let whole = try shelves.map { try #require($0).settled().whole() }
      #expect(whole[0] == whole[1] && Self.values(whole[0]) == values, "round \(round)")
    }
  }

  /// All that a chain says, by what it is of.
  private static func values(_ chain: OptionChain) -> [String: Int32] {
    var values: [String: Int32] = [:]
    for session in chain.sessions {
      for (slot, number) in session.contracts.enumerated() {
        let contract = "\(session.date) \(chain.contracts[Int(number)])"
        if !session.openInterest.isEmpty { values[contract] = session.openInterest[slot] }
        for (block, minute) in session.minutes.enumerated() {
          for column in ChainColumn.allCases where session.has(column) {
            values["\(contract) \(minute) \(column)"] = session.value(
              column, row: block * session.contracts.count + slot)
          }
        }
      }
      for (block, minute) in session.minutes.enumerated() where !session.underlying.isEmpty {
        values["\(session.date) \(minute)"] = session.underlying[block]
      }
    }
    return values.filter { $0.value != ChainValue.none }
  }

  @Test func joiningKeepsWhatEitherSaysAndCountsWhatIsRevised() throws {
    let (date, expiry) = (try #require(CalendarDate("2021-01-04")), try #require(CalendarDate("2021-01-15")))
    func chain(_ rows: [(Int, Int32, Int32, Int32)], openInterest: Int32 = ChainValue.none) throws -> OptionChain {
      var builder = ChainBuilder(underlying: "SPX", columns: [.bid, .ask])
      let root = builder.root("SPX")
      for (strike, minute, bid, ask) in rows {
        let number = builder.number(root: root, expiry: expiry, right: .call, strikeThousandths: strike * 1000)
        builder.add(
          contract: number, date: date, isExtendedHours: false, minute: minute, values: [bid, ask],
          openInterest: openInterest, underlying: ChainValue.none)
      }
      let finished = builder.finish()
      return try #require(finished)
    }
    let left = try chain([(3600, 5, 20, 30), (3700, 5, 1, 2)])
    var shelf = ShelvedChain(left)
    #expect(try shelf.join(ShelvedChain(left)) == 0)
    #expect(try shelf.settled().whole() == left)
    #expect(try shelf.join(ShelvedChain(try chain([(3650, 6, 40, 50), (3700, 5, 1, 3)], openInterest: 7))) == 1)
    let joined = try shelf.settled().whole()
    #expect(joined.contracts.map(\.strike) == [3600, 3650, 3700])
    let session = try #require(joined.session(on: date))
    #expect(session.quote(minute: 5, contract: 0)?.bid == 20)
    #expect(session.quote(minute: 6, contract: 1)?.ask == 50)
    #expect(session.quote(minute: 5, contract: 2)?.ask == 3)
    #expect(session.openInterest == [ChainValue.none, 7, 7])
  }

  @Test func aFolderWithoutRoomIsNamed() throws {
    var file = ChainFile(Array(ChainTable(sessions: 0..<3).text.utf8), path: "c.csv")
    file.spool = Spool(folder: "/nonexistent", budgetBytes: 0)
    #expect(
      storageError { try file.shelved() } == .system(path: "/nonexistent", operation: .create, code: ENOENT))
  }
}
