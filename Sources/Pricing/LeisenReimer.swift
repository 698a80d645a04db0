// American options: a binomial tree whose nodes straddle the strike.

package import Kernels

/// Dollars a share that are paid to whoever holds it before a time.
package struct CashDividend: Equatable, Sendable {
  /// From now to the ex-date, on the clock of the option's years.
  package var years: Double
  package var amount: Double

  package init(years: Double, amount: Double) {
    self.years = years
    self.amount = amount
  }
}

/// An option that may be exercised at any time.
package struct AmericanTerms: Equatable, Sendable {
  /// As of a European one. The volatility is that of the spot less the dividends' present value.
  package var european: OptionTerms<Double>
  /// Those whose ex-date is after now and not after expiry count.
  package var dividends: [CashDividend]

  package init(_ european: OptionTerms<Double>, dividends: [CashDividend] = []) {
    self.european = european
    self.dividends = dividends
  }

  /// Dividends inside the life, worth so much at a time from now: those with an ex-date after it, discounted to it.
  func presentValue(ofDividendsAfter years: Double) -> Double {
    var sum = 0.0
    for dividend in dividends where dividend.years > years && dividend.years <= european.years {
      sum += dividend.amount * Double.exponential(-(european.rate * (dividend.years - years)))
    }
    return sum
  }

  /// How long it pays to wait with the exercise of a call that is given up for a dividend, in years: until the last ex-date after `now` that is not after
  /// `next`, because the strike is paid then. 0 where there is none, where waiting costs, and with a yield besides the dividends, which waiting would lose.
  func waitForDividend(from now: Double, to next: Double) -> Double {
    guard european.side == .call, european.rate > 0, european.dividendYield == 0 else { return 0 }
    let dates = dividends.lazy.filter { $0.years > now && $0.years <= min(next, european.years) && $0.amount > 0 }
    return (dates.map(\.years).max() ?? now) - now
  }

  /// The first thing that is wrong.
  package var problem: PricingError? {
    if let problem = european.problem { return problem }
    for dividend in dividends {
      for (quantity, value) in [(PricingError.Quantity.dividend, dividend.amount), (.dividendTime, dividend.years)] {
        guard value.isFinite else { return .notFinite(quantity, value) }
      }
      guard dividend.amount >= 0 else { return .negative(.dividend, dividend.amount) }
    }
    let presentValue = presentValue(ofDividendsAfter: 0)
    guard presentValue < european.spot || presentValue == 0 else {
      return .dividendsExceedSpot(presentValue: presentValue, spot: european.spot)
    }
    return nil
  }

  /// The European option on the spot less the dividends' present value.
  package var escrowed: OptionTerms<Double> {
    var terms = european
    terms.spot -= presentValue(ofDividendsAfter: 0)
    return terms
  }

  package var hasDividendInsideLife: Bool {
    dividends.contains { $0.years > 0 && $0.years <= european.years && $0.amount > 0 }
  }
}

/// What an American option is worth.
package struct AmericanValue: Equatable, Sendable {
  /// Dollars.
  package let price: Double
  /// Dollars a dollar of the spot.
  package let delta: Double
  /// Delta a dollar of the spot.
  package let gamma: Double
  /// Dollars above the European option, by the same tree without early exercise.
  package let earlyExercisePremium: Double

  /// Whether a European price misleads: the premium is above half a tick, or the option is a call over an ex-date.
  package func europeanMisleads(_ terms: AmericanTerms, tick: Double) -> Bool {
    earlyExercisePremium > tick / 2 || (terms.european.side == .call && terms.hasDividendInsideLife)
  }
}

/// Leisen and Reimer 1996, "Binomial models for option valuation - examining and improving convergence": probabilities by the Peizer-Pratt inversion, so that
/// the error falls like 1 / n^2 for European options and smoothly for American ones.
///
/// Dividends are escrowed: the tree runs on the spot less the present value of those inside the life, and what is still to be paid is added to a node when
/// its exercise is looked at. On the ex-date itself the dividend is gone; a call that is exercised for it is exercised right before, also where that lies
/// between two levels.
package enum LeisenReimer {
  package static let standardSteps = 201

  /// Price, delta, gamma and the premium of early exercise of one option.
  package static func value(
    _ terms: AmericanTerms, steps: Int = standardSteps
  ) throws(PricingError) -> AmericanValue {
    try check(steps)
    if let problem = terms.problem { throw problem }
    var forest = TreeForest(options: 1, steps: steps)
    guard try forest.plant(terms, at: 0) else { return try limit(terms, steps: steps) }
    forest.plainRollBack(tree: 0, isAmerican: false)
    let european = forest.value(0).price
    forest.plainRollBack(tree: 0)
    let value = forest.value(0)
    return AmericanValue(
      price: value.price, delta: value.delta, gamma: value.gamma, earlyExercisePremium: value.price - european)
  }

  /// Prices and deltas of many, by the loops of an instruction set, into arrays of as many places. Returns those that have none, in order; their numbers are
  /// NaN.
  @discardableResult
  package static func values(
    _ options: [AmericanTerms], steps: Int = standardSteps, prices: inout [Double], deltas: inout [Double],
    on set: InstructionSet = .processor
  ) throws(PricingError) -> [OptionProblem] {
    try check(steps)
    precondition(
      prices.count == options.count && deltas.count == options.count,
      "\(prices.count) and \(deltas.count) places for \(options.count) options")
    var problems: [OptionProblem] = []
    // Few enough that a block's trees stay in the caches.
    let block = 64
    for start in stride(from: 0, to: options.count, by: block) {
      let part = start..<min(start + block, options.count)
      var forest = TreeForest(options: part.count, steps: steps)
      var planted: [Int] = []
      for index in part {
        let terms = options[index]
        do throws(PricingError) {
          if let problem = terms.problem { throw problem }
          if try forest.plant(terms, at: index - start) {
            planted.append(index)
          } else {
            let value = try limit(terms, steps: steps)
            (prices[index], deltas[index]) = (value.price, value.delta)
          }
        } catch {
          (prices[index], deltas[index]) = (.nan, .nan)
          problems.append(OptionProblem(index: index, error: error))
        }
      }
      PricingKernels.rollBack(&forest, on: set)
      for index in planted {
        let value = forest.value(index - start)
        (prices[index], deltas[index]) = (value.price, value.delta)
      }
    }
    return problems
  }

  private static func check(_ steps: Int) throws(PricingError) {
    guard (3...10_001).contains(steps), !steps.isMultiple(of: 2) else { throw .wrongSteps(steps) }
  }

  /// Where nothing moves: at expiry, without volatility to speak of, or of a worthless spot or strike. The best of exercising at any of the levels, or never.
  private static func limit(_ terms: AmericanTerms, steps: Int) throws(PricingError) -> AmericanValue {
    let option = terms.escrowed
    let s = Double(option.side.rawValue)
    var best = (price: 0.0, delta: 0.0)
    for level in 0...steps {
      let years = option.years * (Double(level) / Double(steps))
      let yielded = Double.exponential(-(option.dividendYield * years))
      let strike = option.strike - terms.presentValue(ofDividendsAfter: years)
      let exercised = s * (option.spot * yielded - strike * Double.exponential(-(option.rate * years)))
      if exercised > best.price { best = (exercised, s * yielded) }
    }
    var still = option
    still.volatility = 0
    let european = try BlackScholes.plainValue(still)
    guard best.price > european.price else {
      return AmericanValue(price: european.price, delta: european.delta, gamma: 0, earlyExercisePremium: 0)
    }
    return AmericanValue(
      price: best.price, delta: best.delta, gamma: 0, earlyExercisePremium: best.price - european.price)
  }
}

extension TreeForest {
  /// Sets a tree up. False where it would have no width, and nothing was planted: at expiry, of a worthless spot or strike, and where so little volatility
  /// is left that no path crosses the strike.
  mutating func plant(_ terms: AmericanTerms, at tree: Int) throws(PricingError) -> Bool {
    let option = terms.escrowed
    let deviation = option.volatility * option.years.squareRoot()
    guard option.spot > 0, option.strike > 0, deviation >= Double.leastDeviation else { return false }
    let s = Double(option.side.rawValue)
    let n = Double(steps)
    let distance =
      (Double.logarithmOfRatio(option.spot, option.strike) + (option.rate - option.dividendYield) * option.years)
      / deviation
    let up = Self.probabilities(distance - deviation * 0.5, steps: n)
    let upOfSpot = Self.probabilities(distance + deviation * 0.5, steps: n)
    let step = option.years / n
    let growth = Double.exponential((option.rate - option.dividendYield) * step)
    let discount = Double.exponential(-(option.rate * step))
    let u = growth * upOfSpot.above / up.above
    let d = growth * upOfSpot.below / up.below
    guard u > d else { return false }
    let bottom = option.spot * Self.power(d, steps)
    guard bottom >= Double.leastNormalMagnitude, (option.spot * Self.power(u, steps)).isFinite else {
      throw .treeTooWide(deviation: deviation, steps: steps)
    }
    bases[tree] = s * bottom
    ratios[tree] = u / d
    scales[tree] = 1 / d
    ups[tree] = up.above * discount
    downs[tree] = up.below * discount
    guard terms.hasDividendInsideLife else {
      for level in 0...steps { strikes[level * count + tree] = s * option.strike }
      return true
    }
    for level in 0...steps {
      let now = step * Double(level)
      let wait = terms.waitForDividend(from: now, to: now + step)
      let strike = option.strike * Double.exponential(-(option.rate * wait))
      strikes[level * count + tree] = s * (strike - terms.presentValue(ofDividendsAfter: now))
    }
    return true
  }

  /// Peizer and Pratt's second inversion: the probabilities of a step whose binomial distribution has N(z) above, and what is left. Both to their last digits:
  /// the smaller one is never taken from 1.
  private static func probabilities(_ z: Double, steps n: Double) -> (above: Double, below: Double) {
    let scaled = z / (n + 1.0 / 3 + 0.1 / (n + 1))
    // Beyond this the smaller is below the last digit of the larger, and a tree of such steps is a line.
    let exponent = min(scaled * scaled * (n + 1.0 / 6), 36)
    let e = Double.exponential(-exponent)
    let root = (1 - e).squareRoot()
    let large = 0.5 + 0.5 * root
    let small = 0.5 * e / (1 + root)
    return z < 0 ? (small, large) : (large, small)
  }

  private static func power(_ base: Double, _ exponent: Int) -> Double {
    var (result, square, rest) = (1.0, base, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result *= square }
      square *= square
      rest >>= 1
    }
    return result
  }

  /// Price and Greeks from the values near the root of a tree that was rolled back.
  func value(_ tree: Int) -> (price: Double, delta: Double, gamma: Double) {
    func node(_ place: Int) -> Double { nodes[place * count + tree] }
    func spot(_ level: Int, _ ups: Int) -> Double {
      abs(bases[tree]) * TreeForest.power(ratios[tree], ups) * TreeForest.power(scales[tree], steps - level)
    }
    let (low, high) = (spot(1, 0), spot(1, 1))
    let (bottom, middle, top) = (spot(2, 0), spot(2, 1), spot(2, 2))
    let upper = (node(2) - node(1)) / (top - middle)
    let lower = (node(1) - node(0)) / (middle - bottom)
    return (node(5), (node(4) - node(3)) / (high - low), (upper - lower) / ((top - bottom) * 0.5))
  }
}
