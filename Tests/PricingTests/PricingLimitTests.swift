// Expiry, no volatility, worthless spots and strikes, and input that is none.

import Kernels
import Testing

@testable import Pricing

@Suite struct PricingLimitTests {
  @Test(arguments: OptionSide.allCases) func `at expiry an option is what its exercise gives`(side: OptionSide) throws {
    let s = Double(side.rawValue)
    for (spot, share) in [(605.0, side == .call ? 1.0 : 0), (600, 0.5), (590, side == .call ? 0 : 1)] {
      for volatility in [0, 0.2] {
        let value = try BlackScholes.value(
          OptionTerms(side, spot: spot, strike: 600, rate: 0.05, years: 0, volatility: volatility))
        #expect(value.price == max(s * (spot - 600), 0))
        #expect(value.delta == s * share)
        #expect([value.gamma, value.vega, value.thetaPerYear, value.rho] == [0, 0, 0, 0])
      }
    }
  }

  @Test func `without volatility the carry is left`() throws {
    let terms = OptionTerms(
      .call, spot: 600, strike: 590, rate: 0.05, dividendYield: 0.01, years: 0.1, volatility: 0)
    let value = try BlackScholes.value(terms)
    #expect(abs(value.price - 12.342937176342) < 1e-11)
    #expect(abs(value.thetaPerYear - -23.358865137) < 1e-9)
    #expect(abs(value.delta - 0.999000499833375) < 1e-14)
    #expect(abs(value.rho - 0.1 * 590 * 0.995012479192682) < 1e-11)
    #expect([value.gamma, value.vega] == [0, 0])
    // Little volatility gives nearly that.
    var nearly = terms
    nearly.volatility = 1e-6
    let close = try BlackScholes.value(nearly)
    #expect(abs(close.price - value.price) < 1e-10 && abs(close.thetaPerYear - value.thetaPerYear) < 1e-8)
    #expect(abs(close.rho - value.rho) < 1e-9 && abs(close.delta - value.delta) < 1e-12)
    // Out of the money nothing is; at the forward half of all.
    var put = terms
    put.side = .put
    let nothing = try BlackScholes.value(put)
    #expect(nothing.bits.allSatisfy { $0 << 1 == 0 })
    let half = try BlackScholes.value(
      OptionTerms(.put, spot: 600, strike: 600, rate: 0.03, dividendYield: 0.03, years: 0.5, volatility: 0))
    #expect(abs(half.delta - -0.5 * 0.985111939603063) < 1e-14)
    #expect(abs(half.rho - -0.25 * 600 * 0.985111939603063) < 1e-10)
    #expect(half.thetaPerYear == 0 && half.price == 0)
  }

  @Test func `a worthless spot or strike leaves the other side`() throws {
    let put = try BlackScholes.value(OptionTerms(.put, spot: 0, strike: 100, rate: 0.05, years: 1, volatility: 0.2))
    #expect(abs(put.price - 95.1229424500714) < 1e-10 && put.delta == -1)
    let call = try BlackScholes.value(OptionTerms(.call, spot: 100, strike: 0, years: 1, volatility: 0.2))
    #expect(call.price == 100 && call.delta == 1 && call.gamma == 0)
  }

  @Test func `half a day and a minute are what they are, with no floor of days`() throws {
    let minutes = [1.0, 60, 195, 390, 720, 1440]
    let prices = try minutes.map {
      try BlackScholes.value(
        OptionTerms(
          .call, spot: 600, strike: 600, years: $0 / VolatilityClock.calendarMinutesPerYear, volatility: 0.15)
      ).price
    }
    // At the money without carry a price is proportional to the root of the time.
    for (minute, price) in zip(minutes, prices) {
      #expect(abs(price / prices[0] - minute.squareRoot()) < 1e-4 * minute.squareRoot())
    }
  }

  @Test func `on the last day the decay to the close is all the time value`() throws {
    let terms = OptionTerms(.call, spot: 600, strike: 600, years: 60 / 98_280.0, volatility: 0.15)
    let decay = try BlackScholes.decayToClose(terms, yearsAtClose: 0)
    #expect(abs(decay - 0.88714657045) < 1e-11)
    var inTheMoney = terms
    inTheMoney.spot = 601
    let lost = try BlackScholes.decayToClose(inTheMoney, yearsAtClose: 0)
    let price = try BlackScholes.value(inTheMoney).price
    #expect(lost == price - 1)
  }

  @Test func `bad input is a sentence that names it`() throws {
    let good = OptionTerms(.call, spot: 600, strike: 600, years: 0.1, volatility: 0.2)
    let paths: [(WritableKeyPath<OptionTerms<Double>, Double>, String, canBeNegative: Bool)] = [
      (\.spot, "spot", false), (\.strike, "strike", false), (\.years, "years", false),
      (\.volatility, "volatility", false), (\.rate, "rate", true), (\.dividendYield, "dividend yield", true),
    ]
    for (path, name, canBeNegative) in paths {
      for bad in [Double.nan, .infinity, -.infinity, -1, 1e300, -1e300] where bad != -1 || !canBeNegative {
        var terms = good
        terms[keyPath: path] = bad
        let error = #expect(throws: PricingError.self) { try BlackScholes.value(terms) }
        let sentence = try #require(error).description
        #expect(sentence.contains("the \(name) "), "\(sentence)")
      }
    }
    var grown = good
    (grown.rate, grown.years) = (90, 9)
    #expect(throws: PricingError.growthOutside(.rate, 810, most: 200)) { try BlackScholes.value(grown) }
    (grown.rate, grown.years) = (10, 9000)
    #expect(throws: PricingError.growthOutside(.rate, 90_000, most: 200)) { try BlackScholes.plainValue(grown) }
  }

  @Test(arguments: InstructionSet.allCases.filter { $0 <= .processor })
  func `in a batch each option has its own answer`(set: InstructionSet) throws {
    let good = OptionTerms(.put, spot: 600, strike: 610, rate: 0.04, years: 0.1, volatility: 0.2)
    var columns = OptionColumns<Double>()
    for index in 0..<21 {
      var terms = good
      if index == 3 { terms.years = 0 }
      if index == 8 { terms.volatility = .nan }
      if index == 11 { terms.volatility = 0 }
      if index == 20 { terms.spot = -1 }
      columns.append(terms)
    }
    var values = ValueColumns<Double>(count: columns.count)
    let problems = columns.value(into: &values, on: set)
    #expect(problems.map(\.index) == [8, 20])
    #expect(problems.last?.error == .negative(.spot, -1))
    #expect(values.prices[8].isNaN && values.deltas[20].isNaN)
    #expect(values.prices[3] == 10 && values.deltas[3] == -1)
    let still = try BlackScholes.plainValue(columns[11])
    let regular = try BlackScholes.value(good, on: set)
    #expect(values[11] == still && values[0] == regular && values[19] == regular)
  }

  @Test func `each of a pair has its own answer, and bad input none`() {
    var random = RandomStream(seed: 6, purpose: .market)
    let odd = [0, 1e-100, 1e100, 1e-308, 5e-324, 1, 600, -1, .nan, .infinity, 1e4, 1e-4, 0.2, 0.05, -0.05, 99]
    var counts = [0, 0, 0, 0]
    for _ in 0..<20_000 {
      func one() -> Double { odd[Int(random.next() % UInt64(odd.count))] }
      let isPlain = random.nextDouble() < 0.7
      var terms = OptionTerms(
        random.nextDouble() < 0.5 ? .call : .put, spot: isPlain ? 600 : one(), strike: isPlain ? 595 : one(),
        rate: isPlain ? 0 : one(), dividendYield: isPlain ? 0 : one(), years: one(), volatility: isPlain ? 0.2 : one())
      let later = one()
      let pair = BlackScholes.pair(terms, later: later)
      let first = try? BlackScholes.plainValue(terms)
      #expect(pair.first?.bits == first?.bits, "\(terms)")
      terms.years = later
      let second = try? BlackScholes.plainValue(terms)
      #expect(pair.second?.bits == second?.bits, "\(terms)")
      counts[(first == nil ? 0 : 1) + (second == nil ? 0 : 2)] += 1
    }
    // None, one, the other and both were seen.
    #expect(counts.allSatisfy { $0 > 500 }, "\(counts)")
  }

  @Test func `no input gives a number that is none`() throws {
    var random = RandomStream(seed: 5, purpose: .market)
    let odd = [0, 1e-100, 1e100, 1e-308, 5e-324, 1, 600, -1, .nan, .infinity, 1e4, 1e-4, 0.2, 0.05, -0.05, 99]
    for _ in 0..<20_000 {
      func one() -> Double { odd[Int(random.next() % UInt64(odd.count))] }
      let terms = OptionTerms(
        random.nextDouble() < 0.5 ? .call : .put, spot: one(), strike: one(), rate: one(), dividendYield: one(),
        years: one(), volatility: one())
      guard let value = try? BlackScholes.value(terms) else { continue }
      #expect(
        [value.price, value.delta, value.gamma, value.vega, value.thetaPerYear, value.rho].allSatisfy { !$0.isNaN },
        "\(terms): \(value)")
    }
  }
}
