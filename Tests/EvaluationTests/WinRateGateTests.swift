// The gate that luck passes.

import Testing

@testable import Evaluation

@Suite struct WinRateGateTests {
  /// Many small gains and one large loss in seven: worth nothing, and most of them look good for a while.
  @Test func shapesThatWinOftenPassWithoutAnEdge() throws {
    let sold = try #require(WinRateGate(profits: [1, 1, 1, 1, 1, 1, -6], seed: 1))
    #expect(!sold.passes && abs(sold.winRate - 6.0 / 7) < 1e-12 && sold.profit == 0)
    // Without the loss among seven draws, or with as many wins as make up for it: (6/7)^7 = 34 % at least.
    #expect(sold.edgelessShare > 0.3 && sold.edgelessShare < 0.45)
    let even = try #require(WinRateGate(profits: (0..<400).map { $0 % 5 < 2 ? -1 : 1 }, seed: 1))
    #expect(even.winRate == 0.6 && !even.passes)
    // A coin of 60 % whose gains were made even: half of all draws lie above 60 %, and half of those above zero at the most.
    #expect(even.edgelessShare > 0.3 && even.edgelessShare < 0.55)
    #expect(WinRateGate(profits: [], seed: 1) == nil)
    #expect(WinRateGate(profits: [3, 4, -1], seed: 1)?.passes == true)
    #expect(WinRateGate(profits: [-1, 2, 5], seed: 9) == WinRateGate(profits: [-1, 2, 5], seed: 9))
  }
}
