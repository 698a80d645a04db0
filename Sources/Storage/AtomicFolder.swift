// A folder that is there as a whole or not at all.

import Glibc

/// Writing a folder of files so that a reader, or a crash at any moment, sees all of it or nothing.
package enum AtomicFolder {
  /// Writes the files into a temporary folder beside `path`, flushes them, makes them read-only, and gives the folder its name. Throws where that name is taken, and with
  /// everything that was there before unchanged.
  package static func make(_ path: String, files: [(name: String, bytes: [UInt8])]) throws(StorageError) {
    let (parent, name) = FileSystem.split(path)
    let temporary = FileSystem.join(parent, ".\(name).\(getpid())\(AtomicWrite.temporarySuffix)")
    try remove(temporary)
    guard mkdir(temporary, 0o755) == 0 else { throw .system(path: temporary, operation: .create, code: errno) }
    do throws(StorageError) {
      for file in files {
        let place = FileSystem.join(temporary, file.name)
        try AtomicWrite.write(file.bytes, to: place)
        guard chmod(place, 0o444) == 0 else { throw .system(path: place, operation: .write, code: errno) }
      }
      try AtomicWrite.flushFolder(temporary, path: path)
      // An empty folder of that name would be replaced: nothing in it is lost, but it was somebody's.
      guard access(path, F_OK) != 0 else { throw .system(path: path, operation: .create, code: EEXIST) }
      guard rename(temporary, path) == 0 else { throw .system(path: path, operation: .rename, code: errno) }
    } catch {
      try? remove(temporary)
      throw error
    }
    try AtomicWrite.flushFolder(parent, path: path)
  }

  /// Removes a folder of files with all that is in it, its name first: half of it is never seen under that name. Nothing is there: no error.
  package static func remove(_ path: String) throws(StorageError) {
    guard access(path, F_OK) == 0 else { return }
    let (parent, name) = FileSystem.split(path)
    var doomed = path
    if !name.hasSuffix(AtomicWrite.temporarySuffix) {
      doomed = FileSystem.join(parent, ".\(name).\(getpid())\(AtomicWrite.temporarySuffix)")
      guard rename(path, doomed) == 0 else { throw .system(path: path, operation: .remove, code: errno) }
    }
    for name in try FileSystem.names(inFolder: doomed) { try FileSystem.remove(FileSystem.join(doomed, name)) }
    guard rmdir(doomed) == 0 else { throw .system(path: path, operation: .remove, code: errno) }
  }

  /// Removes what processes that have ended left of folders that they did not finish, or did not finish removing.
  package static func removeLeftovers(inFolder folder: String) {
    guard let names = try? FileSystem.names(inFolder: folder) else { return }
    for name in names where AtomicWrite.isTemporary(name: name) {
      let parts = name.dropLast(AtomicWrite.temporarySuffix.count).split(separator: ".")
      guard let owner = parts.last.flatMap({ pid_t($0) }), owner > 0, kill(owner, 0) != 0, errno == ESRCH else {
        continue
      }
      let path = FileSystem.join(folder, name)
      if access(path + "/.", F_OK) == 0 { try? remove(path) }
    }
  }
}
