// From quotes to what a risk manager counts: the volatility that a quote implies, and the Greeks that follow from it.

package import Market
import Pricing

/// How contracts are valued for limits: European, on the session clock (minutes of sessions by 98,280), each at the volatility of its own quote's middle.
package struct RiskModel: Sendable {
  /// Continuously compounded, decimals a year.
  package var rate: Double
  package var dividendYield: Double
  package var calendar: TradingCalendar

  package init(rate: Double = 0, dividendYield: Double = 0, calendar: TradingCalendar = .xnys) {
    self.rate = rate
    self.dividendYield = dividendYield
    self.calendar = calendar
  }

  /// A contract at the end of a minute of the view's session. What has no quote, or no price of its underlying, is unknown: it is marked on `held`, where that
  /// is given, and nothing is opened in it.
  ///
  /// held: bid and ask of its position's last mark, ten-thousandths of a dollar.
  package func risk(
    of number: Int32, in table: ContractTable, view: some MarketView, minute: Int, held: (bid: Int, ask: Int)? = nil
  ) -> ContractRisk {
    let contract = table[number]
    let quote = view.quote(of: number, minute: minute)
    let isFresh = quote?.fills(at: minute) ?? false
    let bid = dollars(quote?.bid ?? held?.bid ?? 0)
    let ask = dollars(quote?.ask ?? held?.ask ?? 0)
    let underlying = table.underlyingNumbers[Int(number)]
    let spot = view.underlyingPrice(of: number, minute: minute).map(dollars)
    guard let side = contract.side, let last = contract.lastSession else {
      // A share is its own underlying.
      let price = spot ?? bid + (ask - bid) / 2
      var risk = ContractRisk(ofShareAt: price, bid: bid, ask: ask, underlying: underlying)
      risk.isKnown = risk.isKnown && isFresh
      return risk
    }
    let later = laterMinutes(after: view.date, through: last)
    let left = last < view.date ? 0 : max(view.minuteCount - minute - 1, 0)
    let terms = OptionTerms(
      side, spot: spot ?? .nan, strike: dollars(contract.strike), rate: rate, dividendYield: dividendYield,
      years: Double(left + later) / VolatilityClock.sessionMinutesPerYear, volatility: 0)
    var risk = ContractRisk(
      of: terms, bid: bid, ask: ask, yearsAtClose: Double(later) / VolatilityClock.sessionMinutesPerYear,
      multiplier: contract.multiplier, underlying: underlying,
      expiry: Int32(contract.expiry?.daysSinceEpoch ?? 0), expiresToday: last <= view.date)
    risk.isKnown = risk.isKnown && isFresh
    return risk
  }

  private func dollars(_ price: Int) -> Double { Double(price) / Double(TickRule.perDollar) }

  /// Minutes of the sessions behind a date up to a last one; 0 where the calendar knows none.
  private func laterMinutes(after date: CalendarDate, through last: CalendarDate) -> Int {
    guard let first = calendar.ordinal(of: date), let end = calendar.ordinal(of: last), first < end else { return 0 }
    return calendar.minutesBefore[end + 1] - calendar.minutesBefore[first + 1]
  }
}
