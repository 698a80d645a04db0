// How many contracts were traded in a session up to a minute, from what a chain says of minutes or of the day so far.

/// By contract of a session, minute after minute.
struct TradedContracts {
  /// -1 while nobody has said how many of a contract were.
  private(set) var contracts: [Int32]
  private let span: ChainDeclaration.VolumeSpan
  /// The first of the session's blocks that is not counted yet.
  private var next = 0

  /// `span`: what the chain's volumes are of.
  init(count: Int, span: ChainDeclaration.VolumeSpan) {
    contracts = [Int32](repeating: -1, count: count)
    self.span = span
  }

  /// Counts all blocks of the session up to a minute, also those of minutes that nobody asked for. `slots`: of the contracts, in the session's columns.
  mutating func count(_ quotes: ChainSession, _ slots: [Int], until minute: Int) {
    while next < quotes.minutes.count, Int(quotes.minutes[next]) <= minute {
      let first = next * quotes.contracts.count
      next += 1
      for (contract, slot) in slots.enumerated() {
        let said = quotes.value(.volume, row: first + slot)
        // What is below 0 says nothing.
        guard said >= 0 else { continue }
        switch span {
        case .day: contracts[contract] = said
        case .minute:
          let (sum, isBeyond) = max(contracts[contract], 0).addingReportingOverflow(said)
          contracts[contract] = isBeyond ? .max : sum
        }
      }
    }
  }
}
