// What the first lines of a table of options say of the rest.

import Market
import Text

/// Where everything stands in the rows of a table of options.
struct ChainPlan {
  var layout: ChainLayout
  var delimiter: UInt8
  var names: [String]
  /// Lines up to the header.
  var linesBefore: Int
  /// By what the columns hold.
  var places: [ChainField: Int]
  /// What the lines above the header say.
  var above: [String]
  /// The contracts and moments of a line.
  var groups: [Group]
  /// The columns that any group has.
  var columns: [ChainColumn]
  /// Whether stamps and prices are written in whole numbers of the layout's unit.
  var priceDivisor = 1
  var stampWay: StampText = .iso

  struct Group {
    var side: ChainField.Side
    var snapshot: Int
    /// By the plan's `columns`: where each stands, -1 for one that the group has not.
    var places: [Int]
    var sizes: Int?
    var openInterest: Int?
    var underlying: Int?
    var underlyingSides: (bid: Int, ask: Int)?
  }

  func place(_ field: ChainField) -> Int? { places[field] }
  func name(_ place: Int) -> String { names.indices.contains(place) ? names[place] : "" }

  /// Columns of the file that the layout does not know.
  var unread: [String] {
    let known = Set(places.values)
    return names.indices.filter { !known.contains($0) }.map { names[$0] }
  }

  private static let delimiters = [",", ";", "\t", "|"].map { UInt8(ascii: $0) }
  /// Among how many lines a header may stand.
  private static let headerLines = 30

  /// The plan of a table of options; nil for a table of anything else. Throws for a chain whose header no layout has.
  ///
  /// `lines`: the first of the file.
  static func of(_ lines: [ArraySlice<UInt8>], path: String) throws(StorageError) -> ChainPlan? {
    let lines = lines.map(Array.init)
    var best: (plan: ChainPlan, score: Int)?
    var refused: StorageError?
    for line in lines.indices.prefix(headerLines) {
      for delimiter in delimiters where lines[line].contains(delimiter) {
        let names = fields(lines[line], delimiter)
        guard names.count <= 4096 else { continue }
        let canonical = ChainLayout.canonical(names)
        let found = Set(canonical)
        for layout in ChainLayout.all {
          guard let score = layout.matches(found), score > best?.score ?? 0 else { continue }
          if let prefix = layout.symbolPrefix, !hasPrefix(prefix, lines, line, delimiter, canonical, layout) {
            continue
          }
          best = (plan(layout, names, canonical, lines, line, delimiter), score)
        }
        if best == nil, refused == nil { refused = unknown(found, path: path, line: line + 1) }
      }
    }
    if var plan = best?.plan {
      plan.take(lines)
      return plan
    }
    if let refused { throw refused }
    return nil
  }

  private static func fields(_ line: [UInt8], _ delimiter: UInt8) -> [String] {
    var fields = TableFields(delimiter: delimiter)
    _ = fields.take(line, line.indices)
    return fields.fields.indices.map { fields.text($0, of: line) }
  }

  /// Whether the symbols of the row behind the header begin so.
  private static func hasPrefix(
    _ prefix: String, _ lines: [[UInt8]], _ line: Int, _ delimiter: UInt8, _ canonical: [String], _ layout: ChainLayout
  ) -> Bool {
    guard line + 1 < lines.count, let place = canonical.firstIndex(where: { layout.columns[$0] == .symbol(.row) })
    else {
      return false
    }
    let row = fields(lines[line + 1], delimiter)
    return place < row.count && row[place].hasPrefix(prefix)
  }

  /// What a header lacks that speaks of strikes: no table of bars does.
  private static func unknown(_ found: Set<String>, path: String, line: Int) -> StorageError? {
    guard found.contains("strike") || found.contains("strike_price"), found.count >= 4 else { return nil }
    // The one with the most columns in common; of several, the one that lacks the fewest.
    let nearest = ChainLayout.all.max { left, right in
      func nearness(_ layout: ChainLayout) -> (common: Int, lacking: Int) {
        (
          layout.columns.keys.count { found.contains($0) },
          -layout.columns.keys.count { !layout.optional.contains($0) && !found.contains($0) }
        )
      }
      return nearness(left) < nearness(right)
    }
    guard let nearest else { return nil }
    let missing = nearest.columns.keys.filter { !nearest.optional.contains($0) && !found.contains($0) }.sorted()
    return .table(
      path: path, line: line, column: "", problem: .chain(.header(nearest: nearest.words, missing: missing)))
  }

  private static func plan(
    _ layout: ChainLayout, _ names: [String], _ canonical: [String], _ lines: [[UInt8]], _ line: Int, _ delimiter: UInt8
  ) -> ChainPlan {
    var places: [ChainField: Int] = [:]
    for (place, name) in canonical.enumerated() {
      if let field = layout.columns[name], places[field] == nil { places[field] = place }
    }
    var sides: Set<ChainField.Side> = []
    var columns: Set<ChainColumn> = []
    for field in places.keys {
      switch field {
      case .value(let column, let side, _):
        sides.insert(side)
        columns.insert(column)
      case .sizes(let side):
        sides.insert(side)
        columns.formUnion([.bidSize, .askSize])
      default: break
      }
    }
    let ordered = ChainColumn.allCases.filter(columns.contains)
    var groups: [Group] = []
    for side in [ChainField.Side.row, .call, .put] where sides.contains(side) {
      for snapshot in layout.moments.indices {
        let bid = places[.underlyingBid(snapshot: snapshot)]
        let ask = places[.underlyingAsk(snapshot: snapshot)]
        groups.append(
          Group(
            side: side, snapshot: snapshot,
            places: ordered.map { places[.value($0, side, snapshot: snapshot)] ?? -1 }, sizes: places[.sizes(side)],
            openInterest: places[.openInterest(side)], underlying: places[.underlyingPrice(snapshot: snapshot)],
            underlyingSides: bid.flatMap { bid in ask.map { (bid, $0) } }))
      }
    }
    return ChainPlan(
      layout: layout, delimiter: delimiter, names: names, linesBefore: line + 1, places: places,
      above: lines[..<line].map { String(decoding: $0, as: UTF8.self) }, groups: groups, columns: ordered)
  }

  /// How the rows write stamps, and whether prices are whole numbers of a small unit.
  private mutating func take(_ lines: [[UInt8]]) {
    let rows = lines.dropFirst(linesBefore).map { ChainPlan.fields($0, delimiter) }.filter { $0.count == names.count }
    if let place = places[.stamp] ?? places[.date] ?? places[.lastTrade] {
      stampWay = StampText.of(rows.map { Array($0[place].utf8) }).way ?? .iso
    }
    guard layout.wholePriceDivisor > 1 else { return }
    let prices = places.filter { if case .value(let column, _, _) = $0.key { column.isPrice } else { false } }.values
    let hasDecimals = rows.contains { row in prices.contains { row[$0].contains(".") } }
    priceDivisor = hasDecimals ? 1 : layout.wholePriceDivisor
  }
}
