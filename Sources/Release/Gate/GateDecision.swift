// What a gate says: of every candidate why it may not pass, and of all of them one sentence.

package import Evaluation
private import Kernels

/// One candidate's Sharpe ratio against one opponent's.
package struct GateComparison: Sendable, Equatable {
  package var opponent: String
  /// Candidate less opponent, annual; nil for chance, and where neither varies or the sessions are too few.
  package var difference: SharpeComparison?
  /// One-sided: how often luck alone would show as much.
  package var pValue: Double
  /// The same of the best of all candidates of the weekend that are no better: what their number leaves of it.
  package var adjusted: Double
}

/// What the gate found of one candidate.
package struct GateJudgement: Sendable, Equatable {
  /// Why it may not pass, in words that go on behind its name.
  package enum Objection: Sendable, Equatable, CustomStringConvertible {
    case tooFewSessions(Int)
    /// Opponents that it is not told from at this level.
    case notAbove([String])
    /// The correction over all candidates of the weekend leaves too much.
    case oneOfMany(adjusted: Double)
    case earnsLess
    case fragile

    package var description: String {
      switch self {
      case .tooFewSessions(let sessions):
        "was judged over \(sessions) sessions, fewer than the \(PromotionGate.minimumSessions) that the gate asks for"
      case .notAbove(let names): "was not told from \(names.joined(separator: ", "))"
      case .oneOfMany(let adjusted):
        "is one of so many that luck would do as well in \(ReportText.fixed(100 * adjusted, decimals: 1)) % of weekends"
      case .earnsLess: "earns less a session than the champion"
      case .fragile: "loses its gain at \(ReportText.fixed(PromotionGate.costFactor, decimals: 1)) times the costs"
      }
    }
  }

  package var candidate: String
  /// The seed that stands for it, and of how many.
  package var account: String
  package var seeds: Int
  /// The champion first, then nothing held, the baselines, and chance.
  package var comparisons: [GateComparison]
  /// Annual; 0 where the account does not vary.
  package var sharpe: Double
  /// Mean return a session less the champion's, with its 95 % interval; nil without a champion.
  package var profit: Interval?
  package var isFragile: Bool
  package internal(set) var objections: [Objection] = []

  init(
    candidate: String, account: String, seeds: Int, comparisons: [GateComparison], sharpe: Double, profit: Interval?,
    isFragile: Bool
  ) {
    self.candidate = candidate
    self.account = account
    self.seeds = seeds
    self.comparisons = comparisons
    self.sharpe = sharpe
    self.profit = profit
    self.isFragile = isFragile
  }

  /// All comparisons must hold: the largest.
  package var pValue: Double { comparisons.map(\.pValue).max() ?? 1 }
  /// What the number of candidates leaves of it.
  package var adjusted: Double { comparisons.map(\.adjusted).max() ?? 1 }
  package var passes: Bool { objections.isEmpty }
  /// Against whom it is ranked among those that pass: the champion, else nothing held.
  var lowerBound: Double { comparisons.first?.difference?.difference.lower ?? -.infinity }

  mutating func object(sessions: Int) {
    objections = []
    if sessions < PromotionGate.minimumSessions { objections.append(.tooFewSessions(sessions)) }
    let close = comparisons.filter { $0.pValue > PromotionGate.familyError }.map(\.opponent)
    if !close.isEmpty {
      objections.append(.notAbove(close))
    } else if adjusted > PromotionGate.familyError {
      objections.append(.oneOfMany(adjusted: adjusted))
    }
    if let profit, profit.upper < 0 { objections.append(.earnsLess) }
    if isFragile { objections.append(.fragile) }
  }
}

/// What is done after a weekend.
package struct GateDecision: Sendable, Equatable {
  package enum Outcome: Sendable, Equatable {
    /// The candidate takes the champion's place.
    case promote(String)
    /// There is no champion: the candidate waits for a person.
    case challenge(String)
    case keep
  }

  package let judgements: [GateJudgement]
  package let sessions: Int
  package let hasChampion: Bool
  package let outcome: Outcome
  /// The true difference of Sharpe ratios against the champion (nothing held, where there is none) that this window would have found in four of five
  /// cases, by the widest of the candidates; nil where nothing could be compared.
  package let detectable: Double?

  /// criticalRatio: so many of its errors a candidate's difference against the first opponent must lie above zero; nil where that is not known.
  init(judgements: [GateJudgement], sessions: Int, hasChampion: Bool, criticalRatio: Double?) {
    var judged = judgements
    for place in judged.indices { judged[place].object(sessions: sessions) }
    var best: GateJudgement?
    for one in judged where one.passes {
      if let before = best, one.lowerBound <= before.lowerBound { continue }
      best = one
    }
    self.judgements = judged
    self.sessions = sessions
    self.hasChampion = hasChampion
    outcome = best.map { hasChampion ? .promote($0.candidate) : .challenge($0.candidate) } ?? .keep
    let errors = judged.compactMap { $0.comparisons.first?.difference?.standardError }
    detectable = criticalRatio.flatMap { critical in
      errors.max().map { $0 * (critical + NormalDistribution.quantile(PromotionGate.power)) }
    }
  }

  /// One sentence.
  package var sentence: String {
    let against = hasChampion ? "the champion and every baseline" : "every baseline"
    switch outcome {
    case .promote(let name):
      return "\(name) is promoted: over \(sessions) sessions it beat \(against) at equal risk."
    case .challenge(let name):
      return
        "\(name) is published as challenger: over \(sessions) sessions it beat \(against) at equal risk; there is no champion, "
        + "and only a person promotes the first."
    case .keep:
      let who = hasChampion ? "The champion stays" : "Nothing is published"
      guard !judgements.isEmpty else { return "\(who): there was no candidate to judge." }
      guard let nearest = judgements.min(by: { $0.adjusted < $1.adjusted }), judgements.count > 1 else {
        return "\(who): \(judgements[0].candidate) \(judgements[0].reason)."
      }
      return
        "\(who): none of \(judgements.count) candidates passed; the nearest, \(nearest.candidate), \(nearest.reason)."
    }
  }

  /// What stands beside the sentence: what the window could have found, and what chance alone does.
  package var caveats: [String] {
    var lines: [String] = []
    if let detectable {
      lines.append(
        "With 80 % this window would have found a Sharpe ratio that is truly \(ReportText.fixed(detectable, decimals: 1)) a year above "
          + "\(hasChampion ? "the champion's" : "zero"); smaller edges mostly stay unseen.")
    }
    lines.append(
      "At this level chance alone may promote in one weekend of 20, and a promoted candidate may be an equal.")
    return lines
  }
}

extension GateJudgement {
  fileprivate var reason: String { objections.map(\.description).joined(separator: ", and ") }
}
