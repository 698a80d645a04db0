// The envelope of every HDF5 file of this program: nothing in it can change unnoticed.

import Glibc
import Text

/// A file is a user block of 512 bytes and the HDF5 data behind it. The user block holds, little-endian:
///
/// | bytes | content |
/// |---|---|
/// | 0..<16 | magic, which names the kind of file |
/// | 16..<20 | version of this envelope, 1 |
/// | 20..<24 | zero |
/// | 24..<32 | number of bytes behind the user block |
/// | 32..<64 | SHA-256 of the bytes behind the user block |
/// | 64..<512 | zero |
///
/// Every byte is therefore checked, by value or by digest, before any of them is believed. Against a file that somebody made on purpose, digest
/// and all, the reader protects itself (`HDF5Image`).
enum SealedFile {
  enum Kind: String, CaseIterable {
    case checkpoint = "STRIKEFORGE-CKPT"
    case marketStore = "STRIKEFORGE-MRKT"
    case rollouts = "STRIKEFORGE-ROLL"
    case incident = "STRIKEFORGE-INCI"
    case volatilityHistory = "STRIKEFORGE-IVOL"
    case fittedSurfaces = "STRIKEFORGE-SURF"

    var words: String {
      switch self {
      case .checkpoint: "a checkpoint"
      case .marketStore: "a market store"
      case .rollouts: "recorded rollouts"
      case .incident: "a recorded incident"
      case .volatilityHistory: "a history of implied volatility"
      case .fittedSurfaces: "fitted surfaces"
      }
    }

    var magic: [UInt8] { Array(rawValue.utf8) }
  }

  static let version: UInt32 = 1
  private static let header = HDF5File.userBlockSize

  /// Fills in the user block of an HDF5 image that has one.
  static func seal(_ image: inout [UInt8], as kind: Kind) {
    precondition(image.count >= header, "an image of \(image.count) bytes has no user block of \(header)")
    let sealed = image.withUnsafeBytes { block(kind, payload: $0) }
    image.replaceSubrange(0..<header, with: sealed)
  }

  /// The bytes of a file that was made in memory, sealed.
  static func sealed(_ image: HDF5Memory, as kind: Kind) -> [UInt8] {
    var bytes = [UInt8](image.bytes)
    seal(&bytes, as: kind)
    return bytes
  }

  /// Writes the same bytes to `path` as `AtomicWrite` does, without a further copy. Each piece is hashed right before it is written; the block that the
  /// digest stands in comes last.
  static func write(_ image: HDF5Memory, as kind: Kind, to path: String, in folder: HeldFolder? = nil)
    throws(StorageError)
  {
    precondition(image.bytes.count >= header, "an image of \(image.bytes.count) bytes has no user block of \(header)")
    try AtomicWrite.write(to: path, in: folder) { (descriptor) throws(StorageError) in
      try AtomicWrite.writeAll([UInt8](repeating: 0, count: header), to: descriptor, path: path)
      var digest = SHA256()
      for start in stride(from: header, to: image.bytes.count, by: pieceBytes) {
        let end = min(start + pieceBytes, image.bytes.count)
        let piece = UnsafeRawBufferPointer(rebasing: image.bytes[start..<end])
        digest.update(piece)
        try AtomicWrite.writeAll(piece, to: descriptor, path: path)
      }
      guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw .system(path: path, operation: .write, code: errno) }
      try AtomicWrite.writeAll(
        block(kind, bytes: image.bytes.count - header, digest: digest.finalize()), to: descriptor, path: path)
    }
  }

  /// Small enough that what was hashed is still in the caches where it is written, large enough for a disk.
  private static let pieceBytes = 1 << 20

  /// All bytes of a file of that kind. What its first bytes and its size refuse is not read.
  static func read(_ path: String, _ kind: Kind, in folder: HeldFolder? = nil) throws(StorageError) -> [UInt8] {
    let (bytes, size) = try FileSystem.beginning(of: path, bytes: header, in: folder)
    try verifyBeginning(bytes, of: size, is: kind, path: path)
    return try FileSystem.read(path, in: folder)
  }

  /// Checks what the first bytes (the user block, where there are as many) of a file of `size` bytes say of the file.
  static func verifyBeginning(
    _ bytes: [UInt8], of size: Int, is kind: Kind, path: String
  ) throws(StorageError) {
    guard let found = self.kind(of: bytes) else {
      throw .notRecognised(path: path, expected: kind.words, found: beginning(of: bytes))
    }
    guard found == kind else { throw .notRecognised(path: path, expected: kind.words, found: found.words) }
    guard bytes.count >= header else {
      throw .wrongSize(path: path, expectedBytes: header, foundBytes: size)
    }
    let foundVersion = integer(bytes[16..<20])
    guard foundVersion == UInt64(version) else {
      throw .unsupportedVersion(
        path: path, subject: "envelope version", found: "\(foundVersion)", supported: "\(version)")
    }
    let announced = integer(bytes[24..<32])
    guard announced == UInt64(size - header) else {
      throw .wrongSize(
        path: path, expectedBytes: Int(clamping: announced.addingReportingOverflow(UInt64(header)).partialValue),
        foundBytes: size)
    }
  }

  /// Checks all of a file's bytes.
  static func verify(_ bytes: [UInt8], is kind: Kind, path: String) throws(StorageError) {
    try verifyBeginning(bytes, of: bytes.count, is: kind, path: path)
    let expected = bytes.withUnsafeBytes { block(kind, payload: $0) }
    guard bytes[32..<64].elementsEqual(expected[32..<64]) else {
      throw .damaged(
        path: path, place: "the content", reason: "its SHA-256 digest is not the one that the file was sealed with")
    }
    guard bytes[..<header].elementsEqual(expected) else {
      throw .damaged(path: path, place: "the user block", reason: "its padding is not zero")
    }
  }

  /// What a file says it is, or nil.
  static func kind(of bytes: [UInt8]) -> Kind? { Kind.allCases.first { bytes.starts(with: $0.magic) } }

  /// The user block that belongs to the bytes behind it.
  private static func block(_ kind: Kind, payload image: UnsafeRawBufferPointer) -> [UInt8] {
    var digest = SHA256()
    digest.update(UnsafeRawBufferPointer(rebasing: image[header...]))
    return block(kind, bytes: image.count - header, digest: digest.finalize())
  }

  /// The user block of so many bytes of that digest.
  private static func block(_ kind: Kind, bytes: Int, digest: [UInt8]) -> [UInt8] {
    var block = kind.magic
    for shift in stride(from: UInt32(0), to: 32, by: 8) { block.append(UInt8(truncatingIfNeeded: version >> shift)) }
    block += [0, 0, 0, 0]
    for shift in stride(from: UInt64(0), to: 64, by: 8) {
      block.append(UInt8(truncatingIfNeeded: UInt64(bytes) >> shift))
    }
    block += digest
    return block + [UInt8](repeating: 0, count: header - block.count)
  }

  private static func integer(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// The first bytes of a file that was not recognised, as a person may recognise them.
  static func beginning(of bytes: [UInt8]) -> String {
    if bytes.isEmpty { return "nothing (it is empty)" }
    if bytes.starts(with: [0x89, 0x48, 0x44, 0x46]) { return "plain HDF5" }
    if bytes.starts(with: [0x1f, 0x8b]) { return "gzip" }
    let text = bytes.prefix(16).map { (32...126).contains($0) ? Character(UnicodeScalar($0)) : "." }
    return "'" + String(text) + "'"
  }
}
