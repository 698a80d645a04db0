// Which time a volatility is measured in.

/// A way of counting the time to expiry in years. No volatility means anything without it: inside one session the first two differ by a factor 5.35 in
/// time and 2.31 in volatility, for the same price.
package enum VolatilityClock: String, CaseIterable, Sendable {
  /// Minutes to the instant of expiry, by 525,600.
  case calendar
  /// Minutes of regular sessions to the instant of expiry, by 98,280 (252 sessions of 390).
  case session
  /// Shares of trading days' variance to the instant of expiry, by 252: see `VarianceClock`.
  case variance

  package static let calendarMinutesPerYear = 525_600.0
  package static let sessionMinutesPerYear = 98_280.0
}

/// The time to one expiry on every clock, in years.
package struct ExpiryTimes: Equatable, Sendable {
  package let calendar: Double
  package let session: Double
  package let variance: Double

  package init(calendarMinutes: Double, sessionMinutes: Double, variance: Double) {
    calendar = calendarMinutes / VolatilityClock.calendarMinutesPerYear
    session = sessionMinutes / VolatilityClock.sessionMinutesPerYear
    self.variance = variance
  }

  package func years(on clock: VolatilityClock) -> Double {
    switch clock {
    case .calendar: calendar
    case .session: session
    case .variance: variance
    }
  }
}

/// A volatility and the clock that it was measured on.
package struct ClockedVolatility: Equatable, Sendable {
  /// A decimal a year of the clock.
  package let value: Double
  package let clock: VolatilityClock

  package init(_ value: Double, on clock: VolatilityClock) {
    self.value = value
    self.clock = clock
  }

  /// The volatility of the same price on another clock: v1^2 T1 = v2^2 T2. At the moment of expiry there is none on any other clock.
  package func converted(to other: VolatilityClock, over times: ExpiryTimes) throws(PricingError) -> ClockedVolatility {
    if other == clock { return self }
    let own = times.years(on: clock)
    let others = times.years(on: other)
    guard own > 0, others > 0 else { throw .expired }
    return ClockedVolatility(value * (own / others).squareRoot(), on: other)
  }
}
