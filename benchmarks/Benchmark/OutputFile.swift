// The file that the JSON goes to.

import Glibc

/// Opened before measuring, written after it: what was in the file stays until then.
struct OutputFile {
  private let path: String
  private let descriptor: Int32

  init(_ path: String) throws(BenchmarkError) {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw OutputFile.failure(path) }
  }

  func write(_ text: String) throws(BenchmarkError) {
    guard ftruncate(descriptor, 0) == 0 || errno == EINVAL else { throw OutputFile.failure(path) }
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { throw OutputFile.failure(path) }
      rest = rest.dropFirst(count)
    }
    guard close(descriptor) == 0 else { throw OutputFile.failure(path) }
  }

  private static func failure(_ path: String) -> BenchmarkError {
    .failed("cannot write \(path): \(String(cString: strerror(errno))); name a file in a folder that can be written")
  }
}
