// What a configuration may change about the planted markets.

/// Settings of the planted markets. Each market reads its own fields and no others.
package struct PlantedOptions: Sendable, Hashable {
  /// `mean_reversion`: cost of changing the position by one, in units of reward.
  package var positionChangeCost: Double
  /// `mean_reversion` and `leak`: steps until an episode is truncated.
  package var truncationSteps: Int
  /// `cue`: bars of a day, the first of which shows the cue and the last of which trades.
  package var cueBars: Int
  /// `cue`: m, what the cue is worth to the right position.
  package var cuePayoff: Double

  package init(
    positionChangeCost: Double = 0.5, truncationSteps: Int = 1024, cueBars: Int = 30, cuePayoff: Double = 1
  ) {
    self.positionChangeCost = positionChangeCost
    self.truncationSteps = truncationSteps
    self.cueBars = cueBars
    self.cuePayoff = cuePayoff
  }
}
