// How long training stands still while it saves.

import AgentInterface
import Glibc
import Kernels
import Storage
import TestSupport
import Testing

@Suite struct CheckpointSpeedTests {
  private static let limitSeconds = 1.0

  /// A million parameters with both moments of their optimizer: encoded, sealed, written, flushed, renamed, the folder flushed. Beside the
  /// build's products, since a folder for temporary files may be no disk at all.
  @Test(.enabled(if: SlowTests.areEnabled, "long: set STRIKEFORGE_SLOW=1"))
  func aMillionParametersInUnderASecond() throws {
    var template = Array(".build/checkpoint-speed-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let store = try CheckpointStore(directory: folder, keepLast: 1)
    defer {
      for entry in (try? store.list()) ?? [] { unlink(entry.path) }
      rmdir(folder)
    }
    var random = RandomStream(seed: 1, purpose: .initialization)
    func numbers() -> [Float] { (0..<1_000_000).map { _ in random.nextFloat() } }
    let checkpoint = Checkpoint(groups: [
      "network": StateRecord(floats: ["parameters": numbers()]),
      "optimizer": StateRecord(floats: ["first_moment": numbers(), "second_moment": numbers()]),
    ])
    let seconds = try (0..<7).map { step in
      let start = now()
      try store.save(checkpoint, step: step)
      return now() - start
    }.sorted()
    let median = seconds[3]
    #expect(median < Self.limitSeconds, "\(seconds)")
    ProofTable.record(
      "speed: checkpoint of 1M parameters, flushed", figure: "\((median * 1000).rounded() / 1000) s",
      threshold: "< \(Self.limitSeconds) s", seeds: "-", holds: median < Self.limitSeconds)
  }

  private func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
