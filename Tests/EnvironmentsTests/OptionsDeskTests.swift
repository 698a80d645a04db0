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

/// What an action is, whatever is bought or sold.
private enum Move {
  case hold, enter(isCall: Bool), trim(Double), exit

  init(_ name: String) {
    switch name {
    case "buy_call", "sell_call_spread": self = .enter(isCall: true)
    case "buy_put", "sell_put_spread": self = .enter(isCall: false)
    case "trim_half": self = .trim(0.5)
    case "trim_most": self = .trim(0.75)
    case "exit", "close": self = .exit
    default: self = .hold
    }
  }
}

/// The loss, in shares of its credit, at which a desk buys a package back.
private struct DeskStop {
  let plan = ExitPlan(kind: .fullTarget, stopLoss: 20_000, timeExit: nil)
  var state = ExitState()
  var group: Int64 = 0

  /// Whether the plan closes what a book holds, on the quotes of a minute.
  mutating func closes(_ book: Book, minute: Int) -> Int? {
    for place in 0..<book.groupCapacity where book.groups[place].order != 0 {
      let group = book.groups[place]
      guard group.openedMinute < minute else { return nil }
      var value = 0
      for index in group.legs.indices {
        guard let slot = book.slot(of: group.legs[index].contract), book.positions[slot].isQuoted else { return nil }
        let position = book.positions[slot]
        value += Int(group.legs[index].ratio) * (group.legs[index].ratio > 0 ? position.bid : position.ask)
      }
      if self.group != group.order {
        let entry = Int(group.openedFor) / (group.quantity * 100 * 100)
        guard let opened = try? ExitState(entry: entry, quantity: group.quantity, daysToExpiry: 0) else { return nil }
        (state, self.group) = (opened, group.order)
      }
      return plan.decide(&state, at: ExitMoment(value: value, daysToExpiry: 0)) == nil ? nil : place
    }
    return nil
  }
}

/// Plays two sessions on a lane and on a desk beside it. Returns how often something was entered, and how often the desk's stop closed something.
private func compareWithDesk(
  _ configuration: OptionsConfiguration, _ market: OptionsMarket
) throws -> (entered: Int, stopped: Int) {
  let environment = try options(market, configuration, lanes: 1, .walk)
  let names = environment.actionSpace.names
  let tape = environment.tables.tape
  let row = StepRow(for: environment)
  row.reset(environment, seed: 1)

  var settings = DeskSettings()
  settings.margin.admitsUncovered = false
  var (entered, stopped) = (0, 0)
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
    var stop = DeskStop()
    func close(_ place: Int, _ quantity: Int, id: Int64, minute: Int) {
      let group = desk.book.groups[place]
      desk.submit(
        Order(
          id: id, legs: group.reversed, quantity: quantity, effect: .closes, submittedMinute: minute,
          closes: group.order), view: view, as: .exit)
    }
    for minute in 0..<389 {
      row.chooseLegal(seed: 7, step: session * 389 + minute)
      let move = Move(names[Int(row.actions[0])])
      number += 1
      if case .enter(let isCall) = move {
        let wanted = environment.plannedEntry(lane: 0, isCall: isCall)
        entered += 1
        desk.submit(
          Order(
            id: number, legs: wanted.legs, quantity: wanted.quantity, effect: .opens, submittedMinute: minute),
          view: view)
      }
      for place in 0..<desk.book.groupCapacity where desk.book.groups[place].order != 0 {
        let held = desk.book.groups[place].quantity
        switch move {
        case .trim(let share): close(place, Int(share * Double(held)), id: number, minute: minute)
        case .exit: close(place, held, id: desk.ownNumber(), minute: minute)
        default: break
        }
      }
      row.step(environment)
      desk.advance(minute: minute + 1, view: view)
      let isLeaving = desk.working.orders.contains { $0.order.effect == .closes }
      if configuration.game == .shortPremium, minute < 388, !isLeaving,
        let place = stop.closes(desk.book, minute: minute + 1)
      {
        stopped += 1
        close(place, desk.book.groups[place].quantity, id: desk.ownNumber(), minute: minute + 1)
      }
      if minute == 388 {
        try desk.settle(.close, view: view, prices: Close(price: day.session.settlementPrice ?? 0))
      }
      #expect(environment.lastAccount(lane: 0).netLiquidationMicroDollars == desk.value + rest, "minute \(minute)")
    }
    #expect(desk.widestGap == 0)
  }
  #expect(environment.drainCounts().stopped == Int64(stopped))
  return (entered, stopped)
}

@Test(arguments: [0, 4]) func aLaneIsADesk(gapEvery: Int) throws {
  var configuration = OptionsConfiguration.rich
  configuration.maximumContracts = 5
  let played = try compareWithDesk(configuration, OptionsMarket(sessions: 2, gapEvery: gapEvery))
  #expect(played.entered > 60 && played.stopped == 0)
}

@Test(arguments: [0, 4]) func aLaneThatSellsSpreadsIsADesk(gapEvery: Int) throws {
  var configuration = OptionsConfiguration.richPremium
  configuration.maximumContracts = 3
  // Stops are reached where the day moves more than it was quoted to.
  var market = OptionsMarket(sessions: 2, strikesEachWay: 14, gapEvery: gapEvery)
  market.changedFrom = 60
  let played = try compareWithDesk(configuration, market)
  #expect(played.entered > 20 && (played.stopped > 0 || gapEvery > 0), "\(played)")
}
