// What a report owes a quant, from outside: cash, index, doubled costs, trades and returns as files, and a count of looks that cannot be talked down.

import Glibc
import Market
import Storage
import TestSupport
import Testing
import Text

@Suite struct QuantReportTests {
  private static let configuration = """
    run: {seed: 3, total_timesteps: 2048, workers: 2, checkpoint_interval: 1024, evaluation_interval: 1024}
    environment: {name: dual_ticker, store: market.h5, lanes: 16, episode_length: 40}
    split:
      training_from: 2001-01-02
      training_until: 2002-12-31
      selection_from: 2003-01-01
      selection_until: 2003-12-31
      held_out_from: 2004-01-02
      held_out_until: 2004-12-31
    algorithm: {name: ppo_mask, horizon: 32, batch_size: 128, epochs: 2}
    network: {policy_tower: [8], value_tower: [8]}

    """

  private static let files = [
    "evaluation.json", "report.md", "report.html", "trades.csv", "daily-returns.csv",
  ]
  private static let ledger = "market.h5.trials.jsonl"

  /// One share with a column of rates, and an index: three percent until the middle of 2004, then one.
  private func marketWithIndex(_ place: Workplace) throws -> BarSeries {
    let series = SyntheticTape.series(symbols: ["AAA", "IDX"], bars: 1000, seed: 4)
    let middle = try #require(CalendarDate("2004-07-01"))
    let rows = BarFile.plain(series[0]).split(separator: "\n")
    let rates = series[0].dates.map { $0 < middle ? "0.03" : "0.01" }
    try place.folder.write(
      rows.enumerated().map { line, row in "\(row),\(line == 0 ? "bill" : rates[line - 1])\n" }.joined(), to: "AAA.csv")
    let index = series[1]
    try place.folder.write(
      "Date,Open,High,Low,Close\n"
        + index.dates.indices.map {
          "\(index.dates[$0]),\(index.open[$0]),\(index.high[$0]),\(index.low[$0]),\(index.close[$0])\n"
        }.joined(), to: "IDX.csv")
    try place.succeed([
      "import", "AAA=AAA.csv", "--index", "IDX=IDX.csv", "--extra-columns", "bill", "--output", "market.h5",
    ])
    return index
  }

  private func run(_ place: Workplace, _ name: String = "run", _ settings: String...) throws {
    try place.folder.write(QuantReportTests.configuration, to: "run.yaml")
    try place.succeed(["train", "--config", "run.yaml", "--run", name] + settings.flatMap { ["--set", $0] })
  }

  private func evaluate(_ place: Workplace, _ words: String...) throws -> JSON {
    try JSON.parse(place.succeed(["evaluate", "run", "--json"] + words).output)
  }

  /// The rows of a CSV file, the header first. No field of these files holds a comma.
  private func table(_ place: Workplace, _ name: String) throws -> [[String]] {
    let text = try place.folder.read(place.file("run", name))
    #expect(text.hasSuffix("\r\n") && !text.replacing("\r\n", with: "").contains { $0.isNewline })
    return text.split(separator: "\r\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
  }

  private func reports(_ place: Workplace) throws -> [[UInt8]] {
    try QuantReportTests.files.map { try place.folder.bytes(place.file("run", $0)) }
  }

  @Test func aReportTellsCashIndexCostsAndLooks() throws {
    let place = try Workplace()
    let index = try marketWithIndex(place)
    try run(place)

    // The first look, and the same again: the same bytes, and one line.
    let first = try evaluate(place, "--checkpoint", "checkpoint-1024.h5")
    #expect(first["looks"]?["count"]?.integerValue == 1 && first["looks"]?["unrecorded"]?.isNull == true)
    let (bytes, lines) = (try reports(place), try place.folder.bytes(QuantReportTests.ledger))
    #expect(try evaluate(place, "--checkpoint", "checkpoint-1024.h5") == first)
    #expect(try reports(place) == bytes && place.folder.bytes(QuantReportTests.ledger) == lines)

    // Cash: 0 is said. Dividends: the file has none. Market: the index.
    let text = try place.succeed(["evaluate", "run", "--checkpoint", "checkpoint-1024.h5"]).joined
    for words in [
      "Cash rate: 0.", "AAA: without dividends", "Against IDX, the index of the store",
      "Rolling Sharpe ratio over 123 sessions",
      "At twice the costs (half-spread 4 basis points, impact 1.4 x", "commission 2 $ an order)", "this is the first",
    ] { #expect(text.contains(words), "\(words)\n\(text)") }
    #expect(first["alpha_beta"]?["kind"]?.stringValue == "index")
    #expect(first["alpha_beta"]?["sessions"]?.integerValue == 247)
    let usual = try #require(first["accounts"]?.arrayValue?.first)
    let doubled = try #require(first["doubled_costs"]?["account"])
    let hasTraded = usual["fills"]?.integerValue ?? 0 > 0
    #expect(!hasTraded || usual["final_dollars"] != doubled["final_dollars"])
    #expect(doubled["net_liquidation_dollars"]?.arrayValue?.count == 247)

    try checkTrades(place, usual)
    try checkReturns(place, usual, index: index)

    // A rate that moves: known at the close before, and in every ratio.
    let over = try evaluate(place, "--checkpoint", "checkpoint-1024.h5", "--cash-rate", "bill")
    #expect(over["cash_rate"]?["column"]?.stringValue == "bill" && over["cash_rate"]?["annual"]?.isNull == true)
    let cash = try table(place, "daily-returns.csv").dropFirst().map { try #require(Double($0[7])) }
    #expect(Set(cash).count == 2 && abs(cash[0] - 1.1730e-4) < 1e-8 && abs(cash[246] - 3.9486e-5) < 1e-9)
    // A session has the rate of the close before it: the first of July still has three percent.
    let july = try #require(
      try table(place, "daily-returns.csv").dropFirst().firstIndex { $0[0] >= "2004-07-01" })
    #expect(cash[july - 1] == cash[0] && cash[july] == cash[246])
    let constant = try evaluate(place, "--checkpoint", "checkpoint-1024.h5", "--cash-rate", "0.02")
    #expect(constant["cash_rate"]?["mean_annual"]?.doubleValue == 0.02)
    let ratio = { (report: JSON) in report["accounts"]?.arrayValue?.first?["sharpe"]?.doubleValue }
    if let before = ratio(first), let after = ratio(constant) { #expect(after < before && ratio(over) != after) }
    #expect((ratio(first) == nil) == !hasTraded)
    // Another rate is no other policy.
    #expect(try place.folder.bytes(QuantReportTests.ledger) == lines)
  }

  /// Every closed trade is there, and together they earned what the report says.
  private func checkTrades(_ place: Workplace, _ account: JSON) throws {
    let trades = try table(place, "trades.csv")
    #expect(
      trades[0] == [
        "symbol", "state", "side", "entry_date", "exit_date", "sessions", "shares", "entry_price", "exit_price",
        "half_spread", "impact", "commission", "profit",
      ])
    let closed = trades.filter { $0[1] == "closed" }
    #expect(closed.count == account["closed_trades"]?.integerValue)
    #expect(trades.count { $0[1] == "open" } == account["open_positions"]?.integerValue)
    var earned = 0.0
    for trade in closed {
      let numbers = try trade[6...].map { try #require(Double($0)) }
      let gain = numbers[0] * (numbers[2] - numbers[1]) * (trade[2] == "long" ? 1 : -1) - numbers[5]
      #expect(abs(gain - numbers[6]) < 1e-5 && trade[3] < trade[4], "\(trade)")
      earned += numbers[6]
    }
    let mean = account["expectancy_dollars"]?.doubleValue ?? 0
    #expect(abs(earned - mean * Double(closed.count)) < 1e-6)
    let costs = try trades.dropFirst().flatMap { try $0[9...11].map { try #require(Double($0)) } }.reduce(0, +)
    #expect(abs(costs - (account["cost_dollars"]?.doubleValue ?? 0)) < 1e-5)
  }

  /// A row a session; the policy's returns make its final value, and the index's are those of its file.
  private func checkReturns(_ place: Workplace, _ account: JSON, index: BarSeries) throws {
    let rows = try table(place, "daily-returns.csv")
    #expect(
      rows[0] == [
        "date", "policy", "flat", "buy-and-hold", "previous-sign", "inverse-previous-sign", "index", "cash", "position",
      ])
    #expect(rows.count == 248)
    let policy = try rows.dropFirst().map { try #require(Double($0[1])) }
    let initial = try #require(account["initial_dollars"]?.doubleValue)
    let final = try #require(account["final_dollars"]?.doubleValue)
    #expect(abs(policy.reduce(initial) { $0 * (1 + $1) } - final) < 1e-6)
    let column = try #require(rows[0].firstIndex(of: "index"))
    for row in rows.dropFirst() {
      let bar = try #require(index.dates.firstIndex { $0.description == row[0] })
      #expect(try #require(Double(row[column])) == index.close[bar] / index.close[bar - 1] - 1)
    }
  }

  /// Two policies, a line that somebody changed, and places where no ledger can be.
  @Test func looksAreCountedWhateverIsDoneToTheLedger() throws {
    let place = try Workplace()
    try place.importMarket()
    try run(place)
    func looks(_ checkpoint: String) throws -> JSON {
      try #require(try evaluate(place, "--checkpoint", checkpoint)["looks"])
    }
    #expect(try looks("checkpoint-1024.h5")["count"] == 1)
    let second = try looks("checkpoint-2048.h5")
    #expect(second["count"] == 2 && second["place"] == 2 && second["faults"] == [])
    // Without an index of the store, holding is what one is compared with; more looks are in the verdict of every form.
    let text = try place.succeed(["evaluate", "run", "--checkpoint", "checkpoint-2048.h5"]).joined
    #expect(text.contains("since the store has no index for these sessions"))
    let sentence = "2 policies have been judged on this window, this one being number 2"
    #expect(text.contains(sentence))
    for name in ["report.md", "report.html", "evaluation.json"] {
      #expect(try place.folder.read(place.file("run", name)).contains(sentence), "\(name)")
    }
    // The other window has a count of its own, and files of its own.
    let selection = try evaluate(place, "--window", "selection", "--checkpoint", "checkpoint-2048.h5")
    #expect(selection["looks"]?["count"] == 1 && selection["looks"]?["overlapping"] == 0)
    #expect(place.folder.exists(place.file("run", "trades-selection.csv")))
    #expect(place.folder.exists(place.file("run", "daily-returns-selection.csv")))

    // Somebody takes the first look away; it stays seen.
    let lines = try place.folder.read(QuantReportTests.ledger).split(separator: "\n")
    // The training, the choice of its best checkpoint, and three looks.
    let kinds = try lines.map { try JSON.parse(Array($0.utf8))["kind"]?.stringValue }
    #expect(kinds == ["training", "early_stop", "look", "look", "look"])
    #expect(second["trials"] == 2)
    try place.folder.write(
      lines.enumerated().filter { $0.offset != 2 }.map { $0.element + "\n" }.joined(), to: QuantReportTests.ledger)
    let cut = try looks("checkpoint-2048.h5")
    #expect(cut["count"] == 1 && cut["faults"]?.arrayValue?.isEmpty == false)
    #expect(try place.folder.read(place.file("run", "report.md")).contains("is not whole"))
    #expect(try looks("checkpoint-1024.h5")["faults"]?.arrayValue?.isEmpty == false)
    #expect(try looks("checkpoint-2048.h5")["count"] == 2)

    // A ledger that is a folder: said, and nothing else fails.
    place.folder.remove(QuantReportTests.ledger)
    #expect(mkdir(place.folder.place(QuantReportTests.ledger), 0o755) == 0)
    let unwritten = try looks("checkpoint-2048.h5")
    #expect(unwritten["count"] == 1)
    #expect(unwritten["unrecorded"]?.stringValue?.contains("market.h5.trials.jsonl") == true)
    #expect(try place.folder.read(place.file("run", "report.html")).contains("This look is not in the ledger"))
  }

  /// Two at the same moment: both counted, in one chain.
  @Test func looksAtOneMomentAreBothCounted() throws {
    let place = try Workplace()
    try place.importMarket()
    try run(place, "one")
    try run(place, "two", "run.seed=9")
    let running = try ["one", "two"].map { try Program.strikeforge.start(["evaluate", $0], in: place.folder.path) }
    for one in running { #expect(try one.wait().exitCode == 0) }
    let log = try ChainedLog.read(place.folder.place(QuantReportTests.ledger))
    #expect(log.faults.isEmpty)
    for kind in ["training", "early_stop", "look"] {
      let runs = log.entries.filter { $0.members["kind"]?.stringValue == kind }.map { $0.members["run"]?.stringValue }
      #expect(runs.count == 2 && Set(runs) == ["one", "two"], "\(kind): \(runs)")
    }
  }
}

extension ProgramOutcome {
  /// The output with every stretch of white space as one blank.
  fileprivate var joined: String { output.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
}
