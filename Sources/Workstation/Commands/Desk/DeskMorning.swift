// What a session's traders know before it opens: ranks of volatility and ranges, stated by the script or found in the days before by the store.

import Market
import Storage
import Trading

struct DeskMorning {
  private let statedRank: Double?
  /// By underlying; a rank that is nil is one that somebody should know and nobody does.
  private var ranks: [String: VolatilityRank?] = [:]
  private var ranges: [String: Double]

  /// Of what a table speaks of. What the script says is taken; of the rest the store is asked.
  init(_ session: DeskScript.ScriptSession, _ stored: StoredQuotes?, table: ContractTable) throws(StorageError) {
    statedRank = session.volatilityRank
    ranges = session.averageTrueRanges
    guard let stored else { return }
    for underlying in table.underlyings {
      if statedRank == nil, let rank = try stored.rank(of: underlying, on: session.date) {
        ranks.updateValue(rank.known, forKey: underlying)
      }
      if ranges[underlying] == nil {
        ranges[underlying] = try stored.averageTrueRange(of: underlying, on: session.date)
      }
    }
  }

  /// What limits are told, which know one rank for the account: the highest.
  var highestRank: Double? { statedRank ?? ranks.values.compactMap { $0?.rank }.max() }

  func facts(of underlying: String) -> MorningFacts {
    MorningFacts(
      rank: ranks[underlying] ?? VolatilityRank(stated: statedRank), averageTrueRange: ranges[underlying])
  }
}

/// Volatilities of 30 days that a store's chains said in the evenings, by underlying and date: each is found once.
final class EveningVolatilities {
  private var found: [String: [CalendarDate: Double?]] = [:]

  func volatility(
    of underlying: String, on date: CalendarDate, _ find: () throws(StorageError) -> Double?
  ) throws(StorageError) -> Double? {
    if let known = found[underlying]?[date] { return known }
    let volatility = try find()
    found[underlying, default: [:]].updateValue(volatility, forKey: date)
    return volatility
  }
}

extension StoredQuotes {
  /// A rank, or that the evening before says no volatility.
  struct EveningRank {
    let known: VolatilityRank?
  }

  /// Where the implied volatility of 30 days of the evening before a session stands among those of the year before that. nil where the chain has too few
  /// sessions before to tell.
  func rank(of underlying: String, on date: CalendarDate) throws(StorageError) -> EveningRank? {
    guard let entry = file.chains.first(where: { $0.underlying == underlying }) else { return nil }
    let before = entry.sessions.filter { !$0.isExtendedHours && $0.date < date }.suffix(
      VolatilityRank.longestSessions + 1)
    guard before.count > VolatilityRank.leastSessions, let evening = before.last else { return nil }
    var volatilities: [Double] = []
    for session in before {
      let volatility = try evenings.volatility(of: underlying, on: session.date) { () throws(StorageError) -> Double? in
        try ChainHistory.volatility(of: session, entry, file)
      }
      volatilities.append(volatility ?? .nan)
    }
    let calendar = TradingCalendar.xnys
    let isYesterday = calendar.ordinal(of: evening.date).map { $0 + 1 } == calendar.ordinal(of: date)
    let current = volatilities.removeLast()
    return EveningRank(known: isYesterday ? try? VolatilityRank(current: current, before: volatilities) : nil)
  }

  /// Wilder's average true range of 14 sessions behind the last one before a session, in that session's dollars; nil where the daily series has fewer before.
  func averageTrueRange(of underlying: String, on date: CalendarDate) throws(StorageError) -> Double? {
    let series = try file.series { $0.symbol == underlying && $0.width == .session }
    guard let series = series.first else { return nil }
    let rows = series.dates.prefix { $0 < date }.count
    guard rows >= StoredQuotes.rangeSessions, rows <= series.wholeRows else { return nil }
    let today = rows < series.wholeRows && series.dates[rows] == date ? rows : rows - 1
    func prices(_ column: [Double]) -> [Double] {
      (0..<rows).map { column[$0] * series.adjustmentFactors[$0] / series.adjustmentFactors[today] }
    }
    let ranges = ATR.values(
      high: prices(series.high), low: prices(series.low), close: prices(series.close),
      period: StoredQuotes.rangeSessions)
    return ranges.last.flatMap { $0.isFinite && $0 > 0 ? $0 : nil }
  }

  private static let rangeSessions = 14
}
