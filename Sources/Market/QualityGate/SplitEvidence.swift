// Does a share trade from one session to the next as if it had split, and nobody had said so?

internal import Glibc

/// A split moves the price overnight and nothing else: the whole session lies where the split puts it, and the money that changes hands is what it
/// was. News that halve a price bring many times the usual money.
///
/// Of five real splits of large shares volume x price was 0.3 to 1.6 times its median of 20 sessions; of two gaps that looked like splits and were
/// none (0.527 and 1.237 of the close before) 7.8 and 10 times.
struct SplitEvidence {
  /// How far the open may lie from where the split puts it: of whole shares, of the fractions that lie nearer to each other, and where nobody knows the
  /// money.
  static let (openTolerance, openToleranceOfFractions, openToleranceAlone) = (0.05, 0.035, 0.01)
  /// How far any price of the session may.
  static let rangeTolerance = 0.15
  static let mostMoney = 4.0
  static let (sessionsBefore, fewestSessionsBefore) = (20, 5)

  /// Shares that one became: as many for one, one for as many, and the few fractions that are usual. Smaller steps are what markets do by themselves.
  static let ratios: [Ratio] =
    [2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 40, 50, 100].flatMap {
      [Ratio(new: $0, old: 1), Ratio(new: 1, old: $0)]
    }
    + [Ratio(new: 3, old: 2), Ratio(new: 4, old: 3), Ratio(new: 5, old: 4), Ratio(new: 5, old: 2)]

  /// So many new shares for so many old ones.
  struct Ratio: Equatable {
    var new: Int
    var old: Int

    var value: Double { Double(new) / Double(old) }
    var isOfWholeShares: Bool { new == 1 || old == 1 }
    /// `7 for 1`.
    var words: String { "\(new) for \(old)" }
    /// As `--split` takes it.
    var text: String { old == 1 ? "\(new)" : "\(new)/\(old)" }
  }

  /// A session's prices, adjusted, and the money of its bars.
  private struct Day {
    var date: CalendarDate
    var open: Double
    var high: Double
    var low: Double
    var close: Double
    var money: Double
    var rawOpen: Double
    var rawClose: Double

    mutating func add(high: Double, low: Double, close: Double, rawClose: Double, money: Double) {
      self.high = max(self.high, high)
      self.low = min(self.low, low)
      (self.close, self.rawClose) = (close, rawClose)
      self.money += money
    }
  }

  private var days: [Day] = []
  private var placeOfDate: [CalendarDate: Int] = [:]

  init(_ series: BarSeries) {
    // The date whose rows are being read.
    var day: Day?
    func finish() {
      guard let day else { return }
      placeOfDate[day.date] = days.count
      days.append(day)
    }
    for row in 0..<series.wholeRows {
      let (date, factor) = (series.dates[row], series.adjustmentFactors[row])
      let (open, high) = (series.open[row] * factor, series.high[row] * factor)
      let (low, close) = (series.low[row] * factor, series.close[row] * factor)
      guard SplitEvidence.isPrice(open), SplitEvidence.isPrice(high), SplitEvidence.isPrice(low),
        SplitEvidence.isPrice(close), day.map({ $0.date <= date }) ?? true
      else { continue }
      var money = series.instrument.hasVolume ? max(0, series.volume[row] * series.close[row]) : 0
      if !money.isFinite { money = 0 }
      if day?.date == date {
        day?.add(high: high, low: low, close: close, rawClose: series.close[row], money: money)
      } else {
        finish()
        day = Day(
          date: date, open: open, high: high, low: low, close: close, money: money, rawOpen: series.open[row],
          rawClose: series.close[row])
      }
    }
    finish()
  }

  private static func isPrice(_ value: Double) -> Bool { value > 0 && value.isFinite }

  /// A split that the prices of a date look like.
  struct Suspicion {
    var date: CalendarDate
    var ratio: Ratio
    var openRatio: Double
    /// The money of the session over that of a usual one before; nil where that is unknown.
    var money: Double?
    /// Whether the raw prices do not step: it is the adjustment factor that does.
    var isOfFactor: Bool
  }

  /// All dates that look like one.
  var suspicions: [Suspicion] { days.indices.dropFirst().compactMap { suspicion(at: $0) } }

  func suspicion(on date: CalendarDate) -> Suspicion? { placeOfDate[date].flatMap { $0 > 0 ? suspicion(at: $0) : nil } }

  private func suspicion(at place: Int) -> Suspicion? {
    let (before, day) = (days[place - 1], days[place])
    let openRatio = day.open / before.close
    func distance(_ ratio: Ratio) -> Double { abs(log(openRatio * ratio.value)) }
    guard openRatio.isFinite, abs(log(openRatio)) > 0.17,
      let ratio = SplitEvidence.ratios.min(by: { distance($0) < distance($1) })
    else { return nil }
    let money = relativeMoney(place)
    let tolerance =
      money == nil
      ? SplitEvidence.openToleranceAlone
      : ratio.isOfWholeShares ? SplitEvidence.openTolerance : SplitEvidence.openToleranceOfFractions
    guard distance(ratio) <= log(1 + tolerance),
      money.map({ $0 <= SplitEvidence.mostMoney }) ?? true
    else { return nil }
    let scale = ratio.value / before.close
    guard day.high * scale <= 1 + SplitEvidence.rangeTolerance, day.low * scale >= 1 - SplitEvidence.rangeTolerance
    else { return nil }
    let rawRatio = day.rawOpen / before.rawClose
    return Suspicion(
      date: day.date, ratio: ratio, openRatio: openRatio, money: money, isOfFactor: abs(log(rawRatio)) < 0.1)
  }

  private func relativeMoney(_ place: Int) -> Double? {
    var before = days[max(0, place - SplitEvidence.sessionsBefore)..<place].map(\.money).filter { $0 > 0 }
    guard before.count >= SplitEvidence.fewestSessionsBefore, let median = Median.of(&before), days[place].money > 0
    else { return nil }
    return days[place].money / median
  }
}
