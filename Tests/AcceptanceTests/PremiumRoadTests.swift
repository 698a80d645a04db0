// Premium is sold along the whole road: made-up minutes and their chain, trained on, judged, judged by other rules, exported and decided by.

import Storage
import TestSupport
import Testing
import Text

@Suite struct PremiumRoadTests {
  private func words(_ text: String) -> String { text.split(whereSeparator: \.isWhitespace).joined(separator: " ") }

  @Test func premiumIsSoldAlongTheWholeRoad() throws {
    let place = try Workplace()
    try place.succeed([
      "synthesize", "options_rich", "--sessions", "30", "--from", "2016-01-04", "--seed", "3", "--output", "SYN.csv",
    ])
    try place.succeed(["import", "SYN=SYN.csv", "SYN-options.csv", "--output", "market.h5"])
    try place.train("run", Workplace.options("short_premium", on: "market.h5"))

    let report = try place.succeed([
      "evaluate", "run", "--checkpoint", "latest", "--write-observations", "questions.jsonl", "--write-actions",
      "actions.txt",
    ])
    let said = words(report.output)
    #expect(said.contains("margin: the width of each spread is kept in cash"), "\(report.output)")
    #expect(said.contains("sold-calls") && !said.contains("Played with") && !said.contains("NAKED"))

    // By another delta, without training anew, in files of their own.
    let before = try place.folder.read(place.file("run", "evaluation.json"))
    let changed = try place.succeed([
      "evaluate", "run", "--checkpoint", "latest", "--set", "environment.short_delta=0.20",
    ])
    #expect(words(changed.output).contains("Played with environment.short_delta=0.2, trained with 0.15."))
    #expect(words(changed.output).contains("largest |delta| up to 0.2,"), "\(changed.output)")
    #expect(try place.folder.read(place.file("run", "evaluation.json")) == before)
    #expect(try place.folder.read(place.file("run", "report-changed.md")).contains("trained with 0.15"))

    try place.succeed(["export", "run", "--checkpoint", "latest"])
    let decided = try place.serve(
      "once", "--policy", place.file("run", "policy.safetensors"), input: place.folder.read("questions.jsonl"))
    #expect(decided.exitCode == 0, "\(decided)")
    let actions = try place.folder.read("actions.txt").split(separator: "\n").map { Int($0) }
    let names = ["hold", "sell_call_spread", "sell_put_spread", "close"]
    let answers = try decided.lines.map { try JSON.parse($0) }
    #expect(answers.map { $0["action_name"]?.stringValue } == actions.map { $0.map { names[$0] } })
  }

  @Test func nakedLegsAreSaidAndWrongRulesAreRefused() throws {
    let place = try Workplace()
    try place.succeed(["synthesize", "options_rich", "--sessions", "30", "--from", "2016-01-04", "--output", "SYN.csv"])
    try place.succeed(["import", "SYN=SYN.csv", "SYN-options.csv", "--output", "market.h5"])
    try place.train("run", Workplace.options("short_premium", on: "market.h5"))
    let naked = try place.succeed([
      "evaluate", "run", "--checkpoint", "latest", "--set", "environment.margin=naked",
    ])
    #expect(words(naked.output).contains("margin: NAKED: nothing covers what is sold"), "\(naked.output)")
    for (assignment, part) in [
      ("environment.lanes=3", "'environment.lanes' is none of them"),
      ("algorithm.gamma=0.9", "'algorithm.gamma' is none of them"),
      ("environment.shortdelta=0.2", "did you mean 'environment.short_delta'?"),
      ("environment.short_delta=0.3", "at most environment.entries_sold_delta, 0.2"),
    ] {
      let refused = try place.strikeforge(["evaluate", "run", "--checkpoint", "latest", "--set", assignment])
      #expect(refused.exitCode != 0 && refused.errors.contains(part), "\(refused)")
    }
    // A width whose requirement is more than the account's share fits nowhere, and is told by the symbol's name.
    let poor = try place.strikeforge([
      "train", "--config", "run.yaml", "--run", "poor", "--set", "environment.capital=300",
    ])
    #expect(poor.exitCode != 0 && poor.errors.contains("pass --allow-idle SYN"), "\(poor)")
  }
}
