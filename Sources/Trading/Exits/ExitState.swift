// What a position's exit remembers between minutes, and over a restart.

/// The memory of one plan. Values are what closing one package would bring, in ten-thousandths of a dollar: a long option's bid, and for a short one
/// minus its ask. With such signs every rule reads the same for both sides.
package struct ExitState: Sendable, Hashable {
  /// What the position cost, a package; less than nothing where it brought a credit.
  package internal(set) var entry: Int
  package internal(set) var entryQuantity: Int
  /// Packages still open.
  package internal(set) var held: Int
  /// Of them in closing orders that are not filled yet.
  package internal(set) var working: Int
  /// The best value so far, the entry included.
  package internal(set) var peak: Int
  /// Where the trailing stop stands, rounded down, which no whole value can tell from the exact one; `noStop` before it does.
  package internal(set) var stop: Int
  /// Rungs that have fired, a bit each. They are remembered, never inferred from what remains: one contract of one would fire for ever.
  package internal(set) var latched: UInt32
  /// Of the underlying, in ten-thousandths of a dollar; 0: unknown, so that its move closes nothing.
  package internal(set) var entryUnderlying: Int
  /// +1 where a rising underlying favours the position, -1 where a falling one does, 0 where neither is meant.
  package internal(set) var favourableDirection: Int
  /// Calendar days to expiry at entry, by which time exits and rolls are armed.
  package internal(set) var entryDaysToExpiry: Int

  package static let noStop = Int.min
  /// A hundred million dollars a share; what lies beyond is no price.
  package static let mostValue = 1_000_000_000_000
  package static let mostQuantity = 1_000_000
  static let mostDays = 100_000

  /// A position that has just been opened.
  ///
  /// entry: ten-thousandths of a dollar a package, negative for a credit, as it was filled. quantity: packages. underlying: ten-thousandths of a dollar, 0
  /// where unknown. Throws where no gain could be told.
  package init(
    entry: Int, quantity: Int, underlying: Int = 0, favourableDirection: Int = 0, daysToExpiry: Int
  ) throws(ExitPlanError) {
    guard entry != 0 else { throw .noEntryPrice }
    guard (1...ExitState.mostQuantity).contains(quantity) else { throw .quantity(quantity) }
    self.entry = entry
    entryQuantity = quantity
    held = quantity
    working = 0
    peak = entry
    stop = ExitState.noStop
    latched = 0
    entryUnderlying = underlying
    self.favourableDirection = favourableDirection
    entryDaysToExpiry = daysToExpiry
    if let problem { throw problem }
  }

  /// A lane without a position.
  @inlinable
  package init() {
    entry = 0
    entryQuantity = 0
    held = 0
    working = 0
    peak = 0
    stop = ExitState.noStop
    latched = 0
    entryUnderlying = 0
    favourableDirection = 0
    entryDaysToExpiry = 0
  }

  /// The first thing that no position can be; nil where this is one.
  var problem: ExitPlanError? {
    guard entry != 0 else { return .noEntryPrice }
    let most = ExitState.mostValue
    // An empty range says that a field before it is wrong.
    let fields: [(String, Int, least: Int, most: Int)] = [
      ("entry price", entry, -most, most), ("entry quantity", entryQuantity, 1, ExitState.mostQuantity),
      ("held quantity", held, 0, entryQuantity), ("working quantity", working, 0, held),
      ("best price", peak, entry, most), ("latched rungs", Int(latched), 0, 1 << ExitPlan.mostRungs - 1),
      ("underlying price at entry", entryUnderlying, 0, most), ("favourable direction", favourableDirection, -1, 1),
      ("days to expiry at entry", entryDaysToExpiry, 0, ExitState.mostDays),
      ("trailing stop", stop == ExitState.noStop ? peak : stop, -most, peak),
    ]
    for (name, value, least, most) in fields where value < least || value > most {
      return .outside(name, value, least...max(least, most))
    }
    return nil
  }

  /// What may still be ordered closed.
  @inlinable
  package var free: Int { held - working }

  /// The gain of a value in basis points of the entry, to the nearest, half away from zero; to be read, and not to be decided on.
  package func gainBasisPoints(at value: Int) -> Int {
    guard entry != 0 else { return 0 }
    let (gain, basis) = ((value - entry) * 10_000, abs(entry))
    return (gain + (gain < 0 ? -basis : basis) / 2) / basis
  }

  /// Whether a value has gained at least so many basis points of the entry; exact.
  @inlinable @inline(__always)
  package func gains(_ basisPoints: Int, at value: Int) -> Bool {
    (value - entry) * 10_000 >= basisPoints * abs(entry)
  }

  // MARK: - What happened to its orders

  /// More was opened, at another price: the entry is the mean, up, so that no gain is invented.
  mutating func add(_ quantity: Int, entry added: Int) {
    let all = entryQuantity + quantity
    let sum = entry * entryQuantity + added * quantity
    entry = sum / all + (sum % all > 0 ? 1 : 0)
    // A mean of nothing has no percent; the next price that has is a ten-thousandth away.
    if entry == 0 { entry = 1 }
    entryQuantity = all
    held += quantity
    peak = max(peak, entry)
  }

  /// So many packages of a closing order were filled.
  @inlinable
  package mutating func filled(_ quantity: Int) {
    let closed = min(max(quantity, 0), held)
    held -= closed
    working = min(max(working - closed, 0), held)
  }

  /// What is left of a closing order was cancelled. Its rungs stay latched.
  @inlinable
  package mutating func cancelled(_ quantity: Int) { working = max(0, working - max(quantity, 0)) }

  /// So many packages went without an order of this plan: settled, assigned, or closed by hand.
  @inlinable
  package mutating func removed(_ quantity: Int) {
    held -= min(max(quantity, 0), held)
    working = min(working, held)
  }
}
