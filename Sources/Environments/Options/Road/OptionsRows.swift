// What a minute of a session says to every account: one row for all lanes that stand in it.

import Kernels
import Market
import Trading

/// One minute of one symbol's session, in 48 bytes.
struct OptionsRow {
  /// Dollars.
  var spot: Double
  /// Of the minute, see `MarketView.usualWeight`.
  var weight: Double
  /// Of implied volatility, its neutral value where it is not known.
  var rank: Double
  /// How far the underlying went in the minute, a fraction; 0 where a price is not known.
  var move: Double
  /// The least that an account must be worth for any candidate of a call and of a put, see `EntryLimits.leastValue`; infinite where there is none.
  var leastForCall: Float
  var leastForPut: Float
  /// log10 of the price over 4, as it is shown.
  var logPrice: Float
}

extension OptionsTables {
  /// How far the underlying went in a minute, a fraction; 0 where a price is not known.
  func move(_ day: OptionsDay, minute: Int) -> Double {
    guard minute > 0 else { return 0 }
    let row = day.row(minute: minute)
    let (now, before) = (memory.spots[row], memory.spots[row - 1])
    return now > 0 && before > 0 ? abs(now / before - 1) : 0
  }

  /// Fills the rows of all days; `leastValues` must stand.
  func fillRows() {
    for day in days {
      for minute in 0..<day.minuteCount {
        let row = day.row(minute: minute)
        func least(_ isCall: Bool) -> Float {
          candidates(row: row, isCall: isCall).reduce(.infinity) { min($0, leastValues[$1]) }
        }
        let isBought = configuration.game == .options
        rows[row] = OptionsRow(
          spot: memory.spots[row], weight: memory.weights[row], rank: rank(row: row),
          move: move(day, minute: minute), leastForCall: isBought ? least(true) : 0,
          leastForPut: isBought ? least(false) : 0,
          logPrice: OptionsObservation.logPrice(memory.spots[row]))
      }
    }
  }
}

extension OptionsTables {
  /// Whether single options are bought at what they cost, under limits that are told without pricing a shock: what the short road knows.
  var isShort: Bool {
    configuration.game == .options && configuration.execution.mode == .realistic
      && configuration.execution.mostQuoteAgeMinutes == MinuteQuote.mostAge && searches.allSatisfy(\.isKnown)
  }
}
