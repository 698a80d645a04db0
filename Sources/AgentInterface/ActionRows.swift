// Masks and actions as they lie in memory: so many words a row.

/// Rows of masks, each of `words` words of 64 actions. A window on somebody's memory.
package struct MaskRows: @unchecked Sendable {
  package let base: UnsafeMutablePointer<UInt64>
  /// Words of a row: `ActionFactors.maskWords`.
  package let words: Int

  @inlinable
  package init(_ base: UnsafeMutablePointer<UInt64>, words: Int = 1) {
    (self.base, self.words) = (base, words)
  }

  @inlinable
  package subscript(row: Int) -> ActionMask {
    get {
      // The usual row without a loop.
      guard words > 1 else { return ActionMask(rawValue: base[row]) }
      return ActionMask(words: words) { base[row * words + $0] }
    }
    nonmutating set {
      guard words > 1 else {
        base[row] = newValue.rawValue
        return
      }
      for word in 0..<words { base[row * words + word] = newValue.word(word) }
    }
  }

  /// The rows from `row` on.
  @inlinable
  package func from(_ row: Int) -> MaskRows { MaskRows(base + row * words, words: words) }

  /// Copies `count` rows of as many words. Traps on rows of another number.
  package func update(from other: MaskRows, count: Int) {
    precondition(other.words == words, "masks of \(other.words) words for rows of \(words)")
    base.update(from: other.base, count: count * words)
  }

  /// The words of `count` rows, as a record keeps them.
  package func integers(_ count: Int) -> [Int64] { (0..<count * words).map { Int64(bitPattern: base[$0]) } }
}

/// Rows of actions, each of `factors.actionWords` words. A window on somebody's memory.
///
/// An action lies as its number where 32 bits hold that of every action of the space, else as its choices, a word each.
package struct ActionRows: @unchecked Sendable {
  package let base: UnsafeMutablePointer<Int32>
  package let factors: ActionFactors

  @inlinable
  package init(_ base: UnsafeMutablePointer<Int32>, _ factors: ActionFactors) {
    (self.base, self.factors) = (base, factors)
  }

  @inlinable
  package subscript(row: Int) -> ActionNumber {
    get { factors.action(UnsafePointer(base) + row * factors.actionWords) }
    nonmutating set { factors.write(newValue, to: base + row * factors.actionWords) }
  }

  /// The rows from `row` on.
  @inlinable
  package func from(_ row: Int) -> ActionRows { ActionRows(base + row * factors.actionWords, factors) }

  /// The words of a row, as a record keeps them.
  package func integers(_ row: Int) -> [Int64] {
    (0..<factors.actionWords).map { Int64(base[row * factors.actionWords + $0]) }
  }
}
