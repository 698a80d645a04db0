// A small market and an account for the tests of the risk gate.

import Pricing

@testable import Trading

/// Options of one underlying on the session clock, without rates: the worked numbers' own market.
enum RiskScene {
  /// c 600 at 600, 60 minutes before the close, volatility 0.15: price 0.88714657045, quoted at it without a spread.
  static func option(
    _ side: OptionSide = .call, strike: Double = 600, spot: Double = 600, minutes: Double = 60,
    volatility: Double = 0.15, days: Double = 0, halfSpread: Double = 0
  ) -> ContractRisk {
    let later = days * 390
    let terms = OptionTerms(
      side, spot: spot, strike: strike, years: (minutes + later) / 98_280, volatility: volatility)
    let price = (try? BlackScholes.scalarValue(terms).price) ?? .nan
    return ContractRisk(
      priced: terms, bid: max(price - halfSpread, 0), ask: price + halfSpread, yearsAtClose: later / 98_280,
      multiplier: 100, underlying: 0, expiry: Int32(20_000 + days), expiresToday: days == 0)
  }

  /// Limits alone: no filter of hours or sizes is in the way.
  static func profile(_ basis: ExposureBasis = .onePercentMove) -> RiskProfile {
    var profile = RiskProfile()
    profile.limits.basis = basis
    profile.sizes.low = 1e9
    profile.sizes.medium = 1e9
    profile.sizes.high = 1e9
    profile.soldDelta = nil
    return profile
  }
}

/// One account with its book and its risk, over contracts that are told by their numbers.
final class RiskDesk {
  let memory: RiskMemory
  private let lane: Int
  let gate: RiskGate
  let book: Book
  private let quotes: RiskMarketMemory
  /// Quotes are those that were put here last.
  var risks: [ContractRisk] {
    didSet { for (contract, risk) in risks.enumerated() { market[Int32(contract)] = risk } }
  }
  /// Micro-dollars.
  var cash: Int64
  private var lastID: Int64 = 0

  /// lane: of memory that others share; nil for an account of its own.
  init(
    _ profile: RiskProfile, dollars: Int, _ risks: [ContractRisk], minute: Int = 194, slots: Int = 16,
    lane: (number: Int, of: RiskMemory)? = nil
  ) {
    gate = RiskGate(profile)
    memory = lane?.of ?? RiskMemory(positions: slots)
    self.lane = lane?.number ?? 0
    book = LaneAccounts(laneCount: 1, capacity: slots, groupCapacity: 1).book(0)
    quotes = RiskMarketMemory(contracts: max(risks.count, 16))
    self.risks = risks
    for (contract, risk) in risks.enumerated() { quotes[0][Int32(contract)] = risk }
    cash = Int64(dollars) * 1_000_000
    gate.beginSession(on: memory[self.lane], netLiquidation: cash, minuteCount: 390)
    mark(minute: minute)
  }

  var account: RiskAccount { memory[lane] }
  var market: RiskMarket { quotes[0] }
  var state: RiskState { memory[lane].state.pointee }

  /// Cash and what the positions would bring, micro-dollars.
  var netLiquidation: Int64 {
    var value = cash
    for slot in book.usedSlots where !book.positions[slot].isFree {
      let risk = risks[Int(book.positions[slot].contract)]
      let quantity = Int(book.positions[slot].quantity)
      value += Int64((Double(quantity * risk.multiplier) * (quantity > 0 ? risk.bid : risk.ask) * 1e6).rounded())
    }
    return value
  }

  @discardableResult
  func mark(minute: Int, _ health: MarketHealth = MarketHealth()) -> RiskActions {
    gate.mark(
      account, book: book, market: market, netLiquidation: netLiquidation, minute: minute, health: health)
  }

  func order(_ legs: [(Int, Int)], _ quantity: Int, _ effect: Order.Effect = .opens) -> Order {
    lastID += 1
    let all = UpToFour(legs.map { OrderLeg(contract: Int32($0.0), ratio: Int32($0.1)) })!
    return Order(id: lastID, legs: all, quantity: quantity, effect: effect, submittedMinute: state.minute)
  }

  func judge(_ order: Order, as purpose: RiskGate.Purpose = .decision) -> Verdict {
    gate.judge(order, as: purpose, on: account, book: book, market: market)
  }

  func evaluate(_ order: Order, as purpose: RiskGate.Purpose = .decision) -> Verdict {
    gate.evaluate(order, as: purpose, on: account, book: book, market: market)
  }

  func cancel(_ order: Order) {
    gate.cancel(order: order.id, on: account, market: market)
  }

  static let feeMicroDollars: Int64 = 700_000

  /// Fills what the gate still lets through of what is offered, buys at the ask and sells at the bid.
  @discardableResult
  func fill(_ order: Order, offered: Int, fee: Int64 = 0) -> (verdict: Verdict, over: [RiskLimit]) {
    var cost = RiskGate.FillCost()
    for index in order.legs.indices {
      let leg = order.legs[index]
      let risk = risks[Int(leg.contract)]
      let units = Double(abs(Int(leg.ratio)) * risk.multiplier)
      // A micro-dollar a unit for the rounding of amounts.
      cost.perPackage += units * (risk.ask - risk.bid + 1e-6) + Double(fee) * 1e-6 * abs(Double(leg.ratio))
    }
    let verdict = gate.judgeFill(
      order: order.id, offered: offered, cost: cost, on: account, book: book, market: market)
    guard verdict.isAllowed else { return (verdict, []) }
    for index in order.legs.indices {
      let leg = order.legs[index]
      take(Int(leg.contract), Int(leg.ratio) * verdict.quantity, risks[Int(leg.contract)], fee)
    }
    let over = gate.apply(
      order: order.id, filled: verdict.quantity, on: account, book: book, market: market,
      netLiquidation: netLiquidation)
    return (verdict, over)
  }

  private func take(_ contract: Int, _ quantity: Int, _ risk: ContractRisk, _ fee: Int64) {
    let price = quantity > 0 ? risk.ask : risk.bid
    cash -= Int64((Double(quantity * risk.multiplier) * price * 1e6).rounded()) + fee * Int64(abs(quantity))
    let slot = book.slot(of: Int32(contract)) ?? book.freeSlot!
    var position =
      book.positions[slot].isFree
      ? Position(contract: Int32(contract), multiplier: Int32(risk.multiplier), quantity: 0, bid: 0, ask: 0)
      : book.positions[slot]
    position.quantity += Int32(quantity)
    book.put(position.isFree ? .free : position, at: slot)
  }

  /// Buys or sells without asking anybody, as a state to begin from.
  func hold(_ contract: Int, _ quantity: Int) {
    take(contract, quantity, risks[contract], 0)
    mark(minute: state.minute)
  }

  func quantity(_ contract: Int) -> Int { book.quantity(of: Int32(contract)) }
}
