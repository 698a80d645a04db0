// Gains that hang on what trading costs, or on how orders were filled, are called so.

import Environments
import TestSupport
import Testing
import Text
import Trading

@testable import Evaluation

@Suite struct FragilityTests {
  @Test func aGainThatTurnsIsFragile() {
    let turned = Fragility(usual: 0.02, costlier: -0.001)
    #expect(turned.isFragile && turned.sentence?.hasPrefix("FRAGILE: at 1.5 times the costs") == true)
    #expect(turned.sentence?.contains("turns from +2.00 % to -0.10 %") == true)
    #expect(Fragility(usual: 0.02, costlier: 0).isFragile, "nothing is no gain")
    for stands in [Fragility(usual: 0.02, costlier: 0.001), Fragility(usual: -0.02, costlier: -0.1)] {
      #expect(!stands.isFragile && stands.sentence == nil)
    }
  }

  private func report(inside: Int64, fragility: Fragility? = nil, watermark: Bool = false) -> EvaluationReport {
    // 1,000 $ become 1,099 $ at 1 $ of costs: 100 $ gross.
    let fill = Fill(
      symbol: 0, bar: 1, side: 1, shares: 1, referencePriceDollars: 10, fillPriceDollars: 10,
      notionalMicroDollars: 10_000_000, halfSpreadCostMicroDollars: 1_000_000, impactCostMicroDollars: 0,
      commissionMicroDollars: 0, wasCut: false, insideSpreadMicroDollars: inside)
    let rest = HandMadeWalk.make(closes: [1000, 1000])
    var records = EvaluationRecords(
      greedy: HandMadeWalk.make(closes: [1050, 1099], fills: [fill]), stochastic: rest, baselines: [("flat", rest)],
      seed: 1)
    records.fragility = fragility
    var context = EvaluationContext(
      run: "run", policy: "policy", algorithm: "ppo", environment: "dual_ticker", symbols: ["AA"],
      dataFingerprint: "f", windowName: "held out", split: [], allowances: [], execution: [])
    if watermark { context.qualifications = [EvaluationContext.idealQualification] }
    return EvaluationReport(context: context, records: records)
  }

  private func words(_ report: EvaluationReport) -> String {
    report.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  @Test func gainsInsideTheSpreadAreTold() {
    let none = report(inside: 0)
    #expect(words(none).contains("Filled better than the far touch: 0.00 $, 0.0 % of the gross gain."))
    #expect(none.json["inside_spread"]?["share_of_gross_gain"]?.doubleValue == 0 && none.insideCaveats.isEmpty)
    #expect(none.json["fragility"] == .null)
    #expect(report(inside: 30_000_000).insideCaveats.isEmpty, "not more than 30 %")
    let much = report(inside: 40_000_000)
    #expect(words(much).contains("Filled better than the far touch: 40.00 $, 40.0 % of the gross gain."))
    #expect(words(much).contains("40 % of the gross gain is of fills better than the far touch"))
    #expect(much.document.html.contains("more than the 30"))
    #expect(
      words(report(inside: 0, watermark: true)).contains("every order, at the middle of bars that have no quotes"))
    #expect(report(inside: 0, watermark: true).document.html.contains("<div class=\"watermark\""))
    #expect(!none.document.html.contains("watermark"))
  }

  @Test func whatHalfAsMuchAgainLeavesIsTold() {
    let fragile = report(inside: 0, fragility: Fragility(usual: 0.099, costlier: -0.01))
    #expect(words(fragile).contains("FRAGILE: at 1.5 times the costs"))
    #expect(fragile.json["fragility"]?["fragile"]?.boolValue == true)
    let stands = report(inside: 0, fragility: Fragility(usual: 0.099, costlier: 0.05))
    #expect(words(stands).contains("At 1.5 times the costs the total return would be +5.00 %"))
    #expect(stands.json["fragility"]?["fragile"]?.boolValue == false)
    #expect((fragile.lines + stands.lines).allSatisfy { $0.count <= 80 })
  }
}
