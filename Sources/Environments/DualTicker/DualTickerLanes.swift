// The state of every lane, as arrays.

import AgentInterface
import Trading

/// Struct of arrays over N lanes (and S symbols where noted). Money in micro-dollars.
struct DualTickerLanes: Sendable {
  let laneCount: Int
  let symbolCount: Int

  /// The decision's bar.
  let bar: LaneArray<Int64>
  /// The bar at which the episode is truncated.
  let lastBar: LaneArray<Int64>
  let cash: LaneArray<Int64>
  /// (N, S) signed adjusted shares.
  let shares: LaneArray<Double>
  /// (N, S) signed units ordered.
  let units: LaneArray<Int32>
  /// The highest closing value since the episode began.
  let highest: LaneArray<Int64>
  let tier: LaneArray<RiskTier>
  /// What the reward's penalties have taken since the episode began.
  let penalties: LaneArray<Int64>

  // What follows from the above and the tape.

  /// Net liquidation value at the decision's close.
  let value: LaneArray<Int64>
  let mark: LaneArray<Mark>
  let mask: LaneArray<ActionMask>

  // What the last step left for whoever asks.

  let breakdown: LaneArray<StepBreakdown>
  /// Set where the last step ended an episode: its account is in `endedAccount`.
  let hasEnded: LaneArray<Bool>
  let endedAccount: LaneArray<EndedAccount>
  /// (N, S)
  let endedShares: LaneArray<Double>
  /// (N, S)
  let endedUnits: LaneArray<Int32>
  let counts: LaneArray<DualTickerCounts>

  /// Where the arrays that every step touches begin: a step reads these, not the objects that own them.
  struct Places: @unchecked Sendable {
    let bar: UnsafeMutablePointer<Int64>
    let lastBar: UnsafeMutablePointer<Int64>
    let cash: UnsafeMutablePointer<Int64>
    let shares: UnsafeMutablePointer<Double>
    let units: UnsafeMutablePointer<Int32>
    let highest: UnsafeMutablePointer<Int64>
    let tier: UnsafeMutablePointer<RiskTier>
    let value: UnsafeMutablePointer<Int64>
    let mark: UnsafeMutablePointer<Mark>
    let mask: UnsafeMutablePointer<ActionMask>
    let breakdown: UnsafeMutablePointer<StepBreakdown>
    let hasEnded: UnsafeMutablePointer<Bool>
  }

  let at: Places

  struct EndedAccount: Sendable {
    var bar: Int64 = 0
    var value: Int64 = 0
    var cash: Int64 = 0
    var tier = RiskTier.none
  }

  init(laneCount: Int, symbolCount: Int) {
    self.laneCount = laneCount
    self.symbolCount = symbolCount
    bar = LaneArray(repeating: 0, count: laneCount)
    lastBar = LaneArray(repeating: 0, count: laneCount)
    cash = LaneArray(repeating: 0, count: laneCount)
    shares = LaneArray(repeating: 0, count: laneCount * symbolCount)
    units = LaneArray(repeating: 0, count: laneCount * symbolCount)
    highest = LaneArray(repeating: 0, count: laneCount)
    tier = LaneArray(repeating: .none, count: laneCount)
    penalties = LaneArray(repeating: 0, count: laneCount)
    value = LaneArray(repeating: 0, count: laneCount)
    mark = LaneArray(repeating: Mark(middle: 0, liquidation: 0), count: laneCount)
    mask = LaneArray(repeating: ActionMask(rawValue: 0), count: laneCount)
    breakdown = LaneArray(repeating: StepBreakdown(), count: laneCount)
    hasEnded = LaneArray(repeating: false, count: laneCount)
    endedAccount = LaneArray(repeating: EndedAccount(), count: laneCount)
    endedShares = LaneArray(repeating: 0, count: laneCount * symbolCount)
    endedUnits = LaneArray(repeating: 0, count: laneCount * symbolCount)
    counts = LaneArray(repeating: DualTickerCounts(), count: laneCount)
    at = Places(
      bar: bar.base, lastBar: lastBar.base, cash: cash.base, shares: shares.base, units: units.base,
      highest: highest.base, tier: tier.base, value: value.base, mark: mark.base, mask: mask.base,
      breakdown: breakdown.base, hasEnded: hasEnded.base)
  }

  @inline(__always)
  func portfolio(_ lane: Int) -> Portfolio {
    Portfolio(
      cash: at.cash + lane, shares: at.shares + lane * symbolCount, units: at.units + lane * symbolCount,
      symbolCount: symbolCount)
  }

  /// Keeps the account as it stands, before the lane begins anew.
  func rememberEnd(lane: Int) {
    hasEnded.base[lane] = true
    endedAccount.base[lane] = EndedAccount(
      bar: bar.base[lane], value: value.base[lane], cash: cash.base[lane], tier: tier.base[lane])
    for place in lane * symbolCount..<(lane + 1) * symbolCount {
      endedShares.base[place] = shares.base[place]
      endedUnits.base[place] = units.base[place]
    }
  }
}

/// What happened since the last drain.
package struct DualTickerCounts: Sendable, Equatable {
  /// Buys that cash could not pay whole; with `unfilledOrders`, all that were cut.
  package var cutOrders: Int64 = 0
  /// Buys that cash could not pay at all.
  package var unfilledOrders: Int64 = 0
  /// Fills whose impact is the conservative one because nothing was known of the volume.
  package var unknownVolumeFills: Int64 = 0
  /// Closes at which the account stood in each tier.
  package var warnBars: Int64 = 0
  package var reduceBars: Int64 = 0
  package var haltBars: Int64 = 0

  package init() {}

  static func += (left: inout DualTickerCounts, right: DualTickerCounts) {
    left.cutOrders += right.cutOrders
    left.unfilledOrders += right.unfilledOrders
    left.unknownVolumeFills += right.unknownVolumeFills
    left.warnBars += right.warnBars
    left.reduceBars += right.reduceBars
    left.haltBars += right.haltBars
  }
}
