// The volatility at which an option has a price.

package import Kernels

/// Black-Scholes-Merton turned round.
///
/// The price is carried over to the side that is out of the money and divided by what bounds it there, S e^-qT or K e^-rT. With a = |ln(F / K)| and the
/// total volatility w = v sqrt(T), z1 = a / w - w / 2 and z2 = a / w + w / 2, that share is u = e^(-z1^2 / 2) (Q(z1) - Q(z2)), Q(z) = N(-z) e^(z^2 / 2), and
/// what is missing of the bound is 1 - u = e^(-z1^2 / 2) (Q(-z1) + Q(z2)) where z1 < 0. Householder's third-order steps solve for the logarithm
/// of u left of the kink w = sqrt(2 a) and for that of 1 - u right of it: neither form subtracts what cancels, except u of a small w, where Q(z1) - Q(z2) is a
/// Taylor series. The first guess comes from pricing with a normal distribution, or from the quantile that is right at the money. Three steps are the rule.
/// The idea of two regions and of logarithms is Jaeckel's ("Let's be rational", Wilmott, 2015).
package enum ImpliedVolatility {
  /// The least share of its bound that a price is told apart from nothing at.
  static let leastShare = 1e-290
  private static let steps = 8

  /// By the loops that batches use, and to the bit what those give on the same instruction set. terms.volatility is not read.
  package static func solve(
    price: Double, _ terms: OptionTerms<Double>, on set: InstructionSet = .processor
  ) throws(PricingError) -> Double {
    var options = OptionColumns<Double>()
    options.append(terms)
    var volatilities = [Double.nan]
    if let problem = options.implyVolatilities(of: [price], into: &volatilities, on: set).first { throw problem.error }
    return volatilities[0]
  }

  /// The same in plain Swift: to the bit what the loops of the baseline give.
  package static func plainSolve(price: Double, _ terms: OptionTerms<Double>) throws(PricingError) -> Double {
    let question = try Question(price: price, terms)
    return question.totalVolatility() / terms.years.squareRoot()
  }

  /// A price as a share of its bound.
  struct Question {
    /// |ln(F / K)|.
    let a: Double
    /// u, and 1 - u.
    let share, rest: Double
    /// sqrt(2 a), the total volatility at which d1 is 0.
    let kink: Double

    /// Throws where no volatility gives the price.
    init(price: Double, _ terms: OptionTerms<Double>) throws(PricingError) {
      if let problem = terms.marketProblem { throw problem }
      guard price.isFinite else { throw .notFinite(.price, price) }
      guard price >= 0 else { throw .negative(.price, price) }
      guard terms.years > 0 else { throw .expired }
      for (quantity, value) in [(PricingError.Quantity.spot, terms.spot), (.strike, terms.strike)] where value == 0 {
        throw .outside(quantity, value, least: Double.prices.lowerBound, most: Double.prices.upperBound)
      }
      let s = Double(terms.side.rawValue)
      let forward = terms.spot * Double.exponential(-(terms.dividendYield * terms.years))
      let cash = terms.strike * Double.exponential(-(terms.rate * terms.years))
      let x =
        Double.logarithmOfRatio(terms.spot, terms.strike) + (terms.rate - terms.dividendYield) * terms.years
      let upper = x <= 0 ? forward : cash
      let intrinsic = s * (forward - cash)
      let outer = s * x <= 0 ? price : price - intrinsic
      a = abs(x)
      share = outer / upper
      rest = (upper - outer) / upper
      kink = (a + a).squareRoot()
      let bound = terms.side == .call ? forward : cash
      guard rest > 0 else { throw .aboveBound(terms.side, price: price, bound: bound) }
      guard outer >= 0 else { throw .belowIntrinsic(price: price, bound: intrinsic) }
      guard share >= leastShare else { throw .noTimeValue(price: price) }
    }

    /// v sqrt(T).
    func totalVolatility() -> Double {
      let logShare = Double.logarithm(share)
      let logRest = Double.logarithm(rest)
      let direct = share < 0.5 - Double.tail(kink) || share < 0.01
      let target = direct ? logShare : logRest
      let most = direct ? max(kink, 0.04) : 1e3
      var w = min(guess(direct: direct, logShare, logRest), most)
      for _ in 0..<ImpliedVolatility.steps {
        let inverse = 1 / w
        let q = a * inverse
        let half = w * 0.5
        let z1 = q - half
        let z2 = q + half
        let gap: Double
        if direct && w <= 0.04 {
          gap = ImpliedVolatility.tailDrop(w, z2)
        } else {
          let m1 = Double.tail(abs(z1))
          let m2 = Double.tail(z2)
          gap = direct ? m1 - m2 : -(m1 + m2)
        }
        let value = Double.logarithm(abs(gap)) - z1 * z1 * 0.5
        let newton = (target - value) * (gap * 2.506_628_274_631_000_2)
        let slope = Double.densityAtZero / gap
        let q2 = q * inverse
        let bend = a * inverse * q2 - half * 0.5
        let second = bend - slope
        let third = bend * bend - 3 * (q2 * q2) - 0.25 - slope * (3 * bend - (slope + slope))
        let householder =
          newton * (1 + 0.5 * (second * newton)) / (1 + newton * (second + newton * third * (1.0 / 6)))
        let isSafe = abs(householder) <= half
        w = min(w + (isSafe ? householder : max(min(newton, half), -half)), most)
        if isSafe && abs(householder) <= w * 1e-5 { break }
      }
      return w
    }

    /// Within a few per cent where moneyness is moderate. The coefficients are least-maximum fits of our own, each good to 1.3e-3.
    private func guess(direct: Bool, _ logShare: Double, _ logRest: Double) -> Double {
      let half = a * 0.5
      let scale = Double.exponential(-half)
      // At the forward, where a is 0, its logarithm only has to be low.
      let depth = direct ? (Double.logarithm(max(a, 1e-300)) + half) - logShare : half - logRest
      let s = (depth + depth).squareRoot()
      let t = 1 / s
      if direct {
        if depth < 2 {
          let sum = share * scale + half
          let b = a / sum
          return sum
            / (b * (b * (b * (b * 0.026_261_62 - 0.045_450_48) + 0.063_131_1) - 0.007_067_19) + 0.399_192_65)
        }
        let tail = t * (19.352_699_73 - t * 12.333_718_61) - 8.754_743_68
        return a / (s * 0.998_921_77 - 0.081_395_43 + t * tail)
      }
      let quantile: Double
      if depth < 0.8 {
        let y = 1 - rest * scale
        let square = y * y
        quantile = (y + y) * (square * (square * 0.277_148_66 + 0.313_318_08) + 1.253_632_8)
      } else {
        let tail = t * (1.938_302_91 - t * 0.819_649_87) - 1.452_683_34
        let far = s * 1.003_518_74 - 0.170_432_69 + t * tail
        quantile = far + far
      }
      return max(quantile, kink)
    }
  }

  /// Q(z - w) - Q(z) for w of at most 0.04, by Taylor's series around z: all its terms are positive.
  private static func tailDrop(_ w: Double, _ z: Double) -> Double {
    var before = Double.tail(z)
    var term = w * (Double.densityAtZero - z * before)
    var sum = term
    let square = w * w
    let product = w * z
    for n in 2...10 {
      let next = (square * before - product * term) * (1 / Double(n))
      sum += next
      before = term
      term = next
    }
    return sum
  }
}

extension OptionColumns<Double> {
  /// The volatilities at which the options have those prices, into an array of as many places. Returns those that have none, in order; their
  /// volatilities are NaN. The columns' own volatilities are not read.
  @discardableResult
  package func implyVolatilities(
    of prices: [Double], into volatilities: inout [Double], on set: InstructionSet = .processor
  ) -> [OptionProblem] {
    requireEqualCounts()
    precondition(
      prices.count == count && volatilities.count == count,
      "\(prices.count) prices and \(volatilities.count) places for \(count) volatilities")
    guard PricingKernels.imply(self, prices: prices, &volatilities, on: set) > 0 else { return [] }
    var problems: [OptionProblem] = []
    for index in 0..<count where volatilities[index].isNaN {
      do throws(PricingError) {
        volatilities[index] = try ImpliedVolatility.plainSolve(price: prices[index], self[index])
      } catch {
        problems.append(OptionProblem(index: index, error: error))
      }
    }
    return problems
  }
}
