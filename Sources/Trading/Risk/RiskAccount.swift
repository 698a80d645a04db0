// What a risk manager remembers of an account.

import Market

/// How often something happened, by reason, since the account was opened.
package struct RiskCounters: Sendable, Equatable {
  /// By `RiskReason.rawValue`: orders refused, and orders made smaller.
  package var blocked = SIMD16<Int64>(repeating: 0)
  package var reduced = SIMD16<Int64>(repeating: 0)
  /// Fills cut because they no longer fitted on their own quote: packages not filled.
  package var shrunkAtFill = SIMD16<Int64>(repeating: 0)
  /// By `RiskLimit.rawValue`: limits that the market alone has passed.
  package var drift = SIMD8<Int64>(repeating: 0)
  /// States over a limit after a fill that increased that exposure: never.
  package var violations = SIMD8<Int64>(repeating: 0)
  /// The same after an exit, which no limit holds back.
  package var exitsOverLimit = SIMD8<Int64>(repeating: 0)

  package init() {}

  /// Orders that the gamma limit refused or made smaller.
  package var gammaViolations: Int64 { blocked[RiskReason.gamma.rawValue] + reduced[RiskReason.gamma.rawValue] }

  /// Everything that happened, in words; empty where nothing did.
  package var lines: [String] {
    func list(_ name: String, _ count: (RiskReason) -> Int64) -> String? {
      let parts = RiskReason.allCases.filter { count($0) > 0 }.map { "\($0.name) \(count($0))" }
      return parts.isEmpty ? nil : "\(name): \(parts.joined(separator: ", "))"
    }
    func limits(_ counts: SIMD8<Int64>) -> (RiskReason) -> Int64 { { $0.limit.map { counts[$0.rawValue] } ?? 0 } }
    return [
      list("refused") { blocked[$0.rawValue] }, list("made smaller") { reduced[$0.rawValue] },
      list("shrunk at the fill") { shrunkAtFill[$0.rawValue] }, list("drift by the market", limits(drift)),
      list("exits over a limit", limits(exitsOverLimit)), list("VIOLATIONS", limits(violations)),
    ].compactMap { $0 }
  }
}

/// An order that was let through and is neither filled nor cancelled: the headroom that it keeps.
package struct ReservedOrder: Sendable {
  /// 0: the place is free.
  package var id: Int64
  package var legs: UpToFour<OrderLeg>
  package var quantity: Int
  package var effect: Order.Effect
  package var purpose: RiskGate.Purpose

  package init(
    id: Int64, legs: UpToFour<OrderLeg>, quantity: Int, effect: Order.Effect, purpose: RiskGate.Purpose
  ) {
    self.id = id
    self.legs = legs
    self.quantity = quantity
    self.effect = effect
    self.purpose = purpose
  }

  package static let free = ReservedOrder(
    id: 0, legs: UpToFour(OrderLeg(contract: -1, ratio: 0)), quantity: 0, effect: .opens, purpose: .decision)
}

/// The numbers of one account that outlive a minute.
package struct RiskState: Sendable, Equatable {
  /// Of the positions, on their quotes of the last mark and the fills since.
  package var held = GreekExposure.zero
  /// What orders in flight may add and take.
  package var rising = GreekExposure.zero
  package var falling = GreekExposure.zero
  /// How many those are.
  package var inFlight = 0
  /// Micro-dollars: as last marked, at the session's start, and the highest ever.
  package var netLiquidation: Int64 = 0
  package var sessionStart: Int64 = 0
  package var high: Int64 = 0
  package var tier = RiskTier.none
  package var isKilled = false
  package var isJournalBroken = false
  package var isLossReached = false
  package var isRejectStorm = false
  package var isStale = false
  /// The first minute in which a jump no longer halts.
  package var pausedUntil = -1
  /// Minutes of the last rejects.
  package var rejects = SIMD8<Int32>(repeating: -100_000)
  package var rejectPlace = 0
  /// The minute at whose end the account was last marked, and the session's length.
  package var minute = -1
  package var minuteCount = 0
  /// Of implied volatility among the year before; its neutral value where it is not known.
  package var volatilityRank = VolatilityRank.neutral
  /// Limits that are known to be passed, a bit each by `RiskLimit.rawValue`.
  package var passed: UInt8 = 0
  package var counters = RiskCounters()

  package init() {}

  /// A bit for each cause that holds, by `StateCause.rawValue`.
  @inlinable @inline(__always)
  package var causes: UInt8 {
    var bits: UInt8 = isKilled ? 1 : 0
    bits |= isJournalBroken ? 2 : 0
    bits |= tier == .halt ? 4 : 0
    bits |= isLossReached ? 8 : 0
    bits |= isRejectStorm ? 16 : 0
    bits |= isStale ? 32 : 0
    bits |= minute < pausedUntil ? 64 : 0
    return bits | (tier == .reduce ? 128 : 0)
  }

  /// Why the desk is not active: the strongest cause.
  @inlinable @inline(__always)
  package var cause: StateCause? { StateCause(rawValue: causes.trailingZeroBitCount) }

  package var desk: DeskState { cause?.state ?? .active }

  @inlinable @inline(__always)
  package var netLiquidationDollars: Double { Double(netLiquidation) * 1e-6 }
}

/// One account's risk, as a window on memory that its owner keeps: a lane's, or the only one's.
///
/// state: (1). orders: (orderCapacity). legs: (legCapacity) scratch, at least the book's positions and 4. cells: (64) scratch.
package struct RiskAccount: @unchecked Sendable {
  package let state: UnsafeMutablePointer<RiskState>
  package let orders: UnsafeMutablePointer<ReservedOrder>
  package let orderCapacity: Int
  let legs: UnsafeMutablePointer<LargestLoss.Leg>
  let legCapacity: Int
  let cells: UnsafeMutablePointer<Double>

  /// The place of an order in flight.
  package func place(of id: Int64) -> Int? {
    guard id != 0 else { return nil }
    for place in 0..<orderCapacity where orders[place].id == id { return place }
    return nil
  }

  /// Orders in flight that decisions have sent, and a place for one more of any kind.
  var flight: (decisions: Int, free: Int?) {
    if state.pointee.inFlight == 0 { return (0, orderCapacity > 0 ? 0 : nil) }
    var (decisions, free): (Int, Int?) = (0, nil)
    for place in 0..<orderCapacity {
      if orders[place].id == 0 { free = free ?? place } else if orders[place].purpose == .decision { decisions += 1 }
    }
    return (decisions, free)
  }
}

/// Owns the memory of many accounts' risk: lanes side by side, or one.
package final class RiskMemory: @unchecked Sendable {
  package let lanes: Int
  package let orderCapacity: Int
  private let legCapacity: Int
  private let states: UnsafeMutablePointer<RiskState>
  private let orders: UnsafeMutablePointer<ReservedOrder>
  private let legs: UnsafeMutablePointer<LargestLoss.Leg>
  private let cells: UnsafeMutablePointer<Double>

  /// positions: the capacity of each lane's book. orders: how many may be in flight at once.
  package init(lanes: Int = 1, positions: Int, orders orderCapacity: Int = 16) {
    self.lanes = lanes
    self.orderCapacity = orderCapacity
    legCapacity = positions + UpToFour<OrderLeg>.capacity
    states = .allocate(capacity: lanes)
    states.initialize(repeating: RiskState(), count: lanes)
    orders = .allocate(capacity: lanes * orderCapacity)
    orders.initialize(repeating: .free, count: lanes * orderCapacity)
    legs = .allocate(capacity: lanes * legCapacity)
    legs.initialize(
      repeating: LargestLoss.Leg(underlying: 0, expiry: 0, side: 0, strike: 0, units: 0, price: 0),
      count: lanes * legCapacity)
    cells = .allocate(capacity: lanes * 2 * ShockGrid.count)
    cells.initialize(repeating: 0, count: lanes * 2 * ShockGrid.count)
  }

  deinit {
    states.deallocate()
    orders.deallocate()
    legs.deallocate()
    cells.deallocate()
  }

  /// One account. The window lives no longer than this.
  package subscript(lane: Int) -> RiskAccount { account(lane, scratchOf: lane) }

  /// An account that is asked with the scratch of another: a pass that asks many keeps to that of a few, which stays in the nearest cache.
  @inline(__always)
  func account(_ lane: Int, scratchOf other: Int) -> RiskAccount {
    precondition(lane >= 0 && lane < lanes && other >= 0 && other < lanes, "lanes \(lane) and \(other) of \(lanes)")
    return RiskAccount(
      state: states + lane, orders: orders + lane * orderCapacity, orderCapacity: orderCapacity,
      legs: legs + other * legCapacity, legCapacity: legCapacity, cells: cells + other * 2 * ShockGrid.count)
  }
}
