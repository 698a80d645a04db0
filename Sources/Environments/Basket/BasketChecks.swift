// What a tape and a window must be, so that a basket can be played on them.

import AgentInterface
package import Market
import Trading

extension BasketEnvironment {
  /// Where episodes may begin, and the last bar of each that is not cut short, after the window has been checked against the tape. At least one.
  struct EpisodePlaces {
    /// The most steps of an episode.
    var length: Int
    /// How many beginnings there are.
    var count: Int
    /// The first and the last bar of the sessions of each; nil where each bar is a beginning, and episodes are of one length.
    var sessions: [ClosedRange<Int>]?
  }

  static func episodePlaces(
    _ episodes: BasketConfiguration.Episodes, window: Range<Int>, tape: MarketTape
  ) throws(EnvironmentError) -> EpisodePlaces {
    let length = try episodeLength(episodes, window: window, bars: tape.barCount)
    guard case .wholeSessions = episodes else { return EpisodePlaces(length: length, count: window.count - length) }
    let sessions = try wholeSessions(of: tape, window: window, steps: length)
    return EpisodePlaces(
      length: sessions.reduce(1) { max($0, $1.upperBound - $1.lowerBound) }, count: sessions.count, sessions: sessions)
  }

  /// From the first bar of each session that lies in the window to the last of the last one that so many steps and the window hold.
  private static func wholeSessions(
    of tape: MarketTape, window: Range<Int>, steps: Int
  ) throws(EnvironmentError) -> [ClosedRange<Int>] {
    guard tape.width != .session else {
      throw .badSetting(
        name: "environment.whole_sessions", found: "true", allowed: "false where a bar is a whole session")
    }
    // A session of one bar has no step.
    let inside = tape.sessions.filter {
      window.lowerBound <= $0.lowerBound && $0.upperBound <= window.upperBound && $0.count > 1
    }
    guard let longest = inside.map({ $0.count - 1 }).max() else {
      throw .windowTooShort(
        bars: window.count, needed: (tape.sessions.map(\.count).max() ?? 1) + MarketFeatures.warmUpBars)
    }
    guard steps >= longest else {
      throw .badSetting(
        name: "environment.episode_length", found: "\(steps)",
        allowed: "at least \(longest), the steps of the longest session, where environment.whole_sessions is true")
    }
    var last = 0
    return inside.indices.map { first in
      while last + 1 < inside.count, inside[last + 1].upperBound - 1 - inside[first].lowerBound <= steps { last += 1 }
      return inside[first].lowerBound...inside[last].upperBound - 1
    }
  }

  private static func episodeLength(
    _ episodes: BasketConfiguration.Episodes, window: Range<Int>, bars: Int
  ) throws(EnvironmentError) -> Int {
    guard window.lowerBound >= 0, window.upperBound <= bars else {
      throw .windowOutsideTape(window: window, bars: bars)
    }
    guard window.lowerBound >= MarketFeatures.warmUpBars else {
      throw .missingWarmUp(firstBar: window.lowerBound, needed: MarketFeatures.warmUpBars)
    }
    switch episodes {
    case .continuous:
      // The last bar of the window is marked but not decided on.
      guard window.count >= 2 else { throw .windowTooShort(bars: window.count, needed: 2) }
      return window.count - 1
    case .randomStarts(let length):
      guard length >= 1 else {
        throw .badSetting(name: "environment.episode_length", found: "\(length)", allowed: "at least 1")
      }
      guard window.count > length else { throw .windowTooShort(bars: window.count, needed: length + 1) }
      return length
    case .wholeSessions(let length): return length
    }
  }

  /// Throws where a symbol of the tape lacks a column that the configuration names.
  private static func checkColumns(
    of tape: MarketTape, configuration: BasketConfiguration
  ) throws(EnvironmentError) {
    for name in configuration.extraColumns {
      for (symbol, columns) in zip(tape.symbols, tape.extra) where !columns.contains(where: { $0.name == name }) {
        throw .missingColumn(symbol: symbol, column: name, existing: columns.map(\.name))
      }
    }
  }

  /// Throws where a symbol was listed too short a time to be traded at all, and where it shares no bar with any other.
  private static func checkListings(of tape: MarketTape) throws(EnvironmentError) {
    guard let listings = BasketListings(tape) else { return }
    for (symbol, name) in tape.symbols.enumerated() {
      let bars = tape.listings[symbol]
      guard !listings.tradable[symbol].isEmpty else {
        throw .listedTooShort(symbol: name, bars: bars.count, needed: MarketFeatures.warmUpBars + 2)
      }
      guard tape.symbols.indices.contains(where: { $0 != symbol && tape.listings[$0].overlaps(bars) }) else {
        throw .listedApart(
          symbol: name, from: "\(tape.dates[bars.lowerBound])", until: "\(tape.dates[bars.upperBound - 1])")
      }
    }
  }

  /// Throws where a tape cannot be played with a configuration, whatever the window. Returns the most that a unit may be worth, in dollars:
  /// the largest `unitDollars`, or where units follow the account what exact books hold on this tape, at most `largestUnitDollars`.
  @discardableResult
  static func check(tape: MarketTape, configuration: BasketConfiguration) throws(EnvironmentError) -> Double {
    try checkColumns(of: tape, configuration: configuration)
    guard supportedSymbols.contains(tape.symbols.count) else {
      throw .unsupportedSymbolCount(found: tape.symbols.count, supported: supportedSymbols)
    }
    try checkListings(of: tape)
    try configuration.checkNames(tape.symbols)
    var largest =
      configuration.unitShare == nil
      ? tape.symbols.reduce(0) { max($0, configuration.unitDollars(of: $1)) } : largestUnitDollars
    if configuration.portfolioFeatures {
      guard tape.symbols.count >= 2 else { throw .tooFewSymbolsForPortfolio(found: tape.symbols.count) }
      guard let benchmark = tape.benchmark else { throw .missingBenchmark }
      for (bar, close) in benchmark.close.enumerated() where !(close > 0 && close.isFinite) {
        throw .unusablePrice(symbol: benchmark.symbol, date: tape.dates[bar].description, found: close)
      }
    }
    for (symbol, name) in tape.symbols.enumerated() {
      var lowest = Double.infinity
      var highest = 0.0
      for prices in [tape.open[symbol], tape.high[symbol], tape.low[symbol], tape.close[symbol]] {
        for (bar, price) in prices.enumerated() {
          guard price > 0, price.isFinite else {
            throw .unusablePrice(symbol: name, date: tape.dates[bar].description, found: price)
          }
          lowest = min(lowest, price)
          highest = max(highest, price)
        }
      }
      // No position can be worth more than its units bought at the lowest price and marked at the highest; a fill at most doubles it.
      let ratio = highest / max(lowest, .leastNormalMagnitude)
      let growth = Double(configuration.maximumUnits(of: name)) * ratio * 2
      guard let share = configuration.unitShare else {
        let worth = configuration.unitDollars(of: name) * growth
        guard worth < MicroDollars.limitDollars else { throw .priceRangeTooWide(symbol: name, ratio: ratio) }
        continue
      }
      // Rounding takes less than a part in a thousand.
      largest = min(largest, 0.999 * MicroDollars.limitDollars / growth)
      let unit = share * configuration.capitalDollars(tape.symbols)
      guard unit <= largest else {
        throw .unitTooLarge(symbol: name, ratio: ratio, unitDollars: unit, limit: largest)
      }
    }
    return largest
  }

  @inline(__always)
  func checkShape(_ row: StepBuffers, _ range: Range<Int>) {
    row.checkShape(laneCount: laneCount, columns: observationSpace.count, maskWords: lanes.maskWords, lanes: range)
  }

  /// Where units follow the account, the most that one may be worth, whatever the tape.
  static let largestUnitDollars = 1e8

  /// Throws where a unit is so large a share of the account that cash never pays for it and its costs, not even at the bar where the impact
  /// is smallest: whoever learns there would see no purchase.
  static func checkUnit(
    features: MarketFeatures, tape: MarketTape, configuration: BasketConfiguration
  ) throws(EnvironmentError) {
    guard let share = configuration.unitShare else { return }
    let costs = configuration.execution
    let cash = configuration.capitalDollars(tape.symbols)
    let impact = features.smallestImpact(orderDollars: share * cash, halfSpreadFraction: costs.halfSpreadFraction)
    let most = (1 - costs.commissionDollars / cash) / (1 + costs.halfSpreadFraction + impact)
    guard share > most else { return }
    // A smaller unit has a smaller impact, so this share is payable.
    let payable = (most * 1e4).rounded(.down) / 1e4
    throw .badSetting(
      name: "environment.unit_share", found: "\(share)",
      allowed: payable > 0
        ? "at most \(payable), so that cash pays for a unit, its half-spread, impact and commission"
        : "one that cash can pay for with its costs, and none is: lower environment.commission_dollars")
  }
}
