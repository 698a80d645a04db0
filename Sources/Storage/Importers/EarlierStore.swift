// A store that is there, which an import adds to.

import Glibc
import Market

/// What an import found where it is told to write.
struct EarlierStore {
  private let file: MarketStoreFile
  private let series: SeriesShelf
  private let extendedHours: SeriesShelf
  private let chains: [ShelvedChain]

  /// Nil where there is none yet. All of it is read and checked; of its bars what `spool` has no room for is read again when it is needed.
  init?(_ path: String, spool: Spool) throws(StorageError) {
    var status = stat()
    // Nothing, or a file that was made to have the name.
    guard !path.isEmpty, stat(path, &status) == 0, status.st_size > 0 else { return nil }
    file = try MarketStoreFile(path)
    series = try SeriesShelf(file, spool: spool) { !$0.isExtendedHours }
    extendedHours = try SeriesShelf(file, spool: spool) { $0.isExtendedHours }
    var chains: [ShelvedChain] = []
    for entry in file.chains { chains.append(try ShelvedChain(try file.chainReader(entry), spool: spool)) }
    self.chains = chains
    try file.requireContentHash(of: series)
  }

  private var path: String { file.path }

  /// What was allowed before and is not given again: it is allowed still, and recorded.
  func allowances(beside given: [QualityAllowance]) -> [QualityAllowance] {
    (file.qualityReport?.allowances ?? []).filter { one in !given.contains { $0.name == one.name } }
  }

  /// Adds to the store's series those that were delivered, which win where both have a bar, and tells what that changed.
  func add(
    _ series: inout SeriesShelf, _ extendedHours: inout SeriesShelf, _ provenance: inout [ImportProvenance],
    tell: (String) -> Void
  ) throws(StorageError) {
    series = try joined(self.series, series, hours: "", tell: tell)
    extendedHours = try joined(self.extendedHours, extendedHours, hours: " outside the sessions' hours", tell: tell)
    provenance = file.provenance + provenance.filter { !file.provenance.contains($0) }
  }

  /// Adds to the store's chains those that were delivered, which win where both have a value, and tells what that changed.
  func add(_ chains: inout [ShelvedChain], tell: (String) -> Void) throws(StorageError) {
    var all = self.chains
    for one in chains {
      guard let place = all.firstIndex(where: { $0.underlying == one.underlying }) else {
        tell("the options of \(one.underlying) are new in \(path)")
        all.append(one)
        continue
      }
      let before = all[place].quoteCount
      guard let revised = try all[place].join(one) else {
        throw .table(path: path, line: 0, column: "", problem: .chain(.differentUnits))
      }
      let added = all[place].quoteCount - before
      tell(
        "options of \(one.underlying): \(counted(added, "quote")) new in \(path), \(counted(revised, "value")) different"
          + (revised > 0 ? " and replaced" : ""))
    }
    chains = all
  }

  private func joined(
    _ stored: SeriesShelf, _ delivered: SeriesShelf, hours: String, tell: (String) -> Void
  ) throws(StorageError) -> SeriesShelf {
    var all = stored
    for index in delivered.indices {
      let one = delivered.label(index)
      guard let place = all.place(of: one) else {
        tell("\(one.symbol)\(hours) is new in \(path)")
        all.append(index, of: delivered)
        continue
      }
      guard let joined = try all.join(place, with: index, of: delivered) else {
        throw .symbols(path: path, problem: .differentStore(symbol: one.symbol, store: path))
      }
      tell(
        "\(one.symbol)\(hours): \(joined.added) bars are new in \(path), \(joined.shared) were there, \(joined.revised) of "
          + "these differ" + (joined.revised > 0 ? " and are replaced" : ""))
      for line in joined.differences { tell("  " + line) }
      if joined.factorScale != 1 {
        tell("  the factors of earlier bars are multiplied by \(joined.factorScale): split or paid since")
      }
    }
    return all
  }

  /// Throws if the store was written since it was read.
  func requireUnchanged() throws(StorageError) {
    guard try MarketStoreFile(path).contentHash == file.contentHash else { throw .changed(path: path) }
  }
}

extension JoinedSeries {
  /// The largest difference and the first few, a line each; none where nothing differs.
  var differences: [String] {
    guard let largest else { return [] }
    return ["largest difference: \(largest)"] + samples.filter { $0 != largest }.map(\.description)
  }
}
