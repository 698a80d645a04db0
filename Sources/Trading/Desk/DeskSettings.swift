// What one account trades under.

/// The settings of a desk: how orders are filled, what they cost, and how options end.
package struct DeskSettings: Sendable {
  package var cashDollars: Int64 = 100_000
  package var execution = ExecutionSettings()
  package var fees = FeeTable.retail
  package var exercise = ExerciseMode.cash
  package var margin = MarginRules()
  /// Whether opening orders are refused beyond three day trades in five sessions below 25,000 dollars, instead of a warning.
  package var bindsDayTrades = false
  /// Whether opening orders are refused that need today's sales, as in a cash account, instead of a warning.
  package var bindsSettledCash = false
  /// Continuously compounded, a decimal a year: what decides about early exercise. 0 for none.
  package var rateAnnual = 0.0
  /// Different contracts that may be held at once.
  package var slots = 64
  /// Groups of legs that may be held at once.
  package var groups = 64

  package init() {}

  /// Rates of interest that are believed.
  package static let rates = -0.05...0.25
  package static let mostCashDollars: Int64 = 1_000_000_000
}
