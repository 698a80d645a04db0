// Real files of vendors, where a folder of them is at hand: each is imported with a truthful report, or refused with a truthful reason.

import FoundationEssentials
import Market
import Testing

@testable import Storage

/// The folder that STRIKEFORGE_MARKET_DATA names, and what its files must give. Nothing of the files is kept here but their names, how many bars they hold
/// and when these begin.
private enum MarketData {
  static let folder = ProcessInfo.processInfo.environment["STRIKEFORGE_MARKET_DATA"]

  struct Series: Decodable {
    var bars: Int
    /// Of whole sessions dates, of minutes the instants of their beginnings.
    var first: String
    var last: String
  }

  struct Expectation: Decodable {
    /// Below the folder.
    var file: String
    /// Whether its one series is an index.
    var index: Bool?
    /// What the refusal must say; nil where the file is read.
    var refused: String?
    var layout: String?
    var series: [String: Series]?
    var outsideHours: Int?
    /// Severity and check of every finding of the gate, each once.
    var findings: [String]?
  }

  static let expectations: [Expectation] = {
    let table = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fixtures/market_data.json")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    guard let bytes = try? Data(contentsOf: table), let all = try? decoder.decode([Expectation].self, from: bytes)
    else { return [] }
    return all
  }()

  /// All files of tables below a folder, by their paths in it.
  static func files(below folder: String, _ place: String = "") throws -> [String] {
    try FileSystem.names(inFolder: FileSystem.join(folder, place)).flatMap { name -> [String] in
      let path = place.isEmpty ? name : place + "/" + name
      if let inside = try? files(below: folder, path) { return inside }
      return [".csv", ".gz", ".zip"].contains(where: name.hasSuffix) ? [path] : []
    }
  }
}

@Suite struct MarketDataTests {
  @Test func theTableOfFilesIsRead() {
    #expect(MarketData.expectations.count > 100)
    #expect(Set(MarketData.expectations.map(\.file)).count == MarketData.expectations.count)
    #expect(MarketData.expectations.allSatisfy { ($0.refused == nil) == ($0.series != nil) })
  }

  @Test(.enabled(if: MarketData.folder != nil, "STRIKEFORGE_MARKET_DATA names no folder"))
  func everyFileIsReadOrRefusedTruthfully() throws {
    let folder = try #require(MarketData.folder)
    #expect(try MarketData.files(below: folder).sorted() == MarketData.expectations.map(\.file).sorted())
    for expected in MarketData.expectations { check(expected, below: folder) }
  }

  private func check(_ expected: MarketData.Expectation, below folder: String) {
    let path = FileSystem.join(folder, expected.file)
    let name = expected.series.flatMap { $0.count == 1 ? $0.keys.first : nil }
    do {
      let reading = try CSVImporter.readings(
        path: path, symbolOverride: expected.refused == nil ? name : nil, isIndex: expected.index ?? false)
      guard let series = expected.series else {
        Issue.record("\(expected.file) was read, but is \(expected.refused ?? "")")
        return
      }
      #expect(reading.provenance.layout == expected.layout, "\(expected.file)")
      #expect(Set(reading.series.map(\.symbol)) == Set(series.keys), "\(expected.file)")
      var (inside, outside): ([BarSeries], Int) = ([], 0)
      for one in reading.series {
        let times = one.width == .session ? one.dates.map(\.description) : one.starts.map(\.description)
        let wanted = series[one.symbol]
        #expect(one.count == wanted?.bars, "\(expected.file), \(one.symbol)")
        #expect(times.min() == wanted?.first && times.max() == wanted?.last, "\(expected.file), \(one.symbol)")
        #expect(one.instrument == (expected.index == true ? .index : .share), "\(expected.file)")
        let parts = one.splitAtHours()
        inside.append(parts.sessions)
        outside += parts.extendedHours.count
      }
      #expect(outside == expected.outsideHours ?? 0, "\(expected.file)")
      let findings = QualityGate.examine(inside, allowances: []).findings
      #expect(
        Set(findings.map { "\($0.severity.rawValue) \($0.check)" }) == Set(expected.findings ?? []), "\(expected.file)")
    } catch {
      let reason = expected.refused ?? "(to be read)"
      #expect(error.description.contains(reason), "\(expected.file): \(error.description), not \(reason)")
    }
  }
}
