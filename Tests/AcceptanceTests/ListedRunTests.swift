// A run over shares of which one was listed later and one is no longer traded, from the import to a decision.

import Market
import TestSupport
import Testing
import Text

@Suite struct ListedRunTests {
  /// Four made-up years of three shares: the second begins 90 bars later, the third ends 60 bars earlier.
  private static func imported(missing hole: Int? = nil) throws -> (place: Workplace, imports: [String]) {
    let place = try Workplace()
    let all = SyntheticTape.series(symbols: ["WHOLE", "LATE", "GONE"], bars: 1000, seed: 1)
    let series = [all[0], all[1].rows((90..<1000).filter { $0 != hole }), all[2].rows(Array(0..<940))]
    for one in series { try place.folder.write(BarFile.plain(one), to: "\(one.symbol).csv") }
    let dates = all[0].dates
    var imports = ["import"] + series.map { "\($0.symbol)=\($0.symbol).csv" } + ["--output", "market.h5"]
    for finding in ["LATE:\(dates[0])..\(dates[89])", "GONE:\(dates[940])..\(dates[999])"] {
      imports += ["--allow", "timestamp-alignment:" + finding, "--reason", "not listed"]
    }
    return (place, imports)
  }

  private static func configuration(_ place: Workplace, training: String = "2001-01-02") -> String {
    Workplace.market.replacing("training_from: 2001-01-02", with: "training_from: \(training)")
      .replacing("held_out_until: 2004-12-31", with: "held_out_until: 2005-12-31")
  }

  @Test func aRunCountsAndNamesWhatWasNotListed() throws {
    let (place, imports) = try Self.imported()
    try place.succeed(imports)
    try place.folder.write(Self.configuration(place), to: "run.yaml")
    let trained = try place.succeed(["train", "--config", "run.yaml", "--run", "late"])
    #expect(trained.output.contains("LATE has bars from "), "\(trained)")
    let report = try JSON.parse([UInt8](place.succeed(["evaluate", "late", "--json"]).output.utf8))
    let listings = try #require(report["listings"]?.arrayValue)
    #expect(listings.compactMap { $0["symbol"]?.stringValue } == ["WHOLE", "LATE", "GONE"])
    let masked = listings.compactMap { $0["masked_decisions"]?.integerValue }
    #expect(masked.count == 3 && masked[0] == 0 && masked[1] == 0 && masked[2] > 50, "\(masked)")
    let words = try place.succeed(["evaluate", "late"]).output.split(whereSeparator: \.isWhitespace).joined(
      separator: " ")
    #expect(words.contains("decisions it could not be traded, and its columns were neutral"), "\(words)")
    // What is served is told by its own columns and mask, as any other policy is.
    try place.succeed(["export", "late"])
    try place.succeed([
      "backtest", "late", "--store", "market.h5", "--from", "2004-01-02", "--to", "2005-12-31",
    ])
  }

  /// A day that a share lacks in the middle is no listing, whatever is allowed; what is named helps.
  @Test func aHoleIsRefusedAndTheRemedyWorks() throws {
    let (place, imports) = try Self.imported(missing: 500)
    let dates = SyntheticTape.series(bars: 1000, seed: 1)[0].dates
    let holes = ["missing-bars:LATE:\(dates[500])", "timestamp-alignment:LATE:\(dates[0])..\(dates[999])"].flatMap {
      ["--allow", $0, "--reason", "a lost day"]
    }
    let refused = try place.strikeforge(imports + holes)
    #expect(
      refused.exitCode == 2 && refused.errors.contains("timestamp-alignment of LATE, \(dates[500])"), "\(refused)")
    let symbols = ["WHOLE", "LATE", "GONE"].map { "\($0)=\($0).csv" }
    #expect(refused.output.contains("--common-dates") || refused.errors.contains("--common-dates"), "\(refused)")
    // Then all of them lack it.
    let lost = ["WHOLE", "LATE", "GONE"].flatMap {
      ["--allow", "missing-bars:\($0):\(dates[500])", "--reason", "a lost day"]
    }
    try place.succeed(["import"] + symbols + ["--output", "market.h5", "--common-dates"] + lost)
  }

  /// A share that is listed behind the training window cannot be learned.
  @Test func aShareThatNobodyCanLearnIsRefused() throws {
    let (place, imports) = try Self.imported()
    try place.succeed(imports)
    let early = Self.configuration(place).replacing("training_until: 2002-12-31", with: "training_until: 2001-06-29")
    try place.folder.write(early, to: "run.yaml")
    let refused = try place.strikeforge("train", "--config", "run.yaml", "--run", "late")
    #expect(refused.exitCode == 2 && refused.errorLines.count == 1, "\(refused)")
    #expect(refused.errors.contains("LATE, with bars from") && refused.errors.contains("nothing is learned of it"))
    // What it names: leave it out.
    try place.folder.write(
      early.replacing("dual_ticker, store", with: "dual_ticker, assets: [WHOLE, GONE], store"), to: "run.yaml")
    try place.succeed(["train", "--config", "run.yaml", "--run", "late"])
  }
}
