// OptionsDX: call and put of a strike on one line, headers in brackets, a blank behind every comma.

import Market

extension ChainLayout {
  static let optionsDX = ChainLayout(
    name: "optionsdx", words: "OptionsDX",
    columns: [
      "quote_readtime": .stamp, "underlying_last": .underlyingPrice(snapshot: 0), "expire_date": .expiry,
      "strike": .strike, "c_delta": .call(.delta), "c_gamma": .call(.gamma), "c_vega": .call(.vega),
      "c_theta": .call(.theta), "c_rho": .call(.rho), "c_iv": .call(.impliedVolatility), "c_volume": .call(.volume),
      "c_last": .call(.last), "c_size": .sizes(.call), "c_bid": .call(.bid), "c_ask": .call(.ask),
      "p_bid": .put(.bid), "p_ask": .put(.ask), "p_size": .sizes(.put), "p_last": .put(.last),
      "p_delta": .put(.delta), "p_gamma": .put(.gamma), "p_vega": .put(.vega), "p_theta": .put(.theta),
      "p_rho": .put(.rho), "p_iv": .put(.impliedVolatility), "p_volume": .put(.volume),
    ],
    moments: [.stampEnd],
    declaration: ChainDeclaration(theta: .calendarDay, vega: .point, clock: .calendar, volume: .day))
}
