// Symbols that were not listed all the time: when each may be traded, and which bar is its last.

import Market

/// At which bars of a tape each of S symbols may be ordered.
///
/// A symbol is ordered, and its columns shown, at its `MarketTape.decisionBars`; what is held at the close of the last bar of one that is no longer traded is
/// closed there (`BasketEnvironment.closeEnded`). At all other bars a symbol's factor has one legal choice, hold, and its columns have neutral values
/// (`BasketObservation.neutralFeatures`): nobody can tell from them what its prices were or will be.
struct BasketListings: Sendable {
  /// (S) the bars of decisions about each symbol.
  let tradable: [Range<Int>]
  /// (S) the last bar of each symbol that is no longer traded before the tape ends; nil of others.
  let lastBars: [Int?]

  /// Nil where every symbol has every bar.
  init?(_ tape: MarketTape) {
    guard !tape.areAllAlwaysListed else { return nil }
    lastBars = tape.listings.map { $0.upperBound < tape.barCount ? $0.upperBound - 1 : nil }
    tradable = tape.symbols.indices.map { tape.decisionBars($0, warmUp: MarketFeatures.warmUpBars) }
  }

  /// The symbols that may not be ordered at a bar, the first at bit 0.
  @inline(__always)
  func absent(at bar: Int) -> UInt64 {
    var absent: UInt64 = 0
    for symbol in tradable.indices where !tradable[symbol].contains(bar) { absent |= 1 << UInt64(symbol) }
    return absent
  }

  /// The symbols whose last bar is this one, the first at bit 0.
  @inline(__always)
  func ending(at bar: Int) -> UInt64 {
    var ending: UInt64 = 0
    for symbol in lastBars.indices where lastBars[symbol] == bar { ending |= 1 << UInt64(symbol) }
    return ending
  }
}
