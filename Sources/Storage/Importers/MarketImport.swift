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
  /// The market store that is written.
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

  /// Reads, questions and stores; nothing is stored unless every check passes. `tell`: gets each thing that was done, in words.
  ///
  /// Returns why the gate refused the data, in one sentence; nil where they are stored.
  package func run(tell: (String) -> Void) throws(StorageError) -> String? {
    try AtomicWrite.require(output, replacing: .marketStore, inputs: sources.map(\.path))
    var series: [BarSeries] = []
    var provenance: [ImportProvenance] = []
    for source in sources {
      let (found, origin) = try CSVImporter.read(
        path: source.path, symbols: source.symbol == nil ? symbols : nil, symbolOverride: source.symbol,
        isIndex: source.isIndex, extraColumns: source.isIndex ? [] : extraColumns)
      series.append(contentsOf: found)
      provenance.append(origin)
      let counts = found.map { "\($0.symbol) \($0.count) bars" }.joined(separator: ", ")
      tell("read \(source.path): \(counts)\(source.isIndex ? ", an index, not tradable" : "")")
    }
    // The date in Greenwich is never behind that of the exchange.
    let report = QualityGate.examine(series, allowances: allowances, today: CalendarDate(UTCTime.now().prefix(10)))
    tell(report.description)
    guard report.passed else {
      return "the quality gate refused the data (\(MarketImport.firstFailure(of: report))); \(output) was not written: "
        + "correct the data, or allow a large move by name with --allow and --reason"
    }
    let hash = try MarketStore.write(
      series, provenance: provenance, qualityReport: report, created: UTCTime.now(), to: output)
    tell("wrote \(output): content \(hash)")
    return nil
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
