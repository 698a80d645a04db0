// Rules without learning for games of one symbol a session, and by which actions chance holds what somebody else held.

/// A rule that opens at most one position a session, at the first decision that allows it, and gives it back by its gain, or leaves it to the end.
package struct ActionRule: Sendable, Equatable {
  /// Of the rule that never trades.
  package static let flatName = "flat"

  /// The name in reports and files.
  package let name: String
  /// The action that it opens with; nil: it never trades.
  package let opens: String?
  /// The action that it opens with instead where the session before ended below the one before that; it opens nothing where neither is above the other.
  package let opensAfterFall: String?
  /// It closes at such a gain or more, and at such a one or less: fractions, as the column `SessionPlay.gain` shows them.
  package let takesAt: Double?
  package let stopsAt: Double?

  package init(
    _ name: String, opens: String? = nil, opensAfterFall: String? = nil, takesAt: Double? = nil, stopsAt: Double? = nil
  ) {
    (self.name, self.opens, self.opensAfterFall) = (name, opens, opensAfterFall)
    (self.takesAt, self.stopsAt) = (takesAt, stopsAt)
  }
}

/// How a game is played whose decision is about one symbol, and in which nothing outlives its session: actions by name.
package struct SessionPlay: Sendable, Equatable {
  /// What opens a position that an account counts as positive units, and one that it counts as negative ones.
  package let opensUp: String
  package let opensDown: String
  package let closes: String
  /// The column of the observation that says what the position gained.
  package let gain: String
  /// Who must be beaten.
  package let rules: [ActionRule]

  package init(opensUp: String, opensDown: String, closes: String, gain: String = "gain", rules: [ActionRule]) {
    (self.opensUp, self.opensDown, self.closes, self.gain, self.rules) = (opensUp, opensDown, closes, gain, rules)
  }
}
