// What was tried on a store and who has looked at its windows: counted once each, whatever is done to the ledger.

import Environments
import Evaluation
import Glibc
import Market
import RunSupport
import Storage
import TestSupport
import Testing
import Text
import Training

@testable import Release

@Suite struct TrialsLedgerTests {
  private func look(
    _ policy: String, store: String = "s", window: String = "held-out", from: String = "2004-01-02",
    until: String = "2004-12-31"
  ) throws -> Look {
    Look(
      store: store, window: window, from: try #require(CalendarDate(from)), until: try #require(CalendarDate(until)),
      policy: policy, run: "run", algorithm: "ppo", program: "strikeforge 1")
  }

  /// A store (its content does not matter here) in a folder of its own.
  private func withStore<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = try TemporaryFolder()
    try folder.write("bars", to: "market.h5")
    return try withExtendedLifetime(folder) { try body(folder.place("market.h5")) }
  }

  @Test func anotherPolicyIsAnotherLook() throws {
    try withStore { store in
      let ledger = store + ".trials.jsonl"
      let first = try TrialsLedger.record(look("p"), beside: store)
      #expect(first == WindowLooks(count: 1, place: 1, overlapping: 0, trials: 1, ledger: ledger))
      let bytes = try FileSystem.read(ledger)
      // The same again, also under another name, is no further look.
      #expect(try TrialsLedger.record(look("p"), beside: store) == first)
      var renamed = try look("p")
      (renamed.run, renamed.program) = ("other", "strikeforge 2")
      #expect(TrialsLedger.record(renamed, beside: store) == first)
      #expect(try FileSystem.read(ledger) == bytes)
      let second = try TrialsLedger.record(look("q"), beside: store)
      #expect(second == WindowLooks(count: 2, place: 2, overlapping: 0, trials: 2, ledger: ledger))
      #expect(
        try TrialsLedger.record(look("p"), beside: store)
          == WindowLooks(count: 2, place: 1, overlapping: 0, trials: 2, ledger: ledger))
    }
  }

  @Test func aLineSaysWhoLookedAtWhat() throws {
    try withStore { store in
      _ = try TrialsLedger.record(look("p"), beside: store)
      let line = try #require(text(store + ".trials.jsonl").split(separator: "\n").first)
      let members = try #require(JSON.parse(String(line)).objectValue)
      #expect(
        members.keys.sorted() == [
          "algorithm", "kind", "policy", "previous", "program", "run", "sequence", "store", "time", "window",
        ])
      #expect(members["window"] == ["name": "held-out", "from": "2004-01-02", "until": "2004-12-31"])
      #expect(members["kind"] == "look" && members["store"] == "s" && members["policy"] == "p")
      let time = try #require(members["time"]?.stringValue)
      #expect(time.count == 20 && time.hasSuffix("Z"))
    }
  }

  private func text(_ path: String) throws -> String { String(decoding: try FileSystem.read(path), as: UTF8.self) }

  @Test func otherWindowsCountWhereTheyShareSessions() throws {
    try withStore { store in
      for other in [
        // The same dates of another content, half of the dates, the next year, another name, and the policy itself elsewhere.
        try look("a", store: "t"), try look("b", from: "2004-07-01", until: "2005-07-01"),
        try look("c", from: "2005-01-03", until: "2005-12-30"), try look("d", window: "selection"),
        try look("p", until: "2004-06-30"), try look("a", window: "selection"),
      ] { _ = TrialsLedger.record(other, beside: store) }
      let own = try TrialsLedger.record(look("p"), beside: store)
      #expect(own.count == 1 && own.place == 1 && own.overlapping == 3)
    }
  }

  @Test func linesOfOtherKindsArePassedOver() throws {
    try withStore { store in
      let path = store + ".trials.jsonl"
      _ = try ChainedLog.append(to: path) { _ in ["kind": "sweep", "policy": "x"] }
      _ = try TrialsLedger.record(look("p"), beside: store)
      let own = try TrialsLedger.record(look("q"), beside: store)
      #expect(own.count == 2 && own.place == 2 && own.faults.isEmpty)
    }
  }

  @Test func whatWasDoneToTheLedgerIsSaid() throws {
    try withStore { store in
      let path = store + ".trials.jsonl"
      for policy in ["p", "q", "r"] { _ = try TrialsLedger.record(look(policy), beside: store) }
      let changed = try text(path).replacing("\"policy\":\"q\"", with: "\"policy\":\"p\"")
      try AtomicWrite.write(text: changed, to: path)
      let own = try TrialsLedger.record(look("r"), beside: store)
      #expect(own.count == 2 && own.faults.count == 1 && own.faults[0].contains("line 3 does not follow"))
      #expect(try TrialsLedger.record(look("r"), beside: store) == own)
    }
  }

  @Test func aPlaceThatCannotBeWrittenIsSaid() throws {
    // A ledger that is a folder, a store in a folder that has gone, and one below what is a file.
    try withStore { store in
      #expect(mkdir(store + ".trials.jsonl", 0o755) == 0)
      for place in [store, store + "-gone/market.h5", store + "/market.h5"] {
        let own = try TrialsLedger.record(look("p"), beside: place)
        #expect(own.count == 1 && own.place == 1 && own.faults.isEmpty)
        #expect(own.unrecorded?.contains(place + ".trials.jsonl") == true, "\(own.unrecorded ?? "recorded")")
      }
    }
  }

  /// As where the folder may only be read: what stands there is counted all the same.
  @Test func whatCannotBeWrittenIsStillCounted() throws {
    guard geteuid() != 0 else { return }
    try withStore { store in
      _ = try TrialsLedger.record(look("p"), beside: store)
      #expect(chmod(store + ".trials.jsonl", 0o444) == 0)
      let own = try TrialsLedger.record(look("q"), beside: store)
      #expect(own.count == 2 && own.place == 2 && own.unrecorded != nil)
      #expect(try TrialsLedger.record(look("p"), beside: store).unrecorded == nil)
    }
  }

  @Test func aStoreThroughALinkHasOneLedger() throws {
    try withStore { store in
      let link = FileSystem.join(FileSystem.split(store).folder, "link.h5")
      #expect(symlink(store, link) == 0)
      _ = try TrialsLedger.record(look("p"), beside: store)
      let own = try TrialsLedger.record(look("q"), beside: link)
      #expect(own.count == 2 && own.ledger.hasSuffix("/market.h5.trials.jsonl"))
    }
  }

  // MARK: Trials

  private func trial(_ kind: Trial.Kind, _ subject: String, run: String = "run") -> Trial {
    Trial(kind, subject: subject, store: "s", run: run, algorithm: "ppo", seed: 1, program: "strikeforge 1")
  }

  @Test func whatWasTriedIsCountedOnce() throws {
    try withStore { store in
      #expect(TrialsLedger.record(trial(.training, "a"), beside: store) == nil)
      // A run that goes on adds no line, a second training of the same adds a line and is no further try, a choice is one.
      #expect(TrialsLedger.record(trial(.training, "a"), beside: store, again: true) == nil)
      var ledger = try TrialsLedger.read(beside: store)
      #expect(ledger.trials.count == 1 && ledger.count == 1 && ledger.position.lines == 1)
      #expect(TrialsLedger.record(trial(.training, "a", run: "copy"), beside: store, again: true) == nil)
      #expect(TrialsLedger.record(trial(.earlyStop, "a"), beside: store, again: true) == nil)
      #expect(TrialsLedger.record(trial(.ensembleFit, "e", run: "all"), beside: store, again: true) == nil)
      ledger = try TrialsLedger.read(beside: store)
      #expect(ledger.trials.count == 4 && ledger.count == 3)
      // Looks of known runs are no further tries, those of a stranger are one a policy.
      for (policy, run) in [("p", "run"), ("q", "run"), ("r", "stranger"), ("t", "stranger")] {
        var look = try look(policy)
        look.run = run
        _ = TrialsLedger.record(look, beside: store)
      }
      let own = try TrialsLedger.record(look("p"), beside: store)
      #expect(own.trials == 5 && own.count == 4)
    }
  }

  @Test func aTrialIsReadAsItWasWritten() throws {
    try withStore { store in
      let own = trial(.ensembleFit, "x")
      #expect(TrialsLedger.record(own, beside: store) == nil)
      #expect(try TrialsLedger.read(beside: store).trials == [own])
      var look = try look("p")
      look.sharpe = 1.25
      let said = TrialsLedger.record(look, beside: store)
      #expect(said.sharpes == [1.25])
      let read = try TrialsLedger.read(beside: store)
      #expect(read.looks == [look] && read.faults.isEmpty)
    }
  }

  /// Files of older programs, which held looks alone: read, counted, and never written again.
  @Test func olderLooksStillCount() throws {
    try withStore { store in
      let older = store + ".looks.jsonl"
      for policy in ["p", "q"] {
        let members = try look(policy).members
        _ = try ChainedLog.append(to: older) { _ in members }
      }
      let bytes = try FileSystem.read(older)
      let known = try TrialsLedger.record(look("p"), beside: store)
      #expect(known.count == 2 && known.place == 1 && known.trials == 2)
      #expect(try FileSystem.read(store + ".trials.jsonl").isEmpty)
      let further = try TrialsLedger.record(look("r"), beside: store)
      #expect(further.count == 3 && further.place == 3 && further.faults.isEmpty)
      #expect(try FileSystem.read(older) == bytes)
      try AtomicWrite.write(text: text(older).replacing("\"q\"", with: "\"z\""), to: older)
      let faults = try TrialsLedger.record(look("r"), beside: store).faults
      #expect(faults.count == 1 && faults[0].hasPrefix("in its older part market.h5.looks.jsonl, line 2"))
    }
  }

  @Test func aTrialThatCannotBeWrittenIsSaid() throws {
    let reason = TrialsLedger.record(trial(.training, "a"), beside: "/nowhere/market.h5")
    #expect(reason?.contains("/nowhere/market.h5.trials.jsonl") == true)
  }

  /// Another configuration or seed is another try, another name or number of threads is none.
  @Test func whatIsAnotherTry() throws {
    var one = RunConfiguration(families: .product)
    let first = try #require(Trial(training: one, store: "s", run: "a"))
    one.run.workers = 7
    one.run.modelName = "other"
    #expect(Trial(training: one, store: "s", run: "b")?.subject == first.subject)
    #expect(Trial(training: one, store: "t", run: "a")?.subject != first.subject)
    #expect(Trial(training: one, store: "s", run: "a", beginning: "other")?.subject != first.subject)
    one.run.seed = 5
    let second = try #require(Trial(training: one, store: "s", run: "a"))
    #expect(second.subject != first.subject && second.seed == 5)
    #expect(Trial(training: one, store: nil, run: "a") == nil)
    let stop = second.earlyStop(atStep: 10)
    #expect(stop.kind == .earlyStop && stop.subject != second.earlyStop(atStep: 20).subject)
  }
}
