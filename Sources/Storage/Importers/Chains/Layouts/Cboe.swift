// Cboe: two products of its DataShop, and what its web page of delayed quotes exports.

import Market

extension ChainLayout {
  /// A snapshot 15 minutes before the close and one at it, on one line.
  static let cboeDataShopEndOfDay = ChainLayout(
    name: "cboe-datashop-eod", words: "Cboe DataShop, end of day",
    columns: [
      "underlying_symbol": .underlying, "quote_date": .date, "root": .root, "expiration": .expiry, "strike": .strike,
      "option_type": .right, "close": .value(.last, .row, snapshot: 1),
      "trade_volume": .value(.volume, .row, snapshot: 1), "bid_size_1545": .value(.bidSize, .row, snapshot: 0),
      "bid_1545": .value(.bid, .row, snapshot: 0), "ask_size_1545": .value(.askSize, .row, snapshot: 0),
      "ask_1545": .value(.ask, .row, snapshot: 0), "underlying_bid_1545": .underlyingBid(snapshot: 0),
      "underlying_ask_1545": .underlyingAsk(snapshot: 0), "bid_size_eod": .value(.bidSize, .row, snapshot: 1),
      "bid_eod": .value(.bid, .row, snapshot: 1), "ask_size_eod": .value(.askSize, .row, snapshot: 1),
      "ask_eod": .value(.ask, .row, snapshot: 1), "underlying_bid_eod": .underlyingBid(snapshot: 1),
      "underlying_ask_eod": .underlyingAsk(snapshot: 1), "open_interest": .openInterest(.row),
      "delivery_code": .deliveryCode, "implied_volatility_1545": .value(.impliedVolatility, .row, snapshot: 0),
      "delta_1545": .value(.delta, .row, snapshot: 0), "gamma_1545": .value(.gamma, .row, snapshot: 0),
      "theta_1545": .value(.theta, .row, snapshot: 0), "vega_1545": .value(.vega, .row, snapshot: 0),
      "rho_1545": .value(.rho, .row, snapshot: 0),
    ],
    optional: [
      "close", "trade_volume", "delivery_code", "open_interest", "implied_volatility_1545", "delta_1545", "gamma_1545",
      "theta_1545", "vega_1545", "rho_1545",
    ],
    moments: [.beforeClose(minutes: 15), .close],
    declaration: ChainDeclaration(volume: .day))

  /// Stamps are the ends of intervals.
  static let cboeDataShopInterval = ChainLayout(
    name: "cboe-datashop-interval", words: "Cboe DataShop, intervals",
    columns: [
      "underlying_symbol": .underlying, "quote_datetime": .stamp, "root": .root, "expiration": .expiry,
      "strike": .strike, "option_type": .right, "close": .row(.last), "trade_volume": .row(.volume),
      "bid_size": .row(.bidSize), "bid": .row(.bid), "ask_size": .row(.askSize), "ask": .row(.ask),
      "underlying_bid": .underlyingBid(snapshot: 0), "underlying_ask": .underlyingAsk(snapshot: 0),
      "implied_volatility": .row(.impliedVolatility), "delta": .row(.delta), "gamma": .row(.gamma),
      "theta": .row(.theta), "vega": .row(.vega), "rho": .row(.rho), "open_interest": .openInterest(.row),
      "delivery_code": .deliveryCode,
    ],
    optional: [
      "close", "trade_volume", "underlying_bid", "underlying_ask", "implied_volatility", "delta", "gamma", "theta",
      "vega", "rho", "open_interest", "delivery_code",
    ],
    moments: [.stampEnd], declaration: ChainDeclaration(volume: .minute))

  /// Name and date stand above the header, and call and put of a strike on one line under names that occur twice.
  static let cboeExport = ChainLayout(
    name: "cboe-export", words: "Cboe, exported from its page of delayed quotes",
    columns: [
      "expiration_date": .expiry, "calls": .symbol(.call), "last_sale": .call(.last), "bid": .call(.bid),
      "ask": .call(.ask), "volume": .call(.volume), "iv": .call(.impliedVolatility), "delta": .call(.delta),
      "gamma": .call(.gamma), "open_interest": .openInterest(.call), "strike": .strike, "puts": .symbol(.put),
      "last_sale#2": .put(.last), "bid#2": .put(.bid), "ask#2": .put(.ask), "volume#2": .put(.volume),
      "iv#2": .put(.impliedVolatility), "delta#2": .put(.delta), "gamma#2": .put(.gamma),
      "open_interest#2": .openInterest(.put),
    ],
    moments: [.head], declaration: ChainDeclaration(volume: .day))
}
