// What the user names to be written: what it may replace, and where it really lies.

import Glibc

/// A kind of file that a program writes where it is told to. An existing file is replaced by one of its own kind alone: whoever mistypes a name loses
/// nothing.
package struct OutputKind: Sendable {
  /// For example `a market store`.
  package let words: String
  /// Whether a file that begins with these bytes, at most `OutputKind.lookedAt` of them, is of this kind.
  package let isBeginning: @Sendable ([UInt8]) -> Bool

  /// How many of a file's first bytes are looked at.
  package static let lookedAt = 1 << 16

  package init(_ words: String, isBeginning: @escaping @Sendable ([UInt8]) -> Bool) {
    self.words = words
    self.isBeginning = isBeginning
  }

  package static let marketStore = OutputKind("a market store") { SealedFile.kind(of: $0) == .marketStore }

  package static let page = OutputKind("a page") { $0.starts(with: "<!DOCTYPE html>".utf8) }

  package static let volatilityHistory = OutputKind("a history of implied volatility") {
    SealedFile.kind(of: $0) == .volatilityHistory
  }

  package static let fittedSurfaces = OutputKind("fitted surfaces") { SealedFile.kind(of: $0) == .fittedSurfaces }

  package static let bars = OutputKind("a table of bars") { bytes in
    [BarLayout.plain, .synthetic].contains { layout in
      bytes.starts(with: layout.columns.joined(separator: ",").utf8)
    }
  }

  package static let syntheticChain = OutputKind("a table of made-up quotes") {
    $0.starts(with: SyntheticChainWriter.header.utf8)
  }
}

extension AtomicWrite {
  /// Throws where `write(_:to:replacing:)` of this kind would, as far as that can be told before anything is done for it: what lies there is of another
  /// kind, a folder, a pipe or a device; the name leads to something that is open already; it is one of the files that are read.
  package static func require(
    _ path: String, replacing kind: OutputKind, inputs: [String] = []
  ) throws(StorageError) {
    let target = try FileSystem.target(of: path)
    var status = stat()
    guard stat(target, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notARegularFile(path: path) }
    func isSame(_ other: stat) -> Bool { other.st_dev == status.st_dev && other.st_ino == status.st_ino }
    for input in inputs {
      var other = stat()
      if stat(input, &other) == 0, isSame(other) { throw .output(path: path, .input(input)) }
    }
    for stream in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] {
      var other = stat()
      if fstat(stream, &other) == 0, isSame(other) { throw .output(path: path, .isOpen) }
    }
    // Made for us by somebody who wanted a name that nobody else has.
    guard status.st_size > 0 else { return }
    let beginning = try FileSystem.beginning(of: target, bytes: OutputKind.lookedAt).bytes
    guard kind.isBeginning(beginning) else {
      throw .output(
        path: path,
        .otherKind(
          expected: kind.words,
          found: SealedFile.kind(of: beginning)?.words ?? "begins with " + SealedFile.beginning(of: beginning)))
    }
  }

  /// The same as `write(_:to:)` for a file that the user named: see `require`.
  package static func write(
    _ bytes: [UInt8], to path: String, replacing kind: OutputKind
  ) throws(StorageError) {
    try require(path, replacing: kind)
    try write(bytes, to: path)
  }

  /// The same for what `fill` writes to a descriptor.
  static func write(
    to path: String, replacing kind: OutputKind, _ fill: (Int32) throws(StorageError) -> Void
  ) throws(StorageError) {
    try require(path, replacing: kind)
    try write(to: path, in: nil, fill)
  }

  /// The same for text, as UTF-8.
  package static func write(text: String, to path: String, replacing kind: OutputKind) throws(StorageError) {
    try write(Array(text.utf8), to: path, replacing: kind)
  }
}

/// Why nothing is written where the user said, behind its name. Each sentence says what to do.
package enum OutputProblem: Equatable, Sendable, CustomStringConvertible {
  /// `/dev/stdout`, or a file that a standard stream leads to.
  case isOpen
  /// It is what this input is.
  case input(String)
  case otherKind(expected: String, found: String)

  package var description: String {
    switch self {
    case .isOpen: "is one of the streams that the program was started with, which no file can replace; name a file"
    case .input(let path):
      "is " + (path.isEmpty ? "read" : "'\(path)', which is read") + ", and is not written over; name another file"
    case .otherKind(let expected, let found):
      "exists and is not \(expected), but \(found); it is not replaced: name another file, or remove it first"
    }
  }
}

extension FileSystem {
  private static let mostLinks = 40

  /// Where a file that is written under that name really lies: what links lead to, which need not exist. Links of `/proc` stand for what is open,
  /// and are refused: a new file would take the place of a device's name.
  static func target(of path: String) throws(StorageError) -> String {
    var target = path
    for _ in 0..<mostLinks {
      var status = stat()
      guard lstat(target, &status) == 0, status.st_mode & S_IFMT == S_IFLNK else { return target }
      var processes = stat()
      if stat("/proc", &processes) == 0, processes.st_dev == status.st_dev { throw .output(path: path, .isOpen) }
      let bytes = [UInt8](unsafeUninitializedCapacity: Int(PATH_MAX)) { buffer, count in
        count = max(0, buffer.withMemoryRebound(to: CChar.self) { readlink(target, $0.baseAddress!, $0.count) })
      }
      guard !bytes.isEmpty, let next = String(validating: bytes, as: UTF8.self) else {
        throw .system(path: path, operation: .inspect, code: EILSEQ)
      }
      target = next.hasPrefix("/") ? next : join(split(target).folder, next)
    }
    throw .system(path: path, operation: .open, code: ELOOP)
  }

  /// The first bytes of a regular file, at most `bytes`, and how many it has.
  static func beginning(
    of path: String, bytes count: Int, in folder: HeldFolder? = nil
  ) throws(StorageError) -> (bytes: [UInt8], size: Int) {
    // Non-blocking: a pipe must not hang us before it is refused.
    let descriptor = FilePlace(path, in: folder).open(O_RDONLY | O_NONBLOCK)
    guard descriptor >= 0 else { throw .system(path: path, operation: .open, code: errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .system(path: path, operation: .inspect, code: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notARegularFile(path: path) }
    var bytes = [UInt8](repeating: 0, count: min(count, Int(status.st_size)))
    var done = 0
    while done < bytes.count {
      let result = bytes.withUnsafeMutableBytes {
        pread(descriptor, $0.baseAddress! + done, $0.count - done, off_t(done))
      }
      if result < 0, errno == EINTR { continue }
      guard result >= 0 else { throw .system(path: path, operation: .read, code: errno) }
      if result == 0 { break }
      done += result
    }
    return (Array(bytes[..<done]), Int(status.st_size))
  }
}
