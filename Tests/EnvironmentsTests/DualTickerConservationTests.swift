// Random masked walks: the account is conserved to the micro-dollar, and costs only cost.

import AgentInterface
import Environments
import Market
import TestSupport
import Testing
import Trading

struct Walk: Sendable, CustomTestStringConvertible {
  var symbols: Int
  var maximumUnits: Int
  var allowShort: Bool

  var configuration: DualTickerConfiguration {
    DualTickerConfiguration(maximumUnits: maximumUnits, allowShort: allowShort)
  }

  var testDescription: String { "\(symbols) symbols, \(maximumUnits) units, short \(allowShort)" }

  static let all = [
    Walk(symbols: 1, maximumUnits: 1, allowShort: false), Walk(symbols: 2, maximumUnits: 1, allowShort: false),
    Walk(symbols: 2, maximumUnits: 3, allowShort: true), Walk(symbols: 3, maximumUnits: 2, allowShort: true),
  ]

  /// A made-up tape in which some volumes are zero.
  func tape(bars: Int = 400) -> MarketTape {
    var series = SyntheticTape.series(symbols: Array(["AAA", "BBB", "CCC"].prefix(symbols)), bars: bars, seed: 17)
    for bar in bars / 2..<bars / 2 + 30 { series[0].volume[bar] = 0 }
    return MarketTape(series)
  }
}

@Test(arguments: Walk.all)
func accountsAreConservedExactly(walk: Walk) throws {
  let tape = walk.tape()
  let environment = try DualTickerEnvironment(
    tape: tape, configuration: walk.configuration, window: 50..<400, laneCount: 6, episodes: .randomStarts(length: 97),
    recordsFills: true)
  let row = StepRow(for: environment)
  row.reset(environment, seed: 23)
  let initial = Int64(walk.symbols) * 1_000_000_000
  var sums = [Int64](repeating: 0, count: 6)
  var cash = [Int64](repeating: initial, count: 6)
  var trades = 0
  for step in 0..<600 {
    let before = (0..<6).map { environment.account(lane: $0) }
    row.chooseLegal(seed: 31, step: step)
    row.step(environment)
    for lane in 0..<6 {
      let after = environment.lastAccount(lane: lane)
      let breakdown = environment.lastBreakdown(lane: lane)
      let change = after.netLiquidationMicroDollars - before[lane].netLiquidationMicroDollars
      #expect(breakdown.total == change)
      #expect(row.rewards[lane] == Float(Double(change) * 1e-6))
      #expect(after.bar == before[lane].bar + 1)
      sums[lane] += breakdown.total
      #expect(sums[lane] == after.netLiquidationMicroDollars - initial)

      var halfSpread: Int64 = 0
      var impact: Int64 = 0
      var commission: Int64 = 0
      var profit = 0.0
      for symbol in 0..<walk.symbols {
        let open = tape.open[symbol][after.bar]
        profit += before[lane].shares[symbol] * (open - tape.close[symbol][after.bar - 1])
        profit += after.shares[symbol] * (tape.close[symbol][after.bar] - open)
      }
      for fill in environment.drainFills(lane: lane) {
        trades += 1
        #expect(fill.bar == after.bar && fill.referencePriceDollars == tape.open[fill.symbol][after.bar])
        // Never at mid: dearer for a buy, cheaper for a sale.
        #expect(Double(fill.side) * (fill.fillPriceDollars - fill.referencePriceDollars) > 0)
        #expect(abs(Double(fill.notionalMicroDollars) - fill.shares * fill.fillPriceDollars * 1e6) < 1)
        cash[lane] -= Int64(fill.side) * fill.notionalMicroDollars + fill.commissionMicroDollars
        halfSpread += fill.halfSpreadCostMicroDollars
        impact += fill.impactCostMicroDollars
        commission += fill.commissionMicroDollars
      }
      #expect(breakdown.halfSpreadCost == halfSpread && breakdown.impactCost == impact)
      #expect(breakdown.commission == commission)
      // Every booking may be off by half a micro-dollar.
      #expect(abs(Double(breakdown.priceProfit) - profit * 1e6) < 10, "profit \(profit), booked \(breakdown)")
      #expect(after.cashMicroDollars == cash[lane])
      var value = Double(after.cashMicroDollars)
      for symbol in 0..<walk.symbols {
        let side = after.shares[symbol] > 0 ? 1 - 0.0002 : 1 + 0.0002
        value += (after.shares[symbol] * tape.close[symbol][after.bar] * side * 1e6).rounded(.toNearestOrEven)
        #expect((after.units[symbol] == 0) == (after.shares[symbol] == 0))
      }
      #expect(abs(value - Double(after.netLiquidationMicroDollars)) <= 1)
      #expect(row.masks[lane].allows(environment.actionSpace.fallback ?? -1))
      #expect(row.observation(lane).allSatisfy { $0.isFinite })
      if row.terminated[lane] + row.truncated[lane] > 0 {
        sums[lane] = 0
        cash[lane] = initial
      }
    }
  }
  #expect(trades > 600)
  #expect(environment.drainIllegalAttempts() == 0)
  let episodes = environment.drainEpisodes()
  #expect(episodes.count >= 36 && episodes.allSatisfy { $0.length <= 97 })
  #expect(environment.drainCounts().unknownVolumeFills > 0)
}

/// The return of fixed orders under given costs, with units too small for the account's value to change their size.
private func fixedOrdersReturn(_ execution: ExecutionModel) throws -> Double {
  let environment = try DualTickerEnvironment(
    tape: Walk(symbols: 2, maximumUnits: 1, allowShort: false).tape(),
    configuration: DualTickerConfiguration(unitDollars: 100, execution: execution), window: 50..<200, laneCount: 1,
    episodes: .continuous)
  let row = StepRow(for: environment)
  row.reset(environment, seed: 1)
  for step in 0..<149 {
    row.actions[0] = step % 7 == 0 ? 8 : (step % 7 == 4 ? 0 : 4)
    row.step(environment)
  }
  #expect(environment.drainIllegalAttempts() == 0)
  return try #require(environment.drainEpisodes().first).episodeReturn
}

@Test func everyCostLowersTheReturn() throws {
  let base = try fixedOrdersReturn(ExecutionModel())
  #expect(try fixedOrdersReturn(ExecutionModel(halfSpreadBasisPoints: 4)) < base)
  #expect(try fixedOrdersReturn(ExecutionModel(impactCoefficient: 1.4)) < base)
  #expect(try fixedOrdersReturn(ExecutionModel(commissionDollars: 1.5)) < base)
  let free = try fixedOrdersReturn(
    ExecutionModel(halfSpreadBasisPoints: 0, impactCoefficient: 0, commissionDollars: 0))
  #expect(free > base)
}

@Test func lanesDoNotDependOnTheirNumberRangesOrThreads() async throws {
  let tape = Walk(symbols: 2, maximumUnits: 1, allowShort: false).tape()
  func make(_ laneCount: Int) throws -> (DualTickerEnvironment, StepRow) {
    let environment = try DualTickerEnvironment(
      tape: tape, window: 50..<400, laneCount: laneCount, episodes: .randomStarts(length: 40))
    return (environment, StepRow(for: environment))
  }
  let (few, fewRow) = try make(3)
  let (many, manyRow) = try make(64)
  fewRow.reset(few, seed: 77)
  manyRow.reset(many, seed: 77)
  for step in 0..<200 {
    fewRow.chooseLegal(seed: 5, step: step)
    manyRow.chooseLegal(seed: 5, step: step)
    fewRow.step(few)
    await withTaskGroup(of: Void.self) { group in
      for range in [40..<64, 0..<2, 2..<40] { group.addTask { manyRow.step(many, lanes: range) } }
    }
    for lane in 0..<3 { #expect(fewRow.bits(lane) == manyRow.bits(lane)) }
  }
  // Starts differ between lanes and cover the window.
  #expect(Set((0..<64).map { many.account(lane: $0).bar }).count > 20)
}
