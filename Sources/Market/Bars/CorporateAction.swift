// What changes a share from one session to the next, and the one way in which bars are adjusted for it.

import Text

/// A split, a payment, or both, of which the session of that date is the first to trade without.
package struct CorporateAction: Sendable, Hashable {
  package let date: CalendarDate
  /// How many shares one became; 1 where the share did not split.
  package let split: Double
  /// What prices before that date are multiplied by for what was paid: 1 - payment / close before; 1 where nothing was.
  package let payment: Double

  /// More than any share has split into, or was merged from.
  package static let largestSplit = 10_000.0

  /// Nil where a number is none that a share can have.
  package init?(date: CalendarDate, split: Double = 1, payment: Double = 1) {
    guard split >= 1 / CorporateAction.largestSplit, split <= CorporateAction.largestSplit, payment > 0,
      payment.isFinite
    else { return nil }
    (self.date, self.split, self.payment) = (date, split, payment)
  }

  /// What prices before that date are multiplied by.
  package var priceFactor: Double { payment / split }
}

extension BarSeries {
  /// Remembers actions, of which the adjustment factors know already or shall not know: volume is adjusted by their splits alone. One of a date that
  /// has one takes its place.
  package mutating func remember(_ added: [CorporateAction]) {
    let dates = Set(added.map(\.date))
    actions = (actions.filter { !dates.contains($0.date) } + added).sorted { $0.date < $1.date }
  }

  /// Remembers actions, and adjusts the bars of the dates before each for it. The first bar of an action's date is not adjusted: it trades at the
  /// new price already.
  package mutating func adjust(for added: [CorporateAction]) {
    if added.isEmpty { return }
    remember(added)
    let factors = Steps(added, \.priceFactor)
    for row in 0..<wholeRows { adjustmentFactors[row] *= factors.product(after: dates[row]) }
  }

  /// Raw prices as they compare over time, (B) or fewer: each times its factor.
  ///
  /// `date`: a day on which they are looked at: bars after it are left out, and so is all that was split and paid since, so that the prices of that day
  /// are those that were traded. Nil for all that is known.
  package func adjusted(_ prices: KeyPath<BarSeries, [Double]>, asOf date: CalendarDate? = nil) -> [Double] {
    let values = self[keyPath: prices]
    // Of raw prices the column itself: there may be millions.
    guard let date else { return hasFactors(values) ? zip(values, adjustmentFactors).map(*) : values }
    let rows = (0..<wholeRows).filter { dates[$0] <= date }
    guard let newest = rows.max(by: { dates[$0] < dates[$1] }) else { return [] }
    return rows.map { values[$0] * (adjustmentFactors[$0] / adjustmentFactors[newest]) }
  }

  /// Volumes as they compare over time, (B), or fewer where columns differ in length: a payment changes no number of shares, so that where actions are known it is their splits that count, else
  /// the factors.
  package var adjustedVolume: [Double] {
    guard !actions.isEmpty else { return hasFactors(volume) ? zip(volume, adjustmentFactors).map(/) : volume }
    let splits = Steps(actions, \.split)
    return zip(volume, dates).map { $0 * splits.product(after: $1) }
  }

  /// Whether the factors change any of a column's values, or how many there are.
  private func hasFactors(_ values: [Double]) -> Bool {
    values.count != adjustmentFactors.count || adjustmentFactors.contains { $0 != 1 }
  }

  /// What is multiplied over all actions after a date.
  private struct Steps {
    private let dates: [CalendarDate]
    /// Of the actions from each on; 1 behind the last.
    private var products: [Double]

    init(_ actions: [CorporateAction], _ value: (CorporateAction) -> Double) {
      let actions = actions.sorted { $0.date < $1.date }
      dates = actions.map(\.date)
      products = [Double](repeating: 1, count: actions.count + 1)
      for place in actions.indices.reversed() { products[place] = value(actions[place]) * products[place + 1] }
    }

    func product(after date: CalendarDate) -> Double {
      products[dates.firstPlace { $0 > date }]
    }
  }
}
