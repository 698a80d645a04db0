// Small markets of options that tests play on: minutes of a martingale, quoted by Black-Scholes.

import Environments
import Kernels
import Market
import Pricing
import Testing
import Trading

#if canImport(Glibc)
  import Glibc
#endif

/// Sessions of symbols with a chain of today's expiry each, quoted `halfSpread` to either side of fair.
struct OptionsMarket {
  var symbols = ["SPY"]
  var sessions = 6
  var seed: UInt64 = 1
  var volatility = 0.15
  /// Ten-thousandths of a dollar.
  var halfSpread = 200
  var strikesEachWay = 8
  /// Of every so many minutes one has no quotes at all; 0: every minute has.
  var gapEvery = 0
  /// Contracts that stand at the touch, by turns up to so many; 0: nobody says how many.
  var mostSize = 0
  /// Whether a surface says what each is worth.
  var hasModel = true
  /// From this minute of every session on nobody quotes anything.
  var gapFrom: Int?
  /// The number of a session without contracts.
  var emptySession: Int?
  /// From this minute of the last session on, the market is another one.
  var changedFrom: Int?
  /// Contracts of one that were traded in the session up to the end of a minute; nil: nobody says it.
  var traded: (@Sendable (OptionContract, _ minute: Int) -> Int32)?

  static func spot(_ symbol: String) -> Double { symbol == "SPX" ? 6000 : 600 }

  var dates: [CalendarDate] {
    let calendar = TradingCalendar.xnys
    let first = CalendarDate(year: 2024, month: 11, day: 18) ?? CalendarDate(daysSinceEpoch: 20_000)
    return Array(calendar.sessions(in: first...first.advanced(by: 400)).prefix(sessions))
  }

  func tape() -> MarketTape { MarketTape(options: options()) }

  func options() -> OptionTape {
    let dates = dates
    var places = OptionTape.PlainPlaces()
    if traded != nil { places.dayVolumes = [] }
    if mostSize > 0 { (places.bidSizes, places.askSizes) = ([], []) }
    var rows = OptionTape.PlainRows()
    var all: [[OptionTape.Session]] = []
    for (number, symbol) in symbols.enumerated() {
      var spot = OptionsMarket.spot(symbol)
      var own: [OptionTape.Session] = []
      for (day, date) in dates.enumerated() {
        own.append(session(number, symbol, day, date, &spot, &places, &rows))
      }
      all.append(own)
    }
    return OptionTape(
      symbols: symbols.map {
        OptionTape.Symbol(name: $0, instrument: $0 == "SPX" ? .index : .share)
      }, dates: dates, sessions: all, places: places, rows: rows)
  }

  private func session(
    _ number: Int, _ symbol: String, _ day: Int, _ date: CalendarDate, _ spot: inout Double,
    _ places: inout OptionTape.PlainPlaces, _ rows: inout OptionTape.PlainRows
  ) -> OptionTape.Session {
    let minutes = TradingCalendar.xnys.tradingMinutes(date) ?? 390
    let isEmpty = day == emptySession
    let step = symbol == "SPX" ? 10.0 : 1.0
    let middle = (spot / step).rounded() * step
    var contracts: [OptionContract] = []
    if !isEmpty {
      for offset in -strikesEachWay...strikesEachWay {
        for right in [OptionSymbol.Right.call, .put] {
          contracts.append(
            OptionContract(
              root: symbol == "SPX" ? "SPXW" : symbol, expiry: date, right: right,
              strikeThousandths: Int(((middle + Double(offset) * step) * 1000).rounded())))
        }
      }
      contracts.sort()
    }
    var random = RandomStream(seed: seed &+ UInt64(day), purpose: .market, lane: UInt32(number))
    for minute in 0..<minutes {
      let isChanged = day == dates.count - 1 && changedFrom.map { minute >= $0 } == true
      let size = volatility * (1 / VolatilityClock.sessionMinutesPerYear).squareRoot()
      let normal = random.nextNormal() * (isChanged ? 3 : 1)
      spot *= exp(size * normal - size * size / 2)
      let years = Double(minutes - 1 - minute) / VolatilityClock.sessionMinutesPerYear
      rows.spots.append(spot)
      rows.years.append(years)
      rows.weights.append(1)
      rows.volatilityRanks.append(0.5)
      rows.features += OptionFeatures.columns.indices.map { column in
        Float(sin(Double(column + 1) * spot))
      }
      let hasGap = gapEvery > 0 && minute % gapEvery == gapEvery - 1 || gapFrom.map { minute >= $0 } == true
      for contract in contracts {
        add(contract, spot: spot, years: years, minute: minute, hasGap: hasGap, to: &places)
        if let traded { places.dayVolumes?.append(traded(contract, minute)) }
      }
    }
    return OptionTape.Session(
      symbol: number, number: day, ordinal: day, date: date, minuteCount: minutes, source: .chain,
      absence: isEmpty ? .noExpiry : nil, contracts: contracts,
      settlementPrice: Int((spot * Double(TickRule.perDollar)).rounded()))
  }

  private func add(
    _ contract: OptionContract, spot: Double, years: Double, minute: Int, hasGap: Bool,
    to places: inout OptionTape.PlainPlaces
  ) {
    let side: OptionSide = contract.right == .call ? .call : .put
    var terms = OptionTerms(side, spot: spot, strike: contract.strike, years: years, volatility: volatility)
    let value = try? BlackScholes.plainValue(terms)
    terms.years = 0
    let intrinsic = max(0, (side == .call ? 1 : -1) * (spot - contract.strike))
    let price = Int(((value?.price ?? intrinsic) * Double(TickRule.perDollar)).rounded())
    let bid = max(price - halfSpread, 0)
    places.bids.append(Int32(hasGap ? 0 : bid))
    places.asks.append(Int32(hasGap ? 0 : price + halfSpread))
    if mostSize > 0 {
      let size = Int32(places.bids.count * 7 % mostSize)
      places.bidSizes?.append(size)
      places.askSizes?.append(Int32(mostSize) - size)
    }
    places.minutes.append(Int32(minute))
    places.models.append(hasModel ? Int32(price) : -1)
    places.underlyingPrices.append(Int32((spot * Double(TickRule.perDollar)).rounded()))
    let isKnown = bid > 0 && !hasGap && years > 0
    places.volatilities.append(isKnown ? Float(volatility) : .nan)
    places.deltas.append(isKnown ? Float(value?.delta ?? .nan) : .nan)
    places.gammas.append(isKnown ? Float(value?.gamma ?? .nan) : .nan)
    places.vegas.append(isKnown ? Float(value?.vega ?? .nan) : .nan)
    places.decaysToClose.append(isKnown ? Float((value?.price ?? .nan) - intrinsic) : .nan)
  }
}

extension OptionsConfiguration {
  /// An account that no limit binds.
  static var rich: OptionsConfiguration {
    var configuration = OptionsConfiguration()
    configuration.capitalDollars = 1_000_000
    configuration.symbolCapital = []
    configuration.symbolDecay = []
    configuration.profile.limits.decayDollars = 1e6
    configuration.accountShare = 0.01
    return configuration
  }

  /// The same of an account that sells.
  static var richPremium: OptionsConfiguration {
    var configuration = OptionsConfiguration.shortPremium
    configuration.capitalDollars = 1_000_000
    configuration.symbolCapital = []
    return configuration
  }
}

func options(
  _ market: OptionsMarket = OptionsMarket(), _ configuration: OptionsConfiguration = .rich, lanes: Int = 4,
  _ episodes: OptionsEnvironment.Episodes = .drawnSessions
) throws -> OptionsEnvironment {
  try options(on: market.tape(), configuration, lanes: lanes, episodes)
}

/// The same on a tape that others play on too: making one takes longer than most tests.
func options(
  on tape: MarketTape, _ configuration: OptionsConfiguration, lanes: Int,
  _ episodes: OptionsEnvironment.Episodes = .drawnSessions
) throws -> OptionsEnvironment {
  try OptionsEnvironment(
    tape: tape, tables: OptionsTables(tape, configuration: configuration), window: 0..<tape.barCount,
    laneCount: lanes, episodes: episodes, recordsFills: true)
}

/// Plays legal actions drawn at random: the rewards of every episode sum to its profit, the items of every step to its change, to the micro-dollar, and no
/// position outlives its session. accountMicroDollars: what each episode begins with.
func expectRewardsSumToProfits(
  _ environment: OptionsEnvironment, accountMicroDollars: Int64, location: SourceLocation = #_sourceLocation
) {
  let lanes = environment.laneCount
  let row = StepRow(for: environment)
  row.reset(environment, seed: 3)
  var (rewards, items) = ([Double](repeating: 0, count: lanes), [Int64](repeating: 0, count: lanes))
  var (episodes, traded) = (0, 0)
  for step in 0..<1300 {
    row.chooseLegal(seed: 5, step: step)
    row.step(environment)
    for lane in 0..<lanes {
      let total = environment.lastStep(lane: lane).total
      rewards[lane] += Double(row.rewards[lane])
      items[lane] += total
      #expect(total == environment.lastBreakdown(lane: lane).change.total, sourceLocation: location)
      guard row.terminated[lane] == 1 else { continue }
      let account = environment.lastAccount(lane: lane)
      let profit = account.netLiquidationMicroDollars - accountMicroDollars
      #expect(items[lane] == profit, sourceLocation: location)
      #expect(abs(rewards[lane] - Double(profit) / Double(accountMicroDollars)) < 1e-6, sourceLocation: location)
      #expect(account.units == [0], sourceLocation: location)
      (rewards[lane], items[lane]) = (0, 0)
      episodes += 1
      if profit != 0 { traded += 1 }
    }
  }
  #expect(episodes >= 18 && traded >= 15, sourceLocation: location)
  for lane in 0..<lanes { #expect(environment.violations(lane: lane) == 0, sourceLocation: location) }
}
