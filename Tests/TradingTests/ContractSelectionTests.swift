// Which contract is taken, and when none is.

import Market
import TestSupport
import Testing
import Text
import Trading

private func candidate(
  _ contract: Int32, bid: Double = 1.00, ask: Double = 1.04, delta: Double? = 0.15, volume: Int? = 500,
  openInterest: Int? = 5000, minute: Int = 60
) -> SelectionCandidate {
  SelectionCandidate(
    contract: contract,
    quote: MinuteQuote(
      bid: Int((bid * 10_000).rounded()), ask: Int((ask * 10_000).rounded()), minute: minute),
    delta: delta, volume: volume, openInterest: openInterest)
}

private let calm = try? VolatilityRank(current: 0.30, before: (1...100).map { 0.2 + 0.002 * Double($0) })
private let selection = ContractSelection(targetDelta: 0.15, mostDelta: 0.15)

private let rejected: [(SelectionCandidate, SelectionRejection)] = [
  (SelectionCandidate(contract: 0, quote: nil, delta: 0.1, volume: 500, openInterest: 5000), .quote),
  (candidate(0, bid: 0), .quote), (candidate(0, bid: 1.04), .quote), (candidate(0, minute: 57), .quote),
  (candidate(0, minute: 61), .quote), (candidate(0, ask: 1.2), .spread), (candidate(0, delta: nil), .delta),
  (candidate(0, delta: .nan), .delta), (candidate(0, delta: 0.1501), .deltaLimit),
  (candidate(0, delta: -0.2), .deltaLimit),
  (candidate(0, volume: 9), .volume), (candidate(0, volume: nil), .volumeUnknown),
  (candidate(0, openInterest: 99), .openInterest), (candidate(0, openInterest: nil), .openInterestUnknown),
]

@Test(arguments: rejected)
func aContractThatMayNotBeTradedHasAReason(candidate: SelectionCandidate, reason: SelectionRejection) {
  #expect(selection.rejection(of: candidate, rank: calm, minute: 60) == reason)
}

@Test func boundariesOfSelectionAreInclusive() {
  #expect(selection.rejection(of: candidate(0, volume: 10, openInterest: 100), rank: calm, minute: 60) == nil)
  // 0.95 to 1.05: a tenth of the middle.
  #expect(selection.rejection(of: candidate(0, bid: 0.95, ask: 1.05), rank: calm, minute: 60) == nil)
  #expect(selection.rejection(of: candidate(0, bid: 0.9499, ask: 1.05), rank: calm, minute: 60) == .spread)
  #expect(selection.rejection(of: candidate(0, minute: 58), rank: calm, minute: 60) == nil)
}

/// 0.45 within 0.20 to 0.60 is 0.625 and passes; 0.80 within 0.30 to 0.90 is 0.8333 and does not; 0.80 itself passes; 0.35 within 0.20 to 0.65 is 0.333.
@Test func aRankTooHighIsRefused() throws {
  func rank(_ current: Double, _ least: Double, _ most: Double) throws -> VolatilityRank {
    try VolatilityRank(current: current, before: [least, most] + Array(repeating: (least + most) / 2, count: 30))
  }
  let ranks = [
    try rank(0.45, 0.20, 0.60), try rank(0.80, 0.30, 0.90), try rank(1.8, 1, 2), try rank(0.35, 0.20, 0.65),
  ]
  let expected = [0.625, 0.8333333333333334, 0.8, 0.3333333333333333]
  for (rank, value) in zip(ranks, expected) { #expect(abs((rank.rank ?? -1) - value) < 1e-15) }
  let reasons = ranks.map { selection.rejection(of: candidate(0), rank: $0, minute: 60) }
  #expect(reasons == [nil, .volatilityRank, nil, nil])
  #expect(ranks[1].words() == "0.83 (IV Rank too high), percentile 97 %, of 32 sessions before")
  #expect(ranks[3].words() == "0.33 (OK), percentile 3 %, of 32 sessions before")
  // Of too few days it is taken as a half; an unknown volatility of today rejects.
  let young = try VolatilityRank(current: 0.9, before: [0.1])
  #expect(selection.rejection(of: candidate(0), rank: young, minute: 60) == nil)
  #expect(young.words().hasPrefix("unknown, since 1 of 30 sessions before are known"))
  #expect(selection.rejection(of: candidate(0), rank: nil, minute: 60) == .volatilityRank)
}

@Test func theBestContractIsTaken() {
  let narrow = candidate(4, bid: 1.00, ask: 1.01)
  let wide = candidate(3, bid: 0.98, ask: 1.06)
  let far = candidate(2, bid: 1.00, ask: 1.01, delta: 0.05)
  let scarce = candidate(1, bid: 1.00, ask: 1.01, volume: 10, openInterest: 100)
  let answer = selection.choose(among: [scarce, far, wide, narrow], rank: calm, minute: 60)
  #expect(answer.contract == 4 && answer.accepted == 4 && answer.score == selection.score(of: narrow))
  for worse in [wide, far, scarce] { #expect(selection.score(of: worse) > selection.score(of: narrow)) }
  // A put's delta is negative, and its distance is that of its size.
  #expect(selection.score(of: candidate(0, delta: -0.15)) == selection.score(of: candidate(0, delta: 0.15)))
}

@Test func equalContractsAreChosenByTheirNumberInAnyOrder() {
  var candidates = (0..<6).map { candidate(Int32(5 - $0)) }
  for _ in 0..<6 {
    candidates.append(candidates.removeFirst())
    #expect(selection.choose(among: candidates, rank: calm, minute: 60).contract == 0)
  }
}

@Test func noneIsAnAnswerWithItsReasons() {
  let candidates = [candidate(0, volume: 1), candidate(1, ask: 2), candidate(2, volume: nil), candidate(3, delta: nil)]
  let answer = selection.choose(among: candidates, rank: calm, minute: 60)
  #expect(answer.contract == nil && answer.score == nil && answer.accepted == 0)
  #expect(
    answer.sentence
      == "no contract of 4 may be traded: spread too wide 1, delta unknown 1, too little volume 1, volume unknown 1")
  #expect(selection.choose(among: [], rank: calm, minute: 60).sentence == "no contract of 0 may be traded")
  let some = selection.choose(among: candidates + [candidate(4)], rank: calm, minute: 60)
  #expect(
    some.sentence
      == "1 of 5 contracts may be traded: spread too wide 1, delta unknown 1, too little volume 1, volume unknown 1")
}

/// A made surface has no volume and no open interest: whoever trades on one says so.
@Test func unknownLiquidityIsTakenWhereItIsAllowed() {
  var made = selection
  made.takesUnknownLiquidity = true
  let unknown = candidate(0, volume: nil, openInterest: nil)
  #expect(made.rejection(of: unknown, rank: calm, minute: 60) == nil)
  #expect(made.rejection(of: candidate(0, volume: 9), rank: calm, minute: 60) == .volume)
  // It is never better than one that is known to be traded.
  #expect(made.score(of: unknown) > made.score(of: candidate(0, volume: 10, openInterest: 100)))
}

/// Choices, scores and reasons are those of a plain twin in exact fractions, ties and "none" among them.
@Test func choicesAreThoseOfThePlainTwin() throws {
  let golden = try Golden("contract_selection").json
  let cases = try #require(golden["cases"]?.arrayValue)
  var (chosen, none) = (0, 0)
  for (number, one) in cases.enumerated() {
    func value(_ key: String) throws -> Double { try #require(one[key]?.doubleValue) }
    func whole(_ key: String, of json: JSON) throws -> Int {
      try #require(json[key]?.doubleValue.flatMap { Int(exactly: $0) })
    }
    let selection = ContractSelection(
      targetDelta: try value("targetDelta"), mostDelta: try value("mostDelta"), mostSpread: try value("mostSpread"),
      leastVolume: try whole("leastVolume", of: one), leastOpenInterest: try whole("leastOpenInterest", of: one),
      takesUnknownLiquidity: one["takesUnknownLiquidity"]?.boolValue == true,
      highestVolatilityRank: try value("highestRank"))
    let candidates = try #require(one["candidates"]?.arrayValue).map { json in
      SelectionCandidate(
        contract: Int32(try whole("contract", of: json)),
        quote: MinuteQuote(
          bid: try whole("bid", of: json), ask: try whole("ask", of: json), minute: try whole("minute", of: json)),
        delta: json["delta"]?.doubleValue, volume: json["volume"]?.doubleValue.map { Int($0) },
        openInterest: json["openInterest"]?.doubleValue.map { Int($0) })
    }
    let rank = one["rank"]?.doubleValue.map { VolatilityRank(stated: $0) }
    let answer = selection.choose(among: candidates, rank: rank, minute: try whole("minute", of: one))
    #expect(answer.contract.map { Double($0) } == one["chosen"]?.doubleValue, "case \(number)")
    let accepted = try whole("accepted", of: one)
    #expect(answer.accepted == accepted, "case \(number)")
    if let score = one["score"]?.doubleValue {
      let found = try #require(answer.score)
      #expect(abs(found - score) <= 1e-13 * score, "case \(number)")
      chosen += 1
    } else {
      #expect(answer.score == nil, "case \(number)")
      none += 1
    }
    for reason in SelectionRejection.allCases {
      let expected = one["rejections"]?["\(reason)"]?.doubleValue ?? 0
      #expect(Double(answer.rejected(reason)) == expected, "case \(number), \(reason)")
    }
  }
  #expect(chosen > 20 && none > 10)
}
