// The first lines of a table, questioned: header or none, layout, dialect.

import Market
import Text

/// Reads a plan off a table's first lines.
struct TableHead {
  private let path: String
  private let declared: BarDeclarations
  private let extraColumns: [String]
  private let lines: [[UInt8]]

  /// How many lines are looked at, and among how many a header may stand.
  static let lineCount = 400
  private static let headerLines = 30
  /// Far more than any layout has; those with a column for each symbol may have more.
  static let mostColumns = 64

  /// `lines`: the first of the file, the last of them perhaps cut.
  init(_ lines: [ArraySlice<UInt8>], path: String, declared: BarDeclarations, extraColumns: [String]) {
    self.path = path
    self.declared = declared
    self.extraColumns = extraColumns
    self.lines = lines.map(Array.init)
  }

  func plan() throws(StorageError) -> TablePlan {
    guard lines.contains(where: { !isEmpty($0) }) else { throw problem(.empty, line: 0) }
    if let columns = declared.columns { return try finished(declaredColumns(columns)) }
    if let layout = declared.layout, let row = layout.bareRow { return try finished(bare(layout, row)) }
    if let wide = try wideHeader() { return try finished(wide) }
    if let found = bestHeader() { return try finished(header(at: found.line, delimiter: found.delimiter)) }
    if let layout = bareLayout(), let row = layout.bareRow { return try finished(bare(layout, row)) }
    let first = lines.firstIndex { !isEmpty($0) } ?? 0
    if let other = FileName(path).otherThanBars { throw problem(.notBars(other), line: 0) }
    for line in lines.indices.prefix(TableHead.headerLines) {
      if let kind = chain(fields(line, delimiter: likelyDelimiter(line))) {
        throw problem(.notBars(kind), line: line + 1)
      }
    }
    if let kind = TableHead.ofLEAN(fields(first, delimiter: UInt8(ascii: ","))) {
      throw problem(.notBars(kind), line: first + 1)
    }
    if looksLikeData(first) {
      throw problem(
        .noHeader(fields(first, delimiter: likelyDelimiter(first)).prefix(8).joined(separator: ",")), line: first + 1)
    }
    return try finished(header(at: first, delimiter: likelyDelimiter(first)))
  }

  // MARK: Lines

  private func isEmpty(_ line: [UInt8]) -> Bool { line.allSatisfy { TableFields.isBlank($0) || $0 == 13 } }

  private func fields(_ line: Int, delimiter: UInt8) -> [String] {
    guard lines.indices.contains(line) else { return [] }
    var fields = TableFields(delimiter: delimiter)
    _ = fields.take(lines[line], lines[line].indices)
    return fields.fields.indices.map { fields.text($0, of: lines[line]) }
  }

  private static let delimiters = [",", ";", "\t", "|"].map { UInt8(ascii: $0) }

  private func likelyDelimiter(_ line: Int) -> UInt8 {
    TableHead.delimiters.max { left, right in
      lines[line].count { $0 == left } < lines[line].count { $0 == right }
    } ?? UInt8(ascii: ",")
  }

  /// The first line that names the most columns of bars, if it names four or more.
  private func bestHeader() -> (line: Int, delimiter: UInt8)? {
    var best: (line: Int, delimiter: UInt8, score: Int)?
    for line in lines.indices.prefix(TableHead.headerLines) {
      for delimiter in TableHead.delimiters where lines[line].contains(delimiter) {
        let known = Set(fields(line, delimiter: delimiter).map(BarColumn.canonical))
        let score = known.count { BarColumn.known($0) != nil }
        if score >= 4, score > best?.score ?? 0 { best = (line, delimiter, score) }
      }
    }
    return best.map { ($0.line, $0.delimiter) }
  }

  private func looksLikeData(_ line: Int) -> Bool {
    let found = fields(line, delimiter: likelyDelimiter(line)).map { Array($0.utf8) }
    let numbers = found.count { text in
      let text = text.filter { $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "$") }
      if case .value = DecimalNumber.parse(text[...]) { return true }
      return false
    }
    return found.count >= 4 && numbers >= found.count - 2 && numbers >= 3
  }

  // MARK: Headers

  private func header(at line: Int, delimiter: UInt8) throws(StorageError) -> TablePlan {
    var taken = TableFields(delimiter: delimiter)
    if let quotes = taken.take(lines[line], lines[line].indices) { throw problem(quotes, line: line + 1) }
    guard taken.count <= TableHead.mostColumns else {
      throw problem(.tooManyColumns(found: taken.count, limit: TableHead.mostColumns), line: line + 1)
    }
    let names = taken.fields.indices.map { taken.text($0, of: lines[line]) }
    let lowercased = names.map { $0.lowercased() }
    for (index, name) in lowercased.enumerated() where lowercased[..<index].contains(name) {
      throw problem(.repeatedColumn, column: names[index], line: line + 1)
    }
    if let kind = chain(names) { throw problem(.notBars(kind), line: line + 1) }
    var plan = TablePlan(
      layout: .plain, delimiter: delimiter, linesBefore: line + 1, notesAbove: line, names: names,
      groups: [TablePlan.Group(symbol: nil, places: [:])])
    var canonical = names.map(BarColumn.canonical)
    // What pandas writes before the first column: the number of the row.
    if names.first == "", let first = row(line + 1, plan)?.first, let second = row(line + 2, plan)?.first,
      let number = Int(first), Int(second) == number + 1
    {
      canonical[0] = "-"
    }
    var (unknown, repeated): ([Int], [Int]) = ([], [])
    for (place, name) in canonical.enumerated() {
      let extra = extraColumns.firstIndex(of: lowercased[place])
      guard let column = extra.map(BarColumn.extra) ?? (name == "-" ? .ignored : BarColumn.known(name)) else {
        unknown.append(place)
        continue
      }
      // A time without a date beside it is a stamp.
      let role = column == .time && !canonical.contains("timestamp") ? .stamp : column
      guard role == .ignored || plan.groups[0].places[role] == nil else {
        repeated.append(place)
        continue
      }
      if role != .ignored { plan.groups[0].places[role] = place }
    }
    let own = canonical.enumerated().filter { !extraColumns.contains(lowercased[$0.offset]) && $0.element != "-" }
    let layout = try layout(of: own.map(\.element), names: names, line: line + 1)
    let required: [BarColumn] = [.stamp, .open, .high, .low, .close]
    let isWhole =
      required.allSatisfy { plan.groups[0].places[$0] != nil } && unknown.isEmpty && repeated.isEmpty
      && extraColumns.indices.allSatisfy { plan.groups[0].places[.extra($0)] != nil }
    guard isWhole else { throw notALayout(names, canonical: canonical, repeated: repeated, line: line + 1) }
    plan.layout = layout ?? inferred(plan)
    return plan
  }

  private func inferred(_ plan: TablePlan) -> BarLayout {
    BarLayout(name: "inferred", words: "told by the names of its columns", columns: plan.names)
  }

  /// The layout that has exactly these columns; nil where several vendors' may.
  private func layout(of canonical: [String], names: [String], line: Int) throws(StorageError) -> BarLayout? {
    if let layout = declared.layout {
      guard layout.hasHeader(of: canonical) else {
        let wanted = layout.columns
        throw problem(
          .header(
            missing: wanted.filter { !canonical.contains(BarColumn.canonical($0)) },
            unexpected: names.filter { !wanted.map(BarColumn.canonical).contains(BarColumn.canonical($0)) }.map {
              shortened($0)
            }),
          line: line)
      }
      return layout
    }
    let fitting = BarLayout.all.filter { $0.isRecognised && $0.hasHeader(of: canonical) }
    // The same columns spelled in nasdaq.com's way.
    if names.contains("Close/Last") { return .nasdaq }
    return fitting.max { $0.columns.count < $1.columns.count }
  }

  /// The layout of shares that the header has more columns in common with says what is wrong with it.
  private func notALayout(
    _ names: [String], canonical: [String], repeated: [Int], line: Int
  ) -> StorageError {
    func wanted(_ layout: BarLayout) -> [String] { layout.columns.map(BarColumn.canonical) }
    func distance(_ layout: BarLayout) -> Int { Set(canonical).symmetricDifference(wanted(layout)).count }
    let nearest = BarLayout.common.filter { $0 != .index }.min { distance($0) < distance($1) } ?? .plain
    let columns = nearest.columns + extraColumns
    let expected = columns.map(BarColumn.canonical)
    let missing = columns.filter { !canonical.contains(BarColumn.canonical($0)) }
    let unexpected = names.indices.filter {
      !expected.contains(canonical[$0]) && !extraColumns.contains(names[$0].lowercased())
        && BarColumn.known(canonical[$0]) == nil && canonical[$0] != "-"
    }
    if missing.isEmpty, unexpected.isEmpty, let first = repeated.first {
      return problem(.repeatedColumn, column: names[first], line: line)
    }
    return problem(.header(missing: missing, unexpected: unexpected.prefix(8).map { shortened(names[$0]) }), line: line)
  }

  /// What a header of options or quotes is of.
  private func chain(_ names: [String]) -> String? {
    let names = Set(names.map(BarColumn.canonical))
    if names.contains("strike") || names.contains("[strike]") { return TableProblem.chainWords }
    return nil
  }

  /// The two or three lines that `yfinance.download` writes: `Price`, `Ticker` and `Date` begin them, in either order of the first two.
  private func wideHeader() throws(StorageError) -> TablePlan? {
    let comma = UInt8(ascii: ",")
    guard lines.count >= 3 else { return nil }
    let (first, second) = (fields(0, delimiter: comma), fields(1, delimiter: comma))
    let heads = [first.first?.lowercased() ?? "", second.first?.lowercased() ?? ""]
    guard heads == ["price", "ticker"] || heads == ["ticker", "price"], first.count == second.count, first.count > 1,
      let stamp = fields(2, delimiter: comma).first, BarColumn.canonical(stamp) == "timestamp"
    else { return nil }
    let (prices, tickers) = heads[0] == "price" ? (first, second) : (second, first)
    var groups: [TablePlan.Group] = []
    for place in 1..<prices.count {
      let symbol = tickers[place]
      guard CSVImporter.isSymbol(symbol) else {
        throw problem(.symbolName(shortened(symbol)), line: heads[0] == "price" ? 2 : 1)
      }
      guard let column = BarColumn.known(BarColumn.canonical(prices[place])) else {
        throw problem(.header(missing: [], unexpected: [shortened(prices[place])]), line: 1)
      }
      let group = groups.firstIndex { $0.symbol == symbol } ?? groups.count
      if group == groups.count { groups.append(TablePlan.Group(symbol: symbol, places: [.stamp: 0])) }
      guard column == .ignored || groups[group].places[column] == nil else {
        throw problem(.repeatedColumn, column: prices[place], line: 1)
      }
      if column != .ignored { groups[group].places[column] = place }
    }
    for group in groups {
      let missing = [BarColumn.open, .high, .low, .close].filter { group.places[$0] == nil }
      guard missing.isEmpty else { throw problem(.header(missing: missing.map(\.word), unexpected: []), line: 1) }
    }
    let layout = BarLayout(
      name: "yahoo-download", words: "download of yfinance, a line for prices and a line for symbols", columns: first,
      zone: .newYork, side: .start)
    return TablePlan(
      layout: layout, delimiter: comma, linesBefore: 3,
      names: zip(prices, tickers).map { $0 == $1 || groups.count == 1 ? $0 : "\($0) of \($1)" }, groups: groups)
  }

  // MARK: No header

  private func declaredColumns(_ words: [String]) throws(StorageError) -> TablePlan {
    let first = lines.firstIndex { !isEmpty($0) } ?? 0
    let delimiter = bestHeader()?.delimiter ?? likelyDelimiter(first)
    let header = bestHeader()?.line ?? (looksLikeData(first) ? nil : first)
    let start = header.map { $0 + 1 } ?? first
    var places: [BarColumn: Int] = [:]
    for (place, word) in words.enumerated() {
      if let column = BarColumn.declarable.first(where: { $0.word == word }), column != .ignored {
        places[column] = place
      }
    }
    let spelled = header.map { fields($0, delimiter: delimiter) } ?? []
    return TablePlan(
      layout: declared.layout
        ?? BarLayout(name: "declared", words: "columns as --columns names them", columns: words),
      delimiter: delimiter, linesBefore: start, notesAbove: header ?? 0,
      names: spelled.count == words.count ? spelled : words, groups: [TablePlan.Group(symbol: nil, places: places)])
  }

  /// The layout without a header that the first row has, if one alone has it.
  private func bareLayout() -> BarLayout? {
    guard let first = lines.firstIndex(where: { !isEmpty($0) }), looksLikeData(first) else { return nil }
    let name = FileName(path)
    for layout in BarLayout.all where layout.isRecognised {
      guard let row = layout.bareRow, row.isNamedByFile == (name.dated != nil) else { continue }
      let found = fields(first, delimiter: row.delimiter)
      guard found.count == layout.columns.count, let stamp = row.stamp.read(Array(found[0].utf8)[...]) else { continue }
      let hasTime = found[0].utf8.count > 10 || layout.columns[1] == "time" || row.isNamedByFile
      guard hasTime, row.isSymbolFileName == (stamp.local % StampText.nanosecondsPerDay == 0 && row.stamp == .compact)
      else {
        continue
      }
      guard row.isNamedByFile, lines[first].contains(UInt8(ascii: ".")) else { return layout }
      return .leanIndexMinute
    }
    return nil
  }

  private func bare(_ layout: BarLayout, _ row: BarLayout.BareRow) throws(StorageError) -> TablePlan {
    let name = FileName(path)
    if let other = name.otherThanBars { throw problem(.notBars(other), line: 0) }
    var places: [BarColumn: Int] = [:]
    for (place, column) in layout.columns.enumerated() {
      if let role = BarColumn.known(BarColumn.canonical(column)) { places[role] = place }
    }
    let first = lines.firstIndex { !isEmpty($0) } ?? 0
    var plan = TablePlan(
      layout: layout, delimiter: row.delimiter, stamp: row.stamp, linesBefore: first, names: layout.columns,
      groups: [TablePlan.Group(symbol: nil, places: places)])
    if row.isNamedByFile {
      guard let dated = name.dated else { throw problem(.noDateInName, line: 0) }
      (plan.fileDate, plan.fileSymbol) = (dated.date, dated.symbol)
    } else if row.isSymbolFileName {
      plan.fileSymbol = name.symbol
    }
    return plan
  }

  // MARK: Dialect

  /// A row's fields; nil where it has not as many as the plan names.
  private func row(_ line: Int, _ plan: TablePlan) -> [String]? {
    let found = fields(line, delimiter: plan.delimiter)
    return found.count == plan.names.count ? found : nil
  }

  /// The plan, and how its rows write stamps and numbers.
  private func finished(_ plan: TablePlan) throws(StorageError) -> TablePlan {
    var plan = plan
    let rows = lines.indices.dropFirst(plan.linesBefore).compactMap { row($0, plan) }
    var (numbers, prices): ([[UInt8]], [[UInt8]]) = ([], [])
    for group in plan.groups {
      for (column, place) in group.places {
        switch column {
        case .open, .high, .low, .close, .adjustedClose: prices += rows.map { Array($0[place].utf8) }
        case .volume: numbers += rows.map { Array($0[place].utf8) }
        default: break
        }
      }
    }
    let found = NumberText.of(prices + numbers)
    plan.numbers = found.text
    if let isComma = declared.isDecimalComma {
      plan.numbers.decimal = UInt8(ascii: isComma ? "," : ".")
      plan.numbers.hasGroups = plan.numbers.hasGroups || isComma
    } else if found.isAmbiguous {
      throw problem(.decimalOrThousands, line: plan.linesBefore + 1)
    }
    if let divisor = declared.priceDivisor {
      plan.priceDivisor = divisor
    } else if plan.layout.wholePriceDivisor != 1, prices.allSatisfy({ !$0.contains(UInt8(ascii: ".")) }) {
      plan.priceDivisor = plan.layout.wholePriceDivisor
    }
    guard plan.layout.bareRow == nil, let place = plan.place(.stamp) else { return plan }
    let stamps = StampText.of(rows.map { Array($0[place].utf8) })
    if let way = stamps.way { plan.stamp = way }
    if let isDayFirst = declared.isDayFirst, [.dayFirst, .monthFirst].contains(plan.stamp) {
      plan.stamp = isDayFirst ? .dayFirst : .monthFirst
    } else if stamps.isAmbiguous {
      guard let order = DateOrder(rows.map { Array($0[place].utf8) }) else {
        throw problem(
          .dayOrMonth(shortened(rows.first?[place] ?? "")), column: plan.names[place], line: plan.linesBefore + 1)
      }
      (plan.stamp, plan.dateEvidence) = (order.way, order.evidence)
    }
    return plan
  }

  // MARK: Errors

  private func problem(_ problem: TableProblem, column: String = "", line: Int) -> StorageError {
    .table(path: path, line: line, column: shortened(column), problem: problem)
  }

  private func shortened(_ text: String) -> String { PrintableText.of(text, longest: 40) }
}
