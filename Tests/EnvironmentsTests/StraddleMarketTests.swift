// Straddles that are quoted too dear or too cheap: the money of a day is the desk's, and its expectations are those of the formulas.

import AgentInterface
import Environments
import Kernels
import TestSupport
import Testing

@Suite struct StraddleMarketTests {
  private func near(_ value: Double, _ wanted: Double, _ tolerance: Double) -> Bool { abs(value - wanted) <= tolerance }

  /// Dollars a unit by the closed form S (2 Phi(v sqrt(T) / 2) - 1), both legs: 4 digits as they are published for this market.
  @Test func theStraddleIsWorthWhatItIs() {
    func straddle(_ volatility: Double) -> Double {
      let deviation = volatility * (1.0 / 252).squareRoot()
      return 2 * 500 * (2 * NormalDistribution.cumulative(deviation / 2) - 1)
    }
    for (volatility, published) in [(0.12, 3.0157), (0.15, 3.7696), (0.096, 2.4126)] {
      #expect(near(straddle(volatility), published, 0.00005))
      // Quotes are whole ten-thousandths of a dollar a leg.
      #expect(near(Double(2 * StraddleDesk.legPrice(volatility)) / 10_000, straddle(volatility), 0.0001))
    }
  }

  @Test func whatEachPositionEarnsOnAverage() {
    let published: [(StraddleDay, Int, Double)] = [
      (.dear, -1, 69.99), (.cheap, 1, 54.91), (.cheap, -1, -65.71), (.fair, -1, -5.40), (.fair, 1, -5.40),
    ]
    for (day, position, dollars) in published {
      // A leg's price is rounded to a ten-thousandth, which is a cent of two legs at most.
      #expect(near(StraddleDesk.expectedDollars(day, position: position), dollars, 0.015), "\(day) \(position)")
    }
    #expect(StraddleDesk.expectedDollars(.dear, position: 0) == 0)
    for days in [StraddleDays.shown, .quoted] {
      #expect(near(100 * (StraddleMarket(days: days).optimumPerStep ?? 0), 62.45, 0.01))
    }
    #expect(near(200 * (StraddleMarket(days: .remembered).optimumPerStep ?? 0), 62.45, 0.01))
    #expect(StraddleMarket(days: .fair).optimumPerStep == 0)
    let always = [StraddleDay.dear, .cheap].map { StraddleDesk.expectedDollars($0, position: -1) }
    #expect(near((always[0] + always[1]) / 2, 2.14, 0.01))
  }

  /// Quotes, means, chances to win and deviations by QuantLib and scipy: what is expected, and what the desk pays over the law of the close, at the middles of
  /// 20,000 slices of equal probability.
  @Test func daysBringWhatOtherLibrariesSay() throws {
    let golden = try Golden("straddle_days")
    let count = 20_000
    let closes = (0..<count).map { StraddleDesk.close(NormalDistribution.quantile((Double($0) + 0.5) / Double(count))) }
    for (day, name) in [(StraddleDay.dear, "dear"), (.cheap, "cheap"), (.fair, "fair")] {
      let known = try golden.part("days").part(name)
      let ticks = try known.integer("legTicks")
      #expect(StraddleDesk.legPrice(day.quotedVolatility) == ticks)
      for (position, side) in [(-1, "sold"), (1, "bought")] {
        let brings = try known.part(side)
        let (mean, chance) = (try brings.number("mean"), try brings.number("winChance"))
        let deviation = try brings.number("deviation")
        // The cent below which nothing is exercised is left out of it.
        #expect(near(StraddleDesk.expectedDollars(day, position: position), mean, 2e-3), "\(name) \(side)")
        let profits = closes.map { Double(StraddleDesk.profit(day, position: position, close: $0)) * 1e-6 }
        let found = profits.reduce(0, +) / Double(count)
        // What lies beyond the outermost middles is a ten-thousandth of the law.
        #expect(near(found, mean, 0.01), "\(name) \(side) \(found)")
        #expect(near(Double(profits.count { $0 > 0 }) / Double(count), chance, 1e-4), "\(name) \(side)")
        let square = profits.reduce(0) { $0 + ($1 - found) * ($1 - found) } / Double(count)
        #expect(near(square.squareRoot(), deviation, 0.1), "\(name) \(side)")
      }
    }
    let best = try golden.number("best")
    #expect(near(100 * (StraddleMarket(days: .shown).optimumPerStep ?? 0), best, 2e-3))
    let always = [StraddleDay.dear, .cheap].reduce(0) { $0 + StraddleDesk.expectedDollars($1, position: -1) / 2 }
    let selling = try golden.part("always").number("sold")
    #expect(near(always, selling, 2e-3))
  }

  /// By hand: a straddle sold at 3.7696 - 0.04 pays 1.40 in fees and is bought back at its intrinsic value.
  @Test func aDayIsSettledToTheMicroDollar() {
    let leg = Int64(StraddleDesk.legPrice(0.15))
    for (close, intrinsic) in [
      (5_000_000, 0), (5_012_300, 12_300), (4_987_650, 12_350), (5_000_099, 0), (5_000_100, 100),
    ]
      as [(Int, Int64)]
    {
      // Ten-thousandths of a dollar times a hundred units, in micro-dollars.
      let sold = (2 * (leg - 200) - intrinsic) * 10_000 - 1_400_000
      let bought = (intrinsic - 2 * (leg + 200)) * 10_000 - 1_400_000
      #expect(StraddleDesk.profit(.dear, position: -1, close: close) == sold, "\(close)")
      #expect(StraddleDesk.profit(.dear, position: 1, close: close) == bought, "\(close)")
      #expect(StraddleDesk.profit(.dear, position: 0, close: close) == 0)
      // Who is on both sides loses the costs and nothing else.
      #expect(sold + bought == -2 * 1_400_000 - 800 * 10_000)
    }
  }

  @Test(arguments: [(StraddleDays.shown, Int32(0)), (.quoted, 0), (.remembered, 1), (.fair, 0)])
  func whoeverKnowsTheDayEarnsTheOptimum(days: StraddleDays, type: Int32) throws {
    let environment = Lanes(StraddleMarket(days: days), laneCount: 512)
    var known: [Int32] = []
    let row = StepRow(for: environment)
    row.reset(environment, seed: 7)
    var sums = [Double](repeating: 0, count: 512)
    var sales = 0
    for step in 0..<(200 * environment.episodeLength) {
      if step % environment.episodeLength == 0 {
        known = (0..<512).map { lane in
          let first = row.observation(lane)[0]
          if days == .quoted { return first > 1.2 ? 0 : 2 }
          return first > 0 ? 0 : first < 0 ? 2 : 1
        }
      }
      var lane = 0
      row.choose { _ in
        defer { lane += 1 }
        return (step + 1) % environment.episodeLength == 0 ? known[lane] : 1
      }
      sales += known.count { $0 == 0 }
      row.step(environment)
      for lane in 0..<512 { sums[lane] += Double(row.rewards[lane]) }
    }
    let (mean, error) = meanAndError(sums.map { $0 / 200 })
    let optimum = try #require(environment.optimumPerEpisode)
    #expect(abs(mean - optimum) <= 3 * error, "\(days): \(mean), optimum \(optimum), error \(error)")
    #expect(days == .fair ? sums.allSatisfy { $0 == 0 } : error < 0.02 && sales > 0)
  }

  @Test func onlyTheSecondStepOfARememberedDayTrades() {
    let environment = Lanes(StraddleMarket(days: .remembered), laneCount: 64)
    let row = StepRow(for: environment)
    row.reset(environment, seed: 1)
    #expect((0..<64).allSatisfy { abs(row.observation($0)[0]) == 1 && row.observation($0)[1] == 0 })
    #expect((0..<64).allSatisfy { row.masks[$0] == ActionMask(rawValue: 0b010) })
    row.choose { _ in 1 }
    row.step(environment)
    #expect((0..<64).allSatisfy { row.observation($0)[0] == 0 && row.observation($0)[1] == 1 })
    #expect((0..<64).allSatisfy { row.masks[$0] == ActionMask(rawValue: 0b111) && row.rewards[$0] == 0 })
    row.choose { _ in 0 }
    row.step(environment)
    #expect((0..<64).allSatisfy { row.terminated[$0] == 1 && row.rewards[$0] != 0 })
  }

  @Test func aStateOfAnotherMarketIsRefused() throws {
    let environment = Lanes(StraddleMarket(days: .remembered), laneCount: 4)
    let saved = environment.snapshot()
    for (name, value) in [("day", Int64(2)), ("day", -1), ("step", 2), ("step", -1)] {
      var state = saved
      state.integers[name] = [0, value, 0, 0]
      #expect(throws: RestoreError.self) { try environment.restore(state) }
    }
    try environment.restore(saved)
    #expect(environment.snapshot() == saved)
  }
}
