// Made-up minutes and chains: what can be earned in each is what it says, and nothing more.

import Foundation
import Market
import Pricing
import Testing

@testable import Environments

private func sessions(_ count: Int) -> [CalendarDate] {
  let from = CalendarDate(year: 2016, month: 1, day: 4)!
  let calendar = TradingCalendar.xnys
  return Array(calendar.sessions(in: from...calendar.supportedRange.upperBound).prefix(count))
}

private struct Quote: Equatable {
  var strike: Int
  var side: OptionSide
  var bid: Int32
  var ask: Int32
}

private func quotes(_ market: PlantedOptions, _ day: PlantedOptions.Day, _ minute: Int) -> [Quote] {
  var all: [Quote] = []
  market.quotes(day, minute: minute) { all.append(Quote(strike: $0, side: $1, bid: $2, ask: $3)) }
  return all
}

private func mean(_ values: [Double]) -> (mean: Double, standardError: Double) {
  let mean = values.reduce(0, +) / Double(values.count)
  let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
  return (mean, (variance / Double(values.count)).squareRoot())
}

/// Dollars of one contract that is bought at an ask and sold at a bid, fees of $0.70 each time.
private func gain(bought: Int32, sold: Int32) -> Double { Double(sold - bought) / 100 - 1.4 }

@Suite struct PlantedOptionsTests {
  @Test func theSameSeedMakesTheSameMarket() throws {
    let dates = sessions(5)
    let (one, two) = (
      PlantedOptions(.drift, symbol: "SYN", dates: dates, seed: 4),
      PlantedOptions(.drift, symbol: "SYN", dates: dates, seed: 4)
    )
    #expect(one.minutes == two.minutes && one.days == two.days)
    #expect(quotes(one, one.days[3], 30) == quotes(two, two.days[3], 30))
    let other = PlantedOptions(.drift, symbol: "SYN", dates: dates, seed: 5)
    #expect(other.minutes.close != one.minutes.close)
  }

  @Test func quotesAreTwoCentsAroundTheFormula() throws {
    let market = PlantedOptions(.martingale, symbol: "SYN", dates: sessions(3), seed: 1)
    let day = market.days[1]
    let spot = market.minutes.close[day.rows.lowerBound + 30]
    for quote in quotes(market, day, 30) {
      let value = try BlackScholes.value(
        OptionTerms(
          quote.side, spot: spot, strike: Double(quote.strike), years: 359.0 / 98_280, volatility: 0.15))
      #expect(abs(Double(quote.ask) / 10_000 - value.price - 0.02) < 6e-5)
      #expect(abs(Double(quote.bid) / 10_000 - max(value.price - 0.02, 0)) < 6e-5)
    }
    #expect(abs(Double(day.strikes.count) - 2 * 2.5 * spot * 0.15 / 252.0.squareRoot()) < 2)
    let open = market.minutes.open[day.rows.lowerBound]
    #expect((open > market.minutes.close[day.rows.lowerBound - 1]) == (day.gap > 0))
  }

  /// Bought at the middle in minute 31 and held to the close, nothing is earned; at the ask and with its fee, the costs are lost.
  @Test func nothingIsEarnedInTheMartingale() throws {
    let market = PlantedOptions(.martingale, symbol: "SYN", dates: sessions(1500), seed: 2)
    var gains: [Double] = []
    for day in market.days where day.rows.count == 390 {
      let close = market.minutes.close[day.rows.upperBound - 1]
      let spot = market.minutes.close[day.rows.lowerBound + 31]
      let nearest = quotes(market, day, 31).filter { abs(Double($0.strike) - spot) <= 0.5 }
      for quote in nearest {
        let paid = max(Double(quote.side.rawValue) * (close - Double(quote.strike)), 0)
        gains.append(paid - Double(quote.bid + quote.ask) / 20_000)
      }
    }
    let (mean, error) = mean(gains)
    #expect(abs(mean) < 3 * error, "\(mean) +- \(error) dollars a share")
  }

  /// One contract at the money in the direction of the gap, from minute 31 to minute 376: $143.9 a day at a price of 600.
  @Test func theDriftIsWorthWhatItSays() throws {
    let market = PlantedOptions(.drift, symbol: "SYN", dates: sessions(1500), seed: 3)
    var gains: [Double] = []
    for day in market.days where day.rows.count == 390 {
      let side: OptionSide = day.gap > 0 ? .call : .put
      let spot = market.minutes.close[day.rows.lowerBound + 30]
      guard let strike = day.strikes.min(by: { abs(Double($0) - spot) < abs(Double($1) - spot) }),
        let bought = quotes(market, day, 31).first(where: { $0.strike == strike && $0.side == side }),
        let sold = quotes(market, day, 376).first(where: { $0.strike == strike && $0.side == side })
      else { continue }
      gains.append(gain(bought: bought.ask, sold: sold.bid))
    }
    let (mean, error) = mean(gains)
    #expect(gains.count > 1400 && abs(mean - 143.9) < 3 * error, "\(mean) +- \(error) dollars a day")
  }

  /// A call spread of $5 whose short strike has at most a delta of 0.15, from minute 31 to minute 376: $21.1 on rich days, its costs on the others.
  @Test func richQuotesAreWorthWhatTheySay() throws {
    let market = PlantedOptions(.richQuotes, symbol: "SYN", dates: sessions(1500), seed: 4)
    var (rich, fair): ([Double], [Double]) = ([], [])
    for day in market.days where day.rows.count == 390 {
      let spot = market.minutes.close[day.rows.lowerBound + 30]
      let short = try day.strikes.first { strike in
        let terms = OptionTerms(
          .call, spot: spot, strike: Double(strike), years: 359.0 / 98_280, volatility: day.quotedVolatility)
        return try BlackScholes.value(terms).delta <= 0.15
      }
      let (opened, closed) = (quotes(market, day, 31), quotes(market, day, 376))
      func find(_ all: [Quote], _ strike: Int) -> Quote? { all.first { $0.strike == strike && $0.side == .call } }
      guard let short, let sold = find(opened, short), let bought = find(opened, short + 5),
        let back = find(closed, short), let out = find(closed, short + 5)
      else { continue }
      let gain = gain(bought: bought.ask, sold: out.bid) + gain(bought: back.ask, sold: sold.bid)
      if day.quotedVolatility == PlantedOptions.richVolatility { rich.append(gain) } else { fair.append(gain) }
    }
    let (richMean, richError) = mean(rich)
    let (fairMean, fairError) = mean(fair)
    #expect(rich.count > 600 && abs(richMean - 21.1) < 3 * richError, "\(richMean) +- \(richError) dollars a day")
    #expect(fair.count > 400 && abs(fairMean + 10.8) < 3 * fairError, "\(fairMean) +- \(fairError) dollars a day")
  }
}
