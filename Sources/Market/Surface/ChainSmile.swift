// Forms that a smile can have: the total variance v^2 T of an expiry by log moneyness.

import Glibc

/// Raw SVI: w(x) = a + b (rho (x - m) + sqrt((x - m)^2 + sigma^2)), x = ln(K / F).
///
/// Source: Gatheral, "A parsimonious arbitrage-free implied volatility parameterization", 2004; Gatheral and Jacquier, "Arbitrage-free SVI volatility
/// surfaces", Quantitative Finance 14 (2014), equation 3.1.
package struct RawSVI: Sendable, Equatable {
  package var a, b, rho, m, sigma: Double

  package init(a: Double, b: Double, rho: Double, m: Double, sigma: Double) {
    (self.a, self.b, self.rho, self.m, self.sigma) = (a, b, rho, m, sigma)
  }

  package func totalVariance(at x: Double) -> Double {
    let distance = x - m
    return a + b * (rho * distance + (distance * distance + sigma * sigma).squareRoot())
  }
}

/// A curve through points that rises and falls only where they do.
///
/// Cubic between neighbours, flat beyond the first and the last. Source: Fritsch and Butland, "A method for constructing local monotone piecewise cubic
/// interpolants", SIAM Journal on Scientific and Statistical Computing 5 (1984), with the weighted harmonic mean of slopes that PCHIP takes, and at both ends
/// the slope to the neighbour.
package struct MonotoneCurve: Sendable, Equatable {
  /// Ascending, none twice.
  package let places: [Double]
  package let values: [Double]
  private let slopes: [Double]

  /// Traps unless the places ascend, are as many as the values, and at least one.
  package init(places: [Double], values: [Double]) {
    precondition(
      places.count == values.count && !places.isEmpty && zip(places, places.dropFirst()).allSatisfy { $0 < $1 },
      "\(values.count) values at \(places.count) places that must ascend")
    self.places = places
    self.values = values
    var slopes = [Double](repeating: 0, count: places.count)
    for place in 1..<max(places.count - 1, 1) {
      let (before, after) = (places[place] - places[place - 1], places[place + 1] - places[place])
      let (rise, next) = ((values[place] - values[place - 1]) / before, (values[place + 1] - values[place]) / after)
      guard rise * next > 0 else { continue }
      let (first, second) = (2 * after + before, after + 2 * before)
      slopes[place] = (first + second) / (first / rise + second / next)
    }
    if let last = places.indices.last, last > 0 {
      slopes[0] = (values[1] - values[0]) / (places[1] - places[0])
      slopes[last] = (values[last] - values[last - 1]) / (places[last] - places[last - 1])
    }
    self.slopes = slopes
  }

  package func value(at x: Double) -> Double {
    guard x > places[0] else { return values[0] }
    guard x < places[places.count - 1] else { return values[values.count - 1] }
    var (low, high) = (0, places.count - 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if places[middle] <= x { low = middle } else { high = middle }
    }
    let width = places[high] - places[low]
    let t = (x - places[low]) / width
    let (t2, t3) = (t * t, t * t * t)
    return (2 * t3 - 3 * t2 + 1) * values[low] + (t3 - 2 * t2 + t) * width * slopes[low]
      + (3 * t2 - 2 * t3) * values[high] + (t3 - t2) * width * slopes[high]
  }
}

/// The smile of an expiry as it was found in a chain, with what was mended in it.
package struct ChainSmile: Sendable, Equatable {
  package enum Form: Sendable, Equatable {
    /// v_atm (1 + a k + b k^2), k standardised moneyness.
    case quadratic(Smile)
    case svi(RawSVI)
    /// Total variance between the quotes themselves, monotone between neighbours.
    case interpolated(MonotoneCurve)

    package var name: String {
      switch self {
      case .quadratic: "quadratic"
      case .svi: "SVI"
      case .interpolated: "between quotes"
      }
    }

    func totalVariance(at x: Double, deviation: Double) -> Double {
      switch self {
      case .quadratic(let smile):
        let total = deviation * smile.factor(at: x / deviation)
        return total * total
      case .svi(let svi): return svi.totalVariance(at: x)
      case .interpolated(let curve): return curve.value(at: x)
      }
    }
  }

  package let form: Form
  /// Of the form, an annual decimal of the variance clock.
  package let formAtTheMoney: Double
  /// To the expiry, on the variance clock.
  package let years: Double
  /// Log moneyness of the outermost quotes, or nearer where the form had to be cut. Beyond, total variance goes on in a straight line, as SVI's own does.
  package let quoted: ClosedRange<Double>
  /// The share by which the form was mixed with a flat smile so that no butterfly has a negative price; 0 where it was not.
  package internal(set) var flattening = 0.0
  /// Whether the form ends before the quotes do, since beyond it has butterflies of negative price.
  package private(set) var isCut = false
  /// Smiles of earlier expiries, of which this one has at least the total variance where they are quoted: empty where it always had.
  private var floors: [ChainSmile] = []
  /// Total variance at the ends of the quotes, and how it leaves them outwards.
  private let low, high: End

  private struct End: Equatable {
    var variance, slope: Double
  }

  init(_ form: Form, atTheMoney: Double, years: Double, quoted: ClosedRange<Double>) {
    self.form = form
    formAtTheMoney = atTheMoney
    self.years = years
    self.quoted = quoted
    let deviation = atTheMoney * years.squareRoot()
    let step = 1e-4 * deviation
    func end(_ x: Double, outwards: Double) -> End {
      let variance = form.totalVariance(at: x, deviation: deviation)
      // What falls outwards there is flat beyond: that is a corner upwards, which no butterfly pays for.
      let inside = form.totalVariance(at: x - outwards * step, deviation: deviation)
      return End(variance: variance, slope: max((variance - inside) / step, 0))
    }
    (low, high) = (end(quoted.lowerBound, outwards: -1), end(quoted.upperBound, outwards: 1))
  }

  /// The same smile with the form between two places alone.
  func cut(to span: ClosedRange<Double>) -> ChainSmile {
    var cut = ChainSmile(form, atTheMoney: formAtTheMoney, years: years, quoted: span)
    cut.isCut = true
    return cut
  }

  mutating func raise(to floor: ChainSmile) { floors = [floor] }

  /// The smile of an earlier expiry that this one was raised to; nil where it was not.
  package var floor: ChainSmile? { floors.first }

  /// v sqrt(T) at the money: what moneyness is counted in.
  package var deviation: Double { formAtTheMoney * years.squareRoot() }
  /// Annual decimal of the variance clock, after all that was mended.
  package var atTheMoney: Double { volatility(logMoneyness: 0) }

  /// v^2 T. `x`: ln(K / F); beyond -5 and 4 deviations it is what it is there.
  package func totalVariance(at x: Double) -> Double {
    let deviation = deviation
    let x = min(max(x, Smile.moneyness.lowerBound * deviation), Smile.moneyness.upperBound * deviation)
    var variance: Double
    if case .svi(let svi) = form, !isCut {
      variance = svi.totalVariance(at: x)
    } else if x < quoted.lowerBound {
      variance = low.variance + (quoted.lowerBound - x) * low.slope
    } else if x > quoted.upperBound {
      variance = high.variance + (x - quoted.upperBound) * high.slope
    } else {
      variance = form.totalVariance(at: x, deviation: deviation)
    }
    if flattening > 0 { variance += flattening * (deviation * deviation - variance) }
    for floor in floors {
      variance = max(
        variance, floor.totalVariance(at: min(max(x, floor.quoted.lowerBound), floor.quoted.upperBound)))
    }
    return variance
  }

  /// `logMoneyness`: ln(K / F).
  package func volatility(logMoneyness x: Double) -> Double { (totalVariance(at: x) / years).squareRoot() }
}
