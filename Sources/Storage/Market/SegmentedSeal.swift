// The envelope of a file of which parts are read alone: all small parts under one digest, each large one under a digest of its own in them.

import Text

/// Version 2 of the envelope (`SealedFile` is version 1). The file is a user block of 512 bytes, HDF5 data, and a table of segments at the end:
/// the ranges of the file that hold columns of numbers. Little-endian:
///
/// | bytes | content |
/// |---|---|
/// | 0..<16 | magic, which names the kind of file |
/// | 16..<20 | 2 |
/// | 20..<24 | zero |
/// | 24..<32 | number of bytes behind the user block |
/// | 32..<64 | SHA-256 of the bytes behind the user block that lie in no segment, the table among them |
/// | 64..<72 | number of segments |
/// | 72..<512 | zero |
///
/// A row of the table has 24 bytes: where its segment begins and ends in the file, and whose it is (all u64), in the order of the file.
/// What lies in the segments is covered by digests that stand outside of them: whoever reads one checks it (`MarketStoreFile`).
enum SegmentedSeal {
  static let version: UInt32 = 2

  /// A range of the file, and the number of what it belongs to.
  struct Segment: Equatable {
    var range: Range<Int>
    var owner: Int
  }

  /// Whether a file that begins so is of that kind and this envelope.
  static func isBeginning(_ front: [UInt8], of kind: SealedFile.Kind) -> Bool {
    front.count >= header && SealedFile.kind(of: front) == kind && integer(front[16..<20]) == UInt64(version)
  }

  private static let header = HDF5File.userBlockSize
  private static let rowBytes = 24

  /// Puts the table behind an HDF5 image that has a user block, and fills in the block. The segments: in the order of the file, apart.
  static func seal(_ image: inout [UInt8], as kind: SealedFile.Kind, segments: [Segment]) {
    precondition(image.count >= header, "an image of \(image.count) bytes has no user block of \(header)")
    image += table(segments)
    let digest = self.digest(of: gaps(segments, fileBytes: image.count).map { image[$0] })
    image.replaceSubrange(0..<header, with: block(kind, fileBytes: image.count, digest, segments))
  }

  /// The same for a file that was written without its seal and is open under a descriptor. `file`: its bytes.
  static func seal(
    _ file: FileBytes, under descriptor: Int32, as kind: SealedFile.Kind, segments: [Segment], path: String
  ) throws(StorageError) {
    var digest = SHA256()
    for range in gaps(segments, fileBytes: file.count) { digest.update(try file.read(range)) }
    let table = self.table(segments)
    digest.update(table)
    let block = self.block(kind, fileBytes: file.count + table.count, Array(digest.finalize()), segments)
    for (bytes, place) in [(table, file.count), (block, 0)] {
      var failure: StorageError?
      bytes.withUnsafeBytes { raw in
        do throws(StorageError) {
          try AtomicWrite.writeAll(raw, to: descriptor, at: place, path: path)
        } catch {
          failure = error
        }
      }
      if let failure { throw failure }
    }
  }

  private static func table(_ segments: [Segment]) -> [UInt8] {
    segments.flatMap { segment in
      [segment.range.lowerBound, segment.range.upperBound, segment.owner].flatMap { bytes(UInt64($0)) }
    }
  }

  /// The user block of a file of so many bytes.
  private static func block(
    _ kind: SealedFile.Kind, fileBytes: Int, _ digest: [UInt8], _ segments: [Segment]
  ) -> [UInt8] {
    let front = kind.magic + bytes(UInt64(version)) + bytes(UInt64(fileBytes - header))
    let block = front + digest + bytes(UInt64(segments.count))
    return block + [UInt8](repeating: 0, count: header - block.count)
  }

  /// What a file of that envelope holds outside of its segments, checked, and where they lie.
  ///
  /// `read`: the bytes of a range of the file. `front`: its first bytes, the user block where there are as many.
  static func open(
    front: [UInt8], fileBytes: Int, path: String, read: (Range<Int>) throws(StorageError) -> [UInt8]
  ) throws(StorageError) -> (pieces: [HDF5Image.Piece], segments: [Segment]) {
    func damaged(_ reason: String) -> StorageError { .damaged(path: path, place: "the user block", reason: reason) }
    let announced = integer(front[24..<32])
    guard announced == UInt64(fileBytes - header) else {
      throw .wrongSize(
        path: path, expectedBytes: Int(clamping: announced.addingReportingOverflow(UInt64(header)).partialValue),
        foundBytes: fileBytes)
    }
    guard front[20..<24].allSatisfy({ $0 == 0 }), front[72..<header].allSatisfy({ $0 == 0 }) else {
      throw damaged("its padding is not zero")
    }
    let count = integer(front[64..<72])
    guard count <= UInt64((fileBytes - header) / rowBytes) else { throw damaged("its table does not fit the file") }
    let tableStart = fileBytes - Int(count) * rowBytes
    let segments = try self.segments(try read(tableStart..<fileBytes), before: tableStart, path: path)
    var pieces: [HDF5Image.Piece] = []
    for range in gaps(segments, fileBytes: fileBytes) {
      let bytes = try read(range)
      guard bytes.count == range.count else {
        throw .wrongSize(path: path, expectedBytes: fileBytes, foundBytes: range.lowerBound + bytes.count)
      }
      pieces.append(HDF5Image.Piece(start: range.lowerBound, bytes: bytes))
    }
    guard front[32..<64].elementsEqual(digest(of: pieces.map { $0.bytes[...] })) else {
      throw .damaged(
        path: path, place: "the content", reason: "its SHA-256 digest is not the one that the file was sealed with")
    }
    return (pieces, segments)
  }

  private static func segments(
    _ table: [UInt8], before end: Int, path: String
  ) throws(StorageError) -> [Segment] {
    var segments: [Segment] = []
    var last = header
    for place in stride(from: 0, to: table.count - rowBytes + 1, by: rowBytes) {
      let numbers = (0..<3).map { integer(table[place + 8 * $0..<place + 8 * $0 + 8]) }
      guard let start = Int(exactly: numbers[0]), let until = Int(exactly: numbers[1]),
        let owner = Int(exactly: numbers[2]),
        last <= start, start < until, until <= end
      else { throw .damaged(path: path, place: "the table of segments", reason: "a segment lies outside the file") }
      segments.append(Segment(range: start..<until, owner: owner))
      last = until
    }
    return segments
  }

  /// The ranges behind the user block that lie in no segment.
  private static func gaps(_ segments: [Segment], fileBytes: Int) -> [Range<Int>] {
    var gaps: [Range<Int>] = []
    var last = header
    for segment in segments {
      if last < segment.range.lowerBound { gaps.append(last..<segment.range.lowerBound) }
      last = segment.range.upperBound
    }
    return last < fileBytes ? gaps + [last..<fileBytes] : gaps
  }

  private static func digest(of parts: [ArraySlice<UInt8>]) -> [UInt8] {
    var digest = SHA256()
    for part in parts { part.withUnsafeBytes { digest.update($0) } }
    return Array(digest.finalize())
  }

  private static func bytes(_ number: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }

  private static func integer(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
