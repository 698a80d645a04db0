// Options on real minutes and on a real chain, where these are at hand: imported, trained on, judged, exported and decided, and every fill at a quote of the file.

import Glibc
import Market
import Storage
import TestSupport
import Testing
import Text

/// Where real files lie; they are in no repository.
private let market = getenv("STRIKEFORGE_MARKET_DATA").map { String(cString: $0) }

@Suite(.enabled(if: market != nil, "STRIKEFORGE_MARKET_DATA names no folder of market data"))
struct OptionsRealRoadTests {
  private static let configuration = """
    run: {seed: 1, total_timesteps: 8192, workers: 1, checkpoint_interval: 8192, evaluation_interval: 8192}
    environment: {name: options, store: spy.h5, assets: [SPY], surface: fair, lanes: 16, decision_minutes: 5}
    algorithm: {name: ppo_lstm_mask, horizon: 64, batch_size: 256, epochs: 1}
    network: {lstm_hidden: 8}
    split: {training_from: "2025-10-13", training_until: "2026-01-30", selection_from: "2026-02-02", selection_until: "2026-02-06", held_out_from: "2026-02-09", held_out_until: "2026-02-20"}

    """

  /// The last sessions of the index end the span: behind them nobody knows what a day is expected to swing.
  @Test func realMinutesWithQuotesOfTheIndexWalkTheRoad() throws {
    let folder = try #require(market)
    let closes = folder + "/daily/eod_SPX_SPY_QQQ_VIX_1995_2026.csv.gz"
    let place = try Workplace()
    try place.succeed([
      "import", "SPY=\(folder)/minute/rth_1min/SPY_1min.csv.gz", "--index", "SPX=\(closes)", "--index",
      "VIX=\(closes)", "--adjusted", "none", "--output", "spy.h5",
    ])
    let trained = try place.train("run", Self.configuration)
    #expect(trained.output.contains("options of SPY: SYNTHETIC quotes (fair) of VIX of the evening before"))
    try place.succeed(["export", "run"])
    let (seen, done) = (place.file("run", "observations.jsonl"), place.file("run", "actions.txt"))
    let judged = try place.succeed(["evaluate", "run", "--write-observations", seen, "--write-actions", done])
    #expect(judged.lines[0] == "Evaluation of run, SYNTHETIC" && judged.lines.allSatisfy { $0.count <= 80 })
    let report = try JSON.parse(place.folder.read(place.file("run", "evaluation.json")))
    #expect(report["window"]?["sessions"]?.integerValue == 9 && report["window"]?["last"]?.stringValue == "2026-02-20")
    #expect(report["synthetic_symbols"] == .array([]) && report["synthetic_quotes"] == .array([.string("SPY")]))
    // Nine sessions of 78 decisions, the bundle's and the evaluation's.
    let decided = try place.serve(
      "once", "--policy", place.file("run", "policy.safetensors"), input: place.folder.read(seen))
    #expect(decided.exitCode == 0)
    let actions = try decided.lines.map { try #require(JSON.parse($0)["action"]?.integerValue) }
    #expect(actions.count == 9 * 78)
    #expect(actions.map { "\($0)" } == (try place.folder.read(done)).split(separator: "\n").map(String.init))
    #expect(try place.folder.read(place.file("run", "report.html")).contains("How it traded options"))
  }

  /// A half day of contracts that end with it: the rule buys at the ask of its minute, and the desk sells at the bid before the close.
  @Test func aRuleTradesARealChainAtItsQuotes() throws {
    let folder = try #require(market)
    let options = folder + "/lean/option/usa/minute/goog/20151224_"
    let place = try Workplace()
    try place.succeed([
      "import", "GOOG=\(folder)/lean/equity/usa/minute/goog/20151224_trade.zip", options + "quote_american.zip",
      options + "openinterest_american.zip", "--output", "goog.h5",
    ])
    let played = try place.succeed([
      "backtest", "calls", "--store", "goog.h5", "--from", "2015-12-24", "--to", "2015-12-24", "--set",
      "environment.capital=1000000", "--output", "played",
    ])
    #expect(!played.output.contains("SYNTHETIC") && played.lines.allSatisfy { $0.count <= 80 })
    let rows = try place.folder.read("played/trades.csv").split(separator: "\r\n").map { row in
      row.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    try #require(rows.count == 2, "one call, from flat to flat")
    let trade = Dictionary(uniqueKeysWithValues: zip(rows[0], rows[1]))
    func number(_ name: String) throws -> Double { try #require(trade[name].flatMap { Double($0) }) }

    let store = try MarketStoreFile(place.folder.place("goog.h5"))
    let chain = try store.chain(try #require(store.chains.first)) { !$0.isExtendedHours }
    let (date, name) = (try #require(CalendarDate("2015-12-24")), try #require(trade["contract"]))
    let session = try #require(chain.session(on: date))
    let contract = try #require(chain.number(of: OptionContract(try OptionSymbol(name))))
    let (entry, exit) = (Int(try number("entry_minute")), Int(try number("exit_minute")))
    let (bought, sold) = (
      try #require(session.quote(minute: entry, contract: contract)),
      try #require(session.quote(minute: exit, contract: contract))
    )
    #expect(try number("entry_price") == bought.askDollars && bought.bid > 0)
    #expect(try number("exit_price") == sold.bidDollars)
    #expect(30..<180 ~= entry && exit > entry && exit >= 195, "no entry at either end, and out before the close")
    // Dollars a share at which it was bought and sold, less the fees: what the account gained.
    let gained = try (number("exit_price") - number("entry_price")) * number("shares") - number("commission")
    #expect(abs(try number("profit") - gained) < 1e-6)
    let report = try JSON.parse(place.folder.read("played/backtest.json"))
    let account = try #require(report["accounts"]?.arrayValue?.first)
    let start = try #require(account["initial_dollars"]?.doubleValue)
    let end = try #require(account["final_dollars"]?.doubleValue)
    #expect(abs(end - start - gained) < 1e-6)
  }
}
