// What an order pays beyond the touch because it is larger than what stands there.

/// Impact of an order on a quote with sizes: kappa x tick x max(0, Q / size - 1) a unit, where Q counts what was taken from the quote before.
///
/// Orders that meet the same quote pay together what one order of their sum would pay: x units cost kappa x tick x x max(0, x / size - 1), and each pays the
/// difference that it makes. So splitting an order saves nothing.
package struct TouchImpact: Sendable, Hashable {
  package static let mostThousandths = 10_000

  /// kappa, in thousandths.
  package var thousandths = 1000

  package init(thousandths: Int = 1000) { self.thousandths = thousandths }

  /// Ten-thousandths of a dollar a unit, rounded up.
  ///
  /// quantity: positive. taken: from the same side of the same quote before. size: positive. tick: ten-thousandths of a dollar.
  @inline(__always)
  package func perUnit(quantity: Int, taken: Int, size: Int, tick: Int) -> Int {
    guard taken + quantity > size, thousandths > 0 else { return 0 }
    // What 64 bits hold is divided there: the same number, without a call.
    let isSmall = taken + quantity < 1 << 20 && thousandths <= TouchImpact.mostThousandths && tick < 1 << 9
    return isSmall
      ? rounded(UInt64.self, quantity: quantity, taken: taken, size: size, tick: tick)
      : roundedWide(quantity: quantity, taken: taken, size: size, tick: tick)
  }

  /// Beyond 64 bits.
  @inline(never)
  private func roundedWide(quantity: Int, taken: Int, size: Int, tick: Int) -> Int {
    rounded(UInt128.self, quantity: quantity, taken: taken, size: size, tick: tick)
  }

  @inline(__always)
  private func rounded<Number: FixedWidthInteger>(
    _: Number.Type, quantity: Int, taken: Int, size: Int, tick: Int
  ) -> Int {
    func beyond(_ count: Int) -> Number { count > size ? Number(count) * Number(count - size) : 0 }
    let beyond = (beyond(taken + quantity) - beyond(taken)) * Number(thousandths) * Number(tick)
    let divisor = 1000 * Number(size) * Number(quantity)
    return Int(min((beyond + divisor - 1) / divisor, Number(Order.mostPrice)))
  }
}
