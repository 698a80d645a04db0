// The best of many tries looks good by luck alone: what is left of a Sharpe ratio once the number of tries is counted.

import Glibc
import Kernels

/// The deflated Sharpe ratio: how sure it is that the true ratio of a series lies above what the best of so many tries without any edge would show.
///
/// Sources: Bailey and Lopez de Prado 2012, "The Sharpe ratio efficient frontier", and 2014, "The deflated Sharpe ratio"; numbers compared with
/// `deflated_sharpe_ratio` of the Python package skfolio. Shown in reports; nothing is decided by it.
package struct DeflatedSharpe: Sendable, Equatable {
  /// Tries that the series is the best of, itself among them.
  package let trials: Int
  /// Standard deviation of the tries' Sharpe ratios, annual.
  package let trialDeviation: Double
  /// What the best of them would show without an edge, annual; 0 for one try.
  package let threshold: Double
  /// How sure it is that the true ratio lies above zero, the tries not counted.
  package let probabilityAboveZero: Double
  /// The same above the threshold: the deflated ratio.
  package let probability: Double

  /// returns: (T) over cash. trialDeviation: annual, not negative. Nil below three returns and where they do not vary.
  package init?(_ returns: [Double], trials: Int, trialDeviation: Double) {
    precondition(trials >= 1 && trialDeviation >= 0, "\(trials) trials with a deviation of \(trialDeviation)")
    guard returns.count >= 3, let mean = ReturnStatistics.mean(returns),
      let deviation = ReturnStatistics.standardDeviation(returns), deviation > ReturnStatistics.negligibleDeviation
    else { return nil }
    var (second, third, fourth) = (0.0, 0.0, 0.0)
    for one in returns {
      let square = (one - mean) * (one - mean)
      second += square
      third += square * (one - mean)
      fourth += square * square
    }
    let count = Double(returns.count)
    (second, third, fourth) = (second / count, third / count, fourth / count)
    self.init(
      sharpePerSession: mean / deviation, sessions: returns.count, skewness: third / (second * second.squareRoot()),
      kurtosis: fourth / (second * second), trials: trials, trialDeviation: trialDeviation)
  }

  /// The same of moments. kurtosis: 3 for a normal distribution. Nil where the moments allow no standard error.
  init?(
    sharpePerSession: Double, sessions: Int, skewness: Double, kurtosis: Double, trials: Int, trialDeviation: Double
  ) {
    let year = ReturnStatistics.sessionsPerYear.squareRoot()
    let variance = 1 - skewness * sharpePerSession + (kurtosis - 1) / 4 * sharpePerSession * sharpePerSession
    guard variance > 0 else { return nil }
    func probability(above threshold: Double) -> Double {
      NormalDistribution.cumulative(
        (sharpePerSession - threshold) * (Double(sessions) - 1).squareRoot() / variance.squareRoot())
    }
    let threshold = trialDeviation * DeflatedSharpe.deviationsOfTheBest(of: trials)
    self.trials = trials
    self.trialDeviation = trialDeviation
    self.threshold = threshold
    probabilityAboveZero = probability(above: 0)
    self.probability = probability(above: threshold / year)
  }

  /// How many standard deviations above their mean the best of so many independent normal draws lies on average; 0 for one.
  static func deviationsOfTheBest(of trials: Int) -> Double {
    guard trials > 1 else { return 0 }
    let eulerMascheroni = 0.577_215_664_901_532_9
    let count = Double(trials)
    return (1 - eulerMascheroni) * NormalDistribution.quantile(1 - 1 / count)
      + eulerMascheroni * NormalDistribution.quantile(1 - 1 / (count * M_E))
  }

  /// Below so many ratios their scatter is too uncertain to be used.
  static let fewestRatios = 10

  /// By how much the tries' ratios scatter, annual: as they were seen, where there are enough of them, else as independent tries without an edge
  /// would, by the length of the window alone.
  package static func trialDeviation(ofSharpes seen: [Double], sessions: Int) -> Double {
    if seen.count >= fewestRatios, let deviation = ReturnStatistics.standardDeviation(seen) { return deviation }
    return (ReturnStatistics.sessionsPerYear / Double(max(1, sessions))).squareRoot()
  }
}
