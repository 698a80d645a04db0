// The greedy run in worse worlds, one thing worse in each.

package import Environments

/// What one stress made of the greedy account.
package struct StressedAccount: Sendable, Equatable {
  package var stress: MarketStress
  /// What was worse, in a sentence's part; or why it was not played.
  package var words: String
  /// Nil where it was not played.
  package var account: AccountReport?

  package init(_ stress: MarketStress, _ words: String, account: AccountReport?) {
    (self.stress, self.words, self.account) = (stress, words, account)
  }

  /// Whether a gain turns into none, or a loss into a gain.
  package func turns(_ usual: AccountReport) -> Bool {
    guard let before = usual.metrics.totalReturn, let after = account?.metrics.totalReturn, before != 0 else {
      return false
    }
    return (before > 0) != (after > 0)
  }
}
