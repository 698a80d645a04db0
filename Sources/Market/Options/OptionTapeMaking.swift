// A tape of options from what a store holds: minutes with a volatility index, or minutes with a chain.

import Glibc
package import Pricing

extension OptionTape {
  /// What is known of one symbol.
  package struct Underlying: Sendable {
    /// What happened to it.
    package enum Quotes: Sendable {
      /// A chain's own.
      case chain(OptionChain)
      /// SYNTHETIC ones of an index, evening by evening. `leastFairSessions`: what a fair ratio must be of; 0 for the index that its first figure is of.
      case surface(SurfaceHistory, SurfaceLaw, leastFairSessions: Int)
    }

    /// In the hours of sessions, raw.
    package let minutes: BarSeries
    /// Made-up prices, whose volatility does not answer to them.
    package let areMinutesSynthetic: Bool
    package let quotes: Quotes

    /// Traps where the bars are not of minutes.
    package init(minutes: BarSeries, areMinutesSynthetic: Bool = false, quotes: Quotes) {
      precondition(minutes.width == .minute, "\(minutes.symbol) has bars of a \(minutes.width.rawValue)")
      self.minutes = minutes
      self.areMinutesSynthetic = areMinutesSynthetic
      self.quotes = quotes
    }

    var source: Source {
      switch quotes {
      case .chain: .chain
      case .surface(_, let law, _): Source(law)
      }
    }
  }

  /// Which contracts stand in a tape.
  package struct Rules: Sendable, Equatable {
    /// Where nothing ends in the session: the nearest expiry that is at least so many calendar days away; 0: the session has none.
    package var minimumDays = 0
    /// Strikes that are farther from the session's first price than so many standard deviations to the expiry are left out.
    package var reachDeviations = 3.0
    /// Of a surface; see `SyntheticSurface`. nil: as measured, and 0 on made-up minutes.
    package var priceElasticity: Double?
    package var rate = 0.0
    package var dividendYield = 0.0

    package init() {}
  }

  /// The sessions of `dates`, of every symbol; each knows all of the symbol's minutes before it. `dates`: nil for all that some symbol has bars of. Symbols without bars of
  /// a date have no contracts there.
  package convenience init(
    _ underlyings: [Underlying], rules: Rules = Rules(), dates wanted: ClosedRange<CalendarDate>? = nil,
    clock: VarianceClock = VarianceClock()
  ) {
    let calendar = TradingCalendar.xnys
    let makers = underlyings.enumerated().map { SessionMaker(symbol: $0.offset, $0.element, rules, clock) }
    var dates = Set(makers.flatMap { $0.dates })
    if let wanted { dates = dates.filter { wanted.contains($0) } }
    let known = dates.filter { calendar.ordinal(of: $0) != nil }.sorted()
    let sessions = makers.map { maker in known.enumerated().map { maker.session($0.element, number: $0.offset) } }
    let chains = underlyings.compactMap { one in
      if case .chain(let chain) = one.quotes { chain } else { nil }
    }
    self.init(
      symbols: underlyings.map { Symbol(name: $0.minutes.symbol, instrument: $0.minutes.instrument) }, dates: known,
      sessions: sessions,
      hasSizes: chains.contains { $0.sessions.contains { $0.has(.bidSize) || $0.has(.askSize) } },
      hasVolumes: chains.contains { $0.declaration.volume == .minute && $0.sessions.contains { $0.has(.volume) } },
      hasDayVolumes: chains.contains { $0.declaration.volume != nil && $0.sessions.contains { $0.has(.volume) } })
    for (maker, laid) in zip(makers, self.sessions) { maker.fill(laid, places, rows) }
  }
}

/// Makes the sessions of one symbol.
struct SessionMaker {
  let symbol: Int
  let underlying: OptionTape.Underlying
  let rules: OptionTape.Rules
  let clock: VarianceClock
  let calendar = TradingCalendar.xnys
  /// The rows of each session's bars, in the order of the dates.
  let dates: [CalendarDate]
  let rowsOf: [CalendarDate: Range<Int>]
  private let listing: ExpiryListing
  let history: VolatilityHistory?

  init(symbol: Int, _ underlying: OptionTape.Underlying, _ rules: OptionTape.Rules, _ clock: VarianceClock) {
    self.symbol = symbol
    self.underlying = underlying
    self.rules = rules
    self.clock = clock
    let bars = underlying.minutes
    let rows = bars.rowsByDate
    dates = rows.map { bars.dates[$0.lowerBound] }
    var rowsOf: [CalendarDate: Range<Int>] = [:]
    for (date, rows) in zip(dates, rows) { rowsOf[date] = rows }
    self.rowsOf = rowsOf
    listing = underlying.areMinutesSynthetic ? .everySession : .exchange
    if case .surface(let evenings, let law, _) = underlying.quotes {
      history = VolatilityHistory(evenings, law)
    } else {
      history = nil
    }
  }

  var name: String { underlying.minutes.symbol }

  // MARK: Which contracts

  func session(_ date: CalendarDate, number: Int) -> OptionTape.Session {
    guard let ordinal = calendar.ordinal(of: date) else { preconditionFailure("\(date) is no session") }
    switch underlying.quotes {
    case .chain(let chain): return quoted(chain, date, ordinal, number)
    case .surface(let history, _, let least): return synthetic(history, least, date, ordinal, number)
    }
  }

  func absent(
    _ why: OptionTape.Absence, _ date: CalendarDate, _ ordinal: Int, _ number: Int
  ) -> OptionTape.Session {
    OptionTape.Session(
      symbol: symbol, number: number, ordinal: ordinal, date: date, minuteCount: calendar.sessions[ordinal].minuteCount,
      source: underlying.source, absence: why)
  }

  func present(
    _ contracts: [OptionContract], openInterests: [Int32]? = nil, ahead: Int, blocks: [Int16] = [],
    _ date: CalendarDate, _ ordinal: Int, _ number: Int
  ) -> OptionTape.Session {
    let session = calendar.sessions[ordinal]
    let end = Double(session.minuteCount)
    return OptionTape.Session(
      symbol: symbol, number: number, ordinal: ordinal, date: date, minuteCount: session.minuteCount,
      source: underlying.source, contracts: contracts, openInterests: openInterests, sessionsAhead: ahead,
      yearsAtClose: clock.years(
        over: calendar.remainingSessions(from: ordinal, minute: end, to: ordinal + ahead)),
      settlementPrice: settlementPrice(date, session),
      rankedSessions: min(history?.volatilities(before: date).count ?? 0, VolatilityRank.longestSessions),
      blocks: blocks)
  }

  /// The last price of the session, where its last minute has one.
  private func settlementPrice(_ date: CalendarDate, _ session: Session) -> Int? {
    guard let rows = rowsOf[date] else { return nil }
    let bars = underlying.minutes
    let last = rows.last { session.minute(of: bars.starts[$0]) == session.minuteCount - 1 }
    return last.flatMap { SessionMaker.ticks(bars.close[$0]) }.map { Int($0) }
  }

  /// Ten-thousandths of a dollar; nil where nobody pays so much, or nothing.
  static func ticks(_ dollars: Double) -> Int32? {
    let scaled = (dollars * Double(TickRule.perDollar)).rounded()
    return scaled > 0 && scaled < Double(Int32.max) ? Int32(scaled) : nil
  }

  /// The price at which the first bar of a session opens.
  func firstPrice(_ date: CalendarDate) -> Double? {
    guard let row = rowsOf[date]?.first else { return nil }
    let price = underlying.minutes.open[row]
    return price > 0 && price.isFinite ? price : nil
  }

  private func synthetic(
    _ history: SurfaceHistory, _ leastFairSessions: Int, _ date: CalendarDate, _ ordinal: Int, _ number: Int
  ) -> OptionTape.Session {
    guard let spot = firstPrice(date) else { return absent(.noBars, date, ordinal, number) }
    guard let evening = history.evening(before: ordinal), evening.fairSessions >= leastFairSessions else {
      return absent(.noIndexLevel, date, ordinal, number)
    }
    guard let surface = surface(history, evening, date, ordinal) else {
      return absent(.noSymbolRatio, date, ordinal, number)
    }
    guard let expiry = chosenExpiry(date), let last = calendar.ordinal(of: expiry) else {
      return absent(.noExpiry, date, ordinal, number)
    }
    let ahead = last - ordinal
    let years = clock.years(over: calendar.remainingSessions(from: ordinal, minute: 0, to: last))
    let reach = rules.reachDeviations * surface.atTheMoney(sessionsAhead: ahead, spot: spot) * years.squareRoot()
    let spacing = SessionMaker.strikeSpacingThousandths(name, spot: spot)
    let low = Int((spot * exp(-reach) * 1000 / Double(spacing)).rounded(.up)) * spacing
    let high = Int((spot * exp(reach) * 1000 / Double(spacing)).rounded(.down)) * spacing
    guard low > 0, low <= high, high <= 99_999_999 else { return absent(.noExpiry, date, ordinal, number) }
    // An index settles on the close under its weekly root, on a third Friday too.
    let root = name == "SPX" ? "SPXW" : ContractTerms.root(ofUnderlying: name, expiry: expiry)
    var contracts: [OptionContract] = []
    for strike in stride(from: low, through: high, by: spacing) {
      for right in [OptionSymbol.Right.call, .put] {
        contracts.append(OptionContract(root: root, expiry: expiry, right: right, strikeThousandths: strike))
      }
    }
    return present(contracts, ahead: ahead, date, ordinal, number)
  }

  private func chosenExpiry(_ date: CalendarDate) -> CalendarDate? {
    if listing.isListed(name, on: date) { return date }
    guard rules.minimumDays > 0 else { return nil }
    return listing.first(name, from: date.advanced(by: rules.minimumDays))
  }

  /// Five dollars for SPX; of others a dollar, and half a dollar below $25: an assumption where no chain says it.
  static func strikeSpacingThousandths(_ symbol: String, spot: Double) -> Int {
    switch symbol {
    case "SPX": 5000
    case "NDX": 10_000
    default: spot < 25 ? 500 : 1000
    }
  }

  func surface(
    _ history: SurfaceHistory, _ evening: SurfaceHistory.Evening, _ date: CalendarDate, _ ordinal: Int
  ) -> SyntheticSurface? {
    guard case .surface(_, let law, _) = underlying.quotes, let row = rowsOf[date]?.first else { return nil }
    let factor = underlying.minutes.adjustmentFactors[row]
    guard let knowledge = try? history.knowledge(of: evening, adjustmentFactor: factor) else { return nil }
    let elasticity =
      rules.priceElasticity ?? (underlying.areMinutesSynthetic ? 0 : SyntheticSurface.measuredElasticity)
    return try? SyntheticSurface(
      law, knowledge, at: calendar.sessions[ordinal].open, priceElasticity: elasticity, rate: rules.rate,
      dividendYield: rules.dividendYield)
  }
}
