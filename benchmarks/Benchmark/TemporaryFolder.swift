// A folder below the working directory that goes away with its owner.

import Glibc
import Storage

final class TemporaryFolder {
  let path: String

  init() throws(BenchmarkError) {
    var template = Array("./.benchmark-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw .failed(
        "cannot make a folder in the working directory: \(String(cString: strerror(errno))); start it where files may be written"
      )
    }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { TemporaryFolder.remove(path) }

  private static func remove(_ path: String) {
    guard unlink(path) != 0 else { return }
    for name in (try? FileSystem.names(inFolder: path)) ?? [] { remove(path + "/" + name) }
    rmdir(path)
  }
}
