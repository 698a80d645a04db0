// Chance: the same spells of position in another order, from the seed alone.

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
    return (
      record,
      RandomTrading(
        matching: record, environments: ToyTradingEnvironment.walks(of: tape, count: draws), seed: seed, draws: draws)
    )
  }

  private struct Interruption: Error {}

  /// Asked behind every few sessions of all draws, and not again once it is told to end.
  @Test func itEndsWhereItIsTold() throws {
    let (record, whole) = try matched(.buyAndHold, draws: 20)
    func again(upTo most: Int) throws(Interruption) -> (RandomTrading, asked: Int) {
      var asked = 0
      let found = try RandomTrading(
        matching: record, environments: ToyTradingEnvironment.walks(of: tape, count: 20), seed: 7, draws: 20
      ) { () throws(Interruption) in
        asked += 1
        if asked > most { throw Interruption() }
      }
      return (found, asked)
    }
    let undisturbed = try again(upTo: 100)
    #expect(undisturbed.0 == whole && undisturbed.asked >= 3)
    #expect(throws: Interruption.self) { try again(upTo: 1) }
  }

  /// Orders, time in the market, long and short stay; only the order of the spells moves.
  @Test func shufflingKeepsWhatWasHeld() {
    let units = [0, 1, 1, 2, 0, 0, -1, -1, 0, 1, 0, 0, 0, -2, -1, 0]
    let spells = PositionSpells(units)
    #expect(spells.spells.flatMap { $0 } == units && spells.count == 9 && spells.countHeld == 4)
    var orders: Set<[Int]> = []
    for draw in 0..<200 {
      var stream = RandomStream(seed: 1, purpose: .randomTrading, lane: UInt32(draw))
      let shuffled = spells.shuffled(&stream)
      #expect(shuffled.sorted() == units.sorted())
      func changes(_ path: [Int]) -> Int { zip([0] + path, path).reduce(0) { $0 + abs($1.0 - $1.1) } }
      #expect(changes(shuffled) == changes(units))
      #expect(PositionSpells(shuffled).spells.map { $0[0].signum() } == spells.spells.map { $0[0].signum() })
      orders.insert(shuffled)
    }
    #expect(orders.count > 50)
    var stream = RandomStream(seed: 1, purpose: .randomTrading)
    #expect(PositionSpells([]).shuffled(&stream).isEmpty)
    #expect(PositionSpells([1, 1]).shuffled(&stream) == [1, 1])
  }

  /// A symbol that was listed for a time alone: what it held changes places within that time, and nothing is held before and behind it.
  @Test func spellsOfAListingStayInIt() {
    let units = [0, 0, 0, 0, 1, 1, 0, 1, 0, 0, -1, 0, 0, 0, 0]
    let spells = PositionSpells(units, free: 3..<12)
    #expect(spells.spells.flatMap { $0 } == units && spells.countHeld == 3)
    var orders: Set<[Int]> = []
    for draw in 0..<200 {
      var stream = RandomStream(seed: 1, purpose: .randomTrading, lane: UInt32(draw))
      let shuffled = spells.shuffled(&stream)
      #expect(shuffled.sorted() == units.sorted() && shuffled[..<3].allSatisfy { $0 == 0 })
      #expect(shuffled[12...].allSatisfy { $0 == 0 })
      orders.insert(shuffled)
    }
    // Four spells without a position, of which one is longer, and two long ones.
    #expect(orders.count == 8)
    // All of it free is as if nothing were said.
    var (one, other) = (RandomStream(seed: 2, purpose: .randomTrading), RandomStream(seed: 2, purpose: .randomTrading))
    #expect(
      PositionSpells(units, free: 0..<15).shuffled(&one) == PositionSpells(units).shuffled(&other))
    // Nothing of it free is what was held.
    #expect(PositionSpells(units, free: 0..<0).shuffled(&one) == units)
  }

  /// Two spells of one side, alone among spells of the other: each order half of the time, within four deviations.
  @Test func everyOrderIsEquallyLikely() {
    let spells = PositionSpells([0, 1, 0, 1, 1, 0])
    var first = 0
    for draw in 0..<4000 {
      var stream = RandomStream(seed: 3, purpose: .randomTrading, lane: UInt32(draw))
      if spells.shuffled(&stream)[2] == 1 { first += 1 }
    }
    #expect(abs(Double(first) - 2000) < 4 * 1000.0.squareRoot())
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
    let held = Double(record.heldPosition.count { $0 }) / Double(record.count)
    #expect(abs(random.medianTimeInPosition - held) < 0.15)
    #expect(random.lowerCloses.count == record.count)
    for session in 0..<record.count {
      #expect(random.lowerCloses[session] <= random.middleCloses[session])
      #expect(random.middleCloses[session] <= random.upperCloses[session])
    }
  }

  @Test func theSeedDecides() throws {
    let one = try matched(.previousSign, draws: 10).1
    #expect(try matched(.previousSign, draws: 10).1 == one)
    #expect(try matched(.previousSign, seed: 8, draws: 10).1.totalReturns != one.totalReturns)
    // Fewer draws are the first of more.
    #expect(try Array(matched(.previousSign, draws: 12).1.totalReturns.prefix(10)) == one.totalReturns)
  }

  /// The order that the policy itself chose, followed order by order, is the policy's own walk.
  @Test func thePolicysOwnOrderIsItsOwnWalk() throws {
    let (record, random) = try matched(.buyAndHold, draws: 3)
    let total = try #require(record.closes.last) / record.initialDollars - 1
    #expect(random.totalReturns.allSatisfy { $0 == total })
    #expect(random.sharpeRatios.allSatisfy { $0 == random.accountSharpe } && random.pValue == 1)
  }

  /// A window that is shuffled stretch by stretch is the one that is shuffled at once.
  @Test func stretchesAreTheWhole() {
    var stream = RandomStream(seed: 4, purpose: .randomTrading)
    let units = (0..<2).map { _ in (0..<333).map { _ in Int(stream.nextInteger(below: 5)) - 2 } }
    let spells = units.map { PositionSpells($0) }
    for bytes in [1, 900, 1 << 20] {
      var paths = ChancePaths(spells, seed: 9, draws: 3, bytes: bytes)
      var found = [[Int]](repeating: [], count: 6)
      for first in stride(from: 0, to: 333, by: 32) {
        let steps = first..<min(first + 32, 333)
        paths.reach(steps)
        paths.withUnits { path, begin, length in
          for place in found.indices { found[place] += steps.map { Int(path[place * length + $0 - begin]) } }
        }
      }
      for draw in 0..<3 {
        var stream = RandomStream(seed: 9, purpose: .randomTrading, lane: UInt32(draw))
        for (symbol, one) in spells.enumerated() { #expect(found[draw * 2 + symbol] == one.shuffled(&stream)) }
      }
    }
  }

  @Test func whoNeverTradesIsMatchedByNobodyTrading() throws {
    let (record, random) = try matched(.flat, draws: 5)
    #expect(record.fills.isEmpty && random.fillCounts == [0, 0, 0, 0, 0])
    #expect(random.accountSharpe == nil && random.pValue == 1)
    let verdict = Verdict(policy: record.dailyReturns, baselines: [], chance: 1, seed: 1, firstLane: 16)
    #expect(random.sentence(verdict: verdict).contains("never held anything"))
  }

  @Test func aTieCountsForChance() throws {
    var random = try matched(.flat, draws: 4).1
    random.sharpeRatios = [-0.1, 0, 0, 0.2]
    for (sharpe, p) in [(0.3, 0.2), (0.2, 0.4), (0, 0.8), (-1, 1)] {
      random.accountSharpe = sharpe
      #expect(random.pValue == p)
    }
  }
}
