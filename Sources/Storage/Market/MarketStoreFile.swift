// A market store that is open: its catalogue is checked, and series are read and checked as they are asked for.

package import Market
import Text

/// A market store of any version. Of one of version 3 only what is asked for is read; older ones are read as a whole when they are opened.
package final class MarketStoreFile: @unchecked Sendable {
  /// All that stands beside the numbers.
  struct Description {
    var schemaVersion: Int
    var catalogue: [SeriesEntry]
    var chains: [ChainEntry] = []
    var provenance: [ImportProvenance]
    var qualityReport: QualityReport?
    var qualityContentHash: String?
    var contentHash: String
    var created: String
  }

  package let path: String
  package let byteCount: Int
  let description: Description
  private let form: Form

  // Neither is written after it was made.
  private enum Form {
    case older([BarSeries])
    case segments(FileBytes, pieces: [HDF5Image.Piece], [SegmentedSeal.Segment])
  }

  /// Opens a store and checks everything but the numbers of its series.
  package convenience init(_ path: String) throws(StorageError) { try self.init(try FileBytes(path: path)) }

  convenience init(_ bytes: [UInt8], path: String) throws(StorageError) {
    try self.init(FileBytes(bytes, path: path))
  }

  private init(_ file: FileBytes) throws(StorageError) {
    path = file.path
    byteCount = file.count
    let front = try file.read(0..<HDF5File.userBlockSize)
    guard SegmentedSeal.isBeginning(front, of: .marketStore) else {
      try SealedFile.verifyBeginning(front, of: file.count, is: .marketStore, path: path)
      let older = try OlderMarketStore.decode(try file.read(0..<file.count), path: path)
      description = older.description
      form = .older(older.series)
      return
    }
    let (pieces, segments) = try SegmentedSeal.open(front: front, fileBytes: file.count, path: path) {
      (range) throws(StorageError) in try file.read(range)
    }
    let image = HDF5Image(pieces, fileBytes: file.count, userBlockBytes: HDF5File.userBlockSize, path: path)
    let attributes = StoreAttributes(try image.root().attributes(), path: path)
    description = try MarketStoreFile.description(attributes)
    form = .segments(file, pieces: pieces, segments)
  }

  package var catalogue: [SeriesEntry] { description.catalogue }
  package var chains: [ChainEntry] { description.chains }
  /// What the gate said, or nil if it was not asked.
  package var qualityReport: QualityReport? { description.qualityReport }
  package var contentHash: String { description.contentHash }
  /// One entry for each source file.
  package var provenance: [ImportProvenance] { description.provenance }

  /// Throws `StorageError.gateRefused` unless the current gate has passed exactly this content.
  package func requirePassingGate() throws(StorageError) {
    try QualityRecord.requirePassing(
      description.qualityReport, recordedHash: description.qualityContentHash, dataHash: contentHash, path: path)
  }

  /// The series of the catalogue that are wanted, in its order, read and checked.
  package func series(where isWanted: (SeriesEntry) -> Bool) throws(StorageError) -> [BarSeries] {
    let wanted = catalogue.indices.filter { isWanted(catalogue[$0]) }
    if case .older(let series) = form { return wanted.map { series[$0] } }
    let groups = try groups(of: Set(wanted)) { _ in true }
    guard groups.count == catalogue.count else {
      throw .damaged(path: path, place: "attribute 'series'", reason: "it does not name the series that there are")
    }
    var series: [BarSeries] = []
    for index in wanted { series.append(try read(index, from: groups)) }
    return series
  }

  /// The series at a place of the catalogue, read and checked: one of many, when all are read one after the other.
  func series(at index: Int) throws(StorageError) -> BarSeries {
    if case .older(let series) = form { return series[index] }
    let place = catalogue[index].place
    return try read(index, from: try groups(of: [index]) { $0 == place })
  }

  /// The groups that are wanted, by their places, in which the numbers of some series of the catalogue may be read.
  private func groups(
    of owners: Set<Int>, where isWanted: (String) -> Bool
  ) throws(StorageError) -> [String: HDF5Object] {
    guard case .segments(let file, let pieces, let segments) = form else { return [:] }
    let unread = HDF5Image.Unread(file: file, ranges: segments.filter { owners.contains($0.owner) }.map(\.range))
    let image = HDF5Image(
      pieces, unread: unread, fileBytes: file.count, userBlockBytes: HDF5File.userBlockSize, path: path)
    return try MarketStore.groups(try image.root(), in: SeriesEntry.folders, where: isWanted)
  }

  private func read(_ index: Int, from groups: [String: HDF5Object]) throws(StorageError) -> BarSeries {
    guard let group = groups[catalogue[index].place] else {
      throw .damaged(path: path, place: "'/\(catalogue[index].place)'", reason: "it is not there")
    }
    return try SeriesColumns.read(group, as: catalogue[index])
  }

  /// All that the store holds, read and checked.
  package func contents() throws(StorageError) -> MarketStoreContents {
    let all = try series { _ in true }
    let sessions = catalogue.count { !$0.isExtendedHours }
    var chains: [OptionChain] = []
    for entry in self.chains { chains.append(try chain(entry) { _ in true }) }
    try requireContentHash(of: SeriesShelf(Array(all[..<sessions])))
    return MarketStoreContents(
      path: path, series: Array(all[..<sessions]), extendedHours: Array(all[sessions...]), chains: chains,
      provenance: description.provenance, qualityReport: description.qualityReport,
      qualityContentHash: description.qualityContentHash, contentHash: contentHash, created: description.created,
      schemaVersion: description.schemaVersion)
  }

  /// Throws unless the content hash is that of the store's series, of which `series` are those that are not of extended hours.
  func requireContentHash(of series: SeriesShelf) throws(StorageError) {
    guard contentHash == MarketStore.contentHash(try MarketStore.contentHash(series, catalogue), chains: chains) else {
      throw .damaged(
        path: path, place: "attribute 'content_hash'", reason: "the content hash is not that of the numbers")
    }
  }

  /// A chain with the sessions that are wanted, read and checked. Traps for an entry of another store.
  package func chain(
    _ entry: ChainEntry, where isWanted: (ChainEntry.SessionEntry) -> Bool
  ) throws(StorageError) -> OptionChain {
    try chainReader(entry).chain(where: isWanted)
  }

  /// What reads a chain's sessions one by one. Traps for an entry of another store.
  func chainReader(_ entry: ChainEntry) throws(StorageError) -> ChainColumns.Reader {
    guard case .segments(let file, let pieces, _) = form, chains.contains(entry) else {
      preconditionFailure("'\(path)' has no such chain of \(entry.underlying)")
    }
    let image = HDF5Image(pieces, fileBytes: file.count, userBlockBytes: HDF5File.userBlockSize, path: path)
    let groups = try MarketStore.groups(try image.root(), in: [ChainEntry.folder])
    guard groups.count == chains.count, let group = groups[entry.place] else {
      throw .damaged(path: path, place: "attribute 'chains'", reason: "it does not name the chains that there are")
    }
    return try ChainColumns.Reader(group, as: entry) { (range) throws(StorageError) in try file.read(range) }
  }

  private static func description(_ attributes: StoreAttributes) throws(StorageError) -> Description {
    let version = attributes.texts["schema_version"] ?? "none"
    let known = [MarketStore.schemaVersion, MarketStore.chainSchemaVersion]
    guard let schema = known.first(where: { version == "\($0)" }) else {
      throw .unsupportedVersion(
        path: attributes.path, subject: "market store schema", found: version,
        supported: "1 to \(MarketStore.chainSchemaVersion)")
    }
    guard let catalogue = QualityRecord.all(try attributes.json("series"), SeriesEntry.init(json:)),
      Set(catalogue.map(\.place)).count == catalogue.count,
      catalogue.drop(while: { !$0.isExtendedHours }).allSatisfy(\.isExtendedHours)
    else { throw attributes.malformed("series") }
    var description = try attributes.description(schemaVersion: schema, catalogue: catalogue)
    guard schema == MarketStore.chainSchemaVersion else { return description }
    guard let chains = QualityRecord.all(try attributes.json("chains"), ChainEntry.init(json:)), !chains.isEmpty,
      Set(chains.map(\.place)).count == chains.count
    else { throw attributes.malformed("chains") }
    description.chains = chains
    return description
  }
}

/// The text attributes of a store, and what is made of them.
struct StoreAttributes {
  let texts: [String: String]
  let path: String

  init(_ texts: [String: String], path: String) { (self.texts, self.path) = (texts, path) }

  func text(_ name: String) throws(StorageError) -> String {
    guard let text = texts[name] else {
      throw .damaged(path: path, place: "'/'", reason: "it has no attribute '\(name)'")
    }
    return text
  }

  func json(_ name: String) throws(StorageError) -> JSON {
    let text = try text(name)
    do { return try JSON.parse(text) } catch {
      throw .damaged(path: path, place: "attribute '\(name)'", reason: error.description)
    }
  }

  func malformed(_ name: String) -> StorageError {
    .damaged(path: path, place: "attribute '\(name)'", reason: "it is not of the form that this schema has")
  }

  /// What stores of all versions have.
  func description(
    schemaVersion: Int, catalogue: [SeriesEntry]
  ) throws(StorageError) -> MarketStoreFile.Description {
    guard let provenance = QualityRecord.all(try json("provenance"), ImportProvenance.init(json:)) else {
      throw malformed("provenance")
    }
    var report: QualityReport?
    var recordedHash: String?
    if texts["quality_report"] != nil {
      recordedHash = try text("quality_content_hash")
      guard let found = QualityRecord.report(from: try json("quality_report")) else {
        throw malformed("quality_report")
      }
      report = found
    }
    return MarketStoreFile.Description(
      schemaVersion: schemaVersion, catalogue: catalogue, provenance: provenance, qualityReport: report,
      qualityContentHash: recordedHash, contentHash: try text("content_hash"), created: try text("created"))
  }
}
