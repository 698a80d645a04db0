// Large files past the system's cache: a copy less, no fresh pages to be found, and none that displaces what others need.

import Glibc

/// What direct reading and writing ask of a file and of memory.
enum UncachedAccess {
  /// Direct access begins and ends at multiples of this, in the file and in memory.
  static let sector = 4096

  /// O_DIRECT, which the module of C's library does not show; its value is the processor's.
  #if arch(x86_64)
    private static let withoutCache: Int32 = 0o40000
  #else
    private static let withoutCache: Int32 = 0
  #endif

  /// A second descriptor of an open file, whatever its name may mean by now, for direct access; negative where the file system knows none.
  static func open(_ descriptor: Int32, _ flags: Int32) -> Int32 {
    Glibc.open("/proc/self/fd/\(descriptor)", flags | O_CLOEXEC | withoutCache)
  }
}

/// Writes the large columns of a file that is flushed at its end. What comes behind each other is written together, block by block, past the system's cache
/// where the file system allows that; what does not fill a sector, and everything elsewhere, through it. The bytes are the same either way. One thread uses
/// it; `finish` writes what is left.
final class ColumnOutput {
  private static let blockBytes = 1 << 20

  private let path: String
  private let descriptor: Int32
  /// Negative where nothing goes past the cache.
  private var direct: Int32
  private let block: UnsafeMutableRawPointer
  /// Where in the file the block lies: at a sector's beginning.
  private var start = 0
  /// The bytes of the block that wait to be written.
  private var held = 0..<0

  /// A file that is open for writing. `isDirect` false: through the system's cache, as where the file system knows nothing else.
  init(_ descriptor: Int32, path: String, isDirect: Bool = true) {
    self.path = path
    self.descriptor = descriptor
    direct = isDirect ? UncachedAccess.open(descriptor, O_WRONLY) : -1
    block = .allocate(byteCount: ColumnOutput.blockBytes, alignment: UncachedAccess.sector)
  }

  deinit {
    block.deallocate()
    if direct >= 0 { close(direct) }
  }

  /// The bytes of numbers as they lie in memory.
  func write<Element>(_ values: [Element], at place: Int) throws(StorageError) {
    let result = values.withUnsafeBytes { (bytes) -> Result<Void, StorageError> in
      Result { () throws(StorageError) in try write(bytes, at: place) }
    }
    try result.get()
  }

  /// Takes bytes that belong at a place of the file. They may be written later.
  func write(_ bytes: UnsafeRawBufferPointer, at place: Int) throws(StorageError) {
    guard let base = bytes.baseAddress else { return }
    if place != start + held.upperBound || held.isEmpty {
      try finish()
      start = place - place % UncachedAccess.sector
      held = place - start..<place - start
    }
    var done = 0
    while done < bytes.count {
      let count = min(bytes.count - done, ColumnOutput.blockBytes - held.upperBound)
      (block + held.upperBound).copyMemory(from: base + done, byteCount: count)
      held = held.lowerBound..<held.upperBound + count
      done += count
      if held.upperBound == ColumnOutput.blockBytes {
        try finish()
        start += ColumnOutput.blockBytes
      }
    }
  }

  /// Writes what is left.
  func finish() throws(StorageError) {
    defer { held = 0..<0 }
    guard !held.isEmpty else { return }
    let sector = UncachedAccess.sector
    let first = (held.lowerBound + sector - 1) / sector * sector
    let last = held.upperBound / sector * sector
    guard direct >= 0, first < last else { return try writeCached(held) }
    try writeCached(held.lowerBound..<first)
    try writeCached(try writeDirect(first..<last)..<last)
    try writeCached(last..<held.upperBound)
  }

  private func writeCached(_ part: Range<Int>) throws(StorageError) {
    guard !part.isEmpty else { return }
    try AtomicWrite.writeAll(
      UnsafeRawBufferPointer(start: block + part.lowerBound, count: part.count), to: descriptor,
      at: start + part.lowerBound, path: path)
  }

  /// Writes whole sectors of the block, and returns the end of what was written: less where the file system takes no more like this.
  private func writeDirect(_ part: Range<Int>) throws(StorageError) -> Int {
    var done = part.lowerBound
    while done < part.upperBound, done % UncachedAccess.sector == 0 {
      let written = pwrite(direct, block + done, part.upperBound - done, off_t(start + done))
      if written < 0, errno == EINTR { continue }
      if written < 0, errno != EINVAL, errno != EOPNOTSUPP {
        throw .system(path: path, operation: .write, code: errno)
      }
      guard written > 0 else {
        close(direct)
        direct = -1
        break
      }
      done += written
    }
    return done
  }
}
