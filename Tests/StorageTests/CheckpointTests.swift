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
        "parameters": [1, -0.0, .infinity, Float(bitPattern: 0x7fc0_1234), Float(bitPattern: 0x7f80_0001), 1e-45]
      ]),
      "optimizer": StateRecord(floats: ["first_moment": [0.5], "second_moment": []], integers: ["step": [7]]),
      "algorithm/normalizer": StateRecord(
        doubles: [
          "observation/mean": [.pi, -0.0, Double(bitPattern: 0x7ff8_dead_beef_0001), 5e-324],
          "observation/count": [1e9],
          "none": [],
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
  @Test func comesBackBitForBit() throws {
    let checkpoint = sampleCheckpoint()
    let back = try Checkpoint(decoding: checkpoint.encoded(), path: "x.h5")
    #expect(back.attributes == checkpoint.attributes)
    #expect(bits(back) == bits(checkpoint))
    #expect(back.groups.keys.sorted() == checkpoint.groups.keys.sorted())
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
}
