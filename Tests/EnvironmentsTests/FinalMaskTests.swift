// Where an episode is cut, what would have been legal next is told.

import AgentInterface
import Environments
import Market
import TestSupport
import Testing

@Suite struct FinalMaskTests {
  /// A walk through a window, and the same walk through a longer one: what the first is told at its end the second sees as its next row.
  @Test func aCutTellsTheNextDecisionsObservationAndMask() throws {
    let tape = MarketTape(SyntheticTape.series(bars: 130, seed: 5))
    var configuration = BasketConfiguration()
    configuration.maximumUnits = 2
    let walks = try [70, 120].map { end in
      try BasketEnvironment(
        tape: tape, configuration: configuration, window: 50..<end, laneCount: 4, episodes: .continuous,
        recordsFills: false)
    }
    var told: Set<UInt64> = []
    for seed in 0..<8 as Range<UInt64> {
      let rows = walks.map { StepRow(for: $0) }
      for (walk, row) in zip(walks, rows) { row.reset(walk, seed: seed) }
      for step in 0..<40 where rows[0].truncated[0] != 1 {
        for (walk, row) in zip(walks, rows) {
          row.chooseLegal(seed: seed, step: step)
          row.step(walk)
        }
      }
      for lane in 0..<4 {
        #expect(rows[0].truncated[lane] == 1 && rows[1].truncated[lane] == 0)
        #expect(rows[0].finalObservation(lane) == rows[1].observation(lane))
        #expect(rows[0].finalMasks[lane] == rows[1].masks[lane])
        told.insert(rows[0].finalMasks[lane].rawValue)
      }
    }
    #expect(told.count >= 3 && !told.contains(0))
  }

  @Test func plantedMarketsTellItToo() {
    let market = Lanes(MeanReversionMarket(episodeLength: 7), laneCount: 3)
    let row = StepRow(for: market)
    row.reset(market, seed: 1)
    for step in 0..<7 {
      row.chooseLegal(seed: 1, step: step)
      row.step(market)
    }
    for lane in 0..<3 { #expect(row.truncated[lane] == 1 && row.finalMasks[lane].rawValue == 0b111) }
  }
}
