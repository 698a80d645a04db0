// What contracts without a quote are worth: by the volatility that their own last quote implies.

package import Market
import Pricing

/// The volatility of the last two-sided quote of each contract, at its middle and the price that its underlying had then: European, on the variance clock, without
/// dividends. It moves a mark where quotes are missing, with the underlying and the time.
package struct QuotedVolatilities: Sendable {
  /// Continuously compounded, a decimal a year.
  private let rateAnnual: Double
  private let calendar: TradingCalendar
  private let clock = VarianceClock()
  private var volatilities: [Int32: Double] = [:]

  package init(rateAnnual: Double = 0, calendar: TradingCalendar = .xnys) {
    self.rateAnnual = rateAnnual
    self.calendar = calendar
  }

  /// Takes what the quotes say that were made in a minute, at its end. A quote that implies none, and one without a price of the underlying, leaves the contract
  /// without one.
  package mutating func learn(minute: Int, view: some MarketView, table: ContractTable) {
    for number in 0..<Int32(table.count) {
      guard let quote = view.quote(of: number, minute: minute), quote.minute == minute, quote.fills(at: minute) else {
        continue
      }
      volatilities[number] = nil
      let middle = Double(quote.bid + quote.ask) / 2 / Double(TickRule.perDollar)
      guard let spot = view.underlyingPrice(of: number, minute: minute),
        let terms = terms(of: table[number], spot: spot, on: view.date, minute: minute, volatility: 0),
        let volatility = try? ImpliedVolatility.plainSolve(price: middle, terms), volatility > 0
      else { continue }
      volatilities[number] = volatility
    }
  }

  /// What a contract is worth at the end of a minute, in ten-thousandths of a dollar; nil where no quote of it has said a volatility. spot: ten-thousandths of a
  /// dollar.
  package func price(of number: Int32, _ contract: TradedContract, spot: Int, on date: CalendarDate, minute: Int)
    -> Int?
  {
    guard let volatility = volatilities[number],
      let terms = terms(of: contract, spot: spot, on: date, minute: minute, volatility: volatility),
      let value = try? BlackScholes.scalarValue(terms)
    else { return nil }
    let price = (value.price * Double(TickRule.perDollar)).rounded()
    return price >= 0 && price <= Double(Order.mostPrice) ? Int(price) : nil
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
