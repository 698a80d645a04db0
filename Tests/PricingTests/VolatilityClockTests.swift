// The three clocks: what an hour, a weekend and a half day are worth.

import Testing

@testable import Pricing

@Suite struct VolatilityClockTests {
  private let clock = VarianceClock()

  @Test func `inside a session the calendar and the session clock differ by 5.35, over a month hardly`() throws {
    let hour = ExpiryTimes(calendarMinutes: 60, sessionMinutes: 60, variance: 0.001)
    #expect(abs(hour.session / hour.calendar - 5.348) < 1e-3)
    let week = ExpiryTimes(calendarMinutes: 7 * 1440, sessionMinutes: 5 * 390, variance: 0.02)
    #expect(abs(week.session / week.calendar - 1.035) < 1e-3)
    let session = ClockedVolatility(0.15, on: .session)
    let calendar = try session.converted(to: .calendar, over: hour)
    #expect(abs(calendar.value / 0.15 - 2.3126) < 1e-3 && calendar.clock == .calendar)
    // The same price, whichever clock.
    let prices = try [session, calendar].map {
      try BlackScholes.value(
        OptionTerms(.call, spot: 600, strike: 601, years: hour.years(on: $0.clock), volatility: $0.value)
      ).price
    }
    #expect(abs(prices[0] - prices[1]) < 1e-12)
    let back = try calendar.converted(to: .session, over: hour)
    #expect(abs(back.value - 0.15) < 1e-15)
    let same = try session.converted(
      to: .session, over: ExpiryTimes(calendarMinutes: 0, sessionMinutes: 0, variance: 0))
    #expect(same == session)
    #expect(throws: PricingError.expired) {
      try session.converted(to: .calendar, over: ExpiryTimes(calendarMinutes: 0, sessionMinutes: 0, variance: 0))
    }
  }

  @Test func `the profile sums to one and is steep at both ends`() {
    let profile = SessionProfile.measured
    #expect(profile.cumulative(minute: 0, of: 390) == 0)
    #expect(profile.cumulative(minute: 390, of: 390) == 1)
    #expect(abs(profile.cumulative(minute: 5, of: 390) - 5 * 3.7 / 393.8) < 1e-15)
    #expect(abs(profile.cumulative(minute: 30, of: 390) - (5 * 3.7 + 25 * 2.1) / 393.8) < 1e-15)
    // Between whole minutes too, and a half day has the same shape pressed together.
    #expect(abs(profile.cumulative(minute: 2.5, of: 390) - 2.5 * 3.7 / 393.8) < 1e-15)
    #expect(
      abs(profile.cumulative(minute: 105, of: 210) - profile.cumulative(minute: 195, of: 390)) < 1e-15)
    let minutes = (0...390).map { profile.cumulative(minute: Double($0), of: 390) }
    #expect(zip(minutes, minutes.dropFirst()).allSatisfy { $0 < $1 })
  }

  @Test func `a trading day is one 252nd, a weekend's night a tenth more, a half day's session half`() {
    func days(_ remaining: RemainingSessions) -> Double { clock.years(over: remaining) * 252 }
    let opened = RemainingSessions(current: (0, 390), later: [])
    #expect(abs(days(opened) - 0.65) < 1e-15)
    let week = RemainingSessions(
      current: (0, 390), later: (0..<4).map { _ in .init(after: .ordinary, minutes: 390) })
    #expect(abs(days(week) - (5 * 0.65 + 4 * 0.35)) < 1e-14)
    // A Friday's option at a Monday's night before, over a weekend.
    let weekend = RemainingSessions(current: nil, later: [.init(after: .long, minutes: 390)])
    #expect(abs(days(weekend) - (0.65 + 0.385)) < 1e-15)
    let half = RemainingSessions(current: (0, 210), later: [])
    #expect(abs(days(half) - 0.325) < 1e-15)
    let minutesLeft = RemainingSessions(current: (330, 390), later: [])
    let share = (45 * 0.63 + 10 * 1.0 + 5 * 1.45) / 393.8
    #expect(abs(days(minutesLeft) - 0.65 * share) < 1e-15)
    let over = RemainingSessions(current: (390, 390), later: [])
    #expect(clock.years(over: over) == 0)
  }

  @Test func `an option settled at the open of the same Friday ended with the night, the other lives until the close`()
    throws
  {
    let thursday = (elapsed: 390.0, minutes: 390.0)
    let friday = [RemainingSessions.Session(after: .ordinary, minutes: 390)]
    let morning = RemainingSessions(current: thursday, later: friday, settlesAtOpen: true)
    let afternoon = RemainingSessions(current: thursday, later: friday)
    #expect(abs(clock.years(over: morning) * 252 - 0.35) < 1e-15)
    #expect(abs(clock.years(over: afternoon) * 252 - 1.0) < 1e-15)
    // One minute before the close of that Friday the second still has Greeks and a volatility.
    let last = RemainingSessions(current: (389, 390), later: [])
    let terms = OptionTerms(.call, spot: 6000, strike: 6000, years: clock.years(over: last), volatility: 0.15)
    let value = try BlackScholes.value(terms)
    #expect(value.delta > 0.4 && value.gamma > 0 && value.thetaPerYear < 0)
    let found = try ImpliedVolatility.solve(price: value.price, terms)
    #expect(abs(found - 0.15) < 1e-12)
  }

  @Test func `every share can be set`() {
    var other = VarianceClock()
    other.sessionShare = 0.5
    other.nightShare = 0.5
    other.longNightFactor = 1.7
    other.halfDayFactor = 0.6
    let remaining = RemainingSessions(
      current: (0, 210), later: [.init(after: .long, minutes: 390), .init(after: .ordinary, minutes: 390)])
    #expect(abs(other.years(over: remaining) * 252 - (0.3 + 0.85 + 0.5 + 0.5 + 0.5)) < 1e-14)
  }
}
