// Numbers that come from outside, and that no run of ours wrote: none of them is a trap.

import Inference
import TestSupport
import Testing

@testable import Training

@Suite struct OutsideNumbersTests {
  private static let numbers: [Double] = [
    .nan, .infinity, -.infinity, 1e18, 1e30, -1, -1e30, 0.5, .leastNonzeroMagnitude, 0x1p63, -.greatestFiniteMagnitude,
  ]

  @Test(arguments: numbers) func aRowOfAnotherProgramMovesNothingThatItCannotKnow(_ number: Double) {
    var member = MemberStatus(name: "a2c", algorithm: "a2c", totalSteps: 24_000)
    member.look(at: ["time/total_timesteps": 2000, "time/fps": 500, "rollout/ep_rew_mean": 1])
    #expect(member.step == 2000 && member.stepsPerSecond == 500)
    member.state = .training
    member.look(at: ["time/total_timesteps": number, "time/fps": number, "rollout/ep_rew_mean": number])
    #expect(member.step == 2000)
    #expect(EnsembleTable.lines([member]).allSatisfy { $0.count <= 80 })
    #expect(EnsembleTable.sentence(member).hasPrefix("a2c: training"))
    // Whatever stands there.
    (member.stepsPerSecond, member.step) = (number, .max)
    #expect(EnsembleTable.lines([member]).count == 2 && !EnsembleTable.sentence(member).isEmpty)
  }

  @Test(arguments: numbers) func wordsForAnyNumber(_ number: Double) {
    #expect(!ConsoleSink.duration(number).isEmpty && !ConsoleSink.short(number).isEmpty)
    #expect(!CSVSink.text(number).isEmpty && !ResourcePlan.words(number).isEmpty)
    let line = ConsoleSink.progressLine(step: 5, totalSteps: 10, stepsPerSecond: number, isBar: true, columns: 80)
    #expect(line.contains("50 %"))
  }

  @Test func partsOfAnyCount() {
    for (step, total, parts) in [
      (0, 10, 0), (1, 10, 1), (9, 10, 9), (10, 10, 10), (19, 20, 9), (.max, .max, 10), (.max - 1, .max, 9),
    ] {
      #expect(ConsoleSink.part(step, of: total, in: 10) == parts)
    }
    for (step, total) in [(-1, 10), (Int.min, 0), (0, 0), (0, .min)] {
      #expect(ConsoleSink.part(step, of: total, in: 10) == 0)
    }
    #expect(ConsoleSink.part(.max, of: 1, in: 10) == 10 && ConsoleSink.part(5, of: 0, in: 10) == 10)
  }
}
