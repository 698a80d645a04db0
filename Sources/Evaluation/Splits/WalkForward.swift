// Windows that walk through time: learn, leave a gap, test, go on.

/// Folds over the sessions `0..<count` of a calendar, each trained on what lies before its test.
///
/// Numbers compared with `WalkForward` of the Python package skfolio.
package struct WalkForward: Sendable, Equatable {
  package enum Kind: String, Sendable, CaseIterable {
    /// Each fold is trained on the same number of sessions.
    case rolling
    /// Each fold is trained on everything from the first session on.
    case anchored
  }

  /// One step of the walk.
  package struct Fold: Sendable, Equatable {
    package var training: Range<Int>
    package var test: Range<Int>
    /// Sessions between the two that nobody learns from or is tested on.
    package var gap: Int { test.lowerBound - training.upperBound }
  }

  package var kind: Kind
  /// Sessions of the first fold's training; of every fold's where it rolls.
  package var training: Int
  package var test: Int
  /// Sessions by which labels and features reach across a boundary.
  package var purge: Int
  /// Further sessions behind the purge.
  package var embargo: Int
  /// Whether a last test of fewer sessions counts.
  package var keepsShortTest: Bool

  package init(kind: Kind, training: Int, test: Int, purge: Int, embargo: Int = 1, keepsShortTest: Bool = false) {
    precondition(training > 0 && test > 0 && purge >= 0 && embargo >= 0, "\(training), \(test), \(purge), \(embargo)")
    self.kind = kind
    self.training = training
    self.test = test
    self.purge = purge
    self.embargo = embargo
    self.keepsShortTest = keepsShortTest
  }

  /// In the order of time; none where the sessions are too few for one.
  package func folds(sessions count: Int) -> [Fold] {
    var folds: [Fold] = []
    let gap = purge + embargo
    var begin = training + gap
    while begin < count {
      let end = begin + test
      guard end <= count || keepsShortTest else { break }
      let last = begin - gap
      folds.append(Fold(training: (kind == .rolling ? last - training : 0)..<last, test: begin..<min(end, count)))
      begin = end
    }
    return folds
  }

  /// Sessions that one fold needs.
  package var fewestSessions: Int { training + purge + embargo + (keepsShortTest ? 1 : test) }
}
