// The quotes of a session as a chain has them, and what they say of volatility.

import Pricing

extension SessionMaker {
  /// Strikes of a chain that are farther from the first price than so many deviations of a day are left out: no volatility is known yet by which an expiry's own could be told.
  private static let chainReachDeviations = 6.0

  /// The session's contracts of one expiry. Where two roots end at once, the one with more contracts; what settles at an opening is not traded in here.
  func quoted(_ chain: OptionChain, _ date: CalendarDate, _ ordinal: Int, _ number: Int) -> OptionTape.Session {
    guard let spot = firstPrice(date) else { return absent(.noBars, date, ordinal, number) }
    guard let quotes = chain.session(on: date), !quotes.minutes.isEmpty else {
      return absent(.noQuotes, date, ordinal, number)
    }
    var series: [(root: String, expiry: CalendarDate, settles: CalendarDate, slots: [Int])] = []
    for (slot, contract) in quotes.contracts.enumerated() {
      let listed = chain.contracts[Int(contract)]
      if let place = series.firstIndex(where: { $0.root == listed.root && $0.expiry == listed.expiry }) {
        series[place].slots.append(slot)
        continue
      }
      guard listed.isStandard, listed.terms.settlement == .close, let life = ContractLife(listed),
        life.settlementSession >= date
      else { continue }
      series.append((listed.root, listed.expiry, life.settlementSession, [slot]))
    }
    let usable = series.filter { one in
      one.settles == date
        || rules.minimumDays > 0 && one.settles >= date.advanced(by: rules.minimumDays)
    }
    guard let nearest = usable.map(\.settles).min(),
      let chosen = usable.filter({ $0.settles == nearest }).max(by: { $0.slots.count < $1.slots.count }),
      let last = calendar.ordinal(of: nearest)
    else { return absent(.noExpiry, date, ordinal, number) }
    let years = clock.years(over: calendar.remainingSessions(from: ordinal, minute: 0, to: last))
    let daily = OptionFeatureStream.dailyVariance * clock.daysPerYear
    let reach = SessionMaker.chainReachDeviations * max(daily * years, daily / clock.daysPerYear).squareRoot()
    let slots = chosen.slots.filter { slot in
      let strike = chain.contracts[Int(quotes.contracts[slot])].strike
      return strike >= spot * (1 - reach) && strike <= spot * (1 + reach)
    }
    guard !slots.isEmpty else { return absent(.noQuotes, date, ordinal, number) }
    return present(
      slots.map { chain.contracts[Int(quotes.contracts[$0])] },
      openInterests: quotes.openInterest.isEmpty
        ? nil : slots.map { max(quotes.openInterest[$0], -1) }, ahead: last - ordinal,
      blocks: ChainPricing.blocks(quotes, minuteCount: calendar.sessions[ordinal].minuteCount), date, ordinal, number)
  }
}

struct ChainPricing: SessionPricing {
  private let session: OptionTape.Session
  private let quotes: ChainSession
  private let slots: [Int]
  private let volumeIsOfMinute: Bool
  private var traded: TradedContracts?
  private var options: OptionColumns<Double>
  private var volatilities: [Double]
  private var values: ValueColumns<Double>
  private var close: CloseValues
  private var prices: [Double]

  /// nil where the chain lacks the session, or one of its contracts.
  init?(_ chain: OptionChain, _ session: OptionTape.Session, _ rules: OptionTape.Rules) {
    guard let quotes = chain.session(on: session.date) else { return nil }
    let slots = session.contracts.compactMap { contract in
      chain.number(of: contract).flatMap { quotes.slot(ofContract: $0) }
    }
    guard slots.count == session.contracts.count else { return nil }
    self.session = session
    self.quotes = quotes
    self.slots = slots
    volumeIsOfMinute = chain.declaration.volume == .minute
    traded = chain.declaration.volume.map { TradedContracts(count: slots.count, span: $0) }
    let count = slots.count
    options = OptionColumns(
      signs: session.contracts.map { $0.right == .call ? 1 : -1 }, forward: 1,
      strikes: session.contracts.map(\.strike), years: 0, volatilities: [Double](repeating: 0, count: count))
    options.rates = [Double](repeating: rules.rate, count: count)
    options.dividendYields = [Double](repeating: rules.dividendYield, count: count)
    volatilities = [Double](repeating: .nan, count: count)
    prices = volatilities
    values = ValueColumns(count: count)
    close = CloseValues(
      session.contracts, yearsAtClose: session.yearsAtClose, rate: rules.rate, dividendYield: rules.dividendYield)
  }

  /// (minutes) by which block of places a minute is told: those with a quote that is not too old have one each, all others share the last.
  static func blocks(_ quotes: ChainSession, minuteCount: Int) -> [Int16] {
    var speaks = [Bool](repeating: false, count: minuteCount)
    for minute in quotes.minutes {
      for age in 0...ChainSurface.freshMinutes {
        let place = Int(minute) + age
        if speaks.indices.contains(place) { speaks[place] = true }
      }
    }
    let silent = Int16(clamping: speaks.count { $0 })
    var next: Int16 = 0
    return speaks.map { speaks in
      guard speaks else { return silent }
      defer { next += 1 }
      return next
    }
  }

  mutating func price(minute: Int, spot: Double, years: Double, into places: OptionPlaces) {
    traded?.count(quotes, slots, until: minute)
    let blocks = (0...ChainSurface.freshMinutes).compactMap { age in
      quotes.block(ofMinute: minute - age).map { (block: $0, minute: minute - age) }
    }
    guard !blocks.isEmpty else { return }
    let (first, underlying) = (session.place(minute: minute), SessionMaker.ticks(spot) ?? -1)
    let count = quotes.contracts.count
    for (contract, slot) in slots.enumerated() {
      let place = first + contract
      places.underlyingPrices[place] = underlying
      if let traded { places.dayVolumes?[place] = traded.contracts[contract] }
      prices[contract] = .nan
      let found = blocks.first { block in
        let row = block.block * count + slot
        return quotes.value(.bid, row: row) != ChainValue.none || quotes.value(.ask, row: row) != ChainValue.none
      }
      guard let found else { continue }
      let quote = quotes.quote(row: found.block * count + slot)
      func known(_ value: Int32, or unknown: Int32) -> Int32 { value == ChainValue.none ? unknown : value }
      (places.bids[place], places.asks[place]) = (known(quote.bid, or: 0), known(quote.ask, or: 0))
      places.minutes[place] = Int32(found.minute)
      places.bidSizes?[place] = known(quote.bidSize, or: -1)
      places.askSizes?[place] = known(quote.askSize, or: -1)
      if volumeIsOfMinute { places.volumes?[place] = known(quote.volume, or: -1) }
      guard quote.bid > 0, quote.ask > quote.bid else { continue }
      prices[contract] = (Double(quote.bid) + Double(quote.ask)) / 2 / Double(TickRule.perDollar)
    }
    imply(spot, years)
    let atClose = close.prices(spot: spot, volatilities: options.volatilities)
    for contract in slots.indices where volatilities[contract].isFinite && values.prices[contract].isFinite {
      let place = first + contract
      places.volatilities[place] = Float(volatilities[contract])
      places.deltas[place] = Float(values.deltas[contract])
      places.gammas[place] = Float(values.gammas[contract])
      places.vegas[place] = Float(values.vegas[contract])
      places.decays[place] = Float(values.prices[contract] - atClose[contract])
    }
  }

  /// Volatilities and Greeks of the middles; NaN where a price has none.
  private mutating func imply(_ spot: Double, _ years: Double) {
    let priced = prices
    for contract in slots.indices {
      volatilities[contract] = .nan
      options.spots[contract] = spot
      options.years[contract] = years
      // What has no price gets one that is found quickly, and is forgotten again.
      let intrinsic = max(Double(options.signs[contract]) * (spot - options.strikes[contract]), 0)
      prices[contract] = priced[contract].isFinite ? priced[contract] : intrinsic + spot / 1000
    }
    guard years > 0 else { return }
    options.implyVolatilities(of: prices, into: &volatilities)
    for contract in slots.indices {
      if !priced[contract].isFinite { volatilities[contract] = .nan }
      options.volatilities[contract] = volatilities[contract].isFinite ? volatilities[contract] : 0.2
    }
    options.value(into: &values)
  }

  func level(minute: Int, spot: Double, from places: OptionPlaces) -> SurfaceColumns.Level? {
    let first = session.place(minute: minute)
    let volatilities = UnsafePointer(places.volatilities + first)
    guard let atTheMoney = atTheMoney(volatilities, spot) else { return nil }
    return SurfaceColumns.Level(
      atTheMoney: atTheMoney,
      skew: SurfaceColumns.skew(
        session.contracts, deltas: UnsafePointer(places.deltas + first), volatilities: volatilities,
        atTheMoney: atTheMoney))
  }

  /// Between the strikes around the price, of each the mean of what its call and its put say; nil where one of them says nothing.
  private func atTheMoney(_ volatilities: UnsafePointer<Float>, _ spot: Double) -> Double? {
    var (below, above): ((strike: Double, volatility: Double)?, (strike: Double, volatility: Double)?)
    var place = 0
    while place < session.contracts.count {
      let strike = session.contracts[place].strike
      var (sum, said) = (0.0, 0.0)
      while place < session.contracts.count, session.contracts[place].strike == strike {
        if volatilities[place].isFinite { (sum, said) = (sum + Double(volatilities[place]), said + 1) }
        place += 1
      }
      guard said > 0 else { continue }
      if strike <= spot { below = (strike, sum / said) } else if above == nil { above = (strike, sum / said) }
    }
    guard let below, let above else { return nil }
    let share = (spot - below.strike) / (above.strike - below.strike)
    return below.volatility + share * (above.volatility - below.volatility)
  }
}
