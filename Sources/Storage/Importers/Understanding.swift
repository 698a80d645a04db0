// What a file was taken for, in words that a user can check.

import Market

enum Understanding {
  /// Layout, columns, zone, side and adjustment, a line each.
  static func lines(_ plan: TablePlan, _ timing: BarTiming, _ declared: BarDeclarations) -> [String] {
    var lines = ["layout      \(plan.layout.name): \(plan.layout.words)"]
    let columns = plan.groups[0].places.filter { $0.key != .ignored }.sorted { $0.value < $1.value }
    lines.append("columns     " + columns.map { "\($0.key.word) = \(plan.name($0.key))" }.joined(separator: ", "))
    lines.append("numbers     " + numbers(plan))
    switch timing.width {
    case .session: lines.append("bars        days, by the date as it is written")
    case .minute:
      lines.append("bars        minutes")
      lines.append("zone        \(timing.zone?.clock.name ?? "of each stamp"), \(timing.zoneSource.words)")
      lines.append(
        "stamp       the \(timing.side == .start ? "beginning" : "end") of its minute, \(timing.sideSource.words)")
    }
    let isAdjusted = plan.place(.adjustedClose) != nil
    let adjustment = declared.adjustment ?? plan.layout.adjustment
    lines.append(
      "adjustment  "
        + (isAdjusted
          ? "by the column \(plan.name(.adjustedClose))"
          : adjustment.map { $0.words } ?? "not told: prices are taken as they are"))
    return lines
  }

  private static func numbers(_ plan: TablePlan) -> String {
    let isComma = plan.numbers.decimal == UInt8(ascii: ",")
    var words =
      isComma
      ? "1.234,5 is more than a thousand" : plan.numbers.hasGroups ? "1,234.5 is more than a thousand" : "as 1234.5"
    if plan.priceDivisor != 1 { words += ", prices divided by \(plan.priceDivisor)" }
    return words
  }

  /// The first and the last three bars, each by the clocks of Greenwich and New York.
  static func rows(_ series: BarSeries) -> [String] {
    let count = series.count
    let rows = count <= 6 ? Array(0..<count) : [0, 1, 2, count - 3, count - 2, count - 1]
    return rows.map { row in
      let when: String
      if series.width == .session {
        when = "\(series.dates[row])"
      } else {
        let start = series.starts[row]
        let minute = WallClock.newYork.reading(at: start).map { clock in
          "\(clock.date) \(two(clock.minuteOfDay / 60)):\(two(clock.minuteOfDay % 60))"
        }
        when = "\(start) = \(minute ?? "?") New York"
      }
      return "\(series.symbol) \(when)  open \(series.open[row]) high \(series.high[row]) low \(series.low[row]) "
        + "close \(series.close[row]) volume \(series.volume[row])"
    }
  }

  private static func two(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
}
