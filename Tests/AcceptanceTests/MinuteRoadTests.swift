// The whole road on made-up minutes, offline: synthesized, imported, trained on, judged by sessions, exported; and between real days.

import Storage
import TestSupport
import Testing
import Text

@Suite struct MinuteRoadTests {
  private static let configuration = """
    run: {seed: 1, total_timesteps: 4096, workers: 1, checkpoint_interval: 4096, evaluation_interval: 4096}
    environment: {name: dual_ticker, store: market.h5, lanes: 16, episode_length: 64}
    algorithm: {name: ppo_mask, horizon: 64, batch_size: 256, epochs: 1}
    network: {policy_tower: [8], value_tower: [8]}
    split: {training_from: "2024-11-01", training_until: "2024-11-22", selection_from: "2024-11-25", selection_until: "2024-11-26", held_out_from: "2024-11-27", held_out_until: "2024-12-31"}

    """

  private func words(_ outcome: ProgramOutcome) -> String {
    outcome.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  @Test func minutesWalkTheRoadAndSayThatTheyAreMadeUp() throws {
    let place = try Workplace()
    for (symbol, seed) in [("AAA", "1"), ("BBB", "2")] {
      let made = try place.succeed([
        "synthesize", "minutes", "--sessions", "20", "--from", "2024-11-02", "--seed", seed, "--output",
        "\(symbol).csv",
      ])
      #expect(
        made.lines == [
          "wrote \(symbol).csv: SYNTHETIC minutes, 7620 bars of 20 sessions (1 half day), 2024-11-04 to 2024-12-02, seed \(seed)",
          "next: strikeforge import SYN=\(symbol).csv --output FILE.h5",
        ])
    }
    let text = try place.folder.read("AAA.csv")
    #expect(text.hasPrefix("synthetic_start,open,high,low,close,volume\n2024-11-04T14:30:00Z,100.0,"))
    let imported = try place.succeed(["import", "AAA=AAA.csv", "BBB=BBB.csv", "--output", "market.h5"])
    #expect(imported.output.contains("SYNTHETIC: made up by strikeforge synthesize"))
    #expect(try place.succeed(["inspect", "market.h5"]).lines.count { $0.hasSuffix("SYNTHETIC") } == 2)

    let trained = try place.train("run", Self.configuration)
    #expect(trained.output.contains("SYNTHETIC: the bars of AAA, BBB are made up"), "\(trained)")
    #expect(trained.output.contains("15 sessions, 5,800 minutes, passed"), "\(trained.output)")
    let report = try place.succeed(["evaluate", "run", "--checkpoint", "latest"])
    #expect(words(report).contains("2024-11-27 to 2024-12-02, 3 sessions, held out"), "\(report.output)")
    #expect(words(report).contains("SYNTHETIC: the bars of AAA, BBB are made up by strikeforge synthesize"))
    #expect(words(report).contains("nights: what is held at a session's last close is held until the next open"))
    #expect(report.lines.allSatisfy { $0.count <= 80 })
    try place.succeed(["export", "run"])

    let other = try place.strikeforge(
      ["train", "--config", "run.yaml", "--run", "other", "--data-source", "massive"])
    #expect(other.exitCode == 2 && other.errors.contains("AAA in market.h5 was imported from synthetic"), "\(other)")
    #expect(
      try place.strikeforge([
        "train", "--config", "run.yaml", "--run", "same", "--data-source", "synthetic", "--start", "2024-11-09",
        "--timesteps", "1024",
      ]).output.contains("training starts on 2024-11-11, the first session from 2024-11-09 on"))
    let counted = try place.succeed([
      "train", "--config", "run.yaml", "--run", "counted", "--intraday-days", "10", "--timesteps", "1024",
    ])
    #expect(counted.output.contains("10 sessions, 3,900 minutes, passed 0.26"), "\(counted.output)")
  }

  @Test func minutesLieBetweenTheOpensAndClosesOfRealDays() throws {
    let place = try Workplace()
    try place.succeed(["synthesize", "martingale", "--bars", "80", "--from", "2024-09-01", "--output", "days.csv"])
    try place.folder.write(
      place.folder.read("days.csv").split(separator: "\n").map { line in
        line.split(separator: ",").prefix(5).joined(separator: ",").replacing(
          "timestamp,open,high,low,close", with: "Date,Open,High,Low,Close")
      }.joined(separator: "\n") + "\n", to: "index.csv")
    try place.succeed(["import", "SYN=days.csv", "--index", "SPX=index.csv", "--output", "days.h5"])
    let made = try place.succeed([
      "synthesize", "minutes", "--bridge", "days.h5", "--symbol", "SPX", "--from", "2024-11-28", "--sessions", "3",
      "--output", "spx.csv",
    ])
    #expect(
      made.lines == [
        "wrote spx.csv: SYNTHETIC minutes, 990 bars of 3 sessions (1 half day), 2024-11-29 to 2024-12-03, seed 0",
        "real are the opens and closes of each day of SPX in days.h5; what lies between them is made up",
        "next: strikeforge import --index SPX=spx.csv --output FILE.h5",
      ])
    let rows = try place.folder.read("spx.csv").split(separator: "\n").map { $0.split(separator: ",") }
    let days = try place.folder.read("index.csv").split(separator: "\n").map { $0.split(separator: ",") }
    #expect(rows[0] == ["synthetic_start", "open", "high", "low", "close"])
    for (date, first, last) in [("2024-11-29", 1, 210), ("2024-12-02", 211, 600), ("2024-12-03", 601, 990)] {
      let day = try #require(days.first { $0[0] == date })
      #expect(rows[first][0].hasPrefix(date) && rows[last][0].hasPrefix(date))
      #expect(rows[first][1] == day[1] && rows[last][4] == day[4])
    }
    try place.succeed(["import", "--index", "SPX=spx.csv", "SYN=days.csv", "--output", "minutes.h5"])
  }

  @Test func minutesLieBetweenTheClosesOfRealDaysAsFarAsAnIndexPromised() throws {
    let place = try Workplace()
    try place.succeed(["synthesize", "martingale", "--bars", "80", "--from", "2024-09-01", "--output", "days.csv"])
    let days = try place.folder.read("days.csv").split(separator: "\n").dropFirst().map {
      $0.split(separator: ",").prefix(5).map(String.init)
    }
    func write(_ name: String, _ rows: [[String]]) throws {
      try place.folder.write(
        (["Date,Open,High,Low,Close"] + rows.map { $0.joined(separator: ",") }).joined(separator: "\n") + "\n", to: name
      )
    }
    func level(_ base: Double) -> [[String]] {
      days.enumerated().map { row, day in
        [day[0]] + [String](repeating: "\(base * (1 + Double(row % 3) / 64))", count: 4)
      }
    }
    try write("spx.csv", days)
    try write("vix.csv", level(16))
    try write("ndx.csv", level(16_000))
    let indices = ["SPX=spx.csv", "VIX=vix.csv", "NDX=ndx.csv"].flatMap { ["--index", $0] }
    try place.succeed(["import"] + indices + ["--output", "days.h5"])
    let words = [
      "synthesize", "minutes", "--bridge", "days.h5", "--symbol", "SPX", "--output", "minutes.csv", "--index",
    ]
    let made = try place.succeed(words + ["VIX", "--from", "2024-11-28", "--sessions", "3"])
    #expect(
      made.lines == [
        "wrote minutes.csv: SYNTHETIC minutes, 990 bars of 3 sessions (1 half day), 2024-11-29 to 2024-12-03, seed 0",
        "real are the closes of each day of SPX in days.h5; what lies between them is made up, opens too: each day's swing is "
          + "what the index promised the evening before",
        "next: strikeforge import --index SPX=minutes.csv --output FILE.h5",
      ])
    let rows = try place.folder.read("minutes.csv").split(separator: "\n").map { $0.split(separator: ",") }
    for (date, first, last) in [("2024-11-29", 1, 210), ("2024-12-02", 211, 600), ("2024-12-03", 601, 990)] {
      let day = try #require(days.first { $0[0] == date })
      #expect(rows[first][0].hasPrefix(date) && rows[last][0].hasPrefix(date))
      #expect(rows[last][4] == day[4] && rows[first][1] != day[1])
    }
    // The first day of all has no close before it.
    let whole = try place.succeed(words + ["VIX"])
    #expect(
      whole.lines[0].contains("bars of 79 sessions") && whole.lines[0].contains("\(days[1][0]) to \(days[79][0])"))
    let kept = try place.folder.read("minutes.csv")
    for (index, more, part) in [
      ("NDX", [], "--index is NDX, which closes at 16000.0 on \(days[0][0]); name an index of volatility in points"),
      ("VIX", ["--sessions", "1"], "SPX has no session from \(days[0][0]) on behind a close of both itself and VIX"),
    ] {
      let outcome = try place.strikeforge(words + [index] + more)
      #expect(outcome.exitCode == 64 && outcome.errors.contains(part), "\(outcome)")
    }
    #expect(try place.folder.read("minutes.csv") == kept)
  }

  @Test func wrongFlagsAreToldWithWhatIsRight() throws {
    let place = try Workplace()
    try place.importMarket()
    let cases: [([String], String)] = [
      (["minutes", "--bars", "3", "--output", "x.csv"], "give --sessions instead"),
      (["minutes", "--rho", "0.1", "--output", "x.csv"], "leave it out"),
      (["minutes", "--sessions", "0", "--output", "x.csv"], "--sessions is 0, but must be 1 to"),
      (["minutes", "--symbol", "SPX", "--output", "x.csv"], "--symbol goes with --bridge"),
      (["minutes", "--index", "VIX", "--output", "x.csv"], "--index goes with --bridge"),
      (["options", "--index", "VIX", "--output", "x.csv"], "--index is for other markets"),
      (
        ["minutes", "--bridge", "market.h5", "--symbol", "AAA", "--index", "VIX", "--output", "x.csv"],
        "--index is VIX, but beside AAA market.h5 holds daily bars of BBB; import its index with --index VIX=FILE"
      ),
      (
        ["minutes", "--bridge", "market.h5", "--symbol", "AAA", "--index", "AAA", "--output", "x.csv"],
        "--index is AAA, but beside AAA market.h5 holds daily bars of BBB; import its index with --index VIX=FILE"
      ),
      (["minutes"], "--output is missing"),
      (["martingale", "--sessions", "3", "--output", "x.csv"], "--sessions is for minutes"),
      (["minuets", "--output", "x.csv"], "did you mean minutes?"),
      (
        ["minutes", "--bridge", "market.h5", "--output", "x.csv"],
        "--symbol is missing: market.h5 holds daily bars of AAA, BBB"
      ),
      (["minutes", "--bridge", "market.h5", "--symbol", "AAB", "--output", "x.csv"], "did you mean AAA?"),
      (["minutes", "--bridge", "market.h5", "--symbol", "AAA", "--from", "2034-01-01", "--output", "x.csv"], "end on"),
      (
        ["minutes", "--bridge", "market.h5", "--symbol", "AAA", "--sessions", "9999", "--output", "x.csv"],
        "must be 1 to"
      ),
    ]
    for (words, part) in cases {
      let outcome = try place.strikeforge(["synthesize"] + words)
      #expect(outcome.exitCode == 64 && outcome.errors.contains(part), "\(words): \(outcome)")
    }
    let absent = try place.strikeforge([
      "synthesize", "minutes", "--bridge", "no.h5", "--symbol", "A", "--output", "x.csv",
    ])
    #expect(absent.exitCode == 1 && absent.errors.contains("no.h5"))
    let source = try place.strikeforge([
      "synthesize", "minutes", "--bridge", "market.h5", "--symbol", "AAA", "--output", "market.h5",
    ])
    #expect(source.exitCode == 1 && source.errors.contains("is read, and is not written over"), "\(source)")
    #expect(!place.folder.names().contains("x.csv"))
  }
}
