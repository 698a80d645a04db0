// What a desk knows of the days before from its store: the rank of volatility that orders are selected and sized by, and the average true range.

import Market
import TestSupport
import Testing

/// One after the other: each writes its day to the same place.
@Suite(.serialized) struct DeskMorningTests {
  /// Daily bars of an index of about 2,000 dollars, and its chain at 33 closes, up to 2002-06-04: of the last two evenings one is the calmest of all and one
  /// the wildest.
  private static let stage = Result { () throws -> Workplace in
    let place = try Workplace()
    let bars = SyntheticTape.series(symbols: (1...40).map { "S\($0)" }, bars: 400, seed: 3)[39]
    try place.folder.write(BarFile.plain(bars), to: "spx.csv")
    let last = try #require(bars.dates.firstIndex { "\($0)" == "2002-06-04" })
    var chain = MadeChain.header
    for row in (last - 32)...last {
      let level = row == last ? 0.32 : row == last - 1 ? 0.15 : 0.18 + 0.01 * Double(row % 9)
      chain += MadeChain.rows(on: bars.dates[row], around: bars.close[row], times: ["16:00"], level: level)
    }
    try place.folder.write(chain, to: "chain.csv")
    try place.succeed(["import", "SPX=spx.csv", "chain.csv", "--output", "market.h5"])
    return place
  }

  /// A day on which a call at the money is quoted and asked for.
  private static func day(_ date: String, order: Int, _ more: String = "") -> String {
    let call = "SPXW020610C02000000"
    return """
      {"session": "\(date)"}
      \(more){"price": "SPX", "time": "10:30", "dollars": 2000}
      {"quote": "\(call)", "time": "10:30", "bid": 17.3, "ask": 17.5}
      {"order": \(order), "time": "10:30", "selects": "SPX", "right": "call", "delta": 0.5}
      {"close": "SPX", "dollars": 1990}

      """
  }

  private static func play(_ script: String, _ words: [String]) throws -> String {
    let place = try stage.get()
    try place.folder.write(script, to: "day.jsonl")
    let played = try place.succeed(["desk", "day.jsonl", "--cash", "1000000"] + words)
    for line in played.output.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
    return played.output.split(whereSeparator: { $0 == " " || $0 == "\n" }).joined(separator: " ")
  }

  @Test func ranksAndRangesOfTheDaysBeforeAreFoundInTheStore() throws {
    let script = ["2002-06-04", "2002-06-05", "2002-06-06"].enumerated().map { Self.day($1, order: $0 + 1) }.joined()
    let text = try Self.play(script, ["--store", "market.h5"])
    // The evening of June 3 was calmer than all 31 before it.
    #expect(text.contains("IV Rank 0.00 (OK), percentile 0 %, of 31 sessions before; size"), "\(text)")
    #expect(text.contains("by the average true range"), "\(text)")
    // That of June 4 was wilder than all 32, and that of June 5 is not there.
    #expect(text.contains("2 selects nothing: no contract of 1 may be traded: IV Rank too high 1"), "\(text)")
    #expect(
      text.contains("3 selects nothing: nobody knows the implied volatility of SPX in the evening before"), "\(text)")
  }

  @Test func whatAScriptSaysIsTakenAndWithoutAStoreNothingIsKnown() throws {
    let stated = Self.day("2002-06-05", order: 1, "{\"volatility_rank\": 0.4}\n")
    let ranged = Self.day(
      "2002-06-05", order: 1, "{\"average_true_range\": \"SPX\", \"dollars\": 300}\n")
    let spoken = try Self.play(stated, ["--store", "market.h5"])
    #expect(spoken.contains("by the average true range") && !spoken.contains("IV Rank"), "\(spoken)")
    let alone = try Self.play(Self.day("2002-06-05", order: 1), [])
    #expect(alone.contains("; size") && !alone.contains("average true range") && !alone.contains("IV Rank"), "\(alone)")
    // 1 % of a million over 1.5 x 300 x 0.5 x 100 is less than one.
    #expect(try Self.play(ranged, []).contains("; size 0 by the average true range"))
  }
}
