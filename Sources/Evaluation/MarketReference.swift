// What an account is compared with as its market: an index, or holding what it trades.

internal import Environments
package import Market

/// The returns of a market over the sessions of a window.
package struct MarketReference: Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    /// The series that the run's configuration names as its benchmark.
    case benchmark
    /// An index of the store.
    case index
    /// The baseline that buys and holds, at its costs: the data has no index for the window.
    case buyAndHold
  }

  package var name: String
  package var kind: Kind
  /// (T)
  package var returns: [Double]

  package init(name: String, kind: Kind, returns: [Double]) {
    self.name = name
    self.kind = kind
    self.returns = returns
  }

  /// The series' closes over the sessions of a walk; nil where it lacks one of their dates, or a close is no price.
  package init?(_ series: BarSeries, kind: Kind, over walk: WalkedSessions) {
    let sessions = walk.dates
    // Of minutes the first session begins in itself: its move is that from the close before.
    let first =
      walk.firstDecision == sessions.first ? series.dates.last { $0 < walk.firstDecision } : walk.firstDecision
    guard let first, series.missingDates(of: [first] + sessions).isEmpty else { return nil }
    self.init(name: series.symbol, kind: kind, closes: series.adjustedCloses(at: [first] + sessions))
  }

  /// The tape's own benchmark from the first decision's close over the sessions of a walk on it; nil where there is none.
  package init?(benchmarkOf tape: MarketTape, over walk: WalkedSessions) {
    guard let benchmark = tape.benchmark else { return nil }
    let bars = [walk.firstBar] + walk.lastBars.map { Int($0) }
    guard bars.allSatisfy({ benchmark.close.indices.contains($0) }) else { return nil }
    self.init(name: benchmark.symbol, kind: .benchmark, closes: bars.map { benchmark.close[$0] })
  }

  private init?(name: String, kind: Kind, closes: [Double]) {
    guard closes.allSatisfy({ $0 > 0 && $0.isFinite }) else { return nil }
    self.init(
      name: name, kind: kind,
      returns: ReturnStatistics.dailyReturns(initial: closes[0], closes: Array(closes.dropFirst())))
  }
}
