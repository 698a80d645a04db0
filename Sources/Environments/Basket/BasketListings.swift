// Symbols that were not listed all the time: when each may be traded, and which bar is its last.

import Market

/// At which bars of a tape each of S symbols may be ordered.
///
/// A symbol that was listed later than the tape begins is ordered, and its columns shown, from its bar `MarketFeatures.warmUpBars` on, as if its data
/// began there: features look back so far. One that is no longer traded before the tape ends is ordered at the last time at its last bar but one, which
/// is filled at the open of its last bar; what is held at that bar's close is closed there (`BasketEnvironment.closeEnded`). At all other bars a symbol's
/// factor has one legal choice, hold, and its columns have neutral values (`BasketObservation.neutralFeatures`): nobody can tell from them what its
/// prices were or will be.
struct BasketListings: Sendable {
  /// (S) the bars of decisions about each symbol.
  let tradable: [Range<Int>]
  /// (S) the last bar of each symbol that is no longer traded before the tape ends; nil of others.
  let lastBars: [Int?]

  /// Nil where every symbol has every bar.
  init?(_ tape: MarketTape) {
    guard !tape.areAllAlwaysListed else { return nil }
    lastBars = tape.listings.map { $0.upperBound < tape.barCount ? $0.upperBound - 1 : nil }
    tradable = zip(tape.listings, lastBars).map { listing, last in
      let first = listing.lowerBound == 0 ? 0 : listing.lowerBound + MarketFeatures.warmUpBars
      return first..<max(first, last ?? tape.barCount)
    }
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
