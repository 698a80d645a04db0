// Sums over buffers; the order of summation is part of the contract.

/// Sums over float buffers, accumulated in double precision in index order within eight interleaved partial sums.
package enum Reductions {
  /// The sum.
  package static func sum(_ values: UnsafePointer<Float>, count: Int) -> Double {
    accumulate(count) { Double(values[$0]) }
  }

  /// The sum of squares.
  package static func sumOfSquares(_ values: UnsafePointer<Float>, count: Int) -> Double {
    accumulate(count) { Double(values[$0]) * Double(values[$0]) }
  }

  /// Whether no value is NaN or infinite.
  package static func isFinite(_ values: UnsafePointer<Float>, count: Int) -> Bool {
    // 0 times anything else is NaN, and stays so in a sum.
    var trace = Float8.zero
    var index = 0
    while index + 8 <= count {
      trace += load8(values + index) * 0
      index += 8
    }
    var rest = trace.sum()
    while index < count {
      rest += values[index] * 0
      index += 1
    }
    return rest == 0
  }

  /// target += source. No aliasing.
  package static func add(_ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, count: Int) {
    var index = 0
    while index + 8 <= count {
      store8(load8(target + index) + load8(source + index), target + index)
      index += 8
    }
    while index < count {
      target[index] += source[index]
      index += 1
    }
  }

  @_transparent
  private static func accumulate(_ count: Int, _ term: (Int) -> Double) -> Double {
    var sums = SIMD8<Double>.zero
    var index = 0
    while index + 8 <= count {
      sums += SIMD8<Double>(
        term(index), term(index + 1), term(index + 2), term(index + 3), term(index + 4), term(index + 5),
        term(index + 6), term(index + 7))
      index += 8
    }
    var total = 0.0
    for part in 0..<8 { total += sums[part] }
    while index < count {
      total += term(index)
      index += 1
    }
    return total
  }
}
