// What users of other schedulers and registries lost their Mondays by: locks that age, weeks that pile up, disks that are full, gone or read-only.

import Glibc
import Storage
import TestSupport
import Testing
import Text

@Suite struct RetrainGuardTests {
  /// A plan over data that are there already, and its champion, made once; every test works in a copy.
  private static let stage = Result { () throws -> RetrainPlace in
    let small = try RetrainPlace.withChampion()
    try small.folder.write(RetrainPlace.plan(hooks: "", steps: 1024, seeds: "[1]"), to: "plan.yaml")
    return small
  }

  private func ready() throws -> RetrainPlace { try RetrainPlace(copying: Self.stage.get()) }

  private func expectRefusal(
    _ outcome: ProgramOutcome, _ code: Int32, _ words: String, location: SourceLocation = #_sourceLocation
  ) {
    #expect(
      outcome.exitCode == code && outcome.errorLines.count == 1 && outcome.errors.contains(words), "\(outcome)",
      sourceLocation: location)
  }

  // MARK: Locks and weeks

  /// A living holder keeps its lock however old the file is and whatever stands in it; a dead one has lost it, however young.
  @Test func aLockEndsWithItsHolderAndNeverByAge() throws {
    let small = try RetrainPlace()
    let hooks = "hooks:\n  before: [sleep, '3600']\n  always: [rm, -f, up]\n"
    try small.folder.write(RetrainPlace.plan(hooks: hooks), to: "plan.yaml")
    let first = try Program.strikeforge.start(["retrain", "plan.yaml"], in: small.folder.path)
    _ = try first.wait { small.folder.exists("weekends/small/0001/begin.json") }
    first.send(SIGSTOP)
    let lock = small.folder.place("weekends/small/.lock")
    let longAgo = [timeval](repeating: timeval(), count: 2)
    #expect(utimes(lock, longAgo) == 0)
    expectRefusal(try small.retrain("plan.yaml"), 1, "process \(first.process), begun ")
    first.send(SIGKILL)
    _ = try first.wait()
    #expect(utimes(lock, nil) == 0)
    let settled = try small.retrain("plan.yaml", "--settle")
    #expect(settled.exitCode == 0 && settled.output.contains("no debt is open"), "\(settled)")
  }

  /// A machine that slept over three Sundays: whoever makes up for them, and however often, one weekend is trained, on all the sessions since.
  @Test func threeMissedWeeksAreOneWeekend() throws {
    let small = try ready()
    let bars = try small.folder.read("vendor/bars.csv")
    let lines = bars.split(separator: "\n")
    try small.folder.write(lines.dropLast(15).joined(separator: "\n") + "\n", to: "vendor/bars.csv")
    #expect(try small.retrain("plan.yaml").exitCode == 0)
    try small.folder.write(bars, to: "vendor/bars.csv")
    // At once ...
    let three = try (0..<3).map { _ in try Program.strikeforge.start(["retrain", "plan.yaml"], in: small.folder.path) }
    let outcomes = try three.map { try $0.wait() }
    #expect(outcomes.count { $0.exitCode == 0 } == 1, "\(outcomes)")
    for one in outcomes where one.exitCode != 0 {
      #expect(one.errors.contains("is at work") || one.errors.contains("there is nothing to learn"), "\(one)")
    }
    // ... and one behind the other.
    for _ in 0..<2 { expectRefusal(try small.retrain("plan.yaml"), 2, "there is nothing to learn from them") }
    let trained = small.folder.names(in: "weekends/small").filter {
      small.folder.exists("weekends/small/\($0)/runs/learner-1")
    }
    #expect(trained.count == 2, "\(trained)")
    let data = try JSON.parse(small.folder.bytes("weekends/small/\(trained.sorted().last ?? "")/data.json"))
    #expect(data["last"]?.stringValue.map { lines.last?.hasPrefix($0) == true } == true, "\(data)")
  }

  // MARK: Disks

  /// Full at a trial's checkpoint, at a run's, and at the winner's report: one sentence, the champion is whole, and the same command ends in the
  /// bytes in which it would have ended.
  @Test func aFullDiskCostsNoMonday() throws {
    let template = try ready()
    let imports = ", inbox: vendor, import: [SYN=arrived/bars.csv, --extra-columns, next_return]"
    let plan = try template.folder.read("plan.yaml")
    try #require(plan.contains(imports))
    try template.folder.write(plan.replacing(imports, with: ""), to: "plan.yaml")
    let undisturbed = try RetrainPlace(copying: template)
    #expect(try undisturbed.retrain("plan.yaml").exitCode == 0)
    let (before, expected) = (try template.alias(), try undisturbed.publication())
    try #require(try undisturbed.alias() != before)
    for (isPlanned, bytes, name) in [
      (false, 20_000, "calibration-"), (true, 20_000, "runs/learner-1/"),
      // A calibration writes as much as the machine is fast.
      (true, 60_000, "runs/learner-1/evaluation.json"),
    ] {
      let small = try RetrainPlace(copying: template)
      let program = try Program.strikeforge.start(
        ["retrain", "plan.yaml"], in: small.folder.path, fileLimitBytes: isPlanned ? nil : bytes, isIdle: isPlanned)
      if isPlanned {
        _ = try program.wait { small.folder.exists("weekends/small/0002/plan.json") }
        try program.limitFiles(toBytes: bytes)
      }
      let full = try program.wait()
      expectRefusal(full, 1, "cannot write 'weekends/small/0002/" + name)
      #expect(try small.alias() == before)
      try small.place.succeed(["registry", "verify", "small"])
      let mended = try small.retrain("plan.yaml")
      #expect(mended.exitCode == 0, "\(mended)")
      let found = try small.publication()
      #expect(found.keys.sorted() == expected.keys.sorted())
      for (file, bytes) in expected where found[file] != bytes { Issue.record("\(name): \(file) differs") }
    }
  }

  /// Runs as somebody who may not write what is read-only: root may always.
  private func retrainAsSomebody(_ small: RetrainPlace) throws -> ProgramOutcome {
    guard getuid() == 0 else { return try small.retrain("plan.yaml") }
    return try Program.start(
      "/usr/bin/setpriv", named: "setpriv",
      ["--reuid=65534", "--regid=65534", "--clear-groups", Program.strikeforge.path, "retrain", "plan.yaml"],
      in: small.folder.path
    ).wait()
  }

  private func mode(_ words: String, _ place: String) throws {
    let outcome = try Program.start("/bin/chmod", named: "chmod", ["-R", words, place]).wait()
    try #require(outcome.exitCode == 0, "\(outcome)")
  }

  /// A registry that may only be read is known before anything is trained. An outbox is tried last: what was promoted stays so, and is sent by the next start.
  @Test(
    .enabled(
      if: getuid() != 0 || access("/usr/bin/setpriv", X_OK) == 0, "needs setpriv, since root may write everywhere"))
  func whatMayOnlyBeReadIsSaidAndLeft() throws {
    let small = try ready()
    let before = try small.alias()
    try FileSystem.makeFolder(small.folder.place("serving"))
    try mode("a+rwX", small.folder.path)
    try mode("a-w", small.folder.place("registry"))
    expectRefusal(try retrainAsSomebody(small), 1, "'registry/small/.lock': Permission denied")
    #expect(!small.folder.exists("weekends/small/0002"))
    #expect(try small.alias() == before)
    try mode("a+rwX", small.folder.place("registry"))
    try mode("a-w", small.folder.place("serving"))
    expectRefusal(try retrainAsSomebody(small), 1, "'serving/small': Permission denied")
    let champion = try small.alias()
    #expect(champion != before)
    try mode("a+rwX", small.folder.place("serving"))
    let sent = try retrainAsSomebody(small)
    #expect(sent.exitCode == 0, "\(sent)")
    #expect(try small.alias() == champion)
    #expect(try small.publication(in: "serving") == small.publication())
  }

  /// A disk that is not mounted is no fresh beginning, in which the best of the weekend would have no champion to beat.
  @Test func aRegistryThatIsGoneIsNoFreshBeginning() throws {
    let small = try ready()
    let (registry, elsewhere) = (small.folder.place("registry"), small.folder.place("elsewhere"))
    let before = try small.alias()
    let plan = try small.folder.read("plan.yaml")
    // In the middle.
    try small.folder.write(
      plan.replacing("candidates:", with: "hooks: {fetch: [mv, registry, elsewhere]}\ncandidates:"), to: "plan.yaml")
    expectRefusal(
      try small.retrain("plan.yaml"), 2, "registry/small is gone, though it was there when this weekend began")
    #expect(!small.folder.exists("registry/small") && small.folder.names(in: "weekends/small/0002/runs").isEmpty)
    // Brought back, the weekend goes on.
    try FileSystem.rename(elsewhere, to: registry)
    let mended = try small.retrain("plan.yaml")
    #expect(mended.exitCode == 0 && mended.output.contains("weekend 0002: goes on"), "\(mended)")
    let champion = try small.alias()
    #expect(champion != before)
    // And before the next one.
    try FileSystem.rename(registry, to: elsewhere)
    for flag in ["--anew", "--dry-run"] {
      expectRefusal(
        try small.retrain("plan.yaml", flag), 2, "registry/small is gone, though weekend 0002 knew a version in it")
    }
    #expect(!small.folder.exists("weekends/small/0003") && !small.folder.exists("registry/small"))
    // Whoever means to begin without one says so.
    try small.folder.write(
      plan.replacing("name: small", with: "name: small, folder: others").replacing(", outbox: serving", with: ""),
      to: "plan.yaml")
    let fresh = try small.retrain("plan.yaml")
    #expect(fresh.exitCode == 0 && fresh.output.contains("champion: none"), "\(fresh)")
  }

  /// What comes from elsewhere is not there this week: said by name, and gone on with when it is.
  @Test func anInboxThatIsGoneIsNamed() throws {
    let small = try ready()
    try FileSystem.rename(small.folder.place("vendor"), to: small.folder.place("elsewhere"))
    expectRefusal(try small.retrain("plan.yaml"), 1, "cannot list 'vendor'")
    #expect(small.folder.names(in: "weekends/small/0002/runs").isEmpty)
  }

  // MARK: Hooks

  /// Words without an end cost neither memory nor disk, and end with the hook's time.
  @Test func aHookThatFloodsIsCutAndEnded() throws {
    let small = try RetrainPlace()
    let hooks =
      "hooks:\n  before: {command: [\"yes\"], limit_seconds: 1}\n  always: [sh, -c, \"yes | head -c 3000000\"]\n"
    try small.folder.write(RetrainPlace.plan(hooks: hooks), to: "plan.yaml")
    expectRefusal(try small.retrain("plan.yaml"), 1, "was ended, since it took longer than 1.0 s")
    let (incurred, paid) = try small.debts()
    #expect(incurred.count == 1 && paid == incurred)
    let said = small.folder.names(in: "weekends/small").filter { $0.hasPrefix("debt-") }.map { "weekends/small/\($0)" }
    for file in said + ["weekends/small/0001/hooks/before.txt"] {
      #expect(try small.folder.bytes(file).count == 1 << 20, "\(file)")
    }
    #expect(said.count == 1)
  }
}
