// How long the blocks of a bootstrap must be, read from the series itself.

import Glibc

/// The expected block length of the stationary bootstrap that a series asks for.
package enum BlockLength {
  /// So many consecutive autocorrelations must be small before the dependence counts as ended.
  private static let quietLags = 5

  /// The length that makes the variance of a resampled mean most exact, at least 1 (independent values) and at most min(3 sqrt(n), n / 3).
  ///
  /// Source: Politis and White 2004, "Automatic block-length selection for the dependent bootstrap", with the correction of Patton, Politis and
  /// White 2009; numbers compared with `optimal_block_length` of the Python package arch. 1 below eight values and for a series that does not vary.
  package static func stationary(_ series: [Double]) -> Double {
    let count = series.count
    guard count >= 8, let mean = ReturnStatistics.mean(series) else { return 1 }
    let centred = series.map { $0 - mean }
    let longest = (3 * Double(count).squareRoot()).rounded(.up)
    let most = min(longest, (Double(count) / 3).rounded(.up))
    let lastLag = min(Int(Double(count).squareRoot().rounded(.up)) + quietLags, count - 2)
    var covariances: [Double] = []
    var correlations: [Double] = []
    for lag in 0...lastLag {
      var product = 0.0
      for place in lag..<count { product += centred[place] * centred[place - lag] }
      covariances.append(product / Double(count))
      // Each end without the values that the other lacks, as the package has it: one place more than the lag.
      var (late, early) = (0.0, 0.0)
      for place in (lag + 1)..<count { late += centred[place] * centred[place] }
      for place in 0..<(count - lag - 1) { early += centred[place] * centred[place] }
      correlations.append(abs(product) / (late * early).squareRoot())
    }
    guard covariances[0] > 0 else { return 1 }
    let small = 2 * (log10(Double(count)) / Double(count)).squareRoot()
    var window = lastLag
    if lastLag >= quietLags {
      for lag in quietLags...lastLag where correlations[(lag - quietLags)..<lag].allSatisfy({ $0 < small }) {
        window = min(2 * max(lag - quietLags, 1), lastLag)
        break
      }
    }
    var (slope, longRun) = (0.0, covariances[0])
    for lag in stride(from: 1, through: window, by: 1) {
      let share = Double(lag) / Double(window)
      let weight = share <= 0.5 ? 1 : 2 * (1 - share)
      slope += 2 * weight * Double(lag) * covariances[lag]
      longRun += 2 * weight * covariances[lag]
    }
    let length = pow(slope * slope / (longRun * longRun), 1.0 / 3) * pow(Double(count), 1.0 / 3)
    return length.isFinite ? min(max(length, 1), most) : most
  }
}
