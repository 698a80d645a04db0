// The report: 80 columns, nothing hidden, and JSON that reads back.

import Environments
import Inference
import Market
import Testing
import Text

@testable import Evaluation

@Suite struct EvaluationReportTests {
  private var context: EvaluationContext {
    EvaluationContext(
      run: "ppo_lstm_mask-dual_ticker-1",
      policy: "policy.safetensors, sha256 " + String(repeating: "0123456789abcdef", count: 4),
      algorithm: "ppo_lstm_mask", environment: "dual_ticker", symbols: ["TOY0", "TOY1"],
      dataFingerprint: "sha256:" + String(repeating: "f", count: 64), windowName: "held out",
      split: [.init("training", "to 2009-12-31"), .init("held out", "from 2011-01-03")],
      allowances: [
        .init(
          finding: "price-continuity:TOY0:2000-09-29",
          reason:
            "a real crash after a profit warning, confirmed by two other sources and by the volume of that session")
      ],
      execution: [
        .init("fill", "at the next session's open, never at mid"), .init("half-spread", "2 basis points"),
        .init("commission", "1 dollar an order"),
      ])
  }

  private func report(days: Int, drift: Double = 0, policy: InferencePolicy? = nil, initialDollars: Double = 1000)
    throws
    -> EvaluationReport
  {
    let tape = ToyTape.make([
      ToyTape.walk(days: days, drift: drift, deviation: 0.02, seed: 1),
      ToyTape.walk(days: days, drift: drift, deviation: 0.02, seed: 2),
    ])
    let environment = ToyTradingEnvironment(tape: tape, initialDollars: initialDollars)
    let policy = policy ?? ToyPolicy.recurrent(inputs: 4, actions: 9, seed: 3)
    let chance = ToyTradingEnvironment.walks(of: tape, count: RandomTrading.draws, initialDollars: initialDollars)
    let records = try EvaluationRecords(
      policy: policy.deployed, environment: environment, chance: chance, seed: 7)
    return EvaluationReport(context: context, records: records)
  }

  @Test(arguments: [3, 12, 300]) func fitsEightyColumns(days: Int) throws {
    for initial in [300.0, 1000, 1e9] {
      let report = try report(days: days, initialDollars: initial)
      for line in report.lines {
        #expect(line.count <= 80, "\(line.count) columns: \(line)")
        #expect(!line.hasSuffix(" "))
      }
    }
  }

  @Test func saysWhatItStandsOn() throws {
    let text = try report(days: 300).text
    let joined = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    for part in [
      "VERDICT: no edge found.", "price-continuity:TOY0:2000-09-29: a real crash", "2 basis points", "held out",
      "from 2011-01-03", "298 sessions", "first decision at the close of 2011-01-04",
      "greedy stochastic flat buy & hold prev. sign inv. sign", "standard error",
      "Illegal attempts", "The stochastic run on its own, of which nothing is claimed", "Mean confidence",
      String(repeating: "f", count: 30),
    ] { #expect(joined.contains(part), "missing: \(part)\n\(text)") }
    // Flat trades nothing: its ratios are undefined, not zero.
    let sharpe = text.split(separator: "\n").first { $0.hasPrefix("Sharpe ratio") }
    #expect(sharpe?.split(separator: " ")[4] == "-")
  }

  @Test func jsonReadsBackAndExplainsItsNulls() throws {
    for days in [3, 12, 300] {
      let json = try report(days: days).json
      #expect(try JSON.parse(json.text) == json)
      #expect(try JSON.parse(json.prettyText) == json)
      let accounts = try #require(json["accounts"]?.arrayValue)
      #expect(
        accounts.map { $0["name"]?.stringValue } == [
          "greedy", "stochastic", "flat", "buy-and-hold", "previous-sign", "inverse-previous-sign",
        ])
      for account in accounts {
        guard case .object(let members) = account, case .object(let undefined)? = members["undefined"] else {
          Issue.record("an account that is no object")
          continue
        }
        let nulls = members.filter { $0.value.isNull }.keys.sorted()
        #expect(nulls == undefined.keys.sorted())
        #expect(undefined.values.allSatisfy { ($0.stringValue?.count ?? 0) > 3 })
      }
      #expect(json["verdict"]?["edge_found"]?.boolValue == false)
      #expect(json["allowances"]?.arrayValue?.count == 1)
      #expect(json["dates"]?.arrayValue?.count == days - 2)
    }
  }

  @Test func everythingFollowsFromTheSeed() throws {
    let one = try report(days: 120)
    let two = try report(days: 120)
    #expect(one == two)
    #expect(one.json.text == two.json.text && one.text == two.text)
  }

  /// A desk whose returns are known a day ahead through a tape of long runs, and a policy that follows them.
  @Test func aPolicyThatKnowsTheMarketHasAnEdge() throws {
    // Each symbol rises for 7 sessions and falls for 7, by about 2 %: the sign of the last return tells the next six times of seven.
    func saw(_ offset: Int) -> [Double] {
      var price = 100.0
      return (0..<400).map { day in
        price *= (day + offset) / 7 % 2 == 0 ? 1.02 : 1 / 1.02
        return price
      }
    }
    let tape = ToyTape.make([saw(0), saw(3)])
    let environment = ToyTradingEnvironment(tape: tape, commissionDollars: 0.01)
    let chance = ToyTradingEnvironment.walks(of: tape, count: RandomTrading.draws, commissionDollars: 0.01)
    // Observation: return, position of each. Wants a symbol by the sign of its return: logits add the two symbols' scores.
    let weights: [[Float]] = (0..<9).map { action in
      let first = Float(action / 3 - 1)
      let second = Float(action % 3 - 1)
      return [100 * first, 0, 100 * second, 0]
    }
    let policy = ToyPolicy.linear(weights: weights, biases: [Float](repeating: 0, count: 9))
    let records = try EvaluationRecords(
      policy: policy.deployed, environment: environment, chance: chance, seed: 7, baselines: [.flat, .buyAndHold])
    let report = EvaluationReport(context: context, records: records)
    #expect(report.verdict.edgeFound)
    #expect(report.text.contains("VERDICT: an edge over every baseline on this window."))
    #expect(report.text.contains("further look"))
    // The previous-sign rule is the same rule here: from it there is nothing to be told.
    let all = try EvaluationRecords(
      policy: policy.deployed, environment: environment, chance: chance, seed: 7)
    let verdict = EvaluationReport(context: context, records: all).verdict
    #expect(verdict.claim == .overFlatAndChance && verdict.notToldFrom == ["previous-sign"])
  }

  @Test func numbersReadWell() {
    #expect(ReportText.fixed(-0.004, decimals: 2) == "0.00")
    #expect(ReportText.fixed(-1.005e3, decimals: 1) == "-1005.0")
    #expect(ReportText.fixed(0.05, decimals: 2) == "0.05")
    #expect(ReportText.fixed(2.5, decimals: 0) == "3")
    #expect(ReportText.fixed(-2.5, decimals: 0) == "-3")
    #expect(ReportText.fixed(9.999, decimals: 2) == "10.00" && ReportText.fixed(1234.5, decimals: 3) == "1234.500")
    #expect(ReportText.fixed(1e300, decimals: 2) == "1e+300" && ReportText.fixed(.nan, decimals: 2) == "-")
    #expect(ReportText.fixed(.infinity, decimals: 2) == "-")
    #expect(ReportText.signedPercent(0.00123, decimals: 2) == "+0.12 %")
    #expect(ReportText.signedPercent(-0.00123, decimals: 2) == "-0.12 %")
    #expect(ReportText.wrapped("one two three", first: "> ", rest: "  ", columns: 9) == ["> one two", "  three"])
    #expect(ReportText.wrapped("abcdefghij k", first: "", rest: " ", columns: 4) == ["abcd", " efg", " hij", " k"])
    #expect(ReportText.wrapped("about 95 % of it", columns: 9) == ["about", "95 % of", "it"])
    #expect(
      ReportText.shortest(2.50) == "2.5" && ReportText.shortest(1000) == "1000" && ReportText.shortest(0.05) == "0.05")
    #expect(ReportText.wrapped("", first: "  name") == ["  name"])
  }
}
