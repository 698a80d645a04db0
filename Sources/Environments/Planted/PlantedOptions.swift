// What a configuration may change about the planted markets.

/// Settings of the planted markets. Each market reads its own fields and no others.
package struct PlantedOptions: Sendable, Hashable {
  /// `mean_reversion`: cost of changing the position by one, in units of reward.
  package var positionChangeCost: Double
  /// `mean_reversion`, `leak` and `regime_switching`: steps until an episode is truncated.
  package var truncationSteps: Int
  /// `cue`: bars of a day, the first of which shows the cue and the last of which trades.
  package var cueBars: Int
  /// `cue`: m, what the cue is worth to the right position.
  package var cuePayoff: Double
  /// `martingale`: bars of a day.
  package var martingaleBars: Int
  /// `martingale`: cost of changing the position by one, in units of reward.
  package var martingaleCost: Double
  /// `regime_switching`: p, how likely the regime changes in a step.
  package var switchProbability: Double
  /// `regime_switching`: mu, the mean return of the regime +1.
  package var regimeDrift: Double
  /// `regime_switching`: whether the own position is observed; then it is -1 or 1.
  package var positionVisible: Bool

  package init(
    positionChangeCost: Double = 0.5, truncationSteps: Int = 1024, cueBars: Int = 30, cuePayoff: Double = 1,
    martingaleBars: Int = 390, martingaleCost: Double = 0.05, switchProbability: Double = 0.02,
    regimeDrift: Double = 0.25, positionVisible: Bool = false
  ) {
    self.positionChangeCost = positionChangeCost
    self.truncationSteps = truncationSteps
    self.cueBars = cueBars
    self.cuePayoff = cuePayoff
    self.martingaleBars = martingaleBars
    self.martingaleCost = martingaleCost
    self.switchProbability = switchProbability
    self.regimeDrift = regimeDrift
    self.positionVisible = positionVisible
  }
}
