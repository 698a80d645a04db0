// Random orders on random quotes: what must hold of every fill.

import Kernels
import Market
import Testing
import Trading

private struct Chance {
  var stream: RandomStream
  init(_ seed: UInt64) { stream = RandomStream(seed: seed, purpose: .market) }
  mutating func whole(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(stream.nextInteger(below: UInt64(range.count)))
  }
  mutating func oneOf<Value>(_ values: [Value]) -> Value { values[whole(0...values.count - 1)] }
}

/// Quotes of all contracts for forty minutes, some of them bad.
private func market(_ chance: inout Chance) -> ScriptedMarket {
  var market = ScriptedMarket()
  market.weight = chance.oneOf([0.05, 0.7, 1, 3.5])
  for contract in Int32(0)...4 {
    var middle = contract == ScriptedDesk.share ? 6_000_000 : chance.whole(2...60) * 1_000
    let knows = chance.whole(0...2)
    var quotes: [MinuteQuote] = []
    for minute in 10...50 {
      middle = max(1_000, middle + chance.whole(-8...8) * 100)
      let half = chance.whole(1...6) * 50
      var quote = MinuteQuote(bid: max(0, middle - half), ask: middle + half, minute: minute)
      if knows == 0 {
        quote.bidSize = chance.whole(0...20)
        quote.askSize = chance.whole(0...20)
      }
      if knows <= 1 { quote.volume = chance.whole(0...200) }
      switch chance.whole(0...19) {
      case 0: continue
      case 1: quote.isFilledForward = true
      case 2: quote.bid = 0
      case 3: quote.ask = quote.bid
      case 4: quote.lowestAsk = quote.ask - chance.whole(0...5) * 100
      case 5: quote.highestBid = quote.bid + chance.whole(0...5) * 100
      default: break
      }
      quotes.append(quote)
    }
    market.quotes[contract] = quotes
  }
  return market
}

private func kind(_ chance: inout Chance, near net: Int) -> OrderKind {
  switch chance.whole(0...3) {
  case 0: .market
  case 1: .limit(net: net + chance.whole(-10...10) * 100)
  case 2:
    .aggressive(
      AggressiveLimit(
        aggressiveMillionths: chance.whole(0...1_000_000), chaseMillionthsPerMinute: chance.whole(0...1) * 50_000,
        giveUpMinutes: chance.oneOf([nil, 5, 20]), mostChanges: chance.oneOf([0, 3, .max])))
  default: .stop(net: net + chance.whole(-5...10) * 100)
  }
}

@Test(arguments: 0..<80)
func everyFillOfRandomOrdersHolds(seed: UInt64) throws {
  var chance = Chance(seed)
  var settings = ExecutionSettings()
  settings.latencyMinutes = chance.whole(1...3)
  settings.fillRule = chance.oneOf([.through(ticks: 1), .through(ticks: 3), .hazard(HazardRule())])
  settings.legDiscountMillionths = chance.oneOf([0, 333_333])
  let rates = chance.oneOf(FeeTable.profiles).rates(on: ScriptedMarket().date)
  let desk = try ScriptedDesk(settings, rates: rates)
  desk.market = market(&chance)
  var orders: [Int64: Order] = [:]
  for minute in 10...50 {
    if minute < 40, chance.whole(0...1) == 0 {
      var contracts: [Int32] = [0, 1, 2, 3, 4]
      var legs: [(Int32, Int)] = []
      for _ in 0..<chance.whole(1...4) {
        let contract = contracts.remove(at: chance.whole(0...contracts.count - 1))
        let unit = contract == ScriptedDesk.share ? 100 : 1
        legs.append((contract, chance.oneOf([1, -1, 2, -3]) * unit))
      }
      var value = 0
      var unit = 1
      for (contract, ratio) in legs {
        let quote = desk.market.quote(of: contract, minute: minute)
        let multiplier = desk.table[contract].multiplier
        unit = max(unit, multiplier)
        value += ((quote?.bid ?? 0) + (quote?.ask ?? 0)) / 2 * ratio * multiplier
      }
      let id = try desk.submit(
        legs, chance.whole(1...30), chance.oneOf([.opens, .closes]), kind(&chance, near: value / unit), minute: minute)
      orders[id] = desk.working.orders.last?.order
    }
    desk.walk(minute...minute)
  }

  var filled: [Int64: Int] = [:]
  var taken: [Int32: [Int: Int]] = [:]
  for fill in desk.fills {
    let order = try #require(orders[fill.order])
    #expect(fill.minute >= order.submittedMinute + settings.latencyMinutes)
    filled[fill.order, default: 0] += fill.quantity
    var paid: Int64 = 0
    var multiplier = 1
    for index in fill.legs.indices {
      let leg = fill.legs[index]
      // All legs, in the order's ratio.
      #expect(leg.contract == order.legs[index].contract)
      #expect(leg.quantity == Int(order.legs[index].ratio) * fill.quantity)
      #expect(leg.price >= 0 && leg.agrees)
      let quote = try #require(desk.market.quote(of: leg.contract, minute: fill.minute))
      #expect(quote.fills(at: fill.minute))
      #expect(leg.ask - leg.bid == quote.ask - quote.bid)
      for kind in CostKind.allCases where kind != .halfSpread && kind != .legDiscount && kind != .commission {
        #expect(leg.costs[kind] >= 0)
      }
      #expect(leg.costs[.legDiscount] <= 0)
      paid += leg.amount
      multiplier = max(multiplier, Int(leg.multiplier))
      if quote.bidSize == nil, let volume = quote.volume {
        // A tenth of the volume for all together; one package for the first.
        let before = taken[leg.contract]?[quote.minute] ?? 0
        let after = before + abs(leg.quantity)
        #expect(after <= max(volume / 10, Int(order.legs[index].ratio.magnitude)))
        taken[leg.contract, default: [:]][quote.minute] = after
      }
    }
    #expect(fill.costs.besidePrice - fill.costs[.legDiscount] >= 0)
    if let net = limit(of: fill, order, desk.events) {
      #expect(paid <= Money.amount(price: net, multiplier: multiplier, quantity: fill.quantity))
      // What rule B wins inside the quote is given away again.
      if case .hazard = settings.fillRule { #expect(fill.costs.total >= 0) }
    }
    if case .stop(let net) = order.kind {
      #expect(paid >= Money.amount(price: net, multiplier: multiplier, quantity: fill.quantity))
    }
  }
  for (id, quantity) in filled { #expect(quantity <= orders[id]?.quantity ?? 0) }
  // The log says every fill, and every order either works or has ended.
  for (id, order) in orders {
    var left = order.quantity
    var hasEnded = false
    for event in desk.events where event.order == id {
      #expect(!hasEnded)
      switch event.what {
      case .filled(let quantity, let rest):
        left -= quantity
        #expect(rest == left)
        hasEnded = left == 0
      case .ended(_, let rest):
        #expect(rest == left)
        hasEnded = true
      default: break
      }
    }
    #expect(left == order.quantity - (filled[id] ?? 0))
    #expect(hasEnded != desk.working.orders.contains { $0.order.id == id })
  }
}

/// The limit that an order rested at in the minute of its fill, or that arrived at the end of it: the dearer of both.
private func limit(of fill: OrderFill, _ order: Order, _ events: [OrderEvent]) -> Int? {
  switch order.kind {
  case .market, .stop: return nil
  case .limit(let net): return net
  case .aggressive: break
  }
  var net: Int?
  for event in events where event.order == order.id {
    if case .priced(let price, _, let from) = event.what {
      if from < fill.minute { net = price } else if from == fill.minute { net = max(price, net ?? price) }
    }
  }
  return net
}
