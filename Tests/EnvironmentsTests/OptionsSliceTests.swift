// Lanes of the games over options in slices of any size: what is asked for ahead decides nothing.

import AgentInterface
import Environments
import Testing
import Trading

@Suite struct OptionsSliceTests {
  /// Blocks of eight lanes are looked ahead for, two at a time: slices that are shorter, equal, longer and no multiple of them.
  @Test(arguments: [OptionsConfiguration.rich, .richPremium])
  func slicesOfAnySizeStepTheSame(configuration: OptionsConfiguration) throws {
    let lanes = 37
    let tape = OptionsMarket(sessions: 2).tape()
    let (whole, parted) = (
      try options(on: tape, configuration, lanes: lanes), try options(on: tape, configuration, lanes: lanes)
    )
    let (one, other) = (StepRow(for: whole), StepRow(for: parted))
    one.reset(whole, seed: 4)
    other.reset(parted, seed: 4)
    var traded = 0
    for step in 0..<400 {
      one.chooseLegal(seed: 6, step: step)
      other.chooseLegal(seed: 6, step: step)
      one.step(whole)
      for slice in [0..<1, 1..<8, 8..<16, 16..<33, 33..<33, 33..<37] { other.step(parted, lanes: slice) }
      for lane in 0..<lanes where one.bits(lane) != other.bits(lane) {
        Issue.record("lane \(lane) at step \(step) depends on the slice that it is stepped in")
        return
      }
      traded += whole.positions(lane: 0).count
    }
    #expect(traded > 0)
    #expect(whole.snapshot() == parted.snapshot())
  }
}
