// A chain of an index that is made of one smile, for tests that need one as a file.

import Glibc
import Market

enum MadeChain {
  static let header = "timestamp,underlying,type,strike,expiry,bid,ask,root\n"

  /// Black's prices on a forward of the price, in cents with a spread, 5 and 29 sessions ahead. Rows without the header.
  ///
  /// level: the volatility at the money.
  static func rows(on date: CalendarDate, around spot: Double, times: [String], level: Double = 0.2) -> String {
    var text = ""
    func normal(_ x: Double) -> Double { erfc(-x / 2.0.squareRoot()) / 2 }
    let calendar = TradingCalendar.xnys
    guard let today = calendar.ordinal(of: date) else { return "" }
    for time in times {
      for ahead in [5, 29] {
        let expiry = calendar.sessions[today + ahead].date
        let unit = level * (Double(ahead) / 252).squareRoot()
        for step in -20...16 {
          let strike = (spot * exp(Double(step) * unit / 5) * 100).rounded() / 100
          let k = log(strike / spot) / unit
          let deviation = unit * (1 - 0.1 * k + 0.03 * k * k)
          let d1 = -log(strike / spot) / deviation + deviation / 2
          let call = spot * normal(d1) - strike * normal(d1 - deviation)
          for (name, price) in [("call", call), ("put", call - spot + strike)] {
            let bid = max((price * 100).rounded() / 100 - 0.02, 0)
            text += "\(date) \(time),SPX,\(name),\(strike),\(expiry),\(cents(bid)),\(cents(bid + 0.04)),SPXW\n"
          }
        }
      }
    }
    return text
  }

  static func cents(_ value: Double) -> String {
    let whole = Int((value * 100).rounded())
    return "\(whole / 100).\(whole % 100 < 10 ? "0" : "")\(whole % 100)"
  }
}
