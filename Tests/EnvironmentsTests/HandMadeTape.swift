// Tapes whose every bar a test writes down.

import Market

struct HandMadeBar {
  var open: Double
  var close: Double
  var volume: Double
  /// Nil: the wider of open and close.
  var high: Double?
  var low: Double?

  init(open: Double, close: Double, volume: Double = 1e6, high: Double? = nil, low: Double? = nil) {
    self.open = open
    self.close = close
    self.volume = volume
    self.high = high
    self.low = low
  }
}

/// A tape of S symbols, one bar a day, each bar from the closure.
func handMadeTape(_ symbols: [String], bars: Int, _ bar: (_ symbol: Int, _ bar: Int) -> HandMadeBar) -> MarketTape {
  MarketTape(
    symbols.enumerated().map { place, name in
      var series = BarSeries(symbol: name)
      for index in 0..<bars {
        let made = bar(place, index)
        series.append(
          date: CalendarDate(daysSinceEpoch: Int32(index)), open: made.open,
          high: made.high ?? max(made.open, made.close), low: made.low ?? min(made.open, made.close),
          close: made.close, volume: made.volume)
      }
      return series
    })
}

/// Flat at 100 through bar 50, then the given (open, close) pairs for each symbol, then flat at the last close.
func scriptedTape(_ symbols: [String], _ scripts: [[(open: Double, close: Double)]], bars: Int = 60) -> MarketTape {
  handMadeTape(symbols, bars: bars) { symbol, bar in
    let script = scripts[symbol]
    if bar <= 50 { return HandMadeBar(open: 100, close: 100) }
    let place = bar - 51
    if place < script.count { return HandMadeBar(open: script[place].open, close: script[place].close) }
    let rest = script.last?.close ?? 100
    return HandMadeBar(open: rest, close: rest)
  }
}
