// What a user may hand over that is not right, and what the programs must say to it.

import AgentInterface
import Market
import Storage
import TestSupport
import Testing

/// One thing that is wrong, the command that meets it, and the answer.
struct BadInput: Sendable, CustomTestStringConvertible {
  let name: String
  let program: Program
  let words: [String]
  let exitCode: Int32
  /// Pieces of the one sentence on the error output: file, place, remedy.
  let says: [String]
  let input: String
  /// Puts what is wrong into a folder with a market (`AAA.csv`, `BBB.csv`, `market.h5`), a finished run and its bundle.
  let prepare: @Sendable (Workplace) throws -> Void

  var testDescription: String { name }

  init(
    _ name: String, _ command: String, exits exitCode: Int32, says: String..., program: Program = .strikeforge,
    input: String = "", prepare: @escaping @Sendable (Workplace) throws -> Void = { _ in }
  ) {
    self.name = name
    self.program = program
    words = command.split(separator: " ").map(String.init)
    self.exitCode = exitCode
    self.says = says
    self.input = input
    self.prepare = prepare
  }

  // MARK: Bars

  private static let importBars = "import AAA=bars.csv --output new.h5"

  /// Rewrites the lines of AAA.csv (line 1 is the header) as bars.csv.
  private static func bars(_ edit: @escaping @Sendable (inout [String]) -> Void) -> @Sendable (Workplace) throws -> Void
  {
    { place in
      var lines = try place.folder.read("AAA.csv").split(separator: "\n").map(String.init)
      edit(&lines)
      try place.folder.write(lines.map { $0 + "\n" }.joined(), to: "bars.csv")
    }
  }

  /// Replaces one field of one line.
  private static func field(_ line: Int, _ column: Int, _ text: String) -> @Sendable (Workplace) throws -> Void {
    bars { lines in
      var fields = lines[line - 1].split(separator: ",").map(String.init)
      fields[column] = text
      lines[line - 1] = fields.joined(separator: ",")
    }
  }

  private static func packed(_ edit: @escaping @Sendable (inout [UInt8]) -> Void)
    -> @Sendable (Workplace) throws -> Void
  {
    { place in
      var bytes = try Gzip.deflate(place.folder.bytes("AAA.csv"), path: "bars.csv")
      edit(&bytes)
      try place.folder.write(bytes, to: "bars.csv")
    }
  }

  static let ofBars: [BadInput] = [
    BadInput(
      "a column that is not there", "import AAA=AAA.csv --output new.h5 --extra-columns tide", exits: 1,
      says: "'AAA.csv', line 1", "missing tide"),
    BadInput(
      "bars below a file", "synthesize leak --output AAA.csv/bars.csv", exits: 1, says: "'AAA.csv/bars.csv'",
      "check that"),
    BadInput("missing file", importBars, exits: 1, says: "'bars.csv'", "No such file", "check that the path is right"),
    BadInput("truncated", importBars, exits: 1, says: "'bars.csv', line 21", "cut short", "fetch the file again") {
      place in
      let text = try place.folder.read("AAA.csv").split(separator: "\n").prefix(21).joined(separator: "\n")
      try place.folder.write(String(text.prefix(text.count - 30)), to: "bars.csv")
    },
    BadInput("empty", importBars, exits: 1, says: "'bars.csv'", "is empty", "fetch the file again") { place in
      try place.folder.write("", to: "bars.csv")
    },
    BadInput(
      "header alone", importBars, exits: 1, says: "'bars.csv'", "no row", "fetch the file again",
      prepare: bars { $0.removeLast($0.count - 1) }),
    BadInput(
      "mistyped volume", importBars, exits: 1, says: "'bars.csv', line 5, column 'volume'", "'many'",
      "correct the value",
      prepare: field(5, 5, "many")),
    BadInput(
      "mistyped date", importBars, exits: 1, says: "line 6, column 'timestamp'", "'09/11/2001'", "YYYY-MM-DD",
      prepare: field(6, 0, "09/11/2001")),
    BadInput(
      "wrong column", importBars, exits: 1, says: "'bars.csv', line 1", "missing close", "use the columns",
      prepare: bars { $0[0] = "timestamp,open,high,low,last,volume" }),
    BadInput(
      "missing column", importBars, exits: 1, says: "'bars.csv', line 1", "no volume", "--index SYMBOL=FILE",
      prepare: bars { lines in
        lines = lines.map { $0.split(separator: ",").dropLast().joined(separator: ",") }
      }),
    BadInput(
      "not increasing", importBars, exits: 2, says: "timestamp-alignment of AAA, 2001-01-05", "correct the data",
      prepare: bars { $0.swapAt(4, 5) }),
    BadInput(
      "duplicated", importBars, exits: 2, says: "timestamp-alignment of AAA, 2001-01-08", "new.h5 was not written",
      prepare: bars { $0.insert($0[5], at: 6) }),
    BadInput(
      "negative price", importBars, exits: 2, says: "of AAA, 2001-01-05", "correct the data",
      prepare: field(5, 1, "-50.0")),
    BadInput(
      "NaN", importBars, exits: 1, says: "'bars.csv', line 7, column 'close'", "'NaN'", "correct the value",
      prepare: field(7, 4, "NaN")),
    BadInput(
      "gzip cut off", importBars, exits: 1, says: "'bars.csv' cannot be unpacked", "ends early", "copy the file again",
      prepare: packed { $0.removeLast($0.count / 2) }),
    BadInput(
      "gzip damaged", importBars, exits: 1, says: "'bars.csv' cannot be unpacked", "damaged", "copy the file again",
      prepare: packed { $0[$0.count / 2] ^= 16 }),
    BadInput(
      "gzip and more", importBars, exits: 1, says: "'bars.csv' cannot be unpacked", "not gzip", "copy the file again",
      prepare: packed { $0 += [7, 7, 7] }),
    BadInput(
      "a folder", "import AAA=checkpoints --output new.h5", exits: 1, says: "'checkpoints'", "name a regular file"),
    BadInput("no symbol", "import AAA.csv --output new.h5", exits: 1, says: "'AAA.csv'", "name it: SYMBOL=FILE"),
    BadInput(
      "output below a file", "import AAA=AAA.csv --output AAA.csv/new.h5", exits: 1, says: "'AAA.csv/new.h5'", "check"),
  ]

  // MARK: Configurations

  private static func yaml(
    _ name: String, _ text: String, exits exitCode: Int32 = 1, says: String, _ remedy: String
  ) -> BadInput {
    BadInput(name, "train --config bad.yaml --run new", exits: exitCode, says: "bad.yaml", says, remedy) { place in
      try place.folder.write(text, to: "bad.yaml")
    }
  }

  private static func setting(
    _ assignment: String, exits exitCode: Int32 = 1, says: String, _ remedy: String
  ) -> BadInput {
    BadInput(
      assignment, "train --config run.yaml --run new --set \(assignment)", exits: exitCode, says: says, remedy)
  }

  static let ofConfigurations: [BadInput] = [
    yaml("unknown key", "algorithm:\n  gama: 0.9\n", says: "'algorithm.gama'", "did you mean 'algorithm.gamma'?"),
    yaml("unknown section", "algoritm:\n  gamma: 0.9\n", says: "'algoritm'", "did you mean 'algorithm'?"),
    yaml(
      "wrong value", "algorithm:\n  gamma: much\n", says: "'algorithm.gamma' is \"much\"", "must be a number from 0"),
    yaml("unclosed list", "network:\n  policy_tower: [8\n", says: "bad.yaml, line 3", "plain YAML"),
    yaml("a key twice", "run:\n  seed: 1\n  seed: 2\n", says: "line 3, column 3: the key 'seed' stands twice", "YAML"),
    yaml("a tab", "run:\n\tseed: 1\n", says: "bad.yaml, line 2", "plain YAML"),
    yaml("no text", "\u{0}\u{1}\u{2}", says: "bad.yaml, line 1", "plain YAML"),
    BadInput(
      "no file", "train --config none.yaml --run new", exits: 1, says: "none.yaml", "check that the path is right"),
    setting("environment.lane=3", says: "'environment.lane'", "did you mean 'environment.lanes'?"),
    setting("lanes=3", says: "'lanes'", "did you mean 'environment.lanes'?"),
    setting(
      "environment.daily_loss_limit=500", says: "unknown key 'environment.daily_loss_limit'",
      "`strikeforge train --keys` lists all"),
    setting("environment.lanes=0", says: "'environment.lanes' is 0", "must be a whole number from 1"),
    setting("environment.name=qeu", says: "'environment.name' is \"qeu\"", "one of dual_ticker"),
    setting("environment.observation_dim=5", says: "environment.observation_dim is 5", "has 26 columns"),
    setting(
      "environment.extra_columns=[tide]", says: "names tide, but the data of AAA has no further column",
      "import it with --extra-columns"),
    setting("environment.assets=[AAA,CCC]", says: "names CCC, but market.h5 holds AAA, BBB", "import it or drop it"),
    setting("algorithm.minibatch_scheme=shuffled", says: "minibatch_scheme", "use lanes or rotation"),
    setting(
      "split.selection_from=2002-06-03", exits: 2, says: "windows overlap", "change the dates of the section split"),
    setting(
      "split.held_out_from=2003-12-31", exits: 2, says: "windows overlap", "change the dates of the section split"),
    setting("split.training_until=2000-12-29", says: "the training window", "change its dates"),
    setting("split.training_until=2001-04-30", says: "ends on 2004-12-27, but 41 are needed", "change the dates"),
  ]

  // MARK: Stores

  private static let trainNew = "train --config run.yaml --run new"

  static let ofStores: [BadInput] = [
    BadInput("no store", trainNew, exits: 1, says: "'market.h5'", "No such file", "check") {
      $0.folder.remove("market.h5")
    },
    BadInput(
      "a bar file", trainNew + " --set environment.store=AAA.csv", exits: 1, says: "'AAA.csv'", "not a market store"),
    BadInput(
      "a checkpoint", trainNew + " --set environment.store=checkpoints/run/best.h5", exits: 1, says: "best.h5'",
      "not a market store", "check which file"),
    BadInput(
      "no record", trainNew, exits: 2, says: "'market.h5'", "no record of the quality gate", "import the data again"
    ) {
      place in
      _ = try MarketStore.write(
        SyntheticTape.series(bars: 1000, seed: 1), provenance: [], qualityReport: nil, created: "2026-01-01T00:00:00Z",
        to: place.folder.place("market.h5"))
    },
    BadInput("a failing record", trainNew, exits: 2, says: "'market.h5'", "timestamp-alignment", "correct the data") {
      place in
      var series = SyntheticTape.series(bars: 1000, seed: 1)
      series[0].dates.swapAt(4, 5)
      _ = try MarketStore.write(
        series, provenance: [], qualityReport: QualityGate.examine(series, allowances: []),
        created: "2026-01-01T00:00:00Z", to: place.folder.place("market.h5"))
    },
    BadInput(
      "other data at resume", "train --resume run", exits: 2, says: "checkpoint-4096.h5", "content hash",
      "bring the old store back"
    ) {
      try $0.importMarket(seed: 2)
    },
    BadInput(
      "other data at evaluate", "evaluate run", exits: 2, says: "best.h5", "content hash", "bring the old store back"
    ) {
      try $0.importMarket(seed: 2)
    },
    BadInput(
      "other data at export", "export run", exits: 2, says: "best.h5", "content hash", "bring the old store back"
    ) {
      try $0.importMarket(seed: 2)
    },
  ]

  // MARK: Runs

  private static let newest = "checkpoints/run/checkpoint-4096.h5"

  /// Changes what a checkpoint holds and seals it again.
  private static func editing(_ path: String, _ edit: @escaping @Sendable (inout Checkpoint) throws -> Void)
    -> @Sendable (Workplace) throws -> Void
  {
    { place in
      var checkpoint = try place.checkpoint(path)
      try edit(&checkpoint)
      try AtomicWrite.write(checkpoint.encoded(), to: place.folder.place(path))
    }
  }

  private static let renamedColumn = editing(newest) { checkpoint in
    let spaces = try #require(checkpoint.attributes["spaces"])
    checkpoint.attributes["spaces"] = spaces.replacing("AAA.rsi_14", with: "AAA.rsi_15")
  }

  static let ofRuns: [BadInput] = [
    BadInput(
      "name taken", "train --config run.yaml --run run", exits: 1, says: "checkpoints/run exists already", "--resume",
      "--run"),
    BadInput(
      "run below a file", "train --config run.yaml --run AAA.csv/run", exits: 1, says: "'AAA.csv'", "check that"),
    BadInput("no such run", "train --resume rum", exits: 1, says: "checkpoints/rum", "there are: run"),
    BadInput("no such run to judge", "evaluate rum", exits: 1, says: "checkpoints/rum", "there are: run"),
    BadInput(
      "no checkpoint", "train --resume run", exits: 1, says: "checkpoints/run holds no checkpoint", "--from best"
    ) { place in
      for step in place.checkpointSteps("run") { place.folder.remove(place.file("run", "checkpoint-\(step).h5")) }
    },
    BadInput(
      "a run killed before its first checkpoint", "train --resume run", exits: 1, says: "it ended before its first",
      "begin it again"
    ) { place in
      for name in place.folder.names(in: "checkpoints/run")
      where ![".lock", "config.json", "command.txt"].contains(name) {
        place.folder.remove(place.file("run", name))
      }
    },
    BadInput("no such checkpoint", "train --resume run --from 77", exits: 1, says: "no checkpoint-77.h5", "best.h5"),
    BadInput(
      "no checkpoint before", "train --resume run --from previous", exits: 1, says: "before its newest", "--from"
    ) { $0.folder.remove("checkpoints/run/checkpoint-2048.h5") },
    BadInput(
      "another run's checkpoint", "train --resume run --from checkpoints/other/checkpoint-2048.h5", exits: 2,
      says: "checkpoints/other/checkpoint-2048.h5", "name the run that it belongs to"),
    BadInput("no best", "export run --checkpoint best", exits: 1, says: "checkpoints/run holds no best.h5", "latest") {
      $0.folder.remove("checkpoints/run/best.h5")
    },
    BadInput(
      "other columns at resume", "train --resume run", exits: 2, says: newest, "columns", "start a new run",
      prepare: renamedColumn),
    BadInput(
      "other columns at evaluate", "evaluate run --checkpoint latest", exits: 2, says: newest, "columns",
      "start a new run",
      prepare: renamedColumn),
    BadInput(
      "other columns at export", "export run --checkpoint latest", exits: 2, says: newest, "columns", "start a new run",
      prepare: renamedColumn),
    BadInput(
      "a vector too short", "train --resume run", exits: 1, says: newest, "first_moment",
      "another version or configuration",
      prepare: editing(newest) { $0.groups["optimizer"]?.floats["first_moment"]?.removeLast() }),
    BadInput(
      "a parameter that is none", "evaluate run --checkpoint latest", exits: 1, says: newest, "parameters",
      "not finite",
      prepare: editing(newest) { $0.groups["network"]?.floats["parameters"]?[3] = .nan }),
    BadInput(
      "a bundle for a checkpoint", "evaluate run --checkpoint checkpoints/run/policy.safetensors", exits: 1,
      says: "not a checkpoint", "check which file"),
    BadInput(
      "no such column of rates", "evaluate run --checkpoint latest --cash-rate bill", exits: 1,
      says: "no column bill", "import the bars with it"),
    BadInput("seen window", "evaluate run --window training", exits: 2, says: "training window", "--window held-out"),
    BadInput(
      "actions below a file", "export run --output AAA.csv/policy", exits: 1, says: "'AAA.csv/policy'", "check that"),
    BadInput(
      "progress of another version", "train --resume run", exits: 1, says: "progress.csv", "columns", "move it away"
    ) {
      try $0.folder.write("step,loss\n1,2\n", to: "checkpoints/run/progress.csv")
    },
    BadInput(
      "unreadable for inspect", "inspect AAA.csv", exits: 1, says: "'AAA.csv'", "not a policy bundle",
      "give the policy.safetensors"),
  ]

  // MARK: The server

  private static let once = "once --policy checkpoints/run/policy.safetensors"
  private static func question(columns: Int, mask: String) -> String {
    #"{"observation":["# + (0..<columns).map { _ in "0.5" }.joined(separator: ",") + "]" + mask
      + #","episode_start":true}"#
  }

  static let ofTheServer: [BadInput] = [
    BadInput(
      "another observation space", once, exits: 1, says: "25 columns", #""line":1"#, #""remedy":""#, program: .serve,
      input: question(columns: 25, mask: #","mask":[1,1,1,1,1,1,1,1,1]"#)),
    BadInput(
      "no mask", once, exits: 1, says: "trained with action masks", #""line":1"#, #""remedy":""#, program: .serve,
      input: question(columns: 26, mask: "")),
    BadInput(
      "another action space", once, exits: 1, says: "3 flags", "9 actions", #""remedy":""#, program: .serve,
      input: question(columns: 26, mask: #","mask":[1,1,1]"#)),
    BadInput(
      "a checkpoint for a bundle", "once --policy checkpoints/run/best.h5", exits: 1, says: "'checkpoints/run/best.h5'",
      "policy bundle", ";", program: .serve),
  ]

  // MARK: Command lines

  static let ofCommandLines: [BadInput] = [
    BadInput("no command", "", exits: 64, says: "no command"),
    BadInput("unknown command", "trian", exits: 64, says: "trian", "did you mean train?"),
    BadInput("unknown flag", "train --confg run.yaml", exits: 64, says: "--confg", "did you mean --config?"),
    BadInput("flag without value", "train --set", exits: 64, says: "--set needs a value: KEY=VALUE"),
    BadInput("flag twice", "train --run a --run b", exits: 64, says: "--run stands twice"),
    BadInput("value for a switch", "evaluate run --json=yes", exits: 64, says: "--json takes no value"),
    BadInput("operand too many", "train run.yaml", exits: 64, says: "expected nothing but flags", "run.yaml"),
    BadInput("operand missing", "evaluate", exits: 64, says: "expected RUN"),
    BadInput("no output", "import AAA=AAA.csv", exits: 64, says: "--output is missing"),
    BadInput("unknown market", "synthesize leek --output a.csv", exits: 64, says: "leek", "did you mean leak?"),
    BadInput("synthesized to nowhere", "synthesize leak", exits: 64, says: "--output is missing"),
    BadInput(
      "more bars than sessions", "synthesize leak --from 2035-12-01 --bars 99 --output a.csv", exits: 64,
      says: "--bars is 99", "1 to 20"),
    BadInput("no date", "synthesize leak --from today --output a.csv", exits: 64, says: "--from is today"),
    BadInput(
      "a correlation above one", "synthesize edge --rho 1.01 --output a.csv", exits: 64,
      says: "--rho is 1.01, but must be a number from -1 to 1"),
    BadInput(
      "a correlation below minus one", "synthesize edge --rho -2 --output a.csv", exits: 64,
      says: "--rho is -2, but must be"),
    BadInput(
      "a correlation that is no number", "synthesize edge --rho nan --output a.csv", exits: 64,
      says: "--rho is nan, but must be"),
    BadInput(
      "an edge without a correlation", "synthesize edge --output a.csv", exits: 64, says: "--rho is missing", "signal"),
    BadInput(
      "a correlation for another market", "synthesize leak --rho 0.3 --output a.csv", exits: 64,
      says: "--rho is for the market edge", "leak", "leave it out"),
    BadInput("negative seed for bars", "synthesize leak --seed -1 --output a.csv", exits: 64, says: "--seed must be"),
    BadInput(
      "a column named twice", "import AAA=AAA.csv --output new.h5 --extra-columns tide,tide", exits: 64,
      says: "--extra-columns is tide,tide", "distinct names"),
    BadInput(
      "allowance without reason", "import AAA=AAA.csv --output new.h5 --allow price-continuity:AAA:2001-01-05",
      exits: 64, says: "has no --reason"),
    BadInput(
      "malformed allowance", "import AAA=AAA.csv --output new.h5 --allow big --reason why", exits: 64, says: "'big'",
      "check:symbol:"),
    BadInput("unknown window", "evaluate run --window heldout", exits: 64, says: "heldout", "held-out or selection"),
    BadInput("negative seed", "evaluate run --seed -1", exits: 64, says: "--seed must be"),
    BadInput(
      "a percentage as cash rate", "evaluate run --cash-rate 2", exits: 64, says: "2.0 is given", "0.02 for two percent"
    ),
    BadInput("no cash rate", "evaluate run --cash-rate 2%", exits: 64, says: "--cash-rate is 2%", "0.02"),
    BadInput(
      "configuration at resume", "train --resume run --config run.yaml", exits: 64,
      says: "--config cannot go with --resume"),
    BadInput("from without resume", "train --from previous", exits: 64, says: "--from goes with --resume"),
    BadInput(
      "setting at resume", "train --resume run --set algorithm.gamma=0.9", exits: 64,
      says: "only run.workers, run.kernels, run.precision and the section health may be set"),
  ]
}
