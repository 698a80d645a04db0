// The text of a file, plain or gzip, piece by piece: whatever it unpacks to, a piece of it is in memory.

import CZLIB
import Glibc
import Text

/// Reads a file once, from its beginning to its end, unpacks it where it is gzip (one member or more, directly behind each other), and takes the digest
/// of its bytes as they lie there. One thread uses it.
final class TextPieces {
  private enum Unpacking {
    case insideMember, betweenMembers
  }

  private static let pieceBytes = 1 << 18

  private let path: String
  private let limitBytes: Int
  private var descriptor: Int32 = -1
  /// The file's bytes that were read and not yet used; all of them where they were given.
  private var packed: [UInt8]
  private var used = 0
  private var isRead: Bool
  private var digest = SHA256()
  /// nil for plain text.
  private var stream: UnsafeMutablePointer<z_stream>?
  private var unpacking = Unpacking.insideMember
  /// How much text was given out.
  private var given = 0

  /// Whether the file is gzip.
  var isCompressed: Bool { stream != nil }

  /// A regular file. Neither its text nor itself may be larger than `limitBytes`.
  init(path: String, limitBytes: Int) throws(StorageError) {
    self.path = path
    self.limitBytes = limitBytes
    packed = []
    isRead = false
    // Non-blocking: a pipe must not hang us before it is refused.
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .system(path: path, operation: .open, code: errno) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .system(path: path, operation: .inspect, code: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notARegularFile(path: path) }
    guard status.st_size <= limitBytes else {
      throw .tooLarge(path: path, bytes: Int(status.st_size), limitBytes: limitBytes)
    }
    try refill()
    if Gzip.isCompressed(packed) { try startUnpacking() }
  }

  /// Bytes that are at hand; `path` names them in errors. `isCompressed`: nil where they say it themselves.
  init(_ bytes: [UInt8], path: String, limitBytes: Int, isCompressed: Bool? = nil) throws(StorageError) {
    self.path = path
    self.limitBytes = limitBytes
    packed = bytes
    isRead = true
    digest.update(bytes)
    if isCompressed ?? Gzip.isCompressed(bytes) { try startUnpacking() }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
    guard let stream else { return }
    inflateEnd(stream)
    stream.deallocate()
  }

  /// The next piece of text, never empty; nil at the end. Throws for gzip that ends early, is damaged or followed by anything else, and for more text
  /// than the limit.
  func next() throws(StorageError) -> [UInt8]? {
    let piece = if let stream { try unpacked(stream) } else { try plain() }
    guard let piece else { return nil }
    guard given + piece.count <= limitBytes else {
      guard stream == nil else {
        throw .compressed(path: path, offset: given, problem: .tooLarge(limitBytes: limitBytes))
      }
      throw .tooLarge(path: path, bytes: given + piece.count, limitBytes: limitBytes)
    }
    given += piece.count
    return piece
  }

  /// Reads what is left, and returns the SHA-256 of the whole file, in hexadecimal digits. Throws as `next` does.
  func finish() throws(StorageError) -> String {
    while try next() != nil {}
    return SHA256.hexDigits(digest.finalize())
  }

  // MARK: Bytes

  private func plain() throws(StorageError) -> [UInt8]? {
    if used == packed.count { try refill() }
    guard used < packed.count else { return nil }
    let end = min(packed.count, used + TextPieces.pieceBytes)
    defer { used = end }
    return Array(packed[used..<end])
  }

  /// Puts what comes next in the place of what was used; nothing at the file's end.
  private func refill() throws(StorageError) {
    guard !isRead else { return }
    packed.removeSubrange(..<used)
    used = 0
    var failure: Int32 = 0
    let wanted = TextPieces.pieceBytes
    let added = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
      var result = Glibc.read(descriptor, buffer.baseAddress!, wanted)
      while result < 0, errno == EINTR { result = Glibc.read(descriptor, buffer.baseAddress!, wanted) }
      if result < 0 { failure = errno }
      count = max(result, 0)
    }
    guard failure == 0 else { throw .system(path: path, operation: .read, code: failure) }
    isRead = added.isEmpty
    digest.update(added)
    packed += added
  }

  // MARK: Gzip

  private func startUnpacking() throws(StorageError) {
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    guard strikeforge_inflate_init(stream) == Z_OK else {
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
        used += offered - Int(stream.pointee.avail_in)
        produced = TextPieces.pieceBytes - Int(stream.pointee.avail_out)
      }
    }
    return (status, piece)
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
