// The only digest of the product.

private import CDigest

/// SHA-256, fed in pieces. Source: FIPS 180-4.
public struct SHA256: Sendable {
  /// How blocks are taken in. Every form gives the same digest.
  package enum Form: Sendable {
    /// Plain Swift, for any processor: the twin of the other.
    case plain
    /// The processor's own instructions.
    case instructions

    /// The fastest that this processor has. The same for the life of a process.
    package static let fastest = cdigest_has_sha256() != 0 ? Form.instructions : .plain
  }

  private let form: Form
  private var state: InlineArray<8, UInt32> = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
  ]
  /// What was fed behind the last whole block: its first `byteCount % 64` bytes.
  private var pending = InlineArray<64, UInt8>(repeating: 0)
  private var byteCount: UInt64 = 0

  private static let constants: [UInt32] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
  ]

  /// A digest of nothing yet.
  public init() { form = .fastest }

  /// The same in one form. Traps on instructions that the processor lacks.
  package init(_ form: Form) {
    precondition(form == .plain || Form.fastest == .instructions, "this processor has no instructions for SHA-256")
    self.form = form
  }

  /// Feeds bytes.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress else { return }
    let held = Int(byteCount % 64)
    byteCount &+= UInt64(bytes.count)
    var start = 0
    if held > 0 {
      start = min(64 - held, bytes.count)
      hold(bytes[..<start], behind: held)
      guard held + start == 64 else { return }
      // A copy, because what is compressed is a part of what changes.
      let block = pending
      withUnsafeBytes(of: block) { compress($0.baseAddress!, count: 1) }
    }
    let blocks = (bytes.count - start) / 64
    compress(base + start, count: blocks)
    hold(bytes[(start + 64 * blocks)...], behind: 0)
  }

  private mutating func hold(_ bytes: Slice<UnsafeRawBufferPointer>, behind held: Int) {
    withUnsafeMutableBytes(of: &pending) { pending in
      let free = UnsafeMutableRawBufferPointer(rebasing: pending[held...])
      free.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes))
    }
  }

  /// Feeds bytes.
  public mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

  /// The 32 bytes of the digest of everything fed.
  public func finalize() -> [UInt8] {
    var copy = self
    let bitCount = byteCount &* 8
    let zeros = (119 - Int(byteCount % 64)) % 64
    // A bit that is one, zeros up to the last eight bytes of a block, and how many bits there were.
    var tail = InlineArray<72, UInt8>(repeating: 0)
    tail[0] = 0x80
    for place in 0..<8 { tail[1 + zeros + place] = UInt8(truncatingIfNeeded: bitCount >> UInt64(56 - 8 * place)) }
    withUnsafeBytes(of: tail) { copy.update(UnsafeRawBufferPointer(rebasing: $0[..<(9 + zeros)])) }
    var digest: [UInt8] = []
    digest.reserveCapacity(32)
    for word in copy.state.indices {
      for shift: UInt32 in [24, 16, 8, 0] { digest.append(UInt8(truncatingIfNeeded: copy.state[word] >> shift)) }
    }
    return digest
  }

  /// The digest in one call, as 64 lower-case hexadecimal digits.
  public static func hex(_ bytes: [UInt8]) -> String {
    var digest = SHA256()
    digest.update(bytes)
    return hexDigits(digest.finalize())
  }

  /// Bytes as lower-case hexadecimal digits.
  public static func hexDigits(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// Takes in `count` blocks of 64 bytes.
  private mutating func compress(_ blocks: UnsafeRawPointer, count: Int) {
    switch form {
    case .plain: for block in 0..<count { compress(blocks + 64 * block) }
    case .instructions:
      withUnsafeMutableBytes(of: &state) { state in
        cdigest_sha256(state.baseAddress!.assumingMemoryBound(to: UInt32.self), blocks, count)
      }
    }
  }

  private mutating func compress(_ block: UnsafeRawPointer) {
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { w in
      for i in 0..<16 {
        w[i] = UInt32(bigEndian: block.loadUnaligned(fromByteOffset: 4 * i, as: UInt32.self))
      }
      func rotate(_ x: UInt32, _ n: UInt32) -> UInt32 { (x >> n) | (x << (32 - n)) }
      for i in 16..<64 {
        let s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ (w[i - 15] >> 3)
        let s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ (w[i - 2] >> 10)
        w[i] = w[i - 16] &+ s0 &+ w[i - 7] &+ s1
      }
      var (a, b, c, d) = (state[0], state[1], state[2], state[3])
      var (e, f, g, h) = (state[4], state[5], state[6], state[7])
      SHA256.constants.withUnsafeBufferPointer { k in
        for i in 0..<64 {
          let s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
          let t1 = h &+ s1 &+ ((e & f) ^ (~e & g)) &+ k[i] &+ w[i]
          let s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
          let t2 = s0 &+ ((a & b) ^ (a & c) ^ (b & c))
          (h, g, f, e, d, c, b, a) = (g, f, e, d &+ t1, c, b, a, t1 &+ t2)
        }
      }
      state[0] &+= a
      state[1] &+= b
      state[2] &+= c
      state[3] &+= d
      state[4] &+= e
      state[5] &+= f
      state[6] &+= g
      state[7] &+= h
    }
  }
}
