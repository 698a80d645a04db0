// Vectors and matrices of numbers in an HDF5 file, bit for bit.

import CHDF5

/// A number that datasets hold. In memory and in the file the bits are the same on a little-endian machine, so nothing is converted and
/// NaN payloads survive.
protocol HDF5Element: BitwiseCopyable {
  static var memoryType: hid_t { get }
  static var fileType: hid_t { get }
}

extension Float: HDF5Element {
  static var memoryType: hid_t { strikeforge_H5T_NATIVE_FLOAT() }
  static var fileType: hid_t { strikeforge_H5T_IEEE_F32LE() }
}

extension Double: HDF5Element {
  static var memoryType: hid_t { strikeforge_H5T_NATIVE_DOUBLE() }
  static var fileType: hid_t { strikeforge_H5T_IEEE_F64LE() }
}

extension Int64: HDF5Element {
  static var memoryType: hid_t { strikeforge_H5T_NATIVE_INT64() }
  static var fileType: hid_t { strikeforge_H5T_STD_I64LE() }
}

extension Int32: HDF5Element {
  static var memoryType: hid_t { strikeforge_H5T_NATIVE_INT32() }
  static var fileType: hid_t { strikeforge_H5T_STD_I32LE() }
}

extension UInt8: HDF5Element {
  static var memoryType: hid_t { strikeforge_H5T_NATIVE_UINT8() }
  static var fileType: hid_t { strikeforge_H5T_STD_U8LE() }
}

/// A vector, or where it is allowed a matrix, in a file, open for reading.
struct HDF5Dataset: ~Copyable {
  enum ElementKind: Equatable {
    case float, double, integer64, integer32, byte
  }

  let path: String
  /// Where in the file, for errors.
  let name: String
  let kind: ElementKind
  /// Values in all.
  let count: Int
  /// Columns of a matrix; nil for a vector.
  let columns: Int?
  private let handle: HDF5Handle

  /// Opens a vector and checks its type, its size and where its numbers lie: in the file itself, as they are.
  init(_ group: borrowing HDF5Group, _ child: String, _ budget: inout HDF5Budget, allowsMatrix: Bool = false)
    throws(StorageError)
  {
    let path = group.path
    let name = group.place(child)
    func damaged(_ reason: String) -> StorageError { .damaged(path: path, place: "'\(name)'", reason: reason) }
    let handle = try HDF5Handle(
      H5Dopen2(group.handle.id, child, 0), close: { H5Dclose($0) }, "open '\(name)'", path: path)
    let type = try HDF5Handle(H5Dget_type(handle.id), close: { H5Tclose($0) }, "read the type of '\(name)'", path: path)
    let kinds: [(ElementKind, hid_t)] = [
      (.float, Float.fileType), (.double, Double.fileType), (.integer64, Int64.fileType), (.integer32, Int32.fileType),
      (.byte, UInt8.fileType),
    ]
    guard let kind = kinds.first(where: { H5Tequal(type.id, $0.1) > 0 })?.0 else {
      throw damaged("it holds neither 32- or 64-bit floating-point numbers nor integers, nor bytes")
    }
    let space = try HDF5Handle(
      H5Dget_space(handle.id), close: { H5Sclose($0) }, "read the extent of '\(name)'", path: path)
    let rank = H5Sget_simple_extent_ndims(space.id)
    guard rank == 1 || allowsMatrix && rank == 2 else { throw damaged("it is not a vector") }
    var extent: [hsize_t] = [0, 0]
    try HDF5.check(
      H5Sget_simple_extent_dims(space.id, &extent, nil), "read the extent of '\(name)'", path: path)
    let points = try HDF5.check(
      H5Sget_simple_extent_npoints(space.id), "read the extent of '\(name)'", path: path)
    let (bytes, overflow) = Int(points).multipliedReportingOverflow(by: H5Tget_size(type.id))
    guard !overflow, H5Dget_storage_size(handle.id) == UInt64(bytes) else {
      throw damaged("\(points) values do not fit the file")
    }
    try budget.spend(bytes: bytes, on: group)
    let properties = try HDF5Handle(
      H5Dget_create_plist(handle.id), close: { H5Pclose($0) }, "read the layout of '\(name)'", path: path)
    guard H5Pget_layout(properties.id) == H5D_CONTIGUOUS, H5Pget_external_count(properties.id) == 0 else {
      throw damaged("its numbers do not lie in one block of the file")
    }
    self.path = path
    self.name = name
    self.kind = kind
    count = Int(points)
    columns = rank == 2 ? Int(clamping: extent[1]) : nil
    self.handle = handle
  }

  /// All values. Traps if `Element` is not what `kind` says.
  func read<Element: HDF5Element>(_ element: Element.Type = Element.self) throws(StorageError) -> [Element] {
    guard count > 0 else { return [] }
    var status: herr_t = 0
    let values = [Element](unsafeUninitializedCapacity: count) { buffer, filled in
      status = H5Dread(handle.id, Element.memoryType, 0, 0, 0, buffer.baseAddress!)
      filled = status < 0 ? 0 : count
    }
    try HDF5.check(status, "read '\(name)'", path: path)
    return values
  }
}

extension HDF5Group {
  /// Makes a contiguous dataset whose values nobody writes yet, and returns where in the file they will lie.
  func reserve(_ child: String, type: hid_t, extent: [Int]) throws(StorageError) -> Int {
    let sizes = extent.map { hsize_t($0) }
    let space = try HDF5Handle(
      H5Screate_simple(Int32(sizes.count), sizes, nil), close: { H5Sclose($0) },
      "make the extent of '\(place(child))'", path: path)
    let properties = try HDF5Handle(
      H5Pcreate(strikeforge_H5P_DATASET_CREATE()), close: { H5Pclose($0) }, "make dataset properties", path: path)
    try HDF5.check(H5Pset_obj_track_times(properties.id, false), "leave times out", path: path)
    try HDF5.check(H5Pset_layout(properties.id, H5D_CONTIGUOUS), "lay '\(place(child))' out", path: path)
    try HDF5.check(H5Pset_alloc_time(properties.id, H5D_ALLOC_TIME_EARLY), "lay '\(place(child))' out", path: path)
    try HDF5.check(H5Pset_fill_time(properties.id, H5D_FILL_TIME_NEVER), "lay '\(place(child))' out", path: path)
    let dataset = try HDF5Handle(
      H5Dcreate2(handle.id, child, type, space.id, 0, properties.id, 0), close: { H5Dclose($0) },
      "create '\(place(child))'", path: path)
    let offset = H5Dget_offset(dataset.id)
    guard offset != .max, let place = Int(exactly: offset) else {
      throw .library(path: path, operation: "place '\(self.place(child))'", reason: "it has no place in the file")
    }
    return place
  }

  /// Writes a vector directly below this group, as one contiguous block. The seal of the file covers every byte, so that no chunk
  /// checksum is needed; times are left out, so that equal content gives equal bytes.
  ///
  /// `columns`: makes it a matrix, rows of so many values. Traps where the values do not fill whole rows.
  func write<Element: HDF5Element>(_ values: [Element], as child: String, columns: Int? = nil) throws(StorageError) {
    var extent = [hsize_t(values.count)]
    if let columns {
      precondition(columns > 0 && values.count % columns == 0, "\(values.count) values in rows of \(columns)")
      extent = [hsize_t(values.count / columns), hsize_t(columns)]
    }
    try write(values, as: child, extent: extent, fileType: Element.fileType, memoryType: Element.memoryType)
  }

  /// Writes a vector of zeros and ones as what numpy calls booleans.
  func writeFlags(_ values: [UInt8], as child: String) throws(StorageError) {
    let type = try HDF5Handle(
      H5Tenum_create(strikeforge_H5T_STD_I8LE()), close: { H5Tclose($0) }, "make a boolean's type", path: path)
    for (name, value) in [("FALSE", UInt8(0)), ("TRUE", 1)] {
      var value = value
      try HDF5.check(H5Tenum_insert(type.id, name, &value), "make a boolean's type", path: path)
    }
    try write(values, as: child, extent: [hsize_t(values.count)], fileType: type.id, memoryType: type.id)
  }

  private func write<Element: BitwiseCopyable>(
    _ values: [Element], as child: String, extent: [hsize_t], fileType: hid_t, memoryType: hid_t
  ) throws(StorageError) {
    let space = try HDF5Handle(
      H5Screate_simple(Int32(extent.count), extent, nil), close: { H5Sclose($0) },
      "make the extent of '\(place(child))'", path: path)
    let properties = try HDF5Handle(
      H5Pcreate(strikeforge_H5P_DATASET_CREATE()), close: { H5Pclose($0) }, "make dataset properties", path: path)
    try HDF5.check(H5Pset_obj_track_times(properties.id, false), "leave times out", path: path)
    let dataset = try HDF5Handle(
      H5Dcreate2(handle.id, child, fileType, space.id, 0, properties.id, 0), close: { H5Dclose($0) },
      "create '\(place(child))'", path: path)
    guard !values.isEmpty else { return }
    try HDF5.check(H5Dwrite(dataset.id, memoryType, 0, 0, 0, values), "write '\(place(child))'", path: path)
  }
}
