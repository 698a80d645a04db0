// Surfaces of chains: forwards, volatilities and densities against the golden file, smiles that are known, and quotes that say too little.

import Foundation
import Pricing
import TestSupport
import Testing

@testable import Market

private struct ChainGolden: Decodable {
  struct Quote: Decodable {
    var root, expiry: String
    var sign, strike: Int
    var bid, ask: Int32
  }
  struct Volatility: Decodable {
    var strike: Int
    var volatility, vega: Double
  }
  struct Expiry: Decodable {
    var root, expiry: String
    var years, calendarYears, lineForward, lineDiscount, lineDiscountError, forward, discount: Double
    var trueForward, trueDiscount: Double
    var pairs: Int
    var isOwn: Bool
    var svi: [Double]
    var volatilities: [Volatility]
  }
  struct Density: Decodable {
    var svi: [Double]
    var isNegative: Bool
    var below, above: Double?
  }
  var date: String
  var rate, vogtNegativeFrom: Double
  var quotes: [Quote]
  var expiries: [Expiry]
  var smiles: [Density]
}

private let golden = Result { try GoldenFile.read("chain_surface", as: ChainGolden.self) }

private func isNear(_ found: Double, _ wanted: Double, _ share: Double = 1e-9) -> Bool {
  abs(found - wanted) <= share * max(1, abs(wanted))
}

/// A chain of quotes of one date, in ten-thousandths of a dollar.
struct QuotedChain {
  var underlying = "SPX"
  var date = CalendarDate("2024-03-07")!
  var rows: [(contract: OptionContract, minute: Int32, bid: Int32, ask: Int32)] = []

  mutating func add(
    _ root: String, _ expiry: String, _ right: OptionSymbol.Right, _ strike: Int, minute: Int32 = 389, _ bid: Int32,
    _ ask: Int32
  ) throws {
    let date = try #require(CalendarDate(expiry))
    rows.append(
      (
        OptionContract(root: root, expiry: date, right: right, strikeThousandths: strike * 1000), minute, bid, ask
      ))
  }

  func chain() throws -> OptionChain {
    var builder = ChainBuilder(underlying: underlying, columns: [.bid, .ask])
    for row in rows {
      let root = builder.root(row.contract.root)
      let number = builder.number(
        root: root, expiry: row.contract.expiry, right: row.contract.right,
        strikeThousandths: Int(row.contract.strikeThousandths))
      builder.add(
        contract: number, date: date, isExtendedHours: false, minute: row.minute, values: [row.bid, row.ask],
        openInterest: ChainValue.none, underlying: ChainValue.none)
    }
    let finished = builder.finish()
    return try #require(finished)
  }

  func surface(at minute: Int = 390, rate: Double? = nil) throws -> ChainSurface {
    let chain = try chain()
    let session = try #require(chain.session(on: date))
    return try ChainSurface(chain, session, at: minute, rate: rate)
  }

  /// Strikes around a price of 100 in steps of 1, at Black's prices of a smile and a rate of 0, in cents with a spread.
  static func made(
    strikes: ClosedRange<Int>, expiry: String = "2024-03-15", halfSpread: Double = 0.02,
    volatility: (Double) -> Double
  ) throws -> QuotedChain {
    var made = QuotedChain(underlying: "XSP")
    let calendar = TradingCalendar.xnys
    let date = try #require(CalendarDate(expiry))
    let (first, last) = (try #require(calendar.ordinal(of: made.date)), try #require(calendar.ordinal(of: date)))
    let years = VarianceClock().years(over: calendar.remainingSessions(from: first, minute: 390, to: last))
    for strike in strikes {
      for right in [OptionSymbol.Right.call, .put] {
        let value = try BlackScholes.plainValue(
          OptionTerms(
            right == .call ? .call : .put, spot: 100, strike: Double(strike), years: years,
            volatility: volatility(log(Double(strike) / 100))))
        let (bid, ask) = (max(value.price - halfSpread, 0), value.price + halfSpread)
        try made.add(
          "XSP", expiry, right, strike, Int32((bid * 10_000).rounded()), Int32((ask * 10_000).rounded()))
      }
    }
    return made
  }
}

@Suite struct ChainSurfaceTests {
  private func goldenChain() throws -> QuotedChain {
    let golden = try golden.get()
    var chain = QuotedChain()
    for quote in golden.quotes {
      try chain.add(quote.root, quote.expiry, quote.sign > 0 ? .call : .put, quote.strike, quote.bid, quote.ask)
    }
    return chain
  }

  @Test func forwardsAndDiscountsAreThoseOfTheGoldenFile() throws {
    let golden = try golden.get()
    let surface = try goldenChain().surface()
    #expect(surface.expiries.count == golden.expiries.count)
    #expect(isNear(surface.rate.value, golden.rate, 1e-7))
    for (found, wanted) in zip(surface.expiries, golden.expiries) {
      #expect(found.strikes.root == wanted.root && "\(found.strikes.expiry)" == wanted.expiry)
      #expect(isNear(found.years, wanted.years, 1e-14) && isNear(found.calendarYears, wanted.calendarYears, 1e-14))
      let pairs = try #require(ParityPairs(found.strikes.pairs, exercisedEarly: false))
      #expect(pairs.near.count == wanted.pairs)
      let line = try #require(ChainForward.line(pairs.near))
      #expect(isNear(line.forward, wanted.lineForward), "\(line.forward) \(wanted.lineForward)")
      #expect(isNear(line.discount, wanted.lineDiscount), "\(line.discount) \(wanted.lineDiscount)")
      #expect(isNear(line.discountError, wanted.lineDiscountError))
      let forward = try #require(found.forward)
      #expect(isNear(forward.forward, wanted.forward) && isNear(forward.discount, wanted.discount))
      #expect((forward.discountSource == .parity) == wanted.isOwn)
      // Two wrong quotes, a crossed one and one without an ask move nothing beyond what the spreads leave open.
      #expect(abs(forward.forward - wanted.trueForward) < 4 * forward.forwardError, "\(forward)")
    }
  }

  @Test func volatilitiesOfQuotesAreThoseOfTheGoldenFile() throws {
    let golden = try golden.get()
    let surface = try goldenChain().surface()
    for (found, wanted) in zip(surface.expiries, golden.expiries) {
      let forward = try #require(found.forward)
      var compared = 0
      for point in found.points {
        let strike = Int((forward.forward * exp(point.logMoneyness)).rounded())
        let other = try #require(wanted.volatilities.first { $0.strike == strike })
        #expect(isNear(point.volatility, other.volatility, 1e-8), "\(strike): \(point) \(other)")
        compared += 1
      }
      #expect(compared > 40 && compared + found.leftOut >= wanted.volatilities.count)
    }
  }

  /// The chain was made of SVI: it is found again within the spreads, wrong quotes or not.
  @Test func theSmileThatAChainWasMadeOfIsFound() throws {
    let golden = try golden.get()
    let surface = try goldenChain().surface()
    for (found, wanted) in zip(surface.expiries, golden.expiries) {
      let smile = try #require(found.smile)
      let truth = RawSVI(
        a: wanted.svi[0], b: wanted.svi[1], rho: wanted.svi[2], m: wanted.svi[3], sigma: wanted.svi[4])
      for k in stride(from: -3.0, through: 2, by: 0.5) {
        let x = k * smile.deviation
        let volatility = (truth.totalVariance(at: x) / wanted.years).squareRoot()
        #expect(
          abs(smile.volatility(logMoneyness: x) / volatility - 1) < 0.02,
          "\(wanted.root) \(wanted.expiry) k \(k): \(smile.volatility(logMoneyness: x)) \(volatility)")
      }
      #expect(abs(smile.atTheMoney / 0.125 - 1) < 0.005)
      #expect(found.refusal == nil && found.whyInterpolated == nil && found.butterfliesLeft == 0)
      let residuals = try #require(found.residuals)
      // Two of the wrong quotes are among them.
      #expect(residuals.inside * 10 >= residuals.count * 9, "\(wanted.root) \(wanted.expiry) \(residuals)")
    }
  }

  @Test func negativeDensitiesAreFoundWhereDurrlemansConditionHasThem() throws {
    let golden = try golden.get()
    var negative = 0
    for one in golden.smiles {
      let svi = RawSVI(a: one.svi[0], b: one.svi[1], rho: one.svi[2], m: one.svi[3], sigma: one.svi[4])
      let deviation = svi.totalVariance(at: 0).squareRoot()
      let smile = ChainSmile(.svi(svi), atTheMoney: deviation, years: 1, quoted: -10...10)
      let found = ArbitrageCheck.butterflies(of: smile)
      #expect((found.negative > 0) == one.isNegative, "\(one)")
      for (place, wanted) in [(found.below, one.below), (found.above, one.above)] {
        if let place, let wanted { #expect(abs(place - wanted) < 2.5 * ArbitrageCheck.step, "\(place) \(one)") }
      }
      guard one.isNegative else { continue }
      negative += 1
      let mended = ArbitrageCheck.mended(smile, found)
      #expect(mended.isCut || mended.flattening > 0)
      #expect(ArbitrageCheck.butterflies(of: mended).negative == 0, "\(one)")
      #expect(isNear(mended.atTheMoney, deviation, 1e-12))
    }
    #expect(negative == 30 && golden.vogtNegativeFrom > 4)
  }

  /// An earlier expiry that is dearer: the later one is raised where the earlier is quoted, and has no butterfly for it.
  @Test func aLaterExpiryIsRaisedToAnEarlierOne() throws {
    func chain(_ laterVolatility: Double) throws -> QuotedChain {
      var both = try QuotedChain.made(strikes: 90...110) { _ in 0.2 }
      both.rows += try QuotedChain.made(strikes: 90...110, expiry: "2024-03-18") { _ in laterVolatility }.rows
      return both
    }
    let clean = try chain(0.2).surface()
    #expect(clean.expiries.map(\.calendar.places) == [0, 0])
    // Less variance for a longer time, by little: within what a repair may do at the money.
    let bad = try chain(0.18).surface()
    let (first, second) = (bad.expiries[0], bad.expiries[1])
    #expect(second.calendar.places > 0 && second.refusal == nil)
    let (early, late) = (try #require(first.smile), try #require(second.smile))
    #expect(early.quoted.lowerBound < -0.02 && early.quoted.upperBound > 0.02)
    for x in stride(from: early.quoted.lowerBound, through: early.quoted.upperBound, by: 0.002) {
      #expect(late.totalVariance(at: x) >= early.totalVariance(at: x) * (1 - 1e-12))
    }
    #expect(second.butterfliesLeft == 0)
    // By much: its own quotes say another volatility at the money, and it is refused.
    let worse = try chain(0.12).surface()
    #expect(worse.expiries[1].smile == nil)
    guard case .atTheMoneyMoved(let from, let to)? = worse.expiries[1].refusal else {
      Issue.record("\(String(describing: worse.expiries[1].refusal))")
      return
    }
    #expect(abs(from - 0.12) < 0.005 && to > from)
  }

  @Test func volatilityAtTheMoneyIsFoundBetweenExpiries() throws {
    var both = try QuotedChain.made(strikes: 90...110) { _ in 0.2 }
    both.rows += try QuotedChain.made(strikes: 85...115, expiry: "2024-04-19") { _ in 0.3 }.rows
    let surface = try both.surface()
    let (first, last) = (surface.expiries[0], surface.expiries[1])
    #expect(surface.atTheMoney(years: first.years / 2) == nil && surface.atTheMoney(years: last.years * 2) == nil)
    let middle = (first.years + last.years) / 2
    let found = try #require(surface.atTheMoney(years: middle))
    let wanted = ((0.04 * first.years + 0.09 * last.years) / 2 / middle).squareRoot()
    #expect(abs(found / wanted - 1) < 0.01, "\(found) \(wanted)")
  }

  // MARK: Quotes that say too little

  /// Two to six strikes, some of them wrong: a fit is near the quotes' own volatility at the money, or there is none.
  @Test func shortSmilesFitOrAreRefused() throws {
    var random = SystemRandomNumberGenerator()
    var forms: Set<String> = []
    for _ in 0..<300 {
      let low = Int.random(in: 94...99, using: &random)
      let high = Int.random(in: 101...106, using: &random)
      var chain = try QuotedChain.made(strikes: low...high, halfSpread: 0.03) { 0.17 - 0.3 * $0 }
      let dropped = Int.random(in: 0...6, using: &random)
      for _ in 0..<dropped where chain.rows.count > 4 {
        chain.rows.remove(at: Int.random(in: 0..<chain.rows.count, using: &random))
      }
      if Bool.random(using: &random) {
        let place = Int.random(in: 0..<chain.rows.count, using: &random)
        chain.rows[place].bid *= 3
        chain.rows[place].ask *= 3
      }
      guard let surface = try? chain.surface() else { continue }
      let expiry = surface.expiries[0]
      guard let smile = expiry.smile else {
        #expect(expiry.refusal != nil)
        forms.insert("refused")
        continue
      }
      forms.insert(smile.form.name)
      let quoted = try #require(SmileFit.quotedAtTheMoney(expiry.points))
      #expect(abs(smile.atTheMoney / quoted - 1) <= 0.0501, "\(smile.atTheMoney) \(quoted)")
      // No wrong quote makes more of 17 % than what it says itself.
      let largest = try #require(expiry.points.map(\.volatility).max())
      #expect(smile.atTheMoney <= largest * 1.05)
    }
    #expect(forms.count >= 3, "\(forms)")
  }

  @Test func oneStrikeIsRefusedWithItsCause() throws {
    let surface = try QuotedChain.made(strikes: 100...100) { _ in 0.2 }.surface()
    #expect(surface.expiries.map(\.refusal) == [.oneStrike])
    #expect(surface.expiries.allSatisfy { $0.smile == nil })
  }

  @Test func strikesOnOneSideOfTheForwardAreRefused() throws {
    let surface = try QuotedChain.made(strikes: 103...112) { _ in 0.3 }.surface()
    guard case .oneSideOfForward? = surface.expiries[0].refusal else {
      Issue.record("\(String(describing: surface.expiries[0].refusal))")
      return
    }
  }

  @Test func bidsOfZeroSayWhatToDo() throws {
    var chain = try QuotedChain.made(strikes: 95...105) { _ in 0.2 }
    for row in chain.rows.indices { chain.rows[row].bid = 0 }
    #expect(throws: ChainSurfaceProblem.noTwoSides("XSP", chain.date, minute: 390, contracts: 22)) {
      try chain.surface()
    }
    let text = ChainSurfaceProblem.noTwoSides("XSP", chain.date, minute: 390, contracts: 22).description
    #expect(
      text
        == "none of 22 quotes of XSP at 16:00 on 2024-03-07 has a bid and a higher ask: choose a moment at which the "
        + "exchange was open")
  }

  /// What was quoted after the moment, or more than two minutes before it, is not looked at.
  @Test func nothingLaterAndNothingStaleIsRead() throws {
    var early = try QuotedChain.made(strikes: 95...105) { _ in 0.2 }
    for row in early.rows.indices { early.rows[row].minute = 99 }
    let at100 = try early.surface(at: 100)
    var both = early
    for row in early.rows {
      both.rows.append((row.contract, 100, row.bid + 20_000, row.ask + 20_000))
      both.rows.append((row.contract, 103, row.bid * 2, row.ask * 2))
    }
    let again = try both.surface(at: 100)
    #expect(again.expiries[0].points == at100.expiries[0].points)
    #expect(again.expiries[0].forward == at100.expiries[0].forward)
    #expect(try early.surface(at: 102).expiries[0].points.count == at100.expiries[0].points.count)
    #expect(throws: ChainSurfaceProblem.nothingFresh("XSP", early.date, minute: 103, last: 100, next: nil)) {
      try early.surface(at: 103)
    }
    #expect(throws: ChainSurfaceProblem.nothingFresh("XSP", early.date, minute: 99, last: nil, next: 100)) {
      try early.surface(at: 99)
    }
    #expect(throws: ChainSurfaceProblem.noMoment(date: early.date, minute: 391)) { try early.surface(at: 391) }
  }

  /// Today's own expiry at the close, and one that no contract has.
  @Test func whatHasExpiredIsRefused() throws {
    var chain = try QuotedChain.made(strikes: 95...105) { _ in 0.2 }
    let rows = chain.rows
    for row in rows {
      chain.rows.append(
        (
          OptionContract(
            root: "XSP", expiry: chain.date, right: row.contract.right,
            strikeThousandths: Int(row.contract.strikeThousandths)), 389, row.bid, row.ask
        ))
    }
    let surface = try chain.surface()
    #expect(surface.expiries.map(\.refusal) == [.expired, nil])
  }

  @Test func aGivenRateIsTheRate() throws {
    let surface = try QuotedChain.made(strikes: 90...110) { _ in 0.2 }.surface(rate: 0.05)
    let forward = try #require(surface.expiries[0].forward)
    #expect(forward.discountSource == .given)
    #expect(isNear(forward.discount, exp(-0.05 * surface.expiries[0].calendarYears), 1e-15))
  }

  @Test func aMonotoneCurveStaysBetweenItsPoints() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<200 {
      var places: [Double] = []
      var place = -1.0
      for _ in 0..<Int.random(in: 1...9, using: &random) {
        place += Double.random(in: 0.01...0.5, using: &random)
        places.append(place)
      }
      let values = places.map { _ in Double.random(in: 0.01...1, using: &random) }
      let curve = MonotoneCurve(places: places, values: values)
      for (x, value) in zip(places, values) { #expect(abs(curve.value(at: x) - value) < 1e-12) }
      for index in places.indices.dropLast() {
        let (low, high) = (min(values[index], values[index + 1]), max(values[index], values[index + 1]))
        for share in stride(from: 0.0, through: 1, by: 0.05) {
          let value = curve.value(at: places[index] + share * (places[index + 1] - places[index]))
          #expect(value >= low - 1e-12 && value <= high + 1e-12)
        }
      }
      #expect(curve.value(at: -5) == values[0] && curve.value(at: 50) == values[values.count - 1])
    }
  }
}
