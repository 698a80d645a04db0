// Are a vendor's volatilities and Greeks ours, and if not, what does the vendor count otherwise?

import Pricing

/// Near the money, out of the money: a vendor's volatility against that of the quote, on the variance clock with the forward and rate of parity. Where they
/// differ, it is said which clock, rate, price or unit explains it. Deltas and thetas are held against those of the quote's own volatility.
struct ChainVendorCheck: PricedCheck {
  static let identifier = "chain-vendor"

  /// Volatilities that differ by no more in the median are the same.
  static let agreement = 0.01
  /// An explanation must bring the median down to this share of it.
  private static let explained = 0.25
  /// Quotes that are compared of a chain, at most: beyond, every second one, and so on. So many of them are computed again in every way.
  private static let mostQuotes = 20_000
  private static let mostExplained = 2_000

  /// What a vendor may count otherwise.
  enum Clock: String, CaseIterable {
    case variance = "variance clock"
    case calendar = "calendar clock"
    case session = "session clock"
    case wholeDays = "whole calendar days and one more"
    case midnight = "calendar clock to the midnight before the expiry"
  }

  enum Pricing: String, CaseIterable {
    case parity = "rate of parity"
    case zeroRate = "rate 0"
    case ask = "rate 0, of the ask"
  }

  /// One quote of which the vendor says something.
  private struct Row {
    /// Of which contract and when, for a sample.
    var contract: OptionContract
    var date: CalendarDate
    var minute: Int
    var side: OptionSide
    var strike, forward, discount: Double
    /// What the underlying costs: by the vendor, or else by the nearest expiry.
    var spot: Double
    var quote: SidedQuote
    var times: ExpiryTimes
    /// To the date of the expiry; and the minute of the day at the exchange.
    var days, minuteOfDay: Int
    /// On the variance clock, with the forward and rate of parity.
    var ours: Double
    var vendor: Double?
    var delta, theta: Double?
    var ourDelta, ourTheta: Double
    var isNear: Bool { days <= 7 }
  }

  private var rows: [Row] = []
  private var (seen, step) = (0, 1)
  private let declaration: ChainDeclaration
  private let chain: OptionChain

  init(_ chain: OptionChain) {
    self.chain = chain
    declaration = chain.declaration
  }

  static let explanations: [(clock: Clock, pricing: Pricing)] = Clock.allCases.flatMap { clock in
    Pricing.allCases.map { (clock, $0) }
  }

  mutating func examine(_ series: PricedSeries) {
    let session = series.session
    guard session.has(.impliedVolatility) || session.has(.delta) || session.has(.theta) else { return }
    let (forward, discount) = (series.forward.forward, series.forward.discount)
    for (strike, right, quote) in series.quotes where (right == .call) == (strike >= forward) {
      let greeks = session.greeks(row: quote.row)
      let vendor = greeks.impliedVolatility.map { Double($0) }.flatMap { $0 > 0 ? $0 : nil }
      guard vendor != nil || greeks.delta != nil || greeks.theta != nil else { continue }
      seen += 1
      guard seen % step == 0 else { continue }
      let side: OptionSide = right == .call ? .call : .put
      let calendar = series.times.calendar
      let terms = OptionTerms(
        side, spot: forward * discount, strike: strike, rate: series.rate, years: calendar, volatility: 0)
      guard let own = try? ImpliedVolatility.plainSolve(price: quote.middle, terms), own > 0 else { continue }
      var known = terms
      known.volatility = own
      // Of the standard deviation within one of the money: farther out vendors' grids and ticks decide.
      guard abs(strike / forward - 1) <= own * calendar.squareRoot(), let value = try? BlackScholes.plainValue(known),
        QuoteVolatility.isIdentified(vega: value.vega, tick: 0.01)
      else { continue }
      rows.append(
        Row(
          contract: series.contract(of: quote), date: session.date, minute: series.minute, side: side, strike: strike,
          forward: forward, discount: discount, spot: series.told ?? series.spot,
          quote: quote, times: series.times, days: series.days,
          minuteOfDay: TradingCalendar.xnys.openMinute + series.minute + 1,
          ours: own * (calendar / series.times.variance).squareRoot(), vendor: vendor,
          delta: greeks.delta.map { Double($0) }, theta: greeks.theta.map { Double($0) }, ourDelta: value.delta,
          ourTheta: value.thetaPerYear))
      if rows.count > ChainVendorCheck.mostQuotes {
        rows = rows.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
        step *= 2
      }
    }
  }

  private static func volatility(_ row: Row, _ way: (clock: Clock, pricing: Pricing)) -> Double {
    let day = 1440 / VolatilityClock.calendarMinutesPerYear
    let years =
      switch way.clock {
      case .variance: row.times.variance
      case .calendar: row.times.calendar
      case .session: row.times.session
      case .wholeDays: Double(row.days + 1) * day
      case .midnight: Double(row.days) * day - Double(row.minuteOfDay) / VolatilityClock.calendarMinutesPerYear
      }
    let isParity = way.pricing == .parity
    let terms = OptionTerms(
      row.side, spot: isParity ? row.forward : row.spot, strike: row.strike, years: years, volatility: 0)
    let price = way.pricing == .ask ? row.quote.ask : row.quote.middle
    return (try? ImpliedVolatility.plainSolve(price: isParity ? price / row.discount : price, terms)) ?? .nan
  }

  // MARK: What is said

  var findings: [QualityFinding] {
    volatilityFindings(isNear: true) + volatilityFindings(isNear: false) + greekFindings
  }

  /// `rows`: those that were compared. `sample`: what the vendor says of one, and what its quote does.
  private func finding(
    _ kind: String, of rows: [Row], _ suggestion: String, _ message: String, sample: (Row) -> String
  ) -> QualityFinding {
    var found = ChainFindings(chain, ChainVendorCheck.identifier)
    for row in rows {
      found.add(row.date) { PricedSeries.place(row.contract, row.date, minute: row.minute) + ": " + sample(row) }
    }
    return found.finding(kind, .warn, suggestion: suggestion, message)
  }

  /// Those of a week and those of longer, apart: a clock shows in the first, a rate in the others.
  private func volatilityFindings(isNear: Bool) -> [QualityFinding] {
    let own = rows.filter { $0.isNear == isNear && $0.vendor != nil }
    guard own.count >= 5 else { return [] }
    func medianMiss(_ ours: [(volatility: Double, vendor: Double)]) -> Double {
      Median.between(
        ours.map { one in
          let miss = abs(one.volatility - one.vendor)
          return miss.isNaN ? .infinity : miss
        })
    }
    let base = medianMiss(own.map { ($0.ours, $0.vendor ?? 0) })
    guard base > ChainVendorCheck.agreement else { return [] }
    let stride = own.count / ChainVendorCheck.mostExplained + 1
    let some = own.enumerated().filter { $0.offset % stride == 0 }.map(\.element)
    let ways = ChainVendorCheck.explanations.flatMap { way in
      let ours = some.map { ChainVendorCheck.volatility($0, way) }
      return [1.0, 100].map { unit in
        (way: way, unit: unit, off: medianMiss(zip(ours, some).map { ($0, ($1.vendor ?? 0) / unit) }))
      }
    }
    let words = isNear ? "expiries of a week" : "longer expiries"
    // More than half of them differ: these are named.
    let misses = own.filter { !(abs($0.ours - ($0.vendor ?? 0)) <= ChainVendorCheck.agreement) }
    func sample(_ row: Row) -> String {
      "volatility \(points(row.vendor ?? 0)) %, the quote's \(points(row.ours)) %"
    }
    let start =
      "Volatilities of \(words) are \(points(base)) points from those of the quotes on the variance clock, in the median"
    guard let best = ways.min(by: { $0.off < $1.off }),
      best.off <= max(ChainVendorCheck.agreement, ChainVendorCheck.explained * base)
    else {
      return [
        finding(
          "vendor-volatility", of: misses,
          "Do not use this column: no clock and no rate makes volatilities of these quotes of it.",
          start + ", and neither a clock nor a rate explains it.", sample: sample)
      ]
    }
    let way = best.way
    let unit = best.unit == 1 ? "" : ", in percent"
    return [
      finding(
        "vendor-volatility", of: misses,
        "Compare them with volatilities of the same clock alone; the surface takes none of this column.",
        start
          + "; counted as '\(way.clock.rawValue), \(way.pricing.rawValue)\(unit)' they are \(points(best.off)) off.",
        sample: sample)
    ]
  }

  private func points(_ value: Double) -> String {
    value.isFinite ? "\((value * 10_000).rounded() / 100)" : "any number of"
  }

  private func short(_ value: Double) -> String { "\((value * 10_000).rounded() / 10_000)" }

  private var greekFindings: [QualityFinding] {
    var found: [QualityFinding] = []
    let ofDelta = rows.filter { abs($0.ourDelta) > 0.1 && $0.delta.map { $0 != 0 } ?? false }
    let deltas = ofDelta.map { ($0.delta ?? 0) / $0.ourDelta }
    func delta(_ row: Row) -> String { "delta \(short(row.delta ?? 0)), the quote's \(short(row.ourDelta))" }
    if deltas.count >= 5, let unit = ChainVendorCheck.unit(of: deltas.map(abs), [1, 100]) {
      if unit == 100 {
        found.append(
          finding(
            "delta-unit", of: ofDelta, "Divide them by 100.",
            "Deltas are in percent, 100 times those of the quotes.", sample: delta))
      }
    } else if deltas.count >= 5 {
      found.append(
        finding(
          "delta-unit", of: ofDelta, "Do not use this column.",
          "Deltas are \(points(Median.between(deltas) / 100)) times those of the quotes in the median: no unit explains it.",
          sample: delta))
    }
    let ofTheta = rows.filter { $0.ourTheta < 0 && $0.theta.map { $0 != 0 } ?? false }
    let thetas = ofTheta.map { ($0.theta ?? 0) / $0.ourTheta }
    func theta(_ row: Row) -> String {
      "theta \(short(row.theta ?? 0)), the quote's \(short(row.ourTheta / 365)) a calendar day"
    }
    guard thetas.count >= 5 else { return found }
    let sign = Median.between(thetas) < 0 ? "positive where time takes value away" : nil
    let names: [(Double, String, ChainDeclaration.ThetaUnit)] = [
      (1.0 / 365, "calendar day (a 365th of a year)", .calendarDay),
      (1.0 / 252, "trading day (a 252nd of a year)", .tradingDay), (1, "year", .year),
    ]
    guard let unit = ChainVendorCheck.unit(of: thetas.map(abs), names.map(\.0)),
      let name = names.first(where: { $0.0 == unit })
    else {
      found.append(
        finding(
          "theta-unit", of: ofTheta, "Do not use this column.",
          "Thetas are neither of a calendar day, nor of a trading day, nor of a year.", sample: theta))
      return found
    }
    // Where nobody says a unit, a calendar day is what is expected.
    guard sign != nil || name.2 != declaration.theta ?? .calendarDay else { return found }
    found.append(
      finding(
        "theta-unit", of: ofTheta, "Read them so.",
        "Thetas are dollars per \(name.1)\(sign.map { ", \($0)" } ?? "")"
          + (declaration.theta.map { $0 == name.2 ? "." : ", where the layout says \($0.rawValue)." } ?? "."),
        sample: theta))
    return found
  }

  /// The unit that the ratios are of, by their median: within a fifth, and the nearest.
  private static func unit(of ratios: [Double], _ units: [Double]) -> Double? {
    let middle = Median.between(ratios)
    guard let best = units.min(by: { abs(middle / $0 - 1) < abs(middle / $1 - 1) }), abs(middle / best - 1) < 0.2 else {
      return nil
    }
    return best
  }
}

extension PricedSeries {
  fileprivate func contract(of quote: SidedQuote) -> OptionContract {
    chain.contracts[Int(session.contracts[quote.row % session.contracts.count])]
  }

  /// What the vendor says that the underlying costs.
  fileprivate var told: Double? {
    guard !session.underlying.isEmpty, let block = session.block(ofMinute: minute) else { return nil }
    return ChainValue.dollars(session.underlying[block]).flatMap { $0 > 0 ? $0 : nil }
  }

  /// Continuously compounded, a year of the calendar.
  fileprivate var rate: Double { forward.rate(calendarYears: times.calendar) ?? 0 }
}
