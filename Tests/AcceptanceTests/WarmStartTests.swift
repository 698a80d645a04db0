// A new run that begins with what another one learned: what is taken, what is not, what is refused.

import AgentInterface
import Glibc
import Storage
import TestSupport
import Testing
import Text

@Suite struct WarmStartTests {
  /// A finished run on both symbols and one on the first alone, made once; every test works in a copy.
  private static let stage = Result { () throws -> Workplace in
    let place = try Workplace()
    try place.importMarket()
    try place.train("both", Workplace.market, "run.total_timesteps=2048")
    try place.train("one", Workplace.market, "run.total_timesteps=2048", "environment.assets=[AAA]")
    return place
  }

  private func copy() throws -> Workplace { try Workplace(copying: Self.stage.get()) }

  private let words = ["train", "--config", "run.yaml", "--set", "run.total_timesteps=2048", "--set", "run.seed=8"]

  private func state(_ place: Workplace, _ run: String, _ step: Int) throws -> Checkpoint {
    try place.checkpoint(place.file(run, "checkpoint-\(step).h5"))
  }

  @Test func eachModeTakesWhatItSays() throws {
    let place = try copy()
    let old = try state(place, "both", 2048)
    for mode in ["continue", "finetune"] {
      let outcome = try place.succeed(words + ["--run", mode, "--init-from", "both", "--mode", mode])
      #expect(outcome.output.contains("begins with checkpoints/both/checkpoint-2048.h5 (\(mode))"))
      let new = try state(place, mode, 0)
      #expect(new.groups["network"]?.floats["parameters"] == old.groups["network"]?.floats["parameters"])
      let moments = try #require(new.groups["optimizer"]?.floats["first_moment"])
      #expect((moments == old.groups["optimizer"]?.floats["first_moment"]) == (mode == "continue"))
      #expect(moments.contains { $0 != 0 } == (mode == "continue"))
      #expect(new.groups["optimizer"]?.integers["step"]?[0] == (mode == "continue" ? 32 : 0))
      // Scales are taken, then the first observations counted.
      let counts = [old, new].compactMap { $0.groups["normalizer"]?.doubles["observation_count"]?[0] }
      #expect(counts.count == 2 && counts[1] == counts[0] + 16)
      #expect(new.groups["progress"]?.integers["environment_steps"] == [0])
      #expect(new.attributes["init_mode"] == mode)
      #expect(try state(place, mode, 2048).attributes["init_from"] == new.attributes["init_from"])
    }
    // The first log line stands where a run from nothing has its own.
    #expect(try place.progress("continue").steps().first == 512)
    let notes = try JSON.parse(place.folder.read(place.file("continue", "init-from.json")))
    #expect(notes["observation_drift"]?.arrayValue?.count == 26)
  }

  /// The rate falls from the beginning of the new run to its end, once, whatever was learned before it.
  @Test func schedulesCoverTheNewRunOnce() throws {
    let place = try copy()
    let falling = words + ["--set", "algorithm.learning_rate_schedule=linear"]
    try place.succeed(falling + ["--run", "fresh"])
    let fresh = try place.progress("fresh").column("train/learning_rate")
    let rates = fresh.compactMap(Double.init)
    #expect(rates.count >= 3 && zip(rates, rates.dropFirst()).allSatisfy { $0 > $1 }, "\(fresh)")
    for mode in ["continue", "finetune"] {
      try place.succeed(falling + ["--run", mode, "--init-from", "both", "--mode", mode])
      let found = try place.progress(mode).column("train/learning_rate")
      #expect(found == fresh, "\(mode)")
    }
  }

  @Test func transplantsOneSymbolIntoTwo() throws {
    let place = try copy()
    let outcome = try place.succeed(words + ["--run", "two", "--init-from", "one", "--mode", "transplant"])
    #expect(outcome.output.contains("(transplant)") && outcome.output.contains("of 13 columns"), "\(outcome)")
    let new = try state(place, "two", 0)
    let count = try #require(new.groups["normalizer"]?.doubles["observation_count"]?[0])
    #expect(count <= 512 + 16)
    let refused = try place.strikeforge(
      words + ["--run", "back", "--init-from", "both", "--mode", "finetune"]
        + ["--set", "environment.assets=[AAA]"])
    #expect(refused.exitCode == 1 && refused.errors.contains("it has 26 columns and this run 13"), "\(refused)")
    #expect(!place.folder.exists("checkpoints/back"))
  }

  /// Killed and resumed, a run with a beginning of another's ends as one that was not, and keeps the word of where it comes from.
  @Test func resumesLikeAnyOther() throws {
    let place = try copy()
    let start = words + ["--run", "new", "--init-from", "both", "--mode", "continue"]
    let whole = try RunEnd(place, place.succeed(start), folder: "checkpoints/new")
    place.folder.remove("checkpoints/new")
    let program = try Program.strikeforge.start(start, in: place.folder.path, isIdle: true)
    _ = try program.wait { place.folder.exists("checkpoints/new/checkpoint-0.h5") }
    program.send(SIGKILL)
    try #require(program.wait().signal == SIGKILL)
    let resumed = try RunEnd(place, place.succeed(["train", "--resume", "new"]), folder: "checkpoints/new")
    #expect(resumed.parameters == whole.parameters && resumed.checkpoints == whole.checkpoints)
  }

  /// What was seen before, by the run or by the one before that, can neither choose nor judge.
  @Test func windowsThatWereSeenAreRefused() throws {
    let place = try copy()
    let early = [
      "split.training_until=2001-12-31", "split.selection_from=2002-01-02", "split.selection_until=2002-12-31",
      "split.held_out_from=2003-01-02",
    ]
    func begin(_ run: String, from source: String, _ settings: [String]) throws -> ProgramOutcome {
      try place.strikeforge(
        words + ["--run", run, "--init-from", source, "--mode", "finetune"] + settings.flatMap { ["--set", $0] })
    }
    let chosen = try begin("x", from: "both", early)
    #expect(chosen.exitCode == 2 && chosen.errors.contains("chosen on a window from 2002-01-02"), "\(chosen)")
    let judged = try begin(
      "x", from: "both",
      ["split.selection_from=2003-01-02", "split.selection_until=2003-06-30", "split.held_out_from=2003-07-01"])
    #expect(judged.exitCode == 2 && judged.errors.contains("judged on a window from 2003-07-01"), "\(judged)")
    #expect(!place.folder.exists("checkpoints/x"))
    // Through a run in between, which itself saw less.
    let later = [
      "split.training_from=2003-01-02", "split.training_until=2003-06-30", "split.selection_from=2003-07-01",
    ]
    #expect(try begin("child", from: "both", later).exitCode == 0)
    let grandchild = try begin("x", from: "child", early)
    #expect(grandchild.exitCode == 2 && grandchild.errors.contains("2003-06-30"), "\(grandchild)")
  }

  @Test func wrongWordsAreRefused() throws {
    let place = try copy()
    let cases: [(words: [String], code: Int32, says: String)] = [
      (["--init-from", "both"], 64, "--init-from needs --mode: one of continue, finetune, transplant"),
      (["--mode", "finetune"], 64, "--mode goes with --init-from"),
      (["--init-from", "both", "--mode", "copy"], 64, "--mode is copy"),
      (["--init-from", "neither", "--mode", "finetune"], 1, "there is no run checkpoints/neither"),
      (["--init-from", "both", "--mode", "finetune", "--from", "77"], 1, "checkpoint-77.h5"),
      (["--init-from", "both", "--mode", "finetune", "--set", "network.lstm_hidden=9"], 1, "\"hidden\":8"),
      (
        ["--init-from", "both", "--mode", "continue", "--set", "algorithm.name=a2c_lstm_mask"], 1, "use --mode finetune"
      ),
    ]
    for test in cases {
      let outcome = try place.strikeforge(
        ["train", "--config", "run.yaml", "--run", "x"]
          + (test.words.contains("algorithm.name=a2c_lstm_mask")
            ? ["--set", "algorithm.horizon=32"] : []) + test.words)
      #expect(outcome.exitCode == test.code && outcome.errors.contains(test.says), "\(test.words): \(outcome)")
      #expect(!place.folder.exists("checkpoints/x"))
    }
    let resumed = try place.strikeforge("train", "--resume", "both", "--init-from", "one")
    #expect(resumed.exitCode == 64 && resumed.errors.contains("--init-from cannot go with --resume"), "\(resumed)")
  }
}
