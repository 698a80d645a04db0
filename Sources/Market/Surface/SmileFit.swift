// Smiles that are fitted to the volatilities of quotes.

import Glibc

/// A quote out of the money and what it says of volatility.
package struct SmilePoint: Sendable, Equatable {
  /// ln(K / F).
  package var logMoneyness: Double
  /// Of the quote's middle, an annual decimal of the variance clock.
  package var volatility: Double
  /// Half the spread over the vega: how far the volatility may be off.
  package var uncertainty: Double

  package init(logMoneyness: Double, volatility: Double, uncertainty: Double) {
    self.logMoneyness = logMoneyness
    self.volatility = volatility
    self.uncertainty = uncertainty
  }
}

/// Fits to the points of one expiry. Each point weighs 1 / (uncertainty^2 + floor^2), and less where it lies far from what the others say (Huber).
struct SmileFit {
  let points: [SmilePoint]
  let years: Double
  /// The volatility at the money that the quotes themselves have.
  let quoted: Double
  private var weights: [Double]

  /// No quote is believed to better than this share of the volatility at the money.
  private static let leastUncertainty = 0.005
  /// Huber's corner, in deviations.
  private static let corner = 2.0
  /// Points that a form of three and one of five parameters must have.
  static let leastForQuadratic = 5
  static let leastForSVI = 9

  /// `points`: by moneyness, ascending.
  init(_ points: [SmilePoint], years: Double, quoted: Double) {
    (self.points, self.years, self.quoted) = (points, years, quoted)
    let floor = SmileFit.leastUncertainty * quoted
    weights = points.map { 1 / ($0.uncertainty * $0.uncertainty + floor * floor) }
  }

  /// Log moneyness of the outermost points.
  var span: ClosedRange<Double> {
    guard let first = points.first, let last = points.last else { return 0...0 }
    return first.logMoneyness...last.logMoneyness
  }

  /// The volatility at the money between the nearest points on both sides, linear in total variance; nil where one side has none.
  static func quotedAtTheMoney(_ points: [SmilePoint]) -> Double? {
    guard let right = points.firstIndex(where: { $0.logMoneyness >= 0 }), right > 0 else {
      return points.first { $0.logMoneyness == 0 }?.volatility
    }
    let (low, high) = (points[right - 1], points[right])
    let share = -low.logMoneyness / (high.logMoneyness - low.logMoneyness)
    let (first, second) = (low.volatility * low.volatility, high.volatility * high.volatility)
    return (first + share * (second - first)).squareRoot()
  }

  /// Weighted root of the mean square of what a smile is off, a parameter counting for a point less; volatility.
  func error(of smile: ChainSmile, parameters: Int) -> Double {
    var (sum, total) = (0.0, 0.0)
    for (point, weight) in zip(points, weights) {
      let miss = smile.volatility(logMoneyness: point.logMoneyness) - point.volatility
      sum += weight * miss * miss
      total += weight
    }
    guard sum.isFinite, points.count > parameters else { return .infinity }
    return (sum / total * Double(points.count) / Double(points.count - parameters)).squareRoot()
  }

  /// Points weigh less the farther they are from a smile, beyond what the others are.
  private mutating func reweigh(by smile: ChainSmile) {
    let floor = SmileFit.leastUncertainty * quoted
    var standardised: [Double] = []
    for point in points {
      let miss = smile.volatility(logMoneyness: point.logMoneyness) - point.volatility
      standardised.append(
        abs(miss) / (point.uncertainty * point.uncertainty + floor * floor).squareRoot())
    }
    let scale = max(Median.between(standardised) / ChainForward.medianOfAbsolute, 0.1)
    for (place, point) in points.enumerated() {
      let own = 1 / (point.uncertainty * point.uncertainty + floor * floor)
      weights[place] = own * min(1, SmileFit.corner * scale / max(standardised[place], 1e-12))
    }
  }

  // MARK: The house's form

  /// nil where there are too few points, or the best parabola is none of a volatility.
  mutating func quadratic() -> ChainSmile? {
    guard points.count >= SmileFit.leastForQuadratic, var smile = parabola() else { return nil }
    for _ in 0..<3 {
      reweigh(by: smile)
      guard let next = parabola() else { return nil }
      smile = next
    }
    return smile
  }

  /// v = c0 + c1 z + c2 z^2 in z = x / sqrt(T) is v_atm (1 + a k + b k^2) with v_atm = c0, a = c1 and b = c2 c0.
  private func parabola() -> ChainSmile? {
    var normal = NormalEquations()
    let root = years.squareRoot()
    for (point, weight) in zip(points, weights) {
      let z = point.logMoneyness / root
      normal.add(1, z / quoted, z * z / (quoted * quoted), value: point.volatility / quoted, weight: weight)
    }
    guard let solved = normal.solution else { return nil }
    let atTheMoney = solved.0 * quoted
    guard atTheMoney > 0.05 * quoted, atTheMoney.isFinite else { return nil }
    return ChainSmile(
      .quadratic(Smile(slope: solved.1, curvature: solved.2 * solved.0)), atTheMoney: atTheMoney, years: years,
      quoted: span)
  }

  // MARK: SVI

  /// The best of raw SVI: for each m and sigma the other three are linear, and a simplex looks for these two.
  ///
  /// Source: De Marco and Martini, "Quasi-explicit calibration of Gatheral's SVI model", Zeliade Systems, 2009. nil where there are too few points.
  mutating func svi() -> ChainSmile? {
    guard points.count >= SmileFit.leastForSVI else { return nil }
    let unit = quoted * years.squareRoot()
    var best: (m: Double, logSigma: Double)?
    var smile: ChainSmile?
    for _ in 0..<2 {
      if let smile { reweigh(by: smile) }
      let problem = SVIProblem(points, weights, unit: unit, years: years)
      let start = best ?? problem.start
      let found = Simplex.minimum(from: start, step: best == nil ? 0.5 : 0.1) { problem.solve($0, $1).error }
      best = found
      guard let svi = problem.solve(found.0, found.1).svi else { return nil }
      let variance = svi.totalVariance(at: 0)
      guard variance > 0, variance.isFinite else { return nil }
      smile = ChainSmile(.svi(svi), atTheMoney: (variance / years).squareRoot(), years: years, quoted: span)
    }
    return smile
  }
}

/// Points in units of the deviation at the money, for the fit of SVI.
private struct SVIProblem {
  /// Four points side by side; the last ones are filled up with points of no weight.
  private struct Four {
    var place, variance, weight: SIMD4<Double>
  }

  private var fours: [Four] = []
  private let unit: Double
  /// What is the same for each m and sigma.
  private let fixed: NormalEquations

  /// `weights`: of volatilities. A volatility's error e is one of 2 v T e in total variance.
  init(_ points: [SmilePoint], _ pointWeights: [Double], unit: Double, years: Double) {
    self.unit = unit
    let square = unit * unit
    var (one, fixed) = (Four(place: .zero, variance: .zero, weight: .zero), NormalEquations())
    fours.reserveCapacity(points.count / 4 + 1)
    for (place, point) in points.enumerated() {
      let variance = point.volatility * point.volatility * years / square
      let slope = 2 * point.volatility * years / square
      let weight = pointWeights[place] / (slope * slope)
      fixed.add(1, 0, 0, value: variance, weight: weight)
      (one.place[place % 4], one.variance[place % 4]) = (point.logMoneyness / unit, variance)
      one.weight[place % 4] = weight
      guard place % 4 == 3 || place == points.count - 1 else { continue }
      fours.append(one)
      one = Four(place: .zero, variance: .zero, weight: .zero)
    }
    self.fixed = fixed
  }

  /// The best of a coarse grid.
  var start: (m: Double, logSigma: Double) {
    var best = (error: Double.infinity, m: 0.0, logSigma: 0.0)
    for m in [-1.0, 0, 1] {
      for logSigma in [-1.6, 0, 1.2] {
        let error = solve(m, logSigma).error
        if error < best.error { best = (error, m, logSigma) }
      }
    }
    return (best.m, best.logSigma)
  }

  /// w = level + d y + c sqrt(y^2 + 1) with y = (x - m) / sigma, |d| <= c: within these bounds both wings rise.
  func solve(_ m: Double, _ logSigma: Double) -> (error: Double, svi: RawSVI?) {
    guard abs(m) < 8, (-4.0...2.5).contains(logSigma) else { return (.infinity, nil) }
    let sigma = exp(logSigma)
    let inverse = 1 / sigma
    var (y1, r1, yy, yr) = (SIMD4<Double>.zero, SIMD4<Double>.zero, SIMD4<Double>.zero, SIMD4<Double>.zero)
    var (yv, rv) = (SIMD4<Double>.zero, SIMD4<Double>.zero)
    for four in fours {
      let y = (four.place - m) * inverse
      let r = (y * y + 1).squareRoot()
      let (wy, wr) = (four.weight * y, four.weight * r)
      y1 += wy
      r1 += wr
      yy += wy * y
      yr += wy * r
      yv += wy * four.variance
      rv += wr * four.variance
    }
    let normal = fixed.with(y: y1.sum(), r: r1.sum(), yy: yy.sum(), yr: yr.sum(), yv: yv.sum(), rv: rv.sum())
    guard var (level, d, c) = normal.solution else { return (.infinity, nil) }
    if c < 0 || abs(d) > c {
      // On the edge one wing is flat: of both edges, and of a flat smile, the best.
      var best = (error: Double.infinity, level: 0.0, d: 0.0, c: 0.0)
      for sign in [-1.0, 1] {
        let (edgeLevel, edge) = normal.edge(sign)
        let slope = max(edge, 0)
        let at = slope == edge ? edgeLevel : normal.mean
        let error = normal.error(at, sign * slope, slope)
        if error < best.error { best = (error, at, sign * slope, slope) }
      }
      (level, d, c) = (best.level, best.d, best.c)
    }
    let error = normal.error(level, d, c)
    guard error.isFinite else { return (.infinity, nil) }
    // Lee's bound: no wing rises faster than 2.
    let square = unit * unit
    let steepest = (c + abs(d)) * square / (sigma * unit)
    guard steepest < 2 else { return (.infinity, nil) }
    let b = c * square / (sigma * unit)
    return (
      error,
      RawSVI(a: level * square, b: b, rho: c > 0 ? d / c : 0, m: m * unit, sigma: sigma * unit)
    )
  }
}

/// Sums of weighted squares in three unknowns.
private struct NormalEquations {
  private var (s11, s12, s13, s22, s23, s33) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
  private var (t1, t2, t3, tt) = (0.0, 0.0, 0.0, 0.0)

  mutating func add(_ f1: Double, _ f2: Double, _ f3: Double, value: Double, weight: Double) {
    let (w1, w2, w3) = (weight * f1, weight * f2, weight * f3)
    s11 += w1 * f1
    s12 += w1 * f2
    s13 += w1 * f3
    s22 += w2 * f2
    s23 += w2 * f3
    s33 += w3 * f3
    t1 += w1 * value
    t2 += w2 * value
    t3 += w3 * value
    tt += weight * value * value
  }

  /// The sums of 1, y and r = sqrt(y^2 + 1), of which these have those of 1 alone; each is weighted, and v is the value.
  func with(y: Double, r: Double, yy: Double, yr: Double, yv: Double, rv: Double) -> NormalEquations {
    var all = self
    (all.s12, all.s13, all.s22, all.s23, all.s33) = (y, r, yy, yr, yy + s11)
    (all.t2, all.t3) = (yv, rv)
    return all
  }

  /// nil where the points do not tell the three apart. By Cholesky's factors.
  var solution: (Double, Double, Double)? {
    guard s11 > 0 else { return nil }
    let l11 = s11.squareRoot()
    let (l21, l31) = (s12 / l11, s13 / l11)
    let d2 = s22 - l21 * l21
    guard d2 > 1e-12 * s22 else { return nil }
    let l22 = d2.squareRoot()
    let l32 = (s23 - l31 * l21) / l22
    let d3 = s33 - l31 * l31 - l32 * l32
    guard d3 > 1e-12 * s33 else { return nil }
    let l33 = d3.squareRoot()
    let y1 = t1 / l11
    let y2 = (t2 - l21 * y1) / l22
    let y3 = (t3 - l31 * y1 - l32 * y2) / l33
    let x3 = y3 / l33
    let x2 = (y2 - l32 * x3) / l22
    return ((y1 - l21 * x2 - l31 * x3) / l11, x2, x3)
  }

  /// The weighted mean of the values where the first function is 1.
  var mean: Double { t1 / s11 }

  /// The level and c of level + c (sign f2 + f3).
  func edge(_ sign: Double) -> (level: Double, c: Double) {
    let (cross, square) = (sign * s12 + s13, s22 + 2 * sign * s23 + s33)
    let value = sign * t2 + t3
    let determinant = s11 * square - cross * cross
    guard determinant > 1e-14 * s11 * square else { return (mean, 0) }
    return ((square * t1 - cross * value) / determinant, (s11 * value - cross * t1) / determinant)
  }

  /// The weighted sum of squares that is left.
  func error(_ x1: Double, _ x2: Double, _ x3: Double) -> Double {
    let quadratic = x1 * (s11 * x1 + 2 * (s12 * x2 + s13 * x3)) + x2 * (s22 * x2 + 2 * s23 * x3) + x3 * s33 * x3
    return max(tt - 2 * (t1 * x1 + t2 * x2 + t3 * x3) + quadratic, 0)
  }
}

/// The lowest place of a function of two numbers, without slopes.
///
/// Source: Nelder and Mead, "A simplex method for function minimization", Computer Journal 7 (1965).
private enum Simplex {
  static func minimum(
    from start: (m: Double, logSigma: Double), step: Double, _ function: (Double, Double) -> Double
  ) -> (m: Double, logSigma: Double) {
    typealias Corner = (x: Double, y: Double, value: Double)
    func corner(_ x: Double, _ y: Double) -> Corner { (x, y, function(x, y)) }
    var corners = [
      corner(start.m, start.logSigma), corner(start.m + step, start.logSigma), corner(start.m, start.logSigma + step),
    ]
    for _ in 0..<120 {
      corners.sort { $0.value < $1.value }
      let (best, good, worst) = (corners[0], corners[1], corners[2])
      let size = abs(worst.x - best.x) + abs(worst.y - best.y) + abs(good.x - best.x) + abs(good.y - best.y)
      if size < 1e-5 || worst.value - best.value <= 1e-10 * abs(best.value) { break }
      let (x, y) = ((best.x + good.x) / 2, (best.y + good.y) / 2)
      func along(_ share: Double) -> Corner { corner(x + share * (x - worst.x), y + share * (y - worst.y)) }
      let reflected = along(1)
      if reflected.value < best.value {
        let expanded = along(2)
        corners[2] = expanded.value < reflected.value ? expanded : reflected
      } else if reflected.value < good.value {
        corners[2] = reflected
      } else {
        let contracted = along(reflected.value < worst.value ? 0.5 : -0.5)
        if contracted.value < min(reflected.value, worst.value) {
          corners[2] = contracted
        } else {
          corners[1] = corner((good.x + best.x) / 2, (good.y + best.y) / 2)
          corners[2] = corner((worst.x + best.x) / 2, (worst.y + best.y) / 2)
        }
      }
    }
    let best = corners.min { $0.value < $1.value } ?? corners[0]
    return (best.x, best.y)
  }
}
