// What the gate counts in bits and buckets, beside the plain way of it.

import Kernels
import TestSupport
import Testing

@testable import Market

@Suite struct GateTwinTests {
  /// Numbers of all signs and sizes, many of them alike, above and below the number from which they are counted first.
  @Test func theMiddleIsThatOfTheSorted() {
    for trial in 0..<24 {
      var random = RandomStream(seed: 5, purpose: .market, lane: UInt32(trial))
      let count = (trial % 2 == 0 ? 1 : Median.fewest) + Int(random.nextInteger(below: 3000))
      var numbers = (0..<count).map { _ -> Double in
        let number = random.nextNormal()
        switch trial % 4 {
        case 0: return number
        case 1: return (number * 3).rounded()
        case 2: return abs(number) * 1e-3
        default: return random.nextInteger(below: 9) == 0 ? -0.0 : number * number * number * 1e200
        }
      }
      let sorted = numbers.sorted()
      #expect(Median.of(&numbers) == sorted[(count - 1) / 2], "trial \(trial)")
    }
    var none: [Double] = []
    #expect(Median.of(&none) == nil)
  }

  @Test func slotsAreCountedAsInSets() {
    for trial in 0..<40 {
      var random = RandomStream(seed: 6, purpose: .market, lane: UInt32(trial))
      func slots() -> [Int] {
        let (start, share) = (Int(random.nextInteger(below: 900)), random.nextInteger(below: 10))
        return (0..<Int(random.nextInteger(below: 1500))).map {
          random.nextInteger(below: 10) < share ? -1 : start + $0 + Int(random.nextInteger(below: 2))
        }
      }
      let (first, second) = (slots(), slots())
      let (ours, theirs) = (SlotSet(first), SlotSet(second))
      let (plain, others) = (Set(first.filter { $0 >= 0 }), Set(second.filter { $0 >= 0 }))
      #expect(ours.first == plain.min() && ours.last == plain.max())
      for start in stride(from: 0, to: 2600, by: 97) {
        for length in [0, 1, 63, 64, 65, 210, 390] {
          let range = start..<start + length
          let counts = ours.counts(theirs, in: range)
          #expect(counts.own == plain.count { range.contains($0) })
          #expect(counts.other == others.count { range.contains($0) })
          #expect(counts.both == plain.intersection(others).count { range.contains($0) })
        }
      }
    }
  }

  /// Fetched one after the other, each once, series give the report that they give together.
  @Test func oneAfterTheOtherIsAllAtOnce() throws {
    let from = try #require(CalendarDate("2024-06-27"))
    var series = SyntheticTape.minutes(sessions: 6, from: from, seed: 3)
    series[1].close[500] *= 1.3
    series[1] = series[1].rows(series[1].dates.indices.filter { !(800..<870).contains($0) })
    series.append(series[0])
    series.append(BarSeries(symbol: "EMPTY", width: .minute))
    let together = QualityGate.examine(series, allowances: [], today: from)
    var fetched: [Int] = []
    let apart = QualityGate.examine(count: series.count, allowances: [], today: from) { place in
      fetched.append(place)
      return series[place]
    } sessions: { _, _ in
    }
    #expect(apart == together && fetched == Array(series.indices))
    let kinds = Set(together.findings.map(\.kind))
    let planted: Set = [
      "repeated-symbol", "price-spike", "missing-minutes", "unequal-minutes", "no-bars", "future-date",
    ]
    #expect(kinds.isSuperset(of: planted), "\(kinds)")
  }
}
