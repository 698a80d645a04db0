// Metadata of HDF5 that somebody made on purpose, with every checksum and digest true: it is refused by name or read, and nothing else happens.

import AgentInterface
import TestSupport
import Testing
import Text

@testable import Storage

/// A whole file of this program, to be forged, and its reader.
private struct Document: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let bytes: [UInt8]
  let read: @Sendable ([UInt8]) throws(StorageError) -> Void

  static let path = "somewhere/forged.h5"

  static func checkpoint(_ name: String, _ checkpoint: Checkpoint) throws -> Document {
    Document(testDescription: name, bytes: try checkpoint.encoded()) { (bytes) throws(StorageError) in
      _ = try Checkpoint(decoding: bytes, path: path)
    }
  }

  /// What lies in object headers, and what lies in heaps: links, attributes, and one text too large for either.
  static let all = Result {
    let vectors = Dictionary(uniqueKeysWithValues: (0..<12).map { ("vector-\($0)", [Float(1), 2]) })
    var texts = Dictionary(uniqueKeysWithValues: (0..<12).map { ("text-\($0)", "value \($0)") })
    texts["large"] = String(repeating: "x", count: 66_000)
    let store = MarketStoreContents(
      path: path, series: sampleSeries(), provenance: [], qualityReport: nil, qualityContentHash: nil,
      contentHash: MarketStore.contentHash(sampleSeries()), created: "2026-01-01T00:00:00Z")
    let rollouts = RolloutFile(
      attributes: ["run": "one"],
      columns: ["observations": .init(.floats([1, 2, 3, 4]), width: 2), "episodes/first": .init(.integers([0]))])
    return try [
      checkpoint("checkpoint", Checkpoint(groups: ["network": StateRecord(floats: ["parameters": [1, 2, 3]])])),
      checkpoint("links in a heap", Checkpoint(groups: ["network": StateRecord(floats: vectors)])),
      checkpoint("attributes in a heap", Checkpoint(attributes: texts)),
      Document(testDescription: "store", bytes: try MarketStore.encode(store)) { (bytes) throws(StorageError) in
        _ = try MarketStore.decode(bytes, path: path)
      },
      Document(testDescription: "rollouts", bytes: try rollouts.encoded()) { (bytes) throws(StorageError) in
        _ = try RolloutFile(decoding: bytes, path: path)
      },
    ]
  }

  /// Whether the bytes are refused; a refusal names the file.
  func refuses(_ bytes: [UInt8], _ what: @autoclosure () -> String) -> Bool {
    guard let error = storageError({ try read(bytes) }) else { return false }
    #expect(error.description.contains(Document.path), "\(what()): \(error)")
    return true
  }

  /// Changed, with the block's checksum and the envelope's digest made true.
  func forged(_ block: HDF5Blocks.Block, _ change: (inout [UInt8]) -> Void) -> [UInt8] {
    var bytes = bytes
    change(&bytes)
    HDF5Blocks.repair(block, &bytes)
    return Envelope.sealed(bytes)
  }
}

@Suite struct ForgedFileTests {
  /// Every byte of every block, at the ends of its range and one beside what it was.
  @Test(arguments: 0..<5) func everyForgedByteIsReadOrRefused(_ number: Int) throws {
    let document = try Document.all.get()[number]
    let blocks = HDF5Blocks(document.bytes).blocks
    #expect(!document.refuses(Envelope.sealed(document.bytes), "whole"))
    let step = SlowTests.areEnabled ? 1 : document.bytes.count > 1 << 16 ? 23 : document.bytes.count > 4000 ? 5 : 2
    var (tried, refused) = (0, 0)
    for block in blocks {
      for place in stride(from: block.range.lowerBound, to: block.range.upperBound, by: step)
      where !block.checksum.contains(place) {
        let byte = document.bytes[place]
        for value in Set<UInt8>([0, 0xFF, byte ^ 1, byte &+ 0x40]) where value != byte {
          let bytes = document.forged(block) { $0[place] = value }
          tried += 1
          if document.refuses(bytes, "byte \(place) is \(value)") { refused += 1 }
        }
      }
    }
    #expect(tried > 200 && refused > tried / 8, "\(refused) of \(tried)")
  }

  /// Addresses and lengths of eight bytes, replaced by others: of blocks, of the block itself, and of what is nowhere.
  @Test(arguments: 0..<5) func everyForgedAddressIsReadOrRefused(_ number: Int) throws {
    let document = try Document.all.get()[number]
    let blocks = HDF5Blocks(document.bytes).blocks
    let known = blocks.map { UInt64($0.range.lowerBound - Envelope.byteCount) }
    var refused = 0
    for (index, block) in blocks.enumerated() {
      for place in stride(from: block.range.lowerBound, through: block.range.upperBound - 8, by: 1) {
        let old = document.bytes[place..<place + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard known.contains(old) || old == .max || old == UInt64(document.bytes.count) else { continue }
        for value in [known[index], known[(index + 1) % known.count], 0, 1, 1 << 40, 1 << 62, 1 << 63, .max - 1, .max] {
          let bytes = document.forged(block) { bytes in
            for byte in 0..<8 { bytes[place + byte] = UInt8(truncatingIfNeeded: value >> UInt64(8 * byte)) }
          }
          if document.refuses(bytes, "the address at \(place) is \(value)") { refused += 1 }
        }
      }
    }
    #expect(refused > 10)
  }

  // MARK: What once ended the library, or took gigabytes

  /// Every place where `old` stands in a block whose signature is `signature`, replaced by `new`, is refused; and there is one.
  private func expectRefusal(
    _ number: Int, in signature: String, _ old: [UInt8?], is new: [UInt8?], _ says: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let document = try Document.all.get()[number]
    var found = 0
    for block in HDF5Blocks(document.bytes).blocks
    where document.bytes[block.range].starts(with: signature.utf8) {
      for place in block.range.dropLast(old.count)
      where old.indices.allSatisfy({ old[$0] == nil || document.bytes[place + $0] == old[$0] }) {
        found += 1
        let bytes = document.forged(block) { bytes in
          for (offset, value) in new.enumerated() { if let value { bytes[place + offset] = value } }
        }
        let error = storageError { try document.read(bytes) }
        #expect(
          error?.description.contains(says) == true, "\(String(describing: error))", sourceLocation: sourceLocation)
      }
    }
    #expect(found > 0, sourceLocation: sourceLocation)
  }

  private static let nowhere = [UInt8?](repeating: 0xFF, count: 8)

  /// A group that says that its links lie in a heap, which is something else.
  @Test func aGroupWhoseHeapIsNone() throws {
    let information: [UInt8?] = [0x02, 18, 0, nil, 0, 0]
    for number in [0, 3, 4] {
      for start: UInt8 in [0, 1, 48, 0xFF] {
        let address = [UInt8?](repeating: nil, count: 6) + [start] + [UInt8?](repeating: 0, count: 7)
        try expectRefusal(number, in: "OHDR", information + Self.nowhere, is: address, "is damaged at")
      }
    }
  }

  /// A heap whose rows are of no blocks, or whose blocks are of no bytes: both are divided by.
  @Test func aHeapOfNothing() throws {
    // Signature and what stands in front of the table: width, first and largest block, bits of an offset.
    let front = [UInt8?]("FRHP".utf8.map { $0 }) + [UInt8?](repeating: nil, count: 106)
    for number in [1, 2] {
      for (place, bytes) in [(0, 2), (2, 8), (10, 8), (18, 2)] {
        let zeros = [UInt8?](repeating: nil, count: 110 + place) + [UInt8?](repeating: 0, count: bytes)
        try expectRefusal(number, in: "FRHP", front, is: zeros, "its heap has an impossible form")
      }
    }
  }

  /// More numbers, and a longer text, than the file has bytes.
  @Test func moreThanTheFileHolds() throws {
    let extent: [UInt8?] = [0x01, nil, 0, nil, 2, 1, nil, 1]
    let untouched = [UInt8?](repeating: nil, count: 8)
    try expectRefusal(0, in: "OHDR", extent + [3], is: untouched + [0, 0, 0, 0, 0, 1, 0, 0], "do not fit the file")
    try expectRefusal(
      0, in: "OHDR", extent + [3], is: untouched + [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], "fit the file")
    // A type that is text of two bytes, its last one zero.
    try expectRefusal(
      0, in: "OHDR", [nil, 0x10, 0, 0, 2, 0, 0, 0], is: [nil, nil, nil, nil, 0xFF, 0xFF, 0xFF, 0x7F], "is damaged at")
  }

  /// A group that is its own child, and an index that goes in a circle.
  @Test func circles() throws {
    let document = try Document.all.get()[0]
    let blocks = HDF5Blocks(document.bytes).blocks
    let root = try #require(blocks.first { document.bytes[$0.range].starts(with: "OHDR".utf8) })
    let name = Array("network".utf8)
    let place = try #require(root.range.first { document.bytes[$0...].starts(with: name) }) + name.count
    let address = UInt64(root.range.lowerBound - Envelope.byteCount)
    let bytes = document.forged(root) { bytes in
      for byte in 0..<8 { bytes[place + byte] = UInt8(truncatingIfNeeded: address >> UInt64(8 * byte)) }
    }
    let circle = try #require(storageError { try document.read(bytes) })
    #expect(circle.description.contains("groups are nested too deeply"), "\(circle)")
    // Depth 1 instead of 0: the leaf is taken for what leads to leaves.
    let front = [UInt8?]("BTHD".utf8.map { $0 }) + [UInt8?](repeating: nil, count: 8)
    try expectRefusal(1, in: "BTHD", front + [0], is: [UInt8?](repeating: nil, count: 12) + [1], "is damaged at")
    // A header that goes on where it began.
    let large = try Document.all.get()[3]
    let chunks = HDF5Blocks(large.bytes).blocks.filter { large.bytes[$0.range].starts(with: "OCHK".utf8) }
    #expect(!chunks.isEmpty)
    for block in chunks {
      let chunk = large.forged(block) { bytes in
        bytes[block.range.lowerBound + 4] = 0x10
        let fields = [UInt64(block.range.lowerBound - Envelope.byteCount), UInt64(block.range.count + 4)]
        for (index, field) in fields.enumerated() {
          for byte in 0..<8 {
            bytes[block.range.lowerBound + 8 + 8 * index + byte] = UInt8(truncatingIfNeeded: field >> UInt64(8 * byte))
          }
        }
      }
      #expect(large.refuses(chunk, "a chunk of itself"))
    }
  }

  // MARK: Replay files

  @Test func everyForgedByteOfAReplayFileIsReadOrRefused() throws {
    let folder = try TemporaryFolder()
    let path = folder.place("replay.h5")
    let shape = ReplayShape(
      record: ReplayRecord(columns: 1, actionCount: 2, keepsMasks: false, precision: .float16), laneCount: 4096,
      capacity: 1, blockCount: 1)
    _ = try ReplayFile.create(path, shape, attributes: ["run": "one"])
    let whole = try folder.bytes("replay.h5")
    func word(_ place: Int) -> Int { whole[place..<place + 8].reversed().reduce(0) { $0 << 8 | Int($1) } }
    let areas = [64, 80].map { word($0)..<word($0) + word($0 + 8) }
    let blocks = HDF5Blocks(whole, outside: areas).blocks
    #expect(blocks.count >= 3)
    var (tried, refused) = (0, 0)
    for block in blocks {
      for place in stride(from: block.range.lowerBound, to: block.range.upperBound, by: SlowTests.areEnabled ? 1 : 7)
      where !block.checksum.contains(place) {
        for value: UInt8 in [0, 0xFF, whole[place] ^ 1] where value != whole[place] {
          var bytes = whole
          bytes[place] = value
          HDF5Blocks.repair(block, &bytes)
          Self.seal(&bytes, outside: areas)
          try folder.write(bytes, to: "replay.h5")
          tried += 1
          guard let error = storageError({ try ReplayFile.open(path) }) else { continue }
          refused += 1
          #expect(error.description.contains(path), "byte \(place) is \(value): \(error)")
        }
      }
    }
    #expect(refused > tried / 10, "\(refused) of \(tried)")
  }

  /// The digest of what describes a replay file, its own place read as zeros.
  private static func seal(_ bytes: inout [UInt8], outside areas: [Range<Int>]) {
    for place in 32..<64 { bytes[place] = 0 }
    var description: [UInt8] = []
    var place = 0
    for area in areas.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      description += bytes[place..<area.lowerBound]
      place = area.upperBound
    }
    var digest = SHA256()
    digest.update(description + bytes[place...])
    bytes.replaceSubrange(32..<64, with: digest.finalize())
  }

  /// Two datasets of which one is empty and begins where the other does: the description lies around both.
  @Test func anEmptyPartAtAnothersBeginning() throws {
    let folder = try TemporaryFolder()
    let path = folder.place("replay.h5")
    let shape = ReplayShape(
      record: ReplayRecord(columns: 1, actionCount: 2, keepsMasks: false, precision: .float16), laneCount: 4096,
      capacity: 1, blockCount: 1)
    _ = try ReplayFile.create(path, shape, attributes: [:])
    var bytes = try folder.bytes("replay.h5")
    bytes.replaceSubrange(80..<88, with: bytes[64..<72])
    for place in 88..<96 { bytes[place] = 0 }
    try folder.write(bytes, to: "replay.h5")
    #expect(storageError { try ReplayFile.open(path) }?.description.contains(path) == true)
  }
}
