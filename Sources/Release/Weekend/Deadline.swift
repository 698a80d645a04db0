// By when a weekend must be done: told as a time of the week or as a duration, kept by a clock that nobody sets.

package import Text
package import Training

/// A moment, or so long from the beginning on, with the words that said so.
package struct Deadline: Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    case weekly(WeeklyTime)
    /// Seconds.
    case duration(Double)
  }

  package let text: String
  package let kind: Kind

  private static let units: [(name: String, seconds: Double)] = [("min", 60), ("s", 1), ("h", 3600), ("d", 86_400)]
  private static let longestSeconds = 31.0 * 86_400

  /// Reads `Mon 05:00 America/New_York`, or a duration such as `90min`, `8h` or `1.5d`.
  package init(_ text: String) throws(TrainingError) {
    self.text = text
    if text.contains(" ") {
      kind = .weekly(try WeeklyTime(text))
      return
    }
    for (name, seconds) in Deadline.units where text.hasSuffix(name) {
      guard case .value(let number) = DecimalNumber.parse(Array(text.utf8.dropLast(name.utf8.count))[...]), number > 0,
        number * seconds <= Deadline.longestSeconds
      else { break }
      kind = .duration(number * seconds)
      return
    }
    throw .refused(
      "'\(PrintableText.name(text))' is no deadline: write a time of the week such as 'Mon 05:00 America/New_York', or a "
        + "duration of at most 31 days such as 90min or 8h")
  }

  package var isDuration: Bool { if case .duration = kind { true } else { false } }

  /// Seconds from a moment, in seconds since 1970, until it.
  package func seconds(from now: Int64) -> Double {
    switch kind {
    case .weekly(let time): Double(time.next(after: now) - now)
    case .duration(let seconds): seconds
    }
  }
}

/// How much time is left. It was asked once what time it is; since then only a clock counts that runs on whatever is set, and while the machine sleeps.
package struct Countdown: Sendable {
  package let seconds: Double
  private let begin: Double
  private let clock: @Sendable () -> Double

  package init(seconds: Double, clock: @escaping @Sendable () -> Double = { WeekendClock.machine.secondsUp() }) {
    self.seconds = seconds
    self.clock = clock
    begin = clock()
  }

  package var used: Double { clock() - begin }
  /// Below 0 behind the deadline.
  package var left: Double { seconds - used }
}
