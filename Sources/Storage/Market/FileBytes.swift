// A file that is read in parts, or bytes that are at hand.

import Glibc

/// The bytes of a regular file, held open, so that all parts are of one file whatever takes its name meanwhile.
final class FileBytes: @unchecked Sendable {
  let path: String
  let count: Int
  /// Written once, when it is made.
  private let source: Source

  private enum Source {
    case memory([UInt8])
    case descriptor(Int32)
  }

  init(_ bytes: [UInt8], path: String) {
    (self.path, count, source) = (path, bytes.count, .memory(bytes))
  }

  init(path: String) throws(StorageError) {
    // Non-blocking: a pipe must not hang us before it is refused.
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(path: path, operation: .open, code: errno) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let code = errno
      close(descriptor)
      throw .system(path: path, operation: .inspect, code: code)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw .notARegularFile(path: path)
    }
    (self.path, count, source) = (path, Int(status.st_size), .descriptor(descriptor))
  }

  deinit { if case .descriptor(let descriptor) = source { close(descriptor) } }

  /// The bytes of a range; fewer where the file has been cut short.
  func read(_ range: Range<Int>) throws(StorageError) -> [UInt8] {
    let wanted = range.clamped(to: 0..<count)
    switch source {
    case .memory(let bytes): return Array(bytes[wanted])
    case .descriptor(let descriptor):
      guard wanted.count <= FileSystem.largestFileBytes else {
        throw .tooLarge(path: path, bytes: wanted.count, limitBytes: FileSystem.largestFileBytes)
      }
      var failure: Int32 = 0
      let bytes = [UInt8](unsafeUninitializedCapacity: wanted.count) { buffer, filled in
        while filled < wanted.count {
          let got = pread(
            descriptor, buffer.baseAddress! + filled, wanted.count - filled, off_t(wanted.lowerBound + filled))
          if got < 0 {
            if errno == EINTR { continue }
            failure = errno
          }
          guard got > 0 else { break }
          filled += got
        }
      }
      if failure != 0 { throw .system(path: path, operation: .read, code: failure) }
      return bytes
    }
  }
}
