// A file of option chains: one table, an archive of tables, or LEAN's archive of a member for each contract.

import Glibc
package import Market
import Text

/// What a file of chains gave.
package struct ChainFileReading: Sendable {
  package var chains: [OptionChain]
  package var provenance: ImportProvenance
  /// What was found out, and what was left out, each in a sentence.
  package var notes: [String] = []
  /// What the file was taken for, in lines.
  package var understanding: [String] = []
}

/// The same with chains of which memory need not hold all sessions.
struct ShelvedChainReading {
  var chains: [ShelvedChain]
  var provenance: ImportProvenance
  var notes: [String] = []
  var understanding: [String] = []
}

/// Reads a file of option chains.
package struct ChainFile {
  private let source: ByteSource
  /// The same bytes from their beginning, for a text that is read twice.
  private let reopen: () throws(StorageError) -> ByteSource
  private let path: String
  /// Of an archive, the one member that is read; nil for all.
  private let member: String?
  private let limitBytes: Int
  /// The underlying of all its options, where the user says it.
  private let underlying: String?
  private let roots: Set<String>?
  /// What was declared of contracts whose root does not say what they deliver.
  private let deliverables: [DeclaredDeliverable]
  /// Where rows and sessions lie that memory has no room for; nil where all stay there.
  var spool: Spool?

  /// Changes when the same file would give other numbers.
  package static let version = 1

  /// `path`: of a file, or `ARCHIVE.zip:MEMBER` for one member of an archive. `underlying`: of a file that does not name it. `roots`: which to take; nil for all.
  package init(
    path: String, underlying: String? = nil, roots: Set<String>? = nil, deliverables: [DeclaredDeliverable] = [],
    limitBytes: Int = 1 << 40
  ) throws(StorageError) {
    let (file, member) = ZipArchive.parts(of: path)
    let open: () throws(StorageError) -> ByteSource = { () throws(StorageError) in
      try ByteSource(path: file, limitBytes: limitBytes)
    }
    self.init(try open(), reopen: open, path: file, member: member, underlying, roots, deliverables, limitBytes)
  }

  /// The same for bytes that are at hand; `path` names them.
  package init(
    _ bytes: [UInt8], path: String, underlying: String? = nil, roots: Set<String>? = nil,
    deliverables: [DeclaredDeliverable] = [], limitBytes: Int = 1 << 34
  ) {
    self.init(
      ByteSource(bytes, path: path), reopen: { () throws(StorageError) in ByteSource(bytes, path: path) }, path: path,
      underlying, roots, deliverables, limitBytes)
  }

  private init(
    _ source: ByteSource, reopen: @escaping () throws(StorageError) -> ByteSource, path: String,
    member: String? = nil, _ underlying: String?, _ roots: Set<String>?, _ deliverables: [DeclaredDeliverable],
    _ limitBytes: Int
  ) {
    self.reopen = reopen
    self.member = member
    (self.source, self.path, self.underlying, self.roots) = (source, path, underlying, roots)
    (self.deliverables, self.limitBytes) = (deliverables, limitBytes)
  }

  /// The chains; nil for a file of anything else. Throws for a chain that cannot be read.
  package func read() throws(StorageError) -> ChainFileReading? {
    guard let reading = try shelved() else { return nil }
    var chains: [OptionChain] = []
    for chain in reading.chains { chains.append(try chain.settled().whole()) }
    return ChainFileReading(
      chains: chains, provenance: reading.provenance, notes: reading.notes, understanding: reading.understanding)
  }

  /// The same, as far as memory has room for it.
  func shelved() throws(StorageError) -> ShelvedChainReading? {
    let beginning = try source.read(at: 0, count: FileContent.lookedAt)
    var members: [ZipArchive.Member]?
    if ZipArchive.isArchive(beginning) {
      let all = try ZipArchive(source, path: path).members(named: member, path: path)
      if let first = all.first, LEANOptionName(first.name) != nil { return try lean(all) }
      members = all
    }
    let texts = members.map { $0.map { Optional($0) } } ?? [nil]
    var joined: [ShelvedChain] = []
    var (notes, understanding): ([String], [String]) = ([], [])
    var (layouts, rows): ([String], Int) = ([], 0)
    for member in texts {
      guard let table = try table(member) else { return nil }
      if !layouts.contains(table.plan.layout.name) { layouts.append(table.plan.layout.name) }
      rows += table.rows
      for note in table.notes where !notes.contains(note) { notes.append(note) }
      understanding = ChainUnderstanding.lines(table.plan)
      for chain in table.chains { try ChainFile.add(chain, to: &joined, notes: &notes, path: path) }
    }
    return try reading(joined, layouts, rows: rows, notes, understanding)
  }

  private func reading(
    _ chains: [ShelvedChain], _ layouts: [String], rows: Int, _ notes: [String], _ understanding: [String]
  ) throws(StorageError) -> ShelvedChainReading {
    let digest = try source.finish()
    guard !chains.isEmpty else {
      if let roots {
        throw .table(path: path, line: 0, column: "", problem: .chain(.noneLeft(roots: roots.sorted())))
      }
      throw .table(path: path, line: 0, column: "", problem: .noRows)
    }
    if let underlying, chains.map(\.underlying) != [underlying] {
      throw .symbols(path: path, problem: .namedByFile(chains.map(\.underlying)))
    }
    let provenance = ImportProvenance(
      sourceName: FileSystem.split(path).name, sourceSHA256: digest, layout: layouts.joined(separator: "+"), rows: rows,
      symbols: chains.map(\.underlying), importerVersion: ChainFile.version)
    return ShelvedChainReading(chains: chains, provenance: provenance, notes: notes, understanding: understanding)
  }

  /// Adds a chain to the one of its underlying that is there.
  static func add(
    _ chain: ShelvedChain, to all: inout [ShelvedChain], notes: inout [String], path: String
  ) throws(StorageError) {
    guard let place = all.firstIndex(where: { $0.underlying == chain.underlying }) else {
      all.append(chain)
      return
    }
    guard let revised = try all[place].join(chain) else {
      throw .table(path: path, line: 0, column: "", problem: .chain(.differentUnits))
    }
    if revised > 0 {
      notes.append(
        "\(revised) values of options of \(chain.underlying) differ from those of an earlier file: the later one's are taken"
      )
    }
  }

  // MARK: Tables

  private struct Table {
    var plan: ChainPlan
    var chains: [ShelvedChain]
    var rows: Int
    var notes: [String]
  }

  private func pieces(_ member: ZipArchive.Member?, of other: ByteSource? = nil) throws(StorageError) -> TextPieces {
    let source = other ?? self.source
    guard let member else { return try TextPieces(source, path: path, limitBytes: limitBytes) }
    return try TextPieces(source, path: "\(path):\(member.name)", packing: .member(member), limitBytes: limitBytes)
  }

  private func table(_ member: ZipArchive.Member?) throws(StorageError) -> Table? {
    let pieces = try pieces(member)
    do throws(StorageError) {
      var lines = try TableLines(pieces)
      guard let plan = try ChainPlan.of(try lines.head(ChainFile.headLines), path: pieces.path) else { return nil }
      return try table(plan, &lines, pieces, member)
    } catch {
      // Text that damaged packing unpacks to is no table either, but it is the packing that must be fetched again: that is found at its end.
      if pieces.isCompressed { while try pieces.next() != nil {} }
      throw error
    }
  }

  private static let headLines = 200

  private func table(
    _ plan: ChainPlan, _ lines: inout TableLines, _ pieces: TextPieces, _ member: ZipArchive.Member?
  ) throws(StorageError) -> Table {
    func problem(_ problem: ChainProblem) -> StorageError {
      .table(path: pieces.path, line: 0, column: "", problem: .chain(problem))
    }
    var (notes, minute, date): ([String], ChainMinute?, CalendarDate?) = ([], nil, nil)
    var tradedSince: Instant?
    var named = try name(plan, pieces.path)
    if let moment = plan.layout.moments.first {
      switch moment {
      case .head:
        let found = try ChainFile.exported(plan, path: pieces.path)
        (minute, notes) = (found.minute, [found.note])
      case .newestTrade:
        let found = try newestTrade(plan, member)
        (minute, notes) = (found.minute, [found.note])
        if let days = plan.layout.staleDays {
          tradedSince = found.instant.advanced(nanoseconds: -Int64(days) * StampText.nanosecondsPerDay)
        }
      default: break
      }
    }
    if plan.layout.isDatedByName {
      guard let name = ChainFileName(pieces.path) else { throw problem(.noDateInName) }
      date = name.date
      named = named ?? name.underlying
    }
    let namesUnderlying =
      plan.place(.underlying) != nil || plan.place(.root) != nil
      || [ChainField.Side.row, .call, .put].contains { plan.place(.symbol($0)) != nil }
    guard namesUnderlying || named != nil else { throw problem(.noUnderlying) }
    guard plan.place(.expiry) != nil || namesUnderlying && plan.place(.root) == nil else { throw problem(.noExpiry) }
    let rows = ChainRows(
      plan, path: pieces.path, underlying: named, roots: roots, deliverables: deliverables, minute: minute, date: date,
      tradedSince: tradedSince, spool: spool)
    for _ in 0..<plan.linesBefore { _ = try lines.next() }
    while true {
      let before = lines.number
      _ = lines.pass { rows.take(linesOf: $0, after: before) }
      try rows.relieve()
      guard try lines.next() else { break }
      lines.bytes.withUnsafeBufferPointer { rows.take($0, lines.line, line: lines.number) }
    }
    if let error = rows.faults.error { throw error }
    guard let chains = try rows.finish() else { throw problem(.tooSparse) }
    if rows.repeatedRows > 0 { notes.append("\(rows.repeatedRows) rows say again what another said") }
    if rows.untraded > 0, let days = plan.layout.staleDays {
      notes.append(
        "\(rows.untraded) rows of contracts that did not trade in the \(days) days before are left out: their quotes are old ones"
      )
    }
    if rows.otherDeliverables > 0 {
      notes.append("\(rows.otherDeliverables) rows of changed deliverables under a standard root are left out")
    }
    if plan.layout.isTradesOnly {
      notes.append("prices of trades alone, no quotes: nothing says what could be traded at")
    }
    return Table(plan: plan, chains: chains, rows: rows.rowCount, notes: notes)
  }

  /// The underlying of a table that names none itself.
  private func name(_ plan: ChainPlan, _ path: String) throws(StorageError) -> String? {
    guard let underlying else { return nil }
    guard CSVImporter.isSymbol(underlying) else { throw .symbols(path: path, problem: .unusable(underlying)) }
    return plan.place(.underlying) == nil && plan.place(.root) == nil && plan.place(.symbol(.row)) == nil
      && plan.place(.symbol(.call)) == nil ? underlying : nil
  }

  private static func exported(
    _ plan: ChainPlan, path: String
  ) throws(StorageError) -> (minute: ChainMinute, note: String) {
    let timing = ChainTiming()
    let found = timing.exportInstant(plan.above)
    guard let instant = found?.instant, case .success(let minute) = timing.lastMinute(at: instant) else {
      let line = found?.line ?? plan.above.joined(separator: " ")
      throw .table(
        path: path, line: plan.linesBefore, column: "", problem: .chain(.noDateAbove(String(line.prefix(60)))))
    }
    return (minute, "exported at \(instant): the quotes are those of minute \(minute.minute) of \(minute.date)")
  }

  /// When the newest trade of a file was, which is the only thing that says when its quotes were made: the file is read once for it.
  private func newestTrade(
    _ plan: ChainPlan, _ member: ZipArchive.Member?
  ) throws(StorageError) -> (minute: ChainMinute, instant: Instant, note: String) {
    let pieces = try pieces(member, of: try reopen())
    var lines = try TableLines(pieces)
    var fields = TableFields(delimiter: plan.delimiter)
    var newest: Instant?
    let timing = ChainTiming()
    guard let place = plan.place(.lastTrade) else {
      throw .table(path: path, line: 0, column: "", problem: .chain(.noMoment))
    }
    for _ in 0..<plan.linesBefore { _ = try lines.next() }
    while try lines.next() {
      guard fields.take(lines.bytes, lines.line) == nil, place < fields.fields.count else { continue }
      let field = fields.fields[place]
      guard let stamp = plan.stampWay.read(lines.bytes[field.start..<field.end]),
        let instant = timing.instant(stamp, zone: plan.layout.zone)
      else { continue }
      newest = max(newest ?? instant, instant)
    }
    guard let newest, newest.nanoseconds < .max,
      case .success(let minute) = timing.lastMinute(at: newest.advanced(nanoseconds: 1))
    else {
      throw .table(path: path, line: 0, column: plan.name(place), problem: .chain(.noMoment))
    }
    return (
      minute, newest,
      "nothing but the newest trade, \(newest), says when the quotes were made: taken for minute \(minute.minute) of \(minute.date)"
    )
  }

  // MARK: LEAN

  private func lean(_ members: [ZipArchive.Member]) throws(StorageError) -> ShelvedChainReading {
    var reader = LEANOptionReader(path: path, roots: roots, deliverables: deliverables, spool: spool)
    for member in members {
      guard let name = LEANOptionName(member.name) else {
        throw .archive(path: path, problem: .damaged("'\(PrintableText.name(member.name))' is no contract of LEAN"))
      }
      try reader.read(name, try pieces(member))
    }
    guard let chains = try reader.finish() else {
      throw .table(path: path, line: 0, column: "", problem: .chain(.tooSparse))
    }
    return try reading(
      chains, ["lean-option-\(reader.kind)"], rows: reader.rows, reader.notes,
      [
        "layout      LEAN, \(reader.kind) of options, a member for each contract",
        "zone        New York, by the layout",
      ])
  }
}

/// What LEAN's names of universes say: `.../aapl/20140602.csv.gz`.
struct ChainFileName {
  let date: CalendarDate
  let underlying: String?

  init?(_ path: String) {
    let (folder, name) = FileSystem.split(path)
    let inner = name.split(separator: ":").last.map(String.init) ?? name
    let stem = Array(inner.prefix { $0 != "." }.utf8)
    guard stem.count == 8, let stamp = StampText.compact.read(stem[...]) else { return nil }
    date = WallClock.Reading(local: stamp.local).date
    let folderName = FileSystem.split(folder).name.uppercased()
    underlying = CSVImporter.isSymbol(folderName) ? folderName : nil
  }
}
