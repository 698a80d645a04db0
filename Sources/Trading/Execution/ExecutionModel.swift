// What an equity order costs where bars have no quotes: the sum of a spread, an impact and a commission.

/// Costs of equity orders that are filled at an open, never at mid: `RelativeSpread` + `SquareRootImpact` + a commission. What is quoted, options and shares,
/// is filled by `Execution`.
///
/// A buy pays reference x (1 + f), a sale receives reference x (1 - f), with f = half-spread + impact, at most 1. Volatility and volume end at the
/// *decision's* bar.
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

  package var spread: RelativeSpread { RelativeSpread(halfBasisPoints: halfSpreadBasisPoints) }
  package var impact: SquareRootImpact { SquareRootImpact(coefficient: impactCoefficient) }

  package var halfSpreadFraction: Double { spread.halfFraction }

  /// Whether trading costs anything.
  package var hasCosts: Bool { halfSpreadBasisPoints > 0 || impactCoefficient > 0 || commissionDollars > 0 }

  /// The same with all costs times a factor.
  package func costing(times factor: Double) -> ExecutionModel {
    ExecutionModel(
      halfSpreadBasisPoints: halfSpreadBasisPoints * factor, impactCoefficient: impactCoefficient * factor,
      commissionDollars: commissionDollars * factor)
  }

  /// What an order of any size will move the price by, as known at one bar: see `SquareRootImpact.rate`.
  package func impactRate(dailyVolatility: Double, meanDollarVolume: Double) -> ImpactRate {
    impact.rate(dailyVolatility: dailyVolatility, meanDollarVolume: meanDollarVolume)
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
