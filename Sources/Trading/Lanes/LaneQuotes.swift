// What many lanes see of their markets, as columns.

package import Market

/// Quotes of many lanes as columns, a window on memory that its owner keeps: a tape that lanes share, or rows of their own.
///
/// A lane's quotes begin at its row: contract c of lane n stands at place rows[n] + c of every column. Prices in ten-thousandths of a dollar; nobody has 0. What
/// nobody knows is -1 in its column, or the column is nil.
package struct LaneQuotes: @unchecked Sendable {
  /// (places)
  package var bids: UnsafePointer<Int32>
  package var asks: UnsafePointer<Int32>
  /// (places) contracts at the touch, -1 where the data say nothing.
  package var bidSizes: UnsafePointer<Int32>?
  package var askSizes: UnsafePointer<Int32>?
  /// (places) contracts traded in the minute, -1 where nobody says.
  package var volumes: UnsafePointer<Int32>?
  /// (places) the extremes inside the minute, where the data have more than its last quote; -1 elsewhere.
  package var lowestAsks: UnsafePointer<Int32>?
  package var highestBids: UnsafePointer<Int32>?
  /// (places) the minute in which the quote was made; of one that was carried forward -1 less that minute.
  package var minutes: UnsafePointer<Int32>
  /// (places) what a model of the surface says, and the underlying's price; -1 where nobody knows it.
  package var models: UnsafePointer<Int32>?
  package var underlyingPrices: UnsafePointer<Int32>?
  /// (lanes) the first place of each lane, and the minute that it is in.
  package var rows: UnsafePointer<Int>
  package var laneMinutes: UnsafePointer<Int32>
  /// (lanes) of the minute, see `MarketView.usualWeight`; 1 where it is nil.
  package var weights: UnsafePointer<Double>?
  package var date: CalendarDate
  /// Of the session.
  package var minuteCount: Int

  package init(
    bids: UnsafePointer<Int32>, asks: UnsafePointer<Int32>, minutes: UnsafePointer<Int32>, rows: UnsafePointer<Int>,
    laneMinutes: UnsafePointer<Int32>, date: CalendarDate, minuteCount: Int
  ) {
    self.bids = bids
    self.asks = asks
    self.minutes = minutes
    self.rows = rows
    self.laneMinutes = laneMinutes
    self.date = date
    self.minuteCount = minuteCount
  }

  @inline(__always)
  func minute(_ lane: Int) -> Int { Int(laneMinutes[lane]) }

  @inline(__always)
  func weight(_ lane: Int) -> Double { weights?[lane] ?? 1 }

  @inline(__always)
  func quote(_ lane: Int, _ contract: Int32) -> MinuteQuote { quote(at: rows[lane] + Int(contract)) }

  /// The quote at a place of the columns.
  @inline(__always)
  package func quote(at place: Int) -> MinuteQuote {
    let made = Int(minutes[place])
    return MinuteQuote(
      bid: Int(bids[place]), ask: Int(asks[place]), bidSize: LaneQuotes.known(bidSizes, place),
      askSize: LaneQuotes.known(askSizes, place), minute: made < 0 ? -1 - made : made,
      lowestAsk: LaneQuotes.known(lowestAsks, place), highestBid: LaneQuotes.known(highestBids, place),
      volume: LaneQuotes.known(volumes, place), isFilledForward: made < 0)
  }

  /// So much of it as an order asks for that crosses: the size of its far touch alone, and the volume where that has none. Every column is one more line of
  /// memory to wait for.
  @inline(__always)
  func crossed(_ lane: Int, _ contract: Int32, side: Int) -> MinuteQuote {
    let place = rows[lane] + Int(contract)
    let made = Int(minutes[place])
    let size = LaneQuotes.known(side > 0 ? askSizes : bidSizes, place)
    return MinuteQuote(
      bid: Int(bids[place]), ask: Int(asks[place]), bidSize: side > 0 ? nil : size, askSize: side > 0 ? size : nil,
      minute: made < 0 ? -1 - made : made, volume: size == nil ? LaneQuotes.known(volumes, place) : nil,
      isFilledForward: made < 0)
  }

  @inline(__always)
  static func known(_ column: UnsafePointer<Int32>?, _ place: Int) -> Int? {
    guard let value = column?[place], value >= 0 else { return nil }
    return Int(value)
  }

  /// One lane as all others see a market.
  package func view(_ lane: Int) -> LaneView { LaneView(quotes: self, lane: lane) }
}

/// The market of one lane. It knows one minute: whatever minute is asked for, its answer is of that one.
package struct LaneView: MarketView, Sendable {
  package let quotes: LaneQuotes
  package let lane: Int

  package var date: CalendarDate { quotes.date }
  package var minuteCount: Int { quotes.minuteCount }

  @inline(__always)
  package func quote(of contract: Int32, minute: Int) -> MinuteQuote? { quotes.quote(lane, contract) }

  @inline(__always)
  package func underlyingPrice(of contract: Int32, minute: Int) -> Int? {
    LaneQuotes.known(quotes.underlyingPrices, quotes.rows[lane] + Int(contract))
  }

  @inline(__always)
  package func modelPrice(of contract: Int32, minute: Int) -> Int? {
    LaneQuotes.known(quotes.models, quotes.rows[lane] + Int(contract))
  }

  package func usualWeight(ofMinute minute: Int) -> Double { quotes.weight(lane) }
}
