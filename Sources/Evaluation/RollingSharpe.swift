// Whether a ratio held throughout a window, or was made in one part of it.

package import Market

/// The Sharpe ratio over the last so many sessions, at every close that has them behind it.
package struct RollingSharpe: Sendable, Equatable {
  /// Sessions of one span: a year, or half of what there is.
  package static let usualSpan = 252
  /// A ratio over fewer sessions says nothing.
  package static let shortestSpan = 20

  /// Sessions that each ratio is made of.
  package var span: Int
  /// (T - span + 1) the close at which each span ends.
  package var dates: [CalendarDate]
  /// (T - span + 1) annual; nil where the account did not move in the whole span.
  package var ratios: [Double?]

  /// A ratio with its standard error (Lo 2002) and the close that ended its span.
  package struct Point: Sendable, Equatable {
    package var date: CalendarDate
    package var ratio: Double
    package var standardError: Double
  }

  /// returns: (T) the account's; excess: (T) the same over cash; dates: (T) closes. Nil where half of the sessions are fewer than 20.
  package init?(returns: [Double], excess: [Double], dates: [CalendarDate]) {
    precondition(
      excess.count == returns.count && dates.count == returns.count,
      "\(returns.count) returns, \(excess.count) over cash and \(dates.count) dates")
    let span = min(RollingSharpe.usualSpan, returns.count / 2)
    guard span >= RollingSharpe.shortestSpan else { return nil }
    self.span = span
    self.dates = Array(dates[(span - 1)...])
    ratios = (span...returns.count).map { end in
      ReturnStatistics.sharpe(Array(returns[(end - span)..<end]), excess: Array(excess[(end - span)..<end]))
    }
  }

  /// The spans that have a ratio, in order.
  package var points: [Point] {
    zip(dates, ratios).compactMap { date, ratio in
      guard let ratio, let error = ReturnStatistics.sharpeStandardError(annualSharpe: ratio, sessions: span) else {
        return nil
      }
      return Point(date: date, ratio: ratio, standardError: error)
    }
  }

  /// Spans in which the account never moved.
  package var restingSpans: Int { ratios.count { $0 == nil } }
}
