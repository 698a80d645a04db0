// What the planted markets share.

package import AgentInterface
package import Kernels

/// A game that is a market with a known optimum.
package protocol PlantedMarket: LaneGame {
  /// Moves a lane by one step and returns its reward. `action` is a legal one.
  func step(_ lane: inout Lane, action: Int, _ random: inout RandomStream) -> Double
}

/// Three positions, all always legal, in an endless series: where a market says nothing else.
extension PlantedMarket {
  package var actionSpace: ActionSpace { PlantedAction.space }
  package var endsAtLength: Bool { false }

  /// A market ends no episode before its length.
  @inline(__always)
  package func advance(_ lane: inout Lane, action: Int, _ random: inout RandomStream) -> (reward: Double, isOver: Bool)
  {
    (step(&lane, action: action, &random), false)
  }

  @inline(__always)
  package func mask(_ lane: Lane) -> ActionMask { ActionMask(rawValue: 0b111) }
}

/// The actions of every planted market: the position held after the decision is the action's index minus one.
enum PlantedAction {
  static let flat = 1
  static let count = 3
  static let space = ActionSpace(names: ["short", "flat", "long"], fallback: flat)

  /// -1, 0 or 1.
  @inline(__always)
  static func position(_ action: Int) -> Int { action - 1 }
}

// MARK: - Saved state

extension StateRecord {
  /// `count` positions of -1, 0 or 1.
  func positions(count: Int) throws(RestoreError) -> [Int64] {
    let values = try integers("position", count: count)
    guard values.allSatisfy({ (-1...1).contains($0) }) else {
      throw .invalid(name: "position", reason: "positions are -1, 0 or 1")
    }
    return values
  }
}
