// What options cost and paid: against the golden file, without a look ahead, and what is left out.

import Foundation
import Kernels
import Pricing
import TestSupport
import Testing

@testable import Market

@Suite struct PremiumStudyTests {
  private func study(_ golden: SurfaceGolden) throws -> PremiumStudy {
    try PremiumStudy(
      underlying: SurfaceGolden.series("SPX", golden.closes, opens: golden.opens),
      index: SurfaceGolden.series("VIX", golden.index))
  }

  @Test func figuresAreThoseOfTheGoldenFile() throws {
    let golden = try SurfaceGolden.file.get()
    let study = try study(golden)
    #expect(study.leftOut == 0)
    let evenings = study.history.evenings
    #expect(evenings.count == golden.ratios.count && study.evenings.count == evenings.count - 1)
    for (evening, ratio) in zip(evenings, golden.ratios) { #expect(SurfaceGolden.isNear(evening.fairRatio, ratio)) }
    #expect(Set(golden.figures.map(\.level)) == Set(PremiumStudy.Level.allCases.map(\.rawValue)))
    for wanted in golden.figures {
      let level = try #require(PremiumStudy.Level(rawValue: wanted.level))
      let contract = try #require(PremiumStudy.Contract(rawValue: wanted.contract))
      let figures = try #require(
        try study.figures(contract, level, wanted.sessions == 0 ? .withinSession : .sessions(wanted.sessions)))
      let found = wanted.withoutDrift ? figures.withoutDrift : figures.asItWas
      #expect(SurfaceGolden.isNear(found.costOverPayoff, wanted.costOverPayoff, 1e-9), "\(wanted)")
      #expect(SurfaceGolden.isNear(found.keptBySeller, wanted.keptBySeller, 1e-9), "\(wanted)")
      #expect(SurfaceGolden.isNear(found.standardError, wanted.standardError, 1e-9), "\(wanted)")
    }
  }

  /// The ratio of an evening is made of what was over by then: another future does not change it.
  @Test func theRatioDoesNotLookAhead() throws {
    let golden = try SurfaceGolden.file.get()
    var changed = golden
    for place in 600..<changed.closes.count { changed.closes[place] *= 1 + 0.1 * Double(place % 2) }
    let (study, other) = (try study(golden), try self.study(changed))
    for place in 0..<600 { #expect(study.history.evenings[place] == other.history.evenings[place]) }
    #expect(study.history.evenings[700].fairRatio != other.history.evenings[700].fairRatio)
  }

  @Test func whatIsNotInSuccessionIsLeftOutAndCounted() throws {
    let golden = try SurfaceGolden.file.get()
    var index = try SurfaceGolden.series("VIX", golden.index)
    index.close[400] = 0
    let study = try PremiumStudy(underlying: SurfaceGolden.series("SPX", golden.closes), index: index)
    #expect(study.leftOut == 1)
    #expect(study.evenings.count == golden.ratios.count - 3)
    #expect(throws: PremiumProblem.self) {
      try PremiumStudy(
        underlying: SurfaceGolden.series("SPX", [1000, 1001]), index: SurfaceGolden.series("VIX", [16]))
    }
  }

  /// Opens that are the closes before say nothing of what an option bought at the open pays.
  @Test func opensThatAreNoneGiveNoFigure() throws {
    let golden = try SurfaceGolden.file.get()
    let before = [golden.closes[0]] + golden.closes.dropLast()
    let study = try PremiumStudy(
      underlying: SurfaceGolden.series("SPX", golden.closes, opens: before),
      index: SurfaceGolden.series("VIX", golden.index))
    let none = try study.figures(.straddle, .fair, .withinSession)
    #expect(none == nil)
    let some = try study.figures(.straddle, .fair)
    #expect(some != nil)
  }
}

@Suite struct SurfaceHistoryTests {
  /// A symbol that moves twice as much as the index's own has a ratio of 2 from its 64th session on, and the fair ratio of the other.
  @Test func anotherSymbolIsComparedWithTheBenchmark() throws {
    let golden = try SurfaceGolden.file.get()
    var closes = [100.0]
    for (before, close) in zip(golden.closes, golden.closes.dropFirst()) {
      closes.append(closes[closes.count - 1] * exp(2 * log(close / before)))
    }
    let benchmark = try SurfaceGolden.series("SPX", golden.closes)
    let index = try SurfaceGolden.series("VIX", golden.index)
    let history = SurfaceHistory(
      underlying: try SurfaceGolden.series("XYZ", closes), index: index, benchmark: benchmark)
    let alone = SurfaceHistory(underlying: benchmark, index: index)
    #expect(history.evenings[62].symbolRatio == nil && history.evenings[62].comparedSessions == 62)
    for place in 63..<closes.count {
      let ratio = try #require(history.evenings[place].symbolRatio)
      #expect(SurfaceGolden.isNear(ratio, 2, 1e-9))
      #expect(history.evenings[place].fairRatio == alone.evenings[place].fairRatio)
    }
    #expect(throws: SurfaceError.shortHistory("XYZ", sessions: 62, needed: 63)) {
      try history.knowledge(of: history.evenings[62])
    }
    // Without anything to compare with there is no ratio; one that is given is taken.
    let none = SurfaceHistory(underlying: try SurfaceGolden.series("XYZ", closes), index: index)
    #expect(none.evenings.allSatisfy { $0.symbolRatio == nil })
    let given = SurfaceHistory(underlying: try SurfaceGolden.series("XYZ", closes), index: index, ratio: 2)
    #expect(given.evenings.allSatisfy { $0.symbolRatio == 2 })
    #expect(abs(given.evenings[800].fairRatio / alone.evenings[800].fairRatio - 1) < 0.01)
  }

  /// The evening before a session, told in the session's own dollars; never that of the session itself.
  @Test func whatIsKnownIsOfTheEveningBefore() throws {
    let golden = try SurfaceGolden.file.get()
    var underlying = try SurfaceGolden.series("SPX", golden.closes)
    for place in 0..<100 { underlying.adjustmentFactors[place] = 0.5 }
    let index = try SurfaceGolden.series("VIX", golden.index)
    let history = SurfaceHistory(underlying: underlying, index: index)
    let calendar = TradingCalendar.xnys
    let ordinal = try #require(calendar.ordinal(of: underlying.dates[100]))
    let evening = try #require(history.evening(before: ordinal))
    #expect(evening.date == underlying.dates[99] && evening.index == golden.index[99])
    let known = try history.knowledge(of: evening, adjustmentFactor: 1)
    #expect(known.spotThen == golden.closes[99] / 2)
    #expect(known.indexKnown == calendar.sessions[ordinal - 1].close)
    #expect(history.evening(before: try #require(calendar.ordinal(of: underlying.dates[0]))) == nil)
    // A level of the session's own close is refused by its time, whoever offers it.
    var early = known
    early.indexKnown = calendar.sessions[ordinal].close
    #expect(throws: SurfaceError.self) {
      try SyntheticSurface(.fair, early, at: calendar.sessions[ordinal].start(ofMinute: 389))
    }
  }
}
