// The checksum of TensorBoard's records.

/// CRC-32C: the Castagnoli polynomial 0x1EDC6F41, reflected, initial value and final exclusive-or all ones. Source: RFC 3720, B.4.
enum CRC32C {
  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1 }
  }

  static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
    ~bytes.reduce(~UInt32(0)) { value, byte in
      table[Int(UInt8(truncatingIfNeeded: value) ^ byte)] ^ value >> 8
    }
  }

  /// The form that records store: rotated right by 15 bits, plus a constant, so that a checksum of checksums means something.
  /// Source: TensorFlow, tensorflow/core/lib/hash/crc32c.h.
  static func masked(_ bytes: some Sequence<UInt8>) -> UInt32 {
    let value = checksum(bytes)
    return (value >> 15 | value << 17) &+ 0xA282_EAD8
  }
}
