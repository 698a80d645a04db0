// Why an environment could not be made.

import Text

/// What a configuration, a window or a tape lacks. Each case says what, where, and what to do.
package enum EnvironmentError: Error, Equatable, CustomStringConvertible {
  case badSetting(name: String, found: String, allowed: String)
  case unsupportedSymbolCount(found: Int, supported: ClosedRange<Int>)
  case windowOutsideTape(window: Range<Int>, bars: Int)
  /// A symbol could come to hold more than its limit.
  case positionAboveLimit(dollars: Double, limit: Double)
  /// The same of a symbol with terms of its own.
  case symbolAboveLimit(symbol: String, dollars: Double, limit: Double)
  /// The window begins before the features are settled.
  case missingWarmUp(firstBar: Int, needed: Int)
  case windowTooShort(bars: Int, needed: Int)
  case unusablePrice(symbol: String, date: String, found: Double)
  /// Prices differ so much within the tape that amounts could not be booked exactly.
  case priceRangeTooWide(symbol: String, ratio: Double)
  /// A unit that follows the account begins larger than exact books hold.
  case unitTooLarge(symbol: String, ratio: Double, unitDollars: Double, limit: Double)
  /// The data has no column of that name for the symbol.
  case missingColumn(symbol: String, column: String, existing: [String])
  /// The portfolio's beta has nothing to be measured against.
  case missingBenchmark
  /// One symbol correlates with nothing.
  case tooFewSymbolsForPortfolio(found: Int)
  /// A symbol that was not listed all the time has too few bars to be decided about.
  case listedTooShort(symbol: String, bars: Int, needed: Int)
  /// A symbol was listed when no other was: there is no portfolio to choose.
  case listedApart(symbol: String, from: String, until: String)
  /// Limits of a desk that no desk may run with, in a sentence of their own.
  case contradictoryLimits(String)
  /// A least volume is asked for of options whose data say none.
  case unknownVolumes(symbol: String, least: Int)
  /// The data has no options, and no way to make them was asked for.
  case noOptions
  /// Nothing can be entered in any session of a window.
  case noPlayableSession([String], window: Range<Int>)
  /// An account so small, or limits so narrow, that nothing would be learned.
  case idleSymbol(symbol: String, share: Double, least: Double)

  package var description: String {
    switch self {
    case .badSetting(let name, let found, let allowed):
      "the setting '\(name)' is \(found): it must be \(allowed)"
    case .positionAboveLimit(let dollars, let limit):
      "environment.unit_dollars times environment.maximum_units is \(dollars) dollars, above "
        + "environment.max_position_per_asset \(limit); lower one or raise the other"
    case .symbolAboveLimit(let symbol, let dollars, let limit):
      "the units that \(symbol) may hold come to \(dollars) dollars, above the \(limit) of environment.max_position_by_asset or "
        + "environment.max_position_per_asset; lower its unit or its units, or raise the limit"
    case .unsupportedSymbolCount(let found, let supported):
      "the environment 'dual_ticker' trades \(supported.lowerBound) to \(supported.upperBound) symbols and was given "
        + "\(found): name those to trade in environment.assets, at most \(supported.upperBound)"
    case .windowOutsideTape(let window, let bars):
      "the window of bars \(window.lowerBound) to \(window.upperBound) is not inside the \(bars) bars of data: "
        + "choose dates that the data covers"
    case .missingWarmUp(let firstBar, let needed):
      "the window begins at bar \(firstBar) of the data, but features need \(needed) bars before it: begin later or "
        + "import earlier bars"
    case .windowTooShort(let bars, let needed):
      "the window has \(bars) bars and an episode needs \(needed): widen the window or shorten the episodes"
    case .unusablePrice(let symbol, let date, let found):
      "\(symbol) has the price \(found) on \(date): prices must be positive and finite, so inspect the data's quality"
    case .priceRangeTooWide(let symbol, let ratio):
      "\(symbol)'s prices differ by a factor of \(ratio) within the data, too much to keep exact accounts: check its "
        + "adjustment factors or lower environment.unit_dollars"
    case .unitTooLarge(let symbol, let ratio, let unitDollars, let limit):
      "environment.unit_share makes a unit of \(unitDollars) dollars at the start, and with prices of \(symbol) that differ by a "
        + "factor of \(ratio) within the data exact accounts hold at most \(limit): lower environment.unit_share or "
        + "environment.capital_per_asset, or check the symbol's adjustment factors"
    case .missingColumn(let symbol, let column, let existing):
      "environment.extra_columns names \(column), but the data of \(symbol) has "
        + (existing.isEmpty ? "no further column" : "only " + existing.joined(separator: ", "))
        + ": import it with --extra-columns, or drop the name"
    case .missingBenchmark:
      "environment.portfolio_features need a benchmark for the portfolio's beta: set environment.benchmark_symbol to a series "
        + "of the store that is not traded"
    case .listedTooShort(let symbol, let bars, let needed):
      "\(symbol) is listed for \(bars) bars of the data alone, and \(needed) are needed to decide about it: leave it out of "
        + "environment.assets, or import more of it"
    case .listedApart(let symbol, let from, let until):
      "\(symbol) is listed from \(from) to \(until), when no other symbol is: leave it out of environment.assets, or import "
        + "symbols that are traded at the same time"
    case .contradictoryLimits(let sentence):
      "\(sentence): change environment.sizes_*, environment.states_warn, _reduce, _halt or _kill"
    case .unknownVolumes(let symbol, let least):
      "environment.least_volume is \(least), and the data say of no option of \(symbol) how many contracts were traded: set it to 0, or "
        + "take a chain with volumes of the minute or of the day"
    case .noOptions:
      "the environment trades options, and the market was loaded without any: use a store with minutes of the symbols and a volatility "
        + "index, or with their chains"
    case .noPlayableSession(let symbols, let window):
      "no session that begins in bars \(window.lowerBound) to \(window.upperBound) has options of \(symbols.joined(separator: ", ")) that "
        + "end with it: choose a window with same-day expiries"
    case .idleSymbol(let symbol, let share, let least):
      "an entry in \(symbol) fits the account and its limits in \(DecimalText.fixed(100 * share, decimals: 1)) % of the window's minutes, "
        + "less than \(DecimalText.fixed(100 * least, decimals: 0)) %, so that nothing but waiting could be learned: raise environment.capital "
        + "or the limits, or pass --allow-idle \(symbol)"
    case .tooFewSymbolsForPortfolio(let found):
      "environment.portfolio_features correlate symbols with each other, and \(found) is traded: trade two or more, or switch them off"
    }
  }
}
