// Many beginnings of bars on a grid, held beside others'.

/// A set of numbers of a `BarGrid`, a bit each from the first to the last of them.
struct SlotSet: Sendable, Equatable {
  /// The number of the first bit: a multiple of 64.
  private let start: Int
  private var words: [UInt64]
  let first: Int?
  let last: Int?

  /// Those that are not negative, in any order.
  init(_ slots: [Int]) {
    var (least, most) = (Int.max, -1)
    for slot in slots where slot >= 0 { (least, most) = (min(least, slot), max(most, slot)) }
    guard most >= 0 else {
      (start, words, first, last) = (0, [], nil, nil)
      return
    }
    (first, last) = (least, most)
    start = least / 64 * 64
    var words = [UInt64](repeating: 0, count: (most - start) / 64 + 1)
    for slot in slots where slot >= 0 { words[(slot - start) / 64] |= 1 << UInt64((slot - start) % 64) }
    self.words = words
  }

  /// The 64 bits from a number on.
  private func bits(from slot: Int) -> UInt64 {
    let (word, shift) = ((slot - start) >> 6, UInt64((slot - start) & 63))
    let low = words.indices.contains(word) ? words[word] >> shift : 0
    guard shift > 0, words.indices.contains(word + 1) else { return low }
    return low | words[word + 1] << (64 - shift)
  }

  /// How many numbers of a range are in this set, in the other, and in both.
  func counts(_ other: SlotSet, in range: Range<Int>) -> (own: Int, other: Int, both: Int) {
    var counts = (own: 0, other: 0, both: 0)
    var slot = range.lowerBound
    while slot < range.upperBound {
      let left = range.upperBound - slot
      let mask = left < 64 ? (1 << UInt64(left)) - 1 : UInt64.max
      let (ours, theirs) = (bits(from: slot) & mask, other.bits(from: slot) & mask)
      counts.own += ours.nonzeroBitCount
      counts.other += theirs.nonzeroBitCount
      counts.both += (ours & theirs).nonzeroBitCount
      slot += 64
    }
    return counts
  }
}
