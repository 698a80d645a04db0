// Damage behind a true seal: HDF5 images whose own checksums and whose SHA-256 hold again.

import Kernels
import Text

/// The envelope of stores and checkpoints, written down a second time from its description.
enum Envelope {
  static let byteCount = 512

  /// Puts true length and digest in front of what follows; the kind stays.
  static func sealed(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.count >= byteCount else { return bytes }
    var digest = SHA256()
    bytes.withUnsafeBytes { digest.update(UnsafeRawBufferPointer(rebasing: $0[byteCount...])) }
    var front = Array(bytes[..<16]) + [1, 0, 0, 0, 0, 0, 0, 0]
    front += (0..<8).map { UInt8(truncatingIfNeeded: (bytes.count - byteCount) >> (8 * $0)) }
    front += digest.finalize()
    return front + [UInt8](repeating: 0, count: byteCount - front.count) + bytes[byteCount...]
  }
}

/// The parts of an HDF5 image that carry a checksum of their own. Source: HDF5 File Format Specification 3.0; the checksum is Bob Jenkins'
/// lookup3 with a start of 0.
struct HDF5Blocks {
  /// A part and its checksum: behind it, or inside, where it is read as zeros.
  struct Block {
    let range: Range<Int>
    let checksum: Range<Int>
  }

  let blocks: [Block]

  private static let signatures = [
    "\u{89}HDF", "OHDR", "OCHK", "FRHP", "FHDB", "FHIB", "BTHD", "BTIN", "BTLF", "FSHD", "FSSE", "SMTB", "FAHD", "EAHD",
    "FADB", "EADB", "EAIB", "EASB",
  ].map { $0.unicodeScalars.map { UInt8($0.value) } }
  /// No block of the small files that are seeds is longer.
  private static let longestBlock = 2048

  /// Finds the blocks of a whole file outside some of its parts: a signature, and the length at which the checksum holds.
  init(_ bytes: [UInt8], outside parts: [Range<Int>] = []) {
    var blocks: [Block] = []
    var place = Envelope.byteCount
    while place + 8 <= bytes.count {
      if let part = parts.first(where: { $0.contains(place) }) {
        place = part.upperBound
        continue
      }
      guard HDF5Blocks.signatures.contains(where: { bytes[place...].starts(with: $0) }),
        let block = HDF5Blocks.block(bytes, place)
      else {
        place += 1
        continue
      }
      blocks.append(block)
      place = max(block.range.upperBound, block.checksum.upperBound)
    }
    self.blocks = blocks
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

  /// Makes the checksums true again.
  func repair(_ bytes: inout [UInt8]) {
    for block in blocks where max(block.range.upperBound, block.checksum.upperBound) <= bytes.count {
      let sum = HDF5Blocks.checksum(bytes, block.range, zeros: block.checksum)
      for (offset, place) in block.checksum.enumerated() {
        bytes[place] = UInt8(truncatingIfNeeded: sum >> UInt32(8 * offset))
      }
    }
  }

  private static func word(_ bytes: [UInt8], _ place: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(bytes[place + $1]) << UInt32(8 * $1) }
  }

  static func checksum(_ bytes: [UInt8], _ range: Range<Int>, zeros: Range<Int> = 0..<0) -> UInt32 {
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

/// Damage to the files of a pool, whose blocks are looked for once.
final class SealedDamage {
  private var blocks: [HDF5Blocks?] = []

  func input(_ mutator: inout Mutator, pool: Pool) -> [UInt8] {
    if blocks.isEmpty { blocks = [HDF5Blocks?](repeating: nil, count: pool.documents.count) }
    let index = pool.pick(&mutator)
    let whole = pool.documents[index]
    // What the seal refuses by itself is only tried now and then.
    guard whole.count > Envelope.byteCount, !mutator.chance(1, in: 32) else {
      return mutator.damaged(whole, others: pool.documents)
    }
    let found = blocks[index] ?? HDF5Blocks(whole)
    blocks[index] = found
    var bytes = mutator.damagedInPlace(whole, from: Envelope.byteCount)
    // Lengths, types and counts stand in the blocks; without this most damage hits numbers.
    if mutator.chance(1, in: 3), !found.blocks.isEmpty {
      for _ in 0..<(1 + mutator.below(3)) {
        let range = mutator.pick(found.blocks).range
        guard range.upperBound <= bytes.count else { continue }
        bytes.replaceSubrange(range, with: mutator.changedInPlace(Array(bytes[range])))
      }
    }
    // Past its own checksums the library writes beyond its memory. Only the sanitizer tells that from a mistake of ours.
    if Sanitizer.isOn, !mutator.chance(1, in: 8) { found.repair(&bytes) }
    return Envelope.sealed(bytes)
  }
}
