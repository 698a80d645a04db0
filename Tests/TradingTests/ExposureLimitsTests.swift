// The four totals and their limits, with the numbers that were worked by hand.

import Pricing
import Testing
import Trading

@Suite struct ExposureLimitsTests {
  private let atTheMoney = RiskScene.option()

  @Test func `one contract at the money has the exposure that was worked, in both readings`() {
    let exposure = atTheMoney.exposure
    #expect(abs(exposure.delta - 30_044.357_328_6) < 1e-6)
    #expect(abs(exposure.gammaPerPercent - 64_584.196_4) < 1e-3)
    #expect(abs(exposure.decay - 88.714_657_045) < 1e-8)
    #expect(abs(exposure.vegaPerPoint - 5.914_303_700) < 1e-8)
    let move = exposure.amounts * ExposureBasis.onePercentMove.scale
    #expect(abs(move[0] - 300.44) < 0.005)
    #expect(abs(move[1] - 322.92) < 0.005)
    #expect(abs(move[2] - 88.71) < 0.005)
    #expect(abs(move[3] - 5.91) < 0.005)
  }

  @Test func `the gamma of a move of 1 % is half gamma times the move's square`() {
    // 0.5 x 100 x 0.17940054556 x 6^2.
    let move = atTheMoney.exposure.gammaPerPercent * ExposureBasis.onePercentMove.scale[1]
    #expect(abs(move - 0.5 * 100 * 0.179_400_545_56 * 36) < 1e-6)
  }

  @Test func `on 10,000 dollars the four limits allow 6, 3, 1 and 253 contracts`() {
    let counts = ExposureLimits().quantities(of: atTheMoney.exposure, netLiquidationDollars: 10_000)
    #expect(counts == (6, 3, 1, 253))
  }

  @Test(arguments: [(150_221.0, 0), (150_222, 1)])
  func `20 % of the strict reading need 150,222 dollars for one contract's delta`(dollars: Double, count: Int) {
    let counts = ExposureLimits(basis: .dollars).quantities(
      of: atTheMoney.exposure, netLiquidationDollars: dollars)
    #expect(counts.delta == count)
  }

  @Test(arguments: [(645_841.0, 0), (645_842, 1)])
  func `and 645,842 for its gamma`(dollars: Double, count: Int) {
    let counts = ExposureLimits(basis: .dollars).quantities(
      of: atTheMoney.exposure, netLiquidationDollars: dollars)
    #expect(counts.gamma == count)
  }

  @Test func `Greeks without a unit are refused, and mean something else as shares than as dollars`() throws {
    let stated = StatedGreeks(delta: 50, gamma: 10, theta: -5, vega: 20)
    #expect(throws: RiskError.noUnit(delta: 50)) { try stated.exposure(in: nil, spot: 600) }
    let limits = ExposureLimits(basis: .dollars)
    let shares = try stated.exposure(in: .shares, spot: 600)
    let dollars = try stated.exposure(in: .dollars, spot: 600)
    let used = limits.utilisations(of: shares, in: .dollars, netLiquidationDollars: 10_000)
    // $30,000 are 300 % of the account, fifteen times what is allowed.
    #expect(abs(used[0] * 0.2 - 3) < 1e-12)
    #expect(limits.exceeded(by: shares, netLiquidationDollars: 10_000).contains(.delta))
    let usedDollars = limits.utilisations(of: dollars, in: .dollars, netLiquidationDollars: 10_000)
    #expect(abs(usedDollars[0] * 0.2 - 0.005) < 1e-15)
    #expect(limits.exceeded(by: dollars, netLiquidationDollars: 10_000).isEmpty)
  }

  @Test(arguments: [Double.nan, .infinity, 0, -600])
  func `a price that is none gives no exposure`(spot: Double) {
    #expect(throws: RiskError.self) {
      try StatedGreeks(delta: 50, gamma: 10, theta: -5, vega: 20).exposure(in: .shares, spot: spot)
    }
  }

  @Test func `the account is what it is worth now`() {
    let limits = ExposureLimits()
    let exposure = atTheMoney.exposure * 3
    #expect(!limits.exceeded(by: exposure, netLiquidationDollars: 10_000).contains(.gamma))
    #expect(limits.exceeded(by: exposure, netLiquidationDollars: 9_600).contains(.gamma))
    // An account that is worth nothing may have nothing.
    for value in [0, -5_000, Double.nan] {
      let counts = limits.quantities(of: atTheMoney.exposure, netLiquidationDollars: value)
      #expect(counts.delta == 0 && counts.gamma == 0 && counts.vega == 0)
    }
  }

  @Test func `decay binds net long premium alone`() {
    let limits = ExposureLimits()
    #expect(limits.quantities(of: atTheMoney.exposure * -1, netLiquidationDollars: 10_000).decay == 1 << 31)
    #expect(!limits.exceeded(by: GreekExposure(decay: -5_000), netLiquidationDollars: 10_000).contains(.decay))
    #expect(limits.exceeded(by: GreekExposure(decay: 100.01), netLiquidationDollars: 10_000) == [.decay])
    #expect(limits.exceeded(by: GreekExposure(decay: 100), netLiquidationDollars: 10_000).isEmpty)
  }

  @Test func `what is not a number fits nothing`() {
    let unknown = GreekExposure(delta: .nan)
    #expect(!unknown.isFinite)
    #expect(ExposureLimits().quantities(of: unknown, netLiquidationDollars: 1e6).delta == 0)
    #expect(ExposureLimits().exceeded(by: unknown, netLiquidationDollars: 1e6).contains(.delta))
  }

  @Test
  func `ten contracts of an index ten times as dear are one, with an account and a theta limit ten times as large`() {
    var limits = ExposureLimits()
    limits.decayDollars = 1_000
    let index = RiskScene.option(strike: 6_000, spot: 6_000)
    #expect(limits.quantities(of: index.exposure, netLiquidationDollars: 100_000) == (6, 3, 1, 253))
  }

  @Test func `sizing's headroom allows what the gate allows`() {
    var random = RiskRandom(seed: 3)
    for _ in 0..<2_000 {
      func exposure(_ scale: Double) -> GreekExposure {
        GreekExposure(
          SIMD4(
            (random.share() - 0.5) * 60_000, (random.share() - 0.5) * 100_000, (random.share() - 0.5) * 200,
            (random.share() - 0.5) * 20) * scale)
      }
      let one = exposure(1)
      var judge = ExposureJudge(
        limits: ExposureLimits(), held: exposure(5), rising: exposure(1).rising, falling: exposure(1).falling)
      judge.limits.basis = random.happens(0.5) ? .dollars : .onePercentMove
      let value = 1_000 + random.share() * 1e6
      for limit in [RiskLimit.delta, .gamma, .decay, .vega] {
        let allowed = ExposureJudge.largest(upTo: Order.mostQuantity) {
          judge.fits(limit.rawValue, one, quantity: $0, netLiquidationDollars: value)
        }
        let headroom = judge.headroom(limit, one, netLiquidationDollars: value).contracts
        #expect(headroom.map { max(min($0, Order.mostQuantity), 0) } == allowed, "\(limit): \(judge) \(one)")
      }
    }
  }

  @Test func `the exposure line has four totals and four utilisations in 80 columns`() {
    let limits = ExposureLimits()
    let line = limits.line(atTheMoney.exposure, in: .onePercentMove, netLiquidationDollars: 10_000)
    #expect(line == "1% move: delta 300.44 15%, gamma 322.92 32%, theta 88.71 89%, vega 5.91 0%")
    let strict = limits.line(atTheMoney.exposure, in: .dollars, netLiquidationDollars: 10_000)
    #expect(strict == "dollars: delta 30,044 1502%, gamma 64,584 6458%, theta 88.71 89%, vega 5.91 0%")
    #expect(line.count <= 80 && strict.count <= 80)
  }
}
