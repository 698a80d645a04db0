// What the code under test asks of the disk, seen where it leaves the program.

import Glibc
import Synchronization

/// One request that decides what outlives a loss of power.
package enum DiskRequest: Equatable, Sendable, CustomStringConvertible {
  /// What was written to the file is brought to the disk; it has so many bytes then. Of a folder the bytes are nil.
  case flush(String, bytes: Int?)
  case rename(String, to: String)

  package var description: String {
    switch self {
    case .flush(let path, let bytes): "flush \(path)" + (bytes.map { " of \($0) bytes" } ?? "")
    case .rename(let from, let to): "rename \(from) to \(to)"
    }
  }

  package var isFlush: Bool { if case .flush = self { true } else { false } }
}

/// Listens to flushes and renames of this process: `fsync`, `fdatasync` and `renameat` below stand before those of the C library, and hand on to them. So a flush
/// that is lost from the code is missing here too, whatever the file system would have forgiven.
package enum DiskTrace {
  private static let heard = Mutex<[Int: (folder: String, requests: [DiskRequest])]>([:])

  /// What `body` asked for below a folder, in order, whichever thread did. Paths are those from the folder on. The folder must be named as the system names it.
  package static func requests<E: Error>(below folder: String, _ body: () throws(E) -> Void) throws(E) -> [DiskRequest]
  {
    let number = heard.withLock { heard in
      let number = (heard.keys.max() ?? 0) + 1
      heard[number] = (folder, [])
      return number
    }
    defer { _ = heard.withLock { $0.removeValue(forKey: number) } }
    try body()
    return heard.withLock { $0[number]?.requests ?? [] }
  }

  fileprivate static func hear(_ make: ((String) -> String?) -> DiskRequest?) {
    heard.withLock { heard in
      for number in heard.keys {
        guard let folder = heard[number]?.folder else { continue }
        let request = make { path in
          path == folder ? "." : path.hasPrefix(folder + "/") ? String(path.dropFirst(folder.utf8.count + 1)) : nil
        }
        if let request { heard[number]?.requests.append(request) }
      }
    }
  }

  fileprivate static func heardFlush(_ descriptor: Int32) {
    guard heard.withLock({ !$0.isEmpty }), let path = path(of: descriptor) else { return }
    var status = stat()
    let bytes = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
    hear { below in below(path).map { .flush($0, bytes: bytes) } }
  }

  /// nil where the descriptor is none, or of something without a path.
  fileprivate static func path(of descriptor: Int32) -> String? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = readlink("/proc/self/fd/\(descriptor)", &buffer, buffer.count)
    return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
  }

  fileprivate static func libraryFunction<Function>(_ name: String, _: Function.Type) -> Function {
    // RTLD_NEXT, which is a macro: the definition behind this program's own.
    guard let found = dlsym(UnsafeMutableRawPointer(bitPattern: -1), name) else {
      fatalError("no \(name) in the system")
    }
    return unsafeBitCast(found, to: Function.self)
  }

  fileprivate typealias Flush = @convention(c) (Int32) -> Int32
  fileprivate typealias Rename =
    @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>) -> Int32
  fileprivate static let fsync = libraryFunction("fsync", Flush.self)
  fileprivate static let fdatasync = libraryFunction("fdatasync", Flush.self)
  fileprivate static let renameat = libraryFunction("renameat", Rename.self)
}

@_cdecl("fsync")
package func heardFsync(_ descriptor: Int32) -> Int32 {
  DiskTrace.heardFlush(descriptor)
  return DiskTrace.fsync(descriptor)
}

@_cdecl("fdatasync")
package func heardFdatasync(_ descriptor: Int32) -> Int32 {
  DiskTrace.heardFlush(descriptor)
  return DiskTrace.fdatasync(descriptor)
}

@_cdecl("renameat")
package func heardRenameat(
  _ folder: Int32, _ name: UnsafePointer<CChar>, _ newFolder: Int32, _ newName: UnsafePointer<CChar>
) -> Int32 {
  let result = DiskTrace.renameat(folder, name, newFolder, newName)
  let code = errno
  if result == 0 {
    func place(_ folder: Int32, _ name: UnsafePointer<CChar>) -> String {
      let name = String(cString: name)
      guard !name.hasPrefix("/") else { return name }
      return (DiskTrace.path(of: folder) ?? DiskTrace.workingFolder) + "/" + name
    }
    let (from, to) = (place(folder, name), place(newFolder, newName))
    DiskTrace.hear { below in
      guard let from = below(from), let to = below(to) else { return nil }
      return .rename(from, to: to)
    }
  }
  errno = code
  return result
}

extension DiskTrace {
  fileprivate static var workingFolder: String {
    guard let folder = getcwd(nil, 0) else { return "" }
    defer { free(folder) }
    return String(cString: folder)
  }
}
