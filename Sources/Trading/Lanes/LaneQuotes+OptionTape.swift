// Lanes that share a tape of options.

package import Market

extension LaneQuotes {
  /// The quotes of a tape, which must outlive them. rows: (lanes) `OptionTape.Session.place(minute:)` of each lane's minute. Lanes may be in different sessions of
  /// equal length; a date is that of all of them.
  package init(
    _ tape: OptionTape, rows: UnsafePointer<Int>, laneMinutes: UnsafePointer<Int32>, date: CalendarDate,
    minuteCount: Int
  ) {
    self.init(
      bids: tape.bids, asks: tape.asks, minutes: tape.minutes, rows: rows, laneMinutes: laneMinutes, date: date,
      minuteCount: minuteCount)
    (bidSizes, askSizes, volumes) = (tape.bidSizes, tape.askSizes, tape.volumes)
    (models, underlyingPrices) = (tape.models, tape.underlyingPrices)
  }
}
