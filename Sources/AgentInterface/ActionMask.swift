// Which actions are legal now.

/// Legal actions as bits, at most `ActionFactors.mostChoices` of them. Illegal means probability exactly zero and no gradient. Of factored actions the bits
/// are their factors' choices, one factor behind the other, and no factor's may all be clear.
///
/// Never empty; trading environments keep that by keeping hold legal. In files and over the wire a mask is U8 (rows, A). In memory it lies as
/// `ActionFactors.maskWords` words: see `MaskRows`.
public struct ActionMask: Hashable, Sendable {
  /// Bit `a` is set when action `a` is legal, of the first 64.
  public let rawValue: UInt64
  /// The same of those from 64 and from 128 on.
  @usableFromInline let second: UInt64
  @usableFromInline let third: UInt64

  /// The words of the widest mask.
  @usableFromInline static let mostWords = 3

  /// A mask from its bits; no action from 64 on is legal.
  @inlinable
  public init(rawValue: UInt64) { self.init(rawValue, 0, 0) }

  @inlinable
  init(_ first: UInt64, _ second: UInt64, _ third: UInt64) {
    (rawValue, self.second, self.third) = (first, second, third)
  }

  /// A mask from its words, the first 64 actions' first; a word that is not asked for is 0. Traps where more than three are given.
  @inlinable
  package init(words count: Int, word: (Int) -> UInt64) {
    precondition((1...ActionMask.mostWords).contains(count), "a mask of \(count) words")
    self.init(word(0), count > 1 ? word(1) : 0, count > 2 ? word(2) : 0)
  }

  /// A mask from one flag an action. Traps above `ActionFactors.mostChoices` of them.
  public init(_ flags: some Sequence<Bool>) {
    var mask = ActionMask(rawValue: 0)
    for (action, flag) in flags.enumerated() where flag { mask = mask.allowing(1, from: action) }
    self = mask
  }

  /// Every action of a space of `count` is legal. Traps outside 1 ... `ActionFactors.mostChoices`.
  @inlinable
  public static func all(count: Int) -> ActionMask {
    precondition(
      (1...ActionFactors.mostChoices).contains(count),
      "a mask over \(count) actions: 1 to \(ActionFactors.mostChoices) are supported")
    return ActionMask(words: mostWords) { word in
      let left = count - 64 * word
      return left >= 64 ? .max : left <= 0 ? 0 : (1 << UInt64(left)) - 1
    }
  }

  /// A word of 64 actions' bits. Traps outside 0 ..< 3.
  @inlinable
  package func word(_ place: Int) -> UInt64 {
    switch place {
    case 0: return rawValue
    case 1: return second
    case 2: return third
    default: preconditionFailure("word \(place) of a mask")
    }
  }

  /// Whether `action` is legal. Traps below 0 and from 192 on.
  @inlinable
  public func allows(_ action: Int) -> Bool { word(action >> 6) >> UInt64(action & 63) & 1 != 0 }

  /// The bits of the actions from `first` on, `first`'s at bit 0: at least as many as the word of `first` and the next one hold, at most 64.
  @inlinable
  func bits(from first: Int) -> UInt64 {
    let (place, shift) = (first >> 6, UInt64(first & 63))
    let low = word(place) >> shift
    guard shift > 0, place + 1 < ActionMask.mostWords else { return low }
    return low | word(place + 1) << (64 - shift)
  }

  /// This mask with those actions legal too whose bits are set, `first`'s at bit 0. Traps where one lies beyond the last word.
  @inlinable
  package func allowing(_ bits: UInt64, from first: Int) -> ActionMask {
    let (place, shift) = (first >> 6, UInt64(first & 63))
    let above = shift > 0 ? bits >> (64 - shift) : 0
    precondition(
      place < ActionMask.mostWords && (above == 0 || place + 1 < ActionMask.mostWords),
      "a legal action beyond the last of a mask")
    return ActionMask(words: ActionMask.mostWords) { word in
      self.word(word) | (word == place ? bits << shift : word == place + 1 ? above : 0)
    }
  }

  /// What is legal in both.
  package func intersection(_ other: ActionMask) -> ActionMask {
    ActionMask(rawValue & other.rawValue, second & other.second, third & other.third)
  }

  /// Whether nothing is legal that `other` forbids.
  @inlinable
  package func isWithin(_ other: ActionMask) -> Bool {
    rawValue & ~other.rawValue == 0 && second & ~other.second == 0 && third & ~other.third == 0
  }

  /// The last legal action; nil where none is.
  package var highest: Int? {
    (0..<ActionMask.mostWords).last { word($0) != 0 }.map { 64 * $0 + 63 - word($0).leadingZeroBitCount }
  }

  /// The number of legal actions.
  @inlinable
  public var legalCount: Int { rawValue.nonzeroBitCount + second.nonzeroBitCount + third.nonzeroBitCount }
}

extension ActionMask: CustomStringConvertible {
  /// As one number; of several words each, the first actions' first.
  public var description: String { second | third == 0 ? "\(rawValue)" : "\(rawValue), \(second), \(third)" }
}
