// LEAN's universes: a file for each day and underlying, whose name and folder say which. The prices of a contract are those of the middle of its quotes.

import Market

extension ChainLayout {
  static let leanUniverse = ChainLayout(
    name: "lean-universe", words: "LEAN, universe of a day",
    columns: [
      "expiry": .expiry, "strike": .strike, "right": .right, "close": .row(.last), "volume": .row(.volume),
      "open_interest": .openInterest(.row), "implied_volatility": .row(.impliedVolatility), "delta": .row(.delta),
      "gamma": .row(.gamma), "vega": .row(.vega), "theta": .row(.theta), "rho": .row(.rho),
    ],
    moments: [.close], declaration: ChainDeclaration(theta: .calendarDay, vega: .point, volume: .day),
    hasUnderlyingRow: true, isDatedByName: true, isTradesOnly: true)
}
