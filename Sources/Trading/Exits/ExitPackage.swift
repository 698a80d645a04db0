// What is left as one: the legs of a group, priced at one instant.

package import Market

/// The legs of one package as a plan sees them.
///
/// A package's value is a number of ten-thousandths of a dollar a unit: the sum over its legs of price x ratio x multiplier over `unit`, the largest
/// multiplier among them. Of options of one multiplier that is the net price of an order; of a hundred shares and a call it is the price of both a share.
package struct ExitPackage: Sendable, Hashable {
  /// As they are held: +1 long, -1 short.
  package let legs: UpToFour<OrderLeg>
  package let unit: Int
  /// The first of its legs' expiries; nil for shares alone.
  package let expiry: CalendarDate?
  /// The first of its legs' last sessions; nil for shares alone.
  package let lastSession: CalendarDate?
  /// +1 where it is worth more at expiry the higher its underlying is, -1 where less, 0 where neither.
  package let favourableDirection: Int

  /// unit: of a package that an adjustment has changed, whose value goes on in what it was opened in; nil for the largest multiplier. Traps where a leg is
  /// not in the table.
  package init(_ legs: UpToFour<OrderLeg>, in table: ContractTable, unit: Int? = nil) {
    self.legs = legs
    let contracts = legs.indices.map { table[legs[$0].contract] }
    self.unit = unit ?? contracts.map(\.multiplier).max() ?? 1
    expiry = contracts.compactMap(\.expiry).min()
    lastSession = contracts.compactMap(\.lastSession).min()
    favourableDirection = ExitPackage.direction(legs, contracts)
  }

  /// By its worth at expiry at 0, at every strike and far above, between which it is straight.
  private static func direction(_ legs: UpToFour<OrderLeg>, _ contracts: [TradedContract]) -> Int {
    guard Set(contracts.map(\.underlying)).count == 1 else { return 0 }
    let strikes = contracts.map(\.strike).sorted()
    let prices = [0] + strikes + [2 * (strikes.last ?? 0) + TickRule.perDollar]
    let worths = prices.map { price in
      contracts.indices.reduce(0) {
        $0 + Int(legs[$1].ratio) * contracts[$1].multiplier * contracts[$1].intrinsic(underlying: price)
      }
    }
    let (rises, falls) = zip(worths, worths.dropFirst()).reduce((false, false)) {
      ($0.0 || $1.1 > $1.0, $0.1 || $1.1 < $1.0)
    }
    return rises == falls ? 0 : rises ? 1 : -1
  }

  /// Throws where a plan wants of a package what it cannot do.
  package func mayFollow(_ plan: ExitPlan, in table: ContractTable) throws(ExitPlanError) {
    guard plan.roll == nil || (legs.count == 1 && table[legs[0].contract].isOption) else {
      throw .contradiction("only a position in one option can be rolled; take the roll out of the plan")
    }
  }

  /// Units of the underlying in the first leg of a package, signed.
  func units(in table: ContractTable) -> Int { Int(legs[0].ratio) * table[legs[0].contract].multiplier }

  /// A price of one package in micro-dollars as a value, down: a long position's cost is rounded up, so that no gain is invented.
  package func value(microDollars: Int64, isCost: Bool) -> Int {
    let divisor = Int(Money.microDollarsPerTick) * unit
    return isCost ? -ExitPackage.floor(-Int(microDollars), divisor) : ExitPackage.floor(Int(microDollars), divisor)
  }

  private static func floor(_ amount: Int, _ divisor: Int) -> Int {
    amount / divisor - (amount % divisor < 0 ? 1 : 0)
  }

  /// What giving one package back would bring at the end of a minute: every long leg at its bid and every short one at its ask, all of them at that one
  /// instant. `ExitMoment.unquoted` where a leg's quote would fill no order (see `MinuteQuote.fills`).
  package func value(in view: some MarketView, minute: Int, table: ContractTable) -> Int {
    var amount: Int64 = 0
    for index in legs.indices {
      let leg = legs[index]
      guard let quote = view.quote(of: leg.contract, minute: minute), quote.fills(at: minute) else {
        return ExitMoment.unquoted
      }
      amount += Money.amount(
        price: quote.farTouch(side: -leg.side), multiplier: table[leg.contract].multiplier, quantity: Int(leg.ratio))
    }
    return value(microDollars: amount, isCost: false)
  }

  /// What is known of a package at the end of a minute. Minutes to the close are counted from the minute's beginning: the last of 390 has one.
  package func moment(in view: some MarketView, minute: Int, table: ContractTable) -> ExitMoment {
    ExitMoment(
      value: value(in: view, minute: minute, table: table),
      underlying: view.underlyingPrice(of: legs[0].contract, minute: minute) ?? 0,
      daysToExpiry: daysToExpiry(on: view.date),
      minutesToLastClose: minutesToLastClose(in: view, minute: minute))
  }

  private func minutesToLastClose(in view: some MarketView, minute: Int) -> Int {
    guard let lastSession, view.date >= lastSession else { return ExitMoment.laterSession }
    return view.date == lastSession ? view.minuteCount - minute : 0
  }

  /// Calendar days to the first expiry, 0 on it and behind; as many as a plan knows for shares alone.
  package func daysToExpiry(on date: CalendarDate) -> Int {
    guard let expiry else { return ExitState.mostDays }
    return max(0, Int(expiry.daysSinceEpoch) - Int(date.daysSinceEpoch))
  }
}
