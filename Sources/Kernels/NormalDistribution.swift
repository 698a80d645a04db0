// The normal distribution: density, cumulative probability and quantile.

import Glibc

/// The standard normal distribution, in double precision.
package enum NormalDistribution {
  /// n(x), the density.
  package static func density(_ x: Double) -> Double { exp(-0.5 * x * x) / (2 * Double.pi).squareRoot() }

  /// N(x), the cumulative probability, through the complementary error function.
  package static func cumulative(_ x: Double) -> Double { 0.5 * erfc(-x / 2.0.squareRoot()) }

  /// The x with N(x) = p, for p in (0, 1); -infinity at 0 and infinity at 1.
  ///
  /// Relative error about 1e-16. Source: Wichura 1988, algorithm AS 241 (PPND16), Applied Statistics 37(3).
  package static func quantile(_ p: Double) -> Double {
    if p <= 0 { return -.infinity }
    if p >= 1 { return .infinity }
    let q = p - 0.5
    if abs(q) <= 0.425 {
      let r = 0.180625 - q * q
      return q * polynomial(centralNumerator, r) / polynomial(centralDenominator, r)
    }
    var r = (-log(q < 0 ? p : 1 - p)).squareRoot()
    let value: Double
    if r <= 5 {
      r -= 1.6
      value = polynomial(middleNumerator, r) / polynomial(middleDenominator, r)
    } else {
      r -= 5
      value = polynomial(tailNumerator, r) / polynomial(tailDenominator, r)
    }
    return q < 0 ? -value : value
  }

  /// Eight coefficients, the highest power first. Tuples, because an array would be allocated for every draw.
  private typealias Coefficients = (Double, Double, Double, Double, Double, Double, Double, Double)

  private static let centralNumerator: Coefficients = (
    2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
    13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608
  )
  private static let centralDenominator: Coefficients = (
    5226.495278852545925, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
    5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1
  )
  private static let middleNumerator: Coefficients = (
    7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
    3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734
  )
  private static let middleDenominator: Coefficients = (
    1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
    0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1
  )
  private static let tailNumerator: Coefficients = (
    2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386, 0.026532189526576123093,
    0.29656057182850489123, 1.7848265399172913358, 5.4637849111641143699, 6.6579046435011037772
  )
  private static let tailDenominator: Coefficients = (
    2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5, 7.868691311456132591e-4,
    0.0148753612908506148525, 0.13692988092273580531, 0.59983220655588793769, 1
  )

  private static func polynomial(_ c: Coefficients, _ x: Double) -> Double {
    ((((((c.0 * x + c.1) * x + c.2) * x + c.3) * x + c.4) * x + c.5) * x + c.6) * x + c.7
  }
}
