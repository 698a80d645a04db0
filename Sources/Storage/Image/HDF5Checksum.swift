// The checksum that HDF5 puts behind its metadata.

/// Bob Jenkins' lookup3 (`hashlittle`, 2006) with a start of 0.
enum HDF5Checksum {
  static let byteCount = 4

  static func of(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    bytes.withUnsafeBytes { bytes in
      func word(_ place: Int) -> UInt32 {
        UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self))
      }
      var state = State(count: bytes.count)
      var place = 0
      while bytes.count - place > 12 {
        state.mix(word(place), word(place + 4), word(place + 8))
        place += 12
      }
      guard place < bytes.count else { return state.c }
      // The last words are filled up with zeros.
      var last: (UInt32, UInt32, UInt32) = (0, 0, 0)
      withUnsafeMutableBytes(of: &last) { $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[place...])) }
      return state.end(UInt32(littleEndian: last.0), UInt32(littleEndian: last.1), UInt32(littleEndian: last.2))
    }
  }

  private struct State {
    var a, b, c: UInt32

    init(count: Int) {
      a = 0xDEAD_BEEF &+ UInt32(truncatingIfNeeded: count)
      (b, c) = (a, a)
    }

    private static func turned(_ x: UInt32, _ count: UInt32) -> UInt32 { x << count | x >> (32 - count) }

    mutating func mix(_ x: UInt32, _ y: UInt32, _ z: UInt32) {
      a = a &+ x
      b = b &+ y
      c = c &+ z
      a = (a &- c) ^ State.turned(c, 4); c = c &+ b
      b = (b &- a) ^ State.turned(a, 6); a = a &+ c
      c = (c &- b) ^ State.turned(b, 8); b = b &+ a
      a = (a &- c) ^ State.turned(c, 16); c = c &+ b
      b = (b &- a) ^ State.turned(a, 19); a = a &+ c
      c = (c &- b) ^ State.turned(b, 4); b = b &+ a
    }

    mutating func end(_ x: UInt32, _ y: UInt32, _ z: UInt32) -> UInt32 {
      a = a &+ x
      b = b &+ y
      c = c &+ z
      c = (c ^ b) &- State.turned(b, 14)
      a = (a ^ c) &- State.turned(c, 11)
      b = (b ^ a) &- State.turned(a, 25)
      c = (c ^ b) &- State.turned(b, 16)
      a = (a ^ c) &- State.turned(c, 4)
      b = (b ^ a) &- State.turned(a, 14)
      c = (c ^ b) &- State.turned(b, 24)
      return c
    }
  }
}
