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
    get { at(contract).pointee }
    nonmutating set {
      at(contract).pointee = newValue
      isPriced[Int(contract)] = false
    }
  }

  /// Where it stands: the gate reads a number or two of it, and copies nothing.
  @inline(__always)
  func at(_ contract: Int32) -> UnsafeMutablePointer<ContractRisk> {
    precondition(contract >= 0 && Int(contract) < count, "contract \(contract) of \(count)")
    return risks + Int(contract)
  }

  /// Values what a book holds anew, from its spots and volatilities.
  @inline(__always)
  func revalue(_ book: Book) {
    for slot in book.usedSlots where !book.positions[slot].isFree {
      let contract = book.positions[slot].contract
      at(contract).pointee.revalue()
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

  /// Writes what a book holds as legs at the middle of their quotes. Returns how many they are.
  @inline(__always)
  func addLegs(of book: Book, to legs: UnsafeMutablePointer<LargestLoss.Leg>) -> Int {
    var count = 0
    for slot in book.usedSlots where !book.positions[slot].isFree {
      let risk = at(book.positions[slot].contract)
      legs[count] = risk.pointee.leg(Int(book.positions[slot].quantity), price: risk.pointee.middle)
      count += 1
    }
    return count
  }

  /// Of one package.
  @inline(__always)
  func exposure(of legs: UpToFour<OrderLeg>) -> GreekExposure {
    var one = GreekExposure.zero
    for index in legs.indices { one += at(legs[index].contract).pointee.exposure * Double(legs[index].ratio) }
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
    // A contract is two lines of a processor's cache, and begins one.
    risks = UnsafeMutableRawPointer.allocate(
      byteCount: max(lanes * contracts, 1) * MemoryLayout<ContractRisk>.stride, alignment: 128
    ).bindMemory(to: ContractRisk.self, capacity: lanes * contracts)
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
