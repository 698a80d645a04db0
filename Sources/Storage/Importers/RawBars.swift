// The rows of a symbol, before it is known when they were.

/// The rows of one symbol as a table writes them, struct of arrays of one length.
struct RawBars {
  var symbol: String
  /// Whether anybody asked for this symbol: of all others the rows are read and counted alone.
  var isKept: Bool
  /// How many rows were read and not kept.
  var passed = 0
  /// Nanoseconds since 1970 as the stamps are written.
  var local: [Int64] = []
  /// Nanoseconds since 1970 UTC, where stamps name their clock; else empty.
  var instants: [Int64] = []
  var open: [Double] = []
  var high: [Double] = []
  var low: [Double] = []
  var close: [Double] = []
  var volume: [Double] = []
  /// Empty where a table has no adjusted closes: all of them are 1 then.
  var factors: [Double] = []
  var extra: [[Double]]
  /// Rows that tell of a split or a payment.
  var events: [Event] = []
  /// Earlier rows, which lie on a spool: of each block the stamps as they are written, the instants, the values and the further columns.
  private var spooled: [Spool.Block] = []
  private var spooledCount = 0
  private var forgetsInstants = false

  init(symbol: String, isKept: Bool = true, extraCount: Int) {
    self.symbol = symbol
    self.isKept = isKept
    extra = Array(repeating: [], count: extraCount)
  }

  /// Rows that are kept, those on a spool among them.
  var count: Int { spooledCount + local.count }
  /// Gives up its columns and keeps how many rows there were.
  mutating func handOver() {
    let rows = rowCount
    self = RawBars(symbol: symbol, isKept: false, extraCount: extra.count)
    passed = rows
  }

  /// Also of rows that were not kept.
  var rowCount: Int { count + passed }

  /// Whether the rows' stamps name their clock.
  var hasInstants: Bool { !instants.isEmpty }

  /// Stamps are dates after all, whatever clock some of them name.
  mutating func forgetInstants() {
    instants = []
    forgetsInstants = spooledCount > 0
  }

  // MARK: Spool

  /// Key paths are not Sendable by themselves, hence a function of nothing rather than a stored table.
  private static var valueColumns: [WritableKeyPath<RawBars, [Double]>] {
    [\.open, \.high, \.low, \.close, \.volume, \.factors]
  }

  /// How many bytes the rows in memory take.
  var bytes: Int { local.count * (8 * (7 + extra.count)) }

  /// Sets all rows but the last aside; none where columns differ in length, as those of a faulty table do.
  mutating func setAside(on spool: Spool) throws(StorageError) {
    let rows = local.count - 1
    func isWhole(_ count: Int) -> Bool { count == 0 || count == rows + 1 }
    guard rows > 0, isWhole(instants.count), extra.allSatisfy({ $0.count == rows + 1 }),
      RawBars.valueColumns.allSatisfy({ isWhole(self[keyPath: $0].count) })
    else { return }
    let block = spool.block(bytes: rows * 8 * (8 + extra.count))
    try block.append(local.prefix(rows))
    try block.append(instants.prefix(rows))
    for column in RawBars.valueColumns { try block.append(self[keyPath: column].prefix(rows)) }
    for column in extra { try block.append(column.prefix(rows)) }
    // What stays is one row, without the room that many had: another symbol may come now.
    local = Array(local.suffix(1))
    instants = Array(instants.suffix(1))
    for column in RawBars.valueColumns { self[keyPath: column] = Array(self[keyPath: column].suffix(1)) }
    for column in extra.indices { extra[column] = Array(extra[column].suffix(1)) }
    spooled.append(block)
    spooledCount += rows
  }

  private func places(_ column: Int) -> [Range<Int>] { spooled.map { $0.columns[column] } }

  /// The stamps of all rows, as they are written and, where they name their clock, as instants.
  func stamps(_ spool: Spool?) throws(StorageError) -> RawBars {
    guard let spool, spooledCount > 0 else { return self }
    var whole = RawBars(symbol: symbol, isKept: isKept, extraCount: 0)
    whole.local = try spool.read(places(0), and: local)
    if !forgetsInstants { whole.instants = try spool.read(places(1), and: instants) }
    return whole
  }

  /// All rows, in memory.
  func whole(_ spool: Spool?) throws(StorageError) -> RawBars {
    guard let spool, spooledCount > 0 else { return self }
    var whole = self
    let stamps = try stamps(spool)
    (whole.local, whole.instants) = (stamps.local, stamps.instants)
    (whole.spooled, whole.spooledCount) = ([], 0)
    for (place, column) in RawBars.valueColumns.enumerated() {
      whole[keyPath: column] = try spool.read(places(2 + place), and: self[keyPath: column])
    }
    for place in extra.indices {
      whole.extra[place] = try spool.read(places(2 + RawBars.valueColumns.count + place), and: extra[place])
    }
    return whole
  }
}
