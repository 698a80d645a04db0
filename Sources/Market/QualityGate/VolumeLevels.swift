// Is there a volume at all, and does it stay in one unit?

/// A share of more than a few bars has traded. Its level is the median of a session's volumes: where the median of five sessions' levels is 15 times
/// that of the twenty before, or a fifteenth, the unit has changed, which is a warning with its date.
enum VolumeLevels: QualityCheck {
  static let identifier = VolumeSanity.identifier

  /// As few bars as this may all be without volume.
  static let fewBars = 5
  /// Above this share of minutes without volume a share trades too rarely to be traded by the minute.
  static let zeroShare = 0.01
  static let breakRatio = 15.0
  static let (sessionsAfter, sessionsBefore) = (5, 20)

  static func findings(in examined: ExaminedSeries, allowances: inout AllowanceLedger) -> [QualityFinding] {
    let series = examined.series
    return series.instrument.hasVolume ? nameOfIndex(series) + zeros(in: series) + breaks(in: series) : []
  }

  /// Names that indices have, as far as no share's does; Yahoo begins all of its indices with `^`.
  private static let indices: Set<String> = [
    "SPX", "GSPC", "NDX", "IXIC", "DJI", "DJIA", "RUT", "OEX", "XSP", "VIX", "VXN", "VIX9D", "VVIX",
  ]

  /// A share with the name of an index: some vendors write the volume of the shares in it.
  private static func nameOfIndex(_ series: BarSeries) -> [QualityFinding] {
    guard indices.contains(series.symbol) || series.symbol.hasPrefix("^"), series.volume.contains(where: { $0 > 0 })
    else { return [] }
    return [
      QualityFinding(
        check: identifier, kind: "name-of-index", severity: .warn, symbol: series.symbol,
        firstDate: series.dates.min(), lastDate: series.dates.max(), count: series.wholeRows, samples: [],
        suggestion: "If it is the index, import it with --index \(series.symbol)=FILE: nobody can trade it.",
        message: "\(series.symbol) is the name of an index, but is imported as a share that can be traded.")
    ]
  }

  private static func zeros(in series: BarSeries) -> [QualityFinding] {
    let filled = Set(series.filledRows)
    let rows = (0..<series.wholeRows).filter { series.volume[$0] == 0 && !filled.contains($0) }
    let isWhole = rows.count == series.wholeRows && rows.count > fewBars
    let isMuch = series.width == .minute && Double(rows.count) > zeroShare * Double(series.wholeRows)
    guard isWhole || isMuch, let first = rows.first, let last = rows.last else { return [] }
    return [
      QualityFinding(
        check: identifier, kind: isWhole ? "no-volume" : "zero-volume", severity: isWhole ? .fail : .warn,
        symbol: series.symbol, firstDate: series.dates[first], lastDate: series.dates[last], count: rows.count,
        samples: rows.prefix(QualityFinding.sampleLimit).map(series.rowText),
        suggestion: isWhole
          ? "If \(series.symbol) is an index, import it with --index \(series.symbol)=FILE; otherwise fetch its volume."
          : "Check whether the vendor made up minutes without trades.",
        message: isWhole
          ? "Not one bar has a volume: \(series.symbol) is an index, or its volume is lost."
          : "\(counted(rows.count, "minute")) of \(series.wholeRows) without volume.")
    ]
  }

  private static func breaks(in series: BarSeries) -> [QualityFinding] {
    let levels = self.levels(of: series)
    func median(_ range: Range<Int>) -> Double {
      var values = levels[range].map(\.volume)
      return Median.of(&values) ?? 0
    }
    var broken: [(start: Int, ratio: Double)] = []
    for start in sessionsBefore..<max(sessionsBefore, levels.count - sessionsAfter + 1) {
      // Medians lie between the least and the most: where these are near each other, nothing has changed.
      var (least, most) = (Double.infinity, 0.0)
      for level in levels[start - sessionsBefore..<start + sessionsAfter] {
        (least, most) = (min(least, level.volume), max(most, level.volume))
      }
      if most < breakRatio * least { continue }
      let (before, after) = (median(start - sessionsBefore..<start), median(start..<start + sessionsAfter))
      guard before > 0, after > 0 else { continue }
      let ratio = after / before
      if ratio >= breakRatio || ratio <= 1 / breakRatio { broken.append((start, ratio)) }
    }
    return QualityFinding.runs(of: broken) { $1.start == $0.start + 1 }.compactMap { run in
      // Windows around one break all tell of it: its day is the one of the largest step among theirs.
      guard let first = run.first, let last = run.last else { return nil }
      func step(_ place: Int) -> Double {
        let ratio = levels[place].volume / max(levels[place - 1].volume, .leastNormalMagnitude)
        return max(ratio, 1 / max(ratio, .leastNormalMagnitude))
      }
      let places = first.start...min(last.start + sessionsAfter - 1, levels.count - 1)
      let place = places.max { step($0) < step($1) } ?? first.start
      let ratio = (run.first { $0.start == place } ?? first).ratio
      let fold = max(ratio, 1 / ratio)
      return QualityFinding(
        check: identifier, kind: "volume-break", severity: .warn, symbol: series.symbol,
        firstDate: levels[place].date, lastDate: levels[place].date, count: run.count,
        samples: [
          "\(levels[place - 1].date) level \(levels[place - 1].volume), \(levels[place].date) level \(levels[place].volume)"
        ],
        suggestion: "Check whether the vendor changed the unit of volume (lots, thousands) or its sources on that day.",
        message: "The volume changes \(Int(min(fold, 1e9).rounded()))-fold and stays there.")
    }
  }

  /// The median volume of each date, in the order of the rows, adjusted: a split is no change of unit. Impossible volumes are told elsewhere and not
  /// counted.
  private static func levels(of series: BarSeries) -> [(date: CalendarDate, volume: Double)] {
    var levels: [(date: CalendarDate, volume: Double)] = []
    let (rows, adjusted) = (series.wholeRows, series.adjustedVolume)
    /// Neither the volume nor what adjusts it is told elsewhere.
    func isPossible(_ row: Int) -> Bool {
      let factor = series.adjustmentFactors[row]
      return adjusted[row] >= 0 && adjusted[row].isFinite && factor > 0 && (factor * series.close[row]).isFinite
    }
    var row = 0
    var volumes: [Double] = []
    while row < rows {
      let date = series.dates[row]
      if row + 1 == rows || series.dates[row + 1] != date {
        if isPossible(row) { levels.append((date, adjusted[row])) }
        row += 1
        continue
      }
      volumes.removeAll(keepingCapacity: true)
      while row < rows, series.dates[row] == date {
        if isPossible(row) { volumes.append(adjusted[row]) }
        row += 1
      }
      if let median = Median.of(&volumes) { levels.append((date, median)) }
    }
    return levels
  }
}
