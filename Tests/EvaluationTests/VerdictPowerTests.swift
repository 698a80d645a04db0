// How often the verdict is wrong, and how small an edge it still finds: many markets, each judged as a report judges.

import Glibc
import Kernels
import TestSupport
import Testing

@testable import Evaluation

@Suite struct VerdictPowerTests {
  /// 2,000 pairs of 504 sessions with equal Sharpe ratios, nominal 5 %. A tenth of a percent of 2,000 is two pairs; the standard error is 0.5 %.
  @Test(.enabled(if: SlowTests.areEnabled, "long: set STRIKEFORGE_SLOW=1"), arguments: EqualSharpePairs.Kind.allCases)
  func equalRatiosAreToldAsOftenAsTheyMay(_ kind: EqualSharpePairs.Kind) {
    let pairs = 2000
    let rejected = EqualSharpePairs.rejected(kind, pairs: pairs, sessions: 504, resamples: 999, seed: 11)
    let percent = 100 * Double(rejected) / Double(pairs)
    let range = kind == .garch ? 0...10.0 : 3.5...6.5
    ProofTable.record(
      "power: equal Sharpe ratios told apart, \(kind.rawValue)", figure: "\(percent) %",
      threshold: kind == .garch ? "<= 10 %" : "3.5 to 6.5 %", seeds: "\(pairs) pairs", holds: range.contains(percent))
    #expect(range.contains(percent), "\(percent) %")
  }

  /// A span of years and a true Sharpe ratio a year.
  struct Edge: CustomStringConvertible {
    let years: Int
    let sharpe: Double
    var description: String { "Sharpe \(sharpe) in \(years) years" }
    /// What a single one-sided test at the stricter of the two levels would find, were the returns normal.
    var theory: Double {
      NormalDistribution.cumulative(sharpe * Double(years).squareRoot() - NormalDistribution.quantile(1 - 0.0125))
    }
  }

  private static let edges = [2, 9, 20].flatMap { years in
    [0.0, 0.5, 0.8, 1.1, 1.9].map { Edge(years: years, sharpe: $0) }
  }

  /// A policy that follows the sign of a column: long or short each session, judged against nothing held and against its own spells in another
  /// order. Power lies by what theory allows, within four standard errors and 3 %, and without an edge no more than the family's error is claimed.
  @Test(.enabled(if: SlowTests.areEnabled, "long: set STRIKEFORGE_SLOW=1"))
  func edgesAreFoundAsTheoryAllows() {
    for edge in Self.edges {
      let markets = 200
      let found = (0..<markets).count { Self.claims(edge, seed: UInt64($0)) }
      let share = Double(found) / Double(markets)
      let theory = edge.sharpe == 0 ? Verdict.familyError : edge.theory
      let slack = 4 * (max(0.01, theory * (1 - theory)) / Double(markets)).squareRoot() + 0.03
      let holds = edge.sharpe == 0 ? share <= theory + slack : abs(share - theory) <= slack
      ProofTable.record(
        "power: \(edge), found", figure: "\((1000 * share).rounded() / 10) %",
        threshold: edge.sharpe == 0 ? "<= 2.5 % and luck" : "theory \((1000 * theory).rounded() / 10) %",
        seeds: "\(markets) markets",
        holds: holds)
      #expect(holds, "\(edge): \(share), theory \(theory)")
    }
  }

  /// One of the markets of each kind, every day.
  @Test func aClearEdgeIsClaimedAndNoneIsNot() {
    #expect(Self.claims(Edge(years: 9, sharpe: 3), seed: 1))
    #expect(!Self.claims(Edge(years: 9, sharpe: 0), seed: 1))
  }

  private static func claims(_ edge: Edge, seed: UInt64) -> Bool {
    let sessions = 252 * edge.years
    var stream = RandomStream(seed: seed, purpose: .market, lane: UInt32(edge.years))
    // Following the sign of a column of correlation rho with the return earns rho sqrt(2 / pi) deviations a session.
    let rho = edge.sharpe / 252.0.squareRoot() / (2 / Double.pi).squareRoot()
    var (market, positions): ([Double], [Int]) = ([], [])
    for _ in 0..<sessions {
      let signal = stream.nextNormal()
      market.append(0.01 * (rho * signal + (1 - rho * rho).squareRoot() * stream.nextNormal()))
      positions.append(signal > 0 ? 1 : -1)
    }
    func earned(_ positions: [Int]) -> [Double] { zip(positions, market).map { Double($0) * $1 } }
    let policy = earned(positions)
    let sharpe = ReturnStatistics.sharpe(policy) ?? 0
    let spells = PositionSpells(positions)
    let asGood = (0..<RandomTrading.draws).count { draw in
      var chance = RandomStream(seed: seed, purpose: .randomTrading, lane: UInt32(draw))
      return (ReturnStatistics.sharpe(earned(spells.shuffled(&chance))) ?? 0) >= sharpe
    }
    let verdict = Verdict(
      policy: policy, baselines: [("market", market)], chance: Double(1 + asGood) / Double(RandomTrading.draws + 1),
      seed: seed, firstLane: 16, resamples: 999)
    return verdict.edgeFound
  }
}
