// Several runs of one training, by seed: the middle one speaks for them.

/// What several runs that differ by their seed earned on one window. The verdict is that of the middle run, never of the best: whoever picks the
/// best of several seeds picks luck.
package struct SeedSpread: Sendable, Equatable {
  package struct Run: Sendable, Equatable {
    package var name: String
    /// Of the training.
    package var seed: Int
    /// The greedy run's Sharpe ratio a year, or in a game its mean reward; nil where it is undefined.
    package var figure: Double?
    /// A fraction; nil in a game.
    package var totalReturn: Double?
    package var headline: String
    package var isEdge: Bool

    package init(name: String, seed: Int, figure: Double?, totalReturn: Double?, headline: String, isEdge: Bool) {
      self.name = name
      self.seed = seed
      self.figure = figure
      self.totalReturn = totalReturn
      self.headline = headline
      self.isEdge = isEdge
    }
  }

  /// What the figure is.
  package let measure: String
  /// In the order given.
  package let runs: [Run]
  /// From the worst to the best; an undefined figure is the worst. Of equal ones the earlier is the worse.
  package let ranked: [Run]

  /// Traps below two runs.
  package init(measure: String, runs: [Run]) {
    precondition(runs.count >= 2, "a spread of \(runs.count) runs")
    self.measure = measure
    self.runs = runs
    ranked = runs.enumerated().sorted {
      ($0.element.figure ?? -.infinity, $0.offset) < ($1.element.figure ?? -.infinity, $1.offset)
    }.map(\.element)
  }

  /// The middle run; of an even number the worse of the two in the middle.
  package var median: Run { ranked[(ranked.count - 1) / 2] }
}
