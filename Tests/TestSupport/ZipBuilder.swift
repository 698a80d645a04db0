// Zip archives made by hand, whole and wrong, from the format's own description (PKWARE, APPNOTE.TXT 6.3.9).

/// An archive of members; every field of its directory may be made untrue.
package struct ZipBuilder {
  package struct Member {
    package var name: String
    /// What stands in the archive: packed where `method` is 8.
    package var packed: [UInt8]
    package var method: UInt16
    package var textBytes: Int
    package var checksum: UInt32
    package var flags: UInt16 = 0
    /// Where the directory says that its header begins; nil for where it does.
    package var headerOffset: Int?
    /// Whether its sizes and place stand in the 64-bit fields.
    package var isWide = false

    /// A member that is stored as it is.
    package init(_ name: String, _ text: [UInt8]) {
      self.name = name
      packed = text
      method = 0
      textBytes = text.count
      checksum = ZipBuilder.checksum(text)
    }

    /// One whose text lies in a gzip stream of one member without a name: what stands between its header and trailer is the same.
    package init(_ name: String, _ text: [UInt8], gzip: [UInt8]) {
      self.init(name, text)
      packed = Array(gzip[10..<gzip.count - 8])
      method = 8
    }
  }

  package var members: [Member]
  package var comment: [UInt8] = []

  package init(_ members: [Member]) { self.members = members }

  package var bytes: [UInt8] {
    var archive: [UInt8] = []
    var directory: [UInt8] = []
    let isWide = members.contains(where: \.isWide)
    for member in members {
      let offset = archive.count
      let name = Array(member.name.utf8)
      let fields = numbers([(2, Int(member.flags)), (2, Int(member.method)), (4, 0), (4, Int(member.checksum))])
      let sizes = numbers([(4, member.packed.count), (4, member.textBytes), (2, name.count)])
      archive += [0x50, 0x4b, 3, 4, 20, 0] + fields + sizes + [0, 0] + name + member.packed
      let wide =
        member.isWide
        ? numbers([
          (2, 1), (2, 24), (8, member.textBytes), (8, member.packed.count), (8, member.headerOffset ?? offset),
        ]) : []
      func narrow(_ number: Int) -> Int { member.isWide ? 0xffff_ffff : number }
      directory += [0x50, 0x4b, 1, 2, 20, 0, 20, 0] + fields
      directory += numbers([
        (4, narrow(member.packed.count)), (4, narrow(member.textBytes)), (2, name.count), (2, wide.count),
      ])
      directory += numbers([(2, 0), (2, 0), (2, 0), (4, 0), (4, narrow(member.headerOffset ?? offset))]) + name + wide
    }
    let start = archive.count
    archive += directory
    if isWide {
      let record = archive.count
      archive +=
        [0x50, 0x4b, 6, 6]
        + numbers([(8, 44), (2, 45), (2, 45), (4, 0), (4, 0), (8, members.count), (8, members.count)])
      archive += numbers([(8, directory.count), (8, start)])
      archive += [0x50, 0x4b, 6, 7] + numbers([(4, 0), (8, record), (4, 1)])
    }
    let count = isWide ? 0xffff : members.count
    archive += [0x50, 0x4b, 5, 6] + numbers([(2, 0), (2, 0), (2, count), (2, count)])
    archive += numbers([
      (4, isWide ? 0xffff_ffff : directory.count), (4, isWide ? 0xffff_ffff : start), (2, comment.count),
    ])
    return archive + comment
  }

  private func numbers(_ fields: [(bytes: Int, value: Int)]) -> [UInt8] {
    fields.flatMap { field in (0..<field.bytes).map { UInt8(truncatingIfNeeded: field.value >> (8 * $0)) } }
  }

  /// CRC-32, bit by bit: another way than the one that is tested. Source: ISO 3309.
  package static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var remainder = UInt32.max
    for byte in bytes {
      remainder ^= UInt32(byte)
      for _ in 0..<8 { remainder = remainder >> 1 ^ (remainder & 1 == 1 ? 0xedb8_8320 : 0) }
    }
    return ~remainder
  }
}
