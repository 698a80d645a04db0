// Market stores as they were written before series had digests of their own: versions 1 and 2.

import Market
import Text

/// Reading only.
///
/// | path | content |
/// |---|---|
/// | `/` attributes | as in `MarketStore`, but `symbols` (JSON, in order), `extra_columns` (JSON, in order) and `indices` (JSON, those of the symbols that are no shares) in place of the catalogue |
/// | `/bars/<symbol>` | `dates` i32 (days since 1970-01-01), `open`, `high`, `low`, `close`, `volume`, `adjustment_factor` f64, and, of a share, `extra.<name>` f64 for each further column, one length |
///
/// The file as a whole has one digest (`SealedFile`).
enum OlderMarketStore {
  private static let versions = 1...2

  static func decode(
    _ bytes: [UInt8], path: String
  ) throws(StorageError) -> (description: MarketStoreFile.Description, series: [BarSeries]) {
    try SealedFile.verify(bytes, is: .marketStore, path: path)
    let root = try HDF5Image(bytes, path: path).root()
    let attributes = StoreAttributes(try root.attributes(), path: path)
    let found = attributes.texts["schema_version"] ?? "none"
    guard let version = versions.first(where: { found == "\($0)" }) else {
      throw .unsupportedVersion(
        path: path, subject: "market store schema", found: found, supported: "1 to \(MarketStore.schemaVersion)")
    }
    let extraColumns = try names("extra_columns", of: attributes, areUsable: ExtraColumn.isName)
    let indices = Set(try names("indices", of: attributes, areUsable: CSVImporter.isSymbol))
    var bars: [String: BarSeries] = [:]
    for group in try root.children() where group.isGroup && group.name == "bars" {
      for child in try group.children() {
        bars[child.name] = try readSeries(child, extraColumns: indices.contains(child.name) ? nil : extraColumns)
      }
    }
    let series = try ordered(bars, attributes)
    guard series.count(where: { $0.instrument == .index }) == indices.count else {
      throw attributes.malformed("indices")
    }
    guard try attributes.text("content_hash") == MarketStore.sessionsHash(series) else {
      throw .damaged(path: path, place: "'/bars'", reason: "the content hash is not that of the numbers")
    }
    let catalogue = series.map { SeriesEntry($0, isExtendedHours: false) }
    return (try attributes.description(schemaVersion: version, catalogue: catalogue), series)
  }

  /// The names that an attribute lists, each once; a file without the attribute has none.
  private static func names(
    _ attribute: String, of attributes: StoreAttributes, areUsable: (String) -> Bool
  ) throws(StorageError) -> [String] {
    guard let text = attributes.texts[attribute] else { return [] }
    let names = (try? JSON.parse(text))?.arrayValue?.map { $0.stringValue ?? "" }
    guard let names, !names.isEmpty, names.allSatisfy(areUsable), Set(names).count == names.count else {
      throw .damaged(
        path: attributes.path, place: "attribute '\(attribute)'", reason: "it does not hold names, each once")
    }
    return names
  }

  /// In the order of the symbols, which are exactly those that there are.
  private static func ordered(
    _ bars: [String: BarSeries], _ attributes: StoreAttributes
  ) throws(StorageError) -> [BarSeries] {
    var bars = bars
    guard let symbols = try attributes.json("symbols").arrayValue, symbols.count == bars.count else {
      throw attributes.malformed("symbols")
    }
    var series: [BarSeries] = []
    for symbol in symbols {
      guard let name = symbol.stringValue, CSVImporter.isSymbol(name), let one = bars.removeValue(forKey: name) else {
        throw attributes.malformed("symbols")
      }
      series.append(one)
    }
    return series
  }

  /// The series of a group. `extraColumns`: nil for an index, which has none.
  private static func readSeries(_ group: HDF5Object, extraColumns: [String]?) throws(StorageError) -> BarSeries {
    var children: [String: HDF5Object] = [:]
    for child in try group.children() { children[child.name] = child }
    func dataset(_ name: String) throws(StorageError) -> HDF5Dataset {
      guard let child = children[name] else { throw group.damaged("it has no '\(name)'") }
      return try HDF5Dataset(child)
    }
    let dates = try dataset("dates")
    guard dates.kind == .integer32 else { throw group.damaged("'dates' does not hold 32-bit integers") }
    var series = BarSeries(symbol: group.name)
    series.dates = try dates.read(Int32.self).map { CalendarDate(daysSinceEpoch: $0) }
    func column(_ name: String) throws(StorageError) -> [Double] {
      let values = try dataset(name)
      guard values.kind == .double else { throw group.damaged("'\(name)' does not hold 64-bit numbers") }
      guard values.count == dates.count else {
        throw group.damaged("'\(name)' holds \(values.count) values for \(dates.count) dates")
      }
      return try values.read()
    }
    for one in MarketStore.sessionColumns { series[keyPath: one.values] = try column(one.name) }
    if extraColumns == nil { series.instrument = .index }
    for name in extraColumns ?? [] {
      series.extra.append(ExtraColumn(name: name, values: try column("extra." + name)))
    }
    return series
  }
}

extension MarketStore {
  /// SHA-256, as 64 hexadecimal digits, of series of bars of whole sessions: what runs of older programs remember.
  ///
  /// The digest is fed, all little-endian: the text `strikeforge bars 1` and a line feed (`2` where a series has further columns); the number of series (u64); then for each series
  /// in order the length of the symbol in bytes (u64), the symbol (UTF-8), the number of bars (u64), the dates as days since 1970-01-01
  /// (i32 each), and the bits of open, high, low, close, volume and adjustment factor (f64 each), column after column, and in a text `2` the
  /// number of further columns (u64), each with its name's length in bytes (u64), name and values; and, where there are indices, the text
  /// `indices` and a line feed, their number (u64) and the length and text of each symbol; and, where splits and payments are known by their dates,
  /// the text `actions` and a line feed, and for each series their number (u64) and of each the date (i32), split and payment (f64). Traps if the
  /// columns of a series differ in length.
  static func sessionsHash(_ series: [BarSeries]) -> String {
    sessionsHash(series.map { SeriesShelf.Label($0) }) { series[$0] }
  }

  /// The same of series that are fetched one after the other.
  static func sessionsHash<Failure: Error>(
    _ labels: [SeriesShelf.Label], _ series: (Int) throws(Failure) -> BarSeries
  ) throws(Failure) -> String {
    var digest = SHA256()
    func feed(_ number: Int) { withUnsafeBytes(of: UInt64(number).littleEndian) { digest.update($0) } }
    func feed(_ text: String) {
      feed(text.utf8.count)
      digest.update(Array(text.utf8))
    }
    let hasExtra = labels.contains { $0.hasExtra }
    digest.update(Array("strikeforge bars \(hasExtra ? 2 : 1)\n".utf8))
    feed(labels.count)
    for place in labels.indices {
      let one = try series(place)
      precondition(
        one.wholeRows == one.count && one.longestColumn == one.count,
        "\(one.symbol) has columns of \(one.wholeRows) to \(one.longestColumn) rows for \(one.count) bars")
      feed(one.symbol)
      feed(one.count)
      one.dates.map { $0.daysSinceEpoch.littleEndian }.withUnsafeBytes { digest.update($0) }
      for column in sessionColumns {
        one[keyPath: column.values].map { $0.bitPattern.littleEndian }.withUnsafeBytes { digest.update($0) }
      }
      guard hasExtra else { continue }
      feed(one.extra.count)
      for column in one.extra {
        feed(column.name.utf8.count)
        digest.update(Array(column.name.utf8))
        column.values.map { $0.bitPattern.littleEndian }.withUnsafeBytes { digest.update($0) }
      }
    }
    let indices = labels.filter { $0.instrument == .index }
    if !indices.isEmpty {
      digest.update(Array("indices\n".utf8))
      feed(indices.count)
      for one in indices { feed(one.symbol) }
    }
    if labels.contains(where: { !$0.actions.isEmpty }) {
      digest.update(Array("actions\n".utf8))
      for one in labels {
        feed(one.actions.count)
        for action in one.actions {
          withUnsafeBytes(of: action.date.daysSinceEpoch.littleEndian) { digest.update($0) }
          for value in [action.split, action.payment] {
            withUnsafeBytes(of: value.bitPattern.littleEndian) { digest.update($0) }
          }
        }
      }
    }
    return SHA256.hexDigits(digest.finalize())
  }

  /// Key paths are not Sendable by themselves, hence a function of nothing rather than a stored table.
  static var sessionColumns: [(name: String, values: WritableKeyPath<BarSeries, [Double]>)] {
    [
      ("open", \.open), ("high", \.high), ("low", \.low), ("close", \.close), ("volume", \.volume),
      ("adjustment_factor", \.adjustmentFactors),
    ]
  }
}
