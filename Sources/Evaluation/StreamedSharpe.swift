// The Sharpe ratio of returns that come one after the other and are not kept.

/// Sums of returns and of their squares, each in two doubles, so that deviation and ratio follow without a second look at the returns.
///
/// A return adds an error of some 2^-105 of the sums, so that what is left of them after the mean is taken off is as exact as where the mean was
/// known beforehand: the ratio is within a few last bits of the true one, nearer to it than the two passes of `ReturnStatistics.sharpe`, whose
/// last digits it does not share. The same returns in the same order give the same bits. Source of the sums: Dekker 1971, "A floating-point technique for extending
/// the available precision"; Knuth, "The Art of Computer Programming", volume 2, section 4.2.2, theorem B.
struct StreamedSharpe: Sendable {
  private(set) var count = 0
  private var sum = TwoDoubles()
  private var squares = TwoDoubles()

  /// A return, or what it is over that of cash, as a fraction. Values of money's size: a square may not overflow.
  @inline(__always) mutating func add(_ value: Double) {
    count += 1
    sum.add(value)
    // The value in two halves of at most 26 bits, whose products are exact.
    let spread = 134_217_729 * value
    let high = spread - (spread - value)
    let low = value - high
    let square = value * value
    squares.add(square, ((high * high - square) + 2 * high * low) + low * low)
  }

  /// mean / sd (n - 1) x sqrt(252); nil below two returns and where the returns do not vary.
  var annual: Double? {
    guard count >= 2 else { return nil }
    let count = Double(count)
    // The square of the sum over n, in two doubles.
    let product = sum.high * sum.high
    let productRest = (-product).addingProduct(sum.high, sum.high) + 2 * sum.high * sum.low
    let quotient = product / count
    let quotientRest = (product.addingProduct(-quotient, count) + productRest) / count
    var centred = squares
    centred.add(-quotient, -quotientRest)
    let deviation = (max(centred.high, 0) / (count - 1)).squareRoot()
    guard deviation > ReturnStatistics.negligibleDeviation else { return nil }
    return sum.high / count / deviation * ReturnStatistics.sessionsPerYear.squareRoot()
  }
}

/// A number as a double and what that leaves of it.
private struct TwoDoubles: Sendable {
  private(set) var high = 0.0
  private(set) var low = 0.0

  @inline(__always) mutating func add(_ value: Double, _ rest: Double = 0) {
    let total = high + value
    let part = total - high
    let lost = ((high - (total - part)) + (value - part)) + (low + rest)
    // What is lost is far smaller than the total, unless the parts cancelled, which the sum of both takes in.
    high = total + lost
    low = lost - (high - total)
  }
}
