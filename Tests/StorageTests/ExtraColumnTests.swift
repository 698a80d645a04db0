// A user's own columns: read only where they are asked for, kept to the bit, and no burden for those who have none.

import Market
import TestSupport
import Testing

@testable import Storage

private let table = """
  timestamp,next_return,open,high,low,close,volume,Mood
  2024-04-01,0.5,171.19,171.25,169.475,170.03,43772506,-1e-3
  2024-04-02,-0.25,169.08,169.34,168.2302,168.84,49013991,7

  """

private func read(_ text: String, _ extraColumns: [String]) throws -> BarSeries {
  try CSVImporter.read(
    Array(text.utf8), path: "data/bars.csv", symbolOverride: "SPY", extraColumns: extraColumns
  ).series[0]
}

@Suite struct ExtraColumnTests {
  private func stored() throws -> [BarSeries] { [try read(table, ["mood", "next_return"])] }

  private func encoded(_ series: [BarSeries]) throws -> [UInt8] {
    try MarketStore.encode(
      MarketStoreContents(
        path: "x", series: series, provenance: [], qualityReport: nil, qualityContentHash: nil,
        contentHash: MarketStore.contentHash(series), created: "2026-01-02T03:04:05Z"))
  }

  @Test func areReadInTheOrderAskedFor() throws {
    let series = try read(table, ["mood", "next_return"])
    #expect(series.extra.map(\.name) == ["mood", "next_return"])
    #expect(series.extraValues("mood") == [-1e-3, 7] && series.extraValues("next_return") == [0.5, -0.25])
    #expect(series.extraValues("open") == nil)
    #expect(series.open == [171.19, 169.08] && series.volume == [43_772_506, 49_013_991])
  }

  @Test func mustBeThereAndMustBeAskedFor() throws {
    let absent = storageError { _ = try read(table, ["mood", "next_return", "tide"]) }
    #expect(absent?.description.contains("missing tide") == true, "\(absent?.description ?? "nothing")")
    let uninvited = storageError { _ = try read(table, ["mood"]) }
    #expect(uninvited?.description.contains("unexpected next_return") == true)
    let plain = "timestamp,open,high,low,close,volume\n2024-04-02,1,1,1,1,1\n"
    #expect(storageError { _ = try read(plain, ["mood"]) }?.description.contains("missing mood") == true)
  }

  @Test(arguments: ["nan", "much", "1e999", ""])
  func mustHoldNumbers(text: String) throws {
    let error = storageError { _ = try read(table.replacing("-0.25", with: text), ["mood", "next_return"]) }
    #expect(error?.description.contains("line 3, column 'next_return'") == true, "\(error?.description ?? "nothing")")
  }

  @Test func comeBackFromAStoreToTheBit() throws {
    let series = try stored()
    let store = try MarketStore.decode(try encoded(series), path: "x")
    #expect(store.series == series && store.series[0].extra.map(\.name) == ["mood", "next_return"])
    #expect(store.contentHash == MarketStore.contentHash(series))
  }

  /// SHA-256 of the documented byte form, by Python's hashlib and struct.
  @Test func contentHashIsThatOfTheDocumentedForm() throws {
    let hash = MarketStore.contentHash(try stored())
    #expect(hash == "efa9adf60995750be4ce6abd8b7a63631c51b8e30cc83bc8089b433c230b2471")
    var changed = try stored()
    changed[0].extra[1].values[0] = 0.50000001
    #expect(MarketStore.contentHash(changed) != hash)
    changed = try stored()
    changed[0].extra[1].name = "next_returns"
    #expect(MarketStore.contentHash(changed) != hash)
  }

  @Test func theGateWantsThemWhole() throws {
    var series = try stored()
    series[0].extra[0].values[1] = .nan
    #expect(!QualityGate.examine(series, allowances: []).passed)
    series[0].extra[0].values.removeLast()
    let report = QualityGate.examine(series, allowances: [])
    #expect(report.findings.contains { $0.kind == "unequal-lengths" && $0.message.contains("mood 1") })
  }

  @Test func whatIsWrittenIsReadBack() throws {
    let series = try read(table, ["mood", "next_return"])
    #expect(try read(BarTableWriter.plain(series), ["mood", "next_return"]) == series)
  }
}
