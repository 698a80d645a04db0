// How contracts end: paid in cash, exercised and assigned, or worthless. No position stays open behind its expiry.

package import Market
private import Pricing

/// What became of one position.
package struct SettledPosition: Sendable, Hashable {
  package enum Outcome: String, Sendable {
    case worthless = "expired worthless"
    case paid = "paid in cash"
    case exercised
    case assigned
  }

  package var contract: Int32
  /// What was held, signed.
  package var quantity: Int
  package var price: SettlementPrice
  package var outcome: Outcome
  /// What cash received for the option or the shares, in micro-dollars; negative where it paid.
  package var cash: Int64
  /// Shares that came (or went), signed, and their number in the table; nil where none did.
  package var shares: Int
  package var share: Int32?
  /// What the option gained over what was paid for it, in micro-dollars: the premium of a worthless short.
  package var realised: Int64
  /// What was asked for the exercise or the assignment, in micro-dollars.
  package var fee: Int64
  package var step: ValueStep
}

extension TradedContract {
  /// From this on an option is exercised without being asked: a cent, in ten-thousandths of a dollar.
  package static let automaticExercise = TickRule.perDollar / 100

  /// What a unit is worth at its settlement: nothing where it is less than a cent in the money.
  package func settlementValue(underlying price: Int) -> Int {
    let value = intrinsic(underlying: price)
    return value >= TradedContract.automaticExercise ? value : 0
  }
}

extension Book {
  /// Whether a contract ends at the opening or the close of a session, or should have ended before.
  package static func ends(
    _ contract: TradedContract, on date: CalendarDate, at settlement: ContractTerms.Settlement
  ) -> Bool {
    guard let session = contract.settlementSession else { return false }
    return session < date || (session == date && contract.settlement == settlement)
  }

  /// Settles every position that ends at the opening or the close of a session, all of them or none.
  ///
  /// Options are marked at their value, paid or exercised, and their slots are free: whatever the cash, none stays. Shares come and go at the strike, and
  /// are marked at the settlement price. `shares`: the number of an underlying's share, which physical exercise needs. `exerciseFee`: micro-dollars a contract that
  /// is exercised or assigned. `record` is given each position.
  package func settle(
    on date: CalendarDate, at settlement: ContractTerms.Settlement, prices: some SettlementPrices,
    exercise: ExerciseMode, exerciseFee: Int64 = 0, shares: (String) -> Int32?, in table: ContractTable,
    to ledger: Ledger, record: (SettledPosition) -> Void = { _ in }
  ) throws(SettlementProblem) {
    if let problem = settlementProblem(
      on: date, at: settlement, prices: prices, exercise: exercise, shares: shares, in: table)
    {
      throw problem
    }
    for slot in usedSlots where !positions[slot].isFree {
      let contract = table[positions[slot].contract]
      guard Book.ends(contract, on: date, at: settlement),
        let price = prices.price(of: contract.underlying, at: settlement)
      else { continue }
      let delivers = exercise == .physical && !contract.isCashSettled
      record(
        end(
          slot, contract, at: price, value: contract.settlementValue(underlying: price.price),
          share: delivers ? shares(contract.underlying) : nil, fee: exerciseFee, ledger))
    }
    trimGroups()
  }

  /// The first reason not to settle; nothing is changed.
  private func settlementProblem(
    on date: CalendarDate, at settlement: ContractTerms.Settlement, prices: some SettlementPrices,
    exercise: ExerciseMode, shares: (String) -> Int32?, in table: ContractTable
  ) -> SettlementProblem? {
    for slot in usedSlots where !positions[slot].isFree {
      let contract = table[positions[slot].contract]
      guard Book.ends(contract, on: date, at: settlement) else { continue }
      guard prices.price(of: contract.underlying, at: settlement) != nil else {
        return .noPrice(
          underlying: contract.underlying,
          contracts: symbols(of: contract.underlying, on: date, at: settlement, in: table), on: date, at: settlement)
      }
      guard exercise == .physical, !contract.isCashSettled else { continue }
      // The slot of the option is free for its shares.
      guard let share = shares(contract.underlying), table.contains(share) else {
        return .noShare(underlying: contract.underlying)
      }
    }
    return nil
  }

  private func symbols(
    of underlying: String, on date: CalendarDate, at settlement: ContractTerms.Settlement, in table: ContractTable
  ) -> [String] {
    var symbols: [String] = []
    for slot in usedSlots where !positions[slot].isFree {
      let contract = table[positions[slot].contract]
      if contract.underlying == underlying, Book.ends(contract, on: date, at: settlement) {
        symbols.append(contract.symbol)
      }
    }
    return symbols
  }

  /// Ends the position of a slot at a value a unit: its premium is booked, and where a share is given, shares change hands at the strike.
  func end(
    _ slot: Int, _ contract: TradedContract, at price: SettlementPrice, value: Int, share: Int32?, fee: Int64,
    _ ledger: Ledger
  ) -> SettledPosition {
    let before = positions[slot]
    let quantity = Int(before.quantity)
    let worth = Money.amount(price: value, multiplier: Int(before.multiplier), quantity: quantity)
    var step = ValueStep()
    step.settlementProfit = worth - before.middle
    step.markChange = before.middle - before.liquidation
    let asked = value == 0 ? 0 : fee * Int64(abs(quantity))
    step.costs[.commission] = asked
    put(.free, at: slot)
    var settled = SettledPosition(
      contract: before.contract, quantity: quantity, price: price, outcome: value == 0 ? .worthless : .paid,
      cash: worth, shares: 0, realised: worth - before.basis, fee: asked, step: step)
    if value > 0, let share, let side = contract.side {
      // The option's value becomes the distance between the strike that is paid and the price that the shares are marked at.
      settled.outcome = quantity > 0 ? .exercised : .assigned
      settled.shares = quantity * Int(before.multiplier) * Int(side.rawValue)
      settled.share = share
      // The shares cost the strike, so that the option itself ends at nothing: its premium is what it gained or lost.
      settled.realised = -before.basis
      settled.cash = -Money.amount(price: contract.strike, multiplier: 1, quantity: settled.shares)
      let marked = receive(settled.shares, of: share, for: -settled.cash, markedAt: price.price)
      settled.step.priceProfit += marked.priceProfit
      settled.step.markChange += marked.markChange
    }
    ledger.cash.pointee += settled.cash - asked
    ledger.sums.pointee += settled.step
    return settled
  }

  /// Adds shares for an amount, and marks all of them at the settlement price. What was held of them gains from its mark to that price.
  private func receive(_ shares: Int, of share: Int32, for amount: Int64, markedAt price: Int) -> ValueStep {
    guard let slot = slot(of: share) ?? freeSlot else {
      preconditionFailure("no slot is free for shares: \(capacity) are held")
    }
    let before =
      positions[slot].isFree
      ? Position(contract: share, multiplier: 1, quantity: 0, bid: price, ask: price)
      : positions[slot]
    var after = before
    _ = after.add(shares, for: amount)
    after.quote(bid: price, ask: price, model: 0)
    put(after.isFree ? .free : after, at: slot)
    let came = Money.amount(price: price, multiplier: 1, quantity: shares)
    return ValueStep(
      priceProfit: after.middle - before.middle - came,
      markChange: (after.liquidation - after.middle) - (before.liquidation - before.middle))
  }
}
