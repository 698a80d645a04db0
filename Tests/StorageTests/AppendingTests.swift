// A store that is there is added to, and never lost.

import Market
import TestSupport
import Testing

@testable import Storage

/// Files and a store in a folder of their own, and what an import of them told.
struct ImportPlace {
  let folder: String
  var store: String { FileSystem.join(folder, "market.h5") }

  func write(_ series: BarSeries, to name: String? = nil) throws -> MarketImport.Source {
    let path = FileSystem.join(folder, name ?? series.symbol + ".csv")
    try AtomicWrite.write(text: BarTableWriter.plain(series), to: path)
    return MarketImport.Source(path: path, symbol: series.symbol)
  }

  /// Long after all bars of tests that begin in 2001.
  static let now = Instant(nanoseconds: 2_050_000_000_000_000_000)

  func run(
    _ sources: [MarketImport.Source], now: Instant = now, _ change: (inout MarketImport) -> Void = { _ in }
  ) throws -> (refusal: String?, told: String) {
    var request = MarketImport(sources: sources, output: store)
    change(&request)
    var told: [String] = []
    let refusal = try request.run(now: now) { told.append($0) }
    return (refusal, told.joined(separator: "\n"))
  }
}

private func inPlace(_ body: (ImportPlace) throws -> Void) throws {
  try withScratchFolder { try body(ImportPlace(folder: $0)) }
}

@Suite struct AppendingTests {
  private let whole = SyntheticTape.series(bars: 100, seed: 41)

  private func part(_ place: Int, _ rows: Range<Int>) -> BarSeries { whole[place].rows(Array(rows)) }

  @Test func partsBecomeTheStoreThatTheWholeWouldBe() throws {
    try inPlace { place in
      let first = try place.run([0, 1].map { try place.write(part($0, 0..<60)) })
      #expect(first.refusal == nil)
      let second = try place.run([0, 1].map { try place.write(part($0, 50..<100)) })
      #expect(second.refusal == nil)
      #expect(second.told.contains("AAA: 40 bars are new in \(place.store), 10 were there, 0 of these differ"))
      let contents = try MarketStore.read(place.store)
      #expect(contents.series == whole && contents.provenance.count == 4)
      #expect(contents.contentHash == MarketStore.contentHash(whole))
      try contents.requirePassingGate()
      // The same once more changes nothing, and is no other source.
      _ = try place.run([0, 1].map { try place.write(part($0, 50..<100)) })
      #expect(try MarketStore.read(place.store).provenance == contents.provenance)
    }
  }

  @Test func whatDiffersIsReplacedCountedAndShown() throws {
    try inPlace { place in
      _ = try place.run([try place.write(whole[0])])
      var newer = part(0, 80..<100)
      newer.high[5] *= 1.02
      newer.volume[6] += 1000
      let outcome = try place.run([try place.write(newer)])
      #expect(outcome.refusal == nil)
      #expect(
        outcome.told.contains("0 bars are new in \(place.store), 20 were there, 2 of these differ and are replaced"))
      #expect(
        outcome.told.contains("largest difference: \(newer.dates[5]) high \(whole[0].high[85]), now \(newer.high[5])"))
      #expect(outcome.told.contains("\(newer.dates[6]) volume \(whole[0].volume[86]), now \(newer.volume[6])"))
      let stored = try MarketStore.read(place.store).series[0]
      #expect(stored.high[85] == newer.high[5] && stored.close == whole[0].close)
    }
  }

  @Test func anotherSymbolIsPutBeside() throws {
    try inPlace { place in
      _ = try place.run([try place.write(whole[0])])
      #expect(try place.run([try place.write(whole[1])]).told.contains("BBB is new in"))
      #expect(try MarketStore.read(place.store).series == whole)
    }
  }

  @Test func replacingBeginsAnew() throws {
    try inPlace { place in
      _ = try place.run([try place.write(whole[0])])
      let outcome = try place.run([try place.write(whole[1])]) { $0.isReplacing = true }
      #expect(outcome.refusal == nil)
      let contents = try MarketStore.read(place.store)
      #expect(contents.series == [whole[1]] && contents.provenance.count == 1)
    }
  }

  @Test func whatIsRefusedLeavesTheStoreAsItWas() throws {
    try inPlace { place in
      _ = try place.run([try place.write(part(0, 0..<60))])
      let before = try FileSystem.read(place.store)
      var bad = part(0, 50..<100)
      bad.close[20] = -1
      let outcome = try place.run([try place.write(bad)])
      #expect(outcome.refusal?.contains("\(place.store) is as it was") == true)
      var other = part(0, 50..<100)
      other.extra = [ExtraColumn(name: "x", values: other.close)]
      let source = try place.write(other)
      let error = storageError { try place.run([source]) { $0.extraColumns = ["x"] } }
      #expect(error?.description.contains("or make it anew with --replace") == true)
      let dry = try place.run([try place.write(part(0, 50..<100))]) { $0.isDryRun = true }
      #expect(dry.refusal == nil && dry.told.contains("40 bars are new"))
      #expect(try FileSystem.read(place.store) == before)
    }
  }

  @Test func whatIsDamagedIsNotAddedTo() throws {
    try inPlace { place in
      _ = try place.run([try place.write(whole[0])])
      var bytes = try FileSystem.read(place.store)
      bytes[bytes.count / 2] ^= 1
      try AtomicWrite.write(bytes, to: place.store)
      let source = try place.write(whole[1])
      #expect(storageError { try place.run([source]) } != nil)
      #expect(try FileSystem.read(place.store) == bytes)
      #expect(try place.run([source]) { $0.isReplacing = true }.refusal == nil)
    }
  }

  /// What was allowed once, with its reason, need not be said again.
  @Test func allowancesStayWithTheStore() throws {
    try inPlace { place in
      var crash = whole[0]
      for row in 30..<100 {
        for column in [\BarSeries.open, \.high, \.low, \.close] { crash[keyPath: column][row] *= 0.63 }
        crash.volume[row] *= row == 30 ? 9 : 1
      }
      let allowance = try QualityAllowance(
        check: "price-continuity", symbol: "AAA", date: crash.dates[30], reason: "a profit warning")
      let first = try place.run([try place.write(crash.rows(Array(0..<60)))]) { $0.allowances = [allowance] }
      #expect(first.refusal == nil)
      #expect(try place.run([try place.write(crash.rows(Array(55..<100)))]).refusal == nil)
      #expect(try MarketStore.read(place.store).qualityReport?.allowances == [allowance])
    }
  }

  @Test func theSessionOfTodayIsLeftOutAndComesLater() throws {
    let minutes = SyntheticTape.minutes(symbols: ["AAA"], sessions: 4, seed: 42)[0]
    try inPlace { place in
      func table(_ rows: Range<Int>) throws -> MarketImport.Source {
        var text = "timestamp,open,high,low,close,volume\n"
        for row in rows {
          text += "\(minutes.starts[row]),\(minutes.open[row]),\(minutes.high[row]),\(minutes.low[row]),"
          text += "\(minutes.close[row]),\(Int(minutes.volume[row]))\n"
        }
        let path = FileSystem.join(place.folder, "minutes.csv")
        try AtomicWrite.write(text: text, to: path)
        return MarketImport.Source(path: path, symbol: "AAA")
      }
      // At noon, of the third session.
      let first = try place.run([try table(0..<930)], now: minutes.starts[930]) { $0.declared.side = .start }
      #expect(first.refusal == nil)
      #expect(first.told.contains("the last session of AAA, \(minutes.dates[780]), was not over: left out"))
      #expect(try MarketStore.read(place.store).series[0] == minutes.rows(Array(0..<780)))
      let second = try place.run([try table(780..<1560)]) { $0.declared.side = .start }
      #expect(second.refusal == nil)
      #expect(try MarketStore.read(place.store).series == [minutes])
    }
  }

  /// A split between two imports: the older bars are adjusted when it is told with the newer ones, and stay so.
  @Test func aSplitBetweenImportsAdjustsTheStore() throws {
    try inPlace { place in
      var raw = whole[0]
      for row in 60..<100 {
        for column in [\BarSeries.open, \.high, \.low, \.close] { raw[keyPath: column][row] /= 7 }
        raw.volume[row] *= 7
      }
      _ = try place.run([try place.write(raw.rows(Array(0..<60)))])
      let source = try place.write(raw.rows(Array(60..<100)))
      let refused = try place.run([source])
      let date = raw.dates[60]
      let told = refused.told.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      #expect(refused.refusal != nil && told.contains("--split AAA:\(date):7."))
      let split = try #require(DeclaredSplit("AAA:\(date):7"))
      #expect(try place.run([source]) { $0.splits = [split] }.refusal == nil)
      let stored = try MarketStore.read(place.store).series[0]
      #expect(stored.close == raw.close && stored.actions == [split.action])
      #expect(stored.adjustmentFactors == (0..<100).map { $0 < 60 ? 1 / 7.0 : 1 })
      // The same raw bars again, and the split once more: known.
      let again = try place.run([try place.write(raw)]) { $0.splits = [split] }
      #expect(again.refusal == nil && again.told.contains("the split of \(date) is known already"))
      #expect(try MarketStore.read(place.store).series[0] == stored)
      var other = split
      other.action = try #require(CorporateAction(date: date, split: 4))
      let error = storageError { try place.run([source]) { $0.splits = [other] } }
      #expect(error?.description.contains("AAA is known to have split 7 for 1") == true)
    }
  }

  @Test func filledMinutesAreStoredAsWhatTheyAre() throws {
    let minutes = SyntheticTape.minutes(symbols: ["AAA"], sessions: 3, seed: 43)[0]
    try inPlace { place in
      var series = minutes.rows(minutes.dates.indices.filter { !(100..<108).contains($0) })
      series.fillShortGaps()
      let hash = try MarketStore.write([series], provenance: [], qualityReport: nil, created: "", to: place.store)
      let contents = try MarketStore.read(place.store)
      #expect(contents.series == [series] && contents.series[0].filledRows == Array(100..<108))
      series.filledRows = []
      #expect(MarketStore.contentHash([series]) != hash)
      let lines = try StorageInspection.describe(place.store)
      #expect(lines.contains { $0.1.contains("8 of them filled in, not to be traded in") })
    }
  }
}
