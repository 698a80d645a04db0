// What a tape and a window must be, so that a basket can be played on them.

package import Market
import Trading

extension BasketEnvironment {
  /// Steps of an episode, after the window has been checked against the tape.
  static func episodeLength(
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

  /// Throws where a tape cannot be played with a configuration, whatever the window. Returns the most that a unit may be worth, in dollars:
  /// `unitDollars`, or where units follow the account what exact books hold on this tape, at most `largestUnitDollars`.
  @discardableResult
  static func check(tape: MarketTape, configuration: BasketConfiguration) throws(EnvironmentError) -> Double {
    try checkColumns(of: tape, configuration: configuration)
    guard supportedSymbols.contains(tape.symbols.count) else {
      throw .unsupportedSymbolCount(found: tape.symbols.count, supported: supportedSymbols)
    }
    var largest = configuration.unitShare == nil ? configuration.unitDollars : largestUnitDollars
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
      let growth = Double(configuration.maximumUnits) * ratio * 2
      guard let share = configuration.unitShare else {
        let worth = configuration.unitDollars * growth
        guard worth < MicroDollars.limitDollars else { throw .priceRangeTooWide(symbol: name, ratio: ratio) }
        continue
      }
      // Rounding takes less than a part in a thousand.
      largest = min(largest, 0.999 * MicroDollars.limitDollars / growth)
      let unit = share * configuration.capitalPerSymbolDollars * Double(tape.symbols.count)
      guard unit <= largest else {
        throw .unitTooLarge(symbol: name, ratio: ratio, unitDollars: unit, limit: largest)
      }
    }
    return largest
  }

  /// Where units follow the account, the most that one may be worth, whatever the tape.
  static let largestUnitDollars = 1e8

  /// Throws where a unit is so large a share of the account that cash never pays for it and its costs, not even at the bar where the impact
  /// is smallest: whoever learns there would see no purchase.
  static func checkUnit(features: MarketFeatures, configuration: BasketConfiguration) throws(EnvironmentError) {
    guard let share = configuration.unitShare else { return }
    let costs = configuration.execution
    let cash = configuration.capitalPerSymbolDollars * Double(features.symbolCount)
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
