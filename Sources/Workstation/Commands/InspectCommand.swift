// strikeforge inspect: what a store, a checkpoint or a bundle holds.

import Inference
import Market
import Storage
import Text
import Training

struct InspectCommand: Command {
  static let description = CommandDescription(
    name: "inspect",
    summary:
      "Shows what a market store, checkpoint, replay file, policy bundle, recorded rollouts, incident, volatility history or fitted surfaces hold, after verifying it.",
    operands: "FILE", operandCount: 1...1,
    flags: [
      Flag("chain", "SYMBOL", "of a market store: its options of one underlying"),
      Flag("date", "DATE", "of that chain: the session to show"),
      Flag("time", "HH:MM", "of that session: the minute that ends at this time in New York; all minutes by default"),
      Flag("html", "FILE", "of that session: also writes it as a page with pictures"),
    ],
    notes: """
      Without a date, --chain lists the sessions that the store has of it.
      """)

  static func run(_ arguments: Arguments, _ families: Families) throws -> Int32 {
    let path = arguments.operands[0]
    if let symbol = arguments.value("chain") {
      let place = try chainPlace(arguments)
      guard let text = try chain(path, symbol, date: place.date, minute: place.minute) else {
        for line in try sessions(path, symbol) { print(line) }
        return 0
      }
      for line in text.lines { print(line) }
      if let page = arguments.value("html") {
        try AtomicWrite.write(text: text.page, to: page, replacing: .page)
        print("\nwith pictures: \(page)")
      }
      return 0
    }
    for name in ["date", "time", "html"] where arguments.value(name) != nil {
      throw UsageError("--\(name) stands without --chain, whose session it \(name == "html" ? "shows" : "says")")
    }
    if ReplayFile.isReplayFile(path) {
      show(try ReplayReader(path).describe())
      return 0
    }
    if try StorageInspection.kind(path) != nil {
      show(try StorageInspection.describe(path))
      return 0
    }
    do {
      show(try PolicyBundle.load(path: path).describe())
    } catch {
      throw TrainingError.policy(error)
    }
    return 0
  }

  /// The session and minute that are asked for; no bounds where the flags do not say them.
  private static func chainPlace(_ arguments: Arguments) throws(UsageError) -> (date: CalendarDate?, minute: Int?) {
    let date = try arguments.date("date")
    var minute: Int?
    if let text = arguments.value("time") {
      let parts = text.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count == 2, parts[1].utf8.count == 2, let hour = Int(parts[0]), let second = Int(parts[1]),
        (0..<24).contains(hour), (0..<60).contains(second)
      else { throw UsageError("--time is \(text), but must be a time like 10:30") }
      guard date != nil else { throw UsageError("--time stands without --date, whose minute it says") }
      // The minute that ends then.
      minute = hour * 60 + second - TradingCalendar.xnys.openMinute - 1
    }
    guard date != nil || arguments.value("html") == nil else {
      throw UsageError("--html stands without --date, whose session it shows")
    }
    return (date, minute)
  }

  private static func open(
    _ path: String, _ symbol: String
  ) throws(StorageError) -> (file: MarketStoreFile, entry: ChainEntry) {
    func problem(_ problem: SymbolProblem) -> StorageError { .symbols(path: path, problem: problem) }
    let file = try MarketStoreFile(path)
    guard !file.chains.isEmpty else { throw problem(.noChain) }
    guard let entry = file.chains.first(where: { $0.underlying == symbol }) else {
      throw problem(.absent(requested: symbol, existing: file.chains.map(\.underlying)))
    }
    return (file, entry)
  }

  private static func sessions(_ path: String, _ symbol: String) throws(StorageError) -> [String] {
    ChainText.sessions(try open(path, symbol).entry)
  }

  /// What is shown of a session; nil where no date says which.
  private static func chain(
    _ path: String, _ symbol: String, date: CalendarDate?, minute: Int?
  ) throws(StorageError) -> ChainText? {
    func problem(_ problem: SymbolProblem) -> StorageError { .symbols(path: path, problem: problem) }
    guard let date else { return nil }
    let (file, entry) = try open(path, symbol)
    let chain = try file.chain(entry) { $0.date == date && !$0.isExtendedHours }
    guard let session = chain.sessions.first, !session.minutes.isEmpty else {
      throw problem(
        .noChainSession(
          "\(date)", first: entry.sessions.first.map { "\($0.date)" } ?? "-",
          last: entry.sessions.last.map { "\($0.date)" } ?? "-"))
    }
    if let minute, session.block(ofMinute: minute) == nil {
      func clock(_ minute: Int32?) -> String {
        let time = TradingCalendar.xnys.openMinute + Int(minute ?? 0) + 1
        return "\(time / 60):" + (time % 60 < 10 ? "0" : "") + "\(time % 60)"
      }
      throw problem(
        .noChainMinute("\(date)", first: clock(session.minutes.first), last: clock(session.minutes.last)))
    }
    return ChainText(entry: entry, chain: chain, session: session, minute: minute)
  }

  static func show(_ lines: [(String, String)]) {
    let width = min(28, (lines.map(\.0.count).max() ?? 0) + 2)
    for (name, value) in lines {
      let head = name + String(repeating: " ", count: max(2, width - name.count))
      let rows = wrap(value, width: max(20, 80 - head.count))
      print(head + rows[0])
      for row in rows.dropFirst() { print(String(repeating: " ", count: head.count) + row) }
    }
  }
}
