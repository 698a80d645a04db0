// A file of bars: one table, or an archive of them.

package import Market
import Text

/// What a file of bars gave.
package struct BarFileReading: Sendable {
  package var series: [BarSeries]
  package var provenance: ImportProvenance
  /// What was found out, and what was left out, each in a sentence.
  package var notes: [String] = []
  /// Whether something was found out that the layout alone does not say.
  package var understanding: [String] = []
}

/// The same with series that need not all be in memory.
struct ShelvedReading {
  var series: SeriesShelf
  var provenance: ImportProvenance
  var notes: [String]
  var understanding: [String]

  /// All series in memory.
  func reading() throws(StorageError) -> BarFileReading {
    BarFileReading(series: try series.all(), provenance: provenance, notes: notes, understanding: understanding)
  }
}

struct BarFile {
  private let source: ByteSource
  private let path: String
  private let member: String?
  private let limitBytes: Int
  /// Whether rows that are written plainly are read many at a time, with the same outcome.
  var readsPlainRows = true
  /// Where bars are set aside that are too many to stay in memory; nil where all stay.
  var spool: Spool?

  /// `FILE`, or `ARCHIVE.zip:MEMBER` for one member of an archive.
  /// `progress`: gets the share of the file that was read, now and then.
  init(path: String, limitBytes: Int, progress: ((Double) -> Void)? = nil) throws(StorageError) {
    let (file, member) = ZipArchive.parts(of: path)
    self.path = file
    self.member = member
    self.limitBytes = limitBytes
    source = try ByteSource(path: file, limitBytes: limitBytes)
    source.progress = progress
  }

  init(_ source: ByteSource, path: String, limitBytes: Int) {
    self.source = source
    self.path = path
    member = nil
    self.limitBytes = limitBytes
  }

  /// All bars in memory.
  func read(
    symbols: [String]?, symbolOverride: String?, isIndex: Bool, extraColumns: [String], declared: BarDeclarations
  ) throws(StorageError) -> BarFileReading {
    try shelved(
      symbols: symbols, symbolOverride: symbolOverride, isIndex: isIndex, extraColumns: extraColumns, declared: declared
    ).reading()
  }

  func shelved(
    symbols: [String]?, symbolOverride: String?, isIndex: Bool, extraColumns: [String], declared: BarDeclarations
  ) throws(StorageError) -> ShelvedReading {
    var all = SeriesShelf(spool: spool)
    var (notes, understanding): ([String], [String]) = ([], [])
    var (layouts, rows): ([String], Int) = ([], 0)
    var namesSymbols = true
    // All symbols with rows, also those that nobody asked for.
    var named: [String] = []
    let kept = symbolOverride.map { [$0] } ?? symbols
    for pieces in try texts() {
      let timed = try timed(
        pieces, symbolOverride, isIndex: isIndex, extraColumns: extraColumns, declared: declared, kept: kept)
      let plan = timed.plan
      for symbol in timed.symbols where !named.contains(symbol) { named.append(symbol) }
      if !layouts.contains(plan.layout.name) { layouts.append(plan.layout.name) }
      rows += timed.rows
      for line in timed.notes where !notes.contains(line) { notes.append(line) }
      understanding = Understanding.lines(plan, timed.timing, declared)
      namesSymbols = namesSymbols && plan.namesSymbols
      for place in timed.series.indices where timed.series.label(place).count > 0 {
        try BarFile.add(place, of: timed.series, to: &all, notes: &notes, path: pieces.path)
      }
    }
    let digest = try source.finish()
    guard !named.isEmpty, namesSymbols || all.count > 0 else {
      throw .table(path: path, line: 0, column: "", problem: .noRows)
    }
    var chosen: SeriesShelf
    if namesSymbols {
      if symbolOverride.map({ !named.contains($0) }) ?? isIndex {
        throw .symbols(path: path, problem: .namedByFile(named))
      }
      chosen = try BarFile.select(kept, from: all, named: named, path: path)
    } else {
      chosen = try BarFile.name(all, symbols: symbols, override: symbolOverride, path: path)
    }
    guard chosen.count > 0 else { throw .table(path: path, line: 0, column: "", problem: .noRows) }
    if isIndex { for place in chosen.indices { chosen.mark(place, as: .index) } }
    let provenance = ImportProvenance(
      sourceName: FileSystem.split(path).name, sourceSHA256: digest, layout: layouts.joined(separator: "+"), rows: rows,
      symbols: chosen.symbols, importerVersion: CSVImporter.version)
    return ShelvedReading(series: chosen, provenance: provenance, notes: notes, understanding: understanding)
  }

  // MARK: Tables

  /// The texts in the file: one, or of an archive all its members or the one that was named.
  private func texts() throws(StorageError) -> [TextPieces] {
    let beginning = try source.read(at: 0, count: FileContent.lookedAt)
    guard ZipArchive.isArchive(beginning) else {
      return [try TextPieces(source, path: path, limitBytes: limitBytes)]
    }
    let members = try ZipArchive(source, path: path).members(named: member, path: path)
    var texts: [TextPieces] = []
    for member in members {
      texts.append(
        try TextPieces(source, path: "\(path):\(member.name)", packing: .member(member), limitBytes: limitBytes))
    }
    return texts
  }

  /// Every row of every series of a text, in file order, and when they were.
  private func timed(
    _ pieces: TextPieces, _ symbolOverride: String?, isIndex: Bool, extraColumns: [String], declared: BarDeclarations,
    kept: [String]?
  ) throws(StorageError) -> TimedBars {
    do throws(StorageError) {
      var reader = try BarTableReader(
        pieces, declared: declared, extraColumns: extraColumns, kept: kept.map { Set($0) },
        readsPlainRows: readsPlainRows, spool: spool)
      guard reader.plan.hasVolume || isIndex else {
        throw .table(path: pieces.path, line: max(1, reader.plan.linesBefore), column: "", problem: .noVolume)
      }
      guard isIndex || !reader.plan.layout.isOfIndex else {
        throw .table(path: pieces.path, line: 0, column: "", problem: .ofIndex)
      }
      if let name = symbolOverride, !CSVImporter.isSymbol(name) { throw .symbols(path: path, problem: .unusable(name)) }
      var timer = BarTimer(try reader.read(), declared: declared, extraColumns: extraColumns, path: pieces.path)
      return try timer.time()
    } catch {
      // Text that damaged packing unpacks to is no table either, but it is the packing that must be fetched again: that is found at its end.
      if pieces.isCompressed { while try pieces.next() != nil {} }
      throw error
    }
  }

  // MARK: Symbols

  /// Adds a table's series to the one of its symbol that is there: days in files of their own make one series.
  private static func add(
    _ index: Int, of shelf: SeriesShelf, to all: inout SeriesShelf, notes: inout [String], path: String
  ) throws(StorageError) {
    let symbol = shelf.label(index).symbol
    guard let place = all.symbols.firstIndex(of: symbol) else { return all.append(index, of: shelf) }
    guard let joined = try all.join(place, with: index, of: shelf) else {
      throw .table(path: path, line: 0, column: "", problem: .otherWidth("another width than those before"))
    }
    // Two symbols' files in one archive are no revision of each other.
    guard !joined.isForeign(differing: joined.revised) else {
      throw .symbols(path: path, problem: .differentBars(shared: joined.shared, revised: joined.revised))
    }
    if joined.revised > 0 {
      notes.append(
        "\(joined.revised) bars of \(symbol) differ from those of an earlier file: the later one's are taken")
    }
  }

  private static func select(
    _ symbols: [String]?, from all: SeriesShelf, named: [String], path: String
  ) throws(StorageError) -> SeriesShelf {
    guard let symbols else { return all }
    guard !symbols.isEmpty else { throw .symbols(path: path, problem: .noneGiven) }
    var chosen = all
    chosen.remove { _ in true }
    for symbol in symbols {
      guard let place = all.symbols.firstIndex(of: symbol) else {
        throw .symbols(path: path, problem: .absent(requested: symbol, existing: named.sorted()))
      }
      if chosen.symbols.contains(symbol) {
        throw .symbols(path: path, problem: .requestedTwice(symbol))
      }
      chosen.append(place, of: all)
    }
    return chosen
  }

  /// The one series of a file that does not name it, under the name that it is given or that the file's own name says.
  private static func name(
    _ all: SeriesShelf, symbols: [String]?, override: String?, path: String
  ) throws(StorageError) -> SeriesShelf {
    func problem(_ problem: SymbolProblem) -> StorageError { .symbols(path: path, problem: problem) }
    if all.count > 1 || (override == nil && symbols == nil && !all.label(0).symbol.isEmpty) {
      guard override == nil else { throw problem(.namedByFile(all.symbols)) }
      return try select(symbols, from: all, named: all.symbols, path: path)
    }
    var named = all
    if let override {
      named.rename(0, symbol: override)
      if let symbols, symbols != [override] {
        throw problem(.absent(requested: symbols.first(where: { $0 != override }) ?? "", existing: [override]))
      }
      return named
    }
    guard let symbols, let symbol = symbols.first else { throw problem(.noneGiven) }
    guard symbols.count == 1 else { throw problem(.severalForOneSeries(symbols)) }
    guard CSVImporter.isSymbol(symbol) else { throw problem(.unusable(symbol)) }
    named.rename(0, symbol: symbol)
    return named
  }
}
