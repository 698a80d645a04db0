// Market orders of many lanes, filled and booked in one pass, and all books marked in another: the rules of one account, lane after lane.

extension Execution {
  /// Fills an order of each lane on the quotes of its minute and books it.
  ///
  /// orders: (N) market orders that no `refusal` stands against; of quantity 0: none. filled: (N) packages that were filled, 0 where a quote fills nothing or
  /// nobody stands there. Lanes outside of `lanes` are not touched, so that threads may share the arrays. Orders of one leg take a short way, in which no fill
  /// is handed about; its arithmetic is that of `cross` and `Book.apply`, to the bit.
  package func fill(
    _ orders: UnsafePointer<Order>, lanes: Range<Int>, on quotes: LaneQuotes, accounts: LaneAccounts,
    liquidity: LiquidityMemory, filled: UnsafeMutablePointer<Int32>
  ) {
    terms.withUnsafeBufferPointer { terms in
      for lane in lanes {
        let order = orders + lane
        guard case .market = order.pointee.kind else {
          preconditionFailure("lane \(lane) has an order of another kind than market")
        }
        if order.pointee.quantity == 0 {
          filled[lane] = 0
        } else if isShort(order) {
          filled[lane] = fillOne(order, lane, terms, quotes, accounts, liquidity)
        } else {
          filled[lane] = fillPackage(order.pointee, lane, quotes, accounts, liquidity)
        }
      }
    }
  }

  /// Whether an order takes the short way.
  @inline(__always)
  private func isShort(_ order: UnsafePointer<Order>) -> Bool {
    order.pointee.legs.count == 1 && settings.mode == .realistic
  }

  /// The long way, which is that of a single account: apart, so that the loop of the short way is small.
  @inline(never)
  private func fillPackage(
    _ order: Order, _ lane: Int, _ quotes: LaneQuotes, _ accounts: LaneAccounts, _ liquidity: LiquidityMemory
  ) -> Int32 {
    let minute = quotes.minute(lane)
    guard case .quoted(let package) = self.quotes(of: order, minute: minute, in: quotes.view(lane)) else { return 0 }
    var commission = OrderCommission()
    let fill = cross(
      order, in: package, quantity: order.quantity, minute: minute, weight: quotes.weight(lane),
      ledger: liquidity.window(lane, owner: nil), commission: &commission)
    guard let fill else { return 0 }
    accounts.bookWindow(lane, owner: nil).apply(fill, to: accounts.ledgerWindow(lane, owner: nil))
    return Int32(fill.quantity)
  }

  @inline(__always)
  private func fillOne(
    _ order: UnsafePointer<Order>, _ lane: Int, _ terms: UnsafeBufferPointer<ExecutionTerms>, _ quotes: LaneQuotes,
    _ accounts: LaneAccounts, _ liquidity: LiquidityMemory
  ) -> Int32 {
    let leg = order.pointee.legs[0]
    let minute = quotes.minute(lane)
    guard leg.contract >= 0, Int(leg.contract) < terms.count, minute < quotes.minuteCount else { return 0 }
    let terms = terms[Int(leg.contract)]
    let quote = quotes.crossed(lane, leg.contract, side: leg.side)
    guard terms.lastSession >= day, quote.isSound(at: minute, mostAge: settings.mostQuoteAgeMinutes) else { return 0 }
    var commission = OrderCommission()
    let fill = crossOne(
      leg, terms, quote, wanted: order.pointee.quantity, minute: minute, weight: quotes.weight(lane),
      ledger: liquidity.window(lane, owner: nil), commission: &commission)
    guard let fill else { return 0 }
    let quantity = fill.quantity / Int(leg.ratio)
    accounts.bookWindow(lane, owner: nil).apply(
      fill, of: order.pointee.id, order.pointee.effect, closes: order.pointee.closes, quantity: quantity,
      minute: minute, to: accounts.ledgerWindow(lane, owner: nil))
    return Int32(quantity)
  }

  /// `cross` of an order of one leg on a quote that has no fault: what is filled of so many packages; nil where nothing of it can be had.
  ///
  /// The ledger loses what is filled, and `commission` takes what is charged.
  @inline(__always)
  func crossOne(
    _ leg: OrderLeg, _ terms: ExecutionTerms, _ quote: MinuteQuote, wanted: Int, minute: Int, weight: Double,
    ledger: LiquidityLedger, commission: inout OrderCommission
  ) -> LegFill? {
    let taken = ledger.taken(contract: leg.contract, minute: quote.minute)
    let (side, ratio) = (leg.side, Int(leg.ratio.magnitude))
    let isCapped = Execution.isCapped(quote, terms, side: side)
    let left: Int
    if isCapped {
      let before = ledger.taken(underlying: terms.underlying, minute: minute).taken(side: side)
      left = (settings.participation.cap(weight: weight, least: ratio) - before) / ratio
    } else {
      left = self.left(quote, terms, side: side, ratio: ratio, weight: weight, isPassive: false, taken: taken)
    }
    let quantity = min(wanted, Order.mostQuantity, left)
    guard quantity > 0 else { return nil }
    let touch = quote.farTouch(side: side, halfSpreadMillionths: settings.halfSpreadMillionths)
    let price = beyondTouch(quote, terms, side: side, count: quantity * ratio, taken: taken)
    let signed = Int(leg.ratio) * quantity
    ledger.take(contract: leg.contract, quoteMinute: quote.minute, quantity: signed)
    if isCapped { ledger.take(underlying: terms.underlying, minute: minute, quantity: signed) }
    var fill = self.leg(
      leg.contract, terms, bid: quote.bid, ask: quote.ask, quantity: signed, price: price, impact: abs(price - touch))
    let isShare = terms.feeClass == .share
    let charged = fill.costs.commission
    fill.costs.commission += fees.raise(
      &commission, options: isShare ? 0 : charged, shares: isShare ? charged : 0, hasOptions: !isShare,
      hasShares: isShare)
    return fill
  }
}

extension LaneAccounts {
  /// Marks the books of some lanes at the end of their minutes; see `Book.mark`. steps: (N) what each gained or lost, or nil.
  package func mark(
    _ lanes: Range<Int>, on quotes: LaneQuotes, in table: ContractTable, steps: UnsafeMutablePointer<ValueStep>? = nil
  ) {
    LanePass.walk(lanes) { lane, addresses in
      let book = bookWindow(lane, owner: nil)
      addresses[0] = UnsafeRawPointer(book.positions)
      // The second of two legs lies across the end of the first one's line.
      addresses[1] = UnsafeRawPointer(book.positions + 1)
      return 2
    } work: { block in
      for lane in block {
        let step = bookWindow(lane, owner: nil).mark(
          quotes.view(lane), minute: quotes.minute(lane), in: table, to: ledgerWindow(lane, owner: nil))
        steps?[lane] = step
      }
    }
  }
}
