// Made-up quotes as the text that the importer reads.

package import Market

/// Rows of the layout `synthetic-options`, in order of their arrival.
package struct SyntheticChainWriter {
  static let header = "synthetic_end,symbol,bid,ask\n"
  /// The file so far.
  package private(set) var bytes = Array(header.utf8)
  private var stamp: [UInt8] = []

  package init() {}

  package mutating func reserve(rows: Int) { bytes.reserveCapacity(60 * (rows + 1)) }

  /// The quotes that follow stood at the end of a minute: they are known at the instant that is given.
  package mutating func begin(knownAt instant: Instant) { stamp = Array(instant.description.utf8) + [44] }

  /// `symbol`: as `OptionSymbol` writes it. Prices in ten-thousandths of a dollar; 0: nobody stands there, and the place is empty.
  package mutating func append(symbol: [UInt8], bid: Int32, ask: Int32) {
    bytes += stamp
    bytes += symbol
    append(price: bid)
    append(price: ask)
    bytes.append(10)
  }

  private mutating func append(price: Int32) {
    bytes.append(44)
    guard price > 0 else { return }
    let (dollars, rest) = price.quotientAndRemainder(dividingBy: Int32(TickRule.perDollar))
    bytes += String(dollars).utf8
    bytes.append(46)
    var unit: Int32 = 1000
    while unit > 0 {
      bytes.append(UInt8(48 + rest / unit % 10))
      unit /= 10
    }
  }
}
