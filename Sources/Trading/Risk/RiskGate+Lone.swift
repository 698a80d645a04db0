// The gate of an account that holds one long option at most, and has one order in flight at most: what the general rules say of it, without a book that is walked or a
// market that is filled.

/// One option that is bought, as limits see it at the end of a minute.
package struct LoneOption: Sendable {
  /// Of one, multiplier applied: `ContractRisk.exposure`.
  package var one: GreekExposure
  package var multiplier: Int32
  /// Of its mark or its quote, dollars a unit.
  package var bid: Double
  package var ask: Double

  @inlinable
  package init(one: GreekExposure, multiplier: Int32, bid: Double, ask: Double) {
    (self.one, self.multiplier, self.bid, self.ask) = (one, multiplier, bid, ask)
  }

  /// What so many can lose: all that they are worth, see `LargestLoss`.
  @inline(__always)
  fileprivate func loss(_ quantity: Int, price: Double) -> Double {
    max(Double(quantity) * Double(multiplier) * price, 0)
  }

  @inline(__always)
  fileprivate var middle: Double { bid + (ask - bid) / 2 }
}

/// What a desk must do with a lone option at the end of a minute.
package enum LoneMark: Sendable {
  case nothing
  /// It expires with the session, and its hour has come.
  case closeExpiring
  /// Only the general rules can say it. Nothing has been changed.
  case ask
}

extension RiskGate {
  /// `mark` of an account that holds nothing and has nothing in flight. rank: of implied volatility.
  package func markIdle(
    _ state: UnsafeMutablePointer<RiskState>, netLiquidation: Int64, minute: Int, rank: Double
  ) {
    state.pointee.minute = minute
    state.pointee.netLiquidation = netLiquidation
    state.pointee.volatilityRank = rank
    state.pointee.isStale = false
    if !(0 < profile.jumpFraction) { state.pointee.pausedUntil = minute + 1 + profile.jumpPauseMinutes }
    state.pointee.held = .zero
    state.pointee.rising = .zero
    state.pointee.falling = .zero
    let losses = losses(of: state, netLiquidation)
    state.pointee.high = losses.high
    state.pointee.tier = losses.tier
    state.pointee.isLossReached = losses.isLossReached
    state.pointee.isKilled = losses.isKilled
    state.pointee.passed = 0
  }

  /// `mark` of an account with so many of one option, 0 where it holds nothing, and an order in flight that may add or take an exposure.
  ///
  /// oldest: minutes, of the quote of what is held. move: of the underlying, a fraction.
  package func markLone(
    _ state: UnsafeMutablePointer<RiskState>, _ option: LoneOption, quantity: Int, flight: GreekExposure,
    netLiquidation: Int64, minute: Int, oldest: Int, move: Double, rank: Double
  ) -> LoneMark {
    guard oldest < profile.staleMinutes, abs(move) < profile.jumpFraction else { return .ask }
    let losses = losses(of: state, netLiquidation)
    // Whatever halts closes too: that is for the general rules.
    if losses.isKilled || losses.isLossReached || losses.tier == .halt || state.pointee.isJournalBroken
      || state.pointee.isRejectStorm || minute < state.pointee.pausedUntil
    {
      return .ask
    }
    let value = Double(netLiquidation) * 1e-6
    var held = GreekExposure.zero
    var passed: UInt8 = 0
    if quantity != 0 {
      held += option.one * Double(quantity)
      let loss = option.loss(quantity, price: option.middle)
      guard loss <= profile.limits.mostShockLoss(netLiquidationDollars: value) else { return .ask }
      passed = passedGreeks(held, value)
      if passed != 0, profile.closesDrift { return .ask }
    }
    state.pointee.minute = minute
    state.pointee.netLiquidation = netLiquidation
    state.pointee.volatilityRank = rank
    state.pointee.isStale = false
    state.pointee.held = held
    state.pointee.rising = GreekExposure.zero + flight.rising
    state.pointee.falling = GreekExposure.zero + flight.falling
    state.pointee.high = losses.high
    state.pointee.tier = losses.tier
    countDrift(passed, state)
    return quantity != 0 && state.pointee.minuteCount - minute - 1 <= profile.forcedFlatMinutes
      ? .closeExpiring : .nothing
  }

  /// What a value makes of an account's states.
  @inline(__always)
  private func losses(
    of state: UnsafeMutablePointer<RiskState>, _ value: Int64
  ) -> (high: Int64, tier: RiskTier, isLossReached: Bool, isKilled: Bool) {
    let high = max(state.pointee.high, value)
    let tier = profile.sessionTiers.tier(
      value: value, highest: state.pointee.sessionStart, before: state.pointee.tier)
    var isLossReached = state.pointee.isLossReached
    if let most = profile.dailyLossDollars, Double(state.pointee.sessionStart - value) >= most * 1e6 {
      isLossReached = true
    }
    let isKilled = state.pointee.isKilled || Double(value) <= Double(high) * (1 - profile.killFraction)
    return (high, tier, isLossReached, isKilled)
  }

  /// Keeps the headroom of an order that was let through.
  @inline(__always)
  package func reserveLone(_ state: UnsafeMutablePointer<RiskState>, flight: GreekExposure) {
    state.pointee.inFlight = 1
    state.pointee.rising = GreekExposure.zero + flight.rising
    state.pointee.falling = GreekExposure.zero + flight.falling
  }

  /// Whether so many of an option may be filled that an account buys which holds nothing: all that `judgeFill` is asked for. False: it must be asked.
  ///
  /// cost: at most what filling takes from the account.
  package func letsOpenLone(
    _ state: UnsafeMutablePointer<RiskState>, _ option: LoneOption, quantity: Int, cost: FillCost
  ) -> Bool {
    guard state.pointee.causes == 0, profile.limits.notionalDollars == nil, option.one.isFinite,
      state.pointee.minuteCount - (state.pointee.minute + 1) > profile.forcedFlatMinutes
    else { return false }
    let value = state.pointee.netLiquidationDollars
    let after = value - cost.fixed - Double(quantity) * cost.perPackage
    let judge = ExposureJudge(limits: profile.limits, held: state.pointee.held, rising: .zero, falling: .zero)
    guard judge.fitsAll(GreekExposure.zero + option.one, quantity: quantity, netLiquidationDollars: after),
      option.loss(quantity, price: option.ask) <= profile.limits.mostShockLoss(netLiquidationDollars: after)
    else { return false }
    let most = profile.sizes.fraction(rank: state.pointee.volatilityRank) * max(value, 0)
    return Double(quantity) * option.loss(1, price: option.ask) <= most
  }

  /// `apply` of a fill of a lone order. filled: signed. held: what is held behind it. left: exposure of what is left of the order.
  ///
  /// Returns whether `countOver` must be asked: something may be over a limit because of it.
  package func applyLone(
    _ state: UnsafeMutablePointer<RiskState>, _ option: LoneOption, filled: Int, held quantity: Int,
    left: GreekExposure?, netLiquidation: Int64
  ) -> Bool {
    let one = GreekExposure.zero + option.one * (filled < 0 ? -1 : 1)
    state.pointee.held += one * Double(abs(filled))
    state.pointee.netLiquidation = netLiquidation
    if quantity == 0 { state.pointee.held = .zero }
    state.pointee.inFlight = left == nil ? 0 : 1
    state.pointee.rising = GreekExposure.zero + (left?.rising ?? .zero)
    state.pointee.falling = GreekExposure.zero + (left?.falling ?? .zero)
    let value = state.pointee.netLiquidationDollars
    let loss = option.loss(quantity, price: option.middle)
    let over = limitsOver(one, state)
    return over != 0 || !(loss <= profile.limits.mostShockLoss(netLiquidationDollars: value))
  }
}
