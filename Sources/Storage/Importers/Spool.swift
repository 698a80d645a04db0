// Columns that are set aside on the disk while others are worked on.

import Glibc
import Text

/// A temporary file beside what an import writes. It has no name, so that nothing of it is left whatever happens; it is made when it is first needed.
/// What is set aside is written past the system's cache where that is possible, and read back likewise. One thread uses it.
final class Spool {
  /// So many bytes of bars stay in memory.
  static let budgetBytes = 16 << 20

  let budgetBytes: Int
  private let folder: String
  private var file: Opened?
  /// How long the file has become.
  private(set) var byteCount = 0
  /// Parts of the file that nothing lies in any more, in its order, apart.
  private var unused: [Range<Int>] = []
  /// Bytes of series that stay in memory for good.
  private var keptBytes = 0

  private struct Opened {
    var descriptor: Int32
    var output: ColumnOutput
    /// Negative where nothing is read past the cache.
    var direct: Int32
    var block: UnsafeMutableRawPointer
  }

  private static let blockBytes = 1 << 20
  /// Fewer bytes are read through the system's cache.
  private static let smallBytes = 1 << 16

  /// `folder`: where there is room for about twice as much as the import writes, and twice more where it revises what a store holds.
  init(folder: String, budgetBytes: Int = Spool.budgetBytes) {
    (self.folder, self.budgetBytes) = (folder, budgetBytes)
  }

  deinit {
    guard let file else { return }
    close(file.descriptor)
    if file.direct >= 0 { close(file.direct) }
    file.block.deallocate()
  }

  /// Whether so many more bytes may stay in memory.
  func hasRoom(_ bytes: Int) -> Bool { keptBytes + bytes <= budgetBytes }

  /// The same; they are counted then.
  func keeps(_ bytes: Int) -> Bool {
    guard hasRoom(bytes) else { return false }
    keptBytes += bytes
    return true
  }

  /// Says that such bytes no longer stay.
  func release(_ bytes: Int) { keptBytes -= bytes }

  // MARK: Chains

  /// So many bytes of chains stay in memory, rows and sessions together: those of a million lines of two contracts, which so cost no way to the disk and back.
  private var chainBudgetBytes: Int { 11 * budgetBytes }
  private var keptChainBytes = 0
  /// Bytes of rows that are in memory while their sessions are made of them.
  var rowBytes = 0

  /// So many bytes of rows may be in memory beside the sessions that stay there.
  var rowBudgetBytes: Int { max(0, chainBudgetBytes - keptChainBytes) }

  /// Whether so many more bytes of a session may stay in memory; they are counted then.
  func keepsSession(_ bytes: Int) -> Bool {
    guard rowBytes + keptChainBytes + bytes <= chainBudgetBytes else { return false }
    keptChainBytes += bytes
    return true
  }

  /// Says that such bytes no longer stay.
  func releaseSession(_ bytes: Int) { keptChainBytes -= bytes }

  // MARK: Blocks

  /// A part of the file of its own, until nobody holds it any more. It stays on this spool.
  final class Block {
    private let spool: Spool
    private let place: Range<Int>
    /// Where the columns lie that were set aside, in their order.
    private(set) var columns: [Range<Int>] = []

    fileprivate init(_ spool: Spool, _ place: Range<Int>) { (self.spool, self.place) = (spool, place) }

    deinit { spool.giveBack(place) }

    /// Sets a column aside behind those that are there. Traps beyond the room that was asked for.
    func append<Element>(_ values: ArraySlice<Element>) throws(StorageError) {
      let start = columns.last?.upperBound ?? place.lowerBound
      let column = start..<start + values.count * MemoryLayout<Element>.stride
      precondition(column.upperBound <= place.upperBound, "a block of \(place.count) bytes is full")
      try spool.write(values, at: start)
      columns.append(column)
    }
  }

  /// Room for so many bytes.
  func block(bytes: Int) -> Block { Block(self, room(bytes)) }

  private func room(_ bytes: Int) -> Range<Int> {
    if let index = unused.firstIndex(where: { $0.count >= bytes }) {
      let (start, end) = (unused[index].lowerBound, unused[index].upperBound)
      if start + bytes < end { unused[index] = start + bytes..<end } else { unused.remove(at: index) }
      return start..<start + bytes
    }
    defer { byteCount += bytes }
    return byteCount..<byteCount + bytes
  }

  private func giveBack(_ place: Range<Int>) {
    if place.isEmpty { return }
    let next = unused.firstPlace { $0.lowerBound >= place.lowerBound }
    var whole = place
    if next < unused.count, unused[next].lowerBound == whole.upperBound {
      whole = whole.lowerBound..<unused.remove(at: next).upperBound
    }
    if next > 0, unused[next - 1].upperBound == whole.lowerBound {
      unused[next - 1] = unused[next - 1].lowerBound..<whole.upperBound
    } else {
      unused.insert(whole, at: next)
    }
  }

  private func write<Element>(_ values: ArraySlice<Element>, at place: Int) throws(StorageError) {
    let file = try opened()
    let result = values.withUnsafeBytes { bytes in
      Result { () throws(StorageError) in try file.output.write(bytes, at: place) }
    }
    try result.get()
  }

  /// The numbers of several places of blocks that are held, behind each other, and some more behind them.
  func read<Element>(_ places: [Range<Int>], and tail: [Element] = []) throws(StorageError) -> [Element] {
    let stride = MemoryLayout<Element>.stride
    let count = places.reduce(0) { $0 + $1.count } / stride
    guard count > 0 else { return tail }
    let file = try opened()
    try file.output.finish()
    var failure: StorageError?
    let values = [Element](unsafeUninitializedCapacity: count + tail.count) { buffer, filled in
      guard var target = UnsafeMutableRawPointer(buffer.baseAddress) else { return }
      do throws(StorageError) {
        for place in places {
          try read(file, place, to: target)
          target += place.count
        }
        tail.withUnsafeBytes { if let base = $0.baseAddress { target.copyMemory(from: base, byteCount: $0.count) } }
        filled = count + tail.count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return values
  }

  /// `O_TMPFILE`, which is not imported: a file that never has a name, so that nothing is left whenever its process dies. Not every file system knows it.
  private static let unnamedFile = O_DIRECTORY | 0o20_000_000

  private func opened() throws(StorageError) -> Opened {
    if let file { return file }
    var descriptor = open(folder, O_RDWR | O_CLOEXEC | Spool.unnamedFile, 0o600)
    if descriptor < 0, [EOPNOTSUPP, EISDIR, EINVAL].contains(errno) {
      var template = Array(FileSystem.join(folder, ".strikeforge-import-XXXXXX").utf8CString)
      descriptor = mkstemp(&template)
      guard descriptor >= 0 else { throw problem(.create) }
      unlink(template)
      _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }
    guard descriptor >= 0 else { throw problem(.create) }
    let made = Opened(
      descriptor: descriptor, output: ColumnOutput(descriptor, path: folder),
      direct: UncachedAccess.open(descriptor, O_RDONLY),
      block: .allocate(byteCount: Spool.blockBytes, alignment: UncachedAccess.sector))
    file = made
    return made
  }

  private func problem(_ operation: StorageError.FileOperation, code: Int32 = errno) -> StorageError {
    .system(path: folder, operation: operation, code: code)
  }

  private func read(_ file: Opened, _ place: Range<Int>, to target: UnsafeMutableRawPointer) throws(StorageError) {
    var done = 0
    let sector = UncachedAccess.sector
    var isDirect = file.direct >= 0 && place.count >= Spool.smallBytes
    while done < place.count {
      let position = place.lowerBound + done
      guard isDirect else {
        let got = pread(file.descriptor, target + done, place.count - done, off_t(position))
        if got < 0, errno == EINTR { continue }
        guard got > 0 else { throw problem(.read, code: got < 0 ? errno : EIO) }
        done += got
        continue
      }
      let start = position - position % sector
      let wanted = min(Spool.blockBytes, (place.upperBound - start + sector - 1) / sector * sector)
      let got = pread(file.direct, file.block, wanted, off_t(start))
      if got < 0, errno == EINTR { continue }
      let usable = min(got, place.upperBound - start) - (position - start)
      guard usable > 0 else {
        isDirect = false
        continue
      }
      (target + done).copyMemory(from: file.block + (position - start), byteCount: usable)
      done += usable
    }
  }
}
