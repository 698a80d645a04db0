// A stored session of an option chain as a desk sees it.

package import Market

/// The quotes of a chain in one session, and the underlying's price at the end of each minute.
package struct ChainMarket: MarketView {
  package let date: CalendarDate
  package let minuteCount: Int
  private let session: ChainSession
  /// By contract of the desk's table: the contract's number in the chain, -1 where it is none of its.
  private let numbers: [Int32]
  /// By minute, ten-thousandths of a dollar; nil where nobody knows it.
  private let prices: [Int?]
  private let volumeSpan: ChainDeclaration.VolumeSpan?
  private let weights: [Double]

  /// nil where the chain has no quotes in the hours of that date's session.
  ///
  /// `prices`: of the underlying by minute of the session, raw, in ten-thousandths of a dollar; what the chain says itself stands where they say nothing.
  package init?(
    _ chain: OptionChain, on date: CalendarDate, table: ContractTable, prices: [Int?] = [],
    calendar: TradingCalendar = .xnys
  ) {
    guard let session = chain.session(on: date), let minutes = calendar.tradingMinutes(date), minutes > 0 else {
      return nil
    }
    self.date = date
    minuteCount = minutes
    self.session = session
    numbers = table.contracts.map { contract in
      contract.option.flatMap(chain.number).map { Int32($0) } ?? -1
    }
    volumeSpan = chain.declaration.volume
    weights = MinuteWeights.variance(ofMinutes: minutes)
    var known: Int?
    self.prices = (0..<minutes).map { minute in
      let own = session.block(ofMinute: minute).flatMap { block in
        session.underlying.isEmpty || session.underlying[block] <= 0 ? nil : Int(session.underlying[block])
      }
      known = (minute < prices.count ? prices[minute] : nil) ?? own ?? known
      return known
    }
  }

  /// The underlying's raw closes of a session's minutes, of a series of minutes: what `prices` wants.
  package static func prices(
    of series: BarSeries, on date: CalendarDate, calendar: TradingCalendar = .xnys
  ) -> [Int?] {
    guard let session = calendar.session(on: date), series.width == .minute else { return [] }
    var prices = [Int?](repeating: nil, count: session.minuteCount)
    for row in 0..<min(series.wholeRows, series.starts.count) where series.dates[row] == date {
      let minute = session.minute(of: series.starts[row])
      guard prices.indices.contains(minute) else { continue }
      prices[minute] = price(ofDollars: series.close[row])
    }
    return prices
  }

  /// Dollars in ten-thousandths, to the nearest; nil where nobody pays so much, or nothing.
  package static func price(ofDollars dollars: Double) -> Int? {
    let scaled = (dollars * Double(TickRule.perDollar)).rounded()
    return scaled > 0 && scaled <= Double(Order.mostPrice) ? Int(scaled) : nil
  }

  package func usualWeight(ofMinute minute: Int) -> Double { weights.indices.contains(minute) ? weights[minute] : 1 }

  /// The last of the session's minutes in which the underlying has a price, as the price that contracts settle on where nobody says the official close.
  package var lastPrice: Int? { prices.last ?? nil }

  package func quote(of contract: Int32, minute: Int) -> MinuteQuote? {
    guard numbers.indices.contains(Int(contract)), numbers[Int(contract)] >= 0, minute < minuteCount else { return nil }
    // Behind that age nothing is filled or marked on it.
    for age in 0...MinuteQuote.mostAge {
      guard let quote = session.quote(minute: minute - age, contract: Int(numbers[Int(contract)])),
        quote.bid != ChainValue.none || quote.ask != ChainValue.none
      else { continue }
      func value(_ value: Int32) -> Int? { value == ChainValue.none ? nil : Int(value) }
      return MinuteQuote(
        bid: value(quote.bid) ?? 0, ask: value(quote.ask) ?? 0, bidSize: value(quote.bidSize),
        askSize: value(quote.askSize), minute: minute - age, volume: volumeSpan == .minute ? value(quote.volume) : nil)
    }
    return nil
  }

  /// Volume where the chain says what its column counts: the sum of its minutes, or the last that it says of the day.
  package func liquidity(of contract: Int32, minute: Int) -> ContractLiquidity {
    var known = ContractLiquidity()
    guard numbers.indices.contains(Int(contract)),
      let slot = session.slot(ofContract: Int(numbers[Int(contract)]))
    else { return known }
    if !session.openInterest.isEmpty, session.openInterest[slot] != ChainValue.none {
      known.openInterest = Int(session.openInterest[slot])
    }
    guard let volumeSpan, session.has(.volume) else { return known }
    for (block, stamped) in session.minutes.enumerated() where (0...max(minute, 0)).contains(Int(stamped)) {
      let volume = session.value(.volume, row: block * session.contracts.count + slot)
      guard volume != ChainValue.none else { continue }
      known.volume = volumeSpan == .day ? Int(volume) : (known.volume ?? 0) + Int(volume)
    }
    return known
  }

  package func underlyingPrice(of contract: Int32, minute: Int) -> Int? {
    guard numbers.indices.contains(Int(contract)), prices.indices.contains(minute) else { return nil }
    return prices[minute]
  }
}

extension ContractTable {
  /// The tradable contracts of a chain that live in a session, and the share that they deliver.
  package init(_ chain: OptionChain, on date: CalendarDate, calendar: TradingCalendar = .xnys) {
    self.init()
    if let session = chain.session(on: date) {
      for number in session.contracts {
        let option = chain.contracts[Int(number)]
        guard let contract = TradedContract(option, deliverable: chain.deliverable(of: option), calendar: calendar)
        else { continue }
        if !contract.isCashSettled { _ = add(TradedContract(share: contract.underlying)) }
        _ = add(contract)
      }
    }
  }
}
