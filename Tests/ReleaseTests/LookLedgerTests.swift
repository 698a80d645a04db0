// How many policies have looked at a window: counted once each, whatever is done to the ledger.

import Evaluation
import Glibc
import Inference
import Market
import Storage
import TestSupport
import Testing
import Text

@testable import Release

@Suite struct LookLedgerTests {
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
      let ledger = store + ".looks.jsonl"
      let first = try LookLedger.record(look("p"), beside: store)
      #expect(first == WindowLooks(count: 1, place: 1, overlapping: 0, ledger: ledger))
      let bytes = try FileSystem.read(ledger)
      // The same again, also under another name, is no further look.
      #expect(try LookLedger.record(look("p"), beside: store) == first)
      var renamed = try look("p")
      (renamed.run, renamed.program) = ("other", "strikeforge 2")
      #expect(LookLedger.record(renamed, beside: store) == first)
      #expect(try FileSystem.read(ledger) == bytes)
      let second = try LookLedger.record(look("q"), beside: store)
      #expect(second == WindowLooks(count: 2, place: 2, overlapping: 0, ledger: ledger))
      #expect(
        try LookLedger.record(look("p"), beside: store)
          == WindowLooks(count: 2, place: 1, overlapping: 0, ledger: ledger))
    }
  }

  @Test func aLineSaysWhoLookedAtWhat() throws {
    try withStore { store in
      _ = try LookLedger.record(look("p"), beside: store)
      let line = try #require(text(store + ".looks.jsonl").split(separator: "\n").first)
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
      ] { _ = LookLedger.record(other, beside: store) }
      let own = try LookLedger.record(look("p"), beside: store)
      #expect(own.count == 1 && own.place == 1 && own.overlapping == 3)
    }
  }

  @Test func linesOfOtherKindsArePassedOver() throws {
    try withStore { store in
      let path = store + ".looks.jsonl"
      _ = try ChainedLog.append(to: path) { _ in ["kind": "trial", "policy": "x"] }
      _ = try LookLedger.record(look("p"), beside: store)
      let own = try LookLedger.record(look("q"), beside: store)
      #expect(own.count == 2 && own.place == 2 && own.faults.isEmpty)
    }
  }

  @Test func whatWasDoneToTheLedgerIsSaid() throws {
    try withStore { store in
      let path = store + ".looks.jsonl"
      for policy in ["p", "q", "r"] { _ = try LookLedger.record(look(policy), beside: store) }
      let changed = try text(path).replacing("\"policy\":\"q\"", with: "\"policy\":\"p\"")
      try AtomicWrite.write(text: changed, to: path)
      let own = try LookLedger.record(look("r"), beside: store)
      #expect(own.count == 2 && own.faults.count == 1 && own.faults[0].contains("line 3 does not follow"))
      #expect(try LookLedger.record(look("r"), beside: store) == own)
    }
  }

  @Test func aPlaceThatCannotBeWrittenIsSaid() throws {
    // A ledger that is a folder, a store in a folder that has gone, and one below what is a file.
    try withStore { store in
      #expect(mkdir(store + ".looks.jsonl", 0o755) == 0)
      for place in [store, store + "-gone/market.h5", store + "/market.h5"] {
        let own = try LookLedger.record(look("p"), beside: place)
        #expect(own.count == 1 && own.place == 1 && own.faults.isEmpty)
        #expect(own.unrecorded?.contains(place + ".looks.jsonl") == true, "\(own.unrecorded ?? "recorded")")
      }
    }
  }

  /// As where the folder may only be read: what stands there is counted all the same.
  @Test func whatCannotBeWrittenIsStillCounted() throws {
    guard geteuid() != 0 else { return }
    try withStore { store in
      _ = try LookLedger.record(look("p"), beside: store)
      #expect(chmod(store + ".looks.jsonl", 0o444) == 0)
      let own = try LookLedger.record(look("q"), beside: store)
      #expect(own.count == 2 && own.place == 2 && own.unrecorded != nil)
      #expect(try LookLedger.record(look("p"), beside: store).unrecorded == nil)
    }
  }

  @Test func aStoreThroughALinkHasOneLedger() throws {
    try withStore { store in
      let link = FileSystem.join(FileSystem.split(store).folder, "link.h5")
      #expect(symlink(store, link) == 0)
      _ = try LookLedger.record(look("p"), beside: store)
      let own = try LookLedger.record(look("q"), beside: link)
      #expect(own.count == 2 && own.ledger.hasSuffix("/market.h5.looks.jsonl"))
    }
  }
}

@Suite struct PolicyDigestTests {
  private func network(_ parameters: [Float] = [1, 2, 3, 4, 5, 6, 7, 8, 9], mask: Bool = false, scaling: Double? = nil)
    -> InferencePolicy
  {
    InferencePolicy(
      spec: NetworkSpec(
        inputs: 2, actions: 3, memory: .none, policyTower: [], valueTower: [], activation: .tanh, hasValueHead: false),
      parameters: parameters,
      normalizer: scaling.map { ObservationNormalizer(mean: [0, $0], variance: [1, 1], count: 3) }, requiresMask: mask)
  }

  @Test func whateverDecidesIsInIt() {
    let plain = network().deployed
    let member = { (weight: Int, temperature: Double) in
      DeployedPolicy.Member(name: "m", policy: network(), weight: weight, temperature: temperature)
    }
    var last: [Float] = [1, 2, 3, 4, 5, 6, 7, 8, 9]
    last[8] = last[8].nextUp
    var others = [
      plain, network(last).deployed, network(mask: true).deployed, network(scaling: 0).deployed,
      network(scaling: 1e-300).deployed,
    ]
    for rule in CombinationRule.allCases {
      for (weight, temperature) in [(1, 1.0), (2, 1.0), (1, 2.0)] {
        others.append(DeployedPolicy(ensemble: [member(weight, temperature)], rule: rule, fallback: nil))
      }
      others.append(DeployedPolicy(ensemble: [member(1, 1)], rule: rule, fallback: 1))
    }
    #expect(Set(others.map(\.decisionDigest)).count == others.count)
    #expect(plain.decisionDigest == network().deployed.decisionDigest && plain.decisionDigest.count == 64)
  }

  /// Names, and how much a normaliser has seen, decide nothing.
  @Test func whatDecidesNothingIsNot() {
    let named = { (name: String) in
      DeployedPolicy(
        ensemble: [.init(name: name, policy: network(), weight: 1)], rule: .allCases[0], fallback: nil)
    }
    #expect(named("a").decisionDigest == named("b").decisionDigest)
  }
}
