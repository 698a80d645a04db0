// Defects of chains a hair above each threshold of the gate: found, with contract and minute; and a hair below: not.

import Kernels
import Testing

@testable import Market

@Suite struct PlantedChainTests {
  private static func clean(_ defect: ChainDefect) -> PlantedChain {
    switch defect {
    // Without early exercise.
    case .belowIntrinsicWarns, .belowIntrinsicFails, .aboveBoundWarns, .aboveBoundFails, .parityWarns, .parityFails:
      ChainDefect.clean("XSP", isNear: false)
    case .otherUnderlyingFails:
      PlantedChain(
        dates: ["2024-03-07"], minutes: (0..<200).map { Int32($0) }, strikes: [98, 99, 100, 101, 102], hasGreeks: true)
    case .staleUnderlying: ChainDefect.clean("XYZ", isNear: true)
    case .vendorVolatility, .deltaUnit, .thetaUnit, .thetaSign:
      PlantedChain(dates: ["2024-03-07"], minutes: [0, 60, 120, 180, 240], hasGreeks: true)
    default: ChainDefect.clean("XYZ", isNear: false)
    }
  }

  private static func findings(_ planted: PlantedChain) -> [QualityFinding] {
    ChainGate.findings([planted.chain()], bars: []).filter { $0.kind != "no-underlying-bars" }
  }

  /// Those of the check alone that asks: the whole gate takes thirty times as long.
  private static func findings(_ planted: PlantedChain, of defect: ChainDefect) -> [QualityFinding] {
    var planted = planted
    if [.vendorVolatility, .deltaUnit, .thetaUnit, .thetaSign].contains(defect) {
      let chain = planted.chain()
      return PricedChecks(chain).findings(in: chain)
    }
    if [.lowVolatilities, .highVolatility, .highVolatilitiesFail, .deltaSignWarns, .deltaSignFails].contains(defect) {
      let chain = planted.chain()
      return ChainVolatilityCheck(chain).findings(in: chain)
    }
    // Prices alone.
    (planted.hasVolatilities, planted.hasGreeks) = (false, false)
    let chain = planted.chain()
    return switch defect {
    case .negativeQuote, .clearedQuotes, .crossedWarns, .crossedFails, .lockedWarns, .orderWarns, .orderFails:
      ChainQuoteCheck(chain).findings(in: chain)
    case .exchanged, .mixed, .scaledStrikes, .otherUnderlying, .otherUnderlyingFails, .staleUnderlying:
      ChainUnderlyingCheck(chain, UnderlyingPrices([])).findings(in: chain)
    default: PricedChecks(chain).findings(in: chain)
    }
  }

  @Test func cleanChainsHaveNoFinding() {
    for defect in ChainDefect.allCases {
      let found = Self.findings(Self.clean(defect))
      #expect(found.isEmpty, "\(defect): \(found)")
    }
  }

  @Test(arguments: ChainDefect.allCases)
  func defectsAreFoundAboveTheirThresholdsAndNotBelow(_ defect: ChainDefect) {
    let clean = Self.clean(defect)
    for trial in 0..<200 as Range<UInt64> {
      for isAbove in [true, false] {
        var random = RandomStream(seed: isAbove ? 83 : 84, purpose: .market, lane: UInt32(trial))
        var chain = clean
        let planted = defect.plant(in: &chain, isAbove: isAbove, &random)
        // The whole gate says what the check says.
        let all = trial < 10 ? Self.findings(chain) : Self.findings(chain, of: defect)
        let found = all.filter { $0.kind == planted.kind }
        guard isAbove else {
          #expect(
            found.allSatisfy { planted.severity == .fail && $0.severity == .warn },
            "trial \(trial), \(defect): \(found)")
          continue
        }
        #expect(found.map(\.severity) == [planted.severity], "trial \(trial), \(defect): \(found)")
        #expect(
          planted.count == 0 || found.first?.count == planted.count, "trial \(trial), \(defect): \(planted), \(found)")
        let samples = found.first?.samples ?? []
        #expect(
          samples.count == min(max(planted.count, 1), QualityFinding.sampleLimit)
            || planted.count == 0 && samples.count == QualityFinding.sampleLimit,
          "trial \(trial), \(defect): \(samples)")
        for sample in samples {
          #expect(planted.places.contains { sample.contains($0) }, "trial \(trial), \(defect): \(sample)")
        }
        #expect(found.first?.firstDate == clean.dates[0] && found.first?.lastDate == clean.dates[0])
      }
    }
  }

  // MARK: Contracts, rows and bars

  private static func chain(
    _ root: String, _ expiry: CalendarDate, _ dates: [CalendarDate], _ random: inout RandomStream,
    conflicts: [ChainConflict] = []
  ) -> OptionChain {
    let contract = OptionContract(
      root: root, expiry: expiry, right: random.nextDouble() < 0.5 ? .call : .put,
      strikeThousandths: 1 + Int(random.nextInteger(below: 99_999_999)))
    var columns = [[Int32]](repeating: [], count: ChainColumn.allCases.count)
    columns[ChainColumn.bid.rawValue] = [10_000]
    columns[ChainColumn.ask.rawValue] = [10_100]
    return OptionChain(
      underlying: "XYZ", contracts: [contract],
      sessions: dates.map {
        ChainSession(
          date: $0, isExtendedHours: false, contracts: [0], minutes: [5], columns: columns, openInterest: [7],
          underlying: [])
      }, declaration: ChainDeclaration(), conflicts: conflicts)
  }

  private static func day(_ random: inout RandomStream, years: ClosedRange<Int>) -> CalendarDate {
    let first = CalendarRule.date(years.lowerBound, 1, 1)
    return first.advanced(by: Int(random.nextInteger(below: UInt64(365 * years.count))))
  }

  /// Dates on which no contract expires are Sundays, and Saturdays since February 2015; on holidays and the Saturdays before contracts are dated.
  @Test func expiriesOnWhichNothingExpiresAreFoundByContract() {
    let calendar = TradingCalendar.xnys
    for trial in 0..<200 as Range<UInt64> {
      var random = RandomStream(seed: 85, purpose: .market, lane: UInt32(trial))
      for isAbove in [true, false] {
        let isSaturday = random.nextDouble() < 0.5
        var expiry = Self.day(&random, years: isSaturday && !isAbove ? 1996...2014 : 2015...2026)
        // The Saturday on the border, now and then.
        if isSaturday, trial % 20 == 0 { expiry = CalendarRule.date(2015, isAbove ? 2 : 1, isAbove ? 2 : 26) }
        while isSaturday
          ? expiry.weekday != 6
          : isAbove ? expiry.weekday != 7 : expiry.weekday > 5 || calendar.isSession(expiry) != false
        { expiry = expiry.advanced(by: 1) }
        var date = expiry.advanced(by: -14)
        while calendar.isSession(date) != true { date = date.advanced(by: -1) }
        let chain = Self.chain("XYZ", expiry, [date], &random)
        let found = ChainGate.findings([chain], bars: []).filter { $0.kind == "no-such-expiry" }
        #expect(found.map(\.severity) == (isAbove ? [.fail] : []), "trial \(trial): \(expiry)")
        if isAbove {
          #expect(found.first?.samples == ["\(chain.contracts[0]), expiry \(expiry)"])
          #expect(found.first?.firstDate == date)
        }
      }
    }
  }

  /// In the session behind its last one a contract's rows are told, in the last one they are not.
  @Test func rowsAfterTheLastSessionAreFoundByContract() throws {
    let calendar = TradingCalendar.xnys
    for trial in 0..<200 as Range<UInt64> {
      var random = RandomStream(seed: 86, purpose: .market, lane: UInt32(trial))
      let root = ["XYZ", "SPX", "SPXW", "NDX", "XSP", "VIX"].pick(&random)
      var expiry = Self.day(&random, years: 1996...2026)
      while expiry.weekday > 5 { expiry = expiry.advanced(by: 1) }
      let contract = OptionContract(root: root, expiry: expiry, right: .call, strikeThousandths: 1)
      let last = try #require(ContractLife(contract)?.lastSession)
      let next = calendar.sessions[try #require(calendar.ordinal(of: last)) + 1].date
      for isAbove in [true, false] {
        let chain = Self.chain(root, expiry, isAbove ? [last, next] : [last], &random)
        let found = ChainGate.findings([chain], bars: []).filter { $0.kind == "after-last-session" }
        #expect(found.map(\.severity) == (isAbove ? [.warn] : []), "trial \(trial): \(contract)")
        if isAbove {
          #expect(found.first?.samples == ["\(chain.contracts[0]) on \(next), last session \(last)"])
          #expect(found.first?.firstDate == next && found.first?.count == 1)
        }
      }
    }
  }

  /// Two rows of one contract and minute that differ by the smallest step, and two that do not.
  @Test func contradictingRowsAreFoundByContractAndMinute() throws {
    let (date, expiry) = (CalendarRule.date(2024, 3, 7), CalendarRule.date(2024, 3, 15))
    for trial in 0..<200 as Range<UInt64> {
      var random = RandomStream(seed: 87, purpose: .market, lane: UInt32(trial))
      let again = Int(random.nextInteger(below: 120))
      let (isBid, isUnderlying) = (random.nextDouble() < 0.5, random.nextDouble() < 0.5)
      for step in [1, 0] as [Int32] {
        var builder = ChainBuilder(underlying: "XYZ", columns: [.bid, .ask])
        let root = builder.root("XYZ")
        func add(_ row: Int, _ step: Int32) {
          let number = builder.number(
            root: root, expiry: expiry, right: row % 2 == 0 ? .call : .put,
            strikeThousandths: 90_000 + 1000 * (row % 20))
          builder.add(
            contract: number, date: date, isExtendedHours: false, minute: Int32(row / 20),
            values: [
              10_000 + (isBid && !isUnderlying ? step : 0), 10_200 + (isBid || isUnderlying ? 0 : step),
            ], openInterest: 50, underlying: 1_000_000 + (isUnderlying ? step : 0))
        }
        for row in 0..<120 { add(row, 0) }
        add(again, step)
        let finished = builder.finish()
        let chain = try #require(finished)
        let kind = isUnderlying ? "different-underlying" : "different-quotes"
        let found = ChainGate.findings([chain], bars: []).filter { $0.kind == kind }
        #expect(found.map(\.severity) == (step == 0 ? [] : isUnderlying ? [.warn] : [.fail]), "trial \(trial)")
        guard step > 0 else { continue }
        let contract = chain.contracts.first {
          $0.strikeThousandths == 90_000 + 1000 * (again % 20) && ($0.right == .call) == (again % 2 == 0)
        }
        let name = isUnderlying ? "XYZ" : contract?.description ?? "none"
        #expect(found.first?.samples.first?.hasPrefix("\(name) 2024-03-07 minute \(again / 20): ") == true)
      }
    }
  }

  /// Of 1066 values of open interest two that change in the day warn and eleven fail, one and ten do not.
  @Test func openInterestThatChangesIsFoundByContract() {
    let dates = TradingCalendar.xnys.sessions.map(\.date).filter { $0 >= CalendarRule.date(2024, 2, 1) }.prefix(13)
    var clean = PlantedChain(dates: dates.map { "\($0)" }, minutes: [0])
    clean.hasVolatilities = false
    for trial in 0..<200 as Range<UInt64> {
      var random = RandomStream(seed: 88, purpose: .market, lane: UInt32(trial))
      for (count, severity) in [(1, nil), (2, .warn), (10, .warn), (11, .fail)] as [(Int, QualityFinding.Severity?)] {
        let conflicts = (0..<count).map { _ in
          ChainConflict(
            kind: .openInterest, contract: clean.contracts.pick(&random), date: clean.dates.pick(&random), minute: 0,
            first: 50, second: 51)
        }
        let found = ChainGate.findings([clean.chain(conflicts: conflicts)], bars: []).filter {
          $0.kind == "open-interest-changes"
        }
        #expect(found.map(\.severity) == [severity].compactMap { $0 }, "trial \(trial), \(count)")
        guard let sample = found.first?.samples.first else { continue }
        #expect(sample.hasPrefix("\(conflicts[0].contract?.description ?? "none") \(conflicts[0].date) minute 0: "))
      }
    }
  }

  /// Bars of all minutes but one of those that are quoted, and of all.
  @Test func quotesWithoutABarOfTheirMinuteAreFound() throws {
    var clean = ChainDefect.clean("XYZ", isNear: false)
    (clean.hasVolatilities, clean.hasGreeks) = (false, false)
    let chain = clean.chain()
    let session = try #require(TradingCalendar.xnys.session(on: clean.dates[0]))
    for trial in 0..<200 as Range<UInt64> {
      var random = RandomStream(seed: 89, purpose: .market, lane: UInt32(trial))
      let missing = Int(clean.minutes.pick(&random))
      for isAbove in [true, false] {
        var bars = BarSeries(symbol: "XYZ", width: .minute)
        // Of the minute that is left out, or of the one behind it, which no quote is of.
        for minute in 0..<390 where minute != (isAbove ? missing : missing + 1) {
          bars.append(
            start: session.start(ofMinute: minute), open: 100, high: 100, low: 100, close: 100, volume: 1)
        }
        let found = ChainUnderlyingCheck(chain, UnderlyingPrices([bars])).findings(in: chain)
        #expect(found.map(\.kind) == (isAbove ? ["no-bar-of-minute"] : []), "trial \(trial): \(found)")
        if isAbove { #expect(found.first?.samples == ["2024-03-07 minute \(missing)"]) }
      }
    }
  }
}
