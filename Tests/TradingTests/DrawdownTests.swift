// When an account may do less.

import Testing
import Trading

private let cases: [(Int64, RiskTier)] = [
  (1_000, .none), (801, .none), (800, .warn), (701, .warn), (700, .reduce), (601, .reduce), (600, .halt), (0, .halt),
  (-5, .halt),
]

@Test(arguments: cases)
func tiersBeginAtTheirFractions(value: Int64, tier: RiskTier) {
  #expect(DrawdownTiers.daily.tier(value: value * 1_000_000, highest: 1_000_000_000, before: .none) == tier)
  #expect(DrawdownTiers.daily.tier(value: value * 1_000_000, highest: 1_000_000_000, before: .reduce) == tier)
  #expect(DrawdownTiers.daily.tier(value: value * 1_000_000, highest: 1_000_000_000, before: .halt) == .halt)
}
