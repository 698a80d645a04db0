// A store is read series by series: what is not asked for is not touched, what is asked for is checked to the bit.

import Market
import TestSupport
import Testing

@testable import Storage

/// Daily bars of two symbols beside minutes of one, with the hours around its sessions and a factor that changes.
private func mixed() throws -> (series: [BarSeries], extendedHours: [BarSeries]) {
  let start = try #require(CalendarDate("2024-07-02"))
  var minutes = SyntheticTape.minutes(symbols: ["AAA"], sessions: 3, from: start, seed: 4)[0]
  for row in 0..<600 { minutes.adjustmentFactors[row] = 0.25 }
  var evening = BarSeries(symbol: "AAA", width: .minute)
  let session = try #require(TradingCalendar.xnys.session(on: start.advanced(by: 1)))
  for minute in [-30, -1, 210, 211] {
    evening.append(start: session.start(ofMinute: minute), open: 1, high: 2, low: 0.5, close: 1.5, volume: 7)
  }
  return (SyntheticTape.series(bars: 40, seed: 3) + [minutes], [evening])
}

private func encoded() throws -> [UInt8] {
  let (series, extendedHours) = try mixed()
  let hash = MarketStore.contentHash(series, extendedHours: extendedHours)
  return try MarketStore.encode(
    MarketStoreContents(
      path: "x", series: series, extendedHours: extendedHours, provenance: [], qualityReport: nil,
      qualityContentHash: nil, contentHash: hash, created: "2026-01-02T03:04:05Z"))
}

/// Where eight bytes that stand for a number lie in a file.
private func place(of number: Double, in bytes: [UInt8]) throws -> Int {
  let pattern = withUnsafeBytes(of: number.bitPattern.littleEndian) { Array($0) }
  return try #require(bytes.indices.first { bytes[$0...].starts(with: pattern) })
}

@Suite struct MarketStoreFileTests {
  @Test func minutesComeBackBesideDaysToTheBit() throws {
    try withScratchFolder { folder in
      let (series, extendedHours) = try mixed()
      let path = folder + "/bars.h5"
      let hash = try MarketStore.write(
        series, extendedHours: extendedHours, provenance: [], qualityReport: nil, created: "2026-01-02T03:04:05Z",
        to: path)
      let contents = try MarketStore.read(path)
      #expect(contents.series == series && contents.extendedHours == extendedHours)
      #expect(contents.contentHash == hash && contents.schemaVersion == 3)
      #expect(zip(contents.series[2].close, series[2].close).allSatisfy { $0.bitPattern == $1.bitPattern })
      let lines = try StorageInspection.describe(path)
      #expect(lines.contains { $0 == ("series AAA", "990 minute bars, 2024-07-02 to 2024-07-05") })
      #expect(lines.contains { $0 == ("series AAA", "4 minute bars, 2024-07-03 to 2024-07-03, extended hours") })
    }
  }

  @Test func theCatalogueSaysWhatIsThereBeforeAnythingIsRead() throws {
    let file = try MarketStoreFile(try encoded(), path: "x.h5")
    #expect(file.catalogue.map(\.place) == ["bars/AAA", "bars/BBB", "minutes/AAA", "extended/AAA"])
    #expect(file.catalogue.map(\.count) == [40, 40, 990, 4])
    #expect(file.catalogue[2].firstDate?.description == "2024-07-02" && file.catalogue[2].width == .minute)
    let minutes = try file.series { $0.width == .minute && !$0.isExtendedHours }
    #expect(minutes == [try mixed().series[2]])
    #expect(try file.series { _ in false } == [])
  }

  /// The root digest is right, one series' is not: the others are read, that one and the whole are refused, by name.
  @Test func aChangedNumberIsNoticedWhereItIsReadAndNowhereElse() throws {
    var bytes = try encoded()
    bytes[try place(of: try mixed().series[1].close[20], in: bytes)] ^= 1
    let file = try MarketStoreFile(bytes, path: "x.h5")
    let others = try file.series { $0.symbol == "AAA" }
    #expect(others.count == 3)
    for isWanted in [{ $0.symbol == "BBB" }, { _ in true }] as [(SeriesEntry) -> Bool] {
      let error = storageError { try file.series(where: isWanted) }
      #expect(error?.description.contains("'/bars/BBB'") == true)
      #expect(error?.description.contains("the content hash is not that of the numbers") == true)
    }
    #expect(storageError { try MarketStore.decode(bytes, path: "x.h5") } != nil)
  }

  /// Every byte outside of the numbers belongs to the root: none can change unnoticed, not even the table that says where they are.
  @Test func everyOtherByteIsCheckedWhenTheFileIsOpened() throws {
    let whole = try encoded()
    let count = Int(whole[64])
    var segments: [Range<Int>] = []
    for row in 0..<count {
      let place = whole.count - 24 * (count - row)
      func number(_ place: Int) -> Int { (0..<8).reduce(0) { $0 | Int(whole[place + $1]) << (8 * $1) } }
      segments.append(number(place)..<number(place + 8))
    }
    #expect(segments.count == 7 + 7 + 8 + 8 && segments.map(\.count).reduce(0, +) > whole.count / 2)
    var changed = whole
    for place in stride(from: 0, to: whole.count, by: 3) where !segments.contains(where: { $0.contains(place) }) {
      changed[place] ^= 1 << UInt8(place % 8)
      #expect(storageError { try MarketStoreFile(changed, path: "x.h5") } != nil, "byte \(place)")
      changed[place] = whole[place]
    }
  }

  /// Factors that change between rows need no number for each row.
  @Test func factorsAreStoredWhereTheyChange() throws {
    let (series, _) = try mixed()
    let one = try MarketStore.encode(
      MarketStoreContents(
        path: "x", series: [series[2]], provenance: [], qualityReport: nil, qualityContentHash: nil,
        contentHash: MarketStore.contentHash([series[2]]), created: ""))
    #expect(one.count < 990 * 48 + 8192)
    let read = try MarketStore.decode(one, path: "x").series[0]
    #expect(read.adjustmentFactors == series[2].adjustmentFactors && read.adjustmentFactors[599] == 0.25)
  }

  /// A store of an older program, as it lies among the older runs: its digest stays that of its bars when they are written anew.
  @Test func olderStoresAreReadAndKeepTheirDigest() throws {
    let older = try MarketStore.read(GoldenFile.runs + "/market.h5")
    #expect(older.schemaVersion < 3 && !older.series.isEmpty)
    try withScratchFolder { folder in
      let hash = try MarketStore.write(
        older.series, provenance: older.provenance, qualityReport: older.qualityReport, created: older.created,
        to: folder + "/new.h5")
      let new = try MarketStore.read(folder + "/new.h5")
      #expect(hash == older.contentHash && new.series == older.series && new.schemaVersion == 3)
      let file = try MarketStoreFile(GoldenFile.runs + "/market.h5")
      #expect(file.catalogue == (try MarketStoreFile(folder + "/new.h5").catalogue))
      #expect(try file.series { $0.symbol == older.series[0].symbol } == [older.series[0]])
    }
  }
}
