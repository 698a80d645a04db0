// Whether an account can carry what an order would make of its book.

package import Market

/// Why an order is not carried.
package enum MarginRefusal: Sendable, Equatable {
  /// Cash after it, and what the book would need then.
  case short(cash: Int64, MarginRequirement)
  case unknown(MarginError)

  package var words: String {
    switch self {
    case .short(let cash, let needed):
      "it would leave \(MicroDollars.decimal(cash)) dollars of cash, and the book would need "
        + "\(MicroDollars.decimal(needed.gross)); trade less, or cover it" + (needed.notice.map { " (\($0))" } ?? "")
    case .unknown(let error): "\(error)"
    }
  }
}

extension Book {
  /// What so many packages of an order would take from the cash at the far touch of the quotes, with fees, in micro-dollars; nil where a leg has no quote to be
  /// filled on.
  @_specialize(where View == LaneView)
  package func estimate<View: MarketView>(
    of order: Order, packages: Int, terms: (Int32) -> ExecutionTerms, view: View, minute: Int,
    fees: FeeRates,
    halfSpreadMillionths: Int = ExecutionSettings.millionths
  ) -> Int64? {
    var paid: Int64 = 0
    var commission: Int64 = 0
    for index in order.legs.indices {
      let leg = order.legs[index]
      guard let quote = view.quote(of: leg.contract, minute: minute), quote.fills(at: minute) else { return nil }
      let contract = terms(leg.contract)
      let quantity = Int(leg.ratio) * packages
      let price = quote.farTouch(side: leg.side, halfSpreadMillionths: halfSpreadMillionths)
      let amount = Money.amount(price: price, multiplier: Int(contract.multiplier), quantity: quantity)
      let costs = fees.fees(class: contract.feeClass, price: price, quantity: quantity, proceeds: max(0, -amount))
      commission += costs[.commission]
      paid += amount + costs.total
    }
    return paid + max(0, fees.optionOrderMinimum - commission)
  }

  /// Why cash with all premiums in it does not cover the requirement behind so many packages of an order; nil where it does, and where the account is no
  /// shorter of margin behind it than before: what reduces is always carried.
  ///
  /// `paid`: see `estimate`. Fails closed where the requirement cannot be told.
  @_specialize(where View == LaneView)
  package func marginRefusal<View: MarketView>(
    of order: Order, packages: Int, in table: ContractTable, cash: Int64, paid: Int64, view: View,
    minute: Int, rules: MarginRules
  ) -> MarginRefusal? {
    let after = cash - paid
    func ask(_ contract: Int32) -> Int? {
      view.quote(of: contract, minute: minute).flatMap { $0.fills(at: minute) ? $0.ask : nil }
    }
    func price(_ contract: Int32) -> Int? { view.underlyingPrice(of: contract, minute: minute) }
    do throws(MarginError) {
      let needed = try margin(
        in: table, rules: rules, adding: MarginAddition(legs: order.legs, quantity: packages), ask: ask,
        underlyingPrice: price)
      guard after < needed.gross else { return nil }
      let before = try margin(in: table, rules: rules, ask: ask, underlyingPrice: price).gross
      return needed.gross - after > before - cash ? .short(cash: after, needed) : nil
    } catch {
      return .unknown(error)
    }
  }
}
