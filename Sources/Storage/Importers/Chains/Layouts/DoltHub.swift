// DoltHub's community database of options: a snapshot a day; its `vol` is a volatility.

import Market

extension ChainLayout {
  static let doltHub = ChainLayout(
    name: "dolthub", words: "DoltHub, options",
    columns: [
      "date": .date, "act_symbol": .underlying, "expiration": .expiry, "strike": .strike, "call_put": .right,
      "bid": .row(.bid), "ask": .row(.ask), "vol": .row(.impliedVolatility), "delta": .row(.delta),
      "gamma": .row(.gamma), "theta": .row(.theta), "vega": .row(.vega), "rho": .row(.rho),
    ],
    moments: [.close])
}
