// The B-trees (version 2) in which HDF5 finds what does not fit an object's header.

/// The records of a tree, in its order.
enum HDF5Tree {
  /// What a tree is of, by its number in the file.
  enum Kind: UInt64 {
    /// Address, length and number of an object that is too large for its heap.
    case largeObjects = 1
    /// Hash of a link's name, its ID in the heap.
    case links = 5
    /// ID of an attribute in the heap, flags, order, hash of its name.
    case attributes = 8

    var recordBytes: Int {
      switch self {
      case .largeObjects: 24
      case .links: 11
      case .attributes: 17
      }
    }
  }

  /// Nodes of 512 bytes with so many levels hold more than any file.
  private static let deepest = 16
  private static let headerBytes = 38
  /// Signature, version, kind; and the checksum.
  private static let frameBytes = 10

  static func records(
    of kind: Kind, in image: HDF5Image, at address: UInt64, _ place: HDF5Place
  ) throws(StorageError) -> [ArraySlice<UInt8>] {
    var fields = try image.block(at: address, count: headerBytes, signature: Array("BTHD".utf8), place)
    guard try fields.number(1) == 0, try fields.number(1) == kind.rawValue else {
      throw image.damaged(place, "its index is of another kind")
    }
    let nodeBytes = try fields.count(4)
    let recordBytes = try fields.count(2)
    let depth = try fields.count(2)
    _ = try fields.take(2)
    let root = try fields.number(8)
    let count = try fields.count(2)
    guard recordBytes == kind.recordBytes, depth <= deepest, let levels = Level.all(kind, nodeBytes, depth) else {
      throw image.damaged(place, "its index has an impossible form")
    }
    guard root != HDF5Image.nowhere else { return [] }
    let walk = Walk(image: image, kind: kind, place: place, nodeBytes: nodeBytes, levels: levels)
    var records: [ArraySlice<UInt8>] = []
    try walk.visit(root, count: count, level: depth, &records)
    return records
  }

  /// What follows for a level from the size of the nodes; level 0 are the leaves.
  private struct Level {
    /// A node's.
    let mostRecords: Int
    /// Of a child in a node of this level.
    let pointerBytes: Int
    /// Of the number of a child's records, in every level.
    let countBytes: Int

    /// Nil where a node cannot hold a record.
    static func all(_ kind: Kind, _ nodeBytes: Int, _ depth: Int) -> [Level]? {
      let mostInLeaf = (nodeBytes - frameBytes) / kind.recordBytes
      guard mostInLeaf >= 1 else { return nil }
      let countBytes = bytes(toCount: UInt64(mostInLeaf))
      var levels = [Level(mostRecords: mostInLeaf, pointerBytes: 0, countBytes: countBytes)]
      // Records in a node and below it. Where a child has children itself, its pointer tells of all their records.
      var below = UInt64(mostInLeaf)
      for level in 1..<(depth + 1) {
        let pointerBytes = 8 + countBytes + (level > 1 ? bytes(toCount: below) : 0)
        let most = (nodeBytes - frameBytes - pointerBytes) / (kind.recordBytes + pointerBytes)
        guard most >= 1 else { return nil }
        let (product, isBeyond) = below.multipliedReportingOverflow(by: UInt64(most) + 1)
        let (sum, isAlsoBeyond) = product.addingReportingOverflow(UInt64(most))
        guard !isBeyond, !isAlsoBeyond else { return nil }
        below = sum
        levels.append(Level(mostRecords: most, pointerBytes: pointerBytes, countBytes: countBytes))
      }
      return levels
    }

    private static func bytes(toCount most: UInt64) -> Int { (64 - most.leadingZeroBitCount + 7) / 8 }
  }

  private struct Walk {
    let image: HDF5Image
    let kind: Kind
    let place: HDF5Place
    let nodeBytes: Int
    let levels: [Level]

    /// A node's children lie a level lower, so that this ends.
    func visit(
      _ address: UInt64, count: Int, level: Int, _ records: inout [ArraySlice<UInt8>]
    ) throws(StorageError) {
      let form = levels[level]
      guard count <= form.mostRecords else { throw image.damaged(place, "a part of its index is overfull") }
      let size = frameBytes + count * kind.recordBytes + (level > 0 ? (count + 1) * form.pointerBytes : 0)
      var fields = try image.block(
        at: address, count: size, signature: Array((level > 0 ? "BTIN" : "BTLF").utf8), place)
      guard try fields.number(1) == 0, try fields.number(1) == kind.rawValue else {
        throw image.damaged(place, "a part of its index is of another kind")
      }
      for _ in 0..<count { records.append(try fields.take(kind.recordBytes)) }
      guard level > 0 else { return }
      for _ in 0...count {
        let child = try fields.number(8)
        let childCount = try fields.count(form.countBytes)
        _ = try fields.take(form.pointerBytes - 8 - form.countBytes)
        try visit(child, count: childCount, level: level - 1, &records)
      }
    }
  }
}
