// Turns whole documents into broken ones: bits, lengths, numbers, quotes, nesting, lines, and pieces of other documents.

import Kernels

/// Seeded damage. Equal streams give equal inputs.
struct Mutator {
  /// Beyond this an input is cut off: time goes into many inputs rather than into long ones.
  static let longestBytes = 1 << 17

  var random: RandomStream
  /// Words that mean something to the reader.
  let tokens: [[UInt8]]

  init(random: RandomStream, tokens: [String]) {
    self.random = random
    self.tokens = tokens.map { Array($0.utf8) }
  }

  mutating func below(_ bound: Int) -> Int { bound <= 1 ? 0 : Int(random.nextInteger(below: UInt64(bound))) }
  mutating func chance(_ one: Int, in many: Int) -> Bool { below(many) < one }
  mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

  /// 1 change mostly, sometimes many.
  private mutating func changeCount() -> Int {
    var count = 1
    while count < 12, chance(2, in: 5) { count += 1 }
    return count
  }

  // MARK: Free damage

  /// A text or a stream, damaged without regard to its length. `others`: documents to take pieces from.
  mutating func damaged(_ whole: [UInt8], others: [[UInt8]]) -> [UInt8] {
    var bytes = whole
    for _ in 0..<changeCount() {
      change(&bytes, others: others)
      if bytes.count > Mutator.longestBytes { bytes.removeLast(bytes.count - Mutator.longestBytes) }
    }
    return bytes
  }

  private mutating func change(_ bytes: inout [UInt8], others: [[UInt8]]) {
    switch below(16) {
    case 0, 1: changeInPlace(&bytes)
    case 2: bytes.removeLast(bytes.count - below(bytes.count + 1))
    case 3:
      let range = self.range(of: bytes, longest: 64)
      bytes.removeSubrange(range)
    case 4: repeatRange(&bytes)
    case 5:
      // The beginning of this, the end of another.
      let other = pick(others)
      bytes = Array(bytes[..<below(bytes.count + 1)] + other[below(other.count + 1)...])
    case 6:
      let other = pick(others)
      bytes.replaceSubrange(range(of: bytes, longest: 256), with: other[range(of: other, longest: 256)])
    case 7, 8: bytes.insert(contentsOf: tokens.isEmpty ? [0] : pick(tokens), at: below(bytes.count + 1))
    case 9, 10: changeNumber(&bytes)
    case 11: bytes.insert(contentsOf: pick(Mutator.punctuation), at: below(bytes.count + 1))
    case 12: nest(&bytes)
    case 13, 14: changeLine(&bytes)
    default:
      let one = range(of: bytes, longest: 32)
      let piece = Array(bytes[one])
      bytes.removeSubrange(one)
      bytes.insert(contentsOf: piece, at: below(bytes.count + 1))
    }
  }

  private mutating func range(of bytes: [UInt8], longest: Int) -> Range<Int> {
    let start = below(bytes.count + 1)
    let end = min(bytes.count, start + below(longest + 1))
    return start..<end
  }

  private mutating func repeatRange(_ bytes: inout [UInt8]) {
    let piece = Array(bytes[range(of: bytes, longest: 64)])
    guard !piece.isEmpty else { return }
    let times = chance(1, in: 8) ? below(2000) : 1 + below(4)
    let place = below(bytes.count + 1)
    let copies = min(times, Mutator.longestBytes / piece.count)
    bytes.insert(contentsOf: (0..<copies).flatMap { _ in piece }, at: place)
  }

  /// Replaces one run of digits by a number at some end of some type.
  private mutating func changeNumber(_ bytes: inout [UInt8]) {
    func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
    let start = below(bytes.count + 1)
    guard let first = bytes[start...].firstIndex(where: isDigit) ?? bytes.firstIndex(where: isDigit) else { return }
    let end = bytes[first...].firstIndex { !isDigit($0) } ?? bytes.count
    let number =
      chance(1, in: 12)
      ? [UInt8](repeating: 57, count: 1 + below(3000)) : Array(pick(Mutator.numbers).utf8)
    bytes.replaceSubrange(first..<end, with: number)
  }

  private mutating func nest(_ bytes: inout [UInt8]) {
    let opening = Array(pick(Mutator.openings).utf8)
    let depth = pick([2, 8, 30, 63, 64, 65, 500, 20_000])
    bytes.insert(
      contentsOf: (0..<min(depth, Mutator.longestBytes / opening.count)).flatMap { _ in opening },
      at: below(bytes.count + 1))
  }

  /// Doubles, drops, swaps or empties a line.
  private mutating func changeLine(_ bytes: inout [UInt8]) {
    var lines = bytes.split(separator: 10, omittingEmptySubsequences: false).map(Array.init)
    let line = below(lines.count)
    switch below(5) {
    case 0: lines.insert(lines[line], at: below(lines.count + 1))
    case 1: lines.remove(at: line)
    case 2: lines.swapAt(line, below(lines.count))
    case 3: lines[line] = []
    default:
      // One field more, less, or in another place.
      var fields = lines[line].split(separator: 44, omittingEmptySubsequences: false).map(Array.init)
      let field = below(fields.count)
      if chance(1, in: 2) {
        fields.insert(fields[field], at: below(fields.count + 1))
      } else {
        fields.remove(at: field)
      }
      lines[line] = Array(fields.joined(separator: [44]))
    }
    bytes = Array(lines.joined(separator: [10]))
  }

  // MARK: Damage in place

  /// A binary file, damaged where it stands; one time in 16 it is also cut off. Bytes before `start` stay.
  mutating func damagedInPlace(_ whole: [UInt8], from start: Int) -> [UInt8] {
    var tail = Array(whole[start...])
    for _ in 0..<changeCount() where !tail.isEmpty { changeInPlace(&tail) }
    if chance(1, in: 16) { tail.removeLast(tail.count - below(tail.count + 1)) }
    return whole[..<start] + tail
  }

  /// One change of the same length.
  mutating func changedInPlace(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    changeInPlace(&bytes)
    return bytes
  }

  private mutating func changeInPlace(_ bytes: inout [UInt8]) {
    guard !bytes.isEmpty else { return }
    let place = below(bytes.count)
    switch below(7) {
    case 0, 1: bytes[place] ^= 1 << UInt8(below(8))
    case 2: bytes[place] = pick([0, 1, 0x7F, 0x80, 0xFE, 0xFF, 34, 44, 10, 48, 57, UInt8(below(256))])
    case 3: bytes[place] &+= UInt8(truncatingIfNeeded: below(71) - 35)
    case 4: overwriteInteger(&bytes, at: place)
    case 5:
      let token = tokens.isEmpty ? [0, 0, 0, 0] : pick(tokens)
      for (offset, byte) in token.enumerated() where place + offset < bytes.count { bytes[place + offset] = byte }
    default:
      // A piece of the same file over another one.
      let from = range(of: bytes, longest: 32)
      for (offset, byte) in Array(bytes[from]).enumerated() where place + offset < bytes.count {
        bytes[place + offset] = byte
      }
    }
  }

  /// A little- or big-endian integer of 1 to 8 bytes at some end of its type, or a little beside what it was.
  private mutating func overwriteInteger(_ bytes: inout [UInt8], at place: Int) {
    let width = min(pick([1, 2, 4, 8]), bytes.count - place)
    let count = UInt64(bytes.count)
    var value = pick([
      0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0x7FFF_FFFF_FFFF_FFFF,
      1 << 63, .max, .max - 1, count, count - 1, count + 1, count / 2, count * 2, UInt64(below(1 << 20)),
    ])
    if chance(1, in: 3) {
      value = bytes[place..<(place + width)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
      value = value &+ UInt64(bitPattern: Int64(below(33) - 16))
    }
    let isBigEndian = chance(1, in: 4)
    for offset in 0..<width {
      bytes[place + offset] = UInt8(
        truncatingIfNeeded: value >> UInt64(8 * (isBigEndian ? width - 1 - offset : offset)))
    }
  }

  // MARK: What readers stumble over

  private static let numbers = [
    "0", "-0", "1", "-1", "00", "127", "128", "255", "256", "65535", "65536", "65537", "2147483647", "2147483648",
    "4294967295", "4294967296", "9007199254740993", "9223372036854775807", "9223372036854775808",
    "-9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616",
    "99999999999999999999999", "1e308", "1e309", "-1e309", "1e-400", "4.9e-324", "1e999999999", "0.1", ".5", "5.",
    "0x10",
    "NaN", "nan", "inf", "-Infinity", "1_000", "1,000", "+1", "1e", "1e+", "true", "null", "",
  ]
  private static let openings = [
    "[", "{", "{\"a\":", "[[", "- ", "? ", "  ", "\"", "\\", "'", "a: ", "&a ", "\u{FEFF}",
  ]
  private static let punctuation: [[UInt8]] = [
    [34], [34, 34], [34, 34, 34], [39], [92], [92, 34], [92, 117], [44], [44, 44], [10], [13, 10], [13], [10, 10], [9],
    [0], [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xEF, 0xBB, 0xBF], [0xFE, 0xFF], [123],
    [125], [91], [93], [58], [45], [0xE2, 0x80, 0xA8], [0xC2, 0x85], [27, 91, 51, 49, 109],
  ]
}
