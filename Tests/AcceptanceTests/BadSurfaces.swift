// What `strikeforge surface` is told of a store, an index and events, and cannot be.

import Market
import TestSupport
import Testing

extension BadInput {
  /// A store with the index VIX beside the shares AAA and BBB, and the S&P 500's own name for one of these.
  private static func index(
    _ level: @escaping @Sendable (Int) -> Double, history: Int = 300
  ) -> @Sendable (Workplace) throws -> Void {
    { place in
      let series = SyntheticTape.series(bars: history, seed: 1)
      var vix = "Date,Open,High,Low,Close\n"
      for (row, date) in series[0].dates.enumerated() {
        let value = level(row)
        vix += "\(date),\(value),\(value),\(value),\(value)\n"
      }
      try place.folder.write(vix, to: "vix.csv")
      for one in series { try place.folder.write(BarFile.plain(one), to: one.symbol + ".csv") }
      try place.succeed([
        "import", "SPX=AAA.csv", "BBB=BBB.csv", "--index", "VIX=vix.csv", "--output", "surface.h5",
      ])
    }
  }

  static let ofSurfaces: [BadInput] = [
    BadInput(
      "an index level that is none", "surface surface.h5 --date 2001-06-01", exits: 64,
      says: "no usable close of 2001-05-31", "choose a day", prepare: index { _ in 900 }),
    BadInput(
      "an underlying without an index", "surface market.h5 --symbol AAA --date 2001-06-01", exits: 64,
      says: "VIX has no daily bars in market.h5", "--index"),
    BadInput(
      "a symbol without history for its ratio", "surface surface.h5 --symbol BBB --date 2001-02-01", exits: 1,
      says: "BBB has 20 sessions of history and its ratio to the index needs 63", "--ratio", prepare: index { _ in 20 }),
    BadInput(
      "another index than the VIX, too young", "surface surface.h5 --index BBB --date 2001-02-01", exits: 64,
      says: "sessions with BBB are known", "only of the VIX", prepare: index { _ in 20 }),
    BadInput(
      "market of another index", "surface surface.h5 --index BBB --surface market --date 2001-02-01", exits: 64,
      says: "was measured on the VIX", "take fair", prepare: index { _ in 20 }),
    BadInput(
      "a day that is no session", "surface surface.h5 --date 2001-06-02", exits: 64, says: "2001-06-02 is no session",
      prepare: index { _ in 20 }),
    BadInput(
      "a time behind the close", "surface surface.h5 --date 2001-06-01 --time 16:00", exits: 64,
      says: "16:00 is outside the session", prepare: index { _ in 20 }),
    BadInput(
      "a rate in percent", "surface surface.h5 --date 2001-06-01 --rate 4", exits: 64, says: "--rate is 4",
      prepare: index { _ in 20 }),
    BadInput(
      "events that are none", "surface surface.h5 --date 2001-06-01 --events vix.csv", exits: 1,
      says: "'vix.csv', line 1", "date,kind,share", prepare: index { _ in 20 }),
    BadInput(
      "a store for a history", "surface surface.h5 --date 2001-06-01 --history surface.h5", exits: 1,
      says: "'surface.h5' is not a history of implied volatility", prepare: index { _ in 20 }),
    BadInput(
      "a history over a store", "surface surface.h5 --write-history market.h5", exits: 1,
      says: "'market.h5' exists and is not a history of implied volatility", prepare: index { _ in 20 }),
    BadInput(
      "two questions at once", "surface surface.h5 --premium --date 2001-06-01", exits: 64,
      says: "take one of --premium",
      prepare: index { _ in 20 }),
    BadInput(
      "a flag of another question", "surface surface.h5 --premium --time 10:00", exits: 64,
      says: "--time goes with --date", prepare: index { _ in 20 }),
  ]
}
