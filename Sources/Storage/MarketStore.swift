// Bars at rest: series, where they come from, and what the quality gate said about exactly these numbers.

package import Market
import Text

/// Writing and reading a market store.
///
/// | path | content |
/// |---|---|
/// | `/` attributes | `schema_version`, `created` (UTC), `content_hash`, `symbols` (JSON, in order), `provenance` (JSON), `quality_report` (JSON) and `quality_content_hash` where the gate was asked; `extra_columns` (JSON, in order) and `indices` (JSON, those of the symbols that are no shares) where there are any |
/// | `/bars/<symbol>` | `dates` i32 (days since 1970-01-01), `open`, `high`, `low`, `close`, `volume`, `adjustment_factor` f64, and, of a share, `extra.<name>` f64 for each further column, one length |
///
/// The file is sealed (`SealedFile`) and written atomically.
package enum MarketStore {
  /// Raised when older programs could not read the file any more. A store without further columns and indices (which a program that knows none
  /// would trade) is written as version 1, and both are read.
  package static let schemaVersions = 1...2

  /// SHA-256, as 64 hexadecimal digits, of the numbers themselves: it knows nothing of files, order of import or time.
  ///
  /// The digest is fed, all little-endian: the text `strikeforge bars 1` and a line feed (`2` where a series has further columns); the number of series (u64); then for each series
  /// in order the length of the symbol in bytes (u64), the symbol (UTF-8), the number of bars (u64), the dates as days since 1970-01-01
  /// (i32 each), and the bits of open, high, low, close, volume and adjustment factor (f64 each), column after column, and in a text `2` the
  /// number of further columns (u64), each with its name's length in bytes (u64), name and values; and, where there are indices, the text
  /// `indices` and a line feed, their number (u64) and the length and text of each symbol. Traps if the columns of a series differ in length.
  package static func contentHash(_ series: [BarSeries]) -> String {
    var digest = SHA256()
    func feed(_ number: Int) { withUnsafeBytes(of: UInt64(number).littleEndian) { digest.update($0) } }
    func feed(_ text: String) {
      feed(text.utf8.count)
      digest.update(Array(text.utf8))
    }
    let hasExtra = series.contains { !$0.extra.isEmpty }
    digest.update(Array("strikeforge bars \(hasExtra ? 2 : 1)\n".utf8))
    feed(series.count)
    for one in series {
      checkLengths(one)
      feed(one.symbol)
      feed(one.count)
      one.dates.map { $0.daysSinceEpoch.littleEndian }.withUnsafeBytes { digest.update($0) }
      for column in columns {
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
    let indices = series.filter { $0.instrument == .index }
    if !indices.isEmpty {
      digest.update(Array("indices\n".utf8))
      feed(indices.count)
      for one in indices { feed(one.symbol) }
    }
    return SHA256.hexDigits(digest.finalize())
  }

  /// Writes a store, atomically. The quality record is bound to the content hash of `series`, so the report must be the one that the gate gave
  /// for exactly these; nil where it was not asked. `created`: see `UTCTime`. Traps if symbols are unusable or appear twice, if the
  /// columns of a series differ in length, or if the series' further columns differ in name.
  @discardableResult
  package static func write(
    _ series: [BarSeries], provenance: [ImportProvenance], qualityReport: QualityReport?, created: String,
    to path: String
  ) throws(StorageError) -> String {
    let hash = contentHash(series)
    let contents = MarketStoreContents(
      path: path, series: series, provenance: provenance, qualityReport: qualityReport,
      qualityContentHash: qualityReport == nil ? nil : hash, contentHash: hash, created: created)
    try AtomicWrite.write(try encode(contents), to: path, replacing: .marketStore)
    return hash
  }

  /// Reads a store and checks all of it: the seal, the schema, every size, and the content hash against the numbers.
  package static func read(_ path: String) throws(StorageError) -> MarketStoreContents {
    try decode(SealedFile.read(path, .marketStore), path: path)
  }

  /// The bytes of a store file.
  static func encode(_ contents: MarketStoreContents) throws(StorageError) -> [UInt8] {
    let path = contents.path
    let symbols = contents.series.map(\.symbol)
    for (index, symbol) in symbols.enumerated() {
      precondition(CSVImporter.isSymbol(symbol), "a market store cannot hold a symbol '\(symbol)'")
      precondition(!symbols[..<index].contains(symbol), "a market store cannot hold '\(symbol)' twice")
    }
    let extraColumns = contents.extraColumns
    for one in contents.series {
      precondition(
        one.extra.map(\.name) == (one.instrument == .index ? [] : extraColumns)
          && extraColumns.allSatisfy(ExtraColumn.isName),
        "\(one.symbol) has the further columns \(one.extra.map(\.name)), the store \(extraColumns)")
    }
    var attributes = [
      "schema_version": "\(contents.schemaVersion)", "created": contents.created, "content_hash": contents.contentHash,
      "symbols": JSON.array(symbols.map { .string($0) }).text,
      "provenance": JSON.array(contents.provenance.map(\.json)).text,
    ]
    if !extraColumns.isEmpty { attributes["extra_columns"] = JSON.array(extraColumns.map { .string($0) }).text }
    let indices = contents.series.filter { $0.instrument == .index }.map(\.symbol)
    if !indices.isEmpty { attributes["indices"] = JSON.array(indices.map { .string($0) }).text }
    if let report = contents.qualityReport, let hash = contents.qualityContentHash {
      attributes["quality_report"] = QualityRecord.json(report).text
      attributes["quality_content_hash"] = hash
    }
    let expectedBytes = contents.series.reduce(1 << 16) { $0 + (52 + 8 * extraColumns.count) * $1.count + 4096 }
    let sortedAttributes = attributes.sorted { $0.key < $1.key }
    var image = try HDF5.exclusive { (call) throws(StorageError) -> [UInt8] in
      try HDF5File.image(path: path, call: call, expectedBytes: expectedBytes) { (root) throws(StorageError) in
        for (name, text) in sortedAttributes { try root.writeAttribute(name, text) }
        for one in contents.series {
          let group = try root.makeGroup("bars/" + one.symbol)
          try group.write(one.dates.map(\.daysSinceEpoch), as: "dates")
          for column in columns { try group.write(one[keyPath: column.values], as: column.name) }
          for column in one.extra { try group.write(column.values, as: extraPrefix + column.name) }
        }
      }
    }
    SealedFile.seal(&image, as: .marketStore)
    return image
  }

  /// The contents that a store file's bytes hold.
  package static func decode(_ bytes: [UInt8], path: String) throws(StorageError) -> MarketStoreContents {
    try SealedFile.verify(bytes, is: .marketStore, path: path)
    let root = try HDF5Image(bytes, path: path).root()
    let attributes = try root.attributes()
    let version = attributes["schema_version"] ?? "none"
    guard schemaVersions.contains(where: { version == "\($0)" }) else {
      throw .unsupportedVersion(
        path: path, subject: "market store schema", found: version,
        supported: schemaVersions.map { "\($0)" }.joined(separator: " and "))
    }
    let extraColumns = try names("extra_columns", of: attributes, path: path, areUsable: ExtraColumn.isName)
    let indices = Set(try names("indices", of: attributes, path: path, areUsable: CSVImporter.isSymbol))
    var bars: [String: BarSeries] = [:]
    for group in try root.children() where group.isGroup && group.name == "bars" {
      for child in try group.children() {
        bars[child.name] = try readSeries(child, extraColumns: indices.contains(child.name) ? nil : extraColumns)
      }
    }
    return try assemble(attributes, bars, path: path)
  }

  /// The names that an attribute lists, each once; a file without the attribute has none.
  private static func names(
    _ attribute: String, of attributes: [String: String], path: String, areUsable: (String) -> Bool
  ) throws(StorageError) -> [String] {
    guard let text = attributes[attribute] else { return [] }
    let names = (try? JSON.parse(text))?.arrayValue?.map { $0.stringValue ?? "" }
    guard let names, !names.isEmpty, names.allSatisfy(areUsable), Set(names).count == names.count else {
      throw .damaged(path: path, place: "attribute '\(attribute)'", reason: "it does not hold names, each once")
    }
    return names
  }

  private static func assemble(
    _ attributes: [String: String], _ bars: [String: BarSeries], path: String
  ) throws(StorageError) -> MarketStoreContents {
    func text(_ name: String) throws(StorageError) -> String {
      guard let text = attributes[name] else {
        throw .damaged(path: path, place: "'/'", reason: "it has no attribute '\(name)'")
      }
      return text
    }
    func json(_ name: String) throws(StorageError) -> JSON {
      do { return try JSON.parse(try text(name)) } catch let error as JSONError {
        throw .damaged(path: path, place: "attribute '\(name)'", reason: error.description)
      } catch let error as StorageError {
        throw error
      } catch {
        throw .damaged(path: path, place: "attribute '\(name)'", reason: "\(error)")
      }
    }
    func malformed(_ name: String) -> StorageError {
      .damaged(path: path, place: "attribute '\(name)'", reason: "it is not of the form that this schema has")
    }
    var series: [BarSeries] = []
    var bars = bars
    guard let symbols = try json("symbols").arrayValue, symbols.count == bars.count else { throw malformed("symbols") }
    for symbol in symbols {
      guard let name = symbol.stringValue, CSVImporter.isSymbol(name), let one = bars.removeValue(forKey: name) else {
        throw malformed("symbols")
      }
      series.append(one)
    }
    let indexCount = attributes["indices"] == nil ? 0 : try json("indices").arrayValue?.count ?? 0
    guard series.count(where: { $0.instrument == .index }) == indexCount else { throw malformed("indices") }
    let hash = contentHash(series)
    guard try text("content_hash") == hash else {
      throw .damaged(path: path, place: "'/bars'", reason: "the content hash is not that of the numbers")
    }
    guard let entries = try json("provenance").arrayValue else { throw malformed("provenance") }
    var provenance: [ImportProvenance] = []
    for entry in entries {
      guard let one = ImportProvenance(json: entry) else { throw malformed("provenance") }
      provenance.append(one)
    }
    var report: QualityReport?
    var recordedHash: String?
    if attributes["quality_report"] != nil {
      recordedHash = try text("quality_content_hash")
      guard let found = QualityRecord.report(from: try json("quality_report")) else {
        throw malformed("quality_report")
      }
      report = found
    }
    return MarketStoreContents(
      path: path, series: series, provenance: provenance, qualityReport: report, qualityContentHash: recordedHash,
      contentHash: hash, created: try text("created"))
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
    series.dates = dates.read(Int32.self).map { CalendarDate(daysSinceEpoch: $0) }
    func column(_ name: String) throws(StorageError) -> [Double] {
      let values = try dataset(name)
      guard values.kind == .double else { throw group.damaged("'\(name)' does not hold 64-bit numbers") }
      guard values.count == dates.count else {
        throw group.damaged("'\(name)' holds \(values.count) values for \(dates.count) dates")
      }
      return values.read()
    }
    for one in columns { series[keyPath: one.values] = try column(one.name) }
    if extraColumns == nil { series.instrument = .index }
    for name in extraColumns ?? [] {
      series.extra.append(ExtraColumn(name: name, values: try column(extraPrefix + name)))
    }
    return series
  }

  private static let extraPrefix = "extra."

  /// Key paths are not Sendable by themselves, hence a function of nothing rather than a stored table.
  private static var columns: [(name: String, values: WritableKeyPath<BarSeries, [Double]>)] {
    [
      ("open", \.open), ("high", \.high), ("low", \.low), ("close", \.close), ("volume", \.volume),
      ("adjustment_factor", \.adjustmentFactors),
    ]
  }

  private static func checkLengths(_ series: BarSeries) {
    for column in columns {
      let count = series[keyPath: column.values].count
      precondition(count == series.count, "\(series.symbol): \(count) values of \(column.name), \(series.count) dates")
    }
    for column in series.extra {
      let count = column.values.count
      precondition(count == series.count, "\(series.symbol): \(count) values of \(column.name), \(series.count) dates")
    }
  }
}

/// All that a market store holds.
package struct MarketStoreContents: Sendable, Equatable {
  /// The file it was read from, for messages.
  package var path: String
  package var series: [BarSeries]
  /// One entry for each source file.
  package var provenance: [ImportProvenance]
  /// What the gate said, or nil if it was not asked.
  package var qualityReport: QualityReport?
  /// The content hash of the numbers that the gate was asked about.
  package var qualityContentHash: String?
  /// The content hash of `series`.
  package var contentHash: String
  /// When the file was made, UTC.
  package var created: String

  /// The names of the columns that every share has beside its prices and volume.
  package var extraColumns: [String] { series.first { $0.instrument != .index }?.extra.map(\.name) ?? [] }
  /// The schema in which these contents are written.
  package var schemaVersion: Int {
    extraColumns.isEmpty && !series.contains { $0.instrument == .index }
      ? MarketStore.schemaVersions.lowerBound : MarketStore.schemaVersions.upperBound
  }

  /// Throws `StorageError.gateRefused` unless the current gate has passed exactly these numbers.
  package func requirePassingGate() throws(StorageError) {
    func refuse(_ refusal: GateRefusal) -> StorageError { .gateRefused(path: path, refusal: refusal) }
    guard let report = qualityReport, let recordedHash = qualityContentHash else { throw refuse(.noRecord) }
    let dataHash = MarketStore.contentHash(series)
    guard recordedHash == dataHash else { throw refuse(.otherData(recordedHash: recordedHash, dataHash: dataHash)) }
    guard report.gateVersion == QualityGate.version else {
      throw refuse(.otherGateVersion(found: report.gateVersion, current: QualityGate.version))
    }
    let failing = report.findings.filter { $0.severity == .fail }.map(\.check)
    guard report.passed, failing.isEmpty else { throw refuse(.failed(checks: Set(failing).sorted())) }
  }
}
