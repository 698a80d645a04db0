// strikeforge price from outside: printed digits, units and clocks, quotes, early exercise, and JSON that says the same.

import TestSupport
import Testing
import Text

@Suite struct PriceCommandTests {
  /// The quantities of an answer in JSON.
  private struct Answer {
    let json: JSON
    let quantities: [JSON]

    init(_ words: String) throws {
      let outcome = try Workplace().succeed(["price"] + words.split(separator: " ").map(String.init) + ["--json"])
      json = try JSON.parse(outcome.output)
      quantities = try #require(json["quantities"]?.arrayValue)
    }

    func number(_ name: String, clock: String? = "session", unit: String? = nil) -> Double? {
      quantities.first {
        $0["name"]?.stringValue == name && $0["clock"]?.stringValue == clock
          && (unit == nil || $0["unit"]?.stringValue == unit)
      }?["value"]?.doubleValue
    }

    var notes: [String] { json["notes"]?.arrayValue?.compactMap(\.stringValue) ?? [] }
  }

  @Test func `an hour before the close it has the printed digits, with unit and clock`() throws {
    let answer = try Answer("SPY251211C00600000 --now 2025-12-11T15:00 --spot 600 --volatility 0.15")
    func near(_ found: Double?, _ expected: Double) throws -> Bool {
      abs(try #require(found) - expected) < 1e-10
    }
    #expect(try near(answer.number("European price"), 0.88714657045))
    #expect(try near(answer.number("delta"), 0.50073928881))
    #expect(try near(answer.number("gamma"), 0.17940054556))
    #expect(try near(answer.number("vega", unit: "dollars a volatility point"), 0.05914303700))
    #expect(try near(answer.number("theta", unit: "dollars a 365th of a year"), -1.99060879315))
    #expect(try near(answer.number("decay to the close"), 0.88714657045))
    #expect(try near(answer.number("time to expiry"), 60 / 98_280.0))
    #expect(try near(answer.number("time to expiry", clock: "calendar"), 60 / 525_600.0))
    let calendar = try #require(answer.number("volatility", clock: "calendar"))
    #expect(abs(calendar / 0.15 - 2.3126) < 1e-3)
    #expect(answer.number("strike", clock: nil) == 600)
    // The same by flags and minutes.
    let other = try Answer("--side call --strike 600 --minutes 60 --spot 600 --volatility 0.15")
    #expect(other.number("European price") == answer.number("European price"))
    #expect(other.number("time to expiry", clock: "variance") == answer.number("time to expiry", clock: "variance"))
  }

  @Test func `every number has a unit, and lines say what the JSON says`() throws {
    let words = "SPY251211P00597000 --now 2025-12-11T15:00 --spot 600 --rate 0.045 --yield 0.012 --bid 0.17 --ask 0.18"
    let answer = try Answer(words)
    for quantity in answer.quantities { #expect(quantity["unit"]?.stringValue?.isEmpty == false) }
    let bid = try #require(answer.number("implied volatility of the bid"))
    let middle = try #require(answer.number("implied volatility of the middle"))
    let ask = try #require(answer.number("implied volatility of the ask"))
    #expect(bid < middle && middle < ask && abs(middle - 0.18) < 0.005)
    let text = try Workplace().succeed(["price"] + words.split(separator: " ").map(String.init)).output
    let lines = text.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
    // As a person reads them: six digits, and a clock only where it is another.
    #expect(lines.contains("clock session, where no other is named"))
    #expect(lines.contains("spot 600 dollars a share"))
    #expect(lines.contains("implied volatility of the middle 0.181111 decimal a year"))
    #expect(lines.contains("implied volatility of the middle 0.418832 decimal a year, calendar clock"))
    #expect(lines.contains("gamma 0.0787452 delta a dollar of the spot"))
    #expect(lines.contains("early-exercise premium 6.60929e-05 dollars a share"))
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(text)")
  }

  @Test func `a quote that tells no volatility says why in lines that a terminal shows`() throws {
    let words = "--side call --strike 640 --minutes 5 --spot 600 --bid 0 --ask 0.01"
    let text = try Workplace().succeed(["price"] + words.split(separator: " ").map(String.init)).output
    #expect(text.contains("none") && text.contains("holds no time value") && text.contains("note: "))
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(text)")
  }

  @Test func `SPX of a Friday ends with the night before, SPXW lives until the close`() throws {
    let weekly = try Answer("SPXW251219C06000000 --now 2025-12-19T15:59 --spot 6000 --bid 2 --ask 2.1")
    #expect(try #require(weekly.number("implied volatility of the middle")) > 0)
    #expect(try #require(weekly.number("delta")) > 0.4)
    let morning = try Workplace().strikeforge(
      "price", "SPX251219C06000000", "--now", "2025-12-19T09:30", "--spot", "6000", "--volatility", "0.2")
    #expect(morning.exitCode == 1 && morning.errors.contains("has expired: its time ended at 2025-12-19 9:30"))
    let before = try Answer("SPX251219C06000000 --now 2025-12-18T16:00 --spot 6000 --volatility 0.2 --clock variance")
    #expect(abs(try #require(before.number("time to expiry", clock: "variance")) - 0.35 / 252) < 1e-15)
    #expect(before.json["option"]?["exercise"]?.stringValue == "european")
  }

  @Test func `early exercise is priced, and misleading European numbers are flagged`() throws {
    let put = try Answer(
      "--side put --strike 620 --expiry 2025-12-19 --now 2025-11-19T16:00 --spot 600 --rate 0.045 --volatility 0.15")
    #expect(try #require(put.number("early-exercise premium")) > 0.1)
    #expect(put.notes.contains { $0.contains("early exercise is worth more than half a tick") })
    let call = try Answer(
      "SPY251219C00600000 --now 2025-12-11T15:00 --spot 600 --volatility 0.15 --dividend 2025-12-19=1.99")
    #expect(call.notes.contains { $0.contains("a call over an ex-date") })
    let adjusted = try Answer("XOM2251219P00280000 --now 2025-12-11T15:00 --spot 280 --volatility 0.3")
    #expect(adjusted.notes.contains { $0.contains("delivers something else") })
  }

  @Test func `half days, holidays and weekends are the calendar's`() throws {
    // 2025-11-28 closes at 13:00; a date on Thanksgiving has the Wednesday before for its last session.
    let half = try Answer("SPY251128C00600000 --now 2025-11-28T12:00 --spot 600 --volatility 0.15")
    #expect(half.number("time to expiry") == 60 / 98_280.0)
    let holiday = try Answer("SPY251127C00600000 --now 2025-11-26T15:00 --spot 600 --volatility 0.15")
    #expect(holiday.number("time to expiry") == 60 / 98_280.0)
    #expect(holiday.json["option"]?["last session"]?.stringValue == "2025-11-26")
    let weekend = try Answer("SPY251215C00600000 --now 2025-12-12T16:00 --spot 600 --volatility 0.15")
    #expect(abs(try #require(weekend.number("time to expiry", clock: "variance")) - (0.385 + 0.65) / 252) < 1e-15)
  }

  @Test(arguments: [
    ("", 64, "an option needs a symbol"), ("SPY --spot 600", 64, "'SPY' is no option symbol"),
    ("SPY251211C00600000 --spot 600 --volatility 0.2", 64, "told by --now, or by --minutes"),
    ("SPY251211C00600000 --minutes 60 --volatility 0.2", 64, "--spot is missing"),
    ("SPY251211C00600000 --minutes 60 --spot x --volatility 0.2", 64, "--spot is x; it must be a number"),
    ("SPY251211C00600000 --minutes 60 --spot 600", 64, "nothing tells the volatility"),
    ("SPY251211C00600000 --minutes 0 --spot 600 --volatility 0.2", 64, "--minutes is 0.0; it must be above 0"),
    ("SPY251211C00600000 --minutes 60 --spot -1 --volatility 0.2", 1, "the spot is -1.0; it must not be negative"),
    ("SPY251211C00600000 --minutes 60 --spot 600 --volatility nan", 1, "the volatility is nan"),
    ("SPY251211C00600000 --minutes 60 --spot 600 --bid 2 --ask 1", 1, "the bid 2.0 is above the ask 1.0"),
    ("SPY251211C00600000 --now 2025-12-12T10:00 --spot 600 --volatility 0.2", 1, "the option has expired"),
    ("SPY251211C00600000 --now 2025-12-11 --spot 600 --volatility 0.2", 64, "it must be a minute in New York"),
    ("SPY251211C00600000 --strike 5 --minutes 60 --spot 600 --volatility 0.2", 64, "--strike is told by the symbol"),
  ])
  func `what is wrong is one sentence`(words: String, exitCode: Int, sentence: String) throws {
    let outcome = try Workplace().strikeforge(["price"] + words.split(separator: " ").map(String.init))
    #expect(outcome.exitCode == Int32(exitCode) && outcome.errors.contains(sentence), "\(outcome)")
    #expect(outcome.output.isEmpty)
  }
}
