// Volatilities from prices whose volatility is known, and from those that have none.

import Kernels
import TestSupport
import Testing

@testable import Pricing

private let sets = InstructionSet.allCases.filter { $0 <= .processor }

@Suite struct ImpliedVolatilityTests {
  private func worst(_ golden: GoldenOptions, on set: InstructionSet) throws -> Double {
    var found = [Double](repeating: 0, count: golden.side.count)
    let problems = golden.columns.implyVolatilities(of: golden.price, into: &found, on: set)
    #expect(problems == [])
    return zip(found, golden.volatility).map { abs($0 - $1) / $1 }.max() ?? .nan
  }

  @Test(arguments: sets) func `options of one session invert to 1e-12`(set: InstructionSet) throws {
    let golden = try GoldenFile.read("pricing_implied", as: GoldenImplied.self)
    #expect(golden.session.side.count == 900)
    let error = try worst(golden.session, on: set)
    #expect(error <= 1e-12, "\(error)")
  }

  @Test(arguments: sets) func `from e^-6 to e^6 and from 1e-4 to 5 deviations they invert to 1e-11`(
    set: InstructionSet
  ) throws {
    let golden = try GoldenFile.read("pricing_implied", as: GoldenImplied.self)
    #expect(golden.wide.side.count > 200)
    let error = try worst(golden.wide, on: set)
    #expect(error <= 1e-11, "\(error)")
  }

  @Test func `the baseline gives the bits of plain Swift, and a batch those of each alone`() throws {
    let golden = try GoldenFile.read("pricing_implied", as: GoldenImplied.self)
    for table in [golden.session, golden.wide] {
      for set in sets {
        var batch = [Double](repeating: 0, count: table.side.count)
        table.columns.implyVolatilities(of: table.price, into: &batch, on: set)
        for index in table.side.indices {
          let alone = try ImpliedVolatility.solve(price: table.price[index], table[index], on: set)
          #expect(alone.bitPattern == batch[index].bitPattern)
          guard set == .baseline else { continue }
          let plain = try ImpliedVolatility.plainSolve(price: table.price[index], table[index])
          #expect(plain.bitPattern == alone.bitPattern, "\(table[index])")
        }
      }
    }
  }

  @Test func `deep in the money near expiry the other side answers`() throws {
    for (side, strike) in [(OptionSide.call, 580.0), (.put, 620)] {
      let terms = OptionTerms(
        side, spot: 600, strike: strike, rate: 0.045, dividendYield: 0.012, years: 390 / 98_280.0, volatility: 0.3)
      let price = try BlackScholes.value(terms).price
      let found = try ImpliedVolatility.solve(price: price, terms)
      // The time value is a thousandth of the price or less: so many digits are left of it.
      #expect(abs(found - 0.3) < 1e-9, "\(found)")
    }
  }

  @Test func `what is outside the bounds says which and by how much`() throws {
    let terms = OptionTerms(.put, spot: 600, strike: 650, rate: 0.05, dividendYield: 0.01, years: 0.5, volatility: 0)
    let forward = 600 * Double.exponential(-0.005)
    let cash = 650 * Double.exponential(-0.025)
    // Below today's intrinsic value of 50, and above the discounted one: it has a volatility.
    let fine = try ImpliedVolatility.solve(price: 40, terms)
    #expect(fine > 0)
    #expect(throws: PricingError.belowIntrinsic(price: 30, bound: cash - forward)) {
      try ImpliedVolatility.solve(price: 30, terms)
    }
    #expect(throws: PricingError.aboveBound(.put, price: 640, bound: cash)) {
      try ImpliedVolatility.solve(price: 640, terms)
    }
    #expect(throws: PricingError.negative(.price, -1)) { try ImpliedVolatility.solve(price: -1, terms) }
    #expect(throws: PricingError.self) { try ImpliedVolatility.solve(price: .nan, terms) }
    #expect(throws: PricingError.noTimeValue(price: 0)) {
      try ImpliedVolatility.solve(price: 0, OptionTerms(.call, spot: 600, strike: 650, years: 0.5, volatility: 0))
    }
    var expired = terms
    expired.years = 0
    #expect(throws: PricingError.expired) { try ImpliedVolatility.solve(price: 51, expired) }
    let below = try #require(#expect(throws: PricingError.self) { try ImpliedVolatility.solve(price: 30, terms) })
    #expect(below.description.contains("below the discounted intrinsic value"))

    var columns = OptionColumns<Double>()
    for _ in 0..<12 { columns.append(terms) }
    var prices = [Double](repeating: 40, count: 12)
    (prices[2], prices[11]) = (30, .infinity)
    var volatilities = prices
    let problems = columns.implyVolatilities(of: prices, into: &volatilities)
    #expect(problems.map(\.index) == [2, 11])
    #expect(volatilities[2].isNaN && volatilities[11].isNaN && volatilities[3] == fine)
  }

  @Test func `any price between the bounds has a volatility, and that gives the price`() throws {
    var random = RandomStream(seed: 3, purpose: .market)
    for _ in 0..<4000 {
      var terms = OptionTerms(
        random.nextDouble() < 0.5 ? .call : .put, spot: 100,
        strike: 100 * Double.exponential(8 * random.nextDouble() - 4),
        rate: 0.1 * random.nextDouble(), dividendYield: 0.05 * random.nextDouble(),
        years: 0.001 + 2 * random.nextDouble(),
        volatility: 0)
      let s = Double(terms.side.rawValue)
      let forward = terms.spot * Double.exponential(-terms.dividendYield * terms.years)
      let cash = terms.strike * Double.exponential(-terms.rate * terms.years)
      let low = max(s * (forward - cash), 0)
      let high = s > 0 ? forward : cash
      let share = random.nextDouble()
      let price = low + (high - low) * share * share * share
      guard price > low, price < high else { continue }
      terms.volatility = try ImpliedVolatility.solve(price: price, terms)
      let again = try BlackScholes.value(terms).price
      #expect(abs(again - price) <= 1e-12 * high, "\(terms): \(again), asked for \(price)")
    }
  }

  @Test func `a quote gives three volatilities and their doubt`() throws {
    var terms = OptionTerms(.call, spot: 600, strike: 603, rate: 0.045, years: 60 / 98_280.0, volatility: 0.18)
    let value = try BlackScholes.value(terms)
    let quote = try QuoteVolatility(bid: value.price - 0.01, ask: value.price + 0.01, terms)
    let middle = try quote.middle.get()
    let (bid, ask) = (try quote.bid.get(), try quote.ask.get())
    #expect(abs(middle - 0.18) < 1e-10 && bid < middle && middle < ask)
    let doubt = try #require(quote.uncertainty)
    #expect(abs(doubt - 0.01 / value.vega) < 1e-8)
    #expect(quote.isIdentified)
    // A strike so far that a point of volatility moves nothing.
    terms.strike = 640
    let far = try QuoteVolatility(bid: 0, ask: 0.01, terms)
    #expect(!far.isIdentified)
    #expect(throws: PricingError.noTimeValue(price: 0)) { try far.bid.get() }
    // Without time value there is no volatility at all, and never a 0 or a floor.
    terms.strike = 500
    let none = try QuoteVolatility(bid: 99, ask: 99.5, terms)
    #expect(!none.isIdentified && none.uncertainty == nil)
    #expect(throws: PricingError.self) { try none.middle.get() }
    #expect(throws: PricingError.crossed(bid: 2, ask: 1)) { try QuoteVolatility(bid: 2, ask: 1, terms) }
    #expect(throws: PricingError.self) { try QuoteVolatility(bid: .nan, ask: 1, terms) }
  }
}
