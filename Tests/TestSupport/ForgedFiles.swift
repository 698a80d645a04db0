// Files made true again after a change: HDF5's own checksums, and the SHA-256 of the envelope.

import Text

/// The envelopes of stores and checkpoints, written down a second time from their description.
package enum Envelope {
  package static let byteCount = 512

  /// Puts true length and digest in front of what follows; kind, version and number of segments stay.
  package static func sealed(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.count >= byteCount else { return bytes }
    let hasSegments = bytes[16] == 2
    var digest = SHA256()
    for part in hasSegments ? partsOutsideSegments(bytes) : [byteCount..<bytes.count] {
      bytes[part].withUnsafeBytes { digest.update($0) }
    }
    var front = Array(bytes[..<16]) + [hasSegments ? 2 : 1, 0, 0, 0, 0, 0, 0, 0]
    front += (0..<8).map { UInt8(truncatingIfNeeded: (bytes.count - byteCount) >> (8 * $0)) }
    front += digest.finalize()
    if hasSegments { front += bytes[64..<72] }
    return front + [UInt8](repeating: 0, count: byteCount - front.count) + bytes[byteCount...]
  }

  /// What lies between the segments that the table at the end names; all of it where that is no table.
  private static func partsOutsideSegments(_ bytes: [UInt8]) -> [Range<Int>] {
    func number(_ place: Int) -> Int {
      Int(clamping: bytes[place..<place + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }
    let count = number(64)
    guard count <= (bytes.count - byteCount) / 24 else { return [byteCount..<bytes.count] }
    var parts: [Range<Int>] = []
    var last = byteCount
    for row in 0..<count {
      let place = bytes.count - 24 * (count - row)
      let (start, end) = (number(place), number(place + 8))
      guard last <= start, start <= end, end <= bytes.count else { break }
      parts.append(last..<start)
      last = end
    }
    return parts + [last..<bytes.count]
  }
}

/// The parts of an HDF5 image that carry a checksum of their own. Source: HDF5 File Format Specification 3.0; the checksum is Bob Jenkins'
/// lookup3 with a start of 0.
package struct HDF5Blocks {
  /// A part and its checksum: behind it, or inside, where it is read as zeros.
  package struct Block: Sendable {
    package let range: Range<Int>
    package let checksum: Range<Int>
  }

  package let blocks: [Block]

  private static let signatures = [
    "\u{89}HDF", "OHDR", "OCHK", "FRHP", "FHDB", "FHIB", "BTHD", "BTIN", "BTLF", "FSHD", "FSSE", "SMTB", "FAHD", "EAHD",
    "FADB", "EADB", "EAIB", "EASB",
  ].map { $0.unicodeScalars.map { UInt8($0.value) } }
  /// Beyond object headers, which tell their lengths, no block of the small files that are changed is longer.
  private static let longestBlock = 2048

  /// Finds the blocks of a whole file outside some of its parts: a signature, and the length at which the checksum holds.
  package init(_ bytes: [UInt8], outside parts: [Range<Int>] = []) {
    var blocks: [Block] = []
    var place = Envelope.byteCount
    // Where the user block ends, from which addresses count; and the lengths of chunks that headers tell of, by their places.
    var base = Envelope.byteCount
    var chunks: [Int: Int] = [:]
    while place + 8 <= bytes.count {
      if let part = parts.first(where: { $0.contains(place) }) {
        place = part.upperBound
        continue
      }
      guard let signature = HDF5Blocks.signatures.first(where: { bytes[place...].starts(with: $0) }),
        let block = HDF5Blocks.header(bytes, place) ?? HDF5Blocks.ending(bytes, place, at: chunks[place])
          ?? HDF5Blocks.block(bytes, place)
      else {
        place += 1
        continue
      }
      if signature == HDF5Blocks.signatures[0] { base = place }
      for chunk in HDF5Blocks.continuations(bytes, block) where chunk.address < bytes.count - base {
        chunks[base + chunk.address] = chunk.count
      }
      blocks.append(block)
      place = max(block.range.upperBound, block.checksum.upperBound)
    }
    self.blocks = blocks
  }

  /// The first chunk of an object header, whose length stands in it.
  private static func header(_ bytes: [UInt8], _ place: Int) -> Block? {
    guard bytes[place...].starts(with: "OHDR".utf8), place + 16 <= bytes.count else { return nil }
    let start = messages(bytes, place)
    let width = 1 << Int(bytes[place + 5] & 3)
    guard start <= bytes.count else { return nil }
    let length = bytes[start - width..<start].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length < UInt64(bytes.count) else { return nil }
    return ending(bytes, place, at: start - place + Int(length) + 4)
  }

  /// Where the first message of a header's first chunk begins.
  private static func messages(_ bytes: [UInt8], _ place: Int) -> Int {
    let flags = bytes[place + 5]
    return place + 6 + (flags & 0x20 != 0 ? 16 : 0) + (flags & 0x10 != 0 ? 4 : 0) + 1 << Int(flags & 3)
  }

  /// A block of so many bytes with its checksum behind it, if it holds.
  private static func ending(_ bytes: [UInt8], _ place: Int, at count: Int?) -> Block? {
    guard let count, count > 8, place + count <= bytes.count else { return nil }
    let end = place + count - 4
    guard word(bytes, end) == checksum(bytes, place..<end) else { return nil }
    return Block(range: place..<end, checksum: end..<end + 4)
  }

  /// Where an object header goes on, as a chunk of it says.
  private static func continuations(_ bytes: [UInt8], _ block: Block) -> [(address: Int, count: Int)] {
    guard bytes[block.range].starts(with: "OHDR".utf8) else { return [] }
    let front = bytes[block.range.lowerBound + 5] & 4 != 0 ? 6 : 4
    var found: [(address: Int, count: Int)] = []
    var place = messages(bytes, block.range.lowerBound)
    while place + front <= block.range.upperBound {
      let end = place + front + Int(bytes[place + 1]) + Int(bytes[place + 2]) << 8
      if bytes[place] == 0x10, end <= block.range.upperBound, end - place - front == 16 {
        func number(_ start: Int) -> Int {
          Int(truncatingIfNeeded: (0..<8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64(bytes[start + $1]) })
        }
        found.append((number(place + front), number(place + front + 8)))
      }
      place = end
    }
    return found.filter { $0.address >= 0 && $0.count >= 0 }
  }

  private static func block(_ bytes: [UInt8], _ place: Int) -> Block? {
    for length in 4...longestBlock where place + length + 4 <= bytes.count {
      let end = place + length
      if word(bytes, end) == checksum(bytes, place..<end) { return Block(range: place..<end, checksum: end..<end + 4) }
    }
    // A heap's: signature, version, address of the heap, offset in it, checksum.
    for offsetBytes in 2...8 {
      let sum = place + 13 + offsetBytes..<place + 17 + offsetBytes
      for length in [512, 1024, 2048, 4096, 8192] where place + length <= bytes.count {
        let range = place..<place + length
        if word(bytes, sum.lowerBound) == checksum(bytes, range, zeros: sum) {
          return Block(range: range, checksum: sum)
        }
      }
    }
    return nil
  }

  /// Makes all checksums true again.
  package func repair(_ bytes: inout [UInt8]) {
    for block in blocks { HDF5Blocks.repair(block, &bytes) }
  }

  /// Makes the checksum of one block true again, if it is all there.
  package static func repair(_ block: Block, _ bytes: inout [UInt8]) {
    guard max(block.range.upperBound, block.checksum.upperBound) <= bytes.count else { return }
    let sum = checksum(bytes, block.range, zeros: block.checksum)
    for (offset, place) in block.checksum.enumerated() {
      bytes[place] = UInt8(truncatingIfNeeded: sum >> UInt32(8 * offset))
    }
  }

  private static func word(_ bytes: [UInt8], _ place: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(bytes[place + $1]) << UInt32(8 * $1) }
  }

  private static func checksum(_ bytes: [UInt8], _ range: Range<Int>, zeros: Range<Int> = 0..<0) -> UInt32 {
    guard zeros.isEmpty || !range.contains(zeros.lowerBound) else {
      var part = Array(bytes[range])
      for place in zeros { part[place - range.lowerBound] = 0 }
      return checksum(part, part.indices)
    }
    func rotated(_ x: UInt32, _ count: UInt32) -> UInt32 { x << count | x >> (32 - count) }
    var (a, b, c) = (UInt32(0), UInt32(0), UInt32(0))
    a = 0xDEAD_BEEF &+ UInt32(truncatingIfNeeded: range.count)
    (b, c) = (a, a)
    func word(_ place: Int) -> UInt32 {
      (0..<4).reduce(0) { sum, offset in
        place + offset < range.upperBound ? sum | UInt32(bytes[place + offset]) << UInt32(8 * offset) : sum
      }
    }
    var place = range.lowerBound
    while range.upperBound - place > 12 {
      a = a &+ word(place)
      b = b &+ word(place + 4)
      c = c &+ word(place + 8)
      a = (a &- c) ^ rotated(c, 4); c = c &+ b
      b = (b &- a) ^ rotated(a, 6); a = a &+ c
      c = (c &- b) ^ rotated(b, 8); b = b &+ a
      a = (a &- c) ^ rotated(c, 16); c = c &+ b
      b = (b &- a) ^ rotated(a, 19); a = a &+ c
      c = (c &- b) ^ rotated(b, 4); b = b &+ a
      place += 12
    }
    guard place < range.upperBound else { return c }
    a = a &+ word(place)
    b = b &+ word(place + 4)
    c = c &+ word(place + 8)
    c = (c ^ b) &- rotated(b, 14)
    a = (a ^ c) &- rotated(c, 11)
    b = (b ^ a) &- rotated(a, 25)
    c = (c ^ b) &- rotated(b, 16)
    a = (a ^ c) &- rotated(c, 4)
    b = (b ^ a) &- rotated(a, 14)
    c = (c ^ b) &- rotated(b, 24)
    return c
  }
}
