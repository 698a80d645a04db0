// One order on the quotes of one minute: how much of it is filled, at what prices, and at what cost.

package import Market

/// What an order meets in a minute.
package enum LegQuotes: Sendable {
  case quoted(PackageQuotes)
  /// The first contract whose quote fills nothing.
  case fault(Int32, QuoteFault)
}

/// The models of execution, summed: spread, impact, participation, the rule of limit orders and fees. One for training, backtest and paper, for one account or
/// many; it holds nothing of an account.
package struct Execution: Sendable {
  package let settings: ExecutionSettings
  package let fees: FeeRates
  /// By contract.
  package let terms: [ExecutionTerms]
  /// The session's date, as days since 1970-01-01.
  package let day: Int32

  /// Of one session: the fees are those of its day.
  package init(
    _ settings: ExecutionSettings, fees: FeeTable, table: ContractTable, date: CalendarDate
  ) throws(ExecutionSettingError) {
    try self.init(settings, rates: fees.rates(on: date), table: table, date: date)
  }

  package init(
    _ settings: ExecutionSettings, rates: FeeRates, table: ContractTable, date: CalendarDate
  ) throws(ExecutionSettingError) {
    self.settings = try settings.checked()
    self.fees = settings.mode == .ideal ? .none : rates
    terms = table.executionTerms
    day = date.daysSinceEpoch
  }

  /// The quotes of an order's legs at the end of a minute. Contracts that are not in the table have none.
  package func quotes(of order: Order, minute: Int, in view: some MarketView) -> LegQuotes {
    var quotes: UpToFour<MinuteQuote>?
    var legTerms: UpToFour<ExecutionTerms>?
    for index in order.legs.indices {
      let contract = order.legs[index].contract
      guard contract >= 0, Int(contract) < terms.count, minute < view.minuteCount,
        let quote = view.quote(of: contract, minute: minute)
      else { return .fault(contract, .missing) }
      let terms = terms[Int(contract)]
      if terms.lastSession < day { return .fault(contract, .ended) }
      if let fault = quote.fault(at: minute, mostAge: settings.mostQuoteAgeMinutes) { return .fault(contract, fault) }
      if quotes == nil {
        quotes = UpToFour(quote)
        legTerms = UpToFour(terms)
      } else {
        quotes?.append(quote)
        legTerms?.append(terms)
      }
    }
    guard let quotes, let legTerms else { return .fault(-1, .missing) }
    return .quoted(PackageQuotes(order, quotes: quotes, terms: legTerms))
  }

  /// Packages that stand there at most for an order in a minute, after what was taken of it before.
  ///
  /// isPassive: whether nothing beyond the touch may be had, as for a limit. weight: of the minute, see `MarketView.usualWeight`.
  package func available(
    _ order: Order, in package: PackageQuotes, minute: Int, weight: Double, isPassive: Bool, ledger: LiquidityLedger
  ) -> Int {
    guard settings.mode == .realistic else { return Order.mostQuantity }
    var most = Order.mostQuantity
    for index in package.indices {
      let quote = package.quotes[index]
      let side = package.side(index)
      let ratio = abs(package.ratios[index])
      let terms = package.terms[index]
      let left =
        Execution.isCapped(quote, terms, side: side)
        ? leftWithoutVolume(package, leg: index, minute: minute, weight: weight, ledger: ledger)
        : left(
          quote, terms, side: side, ratio: ratio, weight: weight, isPassive: isPassive,
          taken: ledger.taken(contract: order.legs[index].contract, minute: quote.minute))
      most = min(most, max(left, 0))
    }
    return most
  }

  /// Packages that one leg allows, by its size, by its volume, or of shares by the weight of the minute. taken: of this quote before.
  @inline(__always)
  func left(
    _ quote: MinuteQuote, _ terms: ExecutionTerms, side: Int, ratio: Int, weight: Double, isPassive: Bool,
    taken: TakenLiquidity
  ) -> Int {
    if let size = quote.farSize(side: side) {
      // Nobody stands at a touch of no size; beyond a touch of any size others stand, dearer.
      return size <= 0 ? 0 : isPassive ? (size - taken.taken(side: side)) / ratio : Order.mostQuantity
    }
    if let volume = quote.volume {
      return (settings.participation.cap(volume: volume, least: ratio) - taken.bought - taken.sold) / ratio
    }
    // A contract's worth of shares counts as a contract.
    let cap = settings.participation.cap(weight: weight, least: 1) * 100
    return (max(cap, ratio) - taken.taken(side: side)) / ratio
  }

  /// The cap of an underlying and side, shared by all legs of the package that it holds for.
  private func leftWithoutVolume(
    _ package: PackageQuotes, leg: Int, minute: Int, weight: Double, ledger: LiquidityLedger
  ) -> Int {
    let underlying = package.terms[leg].underlying
    let side = package.side(leg)
    var together = 0
    for other in package.indices
    where package.side(other) == side && package.terms[other].underlying == underlying
      && isCappedWithoutVolume(package, leg: other)
    {
      together += abs(package.ratios[other])
    }
    let taken = ledger.taken(underlying: underlying, minute: minute).taken(side: side)
    return (settings.participation.cap(weight: weight, least: together) - taken) / together
  }

  /// Whether a leg has neither a size nor a volume, so that the underlying's cap holds for it.
  func isCappedWithoutVolume(_ package: PackageQuotes, leg: Int) -> Bool {
    Execution.isCapped(package.quotes[leg], package.terms[leg], side: package.side(leg))
  }

  @inline(__always)
  static func isCapped(_ quote: MinuteQuote, _ terms: ExecutionTerms, side: Int) -> Bool {
    quote.farSize(side: side) == nil && quote.volume == nil && terms.feeClass != .share
  }

  /// What was filled is gone for everybody else.
  func take(_ order: Order, _ package: PackageQuotes, quantity: Int, minute: Int, ledger: LiquidityLedger) {
    guard settings.mode == .realistic else { return }
    for index in package.indices {
      let signed = package.ratios[index] * quantity
      ledger.take(contract: order.legs[index].contract, quoteMinute: package.quotes[index].minute, quantity: signed)
      if isCappedWithoutVolume(package, leg: index) {
        ledger.take(underlying: package.terms[index].underlying, minute: minute, quantity: signed)
      }
    }
  }
}
