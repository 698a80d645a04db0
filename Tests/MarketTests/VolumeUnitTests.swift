// Volumes of a vendor who changes the unit are brought to the smaller one, by what is known, and all others stay as they are.

import Market
import TestSupport
import Testing

@Suite struct VolumeUnitTests {
  /// Minutes of 60 sessions, the volumes of some sessions times a factor.
  private func series(_ factor: (Int) -> Double) -> BarSeries {
    var series = SyntheticTape.minutes(symbols: ["AAA"], sessions: 60, seed: 21)[0]
    let sessions = MarketTape([series]).sessions
    for (session, bars) in sessions.enumerated() {
      for bar in bars { series.volume[bar] *= factor(session) }
    }
    return series
  }

  private func scales(_ series: BarSeries) -> [Double] {
    let tape = MarketTape([series])
    let volumes = tape.volumeInOneUnit(symbol: 0)
    return tape.sessions.map { volumes[$0.lowerBound] / tape.volume[0][$0.lowerBound] }
  }

  @Test func volumesWithoutAChangeStayToTheBit() {
    for factor in [{ _ in 1.0 }, { $0 < 30 ? 1 : 12 }, { $0 == 30 ? 1000 : 1 }] as [@Sendable (Int) -> Double] {
      let tape = MarketTape([series(factor)])
      #expect(tape.volumeInOneUnit(symbol: 0) == tape.volume[0])
    }
    let days = MarketTape(SyntheticTape.series(bars: 400, seed: 3))
    #expect(days.volumeInOneUnit(symbol: 1) == days.volume[1])
  }

  @Test func aLargerUnitIsBroughtToTheSmallerFromTheThirdSessionOn() {
    let scales = scales(series { $0 < 30 ? 1 : 43 })
    #expect(scales.prefix(33).allSatisfy { $0 == 1 })
    #expect(scales.dropFirst(33).allSatisfy { abs($0 * 43 - 1) < 0.1 }, "\(scales.dropFirst(33))")
  }

  @Test func aSmallerUnitIsTakenAsItIs() {
    #expect(scales(series { $0 < 30 ? 43 : 1 }).allSatisfy { $0 == 1 })
  }

  /// Larger, as at first, and larger than ever: the smallest of all holds.
  @Test func theSmallestOfAllUnitsHolds() {
    let scales = scales(series { $0 < 25 ? 43 : $0 < 38 ? 1 : 43 })
    #expect(scales.prefix(41).allSatisfy { $0 == 1 })
    #expect(scales.dropFirst(41).allSatisfy { abs($0 * 43 - 1) < 0.1 }, "\(scales.dropFirst(41))")
  }

  /// What is known of a session is made of the ones before.
  @Test func nothingLooksAhead() {
    let whole = series { $0 < 30 ? 1 : $0 < 45 ? 60 : 0.5 }
    let tape = MarketTape([whole])
    let values = tape.volumeInOneUnit(symbol: 0)
    for cut in stride(from: 1000, to: tape.barCount, by: 1777) {
      let part = MarketTape([whole.rows(Array(0..<cut))])
      #expect(part.volumeInOneUnit(symbol: 0) == Array(values[..<cut]))
    }
  }

  @Test func impossibleVolumesDoNotMatter() {
    var bad = series { $0 < 30 ? 1 : 43 }
    let clean = scales(bad)
    for row in stride(from: 100, to: bad.count, by: 97) { bad.volume[row] = row % 2 == 0 ? .nan : -5 }
    let found = scales(bad)
    for (one, other) in zip(found, clean) { #expect(one.isNaN || one < 0 || abs(one / other - 1) < 0.1) }
    let huge = scales(series { $0 < 30 ? 1e-300 : 1e300 })
    #expect(huge.allSatisfy { $0 == 1 })
  }
}
