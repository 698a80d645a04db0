// What single symbols of a basket may have of their own: capital, the worth of a unit, how many may be held, and what that may come to.

import Text
import Trading

extension BasketConfiguration {
  /// The settings of words `SYMBOL=AMOUNT`, with the range of an amount.
  private var amounts: [(key: String, words: [String], range: ClosedRange<Double>)] {
    let units = BasketConfiguration.maximumUnitsRange
    return [
      ("environment.capital_by_asset", symbolCapital, BasketConfiguration.capitalDollarsRange),
      ("environment.unit_dollars_by_asset", symbolUnitDollars, BasketConfiguration.unitDollarsRange),
      ("environment.maximum_units_by_asset", symbolMaximumUnits, Double(units.lowerBound)...Double(units.upperBound)),
      ("environment.max_position_by_asset", symbolPositionLimits, 1e-6...SymbolAmount.most),
    ]
  }

  /// Whether every symbol has the same terms.
  var isUniform: Bool { amounts.allSatisfy(\.words.isEmpty) }

  /// The most that a unit of a symbol is worth at the decision's price.
  func unitDollars(of symbol: String) -> Double { SymbolAmount.of(symbol, in: symbolUnitDollars) ?? unitDollars }

  /// The most units of a symbol, long or short.
  func maximumUnits(of symbol: String) -> Int {
    SymbolAmount.of(symbol, in: symbolMaximumUnits).map { Int($0) } ?? maximumUnits
  }

  /// Starting cash of an account of these symbols, dollars.
  func capitalDollars(_ symbols: [String]) -> Double {
    guard !symbolCapital.isEmpty else { return capitalPerSymbolDollars * Double(symbols.count) }
    return symbols.reduce(0) { $0 + (SymbolAmount.of($1, in: symbolCapital) ?? capitalPerSymbolDollars) }
  }

  /// Throws for words that are none, or whose amount is out of range; and where units of a symbol may come to more than its limit.
  func validateSymbols() throws(EnvironmentError) {
    for (key, words, range) in amounts {
      for word in words {
        let takesFractions = key != "environment.maximum_units_by_asset"
        guard let one = SymbolAmount(word), range.contains(one.amount),
          takesFractions || one.amount == one.amount.rounded()
        else {
          throw .badSetting(
            name: key, found: JSON.string(word).text,
            allowed:
              "words like AAPL=\(takesFractions ? "500" : "2"), from \(range.lowerBound) to \(range.upperBound)"
          )
        }
      }
    }
    let named = Set(amounts.flatMap { $0.words.compactMap { SymbolAmount($0)?.symbol } })
    for symbol in named.sorted() {
      guard let limit = SymbolAmount.of(symbol, in: symbolPositionLimits) ?? positionLimitDollars else { continue }
      let most = unitDollars(of: symbol) * Double(maximumUnits(of: symbol))
      guard most <= limit else { throw .symbolAboveLimit(symbol: symbol, dollars: most, limit: limit) }
    }
  }

  /// Throws where an amount is given to a symbol that is not traded.
  func checkNames(_ symbols: [String]) throws(EnvironmentError) {
    for (key, words, _) in amounts {
      for word in words.compactMap({ SymbolAmount($0) }) where !symbols.contains(word.symbol) {
        throw .badSetting(
          name: key, found: JSON.string(word.symbol).text,
          allowed: "of symbols that are traded: \(symbols.joined(separator: ", "))")
      }
    }
  }
}
