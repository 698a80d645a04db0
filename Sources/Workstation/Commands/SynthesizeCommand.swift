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
    summary: "Writes made-up daily bars whose answer is known, to try everything else on.",
    operands: "MARKET", operandCount: 1...1,
    flags: [
      Flag("output", "FILE", "the bar file to write (.csv)"),
      Flag("bars", "N", "how many bars; 7560 by default, thirty years"),
      Flag("from", "DATE", "the first date that may hold a bar; 1990-01-02 by default"),
      Flag("seed", "N", "another seed, another market of the same kind; 0 by default"),
      Flag("rho", "R", "edge only: the correlation of its column with the next return, -1 to 1"),
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
      A bar opens where the one before it closed. Dates are sessions of the New York
      calendar, 1990 to 2035. Import the file as SYMBOL=FILE; to let the agent see
      next_return (or signal), import with --extra-columns next_return and train with
      --set environment.extra_columns=[next_return].
      """)

  static func run(_ arguments: Arguments, _ families: Families) throws -> Int32 {
    let name = arguments.operands[0]
    guard let answer = PlantedBars.Answer(rawValue: name) else {
      let known = PlantedBars.Answer.allCases.map(\.rawValue)
      let nearest = NearestName.of(name, among: known).map { "; did you mean \($0)?" } ?? ""
      throw UsageError(
        "there is no market \(name) to synthesize, only \(known.joined(separator: ", "))\(nearest)",
        command: description)
    }
    guard let output = arguments.value("output") else {
      throw UsageError("--output is missing: name the bar file to write", command: description)
    }
    guard let seed = UInt64(arguments.value("seed") ?? "0") else {
      throw UsageError("--seed must be a whole number of at least 0", command: description)
    }
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

  /// The sessions that get a bar; never none.
  private static func dates(_ arguments: Arguments) throws -> [CalendarDate] {
    let last = TradingCalendar.xnys.supportedRange.upperBound
    let text = arguments.value("from") ?? "1990-01-02"
    guard let from = CalendarDate(text), TradingCalendar.xnys.supportedRange.contains(from) else {
      throw UsageError(
        "--from is \(text), but must be a date like 1990-01-02, not after \(last)", command: description)
    }
    let sessions = TradingCalendar.xnys.sessions(in: from...last)
    let wanted = arguments.value("bars") ?? "7560"
    guard let bars = Int(wanted), (1...sessions.count).contains(bars) else {
      throw UsageError(
        "--bars is \(wanted), but must be 1 to \(sessions.count), the sessions from \(from) to \(last)",
        command: description)
    }
    return Array(sessions.prefix(bars))
  }
}
