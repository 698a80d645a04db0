// Daily levels of a volatility index, and the surfaces that are made of them.

import Kernels
import Market
import Storage

/// Tables of an index, damaged, beside an underlying that moves. What is read of them must give surfaces, or say in a sentence why not.
final class IndexSubject: Subject {
  static let name = "index"
  private static let sessions = Array(TradingCalendar.xnys.sessions.suffix(700).prefix(90))

  func seeds() -> [[UInt8]] {
    func table(_ head: String, _ line: (Int, CalendarDate) -> String) -> [UInt8] {
      Array((head + "\n" + Self.sessions.enumerated().map { line($0, $1.date) + "\n" }.joined()).utf8)
    }
    func level(_ place: Int) -> Double { 12 + Double(place % 17) / 2 }
    return [
      table("DATE,OPEN,HIGH,LOW,CLOSE") { place, date in
        let (month, day) = (date.civil.month, date.civil.day)
        return "\(month < 10 ? "0" : "")\(month)/\(day < 10 ? "0" : "")\(day)/\(date.civil.year),"
          + "\(level(place)),\(level(place) + 1),\(level(place) - 1),\(level(place) + 0.25)"
      },
      table("Date,Open,High,Low,Close,Adj Close,Volume") { place, date in
        let level = level(place)
        return "\(date),\(level),\(level + 1),\(level - 0.5),\(level + 0.5),\(level + 0.5),0"
      },
    ]
  }

  private static let tokens = [
    "DATE,OPEN,HIGH,LOW,CLOSE", "CLOSE", "Adj Close", "16.5", "0", "0.0", "900", "2.99", "250", "251", "-16", "nan",
    "inf", "1e308", "1e-308", "9999-12-31", "0001-01-01", "2024-03-09", "03/09/2024", ",,", "\r", "\u{FEFF}",
  ]

  func input(_ random: RandomStream, pool: Pool) throws -> [UInt8] {
    var mutator = Mutator(random: random, tokens: Self.tokens)
    return mutator.damaged(pool.document(&mutator), others: pool.documents)
  }

  private static func underlying(_ symbol: String) -> BarSeries {
    var series = BarSeries(symbol: symbol)
    for (place, session) in sessions.enumerated() {
      let close = 500 + Double(place * 13 % 29)
      series.append(date: session.date, open: close - 1, high: close + 2, low: close - 3, close: close, volume: 1e6)
    }
    return series
  }

  func read(_ bytes: [UInt8]) throws -> Verdict {
    let index: [BarSeries]
    do {
      index = try CSVImporter.read(
        bytes, path: "in.csv", symbolOverride: "VIX", isIndex: true, limitBytes: CSVSubject.limitBytes
      ).series
    } catch let error as StorageError {
      return try refusal(error.description, names: "'in.csv'")
    }
    for series in index {
      // A ratio that is settled, one that the history must tell, and an index that is laid beside itself.
      for (other, benchmark) in [
        (Self.underlying("SPY"), nil), (Self.underlying("XYZ"), Self.underlying("SPY")), (series, nil),
      ] as [(BarSeries, BarSeries?)] {
        try look(at: SurfaceHistory(underlying: other, index: series, benchmark: benchmark))
      }
    }
    return .read
  }

  private func look(at history: SurfaceHistory) throws {
    for evening in history.evenings.suffix(40) {
      try require(VolatilityIndex.levels.contains(evening.index), "an evening's index is \(evening.index)")
      try require(evening.fairRatio > 0 && evening.fairRatio.isFinite, "a fair ratio of \(evening.fairRatio)")
      let found: (level: Double, date: CalendarDate)
      do throws(SurfaceError) {
        let known = try history.knowledge(of: evening)
        let now = known.indexKnown.advanced(nanoseconds: Instant.nanosecondsPerMinute)
        let surface = try SyntheticSurface(.fair, known, at: now)
        found = (surface.atTheMoney(sessionsAhead: 5, spot: known.spotThen), evening.date)
      } catch {
        _ = try refusal(error.description)
        continue
      }
      try require(found.level > 0 && found.level.isFinite, "a volatility of \(found.level) on \(found.date)")
    }
  }
}
