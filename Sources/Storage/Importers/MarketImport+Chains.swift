// Option chains among the files of an import.

import Glibc
import Market

extension MarketImport {
  /// The chains of a file, added to those that are there, and where they come from; nil for a file of bars.
  func readChains(
    _ source: Source, _ spool: Spool, into chains: inout [ShelvedChain], tell: (String) -> Void
  ) throws(StorageError) -> ImportProvenance? {
    // What the user says the columns of is a file of bars; of one that is not there the reader of bars tells.
    guard !source.isIndex, declared.layout == nil, declared.columns == nil,
      access(ZipArchive.parts(of: source.path).file, F_OK) == 0
    else { return nil }
    var file = try ChainFile(
      path: source.path, underlying: source.symbol, roots: roots.map { Set($0) }, deliverables: deliverables)
    file.spool = spool
    let reading: ShelvedChainReading
    do throws(StorageError) {
      guard let found = try file.shelved() else { return nil }
      reading = found
    } catch {
      if case .rows(_, let faults) = error { for fault in faults { tell("\(source.path), \(fault.description)") } }
      throw error
    }
    tell("read \(source.path): " + reading.chains.map(ChainUnderstanding.summary).joined(separator: "; "))
    for note in reading.notes { tell("  " + note) }
    if isDryRun {
      for line in reading.understanding { tell("  " + line) }
    }
    var notes: [String] = []
    let underlyings = reading.chains.map(\.underlying)
    if let symbols, let first = symbols.first, !symbols.contains(where: underlyings.contains) {
      throw .symbols(path: source.path, problem: .absent(requested: first, existing: underlyings.sorted()))
    }
    for chain in reading.chains where symbols?.contains(chain.underlying) ?? true {
      try ChainFile.add(chain, to: &chains, notes: &notes, path: source.path)
    }
    for note in notes { tell(note) }
    return reading.provenance
  }

  /// Remembers what was declared of roots that do not say what their contracts deliver.
  func declare(_ chains: inout [SettledChain], tell: (String) -> Void) throws(StorageError) {
    for deliverable in deliverables {
      let places = chains.indices.filter { place in
        chains[place].head.underlying == deliverable.underlying
          && chains[place].head.contracts.contains { $0.root == deliverable.root }
      }
      guard let place = places.first else {
        throw .table(path: output, line: 0, column: "", problem: .chain(.nothingToDeclare(deliverable)))
      }
      let before = chains[place].head.declare(deliverable)
      let was = before.flatMap { $0 == deliverable ? nil : "; until now it was declared that \($0)" } ?? ""
      tell("as declared, \(deliverable): its contracts may be traded\(was)")
    }
  }

  /// Leaves the sessions between the dates that are taken.
  func cut(_ chains: inout [ShelvedChain]) throws(StorageError) {
    guard cut.from != nil || cut.until != nil else { return }
    for place in chains.indices {
      chains[place].cut(from: cut.from, until: cut.until)
      guard chains[place].sessionCount > 0 else {
        throw .symbols(path: chains[place].underlying, problem: .noneLeft(chains[place].underlying))
      }
    }
  }
}
