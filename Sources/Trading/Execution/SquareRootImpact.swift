// The impact of an order where nobody knows what stands at the touch: the square-root law.

/// Impact = coefficient x daily volatility x sqrt(order dollars / mean dollar volume), a share of the price.
///
/// Where volume is unknown (not a number) or zero the order is taken to be as large as the mean volume: impact = coefficient x daily
/// volatility, whatever its size. That is dearer than any order below a full day's volume would be, and the fill says so. Source: Toth et al. 2011,
/// "Anomalous price impact and the critical nature of liquidity".
package struct SquareRootImpact: Sendable, Hashable {
  package var coefficient: Double

  package init(coefficient: Double) { self.coefficient = coefficient }

  /// What an order of any size will move the price by, as known at one bar.
  ///
  /// dailyVolatility: standard deviation of one-bar log returns. meanDollarVolume: mean over bars of price x volume. Of minutes both are a minute's: a
  /// day's volatility grows with the root of its minutes, as the root of its volume does, so that the impact is the same.
  package func rate(dailyVolatility: Double, meanDollarVolume: Double) -> ImpactRate {
    let scale = coefficient * dailyVolatility
    guard meanDollarVolume.isFinite, meanDollarVolume > 0 else { return ImpactRate(perRootDollar: 0, constant: scale) }
    return ImpactRate(perRootDollar: scale / meanDollarVolume.squareRoot(), constant: 0)
  }
}

/// Impact as a function of order size alone: constant + perRootDollar x sqrt(order dollars), a fraction of the price.
package struct ImpactRate: Sendable, Equatable {
  package var perRootDollar: Double
  /// Not zero only where the volume is unknown.
  package var constant: Double

  @inlinable
  package init(perRootDollar: Double, constant: Double) {
    self.perRootDollar = perRootDollar
    self.constant = constant
  }

  /// The impact of an order, limited so that it and the half-spread together are at most the whole price.
  @inlinable @inline(__always)
  package func fraction(orderDollars: Double, halfSpreadFraction: Double) -> Double {
    min(constant + perRootDollar * orderDollars.squareRoot(), 1 - halfSpreadFraction)
  }
}
