// When the desk does less, or nothing.

import Market
import Testing
import Text
import Trading

@Suite struct RiskStateTests {
  private func desk(_ change: (inout RiskProfile) -> Void = { _ in }) -> RiskDesk {
    var profile = RiskScene.profile()
    change(&profile)
    return RiskDesk(profile, dollars: 100_000, [RiskScene.option()])
  }

  @Test(
    arguments: [
      (99_001, RiskTier.none, DeskState.active), (99_000, .warn, .active), (98_501, .warn, .active),
      (98_500, .reduce, .reducing), (98_001, .reduce, .reducing), (98_000, .halt, .halted),
    ] as [(Int, RiskTier, DeskState)])
  func `the session's falls of 1, 1.5 and 2 % warn, reduce and halt`(dollars: Int, tier: RiskTier, state: DeskState) {
    let desk = desk()
    desk.cash = Int64(dollars) * 1_000_000
    let actions = desk.mark(minute: 195)
    #expect(desk.state.tier == tier && desk.state.desk == state)
    #expect(actions.contains(.closeAll) == (state == .halted))
    #expect(actions.contains(.cancelOrders) == (state == .halted))
    #expect(actions.contains(.writeJournal) == (state == .halted))
    #expect(desk.judge(desk.order([(0, 1)], 1)).isAllowed == (state == .active))
    // Whoever has lost may still get out.
    desk.cash += 1_000_000
    desk.hold(0, 1)
    #expect(desk.judge(desk.order([(0, -1)], 1, .closes)).outcome == .pass)
  }

  @Test func `reducing ends when the value has recovered, a halt with the session, the kill switch by hand`() {
    let desk = desk { $0.killFraction = 0.10 }
    desk.cash = 98_400_000_000
    desk.mark(minute: 195)
    #expect(desk.state.desk == .reducing)
    desk.cash = 99_500_000_000
    desk.mark(minute: 196)
    #expect(desk.state.desk == .active)
    desk.cash = 97_000_000_000
    desk.mark(minute: 197)
    desk.cash = 100_000_000_000
    desk.mark(minute: 198)
    #expect(desk.state.cause == .sessionLoss)
    desk.gate.beginSession(on: desk.account, netLiquidation: desk.cash, minuteCount: 390)
    desk.mark(minute: 194)
    #expect(desk.state.desk == .active)
    desk.cash = 90_000_000_000
    desk.mark(minute: 195)
    #expect(desk.state.cause == .killSwitch)
    desk.gate.beginSession(on: desk.account, netLiquidation: desk.cash, minuteCount: 390)
    desk.mark(minute: 194)
    #expect(desk.state.cause == .killSwitch)
    desk.gate.rearm(desk.account)
    desk.mark(minute: 195)
    #expect(desk.state.desk == .active)
  }

  @Test func `a fall of exactly a tenth of the account's high trips the switch, and a micro-dollar less does not`() {
    for (value, isKilled) in [(90_000_000_001, false), (90_000_000_000, true)] as [(Int64, Bool)] {
      let desk = desk { $0.sessionTiers = DrawdownTiers(warn: 0.1, reduce: 0.1, halt: 0.1) }
      desk.cash = value
      desk.mark(minute: 195)
      #expect(desk.state.isKilled == isKilled)
    }
  }

  @Test func `the latch, the high and the day's halts survive a restart`() throws {
    let session = try #require(CalendarDate("2025-03-03"))
    let desk = desk()
    desk.cash = 90_000_000_000
    desk.mark(minute: 195)
    let text = RiskRecord(of: desk.state, session: session).json.text
    let record = try #require(RiskRecord(try JSON.parse(text)))
    #expect(record == RiskRecord(of: desk.state, session: session) && record.json.text == text)

    let later = RiskDesk(desk.gate.profile, dollars: 90_000, desk.risks)
    record.restore(later.account.state, session: session)
    later.mark(minute: 196)
    #expect(later.state.cause == .killSwitch && later.state.high == 100_000_000_000)
    #expect(later.state.tier == .halt)
    #expect(later.judge(later.order([(0, 1)], 1)).reason == .halted)

    // Another day: the day's halt is over, the switch is not.
    let next = RiskDesk(desk.gate.profile, dollars: 90_000, desk.risks)
    record.restore(next.account.state, session: try #require(CalendarDate("2025-03-04")))
    next.mark(minute: 196)
    #expect(next.state.tier == .none && next.state.cause == .killSwitch)
  }

  @Test(arguments: [
    "{}", "[]", #"{"highMicroDollars": 1}"#,
    #"{"highMicroDollars":1,"killSwitch":"off","session":"2025-03-03","sessionStartMicroDollars":1,"sessionTier":0,"dailyLossReached":false,"rejectStorm":false}"#,
    #"{"highMicroDollars":1,"killSwitch":"armed","session":"2025-03-03","sessionStartMicroDollars":1,"sessionTier":7,"dailyLossReached":false,"rejectStorm":false}"#,
    #"{"highMicroDollars":1.5,"killSwitch":"armed","session":"2025-03-03","sessionStartMicroDollars":1,"sessionTier":0,"dailyLossReached":false,"rejectStorm":false}"#,
  ])
  func `a record that nobody wrote so is none`(text: String) throws {
    #expect(RiskRecord(try JSON.parse(text)) == nil)
  }

  @Test func `the daily loss limit halts and closes`() {
    let desk = desk { $0.dailyLossDollars = 50 }
    desk.cash = 99_950_000_001
    #expect(!desk.mark(minute: 195).contains(.closeAll))
    desk.cash = 99_950_000_000
    #expect(desk.mark(minute: 196).contains(.closeAll))
    #expect(desk.state.cause == .dailyLoss)
  }

  @Test func `stale quotes halt until they are younger, a jump for a quarter of an hour`() {
    let desk = desk()
    desk.mark(minute: 195, MarketHealth(oldestQuoteMinutes: 3))
    #expect(desk.state.cause == .staleData)
    desk.mark(minute: 196, MarketHealth(oldestQuoteMinutes: 2))
    #expect(desk.state.desk == .active)
    desk.mark(minute: 197, MarketHealth(largestMove: -0.03))
    #expect(desk.state.cause == .jump)
    desk.mark(minute: 212)
    #expect(desk.state.cause == .jump)
    desk.mark(minute: 213)
    #expect(desk.state.desk == .active)
    desk.mark(minute: 214, MarketHealth(largestMove: .nan))
    #expect(desk.state.cause == .jump)
  }

  @Test func `a storm of rejects halts for the day, and the same number spread out does not`() {
    let calm = desk()
    for minute in 0..<8 { calm.gate.noteReject(on: calm.account, minute: 200 + 2 * minute) }
    #expect(calm.state.desk == .active)
    let storm = desk()
    for minute in 0..<5 { storm.gate.noteReject(on: storm.account, minute: 200 + minute) }
    #expect(storm.state.cause == .rejects)
  }

  @Test func `a journal that cannot be written refuses trading`() {
    let desk = desk()
    desk.account.state.pointee.isJournalBroken = true
    let verdict = desk.judge(desk.order([(0, 1)], 1))
    #expect(verdict.sentence == "refused: the desk is halted: the risk journal cannot be written")
  }

  @Test func `a halt cancels what opens at its fill too`() {
    let desk = desk()
    let order = desk.order([(0, 1)], 1)
    #expect(desk.evaluate(order).outcome == .pass)
    desk.cash = 98_000_000_000
    desk.mark(minute: 195)
    #expect(desk.fill(order, offered: 1).verdict.reason == .halted)
    #expect(desk.quantity(0) == 0)
  }

  @Test func `counters are told in words`() {
    let desk = desk()
    #expect(desk.state.counters.lines.isEmpty)
    #expect(desk.evaluate(desk.order([(0, 1)], 10)).outcome == .reduced)
    #expect(desk.evaluate(desk.order([(0, 1)], 10)).outcome == .refused)
    #expect(desk.state.counters.lines == ["refused: theta 1", "made smaller: theta 1"])
  }
}
