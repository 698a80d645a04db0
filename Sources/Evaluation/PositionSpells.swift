// A policy's positions in another order: all that it did, but not when.

import Kernels

/// One symbol's position at each close, cut into spells: stretches on one side, long, short or without a position.
///
/// Spells of one side change places among each other; which side follows which stays. So every order keeps its place inside its spell, and
/// orders, time in the market, long and short are those of the policy.
package struct PositionSpells: Sendable, Equatable {
  /// (K) the positions of each spell, in units, in the order played.
  package let spells: [[Int]]

  /// units: (T) signed units held at each close.
  package init(_ units: [Int]) {
    var spells: [[Int]] = []
    for one in units {
      if let last = spells.last?.last, last.signum() == one.signum() {
        spells[spells.count - 1].append(one)
      } else {
        spells.append([one])
      }
    }
    self.spells = spells
  }

  /// (T) the positions in an order that chance chooses: every order of the spells of each side is equally likely.
  func shuffled(_ stream: inout RandomStream) -> [Int] {
    var order = Array(spells.indices)
    for side in -1...1 {
      let places = spells.indices.filter { (spells[$0].first ?? 0).signum() == side }
      var chosen = places
      stream.shuffle(&chosen)
      for (place, spell) in zip(places, chosen) { order[place] = spell }
    }
    return order.flatMap { spells[$0] }
  }
}
