// Exponential, logarithm of a ratio and normal tail, spelled out: the same on every machine, and to the bit what the C loops of the baseline compute.

extension PricingNumber {
  /// c[0] + c[1] x + c[2] x^2 + ...
  private static func polynomial(_ coefficients: [Self], _ x: Self) -> Self {
    var sum = coefficients[coefficients.count - 1]
    // By index: a reversed slice costs more than the arithmetic.
    for index in stride(from: coefficients.count - 2, through: 0, by: -1) { sum = sum * x + coefficients[index] }
    return sum
  }

  /// e^x; 0 below `exponents`.
  static func exponential(_ x: Self) -> Self {
    if x < exponents.lowerBound { return 0 }
    let inside = min(x, exponents.upperBound)
    let n = (inside * Self(1.442_695_040_888_963_4)).rounded(.toNearestOrEven)
    let r = (inside - n * logarithmOfTwo.high) - n * logarithmOfTwo.low
    let value = ((r * r) * polynomial(exponentialTail, r) + r) + 1
    return value * Self(sign: .plus, exponent: Self.Exponent(n), significand: 1)
  }

  /// log(a / b) of positive normal numbers.
  ///
  /// Both are brought within a factor of root 2 of each other by a power of two. Then a - b is exact and log(a / b) = 2 artanh((a - b) / (a + b)):
  /// near the money no digit is lost, which a ratio that is rounded first would lose, and far from it no digit of 1 + (a - b) / b.
  static func logarithmOfRatio(_ a: Self, _ b: Self) -> Self {
    var x = a.significand
    var y = b.significand
    var n = a.exponent - b.exponent
    let root = Self(1.414_213_562_373_095_1)
    if x > y * root {
      y += y
      n += 1
    } else if y > x * root {
      x += x
      n -= 1
    }
    let s = (x - y) / (x + y)
    let z = s * s
    let whole = Self(n)
    let tail = (s * z) * polynomial(logarithmTail, z) + whole * logarithmOfTwo.low
    return whole * logarithmOfTwo.high + ((s + s) + tail)
  }

  static func logarithm(_ x: Self) -> Self { logarithmOfRatio(x, 1) }

  /// N(-z) e^(z^2 / 2) for z >= 0, which falls from a half like 1 / z: no digit is lost in the tail.
  static func tail(_ z: Self) -> Self {
    let inverse = 1 / (z + tailCentre)
    let t = z * inverse
    let square = t * t
    let c = scaledTail
    var even = c[c.count - 1]
    var odd = c[c.count - 2]
    for index in stride(from: c.count - 3, through: 0, by: -2) { even = even * square + c[index] }
    for index in stride(from: c.count - 4, through: 1, by: -2) { odd = odd * square + c[index] }
    return (odd * t + even) * inverse
  }

  /// 1 / sqrt(2 pi).
  static var densityAtZero: Self { Self(0.398_942_280_401_432_7) }
}
