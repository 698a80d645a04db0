// Tapes of options: what stands in a minute is what the surface or the chain says of it, and nothing of what comes later.

import Foundation
import Kernels
import Pricing
import Testing

@testable import Market

/// Minutes of a walk, the days that they make, and an index: a small market by seed.
struct SmallOptionMarket {
  var minutes: BarSeries
  var days: BarSeries
  var index: BarSeries
  let sessions: [Session]

  /// From a date on. `dailyVolatility`: of a trading day.
  init(
    _ symbol: String = "SPY", from first: String = "2024-06-20", sessions count: Int = 12, price: Double = 500,
    dailyVolatility: Double = 0.008, seed: UInt64 = 1
  ) {
    let calendar = TradingCalendar.xnys
    let place = CalendarDate(first).flatMap { calendar.nextSession(onOrAfter: $0) }.flatMap { calendar.ordinal(of: $0) }
    sessions = Array(calendar.sessions[(place ?? 0)..<(place ?? 0) + count])
    minutes = BarSeries(symbol: symbol, width: .minute)
    days = BarSeries(symbol: symbol)
    index = BarSeries(symbol: "VIX")
    index.instrument = .index
    var stream = RandomStream(seed: seed, purpose: .market, lane: 5)
    var (now, level) = (price, 15.0)
    for session in sessions {
      let open = now
      for minute in 0..<session.minuteCount {
        let next = now * exp(dailyVolatility / 390.0.squareRoot() * stream.nextNormal())
        minutes.append(
          start: session.start(ofMinute: minute), open: now, high: max(now, next) * 1.0001,
          low: min(now, next) * 0.9999, close: next, volume: 1000 + (500 * stream.nextDouble()).rounded())
        now = next
      }
      days.append(date: session.date, open: open, high: max(open, now), low: min(open, now), close: now, volume: 1e6)
      level *= exp(0.03 * stream.nextNormal())
      index.append(date: session.date, open: level, high: level, low: level, close: level, volume: .nan)
      now *= exp(0.002 * stream.nextNormal())
    }
  }

  func synthetic(_ law: SurfaceLaw = .fair) -> OptionTape.Underlying {
    OptionTape.Underlying(
      minutes: minutes,
      quotes: .surface(SurfaceHistory(underlying: days, index: index), law, leastFairSessions: 0))
  }

  /// Quotes at a volatility plus and minus two cents, of strikes a dollar apart around each session's first price, every so many minutes; some places are silent.
  func chain(volatility: Double = 0.15, every step: Int = 15, silent: Double = 0, seed: UInt64 = 3) throws
    -> OptionChain
  {
    var builder = ChainBuilder(underlying: minutes.symbol, columns: [.bid, .ask, .bidSize, .askSize])
    let root = builder.root(minutes.symbol)
    var stream = RandomStream(seed: seed, purpose: .market, lane: 6)
    let (calendar, clock) = (TradingCalendar.xnys, VarianceClock())
    for session in sessions {
      let ordinal = try #require(calendar.ordinal(of: session.date))
      let rows = minutes.dates.indices.filter { minutes.dates[$0] == session.date }
      let middle = Int(minutes.open[rows[0]].rounded())
      for minute in stride(from: 0, to: session.minuteCount, by: step) {
        let years = clock.years(
          over: calendar.remainingSessions(from: ordinal, minute: Double(minute + 1), to: ordinal))
        guard years > 0 else { continue }
        for strike in middle - 6...middle + 6 {
          for side in OptionSide.allCases where stream.nextDouble() >= silent {
            let value = try BlackScholes.value(
              OptionTerms(
                side, spot: minutes.close[rows[minute]], strike: Double(strike), years: years, volatility: volatility))
            let price = Int32((value.price * 100).rounded()) * 100
            let number = builder.number(
              root: root, expiry: session.date, right: side == .call ? .call : .put, strikeThousandths: strike * 1000)
            builder.add(
              contract: number, date: session.date, isExtendedHours: false, minute: Int32(minute),
              values: [max(price - 200, 0), price + 200, 10, 12], openInterest: ChainValue.none,
              underlying: ChainValue.none)
          }
        }
      }
    }
    let chain = builder.finish()
    return try #require(chain)
  }

  func quoted(_ chain: OptionChain) -> OptionTape.Underlying {
    OptionTape.Underlying(minutes: minutes, areMinutesSynthetic: true, quotes: .chain(chain))
  }
}

@Suite struct OptionTapeTests {
  @Test func aSyntheticMinuteIsTheScalarSurfaceToTheBit() throws {
    let market = SmallOptionMarket()
    for law in SurfaceLaw.allCases {
      let tape = OptionTape([market.synthetic(law)])
      let history = SurfaceHistory(underlying: market.days, index: market.index)
      var looked = 0
      for session in tape.sessions[0] where session.absence == nil {
        let evening = try #require(history.evening(before: session.ordinal))
        let surface = try SyntheticSurface(
          law, history.knowledge(of: evening), at: TradingCalendar.xnys.sessions[session.ordinal].open)
        #expect(!session.contracts.isEmpty)
        for minute in [0, 1, 30, 120, session.minuteCount - 2, session.minuteCount - 1] {
          let row = session.row(minute: minute)
          let spot = tape.spots[row]
          #expect(tape.underlyingPrices[session.place(minute: minute)] == Int32((spot * 10_000).rounded()))
          for (contract, listed) in session.contracts.enumerated() {
            let terms = surface.terms(
              listed.right == .call ? .call : .put, strike: listed.strike, spot: spot, years: tape.years[row],
              sessionsAhead: session.sessionsAhead)
            let value = try BlackScholes.value(terms)
            let quote = surface.quote(value, rules: .of("SPY"), minute: minute, of: session.minuteCount)
            let place = session.place(minute: minute) + contract
            #expect(Int(tape.bids[place]) == quote.bid && Int(tape.asks[place]) == quote.ask)
            #expect(tape.minutes[place] == Int32(minute))
            #expect(tape.volatilities[place] == Float(terms.volatility))
            #expect(tape.deltas[place] == Float(value.delta))
            let decay = try value.price - BlackScholes.value(atClose(terms, session)).price
            #expect(tape.decaysToClose[place] == Float(decay))
            looked += 1
          }
        }
      }
      #expect(looked > 1000)
    }
  }

  private func atClose(_ terms: OptionTerms<Double>, _ session: OptionTape.Session) -> OptionTerms<Double> {
    var terms = terms
    terms.years = session.yearsAtClose
    return terms
  }

  /// 2024-07-03 closes at 13:00, and 2024-07-04 is none.
  @Test func halfDaysAreShorter() throws {
    let tape = OptionTape([SmallOptionMarket().synthetic()])
    let date = try #require(CalendarDate("2024-07-03"))
    let number = try #require(tape.number(of: date))
    let session = tape.sessions[0][number]
    #expect(session.minuteCount == 210 && session.expiry == date && session.sessionsAhead == 0)
    let half = try #require(OptionFeatures.columns.firstIndex(of: "half_day"))
    let row = session.row(minute: 209) * OptionFeatures.columns.count
    #expect(tape.features[row + half] == 1 && tape.features[row + half - 1] == 0 && tape.features[row + half - 2] == 0)
    #expect(tape.years[session.row(minute: 209)] == 0)
    #expect(tape.number(of: date.advanced(by: 1)) == nil)
  }

  @Test func aChainIsTakenQuoteByQuote() throws {
    let market = SmallOptionMarket(sessions: 4)
    let chain = try market.chain(silent: 0.3)
    let tape = OptionTape([market.quoted(chain)])
    var (quoted, old, silent) = (0, 0, 0)
    for session in tape.sessions[0] {
      let quotes = try #require(chain.session(on: session.date))
      #expect(session.contracts.count == 26 && session.source == .chain && session.expiry == session.date)
      for minute in 0..<session.minuteCount {
        for (contract, listed) in session.contracts.enumerated() {
          let number = try #require(chain.number(of: listed))
          let place = session.place(minute: minute) + contract
          let found = (0...2).lazy.compactMap { age in
            quotes.quote(minute: minute - age, contract: number).map { (minute - age, $0) }
          }.first
          guard let (made, quote) = found else {
            #expect(tape.bids[place] == 0 && tape.asks[place] == 0 && tape.minutes[place] < 0)
            #expect(tape.deltas[place].isNaN)
            silent += 1
            continue
          }
          #expect(tape.bids[place] == quote.bid && tape.asks[place] == quote.ask && tape.minutes[place] == Int32(made))
          #expect(tape.bidSizes?[place] == 10 && tape.askSizes?[place] == 12)
          quoted += 1
          if made != minute { old += 1 }
        }
      }
    }
    #expect(quoted > 1000 && old > 500 && silent > 1000)
  }

  /// What a chain was quoted at comes back, within what two cents and whole cents leave of it.
  @Test func volatilitiesOfAChainAreThoseItWasQuotedAt() throws {
    let market = SmallOptionMarket(sessions: 4)
    let tape = OptionTape([market.quoted(try market.chain(volatility: 0.21))])
    let columns = OptionFeatures.columns
    let level = try #require(columns.firstIndex(of: "atm_volatility"))
    for session in tape.sessions[0] {
      for minute in [0, 60, 180] where minute < session.minuteCount {
        let found = tape.features[session.row(minute: minute) * columns.count + level]
        #expect(abs(found - 0.21) < 0.004, "\(session.date) minute \(minute): \(found)")
        for (contract, listed) in session.contracts.enumerated() {
          let delta = tape.deltas[session.place(minute: minute) + contract]
          guard delta.isFinite else { continue }
          #expect(listed.right == .call ? (0...1).contains(delta) : (-1...0).contains(delta))
        }
      }
    }
  }

  @Test func whatComesLaterChangesNothingBefore() throws {
    let market = SmallOptionMarket()
    var later = market
    let (number, minute) = (7, 100)
    let date = market.sessions[number].date
    let from = try #require(
      market.minutes.dates.indices.first { market.minutes.dates[$0] == date }.map { $0 + minute + 1 })
    for row in from..<market.minutes.count {
      later.minutes.open[row] *= 1.01
      later.minutes.high[row] *= 1.02
      later.minutes.low[row] *= 0.99
      later.minutes.close[row] *= 1.01
      later.minutes.volume[row] *= 3
    }
    for day in number..<market.days.count {
      later.days.close[day] *= 1.01
      later.index.close[day] *= 1.3
    }
    let chain = try market.chain(silent: 0.1)
    let quotes = chain.session(on: date)
    #expect(quotes != nil)
    let changed = try later.chain(silent: 0.1)
    for (first, second) in [
      (market.synthetic(), later.synthetic()), (market.quoted(chain), later.quoted(changed)),
    ] {
      let (before, after) = (OptionTape([first]), OptionTape([second]))
      let (plain, other) = (before.plainPlaces, after.plainPlaces)
      var (looked, differing) = (0, 0)
      for session in before.sessions[0].prefix(number + 1) {
        #expect(session.contracts == after.sessions[0][session.number].contracts)
        for now in 0..<(session.number == number ? minute + 1 : session.minuteCount) {
          let place = session.place(minute: now)
          for one in place..<place + session.contracts.count {
            looked += 1
            let isSame =
              plain.bids[one] == other.bids[one] && plain.asks[one] == other.asks[one]
              && plain.minutes[one] == other.minutes[one] && plain.models[one] == other.models[one]
              && zip([plain.deltas, plain.gammas, plain.vegas], [other.deltas, other.gammas, other.vegas]).allSatisfy {
                $0[one].bitPattern == $1[one].bitPattern
              } && plain.volatilities[one].bitPattern == other.volatilities[one].bitPattern
              && plain.decaysToClose[one].bitPattern == other.decaysToClose[one].bitPattern
            if !isSame { differing += 1 }
          }
        }
      }
      #expect(looked > 10_000 && differing == 0, "\(differing) of \(looked)")
      let rows = before.sessions[0][number].row(minute: minute) + 1
      let width = OptionFeatures.columns.count
      let (early, late) = (before.plainRows, after.plainRows)
      let areFeaturesSame = early.features.prefix(rows * width) == late.features.prefix(rows * width)
      #expect(areFeaturesSame)
      let areRowsSame =
        early.spots.prefix(rows).elementsEqual(late.spots.prefix(rows)) { $0.bitPattern == $1.bitPattern }
        && early.weights.prefix(rows) == late.weights.prefix(rows)
      #expect(areRowsSame)
      // The change is there at all.
      let isChanged = early.features != late.features && plain.bids != other.bids
      #expect(isChanged)
    }
  }

  @Test func nothingIsEverNotANumber() throws {
    var market = SmallOptionMarket(sessions: 30)
    // The second session begins late, and has holes.
    let second = market.minutes.dates.indices.filter { market.minutes.dates[$0] == market.sessions[1].date }
    let gone = Set(second.prefix(7) + second[50..<80])
    market.minutes = market.minutes.rows(market.minutes.dates.indices.filter { !gone.contains($0) })
    let tape = OptionTape([market.synthetic()])
    #expect(tape.plainRows.features.allSatisfy { $0.isFinite })
    let session = tape.sessions[0][1]
    #expect(tape.spots[session.row(minute: 6)].isNaN && tape.spots[session.row(minute: 7)].isFinite)
    #expect(tape.spots[session.row(minute: 60)] == tape.spots[session.row(minute: 49)])
    #expect(tape.asks[session.place(minute: 6)] == 0)
    let first = tape.sessions[0][0]
    #expect(first.absence == .noIndexLevel && first.contracts.isEmpty && first.placeCount == 0)
  }

  /// A price that rises by the same share each minute, worked by hand.
  @Test func sizedReturnsAreThoseWorkedByHand() throws {
    var stream = OptionFeatureStream(hasVolume: false)
    stream.begin(minutes: 390)
    let clock = VarianceClock()
    var columns = [Float](repeating: .nan, count: OptionFeatures.market.count)
    for minute in 0..<40 {
      let (open, close) = (100 * pow(1.0001, Double(minute)), 100 * pow(1.0001, Double(minute + 1)))
      columns.withUnsafeMutableBufferPointer { columns in
        guard let base = columns.baseAddress else { return }
        stream.next(
          OptionFeatureStream.Bar(open: open, high: close, low: open, close: close, volume: .nan), into: base)
      }
      for (place, lag) in [(0, 1), (1, 5), (2, 20)] {
        let from = max(minute + 1 - lag, 0)
        let share =
          clock.profile.cumulative(minute: Double(minute + 1), of: 390)
          - clock.profile.cumulative(minute: Double(from), of: 390)
        let wanted = Double(minute + 1 - from) * log(1.0001) / (1e-4 * 0.65 * share).squareRoot()
        #expect(abs(Double(columns[place]) / wanted - 1) < 1e-5)
      }
    }
    let rsi = columns[3]
    #expect(rsi == 1 && columns[8] == 1 && columns[9] == 0 && columns[11] == 0)
  }

  @Test func barsOfATapeAreAllMinutesOfItsSessions() throws {
    let market = SmallOptionMarket(sessions: 3)
    let options = OptionTape([market.synthetic()])
    let tape = MarketTape(options: options)
    #expect(tape.sessions.map(\.count) == options.sessions[0].map(\.minuteCount))
    #expect(tape.symbols == ["SPY"] && tape.minutes.count == tape.barCount && tape.options === options)
    let bar = tape.sessions[2].lowerBound + 17
    #expect(tape.close[0][bar] == options.spots[options.sessions[0][2].row(minute: 17)])
  }

  @Test func sessionsWithoutAnExpiryAllowNoEntry() throws {
    // A Tuesday in October 2022, when SPY had none.
    let market = SmallOptionMarket(from: "2022-10-03", sessions: 5)
    let tape = OptionTape([market.synthetic()])
    #expect(tape.sessions[0].map(\.absence) == [.noIndexLevel, .noExpiry, nil, .noExpiry, nil])
    var rules = OptionTape.Rules()
    rules.minimumDays = 1
    let nearest = OptionTape([market.synthetic()], rules: rules)
    #expect(nearest.sessions[0].map(\.absence) == [.noIndexLevel, nil, nil, nil, nil])
    #expect(nearest.sessions[0][1].sessionsAhead == 1 && nearest.sessions[0][1].yearsAtClose > 0)
    #expect(nearest.sessions[0][2].sessionsAhead == 0)
  }
}
