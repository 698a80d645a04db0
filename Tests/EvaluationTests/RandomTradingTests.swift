// Chance at the same turnover: as many orders, at any close alike, from the seed alone.

import AgentInterface
import Environments
import Kernels
import Market
import Testing
import Trading

@testable import Evaluation

@Suite struct RandomTradingTests {
  private let tape = ToyTape.make([
    ToyTape.walk(days: 120, drift: 0, deviation: 0.02, seed: 1),
    ToyTape.walk(days: 120, drift: 0, deviation: 0.02, seed: 2),
  ])

  private func matched(_ baseline: Baseline, seed: UInt64 = 7, draws: Int = 100) throws -> (
    BacktestRecord, RandomTrading
  ) {
    let environment = ToyTradingEnvironment(tape: tape)
    let record = try Backtest.run(environment, decider: BaselineDecider(baseline, for: environment), seed: seed)
    return (record, try RandomTrading(matching: record, environment: environment, seed: seed, draws: draws))
  }

  /// On the toy desk every order can be served at once, so every draw makes exactly as many.
  @Test func everyDrawOrdersAsOften() throws {
    let (record, random) = try matched(.previousSign)
    #expect(random.draws == 100 && random.ordersPerSymbol.reduce(0, +) == record.fills.count)
    #expect(random.ordersPerSymbol == [0, 1].map { symbol in record.fills.count { $0.symbol == symbol } })
    #expect(random.fillCounts.allSatisfy { $0 == record.fills.count })
    #expect(Set(random.totalReturns).count > 90)
    let turnover = try #require(record.metrics(seed: 1).turnoverPerYear)
    #expect(abs(random.medianTurnoverPerYear / turnover - 1) < 0.1)
    #expect(random.lowerCloses.count == record.count)
    for session in 0..<record.count {
      #expect(random.lowerCloses[session] <= random.middleCloses[session])
      #expect(random.middleCloses[session] <= random.upperCloses[session])
    }
    #expect(random.sentence(percentile: 50).contains("TOY0 \(random.ordersPerSymbol[0]), TOY1"))
  }

  @Test func theSeedDecides() throws {
    let one = try matched(.previousSign, draws: 10).1
    #expect(try matched(.previousSign, draws: 10).1 == one)
    #expect(try matched(.previousSign, seed: 8, draws: 10).1.totalReturns != one.totalReturns)
    // Fewer draws are the first of more.
    #expect(try Array(matched(.previousSign, draws: 12).1.totalReturns.prefix(10)) == one.totalReturns)
  }

  /// One order over ten decisions: each decision is taken a tenth of the time, within four standard deviations.
  @Test func everyCloseIsEquallyLikely() {
    var counts = [Int](repeating: 0, count: 10)
    let mask = ActionMask([false, true, true])
    for draw in 0..<4000 {
      let trader = RandomTrader(
        orders: [1], decisions: 10, space: BasketAction.space(symbols: ["A"]), seed: 3, draw: draw)
      let taken = (0..<10).filter { _ in trader.decide([Float]().span, mask: mask, startsEpisode: false).action == 2 }
      #expect(taken.count == 1)
      for decision in taken { counts[decision] += 1 }
    }
    let deviation = (4000 * 0.1 * 0.9).squareRoot()
    for count in counts { #expect(abs(Double(count) - 400) < 4 * deviation, "\(counts)") }
  }

  /// What is forbidden is made up for later; where both directions are legal, both are taken.
  @Test func forbiddenOrdersArePutOff() {
    let holdOnly = ActionMask([false, true, false])
    let all = ActionMask.all(count: 3)
    var directions: Set<Int> = []
    for draw in 0..<50 {
      let trader = RandomTrader(
        orders: [3], decisions: 10, space: BasketAction.space(symbols: ["A"]), seed: 1, draw: draw)
      let early = (0..<7).map { _ in trader.decide([Float]().span, mask: holdOnly, startsEpisode: false).action }
      let late = (0..<3).map { _ in trader.decide([Float]().span, mask: all, startsEpisode: false).action }
      #expect(early.allSatisfy { $0 == 1 } && late.allSatisfy { $0 != 1 })
      directions.formUnion(late)
    }
    #expect(directions == [0, 2])
  }

  @Test func whoNeverTradesIsMatchedByNobodyTrading() throws {
    let (record, random) = try matched(.flat, draws: 5)
    #expect(record.fills.isEmpty && random.fillCounts == [0, 0, 0, 0, 0])
    #expect(random.percentile(of: 0) == 50)
    #expect(random.sentence(percentile: 50).contains("never traded"))
  }

  @Test func percentileCountsTiesHalf() throws {
    var random = try matched(.flat, draws: 4).1
    random.totalReturns = [-0.1, 0, 0, 0.2]
    #expect(random.percentile(of: -1) == 0 && random.percentile(of: 1) == 100)
    #expect(random.percentile(of: 0) == 50 && random.percentile(of: 0.1) == 75)
  }

  /// Chance that does as well takes an edge away.
  @Test func theVerdictAsksForMoreThanChance() {
    var stream = RandomStream(seed: 1, purpose: .market)
    let policy = (0..<300).map { _ in 0.002 + 0.001 * stream.nextNormal() }
    let flat = (name: "flat", returns: [Double](repeating: 0, count: 300))
    for (percentile, isEdge) in [(nil, true), (99.5, true), (95, false), (40, false)] as [(Double?, Bool)] {
      let verdict = Verdict(policy: policy, baselines: [flat], randomPercentile: percentile, seed: 1, firstLane: 16)
      #expect(verdict.edgeFound == isEdge, "\(percentile ?? -1)")
    }
  }
}
