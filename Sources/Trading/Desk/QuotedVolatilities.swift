// What contracts without a quote are worth: by the volatility that their own last quote implies.

package import Market
import Pricing

/// The volatility of the last two-sided quote of each contract, at its middle and the price that its underlying had then: European, on the variance clock, without
/// dividends. It moves a mark where quotes are missing, with the underlying and the time. What is learnt is what was quoted: the volatility is solved for where a
/// mark asks for it, because most contracts are quoted in every minute and asked for in none.
package struct QuotedVolatilities: Sendable {
  /// Continuously compounded, a decimal a year.
  private let rateAnnual: Double
  private let calendar: TradingCalendar
  private let clock = VarianceClock()
  /// By contract; shorter than the table where nothing was learnt yet.
  private var quotes: [Quoted?] = []

  /// What a quote said.
  private struct Quoted: Sendable {
    /// The middle, dollars.
    let middle: Double
    /// Of the underlying, ten-thousandths of a dollar.
    let spot: Int
    let date: CalendarDate
    let minute: Int
  }

  package init(rateAnnual: Double = 0, calendar: TradingCalendar = .xnys) {
    self.rateAnnual = rateAnnual
    self.calendar = calendar
  }

  /// Takes what the quotes say that were made in a minute, at its end. A quote that implies none, and one without a price of the underlying, leaves the contract
  /// without one.
  package mutating func learn(minute: Int, view: some MarketView, table: ContractTable) {
    if quotes.count < table.count {
      quotes.append(contentsOf: repeatElement(nil, count: table.count - quotes.count))
    }
    for number in 0..<Int32(table.count) {
      guard let quote = view.quote(of: number, minute: minute), quote.minute == minute, quote.fills(at: minute) else {
        continue
      }
      quotes[Int(number)] = view.underlyingPrice(of: number, minute: minute).map { spot in
        Quoted(
          middle: Double(quote.bid + quote.ask) / 2 / Double(TickRule.perDollar), spot: spot, date: view.date,
          minute: minute)
      }
    }
  }

  /// What a contract is worth at the end of a minute, in ten-thousandths of a dollar; nil where no quote of it has said a volatility. spot: ten-thousandths of a
  /// dollar.
  package func price(of number: Int32, _ contract: TradedContract, spot: Int, on date: CalendarDate, minute: Int)
    -> Int?
  {
    guard let volatility = volatility(of: number, contract),
      let terms = terms(of: contract, spot: spot, on: date, minute: minute, volatility: volatility),
      let value = try? BlackScholes.scalarValue(terms)
    else { return nil }
    let price = (value.price * Double(TickRule.perDollar)).rounded()
    return price >= 0 && price <= Double(Order.mostPrice) ? Int(price) : nil
  }

  /// What the contract's last quote implies; nil where it implies none.
  private func volatility(of number: Int32, _ contract: TradedContract) -> Double? {
    guard quotes.indices.contains(Int(number)), let quoted = quotes[Int(number)],
      let terms = terms(of: contract, spot: quoted.spot, on: quoted.date, minute: quoted.minute, volatility: 0),
      let volatility = try? ImpliedVolatility.plainSolve(price: quoted.middle, terms), volatility > 0
    else { return nil }
    return volatility
  }

  /// nil for a share, and where the contract has ended.
  private func terms(
    of contract: TradedContract, spot: Int, on date: CalendarDate, minute: Int, volatility: Double
  ) -> OptionTerms<Double>? {
    let settlesAtOpen = contract.settlement == .opening
    guard let side = contract.side, let settles = contract.settlementSession, let first = calendar.ordinal(of: date),
      let last = calendar.ordinal(of: settles), first < last || first == last && !settlesAtOpen
    else { return nil }
    let remaining = calendar.remainingSessions(
      from: first, minute: Double(minute + 1), to: last, settlesAtOpen: settlesAtOpen)
    return OptionTerms(
      side, spot: Double(spot) / Double(TickRule.perDollar),
      strike: Double(contract.strike) / Double(TickRule.perDollar), rate: rateAnnual,
      years: clock.years(over: remaining),
      volatility: volatility)
  }
}
