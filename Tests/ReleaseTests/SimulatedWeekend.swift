// Weekends of made-up returns: what the gate would have said.

import Kernels

@testable import Release

/// Candidates that share most of what they earn, a champion and baselines that share nothing with them, over normal returns.
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

  func decide(seed: UInt64, resamples: Int = 999) -> GateDecision {
    var stream = RandomStream(seed: seed, purpose: .market, lane: UInt32(sessions))
    func series(_ sharpe: Double, _ others: [(series: [Double], correlation: Double)] = []) -> [Double] {
      let own = others.reduce(1.0) { $0 - $1.correlation }.squareRoot()
      return (0..<sessions).map { session in
        let shared = others.reduce(0.0) { $0 + $1.correlation.squareRoot() * $1.series[session] }
        return 0.01 * (sharpe / 252.0.squareRoot() + shared + own * stream.nextNormal())
      }
    }
    func noise() -> [Double] { (0..<sessions).map { _ in stream.nextNormal() } }
    let (common, withChampion) = (noise(), noise())
    let champion = series(championSharpe, [(withChampion, championCorrelation)])
    let entries = (0..<candidates).map { place in
      GateCandidate(
        name: "candidate \(place)",
        seeds: [
          GateAccount(
            name: "candidate \(place)",
            returns: series(candidateSharpe, [(common, correlation), (withChampion, championCorrelation)]))
        ])
    }
    let others = (0..<baselines).map { ("baseline \($0)", series(0)) }
    return PromotionGate(seed: seed, resamples: resamples).decide(entries, champion: champion, baselines: others)
  }

  /// In how many of so many weekends something is promoted.
  func promotions(in weekends: Int, seed: UInt64) -> Int {
    (0..<weekends).count { decide(seed: seed &* 1_000_003 &+ UInt64($0)).outcome != .keep }
  }
}
