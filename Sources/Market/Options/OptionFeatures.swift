// What is observed of the market, the clock and the surface in a minute of a session, whatever the account.

/// Names and order of the columns of `OptionTape.features`: they are part of an observation's schema.
package enum OptionFeatures {
  /// Of the minutes up to this one: returns over 1, 5 and 20 minutes over their expected size by the variance clock, momentum, gaps to two averages, range, realised over
  /// expected variance of 20 minutes, place in the range of 20 minutes, volume against what is usual, the session's opening gap and its fall from its high.
  package static let market = [
    "return_1", "return_5", "return_20", "rsi_14", "ema_12_gap", "ema_26_gap", "atr_fraction", "variance_ratio_20",
    "range_position_20", "log_volume_ratio", "opening_gap", "session_drawdown",
  ]
  /// Shares of the session since its opening and to its close, of its variance that is left, and whether it is a short one.
  package static let clock = ["since_open", "to_close", "variance_left", "half_day"]
  /// Of the chosen expiry: volatility at the money, its rank, put minus call volatility at a delta of 0.25, and what was realised over what is implied.
  package static let surface = ["atm_volatility", "iv_rank", "skew_25", "realized_over_implied"]

  package static let columns = market + clock + surface
}
