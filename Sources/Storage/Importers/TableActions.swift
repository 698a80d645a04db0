// What a table's columns of splits and payments say, and whether its prices hold it already.

import Market

extension RawBars {
  /// A split or a payment that a row tells of.
  struct Event {
    var row: Int
    var split: Double
    /// Dollars a share, as the row's prices are adjusted.
    var payment: Double
  }
}

/// Splits and payments of one table.
struct TableActions {
  /// What the prices hold already.
  enum Holding: Equatable {
    case nothing
    case splits
    case all
    /// An adjusted close stands beside them: its factor holds all of it.
    case inFactor
    case unknown
  }

  let holding: Holding
  private(set) var notes: [String] = []

  init(_ plan: TablePlan, declared: PriceAdjustment?) {
    switch declared ?? plan.layout.adjustment {
    case .all?: holding = .all
    case .splits?: holding = plan.hasAdjustedClose ? .inFactor : .splits
    case PriceAdjustment.none?: holding = plan.hasAdjustedClose ? .inFactor : .nothing
    case nil: holding = plan.hasAdjustedClose ? .inFactor : .unknown
    }
  }

  /// Tells a series what happened. `rows`: the table's row of each bar of the series, in its order.
  mutating func apply(_ events: [RawBars.Event], to series: inout BarSeries, rows: [Int]) {
    guard !events.isEmpty, holding != .all else { return }
    let byRow = Dictionary(events.map { ($0.row, $0) }) { _, last in last }
    var (splits, payments): ([CorporateAction], [CorporateAction]) = ([], [])
    var impossible: [CalendarDate] = []
    for (place, row) in rows.enumerated() {
      guard let event = byRow[row] else { continue }
      let date = series.dates[place]
      if let split = CorporateAction(date: date, split: event.split) {
        if split.split != 1 { splits.append(split) }
      } else {
        impossible.append(date)
      }
      guard event.payment != 0, let close = series.closeBefore(place) else { continue }
      if event.payment > 0, let payment = CorporateAction(date: date, payment: 1 - event.payment / close) {
        payments.append(payment)
      } else {
        impossible.append(date)
      }
    }
    let name = series.symbol.isEmpty ? "the series" : series.symbol
    if let first = impossible.first {
      notes.append(
        "\(name): \(impossible.count) splits or payments that no share can have, the first of \(first): left out")
    }
    switch holding {
    case .all: break
    case .inFactor: series.remember(TableActions.joined(splits, payments))
    case .splits: series.adjust(for: payments)
    case .nothing: series.adjust(for: TableActions.joined(splits, payments))
    case .unknown:
      switch series.holdsSplits(splits) {
      case true?:
        notes.append(
          "\(name): prices do not step where the column of splits does: they hold these splits"
            + (payments.isEmpty
              ? "" : "; whether they hold its payments nobody says: --adjusted splits adjusts for them"))
      case false?:
        notes.append("\(name): prices step where the column of splits does: adjusted for splits and payments")
        series.adjust(for: TableActions.joined(splits, payments))
      case nil:
        notes.append(
          "\(name): nothing says whether prices hold its splits and payments: taken as they are; --adjusted none adjusts for them"
        )
      }
    }
  }

  private static func joined(_ splits: [CorporateAction], _ payments: [CorporateAction]) -> [CorporateAction] {
    let paid = Dictionary(payments.map { ($0.date, $0.payment) }) { first, _ in first }
    let split = Set(splits.map(\.date))
    return splits.compactMap { CorporateAction(date: $0.date, split: $0.split, payment: paid[$0.date] ?? 1) }
      + payments.filter { !split.contains($0.date) }
  }
}

extension BarSeries {
  /// The last close of a date before that of a bar.
  fileprivate func closeBefore(_ row: Int) -> Double? {
    var before = row - 1
    while before >= 0, dates[before] == dates[row] { before -= 1 }
    return before >= 0 && close[before] > 0 && close[before].isFinite ? close[before] : nil
  }

  /// Whether prices do not step at any of the splits; false where they step at each, nil where neither is so, or there is none to look at.
  fileprivate func holdsSplits(_ splits: [CorporateAction]) -> Bool? {
    var (steps, stands) = (0, 0)
    for split in splits {
      guard let row = dates.firstIndex(of: split.date), let before = closeBefore(row) else { continue }
      // The nearer of both, as ratios go.
      let ratio = open[row] / before
      guard ratio > 0, ratio.isFinite else { continue }
      if abs(ratio * split.split - 1) < abs(ratio - 1) { steps += 1 } else { stands += 1 }
    }
    return steps + stands == 0 || (steps > 0 && stands > 0) ? nil : stands > 0
  }
}
