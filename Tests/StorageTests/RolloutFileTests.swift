// Recorded rollouts come back bit for bit, never replace a file, and notice damage.

import Kernels
import TestSupport
import Testing

@testable import Storage

@Suite struct RolloutFileTests {
  private var file: RolloutFile {
    RolloutFile(
      attributes: ["run": "one", "configuration": String(repeating: "x", count: 70_000), "window": ""],
      columns: [
        "observations": .init(.floats([1, -0.0, .nan, .infinity, .leastNonzeroMagnitude, 6]), width: 3),
        "actions": .init(.integers([4, .min])), "terminations": .init(.bytes([0, 1])),
        "action_masks": .init(.bytes([1, 0, 255, 7]), width: 2),
        "infos/shares": .init(.doubles([0.1, -1e300]), width: 1),
        "fills/side": .init(.integers([])), "fills/shares": .init(.doubles([])),
      ])
  }

  @Test func comesBackToTheBit() throws {
    let bytes = try file.encoded()
    let back = try RolloutFile(decoding: bytes, path: "x")
    #expect(try back.encoded() == bytes)
    #expect(back.attributes == file.attributes && Set(back.columns.keys) == Set(file.columns.keys))
    guard case .floats(let found)? = back.columns["observations"]?.values,
      case .floats(let sent)? = file.columns["observations"]?.values
    else {
      Issue.record("no observations")
      return
    }
    #expect(found.map(\.bitPattern) == sent.map(\.bitPattern) && back.columns["observations"]?.width == 3)
    for name in file.columns.keys where name != "observations" {
      #expect(back.columns[name] == file.columns[name], "\(name)")
    }
    #expect(back.columns["actions"]?.width == nil && back.columns["infos/shares"]?.width == 1)
  }

  @Test func neverReplacesAFile() throws {
    let folder = try TemporaryFolder()
    let path = folder.place("rollouts.h5")
    try file.write(toNew: path)
    #expect(try RolloutFile.read(path).attributes["run"] == "one")
    let before = try FileSystem.read(path)
    do {
      try RolloutFile(attributes: [:], columns: [:]).write(toNew: path)
      Issue.record("a file was replaced")
    } catch {
      #expect(error.description.contains(path) && error.description.contains("name another file"))
    }
    #expect(try FileSystem.read(path) == before)
  }

  @Test func isDescribed() throws {
    let folder = try TemporaryFolder()
    let path = folder.place("rollouts.h5")
    try file.write(toNew: path)
    let lines = try StorageInspection.describe(path)
    let byName = Dictionary(uniqueKeysWithValues: lines)
    #expect(byName["kind"] == "recorded rollouts, schema 1" && byName["run"] == "one")
    #expect(byName["observations"] == "2 x 3 f32" && byName["actions"] == "2 i64" && byName["fills/side"] == "0 i64")
    #expect(byName["configuration"].map { $0.count < 200 } == true)
  }

  @Test func damageIsNamed() throws {
    let bytes = try file.encoded()
    var random = RandomStream(seed: 1, purpose: .market)
    for _ in 0..<200 {
      var damaged = bytes
      let place = Int(random.nextInteger(below: UInt64(bytes.count)))
      damaged[place] ^= UInt8(1 << random.nextInteger(below: 8))
      #expect(throws: StorageError.self) { try RolloutFile(decoding: damaged, path: "x") }
      #expect(throws: StorageError.self) { try RolloutFile(decoding: Array(bytes[..<place]), path: "x") }
    }
    // A checkpoint is no rollout, and the other way round.
    #expect(throws: StorageError.self) { try RolloutFile(decoding: Checkpoint().encoded(), path: "x") }
    #expect(throws: StorageError.self) { try Checkpoint(decoding: bytes, path: "x") }
  }
}
