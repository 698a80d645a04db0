// Files of bars and option chains through the quality gate into a market store.

package import Market
import Text

/// What is to be imported, and how it is questioned.
package struct MarketImport: Sendable, Equatable {
  /// A file of bars or of an option chain, and what it is taken for.
  package struct Source: Sendable, Equatable {
    package var path: String
    /// The name of a series that its file does not name.
    package var symbol: String?
    /// The file's one series is an index: it needs no volume, and is never traded.
    package var isIndex: Bool

    package init(path: String, symbol: String?, isIndex: Bool = false) {
      self.path = path
      self.symbol = symbol
      self.isIndex = isIndex
    }
  }

  package var sources: [Source]
  /// Which symbols to take from files that name them; nil for all.
  package var symbols: [String]?
  /// Which roots of options to take; nil for all.
  package var roots: [String]?
  /// What was declared of roots that do not say what their contracts deliver.
  package var deliverables: [DeclaredDeliverable] = []
  /// Columns beside the layouts' own that are kept of everything but an index.
  package var extraColumns: [String]
  package var allowances: [QualityAllowance]
  /// What the files do not say themselves.
  package var declared = BarDeclarations()
  /// Which bars of what was read are taken.
  package var cut = BarCut()
  /// Splits that no file tells.
  package var splits: [DeclaredSplit] = []
  /// LEAN's factor files, each of the symbol that it is given for.
  package var factorFiles: [Source] = []
  /// A store that is there is made anew; else the bars are added to it.
  package var isReplacing = false
  /// Short gaps in sessions are filled with bars that nobody may trade in.
  package var isFilling = false
  /// Nothing is stored: what is understood is told.
  package var isDryRun = false
  /// The market store that is written; empty where nothing is.
  package var output: String
  /// So many bytes of bars and quotes stay in memory; those beyond lie in a temporary file beside the output while others are worked on.
  package var memoryBudgetBytes = Spool.budgetBytes

  package init(
    sources: [Source], symbols: [String]? = nil, extraColumns: [String] = [], allowances: [QualityAllowance] = [],
    output: String
  ) {
    self.sources = sources
    self.symbols = symbols
    self.extraColumns = extraColumns
    self.allowances = allowances
    self.output = output
  }

  /// This instant, by the machine's clock.
  package static var now: Instant { Instant(seconds: UTCTime.secondsSinceEpoch()) ?? Instant(nanoseconds: .max) }

  /// Answers a question: one of its choices, or nil where nobody can.
  package typealias Answering = (ImportQuestion) -> String?

  /// Gets what is being done, and the share of it that is done, or nil where nobody knows.
  package typealias Progress = (_ words: String, _ share: Double?) -> Void

  /// What is imported so far.
  private struct Delivery {
    var series: SeriesShelf
    var extendedHours: SeriesShelf
    var chains: [ShelvedChain] = []
    var provenance: [ImportProvenance] = []

    init(spool: Spool) {
      series = SeriesShelf(spool: spool)
      extendedHours = SeriesShelf(spool: spool)
    }
  }

  /// Reads, questions and stores; nothing is stored unless every check passes. A store that is there is added to, and stays as it is until the new one is
  /// whole. `tell`: gets each thing that was done, in words. `answer`: is asked what a file leaves open, and how to say that at once. `now`: when that is;
  /// a session that is not over by then is left out.
  ///
  /// Returns why the gate refused the data, in one sentence; nil where they are stored.
  package func run(
    answer: Answering? = nil, progress: Progress? = nil, now: Instant = MarketImport.now, tell: (String) -> Void
  ) throws(StorageError) -> String? {
    if !isDryRun {
      try AtomicWrite.require(
        output, replacing: .marketStore, inputs: sources.map(\.path) + factorFiles.map(\.path))
    }
    let spool = Spool(
      folder: output.isEmpty ? FileSystem.temporaryFolder : FileSystem.split(output).folder,
      budgetBytes: memoryBudgetBytes)
    let earlier = try isReplacing ? nil : EarlierStore(output, spool: spool)
    var delivery = try deliveries(spool, answer: answer, progress: progress, tell: tell)
    for source in factorFiles { try apply(source, to: &delivery.series, tell: tell) }
    for line in try cut.applyDates(to: &delivery.series) { tell(line) }
    try cut(&delivery.chains)
    try MarketImport.settleHours(of: &delivery.series, into: &delivery.extendedHours, now: now, tell: tell)
    if let earlier {
      try earlier.add(&delivery.series, &delivery.extendedHours, &delivery.provenance, tell: tell)
      try earlier.add(&delivery.chains, tell: tell)
    }
    var chains = delivery.chains.map { $0.settled() }
    try declare(&chains, tell: tell)
    try DeclaredSplit.apply(splits, to: &delivery.series, path: output, tell: tell)
    try DeclaredSplit.apply(
      splits.filter { delivery.extendedHours.symbols.contains($0.symbol) },
      to: &delivery.extendedHours, path: output, tell: { _ in })
    for line in try cut.applyCommon(to: &delivery.series) { tell(line) }
    if isFilling { try MarketImport.fill(&delivery.series, tell: tell) }
    progress?("questioning \(delivery.series.labels.reduce(0) { $0 + $1.count }) bars", nil)
    // The date in Greenwich is never behind that of the exchange.
    let questioned = delivery.series
    // Digested as they are questioned, so that they need not be fetched once more.
    var plans = MarketStore.Plans()
    let report = try QualityGate.examine(
      count: questioned.count, chains: chains.map(\.head),
      allowances: allowances + (earlier?.allowances(beside: allowances) ?? []), today: now.date
    ) { (place) throws(StorageError) in
      let one = try questioned.series(place)
      // Nothing is stored of what the gate refuses, as it does columns of different lengths.
      if one.wholeRows == one.longestColumn { plans.add(one, isExtendedHours: false) }
      return one
    } sessions: { (place, examine) throws(StorageError) in
      try plans.add(chains[place], examine: examine)
    }
    tell(report.description)
    guard report.passed else {
      let flags = report.allowanceFlags
      if flags.count > 1 {
        tell("\nEach failure may be real: compare with another source. To let them pass:")
        for flag in Set(flags).sorted() { tell("  " + flag) }
      }
      let kept = earlier == nil ? "\(output) was not written" : "\(output) is as it was"
      return "the quality gate refused the data (\(MarketImport.firstFailure(of: report))); "
        + (isDryRun ? "nothing would be written" : kept)
        + ": do what is suggested above, or correct the data"
    }
    guard !isDryRun else { return nil }
    progress?("writing \(output)", nil)
    try earlier?.requireUnchanged()
    try plans.add(delivery.extendedHours, areExtendedHours: true)
    let hash = try MarketStore.write(
      plans, delivery.series, extendedHours: delivery.extendedHours, chains: chains,
      provenance: delivery.provenance,
      qualityReport: report,
      created: UTCTime.now(), to: output)
    tell("wrote \(output): content \(hash)")
    return nil
  }

  /// All files' bars, each symbol's as one series.
  private func deliveries(
    _ spool: Spool, answer: Answering?, progress: Progress?, tell: (String) -> Void
  ) throws(StorageError) -> Delivery {
    var delivery = Delivery(spool: spool)
    for source in sources {
      if let found = try readChains(source, spool, into: &delivery.chains, tell: tell) {
        delivery.provenance.append(found)
        continue
      }
      let reading = try read(source, spool, answer: answer, progress: progress, tell: tell)
      for place in reading.series.indices {
        try MarketImport.add(place, of: reading.series, to: &delivery.series, path: source.path, tell: tell)
      }
      delivery.provenance.append(reading.provenance)
      let counts = reading.series.labels.map { "\($0.symbol) \(counted($0.count, "bar"))" }.joined(separator: ", ")
      tell("read \(source.path): \(counts)\(source.isIndex ? ", an index, not tradable" : "")")
      for note in reading.notes { tell("  " + note) }
      if reading.provenance.layout == BarLayout.synthetic.name {
        tell("  SYNTHETIC: \(BarLayout.synthetic.words)")
      }
      if isDryRun {
        for line in reading.understanding { tell("  " + line) }
        for place in reading.series.indices {
          for line in Understanding.rows(try reading.series.series(place)) { tell("  " + line) }
        }
      }
    }
    return delivery
  }

  /// Adjusts raw prices for what a factor file tells.
  private func apply(
    _ factors: Source, to series: inout SeriesShelf, tell: (String) -> Void
  ) throws(StorageError) {
    let symbol = factors.symbol ?? ""
    let places = series.indices.filter { series.symbols[$0] == symbol }
    guard !places.isEmpty else {
      throw .symbols(path: factors.path, problem: .absent(requested: symbol, existing: series.symbols))
    }
    let actions = try FactorFile(path: factors.path).actions
    for place in places {
      var one = try series.series(place)
      guard one.adjustmentFactors.allSatisfy({ $0 == 1 }) else {
        throw .symbols(path: factors.path, problem: .factorsTwice(symbol))
      }
      one.adjust(for: actions)
      try series.replace(place, with: one)
    }
    tell("read \(factors.path): \(actions.count) splits and payments of \(symbol)")
  }

  /// A file's bars. What it leaves open is asked, and the file read again with the answer.
  private func read(
    _ source: Source, _ spool: Spool, answer: Answering?, progress: Progress?, tell: (String) -> Void
  ) throws(StorageError) -> ShelvedReading {
    let report = progress.map { progress in
      return { (share: Double) in progress("reading \(source.path)", share) }
    }
    var declared = declared
    while true {
      do throws(StorageError) {
        return try CSVImporter.shelved(
          path: source.path, symbols: source.symbol == nil ? symbols : nil, symbolOverride: source.symbol,
          isIndex: source.isIndex, extraColumns: source.isIndex ? [] : extraColumns, declared: declared,
          spool: spool, progress: report)
      } catch {
        if case .rows(_, let faults) = error { for fault in faults { tell("\(source.path), \(fault.description)") } }
        guard case .table(_, _, _, let problem) = error, let question = problem.question, let answer,
          let said = answer(ImportQuestion(path: source.path, question)), declared.take(said, for: question.flag)
        else { throw error }
        tell("\(source.path): --\(question.flag) \(said)")
      }
    }
  }

  /// Adds a series to the one of its symbol that an earlier file had.
  private static func add(
    _ index: Int, of read: SeriesShelf, to series: inout SeriesShelf, path: String, tell: (String) -> Void
  ) throws(StorageError) {
    let label = read.label(index)
    guard let place = series.place(of: label) else { return series.append(index, of: read) }
    guard let joined = try series.join(place, with: index, of: read) else {
      throw .symbols(path: path, problem: .differentFiles(label.symbol))
    }
    // Which of them is right nobody knows; of a store that is there the user says so by importing anew.
    guard !joined.isForeign(differing: joined.repriced) else {
      throw .symbols(
        path: path, problem: .differentPrices(label.symbol, shared: joined.shared, repriced: joined.repriced))
    }
    if joined.revised > 0 {
      tell("\(joined.revised) bars of \(label.symbol) differ in an earlier file: those of \(path) are taken")
      for line in joined.differences { tell("  " + line) }
    }
  }

  /// The first thing that fails, with its place, and how many more there are.
  private static func firstFailure(of report: QualityReport) -> String {
    let failures = report.findings.filter { $0.severity == .fail }
    guard let first = failures.first else { return "no finding" }
    var text = first.check + (first.symbol.isEmpty ? "" : " of \(first.symbol)")
    if let from = first.firstDate, let until = first.lastDate {
      text += from == until ? ", \(from)" : ", \(from) to \(until)"
    }
    return failures.count == 1 ? text : text + ", and \(failures.count - 1) more"
  }
}
