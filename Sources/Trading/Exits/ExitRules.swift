// The rules themselves: one minute of one position.

extension ExitPlan {
  /// What the plan wants done at the end of a minute; nil: nothing. Remembers the best value, the stop and the rungs that fired, and counts what it asks for
  /// as working: tell the state what became of the order.
  ///
  /// Boundaries are inclusive. Stops are asked before targets, and on the worst value of the minute; rungs and targets on its best. The trailing stop of the
  /// minute before meets the worst value, the one that the minute's own best makes meets its last. Without a quote that an order could meet, time alone
  /// closes. Nothing is allocated.
  package func decide(_ state: inout ExitState, at moment: ExitMoment) -> ExitDecision? {
    guard state.held > 0 else { return nil }
    let isQuoted = moment.isQuoted
    let trailed = isQuoted && follow(&state, moment)
    guard state.free > 0 else { return nil }
    if isQuoted, state.loses(stopLoss, at: moment.worst) {
      return close(state.free, .stopLoss, level: state.level(gain: -stopLoss), &state, moment)
    }
    if moment.minutesToLastClose <= flatMinutesBeforeClose {
      return close(state.free, .expiry, level: moment.value, &state, moment)
    }
    guard isQuoted else { return nil }
    if let timeExit, state.entryDaysToExpiry > timeExit.daysToExpiry, moment.daysToExpiry <= timeExit.daysToExpiry,
      !state.gains(timeExit.belowGain, at: moment.value)
    {
      return close(state.free, .timeDecay, level: moment.value, &state, moment)
    }
    if let decision = scaleOut(&state, moment) { return decision }
    if trailed { return close(state.free, .trailingStop, level: state.stop, &state, moment) }
    if let target, state.gains(target, at: moment.best) {
      return close(state.free, .profitTarget, level: state.level(gain: target), &state, moment)
    }
    if let underlyingTarget, state.underlyingMoved(underlyingTarget, to: moment.underlying) {
      return close(state.free, .underlyingTarget, level: moment.value, &state, moment)
    }
    // A position of which a part is being closed already is not exchanged.
    if let roll, state.working == 0, state.entryDaysToExpiry > roll.daysToExpiry,
      moment.daysToExpiry <= roll.daysToExpiry, state.gainsMore(than: roll.aboveGain, at: moment.value)
    {
      return close(state.free, .roll, level: moment.value, &state, moment)
    }
    return nil
  }

  /// Moves the best value and the trailing stop, both one way only; whether the stop was met.
  private func follow(_ state: inout ExitState, _ moment: ExitMoment) -> Bool {
    let wasMet = state.stop != ExitState.noStop && moment.worst <= state.stop
    state.peak = max(state.peak, moment.best)
    guard let trail, state.gains(trail.activation, at: state.peak) else { return wasMet }
    let given = (10_000 - trail.lock) * (state.peak - state.entry)
    // Down to the next whole ten-thousandth: values are whole, so none lies between the two.
    state.stop = max(state.stop, state.peak - (given + 9_999) / 10_000)
    return wasMet || moment.value <= state.stop
  }

  /// One order for all rungs that are reached and have not fired. A rung that closes nothing has fired too.
  private func scaleOut(_ state: inout ExitState, _ moment: ExitMoment) -> ExitDecision? {
    var (quantity, level) = (0, 0)
    for place in rungs.indices where state.latched & 1 << UInt32(place) == 0 {
      guard state.gains(rungs[place].gain, at: moment.best) else { break }
      state.latched |= 1 << UInt32(place)
      quantity += ExitPlan.packages(
        part: rungs[place].part, ofEntry: state.entryQuantity, remaining: state.free - quantity)
      level = state.level(gain: rungs[place].gain)
    }
    return quantity == 0 ? nil : close(quantity, .scaleOut, level: level, &state, moment)
  }

  /// Whole packages of a part in basis points: rounded down, at least 1 where more than 1 remains, and the last one rides.
  package static func packages(part: Int, ofEntry quantity: Int, remaining: Int) -> Int {
    remaining > 1 ? min(max(quantity * part / 10_000, 1), remaining - 1) : 0
  }

  private func close(
    _ quantity: Int, _ reason: ExitReason, level: Int, _ state: inout ExitState, _ moment: ExitMoment
  ) -> ExitDecision {
    state.working += quantity
    return ExitDecision(reason: reason, quantity: quantity, level: level, value: moment.value)
  }
}

extension ExitState {
  /// The value at which the entry has gained so many basis points, to the whole value that meets it: up for a gain, down for a loss.
  package func level(gain basisPoints: Int) -> Int {
    let part = (abs(basisPoints) * abs(entry) + 9_999) / 10_000
    return basisPoints < 0 ? entry - part : entry + part
  }

  /// Whether a value has lost at least so many basis points of the entry; exact.
  @inlinable @inline(__always)
  func loses(_ basisPoints: Int, at value: Int) -> Bool { (entry - value) * 10_000 >= basisPoints * abs(entry) }

  func gainsMore(than basisPoints: Int, at value: Int) -> Bool {
    (value - entry) * 10_000 > basisPoints * abs(entry)
  }

  /// Whether the underlying has moved at least so many basis points of its price at entry to the position's favour; exact.
  func underlyingMoved(_ basisPoints: Int, to price: Int) -> Bool {
    guard entryUnderlying > 0, (1...ExitState.mostValue).contains(price) else { return false }
    return (price - entryUnderlying) * favourableDirection * 10_000 >= basisPoints * entryUnderlying
      && favourableDirection != 0
  }
}
