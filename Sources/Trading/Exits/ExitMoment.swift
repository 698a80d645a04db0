// What is known of a position when its plan is asked.

/// One minute of one position, all its legs priced at the same instant.
package struct ExitMoment: Sendable, Hashable {
  /// What closing one package would bring at the minute's last quote, in ten-thousandths of a dollar; `unquoted` where no quote could be filled.
  package var value: Int
  /// The least and the most that it would have brought within the minute; the last quote's where data do not say.
  package var worst: Int
  package var best: Int
  /// Ten-thousandths of a dollar; 0 where unknown.
  package var underlying: Int
  /// Calendar days.
  package var daysToExpiry: Int
  /// Minutes to the close of the last session in which the position trades; `laterSession` before that session.
  package var minutesToLastClose: Int

  package static let unquoted = Int.min
  package static let laterSession = Int.max

  @inlinable
  package init(
    value: Int, underlying: Int = 0, daysToExpiry: Int, minutesToLastClose: Int = ExitMoment.laterSession
  ) {
    self.init(
      value: value, worst: value, best: value, underlying: underlying, daysToExpiry: daysToExpiry,
      minutesToLastClose: minutesToLastClose)
  }

  /// A minute of which the range is known as well; a range that does not hold the value is widened by it.
  @inlinable
  package init(
    value: Int, worst: Int, best: Int, underlying: Int = 0, daysToExpiry: Int,
    minutesToLastClose: Int = ExitMoment.laterSession
  ) {
    self.value = value
    self.worst = max(min(worst, value), -ExitState.mostValue)
    self.best = min(max(best, value), ExitState.mostValue)
    self.underlying = underlying
    self.daysToExpiry = daysToExpiry
    self.minutesToLastClose = minutesToLastClose
  }

  /// Whether there is a value; what lies beyond all prices is none.
  @inlinable
  package var isQuoted: Bool { value >= -ExitState.mostValue && value <= ExitState.mostValue }
}
