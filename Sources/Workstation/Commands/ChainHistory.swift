// The 30-day volatilities of a store's chain, session by session: `strikeforge surface --write-history --surface chain`.

import Market
import Storage
import Text

enum ChainHistory {
  /// Writes the history of the chain of a symbol, and tells what it holds.
  static func write(_ store: MarketStoreFile, _ arguments: Arguments, to path: String) throws -> Int32 {
    let command = SurfaceCommand.description
    try AtomicWrite.require(path, replacing: .volatilityHistory, inputs: [arguments.operands[0]])
    let entry = try entry(store, arguments)
    let symbol = entry.underlying
    var days: [VolatilityHistory.Day] = []
    var (silent, unbracketed) = (0, 0)
    for session in entry.sessions where !session.isExtendedHours {
      guard let surface = try surface(of: session, entry, store) else {
        silent += 1
        continue
      }
      guard let day = day(surface) else {
        unbracketed += 1
        continue
      }
      days.append(day)
    }
    guard let first = days.first, let last = days.last,
      let history = VolatilityHistory(symbol: symbol, source: .chain, days: days)
    else {
      throw UsageError(
        "no session of the chain of \(symbol) says a volatility of \(VolatilityHistory.calendarDays) days: it needs expiries on both sides of that term "
          + "(\(unbracketed) sessions have none, \(silent) no two-sided quotes at their end)", command: command)
    }
    try VolatilityHistoryFile(history, madeOf: symbol, contentHash: store.contentHash).write(to: path)
    let left = silent + unbracketed
    print(
      "wrote \(path): 30-day volatilities of the chain of \(symbol), \(days.count) session\(days.count == 1 ? "" : "s"), \(first.date) to \(last.date)"
        + (left == 0
          ? "" : "; \(left) left out, \(unbracketed) of them without expiries on both sides of 30 days"))
    return 0
  }

  /// The chain that is asked for.
  static func entry(_ store: MarketStoreFile, _ arguments: Arguments) throws(UsageError) -> ChainEntry {
    let symbol = arguments.value("symbol") ?? "SPX"
    guard let entry = store.chains.first(where: { $0.underlying == symbol }) else {
      let names = store.chains.map(\.underlying)
      throw UsageError(
        "\(store.path) has no chain of \(PrintableText.name(symbol))"
          + (names.isEmpty ? ": import one" : ", but of \(names.joined(separator: ", ")): name one with --symbol"),
        command: SurfaceCommand.description)
    }
    return entry
  }

  /// What a session said of 30 calendar days in the evening; nil where it did not.
  static func volatility(
    of session: ChainEntry.SessionEntry, _ entry: ChainEntry, _ store: MarketStoreFile
  ) throws(StorageError) -> Double? {
    try surface(of: session, entry, store).flatMap(day)?.volatility
  }

  /// The surface at a session's last quotes: a session at a time, for chains are large.
  private static func surface(
    of session: ChainEntry.SessionEntry, _ entry: ChainEntry, _ store: MarketStoreFile
  ) throws(StorageError) -> ChainSurface? {
    let chain = try store.chain(entry) { $0 == session }
    guard let session = chain.sessions.first, let last = session.minutes.last,
      let length = TradingCalendar.xnys.tradingMinutes(session.date)
    else { return nil }
    return try? ChainSurface(chain, session, at: min(Int(last) + 1, length))
  }

  /// Its volatility of 30 calendar days; nil where no two expiries lie around them.
  private static func day(_ surface: ChainSurface) -> VolatilityHistory.Day? {
    guard let volatility = surface.atTheMoney(calendarDays: VolatilityHistory.calendarDays),
      VolatilityHistory.volatilities.contains(volatility)
    else { return nil }
    return VolatilityHistory.Day(date: surface.date, volatility: volatility)
  }
}
