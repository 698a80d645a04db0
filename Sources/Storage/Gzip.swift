// Gzip, unpacked and packed in memory.

import CZLIB

/// Gzip streams through zlib. Source of the format: RFC 1952.
package enum Gzip {
  /// Whether bytes begin like a gzip stream.
  package static func isCompressed(_ bytes: [UInt8]) -> Bool {
    bytes.count >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b
  }

  /// Unpacks one or more gzip members that stand directly behind each other.
  ///
  /// Throws for a stream that ends early, is damaged, grows beyond `limitBytes`, or is followed by anything else. `path` is for the error.
  package static func inflate(
    _ bytes: [UInt8], path: String, limitBytes: Int
  ) throws(StorageError) -> [UInt8] {
    precondition(limitBytes >= 0, "a limit of \(limitBytes) bytes")
    let pieces = try TextPieces(bytes, path: path, limitBytes: limitBytes, isCompressed: true)
    var output: [UInt8] = []
    while let piece = try pieces.next() { output += piece }
    return output
  }

  /// Packs bytes into one gzip member without name and time, so that equal bytes give equal files.
  package static func deflate(_ bytes: [UInt8], path: String, level: Int32 = 6) throws(StorageError) -> [UInt8] {
    precondition((0...9).contains(level), "compression level \(level)")
    var stream = z_stream()
    guard strikeforge_deflate_init(&stream, level) == Z_OK else {
      throw .compressed(path: path, offset: 0, problem: .outOfMemory)
    }
    defer { deflateEnd(&stream) }
    var output: [UInt8] = []
    var consumed = 0
    let chunkSize = 1 << 18
    while true {
      var status = Z_OK
      let chunk = [UInt8](unsafeUninitializedCapacity: chunkSize) { room, produced in
        bytes.withUnsafeBufferPointer { input in
          let offered = min(input.count - consumed, 1 << 30)
          let last = consumed + offered == input.count
          stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress).map { $0 + consumed }
          stream.avail_in = UInt32(offered)
          stream.next_out = room.baseAddress
          stream.avail_out = UInt32(chunkSize)
          status = CZLIB.deflate(&stream, last ? Z_FINISH : Z_NO_FLUSH)
          consumed += offered - Int(stream.avail_in)
          produced = chunkSize - Int(stream.avail_out)
        }
      }
      output.append(contentsOf: chunk)
      if status == Z_STREAM_END { return output }
      guard status == Z_OK || status == Z_BUF_ERROR else {
        throw .compressed(path: path, offset: consumed, problem: .damaged("zlib status \(status)"))
      }
    }
  }
}
