// A file that a run appends to, row by row, and cuts back to a checkpoint when it is resumed.

private import Glibc
internal import Storage

/// An append-only file. What was appended is with the system at once, so that a killed process loses no whole row.
final class LogFile {
  let path: String
  private let descriptor: Int32

  /// Opens the file, empty unless it `continues`; makes it where it does not exist.
  /// `folder`: the held one that the path leads into.
  init(path: String, in folder: HeldFolder? = nil, continues: Bool) throws(TrainingError) {
    self.path = path
    let flags = continues ? O_RDWR | O_CREAT : O_RDWR | O_CREAT | O_TRUNC
    descriptor = folder?.open(FileSystem.split(path).name, flags) ?? open(path, flags | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw LogFile.failure(path, .open) }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Writes all bytes at the end. Throws what the system says: a full disk, a file-size limit, a vanished device.
  func append(_ bytes: [UInt8]) throws(TrainingError) {
    do {
      try AtomicWrite.writeAll(bytes, to: descriptor, path: path)
    } catch {
      throw .storage(error)
    }
  }

  func append(_ text: String) throws(TrainingError) { try append(Array(text.utf8)) }

  /// Brings what was appended to the disk, so that no checkpoint is ahead of its log.
  func flush() throws(TrainingError) {
    // Not every file system can (EINVAL, for example of a pipe); the rows are written all the same.
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw LogFile.failure(path, .flush) }
  }

  /// All bytes from the file's beginning.
  func content() throws(TrainingError) -> [UInt8] {
    guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw LogFile.failure(path, .read) }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(descriptor, &block, block.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw LogFile.failure(path, .read) }
      if count == 0 { return bytes }
      bytes.append(contentsOf: block[0..<count])
    }
  }

  /// Cuts the file to its first `length` bytes and goes on behind them.
  func truncate(to length: Int) throws(TrainingError) {
    guard ftruncate(descriptor, off_t(length)) == 0, lseek(descriptor, off_t(length), SEEK_SET) == off_t(length) else {
      throw LogFile.failure(path, .write)
    }
  }

  private static func failure(_ path: String, _ operation: StorageError.FileOperation) -> TrainingError {
    .storage(.system(path: path, operation: operation, code: errno))
  }
}
