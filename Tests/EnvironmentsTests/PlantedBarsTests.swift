// Synthesized bars pass the gate, are what they claim, and their extra column reaches the agent at the bar where it can be used.

import AgentInterface
import Environments
import Glibc
import Market
import Testing
import Trading

private func series(_ answer: PlantedBars.Answer, bars: Int = 7_560, seed: UInt64 = 0) -> BarSeries {
  let calendar = TradingCalendar.xnys
  let dates = Array(calendar.sessions(in: calendar.supportedRange).prefix(bars))
  return PlantedBars.series(answer, symbol: "SYN", dates: dates, seed: seed)
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
