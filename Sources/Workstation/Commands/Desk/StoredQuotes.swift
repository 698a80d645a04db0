// The quotes and prices of a market store beside a script's own.

import Market
package import Storage
import Trading

/// A store whose chains are quoted where a script says nothing itself.
package struct StoredQuotes {
  let file: MarketStoreFile
  let evenings = EveningVolatilities()

  /// Opens a store whose content the gate has passed.
  package init(_ path: String) throws(StorageError) {
    file = try MarketStoreFile(path)
    try file.requirePassingGate()
    guard !file.chains.isEmpty else { throw .symbols(path: path, problem: .noChain) }
  }

  /// What was declared of contracts whose root does not say what they deliver.
  var deliverables: [DeclaredDeliverable] { file.chains.flatMap(\.deliverables) }

  /// One session of it.
  struct Session {
    /// By underlying.
    var markets: [String: ChainMarket] = [:]
    /// The raw openings and closes of the daily series.
    var openings: [String: Int] = [:]
    var closes: [String: Int] = [:]
  }

  /// What it has of the underlyings that a table speaks of on a date.
  func session(on date: CalendarDate, table: ContractTable) throws(StorageError) -> Session {
    var session = Session()
    let wanted = Set(table.underlyings)
    for entry in file.chains where wanted.contains(entry.underlying) {
      let chain = try file.chain(entry) { $0.date == date && !$0.isExtendedHours }
      let bars = try file.series { series in
        series.symbol == entry.underlying && series.width == .minute && !series.isExtendedHours
          && StoredQuotes.holds(series, date)
      }
      let prices = bars.first.map { ChainMarket.prices(of: $0, on: date) } ?? []
      session.markets[entry.underlying] = ChainMarket(chain, on: date, table: table, prices: prices)
    }
    let daily = try file.series { series in
      wanted.contains(series.symbol) && series.width == .session && StoredQuotes.holds(series, date)
    }
    for series in daily {
      guard let row = series.dates.firstIndex(of: date), row < series.close.count, row < series.open.count else {
        continue
      }
      session.openings[series.symbol] = ChainMarket.price(ofDollars: series.open[row])
      session.closes[series.symbol] = ChainMarket.price(ofDollars: series.close[row])
    }
    return session
  }

  private static func holds(_ series: SeriesEntry, _ date: CalendarDate) -> Bool {
    guard let first = series.firstDate, let last = series.lastDate else { return false }
    return first <= date && date <= last
  }
}
