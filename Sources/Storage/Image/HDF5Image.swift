// An HDF5 file as bytes at addresses, each looked at before it is used.

import Text

/// An HDF5 file that this program wrote, read without the HDF5 library.
///
/// That library believes what a file says of itself: one byte of its metadata, with every checksum and digest made true again, ends the
/// process or takes gigabytes. Writing is its part alone. What it writes for this program is a small part of its format, always the same (HDF5
/// File Format Specification 3.0): superblock 2 or 3, object headers 2, links and attributes in them or in a fractal heap under a B-tree 2,
/// numbers in one block. All else is refused. No address, length or count is used before it was held against the bytes that there are, and
/// every block is met once (`HDF5Budget`), so that a reader ends, in time and memory in proportion to the file.
///
/// One thread uses an image.
final class HDF5Image {
  /// Bytes of the file, and where in it they begin.
  struct Piece {
    let start: Int
    let bytes: [UInt8]
  }

  let path: String
  /// Numbers that nobody has read yet: ranges of a file, in its order, apart.
  struct Unread {
    let file: FileBytes
    let ranges: [Range<Int>]
  }

  /// Where the bytes of numbers are.
  enum Numbers {
    case memory(ArraySlice<UInt8>)
    case file(FileBytes, Range<Int>)
  }

  /// In the order of the file, apart. What lies in none of them, and is not unread, is not there.
  private let pieces: [Piece]
  private let unread: Unread?
  private let fileBytes: Int
  /// Addresses count from its end.
  private let userBlockBytes: Int
  private var budget: HDF5Budget

  /// A whole file with the user block of files in memory.
  convenience init(_ bytes: [UInt8], path: String) {
    self.init(
      [Piece(start: 0, bytes: bytes)], fileBytes: bytes.count, userBlockBytes: HDF5File.userBlockSize, path: path)
  }

  init(_ pieces: [Piece], unread: Unread? = nil, fileBytes: Int, userBlockBytes: Int, path: String) {
    self.path = path
    self.pieces = pieces
    self.unread = unread
    self.fileBytes = fileBytes
    self.userBlockBytes = userBlockBytes
    budget = HDF5Budget(
      bytes: pieces.reduce(0) { $0 + $1.bytes.count } + (unread?.ranges.reduce(0) { $0 + $1.count } ?? 0))
  }

  /// What an address says that leads nowhere.
  static let nowhere = UInt64.max

  /// The root group.
  func root() throws(StorageError) -> HDF5Object {
    let place = HDF5Place("its superblock")
    var fields = try block(at: 0, count: 48, signature: HDF5Image.signature, place)
    let version = try fields.number(1)
    guard version == 2 || version == 3 else { throw damaged(place, "its version is \(version)") }
    guard try fields.number(1) == 8, try fields.number(1) == 8 else { throw damaged(place, "its addresses are short") }
    _ = try fields.take(1)
    guard try fields.number(8) == UInt64(userBlockBytes) else { throw damaged(place, "it lies in another place") }
    _ = try fields.take(8)
    guard try fields.number(8) <= UInt64(fileBytes) else { throw damaged(place, "it tells of a longer file") }
    let address = try fields.number(8)
    let root = HDF5Place("", name: "")
    return HDF5Object(image: self, place: root, header: try HDF5ObjectHeader(self, at: address, root))
  }

  private static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  // MARK: Bytes

  /// Where in the file bytes at an address lie; nil where the file does not reach so far.
  func fileRange(at address: UInt64, count: Int) -> Range<Int>? {
    guard count >= 0, let offset = Int(exactly: address) else { return nil }
    let (start, startsBeyond) = offset.addingReportingOverflow(userBlockBytes)
    let (end, endsBeyond) = start.addingReportingOverflow(count)
    return !startsBeyond && !endsBeyond && end <= fileBytes ? start..<end : nil
  }

  /// Bytes at an address, not counted; nil where they are not all there.
  func bytes(at address: UInt64, count: Int) -> ArraySlice<UInt8>? {
    guard let range = fileRange(at: address, count: count), let piece = piece(at: range.lowerBound),
      range.upperBound <= piece.start + piece.bytes.count
    else { return nil }
    return piece.bytes[range.lowerBound - piece.start..<range.upperBound - piece.start]
  }

  /// The same for numbers, which may be unread.
  func numbers(at address: UInt64, count: Int) -> Numbers? {
    if let bytes = bytes(at: address, count: count) { return .memory(bytes) }
    guard let unread, count >= 0, let offset = Int(exactly: address) else { return nil }
    let (start, startsBeyond) = offset.addingReportingOverflow(userBlockBytes)
    let (end, endsBeyond) = start.addingReportingOverflow(count)
    guard !startsBeyond, !endsBeyond,
      unread.ranges.contains(where: { $0.lowerBound <= start && end <= $0.upperBound })
    else { return nil }
    return .file(unread.file, start..<end)
  }

  /// The last piece that begins at a place of the file or before it.
  private func piece(at place: Int) -> Piece? {
    let next = pieces.firstPlace { $0.start > place }
    return next > 0 ? pieces[next - 1] : nil
  }

  /// The same for a part of the file's metadata.
  func metadata(at address: UInt64, count: Int, _ place: HDF5Place) throws(StorageError) -> ArraySlice<UInt8> {
    guard let found = bytes(at: address, count: count) else {
      throw damaged(place, "a part of it lies outside the file")
    }
    guard budget.spend(metadata: count) else { throw holdsTooMuch(place) }
    return found
  }

  /// What lies between the signature and the checksum of a block, both of which are checked.
  func block(
    at address: UInt64, count: Int, signature: [UInt8], _ place: HDF5Place
  ) throws(StorageError) -> HDF5Cursor {
    let bytes = try metadata(at: address, count: count, place)
    let sumStart = bytes.endIndex - HDF5Checksum.byteCount
    guard bytes.starts(with: signature), sumStart >= bytes.startIndex + signature.count else {
      throw damaged(place, "a part of it is not what it should be")
    }
    var sum = cursor(bytes[sumStart...], place)
    guard try sum.number(HDF5Checksum.byteCount) == UInt64(HDF5Checksum.of(bytes[..<sumStart])) else {
      throw damaged(place, "a checksum does not hold")
    }
    return cursor(bytes[(bytes.startIndex + signature.count)..<sumStart], place)
  }

  func cursor(_ bytes: ArraySlice<UInt8>, _ place: HDF5Place) -> HDF5Cursor {
    HDF5Cursor(image: self, place: place, rest: bytes)
  }

  /// Counts names, texts and numbers.
  func spend(content: Int, _ place: HDF5Place) throws(StorageError) {
    guard budget.spend(content: content) else { throw holdsTooMuch(place) }
  }

  private func holdsTooMuch(_ place: HDF5Place) -> StorageError { damaged(place, "it holds more than fits the file") }

  func damaged(_ place: HDF5Place, _ reason: String) -> StorageError {
    .damaged(path: path, place: place.words, reason: reason)
  }
}

/// Where in a file something is, for errors. Put together only where there is one: the names of many objects below a long one would be more
/// than the file.
struct HDF5Place {
  /// A group, without the slash behind it; or words where there is no name.
  private let folder: String
  let name: String?

  init(_ words: String) { (folder, name) = (words, nil) }
  init(_ folder: String, name: String) { (self.folder, self.name) = (folder, name) }

  /// As a folder of something else.
  var asFolder: String { name.map { $0.isEmpty ? "" : folder + "/" + $0 } ?? folder }
  var words: String { name.map { "'" + folder + "/" + $0 + "'" } ?? folder }
}

/// What reading a file may cost. Links can make a small file look like a vast one: everything in it is met once, so that neither its metadata
/// nor its names, texts and numbers can be more than its own bytes.
struct HDF5Budget {
  private var metadata: Int
  private var content: Int

  init(bytes: Int) { (metadata, content) = (bytes, bytes) }

  /// False where there is not so much left.
  mutating func spend(metadata: Int = 0, content: Int = 0) -> Bool {
    guard metadata <= self.metadata, content <= self.content else { return false }
    self.metadata -= metadata
    self.content -= content
    return true
  }
}

/// Goes through bytes from their beginning; no number of them is taken that is not there.
struct HDF5Cursor {
  let image: HDF5Image
  /// For errors.
  let place: HDF5Place
  private(set) var rest: ArraySlice<UInt8>

  init(image: HDF5Image, place: HDF5Place, rest: ArraySlice<UInt8>) {
    self.image = image
    self.place = place
    self.rest = rest
  }

  mutating func take(_ count: Int) throws(StorageError) -> ArraySlice<UInt8> {
    guard count >= 0, count <= rest.count else { throw damaged("a part of it is cut short") }
    let taken = rest.prefix(count)
    rest = rest[taken.endIndex...]
    return taken
  }

  /// A little-endian number of at most 8 bytes.
  mutating func number(_ byteCount: Int) throws(StorageError) -> UInt64 {
    precondition((0...8).contains(byteCount), "a number of \(byteCount) bytes")
    return try take(byteCount).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// A number that counts something in memory.
  mutating func count(_ byteCount: Int) throws(StorageError) -> Int {
    guard let count = Int(exactly: try number(byteCount)) else { throw damaged("a part of it has no possible size") }
    return count
  }

  func damaged(_ reason: String) -> StorageError { image.damaged(place, reason) }
}
