// strikeforge import: bar files through the quality gate into a market store.

import Market
import Storage
import Text
import Training

struct ImportCommand: Command {
  static let description = CommandDescription(
    name: "import", summary: "Reads daily bars, questions them, and stores them with their provenance.",
    operands: "[SYMBOL=]FILE ...", operandCount: 1...1000,
    flags: [
      Flag("output", "FILE", "the market store to write (.h5)"),
      Flag("symbols", "A,B", "which symbols to take from files that name them; all by default"),
      Flag("extra-columns", "A,B", "columns beside the layout's own to keep, for environment.extra_columns"),
      Flag(
        "index", "SYMBOL=FILE", repeats: true,
        "a series that is an index, not a share: it needs no volume and is never traded, but may be a benchmark"),
      Flag(
        "allow", "CHECK:SYMBOL:DATE", repeats: true,
        "accepts one large move by name, for example price-continuity:AAPL:2000-09-29; needs a --reason behind it"),
      Flag("reason", "TEXT", repeats: true, "why the --allow before it is right; kept in the record and every report"),
    ],
    notes: """
      Four layouts are read, plain or gzip, their columns in any order and case:
        Ticker,Date,Open,High,Low,Close,Volume,Adj Close    raw prices with adjusted
                                                closes, several symbols a file
        Date,Open,High,Low,Close,Adj Close,Volume  the same for one symbol, written
                                                SYMBOL=FILE
        timestamp,open,high,low,close,volume    one symbol, written SYMBOL=FILE
        Date,Open,High,Low,Close                one index, given with --index
      Nothing is stored unless every check passes.
      """)

  static func run(_ arguments: Arguments, _ families: Families) throws -> Int32 {
    guard let output = arguments.value("output") else {
      throw UsageError("--output is missing: name the market store to write", command: description)
    }
    let symbols = arguments.value("symbols")?.split(separator: ",").map(String.init)
    let extraColumns = try extraColumns(arguments)
    let allowances = try allowances(arguments)
    var series: [BarSeries] = []
    var provenance: [ImportProvenance] = []
    func take(_ path: String, symbols: [String]?, name: String?, isIndex: Bool) throws {
      let (found, source) = try CSVImporter.read(
        path: path, symbols: symbols, symbolOverride: name, isIndex: isIndex,
        extraColumns: isIndex ? [] : extraColumns)
      series.append(contentsOf: found)
      provenance.append(source)
      let counts = found.map { "\($0.symbol) \($0.count) bars" }.joined(separator: ", ")
      print("read \(path): \(counts)\(isIndex ? ", an index, not tradable" : "")")
    }
    for operand in arguments.operands {
      let (name, path) = split(operand)
      try take(path, symbols: name == nil ? symbols : nil, name: name, isIndex: false)
    }
    for index in arguments.values("index") {
      let (name, path) = split(index)
      guard let name else {
        throw UsageError("--index \(index) names no symbol; write it SYMBOL=FILE", command: description)
      }
      try take(path, symbols: nil, name: name, isIndex: true)
    }
    let report = QualityGate.examine(series, allowances: allowances)
    print(report.description)
    guard report.passed else {
      complain(
        "strikeforge import: the quality gate refused the data (\(firstFailure(of: report))); \(output) was not written: "
          + "correct the data, or allow a large move by name with --allow and --reason")
      return 2
    }
    let hash = try MarketStore.write(
      series, provenance: provenance, qualityReport: report, created: UTCTime.now(), to: output)
    print("wrote \(output): content \(hash)")
    return 0
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

  private static func extraColumns(_ arguments: Arguments) throws -> [String] {
    guard let value = arguments.value("extra-columns") else { return [] }
    let names = value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    let taken = CSVImporter.Layout.allCases.flatMap { $0.columns.map { $0.lowercased() } }
    for (index, name) in names.enumerated() {
      guard ExtraColumn.isName(name), !taken.contains(name), !names[..<index].contains(name) else {
        throw UsageError(
          "--extra-columns is \(value), but must be distinct names of lower-case letters, digits and _, none of them a "
            + "layout's own", command: description)
      }
    }
    return names
  }

  /// Every --allow with the --reason that follows it.
  private static func allowances(_ arguments: Arguments) throws -> [QualityAllowance] {
    var allowances: [QualityAllowance] = []
    var pending: String?
    for (name, value) in arguments.flags {
      switch name {
      case "allow":
        if let pending { throw UsageError("--allow \(pending) has no --reason behind it", command: description) }
        pending = value
      case "reason":
        guard let allowed = pending else {
          throw UsageError("--reason stands without an --allow before it", command: description)
        }
        do {
          allowances.append(try QualityAllowance.parse(allowed, reason: value))
        } catch {
          throw UsageError("\(error)", command: description)
        }
        pending = nil
      default: break
      }
    }
    if let pending { throw UsageError("--allow \(pending) has no --reason behind it", command: description) }
    return allowances
  }

  /// `AAPL=bars.csv` names the symbol of a plain file.
  private static func split(_ operand: String) -> (name: String?, path: String) {
    guard let sign = operand.firstIndex(of: "="), CSVImporter.isSymbol(String(operand[..<sign])) else {
      return (nil, operand)
    }
    return (String(operand[..<sign]), String(operand[operand.index(after: sign)...]))
  }
}
