// When a short American option is used before its end: the evening before a dividend, or when the interest on its strike is worth more.

private import Glibc
private import Market
package import Pricing

/// What decides whether the holders of American options of an underlying use them tonight.
package struct EarlyExercise: Sendable, Hashable {
  /// Continuously compounded, a decimal a year: what the strike would earn.
  package var rateAnnual: Double
  /// What a share pays to those that hold it tonight, in micro-dollars; 0 where it pays nothing.
  package var dividend: Int64

  package init(rateAnnual: Double = 0, dividend: Int64 = 0) {
    self.rateAnnual = rateAnnual
    self.dividend = dividend
  }

  /// What a strike earns in calendar days, in micro-dollars: K (1 - e^(-r days / 365)); 0 where the rate is not positive.
  ///
  /// strike: ten-thousandths of a dollar.
  package func interest(strike: Int, days: Int) -> Int64 {
    let dollars = Double(strike) / Double(TickRule.perDollar)
    return MicroDollars.rounded(dollars * max(0, -expm1(-rateAnnual * Double(max(0, days)) / 365)))
  }

  /// Whether the holder of an option in the money gains by using it tonight.
  ///
  /// A call is used for a dividend that is greater than what is given up, the put of the same strike and the interest on it. A put is used where the
  /// interest is greater than what is given up, the call of the same strike and the dividend. Everything a unit, in micro-dollars.
  /// `other`: the middle of the same strike's other side; nil where nobody quotes it, and `timeValue`, the option's own middle above its
  /// intrinsic value, is what is given up. Source: Hull, "Options, Futures and Other Derivatives", put-call parity with dividends.
  package func isUsed(_ side: OptionSide, interest: Int64, other: Int64?, timeValue: Int64) -> Bool {
    switch side {
    case .call: dividend > 0 && dividend > (other.map { $0 + interest } ?? timeValue)
    case .put: interest > 0 && interest > (other.map { $0 + dividend } ?? timeValue)
    }
  }
}

extension Book {
  /// Assigns the short American options that their holders use on the evening of a session, behind its settlements. European ones never, and nothing that
  /// does not know its close.
  ///
  /// `holders`: of an underlying, what is paid tonight; nil where it has neither dividend nor interest. The other parameters as of `settle`; in
  /// cash the position is paid its intrinsic value at the close.
  package func assignEarly(
    _ view: some MarketView, prices: some SettlementPrices, holders: (String) -> EarlyExercise?, exercise: ExerciseMode,
    exerciseFee: Int64 = 0, shares: (String) -> Int32?, in table: ContractTable, to ledger: Ledger,
    record: (SettledPosition) -> Void = { _ in }
  ) throws(SettlementProblem) {
    for slot in usedSlots where positions[slot].quantity < 0 {
      let contract = table[positions[slot].contract]
      guard let side = contract.side, let option = contract.option, contract.style == .american,
        let expiry = contract.expiry, expiry > view.date, let holder = holders(contract.underlying),
        let price = prices.price(of: contract.underlying, at: .close)
      else { continue }
      let intrinsic = contract.settlementValue(underlying: price.price)
      guard intrinsic > 0 else { continue }
      let minute = view.minuteCount - 1
      let twin = OptionContract(
        root: option.root, expiry: option.expiry, right: side == .call ? .put : .call,
        strikeThousandths: Int(option.strikeThousandths))
      // Of an adjusted contract the listed twin is another one.
      let listed = TradedContract(twin).flatMap { $0.strike == contract.strike ? table.number(of: $0) : nil }
      let quote = listed.flatMap { view.quote(of: $0, minute: minute) }
      let interest = holder.interest(
        strike: contract.strike, days: Int(expiry.daysSinceEpoch - view.date.daysSinceEpoch))
      let own = Int64(positions[slot].bid + positions[slot].ask) * (Money.microDollarsPerTick / 2)
      let isUsed = holder.isUsed(
        side, interest: interest, other: quote.flatMap { $0.isTwoSided ? $0.midMicroDollars : nil },
        timeValue: own - Int64(intrinsic) * Money.microDollarsPerTick)
      guard isUsed else { continue }
      var share: Int32?
      if exercise == .physical, !contract.isCashSettled {
        guard let number = shares(contract.underlying), table.contains(number) else {
          throw .noShare(underlying: contract.underlying)
        }
        share = number
      }
      record(end(slot, contract, at: price, value: intrinsic, share: share, fee: exerciseFee, ledger))
    }
    trimGroups()
  }

  /// Pays a dividend to the shares that were held over the evening; those that are owed pay it. Returns what cash received, in micro-dollars.
  @discardableResult
  package func payDividend(_ dividend: Int64, on share: Int32, to ledger: Ledger) -> Int64 {
    let paid = dividend * Int64(quantity(of: share))
    ledger.cash.pointee += paid
    ledger.sums.pointee.dividends += paid
    return paid
  }
}
