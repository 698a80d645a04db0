// Bar files into a market store: read, questioned, written, flushed.

import Kernels
import Market
import Storage
import Text
import Training

final class ImportSubject {
  private let folder: TemporaryFolder
  private let symbols: [String]
  /// Of all symbols together.
  let bars: Int

  init(isQuick: Bool) throws(BenchmarkError) {
    folder = try TemporaryFolder()
    let series = RandomWalkTape.series(bars: isQuick ? 500 : 10_000)
    symbols = series.map(\.symbol)
    bars = series.reduce(0) { $0 + $1.count }
    do {
      for one in series {
        var text = "timestamp,open,high,low,close,volume\n"
        for row in 0..<one.count {
          text +=
            "\(one.dates[row]),\(one.open[row]),\(one.high[row]),\(one.low[row]),\(one.close[row]),\(one.volume[row])\n"
        }
        try AtomicWrite.write(Array(text.utf8), to: path(one.symbol))
      }
    } catch {
      throw .failed("\(error)")
    }
  }

  /// Bars a second of all symbols.
  func measure() throws(BenchmarkError) -> Double {
    let start = MonotonicClock.seconds
    do {
      var series: [BarSeries] = []
      var provenance: [ImportProvenance] = []
      for symbol in symbols {
        let (found, source) = try CSVImporter.read(path: path(symbol), symbolOverride: symbol)
        series += found
        provenance.append(source)
      }
      let report = QualityGate.examine(series, allowances: [])
      guard report.passed else {
        throw BenchmarkError.failed("the made-up bars do not pass the quality gate:\n\(report)")
      }
      _ = try MarketStore.write(
        series, provenance: provenance, qualityReport: report, created: UTCTime.text(secondsSinceEpoch: 0),
        to: folder.path + "/market.h5")
    } catch let error as BenchmarkError {
      throw error
    } catch {
      throw .failed("\(error)")
    }
    return Double(bars) / (MonotonicClock.seconds - start)
  }

  private func path(_ symbol: String) -> String { folder.path + "/\(symbol).csv" }
}
