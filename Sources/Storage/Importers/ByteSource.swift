// The bytes of a file that is imported, as they lie there: in order with their digest, or at any place.

import Glibc
import Text

/// A regular file, or bytes that are at hand. One thread uses it.
final class ByteSource {
  private let path: String
  private let descriptor: Int32
  private let atHand: [UInt8]
  private let status: stat
  /// How many bytes it had when it was opened.
  let size: Int
  private var digest = SHA256()
  /// How far `next` has come.
  private var position = 0
  /// Gets the share of the bytes that were passed, now and then.
  var progress: ((Double) -> Void)?

  /// Throws for what is no regular file, and for one of more than `limitBytes`.
  init(path: String, limitBytes: Int) throws(StorageError) {
    self.path = path
    // Non-blocking: a pipe must not hang us before it is refused.
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .system(path: path, operation: .open, code: errno) }
    atHand = []
    var status = stat()
    let isInspected = fstat(descriptor, &status) == 0
    self.status = status
    size = Int(status.st_size)
    guard isInspected else { throw .system(path: path, operation: .inspect, code: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notARegularFile(path: path) }
    guard size <= limitBytes else { throw .tooLarge(path: path, bytes: size, limitBytes: limitBytes) }
  }

  /// `path` names the bytes in errors.
  init(_ bytes: [UInt8], path: String) {
    self.path = path
    descriptor = -1
    atHand = bytes
    status = stat()
    size = bytes.count
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// The next bytes, at most `count`; none at the end.
  func next(_ count: Int) throws(StorageError) -> [UInt8] {
    let bytes = try read(at: position, count: count)
    digest.update(bytes)
    position += bytes.count
    pass(to: position)
    return bytes
  }

  /// Says that what lies before a place was read.
  func pass(to place: Int) { if size > 0 { progress?(Double(place) / Double(size)) } }

  /// The bytes at a place, at most `count`; fewer where the file ends before.
  func read(at offset: Int, count: Int) throws(StorageError) -> [UInt8] {
    let wanted = min(count, max(0, size - offset))
    guard descriptor >= 0 else { return Array(atHand[min(offset, size)..<min(offset, size) + wanted]) }
    var failure: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, done in
      done = 0
      while done < wanted {
        let result = pread(descriptor, buffer.baseAddress! + done, wanted - done, off_t(offset + done))
        if result < 0, errno == EINTR { continue }
        if result < 0 { failure = errno }
        if result <= 0 { break }
        done += result
      }
    }
    guard failure == 0 else { throw .system(path: path, operation: .read, code: failure) }
    return bytes
  }

  /// Reads what `next` has left, and returns the SHA-256 of all bytes, in hexadecimal digits. Throws where the file has changed since it was opened.
  func finish() throws(StorageError) -> String {
    while try !next(1 << 18).isEmpty {}
    if descriptor >= 0 {
      var now = stat()
      guard fstat(descriptor, &now) == 0 else { throw .system(path: path, operation: .inspect, code: errno) }
      guard position == size, now.st_size == status.st_size, now.st_mtim.tv_sec == status.st_mtim.tv_sec,
        now.st_mtim.tv_nsec == status.st_mtim.tv_nsec
      else { throw .changed(path: path) }
    }
    return SHA256.hexDigits(digest.finalize())
  }
}
