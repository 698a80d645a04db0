// Cash, market, time and costs: figures by hand, and how a report says them.

import Environments
import Market
import Testing
import Text

@testable import Evaluation

@Suite struct QuantFiguresTests {
  /// Twenty sessions of 1 % and 0 in turn, then twenty of -1 % and 0.
  private let turning = (0..<40).map { $0 % 2 == 0 ? ($0 < 20 ? 0.01 : -0.01) : 0 }

  private func dates(_ count: Int) -> [CalendarDate] {
    (1...count).map { HandMadeWalk.firstDecision.advanced(by: $0) }
  }

  private func records(
    _ returns: [Double], stochastic: [Double]? = nil, hold: [Double]? = nil, cash: CashRate = .zero
  ) -> EvaluationRecords {
    func walk(_ returns: [Double]) -> BacktestRecord {
      HandMadeWalk.make(closes: HandMadeWalk.closes(returns: returns))
    }
    let rest = [Double](repeating: 0, count: returns.count)
    var baselines: [(name: String, record: BacktestRecord)] = [("flat", walk(rest))]
    if let hold { baselines.append(("buy-and-hold", walk(hold))) }
    return EvaluationRecords(
      greedy: walk(returns), stochastic: walk(stochastic ?? rest), baselines: baselines, seed: 1, cash: cash)
  }

  private func report(
    _ records: EvaluationRecords, looks: WindowLooks? = nil, distributions: [Distributions] = []
  ) -> EvaluationReport {
    EvaluationReport(
      context: EvaluationContext(
        run: "run", policy: "policy", algorithm: "ppo", environment: "dual_ticker", symbols: ["AA"],
        dataFingerprint: "f", windowName: "held out", split: [], allowances: [], execution: [],
        distributions: distributions, looks: looks), records: records)
  }

  /// Every place at which a report says something: text (unwrapped), JSON, Markdown and HTML.
  private func forms(_ report: EvaluationReport) -> [String] {
    let document = report.document
    return [
      report.text.split(whereSeparator: \.isWhitespace).joined(separator: " "),
      document.markdown.replacing("\\", with: ""), document.html.replacing("\u{A0}", with: " "),
    ]
  }

  @Test func theRatioRollsByHand() throws {
    let rolling = try #require(RollingSharpe(returns: turning, excess: turning, dates: dates(40)))
    #expect(rolling.span == 20 && rolling.ratios.count == 21 && rolling.dates.first == dates(20).last)
    // Half a percent on average, ten values on either side of it: the deviation is 0.005 x sqrt(20 / 19).
    let ratio = (19.0 / 20 * 252).squareRoot()
    #expect(abs((rolling.ratios[0] ?? 0) - ratio) < 1e-9 && abs((rolling.ratios[20] ?? 0) + ratio) < 1e-9)
    #expect(rolling.points.count == 21)
    #expect(
      rolling.points.allSatisfy {
        $0.standardError == ReturnStatistics.sharpeStandardError(annualSharpe: $0.ratio, sessions: 20)
      })
    // Lo 2002, annual: sqrt((1 + ratio^2 / 252 / 2) / 20 x 252) = sqrt((1 + 0.475) x 12.6).
    #expect(abs(rolling.points[0].standardError - (1.475 * 12.6).squareRoot()) < 1e-9)
    // Every span against the plain ratio of its slice.
    for (end, found) in zip(20...40, rolling.ratios) {
      #expect(found == ReturnStatistics.sharpe(Array(turning[(end - 20)..<end])))
    }
    // Over cash of a tenth of a percent a session: (0.5 - 0.1) / 0.5 of it.
    let over = try #require(RollingSharpe(returns: turning, excess: turning.map { $0 - 0.001 }, dates: dates(40)))
    #expect(abs((over.ratios[0] ?? 0) - 0.8 * ratio) < 1e-9)
  }

  @Test(arguments: [(39, nil), (40, 20), (300, 150), (504, 252), (2264, 252)] as [(Int, Int?)])
  func aSpanIsAYearOrHalfOfWhatThereIs(sessions: Int, span: Int?) {
    let returns = (0..<sessions).map { $0 % 3 == 0 ? 0.01 : -0.002 }
    #expect(RollingSharpe(returns: returns, excess: returns, dates: dates(sessions))?.span == span)
  }

  @Test func anAccountAtRestHasNoRatio() throws {
    let returns = [Double](repeating: 0, count: 30) + [0.01, -0.01] + [Double](repeating: 0, count: 8)
    let rolling = try #require(RollingSharpe(returns: returns, excess: returns.map { $0 - 1e-4 }, dates: dates(40)))
    #expect(rolling.restingSpans == 11 && rolling.points.count == 10 && rolling.ratios[0] == nil)
    #expect(forms(report(records(returns))).allSatisfy { $0.contains("In 11 more spans the account did not move.") })
  }

  @Test func ratiosAreCountedOverCash() throws {
    let rate = try CashRate(annual: 0.05)
    let one = rate.returns(decisionDates: dates(1))[0]
    let figures = report(records(turning, cash: rate))
    let deviation = try #require(ReturnStatistics.standardDeviation(turning))
    let sharpe = try #require(figures.greedy.metrics.sharpe)
    #expect(abs(sharpe + one / deviation * 252.squareRoot()) < 1e-6)
    let downside = try #require(ReturnStatistics.downsideDeviation(turning.map { $0 - one }))
    #expect(abs((figures.greedy.metrics.sortino ?? 0) + one * 252 / downside) < 1e-6)
    // What never moved has no ratio, whatever cash earned.
    let flat = try #require(figures.baselines.first)
    #expect(flat.metrics.sharpe == nil && flat.metrics.sortino == nil)
    // At 0 not a bit differs from what it was.
    let plain = report(records(turning)).greedy.metrics
    #expect(
      plain.sharpe == ReturnStatistics.sharpe(turning.withoutRounding)
        && plain.totalReturn == figures.greedy.metrics.totalReturn)
  }

  @Test func everyFormSaysTheCashRate() throws {
    #expect(forms(report(records(turning))).allSatisfy { $0.contains("Cash rate: 0.") })
    let some = report(records(turning, cash: try CashRate(annual: 0.02)))
    #expect(forms(some).allSatisfy { $0.contains("Cash rate: 2 % a year, compounded over 252 sessions.") })
    #expect(some.json["cash_rate"]?["annual"]?.doubleValue == 0.02 && some.json["cash_rate"]?["column"]?.isNull == true)
  }

  @Test func alphaAndBetaAreAgainstTheIndex() throws {
    let index = turning.enumerated().map { 0.5 * $1 + ($0 % 3 == 0 ? 0.001 : -0.0005) }
    var own = records(turning, hold: turning)
    // Without an index: holding is what one is compared with, and said to be.
    let held = report(own)
    #expect(held.quant.market?.kind == .buyAndHold && held.json["alpha_beta"]?["kind"]?.stringValue == "buy_and_hold")
    #expect(forms(held).allSatisfy { $0.contains("since the store has no index for these sessions") })
    #expect(abs((held.quant.alphaBeta?.beta ?? 0) - 1) < 1e-12)
    own.market = MarketReference(name: "IDX", kind: .index, returns: index)
    let found = report(own)
    let expected = try #require(
      AlphaBeta(account: own.greedy.dailyReturns, reference: index, cash: own.cashReturns))
    #expect(found.quant.alphaBeta == expected)
    #expect(found.json["alpha_beta"]?["against"]?.stringValue == "IDX")
    #expect(found.json["alpha_beta"]?["beta"]?["estimate"]?.doubleValue == expected.beta)
    #expect(
      forms(found).allSatisfy { $0.contains("Against IDX, the index of the store") && $0.contains("Newey and West") })
    // Neither: said, and no figure.
    let alone = report(records(turning))
    #expect(alone.quant.market == nil && alone.json["alpha_beta"]?.isNull == true)
    #expect(forms(alone).allSatisfy { $0.contains("neither an index nor the baseline") })
  }

  @Test func anIndexIsReadAtTheSessions() throws {
    let walk = HandMadeWalk.make(closes: [1, 2, 3]).sessions
    var series = BarSeries(symbol: "IDX")
    series.instrument = .index
    for (day, close) in [50.0, 100, 110, 55, 66, 1].enumerated() {
      series.append(
        date: HandMadeWalk.firstDecision.advanced(by: day - 1), open: close, high: close, low: close, close: close,
        volume: .nan)
    }
    let index = try #require(MarketReference(series, kind: .index, over: walk))
    for (found, wanted) in zip(index.returns, [0.1, -0.5, 0.2]) { #expect(abs(found - wanted) < 1e-15) }
    #expect(index.returns.count == 3 && index.name == "IDX")
    // One that lacks a session, or has no price there, is none.
    var short = series
    short.dates[3] = short.dates[3].advanced(by: 100)
    #expect(MarketReference(short, kind: .index, over: walk) == nil)
    series.close[2] = 0
    #expect(MarketReference(series, kind: .index, over: walk) == nil)
  }

  @Test func doubledCostsStandBesideTheOthers() throws {
    var own = records(turning.map { $0 + 0.002 })
    own.doubledCosts = DoubledCosts(
      rules: [.init("half-spread", "4 basis points"), .init("commission", "2 $ an order")],
      record: HandMadeWalk.make(closes: HandMadeWalk.closes(returns: turning.map { $0 - 0.001 })), seed: 1)
    let both = report(own)
    let flips = try #require(both.quant.doubledCosts).flips(from: both.greedy)
    #expect(flips.map(\.name) == ["total return", "Sharpe ratio"] && flips[0].usual > 0 && flips[0].doubled < 0)
    for form in forms(both) {
      #expect(form.contains("half-spread 4 basis points, commission 2 $ an order"), "\(form)")
      #expect(form.contains("the total return turns from +") && form.contains("what it earns hangs on"))
    }
    #expect(both.json["doubled_costs"]?["sign_changes"]?.arrayValue?.count == 2)
    #expect(both.json["doubled_costs"]?["account"]?["final_dollars"]?.doubleValue ?? 0 < 1000)
    #expect(both.text.contains("as set       twice"))
    // The same gain in both worlds, and a world without costs.
    own.doubledCosts?.account = both.greedy
    #expect(forms(report(own)).allSatisfy { $0.contains("where the policy decides anew, no sign changes.") })
    own.doubledCosts = nil
    #expect(forms(report(own)).allSatisfy { !$0.contains("costs to double") })
    own.tradesAreFree = true
    #expect(forms(report(own)).allSatisfy { $0.contains("there are no costs to double") })
  }

  @Test func everyFormSaysWhichPricesHoldDividends() {
    let of = { (symbol: String, kind: Distributions.Kind) in
      Distributions(symbol: symbol, instrument: .share, kind: kind)
    }
    let some = report(records(turning), distributions: [of("AA", .dividends), of("BB", .none), of("CC", .none)])
    for form in forms(some) {
      #expect(form.contains("AA: with dividends") && form.contains("BB, CC: without dividends"))
    }
    #expect(
      some.json["dividends"]?.arrayValue?.map { $0["factors_hold"]?.stringValue } == [
        "dividends", "nothing", "nothing",
      ])
  }

  @Test func furtherLooksAreASentenceOfTheVerdict() throws {
    func said(_ looks: WindowLooks) -> (forms: [String], json: JSON) {
      let one = report(records(turning), looks: looks)
      #expect(one.lines.allSatisfy { $0.count <= 80 && !$0.hasSuffix(" ") })
      return (forms(one), one.json)
    }
    let first = said(WindowLooks(count: 1, place: 1, overlapping: 0, trials: 1, ledger: "s.trials.jsonl"))
    #expect(first.forms.allSatisfy { $0.contains("this is the first, by the ledger s.trials.jsonl") })
    #expect(first.forms.allSatisfy { !$0.contains("have been judged") })
    #expect(first.json["looks"]?["count"]?.integerValue == 1)
    let third = said(
      WindowLooks(
        count: 5, place: 3, overlapping: 1, trials: 40, ledger: "s.trials.jsonl", faults: ["line 2 cannot be read"],
        unrecorded: "the disk is full"))
    for form in third.forms {
      #expect(form.contains("5 policies have been judged on this window, this one being number 3"), "\(form)")
      #expect(form.contains("1 more policy was judged on windows") && form.contains("line 2 cannot be read"))
      #expect(form.contains("Tried on this store so far, by the same ledger: 40. The best of so many"), "\(form)")
      #expect(form.contains("This look is not in the ledger s.trials.jsonl") && form.contains("the disk is full."))
    }
    let caveats = try #require(third.json["verdict"]?["caveats"]?.arrayValue).compactMap(\.stringValue)
    #expect(caveats.contains { $0.contains("5 policies have been judged") })
    #expect(third.json["looks"]?["faults"]?.arrayValue?.count == 1 && third.json["looks"]?["trials"] == 40)
    let deflated = try #require(third.json["deflated_sharpe"])
    #expect(deflated["trials"] == 40)
    let one = try #require(first.json["deflated_sharpe"])
    #expect(one["threshold"]?.doubleValue == 0 && one["probability"] == one["probability_above_zero"])
    #expect(try #require(deflated["probability"]?.doubleValue) < #require(one["probability"]?.doubleValue))
  }

  @Test func theRollingRatioIsAPicture() throws {
    let html = report(records(turning)).document.html
    #expect(html.contains("Sharpe ratio of the greedy run over the last 20 sessions"))
    #expect(
      html.contains("id=\"rolling-sharpe-title\"") && html.contains("95 % interval".replacing(" %", with: "\u{A0}%")))
    let few = report(records(Array(turning.prefix(30))))
    #expect(!few.document.html.contains("rolling-sharpe") || few.quant.rollingSharpe != nil)
    #expect(forms(few).allSatisfy { $0.contains("too few for one") })
  }
}

extension [Double] {
  /// What an account in micro-dollars makes of these returns.
  fileprivate var withoutRounding: [Double] {
    HandMadeWalk.make(closes: HandMadeWalk.closes(returns: self)).dailyReturns
  }
}
