// When in the day an account traded options, how far from the money, and what ended its positions.

import Environments
import Market

/// The positions of a walk over options, each from flat to flat, in groups. Money is in micro-dollars, after all costs; the groups of each list hold all
/// closed positions.
package struct OptionTrading: Sendable, Equatable {
  package struct Group: Sendable, Equatable {
    package var name: String
    /// What each position earned, dollars, in the order in which they closed.
    package var gains: [Double]
    package var netMicroDollars: Int64
    /// Mean of `gains` with its 95 % interval; nil below two.
    package var interval: Interval?

    package var trades: Int { gains.count }
    package var wins: Int { gains.count { $0 > 0 } }
    package var mean: Double { ReturnStatistics.mean(gains) ?? 0 }
  }

  /// Minutes of a session that are counted together.
  package static let partMinutes = 30
  /// Parts of the longest session.
  package static let parts = TradingCalendar.fullSessionMinutes / partMinutes

  /// (13) positions that were entered in each half hour of their session, and that ended there.
  package var entries = [Int](repeating: 0, count: OptionTrading.parts)
  package var exits = [Int](repeating: 0, count: OptionTrading.parts)
  /// By how far the strike lay from the underlying's price in the minute of the entry, the deepest in the money first.
  package var byMoneyness: [Group]
  /// By what ended them: the account's own decision first.
  package var byEnding: [Group]

  /// The bootstraps of groups draw from lanes of their own.
  private static let firstLane: UInt32 = 3000
  /// Fractions of the price at which groups of moneyness part; out of the money is positive.
  private static let edges = [-0.01, -0.005, -0.001, 0.001, 0.005, 0.01]
  private static let moneyness = [
    "in by more than 1 %", "in by 0.5 to 1 %", "in by 0.1 to 0.5 %", "within 0.1 % of the money",
    "out by 0.1 to 0.5 %", "out by 0.5 to 1 %", "out by more than 1 %", "price not known",
  ]
  private static let endings = ["its own decision"] + DeskOutcomes.Ending.allCases.map(\.words)

  /// Nil for a walk over anything but options. seed: of the bootstraps.
  package init?(_ record: BacktestRecord, seed: UInt64) {
    guard let tape = record.optionTape else { return nil }
    let forced = Dictionary(
      (record.desk?.forcedFills ?? []).map { (Place(symbol: $0.symbol, bar: $0.bar), $0.ending) },
      uniquingKeysWith: { _, last in last })
    var (near, ended) = (
      [[Int64]](repeating: [], count: OptionTrading.moneyness.count),
      [[Int64]](repeating: [], count: OptionTrading.endings.count)
    )
    for trip in TradeLog(record.fills).closed {
      entries[OptionTrading.part(tape, trip.entryBar)] += 1
      exits[OptionTrading.part(tape, trip.exitBar)] += 1
      near[OptionTrading.group(of: trip, record, tape)].append(trip.netMicroDollars)
      let ending = forced[Place(symbol: trip.symbol, bar: trip.exitBar)]
      ended[ending.map { 1 + $0.rawValue } ?? 0].append(trip.netMicroDollars)
    }
    func groups(_ names: [String], _ nets: [[Int64]], lane: UInt32) -> [Group] {
      zip(names, nets).enumerated().compactMap { place, group in
        guard !group.1.isEmpty else { return nil }
        let gains = group.1.map { PerformanceMetrics.dollars($0) }
        return Group(
          name: group.0, gains: gains, netMicroDollars: group.1.reduce(0, +),
          interval: Bootstrap.mean(gains, seed: seed, lane: lane + UInt32(place)))
      }
    }
    byMoneyness = groups(OptionTrading.moneyness, near, lane: OptionTrading.firstLane)
    byEnding = groups(OptionTrading.endings, ended, lane: OptionTrading.firstLane + 100)
  }

  private struct Place: Hashable {
    var symbol: Int
    var bar: Int
  }

  private static func part(_ tape: MarketTape, _ bar: Int) -> Int {
    min(Int(tape.minutes[bar]) / partMinutes, parts - 1)
  }

  /// Of several legs the first that was traded counts.
  private static func group(of trip: RoundTrip, _ record: BacktestRecord, _ tape: MarketTape) -> Int {
    let price = tape.close[trip.symbol][trip.entryBar]
    guard let number = trip.contracts.first, price > 0,
      let contract = record.contracts[TradedPlace(trip.symbol, tape.dates[trip.entryBar], number)]
    else { return moneyness.count - 1 }
    let out = (contract.right == .call ? 1 : -1) * (contract.strike / price - 1)
    return edges.count { out > $0 }
  }
}
