// Which actions are legal now.

/// Legal actions as bits (A <= 64; larger spaces are refused by name). Illegal means probability exactly zero and no gradient. Of factored actions the bits
/// are their factors' choices, one factor behind the other, and no factor's may all be clear.
///
/// Never empty; trading environments keep that by keeping hold legal. In files and over the wire a mask is U8 (rows, A).
public struct ActionMask: RawRepresentable, Hashable, Sendable {
  /// Bit `a` is set when action `a` is legal.
  public let rawValue: UInt64

  /// A mask from its bits.
  @inlinable
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// A mask from one flag an action.
  public init(_ flags: some Sequence<Bool>) {
    var bits: UInt64 = 0
    for (action, flag) in flags.enumerated() where flag { bits |= 1 << UInt64(action) }
    rawValue = bits
  }

  /// Every action of a space of `count` is legal. Traps outside 1 ... 64.
  @inlinable
  public static func all(count: Int) -> ActionMask {
    precondition((1...64).contains(count), "a mask over \(count) actions: 1 to 64 are supported")
    return ActionMask(rawValue: count == 64 ? .max : (1 << UInt64(count)) - 1)
  }

  /// Whether `action` is legal.
  @inlinable
  public func allows(_ action: Int) -> Bool { rawValue & (1 << UInt64(action)) != 0 }

  /// The number of legal actions.
  @inlinable
  public var legalCount: Int { rawValue.nonzeroBitCount }
}
