// What an agent sees of minutes: made of the past alone, the same bar by bar as at once, and blind to the unit that volumes are counted in.

import AgentInterface
import Environments
import Market
import TestSupport
import Testing
import Trading

@Suite struct MinuteFeaturesTests {
  /// Two full sessions, a half day and a full one.
  private static let series = SyntheticTape.minutes(
    sessions: 4, from: CalendarDate(year: 2024, month: 11, day: 26)!, seed: 2)

  private static let volumeFeature = 9

  private func features(_ series: [BarSeries]) -> MarketFeatures {
    MarketFeatures(tape: MarketTape(common: series), execution: ExecutionModel())
  }

  /// (2, 12) bits of all that is seen of the market at a bar.
  private func bits(_ features: MarketFeatures, _ bar: Int) -> [UInt32] {
    (0..<2).flatMap { symbol in
      (0..<12).map { features.value(bar: bar, symbol: symbol, feature: $0).bitPattern }
    }
  }

  @Test func theVolumeColumnSaysWhatItComparesWith() {
    let columns = BasketObservation.space(symbols: ["SPY"], width: .minute).columns.map(\.name)
    let daily = BasketObservation.space(symbols: ["SPY"]).columns.map(\.name)
    #expect(
      columns[Self.volumeFeature] == "SPY.volume_against_usual" && daily[Self.volumeFeature] == "SPY.volume_ratio_20")
    #expect(zip(columns, daily).count { $0 != $1 } == 1)
  }

  @Test func barByBarIsTheSameToTheBitAsAtOnce() {
    let whole = features(Self.series)
    // Every bar around opens and closes, and some in between.
    let bars = (52..<Self.series[0].count).filter { $0 % 61 == 0 || [389, 390, 391, 779, 780, 989, 990].contains($0) }
    for bar in bars {
      let soFar = features(Self.series.map { $0.rows(Array(0...bar)) })
      #expect(bits(soFar, bar) == bits(whole, bar), "bar \(bar)")
      #expect(bits(soFar, 51) == bits(whole, 51))
    }
  }

  @Test func anotherFutureChangesNothingThatWasSeen() {
    let whole = features(Self.series)
    for cut in [100, 389, 390, 700, 985] {
      var other = Self.series
      for place in other.indices {
        for row in cut + 1..<other[place].count {
          other[place].open[row] *= 3
          other[place].high[row] *= 4
          other[place].low[row] *= 2
          other[place].close[row] *= 3
          other[place].volume[row] = Double(row % 7) * 1000
        }
      }
      let changed = features(other)
      #expect((50...cut).allSatisfy { bits(changed, $0) == bits(whole, $0) }, "cut \(cut)")
      #expect((cut + 1..<Self.series[0].count).contains { bits(changed, $0) != bits(whole, $0) })
    }
  }

  /// A vendor's other unit from a session on, as real files have it: 40-fold to the last digits, a power of two to the bit.
  @Test(arguments: [40.0, 1 / 43.0, 64.0])
  func aChangeOfVolumeUnitDoesNotReachTheAgent(unit: Double) {
    let whole = features(Self.series)
    var other = Self.series
    for row in 390..<other[1].count { other[1].volume[row] *= unit }
    let changed = features(other)
    var (farthest, moving) = (Float(0), 0)
    for bar in 50..<Self.series[0].count {
      for symbol in 0..<2 {
        for feature in 0..<12 {
          let (one, two) = (
            whole.value(bar: bar, symbol: symbol, feature: feature),
            changed.value(bar: bar, symbol: symbol, feature: feature)
          )
          farthest = max(farthest, abs(one - two))
          if feature == Self.volumeFeature, one != 0 { moving += 1 }
        }
      }
    }
    #expect(farthest <= (unit == 64 ? 0 : 1e-6) && moving > 1000, "\(farthest)")
  }

  /// What a buy moves the price by, where the vendor began to count 40 times as much: the same from the third session on, as if nothing had changed.
  @Test(arguments: [BarWidth.minute, .session]) func aChangeOfUnitMakesNoOrderCheap(width: BarWidth) throws {
    let plain =
      width == .minute
      ? SyntheticTape.minutes(symbols: ["AAA"], sessions: 40, seed: 12)[0]
      : SyntheticTape.series(symbols: ["AAA"], bars: 400, seed: 12)[0]
    let sessions = MarketTape([plain]).sessions
    func impact(of series: BarSeries, session: Int) throws -> Double {
      // Far enough behind the open that the last 20 minutes are this session's.
      let bar = width == .minute ? sessions[session].lowerBound + 30 : session
      let environment = try BasketEnvironment(
        tape: MarketTape([series]), window: bar..<bar + 3, laneCount: 1, episodes: .continuous, recordsFills: true)
      let row = StepRow(for: environment)
      row.reset(environment, seed: 1)
      row.actions[0] = Int32(BasketAction(orders: [1]).index)
      row.step(environment)
      let fill = try #require(environment.drainFills(lane: 0).first)
      return Double(fill.impactCostMicroDollars) / Double(fill.notionalMicroDollars)
    }
    var changed = plain
    // Days are compared once the 20 of the mean are all of the new unit.
    let (before, soon, later) = width == .minute ? (29, 30, 34) : (79, 99, 130)
    let first = sessions[width == .minute ? 30 : 80].lowerBound
    for bar in first..<plain.count { changed.volume[bar] *= 40 }
    #expect(try impact(of: changed, session: before) == (try impact(of: plain, session: before)))
    let (known, meant) = (try impact(of: changed, session: later), try impact(of: plain, session: later))
    // Of days the change is measured by a few noisy ones.
    #expect(abs(known / meant - 1) < (width == .minute ? 0.1 : 0.3), "\(known) for \(meant)")
    if width == .minute {
      // Nobody can know it yet.
      #expect(try impact(of: changed, session: soon) < (try impact(of: plain, session: soon)) / 6)
    }
  }

  /// The annual volatility of minutes is that of the days that they make.
  @Test func volatilityIsAnnual() throws {
    let features = features(Self.series)
    let annual = SyntheticTape.dailyVolatility * 252.0.squareRoot()
    let seen = (100..<390).map { Double(features.value(bar: $0, symbol: 0, feature: 7)) }
    let mean = seen.reduce(0, +) / Double(seen.count)
    #expect(abs(mean / annual - 1) < 0.15, "\(mean) for \(annual)")
  }

  /// What is decided at a session's last close is filled at the next session's open, and the position is carried.
  @Test func positionsAreCarriedOverNight() throws {
    var series = Self.series
    for place in series.indices {
      for row in 390..<series[place].count {
        for column in [\BarSeries.open, \.high, \.low, \.close] { series[place][keyPath: column][row] *= 1.05 }
      }
    }
    let environment = try BasketEnvironment(
      tape: MarketTape(series), window: 380..<400, laneCount: 1, episodes: .continuous, recordsFills: true)
    let row = StepRow(for: environment)
    row.reset(environment, seed: 1)
    let buy = try #require(environment.actionSpace.names.firstIndex { $0.contains("buy") && !$0.contains("sell") })
    row.actions[0] = Int32(buy)
    row.step(environment)
    let before = environment.lastAccount(lane: 0).netLiquidationMicroDollars
    row.actions[0] = Int32(environment.actionSpace.fallback ?? 0)
    for _ in 381..<390 { row.step(environment) }
    let after = environment.lastAccount(lane: 0)
    #expect(after.bar == 390 && after.shares.contains { $0 > 0 })
    #expect(Double(after.netLiquidationMicroDollars - before) * 1e-6 > 30, "the night's 5 % count")
  }
}
