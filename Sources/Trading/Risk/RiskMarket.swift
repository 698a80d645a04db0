// The contracts of a table as a risk manager sees them at one moment.

/// What each contract is worth and does, and how it fares in shocks, priced when somebody first asks: a window on memory that its owner keeps.
///
/// risks: (contracts), by number of the table. cells: (contracts x 32). isPriced: (contracts).
package struct RiskMarket: @unchecked Sendable {
  package let count: Int
  private let risks: UnsafeMutablePointer<ContractRisk>
  private let cells: UnsafeMutablePointer<Double>
  private let isPriced: UnsafeMutablePointer<Bool>

  fileprivate init(
    count: Int, risks: UnsafeMutablePointer<ContractRisk>, cells: UnsafeMutablePointer<Double>,
    isPriced: UnsafeMutablePointer<Bool>
  ) {
    self.count = count
    self.risks = risks
    self.cells = cells
    self.isPriced = isPriced
  }

  /// Of a contract of the table; traps for a number that is not in it.
  package subscript(contract: Int32) -> ContractRisk {
    get {
      precondition(contract >= 0 && Int(contract) < count, "contract \(contract) of \(count)")
      return risks[Int(contract)]
    }
    nonmutating set {
      precondition(contract >= 0 && Int(contract) < count, "contract \(contract) of \(count)")
      risks[Int(contract)] = newValue
      isPriced[Int(contract)] = false
    }
  }

  /// What one of a contract gains in each of the 32 cells of `ShockGrid`.
  package func shocks(of contract: Int32) -> UnsafePointer<Double> {
    let own = cells + Int(contract) * ShockGrid.count
    if !isPriced[Int(contract)] {
      ShockGrid.price(self[contract], into: own)
      isPriced[Int(contract)] = true
    }
    return UnsafePointer(own)
  }

  /// Adds so many of a contract to 32 cells.
  func add(_ contract: Int32, quantity: Int, to sums: UnsafeMutablePointer<Double>) {
    let own = shocks(of: contract)
    for cell in 0..<ShockGrid.count { sums[cell] += Double(quantity) * own[cell] }
  }

  /// Of one package.
  func exposure(of legs: UpToFour<OrderLeg>) -> GreekExposure {
    var one = GreekExposure.zero
    for index in legs.indices { one += self[legs[index].contract].exposure * Double(legs[index].ratio) }
    return one
  }
}

/// Owns the memory of markets: a lane's each, or one. Contracts begin as unknown ones, which nobody opens.
package final class RiskMarketMemory: @unchecked Sendable {
  private let contracts: Int
  private let lanes: Int
  private let risks: UnsafeMutablePointer<ContractRisk>
  private let cells: UnsafeMutablePointer<Double>
  private let isPriced: UnsafeMutablePointer<Bool>

  package init(lanes: Int = 1, contracts: Int) {
    self.lanes = lanes
    self.contracts = contracts
    risks = .allocate(capacity: lanes * contracts)
    risks.initialize(
      repeating: ContractRisk(ofShareAt: .nan, bid: 0, ask: 0, underlying: -1), count: lanes * contracts)
    cells = .allocate(capacity: lanes * contracts * ShockGrid.count)
    cells.initialize(repeating: 0, count: lanes * contracts * ShockGrid.count)
    isPriced = .allocate(capacity: lanes * contracts)
    isPriced.initialize(repeating: false, count: lanes * contracts)
  }

  deinit {
    risks.deallocate()
    cells.deallocate()
    isPriced.deallocate()
  }

  /// One lane's market. The window lives no longer than this.
  package subscript(lane: Int) -> RiskMarket {
    precondition(lane >= 0 && lane < lanes, "lane \(lane) of \(lanes)")
    let start = lane * contracts
    return RiskMarket(
      count: contracts, risks: risks + start, cells: cells + start * ShockGrid.count, isPriced: isPriced + start)
  }
}
