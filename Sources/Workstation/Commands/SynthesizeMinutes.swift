// strikeforge synthesize minutes: minute bars whose variance over a session is known, of nothing or between real opens and closes.

import Environments
import Market
import Storage
import Text
import Training

enum SynthesizeMinutes {
  /// The operand that asks for them.
  static let market = "minutes"

  /// The daily bars of one symbol of a store, and those of them between which there will be minutes; never none.
  private struct Bridge {
    let store: MarketStoreFile
    let whole: BarSeries
    let days: BarSeries
  }

  static func run(_ arguments: Arguments) throws -> Int32 {
    let command = SynthesizeCommand.description
    for (flag, instead) in [("bars", "give --sessions instead"), ("rho", "leave it out")] where arguments.has(flag) {
      throw UsageError("--\(flag) is for daily bars; of minutes \(instead)", command: command)
    }
    let (output, seed) = try SynthesizeCommand.target(arguments)
    let bridge = try arguments.value("bridge").map { try readBridge(MarketStoreFile($0), arguments) }
    if bridge == nil, arguments.has("symbol") {
      throw UsageError(
        "--symbol goes with --bridge: it says whose daily bars; without one the symbol is named at the import",
        command: command)
    }
    if bridge == nil, arguments.has("index") {
      throw UsageError(
        "--index goes with --bridge: by its closes of the evening before the days of --symbol swing", command: command)
    }
    let inputs = arguments.value("bridge").map { [$0] } ?? []
    try AtomicWrite.require(output, replacing: .bars, inputs: inputs)
    let series: BarSeries
    if let bridge, let index = arguments.value("index") {
      series = try betweenCloses(bridge, of: index, seed)
    } else if let bridge {
      series = PlantedMinutes.bridge(bridge.days, seed: seed)
    } else {
      let dates = try SynthesizeCommand.dates(arguments, count: "sessions", usually: "250", from: "2022-01-03")
      series = PlantedMinutes.walk(symbol: "SYN", dates: dates, seed: seed)
    }
    try AtomicWrite.write(BarTableWriter.synthetic(series), to: output, replacing: .bars)
    tell(
      series, output, seed, bridge: bridge, real: arguments.has("index") ? "closes" : "opens and closes")
    return 0
  }

  /// From close to close, as far as the index tells how much a day swings. The first of the days begins at the close before it, where the store has one.
  private static func betweenCloses(_ bridge: Bridge, of index: String, _ seed: UInt64) throws -> BarSeries {
    let command = SynthesizeCommand.description
    let (whole, days, store) = (bridge.whole, bridge.days, bridge.store)
    let others = store.catalogue.filter { $0.width == .session && $0.symbol != days.symbol }.map(\.symbol)
    guard others.contains(index),
      let levels = try store.series(where: { $0.width == .session && $0.symbol == index }).first,
      let first = days.dates.first.flatMap({ whole.dates.firstIndex(of: $0) })
    else {
      throw UsageError(
        "--index is \(index), but beside \(days.symbol) \(store.path) holds daily bars of "
          + "\(others.isEmpty ? "nothing" : others.joined(separator: ", ")); import its index with "
          + "--index \(index == days.symbol ? "VIX" : index)=FILE", command: command)
    }
    if let row = levels.close.firstIndex(where: { !VolatilityIndex.levels.contains($0) }) {
      throw UsageError(
        "--index is \(index), which closes at \(levels.close[row]) on \(levels.dates[row]); name an index of volatility "
          + "in points, such as VIX", command: command)
    }
    let wanted = whole.rows(Array(max(first - 1, 0)..<first + days.count))
    if let row = wanted.close.firstIndex(where: { !($0 > 0) }) {
      throw UsageError(
        "\(days.symbol) closes at \(wanted.close[row]) on \(wanted.dates[row]), which is no price; choose days without it "
          + "by --from and --sessions", command: command)
    }
    let series = PlantedMinutes.bridge(wanted, from: SurfaceHistory(underlying: whole, index: levels), seed: seed)
    guard series.count > 0 else {
      throw UsageError(
        "\(days.symbol) has no session from \(days.dates[0]) on behind a close of both itself and \(index) in \(store.path); "
          + "import daily bars of both over the same dates, or give another --from", command: command)
    }
    return series
  }

  private static func tell(
    _ series: BarSeries, _ output: String, _ seed: UInt64, bridge: Bridge?, real: String
  ) {
    let calendar = TradingCalendar.xnys
    var dates: [CalendarDate] = []
    for date in series.dates where date != dates.last { dates.append(date) }
    let halfDays = dates.count { calendar.isEarlyClose($0) == true }
    print(
      "wrote \(output): SYNTHETIC minutes, \(counted(series.count, "bar")) of \(counted(dates.count, "session")) (\(counted(halfDays, "half day"))), "
        + "\(dates[0]) to \(dates[dates.count - 1]), seed \(seed)")
    if let bridge {
      print(
        "real are the \(real) of each day of \(bridge.days.symbol) in \(bridge.store.path)"
          + (bridge.days.adjustmentFactors.contains { $0 != 1 } ? ", adjusted; " : "; ")
          + "what lies between them is made up"
          + (real == "closes" ? ", opens too: each day's swing is what the index promised the evening before" : ""))
    }
    let source = "\(series.symbol)=\(output)"
    print("next: strikeforge import \(series.instrument.isTradable ? source : "--index " + source) --output FILE.h5")
  }

  private static func readBridge(_ file: MarketStoreFile, _ arguments: Arguments) throws -> Bridge {
    let command = SynthesizeCommand.description
    let store = file.path
    try file.requirePassingGate()
    let daily = file.catalogue.filter { $0.width == .session }
    let names = daily.map(\.symbol).joined(separator: ", ")
    guard let symbol = arguments.value("symbol") else {
      throw UsageError(
        "--symbol is missing: \(store) holds daily bars of \(names.isEmpty ? "nothing" : names)", command: command)
    }
    guard daily.contains(where: { $0.symbol == symbol }),
      let series = try file.series(where: { $0.width == .session && $0.symbol == symbol }).first
    else {
      let nearest = NearestName.of(symbol, among: daily.map(\.symbol)).map { "; did you mean \($0)?" } ?? ""
      throw UsageError(
        "--symbol is \(symbol), but \(store) holds daily bars of \(names.isEmpty ? "nothing" : names)\(nearest)",
        command: command)
    }
    let start = series.dates.first.map { "\($0)" } ?? "1990-01-02"
    let from = try SynthesizeCommand.start(arguments, usually: start)
    let days = series.rows(series.dates.indices.filter { from <= series.dates[$0] })
    guard days.count > 0 else {
      throw UsageError(
        "--from is \(from), but the daily bars of \(symbol) in \(store) end on \(series.dates.last?.description ?? "no date")",
        command: command)
    }
    guard let wanted = arguments.value("sessions") else { return Bridge(store: file, whole: series, days: days) }
    guard let number = Int(wanted), (1...days.count).contains(number) else {
      throw UsageError(
        "--sessions is \(wanted), but must be 1 to \(days.count), the daily bars of \(symbol) from \(days.dates[0]) on",
        command: command)
    }
    return Bridge(store: file, whole: series, days: days.rows(Array(0..<number)))
  }
}
