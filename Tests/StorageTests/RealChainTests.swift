// Chains of real vendors, where they are at hand: each is imported with a truthful report or refused with a truthful reason.

import FoundationEssentials
import Glibc
import Market
import Testing

@testable import Storage

/// The folder of real market data, which is no part of the repository; nil where nobody named one.
private let folder = getenv("STRIKEFORGE_MARKET_DATA").map { String(cString: $0) }

private func read(_ path: String, underlying: String? = nil) throws -> ChainFileReading {
  let folder = try #require(folder)
  let reading = try ChainFile(path: folder + "/" + path, underlying: underlying).read()
  return try #require(reading, "\(path)")
}

/// What is known of a file: how many contracts and quotes it has, and what the gate says.
private struct Expected: Sendable {
  var path: String
  var underlying: String
  var layout: String
  var contracts: Int
  var quotes: Int
  var passes = true
  /// Kinds of findings besides that of bars that are not there.
  var kinds: [String] = []
}

private let files: [Expected] = [
  Expected(
    path: "chains/SPY_eod_2021/prod_options_1y.csv.gz", underlying: "SPY", layout: "long-eod", contracts: 1391,
    quotes: 5040, kinds: ["crossed-quotes", "parity"]),
  Expected(
    path: "chains/SPX_eod_2017/test_data_options.csv", underlying: "SPX", layout: "long-eod", contracts: 6, quotes: 392,
    kinds: ["after-last-session"]),
  Expected(
    path: "chains/cboe/spx_quotedata_2023-09-14.csv.gz", underlying: "SPX", layout: "cboe-export", contracts: 19_920,
    quotes: 19_920, kinds: ["impossible-volatility", "no-volatility"]),
  Expected(
    path: "chains/cboe/spx_quotedata_2026-03-13.csv.gz", underlying: "SPX", layout: "cboe-export", contracts: 1944,
    quotes: 1944, kinds: ["no-volatility", "vendor-volatility"]),
  Expected(
    path: "chains/cboe/spy_quotedata_2023-09-14.csv.gz", underlying: "SPY", layout: "cboe-export", contracts: 7292,
    quotes: 7292, kinds: ["impossible-volatility", "no-volatility", "parity"]),
  Expected(
    path: "chains/cboe/spy_quotedata_2025-05-16.csv.gz", underlying: "SPY", layout: "cboe-export", contracts: 3160,
    quotes: 3160, kinds: ["no-volatility", "parity"]),
  // Contracts of before and after a split of seven for one.
  Expected(
    path: "lean/option/usa/universes/aapl/20140613.csv.gz", underlying: "AAPL", layout: "lean-universe",
    contracts: 4052, quotes: 4052, passes: false, kinds: ["no-volatility", "mixed-prices"]),
]

@Suite(.enabled(if: folder != nil)) struct RealChainTests {
  @Test(arguments: files)
  private func everyFileIsWhatIsKnownOfIt(_ file: Expected) throws {
    let reading = try read(file.path)
    let chain = reading.chains[0]
    #expect(reading.chains.map(\.underlying) == [file.underlying])
    #expect(reading.provenance.layout == file.layout)
    #expect(chain.contracts.count == file.contracts)
    #expect(chain.quoteCount == file.quotes)
    let report = QualityGate.examine([], chains: [chain], allowances: [])
    #expect(report.passed == file.passes, "\(report)")
    #expect(report.findings.map(\.kind).filter { $0 != "no-underlying-bars" } == file.kinds, "\(report)")
  }

  @Test func theHalfDayOfSameDayContractsIsFoundMinuteByMinute() throws {
    let reading = try read("lean/option/usa/minute/goog/20151224_quote_american.zip")
    let chain = reading.chains[0]
    let date = try #require(CalendarDate("2015-12-24"))
    #expect(chain.contracts.count == 2192)
    let sameDay = chain.contracts.filter { $0.expiry == date }
    #expect(sameDay.count == 176)
    #expect(sameDay.allSatisfy { ContractLife($0)?.lastSession == date && ContractLife($0)?.lastMinutes == 210 })
    let session = try #require(chain.session(on: date))
    #expect(session.minutes == (0..<210).map { Int32($0) })
    #expect(chain.quoteCount == 275_552)
    var found = 0
    for minute in 0..<210 {
      for contract in sameDay {
        let number = try #require(chain.number(of: contract))
        if session.quote(minute: minute, contract: number) != nil { found += 1 }
      }
    }
    #expect(found > 20_000)
    // The first row of the archive: no bid, an ask of 50 cents at the minute's end.
    let symbol = try OptionSymbol("GOOG151224C01000000")
    let first = try #require(chain.number(of: OptionContract(symbol)))
    let quote = try #require(session.quote(minute: 0, contract: first))
    #expect(quote.askDollars == 0.5 && quote.bid == ChainValue.none && !quote.isTwoSided)
    let report = QualityGate.examine([], chains: [chain], allowances: [])
    #expect(report.passed, "\(report)")
  }

  @Test func theIndexWeekIsFoundMinuteByMinute() throws {
    var joined: [ShelvedChain] = []
    var notes: [String] = []
    for day in 4...8 {
      for chain in try read("lean/indexoption/usa/minute/spxw/2021010\(day)_quote_european.zip").chains {
        try ChainFile.add(ShelvedChain(chain), to: &joined, notes: &notes, path: "")
      }
    }
    for chain in try read("lean/indexoption/usa/minute/spx/20210104_quote_european.zip").chains {
      try ChainFile.add(ShelvedChain(chain), to: &joined, notes: &notes, path: "")
    }
    let chain = try #require(joined.first).settled().whole()
    #expect(joined.count == 1 && chain.underlying == "SPX")
    #expect(Set(chain.contracts.map(\.root)) == ["SPX", "SPXW"])
    #expect(chain.sessions.filter { !$0.isExtendedHours }.count == 5)
    // Contracts of the same day, by minutes in which they are quoted; none behind the close, where the others are.
    var found: [String: Int] = [:]
    for session in chain.sessions {
      for contract in chain.contracts where contract.root == "SPXW" && contract.expiry == session.date {
        let number = try #require(chain.number(of: contract))
        for minute in 0..<405 where session.quote(minute: minute, contract: number) != nil {
          found["\(session.date)\(session.isExtendedHours ? " behind" : "")", default: 0] += 1
        }
      }
    }
    #expect(found == ["2021-01-04": 1325, "2021-01-06": 1445, "2021-01-08": 1448])
    #expect(chain.sessions.contains { $0.isExtendedHours && $0.minutes.last == 404 })
    // 2021-01-15 is a third Friday: the same date, settled at the opening and at the close.
    let monthly = try #require(chain.contracts.first { $0.root == "SPX" && "\($0.expiry)" == "2021-01-15" })
    #expect(ContractLife(monthly)?.lastSession == CalendarDate("2021-01-14"))
    let weekly = try #require(chain.contracts.first { $0.root == "SPXW" && "\($0.expiry)" == "2021-01-15" })
    #expect(ContractLife(weekly)?.lastSession == CalendarDate("2021-01-15"))
  }
}
