// Tables of options that pass the gate, in whatever order their rows shall stand.

import Market

/// A row a contract and time, of options whose calls and puts agree.
package struct ChainTable {
  private static let header = "timestamp,underlying,type,strike,expiry,bid,ask,bid_size,ask_size,oi\n"
  /// In order of session, time, expiry and strike.
  package var rows: [String] = []
  private var state: UInt64

  /// `sessions`: counted from the first of 2021. `times`: of a session, at most 70. `every`: so many rows are one.
  package init(
    sessions: Range<Int>, times: Int = 2, strikes: Int = 12, underlying: String = "XYZ", seed: UInt64 = 1,
    every: Int = 1
  ) {
    state = seed
    var place = 0
    let calendar = TradingCalendar.xnys
    guard let first = CalendarDate("2021-01-04").flatMap({ calendar.ordinal(of: $0) }) else { return }
    for day in sessions {
      let date = calendar.sessions[first + day].date
      for time in 0..<times {
        let spot = 100 + Double((day * 7 + time * 3) % 11) / 4
        for ahead in [8, 29] {
          // Of a fifth session those that are there already come again.
          let expiry = calendar.sessions[first + day / 5 * 5 + ahead].date
          for step in 0..<strikes {
            let strike = Double(100 - strikes / 2 + step)
            let miss = spot - strike
            let call = (miss + (miss * miss + 4 * Double(ahead)).squareRoot()) / 2
            for (right, price) in [("C", call), ("P", call - miss)] {
              place += 1
              guard place % every == 0 else { continue }
              let bid = max((price * 100).rounded() - 3, 0)
              rows.append(
                "\(date) \(10 + time / 12):\(time % 12 < 2 ? "0" : "")\(time % 12 * 5),\(underlying),\(right),\(Int(strike)),"
                  + "\(expiry),\(ChainTable.cents(bid)),\(ChainTable.cents(bid + 6)),\(1 + draw(90)),\(1 + draw(90)),\(1000 + step)\n"
              )
            }
          }
        }
      }
    }
  }

  package mutating func draw(_ bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % bound
  }

  private static func cents(_ value: Double) -> String {
    let whole = Int(value)
    return "\(whole / 100).\(whole % 100 < 10 ? "0" : "")\(whole % 100)"
  }

  package var text: String { ChainTable.header + rows.joined() }

  /// The same rows in no order.
  package mutating func shuffle() {
    for place in rows.indices.dropFirst() { rows.swapAt(place, draw(place + 1)) }
  }

  /// Changes one field of some rows, one of `share` in the middle.
  package mutating func revise(_ field: Int, to text: String, share: Int) {
    for place in rows.indices where draw(share) == 0 { rows[place] = ChainTable.revised(rows[place], field, text) }
  }

  package static func revised(_ row: String, _ field: Int, _ text: String) -> String {
    var fields = row.dropLast().split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    fields[field] = text
    return fields.joined(separator: ",") + "\n"
  }
}
