// The rules of two symbols without shorts, for eight lanes at once and without branches: the fast twin of the plain rules.

import AgentInterface
import CPairRules
import Kernels
import Trading

/// What `BasketEnvironment` and `BasketLegality` do, for the case that almost every step is: two symbols that are always listed, no
/// shorts, no penalties, known volumes, orders that cash pays in full. Every lane that is something else it leaves to them, before it has changed anything. Where it
/// answers, the answer is theirs to the bit. The rules themselves are in `CPairRules`, compiled for several instruction sets.
///
/// A window on memory that the environment's own arrays and features keep.
struct PairRules: @unchecked Sendable {
  /// The most lanes of one call: one bit each.
  static let mostLanes = 64

  private let game: cpairrules_game
  private let lanes: cpairrules_lanes

  /// Which of the lanes of a call need something else. `first`: the call's first lane.
  struct Rest {
    fileprivate let bits: cpairrules_rest

    /// Nothing of them has been changed.
    func untouched(_ first: Int) -> LaneBits { LaneBits(bits: bits.untouched, first: first) }
    /// All is done but the legal actions, which need a closer look: cash may not pay for everything that could be bought.
    func unmasked(_ first: Int) -> LaneBits { LaneBits(bits: bits.unmasked, first: first) }
    /// All is done, and the lane stands at the end of its episode.
    func ended(_ first: Int) -> LaneBits { LaneBits(bits: bits.ended, first: first) }
  }

  /// Lanes whose bit is set, in order.
  struct LaneBits: Sequence, IteratorProtocol {
    fileprivate var bits: UInt64
    fileprivate let first: Int

    mutating func next() -> Int? {
      guard bits != 0 else { return nil }
      defer { bits &= bits &- 1 }
      return first + bits.trailingZeroBitCount
    }
  }

  /// Nil where the plain rules are needed for every step. `leavesOrders`: the plain rules take every step that orders, because they write fills
  /// down.
  init?(
    features: MarketFeatures, legality: BasketLegality, configuration: BasketConfiguration,
    lanes: BasketLanes, running: EpisodeRecorder.Running, leavesOrders: Bool
  ) {
    guard features.symbolCount == 2, features.listings == nil, configuration.isUniform, !configuration.allowShort,
      !configuration.rewards.isActive
    else { return nil }
    let actions = legality.actions
    // The rules take an action apart by arithmetic.
    for action in 0..<actions.heads.count {
      let sides = (Int(actions.orders.base[2 * action]), Int(actions.orders.base[2 * action + 1]))
      precondition(action == 3 * (sides.0 + 1) + sides.1 + 1, "action \(action) orders \(sides)")
    }
    let tiers = configuration.drawdown
    game = cpairrules_game(
      rows: UnsafePointer(features.rows.base.assumingMemoryBound(to: CChar.self)), stride: features.rows.stride,
      prices: features.rows.pricesOffset,
      column_count: features.columnCount, first_position: features.width - 1, second_position: 2 * features.width - 1,
      maximum_units: Int(legality.maximumUnits.base[0]),
      unit_micro_dollars: legality.unitMicroDollars.base[0], unit_share: legality.unitShare,
      half_spread: legality.halfSpreadFraction, commission_dollars: legality.commissionDollars,
      commission: MicroDollars.rounded(legality.commissionDollars),
      largest_impact: features.largestImpact(
        orderDollars: legality.largestUnitDollars, halfSpreadFraction: legality.halfSpreadFraction),
      kept_at_warning: 1 - tiers.warn, kept_at_reduction: 1 - tiers.reduce, kept_at_halt: 1 - tiers.halt,
      all: ActionMask.all(count: actions.heads.count).rawValue,
      selling: (actions.selling.base[0], actions.selling.base[1]),
      buying: (actions.buying.base[0], actions.buying.base[1]), at_most_one: actions.openingAtMostOne.base[3],
      leaves_orders: leavesOrders ? -1 : 0)
    self.lanes = cpairrules_lanes(
      bar: lanes.bar.base, last_bar: UnsafePointer(lanes.lastBar.base), cash: lanes.cash.base,
      shares: lanes.shares.base, units: lanes.units.base, highest: lanes.highest.base, tier: lanes.tier.base,
      value: lanes.value.base, middle: lanes.middle.base, mask: lanes.legal.base,
      price_profit: lanes.priceProfit.base, half_spread_cost: lanes.halfSpreadCost.base,
      impact_cost: lanes.impactCost.base, commission: lanes.commission.base, mark_change: lanes.markChange.base,
      has_ended: UnsafeMutableRawPointer(lanes.hasEnded.base).assumingMemoryBound(to: UInt8.self),
      episode_return: running.returns, episode_length: running.lengths,
      tier_bars: (lanes.warnBars.base, lanes.reduceBars.base, lanes.haltBars.base))
  }

  /// Steps at most `mostLanes` lanes. What is left over of a multiple of eight is untouched.
  func step(_ actions: UnsafePointer<Int32>, lanes range: Range<Int>, into row: StepBuffers) -> Rest {
    let written = cpairrules_row(
      observations: row.observations.base, observation_stride: row.observations.rowStride, rewards: row.rewards,
      terminated: row.terminated, truncated: row.truncated, masks: row.masks.base)
    return withUnsafePointer(to: game) { game in
      withUnsafePointer(to: lanes) { lanes in
        withUnsafePointer(to: written) { written in
          Rest(bits: cpairrules_step(game, lanes, actions, written, range.lowerBound, range.count))
        }
      }
    }
  }
}
