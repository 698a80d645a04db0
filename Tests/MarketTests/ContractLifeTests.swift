// When contracts trade last and settle, against another implementation of the calendar.

import TestSupport
import Testing

@testable import Market

private struct LivesGolden: Decodable {
  struct Life: Decodable {
    var expiry: String
    var isSession: Bool
    var settlement: String
    var settlementMinutes: Int
    var before: String
    var beforeMinutes: Int
  }
  var lives: [Life]
}

private func date(_ text: String) throws -> CalendarDate { try #require(CalendarDate(text)) }

private func life(_ root: String, _ expiry: String) throws -> ContractLife? {
  ContractLife(OptionContract(root: root, expiry: try date(expiry), right: .call, strikeThousandths: 100_000))
}

@Suite struct ContractLifeTests {
  @Test func everyListedDateAgreesWithTheGoldenFile() throws {
    let golden = try GoldenFile.read("contract_lives", as: LivesGolden.self)
    #expect(golden.lives.count > 280)
    for one in golden.lives {
      let settlement = try date(one.settlement)
      let share = try #require(try life("XYZ", one.expiry), "\(one.expiry)")
      #expect(share.lastSession == settlement && share.settlementSession == settlement, "\(one.expiry)")
      #expect(share.lastMinutes == one.settlementMinutes, "\(one.expiry)")
      #expect(share.dating == (one.isSession ? .session : .sessionBefore), "\(one.expiry)")
      let weekly = try #require(try life("SPXW", one.expiry))
      #expect(weekly.lastSession == settlement && weekly.lastMinutes == one.settlementMinutes, "\(one.expiry)")
      let fund = try #require(try life("SPY", one.expiry))
      #expect(fund.lastSession == settlement && fund.lastMinutes == one.settlementMinutes + 15, "\(one.expiry)")
      let index = try #require(try life("SPX", one.expiry))
      #expect(index.settlementSession == settlement, "\(one.expiry)")
      let before = try date(one.before)
      #expect(index.lastSession == before, "\(one.expiry)")
      #expect(index.lastMinutes == one.beforeMinutes + 15, "\(one.expiry)")
    }
  }

  @Test func goodFridayAndSaturdaysTradeLastTheSessionBefore() throws {
    #expect(try life("SPY", "2014-04-18")?.lastSession == date("2014-04-17"))
    #expect(try life("AAPL", "2014-06-21")?.lastSession == date("2014-06-20"))
    #expect(try life("SPX", "2014-01-18")?.lastSession == date("2014-01-16"))
    #expect(try life("SPX", "2014-01-18")?.settlementSession == date("2014-01-17"))
  }

  @Test func noContractExpiresOnSundaysOrLaterSaturdays() throws {
    #expect(try life("SPY", "2014-06-22") == nil)
    #expect(try life("SPY", "2015-02-21") == nil)
    #expect(try life("SPY", "2015-01-31") != nil)
    #expect(try life("SPY", "2040-01-20") == nil)
  }

  @Test func halfDaysEndAtOneOClock() throws {
    #expect(try life("GOOG", "2015-12-24")?.lastMinutes == 210)
    #expect(try life("SPY", "2025-11-28")?.lastMinutes == 225)
  }

  @Test func termsAreThoseOfTheRoot() {
    #expect(ContractTerms.of(root: "SPX").settlement == .opening)
    #expect(ContractTerms.of(root: "SPXW").settlement == .close)
    #expect(ContractTerms.of(root: "SPXW").underlying == "SPX")
    #expect(ContractTerms.of(root: "SPXW").style == .european)
    #expect(ContractTerms.of(root: "OEX").style == .american)
    #expect(ContractTerms.of(root: "AAPL").style == .american)
    #expect(ContractTerms.of(root: "AAPL").multiplier == 100)
    #expect(!ContractTerms.of(root: "XOM2").isStandard)
    #expect(ContractTerms.of(root: "XOM2").underlying == nil)
  }

  @Test func anIndexHasItsThirdFridayUnderAnotherRoot() throws {
    func root(_ underlying: String, _ expiry: String) throws -> String {
      ContractTerms.root(ofUnderlying: underlying, expiry: try date(expiry))
    }
    #expect(try root("SPX", "2021-01-15") == "SPX")
    #expect(try root("SPX", "2021-01-08") == "SPXW")
    #expect(try root("SPX", "2014-01-18") == "SPX")
    // Good Friday.
    #expect(try root("SPX", "2022-04-14") == "SPX")
    #expect(try root("SPY", "2021-01-08") == "SPY")
  }
}
