// The prices of a fill, leg by leg, and its costs against the middle of the quote.

package import Market

/// What each leg of a fill is paid at, and on which quote.
struct LegPrices {
  /// Ten-thousandths of a dollar a unit.
  var prices: SIMD4<Int>
  /// Beyond the touch, of `prices`; positive is worse for the order.
  var impacts = SIMD4<Int>(repeating: 0)
  /// By how much the quote is moved to where the limit was met.
  var shifts = SIMD4<Int>(repeating: 0)
}

extension Execution {
  /// Fills an order at once, at the far touch of every leg and what its size costs beyond; nil where nothing of it can be had.
  ///
  /// quantity: packages that are wanted, positive. limit: the value of a package that must not be passed. stop: the value that it must not be better than.
  /// The ledger loses what is filled, and `commission` takes what is charged.
  package func cross(
    _ order: Order, in package: PackageQuotes, quantity wanted: Int, minute: Int, weight: Double, limit: Int? = nil,
    stop: Int? = nil, ledger: LiquidityLedger, commission: inout OrderCommission
  ) -> OrderFill? {
    if settings.mode == .ideal {
      return ideal(order, in: package, quantity: wanted, minute: minute, limit: limit, commission: &commission)
    }
    func left(isPassive: Bool) -> Int {
      min(
        wanted,
        available(order, in: package, minute: minute, weight: weight, isPassive: isPassive, ledger: ledger))
    }
    var quantity = left(isPassive: false)
    guard quantity > 0 else { return nil }
    var legs = touch(order, package, quantity: quantity, ledger: ledger)
    if let limit, value(of: legs, package) > limit {
      // Beyond the touch it is too dear: what stands at the touch is left.
      quantity = left(isPassive: true)
      legs = farTouch(package)
      guard quantity > 0, value(of: legs, package) <= limit else { return nil }
    }
    if let stop { worsen(&legs, package, to: stop, asImpact: true) }
    take(order, package, quantity: quantity, minute: minute, ledger: ledger)
    return made(
      order, package, legs, quantity: quantity, minute: minute, adverse: 0, isCrossing: true, commission: &commission)
  }

  /// Fills a resting limit order at its net price, or a hair better where the ratios do not divide it.
  ///
  /// Where the market went through the limit, every quote is that of the moment in which its far touch was there. Inside the quote, under rule B, adverse
  /// selection is charged beside the price.
  package func rest(
    _ order: Order, in package: PackageQuotes, quantity: Int, minute: Int, net: Int, ledger: LiquidityLedger,
    commission: inout OrderCommission
  ) -> OrderFill {
    var legs = farTouch(package)
    let value = net * package.unit
    var adverse: Int64 = 0
    if value >= package.ask {
      worsen(&legs, package, to: value, asImpact: false)
    } else {
      improve(&legs, package, to: value)
      follow(&legs, package, to: value)
      if case .hazard(let rule) = settings.fillRule {
        let shift = part(package.spread, rule.adverseMillionths, roundedUp: true)
        let gain = package.twiceMiddle - 2 * self.value(of: legs, package)
        adverse = Int64(max(shift, gain)) * (Money.microDollarsPerTick / 2) * Int64(quantity)
      }
    }
    take(order, package, quantity: quantity, minute: minute, ledger: ledger)
    return made(
      order, package, legs, quantity: quantity, minute: minute, adverse: adverse, isCrossing: false,
      commission: &commission)
  }

  /// At the middle, to the ten-thousandth against the order.
  private func ideal(
    _ order: Order, in package: PackageQuotes, quantity: Int, minute: Int, limit: Int?,
    commission: inout OrderCommission
  ) -> OrderFill? {
    var legs = LegPrices(prices: SIMD4(repeating: 0))
    for index in package.indices {
      let twice = package.quotes[index].bid + package.quotes[index].ask
      legs.prices[index] = package.side(index) > 0 ? (twice + 1) / 2 : twice / 2
    }
    if let limit, value(of: legs, package) > limit { return nil }
    return made(
      order, package, legs, quantity: quantity, minute: minute, adverse: 0, isCrossing: true, commission: &commission)
  }

  private func farTouch(_ package: PackageQuotes) -> LegPrices {
    var legs = LegPrices(prices: SIMD4(repeating: 0))
    for index in package.indices {
      legs.prices[index] = package.quotes[index].farTouch(
        side: package.side(index), halfSpreadMillionths: settings.halfSpreadMillionths)
    }
    return legs
  }

  /// The far touch, and the impact of the size.
  private func touch(_ order: Order, _ package: PackageQuotes, quantity: Int, ledger: LiquidityLedger) -> LegPrices {
    var legs = farTouch(package)
    for index in package.indices {
      let side = package.side(index)
      let quote = package.quotes[index]
      let touch = legs.prices[index]
      legs.prices[index] = beyondTouch(
        quote, package.terms[index], side: side, count: quantity * abs(package.ratios[index]),
        taken: ledger.taken(contract: order.legs[index].contract, minute: quote.minute))
      legs.impacts[index] = abs(legs.prices[index] - touch)
    }
    return legs
  }

  /// The price of one leg at the far touch, with the impact of its size where the quote has one. count: contracts or shares.
  @inline(__always)
  func beyondTouch(
    _ quote: MinuteQuote, _ terms: ExecutionTerms, side: Int, count: Int, taken: TakenLiquidity
  ) -> Int {
    let touch = quote.farTouch(side: side, halfSpreadMillionths: settings.halfSpreadMillionths)
    guard let size = quote.farSize(side: side) else { return touch }
    let impact = settings.impact.perUnit(
      quantity: count, taken: taken.taken(side: side), size: size, tick: terms.ticks.tick(atTenThousandths: touch))
    // Nobody pays to sell, and no contract costs more than prices go.
    return side > 0 ? min(touch + impact, Order.mostPrice) : max(touch - impact, 0)
  }

  private func value(of legs: LegPrices, _ package: PackageQuotes) -> Int {
    var value = 0
    for index in package.indices { value += package.weight(index) * legs.prices[index] }
    return value
  }

  /// Makes the package as dear as a value, on as few legs as can be: on the purchase of least weight, or on sales so far as their prices reach.
  ///
  /// asImpact: what is paid beyond the touch, rounded up; otherwise the quote moved there, and it is rounded down, since a limit holds.
  private func worsen(_ legs: inout LegPrices, _ package: PackageQuotes, to target: Int, asImpact: Bool) {
    var missing = target - value(of: legs, package)
    guard missing > 0 else { return }
    func add(_ units: Int, to leg: Int) {
      let signed = package.side(leg) * units
      legs.prices[leg] += signed
      if asImpact { legs.impacts[leg] += units } else { legs.shifts[leg] += signed }
      missing -= units * abs(package.weight(leg))
    }
    func units(_ leg: Int) -> Int {
      let weight = abs(package.weight(leg))
      return asImpact ? (missing + weight - 1) / weight : missing / weight
    }
    var purchase: Int?
    for index in package.indices where package.side(index) > 0 {
      if purchase.map({ package.weight(index) < package.weight($0) }) ?? true { purchase = index }
    }
    if let purchase {
      add(units(purchase), to: purchase)
      return
    }
    for index in package.indices where missing > 0 { add(min(units(index), legs.prices[index]), to: index) }
  }

  /// Makes the package as cheap as a value inside its quote: each leg gives of its spread in proportion, and none leaves its own quote.
  private func improve(_ legs: inout LegPrices, _ package: PackageQuotes, to target: Int) {
    let wanted = value(of: legs, package) - target
    guard wanted > 0, package.spread > 0 else { return }
    for index in package.indices {
      let quote = package.quotes[index]
      let spread = quote.ask - quote.bid
      // Rounded up, so that the package is no dearer than its limit.
      let product = wanted.multipliedFullWidth(by: spread)
      let (whole, rest) = package.spread.dividingFullWidth(product)
      legs.prices[index] -= package.side(index) * min(whole + (rest > 0 ? 1 : 0), spread)
    }
  }

  /// Makes the package as cheap as a value beyond its near touch: the minute went through the limit and came back above it. The quote is that of the moment in
  /// which its far touch was there.
  private func follow(_ legs: inout LegPrices, _ package: PackageQuotes, to target: Int) {
    for index in package.indices {
      let missing = value(of: legs, package) - target
      guard missing > 0 else { return }
      let (side, weight) = (package.side(index), abs(package.weight(index)))
      // Rounded up, so that the package is no dearer than its limit.
      let units = (missing + weight - 1) / weight
      legs.prices[index] -= side > 0 ? min(units, legs.prices[index]) : -units
      legs.shifts[index] = legs.prices[index] - (side > 0 ? package.quotes[index].ask : package.quotes[index].bid)
    }
  }

  /// amount x millionths / 1,000,000, exactly and without leaving 64 bits. amount: not negative.
  private func part(_ amount: Int, _ millionths: Int, roundedUp: Bool = false) -> Int {
    let (whole, rest) = amount.quotientAndRemainder(dividingBy: ExecutionSettings.millionths)
    let product = rest * millionths
    let extra = roundedUp ? ExecutionSettings.millionths - 1 : 0
    return whole * millionths + (product + extra) / ExecutionSettings.millionths
  }

  /// The fill with its costs itemised. adverse: of the whole fill, in micro-dollars.
  private func made(
    _ order: Order, _ package: PackageQuotes, _ legs: LegPrices, quantity: Int, minute: Int, adverse: Int64,
    isCrossing: Bool, commission: inout OrderCommission
  ) -> OrderFill {
    var fills: UpToFour<LegFill>?
    var options: Int64 = 0
    var shares: Int64 = 0
    var hasShares = false
    var hasOptions = false
    for index in package.indices {
      let terms = package.terms[index]
      let quote = package.quotes[index]
      // Nobody bids less than nothing, however far the quote is moved.
      var fill = leg(
        order.legs[index].contract, terms, bid: max(quote.bid + legs.shifts[index], 0),
        ask: quote.ask + legs.shifts[index],
        quantity: package.ratios[index] * quantity, price: legs.prices[index], impact: legs.impacts[index])
      if terms.feeClass == .share {
        hasShares = true
        shares += fill.costs.commission
      } else {
        hasOptions = true
        options += fill.costs.commission
      }
      if isCrossing, package.indices.count > 1, settings.legDiscountMillionths > 0 {
        let paid = Int(max(fill.costs.halfSpread, 0))
        fill.costs.legDiscount = -Int64(part(paid, settings.legDiscountMillionths))
      }
      if index == 0 {
        fill.costs.adverseSelection = adverse
        fills = UpToFour(fill)
      } else {
        fills?.append(fill)
      }
    }
    guard var fills else { preconditionFailure("an order without legs") }
    fills[0].costs.commission += fees.raise(
      &commission, options: options, shares: shares, hasOptions: hasOptions, hasShares: hasShares)
    var fill = OrderFill(
      order: order.id, minute: minute, quantity: quantity, effect: order.effect, closes: order.closes, legs: fills,
      isIdeal: settings.mode == .ideal)
    fill.isWithoutVolume =
      settings.mode == .realistic && package.indices.contains { !package.saysHowMuch(leg: $0) }
    return fill
  }

  /// One leg of a fill with its costs, but for what hangs on the order as a whole: the minimum of its commission, adverse selection, and the leg discount.
  ///
  /// impact: of the price, beyond the touch, in ten-thousandths of a dollar; positive.
  @inline(__always)
  func leg(
    _ contract: Int32, _ terms: ExecutionTerms, bid: Int, ask: Int, quantity: Int, price: Int, impact: Int
  ) -> LegFill {
    var fill = LegFill(
      contract: contract, multiplier: terms.multiplier, quantity: quantity, price: price, bid: bid, ask: ask,
      costs: Costs())
    let amount = fill.amount
    if settings.mode == .realistic {
      fill.costs = fees.fees(class: terms.feeClass, price: price, quantity: quantity, proceeds: max(-amount, 0))
    }
    let beyond = Money.amount(price: impact, multiplier: Int(terms.multiplier), quantity: abs(quantity))
    fill.costs.impact = beyond
    fill.costs.halfSpread = amount - fill.middleAmount - beyond
    return fill
  }
}
