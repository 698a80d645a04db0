// Several runs of one training, by seed: the middle one speaks for them.

package import Market

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
    /// (K) of a market: the sessions of the greedy run, and its net liquidation value at their closes, dollars.
    package var dates: [CalendarDate] = []
    package var closes: [Double] = []
    /// What must be read before any figure of it, what stands behind its title, and across its pages.
    package var warnings: [String] = []
    package var stamp = ""
    package var watermark = ""

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

  /// What must be read before any figure: once where it holds for all runs, by name where it holds for some.
  package var warnings: [String] {
    let all = runs.flatMap { run in run.warnings.map { (run: run.name, text: $0) } }
    var told: [String] = []
    for one in all {
      let names = all.filter { $0.text == one.text }.map(\.run)
      let text = names.count == runs.count ? one.text : names.joined(separator: ", ") + ": " + one.text
      if !told.contains(text) { told.append(text) }
    }
    return told
  }

  /// The mean over all seeds with its interval; nil where a run has no figure.
  package var figures: Interval? { SeedSpread.interval(runs.map(\.figure)) }
  /// The same of the total return; nil in a game.
  package var totalReturns: Interval? { SeedSpread.interval(runs.map(\.totalReturn)) }
  /// Of the figures.
  package var deviation: Double? {
    let known = runs.compactMap(\.figure)
    return known.count == runs.count ? ReturnStatistics.standardDeviation(known) : nil
  }

  /// Whether the seeds together gained or lost more than they scatter; nil in a game, where nothing held is no measure.
  package var isToldFromFlat: Bool? { totalReturns.map { $0.isAboveZero || $0.isBelowZero } }

  private static func interval(_ values: [Double?]) -> Interval? {
    let known = values.compactMap { $0 }
    return known.count == values.count ? StudentInterval.mean(known) : nil
  }
}
