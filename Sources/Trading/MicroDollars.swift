// Money as it is booked: whole micro-dollars, so that sums are exact.

/// Conversions between dollars and Int64 micro-dollars (1e-6 $).
package enum MicroDollars {
  /// The largest amount that one booking may hold, in dollars: about 2.25 billion.
  package static let limitDollars = 0x1p51 / 1e6

  /// `dollars` in whole micro-dollars, rounded once, half to even. Traps at `limitDollars` and above, and on NaN.
  @inlinable @inline(__always)
  package static func rounded(_ dollars: Double) -> Int64 {
    let scaled = dollars * 1e6
    precondition(abs(scaled) < 0x1p51, "an amount too large to book")
    // Adding 1.5 x 2^52 leaves no bit below one, so the addition itself rounds, half to even, and the low bits are the integer.
    let shifted = scaled + 0x1.8p52
    return Int64(bitPattern: shifted.bitPattern) &- Int64(bitPattern: 0x1.8p52.bitPattern)
  }

  @inlinable @inline(__always)
  package static func dollars(_ amount: Int64) -> Double { Double(amount) * 1e-6 }
}
