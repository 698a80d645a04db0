// European prices and Greeks against 50-digit arithmetic, printed tables, finite differences, and at the limits.

import Kernels
import Testing

@testable import Pricing

private let sets = InstructionSet.allCases.filter { $0 <= .processor }

@Suite struct BlackScholesTests {
  @Test func `prices are within 8 + 4 d1^2 units in the last place of the larger term, on every path`() throws {
    let grid = try GoldenValues.read().grid
    let d1 = try #require(grid.d1)
    let larger = try #require(grid.largerTerm)
    for set in [nil] + sets.map(Optional.some) {
      var worst = 0.0
      for index in grid.side.indices {
        let value =
          try set.map { set throws(PricingError) in try BlackScholes.value(grid[index], on: set) }
          ?? BlackScholes.plainValue(grid[index])
        let bound = (8 + 4 * d1[index] * d1[index]) * larger[index].ulp
        worst = max(worst, abs(value.price - grid.price[index]) / bound)
      }
      // The worst of the grid takes 0.6 of it, of 20,000 others 0.61: a change that loses digits is seen before it breaks the promise.
      #expect(worst < 0.75, "\(set.map { "\($0)" } ?? "plain"): \(worst) of the bound")
    }
  }

  @Test func `Greeks are right to eleven digits, on every path`() throws {
    let grid = try GoldenValues.read().grid
    let d1 = try #require(grid.d1)
    let golden = [
      "delta": try #require(grid.delta), "gamma": try #require(grid.gamma), "vega": try #require(grid.vega),
      "rho": try #require(grid.rho),
    ]
    for set in sets {
      for index in grid.side.indices {
        let terms = grid[index]
        let value = try BlackScholes.value(terms, on: set)
        // d1 itself carries the rounding of the log-moneyness, divided by v sqrt(T): no arithmetic of doubles knows it better.
        let deviation = terms.volatility * terms.years.squareRoot()
        let moneyness = abs(Double.logarithmOfRatio(terms.spot, terms.strike)) + 0.2 * terms.years
        let tolerance = 1e-13 + 4e-16 * (1 + abs(d1[index])) * (moneyness / deviation + d1[index] * d1[index])
        for (name, numbers) in golden {
          let found = try #require(value.number(name))
          #expect(
            abs(found - numbers[index]) <= tolerance * abs(numbers[index]) + 1e-300,
            "\(name) of \(terms): \(found), golden \(numbers[index]), \(set)")
        }
        let theta = try #require(grid.theta)[index]
        let size =
          abs(theta) + value.vega * terms.volatility / terms.years / 2
          + (abs(terms.rate) + abs(terms.dividendYield)) * max(terms.spot, terms.strike)
        #expect(abs(value.thetaPerYear - theta) <= tolerance * size, "theta of \(terms)")
      }
    }
  }

  @Test func `the baseline gives the bits of plain Swift, and the other sets each other's`() throws {
    let grid = try GoldenValues.read().grid
    for index in grid.side.indices {
      let plain = try BlackScholes.plainValue(grid[index])
      let baseline = try BlackScholes.value(grid[index], on: .baseline)
      #expect(plain.bits == baseline.bits, "\(grid[index])")
      if sets.contains(.v4) {
        let (v3, v4) = (
          try BlackScholes.value(grid[index], on: .v3), try BlackScholes.value(grid[index], on: .v4)
        )
        #expect(v3.bits == v4.bits, "\(grid[index])")
      }
    }
  }

  @Test func `a pair gives the bits of plain Swift at both times`() throws {
    let grid = try GoldenValues.read().grid
    for index in grid.side.indices {
      var terms = grid[index]
      // Half of them as a desk has them, without rates.
      if index % 2 == 0 { (terms.rate, terms.dividendYield) = (0, 0) }
      var later = terms
      later.years = grid[(index + 7) % grid.side.count].years
      let pair = BlackScholes.pair(terms, later: later.years)
      #expect(try pair.first?.bits == BlackScholes.plainValue(terms).bits, "\(terms)")
      #expect(pair.second?.bits == (try? BlackScholes.plainValue(later))?.bits, "\(later)")
      #expect(try BlackScholes.scalarValue(terms).bits == BlackScholes.plainValue(terms).bits, "\(terms)")
    }
  }

  @Test(arguments: sets) func `a batch gives the bits of each option alone, wherever it stands`(
    set: InstructionSet
  ) throws {
    let grid = try GoldenValues.read().grid.columns
    for count in [1, 3, 8, 17, grid.count] {
      var part = OptionColumns<Double>()
      for index in 0..<count { part.append(grid[grid.count - 1 - index]) }
      var values = ValueColumns<Double>(count: count)
      #expect(part.value(into: &values, on: set) == [])
      for index in 0..<count {
        let alone = try BlackScholes.value(part[index], on: set)
        #expect(alone.bits == values[index].bits)
      }
    }
  }

  @Test func `books and libraries print the same digits`() throws {
    let golden = try GoldenValues.read()
    for row in golden.tables {
      let terms = OptionTerms(
        row.side > 0 ? .call : .put, spot: row.spot, strike: row.strike, rate: row.rate,
        dividendYield: row.dividendYield, years: row.years, volatility: row.volatility)
      let found = try #require(try BlackScholes.value(terms).number(row.quantity))
      #expect(abs(found - row.printed) < 1e-4, "\(row.name): \(found), printed \(row.printed)")
      #expect(abs(found - row.value) < 1e-12 * max(1, abs(row.value)), "\(row.name)")
    }
  }

  @Test func `options of one session have their printed digits, and Greeks until the last minute`() throws {
    let golden = try GoldenValues.read()
    for row in golden.zeroDays {
      let terms = OptionTerms(
        row.side > 0 ? .call : .put, spot: row.spot, strike: row.strike, rate: row.rate,
        dividendYield: row.dividendYield, years: row.minutes / VolatilityClock.sessionMinutesPerYear,
        volatility: row.volatility)
      let value = try BlackScholes.value(terms)
      for (name, expected) in [
        ("price", row.price), ("delta", row.delta), ("gamma", row.gamma), ("vega", row.vega), ("theta", row.theta),
      ] {
        let found = try #require(value.number(name))
        #expect(abs(found - expected) <= 1e-12 * abs(expected), "\(name) of \(row.name): \(found), golden \(expected)")
        #expect(found != 0 && found.isFinite)
      }
    }
    // The printed units: vega a point, theta a calendar day.
    let first = try BlackScholes.value(
      OptionTerms(.call, spot: 600, strike: 600, years: 60 / VolatilityClock.sessionMinutesPerYear, volatility: 0.15))
    #expect(abs(first.vegaPerVolatilityPoint - 0.05914303700) < 1e-11)
    #expect(abs(first.thetaPerCalendarDay - -1.99060879315) < 1e-11)
    #expect(abs(first.thetaPerSessionMinute * 98_280 - first.thetaPerYear) < 1e-9)
    let calendar = try BlackScholes.value(
      OptionTerms(.call, spot: 600, strike: 600, years: 60 / VolatilityClock.calendarMinutesPerYear, volatility: 0.15))
    #expect(abs(calendar.price - 0.38361932400) < 1e-11)
  }

  @Test func `theta, delta, gamma, vega and rho are the slopes of the price`() throws {
    let base = OptionTerms(
      .put, spot: 602, strike: 600, rate: 0.045, dividendYield: 0.012, years: 0.08, volatility: 0.17)
    for side in OptionSide.allCases {
      var terms = base
      terms.side = side
      let value = try BlackScholes.value(terms)
      func slope(_ path: WritableKeyPath<OptionTerms<Double>, Double>, _ step: Double) throws -> Double {
        var (up, down) = (terms, terms)
        up[keyPath: path] += step
        down[keyPath: path] -= step
        return (try BlackScholes.value(up).price - BlackScholes.value(down).price) / (2 * step)
      }
      #expect(abs(try slope(\.spot, 1e-3) - value.delta) < 1e-8)
      #expect(abs(try slope(\.volatility, 1e-6) - value.vega) < 1e-5)
      #expect(abs(try slope(\.rate, 1e-6) - value.rho) < 1e-5)
      // Time passes towards expiry: one sign of theta everywhere.
      #expect(abs(try -slope(\.years, 1e-6) - value.thetaPerYear) < 1e-4)
      var (up, down) = (terms, terms)
      up.spot += 1e-3
      down.spot -= 1e-3
      let bend = (try BlackScholes.value(up).delta - BlackScholes.value(down).delta) / 2e-3
      #expect(abs(bend - value.gamma) < 1e-8)
    }
  }

  @Test func `call less put is the forward less the strike, discounted`() throws {
    let grid = try GoldenValues.read().grid
    for index in grid.side.indices {
      var terms = grid[index]
      terms.side = .call
      let call = try BlackScholes.value(terms).price
      terms.side = .put
      let put = try BlackScholes.value(terms).price
      let forward = terms.spot * Double.exponential(-terms.dividendYield * terms.years)
      let cash = terms.strike * Double.exponential(-terms.rate * terms.years)
      #expect(abs(call - put - (forward - cash)) <= 1e-10 * max(terms.spot, terms.strike))
    }
  }

  @Test(arguments: sets) func `single precision is within two hundredths of a cent of a spot of 600`(
    set: InstructionSet
  ) throws {
    var (single, double) = (OptionColumns<Float>(), OptionColumns<Double>())
    var random = RandomStream(seed: 1, purpose: .market)
    for _ in 0..<4000 {
      let terms = OptionTerms<Float>(
        random.nextDouble() < 0.5 ? .call : .put, spot: 600, strike: Float(500 + 200 * random.nextDouble()),
        rate: 0.045, dividendYield: 0.012, years: Float(1e-5 + 0.25 * random.nextDouble()),
        volatility: Float(0.05 + 0.6 * random.nextDouble()))
      single.append(terms)
      double.append(
        OptionTerms(
          terms.side, spot: Double(terms.spot), strike: Double(terms.strike), rate: Double(terms.rate),
          dividendYield: Double(terms.dividendYield), years: Double(terms.years), volatility: Double(terms.volatility)))
    }
    var singleValues = ValueColumns<Float>(count: single.count)
    var doubleValues = ValueColumns<Double>(count: double.count)
    #expect(single.value(into: &singleValues, on: set) == [])
    #expect(double.value(into: &doubleValues, on: set) == [])
    for index in 0..<single.count {
      let (one, other) = (singleValues[index], doubleValues[index])
      #expect(abs(Double(one.price) - other.price) <= 2e-4, "\(single[index]): \(one.price), \(other.price)")
      #expect(abs(Double(one.delta) - other.delta) <= 2e-4)
      #expect(abs(Double(one.vega) - other.vega) <= 1e-3 * max(1, other.vega))
      #expect(abs(Double(one.gamma) - other.gamma) <= 1e-3 * max(1e-3, other.gamma))
      if set == .baseline {
        let plain = try BlackScholes.plainValue(single[index])
        #expect(plain == one)
      }
    }
  }
}
