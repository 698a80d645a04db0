// Symbols that were listed for a part of a tape's time alone.

import Text

extension MarketTape {
  /// Adjusts and aligns daily bars of symbols of which some were listed later than others, or no longer traded before the end: the tape has every date
  /// that any of them has, and `listings` say which are whose.
  ///
  /// Outside of its listing a symbol's prices stand still, before it at its first open and behind it at its last close, nothing is traded, and its
  /// further columns are not a number: so that whatever is not held can be marked. None of that may be shown to whoever decides. Traps as
  /// `init(_:benchmark:syntheticSymbols:)` does, but not where times differ before a symbol's first and behind its last bar; and where a symbol
  /// has no bar, or bars are narrower than sessions.
  package convenience init(listed series: [BarSeries], benchmark: BarSeries? = nil, syntheticSymbols: [String] = []) {
    var days = Set<CalendarDate>()
    for one in series {
      precondition(
        one.width == .session && one.count > 0, "\(one.symbol) has \(one.count) bars of a \(one.width.rawValue)")
      days.formUnion(one.dates)
    }
    let dates = days.sorted()
    let listings = series.map { one in
      let first = dates.firstPlace { $0 >= one.dates[0] }
      return first..<first + one.count
    }
    self.init(
      zip(series, listings).map { $0.standingStill(outside: $1, of: dates) }, benchmark: benchmark,
      leftOut: series.map { _ in 0 }, syntheticSymbols: syntheticSymbols, listings: listings)
  }

  /// The bars at which a symbol may be ordered. One that was listed later than the tape begins is ordered from so many bars on as features look back, as if
  /// its data began there; one that is no longer traded before the tape ends is ordered at the last time at its last bar but one, which is filled at the
  /// open of its last bar.
  package func decisionBars(_ symbol: Int, warmUp: Int) -> Range<Int> {
    let listing = listings[symbol]
    let first = listing.lowerBound == 0 ? 0 : listing.lowerBound + warmUp
    return first..<max(first, listing.upperBound < barCount ? listing.upperBound - 1 : barCount)
  }

  /// Whether a symbol has all of the bars.
  package func isAlwaysListed(_ symbol: Int) -> Bool { listings[symbol] == 0..<barCount }

  /// The daily bars of one symbol at which it was listed, as they are here: a tape as if there were no other.
  package func alone(_ symbol: Int) -> MarketTape {
    var series = BarSeries(symbol: symbols[symbol], extraColumns: extra[symbol].map(\.name))
    for bar in listings[symbol] {
      series.append(
        date: dates[bar], open: open[symbol][bar], high: high[symbol][bar], low: low[symbol][bar],
        close: close[symbol][bar], volume: volume[symbol][bar], extra: extra[symbol].map { $0.values[bar] })
    }
    return MarketTape([series])
  }

  /// Whether every symbol has all of the bars.
  package var areAllAlwaysListed: Bool { symbols.indices.allSatisfy(isAlwaysListed) }
}

extension BarSeries {
  /// The same rows at those places of `dates`, and rows in which nothing moves and nobody trades at all others. Traps where its dates are not those
  /// of the places.
  fileprivate func standingStill(outside listing: Range<Int>, of dates: [CalendarDate]) -> BarSeries {
    precondition(
      listing.upperBound <= dates.count && self.dates[...] == dates[listing],
      "\(symbol) lacks dates between its first and its last one")
    guard listing != dates.indices else { return self }
    var whole = rows(dates.indices.map { min(max($0 - listing.lowerBound, 0), count - 1) })
    whole.dates = dates
    for row in dates.indices where !listing.contains(row) {
      let price = row < listing.lowerBound ? open[0] : close[count - 1]
      (whole.open[row], whole.high[row], whole.low[row], whole.close[row]) = (price, price, price, price)
      whole.volume[row] = 0
      for column in whole.extra.indices { whole.extra[column].values[row] = .nan }
    }
    return whole
  }
}
