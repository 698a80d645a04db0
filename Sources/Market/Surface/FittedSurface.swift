// What is kept of a surface that was fitted to a chain: all that says a volatility, and how well it fits. No quote.

/// A surface of one moment without its quotes.
package struct FittedSurface: Sendable, Equatable {
  package let date: CalendarDate
  /// Minutes from the open.
  package let minute: Int
  package let rate: ChainRate
  /// By the time to their expiry.
  package let expiries: [FittedExpiry]

  package init(date: CalendarDate, minute: Int, rate: ChainRate, expiries: [FittedExpiry]) {
    (self.date, self.minute, self.rate, self.expiries) = (date, minute, rate, expiries)
  }

  package init(_ surface: ChainSurface) {
    self.init(
      date: surface.date, minute: surface.minute, rate: surface.rate, expiries: surface.expiries.map(FittedExpiry.init))
  }
}

extension FittedSurface {
  /// Fits all minutes of a session in which its chain is quoted, one by one, each by what was known at its end. `rate`: see `ChainSurface`. Throws where no
  /// minute can have a surface, since the chain is of two underlyings.
  ///
  /// Returns the surfaces by their minute, and how many quoted minutes have none: of a minute without two-sided quotes the next may have one.
  package static func all(
    of chain: OptionChain, in session: ChainSession, rate: Double? = nil, calendar: TradingCalendar = .xnys
  ) throws(ChainSurfaceProblem) -> (surfaces: [FittedSurface], silent: Int) {
    guard let length = calendar.tradingMinutes(session.date) else { return ([], 0) }
    var (surfaces, silent): ([FittedSurface], Int) = ([], 0)
    for minute in session.minutes where minute >= 0 && Int(minute) < length {
      do throws(ChainSurfaceProblem) {
        surfaces.append(
          FittedSurface(try ChainSurface(chain, session, at: Int(minute) + 1, rate: rate, calendar: calendar)))
      } catch {
        if case .severalUnderlyings = error { throw error }
        silent += 1
      }
    }
    return (surfaces, silent)
  }
}

/// An expiry of such a surface.
package struct FittedExpiry: Sendable, Equatable {
  package struct Forward: Sendable, Equatable {
    /// Dollars.
    package var forward, error: Double
    package var discount: Double
    package var source: ChainForward.DiscountSource

    package init(forward: Double, error: Double, discount: Double, source: ChainForward.DiscountSource) {
      (self.forward, self.error, self.discount, self.source) = (forward, error, discount, source)
    }
  }

  /// What was found and mended.
  package struct Repairs: Sendable, Equatable {
    /// Butterflies of negative price before and after.
    package var butterflies = 0
    package var butterfliesLeft = 0
    /// Places below an earlier expiry where that is quoted, and beyond; and by how much at most, volatility.
    package var calendarPlaces = 0
    package var beyondQuotes = 0
    package var calendarWorst = 0.0

    package init() {}
  }

  package var root: String
  package var expiry: CalendarDate
  package var sessionsAhead: Int
  package var years: Double
  package var calendarYears: Double
  package var forward: Forward?
  /// nil where it was refused.
  package var smile: ChainSmile?
  package var refusal: ChainExpiry.Refusal?
  package var residuals: ChainExpiry.Residuals?
  package var repairs: Repairs

  package init(
    root: String, expiry: CalendarDate, sessionsAhead: Int, years: Double, calendarYears: Double, forward: Forward?,
    smile: ChainSmile?, refusal: ChainExpiry.Refusal?, residuals: ChainExpiry.Residuals?, repairs: Repairs
  ) {
    (self.root, self.expiry, self.sessionsAhead) = (root, expiry, sessionsAhead)
    (self.years, self.calendarYears, self.forward) = (years, calendarYears, forward)
    (self.smile, self.refusal, self.residuals, self.repairs) = (smile, refusal, residuals, repairs)
  }

  init(_ expiry: ChainExpiry) {
    var repairs = Repairs()
    repairs.butterflies = expiry.butterflies.negative
    repairs.butterfliesLeft = expiry.butterfliesLeft
    repairs.calendarPlaces = expiry.calendar.places
    repairs.beyondQuotes = expiry.calendar.beyondQuotes
    repairs.calendarWorst = expiry.calendar.worst
    self.init(
      root: expiry.strikes.root, expiry: expiry.strikes.expiry, sessionsAhead: expiry.sessionsAhead,
      years: expiry.years, calendarYears: expiry.calendarYears,
      forward: expiry.forward.map {
        Forward(forward: $0.forward, error: $0.forwardError, discount: $0.discount, source: $0.discountSource)
      }, smile: expiry.smile, refusal: expiry.refusal, residuals: expiry.residuals, repairs: repairs)
  }
}

extension ChainSmile {
  /// A smile as its parts were kept: to the bit the one that they are of.
  package init(
    _ form: Form, atTheMoney: Double, years: Double, quoted: ClosedRange<Double>, isCut: Bool, flattening: Double,
    floor: ChainSmile?
  ) {
    self.init(form, atTheMoney: atTheMoney, years: years, quoted: quoted)
    if isCut { self = cut(to: quoted) }
    self.flattening = flattening
    if let floor { raise(to: floor) }
  }
}
