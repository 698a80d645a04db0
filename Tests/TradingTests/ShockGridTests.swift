// Shocks of price and volatility, and the bound that needs no model.

import Pricing
import Testing
import Trading

@Suite struct ShockGridTests {
  @Test func `one naked 606 call at 600 loses 2,400 dollars at 5 %`() throws {
    let call = RiskScene.option(strike: 606)
    let worst = try #require(ShockGrid.worst(ShockGrid.cells(of: [(call, -1)])))
    #expect(worst.cell.spotShift == 0.05)
    #expect(abs(worst.profit + 2_400) < 1)
    // Which is more than 20 % of $10,000, and less than 20 % of $12,000.
    let limits = ExposureLimits()
    #expect(-worst.profit > limits.mostShockLoss(netLiquidationDollars: 10_000))
    #expect(-worst.profit < limits.mostShockLoss(netLiquidationDollars: 12_000))
  }

  @Test func `all 32 cells are different, and cover each shock`() {
    let cells = (0..<ShockGrid.count).map { ShockGrid.Cell($0) }
    for (place, cell) in cells.enumerated() { #expect(cells.firstIndex(of: cell) == place) }
    #expect(Set(cells.map(\.spotShift)) == [-0.05, -0.03, -0.02, -0.01, 0.01, 0.02, 0.03, 0.05])
    #expect(Set(cells.map(\.volatilityShift)) == [-0.05, 0.05])
  }

  @Test func `a cell at the close of the last day is the intrinsic value, whatever the volatility`() {
    let call = RiskScene.option()
    for (number, profit) in ShockGrid.cells(of: [(call, 1)]).enumerated() {
      let cell = ShockGrid.Cell(number)
      guard cell.isAtClose else { continue }
      let expected = (max(600 * cell.spotShift, 0) - 0.887_146_570_45) * 100
      #expect(abs(profit - expected) < 1e-7)
    }
  }

  @Test func `a share moves with the price alone`() {
    let share = ContractRisk(ofShareAt: 600, bid: 599.99, ask: 600.01, underlying: 0)
    #expect(ShockGrid.cells(of: [(share, 1)])[0] == -30)
    #expect(share.exposure.delta == 600)
  }

  @Test func `what has no value is the worst`() {
    let broken = RiskScene.option(spot: .nan)
    #expect(!broken.isKnown)
    let worst = ShockGrid.worst(ShockGrid.cells(of: [(broken, 1)]))
    #expect(worst?.profit.isNaN == true)
  }
}

@Suite struct LargestLossTests {
  private func leg(
    _ side: Int8, _ strike: Double, _ units: Double, _ price: Double, expiry: Int32 = 1
  ) -> LargestLoss.Leg {
    LargestLoss.Leg(underlying: 0, expiry: expiry, side: side, strike: strike, units: units, price: price)
  }

  @Test func `a long option loses its premium`() {
    #expect(LargestLoss.dollars([leg(1, 600, 100, 0.9)]) == 90)
    #expect(LargestLoss.dollars([leg(-1, 600, 300, 0.5)]) == 150)
    #expect(LargestLoss.dollars([]) == 0)
  }

  @Test func `a credit spread loses its width less the credit`() {
    // Sold at 0.44, bought at 0.10: a width of 5 less 0.34.
    let loss = LargestLoss.dollars([leg(1, 606, -100, 0.44), leg(1, 611, 100, 0.10)])
    #expect(abs(loss - 466) < 1e-9)
    let puts = LargestLoss.dollars([leg(-1, 594, -100, 0.44), leg(-1, 589, 100, 0.10)])
    #expect(abs(puts - 466) < 1e-9)
  }

  @Test func `an iron condor loses on one side alone`() {
    let loss = LargestLoss.dollars([
      leg(-1, 7135, 200, 1), leg(-1, 7185, -200, 2), leg(1, 7500, -200, 2), leg(1, 7660, 200, 1),
    ])
    // The wider wing of 160, twice, less a credit of 2.
    #expect(loss == 32_000 - 400)
  }

  @Test func `a call that nothing covers may lose anything, and a put its strike`() {
    #expect(LargestLoss.dollars([leg(1, 606, -100, 0.44)]) == .infinity)
    #expect(abs(LargestLoss.dollars([leg(-1, 594, -100, 0.44)]) - 59_356) < 1e-9)
  }

  @Test func `contracts of another expiry cover nothing`() {
    #expect(LargestLoss.dollars([leg(1, 606, -100, 0.4), leg(1, 606, 100, 0.9, expiry: 2)]) == .infinity)
    #expect(abs(LargestLoss.dollars([leg(-1, 594, -100, 0.4), leg(-1, 594, 100, 0.9, expiry: 2)]) - 59_450) < 1e-9)
  }

  @Test func `it is no less than what any price takes, for random combinations of one expiry`() {
    var random = RiskRandom(seed: 7)
    for _ in 0..<2_000 {
      let legs = (0..<random.below(6) + 1).map { _ in
        leg(
          Int8(random.below(3) - 1), Double(590 + random.below(20)), Double(100 * (random.below(7) - 3)),
          Double(random.below(900)) / 100)
      }
      let bound = LargestLoss.dollars(legs)
      for spot in [0, 300, 589.5, 595, 600, 605.5, 700, 3_000] {
        let loss = legs.reduce(0.0) { sum, leg in
          let payoff =
            leg.side == 0 ? spot : leg.side > 0 ? max(spot - leg.strike, 0) : max(leg.strike - spot, 0)
          return sum + leg.units * (leg.price - payoff)
        }
        #expect(loss <= bound + 1e-9, "\(legs) at \(spot)")
      }
    }
  }
}
