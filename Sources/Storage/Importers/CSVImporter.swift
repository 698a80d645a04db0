// Text tables of daily bars become bar series; what cannot be read is refused with its place.

package import Market
import Text

/// Reads daily bars from a CSV file, plain or gzip.
package enum CSVImporter {
  /// Changes when the same file would give other numbers.
  package static let version = 1

  /// More symbols than any file of daily bars names; a damaged file must not fill the memory with one series a row.
  static let symbolLimit = 20_000
  /// More days than any market has had.
  static let rowLimit = 100_000
  /// More text than any file of daily bars has, packed or not: half a century of a thousand symbols.
  package static let textLimitBytes = 1 << 30
  /// More bytes than any row or header has.
  static let lineLimitBytes = 1 << 20

  /// The layouts that are recognised by their header, whatever the order and case of its columns.
  package enum Layout: String, Sendable, CaseIterable {
    /// One series that does not name its symbol; prices are taken as they are (factor 1).
    case plain
    /// One series that does not name its symbol, prices and an adjusted close, as Yahoo's exports have them.
    case adjusted
    /// One series without volume: an index.
    case index
    /// Several tickers, raw prices and an adjusted close, as `bokeh_sampledata` ships them.
    case tickers

    /// Whether a column tells the symbol.
    var namesSymbols: Bool { self == .tickers }
    var hasAdjustedClose: Bool { self == .adjusted || self == .tickers }
    var hasVolume: Bool { self != .index }

    package var columns: [String] {
      switch self {
      case .tickers: ["Ticker", "Date", "Open", "High", "Low", "Close", "Volume", "Adj Close"]
      case .plain: ["timestamp", "open", "high", "low", "close", "volume"]
      case .adjusted: ["Date", "Open", "High", "Low", "Close", "Adj Close", "Volume"]
      case .index: ["Date", "Open", "High", "Low", "Close"]
      }
    }
  }

  /// The series of a file, in the requested order (in file order if `symbols` is nil), and where they come from.
  ///
  /// `symbols`: which to take from a file that names them; for a plain file at most one, its name. `symbolOverride`: the name of a plain
  /// file's series. `isIndex`: the file's one series is an index, the only kind that may lack a volume. Every row is read and must be
  /// readable, also those of symbols that are not asked for. Values are not questioned (negative, duplicate and unordered ones pass: the
  /// quality gate refuses them), but NaN and infinity are not numbers.
  /// `extraColumns`: columns beside the layout's own that the header must have, kept under these names; see `ExtraColumn.isName`.
  package static func read(
    path: String, symbols: [String]? = nil, symbolOverride: String? = nil, isIndex: Bool = false,
    extraColumns: [String] = [],
    limitBytes: Int = textLimitBytes
  ) throws(StorageError) -> (series: [BarSeries], provenance: ImportProvenance) {
    try read(
      try TextPieces(path: path, limitBytes: limitBytes), path: path, symbols: symbols, symbolOverride: symbolOverride,
      isIndex: isIndex,
      extraColumns: extraColumns)
  }

  /// The same for bytes that are at hand; `path` names them in errors and provenance.
  package static func read(
    _ bytes: [UInt8], path: String, symbols: [String]? = nil, symbolOverride: String? = nil, isIndex: Bool = false,
    extraColumns: [String] = [], limitBytes: Int = textLimitBytes
  ) throws(StorageError) -> (series: [BarSeries], provenance: ImportProvenance) {
    try read(
      try TextPieces(bytes, path: path, limitBytes: limitBytes), path: path, symbols: symbols,
      symbolOverride: symbolOverride, isIndex: isIndex, extraColumns: extraColumns)
  }

  private static func read(
    _ pieces: TextPieces, path: String, symbols: [String]?, symbolOverride: String?, isIndex: Bool,
    extraColumns: [String]
  ) throws(StorageError) -> (series: [BarSeries], provenance: ImportProvenance) {
    let (layout, all) = try rows(pieces, path: path, symbolOverride, isIndex: isIndex, extraColumns: extraColumns)
    let digest = try pieces.finish()
    var chosen: [BarSeries]
    switch layout {
    case .tickers:
      if symbolOverride != nil || isIndex { throw .symbols(path: path, problem: .namedByFile(all.map(\.symbol))) }
      chosen = try select(symbols, from: all, path: path)
    case .plain, .adjusted, .index:
      chosen = [try name(all[0], symbols: symbols, override: symbolOverride, path: path)]
      if isIndex { chosen[0].instrument = .index }
    }
    let provenance = ImportProvenance(
      sourceName: FileSystem.split(path).name, sourceSHA256: digest, layout: layout.rawValue,
      rows: all.reduce(0) { $0 + $1.count }, symbols: chosen.map(\.symbol), importerVersion: version)
    return (chosen, provenance)
  }

  /// Every row of every series, in file order.
  private static func rows(
    _ pieces: TextPieces, path: String, _ symbolOverride: String?, isIndex: Bool, extraColumns: [String]
  ) throws(StorageError) -> (layout: Layout, series: [BarSeries]) {
    var reader = BarTableReader(pieces, path: path, extraColumns: extraColumns)
    do throws(StorageError) {
      let layout = try reader.readHeader()
      guard layout.hasVolume || isIndex else { throw .table(path: path, line: 1, column: "", problem: .noVolume) }
      if let name = symbolOverride, !isSymbol(name) { throw .symbols(path: path, problem: .unusable(name)) }
      return (layout, try reader.readRows(layout: layout))
    } catch {
      // Text that damaged gzip unpacks to is no table either, but it is the gzip that must be fetched again: that is found at its end.
      if pieces.isCompressed { _ = try pieces.finish() }
      throw error
    }
  }

  /// Whether text can name a symbol: 1 to 32 letters, digits or `. - _ ^ =`, the first a letter, digit or `^`.
  package static func isSymbol(_ text: String) -> Bool {
    let bytes = text.utf8
    guard let first = bytes.first, bytes.count <= 32, isLetterOrDigit(first) || first == UInt8(ascii: "^") else {
      return false
    }
    return bytes.allSatisfy { isLetterOrDigit($0) || ".-_^=".utf8.contains($0) }
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
  }

  private static func select(
    _ symbols: [String]?, from all: [BarSeries], path: String
  ) throws(StorageError) -> [BarSeries] {
    guard let symbols else { return all }
    guard !symbols.isEmpty else { throw .symbols(path: path, problem: .noneGiven) }
    var chosen: [BarSeries] = []
    for symbol in symbols {
      guard let series = all.first(where: { $0.symbol == symbol }) else {
        throw .symbols(path: path, problem: .absent(requested: symbol, existing: all.map(\.symbol).sorted()))
      }
      if chosen.contains(where: { $0.symbol == symbol }) {
        throw .symbols(path: path, problem: .requestedTwice(symbol))
      }
      chosen.append(series)
    }
    return chosen
  }

  private static func name(
    _ series: BarSeries, symbols: [String]?, override: String?, path: String
  ) throws(StorageError) -> BarSeries {
    var named = series
    if let override {
      named.symbol = override
      if let symbols, symbols != [override] {
        throw .symbols(
          path: path, problem: .absent(requested: symbols.first(where: { $0 != override }) ?? "", existing: [override]))
      }
      return named
    }
    guard let symbols, let symbol = symbols.first else { throw .symbols(path: path, problem: .noneGiven) }
    guard symbols.count == 1 else { throw .symbols(path: path, problem: .severalForOneSeries(symbols)) }
    guard isSymbol(symbol) else { throw .symbols(path: path, problem: .unusable(symbol)) }
    named.symbol = symbol
    return named
  }
}

/// Where the series of one source file come from.
package struct ImportProvenance: Sendable, Equatable {
  /// The file's name without its folder.
  package var sourceName: String
  /// SHA-256 of the file as it lay on disk (compressed, if it was).
  package var sourceSHA256: String
  /// A `CSVImporter.Layout`, or what a generator calls itself.
  package var layout: String
  /// All rows that were read, also those of symbols that were not taken.
  package var rows: Int
  /// The symbols that were taken, in order.
  package var symbols: [String]
  package var importerVersion: Int

  package init(
    sourceName: String, sourceSHA256: String, layout: String, rows: Int, symbols: [String], importerVersion: Int
  ) {
    self.sourceName = sourceName
    self.sourceSHA256 = sourceSHA256
    self.layout = layout
    self.rows = rows
    self.symbols = symbols
    self.importerVersion = importerVersion
  }
}
