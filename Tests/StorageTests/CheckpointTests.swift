// A checkpoint comes back to the bit, or is refused by name.

import AgentInterface
import Testing

@testable import Storage

/// A small checkpoint with everything that could get lost.
func sampleCheckpoint() -> Checkpoint {
  Checkpoint(
    attributes: [
      "run_name": "ppo-dual-1", "empty": "", "configuration": #"{"gamma":0.99,"name":"Grüße, 市場"}"#,
      "with_null": "a\u{0}b",
    ],
    groups: [
      "network": StateRecord(floats: [
        "parameters": [
          1, -0.0, .infinity, Float(bitPattern: 0x7fc0_1234), Float(bitPattern: 0x7f80_0001), .leastNonzeroMagnitude,
        ]
      ]),
      "optimizer": StateRecord(floats: ["first_moment": [0.5], "second_moment": []], integers: ["step": [7]]),
      "algorithm/normalizer": StateRecord(
        doubles: [
          "observation/mean": [.pi, -0.0, Double(bitPattern: 0x7ff8_dead_beef_0001), .leastNonzeroMagnitude],
          "observation/count": [1e9], "none": [],
        ]),
      "environment": StateRecord(
        doubles: ["cash": [1, 2, 3]], integers: ["lane/position": [Int64.min, -1, 0, Int64.max], "nothing": []]),
      "progress": StateRecord(),
    ])
}

/// The bits of all vectors: `==` on numbers takes -0 for 0 and no NaN for itself.
func bits(_ checkpoint: Checkpoint) -> [String: [UInt64]] {
  var bits: [String: [UInt64]] = [:]
  for (group, record) in checkpoint.groups {
    bits[group] = []
    for (name, values) in record.floats { bits[group + ":f:" + name] = values.map { UInt64($0.bitPattern) } }
    for (name, values) in record.doubles { bits[group + ":d:" + name] = values.map(\.bitPattern) }
    for (name, values) in record.integers { bits[group + ":i:" + name] = values.map { UInt64(bitPattern: $0) } }
  }
  return bits
}

@Suite struct CheckpointTests {
  private func refusal(_ bytes: [UInt8]) -> StorageError? {
    storageError { try Checkpoint(decoding: bytes, path: "runs/x.h5") }
  }

  @Test func comesBackBitForBit() throws {
    let checkpoint = sampleCheckpoint()
    let back = try Checkpoint(decoding: checkpoint.encoded(), path: "x.h5")
    #expect(back.attributes == checkpoint.attributes)
    #expect(bits(back) == bits(checkpoint))
    #expect(bits(back).values.joined().contains(0x7ff8_dead_beef_0001))
  }

  @Test func equalCheckpointsHaveEqualBytes() throws {
    #expect(try sampleCheckpoint().encoded() == sampleCheckpoint().encoded())
  }

  @Test func anEmptyCheckpointComesBack() throws {
    #expect(try Checkpoint(decoding: Checkpoint().encoded(), path: "x.h5") == Checkpoint())
  }

  @Test func longTextsComeBack() throws {
    let text = String(repeating: "configuration ", count: 100_000)
    let checkpoint = Checkpoint(attributes: ["configuration": text, "short": "a"])
    #expect(try Checkpoint(decoding: checkpoint.encoded(), path: "x.h5") == checkpoint)
  }

  @Test func manyVectorsAndThreadsDoNotMeet() async throws {
    try await withThrowingTaskGroup(of: Bool.self) { tasks in
      for task in 0..<8 {
        tasks.addTask {
          var record = StateRecord()
          for vector in 0..<40 { record.floats["v\(vector)"] = (0..<task).map { Float($0 * vector) } }
          let checkpoint = Checkpoint(attributes: ["task": "\(task)"], groups: ["g": record])
          return try Checkpoint(decoding: checkpoint.encoded(), path: "\(task).h5") == checkpoint
        }
      }
      for try await isEqual in tasks { #expect(isEqual) }
    }
  }

  /// In the digest's sight one byte is as good as another, so one bit of each byte is flipped, and all bits of the user block.
  @Test func everyFlippedByteIsRefusedByName() throws {
    let whole = try Checkpoint(groups: ["a": StateRecord(floats: ["b": [1, 2]])]).encoded()
    var changed = whole
    for place in whole.indices {
      let masks: [UInt8] = place < 512 ? (0..<8).map { 1 << $0 } : [1 << UInt8(place % 8)]
      for mask in masks {
        changed[place] ^= mask
        let found = refusal(changed)
        #expect(found?.description.contains("'runs/x.h5'") == true, "byte \(place), mask \(mask)")
        changed[place] = whole[place]
      }
    }
    #expect(refusal(changed) == nil)
  }

  @Test func everyTruncationIsRefusedByName() throws {
    let whole = try sampleCheckpoint().encoded()
    for length in stride(from: 0, to: whole.count, by: 7) {
      #expect(refusal(Array(whole[..<length]))?.description.contains("'runs/x.h5'") == true, "\(length) bytes")
    }
    #expect(
      refusal(Array(whole.dropLast()))
        == .wrongSize(path: "runs/x.h5", expectedBytes: whole.count, foundBytes: whole.count - 1))
    #expect(
      refusal(whole + [0])
        == .wrongSize(path: "runs/x.h5", expectedBytes: whole.count, foundBytes: whole.count + 1))
  }

  @Test func otherFilesAreRefusedByWhatTheyAre() throws {
    let expectations: [([UInt8], String)] = [
      ([], "nothing (it is empty)"), ([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a], "plain HDF5"),
      ([0x1f, 0x8b, 8], "gzip"), (Array("Ticker,Date\nAAPL".utf8), "'Ticker,Date.AAPL'"),
    ]
    for (bytes, found) in expectations {
      #expect(refusal(bytes) == .notRecognised(path: "runs/x.h5", expected: "a checkpoint", found: found))
    }
  }

  @Test func anotherSchemaIsRefused() throws {
    func file(_ attributes: [String: String]) throws -> [UInt8] {
      let image = try HDF5.exclusive { (call) throws(StorageError) -> HDF5Memory in
        try HDF5File.image(path: "x", call: call, expectedBytes: 0) { (root) throws(StorageError) in
          for (name, text) in attributes { try root.writeAttribute(name, text) }
        }
      }
      return SealedFile.sealed(image, as: .checkpoint)
    }
    #expect(refusal(try file(["schema_version": "1"])) == nil)
    #expect(
      refusal(try file(["schema_version": "2"]))
        == .unsupportedVersion(path: "runs/x.h5", subject: "checkpoint schema", found: "2", supported: "1"))
    #expect(refusal(try file([:]))?.description.contains("no schema version") == true)
  }

  /// Damage that carries a fresh digest never reaches us by accident, but a program must not fall over it either.
  @Test func damageUnderAValidSealNeverTraps() throws {
    let whole = try sampleCheckpoint().encoded()
    var random = SplitMix(seed: 3)
    for _ in 0..<400 {
      var changed = whole
      for _ in 0..<(1 + random.next(below: 3)) {
        changed[512 + random.next(below: whole.count - 512)] = UInt8(random.next(below: 256))
      }
      SealedFile.seal(&changed, as: .checkpoint)
      if let error = refusal(changed) { #expect(error.description.contains("'runs/x.h5'")) }
    }
    for length in stride(from: 512, to: whole.count, by: 97) {
      var cut = Array(whole[..<length])
      SealedFile.seal(&cut, as: .checkpoint)
      #expect(refusal(cut) != nil, "\(length) bytes")
    }
  }
}
