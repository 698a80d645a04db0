// A history of implied volatility at rest: sealed, columns by session.

package import Market

/// A sealed file of its own kind: `days` (since 1970-01-01, i64) and `volatilities` (a decimal a year, f64), and as text the symbol, the source, what it was
/// made of and the content hash of the store.
package struct VolatilityHistoryFile: Sendable, Equatable {
  package let history: VolatilityHistory
  /// The index, or the chain's underlying.
  package let madeOf: String
  /// Of the store whose numbers it was made of.
  package let contentHash: String

  package init(_ history: VolatilityHistory, madeOf: String, contentHash: String) {
    self.history = history
    self.madeOf = madeOf
    self.contentHash = contentHash
  }

  /// Writes the file, whole or not at all, over none but one of its own kind.
  package func write(to path: String) throws(StorageError) {
    try AtomicWrite.write(try encoded(path: path), to: path, replacing: .volatilityHistory)
  }

  package func encoded(path: String = "history") throws(StorageError) -> [UInt8] {
    try RolloutFile(
      attributes: [
        "symbol": history.symbol, "source": history.source.rawValue, "made_of": madeOf, "content_hash": contentHash,
        "calendar_days": "\(VolatilityHistory.calendarDays)",
      ],
      columns: [
        "days": .init(.integers(history.days.map { Int64($0.date.daysSinceEpoch) })),
        "volatilities": .init(.doubles(history.days.map(\.volatility))),
      ], content: .volatilityHistory
    ).encoded(path: path)
  }

  package static func read(_ path: String) throws(StorageError) -> VolatilityHistoryFile {
    try decode(SealedFile.read(path, .volatilityHistory), path: path)
  }

  /// The history that a file's bytes hold. Throws an error that names `path` where they are not what was written, or are no history.
  package static func decode(_ bytes: [UInt8], path: String) throws(StorageError) -> VolatilityHistoryFile {
    let file = try RolloutFile(decoding: bytes, path: path, content: .volatilityHistory)
    func damaged(_ place: String, _ reason: String) -> StorageError {
      .damaged(path: path, place: place, reason: reason)
    }
    func text(_ name: String) throws(StorageError) -> String {
      guard let text = file.attributes[name] else { throw damaged("'/'", "it has no attribute '\(name)'") }
      return text
    }
    let (symbol, sourceName) = (try text("symbol"), try text("source"))
    guard CSVImporter.isSymbol(symbol) else { throw damaged("attribute 'symbol'", "it is no symbol") }
    guard let source = VolatilityHistory.Source(rawValue: sourceName) else {
      throw damaged("attribute 'source'", "it is not one of those that there are")
    }
    guard try text("calendar_days") == "\(VolatilityHistory.calendarDays)" else {
      throw damaged(
        "attribute 'calendar_days'", "its volatilities are of another term than \(VolatilityHistory.calendarDays) days")
    }
    guard case .integers(let dates)? = file.columns["days"]?.values,
      case .doubles(let volatilities)? = file.columns["volatilities"]?.values, dates.count == volatilities.count
    else { throw damaged("the columns", "they are not days and as many volatilities") }
    var days: [VolatilityHistory.Day] = []
    days.reserveCapacity(dates.count)
    for (date, volatility) in zip(dates, volatilities) {
      guard let date = Int32(exactly: date), TradingCalendar.xnys.isSession(CalendarDate(daysSinceEpoch: date)) == true
      else { throw damaged("'/days'", "it holds what is no session") }
      days.append(VolatilityHistory.Day(date: CalendarDate(daysSinceEpoch: date), volatility: volatility))
    }
    guard let history = VolatilityHistory(symbol: symbol, source: source, days: days) else {
      throw damaged("the columns", "the days do not follow one another, or a volatility is none")
    }
    return VolatilityHistoryFile(
      history, madeOf: try text("made_of"), contentHash: try text("content_hash"))
  }
}
