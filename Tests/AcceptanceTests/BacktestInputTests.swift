// Spans that are not whole, and policies of another world: each has one outcome, and says it.

import Storage
import TestSupport
import Testing
import Text

@Suite struct BacktestInputTests {
  private static let account = [
    "--set", "environment.capital=100000", "--set", "environment.capital_by_symbol=[]",
  ]

  private func words(_ text: String) -> String { text.split(whereSeparator: \.isWhitespace).joined(separator: " ") }

  /// Thirty sessions from 2016-01-04 to 2016-02-16, and their chain.
  private func made() throws -> Workplace {
    let place = try Workplace()
    try place.succeed([
      "synthesize", "options_rich", "--sessions", "30", "--from", "2016-01-04", "--seed", "3", "--output", "SYN.csv",
    ])
    return place
  }

  /// Writes those lines of a file, the header first, that are wanted.
  private func take(
    _ place: Workplace, _ file: String, as name: String, _ edit: (Substring) -> String?
  ) throws {
    let lines = try place.folder.read(file).split(separator: "\n")
    let kept = lines.dropFirst().compactMap(edit)
    try place.folder.write(([String(lines[0])] + kept).map { $0 + "\n" }.joined(), to: name)
  }

  /// A volatility index at 15 on every session of the minutes, and the evening before the first.
  private func index(_ place: Workplace, of file: String, from first: String = "2015-12-31") throws {
    let days = try place.folder.read(file).split(separator: "\n").dropFirst().map { String($0.prefix(10)) }
    let dates = (["2015-12-31"] + Set(days).sorted()).filter { $0 >= first }
    try place.folder.write(
      "Date,Open,High,Low,Close\n"
        + dates.enumerated().map { "\($1),15,15.5,14.5,\($0 % 2 == 0 ? 15 : 15.25)\n" }.joined(),
      to: "VIX.csv")
  }

  private func rows(_ place: Workplace, _ path: String) throws -> [[String]] {
    try place.folder.read(path).split(whereSeparator: \.isNewline).dropFirst().map { line in
      line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
  }

  @Test func chainsOnSomeDaysOnly() throws {
    let place = try made()
    try take(place, "SYN-options.csv", as: "some-options.csv") { $0 < "2016-01-30" ? String($0) : nil }
    try place.succeed(["import", "SYN=SYN.csv", "some-options.csv", "--output", "market.h5"])
    let words = ["backtest", "sold-puts", "--store", "market.h5"] + Self.account
    let played = try place.succeed(words + ["--from", "2016-01-20", "--to", "2016-02-05", "--output", "some"])
    #expect(
      self.words(played.output).contains("Of 13 sessions of SYN no option is traded in: 5 without quotes."),
      "\(played.output)")
    let equity = try rows(place, "some/equity.csv")
    #expect(equity.count == 13, "days without a chain are days too")
    #expect(equity.filter { $0[0] > "2016-01-29" }.allSatisfy { $0[1] == "0.0" })
    let trades = try rows(place, "some/trades.csv")
    #expect(!trades.isEmpty && trades.allSatisfy { $0[3] <= "2016-01-29" })

    let none = try place.strikeforge(words + ["--from", "2016-02-01", "--to", "2016-02-05", "--output", "none"])
    #expect(none.exitCode == 1 && none.errors.contains("of 5 sessions of SYN no option is traded in: 5 without quotes"))
    #expect(none.errors.contains("it has minutes of SYN from 2016-01-04 to 2016-02-16); take other dates"), "\(none)")
    #expect(place.folder.names(in: "none").isEmpty)
  }

  /// Two for one on 2016-01-26: contracts of each date are of its own prices, and nothing is held over the night of it.
  @Test func acrossASplit() throws {
    let place = try made()
    try take(place, "SYN.csv", as: "split.csv") { line in
      guard line >= "2016-01-26" else { return String(line) }
      var fields = line.split(separator: ",").map(String.init)
      for column in 1...4 { fields[column] = Double(fields[column]).map { "\($0 / 2)" } ?? "" }
      fields[5] = Int(fields[5]).map { "\(2 * $0)" } ?? ""
      return fields.joined(separator: ",")
    }
    try index(place, of: "SYN.csv")
    let imported = ["import", "SPY=split.csv", "--index", "VIX=VIX.csv", "--output", "split.h5"]
    let refused = try place.strikeforge(imported)
    #expect(refused.exitCode == 2 && words(refused.output).contains("give it with --split SPY:2016-01-26:2"))
    try place.succeed(imported + ["--split", "SPY:2016-01-26:2"])
    try place.succeed(["import", "SPY=SYN.csv", "--index", "VIX=VIX.csv", "--output", "plain.h5"])
    let words = ["--environment", "options", "--from", "2016-01-20", "--to", "2016-02-01"] + Self.account
    for store in ["split", "plain"] {
      try place.succeed(["backtest", "calls", "--store", store + ".h5", "--output", store] + words)
    }
    let (split, plain) = (try rows(place, "split/equity.csv"), try rows(place, "plain/equity.csv"))
    #expect(split.count == 9 && split.filter { $0[0] < "2016-01-26" } == plain.filter { $0[0] < "2016-01-26" })
    for row in try rows(place, "split/trades.csv") {
      let strike = try #require(row[13].suffix(8).isEmpty ? nil : Double(row[13].suffix(8))) / 1000
      #expect(row[3] == row[4] && (row[3] < "2016-01-26" ? 550...650 : 275...325).contains(strike), "\(row)")
    }
    #expect(split.allSatisfy { Swift.abs(Double($0[1]) ?? 1) < 0.02 }, "no session gains or loses half")
  }

  @Test func acrossAChangeOfSymbol() throws {
    let place = try made()
    try take(place, "SYN.csv", as: "old.csv") { $0 < "2016-01-26" ? String($0) : nil }
    try take(place, "SYN.csv", as: "new.csv") { $0 < "2016-01-26" ? nil : String($0) }
    try index(place, of: "SYN.csv")
    let both = try place.strikeforge(["import", "FB=old.csv", "META=new.csv", "--output", "both.h5"])
    #expect(both.exitCode == 2 && words(both.output).contains("has a bar of another symbol only"), "\(both)")
    try place.succeed(["import", "FB=old.csv", "--index", "VIX=VIX.csv", "--output", "old.h5"])
    let words = ["--environment", "options", "--to", "2016-02-01"] + Self.account
    let old = ["backtest", "calls", "--store", "old.h5"] + words
    // Its own first half is played alone, and says where it ends.
    let tail = try place.strikeforge(old + ["--from", "2016-01-26", "--output", "x"])
    #expect(tail.exitCode == 1 && tail.errors.contains("it has minutes of FB from 2016-01-04 to 2016-01-25"), "\(tail)")
    let renamed = try place.strikeforge(old + ["--from", "2016-01-20", "--symbols", "META", "--output", "x"])
    #expect(renamed.exitCode == 1 && renamed.errors.contains("holds no minutes, but of FB"), "\(renamed)")

    // Under one name both halves are one history.
    try place.succeed(["import", "SPY=old.csv", "--index", "VIX=VIX.csv", "--output", "one.h5"])
    let end = try place.succeed(
      ["backtest", "calls", "--store", "one.h5", "--from", "2016-01-20", "--output", "half"] + words)
    #expect(self.words(end.output).contains("up to 2016-02-01, but the data end on 2016-01-25."), "\(end.output)")
    try place.succeed(["import", "SPY=new.csv", "--output", "one.h5"])
    try place.succeed(["backtest", "calls", "--store", "one.h5", "--from", "2016-01-20", "--output", "whole"] + words)
    let (half, whole) = (try rows(place, "half/equity.csv"), try rows(place, "whole/equity.csv"))
    #expect(half.count == 4 && whole.count == 9 && Array(whole.prefix(4)) == half)
  }

  @Test func aSurfaceBeforeItsHistoryBegins() throws {
    let place = try made()
    try index(place, of: "SYN.csv", from: "2016-01-13")
    try place.succeed(["import", "SPY=SYN.csv", "--output", "market.h5"])
    let words =
      ["backtest", "calls", "--environment", "options", "--store", "market.h5", "--output", "x"] + Self.account
    let without = try place.strikeforge(words + ["--from", "2016-01-04", "--to", "2016-01-12"])
    #expect(without.exitCode == 1 && without.errors.contains("the daily closes of VIX, which market.h5 does not hold"))
    #expect(without.errors.contains("name another with --index"), "\(without)")
    let other = try place.strikeforge(words + ["--from", "2016-01-04", "--to", "2016-01-12", "--index", "VXN"])
    #expect(other.exitCode == 1 && other.errors.contains("the daily closes of VXN"), "\(other)")
    try place.succeed(["import", "--index", "VIX=VIX.csv", "--output", "market.h5"])
    let before = try place.strikeforge(words + ["--from", "2016-01-04", "--to", "2016-01-12"])
    #expect(
      before.exitCode == 1 && before.errors.contains("7 without a known index level")
        && before.errors.contains("closes of VIX from 2016-01-13 to 2016-02-16"), "\(before)")
    let later = try place.succeed(words + ["--from", "2016-01-04", "--to", "2016-01-20"])
    #expect(
      self.words(later.output).contains("Of 12 sessions of SPY no option is traded in: 8 without a known index level."),
      "\(later.output)")
  }

  @Test func aKillSwitchOfTheFirstDayLeads() throws {
    let place = try made()
    try place.succeed(["import", "SYN=SYN.csv", "SYN-options.csv", "--output", "market.h5"])
    let levels = ["warn=0.0001", "reduce=0.0002", "halt=0.0003", "kill=0.0004"]
    let words =
      ["backtest", "calls", "--environment", "options", "--store", "market.h5", "--output", "out"]
      + ["--from", "2016-01-20", "--to", "2016-02-01"] + Self.account
      + levels.flatMap { ["--set", "environment.states_" + $0] }
    let played = try place.succeed(words)
    #expect(played.lines[1].hasPrefix("  warning       KILL SWITCH of SYN latched on 2016-01-20"), "\(played.output)")
    #expect(self.words(played.output).contains("its trading ended there; --rearm next-session shows what would have"))
    let report = try JSON.parse(place.folder.read("out/backtest.json"))
    let latch = "2016-01-20"
    #expect(report["desk"]?["kill_switch"]?.arrayValue?.first?["date"]?.stringValue == latch)
    #expect(
      report["warnings"]?.arrayValue?.first?.stringValue?.hasPrefix("KILL SWITCH of SYN latched on \(latch)") == true)
    let html = try place.folder.read("out/report.html")
    let (told, verdict) = (html.firstRange(of: "KILL SWITCH of SYN"), html.firstRange(of: "The greedy policy took"))
    #expect(try #require(told).lowerBound < #require(verdict).lowerBound, "the date stands before the first figure")
    let equity = try rows(place, "out/equity.csv")
    #expect(equity.count == 9 && equity.filter { $0[0] > latch }.allSatisfy { $0[1] == "0.0" })
    let rearmed = try place.succeed(words + ["--rearm", "next-session"])
    #expect(self.words(rearmed.output).contains("was re-armed with the next session (--rearm next-session)"))
    #expect(try rows(place, "out/equity.csv").filter { $0[0] > latch }.contains { $0[1] != "0.0" })
  }

  /// Every stress of made-up quotes; of recorded ones there is no other volatility.
  @Test func worseWorldsAreToldBesideTheReport() throws {
    let place = try made()
    try index(place, of: "SYN.csv")
    try place.succeed(["import", "SPY=SYN.csv", "--index", "VIX=VIX.csv", "--output", "fair.h5"])
    try place.succeed(["import", "SYN=SYN.csv", "SYN-options.csv", "--output", "chain.h5"])
    for (store, played) in [("fair", 7), ("chain", 6)] {
      let outcome = try place.succeed(
        ["backtest", "calls", "--environment", "options", "--store", store + ".h5", "--stress", "--output", store]
          + ["--from", "2016-01-20", "--to", "2016-02-01"] + Self.account)
      #expect(outcome.lines.allSatisfy { $0.count <= 80 }, "\(outcome.output)")
      #expect(words(outcome.output).contains("The sign of the total return"), "\(outcome.output)")
      let report = try JSON.parse(place.folder.read(store + "/backtest.json"))
      let stresses = try #require(report["stress_test"]?.arrayValue)
      #expect(stresses.count == 7 && stresses.count { $0["account"] != .null } == played, "\(stresses)")
      let usual = report["accounts"]?.arrayValue?.first?["total_return"]
      #expect(stresses.filter { $0["account"]?["total_return"] == usual }.count < 3, "worlds differ")
      // What leads the report at 1.5 times the costs is that row.
      let costs = try #require(stresses.first { $0["stress"] == "costs" })
      #expect(costs["words"] == "half-spreads, impact and fees 1.5 times what they are", "\(costs)")
      let isGain = try #require(usual?.doubleValue) > 0
      #expect(report["fragility"]?["costlier"] == (isGain ? costs["account"]?["total_return"] : nil))
      #expect(try place.folder.read(store + "/report.html").contains("Stress test"))
    }
  }

  @Test func policiesOfAnotherWorldAndSeveralSeeds() throws {
    let place = try Workplace()
    try place.succeed([
      "synthesize", "options_rich", "--symbol", "SPY", "--sessions", "30", "--from", "2016-01-04", "--seed", "3",
      "--output", "SPY.csv",
    ])
    try index(place, of: "SPY.csv")
    try place.succeed([
      "import", "SPY=SPY.csv", "SPY-options.csv", "--index", "VIX=VIX.csv", "--output", "spy.h5",
    ])
    try place.succeed(["import", "QQQ=SPY.csv", "--index", "VIX=VIX.csv", "--output", "qqq.h5"])
    for seed in 1...3 { try place.train("run-\(seed)", Workplace.options("options", on: "spy.h5"), "run.seed=\(seed)") }
    let dates = ["--from", "2016-01-28", "--to", "2016-02-16"]
    let span = ["--store", "spy.h5"] + dates

    // Another kind of surface is played, and said.
    let fair = try place.succeed(["backtest", "run-1", "--surface", "fair", "--output", "fair"] + span)
    #expect(fair.output.contains("Played with environment.surface=\"fair\", trained with \"auto\"."), "\(fair.output)")
    #expect(words(fair.output).contains("warning SYNTHETIC: nobody quoted the options of SPY"), "\(fair.output)")
    for (arguments, code, part) in [
      (["--store", "qqq.h5"] + dates, 2, "than options has with QQQ here; play it on a store of the kind"),
      (span + ["--symbols", "QQQ"], 1, "holds no minutes, but of SPY"),
      (
        span + ["--set", "environment.human_momentum=true"], 2,
        "leave out what is played otherwise than it was trained, environment.human_momentum"
      ),
      (span + ["--set", "environment.half_spread_bps=3"], 1, "is a setting of dual_ticker"),
      (
        span + ["--index", "VIX", "--set", "algorithm.gamma=0.9"], 2, "a policy can be played by other rules of options"
      ),
    ] as [([String], Int32, String)] {
      let outcome = try place.strikeforge(["backtest", "run-1", "--output", "x"] + arguments)
      #expect(outcome.exitCode == code && words(outcome.errors).contains(part), "\(arguments): \(outcome)")
      #expect(place.folder.names(in: "x").isEmpty)
    }
    let capital = try place.strikeforge(["backtest", "buy-and-hold", "--set", "environment.capital=10000"] + span)
    #expect(
      capital.exitCode == 1 && capital.errors.contains("did you mean environment.capital_per_asset?"), "\(capital)")

    // Three seeds beside each other.
    let played = try place.succeed(
      ["backtest", "run-1", "run-2", "run-3", "--execution", "ideal", "--output", "seeds"] + span)
    #expect(played.lines.allSatisfy { $0.count <= 80 } && played.output.contains("VERDICT over 3 runs:"))
    #expect(words(played.output).hasPrefix("warning: IDEAL FILLS: every order is filled"), "\(played.output)")
    #expect(words(played.output).contains("run-1") && words(played.output).contains("Over the seeds it is"))
    #expect(
      place.folder.names(in: "seeds").sorted() == [
        "run-1", "run-2", "run-3", "seeds-ideal.html", "seeds-ideal.json", "seeds-ideal.md",
      ])
    let html = try place.folder.read("seeds/seeds-ideal.html")
    #expect(
      html.contains("class=\"watermark\"") && html.contains("WITH IDEAL FILLS") && html.contains("Equity by seed"))
    let spread = try JSON.parse(place.folder.read("seeds/seeds-ideal.json"))
    for (number, run) in try #require(spread["runs"]?.arrayValue).enumerated() {
      let own = try JSON.parse(place.folder.read("seeds/run-\(number + 1)/backtest-ideal.json"))
      #expect(run["total_return"] == own["accounts"]?.arrayValue?.first?["total_return"], "\(run)")
    }
    for (arguments, code, part) in [
      (["run-1", "run-1"], 64, "named twice"), (["run-1", "calls"], 64, "calls is a rule, which has no seeds"),
      (["run-1", "run-2", "--output", "spy.h5"], 2, "is no folder"),
    ] as [([String], Int32, String)] {
      let outcome = try place.strikeforge(["backtest"] + arguments + span)
      #expect(outcome.exitCode == code && words(outcome.errors).contains(part), "\(arguments): \(outcome)")
    }
  }
}
