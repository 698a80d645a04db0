// What a stored chain says of a contract's volume and open interest, and when it is known.

import Market
import Testing
import Trading

@Suite struct ChainMarketTests {
  private static let none = ChainValue.none

  /// One call in five minutes of a session, of which the second says no volume; the second call says nothing at all but its quotes.
  private static func market(_ span: ChainDeclaration.VolumeSpan?, _ volumes: [Int32]) throws -> ChainMarket {
    let date = try #require(CalendarDate("2025-12-11"))
    var builder = ChainBuilder(
      underlying: "SPY", columns: [.bid, .ask, .volume], declaration: ChainDeclaration(volume: span))
    for (strike, said) in [(600, true), (601, false)] {
      let number = builder.number(
        root: builder.root("SPY"), expiry: date, right: .call, strikeThousandths: strike * 1000)
      for (place, volume) in volumes.enumerated() {
        builder.add(
          contract: number, date: date, isExtendedHours: false, minute: Int32(10 + 3 * place),
          values: [10_000, 10_200, said ? volume : none], openInterest: said ? 700 : none, underlying: 6_000_000)
      }
    }
    let finished = builder.finish()
    let chain = try #require(finished)
    let found = ChainMarket(chain, on: date, table: ContractTable(chain, on: date))
    return try #require(found)
  }

  private static func volumes(_ market: ChainMarket, _ minutes: [Int]) -> [Int?] {
    minutes.map { market.liquidity(of: 1, minute: $0).volume }
  }

  private static let minutes = [0, 9, 10, 12, 13, 15, 16, 18, 19, 389]

  @Test func `minutes add up to the day, and nothing of a later one is known`() throws {
    let market = try Self.market(.minute, [5, Self.none, 0, 20])
    #expect(Self.volumes(market, Self.minutes) == [nil, nil, 5, 5, 5, 5, 5, 5, 25, 25])
  }

  @Test func `what counts the day is taken as it was said last`() throws {
    let market = try Self.market(.day, [5, Self.none, 6, 20])
    #expect(Self.volumes(market, Self.minutes) == [nil, nil, 5, 5, 5, 5, 6, 6, 20, 20])
  }

  @Test func `a column that nobody says the meaning of is not taken for either`() throws {
    let market = try Self.market(nil, [5, 5, 6, 20])
    #expect(Self.volumes(market, Self.minutes).allSatisfy { $0 == nil })
  }

  @Test func `open interest is last night's all day, and unknown where it is not said`() throws {
    let market = try Self.market(.minute, [5, 5])
    for minute in [-1, 0, 10, 389] {
      #expect(market.liquidity(of: 1, minute: minute).openInterest == 700)
      #expect(market.liquidity(of: 2, minute: minute) == ContractLiquidity())
    }
    // The share that they deliver, and what no table has.
    for contract in [Int32(0), -1, 7] { #expect(market.liquidity(of: contract, minute: 10) == ContractLiquidity()) }
  }

  @Test(arguments: [Double.nan, .infinity, -1, 0, 1e300])
  func `a price that is none is no price`(dollars: Double) {
    #expect(ChainMarket.price(ofDollars: dollars) == nil)
  }
}
