// What cash earns: constants, columns, and what is no rate.

import Market
import TestSupport
import Testing

@testable import Evaluation

@Suite struct CashRateTests {
  private func date(_ day: Int) -> CalendarDate { CalendarDate(daysSinceEpoch: Int32(15_000 + day)) }

  /// A tape of the given columns, [symbol][name: values], on consecutive days.
  private func tape(_ columns: [[(name: String, values: [Double])]]) -> MarketTape {
    MarketTape(
      columns.enumerated().map { symbol, extra in
        var series = BarSeries(symbol: "S\(symbol)", extraColumns: extra.map(\.name))
        for day in 0..<(extra.first?.values.count ?? 3) {
          series.append(
            date: date(2 * day), open: 10, high: 10, low: 10, close: 10, volume: 1,
            extra: extra.map { $0.values[day] })
        }
        return series
      })
  }

  @Test func aYearOfSessionsEarnsTheRate() throws {
    let returns = try CashRate(annual: 0.02).returns(decisionDates: (0..<252).map(date))
    #expect(returns.count == 252)
    // expm1(ln(1.02) / 252), by another program.
    #expect(abs(returns[0] - 7.858494198471292e-05) < 1e-17)
    #expect(abs(returns.reduce(1) { $0 * (1 + $1) } - 1.02) < 1e-13)
    #expect(CashRate.zero.returns(decisionDates: [date(0), date(1)]) == [0, 0])
    let twoPercent = try CashRate(annual: 0.02)
    #expect(CashRate.zero.isZero && !twoPercent.isZero)
    #expect(try CashRate(annual: 0) == .zero)
    #expect(try CashRate(annual: -0.005).returns(decisionDates: [date(0)])[0] < 0)
  }

  @Test(arguments: [2, -0.051, 0.5001, .nan, .infinity, -.infinity] as [Double])
  func aPercentageIsNoRate(_ rate: Double) throws {
    let error = try #require(throws: CashRateError.self) { try CashRate(annual: rate) }
    #expect("\(error)".contains("annual fraction from -0.05 to 0.5") && "\(error)".contains("0.02 for two percent"))
  }

  @Test func aColumnIsReadAtTheCloseBefore() throws {
    let rates = [0.01, 0.02, 0.05]
    let cash = try CashRate(
      column: "bill", of: tape([[("bill", rates), ("other", [9, 9, 9])], [("bill", rates), ("other", [1, 2, 3])]]))
    // Bars on days 0, 2, 4: a date between two has the rate of the one before, one before all has the first.
    #expect([-3, 0, 1, 2, 3, 4, 9].map { cash.annual(at: date($0)) } == [0.01, 0.01, 0.01, 0.02, 0.02, 0.05, 0.05])
    let returns = cash.returns(decisionDates: [date(0), date(2), date(4)])
    for (found, rate) in zip(returns, rates) { #expect(found == CashRate.perSession(rate)) }
    #expect(cash.column == "bill" && !cash.isZero)
  }

  /// Before a symbol is listed, and behind, it says nothing of a rate: others do.
  @Test func aColumnIsReadOfWhoIsListed() throws {
    func series(_ name: String, _ days: Range<Int>, _ rates: [Double]) -> BarSeries {
      var series = BarSeries(symbol: name, extraColumns: ["bill"])
      for (day, rate) in zip(days, rates) {
        series.append(date: date(day), open: 10, high: 10, low: 10, close: 10, volume: 1, extra: [rate])
      }
      return series
    }
    let late = series("LATE", 2..<5, [0.03, 0.04, 0.05])
    let cash = try CashRate(
      column: "bill", of: MarketTape(listed: [late, series("GONE", 0..<4, [0.01, 0.02, 0.03, 0.04])]))
    #expect((0..<5).map { cash.annual(at: date($0)) } == [0.01, 0.02, 0.03, 0.04, 0.05])
    let differs = MarketTape(listed: [late, series("GONE", 0..<4, [0.01, 0.02, 0.03, 0.045])])
    let error = try #require(throws: CashRateError.self) { try CashRate(column: "bill", of: differs) }
    #expect("\(error)".contains("0.04 for LATE and 0.045 for GONE"))
  }

  @Test func aColumnThatIsNoRateIsRefused() throws {
    func refusal(_ columns: [[(name: String, values: [Double])]], _ name: String = "bill") throws -> String {
      try #require(throws: CashRateError.self) { try CashRate(column: name, of: tape(columns)) }.description
    }
    let percent = try refusal([[("bill", [0.2, 5.3, 5.1])]])
    #expect(percent.contains("5.3 on 2011-01-28") && percent.contains("divide percentages by 100"))
    #expect(try refusal([[("bill", [0.02, .nan, 0.02])]]).contains("nan on 2011-01-28"))
    #expect(try refusal([[("bill", [0, 0, 0])]], "bil").contains("no column bil to read a cash rate from, only bill"))
    #expect(try refusal([[]]).contains("no further columns at all"))
    let differs = try refusal([[("bill", [0.01, 0.02, 0.02])], [("bill", [0.01, 0.02, 0.03])]])
    #expect(differs.contains("on 2011-01-30 it is 0.02 for S0 and 0.03 for S1"))
  }
}
