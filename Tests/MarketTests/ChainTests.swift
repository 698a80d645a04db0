// Rows in any order become dense blocks, and a quote is found by its place.

import Testing

@testable import Market

private let date = CalendarDate("2021-01-04")!
private let expiry = CalendarDate("2021-01-15")!
private let none = ChainValue.none

private func contract(_ strike: Int, _ right: OptionSymbol.Right = .call, root: String = "SPX") -> OptionContract {
  OptionContract(root: root, expiry: expiry, right: right, strikeThousandths: strike * 1000)
}

/// Rows of contract, minute, bid, ask.
private func chain(
  _ rows: [(OptionContract, Int32, Int32, Int32)], openInterest: Int32 = none, keepsLast: Bool = false
) throws -> OptionChain {
  var builder = ChainBuilder(underlying: "SPX", columns: [.bid, .ask], keepsLast: keepsLast)
  for (contract, minute, bid, ask) in rows {
    let root = builder.root(contract.root)
    let number = builder.number(
      root: root, expiry: contract.expiry, right: contract.right,
      strikeThousandths: Int(contract.strikeThousandths))
    builder.add(
      contract: number, date: date, isExtendedHours: !(0..<390).contains(minute), minute: minute, values: [bid, ask],
      openInterest: openInterest, underlying: none)
  }
  let finished = builder.finish()
  return try #require(finished)
}

@Suite struct ChainTests {
  @Test func aQuoteIsFoundBySessionMinuteAndContract() throws {
    let chain = try chain([
      (contract(3700, .put), 7, 10, 12), (contract(3700), 5, 20, 30), (contract(3600), 7, 40, 50),
    ])
    #expect(chain.contracts == [contract(3600), contract(3700), contract(3700, .put)])
    let session = try #require(chain.session(on: date))
    #expect(session.minutes == [5, 7])
    let number = try #require(chain.number(of: contract(3700)))
    #expect(session.quote(minute: 5, contract: number)?.bid == 20)
    #expect(session.quote(minute: 7, contract: number) == nil)
    #expect(session.quote(minute: 6, contract: number) == nil)
    #expect(session.quote(minute: 5, contract: 3) == nil)
    #expect(session.quote(minute: -1, contract: -1) == nil)
    #expect(chain.session(on: date.advanced(by: 1)) == nil)
    #expect(chain.number(of: contract(3650)) == nil)
    #expect(chain.quoteCount == 3)
  }

  /// Contracts that lie far apart in the table are found as well as neighbours.
  @Test func contractsFarApartAreFound() throws {
    var columns = [[Int32]](repeating: [], count: ChainColumn.allCases.count)
    columns[ChainColumn.bid.rawValue] = [7, 8, 9]
    let session = ChainSession(
      date: date, isExtendedHours: false, contracts: [2, 5000, 70_000], minutes: [3], columns: columns,
      openInterest: [], underlying: [])
    #expect([2, 5000, 70_000].map { session.quote(minute: 3, contract: $0)?.bid } == [7, 8, 9])
    for absent in [-1, 0, 3, 4999, 5001, 69_999, 70_001] {
      #expect(session.quote(minute: 3, contract: absent) == nil, "\(absent)")
    }
  }

  @Test func oneMinutesQuotesComeAtOnce() throws {
    let chain = try chain([(contract(3700), 5, 20, 30), (contract(3600), 5, 40, 50), (contract(3600), 6, 1, 2)])
    let session = try #require(chain.session(on: date))
    var quotes = [ChainQuote](repeating: ChainQuote(), count: 2)
    let count = quotes.withUnsafeMutableBufferPointer { session.quotes(minute: 5, into: $0) }
    #expect(count == 2)
    #expect(quotes.map(\.bid) == [40, 20])
    let absent = quotes.withUnsafeMutableBufferPointer { session.quotes(minute: 9, into: $0) }
    #expect(absent == 0)
  }

  @Test func twoRootsOfOneDateStayTwoContracts() throws {
    let chain = try chain([(contract(3700), 5, 20, 30), (contract(3700, root: "SPXW"), 5, 21, 31)])
    #expect(chain.contracts.count == 2)
    let session = try #require(chain.session(on: date))
    let weekly = try #require(chain.number(of: contract(3700, root: "SPXW")))
    #expect(session.quote(minute: 5, contract: weekly)?.bid == 21)
    #expect(ContractLife(contract(3700))?.lastSession == CalendarDate("2021-01-14"))
    #expect(ContractLife(contract(3700, root: "SPXW"))?.lastSession == expiry)
  }

  @Test func minutesAroundTheSessionLieApart() throws {
    let chain = try chain([(contract(3700), 389, 20, 30), (contract(3700), 390, 21, 31), (contract(3700), -1, 1, 2)])
    #expect(chain.session(on: date)?.minutes == [389])
    #expect(chain.session(on: date, isExtendedHours: true)?.minutes == [-1, 390])
  }

  @Test func rowsThatContradictEachOtherAreTold() throws {
    let same = try chain([(contract(3700), 5, 20, 30), (contract(3700), 5, 20, 30)])
    #expect(same.conflicts.isEmpty)
    let other = try chain([(contract(3700), 5, 20, 30), (contract(3700), 5, 20, 31)])
    #expect(
      other.conflicts == [
        ChainConflict(kind: .quote, contract: contract(3700), date: date, minute: 5, first: 30, second: 31)
      ])
    #expect(other.session(on: date)?.quote(minute: 5, contract: 0)?.ask == 30)
  }

  @Test func ofAStreamTheMinutesLastTwoSidedQuoteStays() throws {
    let chain = try chain(
      [
        (contract(3700), 5, 20, 30), (contract(3700), 5, 22, 32), (contract(3700), 5, 0, 33), (contract(3700), 6, 0, 9),
      ],
      keepsLast: true)
    let session = try #require(chain.session(on: date))
    #expect(chain.conflicts.isEmpty)
    #expect(session.quote(minute: 5, contract: 0)?.bid == 22)
    #expect(session.quote(minute: 6, contract: 0)?.ask == 9)
  }

  @Test func rowsThatAreTooSparseForATableMakeNone() {
    var builder = ChainBuilder(underlying: "SPX", columns: [.bid])
    let root = builder.root("SPX")
    for row in 0..<40_000 {
      let number = builder.number(root: root, expiry: expiry, right: .call, strikeThousandths: row + 1)
      builder.add(
        contract: number, date: date, isExtendedHours: true, minute: Int32(row % 1400), values: [1],
        openInterest: none, underlying: none)
    }
    let finished = builder.finish()
    #expect(finished == nil)
  }

  @Test func quotesSayWhetherTheyCanBeTraded() {
    func quote(_ bid: Int32, _ ask: Int32) -> ChainQuote {
      var quote = ChainQuote()
      (quote.bid, quote.ask) = (bid, ask)
      return quote
    }
    #expect(quote(1, 2).isTradable)
    #expect(!quote(2, 1).isTradable && quote(2, 1).isCrossed)
    #expect(!quote(2, 2).isTradable && quote(2, 2).isLocked)
    #expect(!quote(1, 0).isTwoSided && !quote(1, 0).isCrossed)
    #expect(!quote(none, 2).isTradable)
    #expect(ChainQuote().isEmpty)
  }
}
