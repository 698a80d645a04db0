// Any changed byte and any cut of a checkpoint, a store and a bundle is refused by name: seeded samples every day, every byte in the long tests.

import Inference
import Kernels
import Storage
import TestSupport
import Testing

@Suite struct DamageTests {
  /// A kind of file that verifies itself.
  enum Kind: String, Sendable, CaseIterable, CustomTestStringConvertible {
    case checkpoint, store, bundle

    var testDescription: String { rawValue }

    /// The refusal of these bytes, or nil where they are read.
    func refusal(_ bytes: [UInt8]) -> String? {
      do {
        switch self {
        case .checkpoint: _ = try Checkpoint(decoding: bytes, path: Kind.path)
        case .store: _ = try MarketStore.decode(bytes, path: Kind.path)
        case .bundle: _ = try PolicyBundle.decode(bytes, path: Kind.path)
        }
        return nil
      } catch {
        return "\(error)"
      }
    }

    static let path = "somewhere/file"

    /// Where a reader may believe that it has enough: the ends of the envelope's fields, of the header, and of each tensor.
    func boundaries(_ whole: [UInt8]) throws -> [Int] {
      switch self {
      case .checkpoint, .store:
        return [0, 16, 20, 24, 32, 64, 512, 520, 560, whole.count / 2, whole.count - 4, whole.count]
      case .bundle:
        let header = 8 + whole.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        var ends = [0, 8, header]
        for tensor in try Safetensors.decode(whole).tensors { ends.append(ends[ends.count - 1] + tensor.bytes.count) }
        return ends
      }
    }
  }

  /// The three files, as the programs write them: a short run on a planted market, and bars of half a year.
  private static let stage = Result { () throws -> [Kind: [UInt8]] in
    let place = try Workplace()
    try place.importMarket(bars: 120)
    try place.train("run", Workplace.planted("cue", algorithm: "ppo_lstm_mask"), "run.total_timesteps=1024")
    try place.succeed(["export", "run", "--checkpoint", "latest"])
    return [
      .checkpoint: try place.folder.bytes("checkpoints/run/checkpoint-1024.h5"),
      .store: try place.folder.bytes("market.h5"),
      .bundle: try place.folder.bytes("checkpoints/run/policy.safetensors"),
    ]
  }

  private func whole(_ kind: Kind) throws -> [UInt8] {
    let bytes = try #require(try Self.stage.get()[kind])
    #expect(kind.refusal(bytes) == nil)
    return bytes
  }

  @Test(arguments: Kind.allCases) func everyCutIsRefusedByName(_ kind: Kind) throws {
    let whole = try whole(kind)
    var lengths = Set([1, 2, 7, 15, whole.count - 1])
    for end in try kind.boundaries(whole) { lengths.formUnion([end - 1, end, end + 1]) }
    var random = RandomStream(seed: 1, purpose: .market)
    for _ in 0..<100 { lengths.insert(Int(random.nextInteger(below: UInt64(whole.count)))) }
    if SlowTests.areEnabled { lengths.formUnion(0..<whole.count) }
    var refused = 0
    let tried = lengths.filter { $0 >= 0 && $0 != whole.count }.sorted()
    for length in tried {
      // Longer ones are the whole with something behind it.
      let bytes =
        length < whole.count ? Array(whole[..<length]) : whole + [UInt8](repeating: 0, count: length - whole.count)
      let found = kind.refusal(bytes)
      if found?.contains(Kind.path) == true {
        refused += 1
      } else {
        Issue.record("\(length) bytes of \(whole.count): \(found ?? "read")")
      }
    }
    record("cut", kind, tried.count, refused)
  }

  @Test(arguments: Kind.allCases) func everyChangedByteIsRefusedByName(_ kind: Kind) throws {
    let whole = try whole(kind)
    var random = RandomStream(seed: 2, purpose: .market)
    // What stands in front decides how the rest is read.
    let front = min(whole.count, kind == .bundle ? try kind.boundaries(whole)[2] : 512)
    var places = Array(0..<min(front, 600)) + (0..<300).map { _ in Int(random.nextInteger(below: UInt64(whole.count))) }
    if SlowTests.areEnabled { places = Array(whole.indices) }
    var tried = 0
    var refused = 0
    var bytes = whole
    for place in places {
      // In front every value that a byte can take, in the long tests.
      let changes: [UInt8] =
        SlowTests.areEnabled && place < 64 ? Array(1...255) : [UInt8(1 + random.nextInteger(below: 255))]
      for change in changes {
        bytes[place] = whole[place] ^ change
        tried += 1
        let found = kind.refusal(bytes)
        if found?.contains(Kind.path) == true {
          refused += 1
        } else {
          Issue.record("byte \(place) of \(whole.count) changed by \(change): \(found ?? "read")")
        }
      }
      bytes[place] = whole[place]
    }
    record("changed byte", kind, tried, refused)
  }

  private func record(_ what: String, _ kind: Kind, _ tried: Int, _ refused: Int) {
    ProofTable.record(
      "damage: \(what) of a \(kind.rawValue)", figure: "\(refused) of \(tried) refused by name", threshold: "all",
      seeds: SlowTests.areEnabled ? "-" : "1, 2", holds: refused == tried && tried > 100)
  }
}
