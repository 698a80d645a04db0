// When a position is left: the rules that it is opened with, and keeps.

private import Market
private import Text

/// One step of a scale-out: at a gain, a part of the quantity at entry.
package struct ScaleOutRung: Sendable, Hashable {
  /// Gain at which it is reached, itself included, in basis points of the entry.
  package var gain: Int
  /// What is closed, in basis points of the quantity at entry.
  package var part: Int

  package init(gain: Int, part: Int) {
    self.gain = gain
    self.part = part
  }
}

/// A stop that follows the best value: stop = best - (1 - lock) x (best - entry).
package struct TrailingStop: Sendable, Hashable {
  /// Gain of the best value from which on it stands, itself included, in basis points of the entry. Below it there is no such stop: with none it would
  /// stand at the entry and fire on the first tick against the position.
  package var activation: Int
  /// The share of the best gain that it keeps, in basis points.
  package var lock: Int

  package init(activation: Int = 2000, lock: Int = 7500) {
    self.activation = activation
    self.lock = lock
  }
}

/// Leaves a position that is near its expiry and has not earned enough.
///
/// Armed only where the position was opened with more days to live, so that one of a few days is not closed as it is opened.
package struct TimeExit: Sendable, Hashable {
  /// Calendar days to expiry, itself included.
  package var daysToExpiry: Int
  /// Basis points of the entry; a gain of exactly so much stays.
  package var belowGain: Int

  package init(daysToExpiry: Int = 7, belowGain: Int = 2000) {
    self.daysToExpiry = daysToExpiry
    self.belowGain = belowGain
  }
}

/// Exchanges a contract near its expiry for the same strike of a later one. Armed as `TimeExit`.
package struct RollRule: Sendable, Hashable {
  /// Calendar days to expiry, itself included.
  package var daysToExpiry: Int
  /// Basis points of the entry; a gain of exactly so much is not rolled.
  package var aboveGain: Int
  /// Calendar days behind today's expiry that the later one should lie; the nearest listed one is taken.
  package var furtherDays: Int
  /// The most that the exchange may cost, in ten-thousandths of a dollar a package; below 0: the least that it must bring.
  package var mostDebit: Int

  package init(daysToExpiry: Int = 21, aboveGain: Int = -1000, furtherDays: Int = 30, mostDebit: Int) {
    self.daysToExpiry = daysToExpiry
    self.aboveGain = aboveGain
    self.furtherDays = furtherDays
    self.mostDebit = mostDebit
  }
}

/// The rules by which one position is left. They hold on what closing it would bring, never on a stop of its underlying.
///
/// Everything that is a share of the entry is a whole number of basis points, so that every boundary is met exactly: 25.725 is 50 % above 17.15.
/// Precedence: hard stop, expiry, scale-out, trailing stop, target, roll.
package struct ExitPlan: Sendable, Hashable {
  package enum Kind: String, Sendable, CaseIterable {
    /// All of it at a target.
    case fullTarget = "full_target"
    /// Part by part, the rest behind a trailing stop.
    case scaleOutAndTrail = "scale_out_and_trail"
  }

  package var kind: Kind
  /// Loss at which all is closed, itself included, in basis points of the entry.
  package var stopLoss: Int
  /// Gain at which all is closed, itself included; `fullTarget` alone has one.
  package var target: Int?
  /// Move of the underlying in the position's favour at which all is closed, itself included, in basis points of its price at entry; `fullTarget` alone.
  package var underlyingTarget: Int?
  /// By gain, ascending; `scaleOutAndTrail` alone.
  package var rungs: [ScaleOutRung]
  package var trail: TrailingStop?
  /// Minutes before the close of a contract's last session from which on nothing is held.
  package var flatMinutesBeforeClose: Int
  package var timeExit: TimeExit?
  package var roll: RollRule?

  package init(
    kind: Kind, stopLoss: Int, target: Int? = nil, underlyingTarget: Int? = nil, rungs: [ScaleOutRung] = [],
    trail: TrailingStop? = nil, flatMinutesBeforeClose: Int = 15, timeExit: TimeExit? = TimeExit(),
    roll: RollRule? = nil
  ) {
    self.kind = kind
    self.stopLoss = stopLoss
    self.target = target
    self.underlyingTarget = underlyingTarget
    self.rungs = rungs
    self.trail = trail
    self.flatMinutesBeforeClose = flatMinutesBeforeClose
    self.timeExit = timeExit
    self.roll = roll
  }

  /// -25 %, +50 %, and 3 % of the underlying.
  package static let fullTarget = ExitPlan(kind: .fullTarget, stopLoss: 2500, target: 5000, underlyingTarget: 300)
  /// -25 %, half at +50 %, a quarter at +75 %, and a stop that keeps three quarters of the best gain from +20 % on.
  package static let scaleOutAndTrail = ExitPlan(
    kind: .scaleOutAndTrail, stopLoss: 2500,
    rungs: [ScaleOutRung(gain: 5000, part: 5000), ScaleOutRung(gain: 7500, part: 2500)], trail: TrailingStop())

  /// As many as `ExitState.latched` has room for, and more than anybody scales out by.
  package static let mostRungs = 8
  /// A hundredfold.
  static let mostBasisPoints = 1_000_000
  static let mostDays = 3650

  /// The first thing that is wrong, and what to do; nil where the plan can be followed.
  package var problem: ExitPlanError? {
    func share(_ field: String, _ value: Int, _ range: ClosedRange<Int>) -> ExitPlanError? {
      range.contains(value) ? nil : .shareOutside(field, value, range)
    }
    let all = ExitPlan.mostBasisPoints
    switch kind {
    case .fullTarget:
      guard rungs.isEmpty else { return .contradiction("full_target closes all at once and has no rungs") }
      guard target != nil else { return .contradiction("full_target needs a target") }
    case .scaleOutAndTrail:
      guard target == nil, underlyingTarget == nil else {
        return .contradiction("scale_out_and_trail has no target, which would close all before its rungs")
      }
      guard !rungs.isEmpty || trail != nil else {
        return .contradiction("scale_out_and_trail needs rungs, a trailing stop or both")
      }
    }
    guard rungs.count <= ExitPlan.mostRungs else { return .outside("rungs", rungs.count, 0...ExitPlan.mostRungs) }
    guard zip(rungs, rungs.dropFirst()).allSatisfy({ $0.gain < $1.gain }) else {
      return .contradiction("the rungs' gains must rise")
    }
    for rung in rungs {
      if let problem = share("gain", rung.gain, 1...all) ?? share("part", rung.part, 1...10_000) { return problem }
    }
    guard rungs.reduce(0, { $0 + $1.part }) <= 10_000 else {
      return .contradiction("the rungs' parts are more than the whole: at most 100 % together")
    }
    var shares: [(String, Int, ClosedRange<Int>)] = [("stop_loss", stopLoss, 1...all)]
    var counts: [(String, Int, ClosedRange<Int>)] = [
      ("flat_minutes_before_close", flatMinutesBeforeClose, 0...TradingCalendar.fullSessionMinutes)
    ]
    if let target { shares.append(("target", target, 1...all)) }
    if let underlyingTarget { shares.append(("underlying_target", underlyingTarget, 1...10_000)) }
    if let trail {
      shares += [("activation", trail.activation, 1...all), ("lock", trail.lock, 0...10_000)]
    }
    if let timeExit {
      counts.append(("time_exit's days_to_expiry", timeExit.daysToExpiry, 1...ExitPlan.mostDays))
      shares.append(("below_gain", timeExit.belowGain, -10_000...all))
    }
    if let roll {
      counts.append(("roll's days_to_expiry", roll.daysToExpiry, 1...ExitPlan.mostDays))
      shares.append(("above_gain", roll.aboveGain, -10_000...all))
      counts.append(("further_days", roll.furtherDays, 1...ExitPlan.mostDays))
      guard (-Order.mostPrice...Order.mostPrice).contains(roll.mostDebit) else {
        return .contradiction(
          "a roll's most_debit is \(PriceText.dollars(roll.mostDebit, places: 4)) dollars, which no contract costs")
      }
    }
    return shares.lazy.compactMap { share($0.0, $0.1, $0.2) }.first
      ?? counts.lazy.compactMap { $0.2.contains($0.1) ? nil : .outside($0.0, $0.1, $0.2) }.first
  }
}

/// Why a plan cannot be followed.
package enum ExitPlanError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A whole number, with its bounds.
  case outside(String, Int, ClosedRange<Int>)
  /// A share in basis points, with its bounds; people read and write percent.
  case shareOutside(String, Int, ClosedRange<Int>)
  case contradiction(String)
  /// A position whose net price at entry is nothing: no gain is a share of it.
  case noEntryPrice
  case quantity(Int)
  /// A stored plan that is not what it should be.
  case malformed(String)
  /// A stored plan of a contract that nobody lists any more.
  case unknownContract(String)

  package var description: String {
    switch self {
    case .outside(let field, let value, let range):
      "an exit plan's \(field) is \(value); give \(range.lowerBound) to \(range.upperBound)"
    case .shareOutside(let field, let value, let range):
      "an exit plan's \(field) is \(ExitFields.percent(value).text) %; give "
        + "\(ExitFields.percent(range.lowerBound).text) to \(ExitFields.percent(range.upperBound).text)"
    case .contradiction(let sentence): sentence
    case .noEntryPrice:
      "a position opened at a net price of 0 has no gain in percent; open it without an exit plan, or leg by leg"
    case .quantity(let quantity): "an exit plan for \(quantity) packages; give 1 to \(ExitState.mostQuantity)"
    case .malformed(let sentence): sentence
    case .unknownContract(let symbol):
      "the exit plan of \(symbol) has no contract any more: take the plan out of the journal, and close what is held by hand"
    }
  }
}
