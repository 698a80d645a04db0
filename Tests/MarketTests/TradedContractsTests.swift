// How many contracts of an option were traded in a session so far: counted from minutes, or as the day's own count is told.

import Testing

@testable import Market

@Suite struct TradedContractsTests {
  /// Volumes by minute of two strikes; nil: nothing is said.
  private static let told: [(minute: Int32, volumes: [Int32?])] = [
    (0, [nil, 3]), (1, [5, nil]), (2, [7, 4]), (9, [nil, nil]), (11, [2, .max]),
  ]

  private func tape(_ span: ChainDeclaration.VolumeSpan?, hasVolume: Bool = true) throws -> OptionTape {
    let market = SmallOptionMarket(sessions: 1)
    var builder = ChainBuilder(
      underlying: "SPY", columns: hasVolume ? [.bid, .ask, .volume] : [.bid, .ask],
      declaration: ChainDeclaration(volume: span))
    let root = builder.root("SPY")
    let date = market.sessions[0].date
    let middle = Int(market.minutes.open[0].rounded())
    for (minute, volumes) in Self.told {
      for (place, volume) in volumes.enumerated() {
        let contract = builder.number(
          root: root, expiry: date, right: .call, strikeThousandths: (middle + place) * 1000)
        builder.add(
          contract: contract, date: date, isExtendedHours: false, minute: minute,
          values: [20_000, 20_400] + (hasVolume ? [volume ?? ChainValue.none] : []), openInterest: ChainValue.none,
          underlying: ChainValue.none)
      }
    }
    let chain = builder.finish()
    return OptionTape([market.quoted(try #require(chain))])
  }

  /// What a tape says at the end of minutes, by contract.
  private func volumes(_ tape: OptionTape, _ minutes: [Int]) throws -> [[Int32]] {
    let session = tape.sessions[0][0]
    let column = try #require(tape.dayVolumes)
    #expect(session.contracts.count == 2)
    return minutes.map { minute in (0..<2).map { column[session.place(minute: minute) + $0] } }
  }

  @Test func minutesAreSummedAndTheDaysOwnCountIsTaken() throws {
    let summed = try volumes(try tape(.minute), [0, 1, 2, 3, 4, 9, 11, 13])
    // The sum of the second ends at what a column holds.
    #expect(summed == [[-1, 3], [5, 3], [12, 7], [12, 7], [12, 7], [12, 7], [14, .max], [14, .max]])
    let day = try volumes(try tape(.day), [0, 1, 2, 3, 4, 9, 11, 13])
    #expect(day == [[-1, 3], [5, 3], [7, 4], [7, 4], [7, 4], [7, 4], [2, .max], [2, .max]])
  }

  @Test func aVolumeOfWhichNobodySaysWhatItCountsIsNone() throws {
    let (unknown, none) = (try tape(nil), try tape(.minute, hasVolume: false))
    #expect(unknown.dayVolumes == nil && none.dayVolumes == nil)
  }
}
