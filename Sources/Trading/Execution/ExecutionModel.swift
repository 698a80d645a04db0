// What an order costs: half the spread, its own impact, and a commission.

/// Costs of equity orders that are filled at an open, never at mid.
///
/// A buy pays reference x (1 + f), a sale receives reference x (1 - f), with f = half-spread + impact, at most 1, and
/// impact = `impactCoefficient` x daily volatility x sqrt(order dollars / mean dollar volume). Volatility and volume end at the
/// *decision's* bar. Source of the square-root law: Toth et al. 2011, "Anomalous price impact and the critical nature of liquidity".
///
/// Where volume is unknown (not a number) or zero the order is taken to be as large as the mean volume: impact = coefficient x daily
/// volatility, whatever its size. That is dearer than any order below a full day's volume would be, and the fill says so.
package struct ExecutionModel: Sendable, Hashable, Codable {
  /// Half of (ask - bid) / mid, in units of 1e-4.
  package var halfSpreadBasisPoints: Double
  package var impactCoefficient: Double
  /// Per order, whatever its size.
  package var commissionDollars: Double

  package init(halfSpreadBasisPoints: Double = 2, impactCoefficient: Double = 0.7, commissionDollars: Double = 1) {
    self.halfSpreadBasisPoints = halfSpreadBasisPoints
    self.impactCoefficient = impactCoefficient
    self.commissionDollars = commissionDollars
  }

  package var halfSpreadFraction: Double { halfSpreadBasisPoints * 1e-4 }

  /// Whether trading costs anything.
  package var hasCosts: Bool { halfSpreadBasisPoints > 0 || impactCoefficient > 0 || commissionDollars > 0 }

  /// The same with all costs times a factor.
  package func costing(times factor: Double) -> ExecutionModel {
    ExecutionModel(
      halfSpreadBasisPoints: halfSpreadBasisPoints * factor, impactCoefficient: impactCoefficient * factor,
      commissionDollars: commissionDollars * factor)
  }

  /// What an order of any size will move the price by, as known at one bar.
  ///
  /// dailyVolatility: standard deviation of one-bar log returns. meanDollarVolume: mean over bars of price x volume. Of minutes both are a minute's: a
  /// day's volatility grows with the root of its minutes, as the root of its volume does, so that the impact is the same.
  package func impactRate(dailyVolatility: Double, meanDollarVolume: Double) -> ImpactRate {
    let scale = impactCoefficient * dailyVolatility
    guard meanDollarVolume.isFinite, meanDollarVolume > 0 else { return ImpactRate(perRootDollar: 0, constant: scale) }
    return ImpactRate(perRootDollar: scale / meanDollarVolume.squareRoot(), constant: 0)
  }

  /// Slippage against the reference, in dollars per share, positive for both sides: half-spread and impact.
  ///
  /// volume20: mean shares per bar. shares: order size.
  package func slippageDollarsPerShare(
    referencePriceDollars: Double, shares: Double, dailyVolatility: Double, volume20: Double
  ) -> Double {
    let rate = impactRate(dailyVolatility: dailyVolatility, meanDollarVolume: volume20 * referencePriceDollars)
    let impact = rate.fraction(
      orderDollars: shares * referencePriceDollars, halfSpreadFraction: halfSpreadFraction)
    return referencePriceDollars * (halfSpreadFraction + impact)
  }

  /// The same for many orders at once. Traps if the lengths differ.
  package func slippageDollarsPerShare(
    referencePriceDollars: [Double], shares: [Double], dailyVolatility: [Double], volume20: [Double]
  ) -> [Double] {
    let count = referencePriceDollars.count
    precondition(
      shares.count == count && dailyVolatility.count == count && volume20.count == count,
      "slippage of \(count) prices, \(shares.count) sizes, \(dailyVolatility.count) volatilities, \(volume20.count) volumes"
    )
    return (0..<count).map { order in
      slippageDollarsPerShare(
        referencePriceDollars: referencePriceDollars[order], shares: shares[order],
        dailyVolatility: dailyVolatility[order], volume20: volume20[order])
    }
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
