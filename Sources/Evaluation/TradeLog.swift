// From fills to closed round trips: what a win rate is a rate of.

package import Trading

/// One position from flat to flat. Money is in micro-dollars, exact sums of the fills' own booked amounts. Of options it is all legs that a symbol's account
/// holds at the same time: notionals are then net, in the direction of the first leg.
package struct RoundTrip: Sendable, Equatable {
  package var symbol: Int
  /// The bar of the first fill, and of the one that closed the position.
  package var entryBar: Int
  package var exitBar: Int
  /// +1 long, -1 short.
  package var direction: Int
  /// The options that were traded, each by its number among those of the session, in the order of their first fills; empty for shares.
  package var contracts: [Int32] = []
  /// Shares bought (long) or sold (short) over the trip's life; of several legs those of the first.
  package var entryShares: Double
  package var fillCount: Int
  package var entryNotionalMicroDollars: Int64
  package var exitNotionalMicroDollars: Int64
  package var commissionMicroDollars: Int64
  /// Both are in the notionals already.
  package var halfSpreadMicroDollars: Int64 = 0
  package var impactMicroDollars: Int64 = 0

  /// What trading it cost: half-spread, impact and commission.
  package var costMicroDollars: Int64 { halfSpreadMicroDollars + impactMicroDollars + commissionMicroDollars }

  /// What the trip earned after every cost: fill prices hold spread and impact, commissions are taken off here.
  package var netMicroDollars: Int64 {
    Int64(direction) * (exitNotionalMicroDollars - entryNotionalMicroDollars) - commissionMicroDollars
  }
}

/// A position that the last bar left open: listed, and in no statistic of closed trades. Of several legs: the first that is held, at the net cost of all.
package struct OpenPosition: Sendable, Equatable {
  package var symbol: Int
  package var entryBar: Int
  /// +1 long, -1 short.
  package var direction: Int
  /// Shares still held, positive.
  package var shares: Double
  /// Average cost of those shares at fill prices, without commissions.
  package var averageCostDollars: Double
  /// What its partial exits earned against the average cost, after all commissions so far.
  package var realizedDollars: Double
  /// As of a round trip.
  package var contracts: [Int32] = []
  /// What trading it has cost so far.
  package var halfSpreadMicroDollars: Int64 = 0
  package var impactMicroDollars: Int64 = 0
  package var commissionMicroDollars: Int64 = 0
}

/// The round trips of one account.
///
/// A round trip runs per symbol from flat to flat: additions and partial exits belong to the trip they happen in, and are no
/// trades of their own. A fill that crosses zero is split by shares into the exit of one trip and the entry of the next. Over a
/// whole trip every cost method (average cost, first in first out) gives the same net; only an open position's realised part
/// depends on it, and there average cost is used.
package struct TradeLog: Sendable, Equatable {
  /// Closed trips in the order in which they closed.
  package private(set) var closed: [RoundTrip] = []
  package private(set) var open: [OpenPosition] = []

  /// Shares at or below this fraction of a trip's largest position are rounding left over by fractional exits.
  static let residue = 1e-9

  private struct Leg {
    let contract: Int32
    /// Signed.
    var shares = 0.0
    var largest = 0.0
    /// Average-cost value of the shares held, dollars.
    var costDollars = 0.0
  }

  private struct Running {
    var trip: RoundTrip
    var realizedDollars = 0.0
    /// One of shares; of options those that were traded.
    var legs: [Leg] = []

    /// The place of a fill's leg; a new one where there is none.
    mutating func leg(_ contract: Int32) -> Int {
      if let place = legs.firstIndex(where: { $0.contract == contract }) { return place }
      legs.append(Leg(contract: contract))
      if contract >= 0 { trip.contracts.append(contract) }
      return legs.count - 1
    }

    var first: Leg? { legs.first { $0.shares != 0 } }
  }

  /// Traps on a fill without positive shares or with a side other than +1 and -1.
  package init(_ fills: [Fill]) {
    var running: [Int: Running] = [:]
    for fill in fills {
      precondition(fill.shares > 0 && abs(fill.side) == 1, "a fill of \(fill.shares) shares on side \(fill.side)")
      let held = running[fill.symbol]?.legs.first { $0.contract == fill.contract }?.shares ?? 0
      let closing = held * Double(fill.side) < 0 ? min(abs(held), fill.shares) : 0
      var rest = fill.shares - closing
      // Rounding may leave a crumb on either side of zero: it belongs to the exit.
      if closing > 0, rest <= TradeLog.residue * max(abs(held), fill.shares) { rest = 0 }
      let whole = Amounts(fill)
      let exited = closing > 0 ? whole.part(rest == 0 ? 1 : closing / fill.shares) : Amounts()
      if closing > 0 { exit(&running, fill, shares: closing, exited) }
      if rest > 0 { enter(&running, fill, shares: rest, whole - exited) }
    }
    open = running.values.sorted { $0.trip.symbol < $1.trip.symbol }.compactMap { one in
      guard let first = one.first else { return nil }
      let cost = one.legs.reduce(0) { $0 + ($1.shares * first.shares < 0 ? -1 : 1) * $1.costDollars }
      return OpenPosition(
        symbol: one.trip.symbol, entryBar: one.trip.entryBar, direction: one.trip.direction, shares: abs(first.shares),
        averageCostDollars: cost / abs(first.shares),
        realizedDollars: one.realizedDollars - Double(one.trip.commissionMicroDollars) * 1e-6,
        contracts: one.trip.contracts,
        halfSpreadMicroDollars: one.trip.halfSpreadMicroDollars, impactMicroDollars: one.trip.impactMicroDollars,
        commissionMicroDollars: one.trip.commissionMicroDollars)
    }
  }

  /// What a fill, or a part of one, booked.
  private struct Amounts {
    var notional: Int64 = 0
    var halfSpread: Int64 = 0
    var impact: Int64 = 0
    var commission: Int64 = 0

    init() {}

    init(_ fill: Fill) {
      notional = fill.notionalMicroDollars
      halfSpread = fill.halfSpreadCostMicroDollars
      impact = fill.impactCostMicroDollars
      commission = fill.commissionMicroDollars
    }

    /// A share of 0 to 1, each amount half to even; the other part is the difference, so that nothing is lost.
    func part(_ share: Double) -> Amounts {
      func part(_ amount: Int64) -> Int64 {
        share == 1 ? amount : Int64((Double(amount) * share).rounded(.toNearestOrEven))
      }
      var other = Amounts()
      other.notional = part(notional)
      other.halfSpread = part(halfSpread)
      other.impact = part(impact)
      other.commission = part(commission)
      return other
    }

    static func - (left: Amounts, right: Amounts) -> Amounts {
      var rest = left
      rest.notional -= right.notional
      rest.halfSpread -= right.halfSpread
      rest.impact -= right.impact
      rest.commission -= right.commission
      return rest
    }

    /// Books the costs, which are the same for entries and exits.
    func book(to trip: inout RoundTrip) {
      trip.halfSpreadMicroDollars += halfSpread
      trip.impactMicroDollars += impact
      trip.commissionMicroDollars += commission
    }
  }

  private mutating func enter(
    _ running: inout [Int: Running], _ fill: Fill, shares: Double, _ amounts: Amounts
  ) {
    var one =
      running[fill.symbol]
      ?? Running(
        trip: RoundTrip(
          symbol: fill.symbol, entryBar: fill.bar, exitBar: fill.bar, direction: fill.side, entryShares: 0,
          fillCount: 0,
          entryNotionalMicroDollars: 0, exitNotionalMicroDollars: 0, commissionMicroDollars: 0))
    let leg = one.leg(fill.contract)
    if leg == 0 { one.trip.entryShares += shares }
    one.trip.fillCount += 1
    one.trip.entryNotionalMicroDollars += Int64(fill.side * one.trip.direction) * amounts.notional
    amounts.book(to: &one.trip)
    one.legs[leg].shares += Double(fill.side) * shares
    one.legs[leg].largest = max(one.legs[leg].largest, abs(one.legs[leg].shares))
    one.legs[leg].costDollars += Double(amounts.notional) * 1e-6
    running[fill.symbol] = one
  }

  private mutating func exit(
    _ running: inout [Int: Running], _ fill: Fill, shares: Double, _ amounts: Amounts
  ) {
    guard var one = running[fill.symbol] else { return }
    let place = one.leg(fill.contract)
    var leg = one.legs[place]
    let cost = leg.costDollars * min(1, shares / abs(leg.shares))
    one.realizedDollars += Double(-fill.side) * (Double(amounts.notional) * 1e-6 - cost)
    leg.costDollars -= cost
    one.trip.exitNotionalMicroDollars += Int64(-fill.side * one.trip.direction) * amounts.notional
    amounts.book(to: &one.trip)
    one.trip.fillCount += 1
    leg.shares += Double(fill.side) * shares
    if abs(leg.shares) <= TradeLog.residue * leg.largest { leg.shares = 0 }
    one.legs[place] = leg
    if one.legs.allSatisfy({ $0.shares == 0 }) {
      one.trip.exitBar = fill.bar
      closed.append(one.trip)
      running[fill.symbol] = nil
    } else {
      running[fill.symbol] = one
    }
  }
}
