// What a split or a special payment makes of a position.

package import Market

/// What a share did between two sessions that its options are adjusted for. Ordinary dividends adjust nothing.
package struct ContractAdjustment: Sendable, Hashable {
  /// Shares that one became, as a fraction: 2 for 1, 3 for 2, 1 for 10.
  package let numerator: Int
  package let denominator: Int
  /// What was paid a share beside an ordinary dividend, in ten-thousandths of a dollar, before the split.
  package let payment: Int

  /// nil where it is none that a share can have.
  package init?(split numerator: Int = 1, for denominator: Int = 1, payment: Int = 0) {
    let most = Int(CorporateAction.largestSplit)
    guard (1...most).contains(numerator), (1...most).contains(denominator), (0...Order.mostPrice).contains(payment)
    else { return nil }
    self.numerator = numerator
    self.denominator = denominator
    self.payment = payment
  }

  /// What an option has become and how many there are of it for each one; nil where no whole contract can say it.
  ///
  /// A split into whole shares multiplies the contracts and divides the strike, any other one changes the units of each; strikes are rounded to the
  /// cent, as the clearing house rounds them. A payment lowers the strike. Source: The Options Clearing Corporation, By-Laws,
  /// Article VI, section 11A, and its "Interpretation and Policy".
  package func contract(from contract: TradedContract) -> (contract: TradedContract, count: Int)? {
    guard let option = contract.option, contract.strike > payment else { return nil }
    let cent = TickRule.perDollar / 100
    let whole = (contract.strike - payment) * denominator
    let strike = (2 * whole + numerator * cent) / (2 * numerator * cent) * cent
    let isWhole = numerator % denominator == 0
    let units = contract.multiplier * numerator
    guard strike > 0, isWhole || units % denominator == 0 else { return nil }
    let count = isWhole ? numerator / denominator : 1
    let multiplier = isWhole ? contract.multiplier : units / denominator
    let thousandths = strike / (TickRule.perDollar / 1000)
    guard (1...99_999_999).contains(thousandths) else { return nil }
    let listed = OptionContract(
      root: option.root, expiry: option.expiry, right: option.right, strikeThousandths: thousandths)
    let adjusted =
      option.isStandard && payment == 0 && isWhole && multiplier == ContractTerms.of(root: option.root).multiplier
      ? TradedContract(listed)
      : TradedContract(adjusting: listed, of: contract.underlying, strike: strike, multiplier: multiplier)
    return adjusted.map { ($0, count) }
  }
}

/// What an adjustment did to one position.
package struct AdjustedPosition: Sendable, Hashable {
  package enum Outcome: Sendable, Hashable {
    /// It is another contract now, or another number of shares.
    case became(contract: Int32, quantity: Int)
    /// It was given back at its last mark, and why.
    case closed(reason: String)
  }

  package var contract: Int32
  package var quantity: Int
  package var outcome: Outcome
  /// What cash received, in micro-dollars: the payment on shares, and what was given back.
  package var cash: Int64
}

extension Book {
  /// Adjusts every position of an underlying before a session opens: contract, count, strike and multiplier, with the last mark, so that its value goes on
  /// without a jump. What no whole contract or share can say is given back at its last mark, of shares less the payment, with a reason. Shares receive the
  /// payment as a dividend.
  ///
  /// `listed`: the contracts that were listed before, beside those that are held. The table learns what they have become, so that nobody trades them under their
  /// old names that day.
  package func adjust(
    for adjustment: ContractAdjustment, of underlying: String, on date: CalendarDate, listed: Set<Int32> = [],
    in table: inout ContractTable, to ledger: Ledger, record: (AdjustedPosition) -> Void = { _ in }
  ) {
    var before = listed.sorted().filter { table[$0].underlying == underlying && table[$0].isOption }
    for slot in usedSlots where !positions[slot].isFree {
      let number = positions[slot].contract
      if table[number].underlying == underlying, table[number].isOption, !before.contains(number) {
        before.append(number)
      }
    }
    var became: [Int32: Int32] = [:]
    for number in before {
      if let (adjusted, _) = adjustment.contract(from: table[number]), adjusted != table[number] {
        became[number] = table.add(adjusted)
      }
    }
    for (number, successor) in became { table.replace(number, by: successor, on: date) }
    for successor in became.values { table.list(successor) }
    for slot in usedSlots where !positions[slot].isFree {
      let before = positions[slot]
      let contract = table[before.contract]
      guard contract.underlying == underlying else { continue }
      var cash: Int64 = 0
      if !contract.isOption {
        cash = payDividend(Int64(adjustment.payment) * Money.microDollarsPerTick, on: before.contract, to: ledger)
      }
      let whole = adjusted(before, contract, adjustment, table)
      let after = whole ?? (contract.isOption ? before : before.without(payment: adjustment.payment))
      ledger.sums.pointee += ValueStep(
        priceProfit: after.middle - before.middle,
        markChange: (after.liquidation - after.middle) - (before.liquidation - before.middle))
      put(whole ?? .free, at: slot)
      var outcome = AdjustedPosition.Outcome.became(contract: after.contract, quantity: Int(after.quantity))
      if whole == nil {
        ledger.cash.pointee += after.liquidation
        cash += after.liquidation
        outcome = .closed(
          reason: "\(adjustment.numerator) for \(adjustment.denominator) leaves no whole contract or share of it")
      }
      record(
        AdjustedPosition(
          contract: before.contract, quantity: Int(before.quantity), outcome: outcome, cash: cash))
    }
    adjustGroups(adjustment, of: underlying, became, table)
    trimGroups()
  }

  /// nil where nothing whole comes of it.
  private func adjusted(
    _ before: Position, _ contract: TradedContract, _ adjustment: ContractAdjustment, _ table: ContractTable
  ) -> Position? {
    var after = before
    let (numerator, denominator) = (adjustment.numerator, adjustment.denominator)
    // What a share paid is not in its price any more; the strike of an option has gone down with it.
    let paid = contract.isOption ? 0 : adjustment.payment
    if contract.isOption {
      guard let (adjusted, count) = adjustment.contract(from: contract), let number = table.number(of: adjusted)
      else { return nil }
      guard abs(Int(before.quantity)) * count * adjusted.multiplier <= Order.mostUnits else { return nil }
      after.contract = number
      after.multiplier = Int32(adjusted.multiplier)
      after.quantity = before.quantity * Int32(count)
    } else {
      let shares = Int(before.quantity) * numerator
      guard shares % denominator == 0, abs(shares / denominator) <= Order.mostUnits else { return nil }
      after.quantity = Int32(shares / denominator)
    }
    // Prices that no order may have say nothing: whole amounts of them might leave 64 bits.
    let most = Order.mostPrice / denominator
    guard max(before.bid, before.ask, before.lastBid, before.lastAsk, before.lastModel) <= most else { return nil }
    func scaled(_ price: Int) -> Int { (2 * max(0, price - paid) * denominator + numerator) / (2 * numerator) }
    (after.bid, after.ask) = (scaled(before.bid), scaled(before.ask))
    (after.lastBid, after.lastAsk) = (scaled(before.lastBid), scaled(before.lastAsk))
    // 0 would say that there was no model: one that called it worthless stays, and goes on moving the mark.
    after.lastModel = before.lastModel > 0 ? max(scaled(before.lastModel), 1) : 0
    after.isQuoted = false
    return after
  }

  /// Packages keep their number: a leg has more of what its contract has become.
  private func adjustGroups(
    _ adjustment: ContractAdjustment, of underlying: String, _ became: [Int32: Int32], _ table: ContractTable
  ) {
    for place in usedGroups where groups[place].order != 0 {
      for index in groups[place].legs.indices {
        let leg = groups[place].legs[index]
        guard table[leg.contract].underlying == underlying else { continue }
        if let successor = became[leg.contract] {
          let count = adjustment.contract(from: table[leg.contract])?.count ?? 1
          mutableGroups[place].legs[index] = OrderLeg(
            contract: successor, ratio: Int32(clamping: Int(leg.ratio) * count))
        } else if !table[leg.contract].isOption {
          let shares = Int(leg.ratio) * adjustment.numerator
          if shares % adjustment.denominator == 0 {
            mutableGroups[place].legs[index].ratio = Int32(clamping: shares / adjustment.denominator)
          }
        }
      }
    }
  }
}

extension Position {
  /// Shares that have been paid something: what was paid is not in their price any more.
  fileprivate func without(payment: Int) -> Position {
    var after = self
    (after.bid, after.ask) = (max(0, bid - payment), max(0, ask - payment))
    return after
  }
}
