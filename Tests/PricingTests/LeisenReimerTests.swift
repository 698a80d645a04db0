// American options against QuantLib, against their European limits, and in batches.

import Kernels
import TestSupport
import Testing

@testable import Pricing

private let sets = InstructionSet.allCases.filter { $0 <= .processor }

@Suite struct LeisenReimerTests {
  @Test func `201 steps are within 2e-3 of QuantLib to 60 days and 6e-3 to a year`() throws {
    let golden = try GoldenFile.read("pricing_american", as: GoldenAmerican.self)
    #expect(golden.cases.count == 15)
    for one in golden.cases {
      let value = try LeisenReimer.value(one.terms)
      let tolerance = one.days <= 60 ? 2e-3 : 6e-3
      #expect(abs(value.price - one.price) <= tolerance, "\(one): \(value)")
      #expect(abs(value.delta - one.delta) <= 2e-3, "\(one): \(value)")
      #expect(abs(value.gamma - one.gamma) <= 0.02 * one.gamma.magnitude + 2e-5, "\(one): \(value)")
      #expect(abs(value.earlyExercisePremium - one.premium) <= tolerance, "\(one): \(value)")
    }
  }

  @Test func `a call without dividends is never exercised early`() throws {
    let terms = OptionTerms(.call, spot: 600, strike: 590, rate: 0.045, years: 0.2, volatility: 0.2)
    let value = try LeisenReimer.value(AmericanTerms(terms))
    let european = try BlackScholes.value(terms)
    #expect(value.earlyExercisePremium == 0)
    #expect(abs(value.price - european.price) < 1e-3)
    #expect(abs(value.delta - european.delta) < 1e-3)
    #expect(!value.europeanMisleads(AmericanTerms(terms), tick: 0.01))
    let over = AmericanTerms(terms, dividends: [CashDividend(years: 0.1, amount: 0.01)])
    let ex = try LeisenReimer.value(over)
    #expect(ex.europeanMisleads(over, tick: 0.01))
    let put = AmericanTerms(OptionTerms(.put, spot: 600, strike: 620, rate: 0.045, years: 0.08, volatility: 0.15))
    let early = try LeisenReimer.value(put)
    #expect(early.earlyExercisePremium > 0.1 && early.europeanMisleads(put, tick: 0.01))
  }

  @Test func `the baseline gives the bits of plain Swift, and every set those of each option alone`() throws {
    let golden = try GoldenFile.read("pricing_american", as: GoldenAmerican.self)
    // More than a block, and no multiple of the lanes.
    let options = (0..<77).map { golden.cases[$0 % golden.cases.count].terms }
    for set in sets {
      var prices = [Double](repeating: 0, count: options.count)
      var deltas = prices
      let problems = try LeisenReimer.values(options, prices: &prices, deltas: &deltas, on: set)
      #expect(problems == [])
      for (index, terms) in options.enumerated() {
        let plain = try LeisenReimer.value(terms)
        var (price, delta) = ([0.0], [0.0])
        _ = try LeisenReimer.values([terms], prices: &price, deltas: &delta, on: set)
        #expect(price[0] == prices[index] && delta[0] == deltas[index])
        if set == .baseline { #expect(plain.price == prices[index] && plain.delta == deltas[index]) }
        #expect(abs(plain.price - prices[index]) <= 1e-10 && abs(plain.delta - deltas[index]) <= 1e-8)
      }
    }
  }

  @Test func `where nothing moves the best of exercising now, later or never is left`() throws {
    let now = AmericanTerms(OptionTerms(.put, spot: 580, strike: 600, rate: 0.05, years: 0.5, volatility: 0))
    let put = try LeisenReimer.value(now)
    #expect(put.price == 20 && put.delta == -1)
    #expect(abs(put.earlyExercisePremium - (20 - (600 * Double.exponential(-0.025) - 580))) < 1e-12)
    let never = try LeisenReimer.value(
      AmericanTerms(OptionTerms(.call, spot: 580, strike: 600, rate: 0.01, years: 0.5, volatility: 0)))
    #expect(never == AmericanValue(price: 0, delta: 0, gamma: 0, earlyExercisePremium: 0))
    let expired = try LeisenReimer.value(
      AmericanTerms(OptionTerms(.call, spot: 610, strike: 600, rate: 0.01, years: 0, volatility: 0.2)))
    #expect(expired.price == 10 && expired.delta == 1)
    // So little volatility that no path of the tree crosses the strike.
    let still = try LeisenReimer.value(
      AmericanTerms(OptionTerms(.put, spot: 300, strike: 600, rate: 0.05, years: 0.1, volatility: 0.01)))
    #expect(still.price == 300 && still.delta == -1)
    let nothing = try LeisenReimer.value(
      AmericanTerms(OptionTerms(.put, spot: 0, strike: 600, rate: 0.05, years: 0.1, volatility: 0.2)))
    #expect(nothing.price == 600)
  }

  @Test func `bad trees and dividends are sentences, each in its place`() throws {
    let terms = OptionTerms(.call, spot: 600, strike: 600, years: 0.1, volatility: 0.2)
    for steps in [-1, 0, 1, 2, 200, 10_003] {
      #expect(throws: PricingError.wrongSteps(steps)) { try LeisenReimer.value(AmericanTerms(terms), steps: steps) }
    }
    var wild = terms
    wild.volatility = 600
    let wide = try #require(#expect(throws: PricingError.self) { try LeisenReimer.value(AmericanTerms(wild)) })
    #expect(wide == .treeTooWide(deviation: 600 * 0.1.squareRoot(), steps: 201))
    let large = AmericanTerms(terms, dividends: [CashDividend(years: 0.05, amount: 601)])
    #expect(throws: PricingError.dividendsExceedSpot(presentValue: 601, spot: 600)) { try LeisenReimer.value(large) }
    let negative = AmericanTerms(terms, dividends: [CashDividend(years: 0.05, amount: -1)])
    #expect(throws: PricingError.negative(.dividend, -1)) { try LeisenReimer.value(negative) }
    var (prices, deltas) = ([0.0, 0, 0], [0.0, 0, 0])
    let problems = try LeisenReimer.values([AmericanTerms(terms), large, negative], prices: &prices, deltas: &deltas)
    #expect(problems.map(\.index) == [1, 2])
    #expect(prices[0] > 10 && prices[1].isNaN && deltas[2].isNaN)
    // A dividend before now or after expiry is none of the option's.
    let outside = AmericanTerms(
      terms, dividends: [CashDividend(years: -0.01, amount: 5), CashDividend(years: 0.11, amount: 5)])
    let (without, with) = (try LeisenReimer.value(AmericanTerms(terms)), try LeisenReimer.value(outside))
    #expect(without == with)
  }

  /// The owner of the share has it still, and a put's owner gains what it falls by.
  @Test func `a dividend counts up to the moment of expiry and not behind it`() throws {
    let terms = OptionTerms(.put, spot: 600, strike: 600, rate: 0.04, years: 0.1, volatility: 0.2)
    func price(_ years: Double) throws -> Double {
      try LeisenReimer.value(AmericanTerms(terms, dividends: [CashDividend(years: years, amount: 5)])).price
    }
    let (before, at, behind) = try (price(0.1.nextDown), price(0.1), price(0.1.nextUp))
    #expect(abs(at - before) < 1e-9 && at > behind + 2, "\(before), \(at), \(behind)")
  }
}
