// Bars come back to the bit with all that is known about them, and only questioned data may be trained on.

import Market
import TestSupport
import Testing

@testable import Storage

/// Two series with values that text or arithmetic would lose.
func sampleSeries() -> [BarSeries] {
  var apple = BarSeries(symbol: "AAPL")
  apple.append(
    date: CalendarDate(daysSinceEpoch: 11017), open: 118.56, high: 132.06, low: 118.5, close: 130.31, volume: 9_616_100,
    adjustmentFactor: 0.25)
  apple.append(
    date: CalendarDate(daysSinceEpoch: 11018), open: 127, high: 127.94, low: 120.69, close: 122, volume: 2_779_100,
    adjustmentFactor: 0.5)
  var microsoft = BarSeries(symbol: "MSFT")
  microsoft.append(date: CalendarDate(daysSinceEpoch: -1), open: -0.0, high: 2, low: 1, close: 1.5, volume: 0)
  return [apple, microsoft]
}

private func provenance() -> [ImportProvenance] {
  [
    ImportProvenance(
      sourceName: "bars, \"raw\".csv", sourceSHA256: String(repeating: "a", count: 64), layout: "tickers", rows: 5,
      symbols: ["AAPL", "MSFT"], importerVersion: 1)
  ]
}

private func report(version: Int = QualityGate.version, passed: Bool = true) throws -> QualityReport {
  let date = try #require(CalendarDate("2000-09-29"))
  let finding = QualityFinding(
    check: "volume-sanity", kind: "zero", severity: passed ? .warn : .fail, symbol: "MSFT", firstDate: date,
    lastDate: nil, count: 2, samples: ["row 1", "Zeile 2: é"], suggestion: "look", message: "a day without volume")
  return QualityReport(
    gateVersion: version, passed: passed, findings: [finding],
    allowances: [
      try QualityAllowance(check: "price-continuity", symbol: "AAPL", date: date, reason: "a profit warning")
    ],
    unusedAllowances: [
      try QualityAllowance(check: "price-continuity", symbol: "X", date: date.advanced(by: 1), reason: "none")
    ])
}

@Suite struct MarketStoreTests {
  private func bits(_ series: [BarSeries]) -> [[UInt64]] {
    series.flatMap { one in
      [one.open, one.high, one.low, one.close, one.volume, one.adjustmentFactors].map { $0.map(\.bitPattern) }
    }
  }

  @Test func comesBackWithAllThatIsKnown() throws {
    try withScratchFolder { folder in
      let path = folder + "/bars.h5"
      let hash = try MarketStore.write(
        sampleSeries(), provenance: provenance(), qualityReport: try report(), created: "2026-01-02T03:04:05Z", to: path
      )
      let store = try MarketStore.read(path)
      #expect(store.series == sampleSeries())
      #expect(bits(store.series) == bits(sampleSeries()))
      #expect(store.provenance == provenance())
      #expect(store.qualityReport == (try report()))
      #expect(store.qualityContentHash == hash)
      #expect(store.contentHash == hash)
      #expect(store.created == "2026-01-02T03:04:05Z")
      #expect(store.path == path)
      try store.requirePassingGate()
    }
  }

  @Test func orderOfSeriesAndNotANumberAreKept() throws {
    var series = Array(sampleSeries().reversed())
    series[0].close[0] = Double(bitPattern: 0x7ff8_0000_0000_beef)
    series.append(BarSeries(symbol: "^NONE"))
    let bytes = try encoded(series, report: nil)
    let store = try MarketStore.decode(bytes, path: "x")
    #expect(store.series.map(\.symbol) == ["MSFT", "AAPL", "^NONE"])
    #expect(bits(store.series) == bits(series))
  }

  /// What is an index is part of the content: it comes back, and another hash tells it.
  @Test func anIndexStaysOne() throws {
    var series = sampleSeries()
    series[1].instrument = .index
    series[1].volume[0] = .nan
    var asked = try report()
    asked.indices = ["MSFT"]
    let bytes = try encoded(series, report: asked)
    let store = try MarketStore.decode(bytes, path: "x")
    #expect(store.series.map(\.instrument) == [.share, .index] && bits(store.series) == bits(series))
    #expect(store.qualityReport == asked)
    var share = series
    share[1].instrument = .share
    #expect(MarketStore.contentHash(share) != MarketStore.contentHash(series))
    try withScratchFolder { folder in
      try AtomicWrite.write(bytes, to: folder + "/x.h5")
      let lines = try StorageInspection.describe(folder + "/x.h5")
      #expect(lines.contains { $0.0 == "index MSFT" && $0.1.contains("not tradable") })
      #expect(lines.contains { $0.0 == "series AAPL" } && lines[0].1.contains("schema 3"))
    }
  }

  /// SHA-256 of the documented byte form, by Python's hashlib and struct.
  @Test func contentHashIsThatOfTheDocumentedForm() {
    #expect(
      MarketStore.contentHash(sampleSeries()) == "be8753391fe27ab199c61ab35645639ffd3c0e69d509a4e9f5bc4aabee270e47")
    #expect(MarketStore.contentHash(sampleSeries()) != MarketStore.contentHash(sampleSeries().reversed()))
    var changed = sampleSeries()
    changed[1].open[0] = 0
    #expect(MarketStore.contentHash(sampleSeries()) != MarketStore.contentHash(changed))
  }

  @Test func everyFlippedByteIsRefusedByName() throws {
    var one = BarSeries(symbol: "A")
    one.append(date: CalendarDate(daysSinceEpoch: 1), open: 1, high: 1, low: 1, close: 1, volume: 1)
    let whole = try encoded([one], report: nil)
    var changed = whole
    for place in whole.indices {
      changed[place] ^= 1 << UInt8(place % 8)
      let error = storageError { try MarketStore.decode(changed, path: "data/x.h5") }
      #expect(error?.description.contains("'data/x.h5'") == true, "byte \(place)")
      changed[place] = whole[place]
    }
    for length in stride(from: 0, to: whole.count, by: 5) {
      let error = storageError { try MarketStore.decode(Array(whole[..<length]), path: "data/x.h5") }
      #expect(error?.description.contains("'data/x.h5'") == true, "\(length) bytes")
    }
    #expect(try MarketStore.decode(whole, path: "data/x.h5").series == [one])
  }

  @Test func damageUnderAValidSealNeverTraps() throws {
    let whole = try encoded(sampleSeries(), report: try report())
    var random = SplitMix(seed: 4)
    for _ in 0..<300 {
      var changed = whole
      for _ in 0..<(1 + random.next(below: 3)) {
        changed[512 + random.next(below: whole.count - 512)] = UInt8(random.next(below: 256))
      }
      changed = Envelope.sealed(changed)
      if let error = storageError({ try MarketStore.decode(changed, path: "data/x.h5") }) {
        #expect(error.description.contains("'data/x.h5'"))
      }
    }
  }

  /// A number changed inside an otherwise valid file: seal and HDF5 agree, the content hash does not.
  @Test func aChangedNumberUnderAValidSealIsRefused() throws {
    var series = sampleSeries()
    series[0].volume[0] = 123_456_789
    var bytes = try encoded(series, report: nil)
    let pattern = withUnsafeBytes(of: (123_456_789.0).bitPattern.littleEndian) { Array($0) }
    let place = try #require(bytes.indices.first { bytes[$0...].starts(with: pattern) })
    bytes[place] ^= 1
    bytes = Envelope.sealed(bytes)
    let error = storageError { try MarketStore.decode(bytes, path: "x.h5") }
    #expect(error?.description.contains("the content hash is not that of the numbers") == true)
  }

  @Test func aCheckpointIsNoMarketStore() throws {
    let checkpoint = try Checkpoint().encoded()
    #expect(
      storageError { try MarketStore.decode(checkpoint, path: "x.h5") }
        == .notRecognised(path: "x.h5", expected: "a market store", found: "a checkpoint"))
    let store = try encoded(sampleSeries(), report: nil)
    #expect(
      storageError { try Checkpoint(decoding: store, path: "x.h5") }
        == .notRecognised(path: "x.h5", expected: "a checkpoint", found: "a market store"))
  }

  @Test func onlyAPassingRecordOfExactlyThisDataIsEnough() throws {
    func refusal(_ change: (inout MarketStoreContents) throws -> Void) throws -> StorageError? {
      let hash = MarketStore.contentHash(sampleSeries())
      var contents = MarketStoreContents(
        path: "x.h5", series: sampleSeries(), provenance: provenance(), qualityReport: try report(),
        qualityContentHash: hash, contentHash: hash, created: "")
      try change(&contents)
      return storageError { try MarketStore.decode(MarketStore.encode(contents), path: "x.h5").requirePassingGate() }
    }
    let hash = MarketStore.contentHash(sampleSeries())
    let other = String(repeating: "0", count: 64)
    #expect(try refusal { _ in } == nil)
    #expect(
      try refusal {
        $0.qualityReport = nil
        $0.qualityContentHash = nil
      } == .gateRefused(path: "x.h5", refusal: .noRecord))
    #expect(
      try refusal { $0.qualityReport = try report(passed: false) }
        == .gateRefused(path: "x.h5", refusal: .failed(checks: ["volume-sanity"])))
    #expect(
      try refusal { $0.qualityReport = try report(version: 99) }
        == .gateRefused(path: "x.h5", refusal: .otherGateVersion(found: 99, current: QualityGate.version)))
    #expect(
      try refusal { $0.qualityContentHash = other }
        == .gateRefused(path: "x.h5", refusal: .otherData(recordedHash: other, dataHash: hash)))
    // A verdict that its own findings contradict is no verdict.
    #expect(
      try refusal {
        $0.qualityReport = try report(passed: false)
        $0.qualityReport?.passed = true
      } == .gateRefused(path: "x.h5", refusal: .failed(checks: ["volume-sanity"])))
  }

  @Test func inspectionShowsWhatIsThere() throws {
    try withScratchFolder { folder in
      let path = folder + "/bars.h5"
      try MarketStore.write(
        sampleSeries(), provenance: provenance(), qualityReport: try report(), created: "2026-01-02T03:04:05Z", to: path
      )
      let lines = try StorageInspection.describe(path)
      func value(_ name: String) -> String? { lines.first { $0.0 == name }?.1 }
      #expect(value("series AAPL") == "2 bars, 2000-03-01 to 2000-03-02")
      #expect(value("allowed price-continuity:AAPL:2000-09-29") == "a profit warning")
      #expect(value("quality gate")?.hasPrefix("passed") == true)
      #expect(value("content hash") == MarketStore.contentHash(sampleSeries()))
      #expect(try StorageInspection.kind(path) == .marketStore)

      let checkpointPath = folder + "/checkpoint-1.h5"
      try AtomicWrite.write(sampleCheckpoint().encoded(), to: checkpointPath)
      let checkpoint = try StorageInspection.describe(checkpointPath)
      #expect(checkpoint.contains { $0 == ("run_name", "ppo-dual-1") })
      #expect(
        checkpoint.contains { $0 == ("group optimizer", "first_moment (1 f32), second_moment (0 f32), step (1 i64)") })
      #expect(checkpoint.contains { $0 == ("group progress", "empty") })

      writePlainly(Array("hello".utf8), to: folder + "/other")
      #expect(try StorageInspection.kind(folder + "/other") == nil)
      #expect(
        storageError { try StorageInspection.describe(folder + "/other") }
          == .notRecognised(
            path: folder + "/other",
            expected:
              "a market store, a checkpoint, recorded rollouts, an incident, a history of implied volatility or fitted surfaces",
            found: "'hello'"))
    }
  }

  private func encoded(_ series: [BarSeries], report: QualityReport?) throws -> [UInt8] {
    let hash = MarketStore.contentHash(series)
    return try MarketStore.encode(
      MarketStoreContents(
        path: "x", series: series, provenance: provenance(), qualityReport: report,
        qualityContentHash: report == nil ? nil : hash, contentHash: hash, created: "2026-01-02T03:04:05Z"))
  }
}
