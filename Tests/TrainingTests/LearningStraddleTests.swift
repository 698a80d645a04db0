// Straddles that are quoted too dear or too cheap: the edge is found where it is, by what is shown, and nowhere else.

import AgentInterface
import Environments
import Evaluation
import TestSupport
import Testing
import Training

extension LearningProofTests {
  @Suite(.serialized) struct Straddle {
    /// What the greedy actions of a policy are worth.
    private struct Judged {
      /// The exact expectation of a day in hundreds of dollars, days of each type counting the same.
      var expectation: Double
      /// The realised mean of unseen days and its standard error, in dollars.
      var realised: Double
      var standardError: Double
      /// The share of days without a position.
      var flatShare: Double
    }

    /// Plays unseen days one after another. A day's type is asked of the market's own state: the policy sees what it sees.
    private func judge(_ learned: Learned, days count: Int = 5000) throws -> Judged {
      let environment = learned.factory.game(laneCount: 1)
      let loop = EnvironmentLoop(environment)
      let decider = PolicyDecider(learned.policy, mode: .greedy, lane: 0)
      loop.reset(seed: learned.freshSeed)
      var worth: [Int64: (sum: Double, days: Int)] = [:]
      var rewards: [Double] = []
      var flat = 0
      for _ in 0..<count {
        let type = try #require(environment.snapshot().integers["day"]?.first)
        let day = try #require(StraddleDay(rawValue: Int(type)))
        var position = 0
        for step in 0..<environment.episodeLength {
          let choice = try decider.decide(
            loop.observation(lane: 0).span, mask: loop.row.masks[0], startsEpisode: step == 0)
          position = Int(choice.action) - 1
          loop.actions[0] = choice.action
          loop.step()
        }
        rewards.append(100 * Double(loop.row.rewards[0]))
        if position == 0 { flat += 1 }
        let before = worth[type] ?? (0, 0)
        worth[type] = (
          before.sum + StraddleDesk.expectedDollars(day, position: position) / 100, before.days + 1
        )
      }
      let means = worth.values.map { $0.sum / Double($0.days) }
      let mean = try #require(ReturnStatistics.mean(rewards))
      let deviation = try #require(ReturnStatistics.standardDeviation(rewards))
      return Judged(
        expectation: means.reduce(0, +) / Double(means.count), realised: mean,
        standardError: deviation / Double(count).squareRoot(), flatShare: Double(flat) / Double(count))
    }

    private func judged(_ proof: Proof, permutesRewards: Bool = false) throws -> [Judged] {
      let name = proof.name + (permutesRewards ? ", rewards permuted" : "")
      let results = try overSeeds { try judge(try learn(proof, seed: $0, permutesRewards: permutesRewards)) }
      for (seed, one) in results.enumerated() {
        print(
          "\(name), seed \(seed): \(fixed(100 * one.expectation, decimals: 2)) dollars a day, realised "
            + "\(fixed(one.realised, decimals: 2)) (standard error \(fixed(one.standardError, decimals: 2))), flat on "
            + "\(fixed(100 * one.flatShare, decimals: 1)) % of days")
      }
      return results
    }

    /// The exact expectation of the greedy actions, interquartile over the seeds, and that of the control.
    private func proveExactly(_ proof: Proof) throws {
      func mean(_ judged: [Judged]) throws -> Interval {
        try #require(Bootstrap.stratifiedInterquartileMean([judged.map(\.expectation)], seed: 0))
      }
      let seeds = try judged(proof)
      let found = try mean(seeds)
      recordProof(proof.name, fixed(found), proof.threshold, holds: proof.must.contains(found.estimate))
      // What was realised must be what was expected, as far as chance lets that be said.
      let near = seeds.count { abs($0.realised - 100 * $0.expectation) <= 4 * $0.standardError }
      let realised = try #require(ReturnStatistics.mean(seeds.map(\.realised)))
      let error = try #require(ReturnStatistics.mean(seeds.map(\.standardError)))
      recordProof(
        proof.name + ", realised on 5,000 unseen days",
        "$\(fixed(realised, decimals: 2)) a day, standard error of a seed \(fixed(error, decimals: 1)); \(near) of \(seeds.count) near",
        "all within 4 errors", holds: near == seeds.count)
      let control = try mean(try judged(proof, permutesRewards: true))
      recordProof(
        proof.name + ", rewards permuted", fixed(control), "< \(fixed(proof.must.lowerBound))",
        holds: control.estimate < proof.must.lowerBound)
    }

    @Test func `the short version learns and its control does not`() throws { try proveShortly(.straddle) }

    @Test(
      .enabled(if: SlowTests.areEnabled, "long: set STRIKEFORGE_SLOW=1"), arguments: [Proof.straddle, .straddleQuoted])
    func `what is quoted too dear is sold and what is too cheap is bought`(proof: Proof) throws {
      try proveExactly(proof)
    }

    @Test(.enabled(if: SlowTests.areEnabled, "long: set STRIKEFORGE_SLOW=1"))
    func `where quotes are fair nobody trades`() throws {
      let flat = try judged(.straddleFair).map(\.flatShare)
      let seeds = flat.count { $0 >= 0.95 }
      recordProof(
        "\(Proof.straddleFair.name): seeds that are flat on 95 % of days", "\(seeds) of \(flat.count)", ">= 9 of 10",
        holds: seeds >= 9)
    }

    @Test(.enabled(if: SlowTests.areEnabled, "long: set STRIKEFORGE_SLOW=1"))
    func `a day that is shown before it trades needs memory`() throws { try proveExactly(.straddleRemembered) }

    @Test(.enabled(if: SlowTests.areEnabled, "long: set STRIKEFORGE_SLOW=1"))
    func `without memory the best is to sell always`() throws {
      let most = try judged(.straddleForgotten).map(\.expectation).max() ?? .infinity
      recordProof(
        "\(Proof.straddleForgotten.name) (no memory): the best seed", fixed(most), "<= 0.0215", holds: most <= 0.0215)
    }
  }
}
