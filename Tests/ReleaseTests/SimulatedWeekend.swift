// Weekends of made-up returns: what the gate would have said.

import Kernels

@testable import Release

/// Candidates that share most of what they earn, a champion and baselines that share nothing with them, over normal returns or worse ones.
struct SimulatedWeekend {
  var candidates = 12
  var sessions = 250
  /// True ratios a year.
  var candidateSharpe = 0.0
  var championSharpe = 0.0
  var baselines = 0
  /// Of the candidates with each other.
  var correlation = 0.0
  /// Of the candidates with the champion.
  var championCorrelation = 0.0
  /// So many of the candidates, the first ones, have this true ratio a year instead.
  var better = 0
  var betterSharpe = 0.0
  /// Sessions are normal, or as wide as Student's t with five degrees of freedom: all accounts' on the same sessions.
  var hasHeavyTails = false
  /// Of each session with the one before.
  var autocorrelation = 0.0

  func decide(seed: UInt64, resamples: Int = 999) -> GateDecision {
    var stream = RandomStream(seed: seed, purpose: .market, lane: UInt32(sessions))
    func noise() -> [Double] {
      let carried = autocorrelation
      var last = 0.0
      return (0..<sessions).map { session in
        let fresh = stream.nextNormal()
        last = session == 0 ? fresh : carried * last + (1 - carried * carried).squareRoot() * fresh
        return last
      }
    }
    let widths = (0..<sessions).map { _ in
      guard hasHeavyTails else { return 1.0 }
      let squares = (0..<5).reduce(0.0) { sum, _ in
        let normal = stream.nextNormal()
        return sum + normal * normal
      }
      return (3 / squares).squareRoot()
    }
    func series(_ sharpe: Double, _ others: [(series: [Double], correlation: Double)] = []) -> [Double] {
      let own = others.reduce(1.0) { $0 - $1.correlation }.squareRoot()
      let drawn = noise()
      return (0..<sessions).map { session in
        let shared = others.reduce(0.0) { $0 + $1.correlation.squareRoot() * $1.series[session] }
        return 0.01 * (sharpe / 252.0.squareRoot() + widths[session] * (shared + own * drawn[session]))
      }
    }
    let (common, withChampion) = (noise(), noise())
    let champion = series(championSharpe, [(withChampion, championCorrelation)])
    let entries = (0..<candidates).map { place in
      GateCandidate(
        name: "candidate \(place)",
        seeds: [
          GateAccount(
            name: "candidate \(place)",
            returns: series(
              place < better ? betterSharpe : candidateSharpe,
              [(common, correlation), (withChampion, championCorrelation)]))
        ])
    }
    let others = (0..<baselines).map { ("baseline \($0)", series(0)) }
    return PromotionGate(seed: seed, resamples: resamples).decide(entries, champion: champion, baselines: others)
  }

  /// In how many of so many weekends something is promoted.
  func promotions(in weekends: Int, seed: UInt64, resamples: Int = 999) -> Int {
    (0..<weekends).count { decide(seed: seed &* 1_000_003 &+ UInt64($0), resamples: resamples).outcome != .keep }
  }

  /// In how many of so many weekends one passes that is no better than the champion, whoever is promoted.
  func mistakes(in weekends: Int, seed: UInt64, resamples: Int) -> Int {
    (0..<weekends).count { weekend in
      let judged = decide(seed: seed &* 1_000_003 &+ UInt64(weekend), resamples: resamples).judgements
      return judged.dropFirst(better).contains { $0.passes }
    }
  }
}
