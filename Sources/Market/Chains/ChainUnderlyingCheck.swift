// Do the options belong to the underlying that is named, at the time that is named? Puts and calls of one strike say what it cost.

/// What an underlying cost, by its bars of the same import.
struct UnderlyingPrices {
  private var closes: [CalendarDate: Double] = [:]
  private var minutes: [Int64: Double] = [:]
  let isEmpty: Bool
  /// Whether there are bars of minutes.
  var hasMinutes: Bool { !minutes.isEmpty }

  init(_ series: [BarSeries]) {
    for one in series {
      for row in 0..<one.wholeRows {
        if one.width == .session {
          closes[one.dates[row]] = one.close[row]
        } else {
          minutes[one.starts[row].nanoseconds] = one.close[row]
        }
      }
    }
    isEmpty = series.isEmpty
  }

  /// Dollars at the end of a minute; nil where no bar says it.
  func price(_ session: Session, minute: Int) -> Double? {
    minutes[session.start(ofMinute: minute).nanoseconds]
      ?? (minute == session.minuteCount - 1 ? closes[session.date] : nil)
  }
}

struct ChainUnderlyingCheck: ChainCheck {
  static let identifier = "chain-underlying"

  /// What a minute's puts and calls of the nearest expiry say of the underlying, in dollars.
  struct Implied {
    /// The middle of strike + call - put over the pairs nearest to the money.
    var spot: Double
    /// Half of the spreads of such a pair.
    var tolerance: Double
    /// How widely strike + call - put scatters, and with calls and puts exchanged.
    var scatter: Double
    var exchangedScatter: Double
    var pairs: Int
    var daysToExpiry: Int
  }

  private let chain: OptionChain
  private let prices: UnderlyingPrices
  private var exchanged, mixed, scaled, other, stale, untimed: ChainFindings
  private var (known, factor, sessions) = (0, 1.0, 0)

  init(_ chain: OptionChain, _ prices: UnderlyingPrices) {
    (self.chain, self.prices) = (chain.head, prices)
    let none = ChainFindings(chain, ChainUnderlyingCheck.identifier)
    (exchanged, mixed, scaled, other, stale, untimed) = (none, none, none, none, none, none)
  }

  mutating func examine(_ session: ChainSession) {
    sessions += 1
    guard !session.isExtendedHours else { return }
    guard let times = TradingCalendar.xnys.session(on: session.date) else { return }
    for block in session.minutes.indices {
      let minute = Int(session.minutes[block])
      let bar = prices.price(times, minute: minute)
      if prices.hasMinutes, bar == nil { untimed.add(session.date) { "\(session.date) minute \(minute)" } }
      guard let implied = ChainUnderlyingCheck.implied(session, chain, block: block) else { continue }
      let place = "\(session.date) minute \(minute)"
      if implied.pairs >= 3, implied.scatter > 4 * implied.exchangedScatter + implied.tolerance,
        implied.exchangedScatter < implied.tolerance + 0.01 * abs(implied.spot)
      {
        exchanged.add(session.date) { place }
        continue
      }
      if implied.pairs >= 3, implied.scatter > 0.05 * abs(implied.spot) {
        mixed.add(session.date) {
          "\(place): half of \(implied.pairs) pairs are off by more than \(ChainUnderlyingCheck.rounded(implied.scatter))"
        }
        continue
      }
      let told =
        session.underlying.isEmpty ? nil : ChainValue.dollars(session.underlying[block]).flatMap { $0 > 0 ? $0 : nil }
      guard let price = told ?? bar, price > 0 else { continue }
      known += 1
      let ratio = implied.spot / price
      let sample = {
        "\(place): the options say \(ChainUnderlyingCheck.rounded(implied.spot)), the underlying is \(price)"
      }
      if let power = [1000.0, 100, 10, 0.1, 0.01, 0.001].first(where: { abs(ratio / $0 - 1) < 0.1 }) {
        factor = power
        scaled.add(session.date, sample)
      } else if abs(ratio - 1) > 0.1 {
        other.add(session.date, sample)
      } else if implied.daysToExpiry <= 7, abs(implied.spot - price) > implied.tolerance + 0.001 * price {
        stale.add(session.date, sample)
      }
    }
  }

  var findings: [QualityFinding] {
    var findings: [QualityFinding] = []
    findings += exchanged.ifAny(
      "calls-and-puts-exchanged", .fail, suggestion: "Check the column of the right.",
      "Prices of calls fit puts, and those of puts calls, in \(counted(exchanged.count, "minute")).")
    findings += mixed.ifAny(
      "mixed-prices", .fail, suggestion: "Leave out the rows of before a split, or those that are stale.",
      "Puts and calls of one expiry say prices of the underlying that are far apart, in \(counted(mixed.count, "minute")): rows of different times or units are mixed."
    )
    findings += scaled.ifAny(
      "strikes-scaled", .fail, suggestion: "Check the unit of the strikes.",
      "Strikes stand at \(factor) times the underlying's price in \(counted(scaled.count, "minute")).")
    findings += other.ifAny(
      "other-underlying", other.count * 100 > known ? .fail : .warn,
      suggestion: "Check which underlying the column is of, and whether its price is adjusted.",
      "The options say another price of the underlying than it has, by more than 10 %, in \(counted(other.count, "minute")) of \(known)."
    )
    findings += stale.ifAny(
      "stale-underlying", .warn,
      suggestion: "Take the underlying's price from its own bars, not from the chain's column.",
      "The underlying's price is of another time than the quotes in \(counted(stale.count, "minute")) of \(known): puts and calls say another one, beyond their spreads and 0.1 %."
    )
    findings += untimed.ifAny(
      "no-bar-of-minute", .warn, suggestion: "Import the underlying's bars of the same days.",
      "\(counted(untimed.count, "minute")) of quotes have no bar of the underlying within 60 s.")
    if prices.isEmpty {
      var missing = ChainFindings(chain, ChainUnderlyingCheck.identifier)
      missing.count = sessions
      findings.append(
        missing.finding(
          "no-underlying-bars", .warn,
          suggestion:
            "Import bars of \(chain.underlying) beside the chain: it is stored, but nobody can play it without.",
          "There are no bars of the underlying \(chain.underlying)."))
    }
    return findings
  }

  private static func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }

  /// nil where no expiry has a call and a put of one strike with prices.
  static func implied(_ session: ChainSession, _ chain: OptionChain, block: Int) -> Implied? {
    let base = block * session.contracts.count
    var (low, high): ([Double], [Double]) = ([], [])
    var pairs: [(strike: Double, difference: Double, half: Double)] = []
    var expiry: CalendarDate?
    var slot = 0
    var (root, isStandard) = ("", true)
    func price(_ slot: Int) -> (middle: Double, half: Double)? {
      let quote = session.quote(row: base + slot)
      if let bid = quote.bidDollars, let ask = quote.askDollars {
        return quote.isTwoSided && bid <= ask ? ((bid + ask) / 2, (ask - bid) / 2) : nil
      }
      guard !session.has(.bid), let last = quote.lastDollars, last > 0 else { return nil }
      return (last, 0.005 * last)
    }
    while slot + 1 < session.contracts.count {
      let (call, put) = (
        chain.contracts[Int(session.contracts[slot])], chain.contracts[Int(session.contracts[slot + 1])]
      )
      // Calls stand before puts of one strike; under several roots none is taken.
      guard call.right == .call, put.right == .put, call.expiry == put.expiry, call.root == put.root,
        call.strikeThousandths == put.strikeThousandths, let first = price(slot), let second = price(slot + 1)
      else {
        slot += 1
        continue
      }
      // Of a changed deliverable nobody knows the price.
      if call.root != root { (root, isStandard) = (call.root, call.isStandard) }
      guard isStandard else {
        slot += 2
        continue
      }
      if let expiry, call.expiry != expiry {
        if pairs.count >= 3 { break }
        pairs = []
      }
      expiry = call.expiry
      pairs.append((call.strike, first.middle - second.middle, first.half + second.half))
      slot += 2
    }
    guard !pairs.isEmpty, let expiry else { return nil }
    low = pairs.map { $0.strike + $0.difference }
    high = pairs.map { $0.strike - $0.difference }
    let near = pairs.sorted { abs($0.difference) < abs($1.difference) }.prefix(5)
    return Implied(
      spot: Median.between(near.map { $0.strike + $0.difference }), tolerance: Median.between(near.map(\.half)),
      scatter: scatter(low),
      exchangedScatter: scatter(high), pairs: pairs.count,
      daysToExpiry: Int(expiry.daysSinceEpoch - session.date.daysSinceEpoch))
  }

  private static func scatter(_ values: [Double]) -> Double {
    let middle = Median.between(values)
    return Median.between(values.map { abs($0 - middle) })
  }
}
