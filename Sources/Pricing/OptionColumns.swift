// Many options at once: a struct of arrays, priced by C loops.

package import Kernels

/// Options side by side, an array for each of their numbers.
package struct OptionColumns<Number: PricingNumber>: Sendable {
  /// 1 for a call and -1 for a put.
  package var signs: [Int8] = []
  package var spots: [Number] = []
  package var strikes: [Number] = []
  package var rates: [Number] = []
  package var dividendYields: [Number] = []
  package var years: [Number] = []
  package var volatilities: [Number] = []

  package init() {}

  package var count: Int { signs.count }

  package mutating func append(_ terms: OptionTerms<Number>) {
    signs.append(terms.side.rawValue)
    spots.append(terms.spot)
    strikes.append(terms.strike)
    rates.append(terms.rate)
    dividendYields.append(terms.dividendYield)
    years.append(terms.years)
    volatilities.append(terms.volatility)
  }

  /// One of them.
  package subscript(index: Int) -> OptionTerms<Number> {
    OptionTerms(
      signs[index] > 0 ? .call : .put, spot: spots[index], strike: strikes[index], rate: rates[index],
      dividendYield: dividendYields[index], years: years[index], volatility: volatilities[index])
  }

  /// Traps unless every array has a number for every option: the loops read all of them.
  func requireEqualCounts() {
    precondition(
      [spots, strikes, rates, dividendYields, years, volatilities].allSatisfy { $0.count == count },
      "the columns of \(count) options are not equally long")
  }
}

extension OptionColumns<Double> {
  /// Options of one expiry on one price without rate or yield, as on a forward: prices are those at the expiry. Traps unless all are equally many.
  package init(signs: [Int8], forward: Double, strikes: [Double], years: Double, volatilities: [Double]) {
    let zeros = [Double](repeating: 0, count: signs.count)
    self.signs = signs
    spots = [Double](repeating: forward, count: signs.count)
    self.strikes = strikes
    (rates, dividendYields) = (zeros, zeros)
    self.years = [Double](repeating: years, count: signs.count)
    self.volatilities = volatilities
    requireEqualCounts()
  }
}

/// An option of a batch that has no answer; its numbers are NaN.
package struct OptionProblem: Equatable, Sendable {
  package let index: Int
  package let error: PricingError
}

/// Prices and Greeks side by side; units as in `OptionValue`.
package struct ValueColumns<Number: PricingNumber>: Sendable {
  package var prices: [Number]
  package var deltas: [Number]
  package var gammas: [Number]
  package var vegas: [Number]
  package var thetasPerYear: [Number]
  package var rhos: [Number]

  package init(count: Int) {
    prices = [Number](repeating: .nan, count: count)
    deltas = prices
    gammas = prices
    vegas = prices
    thetasPerYear = prices
    rhos = prices
  }

  package subscript(index: Int) -> OptionValue<Number> {
    get {
      OptionValue(
        price: prices[index], delta: deltas[index], gamma: gammas[index], vega: vegas[index],
        thetaPerYear: thetasPerYear[index], rho: rhos[index])
    }
    set {
      prices[index] = newValue.price
      deltas[index] = newValue.delta
      gammas[index] = newValue.gamma
      vegas[index] = newValue.vega
      thetasPerYear[index] = newValue.thetaPerYear
      rhos[index] = newValue.rho
    }
  }
}

extension OptionColumns {
  /// Prices and Greeks of all, into arrays of as many places. Returns those that have none, in order; their numbers are NaN.
  ///
  /// Each option's numbers depend on it alone. They are the same to the bit wherever it stands, on one instruction set.
  @discardableResult
  package func value(into values: inout ValueColumns<Number>, on set: InstructionSet = .processor) -> [OptionProblem] {
    requireEqualCounts()
    precondition(values.prices.count == count, "\(values.prices.count) places for \(count) values")
    guard Number.value(self, &values, on: set) > 0 else { return [] }
    var problems: [OptionProblem] = []
    for index in 0..<count where values.prices[index].isNaN {
      do throws(PricingError) {
        values[index] = try BlackScholes.plainValue(self[index])
      } catch {
        problems.append(OptionProblem(index: index, error: error))
      }
    }
    return problems
  }

  /// The same by the loops of the baseline: the same bits on every machine.
  package func reproducibleValue(into values: inout ValueColumns<Number>) -> [OptionProblem] {
    value(into: &values, on: .baseline)
  }
}
