// benchmark bars: how fast bars are read, stored, sealed and questioned, on files that peers read too.

import Glibc
import Kernels
import Market
import Storage
import Text

/// `make` writes the made-up files, `measure` takes each once. `benchmarks/bar-import` alternates this with peers.
enum BarsVerb {
  private static let minuteSymbols = ["AAA", "BBB", "CCC", "DDD", "EEE"]
  private static let (minuteLimit, dayLimit) = (20_000_000, 10_000_000)

  static func run(_ words: [String]) throws(BenchmarkError) {
    let words = try Arguments(words, values: ["minutes", "days", "subjects"], operandLimit: 2)
    guard words.operands.count == 2, let verb = words.operands.first, let folder = words.operands.last else {
      throw .usage("bars needs make or measure, and a folder")
    }
    switch verb {
    case "make":
      let minutes = try words.count("minutes", limit: minuteLimit) ?? 1_000_000
      let days = try words.count("days", limit: dayLimit) ?? 1_000_000
      do {
        try FileSystem.makeFolder(folder)
        try makeMinutes(minutes, in: folder)
        try makeDays(days, in: folder)
      } catch {
        throw .failed(error.description)
      }
      print("wrote \(folder)/minutes.csv, minutes.csv.gz: \(minutes) rows; days.csv: \(days) rows")
    case "measure":
      let known = Subject.allCases.map(\.rawValue)
      let asked = words.value("subjects")?.split(separator: ",").map(String.init) ?? known
      if let unknown = asked.first(where: { !known.contains($0) }) {
        throw .usage(
          "unknown subject '\(unknown)'\(NearestName.hint(unknown, among: known)); there are "
            + known.joined(separator: ", "))
      }
      var numbers: [String: JSON] = [:]
      for subject in Subject.allCases where asked.contains(subject.rawValue) {
        do {
          numbers[subject.rawValue] = .number(try measure(subject, in: folder))
        } catch {
          throw .failed("\(error)")
        }
      }
      numbers["peak_mebibytes"] = ProcessMemory.peak.map { .number($0) } ?? .null
      print(JSON.object(numbers).text)
    default: throw .usage("bars knows make and measure, not '\(verb)'")
    }
  }

  // MARK: Measuring

  /// What is measured, in rows a second of processor time.
  private enum Subject: String, CaseIterable {
    /// Minutes parsed, stored and sealed, the gate outside.
    case minutes
    /// The same, read alone, plain and out of gzip.
    case minutesRead = "minutes_read"
    case minutesGzip = "minutes_gzip"
    /// The whole import of minutes as `strikeforge import` does it, gate and store included, in as little memory.
    case minutesImport = "minutes_import"
    /// All checks of the gate.
    case gate
    /// Days parsed, questioned, stored and flushed.
    case days
  }

  private static func measure(_ subject: Subject, in folder: String) throws -> Double {
    func read(_ name: String) throws -> (series: [BarSeries], provenance: ImportProvenance) {
      var declared = BarDeclarations()
      (declared.zone, declared.side) = (.newYork, .start)
      return try CSVImporter.read(path: folder + "/" + name, declared: declared)
    }
    func store(_ read: (series: [BarSeries], provenance: ImportProvenance), _ report: QualityReport?) throws {
      _ = try MarketStore.write(
        read.series, provenance: [read.provenance], qualityReport: report,
        created: UTCTime.text(secondsSinceEpoch: 0), to: folder + "/market.h5")
    }
    var start = ProcessorTime.seconds
    let rows: Int
    switch subject {
    case .minutes:
      let found = try read("minutes.csv")
      try store(found, nil)
      rows = found.provenance.rows
    case .minutesRead: rows = try read("minutes.csv").provenance.rows
    case .minutesImport: rows = try importMinutes(in: folder)
    case .minutesGzip: rows = try read("minutes.csv.gz").provenance.rows
    case .gate:
      let found = try read("minutes.csv")
      rows = found.provenance.rows
      start = ProcessorTime.seconds
      _ = QualityGate.examine(found.series, allowances: [])
    case .days:
      let found = try read("days.csv")
      let report = QualityGate.examine(found.series, allowances: [])
      try store(found, report)
      rows = found.provenance.rows
    }
    return Double(rows) / (ProcessorTime.seconds - start)
  }

  /// Returns how many rows were stored. Made-up prices jump overnight, and a symbol's last session is cut short: both are allowed.
  private static func importMinutes(in folder: String) throws -> Int {
    var request = MarketImport(
      sources: [.init(path: folder + "/minutes.csv", symbol: nil)], output: folder + "/imported.h5")
    (request.declared.zone, request.declared.side, request.isReplacing) = (.newYork, .start, true)
    for symbol in minuteSymbols {
      for check in ["price-continuity", "missing-bars"] {
        request.allowances.append(
          try QualityAllowance.parse("\(check):\(symbol):2000-01-01..2035-12-31", reason: "made up"))
      }
    }
    if let refusal = try request.run(tell: { _ in }) { throw BenchmarkError.failed(refusal) }
    return try MarketStoreFile(request.output).catalogue.reduce(0) { $0 + $1.count }
  }

  // MARK: Files

  /// Rows of five symbols, one after the other, on the calendar's minutes: `AAA,2001-01-02 09:30:00,50.01,50.03,49.98,50.02,10234`.
  private static func makeMinutes(_ count: Int, in folder: String) throws(StorageError) {
    let calendar = TradingCalendar.xnys
    var text = Array("symbol,timestamp,open,high,low,close,volume\n".utf8)
    text.reserveCapacity(count * 58)
    for (place, symbol) in minuteSymbols.enumerated() {
      var random = RandomStream(seed: 3, purpose: .market, lane: UInt32(place))
      var left = count * (place + 1) / minuteSymbols.count - count * place / minuteSymbols.count
      var price = 5000.0
      for session in calendar.sessions where session.date.civil.year >= 2000 && left > 0 {
        for minute in 0..<min(session.minuteCount, left) {
          let open = price
          price = max(100, open + (4 * random.nextNormal()).rounded())
          let (high, low) = (max(open, price) + Double(random.next() % 3), min(open, price) - Double(random.next() % 3))
          let clock = calendar.openMinute + minute
          text += Array("\(symbol),\(session.date) \(two(clock / 60)):\(two(clock % 60)):00,".utf8)
          for cents in [open, high, low, price] {
            text += Array("\(Int(cents) / 100).\(two(Int(cents) % 100)),".utf8)
          }
          text += Array("\(5000 + random.next() % 20_000)\n".utf8)
        }
        left -= min(session.minuteCount, left)
      }
    }
    try AtomicWrite.write(text, to: folder + "/minutes.csv")
    try AtomicWrite.write(try Gzip.deflate(text, path: folder + "/minutes.csv.gz"), to: folder + "/minutes.csv.gz")
  }

  /// Rows of many symbols, 10,000 sessions each.
  private static func makeDays(_ count: Int, in folder: String) throws(StorageError) {
    var text = "Ticker,Date,Open,High,Low,Close,Volume\n"
    let walk = RandomWalkTape.series(bars: min(count, 10_000))[0]
    func cents(_ price: Double) -> String { "\((price * 100).rounded() / 100)" }
    let rows = walk.dates.indices.map { row in
      let (open, close) = (cents(walk.open[row]), cents(walk.close[row]))
      return
        ",\(walk.dates[row]),\(open),\(cents(walk.high[row] + 0.01)),\(cents(walk.low[row] - 0.01)),\(close),\(Int(walk.volume[row]))\n"
    }
    for row in 0..<count { text += "S\(row / rows.count)" + rows[row % rows.count] }
    try AtomicWrite.write(text: text, to: folder + "/days.csv")
  }

  private static func two(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
}
