// Everything that a risk manager is told: limits, sizes, filters, and when the desk does less or nothing.

private import Market
package import Text

/// The rules of one account. What training's mask, a backtest and a paper desk ask is made of this alone.
package struct RiskProfile: Sendable, Hashable {
  package var limits = ExposureLimits()
  /// What one order may lose, by the height of volatility.
  package var sizes = RiskSizes.standard
  /// The largest |delta| of an option that is sold to open; nil for none.
  package var soldDelta: Double? = 0.20

  // MARK: When nothing is opened

  /// Minutes after the opening, and before the close, in which nothing is opened. They never hold back an exit.
  package var firstMinutes = 30
  package var lastMinutes = 30
  /// Minutes before the close from which contracts that expire with the session are closed, and no more of them opened.
  package var forcedFlatMinutes = 15

  // MARK: States

  /// Falls from what the session began with: warn, only reduce, close everything and halt. One that is halted stays so until the next session.
  package var sessionTiers = DrawdownTiers.session
  /// The fall from the account's highest value at which trading ends until somebody re-arms it by hand.
  package var killFraction = 0.10
  /// What a session may lose before everything is closed and the desk halted; nil for none.
  package var dailyLossDollars: Double?
  /// The age of the oldest quote from which the desk halts, until quotes are younger again. Minutes.
  package var staleMinutes = 3
  /// The move of an underlying within a minute from which the desk halts for a while, a fraction.
  package var jumpFraction = 0.03
  package var jumpPauseMinutes = 15
  /// So many rejected orders within so many minutes halt the desk until the next session.
  package var rejectCount = 5
  package var rejectMinutes = 5

  /// Whether a limit that the market alone has passed makes the desk close what passed it. Off: nothing that adds to it opens.
  package var closesDrift = false

  package init() {}

  /// What no desk may run with.
  package var problem: RiskError? {
    let tiers = sessionTiers
    guard tiers.warn <= tiers.reduce, tiers.reduce <= tiers.halt else {
      return .contradiction(
        "the session's tiers are warn \(tiers.warn), reduce \(tiers.reduce), halt \(tiers.halt); they must not fall in that order"
      )
    }
    guard tiers.halt <= killFraction else {
      return .contradiction(
        "the session halts at a fall of \(tiers.halt) and the kill switch is at \(killFraction); the switch must not come first"
      )
    }
    guard sizes.low >= sizes.medium, sizes.medium >= sizes.high else {
      return .contradiction(
        "order sizes are low \(sizes.low), medium \(sizes.medium), high \(sizes.high); more volatility must not allow larger orders"
      )
    }
    return nil
  }
}

extension DrawdownTiers {
  /// The profile `session`: 1, 1.5 and 2 percent of what the session began with.
  package static let session = DrawdownTiers(warn: 0.01, reduce: 0.015, halt: 0.02)
}

extension RiskProfile {
  private static let fullSession = TradingCalendar.fullSessionMinutes

  /// As a file names them: limits, sizes, entries, states.
  package static let allSettings: [SettingOf<RiskProfile>] = [
    .choice(
      "limits.basis", \.limits.basis, ExposureBasis.allCases.map { ($0.rawValue, $0) },
      "what the limits of delta and gamma compare: the shares held, or what a move of 1 % costs"),
    .number("limits.delta", \.limits.deltaFraction, 0...100, unit: "of net liquidation value", "the most delta"),
    .number("limits.gamma", \.limits.gammaFraction, 0...100, unit: "of net liquidation value", "the most gamma"),
    .number("limits.theta_dollars", \.limits.decayDollars, 0...1e9, unit: "dollars", "the most decay to the close"),
    .number(
      "limits.vega", \.limits.vegaFraction, 0...100, unit: "of net liquidation value", "the most vega a point"),
    .number(
      "limits.shock", \.limits.shockFraction, 0...100, unit: "of net liquidation value",
      "the most that a shock of price and volatility may cost"),
    .optionalNumber(
      "limits.notional_dollars", \.limits.notionalDollars, 0...1e12, unit: "dollars",
      "the most held of one underlying, at market, longs and shorts added"),
    .number("sizes.low", \.sizes.low, 0...1, unit: "of net liquidation value", "an order's most loss in a calm market"),
    .number("sizes.medium", \.sizes.medium, 0...1, unit: "of net liquidation value", "the same in an ordinary one"),
    .number("sizes.high", \.sizes.high, 0...1, unit: "of net liquidation value", "the same in a volatile one"),
    .optionalNumber("entries.sold_delta", \.soldDelta, 0...1, "the largest delta of an option that is sold to open"),
    .integer(
      "entries.first_minutes", \.firstMinutes, 0...fullSession, unit: "minutes",
      "nothing opens so soon after the opening"),
    .integer(
      "entries.last_minutes", \.lastMinutes, 0...fullSession, unit: "minutes",
      "nothing opens so shortly before the close"),
    .integer(
      "entries.forced_flat_minutes", \.forcedFlatMinutes, 0...fullSession, unit: "minutes before the close",
      "from here on what expires today is closed"),
    .number("states.warn", \.sessionTiers.warn, 0...1, unit: "of the session's start", "the fall that is told"),
    .number(
      "states.reduce", \.sessionTiers.reduce, 0...1, unit: "of the session's start", "the fall from which nothing opens"
    ),
    .number(
      "states.halt", \.sessionTiers.halt, 0...1, unit: "of the session's start",
      "the fall at which everything is closed for the day"),
    .number(
      "states.kill", \.killFraction, 0...1, unit: "of the account's high",
      "the fall at which trading ends until it is re-armed by hand"),
    .optionalNumber(
      "states.daily_loss_dollars", \.dailyLossDollars, 0...1e12, unit: "dollars",
      "the loss at which everything is closed for the day"),
    .integer("states.stale_minutes", \.staleMinutes, 1...fullSession, unit: "minutes", "the age of quotes that halts"),
    .number(
      "states.jump", \.jumpFraction, 0...1, unit: "of the price", "the move within a minute that halts for a while"),
    .integer("states.jump_pause_minutes", \.jumpPauseMinutes, 0...fullSession, unit: "minutes", "how long it halts"),
    .integer("states.reject_count", \.rejectCount, 1...8, "so many rejected orders halt for the day"),
    .integer(
      "states.reject_minutes", \.rejectMinutes, 1...fullSession, unit: "minutes",
      "where they come within so many minutes"),
    .flag("states.closes_drift", \.closesDrift, "whether what the market moved over a limit is closed"),
  ]
}
