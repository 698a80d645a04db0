// The text of a file, plain, gzip or a member of a zip, piece by piece: whatever it unpacks to, a piece of it is in memory.

import CZLIB

/// Reads a text once, from its beginning to its end, and unpacks it where it is gzip (one member or more, directly behind each other) or a member of a zip. One
/// thread uses it.
final class TextPieces {
  /// How text lies in a file.
  enum Packing {
    case plain
    case gzip
    case member(ZipArchive.Member)
  }

  /// What nobody's bars unpack to: text that repeats itself without end. Bars of minutes shrink to between a third and a fifteenth.
  static let ratioLimit = 200
  /// Below this much text, it may unpack to any ratio.
  static let ratioFreeBytes = 16 << 20

  private enum Unpacking {
    case insideMember, betweenMembers
  }

  static let pieceBytes = 1 << 16

  /// What names the text in errors.
  let path: String
  private let source: ByteSource
  private let packing: Packing
  private let limitBytes: Int
  /// The file's bytes that were read and not yet used.
  private var packed: [UInt8] = []
  private var used = 0
  private var isRead = false
  /// How many packed bytes were used.
  private var consumed = 0
  /// Where the next packed bytes of a zip's member lie.
  private var ahead = 0..<0
  /// nil for plain text.
  private var stream: UnsafeMutablePointer<z_stream>?
  private var unpacking = Unpacking.insideMember
  /// How much text was given out, and of a zip's member its checksum.
  private var given = 0
  private var checksum: UInt = 0

  /// Whether the text was packed.
  var isCompressed: Bool { if case .plain = packing { false } else { true } }

  /// A regular file. Neither its text nor itself may be larger than `limitBytes`.
  convenience init(path: String, limitBytes: Int) throws(StorageError) {
    try self.init(ByteSource(path: path, limitBytes: limitBytes), path: path, limitBytes: limitBytes)
  }

  /// Bytes that are at hand; `path` names them in errors. `isCompressed`: nil where they say it themselves.
  convenience init(
    _ bytes: [UInt8], path: String, limitBytes: Int, isCompressed: Bool? = nil
  ) throws(StorageError) {
    try self.init(
      ByteSource(bytes, path: path), path: path, packing: isCompressed.map { $0 ? .gzip : .plain },
      limitBytes: limitBytes)
  }

  /// A text in `source`. `packing`: nil for what its first bytes say, plain or gzip.
  init(_ source: ByteSource, path: String, packing: Packing? = nil, limitBytes: Int) throws(StorageError) {
    self.path = path
    self.source = source
    self.limitBytes = limitBytes
    if let packing {
      self.packing = packing
    } else {
      self.packing = Gzip.isCompressed(try source.read(at: 0, count: 2)) ? .gzip : .plain
    }
    switch self.packing {
    case .plain: break
    case .gzip: try startUnpacking(windowBits: 15 + 16)
    case .member(let member):
      let start = try member.dataStart(in: source, path: path)
      ahead = start..<start + member.packedBytes
      if member.method == .deflated { try startUnpacking(windowBits: -15) }
    }
  }

  deinit {
    guard let stream else { return }
    inflateEnd(stream)
    stream.deallocate()
  }

  /// The next piece of text, never empty; nil at the end. Throws for what ends early, is damaged or followed by anything else, and for more text than the
  /// limits allow.
  func next() throws(StorageError) -> [UInt8]? {
    let piece = if let stream { try unpacked(stream) } else { try plain() }
    guard let piece else {
      if case .member(let member) = packing { try check(member) }
      return nil
    }
    if case .member = packing {
      checksum = piece.withUnsafeBufferPointer { crc32(checksum, $0.baseAddress, UInt32($0.count)) }
    }
    guard given + piece.count <= limitBytes else {
      guard isCompressed else { throw .tooLarge(path: path, bytes: given + piece.count, limitBytes: limitBytes) }
      throw problem(.tooLarge(limitBytes: limitBytes))
    }
    given += piece.count
    guard stream == nil || given <= TextPieces.ratioFreeBytes || given / TextPieces.ratioLimit <= consumed else {
      throw problem(.tooDense(ratio: TextPieces.ratioLimit))
    }
    return piece
  }

  /// Reads what is left of the text and of the file, and returns the SHA-256 of the whole file, in hexadecimal digits. Throws as `next` does.
  func finish() throws(StorageError) -> String {
    while try next() != nil {}
    return try source.finish()
  }

  // MARK: Bytes

  private func plain() throws(StorageError) -> [UInt8]? {
    if used == packed.count { try refill() }
    guard used < packed.count else { return nil }
    // What was read fits a piece: it changes hands.
    if used == 0, packed.count <= TextPieces.pieceBytes {
      defer { packed = [] }
      return packed
    }
    let end = min(packed.count, used + TextPieces.pieceBytes)
    defer { used = end }
    return Array(packed[used..<end])
  }

  /// Puts what comes next in the place of what was used; nothing at the end.
  private func refill() throws(StorageError) {
    guard !isRead else { return }
    packed.removeSubrange(..<used)
    used = 0
    let added: [UInt8]
    if case .member = packing {
      added = try source.read(at: ahead.lowerBound, count: min(TextPieces.pieceBytes, ahead.count))
      ahead = ahead.lowerBound + added.count..<ahead.upperBound
      source.pass(to: ahead.lowerBound)
    } else {
      added = try source.next(TextPieces.pieceBytes)
    }
    isRead = added.isEmpty
    if packed.isEmpty { packed = added } else { packed += added }
  }

  // MARK: Unpacking

  private func startUnpacking(windowBits: Int32) throws(StorageError) {
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    guard strikeforge_inflate_init(stream, windowBits) == Z_OK else {
      stream.deallocate()
      throw problem(.outOfMemory)
    }
    self.stream = stream
  }

  private func problem(_ problem: CompressionProblem) -> StorageError {
    .compressed(path: path, offset: given, problem: problem)
  }

  private func unpacked(_ stream: UnsafeMutablePointer<z_stream>) throws(StorageError) -> [UInt8]? {
    while true {
      if used == packed.count { try refill() }
      if unpacking == .betweenMembers {
        if case .member = packing {
          let left = packed.count - used + ahead.count
          guard left == 0 else { throw problem(.damaged("it ends \(left) bytes before its place does")) }
          return nil
        }
        if packed.count - used == 1 { try refill() }
        guard used < packed.count else { return nil }
        guard Gzip.isCompressed(Array(packed[used...].prefix(2))) else {
          throw problem(.trailingBytes(count: try left()))
        }
        guard inflateReset(stream) == Z_OK else { throw problem(.outOfMemory) }
        unpacking = .insideMember
      }
      let (status, piece) = step(stream)
      switch status {
      case Z_OK: break
      case Z_STREAM_END: unpacking = .betweenMembers
      // No progress: there is nothing left to unpack.
      case Z_BUF_ERROR where used == packed.count:
        if isRead { throw problem(.truncated) }
      case Z_MEM_ERROR: throw problem(.outOfMemory)
      default: throw problem(.damaged(stream.pointee.msg.map { String(cString: $0) } ?? "zlib status \(status)"))
      }
      if !piece.isEmpty { return piece }
    }
  }

  /// Unpacks at most one piece of what is at hand.
  private func step(_ stream: UnsafeMutablePointer<z_stream>) -> (status: Int32, piece: [UInt8]) {
    var status = Z_OK
    let piece = [UInt8](unsafeUninitializedCapacity: TextPieces.pieceBytes) { room, produced in
      packed.withUnsafeBufferPointer { input in
        // zlib takes 32-bit counts and, for historical reasons, a mutable pointer that it does not write through.
        let offered = min(input.count - used, 1 << 30)
        stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress).map { $0 + used }
        stream.pointee.avail_in = UInt32(offered)
        stream.pointee.next_out = room.baseAddress
        stream.pointee.avail_out = UInt32(TextPieces.pieceBytes)
        status = CZLIB.inflate(stream, Z_NO_FLUSH)
        let taken = offered - Int(stream.pointee.avail_in)
        used += taken
        consumed += taken
        produced = TextPieces.pieceBytes - Int(stream.pointee.avail_out)
      }
    }
    return (status, piece)
  }

  /// Whether a member's text is what the archive announced.
  private func check(_ member: ZipArchive.Member) throws(StorageError) {
    guard given == member.textBytes else {
      throw problem(.damaged("it holds \(given) bytes where \(member.textBytes) are announced"))
    }
    guard UInt32(truncatingIfNeeded: checksum) == member.checksum else {
      throw problem(.damaged("the checksum is not that of the bytes"))
    }
  }

  /// How many of the file's bytes were not used.
  private func left() throws(StorageError) -> Int {
    var count = packed.count - used
    while !isRead {
      used = packed.count
      try refill()
      count += packed.count - used
    }
    return count
  }
}
