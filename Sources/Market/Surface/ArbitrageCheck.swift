// Does a smile hand out money: a butterfly at a negative price, or an earlier option dearer than a later one?

import Glibc
import Pricing

/// Looks at smiles from -5 to 4 deviations of moneyness, in twentieths, and mends them.
package enum ArbitrageCheck {
  /// Of a deviation.
  static let step = 0.05

  /// The moneyness that is looked at, ascending.
  static let places: [Double] = {
    let count = Int(((Smile.moneyness.upperBound - Smile.moneyness.lowerBound) / step).rounded())
    return (0...count).map { Smile.moneyness.lowerBound + step * Double($0) }
  }()

  /// How many butterflies of neighbouring strikes have a negative price, and where.
  package struct Butterflies: Sendable, Equatable {
    package var negative = 0
    /// Moneyness of those next to the money on both sides: within these there is none. nil where there is none on a side.
    package var below, above: Double?

    package init() {}
  }

  /// On a forward of 1. Prices are of options out of the money, since what is small must not be the difference of what is large.
  package static func butterflies(of smile: ChainSmile) -> Butterflies {
    var grid = ButterflyGrid(deviation: smile.deviation, years: smile.years)
    return grid.butterflies(of: smile)
  }

  /// The smile without butterflies of negative price: its form cut where they begin, or else mixed with a flat smile of its level, as little as it takes.
  static func mended(_ smile: ChainSmile, _ found: Butterflies) -> ChainSmile {
    guard found.negative > 0 else { return smile }
    let unit = smile.deviation
    // One deviation and one grid for all that is tried.
    var grid = ButterflyGrid(deviation: unit, years: smile.years)
    // One place nearer, since a butterfly reaches to its neighbours.
    let low = max(smile.quoted.lowerBound, ((found.below ?? -.infinity) + step) * unit)
    let high = min(smile.quoted.upperBound, ((found.above ?? .infinity) - step) * unit)
    if low < -step * unit, high > step * unit {
      let cut = smile.cut(to: low...high)
      if grid.butterflies(of: cut).negative == 0 { return cut }
    }
    var (clear, mixed) = (1.0, 0.0)
    for _ in 0..<10 {
      var tried = smile
      tried.flattening = (clear + mixed) / 2
      if grid.butterflies(of: tried).negative == 0 { clear = tried.flattening } else { mixed = tried.flattening }
    }
    var flat = smile
    flat.flattening = clear
    return flat
  }

  /// Where an expiry has less total variance than an earlier one, at the same moneyness.
  package struct Calendar: Sendable, Equatable {
    /// Of the places that were looked at: where the earlier one is quoted, and beyond.
    package var places = 0
    package var beyondQuotes = 0
    /// By how much at most where it is quoted, in volatility of the later expiry.
    package var worst = 0.0

    package init() {}
  }

  package static func calendar(earlier: ChainSmile, later: ChainSmile) -> Calendar {
    var found = Calendar()
    for k in places {
      let x = k * earlier.deviation
      let (first, second) = (earlier.totalVariance(at: x), later.totalVariance(at: x))
      guard !(second >= first * (1 - 1e-12)) else { continue }
      guard earlier.quoted.contains(x) else {
        found.beyondQuotes += 1
        continue
      }
      found.places += 1
      found.worst = max(found.worst, (first / later.years).squareRoot() - (second / later.years).squareRoot())
    }
    return found
  }
}

/// Strikes at the places of the check for smiles of one deviation, and room for their prices.
private struct ButterflyGrid {
  private let moneyness: [Double]
  private var options: OptionColumns<Double>
  private var values: ValueColumns<Double>
  /// At each place between the ends: how far the next strike is, of the way from the one before to it.
  private let shares: [Double]
  /// The first place whose option out of the money is a call.
  private let firstCall: Int

  /// `deviation`: v sqrt(T) at the money; `years` T, on the variance clock.
  init(deviation: Double, years: Double) {
    let places = ArbitrageCheck.places
    moneyness = places.map { $0 * deviation }
    let strikes = moneyness.map { exp($0) }
    options = OptionColumns(
      signs: places.map { $0 < 0 ? -1 : 1 }, forward: 1, strikes: strikes, years: years,
      volatilities: [Double](repeating: 0, count: places.count))
    values = ValueColumns<Double>(count: places.count)
    firstCall = places.firstIndex { $0 >= 0 } ?? places.count
    shares = places.indices.map { middle in
      guard middle > 0, middle < places.count - 1 else { return 0 }
      return (strikes[middle + 1] - strikes[middle]) / (strikes[middle + 1] - strikes[middle - 1])
    }
  }

  mutating func butterflies(of smile: ChainSmile) -> ArbitrageCheck.Butterflies {
    for place in moneyness.indices {
      options.volatilities[place] = smile.volatility(logMoneyness: moneyness[place])
    }
    options.value(into: &values)
    var found = ArbitrageCheck.Butterflies()
    for middle in 1..<moneyness.count - 1 {
      let price = values.prices[middle]
      let chord = shares[middle] * own(middle - 1, middle) + (1 - shares[middle]) * own(middle + 1, middle)
      // Of a price there are fifteen digits; a price that is no number fails.
      guard !(chord - price >= -1e-9 * price - 1e-15) else { continue }
      found.negative += 1
      let k = ArbitrageCheck.places[middle]
      if k < 0 { found.below = k } else if found.above == nil { found.above = k }
    }
    return found
  }

  /// The price at a place of an option of the side that another place has.
  private func own(_ place: Int, _ other: Int) -> Double {
    let price = values.prices[place]
    guard (place < firstCall) != (other < firstCall) else { return price }
    return price + Double(options.signs[other]) * (1 - options.strikes[place])
  }
}
