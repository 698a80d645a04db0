// strikeforge desk: a scripted day through execution, book and settlement.

import Market
import Storage
import Text
import Trading
import Training

struct DeskCommand: Command {
  static let description = CommandDescription(
    name: "desk",
    summary: "Plays a scripted day of quotes, orders and events: trade log, costs, and whether the books balance.",
    operands: "FILE", operandCount: 1...1,
    flags: [
      Flag("store", "FILE", "a market store whose chains and prices are quoted where the script says nothing"),
      Flag("cash", "DOLLARS", "what the account begins with, whole (100000)"),
      Flag("fees", "TABLE", "retail, zero_commission, ibkr, or a YAML file of dated rows with their sources (retail)"),
      Flag("exercise", "MODE", "cash: every option is paid; physical: shares change hands (cash)"),
      Flag("latency", "MINUTES", "from a decision to the quote that fills it, at least 1 (1)"),
      Flag("rate", "DECIMAL", "interest a year; with it deep puts may be assigned early (0)"),
      Flag("leg-discount", "SHARE", "of the half-spreads of orders of several legs, given back (0)"),
      Flag(
        "bind", "RULE", repeats: true,
        "day-trades or settled-cash: refuse what a small account may not do, instead of a warning"),
      Flag("risk", optional: "FILE", "limits on all that is traded; --risk=FILE lays overrides over them"),
      Flag("risk-journal", "FILE", "keeps the kill switch and the day's halts for the next start"),
      Flag("exit-journal", "FILE", "keeps the exit plans of what is held for the next start"),
      Flag("execution", "MODE", "realistic or ideal; what is ideal is marked, nobody can trade so (realistic)"),
    ] + ExecutionFlags.flags,
    notes: """
      FILE has a JSON object a line, in the order of time:
        {"session": "2025-12-11"}
        {"quote": "SPY251211C00606000", "time": "10:00", "bid": 0.44, "ask": 0.46}
        {"order": 1, "time": "10:00", "opens": {"SPY251211C00606000": -1}}
        {"close": "SPY", "dollars": 604.10}
      A quote may have bid_size, ask_size, lowest_ask, highest_bid, filled_forward,
      volume (of its minute) and open_interest (of last night). An order may have a quantity, and "limit" (a net price, negative
      for a credit), "stop", or "aggressive" (0 to 1) with "chase", "give_up" and
      "changes"; "closes" instead of "opens", and with "of" the order that opened.
      What opens may have "exit": full_target or scale_out_and_trail, or an object
      with "kind" and what differs: {"kind": "full_target", "stop_loss": 30}.
      {"order": 2, "time": "10:00", "selects": "SPY", "right": "call", "delta": 0.4}
      buys the contract of that delta that scores best, "quantity" by the rules of
      size where it has none. "most_spread", "least_volume" (of the day so far),
      "least_open_interest" and "highest_rank" leave contracts out; none may be left.
      "exit" may be a name below `exits:` of --risk=FILE.
      {"restart": "keeps_orders", "time": "11:00"}, or loses_orders: the process ends,
      and the next one goes on from its journals.
      {"price": "SPY", "time": "10:00", "dollars": 600} is the underlying's price.
      {"volatility_rank": 0.7} is that of the morning, behind its session's line, and
      {"average_true_range": "SPY", "dollars": 6.5} too. Where neither is said they are
      found in the store: of 31 evenings before and more, of 14 daily bars. Kelly knows
      the trades that the script has closed in 30 days.
      Others: cancel, opening, dividend, split with "becomes" and "of", payment.
      A line of 10:00 stands at the end of the minute before 10:00.
      """)

  static func run(_ arguments: Arguments, _ families: Families) throws -> Int32 {
    var settings = try settings(arguments)
    let layers = try RiskFlags.layers(arguments, description)
    let path = arguments.operands[0]
    let stored = try arguments.value("store").map { try StoredQuotes($0) }
    let script = try DeskScript(
      try FileSystem.read(path), path: path, deliverables: stored?.deliverables ?? [], plans: layers?.exits ?? [:])
    let terms = try layers.map { try RiskFlags.terms($0, of: script) }
    if let layers, !arguments.has("cash"), let dollars = try RiskFlags.dollars(layers, of: script) {
      settings.cashDollars = Int64(dollars)
    }
    let kept = try RiskFlags.journal(arguments)
    let exitJournal = try arguments.value("exit-journal").map { try ExitJournalFile($0) }
    let play = try DeskPlay(
      script, settings, stored: stored, risk: terms.map { RiskFlags.desk($0.profile, settings, kept) },
      sizing: terms?.sizing, exitJournal: exitJournal, riskJournal: kept?.journal)
    for line in play.lines { print(line) }
    return play.desk.widestGap == 0 ? 0 : 1
  }

  private static func settings(_ arguments: Arguments) throws -> DeskSettings {
    var settings = DeskSettings()
    let most = Int(DeskSettings.mostCashDollars)
    if let cash = try arguments.wholeNumber("cash", in: 0...most) { settings.cashDollars = Int64(cash) }
    if let name = arguments.value("fees") {
      settings.fees = try ExecutionFlags.fees(name, description)
    }
    try ExecutionFlags.apply(arguments, to: &settings.execution, description)
    settings.exercise = try choice("exercise", arguments) ?? .cash
    settings.execution.mode = try choice("execution", arguments) ?? .realistic
    if let latency = try arguments.wholeNumber("latency", in: 1...TradingCalendar.fullSessionMinutes) {
      settings.execution.latencyMinutes = latency
    }
    if let rate = try number("rate", arguments, in: DeskSettings.rates) { settings.rateAnnual = rate }
    if let discount = try number("leg-discount", arguments, in: 0...1) {
      settings.execution.legDiscountMillionths = Int((discount * 1e6).rounded())
    }
    for rule in arguments.values("bind") {
      switch rule {
      case "day-trades": settings.bindsDayTrades = true
      case "settled-cash": settings.bindsSettledCash = true
      default:
        throw UsageError(
          "--bind is \(PrintableText.name(rule)); it must be day-trades or settled-cash", command: description)
      }
    }
    return settings
  }

  private static func choice<Value: RawRepresentable & CaseIterable>(
    _ name: String, _ arguments: Arguments
  ) throws(UsageError) -> Value? where Value.RawValue == String {
    guard let text = arguments.value(name) else { return nil }
    guard let value = Value(rawValue: text) else {
      let names = Value.allCases.map(\.rawValue).joined(separator: " or ")
      throw UsageError("--\(name) is \(PrintableText.name(text)); it must be \(names)", command: description)
    }
    return value
  }

  private static func number(
    _ name: String, _ arguments: Arguments, in range: ClosedRange<Double>
  ) throws(UsageError) -> Double? {
    guard let text = arguments.value(name) else { return nil }
    guard let value = Double(text), range.contains(value) else {
      throw UsageError(
        "--\(name) is \(PrintableText.name(text)); it must be a number from \(range.lowerBound) to \(range.upperBound)",
        command: description)
    }
    return value
  }
}
