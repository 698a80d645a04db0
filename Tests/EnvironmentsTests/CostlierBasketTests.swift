// A basket at twice its costs is the same basket but for what trading takes.

import Testing
import Trading

@testable import Environments

@Suite struct CostlierBasketTests {
  @Test func onlyCostsAreOthers() throws {
    let usual = BasketConfiguration(unitDollars: 500, allowShort: true)
    var doubled = try #require(usual.costing(times: 2))
    #expect(doubled.execution == usual.execution.costing(times: 2))
    doubled.execution = usual.execution
    #expect(doubled == usual)
  }

  @Test func whatCostsNothingCannotBeDoubled() {
    let free = ExecutionModel(halfSpreadBasisPoints: 0, impactCoefficient: 0, commissionDollars: 0)
    #expect(BasketConfiguration(execution: free).costing(times: 2) == nil)
  }

  /// What may be set may be doubled: the world beside it must be one that can be played.
  @Test(arguments: [1000.0, 501, 500]) func noCostGoesBeyondWhatMayBeSet(halfSpread: Double) throws {
    let dear = BasketConfiguration(
      execution: ExecutionModel(halfSpreadBasisPoints: halfSpread, impactCoefficient: 100, commissionDollars: 6e5))
    let doubled = try #require(dear.costing(times: 2))
    try doubled.validate()
    #expect(
      doubled.execution
        == ExecutionModel(halfSpreadBasisPoints: 1000, impactCoefficient: 100, commissionDollars: 1e6))
  }
}
