// A folder of its own for a test.

import Glibc

/// A folder that goes away, with all that lies in it, when its last user does.
package final class TemporaryFolder: Sendable {
  package let path: String

  package init() throws {
    var template = Array("/tmp/strikeforge-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SystemError(action: "make a temporary folder", code: errno) }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { TemporaryFolder.remove(path) }

  /// The path of something in the folder.
  package func place(_ name: String) -> String { path + "/" + name }

  package func write(_ bytes: [UInt8], to name: String) throws {
    let descriptor = open(place(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw SystemError(action: "open \(place(name))", code: errno) }
    defer { close(descriptor) }
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      guard written > 0 else { throw SystemError(action: "write \(place(name))", code: errno) }
      rest = rest.dropFirst(written)
    }
  }

  package func write(_ text: String, to name: String) throws { try write(Array(text.utf8), to: name) }

  package func bytes(_ name: String) throws -> [UInt8] {
    let descriptor = open(place(name), O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemError(action: "open \(place(name))", code: errno) }
    defer { close(descriptor) }
    var content: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Glibc.read(descriptor, &block, block.count)
      guard count >= 0 else { throw SystemError(action: "read \(place(name))", code: errno) }
      if count == 0 { return content }
      content += block[..<count]
    }
  }

  package func read(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }

  package func exists(_ name: String) -> Bool { access(place(name), F_OK) == 0 }

  /// The names in a folder below this one, sorted; none where it does not exist.
  package func names(in name: String = ".") -> [String] { TemporaryFolder.names(place(name)) }

  /// Removes a file or folder below this one.
  package func remove(_ name: String) { TemporaryFolder.remove(place(name)) }

  package static func names(_ path: String) -> [String] {
    guard let stream = opendir(path) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: Int(entry.pointee.d_reclen)) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  private static func remove(_ path: String) {
    guard unlink(path) != 0 else { return }
    for name in names(path) { remove(path + "/" + name) }
    rmdir(path)
  }
}

/// Runs `body` with the path of a new folder that is removed afterwards.
package func withScratchFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let folder = try TemporaryFolder()
  return try withExtendedLifetime(folder) { try body(folder.path) }
}

/// What the operating system refused to a test.
package struct SystemError: Error, CustomStringConvertible {
  package let action: String
  package let code: Int32

  package init(action: String, code: Int32) {
    self.action = action
    self.code = code
  }

  package var description: String { "cannot \(action): " + String(cString: strerror(code)) }
}
