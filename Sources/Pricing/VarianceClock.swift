// The clock of variance: how much of a trading day's movement is still to come.

/// How variance is spread over a regular session: relative weights a minute, by the minutes at which each stretch ends.
package struct SessionProfile: Equatable, Sendable {
  package struct Stretch: Equatable, Sendable {
    /// The minute of a full session at which the stretch ends.
    package let endMinute: Double
    /// Relative variance a minute.
    package let weight: Double

    package init(to endMinute: Double, weight: Double) {
      self.endMinute = endMinute
      self.weight = weight
    }
  }

  package let stretches: [Stretch]
  private let total: Double

  /// Measured on minutes of SPY over 127 full sessions.
  package static let measured = SessionProfile([
    Stretch(to: 5, weight: 3.7), Stretch(to: 30, weight: 2.1), Stretch(to: 60, weight: 1.8),
    Stretch(to: 90, weight: 1.3),
    Stretch(to: 150, weight: 1.0), Stretch(to: 240, weight: 0.75), Stretch(to: 375, weight: 0.63),
    Stretch(to: 385, weight: 1.0), Stretch(to: 390, weight: 1.45),
  ])

  /// Traps unless the stretches follow one another and have weights that are not negative and not all zero.
  package init(_ stretches: [Stretch]) {
    var start = 0.0
    var total = 0.0
    for stretch in stretches {
      precondition(stretch.endMinute > start && stretch.weight >= 0, "a session's stretches must follow one another")
      total += (stretch.endMinute - start) * stretch.weight
      start = stretch.endMinute
    }
    precondition(total > 0, "a session's profile has no weight")
    self.stretches = stretches
    self.total = total
  }

  /// The share of the session's variance before a minute of a session of that length. A shorter session has the same shape, pressed together.
  package func cumulative(minute: Double, of length: Double) -> Double {
    guard let end = stretches.last?.endMinute, length > 0 else { return 1 }
    let place = min(max(minute / length, 0), 1) * end
    var start = 0.0
    var sum = 0.0
    for stretch in stretches where start < place {
      sum += (min(stretch.endMinute, place) - start) * stretch.weight
      start = stretch.endMinute
    }
    return min(sum / total, 1)
  }

  /// (minutes) the share of the session's variance that each of its minutes has; they add up to 1.
  package func shares(ofMinutes minutes: Int) -> [Double] {
    let before = (0...minutes).map { cumulative(minute: Double($0), of: Double(minutes)) }
    return zip(before.dropFirst(), before).map(-)
  }
}

/// The sessions and nights between now and an expiry, as a calendar told them.
package struct RemainingSessions: Equatable, Sendable {
  /// What lies between two sessions.
  package enum Night: Sendable {
    case ordinary
    /// Over a weekend or a holiday.
    case long
  }

  package struct Session: Equatable, Sendable {
    package let night: Night
    /// 390 of a full session.
    package let minutes: Double

    /// A session and the night before it.
    package init(after night: Night, minutes: Double) {
      self.night = night
      self.minutes = minutes
    }
  }

  /// The session that is open: minutes gone and its length. Nil at night: then the first of the later ones has its whole night before it.
  package var current: (elapsed: Double, minutes: Double)?
  /// Those after it, the last being that of the expiry.
  package var later: [Session]
  /// Whether the option is settled on the opening prices of the last session, which then does not count.
  package var settlesAtOpen: Bool

  package init(current: (elapsed: Double, minutes: Double)?, later: [Session], settlesAtOpen: Bool = false) {
    self.current = current
    self.later = later
    self.settlesAtOpen = settlesAtOpen
  }

  package static func == (left: RemainingSessions, right: RemainingSessions) -> Bool {
    left.current?.elapsed == right.current?.elapsed && left.current?.minutes == right.current?.minutes
      && left.later == right.later && left.settlesAtOpen == right.settlesAtOpen
  }
}

/// How a trading day's variance, 1/252 of a year's, is shared out.
package struct VarianceClock: Equatable, Sendable {
  /// Of a full session. Measured on SPY: 0.76 in 1999-2007, 0.67 in 2008-2012, 0.52 in 2013-2020, 0.64 to 0.66 in 2024-2026.
  package var sessionShare = 0.65
  /// Of the night before a session.
  package var nightShare = 0.35
  /// What a night over a weekend or a holiday is of an ordinary one.
  package var longNightFactor = 1.1
  /// What the session of a half day is of a full one.
  package var halfDayFactor = 0.5
  package var daysPerYear = 252.0
  package var fullSessionMinutes = 390.0
  package var profile = SessionProfile.measured

  package init() {}

  /// Years to the close of the last session, or to its open where the option is settled there. At the first minute of a session its night is past.
  package func years(over remaining: RemainingSessions) -> Double {
    var days = 0.0
    if let current = remaining.current {
      let gone = profile.cumulative(minute: current.elapsed, of: current.minutes)
      days += weight(ofMinutes: current.minutes) * (1 - gone)
    }
    for (index, session) in remaining.later.enumerated() {
      days += weight(of: session.night)
      if remaining.settlesAtOpen && index == remaining.later.count - 1 { break }
      days += weight(ofMinutes: session.minutes)
    }
    return days / daysPerYear
  }

  /// What a session of so many minutes has of a trading day's variance.
  package func weight(ofMinutes minutes: Double) -> Double {
    minutes < fullSessionMinutes ? sessionShare * halfDayFactor : sessionShare
  }

  /// What a night has of it.
  package func weight(of night: RemainingSessions.Night) -> Double {
    night == .long ? nightShare * longNightFactor : nightShare
  }
}
