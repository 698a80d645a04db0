// How much exposure an account may have, in either of two readings of "percent".

import Text

/// What a percentage of the account is compared with.
package enum ExposureBasis: String, Sendable, CaseIterable, Codable {
  /// The share value held by delta, and its change for 1 %.
  case dollars
  /// What a move of 1 % gains or loses: by delta, and by gamma alone.
  case onePercentMove = "one_percent_move"

  /// What the four totals are multiplied by to be compared: |D| S / 100 and 0.5 |sum q m Gamma| (0.01 S)^2 in `one_percent_move`.
  @inlinable
  package var scale: SIMD4<Double> {
    self == .dollars ? SIMD4(1, 1, 1, 1) : SIMD4(0.01, 0.005, 1, 1)
  }
}

/// Everything that a position may be too much of.
package enum RiskLimit: Int, Sendable, CaseIterable {
  case delta, gamma, decay, vega
  /// The worst cell of the shock grid.
  case shock
  /// What one order may lose.
  case size
  /// What is held of one underlying.
  case notional
  /// The delta of an option that is sold.
  case soldDelta

  package var name: String {
    switch self {
    case .delta: "delta"
    case .gamma: "gamma"
    case .decay: "theta"
    case .vega: "vega"
    case .shock: "shock"
    case .size: "order size"
    case .notional: "notional"
    case .soldDelta: "delta sold"
    }
  }

  /// The unit of current, proposed and maximum.
  package func unit(_ basis: ExposureBasis) -> String {
    switch self {
    case .delta: basis == .dollars ? "dollars of shares" : "dollars a 1 % move"
    case .gamma: basis == .dollars ? "dollars of shares a 1 % move" : "dollars a 1 % move"
    case .decay: "dollars of decay to the close"
    case .vega: "dollars a volatility point"
    case .shock: "dollars lost in the worst shock"
    case .size: "dollars that the order may lose"
    case .notional: "dollars held of the underlying"
    case .soldDelta: "delta of the option sold"
    }
  }
}

/// The limits of an account. Fractions are of its net liquidation value as it stands, never of what it began with.
package struct ExposureLimits: Sendable, Hashable, Codable {
  /// The reading that binds; both are shown.
  package var basis = ExposureBasis.onePercentMove
  package var deltaFraction = 0.20
  package var gammaFraction = 0.10
  /// Of net long premium; a credit position's risk is its gamma, and its decay is income.
  package var decayDollars = 100.0
  package var vegaFraction = 0.15
  /// Of the worst cell of `ShockGrid`.
  package var shockFraction = 0.20
  /// Gross, at market, of what is held of one underlying; nil for none.
  package var notionalDollars: Double?

  package init(basis: ExposureBasis = .onePercentMove) { self.basis = basis }

  /// What the four totals may be in the binding basis, either way. Nothing where the account is worth nothing.
  package func maxima(netLiquidationDollars: Double) -> SIMD4<Double> {
    maxima(of: basis, netLiquidationDollars: netLiquidationDollars)
  }

  package func maxima(of basis: ExposureBasis, netLiquidationDollars: Double) -> SIMD4<Double> {
    // Not a number fails every comparison, and so allows nothing.
    let value = netLiquidationDollars > 0 ? netLiquidationDollars : 0
    return SIMD4(deltaFraction * value, gammaFraction * value, decayDollars, vegaFraction * value)
  }

  /// The most that any cell of the grid may lose, dollars.
  package func mostShockLoss(netLiquidationDollars: Double) -> Double {
    netLiquidationDollars > 0 ? shockFraction * netLiquidationDollars : 0
  }

  /// How much of each limit is used, in either reading: 1 is all of it. Signed for delta, gamma and vega; decay is 0 for net short premium.
  package func utilisations(
    of exposure: GreekExposure, in basis: ExposureBasis, netLiquidationDollars: Double
  ) -> SIMD4<Double> {
    var amounts = exposure.amounts * basis.scale
    amounts[2] = max(amounts[2], 0)
    let maxima = maxima(of: basis, netLiquidationDollars: netLiquidationDollars)
    var shares = SIMD4<Double>.zero
    for place in 0..<4 {
      shares[place] =
        amounts[place] == 0 ? 0 : maxima[place] > 0 ? amounts[place] / maxima[place] : amounts[place] * .infinity
    }
    return shares
  }

  /// Which of the four are over their limits.
  package func exceeded(by exposure: GreekExposure, netLiquidationDollars: Double) -> [RiskLimit] {
    let amounts = exposure.amounts * basis.scale
    let maxima = maxima(netLiquidationDollars: netLiquidationDollars)
    return RiskLimit.allCases.prefix(4).filter { limit in
      let amount = amounts[limit.rawValue]
      return !((limit == .decay ? amount : abs(amount)) <= maxima[limit.rawValue])
    }
  }

  /// How many of something fit beside what is held, by each of the four limits: floor(headroom / one of it). `most` where a limit is not touched.
  package func quantities(
    of one: GreekExposure, beside held: GreekExposure = .zero, netLiquidationDollars: Double, atMost most: Int = 1 << 31
  ) -> (delta: Int, gamma: Int, decay: Int, vega: Int) {
    let judge = ExposureJudge(limits: self, held: held, rising: .zero, falling: .zero)
    func largest(_ limit: RiskLimit) -> Int {
      ExposureJudge.largest(upTo: most) {
        judge.fits(limit.rawValue, one, quantity: $0, netLiquidationDollars: netLiquidationDollars)
      }
    }
    return (largest(.delta), largest(.gamma), largest(.decay), largest(.vega))
  }
}

/// The arithmetic of the four limits: what is held, what orders in flight may add to it, and what fits beside both.
///
/// Orders in flight may be filled or not, all or some. So an order is compared on the side towards which it moves an amount, as if all that moves it
/// there were filled and nothing that moves it back. An order that moves an amount towards zero is never compared with the limit on the side that it
/// leaves, and so may end above it; one that goes through zero meets the limit of the other side.
package struct ExposureJudge: Sendable {
  package var limits: ExposureLimits
  package var held: GreekExposure
  /// What orders in flight may add and take: at least and at most 0.
  package var rising: GreekExposure
  package var falling: GreekExposure

  package init(limits: ExposureLimits, held: GreekExposure, rising: GreekExposure, falling: GreekExposure) {
    self.limits = limits
    self.held = held
    self.rising = rising
    self.falling = falling
  }

  /// The worst that limit `place` may come to with so many, in the binding basis, with its sign.
  @inline(__always)
  package func proposed(_ place: Int, _ one: GreekExposure, quantity: Int) -> Double {
    let step = one.amounts[place]
    let reserved = step > 0 ? rising.amounts[place] : falling.amounts[place]
    return (held.amounts[place] + reserved + Double(quantity) * step) * limits.basis.scale[place]
  }

  /// Whether so many fit limit `place` (the first four of `RiskLimit`). Not a number fits nothing.
  @inline(__always)
  package func fits(
    _ place: Int, _ one: GreekExposure, quantity: Int, netLiquidationDollars: Double
  ) -> Bool {
    let step = one.amounts[place]
    if step == 0 || quantity == 0 { return true }
    let proposed = proposed(place, one, quantity: quantity)
    let most = limits.maxima(netLiquidationDollars: netLiquidationDollars)[place]
    if step > 0 { return proposed <= most }
    // What falls of decay is net short premium, which this limit does not bind.
    return proposed >= -most || (place == RiskLimit.decay.rawValue && step < 0)
  }

  /// Whether so many fit all four at once: what `fits` says of each.
  @inline(__always)
  func fitsAll(_ one: GreekExposure, quantity: Int, netLiquidationDollars: Double) -> Bool {
    if quantity == 0 { return true }
    let step = one.amounts
    let added = Double(quantity) * step
    let scale = limits.basis.scale
    let most = limits.maxima(netLiquidationDollars: netLiquidationDollars)
    var fits = true
    for place in 0..<4 {
      let isRising = step[place] > 0
      let proposed =
        (held.amounts[place] + (isRising ? rising : falling).amounts[place] + added[place]) * scale[place]
      let isBound = place != RiskLimit.decay.rawValue || !(step[place] < 0)
      fits = fits && (step[place] == 0 || (isRising ? proposed <= most[place] : !isBound || proposed >= -most[place]))
    }
    return fits
  }

  /// The same as sizing speaks of it: what one of the four limits leaves for contracts of this kind, with what is held and in flight.
  package func headroom(_ limit: RiskLimit, _ one: GreekExposure, netLiquidationDollars: Double) -> GreekHeadroom {
    let place = limit.rawValue
    let step = one.amounts[place] * limits.basis.scale[place]
    return GreekHeadroom(
      limit: limits.maxima(netLiquidationDollars: netLiquidationDollars)[place],
      current: proposed(place, one, quantity: 0), each: limit == .decay && step < 0 ? 0 : step)
  }

  /// The largest quantity up to `most` that fits, where all smaller ones do. 0 where 1 does not.
  @inline(__always)
  package static func largest(upTo most: Int, where fits: (Int) -> Bool) -> Int {
    if most <= 0 { return 0 }
    if fits(most) { return most }
    var (low, high) = (0, most)
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if fits(middle) { low = middle } else { high = middle }
    }
    return low
  }
}
