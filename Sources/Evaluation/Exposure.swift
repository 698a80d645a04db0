// How much of an account was at work, and what that earned.

/// The capital at work in one walk of T sessions, in dollars.
///
/// Gross exposure is the sum over symbols of |shares| x price: longs and shorts alike, cash left out. All orders are filled at a session's
/// open, so a session has two exposures: what was held into it, at the close before it, and what was held through it, after its fills and
/// at its open. Its capital at work is the larger of the two: a position entered at the open works, and so does one that is closed there
/// over the night before. A session's profit is the change of net liquidation value over it, costs included.
package struct Exposure: Sendable, Equatable {
  /// (T) gross exposure at each session's close.
  package var grossAtClose: [Double]
  /// (T) gross exposure at each close over net liquidation value there; 0 where that is not positive.
  package var shares: [Double]
  /// (T) capital at work in each session; 0 where nothing was held in any part of it.
  package var atWork: [Double]
  /// (T) a session's profit over its capital at work, a fraction; nil where nothing was at work.
  package var sessionReturns: [Double?]
  /// Mean capital at work over the sessions with any: sessions without a position do not make it smaller, and so the return on it greater.
  /// Nil where there are none.
  package var meanAtWork: Double?
  /// The walk's whole profit over `meanAtWork`, a fraction that is not compounded; nil where nothing was ever at work.
  package var returnOnCapitalAtWork: Double?
  /// How the exposure fell behind the account; nil where it did not.
  package var decline: Decline?

  /// An exposure that a growing account left behind.
  ///
  /// The closes with a position are taken in order, and of n the first n / 4 are compared with the last n / 4 (whole numbers; fewer than
  /// four closes say nothing). There is a decline where the mean of exposure over account in the last quarter is below half of that in the first,
  /// the mean account is larger, and the mean exposure in dollars is at least half of what it was: it is the account's growth that did
  /// it, and not a policy that came to hold less.
  package struct Decline: Sendable, Equatable {
    /// Mean of exposure over account, a fraction.
    package var firstShare: Double
    package var lastShare: Double
    /// Mean net liquidation value, dollars.
    package var firstValue: Double
    package var lastValue: Double
  }

  /// Whether the exposure fell below half of its start because the account grew.
  package var fellBelowHalfOfItsStart: Bool { decline != nil }

  /// values: (T + 1) net liquidation value at the first decision and at each session's close. grossAtClose: (T + 1) gross exposure there.
  /// grossAtOpen: (T) gross exposure after each session's fills. Traps where the lengths differ.
  package init(values: [Double], grossAtClose: [Double], grossAtOpen: [Double]) {
    let sessions = grossAtOpen.count
    precondition(
      values.count == sessions + 1 && grossAtClose.count == sessions + 1,
      "\(values.count) values and \(grossAtClose.count) exposures at closes for \(sessions) sessions")
    let gross = Array(grossAtClose.dropFirst())
    let shares = zip(values, grossAtClose).dropFirst().map { value, gross in value > 0 ? gross / value : 0 }
    let atWork = zip(grossAtClose, grossAtOpen).map { max($0, $1) }
    self.grossAtClose = gross
    self.shares = shares
    self.atWork = atWork
    sessionReturns = atWork.indices.map { session in
      atWork[session] > 0 ? (values[session + 1] - values[session]) / atWork[session] : nil
    }
    meanAtWork = ReturnStatistics.mean(atWork.filter { $0 > 0 })
    returnOnCapitalAtWork = meanAtWork.map { (values[sessions] - values[0]) / $0 }
    decline = Exposure.decline(values: Array(values.dropFirst()), gross: gross, shares: shares)
  }

  /// All (T), at the closes.
  private static func decline(values: [Double], gross: [Double], shares: [Double]) -> Decline? {
    let held = gross.indices.filter { gross[$0] > 0 && values[$0] > 0 }
    let first = held.prefix(held.count / 4)
    let last = held.suffix(held.count / 4)
    func mean(_ series: [Double], _ places: ArraySlice<Int>) -> Double? {
      ReturnStatistics.mean(places.map { series[$0] })
    }
    guard let firstShare = mean(shares, first), let lastShare = mean(shares, last),
      let firstValue = mean(values, first), let lastValue = mean(values, last),
      let firstGross = mean(gross, first), let lastGross = mean(gross, last)
    else { return nil }
    guard lastShare < firstShare / 2, lastValue > firstValue, lastGross >= firstGross / 2 else { return nil }
    return Decline(firstShare: firstShare, lastShare: lastShare, firstValue: firstValue, lastValue: lastValue)
  }

  /// The gross exposure of `shares` (S) at one bar of `prices` [symbol][bar], dollars.
  static func gross(_ shares: [Double], prices: [[Double]], bar: Int) -> Double {
    zip(shares, prices).reduce(0) { $0 + abs($1.0) * $1.1[bar] }
  }
}

extension BacktestRecord {
  /// The capital at work in this walk. A session of several bars has as much at work as any of them.
  package var exposure: Exposure {
    let ends = sessionEnds
    let most = zip([-1] + ends, ends).map { before, last in
      (before + 1...last).reduce(0) { max($0, grossAtOpen[$1], $1 > before + 1 ? grossAtClose[$1] : 0) }
    }
    return Exposure(
      values: [initialDollars] + closes, grossAtClose: [grossAtClose[0]] + ends.map { grossAtClose[$0 + 1] },
      grossAtOpen: most)
  }
}
