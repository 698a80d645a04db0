// ThetaData, two versions of its tables: strikes in tenths of a cent and times in milliseconds of the day, then dollars and stamps.

import Market

extension ChainLayout {
  static let thetaDataTwo = ChainLayout(
    name: "thetadata-2", words: "ThetaData, version 2",
    columns: [
      "root": .root, "exp": .expiry, "expiration": .expiry, "strike": .strike, "right": .right,
      "ms_of_day": .millisecondOfDay, "date": .date, "bid_size": .row(.bidSize), "bid": .row(.bid),
      "ask_size": .row(.askSize), "ask": .row(.ask), "implied_vol": .row(.impliedVolatility), "delta": .row(.delta),
      "gamma": .row(.gamma), "theta": .row(.theta), "vega": .row(.vega), "rho": .row(.rho),
      "underlying_price": .underlyingPrice(snapshot: 0),
    ],
    optional: [
      "exp", "expiration", "bid_size", "ask_size", "implied_vol", "delta", "gamma", "theta", "vega", "rho",
      "underlying_price",
    ],
    moments: [.stampEnd], strikeDivisor: 1000)

  static let thetaDataThree = ChainLayout(
    name: "thetadata-3", words: "ThetaData, version 3",
    columns: [
      "symbol": .root, "expiration": .expiry, "strike": .strike, "right": .right, "timestamp": .stamp,
      "bid_size": .row(.bidSize), "bid": .row(.bid), "ask_size": .row(.askSize), "ask": .row(.ask),
      "implied_vol": .row(.impliedVolatility), "delta": .row(.delta), "gamma": .row(.gamma), "theta": .row(.theta),
      "vega": .row(.vega), "rho": .row(.rho), "underlying_price": .underlyingPrice(snapshot: 0),
    ],
    optional: [
      "bid_size", "ask_size", "implied_vol", "delta", "gamma", "theta", "vega", "rho", "underlying_price",
    ],
    moments: [.stampEnd])
}
