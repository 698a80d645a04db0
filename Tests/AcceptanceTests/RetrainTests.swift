// A weekend from outside: what it publishes, what it refuses, and what is left of it whoever dies.

import Glibc
import Storage
import TestSupport
import Testing
import Text

@Suite struct RetrainTests {
  @Test func aWeekendPromotesSaysWhyAndIsUndone() throws {
    let small = try RetrainPlace.withChampion()
    try small.folder.write(RetrainPlace.plan(), to: "plan.yaml")
    let before = try small.alias()
    let outcome = try small.retrain("plan.yaml")
    try #require(outcome.exitCode == 0, "\(outcome)\n\(outcome.output)")
    let champion = try small.alias()
    #expect(champion != before && outcome.output.contains("decision: learner is promoted"), "\(outcome.output)")
    // What serves elsewhere is the same, and the hooks did their work.
    #expect(try small.alias(in: "serving") == champion)
    #expect(try small.publication(in: "serving") == small.publication())
    #expect(small.folder.exists("went-well") && !small.folder.exists("up"))
    #expect(try small.folder.read("weekends/small/0002/hooks/before.txt") == "before\n")
    let (incurred, paid) = try small.debts()
    #expect(incurred.count == 1 && paid == incurred)
    // Monday's page.
    let page = try small.folder.read("weekends/small/0002/report.md")
    for words in [
      "VERDICT: a candidate was promoted", "strikeforge registry rollback small", "chance alone may promote",
      "N = 6: that many things were tried", "2 weekends have judged on sessions of it", "more than 60 % of trades won",
      "standard error 6", "a week says nothing", "deflated Sharpe ratio",
      "Of 252 ways to take half of this window", "planned, at most in nine of ten cases, and used",
      "| learner-2 | trained |", "left until the deadline", ": passed, 0 failures, 0 warnings",
      "70 sessions, as far as features look back and positions live, and 1 behind that",
      "columns drift from what the champion saw\n- SYN.",
    ] {
      #expect(page.contains(words) || page.replacing("\\", with: "").contains(words), "\(words)")
    }
    #expect(try small.folder.read("weekends/small/0002/report.html").contains("Content-Security-Policy"))
    let version = try JSON.parse(small.folder.bytes("registry/small/\(champion ?? "")/version.json"))
    #expect(version["provenance"]?["trials"] == "6" && version["provenance"]?["weekend"] == "0002")
    // The same data again teach nothing; a champion is not promoted over itself; the way back is one step.
    let again = try small.retrain("plan.yaml")
    #expect(again.exitCode == 2 && again.errorLines.count == 1 && again.errors.contains("there is nothing to learn"))
    // Of what is refused the digest is kept, and no copy.
    let refused = try JSON.parse(small.folder.bytes("weekends/small/0003/refused.json"))
    let admitted = try JSON.parse(small.folder.bytes("weekends/small/0002/data.json"))
    #expect(refused["content"] != nil && refused["content"] == admitted["content"])
    #expect(try small.folder.read("weekends/small/0003/report.md").contains(refused["content"]?.stringValue ?? "none"))
    #expect(!small.folder.exists("weekends/small/0003/data.h5"))
    let anew = try small.retrain("plan.yaml", "--anew")
    #expect(anew.exitCode == 0 && anew.output.contains("The champion stays"), "\(anew.output)")
    #expect(try small.alias() == champion)
    try small.place.succeed(["registry", "rollback", "small"])
    #expect(try small.alias() == before)
    try small.place.succeed(["registry", "verify", "small"])
  }

  /// As an option; folds that leave nothing to choose on are refused before anything is trained.
  @Test func overfittingIsToldOverPurgedSplits() throws {
    let small = try RetrainPlace()
    func plan(_ folds: Int, report: Int) -> String {
      RetrainPlace.plan(
        hooks: "gate: {purged_folds: \(folds)}\n", steps: 256,
        windows: "{training: 300, selection: 60, report: \(report)}")
    }
    try FileSystem.makeFolder(small.folder.place("arrived"))
    try small.folder.write(small.folder.bytes("vendor/bars.csv"), to: "arrived/bars.csv")
    for (report, folds, remedy) in [(80, 4, "take 0,"), (300, 4, "take at most 2,")] {
      try small.folder.write(plan(folds, report: report), to: "plan.yaml")
      let refused = try small.retrain("plan.yaml", "--dry-run")
      #expect(refused.exitCode == 2 && refused.errorLines.count == 1, "\(refused)")
      #expect(
        refused.errors.contains("gate.purged_folds is \(folds), but of \(report - 1) returns of the report window")
          && refused.errors.contains(remedy), "\(refused)")
    }
    try small.folder.write(plan(2, report: 300), to: "plan.yaml")
    let outcome = try small.retrain("plan.yaml")
    try #require(outcome.exitCode == 0, "\(outcome)")
    let page = try small.folder.read("weekends/small/0001/report.md").replacing("\\", with: "")
    #expect(
      page.contains(
        "Of 2 ways to take half of this window, in 2 folds with 70 sessions left out before and 71 behind what is tested "
          + "(combinatorial purged splits), the run that was best there"), "\(page)")
  }

  @Test func candidatesBeginWithTheChampion() throws {
    let small = try RetrainPlace.withChampion()
    let further = "  - {name: heir, seeds: [5], begin: champion, mode: finetune}"
    try small.folder.write(RetrainPlace.plan(seeds: "[1]", further: further), to: "plan.yaml")
    let outcome = try small.retrain("plan.yaml")
    #expect(outcome.exitCode == 0, "\(outcome)")
    let origin = try small.folder.read("weekends/small/0002/runs/heir-5/init-from.json")
    #expect(origin.contains("registry/small/") && origin.contains("finetune"))
    // Before there is a champion an heir waits, and an heir alone is nothing to train.
    let first = try RetrainPlace()
    try first.folder.write(RetrainPlace.plan(hooks: "", steps: 256, seeds: "[1]", further: further), to: "plan.yaml")
    #expect(
      try first.retrain("plan.yaml").output.contains("heir-5: cut, since it is to begin with what the champion learned")
    )
  }

  @Test func dataThatAreRefusedTrainNothing() throws {
    let small = try RetrainPlace()
    try small.folder.write(RetrainPlace.plan(), to: "plan.yaml")
    let bars = try small.folder.read("vendor/bars.csv").split(separator: "\n", omittingEmptySubsequences: false)
    try small.folder.write((bars[..<400] + bars[420...]).joined(separator: "\n"), to: "vendor/bars.csv")
    let outcome = try small.retrain("plan.yaml")
    #expect(outcome.exitCode == 2 && outcome.errorLines.count == 1, "\(outcome)")
    #expect(outcome.errors.contains("nothing was trained: the quality gate refused the data"), "\(outcome)")
    #expect(!small.folder.exists("market.h5") && small.folder.names(in: "weekends/small/0001/runs").isEmpty)
    let page = try small.folder.read("weekends/small/0001/report.md")
    #expect(page.contains("nothing was trained") && page.contains("The data were refused"))
    #expect(!small.folder.exists("up"), "always was not run")
  }

  @Test func aDryRunTellsAllAndChangesNothing() throws {
    let small = try RetrainPlace()
    try FileSystem.makeFolder(small.folder.place("arrived"))
    try small.folder.write(small.folder.bytes("vendor/bars.csv"), to: "arrived/bars.csv")
    try small.folder.write(RetrainPlace.plan(), to: "plan.yaml")
    let before = Set(try small.place.content().keys)
    let outcome = try small.retrain("plan.yaml", "--dry-run", "--deadline", "Mon 05:00 America/New_York")
    #expect(outcome.exitCode == 0, "\(outcome)")
    for words in [
      "deadline: Mon 05:00 America/New_York", "hook before: sh -c", "learner-1: ", "learner-2: ", "kept back",
      "judges on", "nothing was changed",
    ] {
      #expect(outcome.output.contains(words), "\(words): \(outcome.output)")
    }
    #expect(Set(try small.place.content().keys) == before)
    let late = try small.retrain("plan.yaml", "--dry-run", "--deadline", "0.01s")
    #expect(late.exitCode == 2 && late.errors.contains("has room for the first candidate, learner-1"), "\(late)")
  }

  /// What cannot fit is refused before the store is there; what fits in part is cut by name.
  @Test func whatDoesNotFitIsRefusedOrCut() throws {
    let small = try RetrainPlace()
    try small.folder.write(RetrainPlace.plan(), to: "plan.yaml")
    let late = try small.retrain("plan.yaml", "--deadline", "0.02s")
    #expect(late.exitCode == 2 && late.errorLines.count == 1 && late.errors.contains("has room for"), "\(late)")
    #expect(late.errors.contains("no time is left until the deadline"), "\(late)")
    #expect(!small.folder.exists("market.h5") && !small.folder.exists("up"))
    #expect(!small.folder.exists("weekends/small/0001/data.h5"))
    #expect(try JSON.parse(small.folder.bytes("weekends/small/0001/end.json"))["content"]?.stringValue != nil)
    let further = "  - {name: long, seeds: [1], run: {total_timesteps: 1000000000000}}"
    try small.folder.write(RetrainPlace.plan(seeds: "[1]", further: further), to: "plan.yaml")
    let cut = try small.retrain("plan.yaml", "--deadline", "20min")
    #expect(cut.exitCode == 0 && cut.output.contains("long-1: cut, since it may take"), "\(cut)")
    #expect(try small.folder.read("weekends/small/0002/report.md").contains("long-1 was cut"))
  }

  /// A deadline that is none is refused by the flag's name, and by the file's where it stands there.
  @Test(arguments: ["-5m", "soon", "Mon 25:00 UTC", "Mon 05:00 Moon/Base"])
  func aDeadlineThatIsNoneIsNamed(_ text: String) throws {
    let small = try RetrainPlace()
    try small.folder.write(RetrainPlace.plan(), to: "plan.yaml")
    for words in [["plan.yaml", "--deadline", text], ["plan.yaml", "--dry-run", "--deadline=" + text]] {
      let outcome = try small.place.strikeforge(["retrain"] + words)
      #expect(outcome.exitCode == 64, "\(outcome)")
      #expect(
        outcome.errorLines.first?.hasPrefix("strikeforge retrain: --deadline: '\(text)' is no ") == true, "\(outcome)")
    }
    try small.folder.write(RetrainPlace.plan(deadline: "'\(text)'"), to: "plan.yaml")
    let outcome = try small.retrain("plan.yaml")
    #expect(outcome.exitCode == 2 && outcome.errorLines.count == 1, "\(outcome)")
    #expect(outcome.errors.contains("plan.yaml, weekend.deadline: '\(text)' is no "), "\(outcome)")
    #expect(!small.folder.exists("weekends"))
  }

  /// A person who asks for a dry run gets no wet one, whatever stands beside it.
  @Test(arguments: [
    (["--settle", "--dry-run"], "--dry-run"), (["--settle", "--anew"], "--anew"),
    (["--settle", "--deadline", "1h"], "--deadline"),
  ])
  func whatGoesAloneRefusesOthers(_ flags: [String], _ other: String) throws {
    let small = try RetrainPlace()
    try small.folder.write(RetrainPlace.plan(), to: "plan.yaml")
    let outcome = try small.place.strikeforge(["retrain", "plan.yaml"] + flags)
    #expect(outcome.exitCode == 64 && outcome.errors.contains("--settle goes alone; leave \(other) out"), "\(outcome)")
    #expect(!small.folder.exists("weekends"))
    let demo = try small.place.strikeforge(["retrain", "--demo"] + flags.filter { $0 != "--settle" })
    #expect(demo.exitCode == 64 && demo.errors.contains("--demo goes alone; leave \(other) out"), "\(demo)")
    #expect(!small.folder.exists("retrain-demo"))
  }

  @Test func twoAtOnceAndTheSecondSaysWhoRuns() throws {
    let small = try RetrainPlace()
    try small.folder.write(
      RetrainPlace.plan(hooks: "hooks:\n  before: [sleep, '3600']\n  always: [rm, -f, up]\n"), to: "plan.yaml")
    let first = try Program.strikeforge.start(["retrain", "plan.yaml"], in: small.folder.path)
    _ = try first.wait { small.folder.exists("weekends/small/0001/begin.json") }
    let second = try small.retrain("plan.yaml")
    #expect(second.exitCode == 1 && second.errorLines.count == 1, "\(second)")
    #expect(second.errors.contains("process \(first.process), begun "), "\(second)")
    // Asked to end it does so soon, and pays.
    first.send(SIGTERM)
    let outcome = try first.wait()
    #expect(
      outcome.exitCode == 1 && outcome.errors.contains("stopped by SIGTERM; the same command goes on"), "\(outcome)")
    let (incurred, paid) = try small.debts()
    #expect(incurred.count == 1 && paid == incurred)
  }

  @Test func whatAKilledOneLeftIsSettled() throws {
    let small = try RetrainPlace()
    try small.folder.write(
      RetrainPlace.plan(
        hooks: "hooks:\n  before: [sh, -c, touch up; sleep 3600; touch woke]\n  always: [rm, up]\n"), to: "plan.yaml")
    let first = try Program.strikeforge.start(["retrain", "plan.yaml"], in: small.folder.path)
    _ = try first.wait { small.folder.exists("up") }
    first.send(SIGKILL)
    _ = try first.wait()
    let settled = try small.retrain("plan.yaml", "--settle")
    #expect(
      settled.exitCode == 0 && settled.output.contains("no debt is open") && !small.folder.exists("up"), "\(settled)")
    // What still ran was ended first, and stands in the journal.
    #expect(
      settled.output.contains("the hook before of weekend 0001, which a killed program had left running"), "\(settled)")
    let journal = try ChainedLog.read(small.folder.place("weekends/small/debts.jsonl")).entries.map(\.members)
    let begun = journal.filter { $0["kind"]?.stringValue == "hook" }.compactMap { $0["word"]?.stringValue }
    let ended = journal.filter { $0["kind"]?.stringValue == "hook ended" }.compactMap { $0["word"]?.stringValue }
    #expect(begun.count == 2 && begun == ended, "\(journal)")
    // What cannot be paid stays, and is said.
    #expect(try small.debts().paid.count == 1)
  }

  @Test(arguments: [
    ("before: [/nowhere/program]", "could not be started"), ("before: [sh, -c, exit 3]", "failed with exit code 3"),
    ("before: {command: [sleep, '3600'], limit_seconds: 0.2}", "took longer than 0.2 s"),
    ("ready: {command: [test, -e, nothing], retries: 2, wait_seconds: 0.01}", "after 3 tries"),
  ])
  func hooksThatFailEndItAndAlwaysIsRun(_ hook: String, _ reason: String) throws {
    let small = try RetrainPlace()
    try small.folder.write("", to: "up")
    try small.folder.write(RetrainPlace.plan(hooks: "hooks:\n  \(hook)\n  always: [rm, -f, up]\n"), to: "plan.yaml")
    let outcome = try small.retrain("plan.yaml")
    #expect(outcome.exitCode == 1 && outcome.errorLines.count == 1 && outcome.errors.contains(reason), "\(outcome)")
    #expect(!small.folder.exists("up") && !small.folder.exists("market.h5"))
  }

  @Test func championsAndRegistriesThatAreNotWholeAreRefusedBeforeAnythingIsTrained() throws {
    let small = try RetrainPlace.withChampion()
    try small.folder.write(RetrainPlace.plan(hooks: ""), to: "plan.yaml")
    let champion = try #require(try small.alias())
    func refused(_ words: String, _ breaking: (RetrainPlace) throws -> Void) throws {
      let copy = try RetrainPlace(copying: small)
      try breaking(copy)
      let outcome = try copy.retrain("plan.yaml")
      #expect(outcome.exitCode == 2 && outcome.errorLines.count == 1 && outcome.errors.contains(words), "\(outcome)")
      #expect(!copy.folder.exists("weekends/small/0002/runs/learner-1"))
    }
    try refused("policy.safetensors is not the file that was published") { copy in
      let path = "registry/small/\(champion)/policy.safetensors"
      var bytes = try copy.folder.bytes(path)
      bytes[bytes.count / 2] ^= 1
      copy.folder.remove(path)
      try copy.folder.write(bytes, to: path)
    }
    try refused("is missing or cannot be read") { $0.folder.remove("registry/small/\(champion)") }
    try refused("was edited") { copy in
      try copy.folder.write("{\"champion\": \"0009\"}", to: "registry/small/aliases.json")
    }
    try refused("sees other columns or has other actions") { copy in
      let plan = RetrainPlace.plan(hooks: "").replacing(", extra_columns: [next_return]", with: "")
      try copy.folder.write(plan, to: "plan.yaml")
    }
    try refused("but the data hold") { copy in
      try copy.folder.write(
        RetrainPlace.plan(hooks: "", windows: "{training: 300, selection: 60, report: 80, until: 2030-01-02}"),
        to: "plan.yaml")
    }
    try refused("before windows.from") { copy in
      try copy.folder.write(
        RetrainPlace.plan(hooks: "", windows: "{from: 2004-01-02, until: 2003-01-02}"), to: "plan.yaml")
    }
    try refused("the data hold 1000 sessions, but training, selection and report need") { copy in
      try copy.folder.write(RetrainPlace.plan(hooks: "", windows: "{training: 3000}"), to: "plan.yaml")
    }
  }

  @Test func aCandidateThatDivergesLeavesTheOthersAlone() throws {
    let small = try RetrainPlace()
    let further =
      "  - {name: wild, seeds: [1], algorithm: {learning_rate: 1.0, epochs: 4}, health: {divergence_limit: 0.001}}"
    try small.folder.write(RetrainPlace.plan(hooks: "", seeds: "[1]", further: further), to: "plan.yaml")
    let outcome = try small.retrain("plan.yaml")
    #expect(
      outcome.exitCode == 0 && outcome.output.contains("wild-1: failed: training"), "\(outcome)\n\(outcome.output)")
    #expect(outcome.output.contains("learner-1: judged"))
  }

  /// No space, a registry that is none, a folder that goes away: one sentence each, and the same command goes on once it is mended.
  @Test func whatTheDiskRefusesEndsItInOneSentence() throws {
    let small = try RetrainPlace()
    try small.folder.write(RetrainPlace.plan(hooks: "", steps: 512, seeds: "[1]"), to: "plan.yaml")
    let full = try Program.strikeforge.run(["retrain", "plan.yaml"], in: small.folder.path, fileLimitBytes: 20_000)
    #expect(full.exitCode == 1 && full.errorLines.count == 1 && full.errors.contains("cannot write"), "\(full)")
    small.folder.remove("registry")
    try small.folder.write("", to: "registry")
    let blocked = try small.retrain("plan.yaml")
    #expect(
      blocked.exitCode == 1 && blocked.errorLines.count == 1 && blocked.errors.contains("'registry"), "\(blocked)")
    small.folder.remove("registry")
    let mended = try small.retrain("plan.yaml")
    #expect(mended.exitCode == 0 && mended.output.contains("weekend 0001: goes on"), "\(mended)")
    let other = try RetrainPlace()
    let hooks = "hooks:\n  fetch: [rm, -r, weekends/small/0001]\n"
    try other.folder.write(RetrainPlace.plan(hooks: hooks, steps: 512, seeds: "[1]"), to: "plan.yaml")
    let vanished = try other.retrain("plan.yaml")
    #expect(
      vanished.exitCode == 1 && vanished.errorLines.count == 1 && vanished.errors.contains("weekends/small/0001"),
      "\(vanished)")
  }
}
