// The parts of a replay file, written down a second time from its description: where they lie, and their digests.

import Storage
import Text

/// Where the two datasets of a replay file lie, as its user block says.
struct ReplayParts {
  static let headerBytes = 4096
  private static let digestBytes = 32

  let data: Range<Int>
  /// Two ledgers of the same size.
  let ledgers: Range<Int>

  /// Nil where the datasets do not lie in the file one beside the other.
  init?(_ bytes: [UInt8]) {
    guard bytes.count > ReplayParts.headerBytes else { return nil }
    func range(_ place: Int) -> Range<Int>? {
      let (start, count) = (ReplayParts.word(bytes, place), ReplayParts.word(bytes, place + 8))
      guard start >= UInt64(ReplayParts.headerBytes), start <= UInt64(bytes.count),
        count <= UInt64(bytes.count) - start
      else { return nil }
      return Int(start)..<Int(start + count)
    }
    guard let data = range(64), let ledgers = range(80),
      data.upperBound <= ledgers.lowerBound || ledgers.upperBound <= data.lowerBound
    else { return nil }
    (self.data, self.ledgers) = (data, ledgers)
  }

  func ledger(_ index: Int) -> Range<Int> {
    let size = ledgers.count / 2
    return ledgers.lowerBound + index * size..<ledgers.lowerBound + (index + 1) * size
  }

  static func word(_ bytes: [UInt8], _ place: Int) -> UInt64 {
    bytes[place..<place + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  static func write(_ word: UInt64, _ bytes: inout [UInt8], _ place: Int) {
    for byte in 0..<8 { bytes[place + byte] = UInt8(truncatingIfNeeded: word >> UInt64(8 * byte)) }
  }

  // MARK: Digests made true

  /// The length, and the digest of all that is neither transitions nor ledgers.
  func sealDescription(_ bytes: inout [UInt8]) {
    guard bytes.count > ReplayParts.headerBytes else { return }
    ReplayParts.write(UInt64(bytes.count), &bytes, 24)
    bytes.replaceSubrange(32..<64, with: [UInt8](repeating: 0, count: ReplayParts.digestBytes))
    // As the reader will see them.
    let parts = ReplayParts(bytes) ?? self
    var digest = SHA256()
    var place = 0
    for part in [parts.data, parts.ledgers].sorted(by: { $0.lowerBound < $1.lowerBound }) {
      guard part.upperBound <= bytes.count else { break }
      digest.update(Array(bytes[place..<part.lowerBound]))
      place = part.upperBound
    }
    digest.update(Array(bytes[place...]))
    bytes.replaceSubrange(32..<64, with: digest.finalize())
  }

  /// The digests of the rows that a ledger tells of. counts: whether the number of digests is put right, too.
  func signRows(_ bytes: inout [UInt8], ledger index: Int, _ shape: ReplayShape, counts: Bool) {
    let place = ledger(index)
    guard place.count >= 24 + ReplayParts.digestBytes, place.upperBound <= bytes.count else { return }
    let appended = ReplayParts.word(bytes, place.lowerBound + 8)
    guard appended < 1 << 50 else { return }
    let rows = max(0, Int(appended) - shape.capacity)..<Int(appended)
    guard !rows.isEmpty, rows.count <= shape.blockCount * shape.blockRows else { return }
    let blocks = rows.lowerBound / shape.blockRows..<(rows.upperBound - 1) / shape.blockRows + 1
    guard blocks.count <= shape.blockCount + 1 else { return }
    for (number, block) in blocks.enumerated() {
      let part = (block * shape.blockRows..<(block + 1) * shape.blockRows).clamped(to: rows)
      let start =
        data.lowerBound + block % shape.blockCount * shape.blockBytes
        + part.lowerBound % shape.blockRows * shape.rowBytes
      guard start + part.count * shape.rowBytes <= min(data.upperBound, bytes.count) else { return }
      var digest = SHA256()
      digest.update(Array(bytes[start..<start + part.count * shape.rowBytes]))
      let target = place.lowerBound + 24 + number * ReplayParts.digestBytes
      bytes.replaceSubrange(target..<target + ReplayParts.digestBytes, with: digest.finalize())
    }
    if counts { ReplayParts.write(UInt64(blocks.count * ReplayParts.digestBytes), &bytes, place.lowerBound + 16) }
  }

  /// The digest of a ledger itself.
  func sealLedger(_ bytes: inout [UInt8], ledger index: Int) {
    let place = ledger(index)
    guard place.count >= 24 + ReplayParts.digestBytes, place.upperBound <= bytes.count else { return }
    let count = ReplayParts.word(bytes, place.lowerBound + 16)
    guard count <= UInt64(place.count - 24 - ReplayParts.digestBytes) else { return }
    let end = place.lowerBound + 24 + Int(count)
    var digest = SHA256()
    digest.update(Array(bytes[place.lowerBound..<end]))
    bytes.replaceSubrange(end..<end + ReplayParts.digestBytes, with: digest.finalize())
  }
}
