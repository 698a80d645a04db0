// Imports of more bars than memory shall hold: what is set aside on the disk comes back, and the store is the same to the byte.

import Glibc
import Market
import TestSupport
import Testing
import Text

@testable import Storage

@Suite struct SpoolTests {
  @Test func numbersComeBack() throws {
    let folder = try TemporaryFolder()
    let spool = Spool(folder: folder.path)
    var random = SplitMix(seed: 3)
    var (expected, blocks): ([Int64], [Spool.Block]) = ([], [])
    for _ in 0..<30 {
      let count = [1, 3, 700, 9000, 300_000][random.next(below: 5)]
      let values = (0..<count).map { Int64($0 * 7 + blocks.count) }
      // A column of four bytes before it: numbers may lie anywhere.
      let block = spool.block(bytes: count * 8 + 4)
      try block.append([Int32(count)][...])
      try block.append(values[...])
      blocks.append(block)
      expected += values
      // Reading between writing must not disturb either.
      let (first, last): ([Int32], [Int64]) = (
        try spool.read([block.columns[0]]), try spool.read([block.columns[1]])
      )
      #expect(first == [Int32(count)] && last == values)
    }
    let all: [Int64] = try spool.read(blocks.map { $0.columns[1] }, and: [1, 2])
    #expect(all == expected + [1, 2])
    #expect(try FileSystem.names(inFolder: folder.path) == [])
  }

  /// What nobody holds any more is written over, and what somebody holds is not.
  @Test func roomIsUsedAgain() throws {
    let folder = try TemporaryFolder()
    let spool = Spool(folder: folder.path)
    var random = SplitMix(seed: 8)
    var held: [(block: Spool.Block, values: [Int64])] = []
    var (most, bytes) = (0, 0)
    for round in 0..<2000 {
      let values = (0..<1 + random.next(below: 3000)).map { Int64($0 + round * 5000) }
      let block = spool.block(bytes: values.count * 8)
      try block.append(values[...])
      held.append((block, values))
      bytes += values.count * 8
      while held.count > 20 {
        let gone = held.remove(at: random.next(below: held.count))
        bytes -= gone.values.count * 8
      }
      most = max(most, bytes)
      guard round % 50 == 0 else { continue }
      for one in held { #expect(try spool.read(one.block.columns) == one.values) }
    }
    for one in held { #expect(try spool.read(one.block.columns) == one.values) }
    #expect(spool.byteCount < 3 * most, "\(spool.byteCount) bytes for \(most)")
  }

  @Test func aFolderWithoutRoomIsNamed() {
    let spool = Spool(folder: "/nonexistent")
    let error = storageError { try spool.block(bytes: 8).append([1.0][...]) }
    #expect(error == .system(path: "/nonexistent", operation: .create, code: ENOENT))
  }

  /// Deliveries in any order, overlapping or not, with splits and filled rows: joined on the disk as in memory.
  @Test(arguments: [BarWidth.session, .minute]) func seriesAreJoinedTheSame(width: BarWidth) throws {
    let folder = try TemporaryFolder()
    let whole =
      width == .minute
      ? SyntheticTape.minutes(symbols: ["AAA"], sessions: 12, seed: 6)[0] : SyntheticTape.series(bars: 900, seed: 6)[0]
    var random = SplitMix(seed: 4)
    for round in 0..<60 {
      let spool = Spool(folder: folder.path, budgetBytes: 0)
      var shelf = SeriesShelf(spool: spool)
      // Pieces that end anywhere; and deliveries that are too large to be put behind what is there.
      shelf.pieceRows = [7, 29, 1000][round % 3]
      var (plain, next): (BarSeries?, Int) = (nil, 0)
      for delivery in 0..<12 {
        // Mostly what comes next; else something else of before, or of both.
        let start = [next, next, next, next + 3, max(0, next - 40), random.next(below: 300)][random.next(below: 6)]
        let rows = Array(whole.dates.indices[min(start, whole.count)...].prefix(random.next(below: 60)))
        var one = whole.rows(rows)
        if rows.count > 3 {
          if random.next(below: 5) == 0, let split = CorporateAction(date: one.dates[rows.count - 1], split: 2) {
            one.adjust(for: [split])
          }
          if random.next(below: 4) == 0 { one.filledRows = [1, rows.count - 1] }
          if random.next(below: 4) == 0 { one.close[2] += 1 }
          if random.next(below: 6) == 0 { one.adjustmentFactors = one.adjustmentFactors.map { $0 * 0.5 } }
        }
        next = (rows.last ?? next - 1) + 1
        guard let before = plain else {
          plain = one
          try shelf.append(one)
          continue
        }
        let expected = try #require(before.joined(with: one))
        var delivered = SeriesShelf(spool: spool)
        try delivered.append(one)
        let outcome = try delivery % 2 == 0 ? shelf.join(0, with: one) : shelf.join(0, with: 0, of: delivered)
        let found = try #require(outcome)
        #expect(found.shared == expected.shared && found.revised == expected.revised && found.added == expected.added)
        #expect(found.factorScale == expected.factorScale && found.differences == expected.differences)
        let joined = try shelf.series(0)
        #expect(joined == expected.series, "round \(round), delivery \(delivery)")
        #expect(shelf.label(0).count == joined.count && shelf.label(0).actions == joined.actions)
        plain = expected.series
      }
    }
    var index = SyntheticTape.series(bars: 20, seed: 1)[0]
    var shelf = SeriesShelf(spool: Spool(folder: folder.path, budgetBytes: 0))
    try shelf.append(index)
    index.instrument = .index
    #expect(try shelf.join(0, with: index) == nil)
  }

  /// Rows of minutes of three symbols by turns, as flat files of a day have them, with hours around the sessions, a short gap and an unfinished last
  /// session; and their text in which one row has no value in a further column.
  private func table(_ sessions: Int, seed: UInt64, from start: Int = 0) throws -> String {
    let series = SyntheticTape.minutes(symbols: ["AAA", "BBB", "CCC"], sessions: sessions, seed: seed)
    var text = "symbol,timestamp,open,high,low,close,volume,signal\n"
    for row in start..<series[0].count - 100 where row % 700 != 650 {
      for (place, one) in series.enumerated() {
        let volume = Int(one.volume[row])
        func cents(_ price: Double) -> String { "\((price * 100).rounded() / 100)" }
        let prices = [one.open[row], one.high[row], one.low[row], one.close[row]].map(cents).joined(separator: ",")
        text += "\(one.symbol),\(one.starts[row]),\(prices),\(volume),\(row < 5 ? "" : "\(row + place).25")\n"
        if row % 390 == 389, place == 1 {
          let late = one.starts[row].advanced(seconds: 3600)
          text += "\(one.symbol),\(late),\(prices),\(volume),7\n"
        }
      }
    }
    return text
  }

  /// What an import of these files tells and stores, with so much memory.
  private func imported(
    _ sources: [String], in folder: TemporaryFolder, memory: Int, change: (inout MarketImport) -> Void = { _ in }
  ) throws -> (told: [String], refusal: String?, store: [UInt8]) {
    var request = MarketImport(
      sources: sources.map { .init(path: folder.place($0), symbol: nil) }, output: folder.place("market.h5"))
    request.memoryBudgetBytes = memory
    change(&request)
    var told: [String] = []
    let refusal = try request.run(now: Instant(nanoseconds: .max)) { told.append($0) }
    var store = (try? MarketStore.read(request.output)).map { contents in
      var contents = contents
      contents.created = ""
      return contents
    }
    store?.path = ""
    return (told, refusal, try store.map { try MarketStore.encode($0) } ?? [])
  }

  /// The first import, two that add to it, the second of them once more what is there, and one that revises it, each with a split, filled gaps and a cut, with memory for all, for some and for no bars.
  @Test func littleMemoryGivesTheSameStore() throws {
    var outcomes: [[(told: [String], refusal: String?, store: [UInt8])]] = []
    for memory in [Spool.budgetBytes, 200_000, 0] {
      let folder = try TemporaryFolder()
      try folder.write(Array(try table(6, seed: 1).utf8), to: "first.csv")
      // Behind the five sessions that were over.
      try folder.write(Array(try table(7, seed: 1, from: 1950).utf8), to: "later.csv")
      try folder.write(Array(try table(9, seed: 1).utf8), to: "second.csv")
      try folder.write(Array(try table(5, seed: 2).utf8), to: "third.csv")
      var all: [(told: [String], refusal: String?, store: [UInt8])] = []
      for sources in [["first.csv"], ["later.csv"], ["second.csv"], ["third.csv"]] {
        all.append(
          try imported(sources, in: folder, memory: memory) { request in
            request.isFilling = true
            request.extraColumns = ["signal"]
            request.declared.adjustment = PriceAdjustment.none
            request.cut = BarCut(from: CalendarDate("2024-01-03"), isCommon: true)
          })
        let names = try FileSystem.names(inFolder: folder.path)
        #expect(names.allSatisfy { !$0.hasPrefix(".") }, "\(names)")
      }
      outcomes.append(all)
    }
    for (place, plain) in outcomes[0].enumerated() {
      #expect(!plain.told.isEmpty)
      for other in outcomes.dropFirst() {
        let folderless = { (lines: [String]) in
          lines.map { line in line.split(separator: " ").filter { !$0.contains("/tmp/") }.joined(separator: " ") }
        }
        #expect(folderless(other[place].told) == folderless(plain.told), "import \(place)")
        #expect((other[place].refusal == nil) == (plain.refusal == nil))
        #expect(other[place].store == plain.store, "import \(place)")
      }
    }
    #expect(outcomes[0].contains { !$0.store.isEmpty })
  }

  /// Days, and the table reader alone: rows that lie on a spool are those that would be in memory.
  @Test func aTableIsReadTheSame() throws {
    let minutes = try table(4, seed: 4)
    let days =
      "Ticker,Date,Open,High,Low,Close,Volume\n"
      + SyntheticTape.series(bars: 6000, seed: 5).map { one in
        one.dates.indices.map { row in
          "\(one.symbol),\(one.dates[row]),\(one.open[row]),\(one.high[row]),\(one.low[row]),\(one.close[row]),\(Int(one.volume[row]))\n"
        }.joined()
      }.joined()
    for (text, columns) in [(minutes, ["signal"]), (days, [])] {
      func reading(_ spool: Spool?) throws -> BarFileReading {
        var file = BarFile(ByteSource(Array(text.utf8), path: "bars.csv"), path: "bars.csv", limitBytes: 1 << 30)
        file.spool = spool
        return try file.read(
          symbols: nil, symbolOverride: nil, isIndex: false, extraColumns: columns, declared: BarDeclarations())
      }
      let folder = try TemporaryFolder()
      let spool = Spool(folder: folder.path, budgetBytes: 0)
      let (plain, spooled) = (try reading(nil), try reading(spool))
      #expect(spool.byteCount > 100_000)
      #expect(plain.series == spooled.series && plain.provenance == spooled.provenance)
      #expect(plain.notes == spooled.notes && plain.understanding == spooled.understanding)
    }
  }
}
