// Whether a minute's volume is much or little for its session and its time of day, whatever unit volumes are counted in.

internal import Glibc

/// A minute's volume against what the same session's volume so far and the minute's usual share lead to expect, minute by minute.
///
/// With v the volume, V that of the session's earlier minutes, u the usual share of the minute and U that of those earlier minutes:
/// log(v U / (V u)), limited to -5...5. Volumes stand in it as a ratio within one session, so that a vendor's change of unit from one session to
/// another moves nothing. The usual share of a minute is the mean of its shares of the volume of the last 20 full sessions that are over; a
/// half day has the same shape pressed together. Where nothing can be expected it is 0: at a session's first bar, before the first full session
/// is over, and where a volume is not a number or all were zero.
package struct VolumeAgainstUsual: Sendable {
  package static let sessions = 20
  package static let limit = 5.0
  private static let fullMinutes = TradingCalendar.fullSessionMinutes

  /// The last full sessions, oldest overwritten first: (390) shares each.
  private var history: [[Double]] = []
  private var oldest = 0
  /// (391) what share of a session's volume lies before each minute; empty before the first full session is over.
  private var usualBefore: [Double] = []
  private var volumes = [Double](repeating: 0, count: fullMinutes)
  private var minutes = 0
  private var volumeSoFar = 0.0
  private var usualSoFar = 0.0

  package init() {}

  /// Begins a session of so many minutes; the one before it is over.
  package mutating func begin(minutes: Int) {
    let total = volumes.reduce(0, +)
    if self.minutes == VolumeAgainstUsual.fullMinutes, total > 0, total.isFinite { learn(volumes.map { $0 / total }) }
    self.minutes = minutes
    for minute in volumes.indices { volumes[minute] = 0 }
    (volumeSoFar, usualSoFar) = (0, 0)
  }

  private mutating func learn(_ shares: [Double]) {
    if history.count < VolumeAgainstUsual.sessions {
      history.append(shares)
    } else {
      history[oldest] = shares
      oldest = (oldest + 1) % history.count
    }
    usualBefore = [0]
    for minute in 0..<VolumeAgainstUsual.fullMinutes {
      let mean = history.reduce(0) { $0 + $1[minute] } / Double(history.count)
      usualBefore.append(usualBefore[minute] + mean)
    }
  }

  /// The next bar of the session. Traps outside of it.
  package mutating func next(minute: Int, volume: Double) -> Double {
    precondition(
      minute >= 0 && minute < minutes && minutes <= VolumeAgainstUsual.fullMinutes, "minute \(minute) of \(minutes)")
    guard volume >= 0, volume.isFinite else { return 0 }
    let usual = usualShare(minute)
    let expected = usualSoFar > 0 ? volumeSoFar * usual / usualSoFar : 0
    volumes[minute] = volume
    volumeSoFar += volume
    usualSoFar += usual
    guard expected > 0 else { return 0 }
    return max(-VolumeAgainstUsual.limit, min(VolumeAgainstUsual.limit, log(volume / expected)))
  }

  /// The usual share of a minute of the session that was begun, times its minutes: 1 for a minute like all others. nil before the first full session is over.
  package func usualWeight(ofMinute minute: Int) -> Double? {
    guard !usualBefore.isEmpty, (0..<minutes).contains(minute) else { return nil }
    return usualShare(minute) * Double(minutes)
  }

  private func usualShare(_ minute: Int) -> Double {
    guard !usualBefore.isEmpty else { return 0 }
    if minutes == VolumeAgainstUsual.fullMinutes { return usualBefore[minute + 1] - usualBefore[minute] }
    return usual(before: minute + 1) - usual(before: minute)
  }

  /// The usual share before a minute of a shorter session.
  private func usual(before minute: Int) -> Double {
    let place = Double(minute * VolumeAgainstUsual.fullMinutes) / Double(minutes)
    let whole = min(Int(place), VolumeAgainstUsual.fullMinutes - 1)
    return usualBefore[whole] + (place - Double(whole)) * (usualBefore[whole + 1] - usualBefore[whole])
  }
}

extension MarketTape {
  /// (B) of one symbol. Traps where the bars are not of minutes.
  package func volumeAgainstUsual(symbol: Int) -> [Double] {
    precondition(width == .minute, "the volume of a session against its minutes")
    var stream = VolumeAgainstUsual()
    var values: [Double] = []
    values.reserveCapacity(barCount)
    for bars in sessions {
      stream.begin(minutes: TradingCalendar.xnys.tradingMinutes(dates[bars.lowerBound]) ?? 0)
      for bar in bars { values.append(stream.next(minute: Int(minutes[bar]), volume: volume[symbol][bar])) }
    }
    return values
  }
}
