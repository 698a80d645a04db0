// The gate keeps what it promises, whatever is ordered, filled, quoted, halted and restarted.

import TestSupport
import Testing
import Trading

@Suite struct RiskPropertyTests {
  private func play(_ sequences: Int, _ mistake: RiskMistake? = nil) -> RiskTally {
    var tally = RiskTally()
    for seed in 0..<sequences {
      var sequence = RiskSequence(seed: UInt64(seed), mistake: mistake)
      sequence.play(steps: 30, into: &tally)
    }
    return tally
  }

  /// The first sequence that showed anything wrong, played once more and told up to there.
  private func story(of tally: RiskTally, _ mistake: RiskMistake? = nil) -> String {
    guard let seed = tally.firstSeed else { return "" }
    let story = RiskStory()
    var again = RiskTally()
    var sequence = RiskSequence(seed: seed, mistake: mistake, story: story)
    for _ in 0..<30 where again.wrong == 0 { sequence.play(steps: 1, into: &again) }
    let found = tally.first + ["RiskSequence(seed: \(seed)) plays it again:"]
    return (found + story.lines + again.first.prefix(1)).joined(separator: "\n")
  }

  @Test(arguments: RiskMistake.allCases)
  func `a promise that is broken is noticed, and told so that it can be played again`(mistake: RiskMistake) throws {
    let tally = play(150, mistake)
    #expect(tally.wrong > 0 && tally.first.contains { $0.contains(mistake.words) }, "\(tally.first)")
    let seed = try #require(tally.firstSeed)
    let story = story(of: tally, mistake)
    #expect(story.contains("RiskSequence(seed: \(seed)) plays it again:\nminute "))
    // The replay ends in what was found.
    let first = try #require(tally.first.first)
    #expect(first.hasPrefix("sequence \(seed), minute ") && story.hasSuffix("\n" + first), "\(story.suffix(600))")
  }

  @Test func `lanes side by side do what each does alone, to the bit`() {
    let lanes = 7
    let shared = RiskMemory(lanes: lanes, positions: 16)
    var tally = RiskTally()
    var together = (0..<lanes).map { RiskSequence(seed: UInt64($0), lane: ($0, shared)) }
    for _ in 0..<40 {
      for lane in 0..<lanes { together[lane].play(steps: 1, into: &tally) }
    }
    for lane in 0..<lanes {
      var alone = RiskSequence(seed: UInt64(lane))
      alone.play(steps: 40, into: &tally)
      #expect(alone.desk.state == together[lane].desk.state, "lane \(lane)")
      #expect(alone.desk.netLiquidation == together[lane].desk.netLiquidation)
    }
    #expect(tally.fills > 50)
  }

  @Test func `random sequences leave no state over a limit, and the mask is the verdict`() {
    let sequences = SlowTests.areEnabled ? 100_000 : 1_000
    let tally = play(sequences)
    ProofTable.record(
      "honesty: no order, fill, halt or restart leaves an account over a limit that it was over by its own doing",
      figure: "\(tally.wrong) of \(sequences) sequences, \(tally.orders) orders and \(tally.fills) fills",
      threshold: "0", seeds: "0-\(sequences - 1)", holds: tally.wrong == 0)
    #expect(tally.wrong == 0, "\(story(of: tally))")
    // Everything that is promised was tried.
    for (name, count) in [
      ("passed", tally.passed), ("reduced", tally.reduced), ("refused", tally.refused), ("fills", tally.fills),
      ("shrunk", tally.shrunk), ("exits", tally.exits), ("drifts", Int(tally.drifts)), ("halts", tally.halts),
      ("kills", tally.kills), ("restarts", tally.restarts),
    ] {
      #expect(count > sequences / 50, "\(name): \(count) in \(sequences) sequences")
    }
  }
}
