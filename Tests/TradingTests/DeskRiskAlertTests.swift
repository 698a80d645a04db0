// Scripted days under limits: what is active, what is told, and what closes or halts besides the losses.

import Market
import Testing
import Trading
import Workstation

@Suite struct DeskRiskAlertTests {
  private typealias Day = DeskRiskTests

  /// Limits that nothing here meets, so that one rule alone is seen.
  private static func wide(_ profile: inout RiskProfile) {
    profile.limits.deltaFraction = 100
    profile.limits.gammaFraction = 100
    profile.limits.vegaFraction = 100
    profile.limits.shockFraction = 100
    profile.limits.decayDollars = 1e6
  }

  @Test func `one line names every part that trades, and its state by what an earlier process left`() throws {
    let text = Day.log(try Day.play(Day.entry(1) + Day.close))
    #expect(
      text.contains("active: execution realistic, rule A: limits fill once the market is 1 tick through them; fees"))
    #expect(text.contains("; limits one_percent_move delta 20.0%, gamma 10.0%, theta $100.00, vega 15.0%, shock 20.0%"))
    #expect(text.contains("; margin gross, uncovered shorts at the exchange's requirement; state ACTIVE"))
    #expect(!text.contains("opens HALTED"), "no session begins in the pause behind a jump")
    var state = RiskState()
    (state.high, state.isKilled) = (20_000_000_000, true)
    let record = RiskRecord(of: state, session: try #require(CalendarDate("2025-12-10")))
    #expect(Day.log(try Day.play(Day.entry(1) + Day.close, record: record)).contains("; state HALTED"))
    let free = try DeskPlay(
      try DeskScript(Array("{\"session\": \"2025-12-11\"}\n".utf8), path: "day.jsonl"), DeskSettings())
    #expect(Day.log(free).contains("limits none; --risk trades under limits"))
  }

  @Test func `a profile that contradicts itself is refused before anything is traded`() throws {
    #expect(throws: RiskError.self) {
      try Day.play(Day.entry(1) + Day.close) { $0.sessionTiers.halt = 0.5 }
    }
  }

  @Test
  func `what the market moved over a limit is closed where the profile says so, the last first, and no more than that`()
    throws
  {
    var day = [
      Day.price("15:00", 600), Day.quote(Day.far, "15:00", 0.05, 0.06),
      "{\"order\": 1, \"time\": \"15:00\", \"opens\": {\"\(Day.far)\": 1}, \"quantity\": 2}",
      "{\"order\": 2, \"time\": \"15:00\", \"opens\": {\"\(Day.far)\": 1}, \"quantity\": 2}",
      Day.price("15:01", 600), Day.quote(Day.far, "15:01", 0.05, 0.06),
    ]
    // Four calls at the money turn by 1,300 dollars for 1 %, of 1,030.
    for minute in ["15:02", "15:03", "15:04"] {
      day += [Day.price(minute, 606), Day.quote(Day.far, minute, 0.88, 0.90)]
    }
    day.append("{\"order\": 3, \"time\": \"15:04\", \"opens\": {\"\(Day.far)\": 1}, \"quantity\": 2}")
    func play(_ closes: Bool) throws -> String {
      Day.log(
        try Day.play(day + Day.close) { profile in
          profile.limits.decayDollars = 10_000
          profile.closesDrift = closes
        })
    }
    let closing = try play(true)
    #expect(closing.contains("15:02 own closes order 2: the market moved a limit past what is allowed"))
    #expect(closing.contains("15:03 own sold 2 \(Day.far) at 0.88"))
    #expect(!closing.contains("closes order 1: the market"))
    #expect(closing.contains("drift by the market: gamma 1"))
    // Off: nothing is closed, and nothing that adds to it opens.
    let waiting = try play(false)
    #expect(!waiting.contains("the market moved a limit"))
    #expect(waiting.contains("3 refused: gamma is 1,"))
    #expect(waiting.contains("drift by the market: gamma 1"))
  }

  @Test func `the rank of volatility makes orders smaller`() throws {
    func bought(_ lines: [String]) throws -> String {
      Day.log(try Day.play(lines + Day.entry(20) + Day.close, change: Self.wide))
    }
    let calm = try bought([])
    #expect(calm.contains("1 bought 6 \(Day.call) at 0.88") && !calm.contains("1 reduced"))
    let high = try bought(["{\"volatility_rank\": 0.7}"])
    #expect(high.contains("1 reduced to 11 of 20: order size is 0.00 and would be 1,780.00, at most 1,000.00"))
    #expect(throws: DeskScriptError.self) { try bought(["{\"volatility_rank\": 1.5}"]) }
    #expect(throws: DeskScriptError.self) {
      try Day.play(Day.entry(1) + ["{\"volatility_rank\": 0.5}"] + Day.close)
    }
  }

  @Test func `five orders that a broker sends back halt the desk`() throws {
    var day = [Day.price("15:00", 600), Day.quote(Day.call, "15:00", 0.88, 0.89)]
    for order in 1...5 {
      day.append("{\"order\": \(order), \"time\": \"15:00\", \"closes\": {\"\(Day.call)\": -1}}")
    }
    day.append("{\"order\": 6, \"time\": \"15:00\", \"opens\": {\"\(Day.call)\": 1}}")
    let text = Day.log(try Day.play(day + Day.close))
    #expect(text.contains("15:00 HALTED: too many orders were rejected, until the next session"))
    #expect(text.contains("6 refused: the desk is halted: too many orders were rejected"))
    // Four do not, nor do orders that the limits themselves refuse.
    let four = Day.log(try Day.play(Array(day.dropFirst(3)) + Day.close))
    #expect(!four.contains("HALTED"))
  }

  @Test func `a tier that is only told, and a breaker behind a stronger one, are one line each`() throws {
    let day =
      Day.entry(3) + [
        Day.price("15:02", 599.6), Day.quote(Day.call, "15:02", 0.54, 0.56),
        Day.price("15:03", 600), Day.quote(Day.call, "15:03", 0.80, 0.82),
        Day.price("15:04", 560), Day.quote(Day.call, "15:04", 0.01, 0.02),
      ]
    let text = Day.log(try Day.play(day + Day.close) { $0.limits.decayDollars = 10_000 })
    #expect(text.contains("15:02 alert: the session has lost enough to be told"))
    #expect(text.contains("15:03 alert: the session has recovered from its loss"))
    #expect(text.contains("15:04 HALTED: the session has lost as much as it may"))
    #expect(text.contains("15:04 alert: a price jumped, for a while"))
    #expect(text.contains("alert: the pause behind the jump is over"))
  }
}
