// benchmark market: the made-up market as a store that `strikeforge train` and `benchmark train` read.

import Market
import Storage
import Text

enum MarketVerb {
  /// Forty years of sessions, so that the table that observations are taken from does not lie in the first-level cache.
  private static let bars = 10_000

  static func run(_ words: [String]) throws(BenchmarkError) {
    let words = try Arguments(words, operandLimit: 1)
    guard let path = words.operands.first else { throw .usage("market needs the name of the file to write") }
    let series = RandomWalkTape.series(bars: bars)
    let report = QualityGate.examine(series, allowances: [])
    guard report.passed else { throw .failed("the made-up market does not pass the quality gate:\n\(report)") }
    do {
      let folder = FileSystem.split(path).folder
      if !folder.isEmpty { try FileSystem.makeFolder(folder) }
      // The same bytes every time.
      let hash = try MarketStore.write(
        series, provenance: [RandomWalkTape.provenance(series)], qualityReport: report,
        created: UTCTime.text(secondsSinceEpoch: 0), to: path)
      print("wrote \(path): \(bars) bars of \(series.map(\.symbol).joined(separator: " and ")), content \(hash)")
    } catch {
      throw .failed(error.description)
    }
  }
}
