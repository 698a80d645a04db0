// ORATS, the table of one snapshot a day, 14 minutes before the close: call and put of a strike on one line.

import Market

extension ChainLayout {
  /// Smoothed volatilities are no quotes' and are left out; so is `stkPx`, which of an index is a forward of each expiry, and the Greeks but for the delta,
  /// which is the call's, since they are of the smoothed volatility.
  static let orats = ChainLayout(
    name: "orats", words: "ORATS, near the end of the day",
    columns: [
      "ticker": .underlying, "trade_date": .date, "expirdate": .expiry, "strike": .strike, "cvolu": .call(.volume),
      "coi": .openInterest(.call), "pvolu": .put(.volume), "poi": .openInterest(.put), "cbidpx": .call(.bid),
      "caskpx": .call(.ask), "pbidpx": .put(.bid), "paskpx": .put(.ask), "cmidiv": .call(.impliedVolatility),
      "pmidiv": .put(.impliedVolatility), "delta": .call(.delta), "spot_px": .underlyingPrice(snapshot: 0),
    ],
    optional: ["cmidiv", "pmidiv", "delta", "spot_px", "cvolu", "coi", "pvolu", "poi"],
    moments: [.beforeClose(minutes: 14)], declaration: ChainDeclaration(volume: .day))
}
