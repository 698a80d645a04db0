// Monday's page, from what stands in the journal.

private import Environments
private import Evaluation
private import Storage
private import Text
package import Training

extension Retrain {
  static let pageName = "report"
  /// The page of this weekend, as HTML.
  package var page: String { journal.file(Retrain.pageName + ".html") }

  /// The page of a weekend that trained nothing.
  func writeRefusal(_ sentence: String, content: String?) throws(TrainingError) {
    try write(
      RetrainReport(
        title: title, subtitle: subtitle, headline: "nothing was trained", isPromoted: false,
        sentence: "The data were refused: \(sentence).",
        caveats: ["The champion stays as it is; nothing was tried, so the ledger has no further line."],
        undo: ["There is nothing to undo. Mend the data, and run the same command again."],
        provenance: standing + (content.map { [.init("data", "content \($0)")] } ?? [])))
  }

  func writePage(
    _ decision: RetrainDecision, _ runs: [RetrainRun], _ data: RetrainData, _ champion: RetrainChampion?
  ) throws(TrainingError) {
    let gate = gateDecision(runs)
    let judged = self.judged(runs)
    let candidates = gate.judgements.map { judgement in
      let account = judged[judgement.account]
      let returns = account?.account.returns ?? []
      let week = Array(returns.suffix(7))
      let weekSharpe = week.count == 7 ? ReturnStatistics.sharpe(week) : nil
      let seen = ledgerSharpes(data)
      return RetrainReport.Candidate(
        name: judgement.candidate, account: judgement.account, seeds: judgement.seeds, sharpe: judgement.sharpe,
        difference: judgement.comparisons.first?.difference?.difference, pValue: judgement.pValue,
        adjusted: judgement.adjusted, profit: judgement.profit, objections: judgement.objections.map(\.description),
        winRate: WinRateGate(profits: account?.trades ?? [], seed: UInt64(plan.settings.seed)),
        deflated: DeflatedSharpe(
          returns, trials: decision.trials,
          trialDeviation: DeflatedSharpe.trialDeviation(ofSharpes: seen, sessions: returns.count)),
        weekSharpe: weekSharpe,
        weekError: weekSharpe.flatMap { ReturnStatistics.sharpeStandardError(annualSharpe: $0, sessions: 7) })
    }
    let done = progress(runs).trained
    let trained = runs.compactMap { done[$0.name] }
    let headline =
      switch decision.outcome {
      case .promote: plan.settings.alias == .champion ? "a candidate was promoted" : "a challenger was published"
      case .challenge: "a challenger was published"
      case .keep: champion == nil ? "nothing is published" : "the champion stays"
      }
    var drift: [(run: String, lines: [String])] = []
    for run in trained where !run.drift.isEmpty {
      drift.append((run.name, run.drift.map { String($0.drop { $0 == " " }) }))
    }
    try write(
      RetrainReport(
        title: title, subtitle: subtitle, headline: headline, isPromoted: decision.outcome == .promote,
        sentence: decision.sentence, caveats: decision.caveats + caveats, undo: undoLines(decision),
        runs: trained.map {
          .init(
            name: $0.name, state: $0.state.rawValue, expected: $0.expected, safe: $0.safe, used: $0.used,
            words: $0.state == .trained ? "" : $0.words)
        }, hasChampion: champion != nil, candidates: candidates, data: lines(data), drift: drift,
        ledger: ledgerLines(decision, data),
        times: [
          .init("used until this page", DeadlinePlan.text(countdown.used) + " of this start"),
          .init("left until the deadline", DeadlinePlan.text(max(0, countdown.left))),
        ],
        provenance: standing + [
          .init("champion", champion.map { "\(registry.name) \($0.version)" } ?? "none"),
          .init("published", published.map { "\(registry.name) \($0.version) as \($0.alias)" } ?? "nothing"),
        ], overfitting: overfitting(runs.compactMap { judged[$0.name]?.account.returns }, folds(purge: data.purge)),
        folds: folds(purge: data.purge)))
  }

  /// Blocks of time that are taken by halves: 252 ways, a page in less than a second.
  private static let blocks = 10

  /// Of every run that was judged, over the same sessions.
  private func overfitting(_ returns: [[Double]], _ folds: PurgedFolds?) -> BacktestOverfitting? {
    guard Set(returns.map(\.count)).count == 1 else { return nil }
    if let folds { return BacktestOverfitting(returns: returns, folds: folds) }
    return BacktestOverfitting(returns: returns, blocks: Retrain.blocks)
  }

  private func write(_ report: RetrainReport) throws(TrainingError) {
    let document = report.document
    try storing { () throws(StorageError) in
      try AtomicWrite.write(text: document.markdown, to: journal.file(Retrain.pageName + ".md"))
      try AtomicWrite.write(text: document.html, to: page)
    }
    tell("page: \(page)")
  }

  private var title: String { "Weekend \(journal.number) of \(plan.settings.name)" }

  private var subtitle: String {
    guard let began = journal.began else { return "" }
    return
      "begun \(UTCTime.text(secondsSinceEpoch: began.begun)), to be done by \(UTCTime.text(secondsSinceEpoch: began.ends)) (\(began.deadline))"
  }

  private var standing: [RetrainReport.Line] {
    [
      .init("plan", "\(path), SHA-256 \(plan.digest)"), .init("journal", journal.folder),
      .init("program", Trial.thisProgram),
    ]
  }

  private func undoLines(_ decision: RetrainDecision) -> [String] {
    switch decision.outcome {
    case .promote where plan.settings.alias == .champion:
      return [
        "\(undo) gives the name back to the champion before, bundle and configuration, every byte compared.",
        "strikeforge registry history \(registry.name) says who served when.",
      ]
    case .promote, .challenge:
      let version = published?.version ?? ""
      return [
        "Nobody is served by a challenger: there is nothing to undo.",
        "strikeforge registry promote \(registry.name) \(version) makes it champion, if a person wants that.",
      ]
    case .keep: return ["Nothing was changed: there is nothing to undo."]
    }
  }

  private func lines(_ data: RetrainData) -> [RetrainReport.Line] {
    let quality = data.quality.split(separator: "\n").first.map(String.init) ?? data.quality
    let windows = data.windows
    return [
      .init("store", "\(plan.settings.store), content \(data.contentHash)"), .init("gate", quality),
      .init("sessions", "\(data.sessions), \(data.first) to \(data.last)"),
      .init("training", "\(span(windows.training.dates)), \(windows.training.sessions) sessions"),
      .init("selection", "\(span(windows.selection.dates)), \(windows.selection.sessions) sessions"),
      .init("report", "\(span(windows.report.dates)), \(windows.report.sessions) sessions"),
      .init(
        "between them",
        "\(data.purge) sessions, as far as features look back and positions live, and \(plan.settings.embargo) behind that"
      ),
    ]
  }

  /// Annual ratios that were seen on the report window before.
  private func ledgerSharpes(_ data: RetrainData) -> [Double] {
    guard let ledger = try? TrialsLedger.read(beside: plan.settings.store) else { return [] }
    return ledger.looks.filter { data.windows.report.dates.contains($0.until) }.compactMap(\.sharpe)
  }

  private func ledgerLines(_ decision: RetrainDecision, _ data: RetrainData) -> [String] {
    let path = TrialsLedger.path(ofStore: plan.settings.store)
    guard let ledger = try? TrialsLedger.read(beside: plan.settings.store) else {
      return ["\(path) cannot be read: how much was tried is not known."]
    }
    let dates = data.windows.report.dates
    let looks = ledger.looks.filter { $0.from < dates.upperBound && $0.until >= dates.lowerBound }
    let weekends = WeekendJournal.all(in: parent).filter { journal in
      guard journal.result("decision") != nil, let data = journal.result("data"),
        let from = data["report_from"]?.stringValue, let until = data["report_until"]?.stringValue
      else { return false }
      return from <= "\(dates.upperBound)" && until >= "\(dates.lowerBound)"
    }
    return [
      "N = \(decision.trials): that many things were tried on this store by now (\(path), line \(decision.ledgerLines)).",
      "\(Set(looks.map(\.policy)).count) policies have been looked at on sessions of this report window, this weekend's among them.",
      "\(weekends.count) weekend\(weekends.count == 1 ? " has" : "s have") judged on sessions of it, this one among them.",
    ] + ledger.faults.map { "The ledger is not as it was written: \($0)." }
  }
}
