// Text tables of bars become bar series; what cannot be read is refused with its place.

package import Market
import Text

/// Reads bars of days or minutes from a text table, plain, gzip or in a zip.
package enum CSVImporter {
  /// Changes when the same file would give other numbers.
  package static let version = 3

  /// More symbols than any file of bars names; a damaged file must not fill the memory with one series a row.
  static let symbolLimit = 20_000
  /// More days than any market has had, and more minutes, day and night.
  static let rowLimit = 100_000
  static let minuteRowLimit = 24_000_000
  /// More text than any file of bars has, packed or not.
  package static let textLimitBytes = 1 << 34
  /// More bytes than any row or header has.
  static let lineLimitBytes = 1 << 20

  /// The series of a file, in the requested order (in file order if `symbols` is nil), and where they come from.
  ///
  /// `symbols`: which to take from a file that names them; for a plain file at most one, its name. `symbolOverride`: the name of a plain
  /// file's series. `isIndex`: the file's one series is an index, the only kind that may lack a volume. Every row is read and must be
  /// readable, also those of symbols that are not asked for. Values are not questioned (negative, duplicate and unordered ones pass: the
  /// quality gate refuses them), but NaN and infinity are not numbers.
  /// `extraColumns`: columns beside the layout's own that the header must have, kept under these names; see `ExtraColumn.isName`.
  /// `declared`: what the file does not say itself.
  package static func read(
    path: String, symbols: [String]? = nil, symbolOverride: String? = nil, isIndex: Bool = false,
    extraColumns: [String] = [], declared: BarDeclarations = BarDeclarations(), limitBytes: Int = textLimitBytes
  ) throws(StorageError) -> (series: [BarSeries], provenance: ImportProvenance) {
    let reading = try readings(
      path: path, symbols: symbols, symbolOverride: symbolOverride, isIndex: isIndex, extraColumns: extraColumns,
      declared: declared, limitBytes: limitBytes)
    return (reading.series, reading.provenance)
  }

  /// The same for bytes that are at hand; `path` names them in errors and provenance.
  package static func read(
    _ bytes: [UInt8], path: String, symbols: [String]? = nil, symbolOverride: String? = nil, isIndex: Bool = false,
    extraColumns: [String] = [], declared: BarDeclarations = BarDeclarations(), limitBytes: Int = textLimitBytes
  ) throws(StorageError) -> (series: [BarSeries], provenance: ImportProvenance) {
    let reading = try BarFile(ByteSource(bytes, path: path), path: path, limitBytes: limitBytes).read(
      symbols: symbols, symbolOverride: symbolOverride, isIndex: isIndex, extraColumns: extraColumns, declared: declared
    )
    return (reading.series, reading.provenance)
  }

  /// The same with what was found out on the way. `progress`: gets the share of the file that was read, now and then.
  package static func readings(
    path: String, symbols: [String]? = nil, symbolOverride: String? = nil, isIndex: Bool = false,
    extraColumns: [String] = [], declared: BarDeclarations = BarDeclarations(), limitBytes: Int = textLimitBytes,
    progress: ((Double) -> Void)? = nil
  ) throws(StorageError) -> BarFileReading {
    try shelved(
      path: path, symbols: symbols, symbolOverride: symbolOverride, isIndex: isIndex, extraColumns: extraColumns,
      declared: declared, limitBytes: limitBytes, spool: nil, progress: progress
    ).reading()
  }

  /// The same, of which what memory shall not hold lies on a spool.
  static func shelved(
    path: String, symbols: [String]? = nil, symbolOverride: String? = nil, isIndex: Bool = false,
    extraColumns: [String] = [], declared: BarDeclarations = BarDeclarations(), limitBytes: Int = textLimitBytes,
    spool: Spool?, progress: ((Double) -> Void)? = nil
  ) throws(StorageError) -> ShelvedReading {
    var file = try BarFile(path: path, limitBytes: limitBytes, progress: progress)
    file.spool = spool
    return try file.shelved(
      symbols: symbols, symbolOverride: symbolOverride, isIndex: isIndex, extraColumns: extraColumns, declared: declared
    )
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
}

/// Where the series of one source file come from.
package struct ImportProvenance: Sendable, Equatable {
  /// The file's name without its folder.
  package var sourceName: String
  /// SHA-256 of the file as it lay on disk (compressed, if it was).
  package var sourceSHA256: String
  /// A `BarLayout`, or what a generator calls itself.
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

extension [ImportProvenance] {
  /// Those of some symbols of which a file was made up: no market's prices.
  package func syntheticSymbols(among symbols: [String]) -> [String] {
    let layouts = [BarLayout.synthetic.name, ChainLayout.synthetic.name]
    return symbols.filter { symbol in
      contains { layouts.contains($0.layout) && $0.symbols.contains(symbol) }
    }
  }
}
