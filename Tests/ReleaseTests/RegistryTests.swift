// A registry: versions never change, moves are known, going back is one step, and what was edited by hand is refused.

import AgentInterface
import Glibc
import Inference
import Kernels
import Storage
import TestSupport
import Testing
import Text
import Training

@testable import Release

@Suite struct RegistryTests {
  /// A bundle that differs from others by one parameter.
  private func bundle(_ number: Int) throws -> [UInt8] {
    let spec = NetworkSpec(
      inputs: 2, actions: 3, memory: .none, policyTower: [], valueTower: [], activation: .tanh, hasValueHead: false)
    let policy = InferencePolicy(
      spec: spec, parameters: (0..<9).map { Float($0 == 0 ? number : $0) / 8 }, normalizer: nil, requiresMask: false)
    let golden = try GoldenVectors(
      playing: policy.deployed, observations: [0.5, -0.5, 1, 2],
      masks: [ActionMask](repeating: .all(count: 3), count: 2),
      episodeStarts: [true, false])
    return PolicyBundle(
      manifest: PolicyManifest(
        algorithm: "ppo", observationSpace: ObservationSpace(columns: ["a", "b"].map { .init(name: $0, unit: "") }),
        actionSpace: ActionSpace(names: ["x", "y", "z"], fallback: 0), provenance: ["run": "r\(number)"], parity: nil),
      policy: policy, golden: golden
    ).encode()
  }

  private func files(_ number: Int) throws -> [(name: String, bytes: [UInt8])] {
    [("policy.safetensors", try bundle(number)), ("config.json", Array("{\"seed\": \(number)}\n".utf8))]
  }

  @discardableResult
  private func publish(_ number: Int, _ registry: Registry) throws -> RegistryVersion {
    try registry.publish(
      files(number), provenance: ["data_fingerprint": "d\(number)"], reason: "test", rule: "a test")
  }

  private func withRegistry<Result>(_ body: (Registry) throws -> Result) throws -> Result {
    try withScratchFolder { folder in try body(try Registry(folder: folder + "/registry", name: "pair")) }
  }

  private func refusal(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "nothing was refused"
    } catch let error as TrainingError {
      return error.description
    } catch {
      return "\(error)"
    }
  }

  @Test func aVersionIsWhatWasPublished() throws {
    try withRegistry { registry in
      let first = try publish(1, registry)
      #expect(first.version == "0001" && first.files.map(\.name) == ["policy.safetensors", "config.json"])
      // The same again is the same version, other content is the next.
      let again = try publish(1, registry)
      #expect(again == first)
      let second = try publish(2, registry)
      #expect(second.version == "0002")
      let history = try registry.history()
      #expect(history.versions == ["0001", "0002"] && history.moves.count == 2)
      let whole = try registry.requireWhole("0001", history)
      #expect(whole == first)
      let bytes = try FileSystem.read(registry.folder(of: "0001") + "/policy.safetensors")
      let published = try bundle(1)
      #expect(bytes == published)
      let faults = try registry.faults()
      #expect(faults.isEmpty && Registry.names(in: registry.folder) == ["pair"])
      var status = stat()
      #expect(stat(registry.folder(of: "0001") + "/policy.safetensors", &status) == 0 && status.st_mode & 0o222 == 0)
    }
  }

  @Test func onlyWholeBundlesArePublished() throws {
    try withRegistry { registry in
      var damaged = try files(1)
      damaged[0].bytes[200] ^= 1
      #expect(refusal { _ = try registry.publish(damaged, provenance: [:], reason: "", rule: "") }.contains("policy"))
      #expect(refusal { _ = try registry.publish([], provenance: [:], reason: "", rule: "") }.contains("serves nobody"))
      #expect(!registry.exists)
    }
    #expect(refusal { _ = try Registry(folder: "r", name: "../x") }.contains("no name of a registry"))
  }

  @Test func aliasesMoveAndGoBack() throws {
    try withRegistry { registry in
      for number in 1...3 { try publish(number, registry) }
      try registry.move(.champion, to: "0001", reason: "first", rule: "a person")
      try registry.move(.champion, to: "0003", reason: "better", rule: "gate")
      try registry.move(.challenger, to: "0002", reason: "next", rule: "gate")
      let aliases = try registry.aliases()
      #expect(aliases == [.champion: "0003", .challenger: "0002"])
      // The same again writes nothing.
      let count = try registry.history().moves.count
      try registry.move(.champion, to: "0003", reason: "again", rule: "gate")
      let (from, to) = try registry.rollBack(reason: "lost")
      #expect(from == "0003" && to.version == "0001" && to.provenance["data_fingerprint"] == "d1")
      let history = try registry.history()
      #expect(history.moves.count == count + 1)
      let back = try registry.aliases()
      #expect(back == [.champion: "0001", .challenger: "0002"])
      // What was gone back from is nothing to go back to.
      #expect(refusal { _ = try registry.rollBack(reason: "") }.contains("no champion before the present one"))
      let last = try #require(history.moves.last)
      #expect(last.kind == .rolledBack && last.from == "0003" && last.reason == "lost")
      #expect(
        refusal { _ = try registry.move(.champion, to: "0009", reason: "", rule: "") }.contains("has no version 0009"))
    }
  }

  @Test func whoServedOnAPastDayCanBeAsked() {
    func move(_ alias: RegistryAlias, _ version: String, _ time: String, kind: RegistryMove.Kind = .moved)
      -> RegistryMove
    {
      RegistryMove(kind, version: version, alias: alias, reason: "", rule: "", time: time)
    }
    let history = RegistryHistory(moves: [
      move(.champion, "0001", "2026-11-01T23:00:00Z"), move(.champion, "0002", "2026-11-08T23:30:00Z"),
      move(.champion, "0003", "2026-11-15T23:10:00Z"),
      move(.champion, "0002", "2026-11-16T12:00:00Z", kind: .rolledBack),
    ])
    for (time, version) in [
      ("2026-10-31", nil), ("2026-11-01", "0001"), ("2026-11-07", "0001"), ("2026-11-08T23:29:59Z", "0001"),
      ("2026-11-08T23:30:00Z", "0002"), ("2026-11-15", "0003"), ("2026-11-16T11:59:59Z", "0003"),
      ("2026-11-16", "0002"), ("2027", "0002"),
    ] {
      #expect(history.aliases(on: time)[.champion] == version, "\(time)")
    }
    #expect(history.champions == ["0001", "0002"])
  }

  /// What is no day and no moment would be compared all the same, and answered wrongly.
  @Test func onlyDaysAndMomentsAreAnswered() throws {
    for time in ["2026-11-29", "2026-11-29T23:59", "2024-02-29T00:00:59", "2026-11-29T22:10:00Z"] {
      let taken = try RegistryHistory.time(time)
      #expect(taken == time)
    }
    for time in [
      "", "yesterday", "2026", "2026-11", "2026-11-31", "2026-02-29", "2026-11-29 22:10", "2026-11-29T24:00",
      "2026-11-29T22:60",
      "2026-11-29T22:10:60Z", "2026-11-29T22:10:00+01:00", "2026-11-29T22:10:00z", "29.11.2026", "٢٠٢٦-11-29",
    ] {
      #expect(refusal { _ = try RegistryHistory.time(time) }.contains("is no time: write a day in UTC"), "\(time)")
    }
  }

  /// Every file of a version changed, taken away or added, its manifest, the aliases and the history: each is found, and nothing is moved to it.
  @Test func whatWasEditedByHandIsFoundAndRefused() throws {
    let edits: [(String, (Registry) throws -> Void)] = [
      ("policy.safetensors is not the file", { try edit($0.folder(of: "0001") + "/policy.safetensors") }),
      ("config.json is not the file", { try edit($0.folder(of: "0001") + "/config.json") }),
      ("config.json is missing", { try FileSystem.remove($0.folder(of: "0001") + "/config.json") }),
      ("version.json is not the manifest", { try edit($0.folder(of: "0001") + "/version.json", "d1", "d9") }),
      ("version.json is missing", { try FileSystem.remove($0.folder(of: "0001") + "/version.json") }),
      ("more.txt was not published", { try AtomicWrite.write(text: "x", to: $0.folder(of: "0001") + "/more.txt") }),
    ]
    for (words, edit) in edits {
      try withRegistry { registry in
        try publish(1, registry)
        try publish(2, registry)
        try edit(registry)
        let faults = try registry.faults()
        #expect(faults.contains { $0.description.contains(words) }, "\(words): \(faults)")
        let said = refusal { try registry.move(.champion, to: "0001", reason: "", rule: "") }
        #expect(said.contains(words) && said.contains("restore it from a copy"), "\(said)")
        let aliases = try registry.aliases()
        #expect(aliases.isEmpty)
        // The other version is not held liable.
        try registry.move(.champion, to: "0002", reason: "", rule: "")
      }
    }
  }

  @Test func editedAliasesAndHistoryAreRefused() throws {
    try withRegistry { registry in
      for number in 1...3 { try publish(number, registry) }
      for version in ["0001", "0002"] { try registry.move(.champion, to: version, reason: "", rule: "") }
      let path = registry.path + "/aliases.json"
      try AtomicWrite.write(text: "{\"champion\": \"0003\"}", to: path)
      #expect(try registry.faults().contains { $0.place == path })
      #expect(refusal { _ = try registry.rollBack(reason: "") }.contains("was edited"))
      try AtomicWrite.write(text: "nothing", to: path)
      #expect(refusal { _ = try registry.rollBack(reason: "") }.contains("aliases"))
      #expect(try registry.faults().contains { $0.place == path && $0.reason.hasPrefix("cannot be read") })
      // Without the file the history is believed.
      try FileSystem.remove(path)
      let (_, back) = try registry.rollBack(reason: "")
      #expect(back.version == "0001")
      let aliases = try registry.aliases()
      #expect(aliases == [.champion: "0001"])
    }
    try withRegistry { registry in
      try publish(1, registry)
      try registry.move(.champion, to: "0001", reason: "good", rule: "")
      try edit(registry.path + "/history.jsonl", "good", "evil")
      #expect(refusal { try publish(2, registry) }.contains("is not as it was written"))
      let faults = try registry.faults()
      #expect(faults.contains { $0.place.hasSuffix("history.jsonl") })
    }
  }

  /// Killed between the history and the aliases, between the folder and the history, and in the middle of a folder.
  @Test func whatAKillLeftIsFinished() throws {
    try withRegistry { registry in
      try publish(1, registry)
      try publish(2, registry)
      try registry.move(.champion, to: "0001", reason: "", rule: "")
      let aliases = try FileSystem.read(registry.path + "/aliases.json")
      try registry.move(.champion, to: "0002", reason: "", rule: "")
      try AtomicWrite.write(aliases, to: registry.path + "/aliases.json")
      let before = try registry.aliases()
      #expect(before == [.champion: "0001"])
      try publish(2, registry)
      let finished = try registry.aliases()
      #expect(finished == [.champion: "0002"])

      // A folder that nothing was written down of: found again, and written down.
      let log = try FileSystem.read(registry.path + "/history.jsonl")
      let head = try FileSystem.read(registry.path + "/history.jsonl.head")
      let third = try publish(3, registry)
      try AtomicWrite.write(log, to: registry.path + "/history.jsonl")
      try AtomicWrite.write(head, to: registry.path + "/history.jsonl.head")
      #expect(try registry.faults().contains { $0.reason.contains("never published") })
      let again = try publish(3, registry)
      #expect(again == third)
      let faults = try registry.faults()
      #expect(faults.isEmpty)

      // Half a folder, of a process that is gone.
      let half = registry.path + "/.0004.999999999.unfinished"
      #expect(mkdir(half, 0o755) == 0)
      try AtomicWrite.write(text: "x", to: half + "/policy.safetensors")
      let fourth = try publish(4, registry)
      #expect(fourth.version == "0004" && access(half, F_OK) != 0)
    }
  }

  @Test func whatIsClearedAwayServesNobody() throws {
    try withRegistry { registry in
      for number in 1...6 { try publish(number, registry) }
      for version in ["0001", "0002", "0003"] { try registry.move(.champion, to: version, reason: "", rule: "") }
      let gone = try registry.clear(keeping: 1)
      #expect(gone == ["0001", "0004", "0005"])
      let history = try registry.history()
      #expect(history.versions == ["0002", "0003", "0006"])
      let faults = try registry.faults()
      #expect(faults.isEmpty && access(registry.folder(of: "0001"), F_OK) != 0)
      let (_, to) = try registry.rollBack(reason: "")
      #expect(to.version == "0002")
      // Numbers are not given twice.
      let next = try publish(7, registry)
      #expect(next.version == "0007")
      #expect(refusal { _ = try registry.move(.champion, to: "0004", reason: "", rule: "") }.contains("has no version"))
    }
  }

  /// The rule moves the champion's name to the version that it names, once, and it is known why.
  @Test func aFallbackIsAMoveLikeAnyOther() throws {
    try withRegistry { registry in
      for number in 1...2 { try publish(number, registry) }
      try registry.move(.champion, to: "0002", reason: "", rule: "gate")
      var stream = RandomStream(seed: 3, purpose: .market)
      let losing = (0..<120).map { _ in 0.01 * (-0.4 + stream.nextNormal()) }
      let rule = try FallbackRule(window: 100, version: "0001")
      let kept = try rule.apply(to: registry, returns: losing.map(-))
      #expect(!kept.moved && kept.sentence.hasPrefix("The champion stays"))
      let moved = try rule.apply(to: registry, returns: losing)
      #expect(
        moved.moved
          && moved.sentence.hasPrefix("0001 took the champion's place: sharpe over the last 100 sessions was -"))
      let again = try rule.apply(to: registry, returns: losing)
      #expect(!again.moved && again.sentence.contains("serves already"))
      let history = try registry.history()
      #expect(history.aliases[.champion] == "0001" && history.moves.last?.rule == rule.description)
      let missing = try FallbackRule(window: 100, version: "0007")
      #expect(refusal { _ = try missing.apply(to: registry, returns: losing) }.contains("has no version 0007"))
    }
  }

  /// A reader looks all the time while the alias moves: what it finds is always a whole version.
  @Test func aReaderNeverSeesHalf() async throws {
    let folder = try TemporaryFolder()
    let registry = try Registry(folder: folder.path, name: "pair")
    for number in 1...2 { try publish(number, registry) }
    try registry.move(.champion, to: "0001", reason: "", rule: "")
    let path = registry.path
    let seen = try await withThrowingTaskGroup(of: Set<String>.self) { group in
      group.addTask {
        var seen: Set<String> = []
        for _ in 0..<300 {
          let aliases = try JSON.parse(FileSystem.read(path + "/aliases.json"))
          let version = aliases["champion"]?.stringValue ?? ""
          let bundle = try PolicyBundle.load(path: path + "/\(version)/policy.safetensors")
          seen.insert(bundle.manifest.provenance["run"] ?? "")
        }
        return seen
      }
      group.addTask {
        let writer = try Registry(folder: FileSystem.split(path).folder, name: "pair")
        for round in 0..<60 {
          try writer.move(.champion, to: round.isMultiple(of: 2) ? "0002" : "0001", reason: "", rule: "")
        }
        return []
      }
      var all: Set<String> = []
      for try await one in group { all.formUnion(one) }
      return all
    }
    #expect(seen.isSubset(of: ["r1", "r2"]) && !seen.isEmpty)
    let faults = try registry.faults()
    #expect(faults.isEmpty)
  }
}

/// Changes a byte, or a word, of a file that is read-only.
private func edit(_ path: String, _ word: String? = nil, _ other: String = "") throws {
  var bytes = try FileSystem.read(path)
  if let word {
    bytes = Array(String(decoding: bytes, as: UTF8.self).replacing(word, with: other).utf8)
  } else {
    bytes[bytes.count / 2] ^= 1
  }
  try AtomicWrite.write(bytes, to: path)
}
