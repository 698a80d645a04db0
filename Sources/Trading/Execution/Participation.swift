// How much of a minute an order may have, and that nobody has the same of it twice.

/// How much may be traded where the quote has no sizes.
package struct Participation: Sendable, Hashable {
  /// Of the contract's volume in the minute.
  package var millionths = 100_000
  /// Where nobody says the volume: contracts of an underlying and side in a minute of usual weight.
  package var contractsWithoutVolume = 10

  package init() {}

  /// Contracts or shares that the volume of a minute allows; whoever asks may have `least`.
  package func cap(volume: Int, least: Int) -> Int {
    guard volume > 0 else { return least }
    // Whole and rest of the volume apart, so that no product leaves 64 bits.
    let (whole, rest) = volume.quotientAndRemainder(dividingBy: ExecutionSettings.millionths)
    return max(whole * millionths + rest * millionths / ExecutionSettings.millionths, least)
  }

  /// Contracts that a minute allows without volume, for all options of an underlying on one side: max(1, floor(10 w)).
  ///
  /// weight: the minute's usual share of the session's volume or variance, times the minutes of the session.
  package func cap(weight: Double, least: Int) -> Int {
    let contracts = Double(contractsWithoutVolume) * weight
    guard contracts.isFinite, contracts >= 1 else { return max(1, least) }
    return max(Int(min(contracts, Double(Order.mostQuantity))), least)
  }
}

/// What was taken of a minute, by side.
package struct TakenLiquidity: Sendable, Hashable {
  package var minute: Int
  package var bought: Int
  package var sold: Int

  @inlinable
  package init(minute: Int = -1, bought: Int = 0, sold: Int = 0) {
    self.minute = minute
    self.bought = bought
    self.sold = sold
  }

  @inlinable
  package func taken(side: Int) -> Int { side > 0 ? bought : sold }
}

/// What one account has taken of each quote and of each minute, as a window on memory: what was taken serves nobody again.
///
/// contracts: (contractCount) by contract, of the minute of the last quote that was met. underlyings: (underlyingCount) by underlying, of the last minute.
/// owner: as of `Book`.
package struct LiquidityLedger: @unchecked Sendable {
  package let contracts: UnsafeMutablePointer<TakenLiquidity>
  package let contractCount: Int
  package let underlyings: UnsafeMutablePointer<TakenLiquidity>
  package let underlyingCount: Int
  package let owner: AnyObject?

  @inlinable
  package init(
    contracts: UnsafeMutablePointer<TakenLiquidity>, contractCount: Int,
    underlyings: UnsafeMutablePointer<TakenLiquidity>, underlyingCount: Int, owner: AnyObject?
  ) {
    self.owner = owner
    self.contracts = contracts
    self.contractCount = contractCount
    self.underlyings = underlyings
    self.underlyingCount = underlyingCount
  }

  /// Nothing taken yet: at the beginning of a session.
  package func open() {
    contracts.update(repeating: TakenLiquidity(), count: contractCount)
    underlyings.update(repeating: TakenLiquidity(), count: underlyingCount)
  }

  @inlinable
  package func taken(contract: Int32, minute: Int) -> TakenLiquidity {
    let taken = contracts[Int(contract)]
    return taken.minute == minute ? taken : TakenLiquidity(minute: minute)
  }

  @inlinable
  package func taken(underlying: Int32, minute: Int) -> TakenLiquidity {
    let taken = underlyings[Int(underlying)]
    return taken.minute == minute ? taken : TakenLiquidity(minute: minute)
  }

  /// quantity: signed. quoteMinute: the minute of the quote that was met.
  @inlinable
  package func take(contract: Int32, quoteMinute: Int, quantity: Int) {
    var taken = taken(contract: contract, minute: quoteMinute)
    if quantity > 0 { taken.bought += quantity } else { taken.sold -= quantity }
    contracts[Int(contract)] = taken
  }

  /// quantity: signed, contracts of options.
  @inlinable
  package func take(underlying: Int32, minute: Int, quantity: Int) {
    var taken = taken(underlying: underlying, minute: minute)
    if quantity > 0 { taken.bought += quantity } else { taken.sold -= quantity }
    underlyings[Int(underlying)] = taken
  }
}

/// The memory of the `LiquidityLedger` of one account, or of each of many. The ledgers that it hands out keep it alive.
package final class LiquidityMemory: @unchecked Sendable {
  package let laneCount: Int
  private let first: LiquidityLedger

  /// Nothing taken. The contracts and underlyings of the table as it is now; a table that grew needs a new one.
  package init(_ table: ContractTable, laneCount: Int = 1) {
    precondition(laneCount > 0, "\(laneCount) lanes")
    func memory(_ count: Int) -> UnsafeMutablePointer<TakenLiquidity> {
      let memory = UnsafeMutablePointer<TakenLiquidity>.allocate(capacity: max(laneCount * count, 1))
      memory.initialize(repeating: TakenLiquidity(), count: laneCount * count)
      return memory
    }
    self.laneCount = laneCount
    first = LiquidityLedger(
      contracts: memory(table.count), contractCount: table.count, underlyings: memory(table.underlyings.count),
      underlyingCount: table.underlyings.count, owner: nil)
  }

  package var ledger: LiquidityLedger { ledger(0) }

  /// Traps outside of 0..<laneCount.
  package func ledger(_ lane: Int) -> LiquidityLedger { window(lane, owner: self) }

  /// owner: nil where the caller holds the memory for as long as the window is used, and nobody counts who does.
  @inline(__always)
  package func window(_ lane: Int, owner: LiquidityMemory?) -> LiquidityLedger {
    precondition(lane >= 0 && lane < laneCount, "lane \(lane) of \(laneCount)")
    return LiquidityLedger(
      contracts: first.contracts + lane * first.contractCount, contractCount: first.contractCount,
      underlyings: first.underlyings + lane * first.underlyingCount, underlyingCount: first.underlyingCount,
      owner: owner)
  }

  deinit {
    first.contracts.deallocate()
    first.underlyings.deallocate()
  }
}
