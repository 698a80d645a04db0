// From fills to closed round trips: what a win rate is a rate of.

package import Trading

/// One position from flat to flat. Money is in micro-dollars, exact sums of the fills' own booked amounts.
package struct RoundTrip: Sendable, Equatable {
  package var symbol: Int
  /// The bar of the first fill, and of the one that closed the position.
  package var entryBar: Int
  package var exitBar: Int
  /// +1 long, -1 short.
  package var direction: Int
  /// Shares bought (long) or sold (short) over the trip's life.
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

/// A position that the last bar left open: listed, and in no statistic of closed trades.
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

  private struct Running {
    var trip: RoundTrip
    /// Signed.
    var shares: Double
    var largest: Double
    /// Average-cost value of the shares held, dollars.
    var costDollars: Double
    var realizedDollars: Double
  }

  /// Traps on a fill without positive shares or with a side other than +1 and -1.
  package init(_ fills: [Fill]) {
    var running: [Int: Running] = [:]
    for fill in fills {
      precondition(fill.shares > 0 && abs(fill.side) == 1, "a fill of \(fill.shares) shares on side \(fill.side)")
      let held = running[fill.symbol]?.shares ?? 0
      let closing = held * Double(fill.side) < 0 ? min(abs(held), fill.shares) : 0
      var rest = fill.shares - closing
      // Rounding may leave a crumb on either side of zero: it belongs to the exit.
      if closing > 0, rest <= TradeLog.residue * max(abs(held), fill.shares) { rest = 0 }
      let whole = Amounts(fill)
      let exited = closing > 0 ? whole.part(rest == 0 ? 1 : closing / fill.shares) : Amounts()
      if closing > 0 { exit(&running, fill, shares: closing, exited) }
      if rest > 0 { enter(&running, fill, shares: rest, whole - exited) }
    }
    open = running.values.sorted { $0.trip.symbol < $1.trip.symbol }.map { one in
      OpenPosition(
        symbol: one.trip.symbol, entryBar: one.trip.entryBar, direction: one.trip.direction, shares: abs(one.shares),
        averageCostDollars: one.costDollars / abs(one.shares),
        realizedDollars: one.realizedDollars - Double(one.trip.commissionMicroDollars) * 1e-6,
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
          entryNotionalMicroDollars: 0, exitNotionalMicroDollars: 0, commissionMicroDollars: 0),
        shares: 0, largest: 0, costDollars: 0, realizedDollars: 0)
    one.trip.entryShares += shares
    one.trip.fillCount += 1
    one.trip.entryNotionalMicroDollars += amounts.notional
    amounts.book(to: &one.trip)
    one.shares += Double(fill.side) * shares
    one.largest = max(one.largest, abs(one.shares))
    one.costDollars += Double(amounts.notional) * 1e-6
    running[fill.symbol] = one
  }

  private mutating func exit(
    _ running: inout [Int: Running], _ fill: Fill, shares: Double, _ amounts: Amounts
  ) {
    guard var one = running[fill.symbol] else { return }
    let cost = one.costDollars * min(1, shares / abs(one.shares))
    one.realizedDollars += Double(one.trip.direction) * (Double(amounts.notional) * 1e-6 - cost)
    one.costDollars -= cost
    one.trip.exitNotionalMicroDollars += amounts.notional
    amounts.book(to: &one.trip)
    one.trip.fillCount += 1
    one.shares += Double(fill.side) * shares
    if abs(one.shares) <= TradeLog.residue * one.largest {
      one.trip.exitBar = fill.bar
      closed.append(one.trip)
      running[fill.symbol] = nil
    } else {
      running[fill.symbol] = one
    }
  }
}
