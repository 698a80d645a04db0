// A lane of the options game is a desk: the same orders on the same quotes come to the same money, minute by minute.

import AgentInterface
import Environments
import Market
import Testing
import Trading

/// A session of a tape as a desk sees it.
private struct TapeMarket: MarketView {
  let tape: OptionTape
  let session: OptionTape.Session

  var date: CalendarDate { session.date }
  var minuteCount: Int { session.minuteCount }

  private func place(_ contract: Int32, _ minute: Int) -> Int { session.place(minute: minute) + Int(contract) }

  func quote(of contract: Int32, minute: Int) -> MinuteQuote? {
    let place = place(contract, minute)
    return MinuteQuote(bid: Int(tape.bids[place]), ask: Int(tape.asks[place]), minute: Int(tape.minutes[place]))
  }

  func underlyingPrice(of contract: Int32, minute: Int) -> Int? {
    Int(tape.underlyingPrices[place(contract, minute)])
  }

  func modelPrice(of contract: Int32, minute: Int) -> Int? { Int(tape.models[place(contract, minute)]) }
}

private struct Close: SettlementPrices {
  let price: Int
  func price(of underlying: String, at settlement: ContractTerms.Settlement) -> SettlementPrice? {
    SettlementPrice(price: price, source: .lastMinute)
  }
}

@Test(arguments: [0, 4]) func aLaneIsADesk(gapEvery: Int) throws {
  var configuration = OptionsConfiguration.rich
  configuration.maximumContracts = 5
  let market = OptionsMarket(sessions: 2, gapEvery: gapEvery)
  let environment = try options(market, configuration, lanes: 1, .walk)
  let tape = environment.tables.tape
  let row = StepRow(for: environment)
  row.reset(environment, seed: 1)

  var settings = DeskSettings()
  settings.cashDollars = 1_000_000
  var orders = 0
  for session in 0..<2 {
    let day = environment.currentDay(lane: 0)
    let view = TapeMarket(tape: tape, session: day.session)
    let start = environment.account(lane: 0).netLiquidationMicroDollars
    settings.cashDollars = start / 1_000_000
    let table = ContractTable(day.session.contracts.compactMap { TradedContract($0) })
    let desk = Desk(settings, table: table, risk: DeskRisk(configuration.profile, slots: 4, rate: 0))
    // What is left of a dollar does not fit a desk's settings.
    let rest = start % 1_000_000
    try desk.beginSession(day.date)
    desk.advance(minute: 0, view: view)
    var number: Int64 = 0
    for minute in 0..<389 {
      row.chooseLegal(seed: 7, step: session * 389 + minute)
      let action = OptionsAction(rawValue: Int(row.actions[0])) ?? .hold
      let wanted = environment.plannedEntry(lane: 0, isCall: action == .buyCall)
      number += 1
      switch action {
      case .hold: break
      case .buyCall, .buyPut:
        orders += 1
        desk.submit(
          Order(
            id: number, legs: wanted.legs, quantity: wanted.quantity, effect: .opens, submittedMinute: minute),
          view: view)
      case .trimHalf, .trimMost, .exit:
        for place in 0..<desk.book.groupCapacity where desk.book.groups[place].order != 0 {
          let group = desk.book.groups[place]
          let quantity =
            action == .exit ? group.quantity : action == .trimHalf ? group.quantity / 2 : 3 * group.quantity / 4
          desk.submit(
            Order(
              id: action == .exit ? desk.ownNumber() : number, legs: group.reversed, quantity: quantity,
              effect: .closes, submittedMinute: minute, closes: group.order), view: view, as: .exit)
        }
      }
      row.step(environment)
      desk.advance(minute: minute + 1, view: view)
      if minute == 388 {
        try desk.settle(.close, view: view, prices: Close(price: day.session.settlementPrice ?? 0))
      }
      #expect(environment.lastAccount(lane: 0).netLiquidationMicroDollars == desk.value + rest, "minute \(minute)")
    }
    #expect(desk.widestGap == 0)
  }
  #expect(orders > 60)
}
