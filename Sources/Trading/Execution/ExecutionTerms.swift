// What filling an order must know of its contracts, without memory of its own.

package import Market

/// The terms of a contract that decide about fills and fees.
package struct ExecutionTerms: Sendable, Hashable {
  package var multiplier: Int32
  package var feeClass: FeeClass
  package var ticks: TickRule
  /// Which of the table's underlyings it has.
  package var underlying: Int32
  /// Days since 1970-01-01 of the last session in which it trades.
  package var lastSession: Int32

  package init(_ contract: TradedContract, underlying: Int32) {
    // Bounded by `Order.mostUnits` before anything is traded.
    multiplier = Int32(clamping: contract.multiplier)
    feeClass = FeeClass(contract)
    ticks = contract.ticks
    self.underlying = underlying
    lastSession = contract.lastSession?.daysSinceEpoch ?? .max
  }
}

extension ContractTable {
  /// Of one contract. Traps where there is no such number.
  package func executionTerms(of number: Int32) -> ExecutionTerms {
    ExecutionTerms(contracts[Int(number)], underlying: underlyingNumbers[Int(number)])
  }

  /// By contract.
  package var executionTerms: [ExecutionTerms] {
    zip(contracts, underlyingNumbers).map { ExecutionTerms($0, underlying: $1) }
  }
}

extension TickRule {
  /// The tick at a price in ten-thousandths of a dollar.
  package func tick(atTenThousandths price: Int) -> Int { price < threshold ? small : large }
}
