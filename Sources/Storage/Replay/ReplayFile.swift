// A replay memory's file: HDF5 for everybody, plain reads and writes in place for us.

import AgentInterface
import CHDF5
import Glibc
import Text

/// An HDF5 file with one contiguous dataset `transitions` (rows of the ring, lanes) of compound records, whose place in the file never
/// changes, and one, `ledger`, that says which rows hold what.
///
/// The user block holds, little-endian:
///
/// | bytes | content |
/// |---|---|
/// | 0..<16 | magic |
/// | 16..<24 | version of this envelope, 1 |
/// | 24..<32 | number of bytes of the file |
/// | 32..<64 | SHA-256 of all bytes outside the two datasets, these 32 read as zeros |
/// | 64..<80 | where `transitions` begins, its bytes |
/// | 80..<96 | where `ledger` begins, its bytes |
/// | 96..<4096 | zero |
///
/// What describes the file is checked as it is opened, and read without the HDF5 library; transitions are checked block by block against
/// a ledger. One thread uses a file.
package final class ReplayFile {
  package static let magic = Array("STRIKEFORGE-RPLY".utf8)
  package static let schemaVersion = 1
  static let words = "a replay file"
  private static let version: UInt64 = 1
  private static let header = HDF5File.diskBlockSize
  /// No description is larger: texts of a configuration, and HDF5's own.
  private static let largestDescription = 16 << 20

  package let path: String
  package let shape: ReplayShape
  /// Texts about the run and its environment.
  package let attributes: [String: String]
  let dataOffset: Int
  private let ledgerOffset: Int
  let descriptor: Int32
  /// Ledgers written so far.
  private var sequence: UInt64 = 0

  private init(
    path: String, shape: ReplayShape, attributes: [String: String], dataOffset: Int, ledgerOffset: Int,
    descriptor: Int32
  ) {
    self.path = path
    self.shape = shape
    self.attributes = attributes
    self.dataOffset = dataOffset
    self.ledgerOffset = ledgerOffset
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Whether a file's first bytes say that it is one.
  package static func isReplayFile(_ path: String) -> Bool {
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: magic.count)
    return Glibc.read(descriptor, &bytes, bytes.count) == bytes.count && bytes == magic
  }

  // MARK: Making

  /// Makes a file without transitions, over one of that name; rows take room on the disk as they are written. Traps where `attributes` has
  /// names of the file's own.
  package static func create(
    _ path: String, _ shape: ReplayShape, attributes: [String: String], in held: HeldFolder? = nil
  ) throws(StorageError) -> ReplayFile {
    try create(path, shape, attributes: attributes, schemaVersion: schemaVersion, in: held)
  }

  static func create(
    _ path: String, _ shape: ReplayShape, attributes: [String: String], schemaVersion: Int, in held: HeldFolder? = nil
  ) throws(StorageError) -> ReplayFile {
    let (folder, name) = FileSystem.split(path)
    AtomicWrite.removeLeftovers(inFolder: folder, ofFileNamed: name, held: held)
    let temporary = FilePlace(
      FileSystem.join(folder, ".\(name).\(getpid()).0\(AtomicWrite.temporarySuffix)"), in: held)
    let own = shape.attributes(schemaVersion: schemaVersion)
    precondition(
      own.keys.allSatisfy { attributes[$0] == nil }, "a replay file's own attributes are \(own.keys.sorted())")
    temporary.remove()
    do throws(StorageError) {
      let places = try HDF5.exclusive { (_) throws(StorageError) -> (Int, Int) in
        try makeHDF5(temporary, shape, attributes.merging(own) { $1 })
      }
      let descriptor = try openFile(temporary, O_RDWR)
      let file = ReplayFile(
        path: path, shape: shape, attributes: attributes, dataOffset: places.0, ledgerOffset: places.1,
        descriptor: descriptor)
      try file.seal()
      try temporary.rename(to: FilePlace(path, in: held))
      try AtomicWrite.flushFolder(folder, path: path, held: held)
      return file
    } catch {
      temporary.remove()
      throw error
    }
  }

  /// Where the two datasets begin.
  private static func makeHDF5(
    _ place: FilePlace, _ shape: ReplayShape, _ attributes: [String: String]
  ) throws(StorageError) -> (Int, Int) {
    errno = 0
    do throws(StorageError) {
      return try HDF5File.create(place) { (root) throws(StorageError) in
        for (name, text) in attributes.sorted(by: { $0.key < $1.key }) { try root.writeAttribute(name, text) }
        let type = try shape.record.makeType(path: place.path)
        return (
          try root.reserve("transitions", type: type.id, extent: [shape.rowCount, shape.laneCount]),
          try root.reserve(
            "ledger", type: UInt8.fileType, extent: [2, ReplayLedger.bytes(blockCount: shape.blockCount)])
        )
      }
    } catch {
      // The library's own words do not say what to do about a full disk.
      let code = errno
      if [ENOSPC, EDQUOT, EFBIG, EACCES, EROFS].contains(code) {
        throw .system(path: place.path, operation: .create, code: code)
      }
      throw error
    }
  }

  /// Fills in the user block and flushes everything.
  private func seal() throws(StorageError) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .system(path: path, operation: .inspect, code: errno) }
    var block = ReplayFile.magic
    func append(_ word: Int) { block += (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
    append(Int(ReplayFile.version))
    append(Int(status.st_size))
    block += [UInt8](repeating: 0, count: 32)
    for word in [dataOffset, shape.dataBytes, ledgerOffset, ledgerBytes] { append(word) }
    block += [UInt8](repeating: 0, count: ReplayFile.header - block.count)
    try write(block, at: 0)
    let description = try ReplayFile.description(
      descriptor, path: path, size: Int(status.st_size),
      areas: [(dataOffset, shape.dataBytes), (ledgerOffset, ledgerBytes)])
    try write(ReplayFile.digest(of: description), at: 32)
    try flush()
  }

  private var ledgerBytes: Int { 2 * ReplayLedger.bytes(blockCount: shape.blockCount) }

  // MARK: Opening

  /// Opens a file and checks everything in it but its transitions.
  package static func open(_ path: String, forWriting: Bool = false, in held: HeldFolder? = nil) throws(StorageError)
    -> ReplayFile
  {
    let place = FilePlace(path, in: held)
    let descriptor = try openFile(place, forWriting ? O_RDWR : O_RDONLY)
    var isOpened = false
    defer { if !isOpened { close(descriptor) } }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .system(path: path, operation: .inspect, code: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notARegularFile(path: path) }
    let size = Int(status.st_size)
    var head = [UInt8](repeating: 0, count: min(size, header))
    try read(descriptor, into: &head, at: 0, path: path)
    guard head.starts(with: magic) else {
      throw .notRecognised(path: path, expected: words, found: SealedFile.beginning(of: head))
    }
    guard head.count == header else { throw .wrongSize(path: path, expectedBytes: header, foundBytes: size) }
    func word(_ place: Int) -> UInt64 { head[place..<place + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) } }
    guard word(16) == version else {
      throw .unsupportedVersion(
        path: path, subject: "envelope version", found: "\(word(16))", supported: "\(version)")
    }
    guard word(24) == UInt64(size) else {
      throw .wrongSize(path: path, expectedBytes: Int(clamping: word(24)), foundBytes: size)
    }
    func damaged(_ reason: String) -> StorageError { .damaged(path: path, place: "its description", reason: reason) }
    let areas = [64, 80].map { (Int(clamping: word($0)), Int(clamping: word($0 + 8))) }
    guard areas.allSatisfy({ $0.0 >= header && $0.0 <= size && $0.1 <= size - $0.0 }),
      areas[0].0 + areas[0].1 <= areas[1].0 || areas[1].0 + areas[1].1 <= areas[0].0,
      size - areas[0].1 - areas[1].1 <= largestDescription
    else { throw damaged("its datasets do not lie inside the file") }
    let pieces = try description(descriptor, path: path, size: size, areas: areas)
    guard head[32..<64].elementsEqual(digest(of: pieces)) else {
      throw damaged("its SHA-256 digest is not the one that the file was sealed with")
    }
    // What is read is what was verified.
    var attributes = try HDF5Image(pieces, fileBytes: size, userBlockBytes: header, path: path).root().attributes()
    let shape = try ReplayShape(taking: &attributes, path: path)
    let file = ReplayFile(
      path: path, shape: shape, attributes: attributes, dataOffset: areas[0].0, ledgerOffset: areas[1].0,
      descriptor: descriptor)
    isOpened = true
    guard areas[0].1 == shape.dataBytes, areas[1].1 == file.ledgerBytes else {
      throw damaged("its datasets have other sizes than it says")
    }
    file.sequence = try file.newestLedger()?.sequence ?? 0
    return file
  }

  private static func openFile(_ place: FilePlace, _ mode: Int32) throws(StorageError) -> Int32 {
    let descriptor = place.open(mode | O_NONBLOCK)
    guard descriptor >= 0 else { throw .system(path: place.path, operation: .open, code: errno) }
    return descriptor
  }

  /// Everything outside the areas, which do not meet.
  private static func description(
    _ descriptor: Int32, path: String, size: Int, areas: [(start: Int, count: Int)]
  ) throws(StorageError) -> [HDF5Image.Piece] {
    var pieces: [HDF5Image.Piece] = []
    var place = 0
    // An empty one may begin where the other does.
    for area in areas.sorted(by: { ($0.start, $0.count) < ($1.start, $1.count) }) + [(size, 0)] {
      var bytes = [UInt8](repeating: 0, count: area.start - place)
      try read(descriptor, into: &bytes, at: place, path: path)
      pieces.append(HDF5Image.Piece(start: place, bytes: bytes))
      place = area.start + area.count
    }
    return pieces
  }

  /// SHA-256 of a description, the digest's own place read as zeros.
  private static func digest(of description: [HDF5Image.Piece]) -> [UInt8] {
    var digest = SHA256()
    for piece in description {
      guard piece.start == 0 else {
        digest.update(piece.bytes)
        continue
      }
      digest.update(Array(piece.bytes[..<32]) + [UInt8](repeating: 0, count: 32))
      digest.update(Array(piece.bytes[64...]))
    }
    return digest.finalize()
  }

  // MARK: Rows

  /// Where a row lies, counted from the run's beginning.
  func place(ofRow row: Int) -> Int { dataOffset + row % shape.rowCount * shape.rowBytes }

  /// Reads rows that lie in one block.
  func read(rows: Range<Int>, into target: UnsafeMutableRawPointer) throws(StorageError) {
    try read(
      into: UnsafeMutableRawBufferPointer(start: target, count: rows.count * shape.rowBytes),
      at: place(ofRow: rows.lowerBound))
  }

  /// Writes rows that lie in one block.
  func write(rows: Range<Int>, from source: UnsafeRawPointer) throws(StorageError) {
    try write(
      UnsafeRawBufferPointer(start: source, count: rows.count * shape.rowBytes), at: place(ofRow: rows.lowerBound))
  }

  func read(into target: UnsafeMutableRawBufferPointer, at offset: Int) throws(StorageError) {
    try ReplayFile.read(descriptor, into: target, at: offset, path: path)
  }

  /// Tells the system that these bytes are wanted soon: it reads them while we calculate.
  func prepare(_ bytes: Range<Int>) {
    posix_fadvise(descriptor, off_t(bytes.lowerBound), off_t(bytes.count), POSIX_FADV_WILLNEED)
  }

  /// Tells the system that these bytes are not wanted soon: what is in memory of them makes room for others.
  func release(_ bytes: Range<Int>) {
    posix_fadvise(descriptor, off_t(bytes.lowerBound), off_t(bytes.count), POSIX_FADV_DONTNEED)
  }

  func bytes(ofBlock block: Int) -> Range<Int> {
    let start = dataOffset + block % shape.blockCount * shape.blockBytes
    return start..<start + shape.blockBytes
  }

  /// What was written is on the disk when this returns.
  func flush() throws(StorageError) {
    guard fdatasync(descriptor) == 0 else { throw .system(path: path, operation: .flush, code: errno) }
  }

  // MARK: Ledgers

  /// Writes a ledger over the older of the two, after the rows that it tells of.
  func write(_ ledger: ReplayLedger) throws(StorageError) {
    let next = sequence + 1
    let bytes = ledger.encoded(sequence: next)
    try write(bytes, at: ledgerOffset + Int(next % 2) * ReplayLedger.bytes(blockCount: shape.blockCount))
    try flush()
    sequence = next
  }

  /// The newest ledger that was written as a whole.
  package func newestLedger() throws(StorageError) -> (sequence: UInt64, ledger: ReplayLedger)? {
    let size = ReplayLedger.bytes(blockCount: shape.blockCount)
    var bytes = [UInt8](repeating: 0, count: 2 * size)
    try ReplayFile.read(descriptor, into: &bytes, at: ledgerOffset, path: path)
    return [bytes[..<size], bytes[size...]].compactMap { ReplayLedger.decode($0, shape) }
      .max { $0.sequence < $1.sequence }
  }

  /// Checks every row that a ledger tells of, block by block.
  package func verify(_ ledger: ReplayLedger) throws(StorageError) {
    let block = UnsafeMutableRawPointer.allocate(byteCount: shape.blockBytes, alignment: 64)
    defer { block.deallocate() }
    for index in ledger.blocks(shape) {
      let rows = ledger.rows(ofBlock: index, shape)
      prepare(bytes(ofBlock: index + 1))
      try read(rows: rows, into: block)
      release(bytes(ofBlock: index))
      var digest = SHA256()
      digest.update(UnsafeRawBufferPointer(start: block, count: rows.count * shape.rowBytes))
      guard ledger.digest(ofBlock: index, shape).elementsEqual(digest.finalize()) else {
        if let newest = try newestLedger()?.ledger, newest.appended - shape.rowCount > rows.lowerBound {
          throw .replay(path: path, .overwritten(rows: rows, appended: newest.appended))
        }
        throw .damaged(
          path: path, place: "block \(index % shape.blockCount)",
          reason: "rows \(rows.lowerBound) to \(rows.upperBound - 1) are not those that were written")
      }
    }
  }

  // MARK: Bytes

  private func write(_ bytes: [UInt8], at offset: Int) throws(StorageError) {
    let result = bytes.withUnsafeBytes { (bytes) -> StorageError? in
      do throws(StorageError) {
        try write(bytes, at: offset)
        return nil
      } catch {
        return error
      }
    }
    if let result { throw result }
  }

  private func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(StorageError) {
    var done = 0
    while done < bytes.count {
      let written = pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
      if written < 0 {
        if errno == EINTR { continue }
        throw .system(path: path, operation: .write, code: errno)
      }
      guard written > 0 else { throw .system(path: path, operation: .write, code: EIO) }
      done += written
    }
  }

  private static func read(
    _ descriptor: Int32, into bytes: inout [UInt8], at offset: Int, path: String
  ) throws(StorageError) {
    let result = bytes.withUnsafeMutableBytes { (bytes) -> StorageError? in
      do throws(StorageError) {
        try read(descriptor, into: bytes, at: offset, path: path)
        return nil
      } catch {
        return error
      }
    }
    if let result { throw result }
  }

  private static func read(
    _ descriptor: Int32, into bytes: UnsafeMutableRawBufferPointer, at offset: Int, path: String
  ) throws(StorageError) {
    var done = 0
    while done < bytes.count {
      let count = pread(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
      if count < 0 {
        if errno == EINTR { continue }
        throw .system(path: path, operation: .read, code: errno)
      }
      guard count > 0 else {
        throw .wrongSize(path: path, expectedBytes: offset + bytes.count, foundBytes: offset + done)
      }
      done += count
    }
  }
}
