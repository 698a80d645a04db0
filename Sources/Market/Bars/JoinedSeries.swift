// Two deliveries of one symbol's bars as one series.

/// What came of joining a newer delivery to an older one.
package struct JoinedSeries: Sendable {
  package var series: BarSeries
  /// Bars that both have.
  package var shared = 0
  /// Those of them whose values differ: the newer ones are taken.
  package var revised = 0
  /// Bars that the newer one alone has.
  package var added = 0
  /// The largest of the differences, a price's before a volume's, and the first few.
  package var largest: Difference?
  package var samples: [Difference] = []
  /// What the factors of the delivery that ends earlier were multiplied by, for what was split and paid after its end: 1 where nothing was.
  package var factorScale = 1.0

  package static let sampleLimit = 3
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

  fileprivate mutating func note(_ differences: [Difference]) {
    guard let worst = differences.max(by: { $0.isSmaller(than: $1) }) else { return }
    revised += 1
    if samples.count < JoinedSeries.sampleLimit { samples.append(worst) }
    if largest.map({ $0.isSmaller(than: worst) }) ?? true { largest = worst }
  }
}

extension JoinedSeries.Difference {
  private var isOfPrice: Bool { column != "volume" }

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
    guard width == newer.width, instrument == newer.instrument, extra.map(\.name) == newer.extra.map(\.name) else {
      return nil
    }
    var (own, other) = (self, newer)
    own.adjust(for: newer.actions.filter { action in !actions.contains { $0.date == action.date } })
    other.adjust(for: actions.filter { action in !newer.actions.contains { $0.date == action.date } })
    own.remember(other.actions)
    let (ownKeys, otherKeys) = (own.keys, other.keys)
    guard let last = ownKeys.max(), let first = otherKeys.min(), first <= last else {
      let scale = other.count == 0 ? 1 : own.scale(to: other)
      own.multiplyFactors(by: scale)
      own.append(other)
      return JoinedSeries(series: own, added: other.count, factorScale: scale)
    }
    let (left, right) = (BarSeries.order(ownKeys), BarSeries.order(otherKeys))
    let otherEndsLater = (otherKeys.max() ?? .min) >= last
    var joined = JoinedSeries(series: own)
    // Rows of both, behind each other.
    var (picks, ratios): ([Int], [Double]) = ([], [])
    var (i, j) = (0, 0)
    while i < left.count || j < right.count {
      let key = min(
        i < left.count ? ownKeys[left[i]] : Int64.max, j < right.count ? otherKeys[right[j]] : Int64.max)
      let (ownStart, otherStart) = (i, j)
      while i < left.count, ownKeys[left[i]] == key { i += 1 }
      while j < right.count, otherKeys[right[j]] == key { j += 1 }
      if j > otherStart {
        picks += right[otherStart..<j].map { own.count + $0 }
      } else {
        picks += left[ownStart..<i]
      }
      guard i > ownStart, j > otherStart else {
        joined.added += j - otherStart
        continue
      }
      joined.shared += 1
      let (before, after) = (left[i - 1], right[j - 1])
      joined.note(own.differences(before, from: other, after))
      let (ofOwn, ofOther) = (own.adjustmentFactors[before], other.adjustmentFactors[after])
      let ratio = otherEndsLater ? ofOther / ofOwn : ofOwn / ofOther
      if ratio > 0, ratio.isFinite { ratios.append(ratio) }
    }
    // Rows of one alone are mostly older than those of both: the oldest of these know what they need.
    ratios = Array(ratios.prefix(BarSeries.comparedFactors))
    joined.factorScale = BarSeries.noticeable(
      Median.of(&ratios) ?? (otherEndsLater ? own.scale(to: other) : other.scale(to: own)))
    if otherEndsLater {
      own.multiplyFactors(by: joined.factorScale)
    } else {
      other.multiplyFactors(by: joined.factorScale)
    }
    own.append(other)
    joined.series = own.rows(picks)
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

  private static let comparedFactors = 21

  /// What tells the rows apart, in time.
  private var keys: [Int64] {
    width == .session ? dates.map { Int64($0.daysSinceEpoch) } : starts.map(\.nanoseconds)
  }

  /// The places of keys in their order; equal ones stay as they are.
  private static func order(_ keys: [Int64]) -> [Int] {
    let places = Array(keys.indices)
    if zip(keys, keys.dropFirst()).allSatisfy({ $0 <= $1 }) { return places }
    return places.sorted { (keys[$0], $0) < (keys[$1], $1) }
  }

  /// What brings the factors of these bars, which end before the later ones begin, to theirs, beyond the actions between both.
  private func scale(to later: BarSeries) -> Double {
    guard let last = adjustmentFactors.last, let first = later.adjustmentFactors.first, let end = dates.last,
      let start = later.dates.first
    else { return 1 }
    let between = later.actions.filter { end < $0.date && $0.date <= start }.reduce(1) { $0 * $1.priceFactor }
    return BarSeries.noticeable(first * between / last)
  }

  private static func noticeable(_ scale: Double) -> Double {
    scale > 0 && scale.isFinite && abs(scale - 1) > JoinedSeries.factorTolerance ? scale : 1
  }

  private mutating func multiplyFactors(by scale: Double) {
    if scale != 1 { for row in adjustmentFactors.indices { adjustmentFactors[row] *= scale } }
  }

  private mutating func append(_ other: BarSeries) {
    filledRows += other.filledRows.map { $0 + count }
    dates += other.dates
    starts += other.starts
    for column in BarSeries.valueColumns { self[keyPath: column] += other[keyPath: column] }
    for place in extra.indices { extra[place].values += other.extra[place].values }
  }

  private func differences(_ row: Int, from newer: BarSeries, _ other: Int) -> [JoinedSeries.Difference] {
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
