// What was executed of an order, with its costs itemised against the middle of the quote.

/// One leg of an executed order.
///
/// The price and the costs that lie in it agree exactly: amount = quantity x multiplier x middle + costs.inPrice, so that cash pays
/// quantity x multiplier x middle and all costs.
package struct LegFill: Sendable, Hashable {
  package var contract: Int32
  /// Units of the underlying, of the contract as it was filled.
  package var multiplier: Int32
  /// Signed: bought is positive.
  package var quantity: Int
  /// What was paid or received a unit, in ten-thousandths of a dollar: never worse than a limit.
  package var price: Int
  /// The quote that it was filled on.
  package var bid: Int
  package var ask: Int
  package var costs: Costs

  /// `costs` must hold the price's distance from the middle; see `agrees`.
  @inlinable
  package init(
    contract: Int32, multiplier: Int32, quantity: Int, price: Int, bid: Int, ask: Int, costs: Costs
  ) {
    self.contract = contract
    self.multiplier = multiplier
    self.quantity = quantity
    self.price = price
    self.bid = bid
    self.ask = ask
    self.costs = costs
  }

  @inlinable
  package var midMicroDollars: Int64 { Int64(bid + ask) * (Money.microDollarsPerTick / 2) }

  /// What is paid for it at its price, without what is paid beside it, in micro-dollars; negative where money comes in.
  @inlinable
  package var amount: Int64 { Money.amount(price: price, multiplier: Int(multiplier), quantity: quantity) }

  /// The same at the middle of the quote.
  @inlinable
  package var middleAmount: Int64 {
    Money.amount(microDollars: midMicroDollars, multiplier: Int(multiplier), quantity: quantity)
  }

  /// What it was better than the far touch by, in micro-dollars: profit that rests on being filled inside the quote. Negative beyond the touch.
  @inlinable
  package var insideTouch: Int64 {
    let touch = quantity > 0 ? ask : bid
    return Money.amount(price: touch - price, multiplier: Int(multiplier), quantity: quantity)
  }

  /// Whether its costs explain its price to the micro-dollar.
  @inlinable
  package var agrees: Bool { amount == middleAmount + costs.inPrice }
}

/// One executed order, or the part of it that was.
package struct OrderFill: Sendable, Hashable {
  package var order: Int64
  package var minute: Int
  /// Packages.
  package var quantity: Int
  package var effect: Order.Effect
  /// As `Order.closes`.
  package var closes: Int64
  /// In the order of the order's legs, all in its ratio.
  package var legs: UpToFour<LegFill>
  /// Whether it was filled at no cost, which no market does: whatever rests on it is marked.
  package var isIdeal: Bool
  /// Whether a leg had neither a size nor a volume to go by, so that the cap of a usual minute decided how much of it was filled: reports count such minutes.
  package var isWithoutVolume = false

  @inlinable
  package init(
    order: Int64, minute: Int, quantity: Int, effect: Order.Effect, closes: Int64 = 0, legs: UpToFour<LegFill>,
    isIdeal: Bool = false
  ) {
    self.order = order
    self.minute = minute
    self.quantity = quantity
    self.effect = effect
    self.closes = closes
    self.legs = legs
    self.isIdeal = isIdeal
  }

  /// What is paid for all legs at their prices, in micro-dollars; negative where money comes in.
  @inlinable
  package var amount: Int64 {
    var amount: Int64 = 0
    for index in legs.indices { amount += legs[index].amount }
    return amount
  }

  @inlinable
  package var costs: Costs {
    var costs = Costs()
    for index in legs.indices { costs += legs[index].costs }
    return costs
  }
}
