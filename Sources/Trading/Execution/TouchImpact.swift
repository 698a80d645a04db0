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
  package func perUnit(quantity: Int, taken: Int, size: Int, tick: Int) -> Int {
    guard taken + quantity > size, thousandths > 0 else { return 0 }
    func beyond(_ count: Int) -> UInt128 { count > size ? UInt128(count) * UInt128(count - size) : 0 }
    let beyond = (beyond(taken + quantity) - beyond(taken)) * UInt128(thousandths) * UInt128(tick)
    let divisor = 1000 * UInt128(size) * UInt128(quantity)
    let rounded = (beyond + divisor - 1) / divisor
    return Int(min(rounded, UInt128(Order.mostPrice)))
  }
}
