// The only door to the HDF5 library, which writes: files in memory and on disk, groups and text attributes. `HDF5Image` reads.

import CHDF5
import Glibc
import Synchronization

/// The library as a whole. It is used by one thread at a time: Debian's build locks inside each call, other builds do not at all, and our
/// handles must not meet anyway.
enum HDF5 {
  private static let lock = Mutex<Int>(0)

  /// Runs `body` as the only user of the library in this process, with its printing switched off for this thread. `body` gets a number
  /// that no other call has got: two open files of one name would be one file to the library. Not to be nested.
  static func exclusive<Result: Sendable>(
    _ body: (_ call: Int) throws(StorageError) -> Result
  ) throws(StorageError) -> Result {
    try lock.withLock { (calls: inout Int) throws(StorageError) -> Result in
      if calls == 0 {
        // Everything is closed where it was opened. The library's own clearing up at exit has nothing to do, and complains loudly
        // where another thread of the process still holds one of its error stacks.
        H5dont_atexit()
      }
      strikeforge_hdf5_silence()
      calls += 1
      return try body(calls)
    }
  }

  /// Turns a negative status into an error with the library's own explanation.
  @discardableResult
  static func check<Status: SignedInteger>(
    _ status: Status, _ operation: @autoclosure () -> String, path: String
  ) throws(StorageError) -> Status {
    guard status < 0 else { return status }
    var frames: [String] = []
    _ = withUnsafeMutablePointer(to: &frames) { pointer in
      strikeforge_hdf5_walk_errors(
        { _, error, context in
          guard let error, let context, let text = error.pointee.desc else { return 0 }
          context.assumingMemoryBound(to: [String].self).pointee.append(String(cString: text))
          return 0
        }, pointer)
    }
    strikeforge_hdf5_clear_errors()
    // The walk goes from the innermost cause outwards; cause and outermost frame say enough.
    let reason =
      frames.isEmpty ? "no reason given" : frames.count == 1 ? frames[0] : "\(frames[0]) (\(frames[frames.count - 1]))"
    throw .library(path: path, operation: operation(), reason: reason)
  }
}

/// One open object of the library, closed when it goes out of scope.
struct HDF5Handle: ~Copyable {
  let id: hid_t
  private let close: (hid_t) -> herr_t

  init(
    _ id: hid_t, close: @escaping (hid_t) -> herr_t, _ operation: @autoclosure () -> String, path: String
  ) throws(StorageError) {
    self.id = try HDF5.check(id, operation(), path: path)
    self.close = close
  }

  deinit { _ = close(id) }
}

/// A file as the library made it in memory. Nobody writes to it any more, and it ends with the last who holds it.
final class HDF5Memory: @unchecked Sendable {
  let bytes: UnsafeRawBufferPointer

  /// Takes over memory of the C library's allocator.
  init(taking bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  deinit { free(UnsafeMutableRawPointer(mutating: bytes.baseAddress)) }
}

/// An HDF5 file that is made, in memory or on disk.
struct HDF5File: ~Copyable {
  /// Bytes in front of the HDF5 data that HDF5 leaves alone; the smallest size that the format allows.
  static let userBlockSize = 512

  let path: String
  private let handle: HDF5Handle

  /// A new file in memory that `fill` fills: a user block of zeros, and the HDF5 data behind it. `expectedBytes` only spares growing in small
  /// steps.
  static func image(
    path: String, call: Int, expectedBytes: Int, _ fill: (borrowing HDF5Group) throws(StorageError) -> Void
  ) throws(StorageError) -> HDF5Memory {
    // On the heap, because the library keeps the address until the file is closed.
    let image = UnsafeMutablePointer<strikeforge_image>.allocate(capacity: 1)
    image.initialize(to: strikeforge_image())
    defer {
      free(image.pointee.bytes)
      image.deallocate()
    }
    let size = try fillFile(path: path, call: call, expectedBytes: expectedBytes, into: image, fill)
    guard image.pointee.is_closed != 0, let bytes = image.pointee.bytes, size <= image.pointee.capacity else {
      throw .library(path: path, operation: "complete the file", reason: "it did not hand over its memory")
    }
    image.pointee.bytes = nil
    return HDF5Memory(taking: UnsafeRawBufferPointer(start: bytes, count: size))
  }

  /// Makes, fills and closes the file; returns its size with the user block.
  private static func fillFile(
    path: String, call: Int, expectedBytes: Int, into image: UnsafeMutablePointer<strikeforge_image>,
    _ fill: (borrowing HDF5Group) throws(StorageError) -> Void
  ) throws(StorageError) -> Int {
    let access = try accessProperties(path: path, increment: max(expectedBytes, 1 << 16))
    try HDF5.check(strikeforge_hdf5_keep_image(access.id, image), "keep the file's memory", path: path)
    let creation = try HDF5Handle(
      H5Pcreate(strikeforge_H5P_FILE_CREATE()), close: { H5Pclose($0) }, "make file properties", path: path)
    try HDF5.check(H5Pset_userblock(creation.id, UInt64(userBlockSize)), "set a user block", path: path)
    try HDF5.check(H5Pset_obj_track_times(creation.id, false), "leave times out", path: path)
    let file = HDF5File(
      path: path,
      handle: try HDF5Handle(
        H5Fcreate("strikeforge-\(call)", strikeforge_H5F_ACC_TRUNC(), creation.id, access.id), close: { H5Fclose($0) },
        "create a file in memory", path: path))
    try fill(try file.root())
    try HDF5.check(H5Fflush(file.handle.id, H5F_SCOPE_GLOBAL), "complete the file", path: path)
    // Counted from the end of the user block on.
    let size = try HDF5.check(H5Fget_file_image(file.handle.id, nil, 0), "measure the file", path: path)
    return size + userBlockSize
  }

  private static func accessProperties(path: String, increment: Int) throws(StorageError) -> HDF5Handle {
    let access = try HDF5Handle(
      H5Pcreate(strikeforge_H5P_FILE_ACCESS()), close: { H5Pclose($0) }, "make access properties", path: path)
    try HDF5.check(H5Pset_fapl_core(access.id, increment, false), "choose files in memory", path: path)
    // The newest common format: its metadata carries checksums, and attributes may be larger than 64 KiB.
    try HDF5.check(H5Pset_libver_bounds(access.id, H5F_LIBVER_V110, H5F_LIBVER_V110), "choose a format", path: path)
    return access
  }

  // MARK: On disk

  /// The user block of a file on disk, and where its large datasets begin: at a page of memory.
  static let diskBlockSize = 4096

  /// Makes a file that does not exist yet, with a user block of zeros, and what `fill` puts into it.
  static func create<Result>(
    _ place: FilePlace, _ fill: (borrowing HDF5Group) throws(StorageError) -> Result
  ) throws(StorageError) -> Result {
    let path = place.path
    let access = try diskProperties(path: path)
    let creation = try HDF5Handle(
      H5Pcreate(strikeforge_H5P_FILE_CREATE()), close: { H5Pclose($0) }, "make file properties", path: path)
    try HDF5.check(H5Pset_userblock(creation.id, UInt64(diskBlockSize)), "set a user block", path: path)
    try HDF5.check(H5Pset_obj_track_times(creation.id, false), "leave times out", path: path)
    let file = HDF5File(
      path: path,
      handle: try HDF5Handle(
        H5Fcreate(place.pathForLibraries, strikeforge_H5F_ACC_EXCL(), creation.id, access.id),
        close: { H5Fclose($0) },
        "create the file", path: path))
    let result = try fill(try file.root())
    // Closing would not say whether it worked.
    try HDF5.check(H5Fflush(file.handle.id, H5F_SCOPE_GLOBAL), "complete the file", path: path)
    return result
  }

  /// Fills a file that is open under a path of the system's own, from its beginning: a user block of zeros, and what `fill` puts behind it. `path` names it in errors.
  static func fill<Result>(
    _ openPath: String, path: String, _ fill: (borrowing HDF5Group) throws(StorageError) -> Result
  ) throws(StorageError) -> Result {
    let access = try HDF5Handle(
      H5Pcreate(strikeforge_H5P_FILE_ACCESS()), close: { H5Pclose($0) }, "make access properties", path: path)
    try HDF5.check(H5Pset_libver_bounds(access.id, H5F_LIBVER_V110, H5F_LIBVER_V110), "choose a format", path: path)
    // Whoever opened it has locked it.
    try HDF5.check(H5Pset_file_locking(access.id, false, true), "leave the lock alone", path: path)
    let creation = try HDF5Handle(
      H5Pcreate(strikeforge_H5P_FILE_CREATE()), close: { H5Pclose($0) }, "make file properties", path: path)
    try HDF5.check(H5Pset_userblock(creation.id, UInt64(userBlockSize)), "set a user block", path: path)
    try HDF5.check(H5Pset_obj_track_times(creation.id, false), "leave times out", path: path)
    let file = HDF5File(
      path: path,
      handle: try HDF5Handle(
        H5Fcreate(openPath, strikeforge_H5F_ACC_TRUNC(), creation.id, access.id), close: { H5Fclose($0) },
        "create the file", path: path))
    let result = try fill(try file.root())
    // Closing would not say whether it worked.
    try HDF5.check(H5Fflush(file.handle.id, H5F_SCOPE_GLOBAL), "complete the file", path: path)
    return result
  }

  private static func diskProperties(path: String) throws(StorageError) -> HDF5Handle {
    let access = try HDF5Handle(
      H5Pcreate(strikeforge_H5P_FILE_ACCESS()), close: { H5Pclose($0) }, "make access properties", path: path)
    try HDF5.check(H5Pset_libver_bounds(access.id, H5F_LIBVER_V110, H5F_LIBVER_V110), "choose a format", path: path)
    try HDF5.check(H5Pset_alignment(access.id, 1 << 16, UInt64(diskBlockSize)), "choose an alignment", path: path)
    return access
  }

  /// The root group.
  func root() throws(StorageError) -> HDF5Group {
    HDF5Group(
      path: path, name: "/",
      handle: try HDF5Handle(
        H5Gopen2(handle.id, "/", 0), close: { H5Gclose($0) }, "open the root group", path: path))
  }
}

/// A group of a file that is made: named groups, datasets and text attributes.
struct HDF5Group: ~Copyable {
  let path: String
  /// Where in the file, for errors.
  let name: String
  let handle: HDF5Handle

  func place(_ child: String) -> String { name == "/" ? "/" + child : name + "/" + child }

  /// The group at a path below this one, made with the groups on the way where they do not exist yet.
  func makeGroup(_ child: String) throws(StorageError) -> HDF5Group {
    var group = try openGroup(".")
    for component in child.split(separator: "/") { group = try group.makeDirectGroup(String(component)) }
    return group
  }

  private func makeDirectGroup(_ child: String) throws(StorageError) -> HDF5Group {
    if try HDF5.check(H5Lexists(handle.id, child, 0), "look for '\(place(child))'", path: path) > 0 {
      return try openGroup(child)
    }
    let properties = try HDF5Handle(
      H5Pcreate(strikeforge_H5P_GROUP_CREATE()), close: { H5Pclose($0) }, "make group properties", path: path)
    try HDF5.check(H5Pset_obj_track_times(properties.id, false), "leave times out", path: path)
    let group = try HDF5Handle(
      H5Gcreate2(handle.id, child, 0, properties.id, 0), close: { H5Gclose($0) }, "create group '\(place(child))'",
      path: path)
    return HDF5Group(path: path, name: place(child), handle: group)
  }

  func openGroup(_ child: String) throws(StorageError) -> HDF5Group {
    let group = try HDF5Handle(
      H5Gopen2(handle.id, child, 0), close: { H5Gclose($0) }, "open group '\(place(child))'", path: path)
    return HDF5Group(path: path, name: child == "." ? name : place(child), handle: group)
  }

  // MARK: Text attributes

  /// Stores text as a fixed-length, null-terminated UTF-8 attribute.
  func writeAttribute(_ attribute: String, _ text: String) throws(StorageError) {
    var bytes = Array(text.utf8)
    bytes.append(0)
    let type = try textType(size: bytes.count)
    let space = try HDF5Handle(H5Screate(H5S_SCALAR), close: { H5Sclose($0) }, "make a scalar", path: path)
    let handle = try HDF5Handle(
      H5Acreate2(self.handle.id, attribute, type.id, space.id, 0, 0), close: { H5Aclose($0) },
      "create attribute '\(attribute)' of '\(name)'", path: path)
    try HDF5.check(H5Awrite(handle.id, type.id, bytes), "write attribute '\(attribute)' of '\(name)'", path: path)
  }

  /// Stores one whole number as an attribute.
  func writeAttribute(_ attribute: String, integer: Int) throws(StorageError) {
    var value = Int64(integer)
    let space = try HDF5Handle(H5Screate(H5S_SCALAR), close: { H5Sclose($0) }, "make a scalar", path: path)
    let handle = try HDF5Handle(
      H5Acreate2(self.handle.id, attribute, Int64.fileType, space.id, 0, 0), close: { H5Aclose($0) },
      "create attribute '\(attribute)' of '\(name)'", path: path)
    try HDF5.check(
      H5Awrite(handle.id, Int64.memoryType, &value), "write attribute '\(attribute)' of '\(name)'", path: path)
  }

  private func textType(size: Int) throws(StorageError) -> HDF5Handle {
    let type = try HDF5Handle(
      H5Tcopy(strikeforge_H5T_C_S1()), close: { H5Tclose($0) }, "make a text type", path: path)
    try HDF5.check(H5Tset_size(type.id, size), "set a text's length", path: path)
    try HDF5.check(H5Tset_cset(type.id, H5T_CSET_UTF8), "choose UTF-8", path: path)
    return type
  }
}
