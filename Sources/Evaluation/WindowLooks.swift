// How often a window has been looked at: every further policy that is judged on it makes the best of them look better than it is.

/// What a ledger of looks says of one store and window, as a report shows it.
package struct WindowLooks: Sendable, Equatable {
  /// Policies that were judged on this window, this one among them.
  package var count: Int
  /// This one's place in their order; 1 is the first.
  package var place: Int
  /// Further policies that were judged on other windows, or contents of the store, that share sessions with this one.
  package var overlapping: Int
  /// Everything that was tried on this store, by the same ledger: what the deflated Sharpe ratio counts. At least 1.
  package var trials: Int
  /// Annual ratios that policies saw on this window, as far as they were written down.
  package var sharpes: [Double]
  /// The ledger's path.
  package var ledger: String
  /// What is wrong with the ledger, in sentences; empty where every line follows the one before it.
  package var faults: [String]
  /// Why this look could not be written down; nil where it stands in the ledger.
  package var unrecorded: String?

  package init(
    count: Int, place: Int, overlapping: Int, trials: Int, sharpes: [Double] = [], ledger: String,
    faults: [String] = [], unrecorded: String? = nil
  ) {
    self.count = count
    self.place = place
    self.overlapping = overlapping
    self.trials = trials
    self.sharpes = sharpes
    self.ledger = ledger
    self.faults = faults
    self.unrecorded = unrecorded
  }
}
