// The gate's questions of pricing: planted free money, and a vendor's clocks, rates and units, each found by its name.

import Foundation
import Pricing
import Testing

@testable import Market

/// A chain of one date at Black's prices, a rate of 4 % and a volatility of 20 % on the variance clock, with a vendor's figures.
private struct VendorChain {
  var root = "SPXW"
  var date = CalendarDate("2024-03-07")!
  var minute: Int32 = 150
  var strikes = Array(stride(from: 4800, through: 5400, by: 20))
  var expiries = ["2024-03-08", "2024-03-11", "2024-06-21"]
  let rate = 0.04
  let forward = 5100.0
  /// Of a contract: its volatility, delta and theta as the vendor has them.
  var figures: (OptionTerms<Double>, ExpiryTimes) throws -> (volatility: Double, delta: Double, theta: Double)?
  var declaration = ChainDeclaration()
  /// Moves quotes; ten-thousandths.
  var move: (OptionContract) -> Int32 = { _ in 0 }

  /// The value on the calendar clock of a quote's own volatility there, which is what a vendor computes.
  static func own(_ terms: OptionTerms<Double>, _ times: ExpiryTimes, rate: Double) throws -> OptionTerms<Double> {
    var calendar = terms
    calendar.years = times.calendar
    calendar.rate = rate
    calendar.spot = terms.spot * exp(-rate * times.calendar)
    let price = try BlackScholes.plainValue(terms).price * exp(-rate * times.calendar)
    calendar.volatility = try ImpliedVolatility.plainSolve(price: price, calendar)
    return calendar
  }

  func chain() throws -> OptionChain {
    let calendar = TradingCalendar.xnys
    var builder = ChainBuilder(
      underlying: root == "SPXW" ? "SPX" : root, columns: [.bid, .ask, .impliedVolatility, .delta, .theta],
      declaration: declaration)
    let place = builder.root(root)
    let first = try #require(calendar.ordinal(of: date))
    for expiry in expiries {
      let day = try #require(CalendarDate(expiry))
      let last = try #require(calendar.ordinal(of: day))
      let now = calendar.sessions[first].start(ofMinute: Int(minute) + 1)
      let minutes = Double((calendar.sessions[last].close.nanoseconds - now.nanoseconds) / 60_000_000_000)
      let times = ExpiryTimes(
        calendarMinutes: minutes,
        sessionMinutes: Double(calendar.minutesBefore[last + 1] - calendar.minutesBefore[first]) - Double(minute) - 1,
        variance: VarianceClock().years(
          over: calendar.remainingSessions(from: first, minute: Double(minute) + 1, to: last)))
      for strike in strikes {
        for right in [OptionSymbol.Right.call, .put] {
          let terms = OptionTerms(
            right == .call ? .call : .put, spot: forward, strike: Double(strike), years: times.variance,
            volatility: 0.2)
          let price = try BlackScholes.plainValue(terms).price * exp(-rate * times.calendar)
          let contract = OptionContract(root: root, expiry: day, right: right, strikeThousandths: strike * 1000)
          let middle = Int32((price * 10_000).rounded()) + move(contract)
          let figures = price > 0.05 ? try figures(terms, times) : nil
          func bits(_ value: Double?) -> Int32 { value.map { ChainValue.bits(Float($0)) } ?? ChainValue.none }
          builder.add(
            contract: builder.number(root: place, expiry: day, right: right, strikeThousandths: strike * 1000),
            date: date, isExtendedHours: false, minute: minute,
            values: [
              max(middle - 500, 0), middle + 500, bits(figures?.volatility), bits(figures?.delta), bits(figures?.theta),
            ], openInterest: ChainValue.none, underlying: ChainValue.none)
        }
      }
    }
    let finished = builder.finish()
    return try #require(finished)
  }

  func findings() throws -> [QualityFinding] {
    let chain = try chain()
    return PricedChecks(chain).findings(in: chain)
  }

  /// Volatilities of the variance clock and Greeks of the calendar's, thetas a calendar day.
  static func honest(
    _ terms: OptionTerms<Double>, _ times: ExpiryTimes
  ) throws -> (volatility: Double, delta: Double, theta: Double)? {
    let value = try BlackScholes.plainValue(own(terms, times, rate: 0.04))
    return (0.2, value.delta, value.thetaPerCalendarDay)
  }
}

@Suite struct ChainPricingGateTests {
  @Test func aChainOfOneClockAndRateHasNoFinding() throws {
    let found = try VendorChain(figures: VendorChain.honest).findings()
    #expect(found.isEmpty, "\(found)")
  }

  // MARK: Free money

  @Test func asksBelowIntrinsicAndBidsAboveTheBoundFail() throws {
    // Deep calls and puts, one of nine.
    var chain = VendorChain(figures: VendorChain.honest)
    chain.move = { contract in
      guard contract.strikeThousandths % 180_000 == 0 else { return 0 }
      let intrinsic = contract.right == .call ? 5100 - contract.strike : contract.strike - 5100
      return intrinsic > 150 ? Int32(-600_000) : 0
    }
    let below = try #require(try chain.findings().first { $0.kind == "below-intrinsic" })
    #expect(below.severity == .fail && below.samples.first?.contains("worth") == true)
    chain.move = { $0.strikeThousandths % 180_000 == 0 ? 60_000_000 : 0 }
    let above = try #require(try chain.findings().first { $0.kind == "above-bound" })
    #expect(above.severity == .fail)
  }

  /// One of 186 is half a per cent: told, and no more.
  @Test func aSingleWrongQuoteWarns() throws {
    var chain = VendorChain(figures: VendorChain.honest)
    chain.move = { $0.description == "SPXW240308C04800000" ? -600_000 : 0 }
    let below = try #require(try chain.findings().first { $0.kind == "below-intrinsic" })
    #expect(below.severity == .warn && below.count == 1)
    #expect(below.samples[0].hasPrefix("SPXW 2024-03-08 4800.0 call 2024-03-07 minute 150: ask "))
  }

  @Test func butterfliesThatPayAreFound() throws {
    var chain = VendorChain(figures: VendorChain.honest)
    chain.move = { $0.strikeThousandths % 100_000 == 0 ? 30_000 : 0 }
    let found = try #require(try chain.findings().first { $0.kind == "convexity" })
    #expect(found.severity == .fail && found.samples[0].contains("its neighbours cost"))
  }

  /// Every third put is dearer than its call says by a dollar, the half-spreads being ten cents.
  @Test func brokenParityIsFoundAndOfAmericanOptionsWarns() throws {
    var chain = VendorChain(figures: VendorChain.honest)
    chain.move = { $0.right == .put && $0.strikeThousandths % 60_000 == 0 ? 10_000 : 0 }
    let european = try #require(try chain.findings().first { $0.kind == "parity" })
    #expect(european.severity == .fail)
    chain.root = "SPY"
    let american = try #require(try chain.findings().first { $0.kind == "parity" })
    #expect(american.severity == .warn && american.suggestion.contains("Early exercise"))
  }

  // MARK: A vendor's own ways

  @Test func theCalendarClockIsNamed() throws {
    let chain = VendorChain(figures: { terms, times in
      let own = try VendorChain.own(terms, times, rate: 0.04)
      let value = try BlackScholes.plainValue(own)
      return (own.volatility, value.delta, value.thetaPerCalendarDay)
    })
    let found = try chain.findings().filter { $0.kind == "vendor-volatility" }
    let near = try #require(found.first)
    #expect(near.severity == .warn && near.message.contains("'calendar clock, rate of parity'"), "\(found)")
    #expect(near.message.contains("expiries of a week"))
  }

  @Test func aRateOfZeroIsNamed() throws {
    // Four years ahead, so that the rate shows.
    var chain = VendorChain(figures: { terms, times in
      // Deep in the money a price tells no volatility.
      guard let own = try? VendorChain.own(terms, times, rate: 0.04) else { return nil }
      var zero = own
      zero.rate = 0
      zero.spot = 5100 * exp(-0.04 / 365)
      zero.years = times.calendar
      let price = try BlackScholes.plainValue(own).price
      zero.volatility = (try? ImpliedVolatility.plainSolve(price: price, zero)) ?? own.volatility
      let value = try BlackScholes.plainValue(own)
      return (zero.volatility, value.delta, value.thetaPerCalendarDay)
    })
    chain.expiries = ["2024-03-08", "2028-03-17"]
    chain.strikes = Array(stride(from: 3000, through: 7000, by: 50))
    let found = try chain.findings().filter { $0.kind == "vendor-volatility" }
    #expect(found.contains { $0.message.contains("longer expiries") && $0.message.contains("rate 0") }, "\(found)")
  }

  @Test func volatilitiesInPercentAreNamed() throws {
    let chain = VendorChain(figures: { terms, times in
      let honest = try #require(try VendorChain.honest(terms, times))
      return (20, honest.delta, honest.theta)
    })
    let found = try chain.findings().filter { $0.kind == "vendor-volatility" }
    #expect(found.count == 2 && found.allSatisfy { $0.message.contains("variance clock, rate of parity, in percent") })
  }

  @Test func volatilitiesOfNothingAreUnexplained() throws {
    var state = 0.0
    let chain = VendorChain(figures: { terms, times in
      let honest = try #require(try VendorChain.honest(terms, times))
      state = (state + 0.618).truncatingRemainder(dividingBy: 1)
      return (0.3 + state, honest.delta, honest.theta)
    })
    let found = try chain.findings().filter { $0.kind == "vendor-volatility" }
    #expect(found.count == 2 && found.allSatisfy { $0.message.contains("neither a clock nor a rate explains it") })
  }

  @Test func deltasInPercentAreNamed() throws {
    let chain = VendorChain(figures: { terms, times in
      let honest = try #require(try VendorChain.honest(terms, times))
      return (honest.volatility, 100 * honest.delta, honest.theta)
    })
    let found = try chain.findings()
    #expect(found.map(\.kind) == ["delta-unit"] && found[0].message.contains("in percent"))
    // The sign's own check warns then, where it would fail.
    let made = try chain.chain()
    let sign = ChainVolatilityCheck(made).findings(in: made).filter { $0.kind == "delta-sign" }
    #expect(sign.map(\.severity) == [.warn] && sign[0].message.hasSuffix("They are in percent."))
  }

  @Test(arguments: [(1.0, "year"), (365.0 / 252, "trading day"), (-1.0 / 365, "positive")])
  func thetasOfOtherUnitsAndSignsAreNamed(_ factor: Double, _ word: String) throws {
    let chain = VendorChain(figures: { terms, times in
      let honest = try #require(try VendorChain.honest(terms, times))
      let perYear = honest.theta * 365
      let theta = word == "year" ? perYear : word == "trading day" ? perYear / 252 : -honest.theta
      return (honest.volatility, honest.delta, theta)
    })
    let found = try chain.findings()
    #expect(found.map(\.kind) == ["theta-unit"] && found.allSatisfy { $0.message.contains(word) }, "\(found)")
  }

  @Test func aThetaThatTheLayoutSaysIsNoFinding() throws {
    var chain = VendorChain(figures: { terms, times in
      let honest = try #require(try VendorChain.honest(terms, times))
      return (honest.volatility, honest.delta, honest.theta * 365)
    })
    chain.declaration.theta = .year
    #expect(try chain.findings().isEmpty)
    chain.declaration.theta = .calendarDay
    let found = try chain.findings()
    #expect(found.map(\.kind) == ["theta-unit"] && found[0].message.contains("where the layout says calendar-day"))
  }
}
