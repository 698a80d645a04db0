// The rules of two symbols without shorts, for both symbols at once and without branches: the fast twin of the plain rules.

import AgentInterface
import Market
import Trading

/// What `DualTickerEnvironment` and `DualTickerLegality` do for one lane, for the case that almost every step is: two symbols, no shorts, known
/// volumes, orders that cash pays in full. Everything else it leaves to them, before it has changed anything. Where it answers, the
/// answer is theirs to the bit: each product, quotient and root is taken in the same order of operations, and only sums of whole
/// micro-dollars, which are exact, are taken in another.
///
/// No amount can be too large to book: the environment has refused a tape on which one could (`priceRangeTooWide`).
struct PairRules: @unchecked Sendable {
  /// What an action does to the two symbols, as numbers to calculate with.
  private struct Orders {
    /// -1, 0, 1.
    var side: SIMD2<Double>
    /// All bits where sold, where bought.
    var selling: SIMD2<Int64>
    var buying: SIMD2<Int64>
    var units: SIMD2<Int32>
    /// Of both orders, micro-dollars.
    var commission: Int64
    var buysAny: Bool
  }

  private let rows: BarRows
  private let orders: LaneArray<Orders>
  /// [tier][what may be done with the first, with the second symbol]: see `state`.
  private let masks: LaneArray<UInt64>
  private let maximumUnits: Int32
  private let unitMicroDollars: Double
  private let unitShare: Double
  private let halfSpread: Double
  private let commissionDollars: Double
  /// Root of the largest order, dollars.
  private let largestRoot: Double

  /// Slack of an estimate that must not be below what it estimates.
  private static let slack = 1 + 1e-9

  /// Nil where the plain rules are needed for every step.
  init?(features: MarketFeatures, legality: DualTickerLegality, configuration: DualTickerConfiguration) {
    guard features.symbolCount == 2, !configuration.allowShort else { return nil }
    rows = features.rows
    maximumUnits = legality.maximumUnits
    unitMicroDollars = legality.unitMicroDollars
    unitShare = legality.unitShare
    halfSpread = legality.halfSpreadFraction
    commissionDollars = legality.commissionDollars
    largestRoot = configuration.unitDollars.squareRoot() * PairRules.slack

    let commission = MicroDollars.rounded(legality.commissionDollars)
    orders = LaneArray(
      repeating: Orders(
        side: .zero, selling: .zero, buying: .zero, units: .zero, commission: 0, buysAny: false),
      count: legality.actions.count)
    for action in 0..<legality.actions.count {
      for symbol in 0..<2 {
        let side = legality.actions.orders.base[action * 2 + symbol]
        orders.base[action].side[symbol] = Double(side)
        orders.base[action].selling[symbol] = side < 0 ? -1 : 0
        orders.base[action].buying[symbol] = side > 0 ? -1 : 0
        orders.base[action].units[symbol] = Int32(side)
        if side != 0 { orders.base[action].commission += commission }
        if side > 0 { orders.base[action].buysAny = true }
      }
    }
    masks = LaneArray(repeating: 0, count: RiskTier.allCases.count * 16)
    for tier in RiskTier.allCases {
      for state in 0..<16 {
        // Units that stand for all that have this state.
        let units = [state >> 2, state & 3].map { $0 & 1 == 0 ? 0 : $0 & 2 == 0 ? maximumUnits : 1 }
        masks.base[tier.rawValue * 16 + state] = legality.maskBeforeCash(units: units, tier: tier)
      }
    }
  }

  /// Executes an action at the open of `bar + 1` and marks the account at its close. Nil, and nothing changed, where the plain rules are needed.
  ///
  /// value: net liquidation value at the decision. Costs go to `breakdown`, the fills' notional to `traded`.
  @_transparent
  func trade(
    _ action: Int, bar: Int, portfolio: Portfolio, value: Int64, _ breakdown: inout StepBreakdown,
    _ traded: inout Int64
  ) -> Mark? {
    let order = orders.base + action
    let now = rows.pair(bar)
    let next = rows.pair(bar + 1)
    // A rate that is not a number says that something is unknown.
    guard now.pointee.impactRate.x + now.pointee.impactRate.y >= 0 else { return nil }
    let shares = UnsafeRawPointer(portfolio.shares).loadUnaligned(as: SIMD2<Double>.self)
    let units = UnsafeRawPointer(portfolio.units).loadUnaligned(as: SIMD2<Int32>.self)

    let opening = SIMD2(repeating: unitDollars(value)) / now.pointee.close
    // One of the held units; the last takes all.
    let part = maximumUnits == 1 ? shares : shares / PairRules.divisors(units)
    let executed = PairRules.chosen(opening, order.pointee.buying, or: part, order.pointee.selling)
    let reference = executed * next.pointee.open
    let root = SIMD2(reference.x.squareRoot(), reference.y.squareRoot())
    let impact = pointwiseMin(now.pointee.impactRate * root, SIMD2(repeating: 1 - halfSpread))
    let price = next.pointee.open * (1 + order.pointee.side * (halfSpread + impact))
    let notional = PairRules.microDollars(executed * price)
    let spreadCost = PairRules.microDollars(reference * halfSpread)
    let impactCost = PairRules.microDollars(reference * impact)
    let paid = (notional ^ order.pointee.selling) &- order.pointee.selling
    let cash = portfolio.cash.pointee &- paid.x &- paid.y &- order.pointee.commission
    // Sales come first, so cash that suffices for all has sufficed at every order.
    guard cash >= 0 || !order.pointee.buysAny else { return nil }

    let unitsAfter = units &+ order.pointee.units
    let moved = shares + order.pointee.side * executed
    let sharesAfter = SIMD2(unitsAfter.x == 0 ? 0 : moved.x, unitsAfter.y == 0 ? 0 : moved.y)
    portfolio.cash.pointee = cash
    UnsafeMutableRawPointer(portfolio.shares).storeBytes(of: sharesAfter, as: SIMD2<Double>.self)
    UnsafeMutableRawPointer(portfolio.units).storeBytes(of: unitsAfter, as: SIMD2<Int32>.self)
    breakdown.halfSpreadCost = spreadCost.x &+ spreadCost.y
    breakdown.impactCost = impactCost.x &+ impactCost.y
    breakdown.commission = order.pointee.commission
    breakdown.priceProfit = breakdown.halfSpreadCost &+ breakdown.impactCost &- paid.x &- paid.y
    traded = notional.x &+ notional.y

    let worth = sharesAfter * next.pointee.close
    let middle = PairRules.microDollars(worth)
    let liquidation = PairRules.microDollars(worth - worth * halfSpread)
    return Mark(middle: middle.x &+ middle.y, liquidation: liquidation.x &+ liquidation.y)
  }

  /// The legal actions at a bar. Nil where cash may not pay for everything that could be bought, so that each action needs a look.
  @_transparent
  func mask(bar: Int, portfolio: Portfolio, value: Int64, tier: RiskTier) -> ActionMask? {
    let rate = rows.pair(bar).pointee.impactRate
    let first = state(portfolio.units[0], tier)
    let second = state(portfolio.units[1], tier)
    let unit = unitDollars(value)
    // No buy costs more, since the largest order's impact is the largest, and a price times its quotient is the unit but for rounding.
    let cost = SIMD2(repeating: unit) * (1 + halfSpread + rate * largestRoot) + commissionDollars
    let all = (first & 2 != 0 ? cost.x : 0) + (second & 2 != 0 ? cost.y : 0)
    let cash = MicroDollars.dollars(portfolio.cash.pointee)
    guard all * PairRules.slack + 2 * commissionDollars <= cash else { return nil }
    return ActionMask(rawValue: masks.base[tier.place &* 16 &+ first &* 4 &+ second])
  }

  /// Bit 0: it is held. Bit 1: it may be bought.
  @_transparent
  private func state(_ units: Int32, _ tier: RiskTier) -> Int {
    (units > 0 ? 1 : 0) | (units < maximumUnits && tier.place < 3 ? 2 : 0)
  }

  /// What one unit is worth at a decision, in dollars: `DualTickerLegality.unitDollars`.
  @_transparent
  private func unitDollars(_ value: Int64) -> Double { min(unitMicroDollars, unitShare * Double(value)) * 1e-6 }

  /// As divisors; 1 where there are none, since nothing is then divided.
  @_transparent
  private static func divisors(_ units: SIMD2<Int32>) -> SIMD2<Double> {
    SIMD2(Double(max(units.x, 1)), Double(max(units.y, 1)))
  }

  /// Each where its bits are set; zero where neither is.
  @_transparent
  private static func chosen(
    _ first: SIMD2<Double>, _ firstBits: SIMD2<Int64>, or second: SIMD2<Double>, _ secondBits: SIMD2<Int64>
  ) -> SIMD2<Double> {
    let firstPart = unsafeBitCast(first, to: SIMD2<Int64>.self) & firstBits
    let secondPart = unsafeBitCast(second, to: SIMD2<Int64>.self) & secondBits
    return unsafeBitCast(firstPart | secondPart, to: SIMD2<Double>.self)
  }

  /// `MicroDollars.rounded` of two amounts that are known to fit.
  @_transparent
  private static func microDollars(_ dollars: SIMD2<Double>) -> SIMD2<Int64> {
    let shifted = dollars * 1e6 + 0x1.8p52
    return unsafeBitCast(shifted, to: SIMD2<Int64>.self)
      &- SIMD2(repeating: Int64(bitPattern: (0x1.8p52).bitPattern))
  }
}

extension RiskTier {
  /// The raw value, spelled so that no call is needed.
  @_transparent
  var place: Int {
    switch self {
    case .none: 0
    case .warn: 1
    case .reduce: 2
    case .halt: 3
    }
  }
}
