// Importing from outside: what the words ask for, what is told, and what is stored.

import Market
import TestSupport
import Testing
import Text

@testable import Storage

@Suite struct MarketImportTests {
  private static let flags =
    Flag.values("output", "symbols", "extra-columns") + Flag.values("index", "allow", "reason", repeats: true)

  private func request(_ words: String...) throws(UsageError) -> MarketImport {
    try MarketImport(Arguments(words, flags: MarketImportTests.flags))
  }

  private func refusal(_ words: String...) -> String? {
    do {
      _ = try MarketImport(Arguments(words, flags: MarketImportTests.flags))
      return nil
    } catch {
      return error.message
    }
  }

  @Test func wordsSayWhatIsTaken() throws {
    let request = try request(
      "AAA=a.csv", "all.csv", "--index", "^I=i.csv", "--symbols", "B,C", "--extra-columns", "x,y", "--allow",
      "price-continuity:B:2000-09-29", "--reason", "a split", "--output", "m.h5")
    let allowed = try QualityAllowance(
      check: "price-continuity", symbol: "B", date: #require(CalendarDate("2000-09-29")), reason: "a split")
    #expect(
      request
        == MarketImport(
          sources: [
            .init(path: "a.csv", symbol: "AAA"), .init(path: "all.csv", symbol: nil),
            .init(path: "i.csv", symbol: "^I", isIndex: true),
          ], symbols: ["B", "C"], extraColumns: ["x", "y"], allowances: [allowed], output: "m.h5"))
  }

  @Test func whatCannotBeMeantIsRefusedBeforeAnythingIsRead() {
    #expect(refusal("a.csv") == "--output is missing: name the market store to write")
    #expect(refusal("--output", "m.h5")?.contains("no file is named") == true)
    #expect(refusal("--index", "i.csv", "--output", "m") == "--index i.csv names no symbol; write it SYMBOL=FILE")
    for columns in ["x,x", "close", "X", "", "x,,y"] {
      #expect(refusal("a", "--extra-columns=\(columns)", "--output", "m")?.isEmpty == false, "\(columns)")
    }
    #expect(refusal("a", "--output", "m", "--reason", "r") == "--reason stands without an --allow before it")
    let move = "price-continuity:B:2000-09-29"
    #expect(refusal("a", "--output", "m", "--allow", move) == "--allow \(move) has no --reason behind it")
    #expect(
      refusal("a", "--output", "m", "--allow", move, "--allow", move, "--reason", "r")
        == "--allow \(move) has no --reason behind it")
    #expect(refusal("a", "--output", "m", "--allow", "B:2000-09-29", "--reason", "r")?.contains("B:2000-09-29") == true)
  }

  @Test func oneBarIsToldOfAsOne() throws {
    try withScratchFolder { folder in
      let path = FileSystem.join(folder, "AAA.csv")
      try AtomicWrite.write(text: "Date,Open,High,Low,Close,Volume\n2024-01-02,10,11,9,10.5,1000\n", to: path)
      var told: [String] = []
      let request = MarketImport(
        sources: [.init(path: path, symbol: "AAA")], output: FileSystem.join(folder, "market.h5"))
      _ = try? request.run { told.append($0) }
      #expect(told.first == "read \(path): AAA 1 bar")
    }
  }

  @Test func storesWhatPassesAndTellsWhatItDid() throws {
    try withScratchFolder { folder in
      let series = SyntheticTape.series(bars: 60, seed: 3)
      for one in series {
        try AtomicWrite.write(text: BarTableWriter.plain(one), to: FileSystem.join(folder, one.symbol + ".csv"))
      }
      let output = FileSystem.join(folder, "market.h5")
      var told: [String] = []
      let request = MarketImport(
        sources: series.map { .init(path: FileSystem.join(folder, $0.symbol + ".csv"), symbol: $0.symbol) },
        output: output)
      #expect(try request.run { told.append($0) } == nil)
      let contents = try MarketStore.read(output)
      #expect(contents.series == series && contents.qualityReport?.passed == true)
      #expect(told.first == "read \(FileSystem.join(folder, "AAA.csv")): AAA 60 bars")
      #expect(told.count == 4 && told.last == "wrote \(output): content \(contents.contentHash)")
    }
  }

  @Test func tellsHowFarItIs() throws {
    try withScratchFolder { folder in
      let series = SyntheticTape.series(symbols: ["AAA"], bars: 5000, seed: 3)[0]
      let path = FileSystem.join(folder, "AAA.csv.gz")
      let text = Array(BarTableWriter.plain(series).utf8)
      try AtomicWrite.write(try Gzip.deflate(text, path: path), to: path)
      let output = FileSystem.join(folder, "market.h5")
      var (words, shares): ([String], [Double]) = ([], [])
      let refusal = try MarketImport(sources: [.init(path: path, symbol: "AAA")], output: output).run(
        progress: { said, share in
          if words.last != said { words.append(said) }
          if let share { shares.append(share) }
        }, tell: { _ in })
      #expect(refusal == nil)
      #expect(words == ["reading \(path)", "questioning 5000 bars", "writing \(output)"])
      #expect(shares.count > 1 && shares == shares.sorted() && shares.last == 1)
    }
  }

  @Test func whatTheGateRefusesIsNotStored() throws {
    try withScratchFolder { folder in
      var series = SyntheticTape.series(symbols: ["AAA"], bars: 60, seed: 3)[0]
      series.close[30] = -1
      let path = FileSystem.join(folder, "AAA.csv")
      try AtomicWrite.write(text: BarTableWriter.plain(series), to: path)
      let output = FileSystem.join(folder, "market.h5")
      var told: [String] = []
      let request = MarketImport(sources: [.init(path: path, symbol: "AAA")], output: output)
      let refusal = try #require(try request.run { told.append($0) })
      #expect(refusal.contains("of AAA, \(series.dates[30])") && refusal.contains("\(output) was not written"))
      #expect(told.count == 2 && storageError { try MarketStore.read(output) } != nil)
    }
  }
}
