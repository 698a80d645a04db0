// What a gate is asked about: accounts over the same sessions.

/// What one policy earned on the gate's window.
package struct GateAccount: Sendable, Equatable {
  package var name: String
  /// (T) a session, over cash. An account that was lost early may end early: it earns nothing afterwards.
  package var returns: [Double]
  /// (T) where trading costs one and a half times as much; nil where it costs nothing.
  package var costlier: [Double]?
  /// How often the same positions at other times do as well; nil where that was not played.
  package var chance: Double?

  package init(name: String, returns: [Double], costlier: [Double]? = nil, chance: Double? = nil) {
    self.name = name
    self.returns = returns
    self.costlier = costlier
    self.chance = chance
  }
}

/// A candidate for promotion: one way of training, with every seed that it was trained with.
package struct GateCandidate: Sendable, Equatable {
  package var name: String
  /// At least one.
  package var seeds: [GateAccount]

  package init(name: String, seeds: [GateAccount]) {
    precondition(!seeds.isEmpty, "a candidate without an account")
    self.name = name
    self.seeds = seeds
  }
}
