// How much of the exchange's time lies before an expiry.

package import Pricing

extension TradingCalendar {
  /// The sessions and nights from a minute of a session (0 at its open, its length at its close) to the close of a later one or of itself, or to the open of that
  /// where options settle there. Sessions are told by their ordinals. Traps where there are none such, or the second lies before the first.
  package func remainingSessions(
    from first: Int, minute: Double, to last: Int, settlesAtOpen: Bool = false
  ) -> RemainingSessions {
    precondition(first <= last, "an expiry before its moment")
    let current = sessions[first]
    var later: [RemainingSessions.Session] = []
    for ordinal in first..<last {
      let (before, next) = (sessions[ordinal], sessions[ordinal + 1])
      later.append(
        RemainingSessions.Session(
          after: next.date == before.date.advanced(by: 1) ? .ordinary : .long, minutes: Double(next.minuteCount)))
    }
    return RemainingSessions(
      current: (minute, Double(current.minuteCount)), later: later, settlesAtOpen: settlesAtOpen)
  }
}
