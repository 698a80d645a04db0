// Trades from flat to flat as a log tells them, and sizes that learn from them.

import Market
import Testing
import Trading
import Workstation

@Suite struct OwnTradesTests {
  private typealias Day = DeskRiskTests

  private static func trades(_ play: DeskPlay) -> [SizedTrade] {
    var own = OwnTrades(tier: "tiny")
    own.read(play.desk)
    return own.closed
  }

  private static func play(
    _ lines: [String], fees: FeeTable = .retail, dollars: Int64 = 100_000, sizing: SizingRules? = nil,
    exercise: ExerciseMode = .cash
  ) throws -> DeskPlay {
    var settings = DeskSettings()
    settings.exercise = exercise
    settings.fees = fees
    settings.cashDollars = dollars
    let text = (["{\"session\": \"2025-12-11\"}"] + lines).joined(separator: "\n") + "\n"
    return try DeskPlay(try DeskScript(Array(text.utf8), path: "day.jsonl"), settings, sizing: sizing)
  }

  private static func clock(_ minute: Int) -> String {
    let time = 10 * 60 + minute
    return "\(time / 60):\(time % 60 < 10 ? "0" : "")\(time % 60)"
  }

  private static func order(_ id: Int, _ time: String, _ effect: String, _ legs: String, _ quantity: Int = 1) -> String
  {
    "{\"order\": \(id), \"time\": \"\(time)\", \"\(effect)\": {\(legs)}, \"quantity\": \(quantity)}"
  }

  @Test func `a position that is left in parts is one trade, and profits are what cash gained`() throws {
    let call = "\"\(Day.call)\": "
    let play = try Self.play(
      [
        Day.price("10:00", 600), Day.quote(Day.call, "10:00", 1.0, 1.02),
        Self.order(1, "10:00", "opens", call + "1", 3),
        Day.quote(Day.call, "10:01", 1.0, 1.02), Self.order(2, "10:01", "closes", call + "-1", 2),
        Day.quote(Day.call, "10:02", 1.5, 1.52), Day.quote(Day.call, "10:03", 1.2, 1.22),
        Self.order(3, "10:03", "closes", call + "-1"), Day.quote(Day.call, "10:04", 1.2, 1.22),
        // A second one, which is settled.
        Self.order(4, "10:04", "opens", call + "1"), Day.quote(Day.call, "10:05", 1.2, 1.22),
      ] + Day.close)
    let trades = Self.trades(play)
    #expect(trades.count == 2 && play.desk.book.isEmpty)
    #expect(trades.map(\.profitMicroDollars).reduce(0, +) == play.desk.ledger.cash.pointee - 100_000_000_000)
    // Three at 1.02 and 2 x 0.70315 of fees each, then 1.5, 1.5 and 1.2 less fees; one at 1.22 that ends worthless.
    let fee: Int64 = 703_150
    #expect(trades[0].atRiskMicroDollars == 306_000_000 + 3 * fee)
    let sale = 420_000_000 - 3 * fee
    #expect(abs(trades[0].profitMicroDollars - (sale - 306_000_000 - 3 * fee)) < 20_000, "the fees of sales are small")
    #expect(trades[1].atRiskMicroDollars == 122_000_000 + fee)
    #expect(trades[1].profitMicroDollars == -122_000_000 - fee)
    #expect(trades.allSatisfy { $0.tier == "tiny" && $0.closed == CalendarDate("2025-12-11") })
  }

  @Test func `what a spread can lose is its width, and what nothing bounds all that there is`() throws {
    func atRisk(_ legs: String) throws -> Int64 {
      let lines = [
        Day.price("10:00", 600), Day.quote(Day.far, "10:00", 0.44, 0.46), Day.quote(Day.wing, "10:00", 0.09, 0.11),
        Self.order(1, "10:00", "opens", legs), Day.quote(Day.far, "10:01", 0.44, 0.46),
        Day.quote(Day.wing, "10:01", 0.09, 0.11),
      ]
      let play = try Self.play(lines + Day.close, fees: .zeroCommission)
      let trades = Self.trades(play)
      #expect(trades.count == 1 && trades[0].profitMicroDollars == play.desk.ledger.cash.pointee - 100_000_000_000)
      return trades.first?.atRiskMicroDollars ?? -1
    }
    // A width of 5, less a credit of 0.33, and the fees of two contracts.
    let spread = try atRisk("\"\(Day.far)\": -1, \"\(Day.wing)\": 1")
    #expect((467_000_000...467_300_000).contains(spread), "\(spread)")
    // And of one that is bought what it costs, though its long leg is settled before the short one.
    let bought = try atRisk("\"\(Day.far)\": 1, \"\(Day.wing)\": -1")
    #expect((37_000_000...37_300_000).contains(bought), "\(bought)")
    let naked = try atRisk("\"\(Day.far)\": -1")
    // With the 44 dollars that it brought.
    #expect((100_043_000_000...100_044_000_000).contains(naked), "\(naked)")
  }

  /// Behind a first session in which shares came into the account, by purchase or by exercise, what happens to them before the second one's opening, and
  /// how many are left to be sold there.
  private static let lives: [(exercised: Bool, morning: [String], left: Int)] = [
    (true, [], 100), (true, ["{\"dividend\": \"SPY\", \"dollars\": 1.5}"], 100),
    (true, ["{\"payment\": \"SPY\", \"dollars\": 15}"], 100),
    (true, ["{\"split\": \"SPY\", \"becomes\": 3, \"of\": 2}"], 150),
    (false, ["{\"payment\": \"SPY\", \"dollars\": 15}", "{\"split\": \"SPY\", \"becomes\": 2}"], 200),
    // No whole number of shares: given back before the opening.
    (false, ["{\"payment\": \"SPY\", \"dollars\": 15}", "{\"split\": \"SPY\", \"becomes\": 1, \"of\": 3}"], 0),
  ]

  @Test(arguments: lives)
  func `shares stay in their trade, with all that they are paid`(exercised: Bool, morning: [String], left: Int) throws {
    func shares(_ time: String) -> String { Day.quote("SPY", time, 604.99, 605.01) }
    let close = "{\"close\": \"SPY\", \"dollars\": 605}"
    var lines = [Day.price("10:00", 600), shares("10:00")]
    if exercised {
      lines += [Day.quote(Day.call, "10:00", 1.0, 1.02), Self.order(1, "10:00", "opens", "\"\(Day.call)\": 1")]
      lines.append(Day.quote(Day.call, "10:01", 1.0, 1.02))
    } else {
      lines += [Self.order(1, "10:00", "opens", "\"SPY\": 1", 100), shares("10:01")]
    }
    lines += [close, "{\"session\": \"2025-12-12\"}"] + morning
    lines.append(shares("10:00"))
    if left > 0 { lines += [Self.order(2, "10:00", "closes", "\"SPY\": -1", left), shares("10:01")] }
    let play = try Self.play(lines + [close], exercise: .physical)
    let trades = Self.trades(play)
    #expect(play.desk.book.isEmpty && play.desk.widestGap == 0)
    #expect(trades.count == 1 && trades.first?.closed == CalendarDate("2025-12-12"))
    #expect(trades.first?.profitMicroDollars == play.desk.ledger.cash.pointee - 100_000_000_000)
    if morning.first?.contains("payment") == true {
      #expect(Day.log(play).contains("become 100 SPY; received 1,500.00"), "\(Day.log(play))")
    }
  }

  /// So many round trips of one contract, and a wish behind them.
  private static func day(trades: Int, wins: Int) -> [String] {
    var lines = [Day.price("10:00", 600)]
    for trade in 0..<trades {
      let (open, close) = (4 * trade, 4 * trade + 2)
      let bid = trade < wins ? 1.5 : 0.7
      lines += [
        Day.quote(Day.call, clock(open), 1.0, 1.02), order(2 * trade + 1, clock(open), "opens", "\"\(Day.call)\": 1"),
        Day.quote(Day.call, clock(open + 1), 1.0, 1.02), Day.quote(Day.call, clock(close), bid, bid + 0.02),
        order(2 * trade + 2, clock(close), "closes", "\"\(Day.call)\": -1"),
        Day.quote(Day.call, clock(close + 1), bid, bid + 0.02),
      ]
    }
    let last = clock(4 * trades)
    return lines + [
      Day.price(last, 600), Day.quote(Day.call, last, 1.0, 1.02),
      "{\"order\": 900, \"time\": \"\(last)\", \"selects\": \"SPY\", \"right\": \"call\", \"delta\": 0.5}",
    ]
  }

  @Test(arguments: [
    (29, 20, "by the share without statistics (29 trades in 30 days, at least 30 are needed)"),
    (30, 30, "(none of 30 trades lost: what a loss costs is unknown)"),
    // Too few won: Kelly buys nothing.
    (30, 9, "size 0 by Kelly of 30 trades, 9 won"),
    // Half of 0.70, as surely as 95 %: the cap is a quarter.
    (30, 27, "by the cap on Kelly of 30 trades, 27 won"),
  ])
  func `Kelly is asked of the account's own trades`(trades: Int, wins: Int, words: String) throws {
    // Without the rule of ranges, which buys nothing for a thousand dollars.
    let play = try Self.play(
      Self.day(trades: trades, wins: wins) + Day.close, fees: .zeroCommission, dollars: 1_000,
      sizing: SizingRules(tier: .tiny, range: nil))
    let text = Day.log(play)
    #expect(text.contains(words), "\(text.suffix(1500))")
  }
}
