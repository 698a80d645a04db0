// A file of lines that may only grow: each line holds the digest of the one before, so that what was changed or taken away shows.

private import Glibc
package import Text

/// A file of JSON objects, one a line, to which many processes may append.
///
/// The members `sequence` (1, 2, ...), `unproven` and `previous` (SHA-256 of the bytes of the line before without its line feed, as 64 hexadecimal digits;
/// zeros for the first) belong to the log; all others to its user. A chain alone cannot miss lines that were cut off its end, so a file beside it, `<path>.head`,
/// holds the number of lines and the digest of the last one; it is written after the line, so it may be one behind where a process was killed, and
/// never ahead of a log that is whole.
///
/// Appending is done under an exclusive `flock` on the log itself, in one write, and flushed to the disk. What a kill left of a line (no line
/// feed behind it) is no line: readers pass over it, and the next append takes its place.
package struct ChainedLog: Sendable {
  package static let headSuffix = ".head"
  /// What `previous` is in a first line.
  package static let origin = String(repeating: "0", count: 64)
  /// A member of lines that were appended without a head file.
  private static let unproven = "unproven"
  /// A log beyond this is not one that programs wrote by hand-over of a line at a time.
  static let largestBytes = 256 << 20

  /// One line that could be read.
  package struct Entry: Sendable, Equatable {
    /// Counted from 1 in the file as it is.
    package var line: Int
    package var members: [String: JSON]
  }

  /// Where the log is not what was written.
  package enum Fault: Sendable, Equatable, CustomStringConvertible {
    /// No JSON object with `sequence` and `previous`.
    case unreadable(line: Int)
    /// Does not hold the digest of the line before it, or not the next number.
    case broken(line: Int)
    /// Lines that the head file knows are missing at the end.
    case cut(lines: Int, expected: Int)
    /// The last line that the head file knows is another one.
    case changedEnd(line: Int)
    /// The head file is missing or unreadable.
    case noHead
    /// The head file was missing when this line was appended.
    case unproven(line: Int)

    package var description: String {
      switch self {
      case .unreadable(let line): "line \(line) cannot be read"
      case .broken(let line):
        "line \(line) does not follow the line before it, so one of them was changed or a line between them was removed"
      case .cut(let lines, let expected): "it has \(lines) lines where \(expected) were written"
      case .changedEnd(let line): "line \(line) is not the one that was written"
      case .noHead: "its head file is missing or unreadable, so that lines may have been cut off its end"
      case .unproven(let line):
        "its head file was missing when line \(line) was appended, so that lines may be missing before it"
      }
    }
  }

  package let path: String
  package private(set) var entries: [Entry] = []
  package private(set) var faults: [Fault] = []
  /// Of the last line as it ought to be: what the next one holds.
  private var last: (count: Int, digest: String) = (0, ChainedLog.origin)
  /// Whole lines in the file.
  private var lineCount = 0
  /// Where the last whole line ends.
  private var endOfLines = 0
  private var headIsBehind = false

  /// Reads a log and checks its chain. A file that is not there is an empty log.
  package static func read(_ path: String) throws(StorageError) -> ChainedLog {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else {
      if errno == ENOENT { return ChainedLog(path: path, bytes: []) }
      throw .system(path: path, operation: .open, code: errno)
    }
    defer { close(descriptor) }
    try requireRegular(descriptor, path)
    try lock(descriptor, LOCK_SH, path)
    return ChainedLog(path: path, bytes: try contents(of: descriptor, path))
  }

  /// Appends what `entry` makes of the log as it is, unless that is nil, and returns the log as it then is. Nobody else appends in between. The file is
  /// made where there is none. Throws with the log as it was.
  package static func append(
    to path: String, _ entry: (ChainedLog) -> [String: JSON]?
  ) throws(StorageError) -> ChainedLog {
    let descriptor = try openLocked(path)
    defer { close(descriptor) }
    var log = ChainedLog(path: path, bytes: try contents(of: descriptor, path))
    if let members = entry(log) {
      try log.append(members, to: descriptor)
    } else if log.headIsBehind {
      log.writeHead()
    }
    return log
  }

  /// Appends a line without reading those before the last one, so that a long log costs no more than a short one: where the last line is the one
  /// that the head file knows. Else as above.
  package static func append(_ members: [String: JSON], to path: String) throws(StorageError) {
    let descriptor = try openLocked(path)
    defer { close(descriptor) }
    if var log = try ChainedLog(endOf: descriptor, path: path) {
      return try log.append(members, to: descriptor)
    }
    var log = ChainedLog(path: path, bytes: try contents(of: descriptor, path))
    try log.append(members, to: descriptor)
  }

  // MARK: Reading

  /// A log that could not be read: without lines.
  package init(unreadable path: String) { self.path = path }

  /// Whole lines, and the digest of the last one.
  package var position: (lines: Int, digest: String) { (lineCount, last.digest) }

  /// A longer line than this is read with all others.
  private static let longestTail = 1 << 16

  /// What is needed to go on behind the last line; nil where that is not the line of the head file.
  private init?(endOf descriptor: Int32, path: String) throws(StorageError) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .system(path: path, operation: .inspect, code: errno) }
    let size = Int(status.st_size)
    guard let head = Head(of: path), size > 0 else { return nil }
    let start = max(0, size - ChainedLog.longestTail)
    var bytes = [UInt8](repeating: 0, count: size - start)
    guard pread(descriptor, &bytes, bytes.count, off_t(start)) == bytes.count, bytes.last == ChainedLog.lineFeed else {
      return nil
    }
    let line: [UInt8]
    if let before = bytes.dropLast().lastIndex(of: ChainedLog.lineFeed) {
      line = Array(bytes[(before + 1)..<(bytes.count - 1)])
    } else if start == 0 {
      line = Array(bytes.dropLast())
    } else {
      return nil
    }
    guard ChainedLog.digest(line) == head.digest else { return nil }
    self.path = path
    last = (head.sequence, head.digest)
    (lineCount, endOfLines) = (head.lines, size)
  }

  private static let lineFeed = UInt8(ascii: "\n")

  /// What the head file says.
  private struct Head {
    let lines: Int
    let sequence: Int
    let digest: String

    /// Nil where it is missing or unreadable.
    init?(of path: String) {
      guard let text = try? FileSystem.read(path + ChainedLog.headSuffix, limitBytes: 4096),
        let head = try? JSON.parse(text), let lines = head["lines"]?.integerValue,
        let sequence = head["sequence"]?.integerValue, let digest = head["last"]?.stringValue, lines > 0,
        (1..<Int.max - 1).contains(sequence)
      else { return nil }
      (self.lines, self.sequence, self.digest) = (lines, sequence, digest)
    }
  }

  private init(path: String, bytes: [UInt8]) {
    self.path = path
    var start = 0
    var digests: [String] = []
    while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
      let line = Array(bytes[start..<end])
      start = end + 1
      lineCount += 1
      if let members = (try? JSON.parse(line))?.objectValue, let sequence = members["sequence"]?.integerValue,
        let previous = members["previous"]?.stringValue
      {
        entries.append(Entry(line: lineCount, members: members))
        // A chain whose end was cut goes on with the digest of what was cut: the gap stays for good.
        if sequence != last.count + 1 || previous != last.digest { faults.append(.broken(line: lineCount)) }
        if members[ChainedLog.unproven] != nil { faults.append(.unproven(line: lineCount)) }
        last.count = min(max(sequence, last.count + 1), Int.max - 1)
      } else {
        faults.append(.unreadable(line: lineCount))
        last.count = min(last.count + 1, Int.max - 1)
      }
      last.digest = ChainedLog.digest(line)
      digests.append(last.digest)
    }
    endOfLines = start
    checkEnd(digests)
  }

  /// Compares the end with what the head file says of it.
  private mutating func checkEnd(_ digests: [String]) {
    guard let head = Head(of: path) else {
      // A kill between the first line and its head leaves one line without a head.
      let isThere = access(path + ChainedLog.headSuffix, F_OK) == 0
      if isThere || lineCount > 1 { faults.append(.noHead) }
      headIsBehind = !isThere && lineCount == 1
      return
    }
    let (count, sequence, digest) = (head.lines, head.sequence, head.digest)
    if lineCount < count {
      faults.append(.cut(lines: lineCount, expected: count))
      last = (sequence, digest)
    } else if digests[count - 1] != digest {
      faults.append(.changedEnd(line: count))
      if lineCount == count { last = (sequence, digest) }
    } else {
      headIsBehind = lineCount > count
    }
  }

  static func digest(_ line: [UInt8]) -> String {
    var digest = SHA256()
    digest.update(line)
    return SHA256.hexDigits(digest.finalize())
  }

  // MARK: Appending

  private mutating func append(_ members: [String: JSON], to descriptor: Int32) throws(StorageError) {
    var own = members
    own["sequence"] = .integer(Int64(last.count + 1))
    own["previous"] = .string(last.digest)
    // The head is written anew with this line: what it could not prove is kept in the line.
    if faults.contains(.noHead) { own[ChainedLog.unproven] = .bool(true) }
    let line = Array(JSON.object(own).text.utf8)
    do throws(StorageError) {
      // What a kill left of a line goes first.
      guard ftruncate(descriptor, off_t(endOfLines)) == 0, lseek(descriptor, off_t(endOfLines), SEEK_SET) >= 0 else {
        throw .system(path: path, operation: .write, code: errno)
      }
      try AtomicWrite.writeAll(line + [UInt8(ascii: "\n")], to: descriptor, path: path)
      guard fsync(descriptor) == 0 else { throw .system(path: path, operation: .flush, code: errno) }
    } catch {
      _ = ftruncate(descriptor, off_t(endOfLines))
      throw error
    }
    endOfLines += line.count + 1
    lineCount += 1
    last = (last.count + 1, ChainedLog.digest(line))
    entries.append(Entry(line: lineCount, members: own))
    writeHead()
  }

  /// The line stands in the log by now: a head that cannot be written is one behind, which the next reader sees and mends.
  private mutating func writeHead() {
    let head: JSON = [
      "lines": .integer(Int64(lineCount)), "sequence": .integer(Int64(last.count)), "last": .string(last.digest),
    ]
    if (try? AtomicWrite.write(text: head.text + "\n", to: path + ChainedLog.headSuffix)) != nil {
      headIsBehind = false
    }
  }

  // MARK: Files

  /// The log's descriptor, locked; the file is made where there is none.
  private static func openLocked(_ path: String) throws(StorageError) -> Int32 {
    for _ in 0..<100 {
      let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o644)
      guard descriptor >= 0 else { throw .system(path: path, operation: .open, code: errno) }
      do throws(StorageError) {
        try requireRegular(descriptor, path)
        try lock(descriptor, LOCK_EX, path)
      } catch {
        close(descriptor)
        throw error
      }
      // Whoever replaced the file while this one waited appends to another one.
      var (mine, there) = (stat(), stat())
      if fstat(descriptor, &mine) == 0, lstat(path, &there) == 0, mine.st_ino == there.st_ino,
        mine.st_dev == there.st_dev
      {
        return descriptor
      }
      close(descriptor)
    }
    throw .system(path: path, operation: .open, code: EAGAIN)
  }

  private static func requireRegular(_ descriptor: Int32, _ path: String) throws(StorageError) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .system(path: path, operation: .inspect, code: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notARegularFile(path: path) }
  }

  /// Half a minute is longer than any append takes; who holds it longer than that is stuck.
  private static let longestWaitMilliseconds = 30_000

  private static func lock(_ descriptor: Int32, _ kind: Int32, _ path: String) throws(StorageError) {
    for _ in 0..<longestWaitMilliseconds {
      if flock(descriptor, kind | LOCK_NB) == 0 { return }
      guard errno == EWOULDBLOCK || errno == EINTR else { throw .system(path: path, operation: .open, code: errno) }
      // Short against an append: whoever just let go asks again at once, and many must find their turn in between.
      usleep(1000)
    }
    throw .system(path: path, operation: .open, code: EWOULDBLOCK)
  }

  private static func contents(of descriptor: Int32, _ path: String) throws(StorageError) -> [UInt8] {
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Glibc.read(descriptor, &block, block.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .system(path: path, operation: .read, code: errno) }
      if count == 0 { return bytes }
      bytes += block[..<count]
      guard bytes.count <= largestBytes else {
        throw .tooLarge(path: path, bytes: bytes.count, limitBytes: largestBytes)
      }
    }
  }
}
