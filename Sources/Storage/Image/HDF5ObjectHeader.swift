// What an object says of itself: the messages of its header.

/// The messages of one object that this program reads.
struct HDF5ObjectHeader {
  /// Kinds by their numbers in the file.
  enum Kind: UInt8 {
    case extent = 0x01
    case linkInformation = 0x02
    case type = 0x03
    case link = 0x06
    case externalFiles = 0x07
    case layout = 0x08
    case attribute = 0x0C
    case attributeInformation = 0x15
  }

  private var messages: [(kind: Kind, bytes: ArraySlice<UInt8>)] = []
  private let image: HDF5Image
  private let place: HDF5Place

  private static let continuation: UInt64 = 0x10
  /// Beyond it nothing is known.
  private static let lastKnown: UInt64 = 0x18
  private enum MessageFlag {
    /// What stands here is only where the message lies.
    static let isShared: UInt64 = 0x02
    static let mustBeKnown: UInt64 = 0x80
  }

  /// Reads the header at an address, all chunks of it.
  init(_ image: HDF5Image, at address: UInt64, _ place: HDF5Place) throws(StorageError) {
    self.image = image
    self.place = place
    guard let front = image.bytes(at: address, count: 6) else {
      throw image.damaged(place, "its header lies outside the file")
    }
    let flags = front[front.startIndex + 5]
    // Times, and at how many attributes they move to a heap.
    let skipped = (flags & 0x20 != 0 ? 16 : 0) + (flags & 0x10 != 0 ? 4 : 0)
    let lengthBytes = 1 << Int(flags & 0x03)
    guard let start = image.bytes(at: address, count: 6 + skipped + lengthBytes) else {
      throw image.damaged(place, "its header lies outside the file")
    }
    var length = image.cursor(start.suffix(lengthBytes), place)
    let (count, isBeyond) = try length.count(lengthBytes).addingReportingOverflow(start.count + HDF5Checksum.byteCount)
    guard !isBeyond else { throw image.damaged(place, "its header lies outside the file") }
    var chunk = try image.block(at: address, count: count, signature: Array("OHDR".utf8), place)
    guard try chunk.number(1) == 2, flags & 0xC0 == 0 else {
      throw image.damaged(place, "its header is of another version")
    }
    _ = try chunk.take(start.count - 5)
    var further: [(address: UInt64, count: Int)] = []
    try read(&chunk, hasOrder: flags & 0x04 != 0, &further)
    while let (address, count) = further.popLast() {
      var chunk = try image.block(at: address, count: count, signature: Array("OCHK".utf8), place)
      try read(&chunk, hasOrder: flags & 0x04 != 0, &further)
    }
  }

  private mutating func read(
    _ chunk: inout HDF5Cursor, hasOrder: Bool, _ further: inout [(address: UInt64, count: Int)]
  ) throws(StorageError) {
    let frontBytes = hasOrder ? 6 : 4
    // Less than a message is a gap.
    while chunk.rest.count >= frontBytes {
      let number = try chunk.number(1)
      let count = try chunk.count(2)
      let flags = try chunk.number(1)
      if hasOrder { _ = try chunk.take(2) }
      let bytes = try chunk.take(count)
      if number == HDF5ObjectHeader.continuation {
        var fields = image.cursor(bytes, place)
        further.append((try fields.number(8), try fields.count(8)))
      } else if let kind = Kind(rawValue: UInt8(number)) {
        guard flags & MessageFlag.isShared == 0 else { throw image.damaged(place, "a part of it lies elsewhere") }
        messages.append((kind, bytes))
      } else if number > HDF5ObjectHeader.lastKnown, flags & MessageFlag.mustBeKnown != 0 {
        throw image.damaged(place, "it holds a message of kind \(number), which this program does not know")
      }
    }
  }

  func has(_ kind: Kind) -> Bool { messages.contains { $0.kind == kind } }

  /// All messages of a kind.
  func all(_ kind: Kind) -> [ArraySlice<UInt8>] { messages.filter { $0.kind == kind }.map(\.bytes) }

  /// A message that stands once; nil where there is none.
  func one(_ kind: Kind) throws(StorageError) -> HDF5Cursor? {
    let found = all(kind)
    guard found.count <= 1 else { throw image.damaged(place, "it says twice what it is") }
    return found.first.map { image.cursor($0, place) }
  }
}

/// How many numbers an object or attribute holds.
struct HDF5Extent {
  /// Nil where it has no place for any.
  let sizes: [UInt64]?

  init(_ fields: inout HDF5Cursor) throws(StorageError) {
    guard try fields.number(1) == 2 else { throw fields.damaged("its extent is of another version") }
    let rank = try fields.count(1)
    _ = try fields.take(1)
    let kind = try fields.number(1)
    var sizes: [UInt64] = []
    for _ in 0..<rank { sizes.append(try fields.number(8)) }
    switch kind {
    case 0 where rank == 0, 1: self.sizes = sizes
    case 2 where rank == 0: self.sizes = nil
    default: throw fields.damaged("its extent is none that there is")
    }
  }

  /// Values in all; nil where no memory could hold them.
  var count: Int? {
    guard let sizes else { return 0 }
    var count = 1
    for size in sizes {
      let (product, isBeyond) = count.multipliedReportingOverflow(by: Int(clamping: size))
      if isBeyond { return nil }
      count = product
    }
    return count
  }
}
