// Symbols that were listed later than others, or no longer traded before the end: neutral, held to nothing, and closed at their last close.

import AgentInterface
import Market
import TestSupport
import Testing
import Trading

@testable import Environments

/// Bars of so many symbols of 300 dates, each named for what becomes of it, in the order of `places`.
private func market(_ places: [Int], benchmark: Bool = false) -> MarketTape {
  let kinds: [(name: String, rows: Range<Int>)] = [
    ("WHOLE", 0..<300), ("LATE", 90..<300), ("GONE", 0..<190), ("BRIEF", 70..<210), ("LATER", 150..<300),
    ("SOON", 0..<120),
  ]
  let all = SyntheticTape.series(symbols: kinds.map(\.name) + ["INDEX"], bars: 300, seed: 19)
  return MarketTape(
    listed: places.map { all[$0].rows(Array(kinds[$0].rows)) }, benchmark: benchmark ? all[kinds.count] : nil)
}

private func make(
  _ tape: MarketTape, _ configuration: BasketConfiguration = BasketConfiguration(), lanes: Int = 1,
  episodes: BasketConfiguration.Episodes = .continuous
) throws -> (BasketEnvironment, StepRow) {
  let made = try BasketEnvironment(
    tape: tape, configuration: configuration, window: 50..<tape.barCount, laneCount: lanes, episodes: episodes,
    recordsFills: true)
  let row = StepRow(for: made)
  row.reset(made, seed: 3)
  return (made, row)
}

/// A symbol's legal orders: -1, 0 and 1.
private func legal(_ mask: ActionMask, _ space: ActionSpace, symbol: Int) -> Set<Int> {
  Set(
    (0..<space.count).filter { mask.allows($0) }.flatMap { place in
      space.orders(atPlace: place).filter { $0.subject == space.factors[symbol].subject }
        .compactMap { ["sell": -1, "hold": 0, "buy": 1][$0.choice] }
    })
}

@Suite struct ListedBasketTests {
  /// The bars of decisions about each kind of symbol: 50 bars behind its first one, and up to the bar before its last.
  private static let tradable = [
    "WHOLE": 0..<300, "LATE": 140..<300, "GONE": 0..<189, "BRIEF": 120..<209, "LATER": 200..<300, "SOON": 0..<119,
  ]
  private static let orders = [
    [0, 1], [1, 0], [0, 1, 2], [2, 1, 0], [0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [3, 0, 5, 1],
  ]

  /// Where a symbol is traded its columns are those of a tape of its own, elsewhere neutral; nothing is ever not a number.
  @Test(arguments: orders) func columnsAreItsOwnOrNeutral(places: [Int]) throws {
    let tape = market(places)
    let (made, row) = try make(tape)
    #expect(made.pair == nil)
    let own = try tape.symbols.indices.map { symbol in
      try make(tape.alone(symbol))
    }
    for bar in 50..<299 {
      let observation = row.observation(0)
      #expect(observation.allSatisfy { $0.isFinite }, "bar \(bar)")
      for (symbol, name) in tape.symbols.enumerated() {
        let block = Array(observation[symbol * 13..<symbol * 13 + 13])
        let bars = try #require(Self.tradable[name])
        let choices = legal(row.masks[0], made.actionSpace, symbol: symbol)
        if bars.contains(bar) {
          #expect(block == own[symbol].1.observation(0), "\(name) at \(bar)")
          #expect(choices.contains(0) && choices.contains(1), "\(name) at \(bar)")
          // A tape of its own ends with the symbol.
          if own[symbol].0.account(lane: 0).bar + 1 < own[symbol].0.tape.barCount - 1 {
            own[symbol].1.actions[0] = 1
            own[symbol].1.step(own[symbol].0)
          }
        } else {
          let traded = tape.symbols.indices.filter { Self.tradable[tape.symbols[$0]]?.contains(bar) == true }
          func mean(_ column: Int) -> Float {
            traded.isEmpty
              ? 0 : traded.reduce(0) { $0 + observation[$1 * 13 + column] } / Float(traded.count)
          }
          #expect(block == [0, 0, 0, 0, 0, 0, mean(6), mean(7), 0.5, 0, 0, 0, 0], "\(name) at \(bar)")
          #expect(traded.isEmpty || mean(7) > 0.05)
          #expect(choices == [0], "\(name) at \(bar)")
        }
      }
      row.actions[0] = Int32(made.actionSpace.fallback ?? 0)
      row.step(made)
    }
  }

  /// Random legal walks in every order of symbols: the books balance to the micro-dollar at each step, nothing is held that is not listed, and what
  /// ends with a position is closed.
  @Test(arguments: orders) func booksBalanceWhereSymbolsComeAndGo(places: [Int]) throws {
    let tape = market(places)
    for (allowShort, units) in [(false, 1), (true, 3)] {
      let configuration = BasketConfiguration(
        unitDollars: 300, maximumUnits: units, allowShort: allowShort,
        execution: ExecutionModel(halfSpreadBasisPoints: 7, impactCoefficient: 2, commissionDollars: 1.5))
      let (made, row) = try make(tape, configuration, lanes: 5, episodes: .randomStarts(length: 97))
      let initial = Int64(places.count) * 1_000_000_000
      var cash = [Int64](repeating: initial, count: 5)
      var (closedAtEnd, neutral) = (0, 0)
      for step in 0..<400 {
        let before = (0..<5).map { made.account(lane: $0) }
        row.chooseLegal(seed: 8, step: step)
        row.step(made)
        for lane in 0..<5 {
          let after = made.lastAccount(lane: lane)
          let change = after.netLiquidationMicroDollars - before[lane].netLiquidationMicroDollars
          #expect(made.lastBreakdown(lane: lane).change.total == change, "lane \(lane), step \(step)")
          for fill in made.drainFills(lane: lane) {
            cash[lane] -= Int64(fill.side) * fill.notionalMicroDollars + fill.commissionMicroDollars
            let listing = tape.listings[fill.symbol]
            let isLast = fill.bar == listing.upperBound - 1 && fill.bar < tape.barCount - 1
            #expect(listing.contains(fill.bar) && (!fill.endsListing || isLast))
            let prices = fill.endsListing ? tape.close : tape.open
            #expect(fill.referencePriceDollars == prices[fill.symbol][fill.bar])
            closedAtEnd += fill.endsListing ? 1 : 0
          }
          #expect(cash[lane] == after.cashMicroDollars, "lane \(lane), step \(step)")
          for (symbol, name) in tape.symbols.enumerated() {
            let bars = try #require(Self.tradable[name])
            guard !bars.contains(after.bar) else { continue }
            #expect(after.shares[symbol] == 0 && after.units[symbol] == 0, "\(name) at \(after.bar)")
          }
          if row.truncated[lane] != 0 || row.terminated[lane] != 0 { cash[lane] = initial }
          let observation = row.observation(lane)
          #expect(observation.allSatisfy { $0.isFinite })
          let bar = made.account(lane: lane).bar
          for (symbol, name) in tape.symbols.enumerated() where Self.tradable[name]?.contains(bar) == false {
            #expect(observation[symbol * 13 + 8] == 0.5 && observation[symbol * 13] == 0)
            neutral += 1
          }
        }
      }
      #expect(made.drainIllegalAttempts() == 0 && neutral > 100)
      #expect(closedAtEnd > 0 || !places.contains { [2, 3, 5].contains($0) }, "\(places): \(closedAtEnd)")
    }
  }

  /// One symbol of two ends at bar 60, held long in two units: it is sold there whole, once, at its close less half-spread, impact and commission.
  @Test func whatIsHeldAtTheEndIsClosedAtTheLastClose() throws {
    func series(_ name: String, _ bars: Int) -> BarSeries {
      var series = BarSeries(symbol: name)
      for bar in 0..<bars {
        let close = bar == 60 ? 90.0 : 100
        series.append(
          date: CalendarDate(daysSinceEpoch: Int32(bar)), open: 100, high: 100, low: 90, close: close, volume: 1e6)
      }
      return series
    }
    let tape = MarketTape(listed: [series("STAYS", 70), series("ENDS", 61)])
    let (made, row) = try make(
      tape,
      BasketConfiguration(
        unitDollars: 200, maximumUnits: 2,
        execution: ExecutionModel(halfSpreadBasisPoints: 10, impactCoefficient: 0, commissionDollars: 2)))
    // Two buys of ENDS, then hold.
    for bar in 50..<60 {
      row.actions[0] = bar < 52 ? 5 : 4
      row.step(made)
      #expect(made.account(lane: 0).units == [0, bar < 51 ? 1 : bar < 59 ? 2 : 0], "bar \(bar + 1)")
    }
    let fills = made.drainFills(lane: 0)
    #expect(fills.map(\.endsListing) == [false, false, true] && fills.map(\.bar) == [51, 52, 60])
    let last = try #require(fills.last)
    #expect(last.side == -1 && last.shares == 4 && last.referencePriceDollars == 90)
    // 4 shares at 90 less 0.1 %, and 2 dollars.
    #expect(last.notionalMicroDollars == 359_640_000 && last.halfSpreadCostMicroDollars == 360_000)
    #expect(last.commissionMicroDollars == 2_000_000)
    let bought: Int64 = 2 * (200_200_000 + 2_000_000)
    let cash = 2_000_000_000 - bought + 359_640_000 - 2_000_000
    let account = made.account(lane: 0)
    #expect(account.cashMicroDollars == cash && account.netLiquidationMicroDollars == cash)
    // Nothing of it can be ordered again, and what asks for it holds.
    #expect(legal(row.masks[0], made.actionSpace, symbol: 1) == [0])
    row.actions[0] = 5
    row.step(made)
    #expect(made.drainIllegalAttempts() == 1 && made.account(lane: 0).units == [0, 0])
  }

  @Test(arguments: [[0, 1, 2], [5, 4, 3, 2, 1, 0]]) func aRestoredWalkGoesOnAsItWas(places: [Int]) throws {
    let configuration = BasketConfiguration(unitDollars: 300, maximumUnits: 2, allowShort: true)
    let tape = market(places)
    func run(_ environment: BasketEnvironment, _ row: StepRow, _ steps: Range<Int>) -> [[UInt64]] {
      steps.flatMap { step in
        row.chooseLegal(seed: 8, step: step)
        row.step(environment)
        return (0..<3).map { row.bits($0) }
      }
    }
    let (whole, row) = try make(tape, configuration, lanes: 3)
    _ = run(whole, row, 0..<145)
    let saved = whole.snapshot()
    let masks = (0..<3).map { row.masks[$0] }
    let rest = run(whole, row, 145..<240)
    let (other, otherRow) = try make(tape, configuration, lanes: 3)
    try other.restore(saved)
    for lane in 0..<3 { otherRow.masks[lane] = masks[lane] }
    #expect(run(other, otherRow, 145..<240) == rest && other.snapshot() == whole.snapshot())
    let (fills, same) = (
      (0..<3).flatMap { whole.drainFills(lane: $0) }, (0..<3).flatMap { other.drainFills(lane: $0) }
    )
    #expect(fills == same && (places.count == 3 || fills.contains { $0.endsListing }))
    // Holding what is not listed is nobody's state.
    var forged = saved
    let absent = try #require(tape.symbols.firstIndex { Self.tradable[$0]?.contains(195) == false })
    forged.integers["units"]?[absent] = 1
    forged.doubles["shares"]?[absent] = 1
    #expect(
      throws: RestoreError.invalid(
        name: "units", reason: "lane 0 holds \(tape.symbols[absent]) at bar 195, where it is not listed")
    ) { try other.restore(forged) }
  }

  /// Pairs of which both are traded make the correlation, and nothing is not a number.
  @Test func portfolioColumnsAreOfWhatIsTraded() throws {
    let tape = market([0, 1, 2], benchmark: true)
    let (made, row) = try make(tape, BasketConfiguration(portfolioFeatures: true))
    let benchmark = try #require(tape.benchmark)
    for bar in 50..<299 {
      let observation = row.observation(0)
      #expect(observation.allSatisfy { $0.isFinite }, "bar \(bar)")
      var values: [Double] = []
      for (one, other) in [(0, 1), (0, 2), (1, 2)] {
        let bars = [one, other].compactMap { Self.tradable[tape.symbols[$0]] }
        guard bars.allSatisfy({ $0.contains(bar) }) else { continue }
        values.append(
          Comovement.correlation(
            of: Array(tape.close[one][bar - 40...bar]), and: Array(tape.close[other][bar - 40...bar]), window: 30)[40])
      }
      let mean = values.reduce(0, +) / Double(max(1, values.count))
      #expect(abs(Double(observation[39]) - mean) < 1e-6, "bar \(bar)")
      let account = made.account(lane: 0)
      var exposure = 0.0
      for symbol in 0..<3 where account.shares[symbol] != 0 {
        let beta = Comovement.beta(
          of: Array(tape.close[symbol][bar - 40...bar]), against: Array(benchmark.close[bar - 40...bar]), window: 30)[
            40]
        exposure += account.shares[symbol] * tape.close[symbol][bar] * beta
      }
      #expect(abs(Double(observation[40]) - exposure * 1e6 / Double(account.netLiquidationMicroDollars)) < 1e-6)
      row.chooseLegal(seed: 6, step: bar)
      row.step(made)
    }
  }

  @Test func whatIsListedTooShortOrApartIsRefused() throws {
    let all = SyntheticTape.series(symbols: ["A", "B", "C"], bars: 300, seed: 2)
    func refusal(_ series: [BarSeries]) -> EnvironmentError? {
      do {
        _ = try make(MarketTape(listed: series))
        return nil
      } catch { return error as? EnvironmentError }
    }
    #expect(
      refusal([all[0], all[1].rows(Array(100..<151))]) == .listedTooShort(symbol: "B", bars: 51, needed: 52))
    #expect(refusal([all[0], all[1].rows(Array(100..<152))]) == nil)
    #expect(
      refusal([all[0].rows(Array(0..<150)), all[1].rows(Array(150..<300))])
        == .listedApart(symbol: "A", from: "\(all[0].dates[0])", until: "\(all[0].dates[149])"))
    #expect(refusal([all[0].rows(Array(0..<150)), all[1].rows(Array(149..<300))]) == nil)
  }
}
