// What puts and calls of one strike say of the forward and of money until an expiry.

import Glibc

/// A call and a put of one strike, both with two sides.
package struct ParityPair: Sendable, Equatable {
  /// Dollars.
  package var strike: Double
  /// The middle of the call less that of the put, dollars.
  package var difference: Double
  /// Half of both spreads together, dollars, above 0: how far the difference may be off.
  package var halfSpread: Double
  /// The middles of both added, dollars: about 0.8 standard deviations of the price at the money.
  package var straddle: Double

  package init(strike: Double, difference: Double, halfSpread: Double, straddle: Double) {
    self.strike = strike
    self.difference = difference
    self.halfSpread = halfSpread
    self.straddle = straddle
  }
}

/// The pairs of an expiry that are around the money.
struct ParityPairs {
  /// Strike + call - put is the forward but for the discount, best where call and put are nearest: these first.
  let near: [ParityPair]

  /// From how many standard deviations around the money: of options without and with early exercise.
  private static let (reach, earlyReach) = (2.0, 0.5)

  /// nil where there is none.
  init?(_ pairs: [ParityPair], exercisedEarly: Bool) {
    let usable = pairs.filter { $0.halfSpread > 0 && $0.difference.isFinite && $0.strike > 0 }
    guard !usable.isEmpty else { return nil }
    let ordered = usable.sorted { (abs($0.difference), $0.strike) < (abs($1.difference), $1.strike) }
    let first = ordered.prefix(ChainForward.leastPairs)
    let center = Median.between(first.map { $0.strike + $0.difference })
    let deviation = Median.between(first.map(\.straddle)) / 0.8
    let reach = exercisedEarly ? ParityPairs.earlyReach : ParityPairs.reach
    let taken = ordered.filter { abs($0.strike - center) <= reach * deviation }
    near = taken.count >= ChainForward.leastPairs ? taken : Array(first)
  }
}

/// The rate of a chain: what all its expiries say of it, each as surely as it can.
package struct ChainRate: Sendable, Equatable {
  /// Continuously compounded, a year of the calendar.
  package let value: Double
  /// How far that of a single expiry is from it, by the median.
  package let error: Double
  package let source: ChainForward.DiscountSource

  package init(value: Double, error: Double, source: ChainForward.DiscountSource) {
    (self.value, self.error, self.source) = (value, error, source)
  }

  /// One that somebody says.
  package static func given(_ value: Double) -> ChainRate { ChainRate(value: value, error: 0, source: .given) }
  static let none = ChainRate(value: 0, error: .infinity, source: .none)

  /// The weighted median of the slopes' rates; `none` where no slope tells one.
  static func pooled(_ slopes: [(slope: ChainForward.Slope, calendarYears: Double)]) -> ChainRate {
    let rates = slopes.compactMap { slope, years -> (value: Double, weight: Double)? in
      guard years > 0, slope.discount > 0 else { return nil }
      let (rate, error) = (-log(slope.discount) / years, slope.error / years)
      guard error <= mostError, ChainForward.rates.contains(rate) else { return nil }
      return (rate, 1 / max(error * error, 1e-12))
    }
    guard !rates.isEmpty else { return none }
    let center = ChainForward.weightedMedian(rates)
    let distance = ChainForward.weightedMedian(rates.map { (abs($0.value - center), $0.weight) })
    return ChainRate(value: center, error: max(distance / ChainForward.medianOfAbsolute, 5e-4), source: .otherExpiries)
  }

  /// A slope that says a rate no better than this says none.
  private static let mostError = 0.02
}

/// The forward and the discount of one expiry by put-call parity: call - put = discount x (forward - strike).
///
/// A line through the pairs near the money, each weighed by its half-spreads: first that of the least absolute residuals, which a few wrong pairs do not move,
/// then Tukey's bisquare estimate with the scale of its residuals (Huber and Ronchetti, "Robust Statistics", 2nd edition, sections 4.8 and 7.8). Where options may be
/// exercised early, what that is worth takes the discount out of the slope: it says no rate, and the forward is looked for near the money, where the
/// discount hardly matters.
package struct ChainForward: Sendable, Equatable {
  /// Where the discount is from.
  package enum DiscountSource: String, Sendable, CaseIterable {
    /// The slope of the pairs.
    case parity
    /// The rate that all expiries of the chain say together: the slope of this one alone says it less surely.
    case otherExpiries = "other expiries"
    /// A rate that somebody gave.
    case given
    /// A rate of 0: nothing says another.
    case none
  }

  /// Dollars.
  package let forward: Double
  /// Of the estimate, dollars.
  package let forwardError: Double
  /// What a dollar at the expiry is worth now.
  package let discount: Double
  package let discountSource: DiscountSource
  package let pairCount: Int
  /// Of the pairs that were looked at, those whose difference is off by no more than their half-spreads.
  package let pairsWithin: Int

  /// What the pairs' slope says of the discount, and how surely.
  package struct Slope: Sendable, Equatable {
    package let discount: Double
    package let error: Double
  }

  /// What rates are believed, continuously compounded a year of the calendar.
  static let rates = -0.03...0.20
  static let leastPairs = 5
  /// Bisquare's constant for 95 % efficiency on normal errors, and what the median of |errors| is of their deviation.
  private static let bisquare = 4.685
  static let medianOfAbsolute = 0.674_489_75

  /// The rate, continuously compounded a year of the calendar; nil at the moment of expiry.
  package func rate(calendarYears: Double) -> Double? { calendarYears > 0 ? -log(discount) / calendarYears : nil }

  /// `line`: that of the pairs. `rate`: of the chain, taken where the line does not say it better. nil where there is no forward above 0.
  init?(_ pairs: ParityPairs, _ line: Line?, calendarYears: Double, rate: ChainRate) {
    let near = pairs.near
    if rate.source != .given, let line, calendarYears > 0,
      ChainForward.rates.contains(-log(line.discount) / calendarYears),
      line.discountError <= rate.error * calendarYears, rate.source != .none
    {
      (forward, forwardError, discount, discountSource) = (line.forward, line.forwardError, line.discount, .parity)
    } else {
      let known = exp(-rate.value * calendarYears)
      let level = ChainForward.level(near, discount: known)
      (forward, forwardError, discount, discountSource) = (level.forward, level.error, known, rate.source)
    }
    guard forward > 0, forward.isFinite else { return nil }
    pairCount = near.count
    let (center, worth) = (forward, discount)
    pairsWithin = near.count { abs($0.difference - worth * (center - $0.strike)) <= $0.halfSpread }
  }

  // MARK: Estimates

  struct Line {
    var forward, forwardError, discount, discountError: Double

    var slope: Slope { Slope(discount: discount, error: discountError) }
  }

  /// nil of fewer than three pairs, or where the strikes do not tell a slope.
  static func line(_ pairs: [ParityPair]) -> Line? {
    guard pairs.count >= 3 else { return nil }
    let origin = pairs[0].strike
    let widths = pairs.map(\.halfSpread)
    var residuals = [Double](repeating: 1, count: pairs.count)
    var fit: (level: Double, slope: Double)?
    /// Of the squares of (difference - level - slope x (strike - origin)) / half-spread with these weights.
    func solve(_ weights: [Double]) -> (level: Double, slope: Double, inverse: [Double])? {
      var (sum, sumX, sumXX, sumY, sumXY) = (0.0, 0.0, 0.0, 0.0, 0.0)
      for (pair, weight) in zip(pairs, weights) {
        let (w, x) = (weight / (pair.halfSpread * pair.halfSpread), pair.strike - origin)
        sum += w
        sumX += w * x
        sumXX += w * x * x
        sumY += w * pair.difference
        sumXY += w * x * pair.difference
      }
      let determinant = sum * sumXX - sumX * sumX
      guard determinant > 1e-12 * sum * sumXX else { return nil }
      return (
        (sumXX * sumY - sumX * sumXY) / determinant, (sum * sumXY - sumX * sumY) / determinant,
        [sumXX / determinant, -sumX / determinant, sum / determinant]
      )
    }
    func update(_ level: Double, _ slope: Double) {
      for (place, pair) in pairs.enumerated() {
        residuals[place] = (pair.difference - level - slope * (pair.strike - origin)) / widths[place]
      }
    }
    let start = leastAbsoluteLine(pairs)
    fit = (start.level, start.slope)
    update(start.level, start.slope)
    // Two of the residuals are 0 by construction: without them the scale is not too small.
    let scale = max(scale(residuals.map { abs($0) }.sorted().dropFirst(2)), 1e-6)
    var inverse: [Double] = []
    for _ in 0..<100 {
      let weights = residuals.map { bisquareWeight($0 / scale) }
      guard weights.count(where: { $0 > 0 }) >= 3, let found = solve(weights) else { return nil }
      let moved = fit.map { abs($0.level - found.level) + abs($0.slope - found.slope) * abs(origin) } ?? .infinity
      fit = (found.level, found.slope)
      inverse = found.inverse
      update(found.level, found.slope)
      if moved < 1e-12 * abs(origin) { break }
    }
    guard let fit, fit.slope < 0 else { return nil }
    let discount = -fit.slope
    let forward = origin + fit.level / discount
    // No pair is surer than its spread lets it be: a tenth of it where all of them lie on a line.
    let noise = max(scale, 0.1)
    let distance = forward - origin
    let variance = inverse[0] + distance * (2 * inverse[1] + distance * inverse[2])
    return Line(
      forward: forward, forwardError: noise * max(variance, 0).squareRoot() / discount, discount: discount,
      discountError: noise * inverse[2].squareRoot())
  }

  /// The line of least absolute residuals in half-spreads, exactly: it passes through two pairs. From a pair to the best line through it, and on from every
  /// pair on that line, until none is better.
  ///
  /// Source: Bloomfield and Steiger, "Least Absolute Deviations", 1983, section 7.2.
  private static func leastAbsoluteLine(_ pairs: [ParityPair]) -> (level: Double, slope: Double) {
    let origin = pairs[0].strike
    // Side by side, and room for the slopes: the search goes over all of them again and again.
    let (places, widths) = (pairs.map { $0.strike - origin }, pairs.map(\.halfSpread))
    let differences = pairs.map(\.difference)
    var slopes: [(value: Double, weight: Double)] = []
    slopes.reserveCapacity(pairs.count)
    func residual(_ pair: Int, _ line: (level: Double, slope: Double)) -> Double {
      abs(differences[pair] - line.level - line.slope * places[pair]) / widths[pair]
    }
    func error(_ line: (level: Double, slope: Double)) -> Double {
      var sum = 0.0
      for pair in places.indices { sum += residual(pair, line) }
      return sum
    }
    /// The best line through a pair: its slope is the weighted median of those to the others.
    func line(through center: Int) -> (level: Double, slope: Double)? {
      slopes.removeAll(keepingCapacity: true)
      let (place, difference) = (places[center], differences[center])
      for pair in places.indices where places[pair] != place {
        let distance = places[pair] - place
        slopes.append(((differences[pair] - difference) / distance, abs(distance) / widths[pair]))
      }
      guard !slopes.isEmpty else { return nil }
      let slope = weightedMedian(slopes)
      return (difference - slope * place, slope)
    }
    var best = (level: pairs[0].difference, slope: -1.0)
    var least = error(best)
    for _ in 0..<200 {
      var isBetter = false
      for hub in places.indices where residual(hub, best) < 1e-9 {
        guard let found = line(through: hub) else { continue }
        let reached = error(found)
        guard reached < least * (1 - 1e-14) else { continue }
        (least, best, isBetter) = (reached, found, true)
        break
      }
      guard isBetter else { break }
    }
    return best
  }

  /// The forward alone, the discount being known: bisquare around the weighted median.
  private static func level(_ pairs: [ParityPair], discount: Double) -> (forward: Double, error: Double) {
    let values = pairs.map { ($0.strike + $0.difference / discount, $0.halfSpread / discount) }
    var center = weightedMedian(values.map { ($0.0, 1 / $0.1) })
    let distances = values.map { abs($0.0 - center) / $0.1 }.sorted()
    let scale = max(scale(distances.dropFirst()), 0.1)
    var total = 0.0
    for _ in 0..<50 {
      var sum = 0.0
      total = 0
      for (value, width) in values {
        let weight = bisquareWeight((value - center) / (width * scale)) / (width * width)
        sum += weight * value
        total += weight
      }
      guard total > 0 else { break }
      let moved = abs(sum / total - center)
      center = sum / total
      if moved <= 1e-14 * abs(center) { break }
    }
    return (center, total > 0 ? scale / total.squareRoot() : .infinity)
  }

  /// The deviation of normal errors of which these are the absolute values, ascending.
  private static func scale(_ sorted: ArraySlice<Double>) -> Double {
    guard !sorted.isEmpty else { return 0 }
    let (low, high) = (sorted.startIndex + (sorted.count - 1) / 2, sorted.startIndex + sorted.count / 2)
    return (sorted[low] + sorted[high]) / 2 / medianOfAbsolute
  }

  private static func bisquareWeight(_ residual: Double) -> Double {
    let share = residual / bisquare
    guard abs(share) < 1 else { return 0 }
    return (1 - share * share) * (1 - share * share)
  }

  /// The least of the values that with all smaller ones has half of the weight. By parts around a value, of which only the one with the median is looked at again.
  static func weightedMedian(_ values: [(value: Double, weight: Double)]) -> Double {
    var total = 0.0
    for one in values { total += one.weight }
    // Sums in another order differ by less than this, and where that decides, all are sorted.
    let (half, margin) = (total / 2, 1e-12 * total)
    var parts = values
    var (low, high, below) = (0, parts.count, 0.0)
    while high - low > 12 {
      let (first, middle, last) = (parts[low].value, parts[(low + high) / 2].value, parts[high - 1].value)
      let pivot = max(min(first, middle), min(max(first, middle), last))
      var (smaller, larger, next, lighter, equal) = (low, high, low, below, 0.0)
      while next < larger {
        let one = parts[next]
        if one.value < pivot {
          lighter += one.weight
          parts.swapAt(smaller, next)
          smaller += 1
          next += 1
        } else if one.value > pivot {
          larger -= 1
          parts.swapAt(next, larger)
        } else {
          equal += one.weight
          next += 1
        }
      }
      if abs(lighter - half) <= margin || abs(lighter + equal - half) <= margin { return sortedMedian(values) }
      if lighter > half {
        high = smaller
      } else if lighter + equal > half {
        return pivot
      } else {
        (low, below) = (larger, lighter + equal)
      }
    }
    parts[low..<high].sort { $0.value < $1.value }
    for one in parts[low..<high] {
      below += one.weight
      if abs(below - half) <= margin { break }
      if below > half { return one.value }
    }
    return sortedMedian(values)
  }

  /// The same by sorting all of them.
  static func sortedMedian(_ values: [(value: Double, weight: Double)]) -> Double {
    let sorted = values.sorted { $0.value < $1.value }
    let half = sorted.reduce(0) { $0 + $1.weight } / 2
    var sum = 0.0
    for (value, weight) in sorted {
      sum += weight
      if sum >= half { return value }
    }
    return sorted[sorted.count - 1].value
  }
}
