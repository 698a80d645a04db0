// The account: cash, shares and units, booked exactly.

/// One booked order. Money in micro-dollars.
package struct Booking: Sendable, Equatable {
  /// shares x fill price, rounded once; at most the limit given for a buy.
  package var notional: Int64
  package var halfSpreadCost: Int64
  package var impactCost: Int64
  package var commission: Int64

  @inlinable
  package init(notional: Int64, halfSpreadCost: Int64, impactCost: Int64, commission: Int64) {
    self.notional = notional
    self.halfSpreadCost = halfSpreadCost
    self.impactCost = impactCost
    self.commission = commission
  }

  /// What the shares would have cost (or brought) at the reference: the rest of the notional, so that the parts add up exactly.
  @inlinable
  package func referenceNotional(side: Int) -> Int64 { notional - Int64(side) * (halfSpreadCost + impactCost) }
}

/// What the positions are worth at a close. Money in micro-dollars.
package struct Mark: Sendable, Equatable {
  /// At the close itself.
  package var middle: Int64
  /// At the side that would have to be hit: bid for longs, ask for shorts.
  package var liquidation: Int64

  @inlinable
  package init(middle: Int64, liquidation: Int64) {
    self.middle = middle
    self.liquidation = liquidation
  }
}

/// One account of the equity game, as a window on memory that its owner keeps: a lane of an environment's ledger, or the only one.
///
/// It stands beside `Book` because what it holds is another thing. The game trades adjusted shares in fractions, a unit for so many dollars, on bars without
/// quotes: its prices and quantities are no whole numbers, and its costs are fractions of a reference price. A `Book` holds whole contracts and shares at raw
/// prices of four decimals, with a settlement, a margin and a quote to be filled on, none of which an adjusted share has. Put into one book, either fractions
/// would be rounded to shares, which changes what the game pays, or contracts would lose the exactness that their settlement rests on. Where both apply,
/// whole shares at prices of four decimals, both pay and mark the same to the micro-dollar. Money, its rounding and the models of cost are shared.
///
/// cash: (1) micro-dollars. shares: (S) signed adjusted shares. units: (S) signed units *ordered*; shares are zero where and only where
/// units are. Net liquidation value is cash plus the liquidation mark.
package struct Portfolio: @unchecked Sendable {
  package let cash: UnsafeMutablePointer<Int64>
  package let shares: UnsafeMutablePointer<Double>
  package let units: UnsafeMutablePointer<Int32>
  package let symbolCount: Int

  @inlinable
  package init(
    cash: UnsafeMutablePointer<Int64>, shares: UnsafeMutablePointer<Double>, units: UnsafeMutablePointer<Int32>,
    symbolCount: Int
  ) {
    self.cash = cash
    self.shares = shares
    self.units = units
    self.symbolCount = symbolCount
  }

  /// Nothing held, so much cash.
  @inlinable
  package func open(cashMicroDollars: Int64) {
    cash.pointee = cashMicroDollars
    for symbol in 0..<symbolCount {
      shares[symbol] = 0
      units[symbol] = 0
    }
  }

  /// The order of one unit of a symbol, sized at the decision's price. An order against the position gives back one of the held units
  /// with its share of the shares (all of them where it is the last); any other opens `unitDollars` worth.
  @inlinable @inline(__always)
  package func intent(symbol: Int, side: Int, unitDollars: Double, decisionPriceDollars: Double) -> OrderIntent {
    let held = Int(units[symbol])
    if held * side < 0 {
      let part = abs(shares[symbol]) / Double(abs(held))
      return OrderIntent(symbol: symbol, side: side, shares: part, effect: .closes)
    }
    return OrderIntent(symbol: symbol, side: side, shares: unitDollars / decisionPriceDollars, effect: .opens)
  }

  /// Books an executed order: cash, shares, and one unit, or where a whole position is closed at once its `units`.
  ///
  /// shares: what was executed, which may be less than ordered. impactFraction: of the reference price.
  /// spendingLimit: a buy's notional is not rounded above it.
  @inlinable @inline(__always)
  package func book(
    _ order: OrderIntent, shares executed: Double, referencePriceDollars: Double, halfSpreadFraction: Double,
    impactFraction: Double, commissionMicroDollars: Int64, spendingLimit: Int64 = .max, units moved: Int32 = 1
  ) -> Booking {
    let reference = executed * referencePriceDollars
    let price = referencePriceDollars * (1 + Double(order.side) * (halfSpreadFraction + impactFraction))
    let booking = Booking(
      notional: min(MicroDollars.rounded(executed * price), spendingLimit),
      halfSpreadCost: MicroDollars.rounded(reference * halfSpreadFraction),
      impactCost: MicroDollars.rounded(reference * impactFraction), commission: commissionMicroDollars)
    cash.pointee -= Int64(order.side) * booking.notional + booking.commission
    units[order.symbol] += Int32(order.side) * moved
    // A closed position leaves no dust of rounding behind.
    shares[order.symbol] = units[order.symbol] == 0 ? 0 : shares[order.symbol] + Double(order.side) * executed
    return booking
  }

  /// The positions at the given closes; `prices` reads a symbol's close.
  @inlinable @inline(__always)
  package func mark(halfSpreadFraction: Double, prices: (Int) -> Double) -> Mark {
    var mark = Mark(middle: 0, liquidation: 0)
    for symbol in 0..<symbolCount {
      let value = shares[symbol] * prices(symbol)
      mark.middle += MicroDollars.rounded(value)
      // A long is sold at the bid, a short is bought back at the ask: both are worth less than the middle.
      mark.liquidation += MicroDollars.rounded(value - abs(value) * halfSpreadFraction)
    }
    return mark
  }
}
