// Baselines on a desk worked by hand.

import AgentInterface
import Environments
import Market
import Testing
import Trading

@testable import Evaluation

@Suite struct BaselinesTests {
  /// Closes 10, 12, 11, 13, 13, 9, 10 for the first symbol; the second one only falls.
  let tape = ToyTape.make([[10, 12, 11, 13, 13, 9, 10], [50, 49, 48, 47, 46, 45, 44]])

  @Test func jointOrdersFollowTheActionTable() {
    let orders = JointOrders(BasketAction.space(symbols: ["A", "B"]))
    let table = [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 0), (0, 1), (1, -1), (1, 0), (1, 1)]
    for (action, expected) in table.enumerated() {
      #expect(orders.orders[action] == [expected.0, expected.1])
      #expect(orders.nearestLegal(to: [expected.0, expected.1], mask: .all(count: 9)) == action)
    }
  }

  @Test func aForbiddenOrderBecomesHold() {
    let orders = JointOrders(BasketAction.space(symbols: ["A", "B"]))
    func mask(_ actions: Int...) -> ActionMask { ActionMask((0..<9).map { actions.contains($0) }) }
    // Buying both is forbidden: the first symbol is served.
    #expect(orders.nearestLegal(to: [1, 1], mask: mask(4, 5, 7)) == 7)
    #expect(orders.nearestLegal(to: [1, 1], mask: mask(4, 5)) == 5)
    #expect(orders.nearestLegal(to: [-1, 1], mask: mask(4, 6, 7)) == 4)
  }

  @Test func independentOrdersAreServedSymbolBySymbol() {
    let symbols = ["A", "B", "C", "D"]
    let orders = JointOrders(BasketAction.space(symbols: symbols))
    let every = ActionMask.all(count: 12)
    for wanted in [[-1, 0, 1, 1], [0, 0, 0, 0], [1, 1, 1, -1]] {
      #expect(orders.nearestLegal(to: wanted, mask: every) == BasketAction(orders: wanted).index)
    }
    // A may not be bought nor C sold.
    let mask = ActionMask(rawValue: every.rawValue & ~(1 << 2) & ~(1 << 6))
    #expect(orders.nearestLegal(to: [1, 1, -1, -1], mask: mask) == BasketAction(orders: [0, 1, 0, -1]).index)
  }

  @Test func flatNeverTrades() throws {
    let environment = ToyTradingEnvironment(tape: tape)
    let record = try Backtest.run(environment, decider: BaselineDecider(.flat, for: environment), seed: 1)
    #expect(record.actions == [4, 4, 4, 4, 4])
    #expect(record.fills.isEmpty && record.closes == [1000, 1000, 1000, 1000, 1000])
    #expect(record.heldPosition == [false, false, false, false, false])
  }

  @Test func buyAndHoldBuysAsSoonAsLegal() throws {
    let environment = ToyTradingEnvironment(tape: tape)
    environment.firstLegalBuyBar = [0, 3]
    let record = try Backtest.run(environment, decider: BaselineDecider(.buyAndHold, for: environment), seed: 1)
    // Bar 1: buy the first. Bar 3: buy the second. Then hold.
    #expect(record.actions == [7, 4, 5, 4, 4])
    #expect(record.fills.map(\.bar) == [2, 4] && record.fills.map(\.symbol) == [0, 1])
    // 1000 - 12 - 1 - 47 - 1 + 10 + 44 = 993.
    #expect(record.closes.last == 993)
    #expect(record.illegalAttempts == 0)
    let metrics = record.metrics(seed: 1)
    #expect(metrics.tradeCount == 0 && metrics.openPositionCount == 2 && metrics.timeInPosition == 1)
  }

  @Test func previousSignFollowsTheLastSession() throws {
    let environment = ToyTradingEnvironment(tape: tape)
    let record = try Backtest.run(environment, decider: BaselineDecider(.previousSign, for: environment), seed: 1)
    // First symbol at bars 1...5: up buy, down sell, up buy, unchanged hold, down sell. The second never rises: never bought.
    #expect(record.actions == [7, 1, 7, 4, 1])
    #expect(record.fills.map(\.side) == [1, -1, 1, -1])
    // Bought 12 sold 11, bought 13 sold 9, four dollars: 1000 - 1 - 4 - 4 = 991.
    #expect(record.closes.last == 991)
    let metrics = record.metrics(seed: 1)
    #expect(metrics.tradeCount == 2 && metrics.winRate == 0)
    #expect(metrics.expectancyDollars == -4.5)
  }

  @Test func theInverseGoesTheOtherWay() throws {
    let environment = ToyTradingEnvironment(tape: tape)
    let record = try Backtest.run(
      environment, decider: BaselineDecider(.inversePreviousSign, for: environment), seed: 1)
    // First symbol: up (nothing held), down buy, up sell, unchanged hold, down buy. The second falls each day: bought once.
    #expect(record.actions == [5, 7, 1, 4, 7])
  }

  @Test func datesAreThoseOfTheCloses() throws {
    let environment = ToyTradingEnvironment(tape: tape)
    let record = try Backtest.run(environment, decider: BaselineDecider(.flat, for: environment), seed: 1)
    #expect(record.decisionDates == Array(tape.dates[1...5]))
    #expect(record.closeDates == Array(tape.dates[2...6]))
    #expect(record.initialDollars == 1000 && record.count == 5)
    #expect(!record.endedByTermination)
  }
}
