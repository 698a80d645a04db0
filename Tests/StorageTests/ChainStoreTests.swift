// Chains at rest: back to the bit, session by session, under one content hash with the bars beside them.

import Market
import TestSupport
import Testing

@testable import Storage

private let columns: [ChainColumn] = [.bid, .ask, .impliedVolatility]

/// Three sessions of two roots; the last session has no volatilities, and one has minutes behind its close.
private func chain(_ underlying: String = "SPX") throws -> OptionChain {
  var builder = ChainBuilder(
    underlying: underlying, columns: columns, declaration: ChainDeclaration(theta: .calendarDay, volume: .day))
  let roots = [builder.root("SPX"), builder.root("SPXW")]
  for (day, text) in ["2021-01-04", "2021-01-05", "2021-01-06"].enumerated() {
    let date = try #require(CalendarDate(text))
    for minute in [Int32(3), 389, 391] where minute < 390 || day == 1 {
      for strike in 3600..<3600 + 10 * (day + 1) {
        let number = builder.number(
          root: roots[strike % 2], expiry: date.advanced(by: 7), right: strike % 3 == 0 ? .put : .call,
          strikeThousandths: strike * 1000)
        builder.add(
          contract: number, date: date, isExtendedHours: minute > 389, minute: minute,
          values: [Int32(strike), Int32(strike) + minute, day == 2 ? ChainValue.none : ChainValue.bits(0.25)],
          openInterest: day == 0 ? ChainValue.none : 17, underlying: 37_000_000 + minute)
      }
    }
  }
  let finished = builder.finish()
  return try #require(finished)
}

@Suite struct ChainStoreTests {
  @Test func chainsComeBackToTheBit() throws {
    try withScratchFolder { folder in
      let path = folder + "/m.h5"
      let (chain, bars) = (try chain(), SyntheticTape.series(bars: 40, seed: 3))
      let hash = try MarketStore.write(
        bars, chains: [chain], provenance: [], qualityReport: QualityGate.examine(bars, allowances: []),
        created: "2026-01-02T03:04:05Z", to: path)
      let contents = try MarketStore.read(path)
      #expect(contents.chains == [chain])
      #expect(contents.series == bars)
      #expect(contents.contentHash == hash && hash != MarketStore.contentHash(bars))
      #expect(contents.schemaVersion == MarketStore.chainSchemaVersion)
      #expect(throws: Never.self) { try contents.requirePassingGate() }
      let file = try MarketStoreFile(path)
      #expect(file.chains.map(\.underlying) == ["SPX"])
      let part = try file.chain(file.chains[0]) { "\($0.date)" == "2021-01-05" && !$0.isExtendedHours }
      #expect(part.sessions == chain.sessions.filter { "\($0.date)" == "2021-01-05" && !$0.isExtendedHours })
      #expect(part.contracts == chain.contracts)
      let again = try file.series { $0.symbol == bars[0].symbol }
      #expect(again == [bars[0]])
    }
  }

  @Test func storesWithoutChainsAreAsEver() throws {
    try withScratchFolder { folder in
      let bars = SyntheticTape.series(bars: 40, seed: 3)
      let hash = try MarketStore.write(
        bars, provenance: [], qualityReport: nil, created: "2026-01-02T03:04:05Z", to: folder + "/m.h5")
      let contents = try MarketStore.read(folder + "/m.h5")
      #expect(hash == MarketStore.contentHash(bars) && contents.schemaVersion == MarketStore.schemaVersion)
      #expect(contents.chains.isEmpty)
    }
  }

  @Test func everyChangedNumberIsFound() throws {
    try withScratchFolder { folder in
      let path = folder + "/m.h5"
      try MarketStore.write(
        [], chains: [try chain()], provenance: [], qualityReport: nil, created: "2026-01-02T03:04:05Z", to: path)
      let whole = try FileSystem.read(path)
      var random = SplitMix(seed: 5)
      for _ in 0..<200 {
        var bytes = whole
        let place = 512 + random.next(below: bytes.count - 512)
        bytes[place] ^= UInt8(1 + random.next(below: 255))
        #expect(storageError { try MarketStore.decode(bytes, path: "x") } != nil, "byte \(place)")
      }
      for _ in 0..<50 {
        let cut = random.next(below: whole.count)
        #expect(storageError { try MarketStore.decode(Array(whole[..<cut]), path: "x") } != nil, "cut at \(cut)")
      }
    }
  }

  @Test func theImportStoresQuestionsAndTells() throws {
    try withScratchFolder { folder in
      let text =
        "timestamp,underlying,type,strike,expiry,bid,ask\n" + "2024-12-02 10:00,XOM,put,115,2024-12-20,1.0,1.1\n"
        + "2024-12-02 10:00,XOM,call,115,2024-12-20,1.3,1.4\n" + "2024-12-03 10:00,XOM,call,115,2024-12-20,1.5,1.6\n"
      writePlainly(Array(text.utf8), to: folder + "/c.csv")
      var request = MarketImport(sources: [.init(path: folder + "/c.csv", symbol: nil)], output: folder + "/m.h5")
      var told: [String] = []
      let refusal = try request.run { told.append($0) }
      #expect(refusal == nil)
      #expect(told.contains { $0.contains("options of XOM: 2 contracts, 3 quotes, 2024-12-02 to 2024-12-03") })
      #expect(told.contains { $0.contains("no bars of the underlying") })
      let contents = try MarketStore.read(folder + "/m.h5")
      #expect(contents.chains[0].contracts.count == 2 && contents.provenance[0].layout == "long")
      let lines = try StorageInspection.describe(folder + "/m.h5")
      #expect(lines.contains { $0.0 == "chain XOM" && $0.1.contains("2 contracts, 3 quotes") })
      // What is imported later is added.
      writePlainly(
        Array(
          "timestamp,underlying,type,strike,expiry,bid,ask\n2024-12-04 10:00,XOM,put,120,2024-12-20,5.0,5.1\n".utf8),
        to: folder + "/later.csv")
      let second = MarketImport(sources: [.init(path: folder + "/later.csv", symbol: nil)], output: folder + "/m.h5")
      told = []
      let refusedLater = try second.run { told.append($0) }
      #expect(refusedLater == nil)
      #expect(told.contains { $0.contains("options of XOM: 1 quote new") }, "\(told)")
      let both = try MarketStore.read(folder + "/m.h5")
      #expect(both.chains[0].sessions.count == 3 && both.chains[0].contracts.count == 3 && both.provenance.count == 2)
      request.isReplacing = true
      request.cut = BarCut(from: CalendarDate("2024-12-03"), until: nil)
      _ = try request.run { _ in }
      let later = try MarketStore.read(folder + "/m.h5")
      #expect(later.chains[0].sessions.count == 1)
      request.cut = BarCut(from: CalendarDate("2025-01-03"), until: nil)
      #expect(storageError { try request.run { _ in } }?.description.contains("no bar of XOM is left") == true)
    }
  }

  @Test func twoRowsThatContradictEachOtherAreNotStored() throws {
    try withScratchFolder { folder in
      let text =
        "timestamp,underlying,type,strike,expiry,bid,ask\n" + "2024-12-02 10:00,XOM,put,115,2024-12-20,1.0,1.1\n"
        + "2024-12-02 10:00,XOM,put,115,2024-12-20,1.3,1.4\n"
      writePlainly(Array(text.utf8), to: folder + "/c.csv")
      let request = MarketImport(sources: [.init(path: folder + "/c.csv", symbol: nil)], output: folder + "/m.h5")
      var told: [String] = []
      let refusal = try request.run { told.append($0) }
      #expect(refusal?.contains("chain-rows of XOM") == true)
      #expect(told.contains { $0.contains("XOM241220P00115000 2024-12-02 minute 29: 10000 and 13000") })
      #expect(storageError { try MarketStore.read(folder + "/m.h5") } != nil)
    }
  }
}
