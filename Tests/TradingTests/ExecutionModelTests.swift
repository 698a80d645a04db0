// What orders cost.

import Testing
import Trading

@Test func slippageIsHalfSpreadAndSquareRootImpact() {
  let model = ExecutionModel()
  // Volatility 2 %, one hundredth of a day's volume: 0.7 x 0.02 x 0.1 = 0.0014, and 0.0002 of half-spread, of 50 dollars.
  let slippage = model.slippageDollarsPerShare(
    referencePriceDollars: 50, shares: 100, dailyVolatility: 0.02, volume20: 10_000)
  #expect(abs(slippage - 50 * 0.0016) < 1e-12)
  // Four times the order costs twice the impact.
  let larger = model.slippageDollarsPerShare(
    referencePriceDollars: 50, shares: 400, dailyVolatility: 0.02, volume20: 10_000)
  #expect(abs((larger - 0.01) - 2 * (slippage - 0.01)) < 1e-12)
}

@Test(arguments: [0, -1, Double.nan, .infinity])
func unknownVolumeIsTakenForAWholeDay(volume: Double) {
  let model = ExecutionModel()
  let slippage = model.slippageDollarsPerShare(
    referencePriceDollars: 50, shares: 1, dailyVolatility: 0.02, volume20: volume)
  #expect(abs(slippage - 50 * (0.0002 + 0.7 * 0.02)) < 1e-12)
}

@Test func slippageNeverExceedsThePrice() {
  let model = ExecutionModel()
  let slippage = model.slippageDollarsPerShare(
    referencePriceDollars: 50, shares: 1e9, dailyVolatility: 0.5, volume20: 1)
  #expect(slippage == 50)
}

@Test func manyOrdersCostWhatEachCosts() {
  let model = ExecutionModel(halfSpreadBasisPoints: 3, impactCoefficient: 0.9)
  let prices = [10.0, 20, 400]
  let shares = [1.0, 50, 3]
  let volatilities = [0.01, 0.02, 0.03]
  let volumes = [1000.0, 0, 1e6]
  let batch = model.slippageDollarsPerShare(
    referencePriceDollars: prices, shares: shares, dailyVolatility: volatilities, volume20: volumes)
  for order in 0..<3 {
    let one = model.slippageDollarsPerShare(
      referencePriceDollars: prices[order], shares: shares[order], dailyVolatility: volatilities[order],
      volume20: volumes[order])
    #expect(batch[order].bitPattern == one.bitPattern)
  }
}

private let amounts: [(Double, Int64)] = [
  (0.0000005, 0), (0.0000015, 2), (0.0000025, 2), (-0.0000005, 0), (-0.0000015, -2), (1.25, 1_250_000),
  (-959.6919, -959_691_900), (2_000_000_000, 2_000_000_000_000_000),
]

@Test(arguments: amounts)
func moneyIsRoundedHalfToEven(dollars: Double, expected: Int64) {
  #expect(MicroDollars.rounded(dollars) == expected)
  #expect(MicroDollars.rounded(dollars) == Int64((dollars * 1e6).rounded(.toNearestOrEven)))
}

@Test func costsTimesAFactorAreEachOfThem() {
  let model = ExecutionModel(halfSpreadBasisPoints: 2, impactCoefficient: 0.7, commissionDollars: 1)
  let doubled = model.costing(times: 2)
  #expect(doubled == ExecutionModel(halfSpreadBasisPoints: 4, impactCoefficient: 1.4, commissionDollars: 2))
  let slippage = { (model: ExecutionModel) in
    model.slippageDollarsPerShare(referencePriceDollars: 50, shares: 100, dailyVolatility: 0.02, volume20: 1e6)
  }
  #expect(abs(slippage(doubled) - 2 * slippage(model)) < 1e-15)
  #expect(model.hasCosts)
  #expect(!ExecutionModel(halfSpreadBasisPoints: 0, impactCoefficient: 0, commissionDollars: 0).hasCosts)
  #expect(ExecutionModel(halfSpreadBasisPoints: 0, impactCoefficient: 0, commissionDollars: 0.01).hasCosts)
}
