// What a report is made of, as tables that any other program reads.

internal import Environments
package import Market

/// Tables as RFC 4180 has them: a header, CRLF behind every row, quotes where a field needs them.
package enum ReportCSV {
  /// Every position of an account from flat to flat, in the order in which they closed, then what the end left open: its exit, sale and profit
  /// are empty. Prices are adjusted dollars a share, the mean over the position's fills, spread and impact in them; money is in dollars,
  /// exact; `profit` is after all costs. symbols: the names of the record's.
  package static func trades(_ record: BacktestRecord, symbols: [String]) -> String {
    var dates: [Int: CalendarDate] = [:]
    for (account, date) in zip(record.accounts, record.closeDates) { dates[account.bar] = date }
    func date(_ bar: Int) -> String { dates[bar]?.description ?? "" }
    let session = record.sessionOfBar
    func side(_ direction: Int) -> String { direction > 0 ? "long" : "short" }
    let log = TradeLog(record.fills)
    let closed = log.closed.map { trip in
      [
        symbols[trip.symbol], "closed", side(trip.direction), date(trip.entryBar), date(trip.exitBar),
        "\(session(trip.exitBar) - session(trip.entryBar))", number(trip.entryShares),
        price(trip.entryNotionalMicroDollars, trip.entryShares), price(trip.exitNotionalMicroDollars, trip.entryShares),
        money(trip.halfSpreadMicroDollars), money(trip.impactMicroDollars), money(trip.commissionMicroDollars),
        money(trip.netMicroDollars),
      ]
    }
    let open = log.open.map { position in
      [
        symbols[position.symbol], "open", side(position.direction), date(position.entryBar), "", "",
        number(position.shares), number(position.averageCostDollars), "", money(position.halfSpreadMicroDollars),
        money(position.impactMicroDollars), money(position.commissionMicroDollars), "",
      ]
    }
    return table(
      [
        "symbol", "state", "side", "entry_date", "exit_date", "sessions", "shares", "entry_price", "exit_price",
        "half_spread", "impact", "commission", "profit",
      ], closed + open)
  }

  /// One row a session of the window: its date, the return of the policy (greedy) and of every baseline, of the index (empty where there is none)
  /// and of cash, each a fraction, and the share of the policy's account that is not cash at the close. An account that was lost earns 0 on the
  /// sessions after that.
  package static func dailyReturns(_ records: EvaluationRecords) -> String {
    let accounts = [("policy", records.greedy)] + records.baselines.map { ($0.name, $0.record) }
    let columns = accounts.map(\.1.dailyReturns)
    let invested = AccountReport.investedShares(records.greedy)
    let index = records.market?.returns ?? []
    let rows = records.longest.sessionDates.enumerated().map { session, date in
      [date.description]
        + columns.map { session < $0.count ? number($0[session]) : "0.0" }
        + [
          session < index.count ? number(index[session]) : "", number(records.cashReturns[session]),
          session < invested.count ? number(invested[session]) : "0.0",
        ]
    }
    return table(["date"] + accounts.map(\.0) + ["index", "cash", "position"], rows)
  }

  static func table(_ header: [String], _ rows: [[String]]) -> String {
    ([header] + rows).map { $0.map(field).joined(separator: ",") + "\r\n" }.joined()
  }

  /// A field in quotes where it holds what parts fields and rows.
  static func field(_ text: String) -> String {
    let needsQuotes = text.unicodeScalars.contains { ["\"", ",", "\r", "\n"].contains($0) }
    return needsQuotes ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
  }

  /// The shortest digits that read back to the same bits.
  private static func number(_ value: Double) -> String { value.isFinite ? value.description : "" }

  /// Dollars a share.
  private static func price(_ microDollars: Int64, _ shares: Double) -> String {
    number(Double(microDollars) / 1e6 / shares)
  }

  /// Micro-dollars as dollars, exact.
  static func money(_ microDollars: Int64) -> String {
    let digits = String(microDollars.magnitude)
    let padded = String(repeating: "0", count: max(0, 7 - digits.count)) + digits
    return (microDollars < 0 ? "-" : "") + padded.dropLast(6) + "." + padded.suffix(6)
  }
}
