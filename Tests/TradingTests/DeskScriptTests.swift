// Scripted days: what is played, what is printed, and what is said of lines that cannot be.

import Market
import Storage
import Testing
import Text
import Trading
import Workstation

struct DeskScriptTests {
  static func play(
    _ lines: [String], _ change: (inout DeskSettings) -> Void = { _ in }
  ) throws -> DeskPlay {
    var settings = DeskSettings()
    settings.fees = .zeroCommission
    change(&settings)
    let text = lines.joined(separator: "\n") + "\n"
    return try DeskPlay(try DeskScript(Array(text.utf8), path: "day.jsonl"), settings)
  }

  static func quote(_ symbol: String, _ time: String, _ bid: Double, _ ask: Double) -> String {
    "{\"quote\": \"\(symbol)\", \"time\": \"\(time)\", \"bid\": \(bid), \"ask\": \(ask), \"bid_size\": 500, \"ask_size\": 500}"
  }

  static let call = "SPY251211C00606000"
  static let head = [
    "{\"session\": \"2025-12-11\"}", "{\"price\": \"SPY\", \"time\": \"10:00\", \"dollars\": 600}",
  ]

  /// What is printed, without its columns.
  private func log(_ play: DeskPlay) -> String {
    play.lines.joined(separator: " ").split(separator: " ").joined(separator: " ")
  }

  @Test func `a day is played from order to settlement, and the books balance`() throws {
    let day =
      Self.head + [
        Self.quote(Self.call, "10:00", 0.44, 0.46),
        "{\"order\": 1, \"time\": \"10:00\", \"opens\": {\"\(Self.call)\": -1}}",
        // What was quoted at the decision fills nothing: the next minute does.
        Self.quote(Self.call, "10:01", 0.40, 0.42),
        "{\"close\": \"SPY\", \"dollars\": 604.10}",
      ]
    let play = try Self.play(day)
    #expect(play.desk.widestGap == 0 && play.desk.balances > 390)
    // 40.00 received, 0.05315 of clearing and regulators, and the fee on sales; the premium is kept.
    let sums = play.desk.ledger.sums.pointee
    #expect(sums.costs[.halfSpread] == 1_000_000 && sums.costs[.commission] == 0)
    #expect(sums.costs[.clearing] + sums.costs[.regulatory] == 53_150)
    #expect(play.desk.value == 100_000_000_000 + 40_000_000 - sums.costs.besidePrice)
    let text = log(play)
    #expect(text.contains("2025-12-11 10:01 1 sold 1 \(Self.call) at 0.40 (0.40/0.42)"))
    #expect(text.contains("-1 \(Self.call) expired worthless at 604.10"))
    #expect(text.contains("identity: cash + marks = start + sum of steps, to the micro-dollar"))
    #expect(play.lines.allSatisfy { $0.count <= 80 })
  }

  @Test func `settlement is the same with and without extended hours`() throws {
    let day =
      Self.head + [
        Self.quote(Self.call, "10:00", 0.44, 0.46),
        "{\"order\": 1, \"time\": \"10:00\", \"opens\": {\"\(Self.call)\": 1}}",
        Self.quote(Self.call, "10:01", 0.44, 0.46),
        "{\"price\": \"SPY\", \"time\": \"16:00\", \"dollars\": 607.5}",
      ]
    let extended =
      day + [
        Self.quote(Self.call, "16:10", 9.0, 9.1), "{\"price\": \"SPY\", \"time\": \"16:15\", \"dollars\": 620}",
      ]
    let (without, with) = (try Self.play(day), try Self.play(extended))
    #expect(without.desk.value == with.desk.value && without.desk.value > 100_000_000_000)
    // Nobody says the official close, and the log says what it was instead.
    #expect(log(with).contains("paid in cash at 607.50 (close of the last regular minute)"))
    #expect(log(with).contains("left out 2 lines from outside of the sessions' hours"))
  }

  @Test func `a half day ends at one o'clock`() throws {
    let put = "GOOG151224P00750000"
    let day = [
      "{\"session\": \"2015-12-24\"}", "{\"price\": \"GOOG\", \"time\": \"12:58\", \"dollars\": 748.4}",
      Self.quote(put, "12:58", 1.5, 1.6), "{\"order\": 1, \"time\": \"12:58\", \"opens\": {\"\(put)\": 1}}",
      Self.quote(put, "12:59", 1.5, 1.6), "{\"price\": \"GOOG\", \"time\": \"13:00\", \"dollars\": 748.4}",
      "{\"price\": \"GOOG\", \"time\": \"13:05\", \"dollars\": 700}",
    ]
    let play = try Self.play(day)
    #expect(log(play).contains("2015-12-24 13:00 1 \(put) paid in cash at 748.40"))
    #expect(play.desk.book.isEmpty)
    let late = day + ["{\"order\": 2, \"time\": \"13:01\", \"closes\": {\"\(put)\": -1}}"]
    let error = #expect(throws: DeskScriptError.self) { try Self.play(late) }
    #expect(
      error?.description.contains("day.jsonl, line 8: nobody trades at 13:01; the session of 2015-12-24 ends at 13:00")
        == true)
  }

  @Test func `AM contracts settle on the opening, and refuse without it`() throws {
    let monthly = "SPX251219C06800000"
    var day = [
      "{\"session\": \"2025-12-18\"}", Self.quote(monthly, "10:00", 5.0, 5.2),
      "{\"order\": 1, \"time\": \"10:00\", \"opens\": {\"\(monthly)\": 1}}", Self.quote(monthly, "10:01", 5.0, 5.2),
      "{\"session\": \"2025-12-19\"}", "{\"price\": \"SPX\", \"time\": \"09:31\", \"dollars\": 6790}",
      "{\"close\": \"SPX\", \"dollars\": 6850}",
    ]
    let error = #expect(throws: DeskScriptError.self) { try Self.play(day) }
    #expect(
      error?.description
        == "day.jsonl: \(monthly) cannot be settled: nobody says the opening of SPX on 2025-12-19; add its opening")
    day.insert("{\"opening\": \"SPX\", \"dollars\": 6812.5}", at: 5)
    let play = try Self.play(day)
    #expect(log(play).contains("2025-12-19 opens 1 \(monthly) paid in cash at 6,812.50 (official opening)"))
    #expect(play.desk.book.isEmpty && play.desk.widestGap == 0)
  }

  @Test func `shares that cash cannot carry are sold at the next quote`() throws {
    let put = "SPY251211P00594000"
    let day =
      Self.head + [
        Self.quote(put, "10:00", 0.44, 0.46), "{\"order\": 1, \"time\": \"10:00\", \"opens\": {\"\(put)\": -1}}",
        Self.quote(put, "10:01", 0.44, 0.46), "{\"close\": \"SPY\", \"dollars\": 590}",
        "{\"session\": \"2025-12-12\"}", Self.quote("SPY", "09:31", 585.0, 585.02),
      ]
    let play = try Self.play(day) {
      $0.exercise = .physical
      $0.cashDollars = 20_000
    }
    #expect(log(play).contains("own sells 100 SPY at the next quote: cash is below zero"))
    #expect(log(play).contains("2025-12-12 09:31 own sold 100 SPY at 585.00"))
    #expect(play.desk.book.isEmpty && play.desk.widestGap == 0)
    // 20,000 and the premium, less nine dollars a share.
    #expect(
      play.desk.value + play.desk.ledger.sums.pointee.costs.besidePrice == 20_000_000_000 + 44_000_000 - 900_000_000)
  }

  @Test func `a short call is assigned on the evening before a dividend`() throws {
    let symbols = ("SPY251219C00580000", "SPY251219P00580000")
    let day =
      Self.head + [
        Self.quote(symbols.0, "15:58", 20.4, 20.5), Self.quote(symbols.1, "15:58", 0.4, 0.5),
        "{\"order\": 1, \"time\": \"15:58\", \"opens\": {\"\(symbols.0)\": -1}}",
        Self.quote(symbols.0, "15:59", 20.4, 20.5), Self.quote(symbols.1, "16:00", 0.4, 0.5),
        "{\"close\": \"SPY\", \"dollars\": 600}", "{\"session\": \"2025-12-12\"}",
        "{\"dividend\": \"SPY\", \"dollars\": 1.99}",
      ]
    let play = try Self.play(day) { $0.exercise = .physical }
    #expect(log(play).contains("-1 \(symbols.0) assigned early at 600.00"))
    // Whoever owes shares on the ex-date owes the dividend.
    #expect(play.desk.ledger.sums.pointee.dividends == -199_000_000)
    #expect(play.desk.widestGap == 0)
    let without = try Self.play(day.dropLast()) { $0.exercise = .physical }
    #expect(!log(without).contains("assigned") && without.desk.book.quantity(of: 1) == -1)
  }

  @Test func `a split goes on under new names, and the old ones trade no more that day`() throws {
    let (before, after) = ("AAPL200918C00500000", "AAPL200918C00125000")
    let day = [
      "{\"session\": \"2020-08-28\"}", "{\"price\": \"AAPL\", \"time\": \"10:00\", \"dollars\": 499}",
      Self.quote(before, "10:00", 10.0, 10.2), "{\"order\": 1, \"time\": \"10:00\", \"opens\": {\"\(before)\": 1}}",
      Self.quote(before, "10:01", 10.0, 10.2), "{\"session\": \"2020-08-31\"}", "{\"split\": \"AAPL\", \"becomes\": 4}",
      Self.quote(after, "09:31", 2.5, 2.55), "{\"order\": 2, \"time\": \"09:31\", \"opens\": {\"\(before)\": 1}}",
      "{\"order\": 3, \"time\": \"09:31\", \"closes\": {\"\(after)\": -1}, \"quantity\": 4, \"of\": 1}",
      Self.quote(after, "09:32", 2.5, 2.55),
    ]
    let play = try Self.play(day)
    #expect(log(play).contains("1 \(before) become 4 \(after) (strike 125.00, 100 units)"))
    #expect(log(play).contains("2 refused: \(before) has become \(after); trade that"))
    #expect(play.desk.book.isEmpty && play.desk.widestGap == 0)
    #expect(
      play.desk.ledger.sums.pointee.costs.inPrice + (play.desk.value - 100_000_000_000)
        + play.desk.ledger.sums.pointee.costs.besidePrice == play.desk.ledger.sums.pointee.priceProfit)
  }

  @Test func `ideal execution is marked at the beginning and at the end`() throws {
    let day =
      Self.head + [
        Self.quote(Self.call, "10:00", 0.44, 0.46),
        "{\"order\": 1, \"time\": \"10:00\", \"opens\": {\"\(Self.call)\": -1}}",
        Self.quote(Self.call, "10:01", 0.44, 0.46),
        "{\"close\": \"SPY\", \"dollars\": 604}",
      ]
    let play = try Self.play(day) { $0.execution.mode = .ideal }
    #expect(play.lines.first?.hasPrefix("IDEAL EXECUTION") == true && play.desk.isIdeal)
    #expect(play.lines.count { $0.hasPrefix("IDEAL EXECUTION") } == 2)
    #expect(try !Self.play(day).desk.isIdeal)
  }

  @Test func `what the account cannot carry is not sent`() throws {
    let day =
      Self.head + [
        Self.quote(Self.call, "10:00", 0.44, 0.46),
        "{\"order\": 1, \"time\": \"10:00\", \"opens\": {\"\(Self.call)\": -1}}",
        Self.quote(Self.call, "10:01", 0.44, 0.46),
        "{\"close\": \"SPY\", \"dollars\": 604}",
      ]
    // 11,446 are needed at an ask of 0.46, and the premium is there.
    let play = try Self.play(day) { $0.cashDollars = 11_402 }
    #expect(log(play).contains("1 short of margin: it would leave 11445.9") && play.desk.fillCount == 0)
    #expect(try Self.play(day) { $0.cashDollars = 11_403 }.desk.fillCount == 1)
  }

  static let bad: [(line: String, problem: String)] = [
    ("{", "invalid JSON at byte 1: the text ends inside a value"),
    ("[1]", "it is an array; every line must be an object such as {\"session\": \"2025-12-11\"}"),
    ("{\"time\": \"10:00\"}", "nothing says what it is about; it needs one of session, quote,"),
    ("{\"quote\": \"SPY\", \"order\": 1}", "it has 'quote' and 'order'; write a line for each"),
    ("{\"session\": \"2025-12-13\"}", "the exchange is closed on 2025-12-13"),
    ("{\"session\": \"2025-12-10\"}", "2025-12-10 stands behind 2025-12-11; sessions must be in order"),
    ("{\"session\": \"2050-01-03\"}", "2050-01-03 lies outside of the years that the calendar knows"),
    (
      "{\"quote\": \"SPY251211X00606000\", \"time\": \"10:00\", \"bid\": 1, \"ask\": 2}",
      "neither a share nor an option symbol"
    ),
    (
      "{\"quote\": \"SPY251214C00606000\", \"time\": \"10:00\", \"bid\": 1, \"ask\": 2}",
      "expires on 2025-12-14, on which no contract does"
    ),
    (
      "{\"quote\": \"GOOG1151224C00740000\", \"time\": \"10:00\", \"bid\": 1, \"ask\": 2}",
      "a corporate action has changed"
    ),
    ("{\"quote\": \"SPX\", \"time\": \"10:00\", \"bid\": 1, \"ask\": 2}", "SPX is an index, which nobody trades"),
    (
      "{\"quote\": \"SPY\", \"time\": \"10:00\", \"bid\": -1, \"ask\": 2}",
      "'bid' is -1; it must be a number from 0 to 100000"
    ),
    ("{\"quote\": \"SPY\", \"time\": \"10:00\", \"bid\": NaN, \"ask\": 2}", "invalid JSON at byte"),
    ("{\"quote\": \"SPY\", \"time\": \"10:00\", \"bid\": 1, \"ask\": 1e300}", "'ask' is 1e+300; it must be a number"),
    ("{\"quote\": \"SPY\", \"time\": \"10:00\", \"bid\": 0.00001, \"ask\": 2}", "it may have 4 decimals"),
    ("{\"quote\": \"SPY\", \"time\": \"10:00\", \"bid\": \"1\", \"ask\": 2}", "'bid' is \"1\"; it must be a number"),
    ("{\"quote\": \"SPY\", \"time\": \"10:00\", \"bid\": 1}", "'ask' is missing"),
    ("{\"quote\": \"SPY\", \"time\": \"10:00\", \"bid\": 1, \"ask\": 2, \"size\": 3}", "'size' is no key of a quote"),
    ("{\"order\": 1, \"time\": \"10:00\", \"size\": 3}", "'size' is no key of an order"),
    (
      "{\"quote\": \"SPY\", \"time\": \"25:00\", \"bid\": 1, \"ask\": 2}",
      "'time' is '25:00'; it must be a time in New York such as 10:01"
    ),
    (
      "{\"quote\": \"SPY\", \"time\": \"09:59\", \"bid\": 1, \"ask\": 2}",
      "it is earlier than line 2; lines must be in the order"
    ),
    ("{\"order\": 1, \"time\": \"10:00\"}", "an order has either 'opens' or 'closes'"),
    ("{\"order\": 0, \"time\": \"10:00\", \"opens\": {\"SPY\": 1}}", "'order' is 0; it must be a whole number from 1"),
    ("{\"order\": 1, \"time\": \"10:00\", \"opens\": {}}", "its legs must be one to four contracts"),
    ("{\"order\": 1, \"time\": \"10:00\", \"opens\": {\"SPY\": 0}}", "the ratio of SPY must be a whole number"),
    ("{\"order\": 1, \"time\": \"10:00\", \"opens\": {\"SPY\": 0.5}}", "the ratio of SPY must be a whole number"),
    (
      "{\"order\": 1, \"time\": \"10:00\", \"opens\": {\"SPY\": 1}, \"quantity\": 0}",
      "'quantity' is 0; it must be a whole number from 1 to 10000"
    ),
    (
      "{\"order\": 1, \"time\": \"10:00\", \"opens\": {\"SPY\": 1}, \"quantity\": 1.5}",
      "'quantity' is 1.5; it must be a whole number"
    ),
    (
      "{\"order\": 1, \"time\": \"10:00\", \"opens\": {\"SPY\": 1}, \"quantity\": 1099511627776}",
      "'quantity' is 1099511627776; it must be"
    ),
    (
      "{\"order\": 1, \"time\": \"10:00\", \"opens\": {\"SPY\": 1}, \"limit\": 1, \"stop\": 2}",
      "it has 'limit' and 'stop'; an order has one"
    ),
    (
      "{\"order\": 1, \"time\": \"10:00\", \"opens\": {\"SPY\": 1}, \"chase\": 0.1}",
      "'chase' belongs to an order with 'aggressive'"
    ),
    (
      "{\"order\": 1, \"time\": \"10:00\", \"opens\": {\"SPY\": 1}, \"aggressive\": 1.5}",
      "'aggressive' is 1.5; it must be a number from 0 to 1"
    ),
    (
      "{\"order\": 1, \"time\": \"16:01\", \"opens\": {\"SPY\": 1}}",
      "nobody trades at 16:01; the session of 2025-12-11 ends at 16:00"
    ),
    ("{\"dividend\": \"SPY\", \"dollars\": 1}", "a dividend belongs to the opening of its session"),
    ("{\"split\": \"SPY\", \"becomes\": 4}", "a split belongs to the opening of its session"),
    ("{\"close\": \"spy\", \"dollars\": 1}", "'close' is 'spy'; it must be the name of a share or an index"),
  ]

  @Test(arguments: bad.indices)
  func `a line that cannot be played is named, and what is wrong with it`(row: Int) throws {
    let (line, problem) = Self.bad[row]
    let error = #expect(throws: DeskScriptError.self) { try Self.play(Self.head + [line]) }
    let sentence = error?.description ?? ""
    #expect(sentence.hasPrefix("day.jsonl, line 3: ") && sentence.contains(problem), "\(sentence)")
  }

  @Test func `the example is played`() throws {
    // Tests/TradingTests/DeskScriptTests.swift -> the repository.
    let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let path = "/" + root + "/scripts/examples/desk-day.jsonl"
    let play = try DeskPlay(try DeskScript(try FileSystem.read(path), path: path), DeskSettings())
    #expect(play.desk.fillCount == 2 && play.desk.book.isEmpty && play.desk.widestGap == 0)
    // Ten spreads for 0.35, four bought back at their limit of 0.20, six settled for 0.40.
    let gross = 10 * 35_000_000 - 4 * 20_000_000 - 6 * 40_000_000
    #expect(play.desk.value + play.desk.ledger.sums.pointee.costs.besidePrice == Int64(100_000_000_000 + gross))
  }

  @Test func `a file without a session, and a line before it, are refused`() {
    #expect(throws: DeskScriptError.self) { try Self.play([]) }
    let error = #expect(throws: DeskScriptError.self) { try Self.play([Self.quote("SPY", "10:00", 1, 2)]) }
    #expect(error?.line == 1)
  }
}
