// Strikes by their deltas, of many options at once.

import Glibc
import Pricing

/// Options on a spot of 1, without rates, one for each volatility at the money, all of one smile. Strikes are told as k standard deviations from the spot.
///
/// Priced by the loops of the baseline, so that the figures have the same bits on every machine.
struct DeltaSearch {
  let atTheMoney: [Double]
  let smile: Smile
  let years: [Double]

  /// The options of these strikes, and their values. Throws what is wrong with the first that has none.
  func values(
    _ side: OptionSide, _ moneyness: [Double]
  ) throws(PricingError) -> (options: OptionColumns<Double>, values: ValueColumns<Double>) {
    var options = OptionColumns<Double>()
    for (place, k) in moneyness.enumerated() {
      let logMoneyness = k * atTheMoney[place] * years[place].squareRoot()
      options.append(
        OptionTerms(
          side, spot: 1, strike: exp(logMoneyness), years: years[place],
          volatility: smile.volatility(
            atTheMoney: atTheMoney[place], logMoneyness: logMoneyness, years: years[place])))
    }
    var values = ValueColumns<Double>(count: options.count)
    if let problem = options.reproducibleValue(into: &values).first { throw problem.error }
    return (options, values)
  }

  /// Where each option has the wanted delta, between the money and the end of the smile: false position, the older end's miss halved (the Illinois method), so
  /// that some ten prices are enough.
  func moneyness(_ side: OptionSide, delta wanted: Double) throws(PricingError) -> [Double] {
    let count = atTheMoney.count
    func misses(_ k: [Double]) throws(PricingError) -> [Double] {
      try values(side, k).values.deltas.map { abs($0) - wanted }
    }
    let end = side == .call ? Smile.moneyness.upperBound : Smile.moneyness.lowerBound
    var (near, far) = ([Double](repeating: 0, count: count), [Double](repeating: end, count: count))
    var (nearMisses, farMisses) = (try misses(near), try misses(far))
    var isFound = [Bool](repeating: false, count: count)
    for _ in 0..<100 {
      var next = far
      for place in 0..<count where !isFound[place] {
        let (a, b) = (nearMisses[place], farMisses[place])
        let k = (near[place] * b - far[place] * a) / (b - a)
        if k == near[place] || k == far[place] || !k.isFinite { isFound[place] = true } else { next[place] = k }
      }
      let found = try misses(next)
      for place in 0..<count where !isFound[place] {
        if (found[place] > 0) == (farMisses[place] > 0) {
          nearMisses[place] /= 2
        } else {
          (near[place], nearMisses[place]) = (far[place], farMisses[place])
        }
        (far[place], farMisses[place]) = (next[place], found[place])
        if abs(found[place]) <= 1e-14 { isFound[place] = true }
      }
      if isFound.allSatisfy({ $0 }) { break }
    }
    return far
  }
}
