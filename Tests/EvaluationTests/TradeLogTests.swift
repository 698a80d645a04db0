// Round trips worked by hand.

import Testing
import Trading

@testable import Evaluation

/// A fill at `price` with a commission of one dollar.
private func fill(_ symbol: Int = 0, bar: Int, _ side: Int, _ shares: Double, at price: Double) -> Fill {
  Fill(
    symbol: symbol, bar: bar, side: side, shares: shares, referencePriceDollars: price, fillPriceDollars: price,
    notionalMicroDollars: Int64((shares * price * 1e6).rounded()), halfSpreadCostMicroDollars: 0,
    impactCostMicroDollars: 0, commissionMicroDollars: 1_000_000, wasCut: false)
}

@Suite struct TradeLogTests {
  /// Buy 10 at 100, buy 10 at 110, sell 5 at 120, sell 15 at 90: paid 2100, received 600 + 1350 = 1950, four commissions:
  /// 1950 - 2100 - 4 = -154, one trade although the first sale alone was a gain.
  @Test func additionsAndPartialExitsBelongToOneTrade() {
    let log = TradeLog([
      fill(bar: 1, 1, 10, at: 100), fill(bar: 3, 1, 10, at: 110), fill(bar: 5, -1, 5, at: 120),
      fill(bar: 9, -1, 15, at: 90),
    ])
    #expect(log.open.isEmpty)
    #expect(log.closed.count == 1)
    let trip = log.closed[0]
    #expect(trip.netMicroDollars == -154_000_000)
    #expect(trip.entryBar == 1 && trip.exitBar == 9 && trip.direction == 1 && trip.fillCount == 4)
    #expect(trip.entryShares == 20 && trip.commissionMicroDollars == 4_000_000)
  }

  /// The same without the last sale: 15 shares left at an average of 105; the sale of 5 at 120 realised 5 x 15 = 75, less three
  /// commissions: 72.
  @Test func anOpenPositionIsListedAndNotCounted() {
    let log = TradeLog([fill(bar: 1, 1, 10, at: 100), fill(bar: 3, 1, 10, at: 110), fill(bar: 5, -1, 5, at: 120)])
    #expect(log.closed.isEmpty)
    #expect(log.open.count == 1)
    #expect(log.open[0].shares == 15 && log.open[0].direction == 1 && log.open[0].entryBar == 1)
    #expect(abs(log.open[0].averageCostDollars - 105) < 1e-9)
    #expect(abs(log.open[0].realizedDollars - 72) < 1e-9)
  }

  /// Buy 10 at 100, then sell 25 at 110: 10 of it close the long (100 - 1 - 0.40 = 98.60), 15 open a short, which is bought back at
  /// 100 (150 - 0.60 - 1 = 148.40). The sale's dollar of commission is shared 10 : 15.
  @Test func aFillThroughZeroIsSplit() {
    let log = TradeLog([fill(bar: 0, 1, 10, at: 100), fill(bar: 1, -1, 25, at: 110), fill(bar: 2, 1, 15, at: 100)])
    #expect(log.open.isEmpty)
    #expect(log.closed.map(\.netMicroDollars) == [98_600_000, 148_400_000])
    #expect(log.closed.map(\.direction) == [1, -1])
    #expect(log.closed.map(\.exitBar) == [1, 2])
  }

  /// A third of a unit sold three times leaves rounding, not a position.
  @Test func fractionalExitsCloseTheTrade() {
    let third = 10.0 / 3
    let log = TradeLog([
      fill(bar: 0, 1, 10, at: 7), fill(bar: 1, -1, third, at: 7), fill(bar: 2, -1, third, at: 7),
      fill(bar: 3, -1, 10 - third - third, at: 7), fill(bar: 4, 1, 1, at: 7),
    ])
    #expect(log.closed.count == 1)
    #expect(log.open.count == 1 && log.open[0].entryBar == 4)
  }

  @Test func symbolsAreSeparate() {
    let log = TradeLog([
      fill(0, bar: 0, 1, 1, at: 50), fill(1, bar: 0, 1, 1, at: 80), fill(1, bar: 2, -1, 1, at: 90),
      fill(0, bar: 4, -1, 1, at: 40),
    ])
    #expect(log.closed.map(\.symbol) == [1, 0])
    #expect(log.closed.map(\.netMicroDollars) == [8_000_000, -12_000_000])
  }

  /// A spread of options is one trade: 2.00 less 1.00 taken in, 1.50 less 0.80 paid to give it back, four commissions; a call behind it is another one.
  @Test func allLegsOfAPositionAreOneTrade() {
    func leg(_ contract: Int32, bar: Int, _ side: Int, at price: Double) -> Fill {
      var one = fill(bar: bar, side, 100, at: price)
      one.contract = contract
      return one
    }
    let spread = [
      leg(4, bar: 1, -1, at: 2), leg(6, bar: 1, 1, at: 1), leg(4, bar: 5, 1, at: 1.5), leg(6, bar: 6, -1, at: 0.8),
    ]
    let log = TradeLog(spread + [leg(4, bar: 9, 1, at: 3), leg(4, bar: 10, -1, at: 5)])
    #expect(log.open.isEmpty && log.closed.map(\.netMicroDollars) == [26_000_000, 198_000_000])
    #expect(log.closed.map(\.direction) == [-1, 1] && log.closed.map(\.contracts) == [[4, 6], [4]])
    #expect(log.closed[0].entryNotionalMicroDollars == 100_000_000 && log.closed[0].exitBar == 6)
    #expect(log.closed[0].exitNotionalMicroDollars == 70_000_000 && log.closed[0].entryShares == 100)
    let open = TradeLog(Array(spread.prefix(3)))
    #expect(open.closed.isEmpty && open.open.map(\.contracts) == [[4, 6]] && open.open[0].shares == 100)
  }

  /// Wins of 8 and 8, a loss of 12, a scratch of exactly 0, and one open: 2 of 4 won, factor 16 / 12, mean 1.
  @Test func metricsCountTrades() throws {
    let trades: [(Double, Double)] = [(80, 90), (80, 90), (50, 40), (50, 52)]
    var fills = trades.enumerated().flatMap { index, prices in
      [fill(bar: 10 * index, 1, 1, at: prices.0), fill(bar: 10 * index + 3, -1, 1, at: prices.1)]
    }
    fills.append(fill(bar: 50, 1, 1, at: 60))
    let closes = [1010.0, 1005, 1003]
    let metrics = PerformanceMetrics(
      initial: 1000, closes: closes, heldPosition: [true, true, false], fills: fills, seed: 1)
    #expect(metrics.tradeCount == 4 && metrics.winCount == 2 && metrics.openPositionCount == 1)
    #expect(metrics.winRate == 0.5 && metrics.winRateStandardError == 0.25)
    #expect(metrics.profitFactor == .ratio(16.0 / 12))
    #expect(try abs(#require(metrics.expectancyDollars) - 1) < 1e-12)
    #expect(metrics.medianHoldingSessions == 3)
    let interval = try #require(metrics.expectancyInterval)
    #expect(interval.lower >= -12 && interval.lower < 1 && interval.upper > 1 && interval.upper <= 8)
    // 9 commissions; traded 80+90+80+90+50+40+50+52+60 = 592 over a mean value of 1006; gross 3 + 9 = 12.
    #expect(abs(metrics.costDollars - 9) < 1e-12)
    #expect(abs(metrics.tradedDollars - 592) < 1e-9)
    #expect(try abs(#require(metrics.turnover) - 592 / 1006) < 1e-12)
    #expect(try abs(#require(metrics.turnoverPerYear) - 592 / 1006 * 84) < 1e-10)
    #expect(try abs(#require(metrics.costShare) - 0.75) < 1e-12)
    #expect(metrics.timeInPosition == 2.0 / 3)
  }

  @Test func withoutTradesNothingIsMadeUp() {
    let metrics = PerformanceMetrics(
      initial: 1000, closes: [1000, 1000], heldPosition: [false, false], fills: [], seed: 1)
    #expect(metrics.totalReturn == 0 && metrics.annualReturn == 0 && metrics.annualVolatility == 0)
    #expect(metrics.sharpe == nil && metrics.sharpeStandardError == nil && metrics.sortino == nil)
    #expect(metrics.calmar == nil && metrics.costShare == nil)
    #expect(metrics.winRate == nil && metrics.expectancyDollars == nil && metrics.expectancyInterval == nil)
    #expect(metrics.profitFactor == .undefined)
    #expect(metrics.turnover == 0 && metrics.timeInPosition == 0)
  }

  @Test func winsWithoutLossesAreNoNumber() {
    let metrics = PerformanceMetrics(
      initial: 1000, closes: [1000, 1008], heldPosition: [true, false],
      fills: [fill(bar: 0, 1, 1, at: 80), fill(bar: 1, -1, 1, at: 90)], seed: 1)
    #expect(metrics.profitFactor == .noLosses(wins: 1))
    #expect(metrics.expectancyInterval == nil)
  }
}
