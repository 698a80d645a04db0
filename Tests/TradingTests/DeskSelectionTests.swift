// Orders of a script that name a delta, plans that have a name, and restarts: what is chosen, sized and remembered.

import TestSupport
import Testing
import Trading
import Workstation

@Suite struct DeskSelectionTests {
  private typealias Day = DeskRiskTests
  private static let near = "SPY251211C00601000"

  private static func wish(_ more: String = "") -> String {
    "{\"order\": 1, \"time\": \"15:00\", \"selects\": \"SPY\", \"right\": \"call\", \"delta\": 0.3\(more)}"
  }

  /// Two calls at 15:00, an hour before the close; the second has a delta of about 0.35.
  private static func day(_ wish: String, wide: Double = 0.49) -> [String] {
    [
      Day.price("15:00", 600), Day.quote(Day.call, "15:00", 0.88, 0.89), Day.quote(near, "15:00", 0.47, wide), wish,
      Day.price("15:01", 600), Day.quote(Day.call, "15:01", 0.88, 0.89), Day.quote(near, "15:01", 0.47, 0.49),
    ]
  }

  private static func log(_ lines: [String], dollars: Int64 = 10_000) throws -> String {
    Day.log(try Day.play(lines + Day.close, dollars: dollars))
  }

  @Test func `the nearest delta is taken, and sized by what binds`() throws {
    let text = try Self.log(Self.day(Self.wish()))
    #expect(text.contains("15:00 1 selects \(Self.near), delta 0.3"), "\(text)")
    // 48 dollars of decay a contract of 100: two.
    #expect(text.contains("2 of 2 contracts may be traded; size 2 by theta"), "\(text)")
    #expect(text.contains("15:01 1 bought 2 \(Self.near) at 0.49"), "\(text)")
    let asked = try Self.log(Self.day(Self.wish(", \"quantity\": 1")))
    #expect(asked.contains("bought 1 \(Self.near)") && !asked.contains("; size"), "\(asked)")
  }

  @Test func `none is an answer, and nothing is a size`() throws {
    let wide = try Self.log(Self.day(Self.wish(", \"most_spread\": 0.001")))
    #expect(wide.contains("1 selects nothing: no contract of 2 may be traded: spread too wide 2"), "\(wide)")
    let poor = try Self.log(Self.day(Self.wish()), dollars: 100)
    #expect(poor.contains("; size 0 by") && !poor.contains("bought"), "\(poor)")
    let high = try Self.log(["{\"volatility_rank\": 0.9}"] + Self.day(Self.wish()))
    #expect(high.contains("selects nothing: no contract of 2 may be traded: IV Rank too high 2"), "\(high)")
  }

  private static func quote(_ symbol: String, _ time: String, _ bid: Double, _ more: String) -> String {
    "{\"quote\": \"\(symbol)\", \"time\": \"\(time)\", \"bid\": \(bid), \"ask\": \(bid + 0.01), \(more)}"
  }

  /// The nearest call is quoted with 30 traded in one minute and 20 in the next, the other one with 500; last night 90 and 900 were open.
  private static func traded(_ wish: String) -> [String] {
    [
      Day.price("14:59", 600), quote(Day.call, "14:59", 0.88, "\"volume\": 400, \"open_interest\": 900"),
      quote(near, "14:59", 0.47, "\"volume\": 30, \"open_interest\": 90"),
      Day.price("15:00", 600), quote(Day.call, "15:00", 0.88, "\"volume\": 100"),
      quote(near, "15:00", 0.47, "\"volume\": 7"), quote(near, "15:00", 0.47, "\"volume\": 20"), wish,
      Day.price("15:01", 600), Day.quote(Day.call, "15:01", 0.88, 0.89), Day.quote(near, "15:01", 0.47, 0.49),
    ]
  }

  /// Boundaries are inclusive: what was traded in the day so far is 50, and 90 were open.
  @Test(arguments: [
    (
      ", \"least_volume\": 50", "1 selects \(DeskSelectionTests.near), delta 0.3",
      ", volume 50; 2 of 2 contracts may be traded"
    ),
    (
      ", \"least_volume\": 51", "1 selects \(DeskRiskTests.call), delta 0.5",
      ", volume 500; 1 of 2 contracts may be traded"
    ),
    (", \"least_volume\": 501", "1 selects nothing: ", "no contract of 2 may be traded: too little volume 2"),
    (", \"least_open_interest\": 90", "1 selects \(DeskSelectionTests.near), delta 0.3", ", open interest 90; 2 of 2"),
    (", \"least_open_interest\": 91", "1 selects \(DeskRiskTests.call), delta 0.5", "too little open interest 1"),
  ])
  func `volume of the day and open interest leave out what is too thin`(
    more: String, chosen: String, reason: String
  ) throws {
    let text = try Self.log(Self.traded(Self.wish(more + ", \"quantity\": 1")))
      .split(separator: "\n").map { $0.trimmingPrefix { $0 == " " } }.joined(separator: " ")
    #expect(text.contains(chosen) && text.contains(reason), "\(text)")
  }

  @Test func `what nobody says is unknown, and a rank of the order's own is asked`() throws {
    let unknown = try Self.log(Self.day(Self.wish(", \"least_volume\": 1")))
    #expect(unknown.contains("no contract of 2 may be traded: volume unknown 2"), "\(unknown)")
    let high = try Self.log(["{\"volatility_rank\": 0.6}"] + Self.day(Self.wish(", \"highest_rank\": 0.59")))
    #expect(high.contains("no contract of 2 may be traded: IV Rank too high 2"), "\(high)")
    let same = try Self.log(
      ["{\"volatility_rank\": 0.6}"] + Self.day(Self.wish(", \"highest_rank\": 0.6, \"quantity\": 1")))
    #expect(same.contains("bought 1 \(Self.near)"), "\(same)")
  }

  @Test func `open interest of last night is one number`() {
    let lines = [
      Self.quote(Self.near, "14:59", 0.47, "\"open_interest\": 90"),
      Self.quote(Self.near, "15:00", 0.47, "\"open_interest\": 91"),
    ]
    let error = #expect(throws: DeskScriptError.self) { try Self.log(lines) }
    #expect(error?.description.contains("'open_interest' is 91, and 90 before") == true, "\(error?.description ?? "")")
  }

  @Test(arguments: [
    (", \"opens\": {\"SPY251211C00600000\": 1}", "'opens' does not go with 'selects'"),
    (", \"limit\": 1", "'limit' does not go with 'selects'"), (", \"most_spread\": 2", "'most_spread' is 2"),
    (", \"least_volume\": -1", "'least_volume' is -1"), (", \"least_open_interest\": 0.5", "whole number from 0"),
    (", \"highest_rank\": 80", "'highest_rank' is 80"),
  ])
  func `a wish that says too much is named`(more: String, words: String) {
    let error = #expect(throws: DeskScriptError.self) { try Self.log(Self.day(Self.wish(more))) }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }

  @Test func `plans have names in a file, and wrong ones are named with theirs`() throws {
    let folder = try TemporaryFolder()
    try folder.write(
      "exits:\n  patient: {kind: full_target, stop_loss: 60}\nsizing:\n  largest_order: 1\n", to: "risk.yaml")
    let layers = try RiskProfileLayers(files: [folder.place("risk.yaml")])
    #expect(layers.exits["patient"]?.stopLoss == 6_000)
    #expect(layers.terms["SPY"].sizing.largestOrder == 1 && layers.terms["SPX"].sizing.largestOrder == 1)
    let text =
      "{\"session\": \"2025-12-11\"}\n" + Self.day(Self.wish(", \"exit\": \"patient\"")).joined(separator: "\n")
    _ = try DeskScript(Array(text.utf8), path: "day.jsonl", plans: layers.exits)
    #expect(throws: DeskScriptError.self) { try DeskScript(Array(text.utf8), path: "day.jsonl") }
    try folder.write("exits:\n  hasty: {kind: full_target, stop: 60}\n", to: "risk.yaml")
    do {
      _ = try RiskProfileLayers(files: [folder.place("risk.yaml")])
      Issue.record("it was read")
    } catch {
      #expect("\(error)".contains("the exit plan 'hasty' has the unknown key 'stop'"), "\(error)")
    }
  }

  /// A plan that is told to keep its position, restarted in the minute of the fill and behind it.
  @Test(arguments: ["keeps_orders", "loses_orders"], ["15:01", "15:02"])
  func `a plan goes on behind a restart as if nothing had been`(restart: String, time: String) throws {
    func play(_ lines: [String], _ journal: ExitJournalFile?) throws -> String {
      var settings = DeskSettings()
      settings.fees = .zeroCommission
      let text = (["{\"session\": \"2025-12-11\"}"] + lines + Day.close).joined(separator: "\n") + "\n"
      return Day.log(
        try DeskPlay(try DeskScript(Array(text.utf8), path: "day.jsonl"), settings, exitJournal: journal))
    }
    let order =
      "{\"order\": 1, \"time\": \"15:00\", \"opens\": {\"\(Day.call)\": 1}, \"quantity\": 4, \"exit\": \"scale_out_and_trail\"}"
    var day = [Day.price("15:00", 600), Day.quote(Day.call, "15:00", 0.88, 0.89), order]
    let restartLine = "{\"restart\": \"\(restart)\", \"time\": \"\(time)\"}"
    var restarted = day
    for (minute, bid) in [("15:01", 0.88), ("15:02", 0.90), ("15:03", 1.50), ("15:04", 1.50), ("15:05", 1.2)] {
      let lines = [Day.price(minute, 600), Day.quote(Day.call, minute, bid, bid + 0.02)]
      day += lines
      restarted += lines + (minute == time ? [restartLine] : [])
    }
    let folder = try TemporaryFolder()
    let plain = try play(day, nil)
    let behind = try play(restarted, try ExitJournalFile(folder.place("exits.json")))
    #expect(plain.contains("scale-out: closes"), "\(plain)")
    let said =
      "2025-12-11 \(time) restarted: orders \(restart == "keeps_orders" ? "work on" : "are lost"), plans and limits are read back "
    #expect(behind.replacing(said, with: "") == plain, "\(behind)")
    // What is left in it is nobody's here, so that it is not written over.
    try folder.write("{\"positions\": [1], \"plans\": [], \"version\": 1}", to: "left.json")
    #expect(throws: ExitPlanError.self) { try ExitJournalFile(folder.place("left.json")) }
  }
}
