// What several seeds reached on a proving ground, against the reference.

package import Evaluation
import FoundationEssentials
import Text

/// What the reference libraries reached, seed by seed: `benchmarks/proving-grounds.json`.
package struct ProvingReference: Sendable {
  private let means: [String: [Int: Double]]

  /// Reads what `benchmarks/peers/proving_grounds.py` has written.
  package init(file: String) throws(ProvingReferenceError) {
    guard let data = try? Data(contentsOf: URL(filePath: file)), let json = try? JSON.parse(Array(data)),
      case .object(let grounds)? = json["grounds"]
    else { throw ProvingReferenceError(file: file) }
    var found: [String: [Int: Double]] = [:]
    for (name, entry) in grounds {
      guard case .object(let seeds) = entry else { throw ProvingReferenceError(file: file) }
      for (seed, mean) in seeds {
        guard let seed = Int(seed), let mean = mean.doubleValue else { throw ProvingReferenceError(file: file) }
        found[name, default: [:]][seed] = mean
      }
    }
    means = found
  }

  /// Mean returns of the seeds below `seeds`; empty where one of them is missing.
  package func means(of ground: ProvingGround, seeds: Int) -> [Double] {
    let found = (0..<seeds).compactMap { means[ground.name]?[$0] }
    return found.count == seeds ? found : []
  }
}

/// A file that holds no reference results.
package struct ProvingReferenceError: Error, CustomStringConvertible {
  package let file: String
  package var description: String {
    "\(file) holds no reference results; benchmarks/peers/proving_grounds.py makes it anew"
  }
}

/// Ours against the reference on one ground.
package struct ProvingComparison: Sendable {
  package let name: String
  /// Interquartile mean of ours.
  package let ours: Interval
  /// Interquartile mean of the reference.
  package let reference: Double
  /// Ours less the reference's, at the level that Holm's correction leaves to this ground among those compared.
  package let difference: Interval
  /// Holm's adjusted p-value of no difference, two-sided.
  package let pValue: Double

  /// The interval does not lie below zero.
  package var holds: Bool { difference.estimate >= 0 || pValue >= 1 - Bootstrap.confidence }

  /// The figures in words.
  package var summary: String {
    "IQM \(short(ours)), reference \(short(reference)), difference \(short(difference))"
  }

  /// The interquartile mean of seeds that there is no reference for, in words. Traps with fewer than two.
  package static func summary(_ name: String, _ means: [Double]) -> String { "IQM \(short(interval(name, means)))" }

  private static func interval(_ name: String, _ means: [Double]) -> Interval {
    guard let interval = Bootstrap.stratifiedInterquartileMean([means], seed: 0) else {
      preconditionFailure("\(name): fewer than two seeds")
    }
    return interval
  }

  /// All pairs together: 95 % over the whole family. Traps where a side has fewer than two seeds.
  package static func all(_ pairs: [(name: String, ours: [Double], reference: [Double])]) -> [ProvingComparison] {
    let resampled = pairs.enumerated().map { place, pair in
      guard
        let difference = Bootstrap.interquartileMeanDifference(
          pair.ours, minus: pair.reference, seed: 0, lane: UInt32(place))
      else { preconditionFailure("\(pair.name): fewer than two seeds") }
      return difference
    }
    let corrected = HolmCorrection(pValues: resampled.map(\.pValue), familyError: 1 - Bootstrap.confidence)
    return pairs.indices.map { place in
      ProvingComparison(
        name: pairs[place].name, ours: interval(pairs[place].name, pairs[place].ours),
        reference: Bootstrap.interquartileMean(pairs[place].reference) ?? .nan,
        difference: resampled[place].interval(confidence: 1 - corrected.levels[place]),
        pValue: corrected.adjusted[place])
    }
  }
}

private func short(_ value: Double) -> Double { (value * 10).rounded() / 10 }

private func short(_ interval: Interval) -> String {
  "\(short(interval.estimate)) [\(short(interval.lower)), \(short(interval.upper))]"
}
