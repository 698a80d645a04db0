// Policies and rules are played over spans of stores, and what is asked wrongly is told in one sentence.

import Storage
import TestSupport
import Testing
import Text

@Suite struct BacktestCommandTests {
  private func words(_ outcome: ProgramOutcome) -> String {
    outcome.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  private func account(_ place: Workplace, _ path: String) throws -> JSON? {
    try JSON.parse(place.folder.read(path))["accounts"]?.arrayValue?.first
  }

  private func madePremium() throws -> Workplace {
    let place = try Workplace()
    try place.succeed([
      "synthesize", "options_rich", "--sessions", "30", "--from", "2016-01-04", "--seed", "3", "--output", "SYN.csv",
    ])
    try place.succeed(["import", "SYN=SYN.csv", "SYN-options.csv", "--output", "market.h5"])
    return place
  }

  @Test func anEvaluationIsABacktestOfItsWindow() throws {
    let place = try madePremium()
    try place.train("run", Workplace.options("short_premium", on: "market.h5"))
    try place.succeed(["evaluate", "run", "--checkpoint", "latest"])
    let span = ["--store", "market.h5", "--from", "2016-01-28", "--to", "2016-12-31"]
    let played = try place.succeed(["backtest", "run", "--checkpoint", "latest"] + span)
    #expect(played.lines.allSatisfy { $0.count <= 80 }, "\(played.output)")
    #expect(played.lines[0].hasPrefix("Backtest of run") && !played.output.contains("SEEN"), "\(played.output)")
    #expect(words(played).contains("up to 2016-12-31, but the data end on"), "\(played.output)")
    let folder = "backtests/run_2016-01-28_2016-12-31"
    #expect(
      place.folder.names(in: folder).sorted() == [
        "backtest.json", "daily-returns.csv", "equity.csv", "minutes.csv", "report.html", "report.md", "trades.csv",
      ])
    let own = try account(place, "checkpoints/run/evaluation.json")
    #expect(own != nil)
    #expect(try account(place, folder + "/backtest.json") == own, "the same game, account and figures")
    #expect(
      try place.folder.read(folder + "/trades.csv") == place.folder.read("checkpoints/run/trades.csv"))

    // The bundle alone decides the same, and dates that were seen lead the report.
    try place.succeed(["export", "run", "--checkpoint", "latest"])
    let bundle = place.file("run", "policy.safetensors")
    try place.succeed(["backtest", bundle, "--output", "of-bundle"] + span)
    #expect(try account(place, "of-bundle/backtest.json") == own)
    let seen = try place.succeed([
      "backtest", bundle, "--output", "seen", "--store", "market.h5", "--from", "2016-01-01", "--to", "2016-01-29",
      "--execution", "ideal", "--rearm", "next-session",
    ])
    #expect(
      words(seen).contains("warning SEEN: the policy was trained on")
        || words(seen).contains("SEEN: the policy was trained on"))
    #expect(
      words(seen).contains("2016-01-01 is no session of the exchange: the span begins with the next one, 2016-01-04."))
    #expect(seen.lines[0].contains("WITH IDEAL FILLS") && words(seen).contains("IDEAL FILLS: every order is filled"))
    #expect(place.folder.names(in: "seen").allSatisfy { $0.contains("-ideal.") })
    #expect(try place.folder.read("seen/report-ideal.html").contains("WITH IDEAL FILLS"))

    // A rule plays it too, by name.
    let rule = try place.succeed(
      [
        "backtest", "sold-puts", "--set", "environment.capital=1000000", "--set", "environment.capital_by_symbol=[]",
      ] + span)
    #expect(rule.lines[0].hasPrefix("Backtest of sold-puts") && rule.output.contains("a rule without learning"))
    #expect(!rule.output.contains("stochastic"))
  }

  /// Ten thousand dollars, and a year that is asked for from a holiday on.
  @Test(.enabled(if: SlowTests.areEnabled, "long: set STRIKEFORGE_SLOW=1")) func aYearOfMinutesIsPlayedWhole() throws {
    let place = try Workplace()
    try place.succeed([
      "synthesize", "options_rich", "--symbol", "SPY", "--sessions", "252", "--from", "2024-01-02", "--seed", "3",
      "--output", "SPY.csv",
    ])
    try place.succeed(["import", "SPY=SPY.csv", "SPY-options.csv", "--output", "market.h5"])
    let played = try place.succeed([
      "backtest", "calls", "--environment", "options", "--store", "market.h5", "--from", "2024-01-01", "--to",
      "2024-12-31", "--set", "environment.capital=10000", "--set", "environment.capital_by_symbol=[]",
    ])
    let text = words(played)
    let isWhole = text.contains("2024-01-02 to 2024-12-31, 252 sessions, backtest of 97,740 regular minutes;")
    let beginsLater = text.contains(
      "2024-01-01 is no session of the exchange: the span begins with the next one, 2024-01-02.")
    let account = try #require(try account(place, "backtests/calls_2024-01-01_2024-12-31/backtest.json"))
    let sessions = try #require(account["sessions"]?.integerValue)
    ProofTable.record(
      "backtest: a rule over 2024, asked for from its holiday on, with every baseline",
      figure: "\(sessions) sessions", threshold: "252 sessions of 97,740 minutes from 2024-01-02", seeds: "3",
      holds: isWhole && beginsLater && sessions == 252)
    #expect(isWhole && beginsLater, "\(played.output)")
    #expect(account["initial_dollars"]?.doubleValue == 10_000)
    #expect(sessions == 252)
  }

  @Test func sharesAreBacktestedTheSameWay() throws {
    let place = try Workplace()
    try place.importMarket()
    try place.train("run", Workplace.market)
    try place.succeed(["evaluate", "run"])
    let span = ["--store", "market.h5", "--from", "2004-01-02", "--to", "2004-12-31"]
    try place.succeed(["backtest", "run"] + span)
    #expect(
      try account(place, "backtests/run_2004-01-02_2004-12-31/backtest.json")
        == account(place, "checkpoints/run/evaluation.json"))
    let held = try place.succeed(["backtest", "buy-and-hold"] + span)
    #expect(held.lines[0] == "Backtest of buy-and-hold")
    #expect(!place.folder.names(in: "backtests/buy-and-hold_2004-01-02_2004-12-31").contains("minutes.csv"))

    for (arguments, code, part) in [
      (
        ["run", "--symbols", "AAA"] + span, 2, "trained on other columns or actions than dual_ticker has with AAA here"
      ),
      (["run", "--surface", "fair"] + span, 1, "environment.surface"),
      (["run", "--rearm", "next-session"] + span, 2, "a kill switch, which dual_ticker has not; leave it out"),
      (["run", "--rearm", "soon"] + span, 64, "--rearm is soon, but must be next-session"),
      (["run", "--execution", "off"] + span, 64, "--execution is off, but must be on or ideal"),
      (["run", "--environment", "options"] + span, 64, "--environment is for rules"),
      (["rum"] + span, 2, "nothing is called 'rum'"),
      (["calls", "--environment", "dual_ticker"] + span, 2, "dual_ticker has no rule called 'calls'; it has flat"),
      (["calls"] + span, 1, "holds no minutes"),
      (["run", "--from", "2004-01-02", "--to", "2004-12-31"], 64, "--store is missing"),
      (["run", "--store", "market.h5", "--from", "2005-01-02", "--to", "2004-12-31"], 64, "swap them"),
      (["run", "--store", "market.h5", "--from", "2nd May", "--to", "2004-12-31"], 64, "must be a date such as"),
      (["run", "--store", "market.h5", "--from", "2034-01-02", "--to", "2034-12-31"], 1, "ask for other dates"),
      (["run", "--output", "checkpoints/run"] + span, 2, "holds other files, and no backtest"),
      (["run", "--output", "market.h5"] + span, 2, "is no folder"),
    ] as [([String], Int32, String)] {
      let outcome = try place.strikeforge(["backtest"] + arguments)
      #expect(outcome.exitCode == code && outcome.errors.contains(part), "\(arguments): \(outcome)")
    }
  }
}
