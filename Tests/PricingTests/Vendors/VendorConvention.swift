// How a vendor's volatility is computed again: which price, time, rate and forward, and what early exercise is worth.

import Market
import Pricing

@testable import Workstation

/// One way to a volatility.
struct VendorConvention {
  enum Price {
    case bid, middle, ask
  }
  enum Ending {
    /// The close of the last session, or its open where the option is settled there.
    case session
    /// The first minute of the day of expiry.
    case midnightBefore
    /// Whole days from date to date, and one more.
    case dayAfter
  }
  enum Forward {
    /// Of each expiry, from the three strikes where call and put are nearest.
    case parity
    /// The spot of the file, grown at the rate.
    case spot
  }

  var price = Price.middle
  var clock = VolatilityClock.calendar
  var ending = Ending.session
  /// Of the quotes, from local midnight at the exchange.
  var minute = 16.0 * 60
  /// Continuously compounded, a year.
  var rate = 0.0
  var forward = Forward.parity
  /// Cash dividends of an American option by ex-date; nil where early exercise is left out.
  var dividends: [(date: CalendarDate, amount: Double)]?
  /// Where the vendor's volatilities are the middles of so many equal parts of a range.
  var grid: (low: Double, high: Double, parts: Int)?

  func price(of quote: VendorQuote) -> Double {
    switch price {
    case .bid: quote.bid
    case .middle: quote.bid + (quote.ask - quote.bid) / 2
    case .ask: quote.ask
    }
  }

  /// From the quotes of a day to an expiry; nil where that is past.
  func years(_ quote: VendorQuote) -> Double? {
    let days = Double(quote.expiry.daysSinceEpoch - quote.day.daysSinceEpoch)
    let minutes =
      switch ending {
      case .dayAfter: (days + 1) * 1440
      case .midnightBefore: days * 1440 - minute
      case .session: 0.0
      }
    guard ending == .session else { return minutes > 0 ? minutes / VolatilityClock.calendarMinutesPerYear : nil }
    let times = try? PriceTimes(
      from: ExchangeMoment(quote.day, minute: minute), expiry: quote.expiry, settlesAtOpen: quote.settlesAtOpen)
    return times?.expiry.years(on: clock)
  }

  func rounded(_ volatility: Double) -> Double {
    guard let grid else { return volatility }
    let width = (grid.high - grid.low) / Double(grid.parts)
    return grid.low + (((volatility - grid.low) / width).rounded(.down) + 0.5) * width
  }
}

/// How far volatilities that were computed again are from the vendor's, out of the money and within 2 % of the forward.
struct VendorAgreement {
  /// The vendor's own taken away.
  var differences: [Double] = []

  var median: Double { Self.median(differences) }
  var medianAbsolute: Double { Self.median(differences.map { abs($0) }) }
  var shareWithinThousandth: Double {
    differences.isEmpty ? 0 : Double(differences.count { abs($0) <= 0.001 }) / Double(differences.count)
  }

  static func median(_ values: [Double]) -> Double {
    guard !values.isEmpty else { return .nan }
    let sorted = values.sorted()
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }

  init(_ quotes: [VendorQuote], _ convention: VendorConvention) throws {
    struct Expiry: Hashable {
      var root: String
      var day, expiry: CalendarDate
    }
    let groups = Dictionary(grouping: quotes) { Expiry(root: $0.root, day: $0.day, expiry: $0.expiry) }
    for group in groups.values {
      guard let years = convention.years(group[0]) else { continue }
      try add(VendorSmile(group, years: years, convention), convention)
    }
  }

  private mutating func add(_ smile: VendorSmile, _ convention: VendorConvention) throws {
    var smile = smile
    guard smile.findForward() else { return }
    // What early exercise is worth moves the forward, and that what it is worth.
    for _ in 0..<(convention.dividends == nil ? 0 : 2) {
      try smile.findPremiums()
      guard smile.findForward() else { return }
    }
    for (quote, volatility) in zip(smile.quotes, smile.volatilities())
    where smile.isNear(quote) && quote.volatility > 0 && quote.bid > 0
      && Double(quote.side.rawValue) * (smile.forward - quote.strike) <= 0
    {
      // A price without a volatility disagrees with any.
      differences.append(volatility.isNaN ? .infinity : convention.rounded(volatility) - quote.volatility)
    }
  }
}

/// The options of one expiry.
struct VendorSmile {
  let quotes: [VendorQuote]
  let convention: VendorConvention
  let years, discount: Double
  private(set) var forward = 0.0
  /// What early exercise is worth of each price.
  private var premiums: [Double]

  init(_ quotes: [VendorQuote], years: Double, _ convention: VendorConvention) {
    self.quotes = quotes
    self.convention = convention
    self.years = years
    discount =
      (try? BlackScholes.value(
        OptionTerms(.put, spot: 0, strike: 1, rate: convention.rate, years: years, volatility: 0)
      ).price) ?? 1
    premiums = [Double](repeating: 0, count: quotes.count)
  }

  func isNear(_ quote: VendorQuote) -> Bool { abs(quote.strike / forward - 1) < 0.02 }

  private func price(_ index: Int) -> Double { convention.price(of: quotes[index]) - premiums[index] }

  mutating func findForward() -> Bool {
    if convention.forward == .spot {
      guard let spot = quotes[0].spot else { return false }
      forward = spot / discount
      return true
    }
    var calls: [Double: Int] = [:]
    for (index, quote) in quotes.enumerated() where quote.side == .call && quote.bid > 0 { calls[quote.strike] = index }
    let pairs = quotes.indices.compactMap { put -> (strike: Double, gap: Double)? in
      guard quotes[put].side == .put, quotes[put].bid > 0, let call = calls[quotes[put].strike] else { return nil }
      return (quotes[put].strike, price(call) - price(put))
    }
    let nearest = pairs.sorted { (abs($0.gap), $0.strike) < (abs($1.gap), $1.strike) }.prefix(3)
    guard nearest.count == 3 else { return false }
    forward = VendorAgreement.median(nearest.map { $0.strike + $0.gap / discount })
    return true
  }

  private func terms(_ quote: VendorQuote, volatility: Double) -> OptionTerms<Double> {
    OptionTerms(
      quote.side, spot: forward * discount, strike: quote.strike, rate: convention.rate, years: years,
      volatility: volatility)
  }

  /// NaN where a price has none.
  func volatilities() -> [Double] {
    var columns = OptionColumns<Double>()
    for quote in quotes { columns.append(terms(quote, volatility: 0)) }
    var volatilities = [Double](repeating: .nan, count: quotes.count)
    columns.implyVolatilities(of: quotes.indices.map { price($0) }, into: &volatilities)
    return volatilities
  }

  /// By Leisen and Reimer's tree, at the volatility that the price less the premium so far has.
  mutating func findPremiums() throws {
    let paid = try (convention.dividends ?? []).compactMap { dividend -> CashDividend? in
      guard dividend.date > quotes[0].day, dividend.date <= quotes[0].expiry else { return nil }
      let times = try PriceTimes(
        from: ExchangeMoment(quotes[0].day, minute: convention.minute), expiry: dividend.date, settlesAtOpen: true)
      let untilPaid = times.expiry.years(on: convention.clock)
      return untilPaid <= years ? CashDividend(years: untilPaid, amount: dividend.amount) : nil
    }
    let presentValue = try paid.reduce(0.0) { sum, dividend in
      let worth = try BlackScholes.value(
        OptionTerms(.put, spot: 0, strike: dividend.amount, rate: convention.rate, years: dividend.years, volatility: 0)
      )
      return sum + worth.price
    }
    let volatilities = volatilities()
    let near = quotes.indices.filter { isNear(quotes[$0]) && volatilities[$0] > 0 }
    let options = near.map { index -> AmericanTerms in
      var european = terms(quotes[index], volatility: volatilities[index])
      european.spot += presentValue
      return AmericanTerms(european, dividends: paid)
    }
    var (prices, deltas) = ([Double](repeating: 0, count: near.count), [Double](repeating: 0, count: near.count))
    try LeisenReimer.values(options, prices: &prices, deltas: &deltas)
    for (index, (option, price)) in zip(near, zip(options, prices)) {
      premiums[index] = max(price - (try BlackScholes.value(option.escrowed).price), 0)
    }
  }
}
