// Scripted days under limits: what is made smaller, refused, closed by force, and remembered.

import Market
import Testing
import Trading
import Workstation

@Suite struct DeskRiskTests {
  static let call = "SPY251211C00600000"
  static let far = "SPY251211C00606000"
  static let wing = "SPY251211C00611000"

  static func quote(_ symbol: String, _ time: String, _ bid: Double, _ ask: Double) -> String {
    "{\"quote\": \"\(symbol)\", \"time\": \"\(time)\", \"bid\": \(bid), \"ask\": \(ask)}"
  }

  static func price(_ time: String, _ dollars: Double) -> String {
    "{\"price\": \"SPY\", \"time\": \"\(time)\", \"dollars\": \(dollars)}"
  }

  static func play(
    _ lines: [String], dollars: Int64 = 10_000, record: RiskRecord? = nil,
    change: (inout RiskProfile) -> Void = { _ in }, keep: ((RiskRecord) throws(RiskError) -> Void)? = nil
  ) throws -> DeskPlay {
    var settings = DeskSettings()
    settings.fees = .zeroCommission
    settings.cashDollars = dollars
    var profile = RiskProfile()
    change(&profile)
    let text = (["{\"session\": \"2025-12-11\"}"] + lines).joined(separator: "\n") + "\n"
    return try DeskPlay(
      try DeskScript(Array(text.utf8), path: "day.jsonl"), settings,
      risk: DeskRisk(profile, slots: settings.slots, rate: 0, record: record, keep: keep))
  }

  static func log(_ play: DeskPlay) -> String {
    play.lines.joined(separator: " ").split(separator: " ").joined(separator: " ")
  }

  /// An order for the call at the money with an hour to go, and its fill a minute later.
  static func entry(_ quantity: Int) -> [String] {
    [
      price("15:00", 600), quote(call, "15:00", 0.88, 0.89),
      "{\"order\": 1, \"time\": \"15:00\", \"opens\": {\"\(call)\": 1}, \"quantity\": \(quantity)}",
      price("15:01", 600),
      quote(call, "15:01", 0.87, 0.88),
    ]
  }

  static let close = ["{\"close\": \"SPY\", \"dollars\": 600}"]

  @Test func `theta lets one of ten in, and the exposure of the fill is told`() throws {
    let play = try Self.play(Self.entry(10) + Self.close)
    let text = Self.log(play)
    #expect(text.contains("15:00 1 reduced to 1 of 10: theta is 0.00 and would be 885.00, at most 100.00"))
    #expect(text.contains("bought 1 \(Self.call) at 0.88"))
    #expect(text.contains("1% move: delta 300."))
    #expect(text.contains("EXPOSURE and limits, one_percent_move binds"))
    #expect(text.contains("made smaller: theta 1"))
    #expect(play.desk.widestGap == 0 && play.lines.allSatisfy { $0.count <= 80 })
    #expect(play.desk.risk?.state.counters.violations == SIMD8(repeating: 0))
  }

  @Test func `a naked call is refused by the shock, and its spread is carried`() throws {
    let day = [
      Self.price("15:00", 600), Self.quote(Self.far, "15:00", 0.04, 0.05), Self.quote(Self.wing, "15:00", 0.01, 0.02),
      "{\"order\": 1, \"time\": \"15:00\", \"opens\": {\"\(Self.far)\": -1}}",
      "{\"order\": 2, \"time\": \"15:00\", \"opens\": {\"\(Self.far)\": -1, \"\(Self.wing)\": 1}}",
      Self.price("15:01", 600), Self.quote(Self.far, "15:01", 0.04, 0.05), Self.quote(Self.wing, "15:01", 0.01, 0.02),
    ]
    let play = try Self.play(day + Self.close) { $0.sessionTiers = DrawdownTiers(warn: 0.1, reduce: 0.1, halt: 0.1) }
    let text = Self.log(play)
    #expect(text.contains("1 refused: shock is 0.00 and would be 2,39"))
    #expect(text.contains("at most 2,000.00 dollars lost in the worst shock"))
    #expect(text.contains("2 sold 1 \(Self.far) at 0.04"))
    // It is closed before the close, for it expires today.
    #expect(text.contains("own closes order 2: it expires with the session"))
  }

  @Test func `the session's loss halts, cancels and closes everything`() throws {
    let day =
      Self.entry(3) + [
        Self.price("15:02", 599), Self.quote(Self.call, "15:02", 0.10, 0.12),
        "{\"order\": 2, \"time\": \"15:02\", \"opens\": {\"\(Self.call)\": 1}}",
        Self.price("15:03", 599), Self.quote(Self.call, "15:03", 0.10, 0.12),
      ]
    let play = try Self.play(day + Self.close) { $0.limits.decayDollars = 1_000 }
    let text = Self.log(play)
    #expect(text.contains("15:02 HALTED: the session has lost as much as it may"))
    #expect(text.contains("15:02 own closes order 1: the session has lost as much as it may"))
    #expect(text.contains("2 refused: the desk is halted: the session has lost as much as it may"))
    #expect(text.contains("15:03 own sold 3 \(Self.call) at 0.10"))
    #expect(play.desk.book.isEmpty && play.desk.widestGap == 0)
  }

  @Test func `what expires today is closed a quarter of an hour before the close`() throws {
    let day =
      Self.entry(1) + [
        Self.price("15:45", 600), Self.quote(Self.call, "15:45", 0.43, 0.45), Self.price("15:46", 600),
        Self.quote(Self.call, "15:46", 0.42, 0.44),
      ]
    let play = try Self.play(day + Self.close)
    let text = Self.log(play)
    #expect(text.contains("15:45 own closes order 1: it expires with the session"))
    #expect(text.contains("15:46 own sold 1 \(Self.call) at 0.42"))
    #expect(play.desk.book.isEmpty)
  }

  @Test func `a minute that takes the order over its limit shrinks it at the fill`() throws {
    // At the fill the volatility has doubled, and with it the decay.
    let day = [
      Self.price("15:00", 600), Self.quote(Self.call, "15:00", 0.88, 0.89),
      "{\"order\": 1, \"time\": \"15:00\", \"opens\": {\"\(Self.call)\": 1}}", Self.price("15:01", 600),
      Self.quote(Self.call, "15:01", 1.75, 1.77),
    ]
    let play = try Self.play(day + Self.close)
    let text = Self.log(play)
    #expect(text.contains("1 at its fill refused: theta is 0.00 and would be 176.00, at most 100.00"))
    #expect(text.contains("shrunk at the fill: theta 1"))
    #expect(play.desk.fillCount == 0)
  }

  @Test func `a journal that cannot be kept lets nothing open, and a latched switch neither`() throws {
    let broken = try Self.play(
      Self.entry(1) + Self.close, keep: { _ throws(RiskError) in throw .journal(reason: "the disk is full") })
    #expect(
      Self.log(broken).contains("trading is refused: the risk journal must be kept over restarts, and the disk is full")
    )
    #expect(Self.log(broken).contains("1 refused: the desk is halted: the risk journal cannot be written"))
    #expect(broken.desk.fillCount == 0)

    var state = RiskState()
    (state.high, state.isKilled) = (20_000_000_000, true)
    let record = RiskRecord(of: state, session: try #require(CalendarDate("2025-12-10")))
    let latched = try Self.play(Self.entry(1) + Self.close, record: record)
    #expect(Self.log(latched).contains("1 refused: the desk is halted: the kill switch is latched"))
    #expect(latched.desk.fillCount == 0)
  }

  @Test func `what is remembered is written when it changes, and tells the latch`() throws {
    var written: [RiskRecord] = []
    let day = Self.entry(3) + [Self.price("15:02", 599), Self.quote(Self.call, "15:02", 0.10, 0.12)]
    _ = try Self.play(
      day + Self.close,
      change: { profile in
        profile.limits.decayDollars = 1_000
        profile.killFraction = 0.02
      }, keep: { record throws(RiskError) in written.append(record) })
    let last = try #require(written.last)
    #expect(last.isKilled && last.tier == .halt && last.high == 10_000_000_000)
    #expect(written.first?.isKilled == false)
    #expect(zip(written, written.dropFirst()).allSatisfy { $0 != $1 })
  }

  @Test func `without a profile nothing is judged`() throws {
    let text = (["{\"session\": \"2025-12-11\"}"] + Self.entry(10) + Self.close).joined(separator: "\n")
    let play = try DeskPlay(try DeskScript(Array(text.utf8), path: "day.jsonl"), DeskSettings())
    #expect(play.desk.risk == nil && !play.lines.contains { $0.contains("EXPOSURE") })
  }

  /// What the owner closes of a spread leaves a naked call. At 590 the shock lets that in; over night, at 600, it loses 2,400 at 5 %, which is held
  /// against the limit at the fill as if the order were of that day.
  @Test(arguments: [(0.10, false), (0.20, true)])
  func `a closing order that works over night meets the limits at its fill`(most: Double, fills: Bool) throws {
    let (far, wing) = ("SPY251212C00606000", "SPY251212C00611000")
    func quotes(_ time: String, _ spot: Double, _ bids: (far: Double, wing: Double)) -> [String] {
      [
        Self.price(time, spot), Self.quote(far, time, bids.far, bids.far + 0.02),
        Self.quote(wing, time, bids.wing, bids.wing + 0.02),
      ]
    }
    let spread = "{\"order\": 1, \"time\": \"10:30\", \"opens\": {\"\(far)\": -1, \"\(wing)\": 1}}"
    let wingAlone = "{\"order\": 2, \"time\": \"10:31\", \"closes\": {\"\(wing)\": -1}}"
    let lines =
      quotes("10:30", 590, (0.44, 0.09)) + [spread] + quotes("10:31", 590, (0.44, 0.09)) + [wingAlone]
      // Nobody bids for it any more on that day.
      + [Self.quote(wing, "10:32", 0, 0.11), "{\"close\": \"SPY\", \"dollars\": 590}"]
      + ["{\"session\": \"2025-12-12\"}"] + quotes("10:00", 600, (1, 0.44)) + Self.close
    let play = try Self.play(lines, dollars: 20_000) { $0.limits.shockFraction = most }
    let text = Self.log(play)
    #expect(text.contains("2025-12-12 10:00 2 sold 1 \(wing) at 0.44") == fills, "\(text)")
    #expect(text.contains("2025-12-12 10:00 2 at its fill refused: shock is ") == !fills, "\(text)")
    let counters = try #require(play.desk.risk).state.counters
    #expect(counters.violations == .zero && counters.exitsOverLimit == .zero)
  }
}
