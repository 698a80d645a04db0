// The mean of a handful of independent numbers, with the interval of Student's t: of few seeds a bootstrap is too narrow.

private import Kernels

/// Student's interval of a mean.
package enum StudentInterval {
  /// The 95 % interval of the mean of independent numbers; nil below two. As far as they are normal its level is exact for any number of them, two included.
  package static func mean(_ values: [Double]) -> Interval? {
    guard values.count >= 2, let mean = ReturnStatistics.mean(values),
      let deviation = ReturnStatistics.standardDeviation(values)
    else { return nil }
    let half = quantile(degrees: values.count - 1) * deviation / Double(values.count).squareRoot()
    return Interval(estimate: mean, lower: mean - half, upper: mean + half, confidence: 0.95)
  }

  /// The 97.5 % quantile of Student's t. Up to 30 degrees of freedom from a table, above by its series around the normal quantile (Fisher and Cornish 1960,
  /// "The percentile points of distributions having known cumulants"), right to 1e-9. Traps below one degree.
  static func quantile(degrees: Int) -> Double {
    precondition(degrees >= 1, "a quantile of \(degrees) degrees of freedom")
    guard degrees > table.count else { return table[degrees - 1] }
    let (z, n) = (normalQuantile, Double(degrees))
    let square = z * z
    let first = z * (square + 1) / 4
    let second = z * ((5 * square + 16) * square + 3) / 96
    let third = z * (((3 * square + 19) * square + 17) * square - 15) / 384
    let fourth = z * ((((79 * square + 776) * square + 1482) * square - 1920) * square - 945) / 92160
    let fifth = z * (((((27 * square + 339) * square + 930) * square - 1782) * square - 765) * square + 17955) / 368640
    return z + (first + (second + (third + (fourth + fifth / n) / n) / n) / n) / n
  }

  private static let normalQuantile = NormalDistribution.quantile(0.975)

  /// Of 1 to 30 degrees of freedom.
  private static let table = [
    12.706204736174694, 4.302652729749462, 3.1824463052837078, 2.7764451051977934, 2.5705818356363146,
    2.4469118511449786, 2.364624251592784, 2.306004135204166, 2.262157162798205, 2.228138851986274,
    2.200985160091639, 2.1788128296672284, 2.1603686564627913, 2.144786687917804, 2.131449545559776,
    2.1199052992212546, 2.1098155778333156, 2.1009220402410382, 2.0930240544083087, 2.085963447265864,
    2.0796138447276795, 2.0738730679040254, 2.0686576104190486, 2.0638985616280245, 2.0595385527532972,
    2.0555294386428735, 2.0518305164802846, 2.0484071417952454, 2.045229642132703, 2.0422724563012378,
  ]
}
