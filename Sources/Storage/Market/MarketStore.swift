// Bars at rest: series, where they come from, and what the quality gate said about exactly these numbers.

import Glibc
package import Market
import Text

/// Writing a market store; `MarketStoreFile` reads it.
///
/// | path | content |
/// |---|---|
/// | `/` attributes | `schema_version`, `created` (UTC), `content_hash`, `series` (JSON: the catalogue, a `SeriesEntry` each, in order), `provenance` (JSON), `quality_report` (JSON) and `quality_content_hash` where the gate was asked |
/// | `/bars/<symbol>` | bars of whole sessions: see `SeriesColumns` |
/// | `/minutes/<symbol>` | bars of minutes in the sessions |
/// | `/extended/<symbol>` | bars of minutes before the opening and after the close |
/// | `/` attribute `chains` | JSON: a `ChainEntry` for each chain, in order; only where there are any |
/// | `/chains/<underlying>` | option chains: see `ChainColumns` |
///
/// Every series has a digest of its own in the catalogue, and the file's seal (`SegmentedSeal`) covers the catalogue: whoever needs two of a hundred
/// series reads and checks those two. The file is written atomically.
package enum MarketStore {
  /// Raised when older programs could not read the file any more. Versions 1 and 2 (`OlderMarketStore`) are still read.
  package static let schemaVersion = 3
  /// Of stores that hold option chains: programs that know none of them must not take such a store for whole.
  package static let chainSchemaVersion = 4

  /// SHA-256, as 64 hexadecimal digits, of the content as a whole: it knows nothing of files, order of import or time. A run remembers it.
  ///
  /// Of a store of bars of whole sessions it is `sessionsHash`, as ever. Where there are narrower bars it is fed the text `strikeforge bars 3` and
  /// a line feed, the number of series (u64, little-endian), and the digest of each (`SeriesColumns.digest`, 64 characters), those of the sessions
  /// before those of extended hours. Traps if the columns of a series differ in length.
  package static func contentHash(_ series: [BarSeries], extendedHours: [BarSeries] = []) -> String {
    let catalogue =
      series.map { SeriesEntry($0, isExtendedHours: false) }
      + extendedHours.map { SeriesEntry($0, isExtendedHours: true) }
    return narrowHash(catalogue) ?? sessionsHash(series)
  }

  /// The same for a store that holds option chains. Without any it is that of its bars; else it is fed the text `strikeforge bars and chains 1` and a line
  /// feed, the content hash of the bars (64 characters), the number of chains (u64, little-endian), and the digest of each (`ChainEntry.digest`).
  package static func contentHash(_ bars: String, chains: [ChainEntry]) -> String {
    guard !chains.isEmpty else { return bars }
    var digest = SHA256()
    digest.update(Array("strikeforge bars and chains 1\n".utf8))
    digest.update(Array(bars.utf8))
    withUnsafeBytes(of: UInt64(chains.count).littleEndian) { digest.update($0) }
    for chain in chains { digest.update(Array(chain.digest.utf8)) }
    return SHA256.hexDigits(digest.finalize())
  }

  /// The same where the digests are known.
  static func contentHash(_ series: SeriesShelf, _ catalogue: [SeriesEntry]) throws(StorageError) -> String {
    if let hash = narrowHash(catalogue) { return hash }
    return try sessionsHash(series.labels) { (place) throws(StorageError) in try series.series(place) }
  }

  /// Of a store that has bars narrower than sessions; nil for all others.
  private static func narrowHash(_ catalogue: [SeriesEntry]) -> String? {
    guard catalogue.contains(where: { $0.width != .session }) else { return nil }
    var digest = SHA256()
    digest.update(Array("strikeforge bars 3\n".utf8))
    withUnsafeBytes(of: UInt64(catalogue.count).littleEndian) { digest.update($0) }
    for entry in catalogue { digest.update(Array(entry.digest.utf8)) }
    return SHA256.hexDigits(digest.finalize())
  }

  /// What is known of each series before the first byte is written: its catalogue entry and its columns.
  struct Plans {
    private(set) var catalogue: [SeriesEntry] = []
    fileprivate private(set) var columns: [[SeriesColumns.Plan]] = []
    fileprivate private(set) var chains: [ChainEntry] = []

    init() {}

    init(_ series: SeriesShelf, _ extendedHours: SeriesShelf) throws(StorageError) {
      try add(series, areExtendedHours: false)
      try add(extendedHours, areExtendedHours: true)
    }

    /// Those of the sessions come first, in the order in which they are written.
    mutating func add(_ series: BarSeries, isExtendedHours: Bool) {
      catalogue.append(SeriesEntry(series, isExtendedHours: isExtendedHours))
      columns.append(SeriesColumns.plan(series))
    }

    mutating func add(_ shelf: SeriesShelf, areExtendedHours: Bool) throws(StorageError) {
      for place in shelf.indices { add(try shelf.series(place), isExtendedHours: areExtendedHours) }
    }

    /// `examine`: gets each session on the way.
    mutating func add(_ chain: SettledChain, examine: (ChainSession) -> Void = { _ in }) throws(StorageError) {
      chains.append(try chain.entry(examine: examine))
    }
  }

  /// Writes a store, atomically. The quality record is bound to the content hash, so the report must be the one that the gate gave for exactly
  /// these `series`; nil where it was not asked. `created`: see `UTCTime`. Traps if symbols are unusable or a symbol has two series of one width
  /// and hours, if the columns of a series differ in length, or if extended hours are not of minutes.
  @discardableResult
  package static func write(
    _ series: [BarSeries], extendedHours: [BarSeries] = [], chains: [OptionChain] = [], provenance: [ImportProvenance],
    qualityReport: QualityReport?, created: String, to path: String
  ) throws(StorageError) -> String {
    let (series, extendedHours) = (SeriesShelf(series), SeriesShelf(extendedHours))
    var plans = try Plans(series, extendedHours)
    let chains = chains.map { SettledChain($0) }
    for chain in chains { try plans.add(chain) }
    return try write(
      plans, series, extendedHours: extendedHours, chains: chains, provenance: provenance,
      qualityReport: qualityReport, created: created, to: path)
  }

  /// The same of series that are not all in memory. `plans`: of exactly these; traps if there are not as many.
  static func write(
    _ plans: Plans, _ series: SeriesShelf, extendedHours: SeriesShelf, chains: [SettledChain] = [],
    provenance: [ImportProvenance],
    qualityReport: QualityReport?, created: String, to path: String
  ) throws(StorageError) -> String {
    precondition(plans.catalogue.count == series.count + extendedHours.count, "plans of other series")
    precondition(plans.chains.map(\.underlying) == chains.map(\.head.underlying), "plans of other chains")
    let hash = contentHash(try contentHash(series, plans.catalogue), chains: plans.chains)
    // Everything but the series and the chains, which come from their shelves.
    let contents = MarketStoreContents(
      path: path, series: [], provenance: provenance, qualityReport: qualityReport,
      qualityContentHash: qualityReport == nil ? nil : hash, contentHash: hash, created: created)
    try AtomicWrite.write(to: path, replacing: .marketStore) { (descriptor) throws(StorageError) in
      try write(contents, plans, series, extendedHours, chains, to: descriptor)
    }
    return hash
  }

  /// Writes the bytes of a store to a file that is open: the library makes room, and the columns are written from where they lie, without a copy.
  private static func write(
    _ contents: MarketStoreContents, _ plans: Plans, _ series: SeriesShelf, _ extendedHours: SeriesShelf,
    _ chains: [SettledChain], to descriptor: Int32
  ) throws(StorageError) {
    let (path, openPath) = (contents.path, "/proc/self/fd/\(descriptor)")
    let entries = plans.chains
    // Where the system shows no open files as paths, in memory.
    guard access(openPath, F_OK) == 0 else {
      var whole = contents
      (whole.series, whole.extendedHours) = (try series.all(), try extendedHours.all())
      return try AtomicWrite.writeAll(
        try encode(whole, plans.catalogue, chains, entries), to: descriptor, path: path)
    }
    let catalogue = plans.catalogue
    check(catalogue)
    check(entries)
    let attributes = self.attributes(contents, catalogue, entries)
    // A disk without room says so in the system's own words, before the library begins.
    let code = posix_fallocate(descriptor, 0, off_t(expectedBytes(catalogue, entries)))
    guard [0, EOPNOTSUPP, EINVAL].contains(code) else { throw .system(path: path, operation: .write, code: code) }
    let places = try HDF5.exclusive { (_) throws(StorageError) -> [[Range<Int>?]] in
      try HDF5File.fill(openPath, path: path) { (root) throws(StorageError) -> [[Range<Int>?]] in
        for (name, text) in attributes { try root.writeAttribute(name, text) }
        var places: [[Range<Int>?]] = []
        for (columns, entry) in zip(plans.columns, catalogue) {
          places.append(try SeriesColumns.reserve(columns, in: try root.makeGroup(entry.place)))
        }
        for (chain, entry) in zip(chains, entries) {
          places.append(try ChainColumns.reserve(chain, entry, in: try root.makeGroup(entry.place)))
        }
        return places
      }
    }
    var segments: [SegmentedSeal.Segment] = []
    let output = ColumnOutput(descriptor, path: path)
    for owner in places.indices {
      if owner < catalogue.count {
        let one =
          owner < series.count ? try series.series(owner) : try extendedHours.series(owner - series.count)
        // A store that gives other bars a second time would be sealed with a digest that is not theirs.
        guard SeriesColumns.plan(one) == plans.columns[owner] else { throw .changed(path: path) }
        try SeriesColumns.write(one, to: output, at: places[owner])
      } else {
        let chain = owner - catalogue.count
        try ChainColumns.write(chains[chain], entries[chain], to: output, at: places[owner])
      }
      segments += places[owner].compactMap { $0 }.map { SegmentedSeal.Segment(range: $0, owner: owner) }
    }
    try output.finish()
    segments.sort { $0.range.lowerBound < $1.range.lowerBound }
    try SegmentedSeal.seal(
      try FileBytes(path: openPath), under: descriptor, as: .marketStore, segments: segments, path: path)
  }

  /// Reads a store and checks all of it.
  package static func read(_ path: String) throws(StorageError) -> MarketStoreContents {
    try MarketStoreFile(path).contents()
  }

  /// The contents that a store file's bytes hold.
  package static func decode(_ bytes: [UInt8], path: String) throws(StorageError) -> MarketStoreContents {
    try MarketStoreFile(bytes, path: path).contents()
  }

  /// The bytes of a store file.
  static func encode(_ contents: MarketStoreContents) throws(StorageError) -> [UInt8] {
    let plans = try Plans(SeriesShelf(contents.series), SeriesShelf(contents.extendedHours))
    return try encode(
      contents, plans.catalogue, contents.chains.map { SettledChain($0) }, contents.chains.map { ChainEntry($0) })
  }

  /// The same where the digests are known.
  private static func encode(
    _ contents: MarketStoreContents, _ catalogue: [SeriesEntry], _ chains: [SettledChain], _ entries: [ChainEntry]
  ) throws(StorageError) -> [UInt8] {
    let path = contents.path
    let all = contents.series + contents.extendedHours
    check(catalogue)
    let attributes = self.attributes(contents, catalogue, entries)
    check(entries)
    let expectedBytes = self.expectedBytes(catalogue, entries)
    let memory = try HDF5.exclusive { (call) throws(StorageError) -> HDF5Memory in
      try HDF5File.image(path: path, call: call, expectedBytes: expectedBytes) { (root) throws(StorageError) in
        for (name, text) in attributes { try root.writeAttribute(name, text) }
        for (one, entry) in zip(all, catalogue) { try SeriesColumns.write(one, to: try root.makeGroup(entry.place)) }
        for (chain, entry) in zip(chains, entries) {
          try ChainColumns.write(chain, entry, to: try root.makeGroup(entry.place))
        }
      }
    }
    var image = [UInt8](memory.bytes)
    let segments = try self.segments(image, catalogue.map(\.place) + entries.map(\.place), path: path)
    SegmentedSeal.seal(&image, as: .marketStore, segments: segments)
    return image
  }

  /// About how many bytes a store of such series and chains has, and not less.
  private static func expectedBytes(_ series: [SeriesEntry], _ chains: [ChainEntry]) -> Int {
    let bars = series.reduce(1 << 16) { $0 + (56 + 8 * $1.extraColumns.count) * $1.count + 4096 }
    return chains.reduce(bars) { sum, one in
      sum + 16 * one.contractCount + 4 * (one.columns.count + 2) * one.sessions.reduce(0) { $0 + $1.cells }
    }
  }

  /// Traps on what no store can hold.
  private static func check(_ catalogue: [SeriesEntry]) {
    for (index, entry) in catalogue.enumerated() {
      precondition(CSVImporter.isSymbol(entry.symbol), "a market store cannot hold a symbol '\(entry.symbol)'")
      precondition(
        !catalogue[..<index].contains { $0.place == entry.place }, "a market store cannot hold '\(entry.place)' twice")
      precondition(
        !entry.isExtendedHours || entry.width == .minute, "extended hours of whole sessions: \(entry.symbol)")
      precondition(entry.extraColumns.allSatisfy(ExtraColumn.isName), "a column of \(entry.symbol) cannot be named so")
    }
  }

  private static func check(_ chains: [ChainEntry]) {
    precondition(
      Set(chains.map(\.underlying)).count == chains.count && chains.allSatisfy { CSVImporter.isSymbol($0.underlying) },
      "a market store cannot hold chains of \(chains.map(\.underlying))")
  }

  /// The texts at the root, by name.
  private static func attributes(
    _ contents: MarketStoreContents, _ catalogue: [SeriesEntry], _ chains: [ChainEntry]
  ) -> [(key: String, value: String)] {
    var attributes = [
      "schema_version": "\(chains.isEmpty ? schemaVersion : chainSchemaVersion)", "created": contents.created,
      "content_hash": contents.contentHash,
      "series": JSON.array(catalogue.map(\.json)).text,
      "provenance": JSON.array(contents.provenance.map(\.json)).text,
    ]
    if let report = contents.qualityReport, let hash = contents.qualityContentHash {
      attributes["quality_report"] = QualityRecord.json(report).text
      attributes["quality_content_hash"] = hash
    }
    if !chains.isEmpty { attributes["chains"] = JSON.array(chains.map(\.json)).text }
    return attributes.sorted { $0.key < $1.key }
  }

  /// Where the columns of each series and chain lie in an image. `places`: those of their groups, in order.
  private static func segments(
    _ image: [UInt8], _ places: [String], path: String
  ) throws(StorageError) -> [SegmentedSeal.Segment] {
    let root = try HDF5Image(image, path: path).root()
    let groups = try self.groups(root, in: SeriesEntry.folders + [ChainEntry.folder])
    var segments: [SegmentedSeal.Segment] = []
    for (owner, place) in places.enumerated() {
      for child in try groups[place]?.children() ?? [] {
        let range = try HDF5Dataset(child).range
        if !range.isEmpty { segments.append(SegmentedSeal.Segment(range: range, owner: owner)) }
      }
    }
    return segments.sorted { $0.range.lowerBound < $1.range.lowerBound }
  }

  /// The groups in some folders, by their places; those alone that are wanted.
  static func groups(
    _ root: HDF5Object, in folders: [String], where isWanted: (String) -> Bool = { _ in true }
  ) throws(StorageError) -> [String: HDF5Object] {
    var groups: [String: HDF5Object] = [:]
    for folder in try root.children() where folder.isGroup && folders.contains(folder.name) {
      for group in try folder.children(where: { isWanted(folder.name + "/" + $0) }) {
        groups[folder.name + "/" + group.name] = group
      }
    }
    return groups
  }
}
