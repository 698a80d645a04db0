// Trades and daily returns as tables, byte by byte.

import Market
import Testing
import Trading

@testable import Evaluation

@Suite struct ReportCSVTests {
  private func fill(
    _ symbol: Int, bar: Int, _ side: Int, _ shares: Double, at price: Double, halfSpread: Int64 = 0, impact: Int64 = 0
  ) -> Fill {
    Fill(
      symbol: symbol, bar: bar, side: side, shares: shares, referencePriceDollars: price, fillPriceDollars: price,
      notionalMicroDollars: Int64((shares * price * 1e6).rounded()), halfSpreadCostMicroDollars: halfSpread,
      impactCostMicroDollars: impact, commissionMicroDollars: 1_000_000, wasCut: false)
  }

  /// A long of two shares, 20.02 in and 21.98 out, less two dollars: -0.04. A short through zero: 4 shares sold at 50, 6 bought at 45, of which
  /// 4 close it (20 less 1 and 2/3 of a dollar) and 2 stay as a long.
  @Test func everyTradeIsARow() {
    let walk = HandMadeWalk.make(
      closes: [1000, 1000, 1000, 1000],
      fills: [
        fill(0, bar: 1, 1, 2, at: 10.01, halfSpread: 10_000, impact: 10_000),
        fill(1, bar: 2, -1, 4, at: 50, halfSpread: 30_000),
        fill(0, bar: 3, -1, 2, at: 10.99, halfSpread: 11_000, impact: 9_000),
        fill(1, bar: 4, 1, 6, at: 45, halfSpread: 60_001, impact: 3),
      ])
    #expect(
      ReportCSV.trades(walk, symbols: ["AA", "B,\"B\""])
        == "symbol,state,side,entry_date,exit_date,sessions,shares,entry_price,exit_price,half_spread,impact,commission,profit\r\n"
        + "AA,closed,long,2011-01-27,2011-01-29,2,2.0,10.01,10.99,0.021000,0.019000,2.000000,-0.040000\r\n"
        + "\"B,\"\"B\"\"\",closed,short,2011-01-28,2011-01-30,2,4.0,50.0,45.0,0.070001,0.000002,1.666667,18.333333\r\n"
        + "\"B,\"\"B\"\"\",open,long,2011-01-30,,,2.0,45.0,,0.020000,0.000001,0.333333,\r\n")
    #expect(ReportCSV.trades(HandMadeWalk.make(closes: [1]), symbols: ["A"]).split(separator: "\r\n").count == 1)
  }

  @Test func everySessionIsARow() throws {
    let cash = try CashRate(annual: 0.02)
    let one = cash.returns(decisionDates: [HandMadeWalk.firstDecision])[0]
    var records = EvaluationRecords(
      greedy: HandMadeWalk.make(closes: [1010, 505, 505], cash: [1010, 252.5, 505]),
      stochastic: HandMadeWalk.make(closes: [1000, 1000, 1000]),
      baselines: [
        ("flat", HandMadeWalk.make(closes: [1000, 1000, 1000])),
        ("buy-and-hold", HandMadeWalk.make(closes: [500, 0], isLost: true)),
      ], seed: 1, cash: cash)
    let rows = [
      ["2011-01-27", "\(1010.0 / 1000 - 1)", "0.0", "-0.5", "", "\(one)", "0.0"],
      ["2011-01-28", "-0.5", "0.0", "-1.0", "", "\(one)", "0.5"],
      // Lost the day before: nothing more is earned.
      ["2011-01-29", "0.0", "0.0", "0.0", "", "\(one)", "0.0"],
    ]
    let header = "date,policy,flat,buy-and-hold,index,cash,position\r\n"
    #expect(ReportCSV.dailyReturns(records) == header + rows.map { $0.joined(separator: ",") + "\r\n" }.joined())
    records.market = MarketReference(name: "IDX", kind: .index, returns: [0.25, -0.125, 0])
    let lines = ReportCSV.dailyReturns(records).split(separator: "\r\n").map { $0.split(separator: ",") }
    #expect(lines.map { $0[4] } == ["index", "0.25", "-0.125", "0.0"])
  }

  @Test func fieldsAreQuotedWhereTheyMust() {
    let fields = ["plain", "a b", "", "a,b", "say \"no\"", "two\nlines", "\r"]
    #expect(
      ReportCSV.table(fields, [])
        == "plain,a b,,\"a,b\",\"say \"\"no\"\"\",\"two\nlines\",\"\r\"\r\n")
    #expect(
      [0, 1, -1, 999_999, -1_000_000, 12_345_678_901, .max, .min].map(ReportCSV.money) == [
        "0.000000", "0.000001", "-0.000001", "0.999999", "-1.000000", "12345.678901", "9223372036854.775807",
        "-9223372036854.775808",
      ])
  }
}
