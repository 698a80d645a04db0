// A policy's positions in another order: all that it did, but not when.

import Kernels

/// One symbol's position at each close, cut into spells: stretches on one side, long, short or without a position.
///
/// Spells of one side change places among each other; which side follows which stays. So every order keeps its place inside its spell, and
/// orders, time in the market, long and short are those of the policy.
package struct PositionSpells: Sendable, Equatable {
  /// (T) units held at each close.
  private let units: [Int8]
  /// (K + 1) where in `units` each spell begins, and where the last one ends.
  private let starts: [Int32]
  /// The spells of each side that change places: short, without a position, long.
  private let sides: [[Int32]]

  /// units: (T) signed units held at each close, at most 127 of them. free: the closes among which spells change places; all where it is nil. What was held
  /// at others, as nothing where a symbol was not listed, stays where it is.
  package init(_ units: some Sequence<Int>, free: Range<Int>? = nil) {
    var kept: [Int8] = []
    var starts: [Int32] = []
    var sides: [[Int32]] = [[], [], []]
    for one in units {
      guard let narrow = Int8(exactly: one) else { preconditionFailure("a position of \(one) units") }
      let place = kept.count
      let isFree = free?.contains(place) ?? true
      if kept.last.map({ $0.signum() != narrow.signum() }) ?? true || place == free?.lowerBound
        || place == free?.upperBound
      {
        if isFree { sides[1 + one.signum()].append(Int32(starts.count)) }
        starts.append(Int32(kept.count))
      }
      kept.append(narrow)
    }
    starts.append(Int32(kept.count))
    self.units = kept
    self.starts = starts
    self.sides = sides
  }

  /// T.
  var sessions: Int { units.count }
  /// K.
  var count: Int { starts.count - 1 }
  /// Spells with a position that change places.
  var countHeld: Int { sides[0].count + sides[2].count }

  /// (K) the positions of each spell, in units, in the order played.
  var spells: [[Int]] {
    (0..<count).map { spell in units[Int(starts[spell])..<Int(starts[spell + 1])].map { Int($0) } }
  }

  /// Writes what chance holds in some sessions of (T): every order of the spells of each side is equally likely, and the stream alone decides. order:
  /// (K) room for a draw.
  func shuffle(
    _ stream: inout RandomStream, sessions: Range<Int>, into path: UnsafeMutablePointer<Int8>, order: inout [Int32]
  ) {
    order.removeAll(keepingCapacity: true)
    order.append(contentsOf: 0..<Int32(count))
    for places in sides {
      var chosen = places
      stream.shuffle(&chosen)
      for (place, spell) in zip(places, chosen) { order[Int(place)] = spell }
    }
    var session = 0
    for spell in order {
      let (first, end) = (Int(starts[Int(spell)]), Int(starts[Int(spell) + 1]))
      let after = session + (end - first)
      for wanted in max(
        session, sessions.lowerBound)..<max(session, sessions.lowerBound, min(after, sessions.upperBound))
      {
        path[wanted - sessions.lowerBound] = units[first + wanted - session]
      }
      session = after
      if session >= sessions.upperBound { break }
    }
  }

  /// (T) the positions in an order that chance chooses.
  func shuffled(_ stream: inout RandomStream) -> [Int] {
    var order: [Int32] = []
    let path = [Int8](unsafeUninitializedCapacity: sessions) { buffer, count in
      if let base = buffer.baseAddress { shuffle(&stream, sessions: 0..<sessions, into: base, order: &order) }
      count = sessions
    }
    return path.map { Int($0) }
  }
}
