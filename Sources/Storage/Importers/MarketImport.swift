// Bar files through the quality gate into a market store.

package import Market
import Text

/// What is to be imported, and how it is questioned.
package struct MarketImport: Sendable, Equatable {
  /// A file of bars, and what it is taken for.
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
  /// Columns beside the layouts' own that are kept of everything but an index.
  package var extraColumns: [String]
  package var allowances: [QualityAllowance]
  /// What the files do not say themselves.
  package var declared = BarDeclarations()
  /// Which bars of what was read are taken.
  package var cut = BarCut()
  /// Nothing is stored: what is understood is told.
  package var isDryRun = false
  /// The market store that is written; empty where nothing is.
  package var output: String

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

  /// Answers a question: one of its choices, or nil where nobody can.
  package typealias Answering = (ImportQuestion) -> String?

  /// Reads, questions and stores; nothing is stored unless every check passes. `tell`: gets each thing that was done, in words. `answer`: is asked what a
  /// file leaves open, and how to say that at once.
  ///
  /// Returns why the gate refused the data, in one sentence; nil where they are stored.
  package func run(answer: Answering? = nil, tell: (String) -> Void) throws(StorageError) -> String? {
    if !isDryRun { try AtomicWrite.require(output, replacing: .marketStore, inputs: sources.map(\.path)) }
    var series: [BarSeries] = []
    var provenance: [ImportProvenance] = []
    for source in sources {
      let reading = try read(source, answer: answer, tell: tell)
      for one in reading.series { try MarketImport.add(one, to: &series, path: source.path, tell: tell) }
      provenance.append(reading.provenance)
      let counts = reading.series.map { "\($0.symbol) \(counted($0.count, "bar"))" }.joined(separator: ", ")
      tell("read \(source.path): \(counts)\(source.isIndex ? ", an index, not tradable" : "")")
      for note in reading.notes { tell("  " + note) }
      if isDryRun {
        for line in reading.understanding { tell("  " + line) }
        for one in reading.series { for line in Understanding.rows(one) { tell("  " + line) } }
      }
    }
    for line in try cut.apply(to: &series) { tell(line) }
    let extendedHours = MarketImport.partHours(of: &series, tell: tell)
    // The date in Greenwich is never behind that of the exchange.
    let report = QualityGate.examine(series, allowances: allowances, today: CalendarDate(UTCTime.now().prefix(10)))
    tell(report.description)
    guard report.passed else {
      return "the quality gate refused the data (\(MarketImport.firstFailure(of: report))); "
        + (isDryRun ? "nothing would be written" : "\(output) was not written")
        + ": correct the data, or allow a large move by name with --allow and --reason"
    }
    guard !isDryRun else { return nil }
    let hash = try MarketStore.write(
      series, extendedHours: extendedHours, provenance: provenance, qualityReport: report, created: UTCTime.now(),
      to: output)
    tell("wrote \(output): content \(hash)")
    return nil
  }

  /// Leaves the bars of sessions in `series`, and returns those before an opening and from a close on, which are kept apart and never traded.
  private static func partHours(of series: inout [BarSeries], tell: (String) -> Void) -> [BarSeries] {
    var extendedHours: [BarSeries] = []
    for index in series.indices where series[index].width != .session {
      let parts = series[index].splitAtHours()
      series[index] = parts.sessions
      guard parts.extendedHours.count > 0 else { continue }
      tell("\(parts.extendedHours.count) bars of \(parts.sessions.symbol) lie outside the sessions' hours: kept apart")
      extendedHours.append(parts.extendedHours)
    }
    return extendedHours
  }

  /// A file's bars. What it leaves open is asked, and the file read again with the answer.
  private func read(
    _ source: Source, answer: Answering?, tell: (String) -> Void
  ) throws(StorageError) -> BarFileReading {
    var declared = declared
    while true {
      do throws(StorageError) {
        return try CSVImporter.readings(
          path: source.path, symbols: source.symbol == nil ? symbols : nil, symbolOverride: source.symbol,
          isIndex: source.isIndex, extraColumns: source.isIndex ? [] : extraColumns, declared: declared)
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
    _ one: BarSeries, to series: inout [BarSeries], path: String, tell: (String) -> Void
  ) throws(StorageError) {
    guard let place = series.firstIndex(where: { $0.symbol == one.symbol }) else {
      series.append(one)
      return
    }
    guard series[place].instrument == one.instrument, let joined = series[place].joined(with: one) else {
      throw .symbols(path: path, problem: .differentFiles(one.symbol))
    }
    series[place] = joined.series
    if joined.revised > 0 {
      tell("\(joined.revised) bars of \(one.symbol) differ in an earlier file: those of \(path) are taken")
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
