// Tables of a row for each contract and day, with the plain names that many exports share.

import Market

extension ChainLayout {
  /// Of end-of-day exports; some have further columns, which are not read.
  static let deltaNeutral = ChainLayout(
    name: "long-eod", words: "a row for each contract and day",
    columns: [
      "underlying": .underlying, "underlying_last": .underlyingPrice(snapshot: 0), "optionroot": .symbol(.row),
      "type": .right, "expiration": .expiry, "quotedate": .date, "strike": .strike, "last": .row(.last),
      "bid": .row(.bid), "ask": .row(.ask), "volume": .row(.volume), "openinterest": .openInterest(.row),
      "impliedvol": .row(.impliedVolatility), "delta": .row(.delta), "gamma": .row(.gamma), "theta": .row(.theta),
      "vega": .row(.vega),
    ],
    moments: [.close], declaration: ChainDeclaration(vega: .point, clock: .calendar, volume: .day))

  static let longTable = ChainLayout(
    name: "long", words: "a row for each contract and time",
    columns: [
      "timestamp": .stamp, "underlying": .underlying, "type": .right, "strike": .strike, "expiry": .expiry,
      "last": .row(.last), "bid": .row(.bid), "ask": .row(.ask), "bid_size": .row(.bidSize),
      "ask_size": .row(.askSize), "volume": .row(.volume), "oi": .openInterest(.row), "iv": .row(.impliedVolatility),
      "delta": .row(.delta), "gamma": .row(.gamma), "theta": .row(.theta), "vega": .row(.vega), "rho": .row(.rho),
      "underlying_price": .underlyingPrice(snapshot: 0), "multiplier": .multiplier, "currency": .currency,
      "root": .root,
    ],
    optional: [
      "last", "bid_size", "ask_size", "volume", "oi", "iv", "delta", "gamma", "theta", "vega", "rho",
      "underlying_price", "multiplier", "currency", "root",
    ],
    moments: [.stampEnd])
}
