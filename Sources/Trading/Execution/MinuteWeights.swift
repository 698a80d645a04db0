// How much of a session a minute usually has: what scales the cap on orders where nobody says the volume.

package import Pricing

/// Weights for `MarketView.usualWeight`: 1 is a minute like all others, and they add up to the minutes of the session.
///
/// Where the underlying has a volume they come from the sessions before, by `VolumeAgainstUsual.usualWeight`; where it has none, as an index, from the profile
/// of its variance.
package enum MinuteWeights {
  /// (minutes) by the share of the session's variance that each minute has.
  package static func variance(ofMinutes minutes: Int, profile: SessionProfile = .measured) -> [Double] {
    profile.shares(ofMinutes: minutes).map { $0 * Double(minutes) }
  }
}
