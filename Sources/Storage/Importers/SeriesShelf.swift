// Many series that are worked on one after the other, of which memory need not hold all.

import Market

/// Series in an order. Those that a spool's budget has no room for lie on the disk until they are asked for; without a spool all stay in memory. The
/// same series come back, to the bit.
struct SeriesShelf {
  /// What is known of a series without its columns.
  struct Label {
    var symbol: String
    var instrument: Instrument
    var width: BarWidth
    var count: Int
    var actions: [CorporateAction]
    var hasExtra: Bool

    init(_ series: BarSeries) {
      (symbol, instrument, width, count) = (series.symbol, series.instrument, series.width, series.count)
      (actions, hasExtra) = (series.actions, !series.extra.isEmpty)
    }
  }

  private enum Place {
    case memory(BarSeries)
    case spooled(SpooledSeries)
  }

  private struct SpooledSeries {
    /// Everything but the columns.
    var head: BarSeries
    /// Its last row, where the rows are in order: what begins behind it is added without fetching the rows.
    var last: BarSeries?
    /// The series of a store whose rows come first.
    var stored: (file: MarketStoreFile, index: Int)?
    /// The rows behind them, in parts: of each the values of `BarSeries.valueColumns`, the starts, the further columns and the dates.
    var blocks: [Spool.Block]

    var count: Int {
      blocks.reduce(stored.map { $0.file.catalogue[$0.index].count } ?? 0) { $0 + SpooledSeries.rows($1) }
    }

    private static func rows(_ block: Spool.Block) -> Int {
      (block.columns.last?.count ?? 0) / MemoryLayout<CalendarDate>.stride
    }

    /// Where a column lies; of a series whose columns have one length, some of its rows.
    func places<Element>(_ column: Int, _ rows: Range<Int>?, of element: Element.Type) -> [Range<Int>] {
      guard let rows else { return blocks.map { $0.columns[column] } }
      var (places, first): ([Range<Int>], Int) = ([], 0)
      for block in blocks {
        let count = SpooledSeries.rows(block)
        let part = rows.clamped(to: first..<first + count)
        let (start, stride) = (block.columns[column].lowerBound, MemoryLayout<Element>.stride)
        // Bars of whole sessions have no instants.
        if !part.isEmpty, !block.columns[column].isEmpty {
          places.append(start + (part.lowerBound - first) * stride..<start + (part.upperBound - first) * stride)
        }
        first += count
      }
      return places
    }
  }

  private let spool: Spool?
  /// Of series that are joined on the disk, about so many rows of each are in memory.
  var pieceRows: Int
  private var places: [(label: Label, place: Place)] = []

  init(spool: Spool? = nil) {
    self.spool = spool
    pieceRows = SeriesShelf.pieceRows(spool)
  }

  private static func pieceRows(_ spool: Spool?) -> Int { max(64, (spool?.budgetBytes ?? 0) / 256) }

  /// Series that stay in memory.
  init(_ series: [BarSeries]) {
    self.init()
    for one in series { places.append((Label(one), .memory(one))) }
  }

  /// The series of a store that are wanted, each read and checked when it is asked for. What takes their places goes onto a spool.
  init(_ file: MarketStoreFile, spool: Spool?, where isWanted: (SeriesEntry) -> Bool) throws(StorageError) {
    self.init(spool: spool)
    for index in file.catalogue.indices where isWanted(file.catalogue[index]) {
      let one = try file.series(at: index)
      let place = SpooledSeries(
        head: SeriesShelf.head(of: one), last: SeriesShelf.last(of: one), stored: (file, index), blocks: [])
      places.append((Label(one), .spooled(place)))
    }
  }

  var count: Int { places.count }
  var indices: Range<Int> { places.indices }
  var labels: [Label] { places.map(\.label) }
  var symbols: [String] { places.map(\.label.symbol) }

  func label(_ index: Int) -> Label { places[index].label }

  /// Where the series of a symbol and a width is.
  func place(of label: Label) -> Int? {
    places.firstIndex { $0.label.symbol == label.symbol && $0.label.width == label.width }
  }

  /// A series, read from where it lies.
  func series(_ index: Int) throws(StorageError) -> BarSeries { try series(at: places[index].place) }

  private func series(at place: Place) throws(StorageError) -> BarSeries {
    switch place {
    case .memory(let one): return one
    case .spooled(let spooled):
      var one = spooled.head
      if let stored = spooled.stored {
        one = try stored.file.series(at: stored.index)
        one.remember(spooled.head.actions)
        one.filledRows = spooled.head.filledRows
      }
      if !spooled.blocks.isEmpty { try fetch(spooled, behind: &one) }
      return one
    }
  }

  /// Fetches the rows on the spool, all or some of them, and puts them behind those that are there.
  private func fetch(
    _ spooled: SpooledSeries, _ rows: Range<Int>? = nil, behind one: inout BarSeries
  ) throws(StorageError) {
    guard let spool else { preconditionFailure("a series on a spool that is not there") }
    func append<Element>(_ column: Int, to values: inout [Element]) throws(StorageError) {
      let more: [Element] = try spool.read(spooled.places(column, rows, of: Element.self))
      if values.isEmpty { values = more } else { values += more }
    }
    let count = BarSeries.valueColumns.count
    for (place, column) in BarSeries.valueColumns.enumerated() { try append(place, to: &one[keyPath: column]) }
    try append(count, to: &one.starts)
    for place in one.extra.indices { try append(count + 1 + place, to: &one.extra[place].values) }
    try append(count + 1 + one.extra.count, to: &one.dates)
  }

  /// All of them at once.
  func all() throws(StorageError) -> [BarSeries] {
    var all: [BarSeries] = []
    for index in indices { all.append(try series(index)) }
    return all
  }

  mutating func append(_ series: BarSeries) throws(StorageError) {
    places.append((Label(series), try place(of: series)))
  }

  mutating func replace(_ index: Int, with series: BarSeries) throws(StorageError) {
    let label = Label(series)
    if case .memory(let before) = places[index].place { spool?.release(SeriesShelf.bytes(before)) }
    // What is replaced makes room before another place is sought.
    places[index] = (label, .memory(SeriesShelf.head(of: series)))
    places[index] = (label, try place(of: series))
  }

  /// Joins a newer delivery to a series, as `BarSeries.joined` does, and keeps the outcome in its place. Returns what came of it, of whose series only the
  /// rows that are new may be there, or none; nil, with nothing changed, for series that cannot be joined.
  mutating func join(_ index: Int, with newer: BarSeries) throws(StorageError) -> JoinedSeries? {
    try join(index, with: .memory(newer))
  }

  /// The same for a series of a shelf that has the same spool.
  mutating func join(
    _ index: Int, with place: Int, of other: SeriesShelf
  ) throws(StorageError) -> JoinedSeries? {
    try join(index, with: other.places[place].place)
  }

  private mutating func join(_ index: Int, with place: Place) throws(StorageError) -> JoinedSeries? {
    // Many small deliveries, as files of a day are, change nothing that lies on the disk.
    if case .spooled(let older) = places[index].place, count(of: place) <= pieceRows,
      let joined = try appended(try series(at: place), to: older, at: index)
    {
      return joined
    }
    if let spool, !spool.hasRoom(SeriesShelf.bytes(head(of: place), rows: label(index).count + count(of: place))),
      let newer = try ordered(place, on: spool), let older = try ordered(places[index].place, on: spool)
    {
      return try joined(older, with: newer, at: index, on: spool)
    }
    guard let joined = try series(index).joined(with: try series(at: place)) else { return nil }
    try replace(index, with: joined.series)
    return joined
  }

  /// A series whose rows are in the order of time, of which some can be had.
  private struct OrderedRows {
    var place: Place
    var head: BarSeries
    /// What tells the rows apart, in time.
    var keys: [Int64]
  }

  /// Nil for a series that is in no order, and for none.
  private func ordered(_ place: Place, on spool: Spool) throws(StorageError) -> OrderedRows? {
    switch place {
    case .memory(let one):
      guard SeriesShelf.last(of: one) != nil else { return nil }
      return OrderedRows(place: place, head: SeriesShelf.head(of: one), keys: one.keys)
    case .spooled(var spooled):
      guard spooled.last != nil else { return nil }
      if spooled.stored != nil {
        var alone = spooled
        alone.blocks = []
        spooled.blocks.insert(try SeriesShelf.block(try series(at: .spooled(alone)), on: spool), at: 0)
        spooled.stored = nil
      }
      let column = BarSeries.valueColumns.count
      if spooled.head.width == .session {
        let days: [Int32] = try spool.read(
          spooled.places(column + 1 + spooled.head.extra.count, nil, of: Int32.self))
        return OrderedRows(place: .spooled(spooled), head: spooled.head, keys: days.map { Int64($0) })
      }
      return OrderedRows(
        place: .spooled(spooled), head: spooled.head,
        keys: try spool.read(spooled.places(column, nil, of: Int64.self)))
    }
  }

  private func piece(_ rows: Range<Int>, of ordered: OrderedRows) throws(StorageError) -> BarSeries {
    switch ordered.place {
    case .memory(let one): return one.rows(Array(rows))
    case .spooled(let spooled):
      var piece = spooled.head
      piece.filledRows = piece.filledRows.compactMap { rows.contains($0) ? $0 - rows.lowerBound : nil }
      try fetch(spooled, rows, behind: &piece)
      return piece
    }
  }

  /// Joins piece by piece, so that neither series nor what they become is in memory.
  private mutating func joined(
    _ older: OrderedRows, with newer: OrderedRows, at index: Int, on spool: Spool
  ) throws(StorageError) -> JoinedSeries? {
    guard var join = SeriesJoin(older.head, newer.head), let end = older.keys.last, let newest = newer.keys.last else {
      return nil
    }
    join.otherEndsLater = newest >= end
    func pieces(_ own: Range<Int>, _ other: Range<Int>) throws(StorageError) -> (own: BarSeries, other: BarSeries) {
      var pieces = (own: try piece(own, of: older), other: try piece(other, of: newer))
      join.adjust(own: &pieces.own)
      join.adjust(other: &pieces.other)
      return pieces
    }
    let (first, last) = (0..<1, (older.keys.count - 1..<older.keys.count, newer.keys.count - 1..<newer.keys.count))
    let ends = try join.otherEndsLater ? pieces(last.0, first) : pieces(first, last.1)
    let scale = join.scale(own: ends.own, other: ends.other)
    let cuts = SeriesJoin.cuts(older.keys, newer.keys, rows: pieceRows)
    for cut in cuts where !join.isSure && !cut.own.isEmpty && !cut.other.isEmpty {
      let pair = try pieces(cut.own, cut.other)
      join.compareFactors(pair.own, pair.other)
    }
    join.settleScale(orElse: scale)

    var head = older.head
    join.adjust(own: &head)
    head.filledRows = []
    var (blocks, count): ([Spool.Block], Int) = ([], 0)
    var newestRow: BarSeries?
    for cut in cuts {
      let pair = try pieces(cut.own, cut.other)
      let merged = join.merge(pair.own, pair.other)
      head.filledRows += merged.filledRows.map { $0 + count }
      count += merged.count
      newestRow = SeriesShelf.last(of: merged)
      blocks.append(try SeriesShelf.block(merged, on: spool))
    }
    if case .memory(let before) = places[index].place { spool.release(SeriesShelf.bytes(before)) }
    places[index].label.count = count
    places[index].label.actions = head.actions
    places[index].place = .spooled(SpooledSeries(head: head, last: newestRow, stored: nil, blocks: blocks))
    var joined = join.joined
    joined.series = head
    return joined
  }

  private func count(of place: Place) -> Int {
    switch place {
    case .memory(let one): one.longestColumn
    case .spooled(let spooled): spooled.count
    }
  }

  private func head(of place: Place) -> BarSeries {
    switch place {
    case .memory(let one): one
    case .spooled(let spooled): spooled.head
    }
  }

  /// Adds rows behind those of a series that lie on the spool, where joining changes none of these. Else nil.
  private mutating func appended(
    _ newer: BarSeries, to spooled: SpooledSeries, at index: Int
  ) throws(StorageError) -> JoinedSeries? {
    let known = spooled.head.actions
    guard let spool, let last = spooled.last,
      // What memory has room for is joined there.
      spooled.stored == nil || !spool.hasRoom(SeriesShelf.bytes(newer, rows: places[index].label.count + newer.count)),
      newer.actions.allSatisfy({ action in known.contains { $0.date == action.date } }),
      var joined = last.joined(with: newer), joined.shared == 0, joined.factorScale == 1,
      joined.series.dates.first == last.dates.first, joined.series.starts.first == last.starts.first
    else { return nil }
    var grown = spooled
    let added = joined.series.rows(Array(1..<joined.series.count))
    grown.blocks.append(try SeriesShelf.block(added, on: spool))
    grown.head.remember(added.actions)
    grown.head.filledRows += newer.filledRows.map { $0 + places[index].label.count }
    grown.last = SeriesShelf.last(of: joined.series)
    places[index].label.count += added.count
    places[index].label.actions = grown.head.actions
    places[index].place = .spooled(grown)
    joined.series = added
    return joined
  }

  /// Takes one of another shelf that has the same spool, as it lies.
  mutating func append(_ index: Int, of other: SeriesShelf) { places.append(other.places[index]) }

  mutating func remove(where isLeftOut: (Label) -> Bool) { places.removeAll { isLeftOut($0.label) } }

  /// Calls or marks a series otherwise; its bars stay where they are.
  mutating func rename(_ index: Int, symbol: String) { changeHead(index) { $0.symbol = symbol } }
  mutating func mark(_ index: Int, as instrument: Instrument) { changeHead(index) { $0.instrument = instrument } }

  private mutating func changeHead(_ index: Int, _ change: (inout BarSeries) -> Void) {
    switch places[index].place {
    case .memory(var one):
      change(&one)
      places[index] = (Label(one), .memory(one))
    case .spooled(var spooled):
      change(&spooled.head)
      if var last = spooled.last {
        change(&last)
        spooled.last = last
      }
      var label = places[index].label
      (label.symbol, label.instrument) = (spooled.head.symbol, spooled.head.instrument)
      places[index] = (label, .spooled(spooled))
    }
  }

  /// A series without its columns.
  private static func head(of series: BarSeries) -> BarSeries {
    var head = series
    (head.dates, head.starts) = ([], [])
    for column in BarSeries.valueColumns { head[keyPath: column] = [] }
    for column in head.extra.indices { head.extra[column].values = [] }
    return head
  }

  /// At most so many bytes are in its columns, also where these differ in length.
  private static func bytes(_ series: BarSeries) -> Int { bytes(series, rows: series.longestColumn) }

  private static func bytes(_ series: BarSeries, rows: Int) -> Int { rows * (12 + 8 * (6 + series.extra.count)) }

  private func place(of series: BarSeries) throws(StorageError) -> Place {
    guard let spool, !spool.keeps(SeriesShelf.bytes(series)) else { return .memory(series) }
    return .spooled(
      SpooledSeries(
        head: SeriesShelf.head(of: series), last: SeriesShelf.last(of: series), stored: nil,
        blocks: [try SeriesShelf.block(series, on: spool)]))
  }

  private static func block(_ series: BarSeries, on spool: Spool) throws(StorageError) -> Spool.Block {
    let block = spool.block(bytes: bytes(series))
    for column in BarSeries.valueColumns { try block.append(series[keyPath: column][...]) }
    try block.append(series.starts[...])
    for column in series.extra { try block.append(column.values[...]) }
    // Four bytes each: behind the columns of eight, which so begin where numbers may.
    try block.append(series.dates[...])
    return block
  }

  /// The last row of rows in the order of time; nil of others, and of none.
  private static func last(of series: BarSeries) -> BarSeries? {
    let isInOrder =
      series.width == .session
      ? zip(series.dates, series.dates.dropFirst()).allSatisfy { $0 <= $1 }
      : zip(series.starts, series.starts.dropFirst()).allSatisfy { $0 <= $1 }
    guard isInOrder, series.count > 0, series.wholeRows == series.longestColumn else { return nil }
    var last = series.rows([series.count - 1])
    last.filledRows = []
    return last
  }
}
