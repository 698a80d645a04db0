// The golden file of synthetic surfaces.

import Foundation
import TestSupport
import Testing

@testable import Market

/// What scripts/golden/surface_premium.py wrote.
struct SurfaceGolden: Decodable {
  struct Term: Decodable {
    var sessionsAhead: Int
    var fair: Double
    var market: [Double]
    var marketSlope: Double
  }
  struct SmilePoint: Decodable { var k, fair, market: Double }
  struct Quote: Decodable {
    var rule: String
    var price, spread: Double
    var bid, ask: Int
  }
  struct Figure: Decodable {
    var level, contract: String
    /// 0: from open to close.
    var sessions: Int
    var withoutDrift: Bool
    var costOverPayoff, keptBySeller, standardError: Double
  }
  var terms: [Term]
  var smile: [SmilePoint]
  var quotes: [Quote]
  var closes, index, opens, ratios: [Double]
  var figures: [Figure]

  static let file = Result { try GoldenFile.read("surface_premium", as: SurfaceGolden.self) }

  static func isNear(_ found: Double, _ wanted: Double, _ share: Double = 1e-12) -> Bool {
    abs(found - wanted) <= share * max(1, abs(wanted))
  }

  /// The golden path on sessions of the exchange. `opens`: the closes where there are none.
  static func series(
    _ symbol: String, _ closes: [Double], opens: [Double]? = nil, from day: String = "2015-01-02"
  ) throws -> BarSeries {
    let first = try #require(CalendarDate(day))
    let calendar = TradingCalendar.xnys
    let ordinal = try #require(calendar.ordinal(of: first))
    var series = BarSeries(symbol: symbol)
    for (place, close) in closes.enumerated() {
      let open = opens?[place] ?? close
      series.append(
        date: calendar.sessions[ordinal + place].date, open: open, high: max(open, close), low: min(open, close),
        close: close, volume: 1)
    }
    return series
  }
}
