// strikeforge synthesize: a bar file whose answer is known, for the whole road from import to verdict.

import Environments
import Market
import Storage
import Text
import Training

struct SynthesizeCommand: Command {
  private static let symbol = "SYN"

  static let description = CommandDescription(
    name: "synthesize",
    summary: "Writes made-up bars whose answer is known, to try everything else on.",
    operands: "MARKET", operandCount: 1...1,
    flags: [
      Flag("output", "FILE", "the bar file to write (.csv)"),
      Flag("bars", "N", "how many bars; 7560 by default, thirty years"),
      Flag("from", "DATE", "the first date that may hold a bar; 1990-01-02 by default, of minutes 2022-01-03"),
      Flag("seed", "N", "another seed, another market of the same kind; 0 by default"),
      Flag("rho", "R", "edge only: the correlation of its column with the next return, -1 to 1"),
      Flag("sessions", "N", "of minutes (250 by default, of --bridge all) and of options (2100): how many"),
      Flag("bridge", "STORE", "minutes only: between the opens and closes of a store's daily bars"),
      Flag("index", "SYMBOL", "with --bridge: from close to close, as far as this index promises"),
      Flag("symbol", "SYMBOL", "with --bridge: whose daily bars; of options: their underlying, SYN by default"),
    ],
    notes: """
      Markets:
        martingale      a walk without drift: nothing can be earned, and the verdict of an
                        honest evaluation is "no edge found"
        mean_reversion  100 + x, where x falls back by a twentieth a day
        leak            the walk again, and the column next_return tells the return of
                        the next bar: whoever cannot earn here is broken
        edge            the walk again, and the column signal has the correlation --rho
                        with the return of the next bar: following its sign earns an
                        annual Sharpe ratio of 12.7 R before costs, so that it can be
                        measured how small an edge is still found
        minutes         minutes of whole sessions, half days among them: a walk without
                        drift of 1 % a day, 65 % of whose variance lies inside the
                        session, spread over its minutes as that of SPY is. With --bridge
                        the opens and closes of each day are those of real bars, and only
                        what lies between them is made up. With --index too, as for
                        SPX and VIX, the opens are made up as well: each day is a
                        bridge from close to close, whose variance is what the index
                        promised the evening before, of which options are quoted
        options         minutes of a walk without drift at a volatility of 0.15, and a
                        chain of options that end with each session, quoted at that
                        volatility and two cents on each side: whatever trades loses its
                        costs. The chain of FILE.csv is written to FILE-options.csv
        options_drift   the same, and each session drifts by half a daily deviation in
                        the direction of its opening gap: following it earns $144 a day
                        a contract
        options_rich    the same at 0.12, quoted at 0.20 on half of the days: selling a
                        call spread on those earns $21 each
      A daily bar opens where the one before it closed. Dates are sessions of the New
      York calendar, 1990 to 2035. Import the file as SYMBOL=FILE; to let the agent see
      next_return (or signal), import with --extra-columns next_return and train with
      --set environment.extra_columns=[next_return]. Minutes are marked SYNTHETIC: file,
      store, run and report say so.
      """)

  static func run(_ arguments: Arguments, _ families: Families) throws -> Int32 {
    let name = arguments.operands[0]
    if let options = PlantedOptions.Answer(rawValue: name) { return try SynthesizeOptions.run(options, arguments) }
    if name == SynthesizeMinutes.market { return try SynthesizeMinutes.run(arguments) }
    guard let answer = PlantedBars.Answer(rawValue: name) else {
      let known = PlantedBars.Answer.allCases.map(\.rawValue) + [SynthesizeMinutes.market] + SynthesizeOptions.markets
      let nearest = NearestName.of(name, among: known).map { "; did you mean \($0)?" } ?? ""
      throw UsageError(
        "there is no market \(name) to synthesize, only \(known.joined(separator: ", "))\(nearest)",
        command: description)
    }
    for flag in ["sessions", "bridge", "symbol", "index"] where arguments.has(flag) {
      throw UsageError(
        "--\(flag) is for minutes and options; \(name) is of daily bars, so leave it out", command: description)
    }
    let (output, seed) = try target(arguments)
    let correlation = try correlation(arguments, of: answer)
    try AtomicWrite.require(output, replacing: .bars)
    let dates = try dates(arguments)
    let series = PlantedBars.series(answer, symbol: symbol, dates: dates, seed: seed, correlation: correlation ?? 0)
    try AtomicWrite.write(text: BarTableWriter.plain(series), to: output, replacing: .bars)
    let told = correlation.map { ", rho \($0)" } ?? ""
    print(
      "wrote \(output): \(name), \(series.count) bars, \(dates[0]) to \(dates[dates.count - 1]), seed \(seed)\(told)")
    let extra = series.extra.isEmpty ? "" : " --extra-columns " + series.extra.map(\.name).joined(separator: ",")
    print("next: strikeforge import \(symbol)=\(output)\(extra) --output FILE.h5")
    return 0
  }

  /// The file to write, and the seed.
  static func target(_ arguments: Arguments) throws(UsageError) -> (output: String, seed: UInt64) {
    guard let output = arguments.value("output") else {
      throw UsageError("--output is missing: name the bar file to write", command: description)
    }
    guard let seed = UInt64(arguments.value("seed") ?? "0") else {
      throw UsageError("--seed must be a whole number of at least 0", command: description)
    }
    return (output, seed)
  }

  /// What --rho says; nil for a market that has no such column.
  private static func correlation(_ arguments: Arguments, of answer: PlantedBars.Answer) throws -> Double? {
    let text = arguments.value("rho")
    guard answer == .edge else {
      guard text == nil else {
        throw UsageError(
          "--rho is for the market edge; \(answer.rawValue) has no column with a correlation, so leave it out",
          command: description)
      }
      return nil
    }
    guard let text else {
      throw UsageError(
        "--rho is missing: say which correlation, -1 to 1, the column \(PlantedBars.edgeColumn) has with the next return",
        command: description)
    }
    guard case .value(let correlation) = DecimalNumber.parse(Array(text.utf8)[...]), (-1...1).contains(correlation)
    else { throw UsageError("--rho is \(text), but must be a number from -1 to 1", command: description) }
    return correlation
  }

  private static func dates(_ arguments: Arguments) throws -> [CalendarDate] {
    try dates(arguments, count: "bars", usually: "7560", from: "1990-01-02")
  }

  /// The sessions that get bars; never none. count: the flag that says how many.
  static func dates(
    _ arguments: Arguments, count: String, usually: String, from usualStart: String
  ) throws(UsageError) -> [CalendarDate] {
    let from = try start(arguments, usually: usualStart)
    let last = TradingCalendar.xnys.supportedRange.upperBound
    let sessions = TradingCalendar.xnys.sessions(in: from...last)
    let wanted = arguments.value(count) ?? usually
    guard let number = Int(wanted), (1...sessions.count).contains(number) else {
      throw UsageError(
        "--\(count) is \(wanted), but must be 1 to \(sessions.count), the sessions from \(from) to \(last)",
        command: description)
    }
    return Array(sessions.prefix(number))
  }

  /// What --from says.
  static func start(_ arguments: Arguments, usually: String) throws(UsageError) -> CalendarDate {
    let range = TradingCalendar.xnys.supportedRange
    guard let from = try arguments.date("from") ?? CalendarDate(usually), range.contains(from) else {
      throw UsageError(
        "--from is \(arguments.value("from") ?? usually); it must lie in \(range.lowerBound) to \(range.upperBound), of which there is a calendar",
        command: description)
    }
    return from
  }
}
