// What is published, from outside: a run becomes a version, versions serve and go back, and what was edited is refused with one sentence.

import TestSupport
import Testing
import Text

@Suite struct RegistryCommandTests {
  /// Two runs of a small game, exported.
  private func twoRuns() throws -> Workplace {
    let place = try Workplace()
    for (run, seed) in [("one", 1), ("two", 2)] {
      try place.succeed([
        "train", "--run", run, "--set", "environment.name=cue", "--set", "algorithm.name=ppo_mask", "--set",
        "run.total_timesteps=512", "--set", "environment.lanes=8", "--set", "algorithm.horizon=32", "--set",
        "algorithm.batch_size=64", "--set", "run.seed=\(seed)",
      ])
      try place.succeed(["export", run])
    }
    return place
  }

  @Test func fromARunToAChampionAndBack() throws {
    let place = try twoRuns()
    for run in ["one", "two"] { try place.succeed(["registry", "publish", "cue", run]) }
    // The very same again is no further version.
    let again = try place.succeed(["registry", "publish", "cue", "one"])
    #expect(again.output.hasPrefix("cue 0001: "))
    try place.succeed(["registry", "promote", "cue", "0001", "--reason", "the first"])
    try place.succeed(["registry", "promote", "cue", "0002"])
    try place.succeed(["registry", "promote", "cue", "0001", "--as", "fallback"])
    #expect(try place.folder.read("registry/cue/aliases.json").contains("\"champion\": \"0002\""))
    let back = try place.succeed(["registry", "rollback", "cue", "--reason", "it lost"])
    #expect(back.output.contains("champion is 0001 again, no longer 0002"))
    let list = try place.succeed(["registry", "list"])
    #expect(list.output.contains("cue: 2 versions, champion 0001, fallback 0001"))
    let history = try place.succeed(["registry", "history", "cue"])
    #expect(history.lines.count == 6 && history.output.contains("champion went to 0001: the first (by a person)"))
    #expect(history.lines.last?.contains("champion went back to 0001 from 0002: it lost") == true)
    let past = try place.succeed(["registry", "history", "cue", "--on", "2020-01-01"])
    #expect(past.output == "2020-01-01: nothing\n")
    for time in [UTCTime.now(), "2099-12-31"] {
      let served = try place.succeed(["registry", "history", "cue", "--on", time])
      #expect(served.output == "\(time): champion 0001, fallback 0001\n")
    }
    for time in ["yesterday", "2026-02-30", "2026-11-29 22:10"] {
      let refused = try place.strikeforge("registry", "history", "cue", "--on", time)
      #expect(refused.exitCode == 2 && refused.errors.contains("'\(time)' is no time"), "\(refused)")
    }
    let shown = try place.succeed(["registry", "show", "cue"])
    #expect(shown.output.hasPrefix("cue 0001, published ") && shown.output.contains("policy.safetensors"))
    let json = try JSON.parse(Array(place.succeed(["registry", "show", "cue", "0002", "--json"]).output.utf8))
    #expect(json["version"] == "0002" && json["provenance"]?["run"] == "two")
    #expect(try place.succeed(["registry", "verify"]).output.contains("are as they were written"))
    #expect(try place.succeed(["registry", "gc", "cue"]).output == "nothing to remove\n")
    // The published bundle is the exported one, byte for byte, and serves.
    #expect(
      try place.folder.bytes("registry/cue/0001/policy.safetensors")
        == place.folder.bytes("checkpoints/one/policy.safetensors"))
  }

  @Test func whatWasEditedIsRefused() throws {
    let place = try twoRuns()
    for run in ["one", "two"] { try place.succeed(["registry", "publish", "cue", run]) }
    try place.succeed(["registry", "promote", "cue", "0001"])
    place.folder.remove("registry/cue/0002/config.json")
    let promoted = try place.strikeforge("registry", "promote", "cue", "0002")
    #expect(promoted.exitCode == 2 && promoted.errorLines.count == 1, "\(promoted)")
    #expect(promoted.errors.contains("config.json is missing"))
    let verified = try place.strikeforge("registry", "verify", "cue")
    #expect(verified.exitCode == 2 && verified.errorLines.count == 1)
    // Nor is anything whole where nothing is.
    let nothing = try place.strikeforge("registry", "verify", "--registry", "elsewhere")
    #expect(nothing.exitCode == 2 && nothing.errors.contains("nothing was compared"), "\(nothing)")
    // Who served is not told on the word of a history that somebody wrote into.
    let history = "registry/cue/history.jsonl"
    try place.folder.write(place.folder.read(history).replacing("by hand", with: "by foot"), to: history)
    let told = try place.strikeforge("registry", "history", "cue", "--on", "2099-12-31")
    #expect(told.exitCode == 2 && told.errors.contains("is not as it was written"), "\(told)")
    #expect(try place.folder.read("registry/cue/aliases.json").contains("\"champion\": \"0001\""))
  }

  /// Losses of half a year, over cash: the version with the alias takes over, and the history says by which rule.
  @Test func aDeclinedChampionIsTakenAway() throws {
    let place = try twoRuns()
    for run in ["one", "two"] { try place.succeed(["registry", "publish", "cue", run]) }
    try place.succeed(["registry", "promote", "cue", "0002"])
    func table(_ mean: Double) -> String {
      "date,policy,flat,cash\r\n"
        + (0..<126).map { "2026-01-01,\(mean + 0.004 * Double($0 % 7 - 3)),0,0.0001\r\n" }.joined()
    }
    try place.folder.write(table(0.001), to: "good.csv")
    try place.folder.write(table(-0.003), to: "bad.csv")
    try place.folder.write("date,policy\r\n2026-01-01,much\r\n", to: "wrong.csv")
    let none = try place.strikeforge("registry", "fallback", "cue", "--returns", "bad.csv")
    #expect(none.exitCode == 2 && none.errors.contains("has no fallback"))
    try place.succeed(["registry", "promote", "cue", "0001", "--as", "fallback"])
    let kept = try place.succeed(["registry", "fallback", "cue", "--returns", "good.csv"])
    #expect(kept.output.hasPrefix("The champion stays"))
    let wrong = try place.strikeforge("registry", "fallback", "cue", "--returns", "wrong.csv")
    #expect(wrong.exitCode == 1 && wrong.errors.contains("line 2"))
    let moved = try place.succeed(["registry", "fallback", "cue", "--returns", "bad.csv", "--window", "100"])
    #expect(moved.output.hasPrefix("0001 took the champion's place"))
    let last = try place.succeed(["registry", "history", "cue"]).lines.last
    #expect(
      last?.contains("champion went to 0001 from 0002") == true && last?.contains("fallback to 0001 where") == true)
  }

  @Test(arguments: [
    (["registry", "lost"], 64, "there is no verb lost"), (["registry", "show"], 64, "show takes a name"),
    (["registry", "list"], 2, "nothing is published in registry; `strikeforge registry publish NAME RUN` publishes"),
    (["registry", "list", "--registry", "lost"], 2, "nothing is published in lost; "),
    (["registry", "show", "cue"], 2, "nothing is published as cue in registry"),
    (["registry", "promote", "../x", "0001"], 2, "no name of a registry"),
    (["registry", "publish", "cue", "none"], 1, "there is no run"),
    (["registry", "rollback", "cue"], 2, "nothing is published"),
    (["schedule", "print", "Sun 18:00 Moon/Base", "--cron", "--command", "x"], 2, "knows no zone Moon/Base"),
    (["schedule", "print", "Sun 18:00 UTC", "--command", "x"], 64, "take one of --systemd and --cron"),
    (["schedule", "print", "Sun 18:00 UTC", "--cron"], 64, "--command is missing"),
    (["schedule", "show", "Sun 18:00 UTC"], 64, "there is no verb show"),
  ])
  func wrongWordsAreOneSentence(_ words: [String], _ code: Int32, _ reason: String) throws {
    let outcome = try Workplace().strikeforge(words)
    #expect(outcome.exitCode == code && outcome.errorLines.first?.contains(reason) == true, "\(outcome)")
  }

  @Test func aScheduleIsPrinted() throws {
    let place = try Workplace()
    let words = ["schedule", "print", "Sun 18:00 America/New_York", "--command", "true"]
    let units = try place.succeed(words + ["--systemd"])
    #expect(units.output.contains("OnCalendar=Sun *-*-* 18:00:00 America/New_York"))
    #expect(units.output.contains("WorkingDirectory=\(place.folder.path)"))
    #expect(try place.succeed(words + ["--cron"]).output.contains("CRON_TZ=UTC"))
    let warned = try place.strikeforge("schedule", "print", "Sun 02:30 America/New_York", "--cron", "--command", "true")
    #expect(warned.exitCode == 0 && warned.errors.contains("take a time outside of 01:00 to 03:00"))
  }
}
