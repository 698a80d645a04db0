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
    try values(in: range.clamped(to: 0..<count), as: UInt8.self)
  }

  /// The numbers whose bytes a range of the file holds, read straight to where they stay. Nothing is mapped: a file that is cut short while it is
  /// mapped ends the process. Traps where the range does not hold whole numbers.
  func numbers<Element: BitwiseCopyable>(in range: Range<Int>, as _: Element.Type) throws(StorageError) -> [Element] {
    let numbers = try values(in: range, as: Element.self)
    guard numbers.count * MemoryLayout<Element>.stride == range.count else {
      throw .wrongSize(
        path: path, expectedBytes: count, foundBytes: range.lowerBound + numbers.count * MemoryLayout<Element>.stride)
    }
    return numbers
  }

  /// As many whole values as come.
  private func values<Element: BitwiseCopyable>(
    in wanted: Range<Int>, as _: Element.Type
  ) throws(StorageError) -> [Element] {
    let stride = MemoryLayout<Element>.stride
    precondition(wanted.count % stride == 0, "\(wanted.count) bytes of values of \(stride)")
    guard wanted.count <= FileSystem.largestFileBytes else {
      throw .tooLarge(path: path, bytes: wanted.count, limitBytes: FileSystem.largestFileBytes)
    }
    var failure: Int32 = 0
    let values = [Element](unsafeUninitializedCapacity: wanted.count / stride) { buffer, filled in
      filled = fill(UnsafeMutableRawBufferPointer(buffer), from: wanted, &failure) / stride
    }
    if failure != 0 { throw .system(path: path, operation: .read, code: failure) }
    return values
  }

  /// Returns how many bytes came.
  private func fill(_ buffer: UnsafeMutableRawBufferPointer, from wanted: Range<Int>, _ failure: inout Int32) -> Int {
    switch source {
    case .memory(let bytes):
      let there = wanted.clamped(to: 0..<bytes.count)
      UnsafeMutableRawBufferPointer(rebasing: buffer[..<there.count]).copyBytes(from: bytes[there])
      return there.count
    case .descriptor(let descriptor):
      var filled = 0
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
      return filled
    }
  }
}
