// What is asked of the market: one order of one to four legs, filled as a whole or not at all.

package import Market

/// A contract and how often, and on which side, one package has it.
package struct OrderLeg: Sendable, Hashable {
  /// Its number in the `ContractTable`.
  package var contract: Int32
  /// Whole, not zero: +1 buys one a package, -2 sells two.
  package var ratio: Int32

  @inlinable
  package init(contract: Int32, ratio: Int32) {
    self.contract = contract
    self.ratio = ratio
  }

  /// A package of it alone.
  package var alone: UpToFour<OrderLeg> { UpToFour(self) }

  /// +1 buy, -1 sell.
  @inlinable
  package var side: Int { ratio < 0 ? -1 : 1 }
}

/// How an order meets the market.
package enum OrderKind: Sendable, Hashable {
  /// At the far touch, and what its size costs beyond.
  case market
  /// At no worse than this for a package, in ten-thousandths of a dollar a unit: the sum of price x ratio over its legs, so that what is paid is positive and
  /// what is received negative. A sale of one contract at 1.04 has the ratio -1 and the net price -10,400. It holds for the package: a leg may be dearer
  /// where another is cheaper.
  case limit(net: Int)
  /// A limit that is set between the touches, and chases them.
  case aggressive(AggressiveLimit)
  /// Becomes a market order where the far touch of the package reaches this net price or is worse: see `limit(net:)` for its sign.
  case stop(net: Int)
}

/// A limit order by how far it goes across the quote: a buy at bid + a x (ask - bid), a sale at ask - a x (ask - bid), rounded to ticks against the order.
///
/// Shares of the spread are millionths, so that no rounding of fractions decides a tick.
package struct AggressiveLimit: Sendable, Hashable {
  package static let one = 1_000_000

  /// a at the submission, 0...1,000,000: 0 joins the own side, 1,000,000 crosses.
  package var aggressiveMillionths: Int
  /// What a grows by in a minute, at most to 1,000,000; 0 never moves.
  package var chaseMillionthsPerMinute: Int
  /// Minutes after the submission in which it is cancelled; nil: it works to the close of the session.
  package var giveUpMinutes: Int?
  /// How often it may be replaced.
  package var mostChanges: Int

  package init(
    aggressiveMillionths: Int, chaseMillionthsPerMinute: Int = 0, giveUpMinutes: Int? = nil, mostChanges: Int = .max
  ) {
    self.aggressiveMillionths = aggressiveMillionths
    self.chaseMillionthsPerMinute = chaseMillionthsPerMinute
    self.giveUpMinutes = giveUpMinutes
    self.mostChanges = mostChanges
  }
}

/// One order: packages of legs in a fixed ratio. All its legs are filled, in the same ratio, or none.
package struct Order: Sendable, Hashable {
  package typealias Effect = OrderIntent.Effect

  package var opens: Bool { effect == .opens }

  /// Whether a desk gives back by itself, to end what it must: no limit holds it back. What its owner asks to close may leave more at risk than before.
  var isOwnExit: Bool { id < 0 && effect == .closes }

  /// The caller's own, positive, or the desk's, negative; never used twice in a session.
  package var id: Int64
  package var legs: UpToFour<OrderLeg>
  /// Packages, positive.
  package var quantity: Int
  package var effect: Effect
  package var kind: OrderKind
  /// The minute at whose end it was decided, from the opening of the session.
  package var submittedMinute: Int
  /// The order that opened the group of legs which this one closes, in part or whole; 0 for none.
  package var closes: Int64

  @inlinable
  package init(
    id: Int64, legs: UpToFour<OrderLeg>, quantity: Int, effect: Effect, kind: OrderKind = .market,
    submittedMinute: Int, closes: Int64 = 0
  ) {
    self.id = id
    self.legs = legs
    self.quantity = quantity
    self.effect = effect
    self.kind = kind
    self.submittedMinute = submittedMinute
    self.closes = closes
  }
}

/// Why an order is not sent to the market at all: the market's answer, not an error.
package enum OrderRefusal: Sendable, Equatable {
  case quantityOutside(Int)
  case ratioOutside(Int)
  /// More units of the underlying than one leg may have.
  case unitsOutside(String, Int)
  case unknownContract(Int32)
  /// Two legs of one contract.
  case contractTwice(String)
  case ended(String, lastSession: CalendarDate)
  /// The first minute in which it could not be traded any more.
  case afterLastMinute(Int)
  /// Shares of the spread outside of 0...1, or minutes and changes below 0.
  case limitOutside(AggressiveLimit)
  /// A net price that no package can have.
  case priceOutside(Int)
  case openingDouble(Int64)
  /// A closing order without, or beyond, what it closes.
  case nothingToClose(String, held: Int, asked: Int)
  /// It closes what no order has opened.
  case unknownGroup(Int64)
  /// A split or a payment made another contract of it.
  case replaced(String, by: String)
  /// No slot is free in the book.
  case bookFull(Int)
}

extension Order {
  /// Packages of one order.
  package static let mostQuantity = 10_000
  /// Units of a contract in a package: options rarely more than a few, shares a few hundred.
  package static let mostRatio = 1_000
  /// Units of the underlying in one leg, and in one position: with the bound of prices all money of an account stays far inside 64 bits.
  package static let mostUnits = 1_000_000
  /// Ten-thousandths of a dollar: a hundred thousand dollars a unit.
  package static let mostPrice = 1_000_000_000

  /// The first thing that is wrong with it at the end of the minute in which it was decided; nil where it may go to the market.
  ///
  /// `minuteCount`: of the session. What the account may do is not asked here.
  package func refusal(in table: ContractTable, on date: CalendarDate, minuteCount: Int) -> OrderRefusal? {
    guard (1...Order.mostQuantity).contains(quantity) else { return .quantityOutside(quantity) }
    guard (0..<minuteCount).contains(submittedMinute) else { return .afterLastMinute(submittedMinute) }
    for index in legs.indices {
      let leg = legs[index]
      guard leg.ratio != 0, leg.ratio.magnitude <= Order.mostRatio else { return .ratioOutside(Int(leg.ratio)) }
      guard table.contains(leg.contract) else { return .unknownContract(leg.contract) }
      let contract = table[leg.contract]
      if let successor = table.successor(of: leg.contract, on: date) {
        return .replaced(contract.symbol, by: table[successor].symbol)
      }
      // Both are bounded already: the product cannot overflow.
      let units = quantity * Int(leg.ratio.magnitude) * contract.multiplier
      guard units <= Order.mostUnits else { return .unitsOutside(contract.symbol, units) }
      for earlier in 0..<index where legs[earlier].contract == leg.contract { return .contractTwice(contract.symbol) }
      if let last = contract.lastSession, date > last { return .ended(contract.symbol, lastSession: last) }
    }
    switch kind {
    case .market: return nil
    case .limit(let net), .stop(let net):
      return net.magnitude <= Order.mostPrice * Order.mostRatio ? nil : .priceOutside(net)
    case .aggressive(let limit):
      let shares = 0...AggressiveLimit.one
      let isFine =
        shares.contains(limit.aggressiveMillionths) && shares.contains(limit.chaseMillionthsPerMinute)
        && limit.giveUpMinutes ?? 0 >= 0 && limit.mostChanges >= 0
      return isFine ? nil : .limitOutside(limit)
    }
  }
}
