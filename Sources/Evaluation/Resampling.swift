// The resamples of two series that a comparison of Sharpe ratios rests on.

import Kernels

/// First and second moments of two series, and what follows from them.
struct Moments {
  /// Means of x, y and of x^2, y^2.
  var first = SIMD2<Double>.zero
  var second = SIMD2<Double>.zero
  /// Mean of x y.
  var product = 0.0

  init() {}

  init(_ pairs: ArraySlice<SIMD2<Double>>) {
    for pair in pairs { add(pair) }
    divide(by: Double(pairs.count))
  }

  @inline(__always) mutating func add(_ pair: SIMD2<Double>) {
    first += pair
    second += pair * pair
    product += pair.x * pair.y
  }

  mutating func divide(by count: Double) {
    first /= count
    second /= count
    product /= count
  }

  /// The moments of one of several resamples. sums: (5, 8) of x, y, x^2, y^2, x y over `count` pairs.
  init(sums: [Double], lane: Int, count: Int) {
    let sum = (0..<5).map { sums[$0 * BlockResamples.lanes + lane] }
    (first, second, product) = (SIMD2(sum[0], sum[1]), SIMD2(sum[2], sum[3]), sum[4])
    divide(by: Double(count))
  }

  /// What a session adds to the difference on average, to first order.
  func centre(_ gradient: (first: SIMD2<Double>, second: SIMD2<Double>)) -> Double {
    (gradient.first * first + gradient.second * second).sum()
  }

  /// Denominator n, as in the paper.
  private var variances: SIMD2<Double> { second - first * first }

  /// Sharpe ratio of x a session, less that of y.
  func difference(hasBaseline: Bool) -> Double {
    let variances = variances
    return first.x / variances.x.squareRoot() - (hasBaseline ? first.y / variances.y.squareRoot() : 0)
  }

  /// How the difference moves with the four moments: the gradient of equation 3 of Ledoit and Wolf, zero for y where there is none.
  func gradient(hasBaseline: Bool) -> (first: SIMD2<Double>, second: SIMD2<Double>) {
    let variances = variances
    let cubes = variances * variances.squareRoot()
    let sign = SIMD2<Double>(1, hasBaseline ? -1 : 0)
    let safe = hasBaseline ? cubes : SIMD2(cubes.x, 1)
    return (sign * second / safe, -0.5 * sign * first / safe)
  }

  /// (T) what each session adds to the difference, to first order.
  func influence(_ pairs: [SIMD2<Double>], hasBaseline: Bool) -> [Double] {
    let gradient = gradient(hasBaseline: hasBaseline)
    return pairs.map { pair in
      (gradient.first * (pair - first) + gradient.second * (pair * pair - second)).sum()
    }
  }

  /// Intercept of the least squares line of x on y.
  var alpha: Double {
    let slope = (product - first.x * first.y) / variances.y
    return first.x - slope * first.y
  }
}

/// The differences of all resamples over their own errors, less the observed one.
struct Resampling {
  /// Infinite where a resample has no risk, so that it counts for luck.
  var ratios: [Double] = []
  /// Empty where there is no baseline.
  var alphas: [Double] = []

  /// (T) pairs, drawn in blocks of `expectedBlock` on average; without a baseline the second of a pair is 0.
  init(
    _ pairs: [SIMD2<Double>], hasBaseline: Bool, estimate: Double, expectedBlock: Double, resamples: Int,
    seed: UInt64, lane: UInt32
  ) {
    let (count, lanes) = (pairs.count, BlockResamples.lanes)
    var stream = RandomStream(seed: seed, purpose: .bootstrap, lane: lane)
    let limit = Resampling.limit(expectedBlock: expectedBlock)
    let blocks = BlockResamples(pairs)
    var weights = [Double](repeating: 0, count: 5 * lanes)
    for first in stride(from: 0, to: resamples, by: lanes) {
      let some = min(lanes, resamples - first)
      blocks.draw(&stream, limit: limit)
      let moments = (0..<some).map { Moments(sums: blocks.sums, lane: $0, count: count) }
      for (place, moments) in moments.enumerated() {
        let gradient = moments.gradient(hasBaseline: hasBaseline)
        let weight = [
          gradient.first.x, gradient.first.y, gradient.second.x, gradient.second.y, moments.centre(gradient),
        ]
        for (row, weight) in weight.enumerated() { weights[row * lanes + place] = weight }
      }
      let squares = blocks.squares(weights: weights)
      for (place, moments) in moments.enumerated() {
        add(moments, squares: squares[place], hasBaseline: hasBaseline, estimate: estimate, count: count)
      }
    }
  }

  /// One resample after the other, place by place: the twin of the form above.
  init(
    plain pairs: [SIMD2<Double>], hasBaseline: Bool, estimate: Double, expectedBlock: Double, resamples: Int,
    seed: UInt64, lane: UInt32
  ) {
    let count = pairs.count
    var stream = RandomStream(seed: seed, purpose: .bootstrap, lane: lane)
    let limit = Resampling.limit(expectedBlock: expectedBlock)
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: count) { words in
      withUnsafeTemporaryAllocation(of: SIMD2<Double>.self, capacity: count) { drawn in
        pairs.withUnsafeBufferPointer { pairs in
          for _ in 0..<resamples {
            stream.fill(words)
            var moments = Moments()
            var index = 0
            for place in 0..<count {
              let word = words[place]
              if place == 0 || word >> 32 < limit {
                index = Int(((word & 0xFFFF_FFFF) &* UInt64(count)) >> 32)
              } else {
                index = index + 1 == count ? 0 : index + 1
              }
              let pair = pairs[index]
              drawn[place] = pair
              moments.add(pair)
            }
            moments.divide(by: Double(count))
            let gradient = moments.gradient(hasBaseline: hasBaseline)
            let centre = moments.centre(gradient)
            var (squares, block) = (0.0, 0.0)
            for place in 0..<count {
              if place > 0, words[place] >> 32 < limit {
                squares += block * block
                block = 0
              }
              let pair = drawn[place]
              block += (pair * (gradient.first + gradient.second * pair)).sum() - centre
            }
            squares += block * block
            add(moments, squares: squares, hasBaseline: hasBaseline, estimate: estimate, count: count)
          }
        }
      }
    }
  }

  /// One word a place: where its upper half is below this, a block begins, and its lower half says where. 32 bits of each are enough by far.
  private static func limit(expectedBlock: Double) -> UInt64 { UInt64((4294967296.0 / expectedBlock).rounded()) }

  /// Takes in one resample. squares: of what its blocks add up, summed.
  private mutating func add(_ moments: Moments, squares: Double, hasBaseline: Bool, estimate: Double, count: Int) {
    let error = squares.squareRoot() / Double(count)
    let ratio = (moments.difference(hasBaseline: hasBaseline) - estimate) / error
    ratios.append(ratio.isFinite ? ratio : .infinity)
    if hasBaseline, moments.alpha.isFinite { alphas.append(moments.alpha) }
  }
}
