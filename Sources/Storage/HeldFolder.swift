// A folder that is held open, so that what is made, read and removed in it stays in it, wherever its path leads by then.

import Glibc

/// An open folder. Files in it are reached through its descriptor; its path is for people, and for asking whether it still leads here.
package final class HeldFolder: Sendable {
  package let path: String
  let descriptor: Int32

  /// Opens a folder that exists.
  package init(_ path: String) throws(StorageError) {
    self.path = path
    descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(path: path, operation: .open, code: errno) }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// The path of a file in it, for sentences.
  package func file(_ name: String) -> String { FileSystem.join(path, name) }

  /// Opens a file in it; `flags` and what comes back as in `open`.
  package func open(_ name: String, _ flags: Int32) -> Int32 { openat(descriptor, name, flags | O_CLOEXEC, 0o644) }

  // MARK: What its path means by now

  /// Where the path of a held folder leads.
  package enum Whereabouts: Equatable, Sendable {
    /// To the folder that is held.
    case here
    /// Elsewhere, or nowhere; the held one lies at `path` now, or nobody can say where.
    case moved(to: String?)
    /// The held folder was removed.
    case removed
  }

  /// Compares device and inode of the held folder with those of its path.
  package var whereabouts: Whereabouts {
    get throws(StorageError) {
      let held = try Identity(descriptor, path: path)
      if try Identity(path) == held { return .here }
      guard let place = HeldFolder.place(of: descriptor) else { return held.isRemoved ? .removed : .moved(to: nil) }
      if try Identity(place) == held { return .moved(to: place) }
      return held.isRemoved || place.hasSuffix(" (deleted)") ? .removed : .moved(to: nil)
    }
  }

  /// Whether a file of that name in it is the one that is open as `opened`.
  package func holds(_ name: String, as opened: Int32) throws(StorageError) -> Bool {
    var status = stat()
    guard fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
      if errno == ENOENT { return false }
      throw .system(path: file(name), operation: .inspect, code: errno)
    }
    return try Identity(status) == Identity(opened, path: file(name))
  }

  /// Where the system says that an open file lies; nil where it does not say.
  private static func place(of descriptor: Int32) -> String? {
    var link = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = link.withUnsafeMutableBytes { bytes in
      readlink("/proc/self/fd/\(descriptor)", bytes.assumingMemoryBound(to: CChar.self).baseAddress!, bytes.count)
    }
    return count > 0 ? String(validating: link.prefix(count), as: UTF8.self) : nil
  }

  /// What makes a file the same file.
  private struct Identity: Equatable {
    let device: dev_t
    let inode: ino_t
    /// Whether no name leads to it any more.
    let isRemoved: Bool

    init(_ status: stat) {
      (device, inode, isRemoved) = (status.st_dev, status.st_ino, status.st_nlink == 0)
    }

    static func == (one: Identity, other: Identity) -> Bool {
      one.device == other.device && one.inode == other.inode
    }

    init(_ descriptor: Int32, path: String) throws(StorageError) {
      var status = stat()
      guard fstat(descriptor, &status) == 0 else { throw .system(path: path, operation: .inspect, code: errno) }
      self.init(status)
    }

    /// Nil where nothing is there.
    init?(_ path: String) throws(StorageError) {
      var status = stat()
      guard stat(path, &status) == 0 else {
        if [ENOENT, ENOTDIR, ELOOP].contains(errno) { return nil }
        throw .system(path: path, operation: .inspect, code: errno)
      }
      self.init(status)
    }
  }
}

/// A file as the system is told of it: by its path, or by its name in a held folder.
struct FilePlace {
  let folder: Int32
  let name: String
  /// For sentences.
  let path: String

  /// `path` leads into `folder`, where that is held.
  init(_ path: String, in folder: HeldFolder?) {
    self.path = path
    (self.folder, name) = folder.map { ($0.descriptor, FileSystem.split(path).name) } ?? (AT_FDCWD, path)
  }

  func open(_ flags: Int32) -> Int32 { openat(folder, name, flags | O_CLOEXEC, 0o644) }

  func rename(to other: FilePlace) throws(StorageError) {
    guard renameat(folder, name, other.folder, other.name) == 0 else {
      throw .system(path: other.path, operation: .rename, code: errno)
    }
  }

  /// Where that fails, nothing is said: it was a leftover.
  func remove() { unlinkat(folder, name, 0) }

  /// The same file for a library that takes nothing but paths. Where the system shows no open files as paths, its own.
  var pathForLibraries: String {
    let held = "/proc/self/fd/\(folder)"
    return folder != AT_FDCWD && access(held, F_OK) == 0 ? held + "/" + name : path
  }
}
