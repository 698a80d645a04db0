// What an account was worth, and held, at every session's close and at every step: as CSV.

import Environments
package import Market

extension ReportCSV {
  /// One row a session: its date, its return (a fraction), and at its close the net liquidation value at the prices at which positions could be closed, cash and
  /// gross exposure, dollars, and how far the value lies below its highest close so far (a fraction).
  package static func sessions(_ record: BacktestRecord) -> String {
    let (values, cash) = (record.accounts.netLiquidationMicroDollars, record.accounts.cashMicroDollars)
    let returns = record.dailyReturns
    let falls = ReturnStatistics.underwater(initial: record.initialDollars, closes: record.closes)
    let rows = record.sessionEnds.enumerated().map { session, end in
      [
        record.closeDates[end].description, number(returns[session]), money(values[end]), money(cash[end]),
        number(record.grossAtClose[end + 1]), number(falls[session]),
      ]
    }
    return table(["date", "return", "net_liquidation", "cash", "gross_exposure", "drawdown"], rows)
  }

  /// One row a step of bars of minutes, on the tape that was walked: the session, when the bar at whose close the step ended begins (UTC), the symbol that was decided about (empty where
  /// decisions are about all), net liquidation value, cash and gross exposure then, dollars, and signed units of every symbol. Nil where bars span whole sessions.
  package static func minutes(_ record: BacktestRecord, tape: MarketTape) -> String? {
    guard tape.width != .session else { return nil }
    let symbols = tape.symbols
    let header =
      ["date", "bar_start", "symbol", "net_liquidation", "cash", "gross_exposure"] + symbols.map { "units_" + $0 }
    var text = table(header, [])
    for (step, account) in record.accounts.enumerated() {
      let symbol = record.symbolsInPlay.isEmpty ? "" : symbols[Int(record.symbolsInPlay[step])]
      let start = tape.starts[account.bar]
      text += record.closeDates[step].description + ","
      text += start.description + "," + field(symbol) + ","
      text += money(account.netLiquidationMicroDollars) + "," + money(account.cashMicroDollars) + ","
      text += number(record.grossAtClose[step + 1])
      for units in account.units { text += ",\(units)" }
      text += "\r\n"
    }
    return text
  }
}
