// A file is either the old one or the new one, never half of either.

import Glibc
import Synchronization
import Text

/// Writing a whole file so that a reader, or a crash at any moment, sees the old bytes or the new ones.
package enum AtomicWrite {
  /// The ending that marks a file as not yet finished. Readers never take such a file for anything.
  package static let temporarySuffix = ".unfinished"

  private static let counter = Atomic<Int>(0)
  /// Held while a temporary is made and locked, and while leftovers are looked for: in between a new one would look like a leftover.
  private static let making = Mutex<Void>(())

  /// Writes bytes beside `path`, flushes them to the disk, renames them into place and flushes the folder.
  ///
  /// Throws with everything that was there before unchanged. An existing target must be a regular file; where the name is a link, the file that it
  /// leads to is written, and the link stays. `folder`: the held one that `path` leads into; whatever the path means by then, nothing outside of it
  /// is touched.
  package static func write(_ bytes: [UInt8], to path: String, in folder: HeldFolder? = nil) throws(StorageError) {
    try write(to: path, in: folder) { (descriptor) throws(StorageError) in
      try writeAll(bytes, to: descriptor, path: path)
    }
  }

  /// The same for text, as UTF-8.
  package static func write(text: String, to path: String, in folder: HeldFolder? = nil) throws(StorageError) {
    try write(Array(text.utf8), to: path, in: folder)
  }

  /// Removes what writers that no longer live left in a folder: all of it, or the temporaries of one file. Those of living processes stay.
  ///
  /// A leftover is never read in any case, so a folder that cannot be listed or cleaned is not an error here.
  package static func removeLeftovers(
    inFolder folder: String, ofFileNamed target: String? = nil, held: HeldFolder? = nil
  ) {
    guard let names = try? FileSystem.names(inFolder: folder, held: held) else { return }
    for name in names {
      guard let owner = ownerOfTemporary(named: name) else { continue }
      if let target, !name.hasPrefix(".\(stem(of: target)).\(owner).") { continue }
      // Our own number may be that of an earlier process: the first program of a container has the same one every time.
      guard owner == getpid() || (kill(owner, 0) != 0 && errno == ESRCH) else { continue }
      let place = FilePlace(FileSystem.join(folder, name), in: held)
      making.withLock { _ in
        let descriptor = place.open(O_WRONLY | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return }
        // A writer holds the lock for as long as it lives, also one in another process namespace, whose number means nothing here.
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { place.remove() }
        close(descriptor)
      }
    }
  }

  /// Whether a file name is that of a temporary.
  package static func isTemporary(name: String) -> Bool { name.hasPrefix(".") && name.hasSuffix(temporarySuffix) }

  /// The process that made a temporary `.name.<process>.<n>.unfinished`, or nil for any other name.
  static func ownerOfTemporary(named name: String) -> pid_t? {
    guard isTemporary(name: name) else { return nil }
    let parts = name.dropLast(temporarySuffix.count).split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count >= 4, parts[parts.count - 1].utf8.allSatisfy({ (48...57).contains($0) }),
      let owner = pid_t(parts[parts.count - 2]), owner > 0
    else { return nil }
    return owner
  }

  /// What a file's temporary is called by: its name, or where that is so long that nothing could be added, a digest of it.
  private static func stem(of name: String) -> String {
    name.utf8.count <= 200 ? name : SHA256.hex(Array(name.utf8))
  }

  /// The same for what `fill` writes to a descriptor.
  static func write(
    to path: String, in held: HeldFolder?, _ fill: (Int32) throws(StorageError) -> Void
  ) throws(StorageError) {
    // What is held is written where it is held: links are for names that a user gives.
    let target = held == nil ? try FileSystem.target(of: path) : path
    let place = FilePlace(target, in: held)
    var status = stat()
    if fstatat(place.folder, place.name, &status, 0) == 0, status.st_mode & S_IFMT != S_IFREG {
      throw .notARegularFile(path: path)
    }
    let (folder, name) = FileSystem.split(target)
    guard !name.isEmpty else { throw .notARegularFile(path: path) }
    removeLeftovers(inFolder: folder, ofFileNamed: name, held: held)
    let number = counter.add(1, ordering: .relaxed).newValue
    let temporary = FilePlace(
      FileSystem.join(folder, ".\(stem(of: name)).\(getpid()).\(number)\(temporarySuffix)"), in: held)
    let (descriptor, code) = making.withLock { _ in
      let descriptor = temporary.open(O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW)
      let code = errno
      if descriptor >= 0 { _ = flock(descriptor, LOCK_EX | LOCK_NB) }
      return (descriptor, code)
    }
    guard descriptor >= 0 else { throw .system(path: path, operation: .create, code: code) }
    do throws(StorageError) {
      do throws(StorageError) {
        try fill(descriptor)
        guard fsync(descriptor) == 0 else { throw .system(path: path, operation: .flush, code: errno) }
      } catch {
        close(descriptor)
        throw error
      }
      guard close(descriptor) == 0 else { throw .system(path: path, operation: .close, code: errno) }
      try temporary.rename(to: place)
    } catch {
      temporary.remove()
      throw error
    }
    try flushFolder(folder, path: path, held: held)
  }

  /// Writes all bytes, however many the system takes at a time.
  package static func writeAll(_ bytes: [UInt8], to descriptor: Int32, path: String) throws(StorageError) {
    try writeAll(bytes.count, path: path) { done in
      bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + done, $0.count - done) }
    }
  }

  /// The same for memory.
  package static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String)
    throws(StorageError)
  {
    try writeAll(bytes.count, path: path) { Glibc.write(descriptor, bytes.baseAddress! + $0, bytes.count - $0) }
  }

  /// The same at a place in the file.
  static func writeAll(
    _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at offset: Int, path: String
  ) throws(StorageError) {
    try writeAll(bytes.count, path: path) { done in
      pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
    }
  }

  /// `rest`: writes what comes after the bytes that are done, and says how much of it.
  private static func writeAll(_ count: Int, path: String, _ rest: (_ done: Int) -> Int) throws(StorageError) {
    var done = 0
    while done < count {
      let written = rest(done)
      if written < 0 {
        if errno == EINTR { continue }
        throw .system(path: path, operation: .write, code: errno)
      }
      // A write of nothing to a file that is not full does not happen; without this a broken file system would hang the run.
      guard written > 0 else { throw .system(path: path, operation: .write, code: EIO) }
      done += written
    }
  }

  static func flushFolder(_ folder: String, path: String, held: HeldFolder? = nil) throws(StorageError) {
    let descriptor = held?.open(".", O_RDONLY | O_DIRECTORY) ?? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(path: path, operation: .flush, code: errno) }
    defer { close(descriptor) }
    // Some network file systems cannot flush a folder and say so with EINVAL; the rename itself has succeeded.
    guard fsync(descriptor) == 0 || errno == EINVAL else {
      throw .system(path: path, operation: .flush, code: errno)
    }
  }
}

/// Paths and whole files, without Foundation.
package enum FileSystem {
  /// Where files lie that nobody keeps.
  package static var temporaryFolder: String { getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp" }

  /// Half of the machine's memory: what is read at once is copied at least once more.
  package static let largestFileBytes = Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(sysconf(Int32(_SC_PAGESIZE))) / 2

  /// All bytes of a regular file of at most `limitBytes`. `folder`, here and below: the held one that the path leads into.
  package static func read(
    _ path: String, limitBytes: Int = largestFileBytes, in folder: HeldFolder? = nil
  ) throws(StorageError) -> [UInt8] {
    // Non-blocking: a pipe must not hang us before it is refused.
    let descriptor = FilePlace(path, in: folder).open(O_RDONLY | O_NONBLOCK)
    guard descriptor >= 0 else { throw .system(path: path, operation: .open, code: errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .system(path: path, operation: .inspect, code: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notARegularFile(path: path) }
    let announced = Int(status.st_size)
    // A file of holes may be larger than any memory, and asking for that much would be the end of the process.
    guard announced <= limitBytes else { throw .tooLarge(path: path, bytes: announced, limitBytes: limitBytes) }
    var bytes: [UInt8] = []
    var failure: Int32 = 0
    // A file may grow or shrink while it is read, and files of /proc announce 0 bytes: what counts is what comes.
    while true {
      let start = bytes.count
      let wanted = max(announced - start, 65_536)
      let added = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
        var result = Glibc.read(descriptor, buffer.baseAddress!, wanted)
        while result < 0, errno == EINTR { result = Glibc.read(descriptor, buffer.baseAddress!, wanted) }
        if result < 0 { failure = errno }
        count = max(result, 0)
      }
      if failure != 0 { throw .system(path: path, operation: .read, code: failure) }
      if added.isEmpty { return bytes }
      guard start + added.count <= limitBytes else {
        throw .tooLarge(path: path, bytes: start + added.count, limitBytes: limitBytes)
      }
      if start == 0 { bytes = added } else { bytes.append(contentsOf: added) }
    }
  }

  /// The names in a folder, sorted, without `.` and `..`. `held`: the folder itself, where it is held.
  package static func names(inFolder folder: String, held: HeldFolder? = nil) throws(StorageError) -> [String] {
    let descriptor = held?.open(".", O_RDONLY | O_DIRECTORY) ?? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(path: folder, operation: .list, code: errno) }
    guard let stream = fdopendir(descriptor) else {
      let code = errno
      close(descriptor)
      throw .system(path: folder, operation: .list, code: code)
    }
    defer { closedir(stream) }
    var names: [String] = []
    errno = 0
    while let entry = readdir(stream) {
      let length = Int(entry.pointee.d_reclen)
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: length) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
      errno = 0
    }
    guard errno == 0 else { throw .system(path: folder, operation: .list, code: errno) }
    return names.sorted()
  }

  /// Makes a folder and the folders above it, where they do not exist yet.
  package static func makeFolder(_ path: String) throws(StorageError) {
    var status = stat()
    if stat(path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFDIR else { throw .system(path: path, operation: .create, code: ENOTDIR) }
      return
    }
    let (parent, _) = split(path)
    if parent != path, parent != "." { try makeFolder(parent) }
    guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw .system(path: path, operation: .create, code: errno) }
  }

  /// Removes a file; one that is gone already is no error.
  package static func remove(_ path: String, in folder: HeldFolder? = nil) throws(StorageError) {
    let place = FilePlace(path, in: folder)
    guard unlinkat(place.folder, place.name, 0) == 0 || errno == ENOENT else {
      throw .system(path: path, operation: .remove, code: errno)
    }
  }

  /// Gives a file another name in its folder, replacing what has that name; the name is on the disk when this returns.
  package static func rename(_ path: String, to newPath: String, in folder: HeldFolder? = nil) throws(StorageError) {
    try FilePlace(path, in: folder).rename(to: FilePlace(newPath, in: folder))
    try AtomicWrite.flushFolder(split(newPath).folder, path: newPath, held: folder)
  }

  /// The folder ("." or "/" if none is named) and the last component of a path; trailing slashes are ignored.
  package static func split(_ path: String) -> (folder: String, name: String) {
    var bytes = Substring(path)
    while bytes.utf8.count > 1, bytes.utf8.last == UInt8(ascii: "/") { bytes = bytes.dropLast() }
    guard let slash = bytes.lastIndex(of: "/") else { return (".", String(bytes)) }
    let folder = bytes[..<slash]
    return (folder.isEmpty ? "/" : String(folder), String(bytes[bytes.index(after: slash)...]))
  }

  package static func join(_ folder: String, _ name: String) -> String {
    folder.hasSuffix("/") ? folder + name : folder + "/" + name
  }
}
