// What a played day prints: fills inside the touch, fees in rows, every reason why an order waits.

import Market
import Pricing
import TestSupport
import Testing
import Trading

@testable import Workstation

struct DeskReportTests {
  private typealias Script = DeskScriptTests

  /// One call bought at a limit between bid and ask, four cents better than the ask, and settled.
  private func inside(close: Double) throws -> DeskPlay {
    try Script.play(
      Script.head + [
        Script.quote(Script.call, "10:00", 0.40, 0.46),
        "{\"order\": 1, \"time\": \"10:00\", \"opens\": {\"\(Script.call)\": 1}, \"limit\": 0.41}",
        Script.quote(Script.call, "10:01", 0.40, 0.46),
        "{\"quote\": \"\(Script.call)\", \"time\": \"10:02\", \"bid\": 0.39, \"ask\": 0.45, \"lowest_ask\": 0.40, \"ask_size\": 5}",
        "{\"close\": \"SPY\", \"dollars\": \(close)}",
      ])
  }

  @Test func `the share of the profit that rests on fills inside the touch is said, and warned of above 30 %`() throws {
    // Worth 0.50 and bought at 0.41 where the middle was 0.42: 8 dollars earned at mid, 4 of them inside the touch.
    let much = try inside(close: 606.5)
    #expect(much.desk.insideTouch == 4_000_000 && much.desk.grossProfit == 8_000_000)
    #expect(much.desk.insideTouchShare == 0.5)
    let text = much.lines.joined(separator: "\n")
    #expect(text.contains("saved by fills inside the touch") && text.contains("50.0"))
    #expect(text.contains("warning: fills inside the touch saved 4.00, more than 30 % of the gross"))
    let little = try inside(close: 610)
    #expect(try #require(little.desk.insideTouchShare) < 0.02)
    #expect(!little.lines.joined().contains("warning: fills inside"))
    // Where nothing was earned there is no share, and what was saved still warns.
    let lost = try inside(close: 600)
    #expect(lost.desk.insideTouchShare == nil && lost.desk.insideTouch == 4_000_000)
    #expect(lost.lines.contains { $0.contains("nothing was earned") })
    #expect(
      lost.lines.joined(separator: " ").contains("warning: fills inside the touch saved 4.00, and without a gross"))
    #expect(much.lines.allSatisfy { $0.count <= 80 })
    let isWarned = [much, little, lost].map { play in
      play.lines.contains { $0.contains("warning: fills inside the touch") }
    }
    ProofTable.record(
      "desk: the share of the profit that rests on fills inside the touch is warned of above 30 %",
      figure: "50 %, 1 % and no profit at all: \(isWarned.map { $0 ? "warned" : "silent" }.joined(separator: ", "))",
      threshold: "warned, silent, warned", seeds: "-", holds: isWarned == [true, false, true])
    #expect(isWarned == [true, false, true])
  }

  @Test func `fees beyond their dates have a row each, of what was traded alone`() throws {
    let day =
      Script.head + [
        Script.quote(Script.call, "10:00", 0.44, 0.46),
        "{\"order\": 1, \"time\": \"10:00\", \"opens\": {\"\(Script.call)\": 1}}",
        Script.quote(Script.call, "10:01", 0.44, 0.46), "{\"close\": \"SPY\", \"dollars\": 604}",
      ]
    let play = try Script.play(day) { $0.fees = .retail }
    let lines = play.lines
    let first = try #require(lines.firstIndex(of: "fees       retail"))
    let rows = lines[(first + 1)...].prefix { $0.hasPrefix("           ") }
    #expect(rows.contains("           option_clearing 0.025 carried on from 2025-02-14"))
    #expect(rows.count >= 3 && rows.allSatisfy { $0.contains("carried") && !$0.contains("share_") })
  }

  @Test func `every reason why a closing order waits is said, once each time that it changes`() throws {
    let day =
      Script.head + [
        Script.quote(Script.call, "10:00", 0.44, 0.46),
        "{\"order\": 1, \"time\": \"10:00\", \"opens\": {\"\(Script.call)\": 1}}",
        Script.quote(Script.call, "10:01", 0.44, 0.46), Script.quote(Script.call, "10:02", 0, 0.46),
        "{\"order\": 2, \"time\": \"10:02\", \"closes\": {\"\(Script.call)\": -1}}",
        Script.quote(Script.call, "10:03", 0, 0.46), Script.quote(Script.call, "10:04", 0, 0.46),
        Script.quote(Script.call, "10:05", 0.47, 0.46), Script.quote(Script.call, "10:06", 0.46, 0.46),
        Script.quote(Script.call, "10:07", 0.44, 0.46), "{\"close\": \"SPY\", \"dollars\": 604}",
      ]
    let play = try Script.play(day)
    let waits = play.lines.filter { $0.contains("works on: the quote of") }
    #expect(waits.map { $0.split(separator: " ").dropFirst().first } == ["10:03", "10:05", "10:06"])
    #expect(waits.count == 3 && Set(waits.map { $0.split(separator: " ").last }).count == 3, "\(waits)")
    #expect(play.desk.fillCount == 2 && play.desk.book.isEmpty)
  }

  /// A condor of two with wings of 50 and 160.
  private func condor() throws -> DeskPlay {
    let legs = [
      ("SPXW260618P07135000", 1), ("SPXW260618P07185000", -1), ("SPXW260618C07500000", -1), ("SPXW260618C07660000", 1),
    ]
    let quotes = { (time: String) in
      legs.map { Script.quote($0.0, time, $0.1 > 0 ? 1.0 : 2.0, $0.1 > 0 ? 1.1 : 2.2) }
    }
    let ratios = legs.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ")
    return try Script.play(
      ["{\"session\": \"2026-06-18\"}", "{\"price\": \"SPX\", \"time\": \"10:00\", \"dollars\": 7300}"]
        + quotes("10:00")
        + ["{\"order\": 1, \"time\": \"10:00\", \"quantity\": 2, \"opens\": {\(ratios)}}"] + quotes("10:01")
        + ["{\"close\": \"SPX\", \"dollars\": 7300}"])
  }

  @Test func `what a book must hold is shown with its match, before credit and less it`() throws {
    let play = try condor()
    let text = play.lines.joined(separator: " ").split(separator: " ").joined(separator: " ")
    // Sold for 4.00 and bought for 2.20, two times a hundred.
    #expect(
      text.contains("10:01 margin 32,000.00 before credit, 31,640.00 of the cash before its trades; cash is 100,3"))
    #expect(
      text.contains(
        "32,000.00 iron condor of -2 SPXW260618C07500000, 2 SPXW260618C07660000, 2 SPXW260618P07135000, "
          + "-2 SPXW260618P07185000, worst at 7660"))
    #expect(!text.contains("no matching was proven"))
    #expect(play.lines.allSatisfy { $0.count <= 80 } && play.desk.widestGap == 0)
    // What is long alone needs nothing, and nothing is said of it.
    #expect(!(try inside(close: 610)).lines.contains { $0.contains("margin") })
  }

  @Test func `a requirement that no proof calls the least says so`() throws {
    let most = MarginRequirement(gross: 32_000_000_000, isLeast: false)
    let standing = MarginStanding(requirement: most, credit: 360_000_000, cash: 100_000_000_000)
    let words = "no matching was proven to need the least: this is enough, and less might be"
    let lines = try condor().marginLines(standing) { [$1] }
    #expect(lines.count == 2 && lines[1] == "margin: \(words)")
    let refusal = MarginRefusal.short(cash: 1_000_000, most).words
    #expect(refusal.hasSuffix("the book would need 32000; trade less, or cover it (\(words))"), "\(refusal)")
    let proven = MarginRefusal.short(cash: 1_000_000, MarginRequirement(gross: 32_000_000_000)).words
    #expect(proven.hasSuffix("cover it"))
  }

  @Test func `an opening that the script does not say is that of the store's daily series`() throws {
    let monthly = "SPX251219C06800000"
    let text = ["{\"session\": \"2025-12-19\"}", Script.quote(monthly, "10:00", 5, 5.2)].joined(separator: "\n") + "\n"
    let script = try DeskScript(Array(text.utf8), path: "day.jsonl")
    let session = try #require(script.sessions.first)
    func opening(_ stored: StoredQuotes.Session, _ session: DeskScript.ScriptSession) -> SettlementPrice? {
      let market = ScriptMarket(session, table: script.table, stored: stored)
      return ScriptPrices(session: session, market: market, underlyings: script.table.underlyings)
        .price(of: "SPX", at: .opening)
    }
    var stored = StoredQuotes.Session()
    #expect(opening(stored, session) == nil, "an opening is never guessed")
    stored.openings["SPX"] = 68_125_000
    #expect(opening(stored, session) == SettlementPrice(price: 68_125_000, source: .dailyOpening))
    var said = session
    said.openings["SPX"] = 68_200_000
    #expect(opening(stored, said) == SettlementPrice(price: 68_200_000, source: .officialOpening))
  }

  /// A call bought while it was quoted, at 10:01, and never quoted again. later: lines behind that.
  private func unquoted(_ before: [String] = Script.head, bid: Double = 0.44, later: [String] = []) throws -> DeskPlay {
    let call = "SPY251219C00606000"
    let ask = ((bid + 0.02) * 1e4).rounded() / 1e4
    return try Script.play(
      before + [
        Script.quote(call, "10:00", bid, ask),
        "{\"order\": 1, \"time\": \"10:00\", \"opens\": {\"\(call)\": 1}}",
        Script.quote(call, "10:01", bid, ask),
      ] + later)
  }

  @Test func `a position without a last quote is moved from it by its own volatility`() throws {
    // Fair at 0.15: the quote fills until 10:03, and what happens behind that moves it.
    let calendar = TradingCalendar.xnys
    let first = try #require(CalendarDate("2025-12-11").flatMap(calendar.ordinal))
    let last = try #require(CalendarDate("2025-12-19").flatMap(calendar.ordinal))
    func value(_ spot: Double, minute: Int, session: Int = 0) throws -> Double {
      let years = VarianceClock().years(
        over: calendar.remainingSessions(from: first + session, minute: Double(minute), to: last))
      return try BlackScholes.scalarValue(
        OptionTerms(.call, spot: spot, strike: 606, years: years, volatility: 0.15)
      ).price
    }
    // Quotes in ten-thousandths, the second a cent either side of fair.
    let bid = ((try value(600, minute: 31) - 0.01) * 1e4).rounded() / 1e4
    let up = "{\"price\": \"SPY\", \"time\": \"12:00\", \"dollars\": 603}"
    let play = try unquoted(bid: bid, later: [up])
    let held = try #require(play.desk.book.usedSlots.first.map { play.desk.book.positions[$0] })
    #expect(!held.isQuoted && play.unmoved == 0)
    let moved = try value(603, minute: 390) - value(600, minute: 33)
    #expect(abs(Double(held.bid) / 1e4 - (bid + moved)) < 3e-4, "\(held.bid), \(bid) + \(moved)")
    #expect(held.ask - held.bid == 200 && play.desk.widestGap == 0)
    let text = play.lines.joined(separator: " ").split(separator: " ").joined(separator: " ")
    #expect(text.contains("1 position without a quote of the last minute: marked at the last one, moved by the"))
    #expect(!text.contains("as it stood"))
    // Worth less than a ten-thousandth by the model, it is not worth what was bid for it when it was quoted.
    let down = try unquoted(bid: bid, later: [up.replacing("603", with: "450")])
    let worthless = try #require(down.desk.book.usedSlots.first.map { down.desk.book.positions[$0] })
    #expect(worthless.bid == 0 && worthless.ask < 200 && down.unmoved == 0, "\(worthless.bid), \(worthless.ask)")
    // Over the night it goes on from the same volatility.
    let next = ["{\"session\": \"2025-12-12\"}", "{\"price\": \"SPY\", \"time\": \"09:31\", \"dollars\": 601}"]
    let later = try unquoted(bid: bid, later: [up] + next)
    let kept = try #require(later.desk.book.usedSlots.first.map { later.desk.book.positions[$0] })
    let all = try value(601, minute: 390, session: 1) - value(600, minute: 33)
    #expect(abs(Double(kept.bid) / 1e4 - (bid + all)) < 3e-4 && later.unmoved == 0, "\(kept.bid), \(bid) + \(all)")
  }

  @Test func `a position whose quote tells no volatility is said to stand where it was quoted last`() throws {
    // Without a price of the underlying, and below what its use would bring.
    for play in [
      try unquoted(["{\"session\": \"2025-12-11\"}"]),
      try unquoted([Script.head[0], "{\"price\": \"SPY\", \"time\": \"10:00\", \"dollars\": 610}"]),
    ] {
      let held = try #require(play.desk.book.usedSlots.first.map { play.desk.book.positions[$0] })
      #expect(play.desk.book.marks.unquoted == 1 && play.unmoved == 1 && held.bid == 4_400 && held.ask == 4_600)
      let text = play.lines.joined(separator: " ").split(separator: " ").joined(separator: " ")
      #expect(text.contains("(1 as it stood: its quote or the underlying's price does not tell one)"))
    }
  }
}
