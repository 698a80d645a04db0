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

/// A vector, or where it is allowed a matrix, in a file that is read.
struct HDF5Dataset {
  enum ElementKind: Equatable {
    case float, double, integer64, integer32, byte

    /// The properties of its type as they stand in a file: class, bits, bytes, and where in them what lies.
    fileprivate var properties: [UInt8] {
      switch self {
      case .float: [1, 0x20, 31, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0]
      case .double: [1, 0x20, 63, 0, 8, 0, 0, 0, 0, 0, 64, 0, 52, 11, 0, 52, 0xFF, 3, 0, 0]
      case .integer64: [0, 0x08, 0, 0, 8, 0, 0, 0, 0, 0, 64, 0]
      case .integer32: [0, 0x08, 0, 0, 4, 0, 0, 0, 0, 0, 32, 0]
      case .byte: [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 8, 0]
      }
    }

    fileprivate var byteCount: Int { Int(properties[4]) }

    fileprivate static let all: [ElementKind] = [.float, .double, .integer64, .integer32, .byte]
  }

  let kind: ElementKind
  /// Values in all.
  let count: Int
  /// Columns of a matrix; nil for a vector.
  let columns: Int?
  private let numbers: HDF5Image.Numbers

  /// Where its numbers lie in a file that is one piece.
  var range: Range<Int> {
    switch numbers {
    case .memory(let bytes): bytes.indices
    case .file(_, let range): range
    }
  }

  /// Type and size of a dataset, and where its numbers lie: in the file itself, as they are. The numbers need not be at hand.
  struct Shape {
    let kind: ElementKind
    let count: Int
    let columns: Int?
    /// Where its numbers lie, from the beginning of the file; empty for a vector of nothing, which lies nowhere.
    let fileRange: Range<Int>
    fileprivate let address: UInt64
    fileprivate let size: Int

    init(_ object: HDF5Object, allowsMatrix: Bool = false) throws(StorageError) {
      guard let type = try object.header.one(.type), var extentFields = try object.header.one(.extent),
        var layout = try object.header.one(.layout)
      else { throw object.damaged("it is neither a group nor numbers") }
      guard let kind = ElementKind.all.first(where: { HDF5Dataset.type(type.rest, is: $0) }) else {
        throw object.damaged("it holds neither 32- or 64-bit floating-point numbers nor integers, nor bytes")
      }
      let extent = try HDF5Extent(&extentFields)
      guard let sizes = extent.sizes, sizes.count == 1 || allowsMatrix && sizes.count == 2 else {
        throw object.damaged("it is not a vector")
      }
      let version = try layout.number(1)
      guard version == 3 || version == 4, try layout.number(1) == 1, !object.header.has(.externalFiles) else {
        throw object.damaged("its numbers do not lie in one block of the file")
      }
      let (address, announced) = (try layout.number(8), try layout.number(8))
      guard let count = extent.count else { throw object.damaged("its values do not fit the file") }
      let (size, isBeyond) = count.multipliedReportingOverflow(by: kind.byteCount)
      // A vector of nothing lies nowhere.
      guard !isBeyond, address == HDF5Image.nowhere ? size == 0 : announced == UInt64(size),
        let range = size == 0 ? 0..<0 : object.image.fileRange(at: address, count: size)
      else { throw object.damaged("\(count) values do not fit the file") }
      self.kind = kind
      self.count = count
      columns = sizes.count == 2 ? Int(clamping: sizes[1]) : nil
      (self.address, self.size) = (address, size)
      fileRange = range
    }
  }

  /// Checks the shape, and that the numbers are at hand.
  init(_ object: HDF5Object, allowsMatrix: Bool = false) throws(StorageError) {
    let shape = try Shape(object, allowsMatrix: allowsMatrix)
    guard
      let numbers = shape.size == 0
        ? HDF5Image.Numbers.memory([]) : object.image.numbers(at: shape.address, count: shape.size)
    else {
      throw object.damaged("\(shape.count) values do not fit the file")
    }
    try object.image.spend(content: shape.size, object.place)
    (kind, count, columns) = (shape.kind, shape.count, shape.columns)
    self.numbers = numbers
  }

  /// The first byte tells the version too, which changes nothing in these types.
  private static func type(_ bytes: ArraySlice<UInt8>, is kind: ElementKind) -> Bool {
    guard let first = bytes.first else { return false }
    return first & 0x0F == kind.properties[0] && bytes.dropFirst().starts(with: kind.properties.dropFirst())
  }

  /// All values. Traps if `Element` is not what `kind` says.
  func read<Element: HDF5Element>(_ element: Element.Type = Element.self) throws(StorageError) -> [Element] {
    precondition(
      MemoryLayout<Element>.stride * count == range.count, "\(count) values of \(Element.self) in \(range.count) bytes")
    switch numbers {
    case .file(let file, let range): return try file.numbers(in: range, as: Element.self)
    case .memory(let bytes):
      return [Element](unsafeUninitializedCapacity: count) { buffer, filled in
        UnsafeMutableRawBufferPointer(buffer).copyBytes(from: bytes)
        filled = count
      }
    }
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
