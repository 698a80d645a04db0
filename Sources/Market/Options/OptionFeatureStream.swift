// The market's columns of `OptionFeatures`, minute after minute: what comes later is not there yet.

import Glibc
package import Pricing

/// Twelve numbers of a symbol's minutes. Prices are adjusted, so that sessions before a split are told in today's dollars.
///
/// Sizes are measured against what the variance clock expects of the same minutes, of a daily variance that is the mean of the last 20 sessions that are over; those
/// that are missing count as days of 1 %. Nothing is ever not a number: at a session's beginning spans are as long as there are minutes.
package struct OptionFeatureStream: Sendable {
  /// One minute's bar, adjusted.
  package struct Bar: Sendable {
    package var open: Double
    package var high: Double
    package var low: Double
    package var close: Double
    package var volume: Double

    package init(open: Double, high: Double, low: Double, close: Double, volume: Double) {
      self.open = open
      self.high = high
      self.low = low
      self.close = close
      self.volume = volume
    }
  }

  package static let sessions = 20
  /// Of a trading day of which nothing is known.
  package static let dailyVariance = 1e-4
  private static let window = 20

  private let clock: VarianceClock
  private let hasVolume: Bool
  private var volumes = VolumeAgainstUsual()
  private var rises = WilderAverage(period: 14)
  private var falls = WilderAverage(period: 14)
  private var range = WilderAverage(period: 14)
  private var fast: Double?
  private var slow: Double?
  /// Daily variances of sessions that are over, oldest overwritten first.
  private var realized: [Double] = []
  private var oldest = 0
  private var minutes = 0
  /// (minutes + 1) of the session: the variance's share that is gone, prices at the beginnings and ends of minutes, and the sum of squared returns so far.
  private var gone: [Double] = []
  private var prices: [Double] = []
  private var squares: [Double] = []
  private var highs: [Double] = []
  private var lows: [Double] = []
  /// Minutes of the session before its first bar; nil before that.
  private var first: Int?
  private var lastClose: Double?
  private var highest = -Double.infinity
  private var openingGap = 0.0

  package init(hasVolume: Bool, clock: VarianceClock = VarianceClock()) {
    self.hasVolume = hasVolume
    self.clock = clock
  }

  /// The variance that a trading day is expected to have.
  package var expectedDailyVariance: Double {
    let missing = OptionFeatureStream.sessions - realized.count
    return (realized.reduce(0, +) + Double(missing) * OptionFeatureStream.dailyVariance)
      / Double(OptionFeatureStream.sessions)
  }

  /// Begins a session of so many minutes; the one before it is over.
  package mutating func begin(minutes: Int) {
    let weight = clock.weight(ofMinutes: Double(self.minutes))
    if let first, prices.count > self.minutes, gone[self.minutes] > gone[first] {
      learn(squares[self.minutes] / (gone[self.minutes] - gone[first]) / weight)
    }
    if hasVolume { volumes.begin(minutes: minutes) }
    self.minutes = minutes
    gone = (0...minutes).map { clock.profile.cumulative(minute: Double($0), of: Double(minutes)) }
    prices.removeAll(keepingCapacity: true)
    squares.removeAll(keepingCapacity: true)
    highs.removeAll(keepingCapacity: true)
    lows.removeAll(keepingCapacity: true)
    (first, highest, openingGap) = (nil, -.infinity, 0)
  }

  private mutating func learn(_ dailyVariance: Double) {
    guard dailyVariance.isFinite else { return }
    if realized.count < OptionFeatureStream.sessions {
      realized.append(dailyVariance)
    } else {
      realized[oldest] = dailyVariance
      oldest = (oldest + 1) % realized.count
    }
  }

  /// What the session's next minute adds; nil: nobody traded in it, and the last price stands. Writes the 12 columns. Traps beyond the session's minutes.
  package mutating func next(_ bar: Bar?, into columns: UnsafeMutablePointer<Float>) {
    let minute = prices.isEmpty ? highs.count : prices.count - 1
    precondition(minute < minutes, "minute \(minute) of \(minutes)")
    guard let known = bar ?? standing else {
      // Before the session's first price nothing can be said: places are kept so that minutes are counted.
      highs.append(.nan)
      lows.append(.nan)
      for column in OptionFeatures.market.indices { columns[column] = column == 8 ? 0.5 : 0 }
      return
    }
    if first == nil { start(known, minute) }
    append(known)
    let volume = hasVolume && bar != nil ? volumes.next(minute: minute, volume: known.volume) : 0
    write(known, volume, into: columns)
    lastClose = known.close
  }

  /// A minute without a trade, at the last price of the session.
  private var standing: Bar? {
    guard first != nil, let last = prices.last else { return nil }
    return Bar(open: last, high: last, low: last, close: last, volume: 0)
  }

  private mutating func start(_ bar: Bar, _ minute: Int) {
    first = minute
    prices = [Double](repeating: bar.open, count: minute + 1)
    squares = [Double](repeating: 0, count: minute + 1)
    if let lastClose { openingGap = OptionFeatureStream.logRatio(bar.open, lastClose) }
  }

  private mutating func append(_ bar: Bar) {
    let before = prices[prices.count - 1]
    let change = OptionFeatureStream.logRatio(bar.close, before)
    squares.append(squares[squares.count - 1] + change * change)
    prices.append(bar.close)
    highs.append(bar.high)
    lows.append(bar.low)
    highest = max(highest, bar.high)
    let difference = bar.close - (lastClose ?? bar.open)
    rises.add(max(difference, 0))
    falls.add(max(-difference, 0))
    range.add(max(bar.high - bar.low, max(abs(bar.high - before), abs(bar.low - before))))
    fast = fast.map { $0 + 2.0 / 13 * (bar.close - $0) } ?? bar.close
    slow = slow.map { $0 + 2.0 / 27 * (bar.close - $0) } ?? bar.close
  }

  private func write(_ bar: Bar, _ volume: Double, into columns: UnsafeMutablePointer<Float>) {
    let last = prices.count - 1
    let daily = expectedDailyVariance * clock.weight(ofMinutes: Double(minutes))
    func sizedReturn(_ lag: Int) -> Double {
      let from = max(last - lag, first ?? 0)
      let expected = (daily * (gone[last] - gone[from])).squareRoot()
      return expected > 0 ? OptionFeatureStream.logRatio(prices[last], prices[from]) / expected : 0
    }
    let total = rises.value + falls.value
    let (share, variance) = recent
    let from = max(highs.count - OptionFeatureStream.window, first ?? 0)
    let (low, high) = (lows[from...].min() ?? bar.low, highs[from...].max() ?? bar.high)
    let numbers = [
      sizedReturn(1), sizedReturn(5), sizedReturn(20), total > 0 ? (rises.value - falls.value) / total : 0,
      (fast ?? bar.close) > 0 ? bar.close / (fast ?? bar.close) - 1 : 0,
      (slow ?? bar.close) > 0 ? bar.close / (slow ?? bar.close) - 1 : 0, bar.close > 0 ? range.value / bar.close : 0,
      share > 0 && daily > 0 ? variance / (daily * share) : 0, high > low ? (bar.close - low) / (high - low) : 0.5,
      volume, openingGap, highest > 0 ? bar.close / highest - 1 : 0,
    ]
    for (column, number) in numbers.enumerated() { columns[column] = Float(number) }
  }

  /// Of the last 20 minutes of the session, or as many as there are: their share of the session's variance by the clock, and the sum of squared returns.
  package var recent: (share: Double, variance: Double) {
    guard let first, let last = prices.indices.last else { return (0, 0) }
    let from = max(last - OptionFeatureStream.window, first)
    return (gone[last] - gone[from], squares[last] - squares[from])
  }

  /// See `VolumeAgainstUsual.usualWeight`; for what has no volume, the minute's share of variance times the session's minutes.
  package func usualWeight(ofMinute minute: Int) -> Double {
    guard (0..<minutes).contains(minute) else { return 1 }
    if hasVolume, let weight = volumes.usualWeight(ofMinute: minute) { return weight }
    return (gone[minute + 1] - gone[minute]) * Double(minutes)
  }

  private static func logRatio(_ now: Double, _ then: Double) -> Double {
    let ratio = now / then
    return ratio > 0 && ratio.isFinite ? log(ratio) : 0
  }
}
