// The parts of a weekend: what fits before a deadline, commands that cannot hold it up, and debts that are paid whatever dies.

import Glibc
import Storage
import TestSupport
import Testing
import Text
import Training

@testable import Release

@Suite struct DeadlinePlanTests {
  private func entry(_ name: String, _ safe: Double) -> DeadlinePlan.Entry {
    // Three quarters of it are training.
    .init(
      name: name, training: Cost(expected: 0.6 * safe, safe: 0.75 * safe),
      judging: Cost(expected: 0.2 * safe, safe: 0.25 * safe))
  }

  @Test func whatFitsIsTakenInThePlansOrder() throws {
    let entries = [entry("a", 40), entry("b", 50), entry("c", 10), entry("d", 5)]
    let plan = try DeadlinePlan(entries, seconds: 80, reserve: Cost(expected: 20, safe: 30))
    #expect(plan.kept.map(\.name) == ["a", "c"] && plan.tried == nil && plan.cut.map(\.name) == ["b", "d"])
    let text = plan.lines.joined(separator: "\n")
    #expect(text.contains("a: 32.0 s, at most 40.0 s; then 10.0 s are left") && text.contains("b: cut"))
    // Whatever is kept ends before the deadline at its safe cost.
    for seconds in stride(from: 35.0, to: 200, by: 3.5) {
      let plan = try DeadlinePlan(entries, seconds: seconds, reserve: Cost(expected: 20, safe: 30))
      #expect(plan.kept.reduce(30) { $0 + $1.cost.safe } <= seconds)
      #expect(plan.kept.count + (plan.tried == nil ? 0 : 1) + plan.cut.count == 4)
    }
    // Three seconds are left, and d is trained and judged in three at best: it is worth a try, and with less it is not.
    let less = try DeadlinePlan(entries, seconds: 82.9, reserve: Cost(expected: 20, safe: 30))
    #expect(less.tried == nil && less.cut.map(\.name) == ["b", "d"])
    let more = try DeadlinePlan(entries, seconds: 83.1, reserve: Cost(expected: 20, safe: 30))
    #expect(more.kept.map(\.name) == ["a", "c"] && more.tried?.name == "d" && more.cut.map(\.name) == ["b"])
    #expect(more.lines.contains { $0.contains("d: 4.0 s, at most 5.0 s; begun with what is left, and stopped") })
    #expect(try DeadlinePlan(entries, seconds: 135, reserve: Cost(expected: 20, safe: 30)).cut.isEmpty)
  }

  @Test func whatCannotFitTheReserveIsRefused() {
    do {
      _ = try DeadlinePlan([entry("a", 40)], seconds: 29, reserve: Cost(expected: 20, safe: 30), used: 2)
      Issue.record("it was taken")
    } catch {
      #expect(
        error.exitCode == 2 && error.description.contains("a deadline 72.0 s away has room for the first candidate, a"))
    }
    // Nor what has room for the reserve, but for no candidate.
    do {
      _ = try DeadlinePlan([entry("a", 40)], seconds: 51, reserve: Cost(expected: 20, safe: 30))
      Issue.record("it was taken")
    } catch {
      #expect(
        error.exitCode == 2 && error.description.contains("no candidate fits beside them; a deadline 70.0 s away"))
    }
  }

  @Test func costsComeFromTrials() {
    let even = Cost(of: 100, secondsPerUnit: [2, 2, 2])
    #expect(even.expected == 200 && abs(even.safe - 100 * (2 + 1.2816 * 0.2)) < 1e-9)
    let one = Cost(of: 1, secondsPerUnit: [2])
    #expect(one.expected == 2 && abs(one.safe - (2 + 1.2816 * (2 * 0.16 + 0.04).squareRoot())) < 1e-9)
    let known = Cost(of: 1, secondsPerUnit: [2], scatter: 0.1)
    #expect(abs(known.safe - (2 + 1.2816 * (2 * 0.04 + 0.04).squareRoot())) < 1e-9 && known.least == 1.6)
    let scattered = Cost(of: 10, secondsPerUnit: [1, 3])
    #expect(abs(scattered.safe - 10 * (2 + 1.2816 * (2 * (0.1 + 0.5) + 0.04).squareRoot())) < 1e-9)
    #expect(scattered.expected == 20 && scattered.least == 8)
    // One trial in many that was interrupted makes a long training no matter of chance.
    let interrupted = Cost(of: 100_000, secondsPerUnit: [Double](repeating: 1, count: 99) + [101])
    #expect(interrupted.expected == 200_000 && interrupted.safe < 470_000)
    // Part of a unit is no surer than a whole one.
    #expect(Cost(of: 0.5, secondsPerUnit: [1, 3]).safe == Cost(of: 1, secondsPerUnit: [1, 3]).safe / 2)
    // A trial that was held up makes the others' pace no slower: nothing is hoped for that no trial was near.
    let held = Cost(of: 100, secondsPerUnit: [2, 2, 2, 40])
    #expect(2 * held.expected - held.safe < 0 && held.least == 160)
    let both = held + Cost(expected: 30, safe: 40, fastest: 10)
    #expect(both.fastest == 170 && both.least == 170)
  }
}

/// A run of a second is starting and saving; an hour is not told by it.
@Test func aRunOfASecondSaysNothingOfAnHour() {
  let run = RetrainRun(candidate: "short", seed: 1, configuration: RunConfiguration(families: .product), mode: nil)
  var progress = RetrainProgress()
  progress.runs = [run]
  progress.trained = [
    "short-1": TrainedRun(name: "short-1", state: .trained, words: "", expected: 10, safe: 12, used: 5)
  ]
  #expect(progress.paces(of: 100) == [0.5] && progress.paces(of: 100.1).isEmpty)
}

/// A window as long as sixteen trials: one that was held up says a sixteenth of what it would of a window of one trial's length.
@Test func aTrialThatWasHeldUpIsNotTakenSixteenTimes() throws {
  func rate(_ judgements: [Double], share: Double) -> ShapeRate {
    ShapeRate(rollouts: [1], start: 0, look: 0, save: 0, judgements: judgements, judgementShare: share)
  }
  let trials = [1, 1, 1, 1, 1, 1, 1, 5.0]
  let cost = rate(trials, share: 16).judgementCost()
  // Mean 1.5, variance 2 over eight trials.
  let error = (2 * (1 / 16.0 + 1 / 8.0) + 0.0225).squareRoot()
  #expect(cost.expected == 24 && abs(cost.safe - 16 * (1.5 + 1.2816 * error)) < 1e-9)
  #expect(cost.safe < 16 * rate(trials, share: 1).judgementCost().safe - 10)
  // What one judgement took corrects the rest, with the scatter of one that is sixteen trials long.
  let known = rate(trials, share: 16).judgementCost(paces: [0.5])
  let scatter = 12 * 2.0.squareRoot() / 1.5 / 4
  #expect(known.expected == 12 && abs(known.safe - (12 + 1.2816 * (2 * scatter * scatter + 1.44).squareRoot())) < 1e-9)
  #expect(ShapeRate(rate(trials, share: 16).json) == rate(trials, share: 16))
  // Rates that were kept before there was a share are of the whole window.
  var older = try #require(rate(trials, share: 16).json.objectValue)
  older["judgement_share"] = nil
  #expect(ShapeRate(.object(older))?.judgementShare == 1)
  #expect([0.5, 1, 7.5, 16, 1000].map { RetrainRates.judgementTrials(share: $0) } == [3, 3, 4, 8, 12])
}

@Suite struct HookTests {
  private func run(
    _ words: [String], limit: Double = 600, retries: Int = 0, variables: [String: String] = [:]
  ) throws -> (ending: Hook.Ending, tries: Int, said: String) {
    let folder = try TemporaryFolder()
    let found = Hook(words: words, limitSeconds: limit, retries: retries, waitSeconds: 0.01)
      .run(variables: variables, output: folder.place("said"))
    return (found.ending, found.tries, folder.exists("said") ? try folder.read("said") : "")
  }

  @Test func whatItSaysIsKeptAndHowItEndsIsKnown() throws {
    let done = try run(["sh", "-c", "echo out; echo err >&2"])
    #expect(done.ending == .done && done.tries == 1 && done.said == "out\nerr\n")
    let failed = try run(["sh", "-c", "echo no; exit 7"], retries: 2)
    #expect(failed.ending == .failed(code: 7) && failed.tries == 3 && failed.said == "no\n")
    #expect(try run(["sh", "-c", "kill -9 $$"]).ending == .killed(signal: SIGKILL))
    guard case .notStarted = try run(["/nowhere/program"]).ending else {
      Issue.record("a missing program was started")
      return
    }
  }

  /// Without a shell: a word is a word.
  @Test func wordsAreNotRead() throws {
    #expect(try run(["echo", "$HOME", "a b", "; exit 3", "*"]).said == "$HOME a b ; exit 3 *\n")
  }

  @Test func whoHangsIsEnded() throws {
    let begin = MonotonicClock.seconds
    #expect(try run(["sleep", "3600"], limit: 0.2).ending == .overran(seconds: 0.2))
    // Also one that does not listen, and what it started.
    #expect(
      try run(["sh", "-c", "trap '' TERM; sleep 3601 & sleep 3602; sleep 3603"], limit: 0.2).ending
        == .overran(seconds: 0.2))
    #expect(MonotonicClock.seconds - begin < 1800)
  }

  @Test func whoFloodsIsCutAndEnds() throws {
    let flood = try run(["sh", "-c", "head -c 5000000 /dev/zero | tr '\\0' x"])
    #expect(flood.ending == .done && flood.said.utf8.count == Hook.keptBytes)
  }

  @Test func itGetsNoSecrets() throws {
    let said = try run(["env"], variables: ["STRIKEFORGE_STEP": "before"]).said
    #expect(
      said.contains("STRIKEFORGE_STEP=before") && said.contains("PATH="))
    let names = Set(said.split(separator: "\n").map { String($0.prefix { $0 != "=" }) })
    #expect(names.isSubset(of: Hook.passedOn + ["STRIKEFORGE_STEP"]))
  }

  /// A hook that is asked until it says yes.
  @Test func triesGoOnUntilOneSucceeds() throws {
    let folder = try TemporaryFolder()
    let script = "echo x >> \(folder.place("tries")); test $(wc -l < \(folder.place("tries"))) -ge 3"
    let found = try run(["sh", "-c", script], retries: 9)
    #expect(found.ending == .done && found.tries == 3)
  }
}

@Suite struct DebtsTests {
  private func debt(_ name: String, _ script: String) -> Debts.Debt {
    .init(name: name, payment: Hook(words: ["sh", "-c", script], limitSeconds: 600))
  }

  @Test func whatWasBegunIsEndedOnceTheLastFirst() throws {
    let folder = try TemporaryFolder()
    let debts = Debts(journal: folder.place("journal.jsonl"))
    let none = try debts.open()
    #expect(none.isEmpty)
    for name in ["a", "b"] { try debts.incur(debt(name, "echo \(name) >> \(folder.place("paid"))")) }
    // Another process finds them too: they are in the file.
    let open = try Debts(journal: debts.path).open()
    #expect(open.map(\.name) == ["b", "a"] && open[0].payment.words.count == 3 && open[0].payment.limitSeconds == 600)
    let unpaid = try debts.settle { folder.place("said-" + $0) }
    #expect(unpaid.isEmpty)
    #expect(try folder.read("paid") == "b\na\n")
    let again = try debts.settle { folder.place("said-" + $0) }
    #expect(again.isEmpty)
    #expect(try folder.read("paid") == "b\na\n")
  }

  @Test func whatCannotBePaidStaysOpen() throws {
    let folder = try TemporaryFolder()
    let debts = Debts(journal: folder.place("journal.jsonl"))
    try debts.incur(debt("a", "test -e \(folder.place("ready"))"))
    try debts.incur(debt("b", "true"))
    let unpaid = try debts.settle { folder.place("said-" + $0) }
    #expect(unpaid.map(\.debt.name) == ["a"] && unpaid[0].ending == .failed(code: 1))
    try folder.write("", to: "ready")
    let open = try debts.open()
    #expect(open.map(\.name) == ["a"])
    let rest = try debts.settle { folder.place("said-" + $0) }
    #expect(rest.isEmpty)
  }

  /// Killed in the middle of a line: that debt was never begun.
  @Test func halfALineIsNoDebt() throws {
    let folder = try TemporaryFolder()
    let debts = Debts(journal: folder.place("journal.jsonl"))
    try debts.incur(debt("a", "true"))
    let bytes = try FileSystem.read(debts.path)
    try debts.incur(debt("b", "true"))
    let both = try FileSystem.read(debts.path)
    for count in bytes.count..<both.count {
      try AtomicWrite.write(Array(both.prefix(count)), to: debts.path)
      let open = try debts.open()
      #expect(open.map(\.name) == ["a"], "\(count) bytes")
    }
  }
}

@Suite struct RunningHooksTests {
  /// What a killed program leaves: a line without an end, and a process that was told its word, in a group of its own.
  @Test func whatWasLeftRunningIsEndedWithItsGroup() throws {
    let folder = try TemporaryFolder()
    let hooks = RunningHooks(journal: folder.place("journal.jsonl"))
    let word = try hooks.begin("before of weekend 0001")
    let other = try hooks.begin("send of weekend 0001")
    // One that does not listen, with a child; and one that belongs to nobody.
    let script = "trap '' TERM; sleep 3601 & touch \(folder.place("there")); while :; do sleep 1; done"
    let left = try Program.start(
      "/usr/bin/setsid", named: "setsid", ["sh", "-c", script], environment: [RunningHooks.variable: word])
    let stranger = try Program.start(
      "/bin/sleep", named: "sleep", ["3602"], environment: [RunningHooks.variable: other + "1"])
    _ = try left.wait { folder.exists("there") && !RunningHooks.processes(of: other + "1").isEmpty }
    #expect(RunningHooks.processes(of: word).count >= 2)
    let sentences = try hooks.endLeftOvers()
    #expect(
      sentences.count == 1
        && sentences[0].hasPrefix("the hook before of weekend 0001, which a killed program had left running"),
      "\(sentences)")
    #expect(RunningHooks.processes(of: word).isEmpty && !left.isRunning && stranger.isRunning)
    let again = try RunningHooks(journal: hooks.path).endLeftOvers()
    #expect(again.isEmpty)
  }

  @Test func whatHasEndedIsNotLookedFor() throws {
    let folder = try TemporaryFolder()
    let hooks = RunningHooks(journal: folder.place("journal.jsonl"))
    let word = try hooks.begin("after of weekend 0002")
    let process = try Program.start(
      "/bin/sleep", named: "sleep", ["3602"], environment: [RunningHooks.variable: word])
    _ = try process.wait { !RunningHooks.processes(of: word).isEmpty }
    try hooks.end(word)
    let sentences = try hooks.endLeftOvers()
    #expect(sentences.isEmpty && process.isRunning)
  }
}
