// Positions with their plans: prices of all legs at one instant, rolls, and what a restart finds.

import Market
import Testing
import Text
import Trading

private func price(_ dollars: Double) -> Int { Int((dollars * 10_000).rounded()) }

/// Quotes by contract and minute, as a test writes them.
private struct Quotes: MarketView {
  var date = CalendarDate(year: 2025, month: 12, day: 11)!
  var minuteCount = 390
  var quotes: [Int32: [Int: MinuteQuote]] = [:]
  var underlying: Int?

  mutating func set(_ contract: Int32, _ minute: Int, _ bid: Double, _ ask: Double) {
    quotes[contract, default: [:]][minute] = MinuteQuote(bid: price(bid), ask: price(ask), minute: minute)
  }

  func quote(of contract: Int32, minute: Int) -> MinuteQuote? {
    quotes[contract]?.filter { $0.key <= minute }.max { $0.key < $1.key }?.value
  }

  func underlyingPrice(of contract: Int32, minute: Int) -> Int? { underlying }
}

private func option(_ symbol: String) throws -> TradedContract {
  try #require(TradedContract(OptionContract(try OptionSymbol(symbol))))
}

private func fill(
  _ order: Int64, _ legs: [(contract: Int32, quantity: Int, price: Double)], packages: Int, multiplier: Int32 = 100
) throws -> OrderFill {
  let fills = legs.map {
    LegFill(
      contract: $0.contract, multiplier: multiplier, quantity: $0.quantity, price: price($0.price),
      bid: price($0.price), ask: price($0.price), costs: Costs())
  }
  return OrderFill(
    order: order, minute: 30, quantity: packages, effect: .opens, legs: try #require(UpToFour(fills)))
}

@Test func aLongOptionIsMarkedAtItsBidAndAShortOneAtItsAsk() throws {
  let table = ContractTable([try option("SPY251211C00600000")])
  var view = Quotes()
  view.set(0, 40, 34.25, 34.75)
  let long = try ExitPosition(
    opened: fill(7, [(0, 6, 17.15)], packages: 6), plan: .fullTarget, in: table, on: view.date, underlying: price(600))
  #expect(long.state.entry == 171_500 && long.state.entryQuantity == 6 && long.state.favourableDirection == 1)
  #expect(long.package.moment(in: view, minute: 40, table: table).value == price(34.25))
  let short = try ExitPosition(
    opened: fill(8, [(0, -6, 17.15)], packages: 6), plan: .fullTarget, in: table, on: view.date, underlying: nil)
  #expect(short.state.entry == -171_500 && short.state.favourableDirection == -1)
  let moment = short.package.moment(in: view, minute: 40, table: table)
  #expect(moment.value == price(-34.75) && moment.minutesToLastClose == 350 && moment.daysToExpiry == 0)
}

/// A spread is priced at one instant: a leg without a quote of it leaves the whole without a price, and never an older one of its own.
@Test func everyLegOfAnExitIsPricedAtTheSameInstant() throws {
  let table = ContractTable([try option("SPY251211C00600000"), try option("SPY251211C00605000")])
  var view = Quotes()
  for minute in 30...40 { view.set(0, minute, 5, 5.02) }
  view.set(1, 30, 1, 1.02)
  let bought = try fill(9, [(0, 2, 5), (1, -2, 1)], packages: 2)
  let position = try ExitPosition(
    opened: bought, plan: .fullTarget, in: table, on: view.date, underlying: nil)
  #expect(position.state.entry == price(4) && position.state.favourableDirection == 1)
  // Two minutes old at most, as for every order.
  #expect(position.package.value(in: view, minute: 32, table: table) == price(3.98))
  #expect(position.package.value(in: view, minute: 33, table: table) == ExitMoment.unquoted)
  view.set(1, 33, 0, 1)
  #expect(position.package.value(in: view, minute: 33, table: table) == ExitMoment.unquoted)
  view.set(1, 33, 0.5, 0.52)
  #expect(position.package.value(in: view, minute: 33, table: table) == price(4.48))
  // Its closing order reverses every leg.
  let order = position.closingOrder(
    id: 10, ExitDecision(reason: .profitTarget, quantity: 2, level: 0, value: 0), minute: 33)
  #expect(
    order.legs.indices.map { order.legs[$0] } == [OrderLeg(contract: 0, ratio: -1), OrderLeg(contract: 1, ratio: 1)])
  #expect(order.effect == .closes && order.closes == 9 && order.kind == .market && order.quantity == 2)
}

@Test func theDirectionOfAPackageFollowsFromItsWorthAtExpiry() throws {
  let table = ContractTable([
    try option("SPY251211C00600000"), try option("SPY251211C00605000"), try option("SPY251211P00600000"),
    try option("SPY251211P00595000"), TradedContract(share: "SPY"),
  ])
  func direction(_ legs: [(Int32, Int32)]) throws -> Int {
    let legs = legs.map { OrderLeg(contract: $0.0, ratio: $0.1) }
    return ExitPackage(try #require(UpToFour(legs)), in: table).favourableDirection
  }
  #expect(try direction([(0, 1)]) == 1 && direction([(0, -1)]) == -1)
  #expect(try direction([(2, 1)]) == -1 && direction([(2, -1)]) == 1)
  #expect(try direction([(0, -1), (1, 1)]) == -1 && direction([(2, -1), (3, 1)]) == 1)
  #expect(try direction([(0, 1), (2, 1)]) == 0)
  #expect(try direction([(0, -1), (1, 1), (2, -1), (3, 1)]) == 0)
  #expect(try direction([(4, 100), (0, -1)]) == 1)
}

/// A hundred shares and a short call are worth a share less a call.
@Test func aCoveredCallIsPricedAUnit() throws {
  let table = ContractTable([TradedContract(share: "SPY"), try option("SPY251211C00600000")])
  var view = Quotes()
  view.set(0, 40, 599.99, 600.01)
  view.set(1, 40, 2, 2.05)
  var legs = UpToFour(OrderLeg(contract: 0, ratio: 100))
  legs.append(OrderLeg(contract: 1, ratio: -1))
  let package = ExitPackage(legs, in: table)
  #expect(package.unit == 100 && package.value(in: view, minute: 40, table: table) == price(597.94))
}

// MARK: - Rolls

private func monthlies() throws -> ContractTable {
  ContractTable([
    try option("SPY251219C00600000"), try option("SPY260102C00600000"), try option("SPY260116C00600000"),
    try option("SPY260116C00605000"), try option("SPY260116P00600000"), try option("SPY260220C00600000"),
  ])
}

private func rolling(mostDebit: Double) throws -> (ExitPosition, ContractTable, Quotes) {
  let table = try monthlies()
  var view = Quotes()
  view.date = try #require(CalendarDate(year: 2025, month: 11, day: 3))
  var plan = ExitPlan.fullTarget
  plan.roll = RollRule(mostDebit: price(mostDebit))
  let position = try ExitPosition(
    opened: fill(5, [(0, 3, 10)], packages: 3), plan: plan, in: table, on: view.date, underlying: nil)
  view.date = try #require(CalendarDate(year: 2025, month: 11, day: 28))
  view.set(0, 100, 10.5, 10.6)
  view.set(2, 100, 14, 14.2)
  return (position, table, view)
}

@Test func aRollIsOneOrderAtANetPrice() throws {
  var (position, table, view) = try rolling(mostDebit: 3.7)
  let asked = position.decide(in: view, minute: 100, table: table)
  let decision = try #require(asked)
  #expect(decision.reason == .roll && decision.quantity == 3)
  let answer = position.rollingOrder(id: 6, decision, in: view, minute: 100, table: table)
  guard case .order(let order) = answer else {
    Issue.record("\(answer)")
    return
  }
  #expect(
    order.legs.indices.map { order.legs[$0] } == [OrderLeg(contract: 0, ratio: -1), OrderLeg(contract: 2, ratio: 1)])
  #expect(order.kind == .limit(net: price(3.7)) && order.quantity == 3 && order.closes == 5)
  // What was asked for works, and is not asked for twice.
  #expect(position.decide(in: view, minute: 100, table: table) == nil)
}

@Test func aRollIsRefusedWhereItCostsTooMuchAndNothingIsClosed() throws {
  var (position, table, view) = try rolling(mostDebit: 3.6999)
  let before = position
  let asked = position.decide(in: view, minute: 100, table: table)
  let decision = try #require(asked)
  let answer = position.rollingOrder(id: 6, decision, in: view, minute: 100, table: table)
  #expect(answer == .worseThanLimit(net: price(3.7), limit: price(3.6999)))
  #expect(
    answer.refusal(in: table)
      == "the exchange would cost 3.7000, and the plan's limit is to cost 3.6999: nothing is closed")
  position.cancelled(decision.quantity)
  #expect(position.state.held == 3 && position.state.working == 0 && before.state.held == 3)
}

@Test func aRollWithoutAContractClosesNothing() throws {
  var (position, _, view) = try rolling(mostDebit: 100)
  let table = ContractTable([try option("SPY251219C00600000"), try option("SPY260116C00605000")])
  let asked = position.decide(in: view, minute: 100, table: table)
  let decision = try #require(asked)
  #expect(position.rollingOrder(id: 6, decision, in: view, minute: 100, table: table) == .noContract)
  view.quotes[2] = nil
  #expect(try position.rollingOrder(id: 6, decision, in: view, minute: 100, table: monthlies()) == .unquoted(2))
}

/// The expiry that lies nearest to thirty days behind; of two equally near the earlier.
@Test func aRollGoesToTheNearestListedExpiry() throws {
  let table = try monthlies()
  let date = try #require(CalendarDate(year: 2025, month: 11, day: 28))
  #expect(Roll.target(of: 0, furtherDays: 30, in: table, on: date) == 2)
  #expect(Roll.target(of: 0, furtherDays: 14, in: table, on: date) == 1)
  #expect(Roll.target(of: 0, furtherDays: 21, in: table, on: date) == 1)
  #expect(Roll.target(of: 0, furtherDays: 22, in: table, on: date) == 2)
  #expect(Roll.target(of: 0, furtherDays: 400, in: table, on: date) == 5)
  #expect(Roll.target(of: 5, furtherDays: 30, in: table, on: date) == nil)
}

@Test func onlyOneOptionCanBeRolled() throws {
  let table = try monthlies()
  var plan = ExitPlan.fullTarget
  plan.roll = RollRule(mostDebit: 0)
  let spread = try fill(5, [(0, 1, 10), (2, -1, 14)], packages: 1)
  #expect(
    throws: ExitPlanError.contradiction("only a position in one option can be rolled; take the roll out of the plan")
  ) {
    try ExitPosition(
      opened: spread, plan: plan, in: table, on: CalendarDate(daysSinceEpoch: 20_400), underlying: nil)
  }
}

// MARK: - Restarts

private func ridden() throws -> (ExitPosition, ContractTable) {
  let table = ContractTable([try option("META260116C00600000")])
  var view = Quotes()
  view.underlying = price(601.25)
  var position = try ExitPosition(
    opened: fill(12, [(0, 6, 17.15)], packages: 6), plan: .scaleOutAndTrail, in: table, on: view.date,
    underlying: price(600.1), volatilityRank: 0.625)
  for (minute, bid) in [(40, 26.0), (41, 40)] {
    view.set(0, minute, bid, bid + 0.5)
    if let decision = position.decide(in: view, minute: minute, table: table) { position.filled(decision.quantity - 1) }
  }
  return (position, table)
}

private let stored = """
  {"iv_rank":0.625,"legs":[{"contract":"META260116C00600000","ratio":1}],"order":12,"plan":{"flat_minutes_before_close":15,\
  "kind":"scale_out_and_trail","roll":null,"rungs":[{"gain":50,"part":50},{"gain":75,"part":25}],"stop_loss":25,"target":null,\
  "time_exit":{"below_gain":20,"days_to_expiry":7},"trail":{"activation":20,"lock":75},"underlying_target":null},"state":{\
  "entry_days_to_expiry":36,"entry_price":17.15,"entry_quantity":6,"entry_underlying_price":600.1,"favourable_direction":1,\
  "held_quantity":4,"latched_rungs":[1,2],"peak_price":40,"trailing_stop_price":34.2875,"working_quantity":2},"unit":100,"version":1}
  """

@Test func aPlanSurvivesARestart() throws {
  let (position, table) = try ridden()
  #expect(position.json(in: table).text == stored)
  let read = try ExitPosition(JSON.parse(stored), in: table)
  #expect(read == position && read.json(in: table).text == stored)
  // Whatever is asked afterwards is answered alike, rungs included.
  var (before, after) = (position, read)
  before.ordersLost()
  after.ordersLost()
  for value in stride(from: 400_000, to: 300_000, by: -125) {
    let moment = ExitMoment(value: value, daysToExpiry: 30)
    let first = before.decide(at: moment)
    let second = after.decide(at: moment)
    #expect(first == second)
  }
  #expect(before == after && before.state.working == 4)
}

@Test func aPlanOfAContractThatNoLongerExistsIsNamed() throws {
  let other = ContractTable([try option("META260220C00600000")])
  let value = try JSON.parse(stored)
  let error = #expect(throws: ExitPlanError.self) { try ExitPosition(value, in: other) }
  #expect(error == .unknownContract("META260116C00600000"))
  #expect(error?.description.contains("META260116C00600000") == true)
}

private let damages: [(String, String, String)] = [
  ("\"version\":1", "\"version\":2", "has the version 2"),
  ("\"held_quantity\":4", "\"held_quantity\":7", "held quantity is 7; give 0 to 6"),
  ("\"working_quantity\":2", "\"working_quantity\":5", "working quantity is 5; give 0 to 4"),
  ("\"peak_price\":40", "\"peak_price\":17", "best price is 170000"),
  ("\"peak_price\":40", "\"peak_price\":40.00001", "write a number of at most four decimals"),
  ("\"trailing_stop_price\":34.2875", "\"trailing_stop_price\":41", "trailing stop is 410000"),
  ("\"latched_rungs\":[1,2]", "\"latched_rungs\":[9]", "a latched rung is 9; write 1 to 8"),
  ("\"entry_price\":17.15", "\"entry_price\":0", "net price of 0"),
  ("\"entry_price\":17.15", "\"entry_prise\":17.15", "did you mean 'entry_price'?"),
  ("\"stop_loss\":25", "\"stop_loss\":25.001", "write a number of at most two decimals"),
  ("\"stop_loss\":25", "\"stop_loss\":\"25\"", "'stop_loss' is \"25\""),
  ("scale_out_and_trail", "scale_out", "write full_target or scale_out_and_trail"),
  ("\"iv_rank\":0.625", "\"iv_rank\":1.5", "'iv_rank' is not 0 to 1, or null"),
  ("\"ratio\":1", "\"ratio\":0", "ratio of META260116C00600000 is 0"),
  ("\"order\":12,", "", "has no 'order'; write it"),
]

@Test(arguments: damages)
func aStoredPlanThatIsNotWhatWasWrittenIsRefused(found: String, wrong: String, sentence: String) throws {
  let (_, table) = try ridden()
  let parts = stored.split(separator: found, maxSplits: 1, omittingEmptySubsequences: false)
  try #require(parts.count == 2)
  let value = try JSON.parse(parts[0] + wrong + parts[1])
  let error = #expect(throws: ExitPlanError.self) { try ExitPosition(value, in: table) }
  #expect(error?.description.contains(sentence) == true, "\(error?.description ?? "")")
}

@Test func aPlanIsWrittenByItsNameOrByWhatDiffers() throws {
  #expect(try ExitPlan(.string("full_target")) == .fullTarget)
  let plan = try ExitPlan(
    JSON.parse(
      #"{"kind":"full_target","stop_loss":12.5,"underlying_target":null,"time_exit":null,"roll":{"days_to_expiry":21,"above_gain":-10,"further_days":30,"most_debit":-0.05}}"#
    ))
  var expected = ExitPlan.fullTarget
  expected.stopLoss = 1250
  expected.underlyingTarget = nil
  expected.timeExit = nil
  expected.roll = RollRule(mostDebit: -500)
  #expect(plan == expected)
  #expect(try ExitPlan(plan.json) == plan)
  for standard in [ExitPlan.fullTarget, .scaleOutAndTrail] { #expect(try ExitPlan(standard.json) == standard) }
}

// MARK: - Sentences

@Test func aTrailingStopIsToldWithItsBestAndItsStop() throws {
  let (position, _) = try ridden()
  let decision = ExitDecision(reason: .trailingStop, quantity: 2, level: 342_875, value: 342_500)
  #expect(
    position.sentence(of: decision)
      == "trailing stop: closes 2 of 4, entry 17.15, best 40.00, stop 34.29, now 34.25, +99.71 %")
  let blind = ExitDecision(reason: .expiry, quantity: 4, level: ExitMoment.unquoted, value: ExitMoment.unquoted)
  #expect(
    position.sentence(of: blind)
      == "flat before expiry: closes 4 of 4, entry 17.15, without a quote: the order works until one stands")
}

@Test func pricesAreReadWithTheirDecimals() {
  #expect(PriceText.dollars(342_875) == "34.29" && PriceText.dollars(342_875, places: 4) == "34.2875")
  #expect(PriceText.dollars(-50) == "-0.01" && PriceText.dollars(-49) == "0.00" && PriceText.dollars(0) == "0.00")
  #expect(
    PriceText.dollars(15_000, places: 0) == "2" && PriceText.dollars(.min, places: 4).hasPrefix("-922337203685477.5808")
  )
  #expect(PriceText.percent(10_408) == "+104.08 %" && PriceText.percent(-2500) == "-25.00 %")
}
