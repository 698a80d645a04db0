// Synthesized bars pass the gate, are what they claim, and their extra column reaches the agent at the bar where it can be used.

import AgentInterface
import Environments
import Glibc
import Market
import Testing
import Trading

private func series(
  _ answer: PlantedBars.Answer, bars: Int = 7_560, seed: UInt64 = 0, correlation: Double = 0
) -> BarSeries {
  let calendar = TradingCalendar.xnys
  let dates = Array(calendar.sessions(in: calendar.supportedRange).prefix(bars))
  return PlantedBars.series(answer, symbol: "SYN", dates: dates, seed: seed, correlation: correlation)
}

@Test(arguments: PlantedBars.Answer.allCases)
func synthesizedBarsPassTheGate(answer: PlantedBars.Answer) {
  let bars = series(answer)
  let report = QualityGate.examine([bars], allowances: [])
  #expect(report.passed && report.findings.isEmpty, "\(report)")
  #expect(bars == series(answer) && bars != series(answer, seed: 1))
  #expect(series(answer, bars: 500).close[..<499] == bars.close[..<499], "later bars do not change earlier ones")
}

@Test func synthesizedPricesMoveAsTheyShould() {
  let walk = series(.martingale)
  let returns = (1..<walk.count).map { log(walk.close[$0] / walk.close[$0 - 1]) }
  let deviation = (returns.reduce(0) { $0 + $1 * $1 } / Double(returns.count)).squareRoot()
  #expect(abs(deviation / 0.01 - 1) < 0.04, "\(deviation)")
  #expect(zip(walk.open.dropFirst(), walk.close).allSatisfy { $0 == $1 })
  let reverting = series(.meanReversion).close.map { $0 - 100 }
  let products = zip(reverting, reverting.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 }
  let slope = products / reverting.dropLast().reduce(0) { $0 + $1 * $1 }
  // A slope's error is sqrt((1 - 0.95^2) / 7560) = 0.0036.
  #expect(abs(slope - 0.95) < 0.015, "\(slope)")
}

@Test func theLeakIsWhatAnOrderDecidedNowEarns() throws {
  let bars = series(.leak, bars: 400)
  let told = try #require(bars.extraValues(PlantedBars.leakColumn))
  let free = ExecutionModel(halfSpreadBasisPoints: 0, impactCoefficient: 0, commissionDollars: 0)
  let configuration = BasketConfiguration(
    allowShort: true, execution: free, extraColumns: [PlantedBars.leakColumn])
  let environment = try BasketEnvironment(
    tape: MarketTape([bars]), configuration: configuration, window: 50..<400, laneCount: 1, episodes: .continuous)
  #expect(environment.observationSpace.columns.map(\.name).suffix(2) == ["SYN.next_return", "SYN.position"])
  #expect(environment.observationSpace.count == 14)
  let row = StepRow(for: environment)
  row.reset(environment, seed: 1)
  for bar in 50..<399 {
    #expect(row.observation(0)[12] == Float(told[bar]), "bar \(bar)")
    let account = environment.account(lane: 0)
    // Wants to be long where the next bar rises, else short: at most one unit a step towards it.
    row.actions[0] = told[bar] > 0 ? 2 : 0
    if !row.masks[0].allows(Int(row.actions[0])) { row.actions[0] = 1 }
    row.step(environment)
    let after = environment.lastAccount(lane: 0)
    let held = after.shares[0]
    let earned = Double(row.rewards[0])
    // Whatever is held over the bar earns just the return that was told, since it opened where the bar before closed.
    #expect(abs(earned - held * bars.close[bar] * told[bar]) < 2e-4, "bar \(bar): \(earned)")
    #expect(account.bar == bar)
  }
}

@Test func aColumnThatIsNotThereIsRefusedByName() {
  let configuration = BasketConfiguration(extraColumns: ["tide"])
  #expect(throws: EnvironmentError.missingColumn(symbol: "SYN", column: "tide", existing: ["next_return"])) {
    _ = try BasketEnvironment(
      tape: MarketTape([series(.leak, bars: 100)]), configuration: configuration, window: 50..<100, laneCount: 1)
  }
  for names in [["position"], ["rsi_14"], ["Tide"], [""], ["tide", "tide"]] {
    #expect(throws: EnvironmentError.self, "\(names)") { try BasketConfiguration(extraColumns: names).validate() }
  }
}

/// Mean and standard deviation of numbers, and the correlation of two series.
private struct Moments {
  let mean: Double
  let deviation: Double

  init(_ values: some Collection<Double>) {
    let mean = values.reduce(0, +) / Double(values.count)
    self.mean = mean
    deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
  }

  static func correlation(_ one: ArraySlice<Double>, _ other: ArraySlice<Double>) -> Double {
    let (first, second) = (Moments(one), Moments(other))
    let product = zip(one, other).reduce(0) { $0 + ($1.0 - first.mean) * ($1.1 - second.mean) } / Double(one.count)
    return product / (first.deviation * second.deviation)
  }
}

@Test(arguments: [-1, -0.5, 0, 0.197, 0.315, 1]) func anEdgeKnowsAsMuchAsItIsTold(rho: Double) throws {
  let bars = series(.edge, seed: 5, correlation: rho)
  let count = Double(bars.count - 1)
  #expect(bars.extra.map(\.name) == [PlantedBars.edgeColumn] && bars.count == 7_560)
  let signal = try #require(bars.extraValues(PlantedBars.edgeColumn))
  // [t] is the log return of bar t + 1.
  let returns = (1..<bars.count).map { log(bars.close[$0] / bars.close[$0 - 1]) }
  let (walk, seen) = (Moments(returns), Moments(signal))
  #expect(abs(walk.mean) < 4 * 0.01 / count.squareRoot() && abs(walk.deviation / 0.01 - 1) < 0.04, "\(walk)")
  #expect(abs(seen.mean) < 4 / count.squareRoot() && abs(seen.deviation - 1) < 0.04, "\(seen)")
  let next = Moments.correlation(signal.dropLast(), returns[...])
  #expect(abs(next - rho) <= 4 * (1 - rho * rho) / count.squareRoot() + 1e-9, "\(next)")
  // Of the bar that it stands at, and of the one after the next, it knows nothing.
  #expect(abs(Moments.correlation(signal.dropFirst(), returns[...])) < 4 / count.squareRoot())
  #expect(abs(Moments.correlation(signal.dropLast(2), returns.dropFirst())) < 4 / count.squareRoot())
  // Sessions a year 252, and E|x| = sqrt(2 / pi); a year's ratio has an error of 1 over the root of the years.
  let followed = Moments(zip(signal, returns).map { $0 > 0 ? $1 : -$1 })
  let sharpe = followed.mean / followed.deviation * 252.squareRoot()
  if abs(rho) < 0.4 { #expect(abs(sharpe - 12.67 * rho) < 4 * (252 / count).squareRoot(), "\(sharpe)") }
  // Each bar opens where the one before closed, and the walk is that of the market without the column.
  #expect(zip(bars.open.dropFirst(), bars.close).allSatisfy { $0 == $1 } && bars.open[0] == 100)
  #expect(bars.close == series(.martingale, seed: 5).close && bars.dates == series(.martingale).dates)
  #expect(bars.high.indices.allSatisfy { bars.high[$0] == max(bars.open[$0], bars.close[$0]) * 1.001 })
  #expect(bars.low.indices.allSatisfy { bars.low[$0] == min(bars.open[$0], bars.close[$0]) * 0.999 })
  #expect(QualityGate.examine([bars], allowances: []).findings.isEmpty)
  // The same again; another seed is another market; later bars change no earlier one.
  #expect(bars == series(.edge, seed: 5, correlation: rho))
  let other = try #require(series(.edge, seed: 6, correlation: rho).extraValues(PlantedBars.edgeColumn))
  #expect(zip(signal, other).count { $0 == $1 } == 0)
  let shorter = try #require(series(.edge, bars: 500, seed: 5, correlation: rho).extraValues(PlantedBars.edgeColumn))
  #expect(shorter[...] == signal[..<500])
}
