// What an account's positions do when the market moves: four totals, in dollars.

package import Pricing

/// Greeks of positions, multiplier and quantity applied, in dollars of the account. They add over contracts and over underlyings.
///
/// Dollars and not shares: a delta of 50 is $30,000 of SPY or fifty dollars, and no limit can tell which.
package struct GreekExposure: Sendable, Equatable {
  /// Delta, gamma, decay, vega.
  package var amounts: SIMD4<Double>

  @inlinable
  package init(_ amounts: SIMD4<Double>) { self.amounts = amounts }

  /// `delta`, `gammaPerPercent`, `decay`, `vegaPerPoint`: see the properties.
  @inlinable
  package init(delta: Double = 0, gammaPerPercent: Double = 0, decay: Double = 0, vegaPerPoint: Double = 0) {
    amounts = SIMD4(delta, gammaPerPercent, decay, vegaPerPoint)
  }

  package static let zero = GreekExposure(.zero)

  /// Share value held by delta: sum of q m delta S, dollars.
  @inlinable package var delta: Double { amounts[0] }
  /// What `delta` changes by when the price moves by 1 %: sum of q m Gamma S^2 / 100, dollars.
  @inlinable package var gammaPerPercent: Double { amounts[1] }
  /// What is lost until the close if price and volatility stay: positive for net long premium, dollars.
  @inlinable package var decay: Double { amounts[2] }
  /// Sum of q m vega for a point of volatility, dollars.
  @inlinable package var vegaPerPoint: Double { amounts[3] }

  /// Of one option.
  ///
  /// value: per share. decayToClose: dollars a share, see `BlackScholes.decayToClose`. spot: dollars.
  package init(of value: OptionValue<Double>, decayToClose: Double, spot: Double, multiplier: Int) {
    let m = Double(multiplier)
    self.init(
      delta: m * value.delta * spot, gammaPerPercent: m * value.gamma * spot * spot / 100, decay: m * decayToClose,
      vegaPerPoint: m * (value.vega / 100))
  }

  /// Of one share.
  package init(ofShareAt spot: Double) { self.init(delta: spot) }

  @inlinable
  package static func + (left: GreekExposure, right: GreekExposure) -> GreekExposure {
    GreekExposure(left.amounts + right.amounts)
  }

  @inlinable
  package static func += (left: inout GreekExposure, right: GreekExposure) { left.amounts += right.amounts }

  @inlinable
  package static func * (exposure: GreekExposure, quantity: Double) -> GreekExposure {
    GreekExposure(exposure.amounts * quantity)
  }

  /// The parts above zero, the others 0.
  @inlinable
  package var rising: GreekExposure { GreekExposure(pointwiseMax(amounts, .zero)) }

  /// The parts below zero, the others 0.
  @inlinable
  package var falling: GreekExposure { GreekExposure(pointwiseMin(amounts, .zero)) }

  @inlinable
  package var isFinite: Bool {
    // A sum of four finite numbers may overflow; their product with zero is zero or nothing.
    (amounts * 0) == .zero
  }
}

/// Greeks as somebody wrote them down, which mean nothing without their unit.
package struct StatedGreeks: Sendable, Equatable {
  package enum Unit: String, Sendable, CaseIterable {
    /// Delta in shares, gamma in shares a dollar.
    case shares
    /// Delta in dollars of shares, gamma in dollars of shares for 1 %.
    case dollars
  }

  package var delta: Double
  package var gamma: Double
  /// Dollars gained by a day's passing: a long option's is negative.
  package var theta: Double
  /// Dollars for a point of volatility.
  package var vega: Double

  package init(delta: Double, gamma: Double, theta: Double, vega: Double) {
    self.delta = delta
    self.gamma = gamma
    self.theta = theta
    self.vega = vega
  }

  /// As dollars. unit: nil is refused: as shares at 600 a delta of 50 is 300 % of $10,000, as dollars half a percent. spot: dollars.
  package func exposure(in unit: Unit?, spot: Double) throws(RiskError) -> GreekExposure {
    guard let unit else { throw .noUnit(delta: delta) }
    guard spot.isFinite, spot > 0 else { throw .wrongPrice(spot) }
    let (delta, gamma) = unit == .shares ? (delta * spot, gamma * spot * spot / 100) : (delta, gamma)
    let exposure = GreekExposure(delta: delta, gammaPerPercent: gamma, decay: -theta, vegaPerPoint: vega)
    guard exposure.isFinite else { throw .notFinite }
    return exposure
  }
}
