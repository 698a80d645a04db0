// A weekend's page: what ran, who was compared with whom, what was decided, and how it is undone.

package import Environments

/// What a weekend has to say, as one value; filled in by whoever followed it.
package struct RetrainReport: Sendable {
  /// One training.
  package struct Run: Sendable {
    package var name: String
    /// `trained`, `cut` or `failed`.
    package var state: String
    /// Seconds: on average, at most in nine of ten cases, and used.
    package var expected: Double
    package var safe: Double
    package var used: Double
    /// Why it was cut or failed; empty where it was trained.
    package var words: String

    package init(name: String, state: String, expected: Double, safe: Double, used: Double, words: String) {
      (self.name, self.state, self.expected, self.safe) = (name, state, expected, safe)
      (self.used, self.words) = (used, words)
    }
  }

  /// One candidate before the gate.
  package struct Candidate: Sendable {
    package var name: String
    /// The seed that stands for it, of how many.
    package var account: String
    package var seeds: Int
    /// Annual.
    package var sharpe: Double
    /// Sharpe ratio less the first opponent's, annual.
    package var difference: Interval?
    package var pValue: Double
    package var adjusted: Double
    /// Mean return a session less the champion's.
    package var profit: Interval?
    package var objections: [String]
    /// Shown, never used: nil where it cannot be told.
    package var winRate: WinRateGate?
    package var deflated: DeflatedSharpe?
    /// Over the last seven sessions, annual.
    package var weekSharpe: Double?
    package var weekError: Double?

    package init(
      name: String, account: String, seeds: Int, sharpe: Double, difference: Interval?, pValue: Double,
      adjusted: Double, profit: Interval?, objections: [String], winRate: WinRateGate?, deflated: DeflatedSharpe?,
      weekSharpe: Double?, weekError: Double?
    ) {
      (self.name, self.account, self.seeds, self.sharpe) = (name, account, seeds, sharpe)
      (self.difference, self.pValue, self.adjusted, self.profit) = (difference, pValue, adjusted, profit)
      (self.objections, self.winRate, self.deflated) = (objections, winRate, deflated)
      (self.weekSharpe, self.weekError) = (weekSharpe, weekError)
    }
  }

  package typealias Line = EvaluationContext.Line

  /// `weekend 0003 of NAME`.
  package var title: String
  package var subtitle: String
  /// The decision in a few words, without a full stop.
  package var headline: String
  package var isPromoted: Bool
  package var sentence: String
  package var caveats: [String]
  package var undo: [String]
  package var runs: [Run]
  package var hasChampion: Bool
  package var candidates: [Candidate]
  package var data: [Line]
  package var drift: [(run: String, lines: [String])]
  package var ledger: [String]
  package var times: [Line]
  package var provenance: [Line]
  /// Of all runs that were judged; nil for fewer than two.
  package var overfitting: BacktestOverfitting?
  /// The folds of the window that it was asked over; nil for halves of blocks.
  package var folds: PurgedFolds?

  package init(
    title: String, subtitle: String, headline: String, isPromoted: Bool, sentence: String, caveats: [String] = [],
    undo: [String] = [], runs: [Run] = [], hasChampion: Bool = false, candidates: [Candidate] = [],
    data: [Line] = [], drift: [(run: String, lines: [String])] = [], ledger: [String] = [], times: [Line] = [],
    provenance: [Line] = [], overfitting: BacktestOverfitting? = nil, folds: PurgedFolds? = nil
  ) {
    (self.overfitting, self.folds) = (overfitting, folds)
    (self.title, self.subtitle, self.headline, self.isPromoted) = (title, subtitle, headline, isPromoted)
    (self.sentence, self.caveats, self.undo, self.runs) = (sentence, caveats, undo, runs)
    (self.hasChampion, self.candidates, self.data, self.drift) = (hasChampion, candidates, data, drift)
    (self.ledger, self.times, self.provenance) = (ledger, times, provenance)
  }
}

extension RetrainReport {
  package var document: ReportDocument {
    var sections: [ReportDocument.Section] = []
    func add(_ heading: String, _ blocks: [ReportDocument.Block]) {
      if !blocks.isEmpty { sections.append(.init(heading: heading, blocks: blocks)) }
    }
    add("Undo", undo.isEmpty ? [] : [.list(undo)])
    add("Candidates", candidates.isEmpty ? [] : [.table(table), .list(candidates.map(reasons))])
    add("What ran", runs.isEmpty ? [] : [.table(runTable)] + remarks + (times.isEmpty ? [] : [.facts(facts(times))]))
    add("Ledger", ledger.isEmpty ? [] : [.list(ledger)])
    add("Data", data.isEmpty ? [] : [.facts(facts(data))])
    add("Drift of observations", drift.flatMap { one in [.paragraph("\(one.run):"), .list(one.lines)] })
    add("Shown, never used", candidates.isEmpty ? [] : [.list(candidates.flatMap(asides) + overfittingLines)])
    add("What it stands on", provenance.isEmpty ? [] : [.facts(facts(provenance))])
    return ReportDocument(
      title: title, subtitle: subtitle,
      verdict: .init(
        headline: headline, isEdge: isPromoted,
        blocks: [.paragraph(sentence)] + (caveats.isEmpty ? [] : [.list(caveats)])),
      sections: sections)
  }

  private func facts(_ lines: [Line]) -> [(name: String, text: String)] { lines.map { ($0.name, $0.text) } }

  private func span(_ interval: Interval?, times factor: Double = 1, decimals: Int) -> String {
    guard let interval else { return ReportText.undefined }
    return "\(ReportText.signed(factor * interval.estimate, decimals: decimals)) "
      + "(\(ReportText.signed(factor * interval.lower, decimals: decimals)) to "
      + "\(ReportText.signed(factor * interval.upper, decimals: decimals)))"
  }

  private var table: ReportDocument.Table {
    let opponent = hasChampion ? "the champion" : "nothing held"
    return .init(
      caption: "Each candidate by its median seed; differences are against \(opponent), with 95 % intervals",
      columns: [
        "Sharpe ratio", "less \(hasChampion ? "champion's" : "zero")", "p", "p over all",
        "mean return, basis points a session",
      ],
      rows: candidates.map { one in
        .init(
          label: "\(one.name) (\(one.account), \(one.seeds) seed\(one.seeds == 1 ? "" : "s"))",
          cells: [
            ReportText.fixed(one.sharpe, decimals: 2), span(one.difference, decimals: 2), ReportText.pValue(one.pValue),
            ReportText.pValue(one.adjusted), span(one.profit, times: 10_000, decimals: 1),
          ])
      })
  }

  private func reasons(_ one: Candidate) -> String {
    one.objections.isEmpty ? "\(one.name) passes the gate." : "\(one.name) \(one.objections.joined(separator: "; "))."
  }

  private var runTable: ReportDocument.Table {
    .init(
      caption: "Trainings, in seconds: planned, at most in nine of ten cases, and used",
      columns: ["state", "planned", "at most", "used"],
      rows: runs.map { run in
        .init(
          label: run.name,
          cells: [
            run.state, ReportText.fixed(run.expected, decimals: 1), ReportText.fixed(run.safe, decimals: 1),
            ReportText.fixed(run.used, decimals: 1),
          ])
      })
  }

  private var remarks: [ReportDocument.Block] {
    let lines = runs.filter { !$0.words.isEmpty }.map {
      "\($0.name) was \($0.state == "failed" ? "not trained" : $0.state): \($0.words)."
    }
    return lines.isEmpty ? [] : [.list(lines)]
  }

  /// Figures that others decide by.
  private var overfittingLines: [String] {
    guard let overfitting else { return [] }
    let ways = "Of \(overfitting.logits.count) ways to take half of this window"
    let purged = folds.map {
      ", in \($0.count) folds with \($0.purge) sessions left out before and \($0.purge + $0.embargo) behind what is tested (combinatorial purged splits)"
    }
    return [
      "\(ways)\(purged ?? ""), the run that was best there lay below the median of all in the other half in "
        + "\(ReportText.percent(overfitting.probability, decimals: 1)) (probability of backtest overfitting): near 50 % what is best is luck."
    ]
  }

  private func asides(_ one: Candidate) -> [String] {
    var lines: [String] = []
    if let gate = one.winRate {
      lines.append(
        "\(one.name), 'more than 60 % of trades won, and a profit': \(gate.passes ? "yes" : "no"), \(ReportText.percent(gate.winRate, decimals: 1)) of "
          + "\(gate.trades) trades and \(ReportText.grouped(gate.profit, decimals: 0)) dollars; of strategies with trades of the same shape and no edge at all, "
          + "\(ReportText.percent(gate.edgelessShare, decimals: 1)) pass it too.")
    } else {
      lines.append("\(one.name), 'more than 60 % of trades won, and a profit': it closed no trade.")
    }
    if let ratio = one.weekSharpe, let error = one.weekError {
      lines.append(
        "\(one.name), Sharpe ratio of the last 7 sessions: \(ReportText.fixed(ratio, decimals: 1)), standard error "
          + "\(ReportText.fixed(error, decimals: 1)): a week says nothing.")
    }
    if let deflated = one.deflated {
      lines.append(
        "\(one.name), deflated Sharpe ratio: \(ReportText.percent(deflated.probability, decimals: 1)) sure to be above the "
          + "\(ReportText.fixed(deflated.threshold, decimals: 2)) that the best of \(deflated.trials) tries without an edge would show."
      )
    }
    return lines
  }
}
