// The state of every lane, as arrays.

import AgentInterface
import Trading

/// Struct of arrays over N lanes (and S symbols where noted). Money in micro-dollars.
struct BasketLanes: Sendable {
  let laneCount: Int
  let symbolCount: Int
  /// Words of a mask: see `ActionFactors`.
  let maskWords: Int

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
  /// Raw values of `RiskTier`.
  let tier: LaneArray<UInt8>
  /// What the reward's penalties have taken since the episode began.
  let penalties: LaneArray<Int64>

  // What follows from the above and the tape.

  /// Net liquidation value at the decision's close.
  let value: LaneArray<Int64>
  /// The positions at the close itself: `Mark.middle`. What they would bring is `value` less `cash`.
  let middle: LaneArray<Int64>
  /// (N, words of a mask)
  let legal: LaneArray<UInt64>

  // What the last step left for whoever asks.

  /// The parts of `StepBreakdown`.
  let priceProfit: LaneArray<Int64>
  let halfSpreadCost: LaneArray<Int64>
  let impactCost: LaneArray<Int64>
  let commission: LaneArray<Int64>
  let markChange: LaneArray<Int64>
  let turnoverPenalty: LaneArray<Int64>
  let drawdownPenalty: LaneArray<Int64>
  /// Set where the last step ended an episode: its account is in `endedAccount`.
  let hasEnded: LaneArray<Bool>
  let endedAccount: LaneArray<EndedAccount>
  /// (N, S)
  let endedShares: LaneArray<Double>
  /// (N, S)
  let endedUnits: LaneArray<Int32>
  /// The parts of `BasketCounts`.
  let cutOrders: LaneArray<Int64>
  let unfilledOrders: LaneArray<Int64>
  let unknownVolumeFills: LaneArray<Int64>
  let warnBars: LaneArray<Int64>
  let reduceBars: LaneArray<Int64>
  let haltBars: LaneArray<Int64>

  struct EndedAccount: Sendable {
    var bar: Int64 = 0
    var value: Int64 = 0
    var cash: Int64 = 0
    var tier = RiskTier.none
  }

  init(laneCount: Int, symbolCount: Int, maskWords: Int) {
    self.laneCount = laneCount
    self.symbolCount = symbolCount
    self.maskWords = maskWords
    bar = LaneArray(repeating: 0, count: laneCount)
    lastBar = LaneArray(repeating: 0, count: laneCount)
    cash = LaneArray(repeating: 0, count: laneCount)
    shares = LaneArray(repeating: 0, count: laneCount * symbolCount)
    units = LaneArray(repeating: 0, count: laneCount * symbolCount)
    highest = LaneArray(repeating: 0, count: laneCount)
    tier = LaneArray(repeating: UInt8(RiskTier.none.rawValue), count: laneCount)
    penalties = LaneArray(repeating: 0, count: laneCount)
    value = LaneArray(repeating: 0, count: laneCount)
    middle = LaneArray(repeating: 0, count: laneCount)
    legal = LaneArray(repeating: 0, count: laneCount * maskWords)
    priceProfit = LaneArray(repeating: 0, count: laneCount)
    halfSpreadCost = LaneArray(repeating: 0, count: laneCount)
    impactCost = LaneArray(repeating: 0, count: laneCount)
    commission = LaneArray(repeating: 0, count: laneCount)
    markChange = LaneArray(repeating: 0, count: laneCount)
    turnoverPenalty = LaneArray(repeating: 0, count: laneCount)
    drawdownPenalty = LaneArray(repeating: 0, count: laneCount)
    hasEnded = LaneArray(repeating: false, count: laneCount)
    endedAccount = LaneArray(repeating: EndedAccount(), count: laneCount)
    endedShares = LaneArray(repeating: 0, count: laneCount * symbolCount)
    endedUnits = LaneArray(repeating: 0, count: laneCount * symbolCount)
    cutOrders = LaneArray(repeating: 0, count: laneCount)
    unfilledOrders = LaneArray(repeating: 0, count: laneCount)
    unknownVolumeFills = LaneArray(repeating: 0, count: laneCount)
    warnBars = LaneArray(repeating: 0, count: laneCount)
    reduceBars = LaneArray(repeating: 0, count: laneCount)
    haltBars = LaneArray(repeating: 0, count: laneCount)
  }

  @inline(__always)
  var mask: MaskRows { MaskRows(legal.base, words: maskWords) }

  @inline(__always)
  func portfolio(_ lane: Int) -> Portfolio {
    Portfolio(
      cash: cash.base + lane, shares: shares.base + lane * symbolCount, units: units.base + lane * symbolCount,
      symbolCount: symbolCount)
  }

  func riskTier(_ lane: Int) -> RiskTier {
    guard let known = RiskTier(rawValue: Int(tier.base[lane])) else {
      preconditionFailure("lane \(lane) has the tier \(tier.base[lane])")
    }
    return known
  }

  func mark(_ lane: Int) -> Mark {
    Mark(middle: middle.base[lane], liquidation: value.base[lane] - cash.base[lane])
  }

  func breakdown(_ lane: Int) -> StepBreakdown {
    StepBreakdown(
      change: ValueChange(
        priceProfit: priceProfit.base[lane], halfSpreadCost: halfSpreadCost.base[lane],
        impactCost: impactCost.base[lane], commission: commission.base[lane], markChange: markChange.base[lane]),
      penalties: Penalties(turnover: turnoverPenalty.base[lane], drawdown: drawdownPenalty.base[lane]))
  }

  func setBreakdown(_ lane: Int, _ breakdown: StepBreakdown) {
    priceProfit.base[lane] = breakdown.change.priceProfit
    halfSpreadCost.base[lane] = breakdown.change.halfSpreadCost
    impactCost.base[lane] = breakdown.change.impactCost
    commission.base[lane] = breakdown.change.commission
    markChange.base[lane] = breakdown.change.markChange
    turnoverPenalty.base[lane] = breakdown.penalties.turnover
    drawdownPenalty.base[lane] = breakdown.penalties.drawdown
  }

  func counts(_ lane: Int) -> BasketCounts {
    var counts = BasketCounts()
    counts.cutOrders = cutOrders.base[lane]
    counts.unfilledOrders = unfilledOrders.base[lane]
    counts.unknownVolumeFills = unknownVolumeFills.base[lane]
    counts.warnBars = warnBars.base[lane]
    counts.reduceBars = reduceBars.base[lane]
    counts.haltBars = haltBars.base[lane]
    return counts
  }

  func setCounts(_ lane: Int, _ counts: BasketCounts) {
    cutOrders.base[lane] = counts.cutOrders
    unfilledOrders.base[lane] = counts.unfilledOrders
    unknownVolumeFills.base[lane] = counts.unknownVolumeFills
    warnBars.base[lane] = counts.warnBars
    reduceBars.base[lane] = counts.reduceBars
    haltBars.base[lane] = counts.haltBars
  }

  /// Keeps the account as it stands, before the lane begins anew.
  func rememberEnd(lane: Int) {
    hasEnded.base[lane] = true
    endedAccount.base[lane] = EndedAccount(
      bar: bar.base[lane], value: value.base[lane], cash: cash.base[lane], tier: riskTier(lane))
    for place in lane * symbolCount..<(lane + 1) * symbolCount {
      endedShares.base[place] = shares.base[place]
      endedUnits.base[place] = units.base[place]
    }
  }
}

/// What happened since the last drain.
package struct BasketCounts: Sendable, Equatable {
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

  static func += (left: inout BasketCounts, right: BasketCounts) {
    left.cutOrders += right.cutOrders
    left.unfilledOrders += right.unfilledOrders
    left.unknownVolumeFills += right.unknownVolumeFills
    left.warnBars += right.warnBars
    left.reduceBars += right.reduceBars
    left.haltBars += right.haltBars
  }
}
