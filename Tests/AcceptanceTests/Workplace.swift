// Where a test stands: a folder of its own, bar files, small configurations, and the two programs.

import Kernels
import Market
import Storage
import TestSupport
import Testing

/// A folder in which the programs run, as a user would run them.
struct Workplace {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A copy of everything in another place.
  init(copying other: Workplace) throws {
    try self.init()
    for (path, bytes) in try other.content() {
      try FileSystem.makeFolder(FileSystem.split(folder.place(path)).folder)
      try folder.write(bytes, to: path)
    }
  }

  // MARK: The programs

  func strikeforge(_ arguments: String...) throws -> ProgramOutcome {
    try Program.strikeforge.run(arguments, in: folder.path)
  }

  func strikeforge(_ arguments: [String]) throws -> ProgramOutcome {
    try Program.strikeforge.run(arguments, in: folder.path)
  }

  func serve(_ arguments: String..., input: String) throws -> ProgramOutcome {
    try Program.serve.run(arguments, in: folder.path, input: input)
  }

  /// Runs the training program and requires that all goes well.
  @discardableResult
  func succeed(_ arguments: [String], location: SourceLocation = #_sourceLocation) throws -> ProgramOutcome {
    let outcome = try strikeforge(arguments)
    try #require(outcome.exitCode == 0 && outcome.errors.isEmpty, "\(outcome)", sourceLocation: location)
    return outcome
  }

  // MARK: Runs

  /// The path of a run's file, from the working directory.
  func file(_ run: String, _ name: String) -> String { "checkpoints/\(run)/\(name)" }

  /// The steps of a run's checkpoints, in order.
  func checkpointSteps(_ run: String) -> [Int] {
    folder.names(in: "checkpoints/" + run).compactMap { name in
      guard name.hasPrefix("checkpoint-"), name.hasSuffix(".h5") else { return nil }
      return Int(name.dropFirst("checkpoint-".count).dropLast(".h5".count))
    }.sorted()
  }

  func checkpoint(_ path: String) throws -> Checkpoint { try CheckpointStore.load(folder.place(path)) }

  func progress(_ run: String) throws -> ProgressTable { try ProgressTable(folder.read(file(run, "progress.csv"))) }

  /// Every file below the folder and its bytes.
  func content(below name: String = ".") throws -> [String: [UInt8]] {
    var content: [String: [UInt8]] = [:]
    for child in folder.names(in: name) {
      let path = name + "/" + child
      let children = folder.names(in: path)
      if children.isEmpty, let bytes = try? folder.bytes(path) {
        content[path] = bytes
      } else {
        content.merge(try self.content(below: path)) { $1 }
      }
    }
    return content
  }

  // MARK: Markets

  /// Imports a clean made-up market of two symbols as `market.h5`.
  func importMarket(bars: Int = 1000, seed: UInt64 = 1) throws {
    var operands: [String] = []
    for series in SyntheticTape.series(bars: bars, seed: seed) {
      try folder.write(BarFile.plain(series), to: "\(series.symbol).csv")
      operands.append("\(series.symbol)=\(series.symbol).csv")
    }
    try succeed(["import"] + operands + ["--output", "market.h5"])
  }

  /// A small run of a game over options, on thirty sessions from 2016-01-04 on in a store of that name.
  static func options(_ game: String, on store: String) -> String {
    """
    run: {seed: 1, total_timesteps: 1024, workers: 1, checkpoint_interval: 1024, evaluation_interval: 1024}
    environment: {name: \(game), store: \(store), lanes: 8, capital: 1000000, capital_by_symbol: [], decision_minutes: 15, maximum_contracts: 1, fee_dollars: 0.7}
    algorithm: {name: ppo_lstm_mask, horizon: 64, batch_size: 256, epochs: 1}
    network: {lstm_hidden: 8, policy_tower: [8], value_tower: [8]}
    split: {training_from: "2016-01-04", training_until: "2016-01-22", selection_from: "2016-01-25", selection_until: "2016-01-27", held_out_from: "2016-01-28", held_out_until: "2016-12-31"}

    """
  }

  /// A run on the made-up market of `importMarket`: 13 columns and 3 actions a symbol, short episodes, a split inside its years.
  static let market = """
    run: {seed: 3, total_timesteps: 8192, workers: 2, checkpoint_interval: 2048, evaluation_interval: 4096}
    environment: {name: dual_ticker, store: market.h5, lanes: 16, episode_length: 40}
    split:
      training_from: 2001-01-02
      training_until: 2002-12-31
      selection_from: 2003-01-01
      selection_until: 2003-12-31
      held_out_from: 2004-01-02
      held_out_until: 2004-12-31
    algorithm: {horizon: 32, batch_size: 128, epochs: 2}
    network: {lstm_hidden: 8}

    """

  /// A run on a planted market that needs no file.
  static func planted(_ name: String, algorithm: String) -> String {
    let settings = algorithm.hasPrefix("ppo") ? "horizon: 32, batch_size: 128, epochs: 2" : "log_interval: 8"
    let network =
      algorithm.hasPrefix("dqn") ? "hidden_layers: [8]" : "lstm_hidden: 8, policy_tower: [8], value_tower: [8]"
    let length =
      switch name {
      case "cue": ", cue_bars: 8"
      case "martingale": ""
      default: ", truncation_steps: 64"
      }
    return """
      run: {seed: 5, total_timesteps: 4096, workers: 2, checkpoint_interval: 2048, evaluation_interval: 2048}
      environment: {name: \(name), lanes: 16\(length)}
      algorithm: {name: \(algorithm), \(settings)}
      network: {\(network)}

      """
  }

  /// Trains a run of one of the configurations above.
  @discardableResult
  func train(_ run: String, _ configuration: String, _ settings: String...) throws -> ProgramOutcome {
    try folder.write(configuration, to: "run.yaml")
    return try succeed(["train", "--config", "run.yaml", "--run", run] + settings.flatMap { ["--set", $0] })
  }
}

/// Not even a header.
struct EmptyTable: Error {}

/// The rows of a `progress.csv`.
struct ProgressTable: Equatable {
  let columns: [String]
  /// The lines as they stand in the file.
  let lines: [String]
  let isWhole: Bool

  init(_ text: String) throws {
    let all = text.split(separator: "\n").map(String.init)
    // A file that was just made has no header yet; whoever waits for rows looks again.
    guard let header = all.first else { throw EmptyTable() }
    columns = header.split(separator: ",").map(String.init)
    lines = Array(all.dropFirst())
    isWhole = text.hasSuffix("\n")
  }

  /// The step of every row.
  func steps() throws -> [Int] {
    let place = try #require(columns.firstIndex(of: "time/total_timesteps"))
    return try lines.map { try #require(Int(fields($0)[place])) }
  }

  /// What every row says of something.
  func column(_ name: String) throws -> [String] {
    let place = try #require(columns.firstIndex(of: name))
    return lines.map { fields($0)[place] }
  }

  /// The rows without what the clock wrote.
  func timeless() -> [[String]] {
    lines.map { line in zip(columns, fields(line)).filter { !ProgressTable.isClock($0.0) }.map(\.1) }
  }

  private func fields(_ line: String) -> [String] {
    line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
  }

  static func isClock(_ column: String) -> Bool {
    column == "time/fps" || column == "time/time_elapsed" || column.hasPrefix("time/sps_")
  }
}

/// Bar files in the two layouts. Numbers are written so that they read back to the same bits.
enum BarFile {
  static func plain(_ series: BarSeries) -> String {
    "timestamp,open,high,low,close,volume\n"
      + series.dates.indices.map { row in
        "\(series.dates[row]),\(series.open[row]),\(series.high[row]),\(series.low[row]),\(series.close[row]),"
          + "\(Int(series.volume[row]))\n"
      }.joined()
  }

  static func tickers(_ series: [BarSeries]) -> String {
    "Ticker,Date,Open,High,Low,Close,Volume,Adj Close\n"
      + series.map { one in
        one.dates.indices.map { row in
          "\(one.symbol),\(one.dates[row]),\(one.open[row]),\(one.high[row]),\(one.low[row]),\(one.close[row]),"
            + "\(Int(one.volume[row])),\(one.close[row])\n"
        }.joined()
      }.joined()
  }
}
