// One process at a time: a lock that ends with its holder, however that ends.

import Glibc
import Text

/// A lock of the kernel on a file. It is nobody's who has ended, whatever the file says and however old it is; and a living holder's never
/// anybody else's. The file stays: what it holds are the holder's words, for others to read.
package final class ProcessLock {
  package let path: String
  private let descriptor: Int32

  private init(path: String, descriptor: Int32) {
    self.path = path
    self.descriptor = descriptor
  }

  deinit {
    // Given back by name: closing alone would leave it with a child that another thread is just starting.
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }

  /// Takes the lock, waiting at most so long; nil where another holds it still. The file is made where there is none. words: what others are told of
  /// the holder.
  package static func take(_ path: String, words: String, waitingMilliseconds: Int = 0) throws(StorageError)
    -> ProcessLock?
  {
    var left = waitingMilliseconds
    while true {
      let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
      guard descriptor >= 0 else { throw .system(path: path, operation: .open, code: errno) }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
        // Whoever replaced the file meanwhile holds another one.
        var (mine, there) = (stat(), stat())
        if fstat(descriptor, &mine) == 0, lstat(path, &there) == 0, mine.st_ino == there.st_ino,
          mine.st_dev == there.st_dev
        {
          let lock = ProcessLock(path: path, descriptor: descriptor)
          guard ftruncate(descriptor, 0) == 0 else { throw .system(path: path, operation: .write, code: errno) }
          try AtomicWrite.writeAll(Array((words + "\n").utf8), to: descriptor, path: path)
          return lock
        }
        close(descriptor)
        continue
      }
      let code = errno
      close(descriptor)
      guard code == EWOULDBLOCK || code == EINTR else { throw .system(path: path, operation: .open, code: code) }
      guard left > 0 else { return nil }
      usleep(10_000)
      left -= 10
    }
  }

  /// What the last holder said of itself; nil where nothing can be read.
  package static func words(of path: String) -> String? {
    guard let bytes = try? FileSystem.read(path, limitBytes: 4096) else { return nil }
    return PrintableText.of(String(decoding: bytes, as: UTF8.self).split(separator: "\n").first.map(String.init) ?? "")
  }
}
