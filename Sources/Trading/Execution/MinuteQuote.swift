// What stood in the market at the end of a minute, and the door through which a desk sees it.

package import Market

/// The quote of a contract at the end of a minute: its last two-sided one where there was any. Prices in ten-thousandths of a dollar.
package struct MinuteQuote: Sendable, Hashable {
  /// 0: nobody bids.
  package var bid: Int
  /// 0: nobody offers.
  package var ask: Int
  /// Contracts or shares at the touch; nil where the data say nothing.
  package var bidSize: Int?
  package var askSize: Int?
  /// The minute of the session in which it was made, from the opening.
  package var minute: Int
  /// The extremes inside the minute, where the data have more than its last quote.
  package var lowestAsk: Int?
  package var highestBid: Int?
  /// What was traded of the contract in the minute; nil where nobody says.
  package var volume: Int?
  /// Whether nobody made it in its minute: it was carried there from an earlier one, and fills nothing.
  package var isFilledForward: Bool

  @inlinable
  package init(
    bid: Int, ask: Int, bidSize: Int? = nil, askSize: Int? = nil, minute: Int, lowestAsk: Int? = nil,
    highestBid: Int? = nil, volume: Int? = nil, isFilledForward: Bool = false
  ) {
    self.bid = bid
    self.ask = ask
    self.bidSize = bidSize
    self.askSize = askSize
    self.minute = minute
    self.lowestAsk = lowestAsk
    self.highestBid = highestBid
    self.volume = volume
    self.isFilledForward = isFilledForward
  }

  /// A quote older than this many minutes fills nothing.
  package static let mostAge = 2

  /// Whether somebody stands on both sides, at prices that can both be true.
  @inlinable
  package var isTwoSided: Bool { bid > 0 && ask > bid }

  /// Whether an order may be filled on it at the end of a minute: neither one-sided, crossed, locked, filled forward nor stale.
  @inlinable
  package func fills(at minute: Int, mostAge: Int = MinuteQuote.mostAge) -> Bool {
    isTwoSided && !isFilledForward && self.minute <= minute && minute - self.minute <= mostAge
  }

  /// The middle of bid and ask in micro-dollars a unit, exactly.
  @inlinable
  package var midMicroDollars: Int64 { Int64(bid + ask) * (Money.microDollarsPerTick / 2) }

  /// Where an order of a side (+1 buy, -1 sell) meets the quote: buys the ask, sells the bid.
  @inlinable @inline(__always)
  package func farTouch(side: Int) -> Int { side > 0 ? ask : bid }

  /// The same where the way from the middle to it costs so many millionths of what was quoted: rounded against the order, and nobody pays to sell.
  /// millionths: at least 1,000,000.
  @inlinable @inline(__always)
  package func farTouch(side: Int, halfSpreadMillionths millionths: Int) -> Int {
    let touch = farTouch(side: side)
    guard millionths > ExecutionSettings.millionths else { return touch }
    // Twice the half-spread, times what it costs more; prices are far below what 64 bits leave.
    let beyond = (ask - bid) * (millionths - ExecutionSettings.millionths)
    let unit = 2 * ExecutionSettings.millionths
    let more = (beyond + unit - 1) / unit
    return side > 0 ? min(touch + more, Order.mostPrice) : max(touch - more, 0)
  }

  /// The size at `farTouch`.
  @inlinable
  package func farSize(side: Int) -> Int? { side > 0 ? askSize : bidSize }
}

/// How much of a contract changes hands, and how many of it there are, at the end of a minute.
package struct ContractLiquidity: Sendable, Hashable {
  /// Traded today up to the end of the minute; nil where nobody says.
  package var volume: Int?
  /// Of last night; nil where nobody says.
  package var openInterest: Int?

  package init(volume: Int? = nil, openInterest: Int? = nil) {
    self.volume = volume
    self.openInterest = openInterest
  }
}

/// A session's market as a desk sees it. Whoever keeps data, a made surface or a live feed hands one in.
///
/// Minutes count from the opening of the session. Nothing after the asked minute may be looked at.
package protocol MarketView {
  /// The session's date.
  var date: CalendarDate { get }
  /// Minutes of the session: 390, fewer on a half day. Nobody trades from this minute on.
  var minuteCount: Int { get }
  /// The quote of a contract at the end of a minute, with the minute in which it was made; nil where it had none yet.
  func quote(of contract: Int32, minute: Int) -> MinuteQuote?
  /// The raw price of the contract's underlying at the end of a minute, in ten-thousandths of a dollar; nil where nobody knows it.
  func underlyingPrice(of contract: Int32, minute: Int) -> Int?
  /// What a model of the surface says the contract is worth at the end of a minute, in ten-thousandths of a dollar; nil where there is none. Only its
  /// differences are used, to move a quote of before.
  func modelPrice(of contract: Int32, minute: Int) -> Int?
  /// The minute's usual share of the session's volume, times the minutes of the session: 1 where nobody knows it.
  func usualWeight(ofMinute minute: Int) -> Double
  /// What was traded of a contract today and what was open last night, as it was known at the end of a minute.
  func liquidity(of contract: Int32, minute: Int) -> ContractLiquidity
}

extension MarketView {
  package func modelPrice(of contract: Int32, minute: Int) -> Int? { nil }
  package func usualWeight(ofMinute minute: Int) -> Double { 1 }
  package func liquidity(of contract: Int32, minute: Int) -> ContractLiquidity { ContractLiquidity() }
}
