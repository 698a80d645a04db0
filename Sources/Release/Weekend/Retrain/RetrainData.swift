// The data of a weekend: brought, questioned, and laid out in windows.

private import Configuration
private import Environments
import Evaluation
import Market
private import Storage
import Text
import Training

/// What a weekend stands on.
struct RetrainData {
  var contentHash: String
  var sessions: Int
  var first: CalendarDate
  var last: CalendarDate
  /// What the quality gate said, in words.
  var quality: String
  var purge: Int
  var windows: RetrainWindows

  var json: JSON {
    func text(_ dates: ClosedRange<CalendarDate>) -> JSON { .string("\(dates.lowerBound) to \(dates.upperBound)") }
    return [
      "content": .string(contentHash), "sessions": .integer(Int64(sessions)), "first": .string("\(first)"),
      "last": .string("\(last)"), "quality": .string(quality), "purge": .integer(Int64(purge)),
      "training": text(windows.training.dates), "selection": text(windows.selection.dates),
      "report": text(windows.report.dates), "report_from": .string("\(windows.report.dates.lowerBound)"),
      "report_until": .string("\(windows.report.dates.upperBound)"),
    ]
  }
}

extension Retrain {
  /// The data of this weekend, admitted: imported, questioned, laid out, and, once it is known that there is time, put in the store's place. Nil where the
  /// gate refused them, or they hold nothing new: the page then says why.
  func admitData(isAnew: Bool) throws(TrainingError) -> RetrainData? {
    let store = plan.settings.store
    if let warning = shortWindowWarning {
      tell("warning: \(warning)")
      caveats.append("Warning: \(warning).")
    }
    if let admitted = journal.result("data"), let data = try again(admitted, store) { return data }
    let staged = try stageData(in: journal.folder)
    for line in staged.words { tell("data: \(line)") }
    if let refusal = staged.refusal { return try refuse(refusal) }
    let data: RetrainData
    do throws(TrainingError) {
      data = try layOut(store: staged.store)
    } catch {
      guard case .storage(.gateRefused) = error else { throw error }
      return try refuse(error.description)
    }
    if !isAnew, let last = lastFinished, last.result("data")?["content"]?.stringValue == data.contentHash,
      last.began?.plan == plan.digest
    {
      return try refuse(
        "the data are those of weekend \(last.number) to the byte, and so is the plan: there is nothing to learn from them that was not tried; "
          + "bring new sessions, or try once more with --anew", content: data.contentHash)
    }
    tell(
      "data: \(data.sessions) sessions, \(data.first) to \(data.last); trains on \(span(data.windows.training.dates)), chooses on "
        + "\(span(data.windows.selection.dates)), judges on \(span(data.windows.report.dates)); \(data.purge) + \(plan.settings.embargo) sessions between them"
    )
    try makeSchedule(data, store: staged.store)
    if staged.store != store {
      try storing { () throws(StorageError) in
        try AtomicWrite.require(store, replacing: .marketStore)
        try AtomicWrite.write(try FileSystem.read(staged.store), to: store)
        try? FileSystem.remove(staged.store)
      }
    }
    var result = data.json.objectValue ?? [:]
    result["words"] = .array(staged.words.map(JSON.string))
    try journal.keep(.object(result), of: "data")
    return data
  }

  /// A window that is too short for the gate costs a whole weekend that can promote nobody; nil where it is long enough.
  var shortWindowWarning: String? {
    let (sessions, needed) = (plan.settings.reportSessions, PromotionGate.minimumSessions)
    guard sessions <= needed else { return nil }
    return
      "windows.report is \(sessions) sessions, and the gate asks for \(needed) returns, which daily bars have of \(needed + 1) sessions: "
      + "give windows.report at least as many, or nothing may pass"
  }

  private var lastFinished: WeekendJournal? {
    WeekendJournal.all(in: parent).last {
      $0.isFinished && $0.result("data") != nil && $0.number != journal.number
    }
  }

  /// What was admitted before a kill, where the store still holds it.
  private func again(_ admitted: JSON, _ store: String) throws(TrainingError) -> RetrainData? {
    let data = try layOut(store: store)
    guard data.contentHash == admitted["content"]?.stringValue else {
      throw .refused(
        "\(store) holds other data than weekend \(journal.number) was begun with (content \(data.contentHash.prefix(16))...); bring the old store back, or "
          + "give that weekend up with --anew")
    }
    return data
  }

  /// The weekend ends with a page that says why nothing was trained. content: digest of the data, where they came so far.
  private func refuse(_ sentence: String, content: String? = nil) throws(TrainingError) -> RetrainData? {
    try journal.keep(
      ["sentence": .string(sentence), "content": content.map(JSON.string) ?? .null], of: "refused")
    try writeRefusal(sentence, content: content)
    try journal.keep(["decision": .string(sentence)], of: WeekendJournal.end)
    return nil
  }

  func span(_ dates: ClosedRange<CalendarDate>) -> String { "\(dates.lowerBound) to \(dates.upperBound)" }

  /// Brings the files of the inbox, and imports them into a store of the weekend's own: nothing else has changed yet. Returns that store, and what the gate said.
  /// Throws `DataRefusal` where the gate says no.
  func stageData(in folder: String, brings: Bool = true) throws(TrainingError) -> (
    store: String, words: [String], refusal: String?
  ) {
    let settings = plan.settings
    var words: [String] = []
    if brings, !settings.inbox.isEmpty {
      let brought = try Transfer().bring(from: settings.inbox, to: settings.arrived)
      words.append(
        "\(brought.files) files from \(settings.inbox): \(brought.found) were there, \(brought.bytes) bytes came, compared by digest"
      )
    }
    guard !settings.importWords.isEmpty else { return (settings.store, words, nil) }
    let staged = FileSystem.join(folder, WeekendJournal.stagedStore)
    let request: MarketImport
    do {
      request = try MarketImport(
        Arguments(settings.importWords + ["--output", staged], flags: MarketImport.flags, allowsEmptyValues: true))
    } catch {
      throw .configuration(.conflict("\(path): data.import: \(error.message)"))
    }
    let refusal = try storing { () throws(StorageError) in try request.run { words.append($0) } }
    return (staged, words, refusal?.replacing(staged, with: settings.store))
  }

  /// Lays the windows over what a store holds.
  func layOut(store: String) throws(TrainingError) -> RetrainData {
    var configurations = plan.candidates.map(\.configuration)
    for place in configurations.indices { configurations[place].world.store = store }
    let dates = try self.dates(store)
    var purge = 0
    for var configuration in configurations {
      // Any windows that are some, to ask how far features and positions reach.
      try provisionalWindows(dates).apply(to: &configuration.split)
      purge = max(purge, try EnvironmentFactory(configuration).reachInSessions)
    }
    let windows = try RetrainWindows.latest(lengths(purge: purge), sessions: try bounded(dates))
    try requireFolds(windows, purge: purge)
    var configuration = configurations[0]
    windows.apply(to: &configuration.split)
    let factory = try EnvironmentFactory(configuration)
    guard let market = factory.market else { throw .refused("\(store) holds no market") }
    return RetrainData(
      contentHash: market.contentHash, sessions: dates.count, first: dates[0], last: dates[dates.count - 1],
      quality: market.qualityReport.description, purge: purge, windows: windows)
  }

  /// The folds over which overfitting is asked; nil where the plan asks for none.
  func folds(purge: Int) -> PurgedFolds? {
    let count = plan.settings.purgedFolds
    return count == 0 ? nil : PurgedFolds(count: count, purge: purge, embargo: plan.settings.embargo)
  }

  /// Refuses folds that leave too little of the report window, before anything is trained for it.
  private func requireFolds(_ windows: RetrainWindows, purge: Int) throws(TrainingError) {
    // Daily bars have a return fewer than sessions.
    let (returns, embargo) = (windows.report.sessions - 1, plan.settings.embargo)
    guard let folds = folds(purge: purge), folds.splits(sessions: returns) == nil else { return }
    let most = PurgedFolds.most(sessions: returns, purge: purge, embargo: embargo)
    throw .refused(
      "\(path): gate.purged_folds is \(folds.count), but of \(returns) returns of the report window that leaves fewer than "
        + "\(PurgedFolds.fewestSessions) to choose on, with \(purge) left out before and \(purge + embargo) behind what is tested; "
        + "\(most.map { "take at most \($0)" } ?? "take 0"), or a longer windows.report")
  }

  private func lengths(purge: Int) -> RetrainWindows.Lengths {
    let settings = plan.settings
    return RetrainWindows.Lengths(
      kind: settings.kind, training: settings.trainingSessions, selection: settings.selectionSessions,
      report: settings.reportSessions, purge: purge, embargo: settings.embargo)
  }

  private func provisionalWindows(_ dates: [CalendarDate]) throws(TrainingError) -> RetrainWindows {
    try RetrainWindows.latest(lengths(purge: 0), sessions: bounded(dates))
  }

  /// The sessions of a store that windows may lie in.
  private func bounded(_ dates: [CalendarDate]) throws(TrainingError) -> [CalendarDate] {
    let settings = plan.settings
    let from = CalendarDate(settings.from) ?? dates[0]
    let until = CalendarDate(settings.until) ?? dates[dates.count - 1]
    guard from <= until else {
      throw .refused("\(path): windows.until is \(until), before windows.from, \(from); exchange them")
    }
    guard from >= dates[0], until <= dates[dates.count - 1] else {
      throw .refused(
        "\(path): the windows are to lie from \(from) to \(until), but the data hold \(dates[0]) to \(dates[dates.count - 1]); "
          + "import those bars, or change windows.from and windows.until")
    }
    return dates.filter { (from...until).contains($0) }
  }

  /// Sessions on which all that is traded has a bar.
  private func dates(_ store: String) throws(TrainingError) -> [CalendarDate] {
    let configuration = plan.candidates[0].configuration
    let assets = configuration.world.assets
    // Options are traded by the minute, on indices too.
    let isByMinute = if case .bars(let bars) = configuration.environment.play { bars.options != nil } else { false }
    let series = try storing { () throws(StorageError) in
      let file = try MarketStoreFile(store)
      try file.requirePassingGate()
      return try file.series { entry in
        guard assets.isEmpty || assets.contains(entry.symbol) else { return false }
        return isByMinute
          ? entry.width == .minute && !entry.isExtendedHours : entry.width == .session && entry.instrument.isTradable
      }
    }
    guard let first = series.first, !first.dates.isEmpty else {
      throw .refused(
        "\(store) holds no \(isByMinute ? "minutes" : "daily bars") of what the plan trades\(assets.isEmpty ? "" : " (" + assets.joined(separator: ", ") + ")"); import them"
      )
    }
    guard isByMinute else { return first.dates }
    return series.dropFirst().reduce(Set(first.dates)) { $0.intersection($1.dates) }.sorted()
  }
}
