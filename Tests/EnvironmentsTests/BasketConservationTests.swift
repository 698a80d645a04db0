// Random masked walks: the account is conserved to the micro-dollar, and costs only cost.

import AgentInterface
import Environments
import Glibc
import Market
import TestSupport
import Testing
import Trading

struct Walk: Sendable, CustomTestStringConvertible {
  var symbols: Int
  var maximumUnits: Int
  var allowShort: Bool
  var execution = ExecutionModel()
  var unitShare: Double?

  var configuration: BasketConfiguration {
    BasketConfiguration(
      unitShare: unitShare, maximumUnits: maximumUnits, allowShort: allowShort, execution: execution)
  }

  var testDescription: String {
    "\(symbols) symbols, \(maximumUnits) units, short \(allowShort), share \(unitShare ?? 0), \(execution)"
  }

  /// Without costs, with the usual ones, each of them dear, and all of them dear.
  static let executions = [
    ExecutionModel(), ExecutionModel(halfSpreadBasisPoints: 0, impactCoefficient: 0, commissionDollars: 0),
    ExecutionModel(halfSpreadBasisPoints: 50), ExecutionModel(impactCoefficient: 20),
    ExecutionModel(commissionDollars: 7.77),
    ExecutionModel(halfSpreadBasisPoints: 33, impactCoefficient: 9, commissionDollars: 4.99),
  ]

  static let all = executions.flatMap { execution in
    [
      Walk(symbols: 1, maximumUnits: 1, allowShort: false, execution: execution),
      Walk(symbols: 1, maximumUnits: 4, allowShort: true, execution: execution),
      Walk(symbols: 2, maximumUnits: 1, allowShort: false, execution: execution),
      Walk(symbols: 2, maximumUnits: 3, allowShort: true, execution: execution),
      Walk(symbols: 3, maximumUnits: 2, allowShort: true, execution: execution),
      Walk(symbols: 1, maximumUnits: 1, allowShort: false, execution: execution, unitShare: 0.9),
      Walk(symbols: 2, maximumUnits: 3, allowShort: true, execution: execution, unitShare: 0.3),
      Walk(symbols: 3, maximumUnits: 1, allowShort: false, execution: execution, unitShare: 0.5),
      Walk(symbols: 5, maximumUnits: 2, allowShort: true, execution: execution),
      Walk(symbols: 8, maximumUnits: 1, allowShort: false, execution: execution, unitShare: 0.3),
    ]
  }

  static func symbols(_ count: Int) -> [String] {
    (0..<count).map { String(repeating: Character(UnicodeScalar(UInt8(65 + $0))), count: 3) }
  }

  /// A made-up tape in which some volumes are zero.
  func tape(bars: Int = 400) -> MarketTape {
    var series = SyntheticTape.series(symbols: Walk.symbols(symbols), bars: bars, seed: 17)
    for bar in bars / 2..<bars / 2 + 30 { series[0].volume[bar] = 0 }
    return MarketTape(series)
  }
}

/// What random walks showed: how much was checked, and the first things that were not as they must be.
private struct Books {
  var steps = 0
  var trades = 0
  var violations = 0
  var first: [String] = []

  mutating func check(_ holds: Bool, _ what: @autoclosure () -> String) {
    guard !holds else { return }
    violations += 1
    if first.count < 5 { first.append(what()) }
  }
}

@Test func accountsAreConservedExactly() throws {
  var books = Books()
  for walk in Walk.all {
    let before = books.trades
    try play(walk, into: &books)
    #expect(books.trades - before > 200, "\(walk.testDescription)")
  }
  ProofTable.record(
    "honesty: the books balance, to the micro-dollar",
    figure: "\(books.violations) violations, \(books.steps) steps, \(books.trades) fills, \(Walk.all.count) settings",
    threshold: "0", seeds: "23", holds: books.violations == 0)
  #expect(books.violations == 0, "\(books.first.joined(separator: "\n"))")
}

private func play(_ walk: Walk, into books: inout Books) throws {
  let laneCount = 4
  let tape = walk.tape()
  let environment = try BasketEnvironment(
    tape: tape, configuration: walk.configuration, window: 50..<400, laneCount: laneCount,
    episodes: .randomStarts(length: 97), recordsFills: true)
  let row = StepRow(for: environment)
  row.reset(environment, seed: 23)
  let initial = Int64(walk.symbols) * 1_000_000_000
  var sums = [Int64](repeating: 0, count: laneCount)
  var cash = [Int64](repeating: initial, count: laneCount)
  for step in 0..<500 {
    let before = (0..<laneCount).map { environment.account(lane: $0) }
    row.chooseLegal(seed: 31, step: step)
    row.step(environment)
    for lane in 0..<laneCount {
      let place = "\(walk.testDescription), lane \(lane), step \(step)"
      let after = environment.lastAccount(lane: lane)
      let breakdown = environment.lastBreakdown(lane: lane)
      let change = after.netLiquidationMicroDollars - before[lane].netLiquidationMicroDollars
      books.steps += 1
      books.check(
        breakdown.change.total == change, "\(place): itemised \(breakdown.change.total), changed by \(change)")
      books.check(
        row.rewards[lane] == Float(Double(change) * 1e-6), "\(place): reward \(row.rewards[lane]), change \(change)")
      books.check(after.bar == before[lane].bar + 1, "\(place): bar \(after.bar)")
      sums[lane] += breakdown.change.total
      books.check(sums[lane] == after.netLiquidationMicroDollars - initial, "\(place): rewards sum to \(sums[lane])")

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
        books.trades += 1
        books.check(
          fill.bar == after.bar && fill.referencePriceDollars == tape.open[fill.symbol][after.bar], "\(place): \(fill)")
        // Never better than mid; at mid only where nothing costs anything.
        let worse = Double(fill.side) * (fill.fillPriceDollars - fill.referencePriceDollars)
        books.check(walk.execution.halfSpreadFraction > 0 ? worse > 0 : worse == 0, "\(place): \(fill)")
        books.check(
          abs(Double(fill.notionalMicroDollars) - fill.shares * fill.fillPriceDollars * 1e6) < 1, "\(place): \(fill)")
        cash[lane] -= Int64(fill.side) * fill.notionalMicroDollars + fill.commissionMicroDollars
        halfSpread += fill.halfSpreadCostMicroDollars
        impact += fill.impactCostMicroDollars
        commission += fill.commissionMicroDollars
      }
      books.check(
        breakdown.change.halfSpreadCost == halfSpread && breakdown.change.impactCost == impact
          && breakdown.change.commission == commission,
        "\(place): \(breakdown)")
      // Every booking may be off by half a micro-dollar.
      books.check(
        abs(Double(breakdown.change.priceProfit) - profit * 1e6) < 10, "\(place): profit \(profit), booked \(breakdown)"
      )
      books.check(
        after.cashMicroDollars == cash[lane], "\(place): cash \(after.cashMicroDollars), fills say \(cash[lane])")
      // Cash and positions, each position marked where it could be closed and rounded once.
      var value = after.cashMicroDollars
      for symbol in 0..<walk.symbols {
        let middle = after.shares[symbol] * tape.close[symbol][after.bar]
        value += MicroDollars.rounded(middle - abs(middle) * walk.execution.halfSpreadFraction)
        books.check((after.units[symbol] == 0) == (after.shares[symbol] == 0), "\(place): \(after)")
      }
      books.check(
        value == after.netLiquidationMicroDollars, "\(place): worth \(value), said \(after.netLiquidationMicroDollars)")
      let (space, mask) = (environment.actionSpace, row.masks[lane])
      books.check(space.fallback.map { space.heads.allows($0, in: mask) } == true, "\(place): hold is forbidden")
      books.check(row.observation(lane).allSatisfy { $0.isFinite }, "\(place): \(row.observation(lane))")
      if row.terminated[lane] + row.truncated[lane] > 0 {
        sums[lane] = 0
        cash[lane] = initial
      }
    }
  }
  #expect(environment.drainIllegalAttempts() == 0)
  let episodes = environment.drainEpisodes()
  #expect(episodes.count >= 20 && episodes.allSatisfy { $0.length <= 97 })
  #expect(environment.drainCounts().unknownVolumeFills > 0)
}

// MARK: - Costs only cost

/// The same orders under other costs: units too small, and cash too plentiful, for the account's value to change what is executed.
private struct FixedOrders {
  let symbols: Int
  let tape: MarketTape
  let steps = 120

  init(symbols: Int) {
    self.symbols = symbols
    tape = Walk(symbols: symbols, maximumUnits: 2, allowShort: true).tape()
  }

  /// Plays `actions`, or draws legal ones where there are none.
  func play(_ execution: ExecutionModel, actions: [Int32]?) throws -> (
    actions: [Int32], orders: [[UInt64]], profit: Int64
  ) {
    let environment = try BasketEnvironment(
      tape: tape,
      configuration: BasketConfiguration(
        capitalPerSymbolDollars: 10_000, unitDollars: 100, maximumUnits: 2, allowShort: true, execution: execution),
      window: 120..<(121 + steps), laneCount: 1, episodes: .continuous, recordsFills: true)
    let row = StepRow(for: environment)
    row.reset(environment, seed: 1)
    var played: [Int32] = []
    for step in 0..<steps {
      if let actions { row.actions[0] = actions[step] } else { row.chooseLegal(seed: 77, step: step) }
      played.append(row.actions[0])
      row.step(environment)
    }
    #expect(environment.drainIllegalAttempts() == 0 && row.truncated[0] == 1)
    let orders = environment.drainFills(lane: 0).map {
      [UInt64($0.symbol), UInt64($0.bar), UInt64(bitPattern: Int64($0.side)), $0.shares.bitPattern]
    }
    let profit = environment.lastAccount(lane: 0).netLiquidationMicroDollars - Int64(symbols) * 10_000_000_000
    return (played, orders, profit)
  }
}

@Test func fixedOrdersNeverEarnMoreAtHigherCosts() throws {
  let halfSpreads = [0, 0.5, 1, 2, 5, 10, 50]
  let impacts = [0, 0.35, 0.7, 1.4, 5, 20]
  let commissions = [0, 0.35, 1, 2, 10]
  var (compared, orderCount, violations): (Int, Int, [String]) = (0, 0, [])
  for symbols in 1...3 {
    let fixed = FixedOrders(symbols: symbols)
    let first = try fixed.play(ExecutionModel(), actions: nil)
    #expect(first.orders.count > 60 * symbols)
    orderCount += first.orders.count
    var profits: [[Int]: Int64] = [:]
    for (i, halfSpread) in halfSpreads.enumerated() {
      for (j, impact) in impacts.enumerated() {
        for (k, commission) in commissions.enumerated() {
          let played = try fixed.play(
            ExecutionModel(
              halfSpreadBasisPoints: halfSpread, impactCoefficient: impact, commissionDollars: commission),
            actions: first.actions)
          #expect(played.orders == first.orders, "same shares, same bars")
          profits[[i, j, k]] = played.profit
        }
      }
    }
    for (place, profit) in profits {
      for dimension in 0..<3 {
        var dearer = place
        dearer[dimension] += 1
        guard let other = profits[dearer] else { continue }
        compared += 1
        // Every order pays every cost, so that more of any is less in the end.
        if other >= profit { violations.append("\(symbols) symbols, \(place) to \(dearer): \(profit), then \(other)") }
      }
    }
  }
  ProofTable.record(
    "honesty: fixed orders earn less at any higher cost",
    figure: "\(violations.count) violations, \(compared) pairs, \(orderCount) orders", threshold: "0", seeds: "77",
    holds: violations.isEmpty)
  #expect(violations.isEmpty && compared > 1500, "\(violations.prefix(3))")
}

@Test func aRoundTripAtAConstantMidLosesItsModelledCost() throws {
  var (trips, worst) = (0, 0.0)
  for symbols in 1...3 {
    let names = Walk.symbols(symbols)
    // Prices move until bar 55 and stand still from then on: volatility, and with it impact, is not zero.
    let tape = handMadeTape(names, bars: 80) { symbol, bar in
      let close = bar < 56 ? 100 + Double((bar * 7 + symbol * 3) % 11) * 0.4 : 100
      return HandMadeBar(open: bar < 56 ? close : 100, close: close, volume: 9000 + 100 * Double(bar % 5))
    }
    for execution in Walk.executions {
      for isLong in [true, false] {
        let environment = try BasketEnvironment(
          tape: tape, configuration: BasketConfiguration(allowShort: true, execution: execution), window: 56..<60,
          laneCount: 1, episodes: .continuous, recordsFills: true)
        let row = StepRow(for: environment)
        row.reset(environment, seed: 1)
        let initial = environment.account(lane: 0).netLiquidationMicroDollars
        let there = BasketAction(orders: [Int](repeating: isLong ? 1 : -1, count: symbols))
        let back = BasketAction(orders: [Int](repeating: isLong ? -1 : 1, count: symbols))
        for action in [there, back] {
          row.actions[0] = Int32(action.index)
          row.step(environment)
        }
        #expect(environment.drainIllegalAttempts() == 0)
        let account = environment.account(lane: 0)
        #expect(account.shares.allSatisfy { $0 == 0 } && account.cashMicroDollars == account.netLiquidationMicroDollars)
        let fills = environment.drainFills(lane: 0)
        #expect(fills.count == 2 * symbols && fills.allSatisfy { !$0.wasCut })
        var modelled = 0.0
        for fill in fills {
          let impact = plainImpact(tape, fill.symbol, bar: fill.bar - 1, dollars: 100 * fill.shares, execution)
          modelled +=
            100 * fill.shares * (execution.halfSpreadBasisPoints * 1e-4 + impact) + execution.commissionDollars
        }
        if execution.impactCoefficient > 0 { #expect(modelled > 0) }
        let lost = Double(initial - account.netLiquidationMicroDollars)
        // Each of a fill's bookings rounds once.
        worst = max(worst, abs(lost - modelled * 1e6) / Double(fills.count))
        trips += symbols
      }
    }
  }
  ProofTable.record(
    "honesty: a round trip at one mid loses the modelled cost",
    figure: "off by \((worst * 100).rounded() / 100) micro-dollars a fill, \(trips) trips", threshold: "<= 1",
    seeds: "-",
    holds: worst <= 1)
  #expect(worst <= 1)
}

/// The square-root law from the bars up to `bar`, written out.
private func plainImpact(
  _ tape: MarketTape, _ symbol: Int, bar: Int, dollars: Double, _ execution: ExecutionModel
) -> Double {
  let close = tape.close[symbol]
  let returns = (bar - 19...bar).map { log(close[$0] / close[$0 - 1]) }
  let mean = returns.reduce(0, +) / 20
  let volatility = (returns.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 19).squareRoot()
  let volume = (bar - 19...bar).reduce(0) { $0 + close[$1] * tape.volume[symbol][$1] } / 20
  return execution.impactCoefficient * volatility * (dollars / volume).squareRoot()
}

@Test func lanesDoNotDependOnTheirNumberRangesOrThreads() async throws {
  let tape = Walk(symbols: 2, maximumUnits: 1, allowShort: false).tape()
  func make(_ laneCount: Int) throws -> (BasketEnvironment, StepRow) {
    let environment = try BasketEnvironment(
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
