// The fractal heaps in which HDF5 keeps links and attributes that do not fit an object's header.

/// A heap: objects by IDs. It grows in blocks of doubling size, which indirect blocks list; very large objects lie by themselves.
final class HDF5Heap {
  private let image: HDF5Image
  private let place: HDF5Place
  private let address: UInt64
  private let idBytes: Int
  private let hasChecksums: Bool
  private let largeObjects: UInt64
  /// Bits of an offset in the heap.
  private let offsetBits: Int
  /// Bytes of an object's length in an ID.
  private let lengthBytes: Int
  /// Logarithms to base 2: blocks in a row, bytes of the first row's blocks, bytes of the largest block that holds objects.
  private let widthLog, startLog, directLog: Int
  private let root: UInt64
  /// Of the root, or 0 where it holds objects itself.
  private let rootRows: Int

  /// What was read already: lists and blocks by their address, large objects by their number.
  private var lists: [UInt64: [UInt64]] = [:]
  private var blocks: [UInt64: ArraySlice<UInt8>] = [:]
  private var large: [UInt64: (address: UInt64, count: Int)]?

  private static let headerBytes = 146
  private var offsetBytes: Int { (offsetBits + 7) / 8 }

  /// `idBytes`: what the tree that leads here has room for.
  init(_ image: HDF5Image, at address: UInt64, idBytes: Int, _ place: HDF5Place) throws(StorageError) {
    (self.image, self.place, self.address, self.idBytes) = (image, place, address, idBytes)
    func impossible() -> StorageError { image.damaged(place, "its heap has an impossible form") }
    func log(_ number: UInt64, atMost limit: Int) throws(StorageError) -> Int {
      guard number.nonzeroBitCount == 1, number.trailingZeroBitCount <= limit else { throw impossible() }
      return number.trailingZeroBitCount
    }
    var fields = try image.block(
      at: address, count: HDF5Heap.headerBytes, signature: Array("FRHP".utf8), place)
    guard try fields.number(1) == 0, try fields.count(2) == idBytes, try fields.number(2) == 0 else {
      throw impossible()
    }
    hasChecksums = try fields.number(1) & 0x02 != 0
    let longestObject = try fields.number(4)
    _ = try fields.take(8)
    largeObjects = try fields.number(8)
    _ = try fields.take(8 * 10)
    widthLog = try log(fields.number(2), atMost: 15)
    startLog = try log(fields.number(8), atMost: 30)
    directLog = try log(fields.number(8), atMost: 30)
    offsetBits = try fields.count(2)
    _ = try fields.take(2)
    root = try fields.number(8)
    rootRows = try fields.count(2)
    guard startLog <= directLog, (1...56).contains(offsetBits), rootRows <= 64, longestObject > 0 else {
      throw impossible()
    }
    lengthBytes = min((directLog + 7) / 8, (64 - longestObject.leadingZeroBitCount + 7) / 8)
    guard 1 + (offsetBits + 7) / 8 + lengthBytes <= idBytes else { throw impossible() }
  }

  /// The bytes of an object. `id`: as many as the heap's IDs have.
  func object(_ id: ArraySlice<UInt8>) throws(StorageError) -> ArraySlice<UInt8> {
    var fields = image.cursor(id, place)
    switch try fields.number(1) {
    case 0x00:
      let offset = try fields.number(offsetBytes)
      return try managed(offset, count: try fields.count(lengthBytes))
    case 0x10: return try largeObject(try fields.number(min(idBytes - 1, 8)))
    default: throw image.damaged(place, "its heap holds what this program does not write")
    }
  }

  // MARK: Objects in blocks

  private func managed(_ offset: UInt64, count: Int) throws(StorageError) -> ArraySlice<UInt8> {
    let (block, start) = try block(around: offset)
    let front = HDF5Heap.blockFront + offsetBytes + (hasChecksums ? HDF5Checksum.byteCount : 0)
    let place = offset - start
    guard place >= UInt64(front), place <= UInt64(block.count), count <= block.count - Int(place) else {
      throw image.damaged(self.place, "a part of its heap lies outside its block")
    }
    return block[(block.startIndex + Int(place))...].prefix(count)
  }

  /// Signature, version and the heap's address; behind them the block's offset.
  private static let blockFront = 13

  /// The logarithm of the size of a row's blocks; the first two rows have equal ones.
  private func sizeLog(_ row: Int) -> Int { startLog + max(0, row - 1) }

  /// The block that holds an offset, and the offset at which it begins.
  private func block(around offset: UInt64) throws(StorageError) -> (bytes: ArraySlice<UInt8>, start: UInt64) {
    guard rootRows > 0 else { return (try block(at: root, start: 0, sizeLog: startLog), 0) }
    let firstRowLog = startLog + widthLog
    var (list, rows, start, rest) = (root, rootRows, UInt64(0), offset)
    // Each list is of less than the one before, so that this ends.
    while true {
      let highest = max(firstRowLog, 63 - max(rest, 1).leadingZeroBitCount)
      let row = rest >> UInt64(firstRowLog) == 0 ? 0 : highest - firstRowLog + 1
      guard row < rows else { throw image.damaged(place, "a part of its heap lies outside its blocks") }
      let rowStart: UInt64 = row == 0 ? 0 : 1 << UInt64(highest)
      let size = sizeLog(row)
      let column = (rest - rowStart) >> UInt64(size)
      let children = try addresses(list, start: start, rows: rows)
      let child = children[row << widthLog + Int(column)]
      let inside = rowStart + column << UInt64(size)
      start += inside
      if size <= directLog { return (try block(at: child, start: start, sizeLog: size), start) }
      (list, rows, rest) = (child, size - firstRowLog + 1, rest - inside)
    }
  }

  private func block(at address: UInt64, start: UInt64, sizeLog: Int) throws(StorageError) -> ArraySlice<UInt8> {
    if let known = blocks[address], known.count == 1 << sizeLog { return known }
    let bytes = try image.metadata(at: address, count: 1 << sizeLog, place)
    var fields = image.cursor(bytes, place)
    try checkFront(&fields, "FHDB", start: start)
    if hasChecksums {
      let sum = try fields.number(HDF5Checksum.byteCount)
      // It is over the block with zeros in its own place.
      var zeroed = Array(bytes)
      let end = bytes.count - fields.rest.count
      for place in end - HDF5Checksum.byteCount..<end { zeroed[place] = 0 }
      guard sum == UInt64(HDF5Checksum.of(zeroed[...])) else { throw image.damaged(place, "a checksum does not hold") }
    }
    blocks[address] = bytes
    return bytes
  }

  /// Where the blocks of a list lie, row after row.
  private func addresses(_ list: UInt64, start: UInt64, rows: Int) throws(StorageError) -> [UInt64] {
    let entries = rows << widthLog
    if let known = lists[list], known.count == entries { return known }
    let count = HDF5Heap.blockFront + offsetBytes + 8 * entries + HDF5Checksum.byteCount
    // The front is looked at once more, with what a block and a list have in common.
    var fields = try image.block(at: list, count: count, signature: Array("FHIB".utf8), place)
    guard let front = image.bytes(at: list, count: HDF5Heap.blockFront + offsetBytes) else {
      throw image.damaged(place, "a part of it lies outside the file")
    }
    var frontFields = image.cursor(front, place)
    try checkFront(&frontFields, "FHIB", start: start)
    _ = try fields.take(HDF5Heap.blockFront + offsetBytes - 4)
    var found: [UInt64] = []
    for _ in 0..<entries { found.append(try fields.number(8)) }
    lists[list] = found
    return found
  }

  private func checkFront(_ fields: inout HDF5Cursor, _ signature: String, start: UInt64) throws(StorageError) {
    guard try fields.take(4).elementsEqual(signature.utf8), try fields.number(1) == 0,
      try fields.number(8) == address, try fields.number(offsetBytes) == start
    else { throw image.damaged(place, "a part of its heap is not what it should be") }
  }

  // MARK: Objects by themselves

  private func largeObject(_ number: UInt64) throws(StorageError) -> ArraySlice<UInt8> {
    if large == nil {
      large = [:]
      for record in try HDF5Tree.records(of: .largeObjects, in: image, at: largeObjects, place) {
        var fields = image.cursor(record, place)
        let (address, count) = (try fields.number(8), try fields.count(8))
        large?[try fields.number(8)] = (address, count)
      }
    }
    guard let (address, count) = large?[number] else {
      throw image.damaged(place, "its heap does not hold what its index tells of")
    }
    return try image.metadata(at: address, count: count, place)
  }
}
