// What a report is made of, as tables that any other program reads.

internal import Environments
package import Market

/// Tables as RFC 4180 has them: a header, CRLF behind every row, quotes where a field needs them.
package enum ReportCSV {
  /// Every position of an account from flat to flat, in the order in which they closed, then what the end left open: its exit, sale and profit
  /// are empty. Prices are adjusted dollars a share, the mean over the position's fills, spread and impact in them; money is in dollars,
  /// exact; `profit` is after all costs. Of options three columns more name the contracts and the minutes of the session from which on and up to which they
  /// were held, 0 being the first. symbols: the names of the record's.
  package static func trades(_ record: BacktestRecord, symbols: [String]) -> String {
    if let tape = record.optionTape { return optionTrades(record, tape, symbols: symbols) }
    func date(_ bar: Int) -> String { record.closeDate(ofBar: bar)?.description ?? "" }
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
    return table(tradeColumns, closed + open)
  }

  private static let tradeColumns = [
    "symbol", "state", "side", "entry_date", "exit_date", "sessions", "shares", "entry_price", "exit_price",
    "half_spread", "impact", "commission", "profit",
  ]

  /// Positions of options, all legs of one together; every one is over when its session is, but where the account was lost.
  private static func optionTrades(_ record: BacktestRecord, _ tape: MarketTape, symbols: [String]) -> String {
    func place(_ bar: Int) -> (date: String, minute: String) {
      guard tape.dates.indices.contains(bar) else { return ("", "") }
      return (tape.dates[bar].description, "\(tape.minutes[bar])")
    }
    func names(_ contracts: [Int32], _ symbol: Int, _ bar: Int) -> String {
      guard tape.dates.indices.contains(bar) else { return "" }
      return contracts.map { number in
        record.contracts[TradedPlace(symbol, tape.dates[bar], number)]?.description ?? "contract \(number)"
      }.joined(separator: " ")
    }
    let session = record.sessionOfBar
    let log = TradeLog(record.fills)
    let closed = log.closed.map { trip in
      let (entry, exit) = (place(trip.entryBar), place(trip.exitBar))
      return [
        symbols[trip.symbol], "closed", trip.direction > 0 ? "long" : "short", entry.date, exit.date,
        "\(session(trip.exitBar) - session(trip.entryBar))", number(trip.entryShares),
        price(trip.entryNotionalMicroDollars, trip.entryShares), price(trip.exitNotionalMicroDollars, trip.entryShares),
        money(trip.halfSpreadMicroDollars), money(trip.impactMicroDollars), money(trip.commissionMicroDollars),
        money(trip.netMicroDollars), names(trip.contracts, trip.symbol, trip.entryBar), entry.minute, exit.minute,
      ]
    }
    let open = log.open.map { position in
      let entry = place(position.entryBar)
      return [
        symbols[position.symbol], "open", position.direction > 0 ? "long" : "short", entry.date, "", "",
        number(position.shares), number(position.averageCostDollars), "", money(position.halfSpreadMicroDollars),
        money(position.impactMicroDollars), money(position.commissionMicroDollars), "",
        names(position.contracts, position.symbol, position.entryBar), entry.minute, "",
      ]
    }
    return table(tradeColumns + ["contract", "entry_minute", "exit_minute"], closed + open)
  }

  /// One row a session of the window: its date, the return of the policy (greedy) and of every baseline, of the index (empty where there is none)
  /// and of cash, each a fraction, and the share of the policy's account that is not cash at the close. An account that was lost earns 0 on the
  /// sessions after that.
  package static func dailyReturns(_ records: EvaluationRecords) -> String {
    let names = ["policy"] + records.baselines.map(\.name)
    let columns = [records.greedy.dailyReturns] + records.baselines.map(\.dailyReturns)
    let invested = AccountReport.investedShares(records.greedy)
    let index = records.market?.returns ?? []
    let rows = records.longest.dates.enumerated().map { session, date in
      [date.description]
        + columns.map { session < $0.count ? number($0[session]) : "0.0" }
        + [
          session < index.count ? number(index[session]) : "", number(records.cashReturns[session]),
          session < invested.count ? number(invested[session]) : "0.0",
        ]
    }
    return table(["date"] + names + ["index", "cash", "position"], rows)
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
  static func number(_ value: Double) -> String { value.isFinite ? value.description : "" }

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
