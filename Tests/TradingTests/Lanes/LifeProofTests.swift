// What must hold of every account, whatever it does: money is conserved, costs are paid once, nobody earns by trading back and forth, dearer is never
// better, and a later fill is no better on average.

import Market
import TestSupport
import Testing

@testable import Trading

@Suite struct LifeProofTests {
  @Test func `books balance to the micro-dollar, from the first order to the settlement`() throws {
    let laneCount = SlowTests.areEnabled ? 1000 : 100
    let rounds = SlowTests.areEnabled ? 100 : 10
    let lives = try LaneLives(laneCount: laneCount, seed: 17)
    var checked = Checked()
    for _ in 0..<rounds { try lives.live(&checked) }
    ProofTable.record(
      "desk: the books of options and shares balance, to the micro-dollar",
      figure:
        "\(checked.violations) violations, \(checked.lives) lives, \(checked.steps) steps, \(checked.fills) fills, "
        + "\(checked.settled) settled", threshold: "0", seeds: "17", holds: checked.violations == 0)
    #expect(checked.violations == 0, "\(checked.first.joined(separator: "\n"))")
    #expect(checked.lives == laneCount * rounds && checked.fills > 4 * checked.lives && checked.settled > checked.lives)
  }

  @Test(arguments: [FillRule.through(ticks: 1), .hazard(HazardRule())])
  func `books balance under limit and stop orders, up to the settlement`(rule: FillRule) throws {
    let laneCount = SlowTests.areEnabled ? 500 : 50
    let rounds = SlowTests.areEnabled ? 40 : 4
    var settings = ExecutionSettings()
    settings.fillRule = rule
    let lives = try LaneLives(laneCount: laneCount, seed: 19, settings: settings)
    var checked = Checked()
    for _ in 0..<rounds { try lives.work(&checked) }
    let letter = rule.name.prefix(1)
    ProofTable.record(
      "desk: the books balance under limit and stop orders, rule \(letter)",
      figure:
        "\(checked.violations) violations, \(checked.lives) lives, \(checked.fills) fills, \(checked.settled) settled",
      threshold: "0", seeds: "19", holds: checked.violations == 0)
    #expect(checked.violations == 0, "\(checked.first.joined(separator: "\n"))")
    #expect(checked.lives == laneCount * rounds && checked.fills > 3 * checked.lives && checked.settled > checked.lives)
  }

  /// The check is no check where it cannot fail.
  @Test func `a cost that is taken twice leaves a gap of its size`() throws {
    let lives = try LaneLives(laneCount: 8, seed: 3)
    lives.market.draw(minute: 0, isFine: true)
    lives.fill(lives.orders(1))
    for lane in lives.lanes where lives.filled[lane] > 0 {
      let cost = lives.sums(lane).costs.total
      lives.accounts.ledger(lane).cash.pointee -= cost
      #expect(cost > 0 && lives.gap(lane) == -cost)
    }
  }

  @Test func `there and back at one quote loses the spread, the impact and the fees, and nothing else`() throws {
    let laneCount = SlowTests.areEnabled ? 20_000 : 500
    let lives = try LaneLives(laneCount: laneCount, seed: 5)
    let table = lives.market.table
    var (trips, violations) = (0, [String]())
    lives.market.draw(minute: 0, isFine: true)
    let there = lives.orders(1, mostLegs: 3)
    lives.fill(there)
    // The same quotes in the next minute: the middle stands, and nobody has taken anything of them yet.
    let quotes = lives.market.quotes
    var costs: [Int64] = []
    func modelled(_ lane: Int, _ order: Order, isBack: Bool) -> Int64 {
      var cost: Int64 = 0
      var (options, shares): (Int64?, Int64?) = (nil, nil)
      for index in order.legs.indices {
        let leg = order.legs[index]
        let contract = table[leg.contract]
        let quote = quotes.quote(lane, leg.contract)
        let side = isBack ? -leg.side : leg.side
        let count = Int(leg.ratio.magnitude) * order.quantity
        let size = (side > 0 ? quote.askSize : quote.bidSize) ?? 0
        let tick = contract.ticks.tick(at: Double(side > 0 ? quote.ask : quote.bid) / 10_000)
        // Beyond the size each unit costs a tick for every size that it is too large by, rounded up.
        var beyond = count > size ? (tick * (count - size) + size - 1) / size : 0
        if side < 0 { beyond = min(beyond, quote.bid) }
        let price = side > 0 ? quote.ask + beyond : quote.bid - beyond
        let units = contract.multiplier * count
        cost += Int64(units) * Int64(50 * (quote.ask - quote.bid) + 100 * beyond)
        let rates = FeeRates.busy
        let fees = rates.fees(
          class: FeeClass(contract), price: price, quantity: side * count, proceeds: Int64(100 * price * units))
        if contract.isOption {
          options = (options ?? 0) + fees[.commission]
        } else {
          shares = (shares ?? 0) + fees[.commission]
        }
        cost += fees.total - fees[.commission]
      }
      if let options { cost += max(options, FeeRates.busy.optionOrderMinimum) }
      if let shares { cost += max(shares, FeeRates.busy.shareOrderMinimum) }
      return cost
    }
    for lane in lives.lanes {
      costs.append(there[lane].quantity == 0 ? 0 : modelled(lane, there[lane], isBack: false))
    }
    let opened = lives.lanes.map { lives.filled[$0] }
    lives.market.stand(minute: 1)
    let back = lives.lanes.map { lane in
      var order = there[lane]
      order.id = 2
      order.effect = .closes
      order.closes = 1
      for index in order.legs.indices { order.legs[index].ratio = -order.legs[index].ratio }
      order.quantity = Int(opened[lane])
      return order
    }
    lives.fill(back)
    for lane in lives.lanes where opened[lane] > 0 {
      trips += 1
      let lost = LaneLives.cash - lives.accounts.ledger(lane).cash.pointee
      let model = costs[lane] + modelled(lane, there[lane], isBack: true)
      let isWhole = Int(opened[lane]) == there[lane].quantity && lives.filled[lane] == opened[lane]
      if lost != model || lost != lives.sums(lane).costs.total || !isWhole || !lives.accounts.book(lane).isEmpty {
        violations.append("lane \(lane): lost \(lost), modelled \(model): \(there[lane])")
      }
    }
    ProofTable.record(
      "desk: a round trip at one quote loses the modelled cost",
      figure: "\(violations.count) violations, \(trips) trips",
      threshold: "0", seeds: "5", holds: violations.isEmpty)
    #expect(violations.isEmpty && trips > laneCount / 3, "\(trips) trips; \(violations.prefix(3))")
  }

  @Test func `long and short of one plan lose together what both pay`() throws {
    let pairs = SlowTests.areEnabled ? 5_000 : 100
    let lives = try LaneLives(laneCount: 2 * pairs, seed: 7, lanesPerRow: 2)
    var (fills, violations) = (0, [String]())
    for minute in 0..<20 {
      lives.market.draw(minute: minute, isFine: true)
      var orders = lives.orders(Int64(minute + 1))
      for pair in 0..<pairs {
        var mirrored = orders[2 * pair]
        for index in mirrored.legs.indices { mirrored.legs[index].ratio = -mirrored.legs[index].ratio }
        orders[2 * pair + 1] = mirrored
      }
      lives.fill(orders)
      lives.mark()
      for pair in 0..<pairs {
        let (long, short) = (2 * pair, 2 * pair + 1)
        fills += lives.filled[long] > 0 ? 1 : 0
        let together = lives.profitAtMiddle(long) + lives.profitAtMiddle(short)
        let costs = lives.sums(long).costs.total + lives.sums(short).costs.total
        if together != -costs || lives.filled[long] != lives.filled[short] {
          violations.append("pair \(pair), minute \(minute): \(together) for costs of \(costs)")
        }
      }
    }
    ProofTable.record(
      "desk: long and short of one plan lose the costs of both",
      figure: "\(violations.count) violations, \(pairs) pairs, \(fills) fills", threshold: "0", seeds: "7",
      holds: violations.isEmpty)
    #expect(violations.isEmpty && fills > 5 * pairs, "\(fills) fills; \(violations.prefix(3))")
  }

  @Test func `the same fills never earn more where trading costs more`() throws {
    let laneCount = SlowTests.areEnabled ? 2_000 : 60
    /// Profits of all lanes under some costs; orders are those of the first play.
    func play(_ orders: [[Order]]?, widening: Int, impact: Int, fees: FeeRates) throws -> (
      orders: [[Order]], filled: [[Int32]], profits: [Int64]
    ) {
      var settings = ExecutionSettings()
      settings.impact = TouchImpact(thousandths: impact)
      let lives = try LaneLives(laneCount: laneCount, seed: 9, settings: settings, rates: fees)
      lives.market.widening = widening
      var (played, filled): ([[Order]], [[Int32]]) = ([], [])
      for minute in 0..<15 {
        lives.market.draw(minute: minute, isFine: true)
        let chosen = orders?[minute] ?? lives.orders(Int64(minute + 1), mostQuantity: 4)
        lives.fill(chosen)
        lives.mark()
        played.append(chosen)
        filled.append(lives.lanes.map { lives.filled[$0] })
      }
      for lane in lives.lanes { _ = try lives.settle(lane, spy: 6_010_000, spx: 69_100_000, .cash) }
      return (
        played, filled,
        lives.lanes.map { lane in
          lives.accounts.ledger(lane).cash.pointee + lives.accounts.book(lane).marks.liquidation - LaneLives.cash
        }
      )
    }
    // A rate that falls with the premium is no cost that rises with the spread, so that there is none here.
    var dear = FeeRates.busy
    dear.optionCommission = PremiumRate(650_000)
    dear.indexOptionExchange = PremiumRate(370_000)
    let fees = [FeeRates.none, .flat(optionMicroDollars: 700_000), dear]
    let first = try play(nil, widening: 0, impact: 1000, fees: dear)
    var (compared, violations) = (0, [String]())
    var profits: [[Int]: [Int64]] = [:]
    for (i, widening) in [0, 50, 400].enumerated() {
      for (j, impact) in [0, 500, 2000].enumerated() {
        for (k, rates) in fees.enumerated() {
          let played = try play(first.orders, widening: widening, impact: impact, fees: rates)
          #expect(played.filled == first.filled, "the same fills")
          profits[[i, j, k]] = played.profits
        }
      }
    }
    for (place, some) in profits {
      for dimension in 0..<3 {
        var dearer = place
        dearer[dimension] += 1
        guard let others = profits[dearer] else { continue }
        for lane in some.indices {
          compared += 1
          if others[lane] > some[lane] {
            violations.append("lane \(lane), \(place) to \(dearer): \(some[lane]), then \(others[lane])")
          }
        }
        // Of all lanes together more of any cost is less.
        #expect(others.reduce(0, +) < some.reduce(0, +), "\(place) to \(dearer)")
      }
    }
    ProofTable.record(
      "desk: the same fills earn no more at a higher spread, impact or fee",
      figure: "\(violations.count) violations, \(compared) comparisons", threshold: "0", seeds: "9",
      holds: violations.isEmpty)
    #expect(violations.isEmpty && compared == 54 * laneCount, "\(compared); \(violations.prefix(3))")
  }

  @Test func `over a martingale a later fill is no better on average`() throws {
    let laneCount = SlowTests.areEnabled ? 50_000 : 2_000
    /// Profits at the middle of orders that are decided in minutes 5 and 20 and filled some minutes later.
    func profits(latency: Int) throws -> [Double] {
      let lives = try LaneLives(laneCount: laneCount, seed: 21)
      var there: [Order] = []
      var opened: [Int32] = []
      for minute in 0..<35 {
        lives.market.draw(minute: minute, isFine: true)
        if minute == 5 { there = lives.orders(1, mostLegs: 2, mostQuantity: 2) }
        if minute == 5 + latency {
          lives.fill(there)
          opened = lives.lanes.map { lives.filled[$0] }
        }
        guard minute == 20 + latency else { continue }
        lives.fill(
          lives.lanes.map { lane in
            var order = there[lane]
            (order.id, order.effect, order.closes, order.quantity) = (2, .closes, 1, Int(opened[lane]))
            for index in order.legs.indices { order.legs[index].ratio = -order.legs[index].ratio }
            return order
          })
      }
      return lives.lanes.map { Double(lives.profitAtMiddle($0)) * 1e-6 }
    }
    let prompt = try profits(latency: 1)
    var (worst, isFine) = (-Double.infinity, true)
    for latency in [2, 5, 14] {
      let differences = zip(try profits(latency: latency), prompt).map { $0 - $1 }
      let mean = differences.reduce(0, +) / Double(laneCount)
      let variance = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(laneCount - 1)
      let error = (variance / Double(laneCount)).squareRoot()
      #expect(error > 0)
      worst = max(worst, mean / error)
      isFine = isFine && mean <= 3 * error
    }
    let mean = prompt.reduce(0, +) / Double(laneCount)
    ProofTable.record(
      "desk: over a martingale a later fill is no better on average",
      figure: "at most \((worst * 100).rounded() / 100) standard errors better, \(laneCount) accounts",
      threshold: "<= 3",
      seeds: "21", holds: isFine)
    #expect(isFine && mean < 0, "\(worst) standard errors, mean \(mean)")
  }
}
