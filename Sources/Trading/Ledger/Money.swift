// Prices of four decimals and whole quantities as exact money.

/// Amounts of micro-dollars from prices in ten-thousandths of a dollar.
package enum Money {
  /// Micro-dollars in a ten-thousandth of a dollar.
  package static let microDollarsPerTick: Int64 = 100

  /// price x multiplier x quantity, exactly; signed as the quantity is. Traps where 64 bits do not hold it, which the bounds of `Order` exclude.
  ///
  /// price: ten-thousandths of a dollar a unit.
  @inlinable @inline(__always)
  package static func amount(price: Int, multiplier: Int, quantity: Int) -> Int64 {
    Int64(price) * microDollarsPerTick * Int64(multiplier) * Int64(quantity)
  }

  /// The same of a price in micro-dollars a unit.
  @inlinable @inline(__always)
  package static func amount(microDollars: Int64, multiplier: Int, quantity: Int) -> Int64 {
    microDollars * Int64(multiplier) * Int64(quantity)
  }
}
