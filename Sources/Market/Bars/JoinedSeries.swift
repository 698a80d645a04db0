// Two deliveries of one symbol's bars as one series.

import Text

/// What came of joining a newer delivery to an older one.
package struct JoinedSeries: Sendable {
  package var series: BarSeries
  /// Bars that both have.
  package var shared = 0
  /// Those of them whose values differ: the newer ones are taken.
  package var revised = 0
  /// Those of them of which a price is another by more than `largestRounding`, as of another symbol or of prices that were adjusted otherwise.
  package var repriced = 0
  /// Bars that the newer one alone has.
  package var added = 0
  /// The largest of the differences, a price's before a volume's, and the first few.
  package var largest: Difference?
  package var samples: [Difference] = []
  /// What the factors of the delivery that ends earlier were multiplied by, for what was split and paid after its end: 1 where nothing was.
  package var factorScale = 1.0

  package static let sampleLimit = 3
  /// No two vendors' prices of one bar differ by more, relative to them.
  package static let largestRounding = 0.01
  /// Factors that differ by less are the same, each rounded when it was written.
  static let factorTolerance = 3e-4

  /// A value that is another in the newer delivery.
  package struct Difference: Sendable, Equatable, CustomStringConvertible {
    package var when: String
    package var column: String
    package var before: Double
    package var after: Double

    /// Relative to the larger of the two, so at most 1 for positive values; 1 where one of them is no number.
    package var size: Double {
      let size = abs(after - before) / max(abs(after), abs(before))
      return size.isFinite ? size : 1
    }

    package var description: String { "\(when) \(column) \(before), now \(after)" }
  }

  /// Whether so many of the bars that both have say that the deliveries are none of one symbol's series; of a few bars nobody can tell.
  package func isForeign(differing: Int) -> Bool { shared >= 10 && differing * 2 >= shared }

  fileprivate mutating func note(_ differences: [Difference]) {
    guard let worst = differences.max(by: { $0.isSmaller(than: $1) }) else { return }
    revised += 1
    if differences.contains(where: { $0.isOfRawPrice && $0.size > JoinedSeries.largestRounding }) { repriced += 1 }
    if samples.count < JoinedSeries.sampleLimit { samples.append(worst) }
    if largest.map({ $0.isSmaller(than: worst) }) ?? true { largest = worst }
  }
}

extension JoinedSeries.Difference {
  private var isOfPrice: Bool { column != "volume" }
  /// Not of a further column either.
  fileprivate var isOfRawPrice: Bool { ["open", "high", "low", "close"].contains(column) }

  fileprivate func isSmaller(than other: JoinedSeries.Difference) -> Bool {
    isOfPrice == other.isOfPrice ? size < other.size : !isOfPrice
  }
}

extension BarSeries {
  /// Both as one in the order of time: the newer one's bars where both have one. Factors are brought to the end of the one that ends later: by the
  /// actions that only one of them knows, and by how they differ where both have bars, or else where one ends and the other begins.
  ///
  /// Nil for series of different symbols' kinds, widths or columns.
  package func joined(with newer: BarSeries) -> JoinedSeries? {
    guard var join = SeriesJoin(self, newer) else { return nil }
    var (own, other) = (self, newer)
    join.adjust(own: &own)
    join.adjust(other: &other)
    let (ownKeys, otherKeys) = (own.keys, other.keys)
    guard let last = ownKeys.max(), let first = otherKeys.min(), first <= last else {
      let scale = other.count == 0 ? 1 : own.scale(to: other)
      own.multiplyFactors(by: scale)
      let added = other.count
      own.append(other)
      return JoinedSeries(series: own, added: added, factorScale: scale)
    }
    join.otherEndsLater = (otherKeys.max() ?? .min) >= last
    let scale = join.scale(own: own, other: other)
    if let order = BarSeries.order(ownKeys) { own.keepRows(order) }
    if let order = BarSeries.order(otherKeys) { other.keepRows(order) }
    join.compareFactors(own, other)
    join.settleScale(orElse: scale)
    let merged = join.merge(own, other)
    var joined = join.joined
    joined.series = merged
    return joined
  }

  /// Some rows, in that order. Traps where there is no such row.
  package func rows(_ kept: [Int]) -> BarSeries {
    var part = self
    part.keepRows(kept)
    return part
  }

  /// Leaves some rows, in that order, column by column, so that there are never two whole series. Traps where there is no such row.
  package mutating func keepRows(_ kept: [Int]) {
    let dates = self.dates
    self.dates = kept.map { dates[$0] }
    if width != .session {
      let starts = self.starts
      self.starts = kept.map { starts[$0] }
    }
    for column in BarSeries.valueColumns {
      let values = self[keyPath: column]
      self[keyPath: column] = kept.map { values[$0] }
    }
    for place in extra.indices {
      let values = extra[place].values
      extra[place].values = kept.map { values[$0] }
    }
    if !filledRows.isEmpty {
      let filled = Set(filledRows)
      filledRows = kept.indices.filter { filled.contains(kept[$0]) }
    }
  }

  /// What tells the rows apart, in time.
  package var keys: [Int64] {
    width == .session ? dates.map { Int64($0.daysSinceEpoch) } : starts.map(\.nanoseconds)
  }

  /// The places of keys in their order, in which equal ones stay as they are; nil where they are in order.
  private static func order(_ keys: [Int64]) -> [Int]? {
    if zip(keys, keys.dropFirst()).allSatisfy({ $0 <= $1 }) { return nil }
    return keys.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }
  }

  /// What brings the factors of these bars, which end before the later ones begin, to theirs, beyond the actions between both.
  fileprivate func scale(to later: BarSeries) -> Double {
    guard let last = adjustmentFactors.last, let first = later.adjustmentFactors.first, let end = dates.last,
      let start = later.dates.first
    else { return 1 }
    let between = later.actions.filter { end < $0.date && $0.date <= start }.reduce(1) { $0 * $1.priceFactor }
    return BarSeries.noticeable(first * between / last)
  }

  fileprivate static func noticeable(_ scale: Double) -> Double {
    scale > 0 && scale.isFinite && abs(scale - 1) > JoinedSeries.factorTolerance ? scale : 1
  }

  fileprivate mutating func multiplyFactors(by scale: Double) {
    if scale != 1 { for row in adjustmentFactors.indices { adjustmentFactors[row] *= scale } }
  }

  private mutating func append(_ other: BarSeries) {
    filledRows += other.filledRows.map { $0 + count }
    dates += other.dates
    starts += other.starts
    for column in BarSeries.valueColumns { self[keyPath: column] += other[keyPath: column] }
    for place in extra.indices { extra[place].values += other.extra[place].values }
  }

  fileprivate func differences(_ row: Int, from newer: BarSeries, _ other: Int) -> [JoinedSeries.Difference] {
    var found: [JoinedSeries.Difference] = []
    func compare(_ column: String, _ before: Double, _ after: Double) {
      guard before != after, !(before.isNaN && after.isNaN) else { return }
      let when = width == .session ? "\(dates[row])" : "\(starts[row])"
      found.append(JoinedSeries.Difference(when: when, column: column, before: before, after: after))
    }
    compare("open", open[row], newer.open[other])
    compare("high", high[row], newer.high[other])
    compare("low", low[row], newer.low[other])
    compare("close", close[row], newer.close[other])
    compare("volume", volume[row], newer.volume[other])
    for (one, another) in zip(extra, newer.extra) { compare(one.name, one.values[row], another.values[other]) }
    return found
  }

  /// Key paths are not Sendable by themselves, hence a function of nothing rather than a stored table.
  package static var valueColumns: [WritableKeyPath<BarSeries, [Double]>] {
    [\.open, \.high, \.low, \.close, \.volume, \.adjustmentFactors]
  }
}

/// How two deliveries of one symbol's bars become one, where not all of their rows need be at hand: both are cut at the same moments, and their pieces
/// joined one after the other.
///
/// Pieces are in the order of time, the same keys in the same piece, and whole. First `adjust` each, `compareFactors` of one pair after the other until it
/// `isSure`, and `settleScale`; then `merge` all pairs, adjusted again.
package struct SeriesJoin {
  /// What came of the pieces that were merged, without their rows.
  package private(set) var joined: JoinedSeries
  /// Whether the newer delivery's last bar is no older than the other's.
  package var otherEndsLater = false
  private let ofOther: [CorporateAction]
  private let ofOwn: [CorporateAction]
  /// All that the newer one says.
  private let known: [CorporateAction]
  private var ratios: [Double] = []

  private static let comparedFactors = 21

  /// Of the deliveries nothing but what they are counts, no rows. Nil for series of different symbols' kinds, widths or columns.
  package init?(_ own: BarSeries, _ other: BarSeries) {
    guard own.width == other.width, own.instrument == other.instrument, own.extra.map(\.name) == other.extra.map(\.name)
    else { return nil }
    ofOther = other.actions.filter { action in !own.actions.contains { $0.date == action.date } }
    ofOwn = own.actions.filter { action in !other.actions.contains { $0.date == action.date } }
    known = other.actions
    joined = JoinedSeries(series: BarSeries(symbol: own.symbol, width: own.width))
  }

  /// Adjusts rows of the older delivery for what only the newer one knows.
  package func adjust(own: inout BarSeries) {
    own.adjust(for: ofOther)
    own.remember(known)
  }

  package func adjust(other: inout BarSeries) { other.adjust(for: ofOwn) }

  /// What the factors of the delivery that ends earlier lack where no bar is in both; the last row of that, and the first of the other, decide.
  package func scale(own: BarSeries, other: BarSeries) -> Double {
    otherEndsLater ? own.scale(to: other) : other.scale(to: own)
  }

  /// Whether enough bars that both have were compared.
  package var isSure: Bool { ratios.count >= SeriesJoin.comparedFactors }

  /// Compares the factors of bars that both have. Rows of one alone are mostly older than those of both: the oldest of these know what they need.
  package mutating func compareFactors(_ own: BarSeries, _ other: BarSeries) {
    if isSure { return }
    SeriesJoin.walk(own.keys, other.keys) { before, after in
      guard !before.isEmpty, !after.isEmpty else { return true }
      let ofOwn = own.adjustmentFactors[before.upperBound - 1]
      let ofOther = other.adjustmentFactors[after.upperBound - 1]
      let ratio = otherEndsLater ? ofOther / ofOwn : ofOwn / ofOther
      if ratio > 0, ratio.isFinite { ratios.append(ratio) }
      return !isSure
    }
  }

  /// `orElse`: the scale where no bar is in both.
  package mutating func settleScale(orElse scale: Double) {
    var ratios = ratios
    joined.factorScale = BarSeries.noticeable(Median.of(&ratios) ?? scale)
  }

  /// The rows of a pair of pieces as one, which are counted.
  package mutating func merge(_ own: BarSeries, _ other: BarSeries) -> BarSeries {
    var (merged, other) = (own, other)
    if otherEndsLater {
      merged.multiplyFactors(by: joined.factorScale)
    } else {
      other.multiplyFactors(by: joined.factorScale)
    }
    // Rows of one delivery that stand behind each other.
    var runs: [(isOther: Bool, rows: Range<Int>)] = []
    SeriesJoin.walk(own.keys, other.keys) { before, after in
      let (isOther, rows) = after.isEmpty ? (false, before) : (true, after)
      if let last = runs.last, last.isOther == isOther, last.rows.upperBound == rows.lowerBound {
        runs[runs.count - 1].rows = last.rows.lowerBound..<rows.upperBound
      } else {
        runs.append((isOther, rows))
      }
      if before.isEmpty {
        joined.added += after.count
      } else if !after.isEmpty {
        joined.shared += 1
        joined.note(own.differences(before.upperBound - 1, from: other, after.upperBound - 1))
      }
      return true
    }
    let count = runs.reduce(0) { $0 + $1.rows.count }
    func picked<Element>(_ ofOwn: [Element], _ ofOther: [Element]) -> [Element] {
      var values: [Element] = []
      values.reserveCapacity(count)
      for run in runs { values += run.isOther ? ofOther[run.rows] : ofOwn[run.rows] }
      return values
    }
    if !own.filledRows.isEmpty || !other.filledRows.isEmpty {
      let (ofOwn, ofOther) = (Set(own.filledRows), Set(other.filledRows))
      let isFilled = runs.flatMap { run in run.rows.map { run.isOther ? ofOther.contains($0) : ofOwn.contains($0) } }
      merged.filledRows = isFilled.indices.filter { isFilled[$0] }
    }
    // Column by column: of the newer one's nothing is left that is in the whole.
    merged.dates = picked(merged.dates, other.dates)
    if own.width != .session { merged.starts = picked(merged.starts, other.starts) }
    for column in BarSeries.valueColumns {
      merged[keyPath: column] = picked(merged[keyPath: column], other[keyPath: column])
      other[keyPath: column] = []
    }
    for place in merged.extra.indices {
      merged.extra[place].values = picked(merged.extra[place].values, other.extra[place].values)
    }
    return merged
  }

  /// Goes through the keys of both, each in order, and gives the rows that have one of them: `body` says whether to go on.
  private static func walk(_ own: [Int64], _ other: [Int64], _ body: (Range<Int>, Range<Int>) -> Bool) {
    var (i, j) = (0, 0)
    while i < own.count || j < other.count {
      let key = min(i < own.count ? own[i] : Int64.max, j < other.count ? other[j] : Int64.max)
      let (ownStart, otherStart) = (i, j)
      while i < own.count, own[i] == key { i += 1 }
      while j < other.count, other[j] == key { j += 1 }
      guard body(ownStart..<i, otherStart..<j) else { return }
    }
  }

  /// Where both are cut: pairs of pieces of about so many rows at most of each, of keys that are in order.
  package static func cuts(_ own: [Int64], _ other: [Int64], rows: Int) -> [(own: Range<Int>, other: Range<Int>)] {
    var cuts: [(own: Range<Int>, other: Range<Int>)] = []
    var (i, j) = (0, 0)
    while i < own.count || j < other.count {
      // The first key that is too much for one of them.
      let border = min(
        i + rows < own.count ? own[i + rows] : Int64.max, j + rows < other.count ? other[j + rows] : Int64.max)
      func end(_ keys: [Int64], _ start: Int, where isBehind: (Int64) -> Bool) -> Int {
        border == .max ? keys.count : keys[start...].firstPlace(where: isBehind)
      }
      var (nextOwn, nextOther) = (end(own, i) { $0 >= border }, end(other, j) { $0 >= border })
      if nextOwn == i, nextOther == j {
        // More rows of one moment than a piece has.
        (nextOwn, nextOther) = (end(own, i) { $0 > border }, end(other, j) { $0 > border })
      }
      cuts.append((i..<nextOwn, j..<nextOther))
      (i, j) = (nextOwn, nextOther)
    }
    return cuts
  }
}
